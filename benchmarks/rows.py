"""Rows that have something for every standard metric."""

import numpy as np
import pyarrow as pa

START = 978_307_200_000_000
MONTH = 31 * 86_400_000_000
REFERENCE = {"start": "2001-01-01T00:00:00Z", "end": "2001-02-01T00:00:00Z"}
CURRENT = {"start": "2001-02-01T00:00:00Z", "end": "2001-03-04T00:00:00Z"}
QUERY_ROWS = 50
CLASSES = 3


def times(rows: int, start: int) -> np.ndarray:
    return start + np.arange(rows) * (MONTH // rows)


def month(rows: int, start: int, seed: int) -> pa.Table:
    """A month of predictions in time order."""
    rng = np.random.default_rng(seed)
    label = (rng.random(rows) < 0.2).astype(np.int64)
    score = 1 / (1 + np.exp(-(rng.normal(size=rows) + 0.7 * label - 1.4 + 0.05 * seed)))
    target = rng.normal(size=rows) * 10 + 50
    classes = rng.integers(0, CLASSES, rows)
    votes = rng.random((rows, CLASSES)) + 0.5 * np.eye(CLASSES)[classes]
    votes /= votes.sum(axis=1, keepdims=True)
    time = times(rows, start)
    labelled = rng.random(rows) < 0.9
    instant = lambda values, mask=None: pa.array(values, pa.timestamp("us", tz="UTC"), mask=mask)
    words = np.array([f"category {i}" for i in range(40)])
    return pa.table({
        "time": instant(time),
        "always": np.ones(rows),
        "score": score,
        "label": label,
        "value": rng.normal(size=rows) + 0.02 * seed,
        "other": rng.normal(size=rows),
        "third": rng.normal(size=rows),
        "category": words[np.minimum(rng.geometric(0.1 + 0.005 * seed, rows), 40) - 1],
        "group": np.array(["a", "b", "c", "d"])[rng.integers(0, 4, rows)],
        "prediction": target + rng.normal(size=rows) * 3,
        "target": target,
        "class": np.array(["x", "y", "z"])[classes],
        "guess": np.array(["x", "y", "z"])[votes.argmax(axis=1)],
        **{f"vote_{name}": votes[:, i] for i, name in enumerate("xyz")},
        "query": np.arange(rows) // QUERY_ROWS,
        "relevance": rng.integers(0, 3, rows),
        "arrived": instant(time + rng.integers(0, 86_400_000_000, rows), ~labelled),
        "truth": pa.array(label, mask=~labelled),
    })


def many_columns(rows: int, columns: int, start: int, seed: int) -> pa.Table:
    """A month of rows with so many columns of numbers."""
    rng = np.random.default_rng(seed)
    numbers = {f"c{i:03}": rng.normal(size=rows) + 0.001 * i * seed for i in range(columns)}
    return pa.table({"time": pa.array(times(rows, start), pa.timestamp("us", tz="UTC")), **numbers})
