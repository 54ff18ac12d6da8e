"""The guard against overfitting of upper layers."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import (
    r2_score,
)
from sklearn.model_selection import (
    TimeSeriesSplit,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from stacking_data import CLOSE, Column, says

from skensemble import (
    StackingClassifier,
    StackingRegressor,
)
from skensemble.exceptions import StackedOverfitWarning


def noisy(kind):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(280, 3))
    raw = X[:, 0] + rng.normal(scale=0.5, size=280)
    return X, raw if kind == "numbers" else np.where(raw > 0, "up", "down")


GUARDED = {
    "numbers": (
        StackingRegressor([("ridge", Ridge()), ("stiff", Ridge(alpha=300))]),
        [KNeighborsRegressor(1), DecisionTreeRegressor(random_state=0)],
        "r2",
    ),
    "classes": (
        StackingClassifier(
            [("bayes", GaussianNB()), ("logistic", LogisticRegression())]
        ),
        [KNeighborsClassifier(1), DecisionTreeClassifier(random_state=0)],
        "neg_log_loss",
    ),
}


@pytest.mark.parametrize(
    ("kind", "upper"), [("numbers", 0), ("numbers", 1), ("classes", 1)]
)
def test_guard_names_layers_that_overfit(kind, upper):
    model, above, scoring = GUARDED[kind]
    X, y = noisy(kind)
    layers = [[("above", above[upper])]]
    model = clone(model).set_params(layers=layers, random_state=0, scoring=scoring)
    model.set_params(guard_fraction=0.4)
    with pytest.warns(StackedOverfitWarning, match="only 1 layer") as reported:
        warned = clone(model).set_params(guard="warn").fit(X, y)
    assert len(reported) == 1
    assert_array_equal(warned.predict(X), clone(model).fit(X, y).predict(X))
    with pytest.warns(StackedOverfitWarning, match="only 1 layer"):
        fallen = clone(model).set_params(guard="fallback").fit(X, y)
    flat = clone(model).set_params(layers=None).fit(X, y)
    assert_array_equal(says(fallen, X), says(flat, X))
    assert list(fallen.oof_) == list(flat.oof_)
    for table in (warned.guard_, fallen.guard_):
        assert table.index.name == "n_layers"
        assert list(table.index) == [1, 2]
        assert {"oof_score", "held_out_score", "gap"} <= set(table)
        assert table.loc[1, "held_out_score"] > table.loc[2, "held_out_score"]
        gap = table["oof_score"] - table["held_out_score"]
        assert_allclose(table["gap"], gap, **CLOSE)


@pytest.mark.parametrize("guard", ["warn", "fallback"])
def test_guard_keeps_layers_that_help(guard):
    # The target is a product, which only the upper layer can form from predictions.
    rng = np.random.default_rng(0)
    X = rng.normal(size=(240, 2))
    y = X[:, 0] * X[:, 1]
    members = [("first", Column(0)), ("second", Column(1))]
    layers = [[("tree", DecisionTreeRegressor(max_depth=6, random_state=0))]]
    model = StackingRegressor(members, layers=layers, guard=guard, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(X, y)
    assert "tree" in model.named_estimators_
    assert model.guard_["held_out_score"].idxmax() == 2
    assert model.score(X, y) > 0.5


def test_guard_holds_the_last_rows_of_time_series_out():
    X, y = noisy("numbers")
    model, above, _ = GUARDED["numbers"]
    model = clone(model).set_params(
        layers=[[("above", above[0])]], cv=TimeSeriesSplit(4), guard_fraction=0.25
    )
    flat = clone(model).set_params(layers=None).fit(X[:210], y[:210])
    with pytest.warns(StackedOverfitWarning):
        model.set_params(guard="warn").fit(X, y)
    expected = r2_score(y[210:], flat.predict(X[210:]))
    assert model.guard_.loc[1, "held_out_score"] == pytest.approx(expected)
