"""scikit-learn's NDCG and, for whole queries, its average precision; the others from their definitions in NumPy."""

import numpy as np
from sklearn.datasets import load_wine
from sklearn.metrics import average_precision_score, ndcg_score

from flights import flights
from tables import case, labels, numbers

OUTPUTS = ["ndcg", "map", "mrr", "hit_rate", "precision", "recall"]


def one(scores, relevance, k):
    """The metrics of one query with a relevant row; relevant rows come last among tied scores."""
    order = np.lexsort((relevance, -scores))[:k]
    found = (relevance[order] > 0).astype(float)
    relevant = (relevance > 0).sum()
    precision_at = np.cumsum(found) / np.arange(1, len(order) + 1)
    ndcg = ndcg_score([relevance], [scores], k=k) if len(scores) > 1 else 1.0
    average = np.sum(precision_at * found) / min(relevant, k)
    if k >= len(scores) and len(set(scores)) == len(scores):
        assert np.isclose(average, average_precision_score(relevance > 0, scores), rtol=1e-12)
    first = np.flatnonzero(found)
    return [ndcg, average, 1 / (first[0] + 1) if len(first) else 0.0, float(len(first) > 0), found.sum() / k, found.sum() / relevant]


def expected(queries, scores, relevance, k):
    queries, scores, relevance = np.asarray(queries), np.asarray(scores, float), np.asarray(relevance, float)
    rows = [one(scores[queries == q], relevance[queries == q], k) for q in sorted(set(queries)) if relevance[queries == q].any()]
    made = dict(zip(OUTPUTS, np.mean(rows, axis=0)))
    if len(rows) > 1:
        made |= {f"{name}±": error for name, error in zip(OUTPUTS, np.std(rows, axis=0, ddof=1) / np.sqrt(len(rows)))}
    return made


def cases():
    rng = np.random.default_rng(18)
    n = 200
    queries = [f"q{i}" for i in rng.integers(0, 25, n)]
    data = {
        "one row": (["a"], [0.5], [1]),
        "binary": (queries, rng.random(n), (rng.random(n) < 0.3).astype(int)),
        "graded": (queries, rng.normal(size=n), rng.integers(0, 4, n)),
        "ties": (queries, np.round(rng.random(n), 1), rng.integers(0, 3, n)),
        "constant scores": (["a"] * 4 + ["b"] * 3, [1.0] * 7, [0, 1, 0, 1, 0, 0, 1]),
        "perfect": (["a", "a", "a"], [3.0, 2.0, 1.0], [2, 1, 0]),
        "upside down": (["a", "a", "a", "b", "b"], [1.0, 2.0, 3.0, 1.0, 2.0], [2, 1, 0, 1, 0]),
    }
    late = flights()[0]
    data["late flights by origin"] = (list(late["origin"]), late["probability"], late["late"])
    for name, (q, s, r) in data.items():
        for k in [1, 3, 10]:
            current = {"query": labels(q), "score": numbers(s), "relevance": numbers(r)}
            yield case(f"{name}, k {k}", current, expected(q, s, r, k), parameters={"k": k})
    current = {"query": labels(["a", "a"]), "score": [1.0, 2.0], "relevance": [0, 0]}
    yield case("nothing is relevant", current, dict.fromkeys(OUTPUTS))
    yield case("no rows", {"query": labels([]), "score": [], "relevance": []}, dict.fromkeys(OUTPUTS))
    current = {"query": labels(["a", "a", None, "b"]), "score": [1.0, "nan", 2.0, 0.5], "relevance": [1, 1, 1, 2]}
    yield case("missing cells", current, expected(["a", "b"], [1.0, 0.5], [1, 2], 10))
    hard, wine = np.random.default_rng(181), load_wine()
    ids = [f"q{i}" for i in hard.integers(0, 12, 100)]
    infinite = np.round(hard.normal(size=100), 1)
    data = {
        "two rows": (["a", "a"], [0.1, 0.2], [1, 0]),
        "all are relevant": (["a", "a", "b"], [0.1, 0.2, 0.3], [1, 2, 1]),
        "heavy tails": (ids, hard.standard_cauchy(100), np.abs(hard.standard_cauchy(100))),
        "far from zero": (ids, 1e15 + hard.integers(0, 9, 100), hard.integers(0, 3, 100)),
        "wines by maker": ([str(maker) for maker in wine.target], wine.data[:, 0], (wine.data[:, 9] > 5) * wine.data[:, 9]),
        "more rows than are kept": (["a"] * 150 + ["b"] * 50, np.round(hard.random(200), 2), hard.integers(0, 3, 200)),
    }
    for name, (q, s, r) in data.items():
        for k in [2, 10]:
            current = {"query": labels(q), "score": numbers(s), "relevance": numbers(r)}
            yield case(f"{name}, k {k}", current, expected(q, s, r, k), parameters={"k": k})
    # scikit-learn refuses infinities; any finite ends rank the same.
    relevance = hard.integers(0, 3, 100)
    ends = np.where(infinite > 1, 9.0, np.where(infinite < -1, -9.0, infinite))
    words = ["inf" if x > 1 else "-inf" if x < -1 else x for x in infinite]
    current = {"query": labels(ids), "score": words, "relevance": numbers(relevance)}
    yield case("infinities rank at the ends", current, expected(ids, ends, relevance, 10))
    yield case("a sample of all queries", current, expected(ids, ends, relevance, 10), parameters={"sample": 12})
