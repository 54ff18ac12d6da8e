"""Every kind of member by itself: on small tables, with weights, with metadata routing."""

import importlib.util
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context

from skensemble import AutoEnsembleClassifier, AutoEnsembleRegressor
from skensemble.auto._candidate import Allowance
from skensemble.auto._facts import learn_facts
from skensemble.auto._kinds import MAKERS
from skensemble.auto._landmarks import Landmarks
from skensemble.auto._portfolio import chosen
from skensemble.auto._presets import PRESETS
from skensemble.core._targets import class_target, numeric_target

NAMES = [name for name in MAKERS if "catboost" not in name]


def table(n=120):
    rng = np.random.default_rng(0)
    words = rng.choice(["red", "green", "blue"], n)
    X = pd.DataFrame({"size": rng.uniform(1, 3, n), "word": words})
    return X, np.exp(X["size"] * 2 + (words == "red")) + rng.uniform(0, 0.1, n)


@pytest.mark.parametrize("name", NAMES)
def test_kinds_learn_numbers(name):
    X, y = table()
    model = AutoEnsembleRegressor(None, members=[name], cv=3, random_state=0)
    model.fit(X, y)
    assert not model.failed_
    assert np.sqrt(np.mean((model.predict(X) - y) ** 2)) < 0.8 * y.std()


@pytest.mark.parametrize(
    "name", [n for n in NAMES if "log" not in n and "sqrt" not in n]
)
def test_kinds_learn_classes(name):
    X, y = table()
    classes = np.where(y > y.median(), "dear", "cheap")
    model = AutoEnsembleClassifier(None, members=[name], cv=3, random_state=0)
    model.fit(X, classes)
    assert not model.failed_
    assert (model.predict(X) == classes).mean() > 0.85


@pytest.mark.parametrize("name", NAMES)
def test_weights_count_and_reach_members_under_routing(name):
    X, y = table(150)
    X, X_new, y = X[:110], X[110:], y[:110]
    weight = np.where(X["word"] == "red", 5.0, 1.0)
    model = AutoEnsembleRegressor(None, members=[name], cv=3, random_state=0)
    plain = model.fit(X, y, sample_weight=weight).predict(X_new)
    unweighted = model.fit(X, y).predict(X_new)
    with config_context(enable_metadata_routing=True):
        model.set_fit_request(sample_weight=True)
        routed = model.fit(X, y, sample_weight=weight)
        assert not routed.failed_
        np.testing.assert_array_equal(routed.predict(X_new), plain)
    assert not np.array_equal(plain, unweighted)


def test_forests_have_as_many_trees_as_there_is_time_for():
    X, y = table(2000)
    facts = replace(learn_facts(X, numeric_target(y)), n_rows=20_000)
    whole = MAKERS["extra_trees"](facts, Allowance(None, 5))
    short = MAKERS["extra_trees"](facts, Allowance(1.0, 5))
    trees = [one.estimator.estimator.n_estimators for one in (whole, short)]
    assert trees[0] == 60
    assert 30 <= trees[1] < 60
    assert whole.seconds / trees[0] == pytest.approx(short.seconds / trees[1])
    assert short.seconds < 0.21


def test_landmarks_are_no_more_than_the_rows():
    X = np.random.default_rng(0).normal(size=(20, 2))
    near = Landmarks(600, gamma=0.5, random_state=0).fit_transform(X)
    assert near.shape == (20, 20)
    # With all rows as landmarks, products give the kernel itself.
    distances = ((X[:, None] - X[None]) ** 2).sum(axis=2)
    np.testing.assert_allclose(near @ near.T, np.exp(-0.5 * distances), atol=1e-6)


@pytest.mark.parametrize("classes", [2, 3])
def test_who_comes_early(classes):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({name: rng.integers(0, 200, 3000).astype(str) for name in "ab"})
    X["c"] = rng.normal(size=3000)
    facts = learn_facts(X, class_target(rng.integers(0, classes, 3000)))
    assert facts.mostly_high
    chosen_ = chosen("auto", PRESETS["balanced"], facts, Allowance(None, 5))
    names = [one.name for one in chosen_ if one.name != "catboost"]
    assert names[0] == ("lightgbm" if classes == 2 else "linear")
    assert (names[-1] == "lightgbm") == (classes == 3)
    if importlib.util.find_spec("catboost"):
        early = [one.name for one in chosen_][classes == 2]
        assert early == "catboost"
