"""Ids that clients make, each of which is looked for in the model, beside ids that the server makes; the model has 10 M rows."""

import argparse
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import requests

from host import ARROW, QUICK, Server, arrow_stream, build, median
from scan import BATCH, predictions

PATH = "/v1/models/bench/predictions"
EVERY = 1000  # Microseconds between rows.
CONNECTIONS = 4
ROUNDS = 5


def random_ids(rng, rows: int) -> pa.Array:
    """UUIDv4: nothing but noise."""
    words = rng.integers(0, 1 << 62, (rows, 2), dtype=np.uint64) << np.uint64(2)
    words[:, 0] = (words[:, 0] & np.uint64(0xFFFF_FFFF_FFFF_0FFF)) | np.uint64(0x4000)
    words[:, 1] = (words[:, 1] >> np.uint64(2)) | np.uint64(1 << 63)
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), rows, [None, pa.py_buffer(words.astype(">u8").tobytes())])


def rows_of(rng, kind: str, first: int, rows: int) -> pa.Table:
    """Rows in time order, with ids of a kind."""
    table = predictions(rng, first, rows, EVERY)
    if kind == "v4":
        return table.set_column(0, "id", random_ids(rng, rows))
    return table if kind == "v7" else table.drop_columns(["id"])


def measure(server: Server, rng, kind: str, first: int, rows: int, repeats: int) -> int:
    """Sends rows that are new over some connections; gives how many."""
    sessions, rates = [requests.Session() for _ in range(CONNECTIONS)], []
    sent, cpu = 0, 0.0
    for _ in range(ROUNDS):
        bodies = [arrow_stream(rows_of(rng, kind, first + sent + at * rows, rows)) for at in range(repeats)]
        before, started = server.cpu_seconds(), time.perf_counter()
        send = lambda at: server.post(PATH, bodies[at], ARROW, sessions[at % CONNECTIONS])
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            assert all(answer["accepted"] == rows for answer in pool.map(send, range(repeats)))
        rates.append(repeats * rows / (time.perf_counter() - started))
        cpu += server.cpu_seconds() - before
        sent += repeats * rows
    print(f"  {rows:,} rows a request, ids {kind:6}: {median(rates):,.0f} rows/s ({min(rates):,.0f} to {max(rates):,.0f}), "
          f"{cpu / sent * 1e6:.2f} us of CPU a row, peak memory {server.peak_mib():,.0f} MiB")
    return sent


def run(kind: str, rows: int):
    rng = np.random.default_rng(5)
    with Server(*QUICK) as server:
        for first in range(0, rows, BATCH):
            count = min(BATCH, rows - first)
            server.post(PATH, arrow_stream(rows_of(rng, kind, first, count)), ARROW)
        server.wait_until_quiet("bench")
        print(f"{rows:,} rows with ids {kind} in {len(server.listed())} files; peak memory {server.peak_mib():,.0f} MiB")
        server.forget_peak()
        for size, repeats in ((1000, 100), (20_000, 20)):
            for sent in ("server", kind):
                rows += measure(server, rng, sent, rows, size, repeats)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    rows = parser.parse_args().rows
    build()
    for kind in ("v7", "v4"):
        run(kind, rows)


if __name__ == "__main__":
    main()
