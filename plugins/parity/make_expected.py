#!/usr/bin/env python3
"""Writes the expected values that the standard plugins are tested against.

    pip install numpy scipy scikit-learn 'pandas<3' evidently nannyml fairlearn
    python3 plugins/parity/make_expected.py [PLUGIN...]

The data of each case go into the files too, so the tests need no Python.
What is not here is in `cases`, one file for each plugin.
"""

import os

os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"  # before NannyML is loaded

import importlib
import importlib.metadata
import math
import sys

import numpy as np
import pandas as pd
from scipy import stats
from scipy.stats import _ksstats
from sklearn.metrics import roc_auc_score

from tables import INF, ROOT, plain, write

RNG = np.random.default_rng(20010101)
PACKAGES = ["numpy", "scipy", "scikit-learn", "pandas", "evidently", "nannyml", "fairlearn"]


def column(values):
    return [plain(value) for value in values]


def roc_cases():
    binary = lambda n, p=0.3: (RNG.random(n) < p).astype(int)
    labels = binary(200)
    cases = {
        "two rows": ([0.1, 0.9], [0, 1]),
        "two rows the wrong way round": ([0.9, 0.1], [0, 1]),
        "a tie": ([0.5, 0.5], [0, 1]),
        "constant scores": ([0.5] * 7, [0, 1, 0, 1, 1, 0, 0]),
        "perfect": ([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]),
        "integers of both signs": ([-3, -3, 0, 0, 2, 5, 5, 5], [0, 1, 0, 1, 0, 1, 1, 0]),
        "zeros of both signs": ([-0.0, 0.0, 0.0, -0.0, 1.0], [0, 1, 1, 0, 1]),
        "tiny and huge": ([5e-324, 1e-300, 1e300, 1.7e308, 0.0], [0, 1, 0, 1, 1]),
        "continuous": (RNG.normal(size=200) + labels * 0.7, labels),
        "many ties": (np.round(RNG.random(300), 1), binary(300)),
        "one positive": (RNG.random(50), [1] + [0] * 49),
        "rare positives": (RNG.random(400), binary(400, 0.02)),
    }
    for name, (scores, labels) in cases.items():
        scores, labels = np.asarray(scores, float), np.asarray(labels)
        case = {"name": name, "score": column(scores), "label": column(labels)}
        case["roc_auc"] = roc_auc_score(labels, scores)
        case["standard_error"] = delong(scores[labels == 1], scores[labels == 0])
        yield case
    for n in [60, 300]:
        scores, labels, weights = np.round(RNG.random(n), 2), binary(n, 0.5), RNG.random(n) * 3
        weights[::7] = 0
        case = {"name": f"{n} weighted rows", "score": column(scores), "label": column(labels), "weight": column(weights)}
        case["roc_auc"] = roc_auc_score(labels, scores, sample_weight=weights)
        case["standard_error"] = None
        yield case
    infinite = [-INF, 0.0, INF, INF, 1.0, -INF]
    finite = [-9.0, 0.0, 9.0, 9.0, 1.0, -9.0]
    labels = [0, 0, 1, 0, 1, 1]
    # scikit-learn refuses infinities; any finite ends rank the same.
    case = {"name": "infinities rank at the ends", "score": column(infinite), "label": labels}
    case |= {"roc_auc": roc_auc_score(labels, finite), "standard_error": None}
    yield case


def delong(positives, negatives):
    """DeLong et al. (1988) from the definition: placements of each row."""
    if min(len(positives), len(negatives)) < 2:
        return None
    above = np.array([[float(p > n) + 0.5 * float(p == n) for n in negatives] for p in positives])
    ours, theirs = above.mean(axis=1), above.mean(axis=0)
    return math.sqrt(ours.var(ddof=1) / len(ours) + theirs.var(ddof=1) / len(theirs))


