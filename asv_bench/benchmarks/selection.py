"""Greedy ensemble selection beside the plain loop over scikit-learn's metrics.

Ratios of wall time, the plain loop's over ours, both in the same run: 40 members,
50,000 rows, 100 steps. The plain loop calls the metric once a member and step, each as
dear as the next; it is measured on a few members of one step and multiplied up, for the
whole would take minutes. Run as a script, ``python asv_bench/benchmarks/selection.py``,
the module prints the ratios and the seconds of the solvers of weights; ``--rows 5000``
makes that quick.
"""

import argparse
import time

import numpy as np
from sklearn import metrics

from skensemble.member_weights._greedy_selection import greedy_selection
from skensemble.member_weights._solvers import as_weight_solver

MEMBERS, STEPS, MEASURED = 40, 100, 8

PLAIN = {
    "neg_log_loss": lambda y, p: -metrics.log_loss(y, p),
    "roc_auc": lambda y, p: metrics.roc_auc_score(y, p[:, 1]),
    "accuracy": lambda y, p: metrics.accuracy_score(y, p.argmax(axis=1)),
    "neg_root_mean_squared_error": lambda y, p: -metrics.root_mean_squared_error(y, p),
    "neg_mean_absolute_error": lambda y, p: -metrics.mean_absolute_error(y, p),
}


def out_of_fold(rows):
    """Probabilities of class 1 whose errors are correlated, as those of members are."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, rows)
    shared = 1.5 * y - 0.75 + 0.7 * rng.normal(size=rows)
    own = rng.normal(size=(MEMBERS, rows)) * rng.uniform(0.5, 1.5, (MEMBERS, 1))
    return 1 / (1 + np.exp(-(shared + own))), y


def inputs(scoring, rows):
    p, y = out_of_fold(rows)
    if "error" in scoring:
        return p, y.astype(float)
    return np.stack([1 - p, p], axis=2), y


def plain_seconds(scoring, values, y):
    """Seconds of the whole plain loop, from `MEASURED` members of its second step."""
    total, score = values[0].copy(), PLAIN[scoring]
    start = time.perf_counter()
    for candidate in values[:MEASURED]:
        score(y, (total + candidate) / 2)
    return (time.perf_counter() - start) / MEASURED * MEMBERS * STEPS


def seconds(task):
    start = time.perf_counter()
    task()
    return time.perf_counter() - start


def ratio(scoring, rows, rounds=3):
    """Plain over ours, the fastest of some rounds taken in turns."""
    values, y = inputs(scoring, rows)
    options = {"scoring": scoring, "max_steps": STEPS}
    plain, ours = float("inf"), float("inf")
    for _ in range(rounds):
        plain = min(plain, plain_seconds(scoring, values, y))
        ours = min(ours, seconds(lambda: greedy_selection(values, y, **options)))
    return plain / ours


class Selection:
    """How many times faster than the plain loop."""

    timeout = 600
    params = (list(PLAIN),)
    param_names = ("scoring",)

    def track_speedup(self, scoring):
        return ratio(scoring, 50_000)


class Weights:
    """Seconds of each solver at 40 members and 50,000 rows of two classes."""

    timeout = 600
    params = (["nnls", "convex", "auc", "discrete"],)
    param_names = ("solver",)

    def setup(self, solver):
        self.values, self.y = inputs("neg_log_loss", 50_000)

    def time_weigh(self, solver):
        as_weight_solver(solver).weigh(self.values, self.y, kind="classes")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    rows = parser.parse_args().rows
    for scoring in PLAIN:
        print(f"{scoring}: {ratio(scoring, rows):.1f} times the plain loop's speed")
    values, y = inputs("neg_log_loss", rows)
    for name in Weights.params[0]:
        solver = as_weight_solver(name)
        took = seconds(lambda solver=solver: solver.weigh(values, y, kind="classes"))
        print(f"weights by {name}: {took:.2f} s")


if __name__ == "__main__":
    main()
