#!/usr/bin/env python3
"""Writes the adjusted p-values that `correction.rs` is tested against.

    pip install numpy scipy statsmodels
    python3 runtime/eval/tests/corrections/make_expected.py
"""

import json
from pathlib import Path

import numpy as np
import scipy
import statsmodels
from scipy.stats import false_discovery_control
from statsmodels.stats.multitest import multipletests

RNG = np.random.default_rng(1995)

CASES = [
    [],
    [0.0],
    [1.0],
    [0.03],
    [0.5, 0.5],
    [0.0, 0.0, 1.0],
    [1.0, 1.0, 1.0, 1.0],
    [0.05, 0.05, 0.05],
    [0.01, 0.02, 0.03, 0.04, 0.05],
    [0.05, 0.04, 0.03, 0.02, 0.01],
    [0.2, 0.01, 0.01, 0.9, 0.2],
    [1e-300, 5e-324, 1e-8, 0.7],
    [0.04999999999999999, 0.05, 0.05000000000000001],
    # Table 1 of Benjamini and Hochberg (1995).
    [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0],
]


def cases():
    yield from CASES
    for size in (2, 3, 10, 33, 100):
        yield RNG.uniform(size=size).tolist()
        yield np.concatenate([RNG.uniform(size=size), RNG.beta(0.1, 10, size=size // 2)]).tolist()
        yield RNG.choice([0.001, 0.01, 0.01, 0.2, 1.0], size=size).tolist()


def expected(p):
    if not p:
        return {"p": [], "bonferroni": [], "benjamini_hochberg": []}
    adjusted = false_discovery_control(p, method="bh")
    np.testing.assert_allclose(adjusted, multipletests(p, method="fdr_bh")[1], rtol=1e-12)
    return {
        "p": p,
        "bonferroni": multipletests(p, method="bonferroni")[1].tolist(),
        "benjamini_hochberg": adjusted.tolist(),
    }


def main():
    made = {"scipy": scipy.__version__, "statsmodels": statsmodels.__version__, "numpy": np.__version__}
    lines = ",\n  ".join(json.dumps(expected(p)) for p in cases())
    text = f'{{\n "made_with": {json.dumps(made)},\n "cases": [\n  {lines}\n ]\n}}\n'
    (Path(__file__).parent / "expected.json").write_text(text)


main()
