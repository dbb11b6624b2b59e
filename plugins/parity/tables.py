"""How cases are written down; `sdk/src/testing/expected.rs` reads them."""

import json
import math
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
INF = math.inf
NAN = math.nan


def plain(number):
    """A number as JSON: infinities and NaN as words."""
    number = float(number)
    return number if math.isfinite(number) else str(number)


def write(path, cases):
    """Writes a file of cases and gives how many values are expected in it."""
    path = ROOT / path
    path.parent.mkdir(exist_ok=True)
    lines = ",\n".join(json.dumps(case, default=plain) for case in cases)
    path.write_text(f"[\n{lines}\n]\n")
    values = sum(len(case.get("expected", [])) for case in cases)
    print(path.relative_to(ROOT), len(cases), "cases", values, "values")
    return values


def numbers(values):
    """A column of numbers; None is a missing cell."""
    return [None if value is None else plain(value) for value in values]


def labels(values):
    """A column of categories; None is a missing cell."""
    return {"labels": [None if value is None else str(value) for value in values]}


def instants(values):
    """A column of timestamps in microseconds; None is a missing cell."""
    return {"instants": [None if value is None else int(value) for value in values]}


def undefined(value):
    """What a report leaves undefined is null."""
    return None if value is None or not np.isfinite(value) else float(value)


def case(name, current, expected, reference=None, parameters=None, within=None):
    made = {"name": name, "current": current}
    if reference is not None:
        made["reference"] = reference
    made["parameters"] = parameters or {}
    made["expected"] = {key: undefined(value) for key, value in expected.items()}
    if within is not None:
        made["within"] = within
    return made
