"""Gradient boosting beside the libraries under it, both measured in the same run.

Ratios of wall time, ours over theirs: 1 means that nothing is added. Two fits of the
same data differ by several per cent on a machine in use; "whole over library" is
quieter: one fit of ours, over the time that this very fit spent in the library. Run as
a script, ``python asv_bench/benchmarks/boosting.py``, the module prints them; ``--rows
20000`` makes that quick.
"""

import argparse
import time

import lightgbm
import numpy as np
import xgboost
from _stopwatch import Stopwatch
from sklearn.ensemble import GradientBoostingClassifier as SklearnGradientBoosting
from sklearn.metrics import log_loss

from skensemble import GradientBoostingClassifier, LightGBM, XGBoost

N_TREES, ROUNDS = 100, 9
LEAVES = {"num_leaves": 31, "min_child_samples": 20}


def table(rows):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(rows, 20))
    return X, (X[:, 0] + X[:, 1] * X[:, 2] + rng.normal(size=rows) > 0).astype(int)


def fastest(tasks, rounds=ROUNDS):
    """Best seconds of each task, in turns, so that a slow minute hits all alike."""
    best = dict.fromkeys(tasks, float("inf"))
    for _ in range(rounds):
        for name, task in tasks.items():
            start = time.perf_counter()
            task()
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def lightgbm_alone(X, y, threads):
    params = {"num_threads": threads, "verbosity": -1, "objective": "binary", **LEAVES}
    return lightgbm.train(params, lightgbm.Dataset(X, y, params=params), N_TREES)


def xgboost_alone(X, y, threads):
    params = {"nthread": threads, "objective": "binary:logistic", "max_depth": 5}
    data = xgboost.QuantileDMatrix(X, y, nthread=threads)
    return xgboost.train({**params, "eta": 0.1}, data, N_TREES)


def ours(X, y, engine, threads):
    model = GradientBoostingClassifier(
        engine=engine, n_estimators=N_TREES, n_jobs=threads, random_state=0
    )
    return model.fit(X, y)


# What a fit by hand calls too: the data set, and each round.
LIBRARY = {
    "lightgbm": [(lightgbm.Booster, "__init__"), (lightgbm.Booster, "update")],
    "xgboost": [(xgboost.QuantileDMatrix, "__init__"), (xgboost.Booster, "update")],
}


def whole_over_library(rows, threads, rounds=ROUNDS):
    """Wall time of a fit over the time it spends in the library, the median fit."""
    X, y = table(rows)
    engines = {"lightgbm": LightGBM(**LEAVES), "xgboost": XGBoost(max_depth=5)}
    found = {}
    for name, engine in engines.items():
        ratios = []
        for _ in range(rounds):
            with Stopwatch(*LIBRARY[name]) as inside:
                start = time.perf_counter()
                ours(X, y, engine, threads)
                whole = time.perf_counter() - start
            ratios.append(whole / inside.seconds)
        found[f"fit, whole over library, {name}"] = float(np.median(ratios))
    return found


def library_ratios(rows, threads):
    """Ratios of fits and predictions to those of the libraries."""
    X, y = table(rows)
    fits = fastest(
        {
            "lightgbm": lambda: lightgbm_alone(X, y, threads),
            "ours on lightgbm": lambda: ours(X, y, LightGBM(**LEAVES), threads),
            "our derivatives on lightgbm": lambda: ours(
                X, y, LightGBM(native=False, **LEAVES), threads
            ),
            "xgboost": lambda: xgboost_alone(X, y, threads),
            "ours on xgboost": lambda: ours(X, y, XGBoost(max_depth=5), threads),
            "our derivatives on xgboost": lambda: ours(
                X, y, XGBoost(max_depth=5, native=False), threads
            ),
        }
    )
    alone, beside = (
        lightgbm_alone(X, y, threads),
        ours(X, y, LightGBM(**LEAVES), threads),
    )
    other, beside_it = (
        xgboost_alone(X, y, threads),
        ours(X, y, XGBoost(max_depth=5), threads),
    )
    other.set_param({"nthread": threads})
    predictions = fastest(
        {
            "lightgbm": lambda: alone.predict(X, num_threads=threads),
            "ours on lightgbm": lambda: beside.predict_proba(X),
            "xgboost": lambda: other.predict(xgboost.DMatrix(X, nthread=threads)),
            "ours on xgboost": lambda: beside_it.predict_proba(X),
        }
    )
    found = {f"fit, {name}": fits[name] / fits[name.split()[-1]] for name in fits}
    return found | {
        f"predict, {name}": predictions[name] / predictions[name.split()[-1]]
        for name in predictions
    }


def sklearn_ratio(rows):
    """How many times faster than scikit-learn's class, and both held-out losses."""
    X, y = table(2 * rows)
    train, test = slice(rows), slice(rows, None)
    theirs = SklearnGradientBoosting(n_estimators=N_TREES, random_state=0)
    mine = GradientBoostingClassifier(n_estimators=N_TREES, n_jobs=1, random_state=0)
    best = fastest(
        {
            "theirs": lambda: theirs.fit(X[train], y[train]),
            "ours": lambda: mine.fit(X[train], y[train]),
        },
        rounds=2,
    )
    losses = [log_loss(y[test], m.predict_proba(X[test])) for m in (mine, theirs)]
    return best["theirs"] / best["ours"], losses


class Boosting:
    """Tracked ratios, at 300,000 rows and 20 columns."""

    timeout = 1200
    number = 1
    params = ([1, 2],)
    param_names = ("threads",)

    def setup_cache(self):
        return {
            threads: library_ratios(300_000, threads)
            | whole_over_library(300_000, threads)
            for threads in (1, 2)
        }

    def track_fit_lightgbm(self, ratios, threads):
        return ratios[threads]["fit, ours on lightgbm"]

    def track_whole_over_library_lightgbm(self, ratios, threads):
        return ratios[threads]["fit, whole over library, lightgbm"]

    def track_whole_over_library_xgboost(self, ratios, threads):
        return ratios[threads]["fit, whole over library, xgboost"]

    def track_fit_lightgbm_own_derivatives(self, ratios, threads):
        return ratios[threads]["fit, our derivatives on lightgbm"]

    def track_fit_xgboost(self, ratios, threads):
        return ratios[threads]["fit, ours on xgboost"]

    def track_fit_xgboost_own_derivatives(self, ratios, threads):
        return ratios[threads]["fit, our derivatives on xgboost"]

    def track_predict_lightgbm(self, ratios, threads):
        return ratios[threads]["predict, ours on lightgbm"]

    def track_predict_xgboost(self, ratios, threads):
        return ratios[threads]["predict, ours on xgboost"]


class AgainstSklearn:
    """How many times faster than scikit-learn's class at 20,000 x 20, one thread."""

    timeout = 600

    def track_speedup(self):
        return sklearn_ratio(20_000)[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300_000)
    rows = parser.parse_args().rows
    for threads in (1, 2):
        ratios = whole_over_library(rows, threads) | library_ratios(rows, threads)
        for name, ratio in ratios.items():
            print(f"{threads} thread(s), {name}: {ratio:.3f}")
    speedup, losses = sklearn_ratio(min(rows, 20_000))
    print(
        f"{speedup:.1f} times scikit-learn's, held-out loss {losses[0]:.4f} ({losses[1]:.4f})"
    )


if __name__ == "__main__":
    main()
