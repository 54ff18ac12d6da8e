"""The risk of the Super Learner, by outer cross-validation, on three tables.

``python benchmarks/super_learner_risk.py`` prints the table of `docs/benchmarks.md`:
risk of the Super Learner, of the discrete winner and of every member, with standard
errors, and whether the Super Learner is worse than the discrete winner by more than one
standard error of their difference.
"""

import argparse
import time

from _tables import read
from ranking import members

from skensemble import SuperLearnerClassifier, SuperLearnerRegressor

TABLES = ["titanic", "telco_churn", "concrete"]


def risk_table(name, rows):
    """Fit one Super Learner with outer splits."""
    X, y, task = read(name, rows)
    classes = task != "regression"
    kind = SuperLearnerClassifier if classes else SuperLearnerRegressor
    y = y.astype(str) if classes else y.astype(float)
    learner = kind(members(classes), cv=5, outer_cv=5, random_state=0)
    return learner.fit(X, y).outer_risk_


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=3000)
    rows = parser.parse_args().rows
    for name in TABLES:
        started = time.perf_counter()
        table = risk_table(name, rows)
        winner = table.loc["discrete winner"]
        apart = -winner["difference"] / winner["difference_se"]
        print(f"## {name} ({time.perf_counter() - started:.0f} s)\n")
        print(table.round(4).to_string())
        print(f"\nSuper Learner minus discrete winner: {apart:+.2f} standard errors\n")


if __name__ == "__main__":
    main()
