"""SciPy's tests; Evidently's z."""

import warnings

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.datasets import load_breast_cancer, load_wine

from flights import flights
from tables import case, labels, numbers

warnings.simplefilter("ignore")
NAMES = ["mann_whitney", "cramer_von_mises", "anderson_darling", "epps_singleton", "welch_t", "z_proportions", "g_test"]


def counts(current, reference):
    return pd.crosstab(np.repeat([0, 1], [len(current), len(reference)]), np.concatenate([current, reference])).to_numpy()


def z_proportions(table):
    """As Evidently: pooled, of the share of the last of two values."""
    if table.shape[1] == 1:
        return 0.0, 1.0
    if table.shape[1] > 2:
        return None
    (p, q), n = table[:, 1] / table.sum(axis=1), table.sum(axis=1)
    pooled = table[:, 1].sum() / table.sum()
    z = (p - q) / np.sqrt(pooled * (1 - pooled) * (1 / n).sum())
    return z, 2 * stats.norm.sf(abs(z))


def g_test(table):
    result = stats.chi2_contingency(table, correction=False, lambda_="log-likelihood")
    return result.statistic, result.pvalue


def expected(x, y):
    x, y = np.asarray(x, float), np.asarray(y, float)
    table, rows = counts(x, y), min(len(x), len(y))
    varies = len(set(x) | set(y)) > 1
    half = np.subtract(*np.quantile(np.append(x, y), [0.75, 0.25])) > 0
    pair = lambda result: (result.statistic, result.pvalue)
    outcomes = [
        pair(stats.mannwhitneyu(x, y)) if varies else None,
        pair(stats.cramervonmises_2samp(x, y)) if rows >= 2 else None,
        pair(stats.anderson_ksamp([x, y], variant="midrank")) if varies and len(x) + len(y) >= 4 else None,
        pair(stats.epps_singleton_2samp(x, y)) if rows >= 5 and half else None,
        pair(stats.ttest_ind(x, y, equal_var=False)) if rows >= 2 and np.std(x) + np.std(y) > 0 else None,
        z_proportions(table),
        g_test(table),
    ]
    made = {"energy_distance": stats.energy_distance(x, y)}
    for name, outcome in zip(NAMES, outcomes):
        made |= dict(zip([f"{name}_statistic", f"{name}_p_value"], outcome or (None, None)))
    return made


def cases():
    rng = np.random.default_rng(20)
    n = rng.normal
    cancer, wine, (now, before) = load_breast_cancer().data, load_wine().data, flights(150)
    pairs = {
        "two each": ([1.0, 2.5], [2.0, 3.5]),
        "small without ties": (n(size=7), n(0.5, size=12)),
        "small with ties": (np.round(n(size=7)), np.round(n(0.5, size=12))),
        "eight against many": (n(size=8), n(0.5, size=200)),
        "continuous": (n(0.3, size=120), n(size=150)),
        "ties": (np.round(n(0.2, size=100), 1), np.round(n(size=80), 1)),
        "two values": ((rng.random(90) < 0.3).astype(float), (rng.random(120) < 0.4).astype(float)),
        "heavy tails": (rng.standard_cauchy(60), rng.standard_cauchy(80) + 1),
        "other spread": (n(0, 2, size=100), n(size=100)),
        "constant": ([3.0] * 6, [3.0] * 8),
        "one row": ([1.0], [0.5, 2.0, 3.0]),
        "tumours": (cancer[:120, 3], cancer[200:350, 3]),
        "wine": (wine[:60, 4], wine[60:, 4]),
        "delays of flights": (now["delay_minutes"].astype(float), before["delay_minutes"].astype(float)),
    }
    for name, (x, y) in pairs.items():
        made = expected(x, y)
        if len(set(x) | set(y)) < 5:
            # The waves of few values depend on each other: what SciPy inverts is rounding.
            made = {key: value for key, value in made.items() if not key.startswith("epps_singleton") or value is None}
        if made["cramer_von_mises_p_value"] is not None and made["cramer_von_mises_p_value"] < 1e-6:
            # SciPy takes such a tail from one: what is left has an absolute error of some 1e-15.
            tail = {"cramer_von_mises_p_value": made.pop("cramer_von_mises_p_value")}
            yield case(f"{name}, far out", {"value": numbers(x)}, tail, {"value": numbers(y)}, {"tests": ["cramer_von_mises"]}, 1e-6)
        yield case(name, {"value": numbers(x)}, made, {"value": numbers(y)})
    x, y = rng.integers(0, 5, 100).astype(str), rng.integers(0, 6, 120).astype(str)
    made = dict(zip(["g_test_statistic", "g_test_p_value"], g_test(counts(x, y)))) | {"welch_t_p_value": None, "z_proportions_p_value": None, "energy_distance": None}
    yield case("categories", {"value": labels(x)}, made, {"value": labels(y)})
    x, y = pairs["continuous"]
    made = {key: value for key, value in expected(x, y).items() if key.startswith("welch_t")}
    yield case("only Welch", {"value": numbers(x)}, made, {"value": numbers(y)}, {"tests": ["welch_t"]})
    for name, x, y in [("no rows", [], [1.0]), ("no reference", [1.0], []), ("nothing finite", ["inf"], [1.0])]:
        made = dict.fromkeys([f"{test}_p_value" for test in NAMES])
        yield case(name, {"value": x}, made, {"value": y})
    x, y = rng.integers(0, 60, 100), rng.integers(10, 70, 120)
    # Where SciPy's own means are rounded to eighths, so the offset is left out there; none of these depends on it.
    made = {key: value for key, value in expected(x, y).items() if not key.startswith("epps_singleton")}
    yield case("far from zero", {"value": numbers(1e15 + x)}, made, {"value": numbers(1e15 + y)})
    made = expected([1.0, 3.0, 2.5, 4.0, 0.5, 7.0], [2.0, 5.0, 2.2, 0.1, 9.0])
    current = {"value": [1.0, None, 3.0, 2.5, "nan", 4.0, 0.5, "inf", 7.0]}
    yield case("not finite", current, made, {"value": [2.0, "-inf", 5.0, 2.2, None, 0.1, 9.0]})
    x, y = list("aabbb"), list("aabccc")
    made = dict(zip(["g_test_statistic", "g_test_p_value"], g_test(counts(x, y))))
    yield case("unseen categories", {"value": labels(x)}, made, {"value": labels(y)})
