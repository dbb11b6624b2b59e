"""Fairlearn's metrics; with a privileged group, TrustyAI's definitions in NumPy."""

import warnings

import numpy as np
from fairlearn import metrics
from sklearn.datasets import load_breast_cancer

from flights import flights
from tables import case, labels, numbers

warnings.simplefilter("ignore")
OUTPUTS = ["statistical_parity_difference", "disparate_impact_ratio", "equal_opportunity_difference", "equalized_odds_difference"]


def expected(truth, decided, groups, weights=None):
    data = {"y_true": truth, "y_pred": decided, "sensitive_features": groups, "sample_weight": weights}
    frame = metrics.MetricFrame(
        metrics={"selection_rate": metrics.selection_rate, "true_positive_rate": metrics.true_positive_rate, "false_positive_rate": metrics.false_positive_rate},
        y_true=truth, y_pred=decided, sensitive_features=groups,
        sample_params={name: {"sample_weight": weights} for name in ["selection_rate", "true_positive_rate", "false_positive_rate"]},
    )
    made = {
        OUTPUTS[0]: metrics.demographic_parity_difference(**data),
        OUTPUTS[1]: metrics.demographic_parity_ratio(**data),
        OUTPUTS[2]: metrics.equal_opportunity_difference(**data),
        OUTPUTS[3]: metrics.equalized_odds_difference(**data),
    }
    for name, column in frame.by_group.items():
        made |= {f"{name}/{group}": value for group, value in column.items()}
    return made


def privileged(truth, decided, groups, name):
    own = groups == name
    rates = lambda side: (decided[side].mean(), decided[side & (truth == 1)].mean(), decided[side & (truth == 0)].mean())
    theirs, ours = rates(~own), rates(own)
    error = np.sqrt(sum(p * (1 - p) / n for p, n in [(theirs[0], (~own).sum()), (ours[0], own.sum())]))
    made = {OUTPUTS[0]: theirs[0] - ours[0], OUTPUTS[1]: theirs[0] / ours[0], OUTPUTS[2]: theirs[1] - ours[1], f"{OUTPUTS[0]}±": error}
    return made | {OUTPUTS[3]: max(abs(theirs[1] - ours[1]), abs(theirs[2] - ours[2]))}


def cases():
    rng = np.random.default_rng(14)
    n = 200
    groups = rng.choice(["a", "b", "c"], n, p=[0.5, 0.4, 0.1])
    truth = (rng.random(n) < 0.4).astype(int)
    scores = np.round(np.clip(truth * 0.3 + rng.random(n) * 0.8 - 0.1 * (groups == "b"), 0, 1), 3)
    decided = (scores >= 0.5).astype(int)
    current = {"group": labels(groups), "score": numbers(scores), "label": numbers(truth)}
    yield case("three groups", current, expected(truth, decided, groups))
    for name in "abc":
        yield case(f"{name} is privileged", current, privileged(truth, decided, groups, name), parameters={"privileged": name})
    stricter = (scores >= 0.7).astype(int)
    yield case("another threshold", current, expected(truth, stricter, groups), parameters={"threshold": 0.7})
    weights = np.round(rng.random(n) * 3, 3)
    yield case("weighted rows", current | {"weight": numbers(weights)}, expected(truth, decided, groups, weights))
    two = {"group": labels(["x", "x", "y", "y"]), "score": [1, 0, 1, 1], "label": [1, 0, 1, 0]}
    yield case("decisions", two, expected([1, 0, 1, 0], [1, 0, 1, 1], ["x", "x", "y", "y"]))
    named = {"group": two["group"], "prediction": labels(["true", "false", "true", "true"]), "label": two["label"]}
    yield case("predictions", named, expected([1, 0, 1, 0], [1, 0, 1, 1], ["x", "x", "y", "y"]))
    late = flights()[0]
    near = np.where(late["distance"] < 600, "near", "far")
    current = {"group": labels(near), "score": numbers(late["probability"]), "label": numbers(late["late"])}
    made = expected(late["late"].to_numpy(), (late["probability"] >= 0.2).astype(int).to_numpy(), near)
    yield case("late flights by distance", current, made, parameters={"threshold": 0.2})
    made = {OUTPUTS[0]: 0.5, OUTPUTS[1]: 0.5, OUTPUTS[2]: None, OUTPUTS[3]: None}
    yield case("without labels", {key: two[key] for key in ["group", "score"]}, made)
    made = {OUTPUTS[0]: 0.0, OUTPUTS[1]: None, OUTPUTS[2]: None, OUTPUTS[3]: None}
    yield case("nothing is decided for", {"group": labels(["x", "y"]), "score": [0, 0], "label": [0, 0]}, made)
    yield case("one group", {"group": labels(["x", "x"]), "score": [0, 1], "label": [0, 1]}, dict.fromkeys(OUTPUTS) | {"selection_rate/x": 0.5})
    yield case("no such group", current, dict.fromkeys(OUTPUTS), parameters={"privileged": "z"})
    yield case("no rows", {"group": labels([]), "score": [], "label": []}, dict.fromkeys(OUTPUTS))
    data = load_breast_cancer()
    large = np.where(data.data[:, 0] > 14, "large", "small")[:300]
    scores, truth = 1 - data.data[:300, 7] * 8, data.target[:300]
    made = expected(truth, (scores >= 0.5).astype(int), large)
    yield case("tumours by size", {"group": labels(large), "score": numbers(scores), "label": numbers(truth)}, made)
    hard = np.random.default_rng(141)
    groups, truth = hard.choice(["a", "b"], 60), (hard.random(60) < 0.5).astype(int)
    for name, scores in [("ties on the threshold", np.round(hard.random(60), 1)), ("constant scores", np.full(60, 0.7))]:
        current = {"group": labels(groups), "score": numbers(scores), "label": numbers(truth)}
        yield case(name, current, expected(truth, (scores >= 0.5).astype(int), groups))
    current = {"group": labels(["x", "y", "x", None, "y"]), "score": [0.9, "inf", "-inf", 0.8, 0.1], "label": [1, 1, 0, 1, 0]}
    yield case("infinite scores and a missing group", current, expected([1, 1, 0, 0], [1, 1, 0, 0], ["x", "y", "x", "y"]))
    current = {"group": labels("xxyy"), "score": [0.9, 0.2, 0.3, 0.8], "label": [1, 1, 1, 1]}
    made = {OUTPUTS[0]: 0.0, OUTPUTS[1]: 1.0, OUTPUTS[2]: 0.0, OUTPUTS[3]: None, "false_positive_rate/x": None}
    yield case("only positives", current, made)
    yield case("one row", {"group": labels(["x"]), "score": [0.9], "label": [1]}, dict.fromkeys(OUTPUTS) | {"selection_rate/x": 1.0})
    numbered = {"group": [1.0, 1.0, 2.0, "nan"], "score": [0.9, 0.1, 0.9, 0.9], "label": [1, 0, 1, 1]}
    yield case("numbers as groups", numbered, expected([1, 0, 1], [1, 0, 1], ["1", "1", "2"]) | {OUTPUTS[3]: None, "false_positive_rate/2": None})
