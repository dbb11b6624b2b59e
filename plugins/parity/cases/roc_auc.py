"""scikit-learn's area, and DeLong's error from its definition."""

import math

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from flights import flights
from tables import INF, case, labels, numbers


def delong(positives, negatives):
    """E. R. DeLong et al. (1988) from the definition: placements of each row."""
    if min(len(positives), len(negatives)) < 2:
        return None
    above = np.array([[float(p > n) + 0.5 * float(p == n) for n in negatives] for p in positives])
    ours, theirs = above.mean(axis=1), above.mean(axis=0)
    return math.sqrt(ours.var(ddof=1) / len(ours) + theirs.var(ddof=1) / len(theirs))


def expected(scores, truth, weights=None, errors=True):
    area = roc_auc_score(truth, scores, sample_weight=weights)
    made = {"roc_auc": area, "gini": 2 * area - 1}
    error = delong(scores[truth == 1], scores[truth == 0]) if errors and weights is None else None
    # Of a perfect ranking the error is nothing, and what rounding leaves of it.
    return made if error is None or 0 < error < 1e-8 else made | {"roc_auc±": error}


def cases():
    rng = np.random.default_rng(20010101)
    binary = lambda n, p=0.3: (rng.random(n) < p).astype(int)
    truth = binary(200)
    data = load_breast_cancer()
    tumours = LogisticRegression().fit(data.data[:, :2] / 20, data.target).predict_proba(data.data[:, :2] / 20)[:, 1]
    late = flights()[0]
    pairs = {
        "two rows": ([0.1, 0.9], [0, 1]),
        "two rows the wrong way round": ([0.9, 0.1], [0, 1]),
        "a tie": ([0.5, 0.5], [0, 1]),
        "constant scores": ([0.5] * 7, [0, 1, 0, 1, 1, 0, 0]),
        "perfect": ([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]),
        "integers of both signs": ([-3, -3, 0, 0, 2, 5, 5, 5], [0, 1, 0, 1, 0, 1, 1, 0]),
        "zeros of both signs": ([-0.0, 0.0, 0.0, -0.0, 1.0], [0, 1, 1, 0, 1]),
        "tiny and huge": ([5e-324, 1e-300, 1e300, 1.7e308, 0.0], [0, 1, 0, 1, 1]),
        "far from zero": (1e15 + np.arange(60) % 13, binary(60, 0.4)),
        "heavy tails": (rng.standard_cauchy(200) + truth, truth),
        "continuous": (rng.normal(size=200) + truth * 0.7, truth),
        "many ties": (np.round(rng.random(300), 1), binary(300)),
        "one positive": (rng.random(50), np.array([1] + [0] * 49)),
        "rare positives": (rng.random(400), binary(400, 0.02)),
        "tumours": (tumours[:300], data.target[:300]),
        "late flights": (late["probability"], late["late"]),
    }
    for name, (scores, truth) in pairs.items():
        scores, truth = np.asarray(scores, float), np.asarray(truth)
        yield case(name, {"score": numbers(scores), "label": numbers(truth)}, expected(scores, truth))
    for n in [60, 300]:
        scores, truth, weights = np.round(rng.random(n), 2), binary(n, 0.5), rng.random(n) * 3
        weights[::7] = 0
        current = {"score": numbers(scores), "label": numbers(truth), "weight": numbers(weights)}
        yield case(f"{n} weighted rows", current, expected(scores, truth, weights))
    # scikit-learn refuses infinities; any finite ends rank the same.
    truth = [0, 0, 1, 0, 1, 1]
    made = expected(np.array([-9.0, 0.0, 9.0, 9.0, 1.0, -9.0]), np.array(truth), errors=False)
    yield case("infinities rank at the ends", {"score": numbers([-INF, 0.0, INF, INF, 1.0, -INF]), "label": truth}, made)
    nothing = {"roc_auc": None, "gini": None}
    for name, scores, truth in [("no rows", [], []), ("only positives", [0.2, 0.4], [1, 1]), ("only negatives", [0.2], [0])]:
        yield case(name, {"score": scores, "label": truth}, nothing)
    current = {"score": [0.1, None, "nan", 0.8, 0.4, 0.3], "label": [0, 1, 1, 1, None, 0]}
    yield case("missing cells are left out", current, expected(np.array([0.1, 0.8, 0.3]), np.array([0, 1, 0]), errors=False))
