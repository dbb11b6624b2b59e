"""scikit-learn's functions of the same names; mean error, SMAPE and WAPE from their definitions in NumPy."""

import warnings

import numpy as np
from sklearn import metrics
from sklearn.datasets import load_diabetes
from sklearn.linear_model import LinearRegression

from flights import flights
from tables import case, numbers

warnings.simplefilter("ignore")
OUTPUTS = ["mean_error", "mae", "mse", "rmse", "mape", "smape", "wape", "r2", "explained_variance", "median_absolute_error", "max_error", "msle", "rmsle", "pinball"]


def expected(p, t, w=None, zero_targets="skip", quantile=0.5):
    p, t = np.asarray(p, float), np.asarray(t, float)
    weights = {"sample_weight": w}
    e, size = p - t, np.abs(p) + np.abs(t)
    varies = len(t) > 1 and np.ptp(t) > 0
    positive = min(p.min(), t.min()) > -1
    kept = t != 0
    mape = None
    if zero_targets == "epsilon":
        mape = metrics.mean_absolute_percentage_error(t, p, **weights)
    elif kept.all() or (kept.any() and zero_targets == "skip"):
        # As scikit-learn, but without its epsilon below targets that are tiny.
        mape = np.average(np.abs(e[kept]) / np.abs(t[kept]), weights=None if w is None else w[kept])
    made = {
        "mean_error": np.average(e, weights=w),
        "mae": metrics.mean_absolute_error(t, p, **weights),
        "mse": metrics.mean_squared_error(t, p, **weights),
        "rmse": metrics.root_mean_squared_error(t, p, **weights),
        "mape": mape,
        "smape": np.average(np.divide(2 * np.abs(e), size, out=np.zeros_like(e), where=size > 0), weights=w),
        "wape": np.average(np.abs(e), weights=w) / np.average(np.abs(t), weights=w) if np.any(t) else None,
        # Of constant targets scikit-learn says 0 or 1: there is no such number.
        "r2": metrics.r2_score(t, p, **weights) if varies else None,
        "explained_variance": metrics.explained_variance_score(t, p, **weights) if varies else None,
        "median_absolute_error": metrics.median_absolute_error(t, p, **weights),
        "max_error": metrics.max_error(t, p),
        "msle": metrics.mean_squared_log_error(t, p, **weights) if positive else None,
        "rmsle": metrics.root_mean_squared_log_error(t, p, **weights) if positive else None,
        "pinball": metrics.mean_pinball_loss(t, p, alpha=quantile, **weights),
    }
    if w is None and len(t) > 1:
        made["mae±"] = np.std(np.abs(e), ddof=1) / np.sqrt(len(e))
        made["mse±"] = np.std(e**2, ddof=1) / np.sqrt(len(e))
    return made


def cases():
    rng = np.random.default_rng(8)
    data, late = load_diabetes(), flights()[0]
    diabetes = LinearRegression().fit(data.data, data.target).predict(data.data)
    n = rng.normal
    targets = n(size=200) * 10 + 50
    pairs = {
        "one row": ([3.0], [2.0]),
        "two rows": ([1.0, 4.0], [2.0, 2.5]),
        "perfect": ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]),
        "constant targets": ([1.0, 2.5, 3.0], [2.0, 2.0, 2.0]),
        "targets of zero": ([0.5, 0.0, -1.0, 2.0], [0.0, 0.0, -0.5, 1.0]),
        "only zeros": ([0.0, 1.0], [0.0, 0.0]),
        "random": (targets + n(size=200) * 3, targets),
        "an even number with ties": (np.round(n(size=60), 1), np.round(n(size=60), 1)),
        "heavy tails": (rng.standard_cauchy(150), rng.standard_cauchy(150)),
        "counts": (rng.poisson(3, 150).astype(float), rng.poisson(4, 150).astype(float)),
        "far from zero": (1e15 + rng.integers(0, 9, 100), 1e15 + rng.integers(0, 9, 100)),
        "tiny": (n(size=50) * 1e-150, n(size=50) * 1e-150),
        "diabetes": (diabetes[:250], data.target[:250]),
        "delays of flights": (late["probability"] * 60, late["delay_minutes"].astype(float)),
    }
    for name, (p, t) in pairs.items():
        made = expected(p, t)
        if name == "far from zero":
            # NumPy's own variance is off here: its mean is rounded to eighths.
            exact = np.asarray(t) - 1e15
            made |= {key: value for key, value in expected(np.asarray(p) - 1e15, exact).items() if key in ("r2", "explained_variance")}
            del made["msle"], made["rmsle"]
        yield case(name, {"prediction": numbers(p), "target": numbers(t)}, made)
    p, t = pairs["targets of zero"]
    for zero_targets in ["epsilon", "undefined"]:
        current = {"prediction": numbers(p), "target": numbers(t)}
        yield case("targets of zero", current, expected(p, t, zero_targets=zero_targets), parameters={"zero_targets": zero_targets})
    p, t = pairs["counts"]
    current = {"prediction": numbers(p), "target": numbers(t)}
    yield case("a quantile", current, expected(p, t, quantile=0.9), parameters={"quantile": 0.9})
    yield case("a sketch of few rows is exact", current, expected(p, t), parameters={"sketch": 1024})
    weights = np.round(rng.random(150) * 3, 3)
    weights[::9] = 0
    yield case("weighted rows", current | {"weight": numbers(weights)}, expected(p, t, weights))
    whole = rng.integers(0, 4, 150).astype(float)
    yield case("whole weights", current | {"weight": numbers(whole)}, expected(p, t, whole))
    current = {"prediction": [1.0, None, "nan", "inf", 4.0, 2.0], "target": [2.0, 1.0, 1.0, 1.0, "-inf", 5.0]}
    yield case("numbers that are not finite", current, expected([1.0, 2.0], [2.0, 5.0]))
    yield case("no rows", {"prediction": [], "target": []}, dict.fromkeys(OUTPUTS))
    current = {"prediction": [3.0, 3.0, 3.0], "target": [1.0, 2.0, 6.0]}
    yield case("constant predictions", current, expected([3.0, 3.0, 3.0], [1.0, 2.0, 6.0]))
    x = np.abs(rng.standard_cauchy(80))
    current = {"prediction": numbers(x), "target": numbers(x + 1), "weight": numbers(np.r_[np.zeros(79), 2.0])}
    yield case("one row with a weight", current, expected(x[79:], x[79:] + 1))
