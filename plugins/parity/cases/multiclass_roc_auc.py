"""scikit-learn's multiclass averages, and DeLong's error of a class against the rest."""

import numpy as np
from sklearn.datasets import load_iris, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from cases.roc_auc import delong
from tables import case, labels, numbers


def expected(truth, probabilities):
    score = lambda average, way: roc_auc_score(truth, probabilities, average=average, multi_class=way)
    made = {"roc_auc": score("macro", "ovr"), "weighted_roc_auc": score("weighted", "ovr"), "one_vs_one_roc_auc": score("macro", "ovo")}
    for c, column in enumerate(probabilities.T):
        own = (truth == c).astype(int)
        made[f"roc_auc/{c}"] = roc_auc_score(own, column)
    error = delong(probabilities[truth == 0, 0], probabilities[truth != 0, 0])
    return made if error == 0 else made | {"roc_auc/0±": error}


def cases():
    rng = np.random.default_rng(23)
    iris, wine = load_iris(), load_wine()
    rounded = np.round(rng.dirichlet([1, 1, 1, 1], 150), 2)
    data = {"random": (rounded, rng.integers(0, 4, 150)), "rare class": (rounded[:, :3], np.append([2, 2], rng.integers(0, 2, 148)))}
    for name, real, columns in [("iris", iris, [0, 1]), ("wine", wine, [1, 2])]:
        x = real.data[:, columns]
        data[name] = (LogisticRegression(max_iter=2000).fit(x, real.target).predict_proba(x), real.target)
    for name, (scores, truth) in data.items():
        # scikit-learn wants rows that add up to one; ranks don't care.
        probabilities = scores / scores.sum(axis=1, keepdims=True)
        made = expected(truth, probabilities)
        current = {"scores": [numbers(column) for column in probabilities.T], "label": numbers(truth)}
        yield case(name, current, made)
        words = [f"class {c}" for c in truth]
        named = current | {"label": labels(words)}
        yield case(f"{name}, named classes", named, {"roc_auc": made["roc_auc"]}, parameters={"classes": [f"class {c}" for c in range(probabilities.shape[1])]})
    weights = np.round(rng.random(150) * 3, 3)
    probabilities = rounded / rounded.sum(axis=1, keepdims=True)
    truth = data["random"][1]
    made = {"roc_auc": roc_auc_score(truth, probabilities, multi_class="ovr", sample_weight=weights)}
    current = {"scores": [numbers(column) for column in probabilities.T], "label": numbers(truth), "weight": numbers(weights)}
    yield case("weighted rows", current, made)
    two = {"scores": [[0.2, 0.3], [0.3, 0.3], [0.5, 0.4]], "label": [0, 1]}
    nothing = dict.fromkeys(["roc_auc", "weighted_roc_auc", "one_vs_one_roc_auc"])
    yield case("a class without rows", two, nothing)
    yield case("a class without rows, named", two, nothing, parameters={"classes": ["0", "1", "2"]})
    for name, current in [("no rows", {"scores": [[], [], []], "label": []}), ("one class", {"scores": [[0.2], [0.3], [0.5]], "label": [1]})]:
        yield case(name, current, nothing)
