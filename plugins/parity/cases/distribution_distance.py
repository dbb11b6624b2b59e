"""SciPy's distances over NumPy's bins; Evidently's and NannyML's own functions."""

import numpy as np
import pandas as pd
from evidently.legacy.calculations.stattests.hellinger_distance import _hellinger_distance
from evidently.legacy.calculations.stattests.jensenshannon import _jensenshannon
from evidently.legacy.calculations.stattests.kl_div import _kl_div
from evidently.legacy.core import ColumnType
from nannyml.drift.univariate.methods import FeatureType, MethodFactory
from nannyml.thresholds import ConstantThreshold
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy
from sklearn.datasets import load_wine

from flights import flights
from tables import INF, case, labels, numbers

OUTPUTS = ["jensen_shannon", "kl_divergence", "hellinger", "total_variation", "l_infinity"]


def shares(current, reference, bins=10, width=None):
    """Shares of both sides in our bins, missing cells apart."""
    current, reference = np.asarray(current, float), np.asarray(reference, float)
    missing = np.isnan(current).sum(), np.isnan(reference).sum()
    current, reference = current[~np.isnan(current)], reference[~np.isnan(reference)]
    edges = np.unique(np.quantile(reference, np.linspace(0, 1, bins + 1))) if width is None else np.histogram_bin_edges(reference, width)
    edges[0], edges[-1] = -INF, INF
    counted = [np.histogram(side, edges)[0] for side in (current, reference)]
    if sum(missing) > 0:
        counted = [np.append(side, gone) for side, gone in zip(counted, missing)]
    return [side / side.sum() for side in counted]


def expected(c, r, base=2, floor=1e-4):
    return {
        "jensen_shannon": jensenshannon(r, c, base),
        "kl_divergence": entropy(np.maximum(r, floor), np.maximum(c, floor)),
        "hellinger": np.sqrt(np.sum((np.sqrt(c) - np.sqrt(r)) ** 2) / 2),
        "total_variation": np.abs(c - r).sum() / 2,
        "l_infinity": np.abs(c - r).max(),
    }


def evidently(current, reference, kind):
    current, reference = (pd.Series(side).replace([-INF, INF], np.nan).dropna() for side in (current, reference))
    made = {"jensen_shannon": _jensenshannon(reference, current, kind, 0.1)[0], "kl_divergence": _kl_div(reference, current, kind, 0.1)[0]}
    return made | {"hellinger": _hellinger_distance(reference.copy(), current.copy(), kind, 0.1)[0]}


def nannyml(current, reference, kind):
    made = {}
    names = {"jensen_shannon": "jensen_shannon", "hellinger": "hellinger"} | ({"l_infinity": "l_infinity"} if kind == FeatureType.CATEGORICAL else {})
    for ours, theirs in names.items():
        threshold = ConstantThreshold(lower=None, upper=0.1)
        method = MethodFactory.create(key=theirs, feature_type=kind, chunker=None, threshold=threshold)
        method._fit(pd.Series(reference))
        made[ours] = method._calculate(pd.Series(current))
    return made


def cases():
    rng = np.random.default_rng(9)
    n = rng.normal
    wine, (now, before) = load_wine().data, flights(150)
    pairs = {
        "continuous": (n(0.3, 1.2, size=200), n(size=250)),
        "rounded": (np.round(n(0.3, size=150), 1), np.round(n(size=200), 1)),
        "few values": (rng.poisson(3, 150).astype(float), rng.poisson(2, 200).astype(float)),
        "heavy tails": (rng.standard_cauchy(100), rng.standard_cauchy(120)),
        "far from zero": (1e15 + rng.integers(0, 60, 100), 1e15 + rng.integers(0, 50, 120)),
        "moved away": (n(50, size=60), n(size=60)),
        "the same": (np.arange(50.0), np.arange(50.0)),
        "one row": ([0.25], n(size=30)),
        "wine": (wine[:60, 0], wine[60:, 0]),
        "distances of flights": (now["distance"].astype(float), before["distance"].astype(float)),
    }
    for name, (current, reference) in pairs.items():
        data = {"current": {"value": numbers(current)}, "reference": {"value": numbers(reference)}}
        for parameters, bins, base, floor in [
            ({}, shares(current, reference), 2, 1e-4),
            ({"bins": 7, "base": "e", "floor": 1e-3}, shares(current, reference, 7), None, 1e-3),
            ({"binning": "doane"}, shares(current, reference, width="doane"), 2, 1e-4),
        ]:
            yield case(name, data["current"], expected(*bins, base, floor), data["reference"], parameters)
        for mode, made in [("evidently", evidently(current, reference, ColumnType.Numerical)), ("nannyml", nannyml(current, reference, FeatureType.CONTINUOUS))]:
            # The root of what rounding leaves of nothing is nothing too.
            made = {key: 0.0 if value < 1e-7 else value for key, value in made.items()}
            # Evidently multiplies densities by one width: far from zero, where widths differ by rounding, that is off by so much.
            within = 1e-3 if (name, mode) == ("far from zero", "evidently") else None
            yield case(name, data["current"], made, data["reference"], {"mode": mode}, within)
    current, reference = np.where(rng.random(100) < 0.1, np.nan, n(size=100)), n(size=80)
    made = expected(*shares(current, reference))
    yield case("missing cells", {"value": [None if np.isnan(x) else x for x in current]}, made, {"value": numbers(reference)})
    current, reference = list("aabbbcd") * 9, list("aaabbce") * 11
    c, r = (pd.Series(side).value_counts(normalize=True).reindex(list("abcde"), fill_value=0).to_numpy() for side in (current, reference))
    data = {"value": labels(current)}, {"value": labels(reference)}
    yield case("categories", data[0], expected(c, r), data[1])
    yield case("categories", data[0], evidently(current, reference, ColumnType.Categorical), data[1], {"mode": "evidently"})
    yield case("categories", data[0], nannyml(current, reference, FeatureType.CATEGORICAL), data[1], {"mode": "nannyml"})
    for name, current, reference in [("no rows", [], [1.0]), ("no reference", [1.0], [])]:
        yield case(name, {"value": current}, dict.fromkeys(OUTPUTS), {"value": reference})
    for mode in ["evidently", "nannyml"]:
        current = {"value": ["inf", None]}
        yield case("nothing finite", current, dict.fromkeys(OUTPUTS), {"value": [1.0, 2.0]}, {"mode": mode})
    # Of a constant reference there are three bins: below, the same, above.
    current, reference = [2.0, 3.0, 3.0, 3.0, 5.0, 3.0], [3.0] * 8
    c, r = np.array([1, 4, 1]) / 6, np.array([0, 1, 0])
    yield case("a constant reference", {"value": current}, expected(c, r), {"value": reference})
    yield case("the same constant", {"value": [3.0] * 4}, expected(np.array([0, 1, 0]), r), {"value": reference})
    pairs = {"two rows": ([1.0, 2.0], [1.5, 2.5, 3.5]), "infinities": (np.append(n(size=40), [INF, -INF, INF]), n(size=50))}
    for name, (current, reference) in pairs.items():
        yield case(name, {"value": numbers(current)}, expected(*shares(current, reference)), {"value": numbers(reference)})
    current, reference = ["a", None, "b", "a", "z"], ["a", "b", "b", "a", None, "c"]
    c, r = np.array([2, 1, 0, 1, 1]) / 5, np.array([2, 2, 1, 0, 1]) / 6
    yield case("missing and unseen categories", {"value": labels(current)}, expected(c, r), {"value": labels(reference)})
