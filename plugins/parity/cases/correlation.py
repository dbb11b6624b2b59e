"""SciPy's correlations; far from zero by exact fractions."""

import warnings
from fractions import Fraction

import numpy as np
from scipy.stats import pearsonr, spearmanr
from sklearn.datasets import load_breast_cancer, load_diabetes

from flights import flights
from tables import case, numbers

warnings.simplefilter("ignore")


def exact(x, y):
    x, y = [Fraction(v) for v in x], [Fraction(v) for v in y]
    mx, my = sum(x) / len(x), sum(y) / len(y)
    product = sum((a - mx) * (b - my) for a, b in zip(x, y))
    return float(product) / (float(sum((a - mx) ** 2 for a in x)) ** 0.5 * float(sum((b - my) ** 2 for b in y)) ** 0.5)


def expected(x, y):
    made = {"pearson": pearsonr(x, y).statistic, "spearman": spearmanr(x, y).statistic}
    if np.abs(x).max() > 1e14:
        made["pearson"] = exact(x, y)
    if np.isfinite(made["pearson"]) and len(x) > 2:
        made["pearson±"] = (1 - made["pearson"] ** 2) / np.sqrt(len(x) - 1)
    return made


def cases():
    rng = np.random.default_rng(16)
    n = rng.normal
    cancer, diabetes = load_breast_cancer().data, load_diabetes()
    x, late = n(size=200), flights()[0]
    pairs = {
        "two pairs": ([1.0, 2.0], [5.0, 3.0]),
        "loose": (x, x + n(size=200)),
        "ties": (np.round(x), np.round(x * 0.5 + n(size=200))),
        "heavy tails": (rng.standard_cauchy(150), rng.standard_cauchy(150)),
        "one column does not vary": ([1.0, 2.0, 3.0], [2.0, 2.0, 2.0]),
        "far from zero": (1e15 + rng.integers(0, 40, 150), -1e15 + rng.integers(0, 30, 150)),
        "tumours": (cancer[:250, 0], cancer[:250, 4]),
        "distance and probability of flights": (late["distance"].astype(float), late["probability"]),
        "body mass and disease": (diabetes.data[:250, 2], diabetes.target[:250]),
    }
    made = {name: expected(*map(np.asarray, pair)) for name, pair in pairs.items()}
    for name, (x, y) in pairs.items():
        # Where the truth is near zero, what rounding leaves is large beside it.
        yield case(name, {"x": numbers(x), "y": numbers(y)}, made[name])
    reference = pairs["tumours"]
    for name in ["loose", "ties"]:
        x, y = pairs[name]
        changes = {f"{key}_change": abs(made[name][key] - made["tumours"][key]) for key in ["pearson", "spearman"]}
        yield case(f"{name}, against tumours", {"x": numbers(x), "y": numbers(y)}, made[name] | changes, {"x": numbers(reference[0]), "y": numbers(reference[1])})
    x, y = pairs["loose"]
    yield case("without ranks", {"x": numbers(x), "y": numbers(y)}, {"pearson": made["loose"]["pearson"], "spearman": None}, parameters={"spearman": False})
    current = {"x": [1.0, 2.0, "inf", 4.0, None, 7.0], "y": [2.0, "nan", 1.0, 3.0, 1.0, 1.0]}
    yield case("not finite", current, expected(np.array([1.0, 4.0, 7.0]), np.array([2.0, 3.0, 1.0])))
    for name, x in [("no rows", []), ("one row", [1.0])]:
        yield case(name, {"x": x, "y": x}, {"pearson": None, "spearman": None})
    x, y = np.round(rng.standard_cauchy(80)), np.round(rng.standard_cauchy(80))
    yield case("a sketch of few values is exact", {"x": numbers(x), "y": numbers(y)}, expected(x, y), parameters={"sketch": 128})
