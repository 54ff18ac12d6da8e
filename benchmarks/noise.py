"""Labels flipped on purpose: where boosting breaks, and what saves it.

A share of the training labels is flipped, the test labels are left as they are. Mean
error over the seeds, printed as tables for ``docs/benchmarks.md``.
"""

import argparse

import numpy as np
from adaboost_engines import table
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier

from skensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    GradientBoostingClassifier,
    Patience,
    RandomForestClassifier,
)

SHARES = (0.0, 0.1, 0.2, 0.3)
ROWS = 2000


def models(seed):
    """Give what is compared."""
    deep = DecisionTreeClassifier(max_depth=3)
    options = {"n_estimators": 300, "random_state": seed, "n_jobs": 1}
    return {
        "one tree": DecisionTreeClassifier(random_state=seed),
        "Bagging": BaggingClassifier(n_estimators=100, random_state=seed),
        "forest": RandomForestClassifier(random_state=seed),
        "AdaBoost": AdaBoostClassifier(deep, **options),
        "AdaBoost, stopped early": AdaBoostClassifier(
            deep, early_stopping=Patience(20), **options
        ),
        "AdaBoost, gentle": AdaBoostClassifier(deep, variant="gentle", **options),
        "AdaBoost, gentle, stopped early": AdaBoostClassifier(
            deep, variant="gentle", early_stopping=Patience(20), **options
        ),
        "gradient boosting": GradientBoostingClassifier(**options),
        "gradient boosting, stopped early": GradientBoostingClassifier(
            early_stopping=Patience(20), **options
        ),
    }


def errors(name, share, seed):
    """Test error of every model on one split, with flipped labels."""
    X, y = table(name)
    y = np.unique(y, return_inverse=True)[1]
    parts = train_test_split(X, y, train_size=ROWS, stratify=y, random_state=seed)
    X_train, X_test, y_train, y_test = parts
    flipped = np.random.default_rng(seed).random(ROWS) < share
    y_train = np.where(flipped, 1 - y_train, y_train)
    return {
        label: 1 - model.fit(X_train, y_train).score(X_test, y_test)
        for label, model in models(seed).items()
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    seeds = range(parser.parse_args().seeds)
    for name in ("spambase", "phoneme"):
        print(f"\n| {name} | " + " | ".join(f"{s:.0%} flipped" for s in SHARES) + " |")
        print("|---" * (len(SHARES) + 1) + "|")
        found = [[errors(name, share, seed) for seed in seeds] for share in SHARES]
        for label in models(0):
            means = [np.mean([one[label] for one in runs]) for runs in found]
            print(f"| {label} | " + " | ".join(f"{m:.3f}" for m in means) + " |")


if __name__ == "__main__":
    main()
