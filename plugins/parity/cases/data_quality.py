"""pandas counts."""

import numpy as np
import pandas as pd
from sklearn.datasets import load_wine

from flights import flights
from tables import INF, NAN, case, labels, numbers

OUTPUTS = ["missing_share", "infinite_share", "constant", "out_of_range_share", "duplicate_share", "type_surprise_share"]


def expected(values, low=None, high=None, surprises=None):
    series = pd.Series(values, dtype=float)
    present = series.dropna()
    finite = present[np.isfinite(present)]
    outside = None if low is None and high is None else ((finite < (-INF if low is None else low)) | (finite > (INF if high is None else high))).mean()
    made = {
        "missing_share": series.isna().mean(),
        "infinite_share": np.isinf(series).mean(),
        "constant": float(present.nunique() == 1) if len(present) else None,
        "out_of_range_share": outside,
        "duplicate_share": present.duplicated().mean() if len(present) else None,
        "type_surprise_share": surprises,
    }
    return made | {"missing_share±": np.sqrt(made["missing_share"] * (1 - made["missing_share"]) / len(series))}


def cases():
    rng = np.random.default_rng(19)
    wine, late = load_wine().data, flights()[0]
    columns = {
        "one row": [3.5],
        "constant": [0.1] * 17,
        "missing cells": [1.0, None, NAN, 4.0, None, 2.5],
        "infinities": [-INF, 0.0, 1.0, 2.0, 3.0, INF, INF],
        "ties": np.round(rng.normal(size=200), 1),
        "zeros of both signs": [-0.0, 0.0],
        "wine": wine[:150, 0],
        "delays of flights": late["delay_minutes"].astype(float),
    }
    for name, values in columns.items():
        plain = [NAN if v is None else v for v in values]
        yield case(name, {"value": numbers(values)}, expected(plain))
        yield case(f"{name}, bounds", {"value": numbers(values)}, expected(plain, 0.0, 2.0), parameters={"min": 0.0, "max": 2.0})
    current, reference = np.append(rng.normal(size=100) * 2, [0.5]), rng.normal(size=80)
    yield case("a reference", {"value": numbers(current)}, expected(current, reference.min(), reference.max(), 0.0), {"value": numbers(reference)})
    current, reference = [1.0, 2.5, 3.0, 4.5], [1.0, 2.0, 3.0]
    yield case("fractions among whole numbers", {"value": numbers(current)}, expected(current, 1.0, 3.0, 0.5), {"value": numbers(reference)})
    words = ["a", "12", " ", "2024-01-31", "a", "1.5", "TRUE", None, "nan"]
    made = {"missing_share": 1 / 9, "infinite_share": None, "constant": 0.0, "out_of_range_share": None, "duplicate_share": 1 / 8, "type_surprise_share": 4 / 8}
    yield case("looks of words", {"value": labels(words)}, made, {"value": labels(["b", "7"])})
    yield case("no rows", {"value": []}, dict.fromkeys(OUTPUTS))
    yield case("only missing", {"value": [None]}, dict.fromkeys(OUTPUTS) | {"missing_share": 1.0, "infinite_share": 0.0})
    columns = {
        "two rows": [1.0, 1.0],
        "heavy tails": np.random.default_rng(191).standard_cauchy(150),
        "far from zero": 1e15 + np.arange(90) % 7,
    }
    for name, values in columns.items():
        yield case(name, {"value": numbers(values)}, expected(values, 0.0, 2.0), parameters={"min": 0.0, "max": 2.0})
    current, reference = columns["far from zero"], 1e15 + np.arange(1, 5)
    yield case("far from zero, a reference", {"value": numbers(current)}, expected(current, reference.min(), reference.max(), 0.0), {"value": numbers(reference)})
    current, reference = [1.0, np.inf, -np.inf, 2.0, np.nan, 9.0], [0.0, 5.0, np.inf]
    yield case("infinities, a reference", {"value": numbers(current)}, expected(current, 0.0, 5.0, 0.0), {"value": numbers(reference)})
