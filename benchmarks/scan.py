"""Two columns summed over a window of 10 M rows, without labels and with one for each row folded in: the server's SQL
and a native evaluation beside plain DataFusion and DuckDB over the same Parquet files."""

import argparse
import json
import subprocess
import time
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from host import ARROW, NATIVE, QUICK, Server, arrow_stream, build, median, spread, timed

DAYS = 60
START = 1_700_000_000_000_000
BATCH = 250_000
BAR = 1.25


def ids(rng, times: np.ndarray) -> pa.Array:
    """Like UUIDv7: 48 bits of milliseconds, then noise."""
    noise = rng.integers(0, 1 << 62, (2, len(times)), dtype=np.uint64)
    high = (times // 1000).astype(np.uint64) << np.uint64(16) | (noise[0] & np.uint64(0xFFF)) | np.uint64(0x7000)
    pairs = np.stack([high, noise[1] | np.uint64(1 << 63)], axis=1).astype(">u8")
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), len(times), [None, pa.py_buffer(pairs.tobytes())])


def predictions(rng, first: int, rows: int, every: int) -> pa.Table:
    """Rows in time order with four columns."""
    times = START + (first + np.arange(rows)) * every
    return pa.table({
        "id": ids(rng, times),
        "time": pa.array(times, pa.timestamp("us", tz="UTC")),
        "score": rng.random(rows),
        "amount": rng.gamma(2.0, 50.0, rows),
        "visits": rng.integers(0, 40, rows),
        "place": rng.choice(["north", "south", "east", "west"], rows),
    })


def fill(server: Server, rows: int, labelled: float = 0.0):
    """Sends predictions, and labels for a share of them, in another order."""
    rng = np.random.default_rng(5)
    every = DAYS * 86_400_000_000 // rows
    labels = []
    for first in range(0, rows, BATCH):
        table = predictions(rng, first, min(BATCH, rows - first), every)
        server.post("/v1/models/bench/predictions", arrow_stream(table), ARROW)
        chosen = np.flatnonzero(rng.random(len(table)) < labelled)
        label = (rng.random(len(chosen)) < 0.3).astype(np.int64)
        labels.append(pa.table({"id": table["id"].take(chosen), "label": label}))
    for at in rng.permutation(len(labels)):
        if len(labels[at]) > 0:
            server.post("/v1/models/bench/delayed-metrics", arrow_stream(labels[at]), ARROW)


class Program:
    """A program of `native` that sums once for each line that it gets."""

    def __init__(self, columns: list[str], *arguments: str):
        command = [NATIVE / "scan", *(f"--columns={column}" for column in columns), *arguments]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def __call__(self) -> tuple[float, list[float]]:
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        answer = json.loads(self.process.stdout.readline())
        return answer["seconds"], [answer["rows"], answer["first"], answer["second"]]


def over_http(server: Server, columns: list[str]) -> tuple[float, list[float]]:
    first, second = columns
    sql = f"SELECT count({second}) AS n, sum({first}) AS a, CAST(sum({second}) AS DOUBLE) AS b FROM bench"
    seconds, answer = timed(lambda: server.post("/v1/sql", {"sql": sql}), 1)
    row = answer["rows"][0]
    return seconds[0], [row["n"], row["a"], row["b"]]


class DuckDb:
    """DuckDB with its files' metadata kept, as the others keep theirs."""

    def __init__(self, files: list[Path], columns: list[str]):
        first, second = columns
        self.connection = duckdb.connect()
        self.connection.execute("SET parquet_metadata_cache = true")
        names = ", ".join(f"'{file}'" for file in files)
        self.sql = f"SELECT count({second}), sum({first}), sum({second}) FROM read_parquet([{names}], union_by_name = true)"

    def __call__(self) -> tuple[float, list[float]]:
        seconds, answer = timed(lambda: self.connection.execute(self.sql).fetchone(), 1)
        return seconds[0], [float(value) for value in answer]


def compare(title: str, repeats: int, contenders: dict):
    """Runs all in turn; the first is ours, and is compared with the faster of the others."""
    seconds = {name: [] for name in contenders}
    answers = {}
    for turn in range(repeats + 1):
        for name, work in contenders.items():
            took, answers[name] = work()
            if turn > 0:  # The first run checks digests and fills caches.
                seconds[name].append(took)
    ours, *others = contenders
    best = min(others, key=lambda name: median(seconds[name]))
    ratio = median(seconds[ours]) / median(seconds[best])
    print(title)
    for name in contenders:
        print(f"  {name:28} {spread(seconds[name])}")
    print(f"  ratio to {best}: {ratio:.2f} (bar {BAR}{'' if ratio <= BAR else ', MISSED'})")
    for answer in answers.values():
        assert np.allclose(answer, answers[ours], rtol=1e-9), answers


def run(rows: int, labelled: float, repeats: int):
    columns = ["score", "label"] if labelled else ["score", "amount"]
    kind = f"{labelled:.0%} labelled" if labelled else "no labels"
    with Server(*QUICK) as server:
        started = time.perf_counter()
        fill(server, rows, labelled)
        sent = time.perf_counter()
        server.wait_until_quiet("bench")
        quiet = time.perf_counter()
        files = server.listed()
        print(f"\n{rows:,} rows, {kind}: sent in {sent - started:.1f} s, at rest {quiet - sent:.1f} s later; "
              f"{len(files)} files, {server.disk_mib():,.0f} MiB, peak memory {server.peak_mib():,.0f} MiB")
        server.forget_peak()
        with Program(columns, "plain", *map(str, files)) as plain:
            contenders = {"DataFusion": plain, "DuckDB": DuckDb(files, columns)}
            compare("over HTTP: POST /v1/sql", repeats, {
                "driftline": lambda: over_http(server, columns), **contenders})
            print(f"  peak memory of the server meanwhile: {server.peak_mib():,.0f} MiB")
            server.stop()
            with Program(columns, "evaluation", "--data", server.data / "data", "--model", "bench") as evaluation:
                compare("in process: an evaluation, its metric native", repeats, {
                    "driftline": evaluation, **contenders})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--repeats", type=int, default=9)
    arguments = parser.parse_args()
    build("scan")
    for labelled in (0.0, 1.0):
        run(arguments.rows, labelled, arguments.repeats)


if __name__ == "__main__":
    main()
