"""Seconds that the automatic ensembles take, on an idle and on a busy machine.

Run as ``python benchmarks/auto_clock.py --limit 10 --busy``: fits tables of
``../shared/data`` with a time limit. With ``--busy`` one busy loop per core starts when
half of the limit has passed. Prints the seconds of the fit, and by how much they exceed
the limit and the tolerance, which is 10% of the limit and 2 seconds.
"""

import argparse
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import pandas as pd
from _protocol import keep, tables
from _tables import read
from joblib import cpu_count

from skensemble import AutoEnsembleClassifier, AutoEnsembleRegressor

TABLES = "adult,amazon_employee,kc_house_sales,diamonds,letter,walking_activity"
LOOP = "while True: pass"


class BusyLoops:
    """One busy loop per core, from some seconds on until the end of the block."""

    def __init__(self, seconds):
        self._timer = threading.Timer(seconds, self._start)
        self._processes = []

    def _start(self):
        for _ in range(cpu_count()):
            self._processes.append(subprocess.Popen([sys.executable, "-c", LOOP]))

    def __enter__(self):
        self._timer.start()
        return self

    def __exit__(self, *_):
        self._timer.cancel()
        self._timer.join()
        for process in self._processes:
            process.kill()
            process.wait()


def study(name, task, options):
    X, y, _ = read(name, options.rows)
    numbers = task == "regression"
    kind = AutoEnsembleRegressor if numbers else AutoEnsembleClassifier
    auto = kind(options.limit, random_state=0, n_jobs=options.n_jobs)
    after = options.limit / 2 if options.busy else 1e6
    with BusyLoops(after):
        start = time.perf_counter()
        auto.fit(X, y)
        seconds = time.perf_counter() - start
    members = {**auto.model_.lower.estimators}
    return {
        "name": name,
        "rows": len(X),
        "columns": X.shape[1],
        "seconds": round(seconds, 2),
        "over": round(max(0.0, seconds - options.limit), 2),
        "beyond": round(max(0.0, seconds - 1.1 * options.limit - 2), 2),
        "members": len(auto.weights_),
        "used": len(members),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", default=TABLES)
    parser.add_argument("--limit", type=float, default=10)
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--rows", type=int, default=40_000)
    parser.add_argument("--n-jobs", type=int)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    rows = []
    for name, task in tables(options.tables):
        rows.append(study(name, task, options))
        keep(rows[-1], options.out)
    table = pd.DataFrame(rows).set_index("name")
    print(table.to_string())
    print(f"{(table['beyond'] > 0).sum()} of {len(table)} beyond 10% and 2 s")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
