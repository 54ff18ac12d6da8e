"""AutoGluon and FLAML on the protocol of ``benchmarks/auto.py``, with sizes of models.

Both want an environment of their own: ``pip install "autogluon.tabular[all]==1.6.3"
"flaml[automl]==2.7.0"``. There, ``python benchmarks/auto_peers.py autogluon --seconds
60 --out benchmarks/measured/autogluon_60.jsonl`` keeps a JSON line a table, which
``benchmarks/auto.py`` reads. Every table has a process of its own, so that nothing of
one is left for the next.
"""

import argparse
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import pandas as pd
from _protocol import DATA, keep, rules, run, tables

_METRICS = {
    "binary": "roc_auc",
    "multiclass": "log_loss",
    "regression": "root_mean_squared_error",
}


def autogluon(name, task, seconds):
    """Run ``best_quality``; the size is that of its folder."""
    from autogluon.tabular import TabularPredictor

    protocol = rules()
    _, X, X_new, y, y_new = protocol.load(name, data=DATA)
    numbers = task == "regression"
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        found = TabularPredictor(
            label="__y",
            eval_metric=_METRICS[task],
            path=folder,
            verbosity=0,
            problem_type=task,
        ).fit(
            X.assign(__y=y),
            presets="best_quality",
            time_limit=seconds,
            num_cpus=2,
            num_gpus=0,
        )
        fitted = time.perf_counter()
        said = found.predict(X_new) if numbers else found.predict_proba(X_new)
        predicted = time.perf_counter()
        classes = None if numbers else list(said.columns)
        return {
            "error": float(protocol.error(task, y_new, said.to_numpy(), classes)),
            "fit_s": round(fitted - start, 1),
            "predict_s": round(predicted - fitted, 2),
            "file_mb": round(found.disk_usage() / 1e6, 1),
        }


class Flaml:
    """FLAML with its stack; words are categories, the only kind that it takes."""

    def __init__(self, task, seconds):
        self.task, self.seconds = task, seconds

    def fit(self, X, y):
        from flaml import AutoML

        numbers = self.task == "regression"
        self.model_ = AutoML()
        self.model_.fit(
            _as_categories(X),
            y,
            task="regression" if numbers else "classification",
            metric="rmse" if numbers else _METRICS[self.task],
            time_budget=self.seconds,
            ensemble=True,
            n_jobs=2,
            verbose=0,
            seed=0,
        )
        self.classes_ = None if numbers else list(self.model_.classes_)

    def predict(self, X):
        return self.model_.predict(_as_categories(X))

    def predict_proba(self, X):
        return self.model_.predict_proba(_as_categories(X))


def _as_categories(X):
    words = [c for c in X if not pd.api.types.is_numeric_dtype(X[c])]
    return X.astype(dict.fromkeys(words, "category"))


def flaml(name, task, seconds):
    return run(name, Flaml(task, seconds), task)


SYSTEMS = {"autogluon": autogluon, "flaml": flaml}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("system", choices=list(SYSTEMS))
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--tables")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    for name, task in tables(options.tables):
        if not options.here:
            command = [sys.executable, *sys.argv, "--here", "--tables", name]
            subprocess.run(command, check=False)
            continue
        found = SYSTEMS[options.system](name, task, options.seconds)
        label = "autogluon_best_quality" if options.system == "autogluon" else "flaml"
        system = f"{label}_{options.seconds:g}"
        keep({"name": name, "system": system, "task": task, **found}, options.out)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
