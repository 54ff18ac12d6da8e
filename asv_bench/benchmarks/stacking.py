"""Stacking against scikit-learn's on a census table, both measured in the same run.

A ratio is what can be compared between machines, so the tracked numbers are ratios.
Run as a script, ``python asv_bench/benchmarks/stacking.py``, the module prints them;
``--rows 2000`` makes that quick.
"""

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import parallel_config
from lightgbm import LGBMClassifier
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    ExtraTreesClassifier,
    StackingClassifier as SklearnStackingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler
from xgboost import XGBClassifier

from skensemble import StackingClassifier

ADULT = Path("../shared/data/adult.parquet")
N_FOLDS, N_JOBS, N_TREES = 5, 2, 200
LOKY = "loky"  # joblib's default

# The settings a careful user of scikit-learn would try: (n_jobs of the stack, threads
# of a member, joblib backend). The baseline is the fastest of them; "tuned" ratios take
# the one with another backend into account as well.
SKLEARN_SETTINGS = {
    "scikit-learn, folds in parallel, members single-threaded": (N_JOBS, 1, LOKY),
    "scikit-learn, the same on joblib's threads": (N_JOBS, 1, "threading"),
    "scikit-learn, folds in turn, members on two threads": (None, N_JOBS, LOKY),
    "scikit-learn, folds in parallel, members as they come": (N_JOBS, None, LOKY),
}
OURS = {True: "skensemble, refit=True", False: "skensemble, refit=False"}
INSIDE = "sum of the fits, refit=True"


@dataclass(frozen=True)
class Ratios:
    """What the benchmark is about.

    `overhead` is our wall time over the members' own single-thread fit seconds,
    refits included, spread evenly over the cores: one means that nothing is lost.
    """

    speedup_refit: float
    speedup_no_refit: float
    tuned_refit: float
    tuned_no_refit: float
    overhead: float


def load_table(rows=None):
    """Return the census table as numbers, or a synthetic table of its size."""
    path = Path(__file__).resolve().parents[2] / ADULT
    X, y = _encoded(path) if path.exists() else _synthetic(48_842)
    return X[:rows], y[:rows]


def _encoded(path):
    table = pd.read_parquet(path)
    y = (table.pop("income") == ">50K").astype(int).to_numpy()
    numbers = table.select_dtypes("number")
    codes = OrdinalEncoder(encoded_missing_value=-1).fit_transform(
        table.drop(columns=numbers.columns)
    )
    return np.hstack([numbers.to_numpy(dtype=float), codes]), y


def _synthetic(rows):
    return make_classification(rows, 14, n_informative=8, random_state=0)


def build_members(threads, trees=N_TREES):
    """Return three forests of different kinds and a linear model."""
    linear = make_pipeline(
        SimpleImputer(), StandardScaler(), LogisticRegression(max_iter=1000)
    )
    shared = {"n_estimators": trees, "n_jobs": threads, "random_state": 0}
    return [
        ("lightgbm", LGBMClassifier(verbose=-1, **shared)),
        ("xgboost", XGBClassifier(**shared)),
        ("extra trees", ExtraTreesClassifier(**shared)),
        ("logistic", linear),
    ]


def build_stack(stacking, *, n_jobs, threads, trees=N_TREES, **params):
    """Return a stack of the given class on five shuffled folds."""
    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=0)
    members = build_members(threads, trees)
    return stacking(members, LogisticRegression(), cv=folds, n_jobs=n_jobs, **params)


def wall_seconds(stack, X, y):
    """Fit and return the seconds on the clock."""
    started = time.perf_counter()
    stack.fit(X, y)
    return time.perf_counter() - started


def sklearn_seconds(X, y):
    """Return scikit-learn's wall seconds in each of its settings."""
    seconds = {}
    for name, (n_jobs, threads, backend) in SKLEARN_SETTINGS.items():
        stack = build_stack(SklearnStackingClassifier, n_jobs=n_jobs, threads=threads)
        with parallel_config(backend):
            seconds[name] = wall_seconds(stack, X, y)
    return seconds


def warm_up(X, y):
    """Start the worker processes and import the libraries, on both sides alike."""
    for stacking in (SklearnStackingClassifier, StackingClassifier):
        build_stack(stacking, n_jobs=N_JOBS, threads=1, trees=2).fit(X[:500], y[:500])


