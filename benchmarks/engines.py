"""Held-out loss of our engines beside the libraries' own wrappers, same parameters.

``python benchmarks/engines.py`` prints the table of `docs/benchmarks.md`.
"""

import lightgbm
import numpy as np
import pandas as pd
import xgboost
from _tables import codes, read
from sklearn.ensemble import (
    GradientBoostingClassifier as SklearnClassifier,
    GradientBoostingRegressor as SklearnRegressor,
)
from sklearn.model_selection import train_test_split

from skensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    LightGBM,
    WeakLearner,
    XGBoost,
)
from skensemble.losses import LogLoss, SquaredError

TABLES = ["california_housing", "bike_sharing", "adult", "spambase", "covertype_15k"]
N_TREES, RATE = 100, 0.1
LEAVES = {"num_leaves": 31, "min_child_samples": 20}
DEPTH = {"max_depth": 5, "min_child_weight": 1.0}


def ours(classes, engine, **options):
    kind = GradientBoostingClassifier if classes else GradientBoostingRegressor
    return kind(engine=engine, n_estimators=N_TREES, random_state=0, **options)


def models(classes):
    """Pairs of names and models: a library's wrapper, then ours."""
    suffix = "Classifier" if classes else "Regressor"
    shared = {"n_estimators": N_TREES, "learning_rate": RATE}
    sklearn = SklearnClassifier if classes else SklearnRegressor
    return {
        "LightGBM": (
            getattr(lightgbm, f"LGBM{suffix}")(verbose=-1, **shared, **LEAVES),
            ours(classes, LightGBM(**LEAVES)),
            ours(classes, LightGBM(native=False, **LEAVES)),
        ),
        "XGBoost": (
            getattr(xgboost, f"XGB{suffix}")(**shared, **DEPTH),
            ours(classes, XGBoost(**DEPTH)),
            ours(classes, XGBoost(native=False, **DEPTH)),
        ),
        "scikit-learn": (
            sklearn(random_state=0, **shared),
            ours(classes, WeakLearner()),
        ),
    }


def loss(model, X, y):
    if hasattr(model, "predict_proba"):
        return -LogLoss().score(y, model.predict_proba(X))
    return -SquaredError().score(y, model.predict(X))


def main():
    rows = []
    for name in TABLES:
        frame, y, task = read(name, rows=20_000)
        classes = task != "regression"
        y = np.unique(y, return_inverse=True)[1] if classes else y.astype(float)
        X = codes(frame)
        if not classes:
            y = (y - y.mean()) / y.std()
        for library, group in models(classes).items():
            if library == "scikit-learn":
                X = np.nan_to_num(X, nan=-1.0)
            found = []
            for seed in range(3):
                parts = train_test_split(X, y, random_state=seed)
                found.append(
                    [loss(m.fit(parts[0], parts[2]), parts[1], parts[3]) for m in group]
                )
            mean = np.mean(found, axis=0)
            ratios = [*np.round(mean[1:] / mean[0], 4), np.nan][:2]
            rows.append([name, library, round(mean[0], 5), *ratios])
    names = ["table", "library", "its loss", "ours / its", "our derivatives / its"]
    print(pd.DataFrame(rows, columns=names).to_string(index=False))


if __name__ == "__main__":
    main()
