"""Every member of the catalogue: small tables, weights, metadata routing."""

import importlib.util
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.base import clone

from skensemble import AutoEnsembleClassifier, AutoEnsembleRegressor
from skensemble.auto import _fitted_ensemble
from skensemble.auto._candidate import TimeAllowance
from skensemble.auto._catalogue import CATALOGUE
from skensemble.auto._portfolio import select_candidates
from skensemble.auto._presets import PRESETS
from skensemble.auto._table_facts import find_facts
from skensemble.auto.members import RBFLandmarks
from skensemble.core import class_target, numeric_target

NAMES = [name for name in CATALOGUE if "catboost" not in name]


def table(n=120):
    rng = np.random.default_rng(0)
    words = rng.choice(["red", "green", "blue"], n)
    X = pd.DataFrame({"size": rng.uniform(1, 3, n), "word": words})
    return X, np.exp(X["size"] * 2 + (words == "red")) + rng.uniform(0, 0.1, n)


@pytest.mark.parametrize("name", NAMES)
def test_members_fit_regression_and_weights_count(name, monkeypatch):
    X, y = table()
    model = AutoEnsembleRegressor(
        None, preset="fast", members=[name], cv=2, random_state=0, n_jobs=1
    )
    model.fit(X, y)
    assert not model.failed_
    assert np.sqrt(np.mean((model.predict(X) - y) ** 2)) < 0.8 * y.std()
    # The models of the folds show that weights count; those of all rows take long.
    monkeypatch.setattr(_fitted_ensemble, "fit_on_all_rows", lambda model, *_: model)
    weighted = clone(model).fit(X, y, sample_weight=weights_of(X))
    assert not weighted.failed_
    assert not np.array_equal(weighted.oof_[name], model.oof_[name])


@pytest.mark.parametrize(
    "name", [n for n in NAMES if "log" not in n and "sqrt" not in n]
)
def test_members_fit_classes(name):
    X, y = table()
    # With a few wrong labels, boosting stops early.
    wrong = np.arange(len(y)) % 25 == 0
    classes = np.where((y > y.median()) ^ wrong, "expensive", "cheap")
    model = AutoEnsembleClassifier(
        None, preset="fast", members=[name], cv=2, random_state=0, n_jobs=1
    )
    model.fit(X, classes)
    assert not model.failed_
    assert (model.predict(X) == classes).mean() > 0.85


@pytest.mark.parametrize("name", ["linear", "lightgbm", "extra_trees", "neighbors"])
def test_weights_reach_members_under_routing(name):
    X, y = table()
    weight = weights_of(X)
    model = AutoEnsembleRegressor(
        None, preset="fast", members=[name], cv=2, random_state=0, n_jobs=1
    )
    expected = model.fit(X, y, sample_weight=weight).predict(X)
    with config_context(enable_metadata_routing=True):
        model.set_fit_request(sample_weight=True)
        routed = model.fit(X, y, sample_weight=weight)
        assert not routed.failed_
        np.testing.assert_array_equal(routed.predict(X), expected)


def weights_of(X):
    return np.where(X["word"] == "red", 5.0, 1.0)


def test_forests_have_as_many_trees_as_there_is_time_for():
    X, y = table(2000)
    facts = replace(find_facts(X, numeric_target(y)), n_rows=20_000)
    whole = CATALOGUE["extra_trees"](facts, TimeAllowance(None, 5))
    short = CATALOGUE["extra_trees"](facts, TimeAllowance(1.0, 5))
    trees = [one.estimator.estimator.n_estimators for one in (whole, short)]
    assert trees[0] == 60
    assert 30 <= trees[1] < 60
    assert whole.seconds / trees[0] == pytest.approx(short.seconds / trees[1])
    assert short.seconds < 0.21


def test_at_most_all_rows_are_landmarks():
    X = np.random.default_rng(0).normal(size=(20, 2))
    near = RBFLandmarks(600, gamma=0.5, random_state=0).fit_transform(X)
    assert near.shape == (20, 20)
    # With all rows as landmarks, products give the kernel itself.
    distances = ((X[:, None] - X[None]) ** 2).sum(axis=2)
    np.testing.assert_allclose(near @ near.T, np.exp(-0.5 * distances), atol=1e-6)


@pytest.mark.parametrize("classes", [2, 3])
def test_order_for_high_cardinality_columns(classes):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({name: rng.integers(0, 200, 3000).astype(str) for name in "ab"})
    X["c"] = rng.normal(size=3000)
    facts = find_facts(X, class_target(rng.integers(0, classes, 3000)))
    assert facts.mostly_high_cardinality
    candidates = select_candidates(
        "auto", PRESETS["balanced"], facts, TimeAllowance(None, 5)
    )
    names = [one.name for one in candidates if one.name != "catboost"]
    assert names[0] == ("lightgbm" if classes == 2 else "linear")
    assert (names[-1] == "lightgbm") == (classes == 3)
    if importlib.util.find_spec("catboost"):
        early = [one.name for one in candidates][classes == 2]
        assert early == "catboost"
