"""The definition in NumPy; Evidently's, Scouter's and Deepchecks' own functions."""

import numpy as np
import pandas as pd
import sklearn.metrics._scorer as scorers
from evidently.legacy.calculations.stattests.psi import _psi
from evidently.legacy.core import ColumnType
from scouter import Drifter
from scouter.drift import EqualWidthBinning, Manual, PsiDriftConfig, QuantileBinning, Sturges
from sklearn.datasets import load_breast_cancer

from flights import flights
from tables import INF, case, labels, numbers

# Deepchecks asks scikit-learn for a scorer by a name that it gave up; nothing here uses it.
scorers._SCORERS["max_error"] = scorers.get_scorer("neg_max_error")
from deepchecks.utils.distribution.drift import psi as deepchecks


def by_definition(current, reference, bins=10, edges=None, floor=1e-4, width=None):
    current, reference = np.asarray(current, float), np.asarray(reference, float)
    missing = np.isnan(current).sum(), np.isnan(reference).sum()
    current, reference = current[~np.isnan(current)], reference[~np.isnan(reference)]
    if edges is None and width is not None:
        edges = np.histogram_bin_edges(reference, bins=width)
    if edges is None:
        edges = np.unique(np.quantile(reference, np.linspace(0, 1, bins + 1)))
    edges = np.array(edges, float)
    edges[0], edges[-1] = -INF, INF
    c, r = (np.append(np.histogram(side, edges)[0], gone) for side, gone in zip((current, reference), missing))
    if sum(missing) == 0:
        c, r = c[:-1], r[:-1]
    c, r = np.maximum(c / c.sum(), floor), np.maximum(r / r.sum(), floor)
    return float(np.sum((c - r) * np.log(c / r)))


def doane(reference):
    """How many bins Doane's rule gives; without the offset of numbers far from zero, whose skewness NumPy rounds away."""
    present = np.asarray(reference, float)[~np.isnan(reference)]
    return len(np.histogram_bin_edges(present - np.round(present.mean()), "doane")) - 1


def evidently(current, reference, kind=ColumnType.Numerical):
    clean = lambda side: pd.Series(side).replace([-INF, INF], np.nan).dropna()
    return float(_psi(clean(reference), clean(current), kind, 0.1)[0])


def scouter(current, reference, strategy=None):
    words = isinstance(reference[0], str)
    config = PsiDriftConfig(
        space="parity", name="parity", version="0.1.0", binning_strategy=strategy or QuantileBinning(num_bins=10),
        categorical_features=["value"] if words else [],
    )
    drifter, frame = Drifter(), lambda side: pd.DataFrame({"value": list(side)})
    profile = drifter.create_drift_profile(frame(reference), config=config)
    return drifter.compute_drift(frame(current), profile).features["value"]


