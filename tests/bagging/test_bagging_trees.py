"""The binned engine, compared with exact trees."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import make_classification, make_friedman1
from sklearn.metrics import r2_score, roc_auc_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skensemble import BaggingClassifier, BaggingRegressor


def coarse(n_rows=400, seed=0):
    """Few values a feature, so that bins lose nothing."""
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 12, size=(n_rows, 5)).astype(float)
    return X, X[:, 0] * X[:, 1] + rng.normal(size=n_rows)


@pytest.mark.parametrize(
    "params",
    [{}, {"max_depth": 4}, {"min_samples_leaf": 5}, {"max_leaf_nodes": 20}],
)
def test_leaves_hold_the_means_of_their_rows(params):
    X, y = coarse()
    bag = BaggingRegressor(
        DecisionTreeRegressor(**params), 5, engine="binned", random_state=0
    ).fit(X, y)
    assert bag.engine_ == "binned"
    for tree, rows in zip(bag.estimators_, bag.estimators_samples_, strict=True):
        leaves, predictions = tree.apply(X), tree.predict(X)
        for leaf in np.unique(leaves[rows]):
            inside = rows[leaves[rows] == leaf]
            assert len(inside) >= params.get("min_samples_leaf", 1)
            expected = y[inside].mean()
            np.testing.assert_allclose(
                predictions[inside], expected, rtol=1e-5, atol=1e-5
            )
        assert tree.get_n_leaves() == len(np.unique(leaves[rows]))
        assert tree.get_n_leaves() <= params.get("max_leaf_nodes", 400)
        assert tree.get_depth() <= params.get("max_depth", 400)
        assert tree.feature_importances_.sum() == pytest.approx(1)
        assert set(np.argsort(tree.feature_importances_)[-2:]) == {0, 1}


def test_unpruned_trees_fit_as_exact_trees_do():
    X, y = coarse()
    bag = BaggingRegressor(n_estimators=3, engine="binned", random_state=0).fit(X, y)
    for tree, rows in zip(bag.estimators_, bag.estimators_samples_, strict=True):
        exact = DecisionTreeRegressor(random_state=0).fit(X[rows], y[rows])
        np.testing.assert_allclose(
            tree.predict(X[rows]), exact.predict(X[rows]), atol=1e-5
        )


def test_the_bag_is_the_mean_of_its_trees():
    X, y = make_classification(500, random_state=0)
    labels = np.array(["no", "yes"])[y]
    bag = BaggingClassifier(n_estimators=6, engine="binned", random_state=0)
    bag.fit(X, labels)
    predictions = np.mean([tree.predict_proba(X) for tree in bag.estimators_], axis=0)
    np.testing.assert_allclose(bag.predict_proba(X), predictions, atol=1e-11)
    np.testing.assert_array_equal(
        bag.predict(X), bag.classes_[predictions.argmax(axis=1)]
    )
    np.testing.assert_allclose(
        np.exp(bag.predict_log_proba(X)), bag.predict_proba(X), atol=1e-12
    )
    assert not hasattr(bag, "decision_function")
    for tree, rows in zip(bag.estimators_, bag.estimators_samples_, strict=True):
        assert (tree.predict(X[rows]) == y[rows]).all()


@pytest.mark.parametrize("how", ["median", "trimmed"])
def test_other_means_of_the_trees(how):
    X, y = coarse()
    bag = BaggingRegressor(
        n_estimators=21, engine="binned", aggregation=how, random_state=0
    ).fit(X, y)
    predictions = np.sort([tree.predict(X) for tree in bag.estimators_], axis=0)
    expected = predictions[10] if how == "median" else predictions[2:19].mean(axis=0)
    np.testing.assert_allclose(bag.predict(X), expected)


def test_as_good_as_exact_trees():
    X, y = make_classification(4000, 20, n_informative=8, random_state=0)
    Z, v = make_friedman1(4000, noise=1, random_state=0)
    scores = {}
    for engine in ("binned", "general"):
        classes = BaggingClassifier(n_estimators=30, engine=engine, random_state=0)
        proba = classes.fit(X[:2000], y[:2000]).predict_proba(X[2000:])[:, 1]
        numbers = BaggingRegressor(n_estimators=30, engine=engine, random_state=0)
        predictions = numbers.fit(Z[:2000], v[:2000]).predict(Z[2000:])
        scores[engine] = roc_auc_score(y[2000:], proba), r2_score(v[2000:], predictions)
    assert scores["binned"][0] > scores["general"][0] - 0.005
    assert scores["binned"][1] > scores["general"][1] - 0.01


def test_out_of_bag_and_samples_are_those_of_the_general_engine():
    X, y = coarse()
    fast = BaggingRegressor(
        n_estimators=15, engine="binned", oob_score=True, random_state=0
    ).fit(X, y)
    slow = clone(fast).set_params(engine="general").fit(X, y)
    for ours, theirs in zip(
        fast.estimators_samples_, slow.estimators_samples_, strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)
    assert fast.oob_score_ == pytest.approx(slow.oob_score_, abs=0.02)
    np.testing.assert_array_equal(fast.oof_.covered, slow.oof_.covered)
    assert fast.standard_error(X[:4]).shape == (4,)
    assert fast.permutation_importance(n_repeats=1).index[0] in ("x0", "x1")


def test_the_same_for_any_number_of_threads_and_after_pickling():
    X, y = make_classification(3000, random_state=0)
    one = BaggingClassifier(n_estimators=8, engine="binned", random_state=0, n_jobs=1)
    two = clone(one).set_params(n_jobs=2)
    one.fit(X, y)
    np.testing.assert_array_equal(one.predict_proba(X), two.fit(X, y).predict_proba(X))
    again = pickle.loads(pickle.dumps(one))
    np.testing.assert_array_equal(again.predict_proba(X), one.predict_proba(X))


def test_samples_without_anything_to_split():
    X = np.arange(100.0).reshape(-1, 1)
    y = np.zeros(100, dtype=int)
    y[7] = 1
    bag = BaggingClassifier(n_estimators=12, engine="binned", random_state=0).fit(X, y)
    seen = np.array([7 in rows for rows in bag.estimators_samples_])
    assert 0 < seen.sum() < 12
    predictions = np.array([tree.predict_proba(X)[7, 1] for tree in bag.estimators_])
    np.testing.assert_array_equal(predictions, seen.astype(float))
    assert bag.predict_proba(X)[7, 1] == pytest.approx(seen.mean())
    flat = BaggingRegressor(n_estimators=3, engine="binned").fit(X, np.full(100, 5.0))
    np.testing.assert_allclose(flat.predict(X), 5.0)
    assert flat.estimators_[0].get_depth() == 0


def test_room_for_leaves_grows_with_the_trees():
    X = np.arange(2000.0).reshape(-1, 1) % 97
    X = np.column_stack([X, np.arange(2000) // 97])
    y = np.random.default_rng(0).normal(size=2000)
    bag = BaggingRegressor(n_estimators=2, engine="binned", random_state=0).fit(X, y)
    for tree, rows in zip(bag.estimators_, bag.estimators_samples_, strict=True):
        assert tree.get_n_leaves() == len(np.unique(rows)) > 2000 // 8


def test_missing_values_and_frames():
    X, y = coarse()
    X[::5, 0] = np.nan
    frame = pd.DataFrame(X, columns=list("abcde"))
    bag = BaggingRegressor(n_estimators=10, engine="binned", random_state=0)
    found = clone(bag).fit(frame, y)
    np.testing.assert_allclose(found.predict(frame), clone(bag).fit(X, y).predict(X))
    assert found.score(frame, y) > 0.9


def test_auto_uses_the_binned_engine_where_supported():
    X, y = make_classification(10_000, 4, random_state=0)
    kinds = {
        "binned": [{}, {"sampling": "balanced"}],
        "general": [
            {"engine": "general"},
            {"warm_start": True},
            {"max_features": 2},
            {"estimator": DecisionTreeClassifier(criterion="entropy")},
            {"estimator": DecisionTreeClassifier(max_features=2)},
            {"estimator": DecisionTreeClassifier(min_samples_split=9)},
        ],
    }
    for engine, cases in kinds.items():
        for params in cases:
            bag = BaggingClassifier(n_estimators=1, random_state=0, **params)
            assert bag.fit(X, y).engine_ == engine, params
    few = BaggingClassifier(n_estimators=1).fit(X[:9000], y[:9000])
    assert few.engine_ == "general"
    X[3, 1] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        BaggingClassifier(n_estimators=1).fit(X, y)


def test_the_store_keeps_all_trees(tmp_path):
    X, y = coarse()
    bag = BaggingRegressor(
        n_estimators=4, engine="binned", memory=str(tmp_path), random_state=0
    )
    first = bag.fit(X, y).predict(X)
    np.testing.assert_array_equal(clone(bag).fit(X, y).predict(X), first)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"max_features": 2}, "samples of the columns"),
        ({"sampling": "bayesian"}, "weights, not counts"),
        ({"warm_start": True}, "adds trees later"),
        ({"time_limit": 9.0}, "time_limit=9.0"),
        ({"estimator": DecisionTreeRegressor(ccp_alpha=0.1)}, "ccp_alpha=0.1"),
        ({"estimator": DecisionTreeRegressor(splitter="random")}, "splitter='random'"),
    ],
)
def test_fits_that_the_binned_engine_refuses(params, message):
    with pytest.raises(ValueError, match=message):
        BaggingRegressor(engine="binned", **params).fit(*coarse())
