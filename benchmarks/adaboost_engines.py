"""AdaBoost with the engines "binned" and "general" (scikit-learn's trees), per seed.

Held-out error of both engines on the same splits of six tables; the mean difference,
its standard error over the seeds, and the p-value of a paired t-test. Prints a table
for ``docs/benchmarks.md``.
"""

import argparse

import numpy as np
from _tables import codes, read
from scipy.stats import ttest_rel
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier

from skensemble import AdaBoostClassifier

TABLES = ["spambase", "phoneme", "telco_churn", "adult", "segment", "vehicle"]
ROWS, ROUNDS, DEPTH = 3000, 50, 2


def table(name):
    """Give numbers (categories as codes) and labels."""
    frame, y, _ = read(name)
    return codes(frame), y


def errors(X, y, engine, seed):
    """Held-out error on a split by seed."""
    rows = min(ROWS, len(y) * 7 // 10)
    parts = train_test_split(X, y, train_size=rows, stratify=y, random_state=seed)
    X_train, X_test, y_train, y_test = parts
    model = AdaBoostClassifier(
        DecisionTreeClassifier(max_depth=DEPTH),
        n_estimators=ROUNDS,
        engine=engine,
        random_state=seed,
        n_jobs=1,
    )
    return 1 - model.fit(X_train, y_train).score(X_test, y_test)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    seeds = range(parser.parse_args().seeds)
    print("| table | general | binned | difference | standard error | p |")
    print("|---|---|---|---|---|---|")
    for name in TABLES:
        X, y = table(name)
        general, binned = (
            np.array([errors(X, y, engine, seed) for seed in seeds])
            for engine in ("general", "binned")
        )
        apart = binned - general
        spread = apart.std(ddof=1) / np.sqrt(len(apart))
        p = ttest_rel(binned, general).pvalue if apart.any() else 1.0
        print(
            f"| {name} | {general.mean():.4f} | {binned.mean():.4f} | "
            f"{apart.mean():+.4f} | {spread:.4f} | {p:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
