"""Sizes of the automatic ensembles in pickles and in files.

Run as ``python benchmarks/auto_files.py --limit 10``: fits the core tables of
``../shared/data`` and prints the sizes in MB of a pickle, of ``joblib.dump`` and of a
file of ``save``, and the ratio of pickle and file. With ``--fold-models`` no member is
fitted on all rows, as where time is short: each predicts with the models of its folds.
"""

import argparse
import pickle
import tempfile
import warnings
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from _protocol import keep, tables
from _tables import read

from skensemble import AutoEnsembleClassifier, AutoEnsembleRegressor
from skensemble.auto import _fitted_ensemble
from skensemble.persistence import save

MB = 1e6


def study(name, task, seconds):
    X, y, _ = read(name)
    numbers = task == "regression"
    kind = AutoEnsembleRegressor if numbers else AutoEnsembleClassifier
    auto = kind(seconds, random_state=0, n_jobs=1).fit(X, y)
    data = pickle.dumps(auto)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "auto"
        save(auto, path)
        size = path.stat().st_size
        joblib.dump(auto, path)
        dumped = path.stat().st_size
    ask = auto.predict if numbers else auto.predict_proba
    again = pickle.loads(data)
    found = again.predict if numbers else again.predict_proba
    return {
        "name": name,
        "rows": len(X),
        "columns": X.shape[1],
        "members": int((auto.weights_ > 0).sum()),
        "pickle": len(data) / MB,
        "joblib": dumped / MB,
        "save": size / MB,
        "ratio": len(data) / size,
        "equal": np.array_equal(ask(X[:1000]), found(X[:1000])),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables")
    parser.add_argument("--limit", type=float, default=10)
    parser.add_argument("--fold-models", action="store_true")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if options.fold_models:
        _fitted_ensemble.fit_on_all_rows = lambda model, *_: model
    rows = []
    for name, task in tables(options.tables):
        rows.append(study(name, task, options.limit))
        keep(rows[-1], options.out)
    table = pd.DataFrame(rows).set_index("name")
    print(table.round(2).to_string())
    print(f"largest ratio: {table['ratio'].max():.2f}")


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
