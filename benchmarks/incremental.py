"""The hourly re-evaluation of a 30-day window, with nothing kept and with what the hour before left, and the same
question again."""

import argparse

import numpy as np

from host import ARROW, QUICK, Server, arrow_stream, build, median, spread, timed
from scan import BATCH, START, predictions

DAYS = 40
WINDOW_HOURS = 30 * 24
HOUR = 3_600_000_000
# The first whole hour of the rows.
FIRST = -(-START // HOUR) * HOUR


def instant(micros: int) -> str:
    return str(np.datetime64(micros, "us")) + "Z"


def evaluate(server: Server, hour: int, turn: int) -> dict:
    """A metric of bounded state over the 30 days up to an hour; another `turn` is another question, of which nothing is kept."""
    start = FIRST + hour * HOUR
    return server.evaluate(
        model="bench", plugin="psi", inputs={"value": "score"}, parameters={"bins": 10},
        window={"start": instant(start), "end": instant(start + WINDOW_HOURS * HOUR)},
        reference={"start": instant(FIRST), "end": instant(FIRST + 24 * HOUR)}, where=f"score > -{turn}")


def measure(rows: int, hours: int):
    """`rows` in 30 days."""
    rng = np.random.default_rng(5)
    every = 30 * 24 * HOUR // rows
    sent, total = 0, rows * DAYS // 30
    with Server(*QUICK) as server:
        while sent < total:
            count = min(BATCH, total - sent)
            server.post("/v1/models/bench/predictions", arrow_stream(predictions(rng, sent, count, every)), ARROW)
            sent += count
        server.wait_until_quiet("bench")
        cold = [timed(lambda turn=turn: evaluate(server, 0, turn), 1)[0][0] for turn in range(2, 7)]
        evaluate(server, 0, 1)
        warm, computed = [], []
        for hour in range(1, hours + 1):
            took, answer = timed(lambda hour=hour: evaluate(server, hour, 1), 1)
            warm += took
            computed.append(answer["timing"]["units"]["computed"])
        again, _ = timed(lambda: evaluate(server, hours, 1), 20)
        print(f"{rows:>12,} rows in 30 days, {len(server.listed())} files: nothing kept {spread(cold)}; "
              f"an hour later {spread(warm)}, {hours} hours of which {sum(took > 0.02 for took in warm)} took over 20 ms "
              f"({median(computed)} units computed, at most {max(computed)}); the same again {spread(again)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--hours", type=int, default=72)
    arguments = parser.parse_args()
    build()
    for rows in arguments.rows:
        measure(rows, arguments.hours)


if __name__ == "__main__":
    main()