def cases():
    rng = np.random.default_rng(3)
    n = rng.normal
    cancer = load_breast_cancer().data
    now, before = flights(150)
    pairs = {
        "continuous": (n(0.3, 1.2, size=200), n(size=250)),
        "rounded": (np.round(n(0.3, size=200), 1), np.round(n(size=150), 1)),
        "skewed whole numbers": (rng.poisson(3, 150).astype(float), rng.poisson(2, 200).astype(float)),
        "missing cells": (np.where(rng.random(150) < 0.1, np.nan, n(size=150)), n(size=120)),
        "infinities": (np.append(n(size=50), [INF, -INF, INF]), n(size=60)),
        "heavy tails": (rng.standard_cauchy(80), rng.standard_cauchy(90)),
        "far from zero": (1e15 + rng.integers(0, 60, 80), 1e15 + rng.integers(0, 50, 90)),
        "two rows": ([1.0, 2.0], [1.5, 2.5, 3.5]),
        "moved away": (n(50, size=60), n(size=60)),
        "one row": ([0.0], n(size=30)),
        "tumours": (cancer[:100, 3], cancer[200:320, 3]),
        "distances of flights": (now["distance"].astype(float), before["distance"].astype(float)),
    }
    for name, (current, reference) in pairs.items():
        settings = [
            ({}, by_definition(current, reference)),
            ({"bins": 7, "floor": 1e-3}, by_definition(current, reference, bins=7, floor=1e-3)),
            ({"binning": "equal-width", "bins": 5}, by_definition(current, reference, width=5)),
            ({"binning": "sturges"}, by_definition(current, reference, width="sturges")),
            ({"binning": "doane"}, by_definition(current, reference, width=doane(reference))),
            ({"edges": [-1, 0, 0.5, 2]}, by_definition(current, reference, edges=[-1, 0, 0.5, 2])),
            ({"mode": "evidently"}, evidently(current, reference)),
            # Deepchecks has no index of numbers: our bins with its floor.
            ({"mode": "deepchecks"}, by_definition(np.asarray(current)[~np.isnan(current)], reference, floor=0.01)),
        ]
        if name not in ("infinities", "two rows", "far from zero"):
            settings += [
                ({"mode": "scouter"}, scouter(current, reference)),
                ({"mode": "scouter", "bins": 6}, scouter(current, reference, QuantileBinning(num_bins=6))),
            ]
        if name in ("continuous", "heavy tails", "moved away", "tumours"):
            settings += [
                ({"mode": "scouter", "binning": "equal-width", "bins": 5}, scouter(current, reference, EqualWidthBinning(method=Manual(num_bins=5)))),
                ({"mode": "scouter", "binning": "sturges"}, scouter(current, reference, EqualWidthBinning(method=Sturges()))),
            ]
        for parameters, psi in settings:
            yield case(name, {"value": numbers(current)}, {"psi": psi}, {"value": numbers(reference)}, parameters)
    pick = lambda n, letters: [str(x) for x in rng.choice(list(letters), n)]
    words = {
        "categories": (pick(100, "aabbbc"), pick(120, "aabbc")),
        "unseen on one side": (pick(60, "abcd"), pick(60, "abc")),
        "gone on one side": (pick(60, "ab"), pick(60, "abc")),
        "unseen on both sides": (pick(60, "abd"), pick(60, "abc")),
        "rare ones": (["z"] + pick(299, "ab"), pick(300, "abc")),
        "origins of flights": (list(now["origin"]), list(before["origin"])),
    }
    for name, (current, reference) in words.items():
        c, r = (pd.Series(side).value_counts(normalize=True) for side in (current, reference))
        c, r = (np.maximum(side.reindex(sorted(set(current) | set(reference)), fill_value=0), 1e-4) for side in (c, r))
        for parameters, psi in [
            ({}, np.sum((c - r) * np.log(c / r))),
            ({"mode": "evidently"}, evidently(current, reference, ColumnType.Categorical)),
            ({"mode": "scouter"}, scouter(current, reference)),
            ({"mode": "deepchecks"}, deepchecks(np.array(reference), np.array(current))),
        ]:
            yield case(name, {"value": labels(current)}, {"psi": psi}, {"value": labels(reference)}, parameters)
    for name, current, reference in [("no rows", [], [1.0]), ("no reference", [1.0], []), ("no value in the reference", [1.0], [None])]:
        yield case(name, {"value": current}, {"psi": None}, {"value": reference})
    # Of a constant reference there are three bins: below, the same, above.
    values = lambda c, r: float(np.sum((np.maximum(c, 1e-4) - np.maximum(r, 1e-4)) * np.log(np.maximum(c, 1e-4) / np.maximum(r, 1e-4))))
    current, reference = [2.0, 3.0, 3.0, 3.0, 5.0, 3.0], [3.0] * 8
    for parameters, psi in [({}, values(np.array([1, 4, 1]) / 6, np.array([0, 1, 0]))), ({"mode": "evidently"}, evidently(current, reference))]:
        yield case("a constant reference", {"value": current}, {"psi": psi}, {"value": reference}, parameters)
    yield case("the same constant", {"value": [3.0] * 4}, {"psi": 0.0}, {"value": reference})
    current, reference = ["a", None, "b", "a", "z"], ["a", "b", "b", "a", None, "c"]
    psi = values(np.array([2, 1, 0, 1, 1]) / 5, np.array([2, 2, 1, 0, 1]) / 6)
    yield case("missing and unseen categories", {"value": labels(current)}, {"psi": psi}, {"value": labels(reference)})
    present = [[x for x in side if x is not None] for side in (current, reference)]
    yield case("missing and unseen categories", {"value": labels(current)}, {"psi": evidently(*present, ColumnType.Categorical)}, {"value": labels(reference)}, {"mode": "evidently"})
