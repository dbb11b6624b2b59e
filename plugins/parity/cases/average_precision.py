"""scikit-learn's average precision and the best F1 along its precision-recall curve."""

import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, precision_recall_curve

from flights import flights
from tables import case, numbers

OUTPUTS = ["average_precision", "best_f1", "best_f1_threshold"]


def expected(scores, labels, weights=None):
    precision, recall, thresholds = precision_recall_curve(labels, scores, sample_weight=weights)
    with np.errstate(invalid="ignore"):
        f1 = np.nan_to_num(2 * precision * recall / (precision + recall))[:-1]
    # The lowest threshold of those that differ by no more than rounding.
    best = np.flatnonzero(f1 >= f1.max() * (1 - 1e-14))[0]
    area = average_precision_score(labels, scores, sample_weight=weights)
    return dict(zip(OUTPUTS, [area, f1[best], thresholds[best]]))


def cases():
    rng = np.random.default_rng(5)
    binary = lambda n, p: (rng.random(n) < p).astype(int)
    labels = binary(250, 0.3)
    data, late = load_breast_cancer(), flights()[0]
    tumours = LogisticRegression().fit(data.data[:, :2] / 20, data.target).predict_proba(data.data[:, :2] / 20)[:, 1]
    pairs = {
        "two rows": ([0.1, 0.9], [0, 1]),
        "two rows the wrong way round": ([0.9, 0.1], [0, 1]),
        "a tie": ([0.5, 0.5], [0, 1]),
        "constant scores": ([0.5] * 7, [0, 1, 0, 1, 1, 0, 0]),
        "perfect": ([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]),
        "only positives": ([0.1, 0.2, 0.8], [1, 1, 1]),
        "one positive row": ([0.3], [1]),
        "integers of both signs": ([-3, -3, 0, 0, 2, 5, 5, 5], [0, 1, 0, 1, 0, 1, 1, 0]),
        "tiny and huge": ([5e-324, 1e-300, 1e300, 1.7e308, 0.0], [0, 1, 0, 1, 1]),
        "far from zero": (1e15 + np.arange(40) % 11, binary(40, 0.4)),
        "heavy tails": (rng.standard_cauchy(200) + labels[:200], labels[:200]),
        "continuous": (rng.normal(size=250) + labels * 0.7, labels),
        "many ties": (np.round(rng.random(300), 1), binary(300, 0.3)),
        "rare positives": (rng.random(300), np.append([1, 1], binary(298, 0.01))),
        "tumours": (tumours[:300], data.target[:300]),
        "late flights": (late["probability"], late["late"]),
    }
    for name, (scores, labels) in pairs.items():
        scores, labels = np.asarray(scores, float), np.asarray(labels)
        yield case(name, {"score": numbers(scores), "label": numbers(labels)}, expected(scores, labels))
    for n in [30, 250]:
        scores, labels, weights = np.round(rng.random(n), 2), binary(n, 0.5), np.round(rng.random(n) * 3, 3)
        weights[::7] = 0
        current = {"score": numbers(scores), "label": numbers(labels), "weight": numbers(weights)}
        yield case(f"{n} weighted rows", current, expected(scores, labels, weights), within=1e-11)
    nothing = dict.fromkeys(OUTPUTS)
    yield case("no rows", {"score": [], "label": []}, nothing)
    yield case("only negatives", {"score": [0.1, 0.2], "label": [0, 0]}, nothing)
    current = {"score": [0.1, None, "nan", 0.8, 0.4], "label": [0, 1, 1, 1, None]}
    yield case("missing cells are left out", current, expected([0.1, 0.8], [0, 1]))
    # scikit-learn refuses infinities; any finite ends rank the same, but a threshold that is infinite is no number.
    labels = [0, 0, 1, 0, 1, 1]
    made = expected([-9.0, 0.0, 9.0, 9.0, 1.0, -9.0], labels)
    current = {"score": ["-inf", 0.0, "inf", "inf", 1.0, "-inf"], "label": labels}
    yield case("infinities rank at the ends", current, made | {"best_f1_threshold": None if abs(made["best_f1_threshold"]) == 9 else made["best_f1_threshold"]})
