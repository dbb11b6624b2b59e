"""scikit-learn's multiclass averages, and DeLong's error of a class against the rest."""

import numpy as np
from sklearn.datasets import load_iris, load_wine
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from cases.roc_auc import delong
from flights import flights
from tables import case, labels, numbers


def expected(truth, probabilities):
    score = lambda average, way: roc_auc_score(truth, probabilities, average=average, multi_class=way)
    made = {"roc_auc": score("macro", "ovr"), "weighted_roc_auc": score("weighted", "ovr"), "one_vs_one_roc_auc": score("macro", "ovo")}
    for c, column in enumerate(probabilities.T):
        own = (truth == c).astype(int)
        made[f"roc_auc/{c}"] = roc_auc_score(own, column)
    error = delong(probabilities[truth == 0, 0], probabilities[truth != 0, 0])
    return made if error == 0 else made | {"roc_auc/0±": error}


def by_hand(truth, scores):
    """The same from binary areas, for scores that are no probabilities."""
    area = lambda own, rest, column: roc_auc_score(np.append(np.ones(own.sum()), np.zeros(rest.sum())), np.append(scores[own, column], scores[rest, column]))
    classes = range(scores.shape[1])
    single = {f"roc_auc/{c}": area(truth == c, truth != c, c) for c in classes}
    pairs = [area(truth == a, truth == b, a) for a in classes for b in classes if a != b]
    weighted = np.average(list(single.values()), weights=[(truth == c).sum() for c in classes])
    return single | {"roc_auc": np.mean(list(single.values())), "weighted_roc_auc": weighted, "one_vs_one_roc_auc": np.mean(pairs)}


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
    late = flights()[0]
    truth = np.digitize(late["delay_minutes"], [0, 15])
    x = late[["distance", "hour", "probability"]].to_numpy(float) / [1000, 24, 1]
    probabilities = LogisticRegression().fit(x, truth).predict_proba(x)
    current = {"scores": [numbers(column) for column in probabilities.T], "label": numbers(truth)}
    yield case("delays of flights", current, expected(truth, probabilities))
    made = by_hand(truth, probabilities)
    assert np.allclose([made[key] for key in made], [expected(truth, probabilities)[key] for key in made], rtol=1e-12)
    hard = np.random.default_rng(231)
    truth = hard.integers(0, 3, 120)
    for name, scores in {
        "constant scores": np.full((120, 3), 0.25),
        "heavy tails": hard.standard_cauchy((120, 3)) + np.eye(3)[truth],
        "far from zero": 1e15 + hard.integers(0, 9, (120, 3)) + np.eye(3)[truth],
    }.items():
        yield case(name, {"scores": [numbers(column) for column in scores.T], "label": numbers(truth)}, by_hand(truth, scores))
    scores = np.round(hard.normal(size=(120, 3)), 1)
    ends = np.where(scores > 1, 9.0, np.where(scores < -1, -9.0, scores))
    infinite = [["inf" if x > 1 else "-inf" if x < -1 else x for x in column] for column in scores.T]
    yield case("infinities rank at the ends", {"scores": infinite, "label": numbers(truth)}, by_hand(truth, ends))
    holes = [numbers([None if i % 7 == 0 else x for i, x in enumerate(scores[:, 0])]), ["nan" if i % 5 == 0 else x for i, x in enumerate(scores[:, 1])], numbers(scores[:, 2])]
    kept = np.array([i % 7 != 0 and i % 5 != 0 for i in range(120)])
    yield case("missing cells", {"scores": holes, "label": numbers(truth)}, by_hand(truth[kept], scores[kept]))
    four = {"scores": [[0.2, 0.3, 0.1], [0.3, 0.3, 0.4], [0.5, 0.4, 0.5]], "label": labels("abz")}
    yield case("an unseen class", four, nothing, parameters={"classes": ["a", "b", "c"]})
    weights = np.round(hard.random(150) * 3, 3)
    weights[::7] = 0
    truth, probabilities = data["random"][1], rounded / rounded.sum(axis=1, keepdims=True)
    current = {"scores": [numbers(column) for column in probabilities.T], "label": numbers(truth), "weight": numbers(weights)}
    made = {"roc_auc": roc_auc_score(truth, probabilities, multi_class="ovr", sample_weight=weights)}
    made |= {f"roc_auc/{c}": roc_auc_score(truth == c, probabilities[:, c], sample_weight=weights) for c in range(4)}
    yield case("weighted rows, some without weight", current, made | {"weighted_roc_auc": sum(made[f"roc_auc/{c}"] * weights[truth == c].sum() for c in range(4)) / weights.sum()})
