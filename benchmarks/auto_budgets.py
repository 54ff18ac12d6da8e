"""The error of the automatic ensembles as the time limit grows.

Run as ``python benchmarks/auto_budgets.py --figure``: three tables of
``../shared/data`` with 5, 15, 60 and 240 seconds, the protocol that of
``benchmarks/auto.py``. Prints the wall clock and the error of each.
"""

import argparse
import json
import warnings
from pathlib import Path

import pandas as pd
from _protocol import keep, run, tables

from skensemble import AutoEnsembleClassifier, AutoEnsembleRegressor

BUDGETS = (5, 15, 60, 240)
TABLES = "california_housing,adult,covertype_15k"
FIGURE = Path("docs/_static/auto_budgets.png")


def study(name, task, seconds):
    numbers = task == "regression"
    kind = AutoEnsembleRegressor if numbers else AutoEnsembleClassifier
    found = run(name, kind(seconds, random_state=0), task)
    return {"name": name, "task": task, "seconds": seconds} | found


def draw(rows, path):
    """Draw errors as a share of those with the least time, over the time taken."""
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(6, 3.6), layout="constrained")
    for name, some in pd.DataFrame(rows).groupby("name", sort=False):
        some = some.sort_values("seconds")
        ax.plot(some["fit_s"], some["error"] / some["error"].iloc[0], "o-", label=name)
    ax.set_xscale("log")
    ax.set_xticks(BUDGETS, [f"{s:g} s" for s in BUDGETS])
    ax.minorticks_off()
    ax.set(xlabel="time of fit", ylabel=f"error, as a share of that in {BUDGETS[0]} s")
    ax.legend(frameon=False)
    ax.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=150)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", default=TABLES)
    parser.add_argument("--figure", action="store_true", help=f"writes {FIGURE}")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--read", type=Path, help="a file of --out, to draw anew")
    options = parser.parse_args()
    if options.read:
        rows = list(map(json.loads, options.read.read_text().splitlines()))
    else:
        rows = []
        for name, task in tables(options.tables):
            for seconds in BUDGETS:
                rows.append(study(name, task, seconds))
                keep(rows[-1], options.out)
    table = pd.DataFrame(rows).set_index(["name", "seconds"])
    print(table[["error", "fit_s", "predict_s"]].to_string())
    if options.figure:
        draw(rows, FIGURE)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
