"""scikit-learn's averages and scores by class."""

import warnings

import numpy as np
from sklearn.datasets import load_iris, load_wine
from sklearn.metrics import accuracy_score, precision_recall_fscore_support
from sklearn.tree import DecisionTreeClassifier

from flights import flights
from tables import case, labels, numbers

warnings.simplefilter("ignore")
SCORES = ["precision", "recall", "f1"]


def expected(truth, decided, weights=None, zero_division=0.0):
    made = {"accuracy": accuracy_score(truth, decided, sample_weight=weights)}
    for average in ["macro", "micro", "weighted"]:
        scores = precision_recall_fscore_support(truth, decided, average=average, sample_weight=weights, zero_division=zero_division)
        made |= {f"{average}_{name}": score for name, score in zip(SCORES, scores)}
    classes = sorted(set(truth) | set(decided), key=str)
    by_class = precision_recall_fscore_support(truth, decided, labels=classes, sample_weight=weights, zero_division=np.nan)
    for name, scores in zip(SCORES, by_class):
        made |= {f"{name}/{label:g}" if isinstance(label, float) else f"{name}/{label}": score for label, score in zip(classes, scores)}
    if weights is None:
        made["accuracy±"] = np.sqrt(made["accuracy"] * (1 - made["accuracy"]) / len(truth))
    return made


def cases():
    rng = np.random.default_rng(12)
    pick = lambda n, classes: [str(x) for x in rng.choice(list(classes), n)]
    iris, wine = load_iris(), load_wine()
    trees = {}
    for name, data in [("iris", iris), ("wine", wine)]:
        tree = DecisionTreeClassifier(max_depth=1, random_state=0).fit(data.data, data.target)
        trees[name] = ([str(data.target_names[i]) for i in data.target], [str(data.target_names[i]) for i in tree.predict(data.data)])
    pairs = {
        "one row": (["a"], ["a"]),
        "one wrong row": (["a"], ["b"]),
        "one class": (["a"] * 5, ["a"] * 5),
        "never decided": (["a", "b", "c"], ["a", "a", "a"]),
        "not in the truth": (["a", "a", "b"], ["a", "c", "d"]),
        "random": (pick(200, "abcd"), pick(200, "abcd")),
        "names with a slash and none": (["x/y", "", "é"], ["x/y", "", "x/y"]),
        **trees,
    }
    for name, (truth, decided) in pairs.items():
        current = {"label": labels(truth), "prediction": labels(decided)}
        for zero_division in [0.0, 1.0] if name in ("never decided", "not in the truth") else [0.0]:
            made = expected(truth, decided, zero_division=zero_division)
            # The name of an output can't end where its class should begin.
            made = {key + "(empty)" * key.endswith("/"): value for key, value in made.items()}
            yield case(name, current, made, parameters={"zero_division": zero_division})
    truth, decided, weights = pick(150, "abc"), pick(150, "abc"), np.round(rng.random(150) * 3, 3)
    current = {"label": labels(truth), "prediction": labels(decided), "weight": numbers(weights)}
    yield case("weighted rows", current, expected(truth, decided, weights))
    truth, decided = rng.integers(0, 3, 80).astype(float), rng.integers(0, 3, 80).astype(float)
    yield case("numbers as classes", {"label": numbers(truth), "prediction": numbers(decided)}, expected(list(map(float, truth)), list(map(float, decided))))
    yield case("no rows", {"label": labels([]), "prediction": labels([])}, {"accuracy": None, "macro_f1": None, "weighted_recall": None})
    late = flights()[0]
    names = np.array(["early", "on time", "late"])
    truth = names[np.digitize(late["delay_minutes"], [0, 15])]
    decided = names[np.digitize(late["probability"], [0.15, 0.3])]
    yield case("delays of flights", {"label": labels(truth), "prediction": labels(decided)}, expected(list(truth), list(decided)))
    current = {"label": labels(["a", "b"]), "prediction": labels(["b", "b"])}
    yield case("two rows", current, expected(["a", "b"], ["b", "b"]))
    current = {"label": labels(["a", None, "b", "b"]), "prediction": labels(["a", "a", None, "c"])}
    yield case("missing cells", current, expected(["a", "b"], ["a", "c"]))
    # scikit-learn refuses infinities as classes; the names are ours.
    current = {"label": ["inf", "-inf", "inf", 1.0], "prediction": ["inf", "inf", "nan", 1.0]}
    yield case("infinite numbers as classes", current, expected(["inf", "-inf", "1"], ["inf", "inf", "1"]))
    far, other = 1e15 + np.arange(30) % 3, 1e15 + np.arange(30) % 2
    made = expected([f"{x:.0f}" for x in far], [f"{x:.0f}" for x in other])
    yield case("far from zero", {"label": numbers(far), "prediction": numbers(other)}, made)
    weights = np.zeros(4)
    weights[:2] = [2.0, 1.0]
    current = {"label": labels("aabb"), "prediction": labels("abba"), "weight": numbers(weights)}
    yield case("a class without weight", current, {"accuracy": 2 / 3, "recall/a": 2 / 3, "recall/b": None, "weighted_recall": 2 / 3})
