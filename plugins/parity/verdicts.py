#!/usr/bin/env python3
"""Writes what thresholds of monitors evaluate to by other hands: `runtime/server/src/monitors/verdicts.json`.

    venv/bin/python plugins/parity/verdicts.py

NannyML says where `sigma` bounds lie, statsmodels which of several p-values are rejected, SciPy when a confidence
interval lies beyond a bound. `requirements.txt` names the versions behind what is committed.
"""

import os

# Before they are loaded: nobody need be told.
os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
os.environ["DO_NOT_TRACK"] = "1"

import json

import numpy as np
from nannyml.thresholds import StandardDeviationThreshold, calculate_threshold_values
from scipy import stats
from statsmodels.stats.multitest import multipletests

from tables import ROOT

FILE = ROOT.parent / "runtime/server/src/monitors/verdicts.json"
METHODS = {"bonferroni": "bonferroni", "benjamini-hochberg": "fdr_bh"}


def beyond(values, lower, upper):
    """NannyML's rule: a value on the bound is none beyond it."""
    return [bool((lower is not None and v < lower) or (upper is not None and v > upper)) for v in values]


def sigma(rng):
    """Bounds around the mean of periods, clipped to a range."""
    for periods, k, low, high in [
        ([0.6, 0.7, 0.8], 2.0, 0.0, 1.0),
        ([0.6, 0.7, 0.8], 10.0, 0.0, 1.0),
        ([0.9, 0.95, 0.99, 0.97], 3.0, 0.0, 1.0),
        ([0.5], 3.0, 0.0, 1.0),
        ([0.25, 0.25, 0.25], 3.0, None, None),
        ([-3.0, 1.0, 8.0, 2.5], 1.5, None, None),
        ([0.0, 0.0, 0.125], 3.0, 0.0, None),
        (list(rng.normal(100, 15, 52)), 3.0, None, None),
        (list(rng.beta(8, 2, 26)), 2.5, 0.0, 1.0),
        (list(rng.exponential(1e-3, 30)), 3.0, 0.0, None),
    ]:
        rule = StandardDeviationThreshold(std_lower_multiplier=k, std_upper_multiplier=k)
        lower, upper = calculate_threshold_values(rule, np.array(periods), low, high)
        lower, upper, step = float(lower), float(upper), max(1e-6, float(np.std(periods)))
        values = [lower - step, lower + step / 2, float(np.mean(periods)), upper - step / 2, upper + step]
        yield {
            "threshold": {"sigma": {"k": k}}, "range": [low, high], "periods": [float(p) for p in periods],
            "values": values, "lower": lower, "upper": upper, "breached": beyond(values, lower, upper),
        }


def p_values(rng):
    """Which of several tests are rejected. Powers of two, so that a value on the level is exactly there."""
    families = [
        ([0.03125], 0.03125),
        ([0.03125, 0.0625, 0.0624999], 0.0625),
        ([0.015625, 0.03125, 0.25, 0.5], 0.0625),
        ([0.015625, 0.03125, 0.046875, 0.0625], 0.0625),
        ([0.5, 0.046875, 0.015625, 0.03125], 0.0625),
        ([0.0, 1.0, 1.0], 0.05),
        ([0.01, 0.02, 0.03, 0.04, 0.06], 0.05),
        ([0.2, 0.9, 0.6], 0.05),
        (list(rng.uniform(0, 1, 20) ** 3), 0.05),
        (list(rng.uniform(0, 1, 50) ** 4), 0.1),
    ]
    for values, alpha in families:
        values = [float(p) for p in values]
        threshold = {"p_value": {"alpha": alpha, "correction": "none"}}
        yield {"threshold": threshold, "values": values, "adjusted": values, "breached": [p <= alpha for p in values]}
        for correction, method in METHODS.items():
            reject, adjusted, _, _ = multipletests(values, alpha=alpha, method=method)
            yield {
                "threshold": {"p_value": {"alpha": alpha, "correction": correction}}, "values": values,
                "adjusted": [float(p) for p in adjusted], "breached": [bool(r) for r in reject],
            }


def sampling_errors():
    """A value is beyond a bound when its confidence interval is."""
    for level in [0.8, 0.95, 0.99]:
        k = float(stats.norm.ppf((1 + level) / 2))
        cases = [(0.55, 0.02), (0.59, 0.02), (0.61, 0.01), (0.85, 0.05), (0.93, 0.01), (0.99, 0.04), (0.6, 0.0)]
        breached = []
        for value, error in cases:
            low, high = stats.norm.interval(level, loc=value, scale=error) if error > 0 else (value, value)
            breached.append(bool(high < 0.6 or low > 0.9))
        yield {
            "threshold": {"constant": {"lower": 0.6, "upper": 0.9}, "sampling_error": k}, "range": [0.0, 1.0],
            "values": [value for value, _ in cases], "errors": [error for _, error in cases],
            "lower": 0.6, "upper": 0.9, "breached": breached,
        }


def changes():
    """Changes against another value, by their definition; of 0 there is no share."""
    for base, relative, absolute, direction in [
        (0.8, 0.1, None, "down"), (0.8, 0.1, None, "up"), (0.8, 0.25, None, "both"), (-2.0, 0.5, None, "both"),
        (-2.0, 0.5, None, "down"), (0.5, None, 0.125, "both"), (0.0, None, 0.125, "both"), (0.0, 0.1, None, "both"),
        (0.0, 0.1, None, "up"),
    ]:
        values, breached = [base + d for d in [-1.5, -0.25, -0.0625, 0.0, 0.0625, 0.25, 1.5]], []
        for value in values:
            if absolute is None and base == 0.0 and value != 0.0:
                breached.append(None)
                continue
            change = value - base if absolute is not None or base == 0.0 else (value - base) / abs(base)
            limit = absolute if absolute is not None else relative
            breached.append(bool((direction != "up" and change < -limit) or (direction != "down" and change > limit)))
        rule = {"from": "reference", "direction": direction}
        rule |= {"relative": relative} if absolute is None else {"absolute": absolute}
        yield {
            "threshold": {"change": rule}, "range": [None, None], "reference": base, "values": values,
            "breached": breached,
        }


def main():
    """The whole table."""
    rng = np.random.default_rng(6)
    cases = [*sigma(rng), *p_values(rng), *sampling_errors(), *changes()]
    FILE.write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
    print(FILE.name, len(cases), "thresholds", sum(len(case["breached"]) for case in cases), "verdicts")


main()
