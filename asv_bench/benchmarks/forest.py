"""Forests beside scikit-learn's, both measured in the same run.

Ratios of CPU time, ours over theirs: 1 means that nothing is added. What theirs does
not have (quantiles) is measured against its own prediction of the same rows. Run as a
script, ``python asv_bench/benchmarks/forest.py``, the module prints them; ``--rows
5000`` makes that quick.
"""

import argparse
import time

import numpy as np
import sklearn.ensemble

from skensemble import RandomForestClassifier, RandomForestRegressor

N_TREES, ROUNDS = 50, 5


def table(rows):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, 20))
    return X, X[:, 0] + X[:, 1] * X[:, 2] + rng.normal(size=rows)


def fastest(tasks, rounds=ROUNDS):
    """Best seconds of each task, in turns, so that a slow minute hits all alike."""
    best = dict.fromkeys(tasks, float("inf"))
    for _ in range(rounds):
        for name, task in tasks.items():
            start = time.process_time()
            task()
            best[name] = min(best[name], time.process_time() - start)
    return best


def ratios_of(ours, theirs, X, y, threads, rounds=ROUNDS):
    """Ratios of fit, prediction and out-of-bag rows, ours over theirs."""
    options = {"n_estimators": N_TREES, "n_jobs": threads, "random_state": 0}
    mine, known = ours(**options).fit(X, y), theirs(**options).fit(X, y)
    best = fastest(
        {
            "fit, ours": lambda: ours(**options).fit(X, y),
            "fit, theirs": lambda: theirs(**options).fit(X, y),
            "predict, ours": lambda: mine.predict(X),
            "predict, theirs": lambda: known.predict(X),
            "out of bag, ours": lambda: ours(**options).fit(X, y).oof_,
            "out of bag, theirs": lambda: theirs(oob_score=True, **options).fit(X, y),
        },
        rounds,
    )
    return {
        what: best[f"{what}, ours"] / best[f"{what}, theirs"]
        for what in ("fit", "predict", "out of bag")
    }


def extras(X, y, threads, rounds=ROUNDS):
    """Ratios: quantiles and errors to predictions, samplings to a plain fit."""
    options = {"n_estimators": N_TREES, "n_jobs": threads, "random_state": 0}
    forest = RandomForestRegressor(min_samples_leaf=5, **options).fit(X, y)
    forest.predict_quantiles(X[:1])
    forest.standard_error(X[:1])
    rows, classes = X[: len(X) // 10], (y > 0).astype(int)

    def grow(sampling):
        return RandomForestClassifier(sampling=sampling, **options).fit(X, classes)

    best = fastest(
        {
            "predict": lambda: forest.predict(rows),
            "quantiles": lambda: forest.predict_quantiles(rows),
            "standard error": lambda: forest.standard_error(rows),
            "rows": lambda: grow("rows"),
            "stratified": lambda: grow("stratified"),
        },
        rounds,
    )
    return {
        "quantiles over predict": best["quantiles"] / best["predict"],
        "standard error over predict": best["standard error"] / best["predict"],
        "stratified over plain fit": best["stratified"] / best["rows"],
    }


def all_ratios(rows, threads, rounds=ROUNDS):
    X, y = table(rows)
    classes = (y > 0).astype(int)
    theirs = sklearn.ensemble
    kinds = {
        "classes": (RandomForestClassifier, theirs.RandomForestClassifier, classes),
        "numbers": (RandomForestRegressor, theirs.RandomForestRegressor, y),
    }
    found = {}
    for kind, (mine, known, target) in kinds.items():
        for what, ratio in ratios_of(mine, known, X, target, threads, rounds).items():
            found[f"{what}, {kind}"] = ratio
    return found | extras(X, y, threads, rounds)


class Forest:
    """Tracked ratios, at 20,000 rows and 20 columns."""

    timeout = 1800
    number = 1
    params = ([1, 2],)
    param_names = ("threads",)

    def setup_cache(self):
        return {threads: all_ratios(20_000, threads) for threads in (1, 2)}

    def track_fit_classes(self, ratios, threads):
        return ratios[threads]["fit, classes"]

    def track_fit_numbers(self, ratios, threads):
        return ratios[threads]["fit, numbers"]

    def track_predict_classes(self, ratios, threads):
        return ratios[threads]["predict, classes"]

    def track_predict_numbers(self, ratios, threads):
        return ratios[threads]["predict, numbers"]

    def track_out_of_bag_classes(self, ratios, threads):
        return ratios[threads]["out of bag, classes"]

    def track_out_of_bag_numbers(self, ratios, threads):
        return ratios[threads]["out of bag, numbers"]

    def track_quantiles(self, ratios, threads):
        return ratios[threads]["quantiles over predict"]

    def track_stratified(self, ratios, threads):
        return ratios[threads]["stratified over plain fit"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    args = parser.parse_args()
    for threads in (1, 2):
        for name, ratio in all_ratios(args.rows, threads, args.rounds).items():
            print(f"{threads} thread(s), {name}: {ratio:.3f}")


if __name__ == "__main__":
    main()
