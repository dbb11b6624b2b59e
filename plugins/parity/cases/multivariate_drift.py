"""NannyML's data reconstruction."""

import warnings

import nannyml
import numpy as np
import pandas as pd
from sklearn.datasets import load_breast_cancer, load_wine

from flights import flights
from tables import case, numbers

warnings.simplefilter("ignore")


def expected(current, reference, variance=0.65):
    names = [f"c{i}" for i in range(reference.shape[1])]
    calculator = nannyml.DataReconstructionDriftCalculator(column_names=names, n_components=variance, chunk_number=1)
    calculator.fit(pd.DataFrame(reference, columns=names))
    frame = calculator.calculate(pd.DataFrame(current, columns=names)).to_df()
    value = lambda period, part: float(frame[frame[("chunk", "period")] == period][("reconstruction_error", part)].iloc[0])
    made = {"reconstruction_error": value("analysis", "value"), "reference_error": value("reference", "value")}
    error = value("analysis", "sampling_error")
    return made | ({"reconstruction_error±": error} if np.isfinite(error) else {})


def columns(rows):
    return {"values": [numbers([None if np.isnan(x) else x for x in column]) for column in np.asarray(rows, float).T]}


def cases():
    rng = np.random.default_rng(22)
    cancer, wine = load_breast_cancer().data, load_wine().data
    now, before = (part[["distance", "hour", "probability", "delay_minutes"]].to_numpy(float) for part in flights(80))
    mix = np.array([[1, 0.8, 0.2], [0, 0.6, 0.3], [0, 0, 1]])
    loose, tight = rng.normal(size=(80, 3)), rng.normal(size=(90, 3)) @ mix
    holes = np.where(rng.random((60, 3)) < 0.1, np.nan, rng.normal(size=(60, 3)) @ mix)
    data = {
        "loosened": (loose, tight),
        "the same law": (rng.normal(size=(70, 3)) @ mix, tight),
        "one row": (loose[:1], tight),
        "missing cells": (holes, np.where(rng.random((90, 3)) < 0.1, np.nan, tight)),
        "a constant column": (np.c_[loose[:, :2], np.full(80, 2.0)], np.c_[tight[:, :2], np.full(90, 2.0)]),
        "other scales": (loose * [1e-6, 1, 1e9], tight * [1e-6, 1, 1e9]),
        "tumours": (cancer[:60, :6], cancer[200:300, :6]),
        "wine": (wine[:60, :5], wine[60:140, :5]),
        "flights": (now, before),
    }
    for name, (current, reference) in data.items():
        yield case(name, columns(current), expected(current, reference), columns(reference))
    for variance in [0.3, 0.95]:
        current, reference = data["tumours"]
        yield case(f"variance {variance}", columns(current), expected(current, reference, variance), columns(reference), {"variance": variance})
    nothing = dict.fromkeys(["reconstruction_error", "root_mean_square_error", "reference_error"])
    none = {"values": [[], []]}
    yield case("no rows", none, nothing, columns(tight[:, :2]))
    yield case("no reference", columns(tight[:, :2]), nothing, none)
    hard = np.random.default_rng(221)
    pairs = {
        "two rows": (loose[:2], tight),
        "ties": (np.round(loose), np.round(tight)),
        "heavy tails": (hard.standard_cauchy((60, 3)) @ mix, hard.standard_cauchy((70, 3)) @ mix),
    }
    for name, (current, reference) in pairs.items():
        yield case(name, columns(current), expected(current, reference), columns(reference))
    # NannyML's means are rounded to eighths there; without the offset, which changes nothing, they are not.
    current, reference = hard.integers(0, 60, (60, 3)) @ mix.round(), hard.integers(0, 50, (70, 3)) @ mix.round()
    yield case("far from zero", columns(1e15 + current), expected(current, reference), columns(1e15 + reference))
    # NannyML refuses infinities; ours are filled with the mean, as missing cells are.
    current, gone = np.round(loose, 3), hard.random(loose.shape) < 0.05
    infinite = {"values": [["inf" if g and x > 0 else "-inf" if g else x for x, g in zip(column, lost)] for column, lost in zip(current.T, gone.T)]}
    yield case("infinities", infinite, expected(np.where(gone, np.nan, current), tight), columns(tight))
