"""NannyML's calculator of unseen values."""

import nannyml
import numpy as np
import pandas as pd
from sklearn.datasets import load_digits

from flights import flights
from tables import case, labels, numbers

OUTPUTS = ["count", "share", "distinct"]


def expected(current, reference):
    made = {}
    for name, normalize in [("count", False), ("share", True)]:
        calculator = nannyml.UnseenValuesCalculator(column_names=["value"], normalize=normalize, chunk_number=1)
        calculator.fit(pd.DataFrame({"value": pd.Series(reference, dtype="category" if isinstance(reference[0], str) else None).astype("category")}))
        result = calculator.calculate(pd.DataFrame({"value": pd.Series(current).astype("category")}))
        made[name] = float(result.filter(period="analysis").to_df()[("value", "value")].iloc[0])
    return made | {"distinct": len(set(current) - set(reference))}


def cases():
    rng = np.random.default_rng(13)
    now, before = flights()
    pick = lambda n, classes: [str(x) for x in rng.choice(list(classes), n)]
    pairs = {
        "one row each": (["a"], ["b"]),
        "nothing new": (pick(50, "abc"), list("abc")),
        "all new": (pick(50, "xyz"), list("abc")),
        "some new": (pick(200, "abcdefgh"), pick(100, "abcde")),
        "rare ones": (["z"] + pick(199, "abc"), pick(100, "abc")),
        "origins of flights": (list(now["origin"]), list(before["origin"])),
        "spaces and case count": (["A", "a ", "a"], ["a", "b"]),
    }
    for name, (current, reference) in pairs.items():
        yield case(name, {"value": labels(current)}, expected(current, reference), {"value": labels(reference)})
    current, reference = rng.integers(0, 9, 60).astype(float), rng.integers(0, 7, 80).astype(float)
    yield case("numbers", {"value": numbers(current)}, expected(list(current), list(reference)), {"value": numbers(reference)})
    for name, current, reference in [("no rows", [], ["a"]), ("no reference", ["a"], []), ("only missing", [None], ["a"])]:
        yield case(name, {"value": labels(current)}, dict.fromkeys(OUTPUTS), {"value": labels(reference)})
    digits = load_digits().data
    pairs = {
        "two rows": ([1.0, 5.0], [1.0, 2.0, 3.0]),
        "constant": ([3.0] * 9, [3.0] * 4),
        "another constant": ([4.0] * 9, [3.0] * 4),
        "far from zero": (1e15 + rng.integers(0, 9, 60), 1e15 + rng.integers(0, 6, 80)),
        "pixels of digits": (digits[:150, 20], digits[150:200, 20]),
    }
    for name, (current, reference) in pairs.items():
        yield case(name, {"value": numbers(current)}, expected(list(current), list(reference)), {"value": numbers(reference)})
    # NannyML counts a missing cell as an unseen value; ours is of the cells with a value.
    current = ["a", None, "z", "b", None, "z"]
    yield case("missing cells", {"value": labels(current)}, {"count": 2, "share": 0.5, "distinct": 1}, {"value": labels(["a", "b", None])})
    current = [1.0, "inf", "-inf", "inf", "nan"]
    yield case("infinities are values", {"value": current}, {"count": 2, "share": 0.5, "distinct": 1}, {"value": [1.0, "-inf"]})