def ks_cases():
    n = RNG.normal
    pairs = {
        "one row each": ([1.0], [2.0]),
        "one row against the same": ([1.0], [1.0]),
        "two against three": ([1.0, 2.0], [1.5, 2.5, 3.5]),
        "identical": ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0]),
        "constant": ([4.0] * 5, [4.0] * 9),
        "constant against constant": ([4.0] * 5, [5.0] * 9),
        "ties": (np.round(n(size=60), 1), np.round(n(size=45), 1)),
        "infinities": ([-INF, 0.0, 1.0, INF], [-INF, -INF, 0.5, 2.0, INF]),
        "zeros of both signs": ([-0.0, 0.0, 1.0], [0.0, -0.0, -0.0, 2.0]),
        "equal sizes": (n(size=40), n(0.3, size=40)),
        "coprime sizes": (n(size=53), n(0.2, 1.5, size=71)),
        "far apart": (n(size=30), n(10, size=25)),
        "unequal sizes": (n(size=300), n(0.2, size=25)),
    }
    for name, (current, reference) in pairs.items():
        for alternative in ["two-sided", "less", "greater"]:
            for method in ["auto", "asymp"]:
                result = stats.ks_2samp(current, reference, alternative=alternative, method=method)
                case = {"name": name, "current": column(current), "reference": column(reference)}
                case["parameters"] = {"alternative": alternative, "method": method}
                case |= {"statistic": result.statistic, "p_value": plain(result.pvalue)}
                case["location"] = plain(result.statistic_location)
                yield case


def tail_cases():
    for n in [1, 2, 3, 10, 50, 139, 140, 141, 500, 3000, 92_981, 100_000, 100_001, 999_999, 1_000_000, 1_000_001, 5_000_000]:
        for z in [0.2, 0.4, 0.6, 0.8, 0.87, 1.0, 1.3, 1.48, 1.5, 2.0, 2.5, 4.0, 8.0]:
            x = z / math.sqrt(n)
            if x < 1:
                yield {"n": n, "x": x, "tail": stats.kstwo.sf(x, n)}
        for x in [0.4 / n, 0.7 / n, 1.0 / n, 1.5 / n, 0.3, 0.5, 0.7, 1 - 0.5 / n, 1.0]:
            yield {"n": n, "x": x, "tail": stats.kstwo.sf(x, n)}


def special_cases():
    for x in [-3, 0, 1e-9, 0.5, 1, 1.96, 3, 6, 12, 30]:
        yield {"distribution": "normal", "x": x, "tail": stats.norm.sf(x)}
    for freedom in [1, 2, 3, 4, 7, 10, 99, 500, 3000]:
        for ratio in [1e-6, 0.1, 0.5, 0.9, 1.0, 1.1, 2.0, 5.0]:
            x = freedom * ratio
            yield {"distribution": "chi_squared", "freedom": freedom, "x": x, "tail": stats.chi2.sf(x, freedom)}
        if freedom < 10:
            yield {"distribution": "chi_squared", "freedom": freedom, "x": 900.0, "tail": stats.chi2.sf(900, freedom)}
    for freedom in [1, 1.5, 2, 5, 17.3, 100, 900, 2001.5, 1e5, 1e7]:
        # With one degree SciPy's t is off by 3e-9 near zero; its Cauchy distribution, which is the same, is not.
        tail = stats.cauchy.sf if freedom == 1 else stats.t(freedom).sf
        for x in [0.0, 1e-8, 0.1, 0.7, 1.0, 2.0, 5.0, 20.0]:
            yield {"distribution": "student", "freedom": freedom, "x": x, "tail": 2 * tail(x)}


def two_sample_cases():
    """Exact tails of given distances, through SciPy's own routine."""
    from scipy.stats._stats_py import _attempt_exact_2kssamp as exact

    for n1, n2 in [(1, 1), (2, 7), (10, 10), (10, 15), (37, 91), (100, 100), (400, 350), (500, 500), (1500, 1000), (9999, 1234)]:
        g = math.gcd(n1, n2)
        lcm = n1 // g * n2
        for d in [0.02, 0.1, 0.25, 0.5, 0.9, 1.0]:
            d = max(1, round(d * lcm)) / lcm
            for alternative in ["two-sided", "less"]:
                done, statistic, p = exact(n1, n2, g, d, alternative)
                p = p if done else None
                yield {"d": d, "n1": n1, "n2": n2, "alternative": alternative, "statistic": statistic, "p_value": p}


