"""Encoding a table of mixed columns beside scikit-learn's ColumnTransformer.

How many times faster, in CPU time, best of the repeats on each side. Run as a script,
``python asv_bench/benchmarks/tables.py``, the module prints it for 20,000 rows of 25
numbers and 25 categories; ``--rows 2000`` makes that quick.
"""

import argparse
import time

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skensemble.preprocessing import TableEncoder

KINDS = ["trees", "catboost", "forests", "linear", "neighbors", "neural"]


def table(rows):
    """Numbers with gaps, categories with 4 to 2,000 levels, and a target."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(rows, 25))
    numbers[rng.random(numbers.shape) < 0.05] = np.nan
    frame = pd.DataFrame(numbers, columns=[f"n{k}" for k in range(25)])
    for k, levels in enumerate(np.geomspace(4, 2000, 25).astype(int)):
        frame[f"c{k}"] = rng.integers(0, levels, rows).astype(str)
    return frame, rng.normal(size=rows)


def usual():
    """What is written by hand: filled, scaled, one column a frequent level."""
    numbers = make_column_selector(dtype_include="number")
    words = make_column_selector(dtype_exclude="number")
    one_hot = OneHotEncoder(min_frequency=10, handle_unknown="infrequent_if_exist")
    scaled = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    return make_column_transformer((scaled, numbers), (one_hot, words))


def best(task, repeats=3, clock=time.process_time):
    found = []
    for _ in range(repeats):
        start = clock()
        task()
        found.append(clock() - start)
    return min(found)


def compare(kind, rows=20_000):
    """Times faster in fit_transform and in transform."""
    X, y = table(rows)
    ours, theirs = TableEncoder(kind, random_state=0), usual()
    fit = best(lambda: theirs.fit_transform(X)) / best(lambda: ours.fit_transform(X, y))
    again = best(lambda: theirs.transform(X)) / best(lambda: ours.transform(X))
    return fit, again


class Tables:
    """Tracked ratios."""

    params = (KINDS,)
    param_names = ("kind",)

    def track_fit_times_faster(self, kind):
        return compare(kind)[0]

    def track_transform_times_faster(self, kind):
        return compare(kind)[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    options = parser.parse_args()
    for kind in KINDS:
        fit, again = compare(kind, options.rows)
        print(f"{kind}: fit {fit:.1f} times faster, transform {again:.1f} times")


if __name__ == "__main__":
    main()
