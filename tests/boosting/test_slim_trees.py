"""Trees reduced to what predictions need: same leaves, nearly same values."""

import pickle

import numpy as np
import pandas as pd
import pytest

from skensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    LightGBM,
    XGBoost,
    save,
)

ENGINES = {
    "lightgbm": LightGBM(bagging_fraction=0.8, bagging_freq=1),
    "xgboost": XGBoost(subsample=0.8),
}


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(2000, 4)), columns=list("abcd"))
    X.loc[rng.random(2000) < 0.1, "a"] = np.nan
    X["kind"] = pd.Categorical(rng.choice(list("uvwxyz"), 2000))
    signal = X["a"].fillna(1) + X["b"] * X["c"] + X["kind"].cat.codes % 3
    return X, signal + rng.normal(size=2000)


def fitted(engine, task, table, **options):
    X, y = table
    kind = GradientBoostingClassifier
    if task == "regression":
        kind = GradientBoostingRegressor
    else:
        y = pd.cut(y, 2 if task == "binary" else 4, labels=False)
    return kind(engine=ENGINES[engine], n_estimators=60, random_state=0, **options).fit(
        X, y
    )


def slimmed(model):
    model = pickle.loads(pickle.dumps(model))
    for forest in model._forests:
        forest.slim()
    return model


@pytest.mark.parametrize("engine", list(ENGINES))
@pytest.mark.parametrize("task", ["regression", "binary", "multiclass"])
def test_same_leaves_and_a_smaller_file(engine, task, table, tmp_path):
    whole = fitted(engine, task, table)
    slim = slimmed(whole)
    X = table[0]
    np.testing.assert_array_equal(slim.apply(X), whole.apply(X))
    says = "predict" if task == "regression" else "decision_function"
    expected = getattr(whole, says)(X)
    got = getattr(slim, says)(X)
    np.testing.assert_allclose(got, expected, atol=1e-4 * expected.std())
    for name, model in {"whole": whole, "slim": slim}.items():
        save(model, tmp_path / name)
    sizes = [(tmp_path / name).stat().st_size for name in ("slim", "whole")]
    assert sizes[0] < 0.6 * sizes[1]
    again = pickle.loads(pickle.dumps(slim))
    np.testing.assert_array_equal(getattr(again, says)(X), got)


@pytest.mark.parametrize("engine", list(ENGINES))
def test_trees_of_one_leaf(engine, table):
    whole = fitted(engine, "regression", table, min_samples_leaf=1500)
    slim = slimmed(whole)
    np.testing.assert_allclose(
        slim.predict(table[0]), whole.predict(table[0]), rtol=1e-5
    )
