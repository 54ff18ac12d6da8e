"""
Fit the members once, combine them several times
================================================

Fitting the members takes nearly all of the time, and combining them takes very little.
Here five members for house prices in Ames are fitted once and stored in a folder. A
stack, a Super Learner, an ensemble selection and a stack with two layers use the stored
fits. Then one member is added, and the least important members are removed.
"""

import tempfile
import time
import warnings

import matplotlib.pyplot as plt
import numpy as np
from lightgbm import LGBMRegressor
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.metrics import root_mean_squared_error
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import SVR

from skensemble import (
    EnsembleSelectionRegressor,
    StackingRegressor,
    SuperLearnerRegressor,
)
from skensemble.datasets import load_ames
from skensemble.display import DiversityDisplay, LeaderboardDisplay, WeightsDisplay
from skensemble.exceptions import StackedOverfitWarning
from skensemble.fitting import Store

# %%
# The members
# -----------
# The target is the logarithm of the price. A quarter of the houses is held out.

X, y = load_ames(return_X_y=True)
X, X_test, y, y_test = train_test_split(X, np.log(y), test_size=0.25, random_state=0)

text = make_column_selector(dtype_exclude="number")
number = make_column_selector(dtype_include="number")
codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
ordinal = make_column_transformer((codes, text), remainder="passthrough")
dummies = OneHotEncoder(handle_unknown="ignore", min_frequency=10, sparse_output=False)
scaled = make_column_transformer((StandardScaler(), number), (dummies, text))

members = [
    ("lgbm", make_pipeline(ordinal, LGBMRegressor(n_estimators=60, verbose=-1))),
    ("trees", make_pipeline(ordinal, ExtraTreesRegressor(30, max_features=0.3))),
    ("ridge", make_pipeline(scaled, Ridge(10.0))),
    ("kernel", make_pipeline(scaled, SVR(C=0.5, gamma=0.001, epsilon=0.05))),
    ("near", make_pipeline(scaled, KNeighborsRegressor(10, weights="distance"))),
]

# %%
# Fit once
# --------
# Every fit is stored when it is complete. If a run is interrupted, the next run uses
# the stored fits.

folder = tempfile.TemporaryDirectory()
store = Store(folder.name, max_bytes=10**9)
shared = {"memory": store, "n_jobs": 2, "random_state": 0}


def fit_and_report(ensemble):
    """Fit an ensemble and report its fits, its cached fits and its error."""
    started = time.perf_counter()
    ensemble.fit(X, y)
    return report(ensemble, time.perf_counter() - started)


def report(ensemble, seconds):
    """Print one line about a fitted ensemble and return it."""
    found = sum(fold_fit.cached for fold_fit in ensemble.fits_)
    error = root_mean_squared_error(y_test, ensemble.predict(X_test))
    print(
        f"{type(ensemble).__name__:26} {len(ensemble.fits_) - found:2} fitted, "
        f"{found:2} from the store, {seconds:5.1f} s; held-out RMSE {error:.4f}"
    )
    return ensemble


stack = fit_and_report(StackingRegressor(members, **shared))
print(store.info())

# %%
# Other combinations
# ------------------

learner = fit_and_report(SuperLearnerRegressor(members, **shared))
selection = fit_and_report(EnsembleSelectionRegressor(members, **shared))
print(learner.cv_risk_.round(4))

# %%
# A stack with a second layer reuses the fits of the first layer. The guard first fits
# all layers on four fifths of the rows, which needs new fits. It then keeps the number
# of layers with the best score on the other fifth.

upper = [("upper ridge", RidgeCV()), ("upper trees", ExtraTreesRegressor(30))]
before = store.info().n_fits
with warnings.catch_warnings():
    warnings.simplefilter("ignore", StackedOverfitWarning)
    deep = fit_and_report(
        StackingRegressor(members, layers=[upper], guard="fallback", **shared)
    )
print(deep.guard_.round(4))
print("fits for the guard:", store.info().n_fits - before)
print("layers that were fitted:", 1 + ("upper ridge" in deep.oof_.blocks))

# %%
# Add and remove members
# ----------------------
# Only the added member is fitted. Removing members needs no fit.

started = time.perf_counter()
more = LGBMRegressor(n_estimators=120, num_leaves=7, verbose=-1)
learner = learner.add_members([("small lgbm", make_pipeline(ordinal, more))])
report(learner, time.perf_counter() - started)

small = learner.compress(max_members=3)
error = root_mean_squared_error(y_test, small.predict(X_test))
print(small.compression_.round(4))
print(f"held-out RMSE of {list(small.named_estimators_)}: {error:.4f}")

# %%
# Displays
# --------
# The best member is at the top. The diamond is the Super Learner. Its weights were
# fitted without the rows that are scored.

LeaderboardDisplay.from_estimator(learner, score_name="R²")

# %%
# The weights of the members:

WeightsDisplay.from_estimator(learner)

# %%
# The correlation of the errors of each pair of members. The predictions of the two
# LightGBM members are nearly the same.

DiversityDisplay.from_estimator(learner)
plt.show()

# %%
folder.cleanup()