def psi_numpy(current, reference, bins=10, edges=None, floor=1e-4, add=0.0, width=None):
    """The definition, in NumPy's words."""
    current, reference = np.asarray(current, float), np.asarray(reference, float)
    missing = np.isnan(current).sum(), np.isnan(reference).sum()
    current, reference = current[~np.isnan(current)], reference[~np.isnan(reference)]
    if edges is None and width is not None:
        edges = np.histogram_bin_edges(reference, bins=width)
    if edges is None:
        edges = np.unique(np.quantile(reference, np.linspace(0, 1, bins + 1)))
    edges = np.array(edges, float)
    edges[0], edges[-1] = -INF, INF
    c, r = (np.append(np.histogram(side, edges)[0], gone) for side, gone in zip((current, reference), missing))
    if sum(missing) == 0:
        c, r = c[:-1], r[:-1]
    c, r = np.maximum(c / c.sum(), floor) + add, np.maximum(r / r.sum(), floor) + add
    return float(np.sum((c - r) * np.log(c / r)))


def psi_evidently(current, reference, kind="num"):
    from evidently.legacy.calculations.stattests.psi import _psi
    from evidently.legacy.core import ColumnType

    kind = ColumnType.Numerical if kind == "num" else ColumnType.Categorical
    clean = lambda side: pd.Series(side).replace([-INF, INF], np.nan).dropna()
    return float(_psi(clean(reference), clean(current), kind, 0.1)[0])


def psi_cases():
    n = RNG.normal
    pairs = {
        "continuous": (n(0.3, 1.2, size=300), n(size=400)),
        "rounded": (np.round(n(0.3, size=300), 1), np.round(n(size=250), 1)),
        "skewed whole numbers": (RNG.poisson(3, 200).astype(float), RNG.poisson(2, 300).astype(float)),
        "missing cells": (np.where(RNG.random(200) < 0.1, np.nan, n(size=200)), n(size=150)),
        "infinities": (np.append(n(size=50), [INF, -INF, INF]), n(size=60)),
        "two rows": ([1.0, 2.0], [1.5, 2.5, 3.5]),
        "moved away": (n(50, size=100), n(size=100)),
        "one row": ([0.0], n(size=30)),
    }
    for name, (current, reference) in pairs.items():
        settings = [
            ({}, psi_numpy(current, reference)),
            ({"bins": 7, "floor": 1e-3}, psi_numpy(current, reference, bins=7, floor=1e-3)),
            ({"binning": "equal-width", "bins": 5}, psi_numpy(current, reference, width=5)),
            ({"binning": "sturges"}, psi_numpy(current, reference, width="sturges")),
            ({"binning": "doane"}, psi_numpy(current, reference, width="doane")),
            ({"edges": [-1, 0, 0.5, 2]}, psi_numpy(current, reference, edges=[-1, 0, 0.5, 2])),
            ({"mode": "scouter"}, psi_numpy(current, reference, floor=0, add=1e-10)),
            ({"mode": "deepchecks"}, psi_numpy(current, reference, floor=0.01)),
            ({"mode": "evidently"}, psi_evidently(current, reference)),
        ]
        for parameters, psi in settings:
            case = {"name": name, "current": column(current), "reference": column(reference)}
            yield case | {"parameters": parameters, "psi": psi}


def main():
    """All files, or those of the named plugins."""
    versions = {package: importlib.metadata.version(package) for package in PACKAGES}
    lines = [f"python {sys.version.split()[0]}", *(f"{package} {version}" for package, version in versions.items())]
    (ROOT / "parity" / "VERSIONS").write_text("\n".join(lines) + "\n")
    wanted = sys.argv[1:]
    for path in sorted((ROOT / "parity" / "cases").glob("*.py")):
        plugin = path.stem.replace("_", "-")
        if not wanted or plugin in wanted:
            write(f"{plugin}/tests/expected.json", list(importlib.import_module(f"cases.{path.stem}").cases()))
    if wanted:
        return
    write("roc-auc/tests/expected.json", list(roc_cases()))
    write("ks/tests/expected.json", list(ks_cases()))
    write("numerics/tests/one_sample.json", list(tail_cases()))
    write("numerics/tests/two_sample.json", list(two_sample_cases()))
    write("numerics/tests/special.json", list(special_cases()))
    write("psi/tests/expected.json", list(psi_cases()))


main()
