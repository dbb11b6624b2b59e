"""scikit-learn's losses, and calibration errors over the bins of its calibration curve."""

import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, log_loss

from flights import flights
from tables import case, numbers

OUTPUTS = ["brier", "log_loss", "expected_calibration_error", "maximum_calibration_error"]


def expected(scores, truth, weights=None, bins=10):
    scores, truth = np.asarray(scores, float), np.asarray(truth)
    made = {
        "brier": brier_score_loss(truth, scores, sample_weight=weights, pos_label=1) if len(set(truth)) > 1 else np.mean((truth - scores) ** 2),
        "log_loss": log_loss(truth, scores, sample_weight=weights, labels=[0, 1]),
    }
    if weights is None:
        if len(set(truth)) > 1:
            observed, predicted = calibration_curve(truth, scores, n_bins=bins)
            counts = np.bincount(np.searchsorted(np.linspace(0, 1, bins + 1)[1:-1], scores), minlength=bins)
            distances = np.abs(observed - predicted)
            made["expected_calibration_error"] = np.sum(distances * counts[counts > 0]) / len(scores)
            made["maximum_calibration_error"] = distances.max()
        losses = (truth - scores) ** 2
        made["brier±"] = losses.std(ddof=1) / np.sqrt(len(losses)) if len(losses) > 1 else None
    return made


def cases():
    rng = np.random.default_rng(7)
    binary = lambda n, p: (rng.random(n) < p).astype(int)
    data, late = load_breast_cancer(), flights()[0]
    tumours = LogisticRegression().fit(data.data[:, :2] / 20, data.target).predict_proba(data.data[:, :2] / 20)[:, 1]
    scores = rng.random(250)
    pairs = {
        "one row": ([0.7], [1]),
        "two rows": ([0.1, 0.9], [0, 1]),
        "sure and right": ([0.0, 1.0, 0.0], [0, 1, 0]),
        "sure and wrong": ([0.0, 1.0, 0.5], [1, 0, 1]),
        "only positives": ([0.3, 0.9], [1, 1]),
        "constant": ([0.25] * 12, binary(12, 0.4)),
        "calibrated": (scores, (rng.random(250) < scores).astype(int)),
        "overconfident": (np.clip(scores * 2 - 0.5, 0, 1), (rng.random(250) < scores).astype(int)),
        "on the edges of bins": (np.arange(101) / 100, binary(101, 0.5)),
        "tiny": (rng.random(40) * 1e-300, binary(40, 0.2)),
        "tumours": (tumours[:300], data.target[:300]),
        "late flights": (late["probability"], late["late"]),
    }
    for name, (scores, truth) in pairs.items():
        for bins in [10, 7]:
            current = {"score": numbers(scores), "label": numbers(truth)}
            yield case(f"{name}, {bins} bins", current, expected(scores, truth, bins=bins), parameters={"bins": bins}, within=1e-11)
    scores, truth, weights = rng.random(120), binary(120, 0.5), np.round(rng.random(120) * 3, 3)
    weights[::7] = 0
    current = {"score": numbers(scores), "label": numbers(truth), "weight": numbers(weights)}
    yield case("weighted rows", current, expected(scores, truth, weights))
    current = {"score": [0.2, None, "nan", 0.9], "label": [0, 1, 1, 1]}
    yield case("missing scores", current, expected([0.2, 0.9], [0, 1]))
    yield case("no rows", {"score": [], "label": []}, dict.fromkeys(OUTPUTS))
    scores, truth = np.round(rng.random(90), 1), binary(90, 0.5)
    yield case("ties", {"score": numbers(scores), "label": numbers(truth)}, expected(scores, truth), within=1e-11)
    yield case("only negatives", {"score": [0.3, 0.9], "label": [0, 0]}, expected([0.3, 0.9], [0, 0]))
