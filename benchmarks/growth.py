"""How the cost of an evaluation and the number of files grow with a model, from 1 M to 50 M rows."""

import argparse
import time

import numpy as np

from host import ARROW, QUICK, Server, arrow_stream, build, median, spread, timed
from scan import BATCH, START, predictions

EVERY = 100_000  # Microseconds between rows: 50 M rows are 58 days.
WINDOW_ROWS = 500_000


def instant(micros: int) -> str:
    return str(np.datetime64(micros, "us")) + "Z"


def evaluate(server: Server, first: int, end: int, turn: int) -> dict:
    """A metric of bounded state, under a condition that all rows meet and that is new each time."""
    window = {"start": instant(START + first * EVERY), "end": instant(START + end * EVERY)}
    reference = {"start": instant(START), "end": instant(START + WINDOW_ROWS * EVERY)}
    return server.evaluate(model="bench", plugin="psi", inputs={"value": "score"}, window=window, reference=reference,
                           where=f"score > -{turn + 1}")


def measure(server: Server, rows: int, repeats: int):
    turn = iter(range(10**9))
    whole, _ = timed(lambda: evaluate(server, 0, rows, next(turn)), repeats)
    last, answer = timed(lambda: evaluate(server, rows - WINDOW_ROWS, rows, next(turn)), repeats)
    assert answer["results"][0]["rows"]["read"] == WINDOW_ROWS, answer["results"][0]["rows"]
    model, _ = timed(lambda: server.get("/v1/models/bench"), repeats)
    files = len(server.listed())
    print(f"{rows:>12,} rows: {files} files, {server.disk_mib():,.0f} MiB; PSI of all {spread(whole)} "
          f"= {median(whole) / rows * 1e9:.1f} ns a row; of the last {WINDOW_ROWS:,} {spread(last)}; "
          f"GET the model {spread(model)}; memory {server.resident_mib():,.0f}, peak {server.peak_mib():,.0f} MiB")
    server.forget_peak()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000])
    parser.add_argument("--repeats", type=int, default=5)
    arguments = parser.parse_args()
    build()
    rng = np.random.default_rng(5)
    sent = 0
    with Server(*QUICK) as server:
        for rows in arguments.rows:
            started = time.perf_counter()
            while sent < rows:
                count = min(BATCH, rows - sent)
                server.post("/v1/models/bench/predictions", arrow_stream(predictions(rng, sent, count, EVERY)), ARROW)
                sent += count
            server.wait_until_quiet("bench")
            print(f"grown in {time.perf_counter() - started:.1f} s")
            measure(server, rows, arguments.repeats)


if __name__ == "__main__":
    main()