def our_seconds(X, y, *, refit):
    """Return our wall seconds and the sum of the seconds inside the fits."""
    stack = build_stack(StackingClassifier, n_jobs=N_JOBS, threads=1, refit=refit)
    wall = wall_seconds(stack, X, y)
    return wall, sum(cell.fit_seconds for cell in stack.fits_)


def measure(rows=None, repeats=2, report=lambda *line: None):
    """Fit everything, in turn and `repeats` times; return ratios of the best times."""
    X, y = load_table(rows)
    warm_up(X, y)
    rounds = [one_round(X, y) for _ in range(repeats)]
    seconds = {name: min(r[name] for r in rounds) for name in rounds[0]}
    for name, took in seconds.items():
        report(f"{took:8.1f} s  {name}")
    refit, no_refit = seconds[OURS[True]], seconds[OURS[False]]
    tuned = min(seconds[name] for name in SKLEARN_SETTINGS)
    best = min(seconds[name] for name, how in SKLEARN_SETTINGS.items() if LOKY in how)
    return Ratios(
        best / refit,
        best / no_refit,
        tuned / refit,
        tuned / no_refit,
        refit / (seconds[INSIDE] / N_JOBS),
    )


def one_round(X, y):
    """Return seconds by name: scikit-learn's settings, ours, and inside our fits."""
    refit, inside = our_seconds(X, y, refit=True)
    no_refit, _ = our_seconds(X, y, refit=False)
    ours = {OURS[True]: refit, OURS[False]: no_refit, INSIDE: inside}
    return sklearn_seconds(X, y) | ours


class TrackAdult:
    """Speed against scikit-learn's best setting; measured once for all three."""

    timeout = 3600

    def setup_cache(self):
        """Measure."""
        return measure()

    setup_cache.timeout = 3600

    def track_speedup_refit(self, ratios):
        """Track wall seconds of scikit-learn over ours, members refitted (>= 1.3)."""
        return ratios.speedup_refit

    def track_speedup_no_refit(self, ratios):
        """Track wall seconds of scikit-learn over ours, fold models kept (>= 1.6)."""
        return ratios.speedup_no_refit

    def track_tuned_refit(self, ratios):
        """Track the same over scikit-learn's best on any joblib backend."""
        return ratios.tuned_refit

    def track_tuned_no_refit(self, ratios):
        """Track the same over scikit-learn's best on any joblib backend."""
        return ratios.tuned_no_refit

    def track_overhead(self, ratios):
        """Track our wall seconds over the ideal ones (<= 1.15)."""
        return ratios.overhead

    track_speedup_refit.unit = "ratio"
    track_speedup_no_refit.unit = "ratio"
    track_tuned_refit.unit = "ratio"
    track_tuned_no_refit.unit = "ratio"
    track_overhead.unit = "ratio"


class FitSynthetic:
    """Time and memory of one fit on a small synthetic table."""

    timeout = 600
    params = ([True, False],)
    param_names = ("refit",)

    def setup(self, refit):
        """Make the table and the stack."""
        self.X, self.y = _synthetic(2_000)
        self.stack = build_stack(
            StackingClassifier, n_jobs=None, threads=1, trees=20, refit=refit
        )

    def time_fit(self, refit):
        """Fit once."""
        self.stack.fit(self.X, self.y)

    def peakmem_fit(self, refit):
        """Fit once."""
        self.stack.fit(self.X, self.y)


def main():
    """Print the wall seconds and the ratios."""
    parser = argparse.ArgumentParser(description="Stacking against scikit-learn's")
    parser.add_argument("--rows", type=int, default=None, help="first rows only")
    ratios = measure(parser.parse_args().rows, report=print)
    print(f"{ratios.speedup_refit:8.2f}    times scikit-learn's best, refit=True")
    print(f"{ratios.speedup_no_refit:8.2f}    times scikit-learn's best, refit=False")
    print(f"{ratios.tuned_refit:8.2f}    times its best on any backend, refit=True")
    print(f"{ratios.tuned_no_refit:8.2f}    times its best on any backend, refit=False")
    print(f"{ratios.overhead:8.2f}    overhead, 1 is ideal")


if __name__ == "__main__":
    main()
