"""What the store saves, and what it costs, as ratios of wall time in the same run.

Run as a script, ``python asv_bench/benchmarks/store.py``, the module prints them;
``--rows 8000`` makes that quick.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
from _stopwatch import Stopwatch
from lightgbm import LGBMClassifier
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import make_classification
from sklearn.ensemble import (
    ExtraTreesClassifier,
    StackingClassifier as SklearnStackingClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from skensemble import StackingClassifier
from skensemble.fitting._keys import Keys
from skensemble.fitting._store import Store as FitStore

ADULT = Path(__file__).parents[3] / "shared" / "data" / "adult.parquet"
GRID = {"final_estimator__C": list(np.logspace(-4, 3, 8))}


def adult(rows):
    """Give the table; made-up columns of the same kind where it is not there."""
    if ADULT.exists():
        frame = pd.read_parquet(ADULT).iloc[:rows]
        target = "income"
        return frame.drop(columns=target), frame[target].astype(str)
    X, y = make_classification(rows or 48_842, 14, random_state=0)
    frame = pd.DataFrame(X).add_prefix("x")
    return frame.assign(kind=np.where(X[:, 0] > 0, "a", "b")), y


def members():
    """Boosted trees, extra trees and a linear model, each on what suits it."""
    words = make_column_selector(dtype_exclude="number")
    codes = make_column_transformer(
        (OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), words),
        remainder="passthrough",
    )
    flags = make_column_transformer(
        (OneHotEncoder(min_frequency=50, handle_unknown="infrequent_if_exist"), words),
        remainder=make_pipeline(SimpleImputer(), StandardScaler()),
    )
    trees = ExtraTreesClassifier(min_samples_leaf=5, random_state=0)
    boosted = LGBMClassifier(n_jobs=1, verbose=-1, random_state=0)
    return [
        ("boosted", make_pipeline(codes, boosted)),
        ("trees", make_pipeline(codes, SimpleImputer(), trees)),
        ("linear", make_pipeline(flags, LogisticRegression(max_iter=1000))),
    ]


def numeric():
    """Members for columns of numbers."""
    return [
        ("boosted", LGBMClassifier(n_jobs=1, verbose=-1, random_state=0)),
        ("trees", ExtraTreesClassifier(min_samples_leaf=20, random_state=0)),
        ("linear", make_pipeline(StandardScaler(), LogisticRegression())),
    ]


def seconds(task):
    """Wall time of a task."""
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def grid_ratio(rows=None, n_jobs=1):
    """A grid of 8 meta models x 3 folds: scikit-learn's time over ours with a store."""
    X, y = adult(rows)
    final = LogisticRegression()
    with tempfile.TemporaryDirectory() as folder:
        ours = StackingClassifier(
            members(), final, cv=5, memory=folder, n_jobs=n_jobs, random_state=0
        )
        theirs = SklearnStackingClassifier(members(), final, cv=5, n_jobs=n_jobs)
        spent = {
            name: seconds(
                lambda stack=stack: GridSearchCV(stack, GRID, cv=3, refit=False).fit(
                    X, y
                )
            )
            for name, stack in {"theirs": theirs, "ours": ours}.items()
        }
    return spent["theirs"] / spent["ours"], spent


def overhead(rows=100_000, columns=50, rounds=5):
    """Ratios: a fit with a store to one without, and a second fit to the first.

    Rounds in turns, the quickest of each counts.
    """
    X, y = make_classification(rows, columns, n_informative=20, random_state=0)
    stack = StackingClassifier(numeric(), cv=3, random_state=0)
    spent = {"without": [], "first": [], "second": []}
    for _ in range(rounds):
        spent["without"].append(
            seconds(lambda: stack.set_params(memory=None).fit(X, y))
        )
        with tempfile.TemporaryDirectory() as folder:
            stack.set_params(memory=folder)
            spent["first"].append(seconds(lambda: stack.fit(X, y)))
            spent["second"].append(seconds(lambda: stack.fit(X, y)))
    best = {name: min(values) for name, values in spent.items()}
    return best["first"] / best["without"], best["second"] / best["first"], best


def share_of_store(rows=100_000, columns=50):
    """Share of a first fit that is spent on keys, and on reading and writing.

    Two whole fits differ by more than that; this is found within one.
    """
    X, y = make_classification(rows, columns, n_informative=20, random_state=0)
    parts = [
        (Keys, "__init__"),
        (Keys, "key"),
        (FitStore, "_read"),
        (FitStore, "_write"),
    ]
    with tempfile.TemporaryDirectory() as folder, Stopwatch(*parts) as inside:
        stack = StackingClassifier(numeric(), cv=3, memory=folder, random_state=0)
        whole = seconds(lambda: stack.fit(X, y))
    return inside.seconds / whole


class Store:
    """Tracked ratios."""

    timeout = 3600
    number = 1

    def track_grid_against_sklearn(self):
        return grid_ratio()[0]

    def track_first_fit_over_none(self):
        return overhead()[0]

    def track_share_of_store(self):
        return share_of_store()

    def track_second_fit_over_first(self):
        return overhead(rounds=1)[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int)
    rows = parser.parse_args().rows
    ratio, spent = grid_ratio(rows)
    print(f"grid: {ratio:.2f} times faster than scikit-learn's", spent)
    first, second, spent = overhead(rows or 100_000)
    print(
        f"first fit with a store: {first:.3f} of the fit without; {second:.4f} the second"
    )
    print(spent)
    print(f"keys, reading and writing: {share_of_store(rows or 100_000):.4f} of a fit")


if __name__ == "__main__":
    main()
