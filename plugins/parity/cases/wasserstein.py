"""SciPy's distance, Evidently's normalization."""

import numpy as np
import pandas as pd
from evidently.legacy.calculations.stattests.wasserstein_distance_norm import _wasserstein_distance_norm
from evidently.legacy.core import ColumnType
from scipy.stats import wasserstein_distance
from sklearn.datasets import load_breast_cancer, load_wine

from flights import flights
from tables import case, numbers

OUTPUTS = ["wasserstein", "normalized"]


def expected(current, reference):
    norm = _wasserstein_distance_norm(pd.Series(reference), pd.Series(current), ColumnType.Numerical, 0.1)[0]
    return dict(zip(OUTPUTS, [wasserstein_distance(current, reference), norm]))


def cases():
    rng = np.random.default_rng(11)
    n = rng.normal
    cancer, wine, (now, before) = load_breast_cancer().data, load_wine().data, flights()
    pairs = {
        "one row each": ([1.0], [2.0]),
        "two against three": ([1.0, 2.0], [1.5, 2.5, 3.5]),
        "identical": ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]),
        "constants": ([4.0] * 5, [5.0] * 9),
        "ties": (np.round(n(size=80), 1), np.round(n(size=45), 1)),
        "unequal sizes": (n(size=200), n(0.2, size=25)),
        "heavy tails": (rng.standard_cauchy(100), rng.standard_cauchy(120)),
        "tiny": (n(size=40) * 1e-200, n(size=50) * 1e-200),
        "far apart": (n(size=30), n(1000, size=25)),
        "zeros of both signs": ([-0.0, 0.0, 1.0], [0.0, -0.0, -0.0, 2.0]),
        "tumours": (cancer[:200, 3], cancer[200:400, 3]),
        "wine": (wine[:60, 12], wine[60:, 12]),
        "delays of flights": (now["delay_minutes"].astype(float), before["delay_minutes"].astype(float)),
    }
    for name, (current, reference) in pairs.items():
        yield case(name, {"value": numbers(current)}, expected(current, reference), {"value": numbers(reference)})
    # NumPy's deviation is off here, so it is taken without the offset, which changes neither.
    current, reference = rng.integers(0, 60, 100), rng.integers(0, 50, 120)
    yield case("far from zero", {"value": numbers(1e15 + current)}, expected(current, reference), {"value": numbers(1e15 + reference)})
    current = {"value": [1.0, None, "nan", "inf", 3.0]}
    yield case("not finite", current, expected([1.0, 3.0], [2.0, 5.0]), {"value": [2.0, "-inf", 5.0]})
    for name, current, reference in [("no rows", [], [1.0]), ("no reference", [1.0], []), ("nothing finite", ["inf"], [1.0])]:
        yield case(name, {"value": current}, dict.fromkeys(OUTPUTS), {"value": reference})
    yield case("the same constant", {"value": [4.0] * 5}, expected([4.0] * 5, [4.0] * 9), {"value": [4.0] * 9})
