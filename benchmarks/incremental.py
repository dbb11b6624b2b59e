"""The hourly re-evaluation of a 30-day window, with nothing kept and with what the hour before left, and the same
question again. How a window moves is known from its first move on, so that one is told apart."""

import argparse
import time

import numpy as np

from host import ARROW, QUICK, Server, arrow_stream, build, median, spread, timed
from scan import BATCH, START, predictions

WINDOW_DAYS = 30
HOUR = 3_600_000_000
DAY = 24 * HOUR
# The first whole hour of the rows.
FIRST = -(-START // HOUR) * HOUR
# The states of all but the last have a bound, whatever the number of rows.
METRICS = {
    "psi of a number, sketched": ("score", {"sketch": 8}),
    "psi of a category": ("place", {}),
    "psi of a number, exact": ("score", {}),
}


def instant(micros: int) -> str:
    return str(np.datetime64(micros, "us")) + "Z"


def evaluate(server: Server, metric: str, end: int, turn: int) -> dict:
    """A metric over the 30 days up to an hour; another `turn` is another question, of which nothing is kept."""
    column, parameters = METRICS[metric]
    return server.evaluate(
        model="bench", plugin="psi", inputs={"value": column}, parameters=parameters,
        window={"start": instant(end - WINDOW_DAYS * DAY), "end": instant(end)},
        reference={"start": instant(FIRST), "end": instant(FIRST + DAY)}, where=f"score > -{turn}")


def measure(server: Server, metric: str, last: int, hours: int, pause: float):
    """The window moves on by the hour, up to `last`, with so many seconds between two questions."""
    ends = range(last - hours * HOUR, last + 1, HOUR)
    cold = [timed(lambda turn=turn: evaluate(server, metric, ends[0], turn), 1)[0][0] for turn in range(2, 7)]
    evaluate(server, metric, ends[0], 1)
    warm, computed = [], []
    for end in ends[1:]:
        time.sleep(pause)
        took, answer = timed(lambda end=end: evaluate(server, metric, end, 1), 1)
        warm += took
        computed.append(answer["timing"]["units"]["computed"])
    again, _ = timed(lambda: evaluate(server, metric, last, 1), 20)
    first, later = warm[0], sorted(warm[1:])
    print(f"  {metric}: nothing kept {spread(cold)}; first move {first:.3f} s; an hour later {spread(later)}, "
          f"{later[len(later) * 95 // 100]:.3f} s for 95 %, {sum(took > 0.02 for took in later)} of {len(later)} took over 20 ms "
          f"({median(computed[1:])} units computed, at most {max(computed[1:])}); again {spread(again)}", flush=True)


def fill(server: Server, rows: int, days: int):
    """So many days with `rows` in each 30 of them."""
    rng = np.random.default_rng(5)
    every = WINDOW_DAYS * DAY // rows
    sent, total = 0, rows * days // WINDOW_DAYS
    while sent < total:
        count = min(BATCH, total - sent)
        server.post("/v1/models/bench/predictions", arrow_stream(predictions(rng, sent, count, every)), ARROW)
        sent += count
    server.wait_until_quiet("bench")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000], help="in 30 days")
    parser.add_argument("--days", type=int, nargs="+", default=[40, 160], help="of history")
    parser.add_argument("--hours", type=int, default=72)
    parser.add_argument("--pause", type=float, default=0.1,
                        help="seconds between two hours; with 0 the next question waits beside what is computed ahead of it")
    arguments = parser.parse_args()
    build()
    for rows in arguments.rows:
        for days in arguments.days:
            with Server(*QUICK) as server:
                fill(server, rows, days)
                print(f"{rows:,} rows in 30 days, {days} days in {len(server.listed())} files")
                for metric in METRICS:
                    measure(server, metric, FIRST + (days - 1) * DAY, arguments.hours, arguments.pause)


if __name__ == "__main__":
    main()
