"""Forests without node statistics predict the same, in files of half the size."""

import numpy as np
import pytest
from sklearn import ensemble
from sklearn.base import clone

from skensemble import save
from skensemble.auto.members import _slim_forests
from skensemble.auto.members._slim_forests import rounded_down

KINDS = [
    "ExtraTreesClassifier",
    "ExtraTreesRegressor",
    "RandomForestClassifier",
    "RandomForestRegressor",
]


def table(n):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 5))
    X[rng.random(X.shape) < 0.1] = np.nan
    return X, np.round(3 * np.nan_to_num(X[:, 0]) + rng.normal(size=n))


@pytest.mark.parametrize("kind", KINDS)
def test_predictions_are_the_same_and_files_smaller(kind, tmp_path):
    X, y = table(1500)
    y = y > 0 if "Classifier" in kind else y
    options = {"n_estimators": 20, "random_state": 0}
    weight = np.random.default_rng(1).uniform(size=len(y))
    whole = getattr(ensemble, kind)(**options).fit(X, y, sample_weight=weight)
    slim = getattr(_slim_forests, f"Slim{kind}")(**options)
    slim = clone(slim).fit(X, y, sample_weight=weight)
    X_new = np.vstack([X, np.random.default_rng(2).normal(size=(5000, 5))])
    # Just above and below thresholds, where rounding could change the branch.
    at = whole.estimators_[0].tree_.threshold
    at = at[np.isfinite(at)][:200].astype(np.float32)
    X_new[: len(at), 0] = np.nextafter(at, np.float32(np.inf))
    X_new[len(at) : 2 * len(at), 0] = at
    method = "predict_proba" if "Classifier" in kind else "predict"
    np.testing.assert_array_equal(
        getattr(slim, method)(X_new), getattr(whole, method)(X_new)
    )
    save(whole, tmp_path / "whole")
    save(slim, tmp_path / "slim")
    sizes = [(tmp_path / name).stat().st_size for name in ("slim", "whole")]
    assert sizes[0] < 0.7 * sizes[1]


def test_numbers_are_rounded_down():
    numbers = np.random.default_rng(0).normal(size=10_000) * 1e3
    rounded = rounded_down(numbers)
    assert rounded.dtype == np.float32
    assert (rounded <= numbers).all()
    assert (np.nextafter(rounded, np.float32(np.inf)) > numbers).all()
    np.testing.assert_array_equal(rounded_down(rounded.astype(float)), rounded)
