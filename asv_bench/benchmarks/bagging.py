"""Bags of trees beside scikit-learn's, both measured in the same run.

Ratios of CPU time, theirs over ours, on one thread each: 4 means four times faster.
Peak memory is what a fit adds to a process that has only the data, each in a process of
its own (Linux). Run as a script, ``python asv_bench/benchmarks/bagging.py``, the module
prints them; ``--rows 12000 --trees 10`` makes that quick.
"""

import argparse
import subprocess
import sys
import time
from pathlib import Path

from sklearn.datasets import make_classification
from sklearn.ensemble import BaggingClassifier as SklearnBagging
from sklearn.metrics import roc_auc_score

from skensemble import BaggingClassifier

N_ROWS, N_TREES, ROUNDS = 20_000, 50, 2
KINDS = {"ours": BaggingClassifier, "theirs": SklearnBagging}


def table(rows):
    """As many rows to fit on as to predict."""
    X, y = make_classification(
        2 * rows, 30, n_informative=10, flip_y=0.05, random_state=0
    )
    return X[:rows].copy(), y[:rows].copy(), X[rows:].copy(), y[rows:].copy()


def seconds(task):
    start = time.process_time()
    found = task()
    return found, time.process_time() - start


def compared(rows, trees, rounds=ROUNDS):
    """Best seconds of fit and prediction, in turns, and AUC on rows held out."""
    X, y, new_X, new_y = table(rows)
    best = {name: {"fit": float("inf"), "predict": float("inf")} for name in KINDS}
    for _ in range(rounds):
        for name, kind in KINDS.items():
            bag = kind(n_estimators=trees, random_state=0)
            bag, fit = seconds(lambda bag=bag: bag.fit(X, y))
            proba, predict = seconds(lambda bag=bag: bag.predict_proba(new_X))
            best[name]["fit"] = min(best[name]["fit"], fit)
            best[name]["predict"] = min(best[name]["predict"], predict)
            best[name]["auc"] = roc_auc_score(new_y, proba[:, 1])
    return best


def status(field):
    """Megabytes of this process, as Linux counts them."""
    text = Path("/proc/self/status").read_text()
    line = next(line for line in text.splitlines() if line.startswith(field))
    return int(line.split()[1]) / 1024


def added_memory(name, rows, trees):
    """Peak megabytes that a fit adds to this process."""
    X, y, _, _ = table(rows)
    # What is loaded once, such as libraries, is no part of a fit.
    small = slice(None, rows // 2 + 1)
    KINDS[name](n_estimators=1).fit(X[small], y[small])
    Path("/proc/self/clear_refs").write_text("5")
    before = status("VmRSS")
    KINDS[name](n_estimators=trees, random_state=0).fit(X, y)
    return status("VmHWM") - before


def memory_alone(name, rows, trees):
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--memory", name]
    command += ["--rows", str(rows), "--trees", str(trees)]
    return float(subprocess.run(command, check=True, capture_output=True).stdout)


class TreesBesideSklearn:
    """Unpruned trees of two classes."""

    timeout = 1200

    def setup_cache(self):
        found = compared(N_ROWS, N_TREES)
        memory = {name: memory_alone(name, N_ROWS, N_TREES) for name in KINDS}
        return found, memory

    def track_fit_times_faster(self, cache):
        found, _ = cache
        return found["theirs"]["fit"] / found["ours"]["fit"]

    def track_predict_times_faster(self, cache):
        found, _ = cache
        return found["theirs"]["predict"] / found["ours"]["predict"]

    def track_auc_gained(self, cache):
        found, _ = cache
        return found["ours"]["auc"] - found["theirs"]["auc"]

    def track_memory_ratio(self, cache):
        _, memory = cache
        return memory["ours"] / memory["theirs"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=N_ROWS)
    parser.add_argument("--trees", type=int, default=N_TREES)
    parser.add_argument("--memory", choices=list(KINDS))
    options = parser.parse_args()
    if options.memory:
        print(added_memory(options.memory, options.rows, options.trees))
        return
    found = compared(options.rows, options.trees)
    ours, theirs = found["ours"], found["theirs"]
    for what in ("fit", "predict"):
        print(
            f"{what}: {theirs[what] / ours[what]:.2f} times faster "
            f"({ours[what]:.2f} s, {theirs[what]:.2f} s)"
        )
    print(f"AUC held out: {ours['auc']:.4f} ({theirs['auc']:.4f})")
    memory = {name: memory_alone(name, options.rows, options.trees) for name in KINDS}
    print(f"MB added: {memory['ours']:.0f} ({memory['theirs']:.0f})")


if __name__ == "__main__":
    main()
