"""NannyML's estimates; its ROC AUC rounds counts to five digits and leaves ties to the order of rows, so the area itself
comes from scikit-learn over rows doubled into weighted positives and negatives, and NannyML's must be within 1e-4 of it."""

import warnings

import numpy as np
from nannyml.performance_estimation.confidence_based.metrics import estimate_accuracy, estimate_f1, estimate_precision, estimate_recall, estimate_roc_auc
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from flights import flights
from tables import case, numbers

warnings.simplefilter("ignore")
OUTPUTS = ["roc_auc", "accuracy", "precision", "recall", "f1", "prevalence"]


def expected(scores, threshold=0.5):
    scores = np.asarray(scores, float)
    decided = (scores >= threshold).astype(int)
    truth = np.repeat([1, 0], len(scores))
    weights = np.append(scores, 1 - scores)
    area = roc_auc_score(truth, np.append(scores, scores), sample_weight=weights) if 0 < scores.sum() < len(scores) else None
    if area is not None and len(set(scores)) == len(scores) and scores.max() > 1e-3:
        assert abs(area - estimate_roc_auc(scores, scores)) < 1e-4
    estimates = [estimate(decided, scores) for estimate in (estimate_accuracy, estimate_precision, estimate_recall, estimate_f1)]
    if decided.sum() == 0:
        estimates[1] = None
    made = dict(zip(OUTPUTS, [area, *estimates, scores.mean()]))
    return made | {"accuracy±": np.sqrt(np.sum(scores * (1 - scores))) / len(scores)}


def cases():
    rng = np.random.default_rng(17)
    data = load_breast_cancer()
    tumours = LogisticRegression().fit(data.data[:, :2] / 20, data.target).predict_proba(data.data[:, :2] / 20)[:, 1]
    columns = {
        "one row": [0.7],
        "two rows": [0.2, 0.9],
        "constant": [0.25] * 9,
        "ties": np.round(rng.random(150), 1),
        "random": rng.random(200),
        "sure": [0.0, 1.0, 0.0, 1.0, 0.5],
        "tumours": tumours[:300],
        "probabilities of flights": flights()[0]["probability"],
    }
    for name, scores in columns.items():
        for threshold in [0.5, 0.2]:
            yield case(name, {"score": numbers(scores)}, expected(scores, threshold), parameters={"threshold": threshold})
    yield case("missing", {"score": [0.2, None, "nan", 0.6]}, expected([0.2, 0.6]))
    yield case("no rows", {"score": []}, dict.fromkeys(OUTPUTS))
    yield case("all are sure", {"score": [1.0, 1.0]}, {"roc_auc": None, "accuracy": 1.0, "prevalence": 1.0})
    yield case("all are sure of no", {"score": [0.0, 0.0]}, {"roc_auc": None, "accuracy": 1.0, "prevalence": 0.0})
    tiny = np.random.default_rng(171).random(40) * 1e-300
    yield case("tiny", {"score": numbers(tiny)}, expected(tiny))
