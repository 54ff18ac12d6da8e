"""The automatic ensembles beside AutoGluon and others, on one protocol: docs/auto.md.

Run as ``python benchmarks/auto.py --seconds 60``: every core table of ``../shared/data``
is split once, a third held out and 20,000 rows at most to learn from, and the error (1 -
AUC, log loss or RMSE) is divided by that of the systems measured in
``../shared/compare``. ``--tables titanic,adult`` runs some; ``--beside`` also fits
LightGBM with its defaults and scikit-learn's stack of four members; ``--out`` keeps a
JSON line a table.
"""

import argparse
import json
import pickle
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
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

FOLDER = Path("../shared/compare")
DATA = Path("../shared/data")


def protocol():
    if not (FOLDER / "protocol.py").exists():
        sys.exit(f"The protocol is not in {FOLDER.resolve()}: nothing to compare.")
    sys.path.insert(0, str(FOLDER.resolve()))
    import protocol

    return protocol


def measured():
    """Results of other systems, by table and system."""
    found = {}
    for path in sorted(FOLDER.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            entry = json.loads(line)
            found[entry["name"], entry["system"]] = entry
    return found


def auto(numbers, seconds, preset):
    kind = AutoEnsembleRegressor if numbers else AutoEnsembleClassifier
    return kind(seconds, preset=preset, random_state=0)


def lightgbm(numbers):
    return make_member(LGBMRegressor() if numbers else LGBMClassifier(verbose=-1))


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


def run(rules, name, model, task):
    """Fit, predict and weigh a model on a table."""
    _, X, X_new, y, y_new = rules.load(name, data=DATA)
    start = time.perf_counter()
    model.fit(X, y)
    fitted = time.perf_counter()
    numbers = task == "regression"
    said = model.predict(X_new) if numbers else model.predict_proba(X_new)
    predicted = time.perf_counter()
    classes = None if numbers else list(model.classes_)
    return {
        "error": float(rules.error(task, y_new, said, classes)),
        "fit_s": round(fitted - start, 1),
        "predict_s": round(predicted - fitted, 2),
        "pickle_mb": round(len(pickle.dumps(model)) / 1e6, 1),
    }


def file_size(model):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model"
        save(model, path)
        load(path)
        return round(path.stat().st_size / 1e6, 1)


def tables(names):
    entries = json.loads((DATA / "index.json").read_text())
    wanted = names.split(",") if names else None
    for entry in entries:
        if entry["name"] in wanted if wanted else entry.get("core"):
            yield entry["name"], entry["task"]


def study(rules, known, name, task, options):
    """One table: the error, and its ratio to that of others."""
    numbers = task == "regression"
    model = auto(numbers, options.seconds, options.preset)
    row = {"name": name, **run(rules, name, model, task)}
    if options.size:
        row["file_mb"] = file_size(model)
    row["weights"] = model.weights_[model.weights_ > 0].round(2).to_dict()
    for (table, system), entry in known.items():
        if table == name:
            label = system.replace("autogluon_best_quality_", "AG ")
            row[label] = round(row["error"] / entry["error"], 4)
    for label, other in (("lightgbm", lightgbm), ("stack", stack)):
        if options.beside:
            found = run(rules, name, other(numbers), task)
            row[label] = round(row["error"] / found["error"], 4)
    return row


def summary(rows):
    """Geometric means of the ratios, and how many are below one."""
    frame = pd.DataFrame(rows).set_index("name")
    for column in frame.columns:
        if column.startswith("AG") or column in ("lightgbm", "stack"):
            ratio = frame[column].dropna()
            mean, won = np.exp(np.log(ratio).mean()), int((ratio < 1).sum())
            yield f"error / {column}: mean {mean:.4f}, {won} of {len(ratio)} won"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--tables")
    parser.add_argument("--preset", default="balanced")
    parser.add_argument("--beside", action="store_true")
    parser.add_argument("--size", action="store_true", help="size of the model file")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    rules, known, rows = protocol(), measured(), []
    for name, task in tables(options.tables):
        rows.append(study(rules, known, name, task, options))
        print(json.dumps(rows[-1]), flush=True)
        if options.out:
            with options.out.open("a") as file:
                file.write(json.dumps(rows[-1]) + "\n")
    print(*summary(rows), sep="\n")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
