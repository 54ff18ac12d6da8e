r"""Bias and variance of five learners, by size of the training sample.

With predictions :math:`\hat f_r(x)` of models fitted on samples r, the mean squared
error on test rows is :math:`E(y - \bar f)^2 + E(\hat f_r - \bar f)^2`: what the mean of
all models misses (bias and noise), and how far one model is from that mean (variance).
Both are divided by the variance of y. Prints tables for ``docs/benchmarks.md``.
"""

import argparse

import numpy as np
from _tables import codes, read
from sklearn.tree import DecisionTreeRegressor

from skensemble import (
    AdaBoostRegressor,
    BaggingRegressor,
    GradientBoostingRegressor,
    RandomForestRegressor,
)

TABLES = ("california_housing", "kc_house_sales")
SIZES = (250, 1000, 4000)
TEST_ROWS = 3000


def table(name):
    """Give numbers and the target, prices as logarithms."""
    frame, y, _ = read(name)
    return np.nan_to_num(codes(frame)), np.log(y.astype(float))


def models(seed):
    """Give what is compared."""
    deep = DecisionTreeRegressor(max_depth=6)
    return {
        "one tree": DecisionTreeRegressor(random_state=seed),
        "Bagging": BaggingRegressor(n_estimators=50, random_state=seed),
        "forest": RandomForestRegressor(
            n_estimators=50, max_features=1 / 3, random_state=seed
        ),
        "AdaBoost": AdaBoostRegressor(deep, random_state=seed, n_jobs=1),
        "gradient boosting": GradientBoostingRegressor(random_state=seed, n_jobs=1),
    }


def decompose(X, y, size, repeats):
    """Share of the variance of y that is bias and noise, and variance, by model."""
    rng = np.random.default_rng(size)
    order = rng.permutation(len(y))
    test, pool = order[:TEST_ROWS], order[TEST_ROWS:]
    found = {label: [] for label in models(0)}
    for seed in range(repeats):
        rows = rng.choice(pool, size, replace=False)
        for label, model in models(seed).items():
            found[label].append(model.fit(X[rows], y[rows]).predict(X[test]))
    result = {}
    for label, predictions in found.items():
        mean = np.mean(predictions, axis=0)
        # The mean of finitely many models varies itself.
        spread = np.var(predictions, axis=0, ddof=1).mean()
        missed = np.mean((y[test] - mean) ** 2) - spread / repeats
        result[label] = missed / y.var(), spread / y.var()
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=12)
    repeats = parser.parse_args().repeats
    for name in TABLES:
        X, y = table(name)
        found = {size: decompose(X, y, size, repeats) for size in SIZES}
        print(f"\n| {name} | " + " | ".join(f"{size:,} rows" for size in SIZES) + " |")
        print("|---" * (len(SIZES) + 1) + "|")
        for label in models(0):
            parts = [found[size][label] for size in SIZES]
            told = [f"{bias:.3f} + {spread:.3f}" for bias, spread in parts]
            print(f"| {label} | " + " | ".join(told) + " |", flush=True)


if __name__ == "__main__":
    main()
