"""SciPy's contingency test and association; Evidently's p-value."""

import warnings

import numpy as np
import pandas as pd
from evidently.legacy.calculations.stattests.chisquare_stattest import _chi_stat_test
from evidently.legacy.core import ColumnType
from scipy.stats import chi2_contingency
from scipy.stats.contingency import association
from sklearn.datasets import load_digits

from flights import flights
from tables import case, labels, numbers

warnings.simplefilter("ignore")
OUTPUTS = ["statistic", "p_value", "degrees_of_freedom", "cramers_v"]


def expected(current, reference, correction):
    table = pd.crosstab(np.repeat([0, 1], [len(current), len(reference)]), np.concatenate([current, reference])).to_numpy()
    result = chi2_contingency(table, correction=correction)
    v = association(table, method="cramer") if table.shape[1] > 1 else None
    return dict(zip(OUTPUTS, [result.statistic, result.pvalue, result.dof, v]))


def cases():
    rng = np.random.default_rng(10)
    pick = lambda n, weights: rng.choice(list("abcdefgh")[: len(weights)], n, p=np.array(weights) / sum(weights))
    digits, (now, before) = load_digits().data, flights()
    pairs = {
        "one row each": (["a"], ["b"]),
        "the same constant": (["a"] * 4, ["a"] * 7),
        "two categories": (pick(80, [3, 1]), pick(120, [2, 1])),
        "two categories, small": (["a", "b", "b"], ["a", "a", "b"]),
        "five categories": (pick(200, [5, 4, 3, 2, 1]), pick(300, [1, 1, 1, 1, 1])),
        "unseen on both sides": (pick(100, [1, 1, 1, 0, 1]), pick(100, [1, 1, 1, 1])),
        "far apart": (pick(300, [9, 1, 1]), pick(300, [1, 1, 9])),
        "identical": (list("abcabc"), list("abcabc")),
        "origins of flights": (list(now["origin"]), list(before["origin"])),
    }
    for name, (current, reference) in pairs.items():
        for correction in [True, False]:
            made = expected(current, reference, correction)
            yield case(name, {"value": labels(current)}, made, {"value": labels(reference)}, {"correction": correction})
        p = _chi_stat_test(pd.Series(reference), pd.Series(current), ColumnType.Categorical, 0.05)[0]
        p = None if len(set(current) | set(reference)) == 1 else p
        yield case(name, {"value": labels(current)}, {"p_value": p}, {"value": labels(reference)}, {"mode": "evidently"})
    current, reference = digits[:150, 20], digits[150:400, 20]
    yield case("pixels of digits", {"value": numbers(current)}, expected(current, reference, True), {"value": numbers(reference)})
    for name, current, reference in [("no rows", [], ["a"]), ("no reference", ["a"], []), ("only missing", [None], ["a"])]:
        yield case(name, {"value": labels(current)}, dict.fromkeys(OUTPUTS), {"value": labels(reference)})
    pairs = {
        "two rows each": (["a", "b"], ["a", "a"]),
        "unseen in the window": (list("aabbb"), list("aabbbcc")),
        "unseen in the reference": (list("aabbbcc"), list("aabbb")),
        "different constants": (["a"] * 5, ["b"] * 6),
    }
    for name, (current, reference) in pairs.items():
        yield case(name, {"value": labels(current)}, expected(current, reference, True), {"value": labels(reference)})
    current, reference = ["a", None, "b", "a", None, "c"], ["a", "b", None, "b", "c"]
    made = expected([x for x in current if x], [x for x in reference if x], True)
    yield case("missing cells", {"value": labels(current)}, made, {"value": labels(reference)})
    current, reference = [1.0, np.inf, np.inf, -np.inf, 2.0, np.nan], [1.0, 1.0, np.inf, 2.0, -np.inf, -np.inf, 2.0]
    made = expected([x for x in current if not np.isnan(x)], reference, True)
    yield case("infinities are values", {"value": numbers(current)}, made, {"value": numbers(reference)})
    current, reference = 1e15 + rng.integers(0, 4, 90), 1e15 + rng.integers(0, 3, 70)
    yield case("far from zero", {"value": numbers(current)}, expected(current, reference, True), {"value": numbers(reference)})
