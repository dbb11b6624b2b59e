"""No tool has this; the definitions in NumPy."""

import numpy as np

from flights import flights
from tables import case, instants, labels, numbers

OUTPUTS = ["coverage", "lag_p50_seconds", "lag_p95_seconds", "oldest_unlabelled_seconds"]


def expected(times, arrivals):
    labelled = np.array([arrival is not None for arrival in arrivals])
    times = np.array(times)
    lags = np.array([arrival - time for arrival, time in zip(arrivals, times) if arrival is not None]) / 1e6
    newest = max([*times, *[arrival for arrival in arrivals if arrival is not None]])
    lag = (lambda q: np.quantile(lags, q)) if len(lags) else (lambda q: None)
    waiting = (newest - times[~labelled].min()) / 1e6 if (~labelled).any() else 0.0
    share = labelled.mean()
    made = dict(zip(OUTPUTS, [share, lag(0.5), lag(0.95), waiting]))
    return made | {"coverage±": np.sqrt(share * (1 - share) / len(labelled))}


def cases():
    rng = np.random.default_rng(15)
    start = 1_700_000_000_000_000
    times = [start + int(t) for t in rng.integers(0, 86_400_000_000, 200)]
    late = [None if rng.random() < 0.3 else time + int(rng.exponential(3.6e9)) for time in times]
    pairs = {
        "one labelled": ([start], [start + 5_000_000]),
        "one without": ([start], [None]),
        "none has a label": (times[:20], [None] * 20),
        "all have": (times[:20], [time + 1_500_000 for time in times[:20]]),
        "a day": (times, late),
        "before 1970": ([-5_000_000, -1_000_000, 0], [-4_000_000, None, None]),
    }
    for name, (times, arrivals) in pairs.items():
        truth = [None if arrival is None else 1.0 for arrival in arrivals]
        current = {"label": truth, "time": instants(times), "labelled_at": instants(arrivals)}
        yield case(name, current, expected(times, arrivals))
    current = {"label": labels(["x", None]), "time": instants([start, start + 2_000_000])}
    yield case("labels without their times", current, {OUTPUTS[0]: 0.5, OUTPUTS[1]: None, OUTPUTS[3]: 0.0})
    yield case("labels alone", {"label": [1.0, None, 0.0, None]}, {OUTPUTS[0]: 0.5} | dict.fromkeys(OUTPUTS[1:]))
    yield case("no rows", {"label": [], "time": instants([]), "labelled_at": instants([])}, dict.fromkeys(OUTPUTS))
    now = flights()[0]
    times = [int(t) for t in now["time"].to_numpy("datetime64[us]").astype("int64")]
    # As if a label came an hour and the delay after the flight was to leave, and the newest flight were the present.
    arrivals = [time + 60_000_000 * (60 + int(delay)) for time, delay in zip(times, now["delay_minutes"])]
    arrivals = [arrival if arrival <= times[-1] else None for arrival in arrivals]
    heavy = [int(lag * 1e6) for lag in np.random.default_rng(151).pareto(0.8, 150)]
    pairs = {
        "flights": (times, arrivals),
        "two rows": ([start, start + 1_000_000], [start + 3_000_000, None]),
        "the same time": ([start] * 9, [start + 2_000_000] * 5 + [None] * 4),
        "labels that were there before": ([start, start + 10], [start - 5_000_000, start + 20]),
        "heavy tails": ([start + i for i in range(150)], [start + i + lag for i, lag in enumerate(heavy)]),
    }
    for name, (times, arrivals) in pairs.items():
        truth = [None if arrival is None else 1.0 for arrival in arrivals]
        made = expected(times, [None if arrival is None else max(arrival, time) for time, arrival in zip(times, arrivals)])
        current = {"label": truth, "time": instants(times), "labelled_at": instants(arrivals)}
        yield case(name, current, made)
    current = {"label": [1.0, 0.0, None], "time": instants([start] * 3), "labelled_at": instants([start + 4_000_000, None, None])}
    yield case("a label without its time", current, dict(zip(OUTPUTS, [2 / 3, 4.0, 4.0, 4.0])))
