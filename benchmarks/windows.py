"""Exact ROC AUC over many rows, and KS and PSI of as many against as many, beside the tools people use."""

import argparse
import tempfile
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from scipy.stats import ks_2samp
from sklearn.metrics import roc_auc_score

from host import ARROW, Server, arrow_stream, build, median, spread, timed

MONTH = 31 * 86_400_000_000
REFERENCE = {"start": "2001-01-01T00:00:00Z", "end": "2001-02-01T00:00:00Z"}
CURRENT = {"start": "2001-02-01T00:00:00Z", "end": "2001-03-04T00:00:00Z"}
START = 978_307_200_000_000

# One sort gives both ends of each group of ties: the fastest when scores differ.
BY_RANK = """
with ranked as (select label, rank() over w as low, cume_dist() over w as high from '{file}' window w as (order by score)),
     totals as (select count(*) as n, sum(label) as p from '{file}')
select (sum((low + round(high * n)) / 2.0) filter (label = 1) - any_value(p) * (any_value(p) + 1) / 2.0)
     / (any_value(p) * (any_value(n) - any_value(p))) from ranked, totals"""

# Counting scores first: the fastest when there are few different ones.
BY_SCORE = """
with scores as (select score, sum(label) as p, count(*) - sum(label) as n from '{file}' group by score),
     below as (select p, n, sum(n) over (order by score) - n as b from scores)
select sum(p * (b + n / 2.0)) / (sum(p) * sum(n)) from below"""


def month(rng, rows: int, start: int, digits: int | None, shift: float) -> pa.Table:
    """A month of predictions in time order; scores all different, or rounded to some digits."""
    label = (rng.random(rows) < 0.2).astype(np.int64)
    score = 1 / (1 + np.exp(-(rng.normal(size=rows) + 0.7 * label - 1.4 + shift)))
    score = score if digits is None else score.round(digits)
    time = start + np.arange(rows) * (MONTH // rows)
    return pa.table({"time": pa.array(time, pa.timestamp("us", tz="UTC")), "score": score, "label": label})


def sklearn_auc(file: Path) -> float:
    frame = pd.read_parquet(file, columns=["score", "label"])
    return float(roc_auc_score(frame["label"], frame["score"]))


def scipy_ks(reference: Path, current: Path) -> float:
    columns = [pd.read_parquet(file, columns=["score"])["score"] for file in (current, reference)]
    return float(ks_2samp(*columns, method="asymp").statistic)


def numpy_psi(reference: Path, current: Path) -> float:
    ref, cur = (pd.read_parquet(file, columns=["score"])["score"].to_numpy() for file in (reference, current))
    edges = np.unique(np.quantile(ref, np.linspace(0, 1, 11)))
    edges[0], edges[-1] = -np.inf, np.inf
    shares = [np.maximum(np.histogram(values, edges)[0] / len(values), 1e-4) for values in (cur, ref)]
    return float(np.sum((shares[0] - shares[1]) * np.log(shares[0] / shares[1])))


def duckdb_auc(sql: str, file: Path) -> float:
    with duckdb.connect() as connection:
        return connection.execute(sql.format(file=file)).fetchone()[0]


def ours(server: Server, plugin: str, output: str, **request) -> float:
    # A condition that all rows meet and that is new each time keeps results from being reused.
    ours.turn += 1
    answer = server.evaluate(model="bench", plugin=plugin, window=CURRENT, where=f"score > -{ours.turn}", **request)
    return next(value["value"] for value in answer["results"][0]["values"] if value["name"] == output)


ours.turn = 0


def compare(title: str, repeats: int, contenders: dict):
    """Runs all contenders in turn in one process, so that they share the state of the machine."""
    seconds = {name: [] for name in contenders}
    answers = {}
    for _ in range(repeats):
        for name, work in contenders.items():
            took, answers[name] = timed(work, 1)
            seconds[name] += took
    print(title)
    first = next(iter(contenders))
    for name in contenders:
        ratio = median(seconds[name]) / median(seconds[first])
        print(f"  {name:24} {spread(seconds[name]):32} {ratio:5.2f}x   = {answers[name]!r}")
    values = list(answers.values())
    assert max(values) - min(values) <= 1e-9 * abs(values[0]), "the contenders disagree"


def run(rows: int, digits: int | None, repeats: int, scratch: Path):
    rng = np.random.default_rng(7)
    reference, current = scratch / "reference.parquet", scratch / "current.parquet"
    with Server(scratch=str(scratch)) as server:
        for file, start, shift in ((reference, START, 0.0), (current, START + MONTH, 0.05)):
            table = month(rng, rows, start, digits, shift)
            pq.write_table(table, file, compression="zstd")
            for offset in range(0, rows, 250_000):
                server.post("/v1/models/bench/predictions", arrow_stream(table.slice(offset, 250_000)), ARROW)
        server.wait_until_sealed("bench")
        kind = "all different" if digits is None else f"{digits} digits"
        print(f"\n{rows:,} rows a side, scores {kind}")
        server.forget_peak()
        inputs = {"score": "score", "label": "label"}
        compare("ROC AUC", repeats, {
            "driftline": lambda: ours(server, "roc-auc", "roc_auc", inputs=inputs),
            "pandas + scikit-learn": lambda: sklearn_auc(current),
            "DuckDB, rank": lambda: duckdb_auc(BY_RANK, current),
            "DuckDB, group by score": lambda: duckdb_auc(BY_SCORE, current),
        })
        print(f"  driftline's peak memory: {server.peak_mib():,.0f} MiB")
        server.forget_peak()
        inputs = {"value": "score"}
        compare("KS", repeats, {
            "driftline": lambda: ours(server, "ks", "statistic", inputs=inputs, reference=REFERENCE),
            "pandas + SciPy": lambda: scipy_ks(reference, current),
        })
        print(f"  driftline's peak memory: {server.peak_mib():,.0f} MiB")
        server.forget_peak()
        compare("PSI", repeats, {
            "driftline": lambda: ours(server, "psi", "psi", inputs=inputs, reference=REFERENCE),
            "pandas + NumPy": lambda: numpy_psi(reference, current),
        })
        print(f"  driftline's peak memory: {server.peak_mib():,.0f} MiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    build()
    with tempfile.TemporaryDirectory() as scratch:
        for digits in (None, 6):
            run(arguments.rows, digits, arguments.repeats, Path(scratch))


if __name__ == "__main__":
    main()
