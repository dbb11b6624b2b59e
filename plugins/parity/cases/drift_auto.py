"""Evidently's choice of a test, and what the test says."""

import warnings

import numpy as np
import pandas as pd
from evidently.legacy.calculations.stattests.registry import _get_default_stattest
from evidently.legacy.core import ColumnType
from sklearn.datasets import load_breast_cancer, load_wine

from flights import flights
from tables import INF, case, labels, numbers

warnings.simplefilter("ignore")
LEVELS = {"ks": 0.05, "chisquare": 0.05, "z": 0.05, "wasserstein": 0.1, "jensenshannon": 0.1}


def expected(current, reference, kind):
    clean = lambda side: pd.Series(side).replace([-INF, INF], np.nan).dropna()
    current, reference = clean(current), clean(reference)
    test = _get_default_stattest(reference, current, kind)
    value = float(test.func(reference, current, kind, LEVELS[test.name])[0])
    is_p = test.name in ("ks", "chisquare", "z")
    drifted = value < LEVELS[test.name] if is_p else value >= LEVELS[test.name]
    return {"drifted": float(drifted), "p_value": value if is_p else None, "distance": None if is_p else value}


def cases():
    rng = np.random.default_rng(21)
    n = rng.normal
    cancer, wine = load_breast_cancer().data, load_wine().data
    now, before = flights()
    few = lambda n, weights: rng.choice(len(weights), n, p=np.array(weights) / sum(weights)).astype(float)
    pairs = {
        "small": (n(0.3, size=120), n(size=150)),
        "small, the same": (n(size=120), n(size=150)),
        "small with ties": (np.round(n(size=80), 1), np.round(n(0.2, size=90), 1)),
        "five distinct numbers": (few(100, [1, 2, 3, 2, 1]), few(120, [1, 1, 1, 1, 1])),
        "two distinct numbers": (few(100, [1, 2]), few(120, [1, 1])),
        "one number": ([3.0] * 5, [3.0] * 9),
        "one row each": ([1.0], [2.0]),
        "missing and infinite": (np.append(n(size=60), [np.nan, INF]), np.append(n(size=70), [-INF, np.nan])),
        "large": (n(0.05, size=150), n(size=1001)),
        "large, moved": (n(0.5, size=150), n(size=1001)),
        "large, far from zero": (1e15 + rng.integers(0, 60, 100), 1e15 + rng.integers(0, 50, 1010)),
        "large, few distinct numbers": (few(100, [1, 2, 3]), few(1001, [1, 1, 1])),
        "just not large": (few(80, [1, 2, 3, 4]), few(1000, [1, 2, 3, 3])),
        "tumours": (cancer[:120, 3], cancer[200:350, 3]),
        "wine": (wine[:60, 12], wine[60:, 12]),
        "distances of flights": (now["distance"].astype(float), before["distance"].astype(float)),
    }
    for name, (current, reference) in pairs.items():
        made = expected(current, reference, ColumnType.Numerical)
        if name == "large, far from zero":
            # NumPy's deviation is off there, and the offset changes neither the distance nor the deviation.
            made = expected(np.asarray(current) - 1e15, np.asarray(reference) - 1e15, ColumnType.Numerical)
        yield case(name, {"value": numbers(current)}, made, {"value": numbers(reference)})
    pick = lambda n, letters: [str(x) for x in rng.choice(list(letters), n)]
    words = {
        "categories": (pick(100, "aabbc"), pick(120, "abc")),
        "two categories": (pick(100, "aab"), pick(120, "ab")),
        "one category": (["a"] * 4, ["a"] * 7),
        "unseen categories": (pick(100, "abcd"), pick(120, "abc")),
        "many rows of categories": (pick(100, "aabbc"), pick(1001, "abc")),
        "many rows, unseen categories": (pick(100, "abcx"), pick(1001, "abc")),
        "origins of flights": (list(now["origin"]), list(before["origin"])),
    }
    for name, (current, reference) in words.items():
        yield case(name, {"value": labels(current)}, expected(current, reference, ColumnType.Categorical), {"value": labels(reference)})
    nothing = dict.fromkeys(["drifted", "p_value", "distance"])
    for name, current, reference in [("no rows", [], [1.0]), ("no reference", [1.0], []), ("nothing finite", ["inf", None], [1.0])]:
        yield case(name, {"value": current}, nothing, {"value": reference})
    hard = np.random.default_rng(211)
    pairs = {
        "two rows each": ([1.0, 2.0], [2.0, 3.0]),
        "heavy tails": (hard.standard_cauchy(90), hard.standard_cauchy(110)),
        "large, heavy tails": (hard.standard_cauchy(90), hard.standard_cauchy(1001)),
        "far from zero": (1e15 + hard.integers(0, 60, 100), 1e15 + hard.integers(0, 50, 120)),
        "large, constant": ([3.0] * 20, [3.0] * 1001),
    }
    for name, (current, reference) in pairs.items():
        yield case(name, {"value": numbers(current)}, expected(current, reference, ColumnType.Numerical), {"value": numbers(reference)})
    current, reference = ["a", None, "b", "a", "c"], ["a", "b", None, "b", "c", "c"]
    made = expected([x for x in current if x], [x for x in reference if x], ColumnType.Categorical)
    yield case("missing categories", {"value": labels(current)}, made, {"value": labels(reference)})
