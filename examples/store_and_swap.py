"""
Fit the members once, then change your mind
===========================================

Fitting members takes the time; combining them takes none. Here five members of house
prices in Ames are fitted once and kept in a folder. A stack, a Super Learner, an
ensemble selection and a stack of two layers then take them from there, another member
joins, and the least missed ones go.
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
# Log prices; a quarter of the houses is held out from everything.

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
# Every fit is kept as soon as it is done. A run that is killed goes on from there.

folder = tempfile.TemporaryDirectory()
store = Store(folder.name, max_bytes=10**9)
shared = {"memory": store, "n_jobs": 2, "random_state": 0}


def fit_and_tell(ensemble):
    """Fit an ensemble; say what it fitted, what it found, and how good it is."""
    started = time.perf_counter()
    ensemble.fit(X, y)
    return tell(ensemble, time.perf_counter() - started)


def tell(ensemble, seconds):
    """Print one line about a fitted ensemble, and give it back."""
    found = sum(cell.cached for cell in ensemble.fits_)
    error = root_mean_squared_error(y_test, ensemble.predict(X_test))
    print(
        f"{type(ensemble).__name__:26} {len(ensemble.fits_) - found:2} fitted, "
        f"{found:2} from the store, {seconds:5.1f} s; held-out RMSE {error:.4f}"
    )
    return ensemble


stack = fit_and_tell(StackingRegressor(members, **shared))
print(store.info())

# %%
# Then combine otherwise
# ----------------------

learner = fit_and_tell(SuperLearnerRegressor(members, **shared))
selection = fit_and_tell(EnsembleSelectionRegressor(members, **shared))
print(learner.cv_risk_.round(4))

# %%
# A second layer finds the first one. The guard fits all on four fifths of the rows first,
# and these fits are new; it then keeps only as many layers as did best on the other fifth.

upper = [("upper ridge", RidgeCV()), ("upper trees", ExtraTreesRegressor(30))]
before = store.info().n_fits
with warnings.catch_warnings():
    warnings.simplefilter("ignore", StackedOverfitWarning)
    deep = fit_and_tell(
        StackingRegressor(members, layers=[upper], guard="fallback", **shared)
    )
print(deep.guard_.round(4))
print("fits for the guard:", store.info().n_fits - before)
print("layers that were fitted:", 1 + ("upper ridge" in deep.oof_.blocks))

# %%
# One member more, and fewer
# --------------------------
# A member that joins is the only one fitted; those that go cost nothing.

started = time.perf_counter()
more = LGBMRegressor(n_estimators=120, num_leaves=7, verbose=-1)
learner = learner.add_members([("small lgbm", make_pipeline(ordinal, more))])
tell(learner, time.perf_counter() - started)

small = learner.compress(max_members=3)
error = root_mean_squared_error(y_test, small.predict(X_test))
print(small.compression_.round(4))
print(f"held-out RMSE of {list(small.named_estimators_)}: {error:.4f}")

# %%
# What the ensemble looks like
# ----------------------------
# The best on top; the diamond is the Super Learner, its weights found without the rows
# that are scored.

LeaderboardDisplay.from_estimator(learner, score_name="R²")

# %%
# Who counts.

WeightsDisplay.from_estimator(learner)

# %%
# And who errs with whom: the two kinds of LightGBM say nearly the same.

DiversityDisplay.from_estimator(learner)
plt.show()

# %%
folder.cleanup()
