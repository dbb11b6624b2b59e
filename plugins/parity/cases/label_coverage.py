"""No tool has this; the definitions in NumPy."""

import numpy as np

from tables import case, instants, labels, numbers

OUTPUTS = ["coverage", "lag_p50_seconds", "lag_p95_seconds", "oldest_unlabelled_seconds"]


def expected(times, arrivals):
    labelled = np.array([arrival is not None for arrival in arrivals])
    times = np.array(times)
    lags = np.array([arrival - time for arrival, time in zip(arrivals, times) if arrival is not None]) / 1e6
    newest = max([*times, *[arrival for arrival in arrivals if arrival is not None]])
    lag = (lambda q: np.quantile(lags, q)) if len(lags) else (lambda q: None)
    waiting = (newest - times[~labelled].min()) / 1e6 if (~labelled).any() else 0.0
    return dict(zip(OUTPUTS, [labelled.mean(), lag(0.5), lag(0.95), waiting]))


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
