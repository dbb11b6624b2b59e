"""SciPy's two-sample test."""

import numpy as np
from scipy import stats
from sklearn.datasets import load_breast_cancer, load_wine

from flights import flights
from tables import INF, case, numbers

OUTPUTS = ["statistic", "p_value", "location"]


def cases():
    rng = np.random.default_rng(2)
    n = rng.normal
    cancer, wine = load_breast_cancer().data, load_wine().data
    now, before = flights(120)
    pairs = {
        "one row each": ([1.0], [2.0]),
        "one row against the same": ([1.0], [1.0]),
        "two against three": ([1.0, 2.0], [1.5, 2.5, 3.5]),
        "identical": ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]),
        "constant": ([4.0] * 5, [4.0] * 9),
        "constant against constant": ([4.0] * 5, [5.0] * 9),
        "ties": (np.round(n(size=60), 1), np.round(n(size=45), 1)),
        "infinities": ([-INF, 0.0, 1.0, INF], [-INF, -INF, 0.5, 2.0, INF]),
        "zeros of both signs": ([-0.0, 0.0, 1.0], [0.0, -0.0, -0.0, 2.0]),
        "far from zero": (1e15 + rng.integers(0, 40, 50), 1e15 + rng.integers(0, 30, 60)),
        "heavy tails": (rng.standard_cauchy(70), rng.standard_cauchy(50)),
        "equal sizes": (n(size=40), n(0.3, size=40)),
        "coprime sizes": (n(size=53), n(0.2, 1.5, size=71)),
        "far apart": (n(size=30), n(10, size=25)),
        "unequal sizes": (n(size=200), n(0.2, size=25)),
        "tumours": (cancer[:80, 3], cancer[200:300, 3]),
        "wine": (wine[:60, 12], wine[60:, 12]),
        "probabilities of flights": (now["probability"], before["probability"]),
    }
    for name, (current, reference) in pairs.items():
        for alternative in ["two-sided", "less", "greater"]:
            for method in ["auto", "asymp"]:
                result = stats.ks_2samp(current, reference, alternative=alternative, method=method)
                made = dict(zip(OUTPUTS, [result.statistic, result.pvalue, result.statistic_location]))
                parameters = {"alternative": alternative, "method": method}
                yield case(name, {"value": numbers(current)}, made, {"value": numbers(reference)}, parameters)
    for name, current, reference in [("no rows", [], [1.0]), ("no reference", [1.0], []), ("only missing", ["nan", None], [1.0])]:
        yield case(name, {"value": current}, dict.fromkeys(OUTPUTS), {"value": reference})
    pairs = {
        "two rows each": ([1.0, 2.0], [1.5, 2.0]),
        "few rows with ties": (np.round(n(size=9)), np.round(n(0.5, size=7))),
        "small": (n(size=17), n(0.4, size=23)),
    }
    for name, (current, reference) in pairs.items():
        for alternative in ["two-sided", "less", "greater"]:
            result = stats.ks_2samp(current, reference, alternative=alternative, method="exact")
            made = dict(zip(OUTPUTS, [result.statistic, result.pvalue, result.statistic_location]))
            parameters = {"alternative": alternative, "method": "exact"}
            yield case(name, {"value": numbers(current)}, made, {"value": numbers(reference)}, parameters)
    current, reference = pairs["small"]
    result = stats.ks_2samp(current, reference)
    made = dict(zip(OUTPUTS, [result.statistic, result.pvalue, result.statistic_location]))
    yield case("missing cells", {"value": [None, *numbers(current), "nan"]}, made, {"value": ["nan", *numbers(reference), None]})
