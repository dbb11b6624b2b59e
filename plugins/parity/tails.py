"""Tails of distributions, from SciPy."""

import math

from scipy import stats
from scipy.stats._stats_py import _attempt_exact_2kssamp as exact


def one_sample():
    """Of the one-sample statistic."""
    for n in [1, 2, 3, 10, 50, 139, 140, 141, 500, 3000, 92_981, 100_000, 100_001, 999_999, 1_000_000, 1_000_001, 5_000_000]:
        for z in [0.2, 0.4, 0.6, 0.8, 0.87, 1.0, 1.3, 1.48, 1.5, 2.0, 2.5, 4.0, 8.0]:
            x = z / math.sqrt(n)
            if x < 1:
                yield {"n": n, "x": x, "tail": stats.kstwo.sf(x, n)}
        for x in [0.4 / n, 0.7 / n, 1.0 / n, 1.5 / n, 0.3, 0.5, 0.7, 1 - 0.5 / n, 1.0]:
            yield {"n": n, "x": x, "tail": stats.kstwo.sf(x, n)}


def special():
    """Of the normal, χ² and t distributions."""
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


def two_sample():
    """Exact ones of given distances, through SciPy's own routine."""
    for n1, n2 in [(1, 1), (2, 7), (10, 10), (10, 15), (37, 91), (100, 100), (400, 350), (500, 500), (1500, 1000), (9999, 1234)]:
        g = math.gcd(n1, n2)
        lcm = n1 // g * n2
        for d in [0.02, 0.1, 0.25, 0.5, 0.9, 1.0]:
            d = max(1, round(d * lcm)) / lcm
            for alternative in ["two-sided", "less"]:
                done, statistic, p = exact(n1, n2, g, d, alternative)
                p = p if done else None
                yield {"d": d, "n1": n1, "n2": n2, "alternative": alternative, "statistic": statistic, "p_value": p}
