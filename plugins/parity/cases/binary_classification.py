"""scikit-learn's functions of the same names; standard errors by resampling's limit, the multinomial delta method."""

import warnings

import numpy as np
import pandas as pd
from nannyml.performance_calculation.metrics.binary_classification import BinaryClassificationBusinessValue
from nannyml.thresholds import ConstantThreshold
from sklearn import metrics
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

from flights import flights
from tables import case, labels, numbers

warnings.simplefilter("ignore")
RATES = ["accuracy", "balanced_accuracy", "precision", "recall", "specificity", "f1", "f_beta", "matthews_correlation", "cohen_kappa", "prevalence"]


def expected(scores, truth, weights=None, threshold=0.5, beta=2.0):
    truth, decided = np.asarray(truth), (np.asarray(scores) >= threshold).astype(int)
    w = {"sample_weight": weights}
    (tn, fp), (fn, tp) = metrics.confusion_matrix(truth, decided, labels=[0, 1], **w)
    with np.errstate(invalid="ignore"):
        made = {
            "true_positives": tp, "false_positives": fp, "true_negatives": tn, "false_negatives": fn,
            "accuracy": metrics.accuracy_score(truth, decided, **w),
            "precision": metrics.precision_score(truth, decided, zero_division=np.nan, **w),
            "recall": metrics.recall_score(truth, decided, zero_division=np.nan, **w),
            "specificity": metrics.recall_score(truth, decided, pos_label=0, zero_division=np.nan, **w),
            "f1": metrics.f1_score(truth, decided, zero_division=np.nan, **w),
            "f_beta": metrics.fbeta_score(truth, decided, beta=beta, zero_division=np.nan, **w),
            "cohen_kappa": metrics.cohen_kappa_score(truth, decided, labels=[0, 1], **w),
            "prevalence": np.average(truth, weights=weights),
        }
    one_class = len(set(truth)) < 2
    # Of one class scikit-learn says 0, or the recall of that class: there is no such number.
    made["balanced_accuracy"] = None if one_class else metrics.balanced_accuracy_score(truth, decided, **w)
    made["matthews_correlation"] = None if one_class or len(set(decided)) < 2 else metrics.matthews_corrcoef(truth, decided, **w)
    if weights is None and not one_class:
        n, p = len(truth), made["accuracy"]
        made["accuracy±"] = np.sqrt(p * (1 - p) / n)
        made["recall±"] = np.sqrt(made["recall"] * (1 - made["recall"]) / truth.sum())
        # F1 = 2a / (2a + b) with a hits and b misses: slopes 2b / (2a + b)² and -2a / (2a + b)².
        a, b = tp, fp + fn
        made["f1±"] = np.sqrt(a * (2 * b) ** 2 + b * (2 * a) ** 2) / (2 * a + b) ** 2
    return made


def business_value(scores, truth, matrix, normalize=None):
    metric = BinaryClassificationBusinessValue("y", "p", ConstantThreshold(), matrix, normalize)
    return metric.calculate(pd.DataFrame({"y": truth, "p": (np.asarray(scores) >= 0.5).astype(int)}))


def cases():
    rng = np.random.default_rng(6)
    binary = lambda n, p: (rng.random(n) < p).astype(int)
    data, late = load_breast_cancer(), flights()[0]
    tumours = LogisticRegression().fit(data.data[:, :2] / 20, data.target).predict_proba(data.data[:, :2] / 20)[:, 1]
    pairs = {
        "one row": ([0.7], [1]),
        "two rows": ([0.1, 0.9], [0, 1]),
        "on the threshold": ([0.5, 0.5, 0.4999999999999999], [0, 1, 1]),
        "only positives": ([0.1, 0.7, 0.8], [1, 1, 1]),
        "only negatives": ([0.1, 0.7, 0.8], [0, 0, 0]),
        "never decided positive": ([0.1, 0.2, 0.3], [0, 1, 0]),
        "perfect": ([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]),
        "all wrong": ([0.9, 0.8, 0.2, 0.1], [0, 0, 1, 1]),
        "random": (rng.random(200), binary(200, 0.3)),
        "rare positives": (rng.random(300) ** 4, np.append([1, 1], binary(298, 0.01))),
        "infinite scores": ([-np.inf, np.inf, np.inf, -np.inf, 0.0], [0, 1, 0, 1, 1]),
        "tumours": (tumours[:300], data.target[:300]),
        "late flights": (late["probability"] * 2, late["late"]),
    }
    for name, (scores, truth) in pairs.items():
        yield case(name, {"score": numbers(scores), "label": numbers(truth)}, expected(scores, truth))
    scores, truth = np.round(rng.normal(size=150) * 2, 1), binary(150, 0.6)
    current = {"score": numbers(scores), "label": numbers(truth)}
    parameters = {"threshold": 0.2, "beta": 0.5}
    yield case("another threshold and beta", current, expected(scores, truth, threshold=0.2, beta=0.5), parameters=parameters)
    weights = np.round(rng.random(150) * 3, 3)
    weights[::9] = 0
    yield case("weighted rows", current | {"weight": numbers(weights)}, expected(scores, truth, weights))
    current = {"score": [0.2, None, "nan", 0.9], "label": labels(["good", "bad", "bad", "bad"])}
    yield case("missing scores, named labels", current, expected([0.2, 0.9], [0, 1]), parameters={"positive": "bad"})
    zeros = {"precision": metrics.precision_score([0, 1], [0, 0], zero_division=0), "matthews_correlation": metrics.matthews_corrcoef([0, 1], [0, 0])}
    yield case("zero division", {"score": [0.1, 0.2], "label": [0, 1]}, zeros, parameters={"zero_division": 0.0})
    matrix = [[0.5, -10.0], [-25.0, 7.25]]
    scores, truth = rng.random(100), binary(100, 0.3)
    current = {"score": numbers(scores), "label": numbers(truth)}
    whole = business_value(scores, truth, matrix)
    per_decision = business_value(scores, truth, matrix, "per_prediction")
    for normalize, value in [("none", whole), ("per-row", whole / 100), ("per-decision", per_decision)]:
        parameters = {"value_matrix": matrix, "normalize_value": normalize}
        yield case(f"value {normalize}", current, {"business_value": value}, parameters=parameters)
    parameters = parameters | {"threshold": 2.0}
    never = BinaryClassificationBusinessValue("y", "p", ConstantThreshold(), matrix, "per_prediction")
    value = never.calculate(pd.DataFrame({"y": truth, "p": 0 * truth}))
    yield case("value of one kind of decision", current, {"business_value": value}, parameters=parameters)
    nothing = dict.fromkeys(RATES) | {"true_positives": 0, "business_value": None}
    yield case("no rows", {"score": [], "label": []}, nothing)
    hard = np.random.default_rng(61)
    truth = (hard.random(80) < 0.4).astype(int)
    for name, scores, threshold in [
        ("constant scores", np.full(80, 0.5), 0.5),
        ("heavy tails", hard.standard_cauchy(80) + truth, 0.5),
        ("far from zero", 1e15 + hard.integers(0, 5, 80), 1e15 + 2),
        ("ties", np.round(hard.random(80), 1), 0.3),
    ]:
        current = {"score": numbers(scores), "label": numbers(truth)}
        yield case(name, current, expected(scores, truth, threshold=threshold), parameters={"threshold": threshold})
    current = {"score": [0.2, 0.9, 0.7], "label": labels(["good", None, "unheard of"])}
    yield case("unseen labels are not positive", current, expected([0.2, 0.7], [0, 0]), parameters={"positive": "bad"})
