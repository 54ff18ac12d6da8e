"""The automatic ensembles: whether the clock is kept, and how fast they predict.

The time of a fit as a share of its limit, and how many times faster the ensemble
predicts than scikit-learn's stack of four usual members, best of the repeats on each
side. Run as a script, ``python asv_bench/benchmarks/automatic.py``, the module prints
both for 10,000 rows of 25 numbers and 25 categories; ``--rows 1000`` makes that quick.
How accurate the ensembles are beside others is what ``benchmarks/auto.py`` shows.
"""

import argparse
import time

import numpy as np
from lightgbm import LGBMRegressor
from sklearn.ensemble import ExtraTreesRegressor, StackingRegressor
from sklearn.linear_model import RidgeCV
from sklearn.neighbors import KNeighborsRegressor
from tables import best, table

from skensemble import AutoEnsembleRegressor
from skensemble.preprocessing import make_member

LIMITS = [5, 20]


def problem(rows):
    """A table whose numbers and first category say something of the target."""
    X, noise = table(rows)
    y = X["n0"].fillna(0) + X["n1"].fillna(0).abs() + X["c0"].astype(int) + noise
    return X, np.asarray(y)


def usual():
    kinds = [LGBMRegressor(verbose=-1), ExtraTreesRegressor(n_jobs=2)]
    kinds += [RidgeCV(), KNeighborsRegressor()]
    return StackingRegressor([(str(k), make_member(m)) for k, m in enumerate(kinds)])


def compare(limit, rows=10_000):
    """Share of the limit that the fit took, and times faster in predictions."""
    X, y = problem(rows)
    start = time.perf_counter()
    ours = AutoEnsembleRegressor(limit, random_state=0).fit(X, y)
    share = (time.perf_counter() - start) / limit
    theirs = usual().fit(X, y)
    clock = time.perf_counter  # both predict in several threads
    slow = best(lambda: theirs.predict(X), clock=clock)
    return share, slow / best(lambda: ours.predict(X), clock=clock)


class Automatic:
    """Tracked ratios."""

    params = (LIMITS,)
    param_names = ("limit",)
    timeout = 300

    def setup_cache(self):
        """Fit once for both ratios."""
        return {limit: compare(limit) for limit in LIMITS}

    def track_share_of_limit(self, found, limit):
        return found[limit][0]

    def track_predict_times_faster(self, found, limit):
        return found[limit][1]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    options = parser.parse_args()
    for limit in LIMITS:
        share, faster = compare(limit, options.rows)
        print(
            f"{limit} s: fit {share:.2f} of it, predictions {faster:.1f} times faster"
        )


if __name__ == "__main__":
    main()
