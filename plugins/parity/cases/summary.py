"""pandas describes, NumPy's quantiles; means and deviations far from zero by exact fractions."""

import statistics
from fractions import Fraction

import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_diabetes

from flights import flights
from tables import INF, NAN, case, labels, numbers

QUANTILES = {"p01": 0.01, "p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95, "p99": 0.99}


def exact(values):
    """Mean and deviation without rounding in between."""
    fractions = [Fraction(value) for value in values]
    mean = statistics.mean(fractions)
    if len(fractions) < 2:
        return float(mean), NAN
    variance = sum((value - mean) ** 2 for value in fractions) / (len(fractions) - 1)
    return float(mean), float(variance) ** 0.5


def expected(values):
    series = pd.Series(values, dtype=float)
    present = series.dropna().to_numpy()
    made = {"count": series.count(), "missing": series.isna().sum(), "distinct": series.nunique()}
    if len(present) == 0:
        return made | dict.fromkeys(["mean", "std", "min", "max", *QUANTILES], NAN)
    mean, std = exact(present) if np.isfinite(present).all() else (NAN, NAN)
    made |= {"mean": mean, "std": std, "min": present.min(), "max": present.max()}
    if len(present) > 1 and np.isfinite(present).all():
        made["mean±"] = std / len(present) ** 0.5
    with np.errstate(invalid="ignore"):
        return made | {name: np.quantile(present, q) for name, q in QUANTILES.items()}


def cases():
    rng = np.random.default_rng(4)
    cancer, diabetes = load_breast_cancer().data, load_diabetes().data
    columns = {
        "no rows": [],
        "one row": [3.5],
        "two rows": [1.0, 2.0],
        "constant": [0.1] * 17,
        "only missing": [None, NAN],
        "missing cells": [1.0, None, NAN, 4.0, None, 2.5],
        "ties": np.round(rng.normal(size=200), 1),
        "zeros of both signs": [-0.0, 0.0, 1.0, -1.0],
        "heavy tails": rng.standard_cauchy(300),
        "far from zero": 1e15 + np.arange(200) % 7,
        "far below zero, narrow": -1e15 + rng.integers(0, 3, 150),
        "tiny": rng.normal(size=50) * 1e-300,
        "all but cancelling": [1e16, 1.0, -1e16, 2.0, 1e16, -1e16],
        "mean radius of tumours": cancer[:300, 0],
        "fractal dimension of tumours": cancer[:300, 9],
        "body mass": diabetes[:250, 2],
        "delays of flights": flights()[0]["delay_minutes"].astype(float),
    }
    for name, values in columns.items():
        yield case(name, {"value": numbers(values)}, expected([NAN if v is None else v for v in values]))
    ends = [-INF, 0.0, 1.0, 2.0, 3.0, INF, INF]
    made = expected(ends) | {"min": NAN, "max": NAN, "p01": NAN, "p05": NAN, "p25": 0.5, "p50": 2.0, "p75": NAN}
    yield case("infinities at both ends", {"value": numbers(ends)}, made)
    words = ["a", "b", "a", None, "c", "", "a"]
    series = pd.Series(words, dtype=object)
    made = {"count": series.count(), "missing": series.isna().sum(), "distinct": series.nunique(), "mean": None, "p50": None}
    yield case("categories", {"value": labels(words)}, made)
    digits = [str(x) for x in rng.integers(0, 30, 200)]
    made = {"count": 200, "missing": 0, "distinct": len(set(digits)), "std": None, "p99": None}
    yield case("numbers as words", {"value": labels(digits)}, made)
