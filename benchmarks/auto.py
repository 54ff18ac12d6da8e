"""The automatic ensembles beside AutoGluon, FLAML and others: docs/benchmarks.md.

Run as ``python benchmarks/auto.py --seconds 60 --size --beside``: every core table of
``../shared/data`` is split once, a third held out and 20,000 rows at most to learn
from, and the error (1 - AUC, log loss or RMSE) is divided by that of the other systems,
which ``benchmarks/auto_peers.py`` measures. ``--tables titanic,adult`` runs some;
``--beside`` also fits LightGBM with its defaults and scikit-learn's stack of four
members; ``--out`` keeps a JSON line a table, and ``--read`` makes the summary of such
lines anew.
"""

import argparse
import json
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from _protocol import keep, measured, run, tables
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    StackingClassifier,
    StackingRegressor,
)
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor

from skensemble import AutoEnsembleClassifier, AutoEnsembleRegressor, load, save
from skensemble.preprocessing import make_member

US = "skensemble"


def auto(numbers, seconds, preset):
    kind = AutoEnsembleRegressor if numbers else AutoEnsembleClassifier
    return kind(seconds, preset=preset, random_state=0)


def lightgbm(numbers):
    return make_member(
        LGBMRegressor(verbose=-1) if numbers else LGBMClassifier(verbose=-1)
    )


def stack(numbers):
    """scikit-learn's stack of the four usual members."""
    if numbers:
        kinds = [LGBMRegressor(verbose=-1), ExtraTreesRegressor(n_jobs=2)]
        kinds += [RidgeCV(np.logspace(-1, 4, 6)), KNeighborsRegressor()]
        return StackingRegressor(
            [(str(k), make_member(m)) for k, m in enumerate(kinds)]
        )
    kinds = [LGBMClassifier(verbose=-1), ExtraTreesClassifier(n_jobs=2)]
    kinds += [LogisticRegression(max_iter=500), KNeighborsClassifier()]
    return StackingClassifier([(str(k), make_member(m)) for k, m in enumerate(kinds)])


OTHERS = {"lightgbm_defaults": lightgbm, "sklearn_stack": stack}


def file_size(model):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        save(model, path)
        load(path)
        return round(path.stat().st_size / 1e6, 1)


def study(name, task, options):
    """Fit our own, and others, to a table: a result each."""
    numbers = task == "regression"
    base = {"name": name, "task": task}
    model = auto(numbers, options.seconds, options.preset)
    found = run(name, model, task)
    if options.size:
        found["file_mb"] = file_size(model)
    weights = model.weights_[model.weights_ > 0].round(2).to_dict()
    yield base | {"system": f"{US}_{options.seconds:g}"} | found | {"weights": weights}
    if options.beside:
        for system, other in OTHERS.items():
            yield base | {"system": system} | run(name, other(numbers), task)


def ratios(ours: pd.Series, errors: pd.DataFrame) -> pd.DataFrame:
    """Our error by that of each system, with geometric mean and tables won."""
    table = pd.DataFrame({name: ours / errors[name] for name in errors}).loc[ours.index]
    means = np.exp(np.log(table).mean())
    won = [
        f"{(table[name] < 1).sum()} of {table[name].notna().sum()}" for name in table
    ]
    table = table.round(3)
    table.loc["geometric mean"] = means.round(4)
    return pd.concat(
        [table.astype(object), pd.DataFrame([won], ["won"], table.columns)]
    )


def mean_ranks(ours: pd.Series, errors: pd.DataFrame) -> pd.Series:
    """Mean rank of every system that ran on all tables; 1 is the best."""
    everyone = errors.loc[ours.index].dropna(axis=1).assign(**{str(ours.name): ours})
    return everyone.rank(axis=1).mean().sort_values().round(2)


def summary(rows):
    """Print ratios, ranks, and how times and sizes compare."""
    for system in dict.fromkeys(r["system"] for r in rows if US in r["system"]):
        mine = {r["name"]: r for r in rows if r["system"] == system}
        known = measured()
        for row in rows:
            if US not in row["system"]:
                known.setdefault(row["system"], {})[row["name"]] = row
        ours = pd.Series({name: r["error"] for name, r in mine.items()}, name=system)
        errors = pd.DataFrame(
            {s: {n: r["error"] for n, r in runs.items()} for s, runs in known.items()}
        ).reindex(ours.index)
        errors = errors.dropna(axis=1, how="all")
        print(ratios(ours, errors).to_string(na_rep=""), "\n")
        print("Mean rank:", mean_ranks(ours, errors).to_dict())
        for what in ("predict_s", "file_mb", "fit_s"):
            print(f"{what}, theirs / ours:", medians(mine, known, what))


def medians(mine, known, what):
    """How many times as much others take, the median over the tables."""
    found = {}
    for system, runs in known.items():
        both = [
            runs[name][what] / max(row[what], 0.01)
            for name, row in mine.items()
            if what in row and what in runs.get(name, {})
        ]
        if both:
            found[system] = round(float(np.median(both)), 2)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--tables")
    parser.add_argument("--preset", default="balanced")
    parser.add_argument("--beside", action="store_true")
    parser.add_argument("--size", action="store_true", help="size of the model file")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--read", type=Path, nargs="*", help="files of --out")
    options = parser.parse_args()
    rows = [
        json.loads(line)
        for path in options.read or ()
        for line in path.read_text().splitlines()
    ]
    if options.read is None:
        for name, task in tables(options.tables):
            for found in study(name, task, options):
                rows.append(found)
                keep(found, options.out)
    summary(rows)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
