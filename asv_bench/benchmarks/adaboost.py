"""AdaBoost beside scikit-learn's, one thread both, measured in the same run.

How many times faster a fit and a prediction are, in CPU time, best of the repeats on
each side, and both held-out errors, mean of the repeats, which differ in their seed.
Run as a script, ``python asv_bench/benchmarks/adaboost.py``, the module prints them;
``--rows 5000`` makes that quick, ``--case`` and ``--repeats`` choose.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.datasets import make_classification, make_friedman1
from sklearn.ensemble import (
    AdaBoostClassifier as SklearnAdaBoostClassifier,
    AdaBoostRegressor as SklearnAdaBoostRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from threadpoolctl import threadpool_limits

from skensemble import AdaBoostClassifier, AdaBoostRegressor

LETTER = Path(__file__).parents[3] / "shared" / "data" / "letter.parquet"


def classes(rows, columns=20):
    """Two classes, twice as many rows: half of them to test on."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(2 * rows, columns))
    return X, (X[:, 0] + X[:, 1] * X[:, 2] + rng.normal(size=2 * rows) > 0).astype(int)


def numbers(rows, columns=20):
    """Numbers to predict, with little noise, so that both fit all rounds."""
    return make_friedman1(2 * rows, columns, noise=0.1, random_state=0)


def letters(rows):
    """Give the 26 letters; made-up ones where the table is not there."""
    if LETTER.exists():
        frame = pd.read_parquet(LETTER).sample(frac=1.0, random_state=0)
        frame = frame.iloc[: 2 * rows]
        return frame.drop(columns="letter").to_numpy(float), frame["letter"].to_numpy()
    return make_classification(
        min(2 * rows, 20_000), 16, n_informative=12, n_classes=26, random_state=0
    )


REPEATS = 2
CASES = {
    "stumps": (classes, 50_000, 1, 200),
    "depth 3": (classes, 50_000, 3, 200),
    "letters, stumps": (letters, 10_000, 1, 50),
    "letters, depth 3": (letters, 10_000, 3, 50),
    "letters, depth 6": (letters, 10_000, 6, 50),
    "numbers, depth 3": (numbers, 20_000, 3, 200),
}


def models(name, depth, rounds, seed):
    """Give ours and theirs."""
    kinds = (AdaBoostClassifier, SklearnAdaBoostClassifier, DecisionTreeClassifier)
    if name.startswith("numbers"):
        kinds = (AdaBoostRegressor, SklearnAdaBoostRegressor, DecisionTreeRegressor)
    ours, theirs, tree = kinds
    options = {"n_estimators": rounds, "random_state": seed}
    return {
        "ours": ours(tree(max_depth=depth), n_jobs=1, **options),
        "theirs": theirs(tree(max_depth=depth), **options),
    }


def seconds(task, *data):
    start = time.process_time()
    task(*data)
    return time.process_time() - start


def compare(name, most_rows=None, repeats=REPEATS):
    """Times faster in fit and predict, and one minus the scores on rows held out."""
    make, rows, depth, rounds = CASES[name]
    X, y = make(min(rows, most_rows or rows))
    train, test = slice(len(y) // 2), slice(len(y) // 2, None)
    found = {}
    with threadpool_limits(1):
        for seed in range(repeats):
            for who, model in models(name, depth, rounds, seed).items():
                # Libraries that are loaded when first used are not what is measured.
                clone(model).set_params(n_estimators=2).fit(X[:500], y[:500])
                fit = seconds(model.fit, X[train], y[train])
                predict = seconds(model.predict, X[test])
                error = 1 - model.score(X[test], y[test])
                found.setdefault(who, []).append((fit, predict, error))
    best = {who: np.min(rows, axis=0) for who, rows in found.items()}
    errors = {who: np.mean(rows, axis=0)[2] for who, rows in found.items()}
    times = best["theirs"] / best["ours"]
    return times[0], times[1], errors


class AdaBoost:
    """Tracked ratios."""

    timeout = 1200
    number = 1
    params = (list(CASES),)
    param_names = ("case",)

    def track_fit_times_faster(self, case):
        return compare(case, repeats=1)[0]

    def track_predict_times_faster(self, case):
        return compare(case, repeats=1)[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int)
    parser.add_argument("--case", choices=list(CASES))
    parser.add_argument("--repeats", type=int, default=REPEATS)
    options = parser.parse_args()
    for name in [options.case] if options.case else CASES:
        fit, predict, errors = compare(name, options.rows, options.repeats)
        print(
            f"{name}: fit {fit:.1f} times faster, predict {predict:.1f} times; held-out "
            f"error {errors['ours']:.4f} (theirs {errors['theirs']:.4f})"
        )


if __name__ == "__main__":
    main()
