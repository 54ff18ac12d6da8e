"""Quantiles and standard errors of a forest, against slow loops."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.datasets import load_diabetes

from skensemble import RandomForestRegressor
from skensemble.bagging.forests._leaf_quantiles import quantiles_of

X, Y = load_diabetes(return_X_y=True)
LEVELS = np.array([0.0, 0.05, 0.1, 0.5, 0.9, 0.95, 1.0])


def weights_by_hand(forest, row, weight=None):
    """Weights of the training rows for a new row, tree by tree."""
    total = np.zeros(len(Y))
    for tree, drawn in zip(forest.estimators_, forest.estimators_samples_, strict=True):
        leaf = tree.apply(row[None])[0]
        counts = np.bincount(drawn, minlength=len(Y)).astype(float)
        if weight is not None:
            counts *= weight
        counts[tree.apply(X) != leaf] = 0
        total += counts / counts.sum()
    return total / len(forest.estimators_)


def quantile_by_hand(weights, level):
    reached = 0.0
    for row in np.argsort(Y, kind="stable"):
        reached += weights[row]
        if weights[row] > 0 and reached >= level - 1e-12:
            return Y[row]
    raise AssertionError("weights of sum one reach every level")


@pytest.mark.parametrize(
    ("options", "fit"),
    [
        ({"min_samples_leaf": 5}, {}),
        ({"max_samples": 0.3, "n_jobs": 2}, {}),
        ({}, {"sample_weight": np.linspace(0.1, 3, len(Y))}),
        ({"bootstrap": False, "max_features": 0.3, "min_samples_leaf": 9}, {}),
        ({"sampling": "groups"}, {"groups": np.arange(len(Y)) // 4}),
    ],
)
def test_quantiles_by_a_slow_loop(options, fit):
    forest = RandomForestRegressor(15, random_state=0, **options).fit(X, Y, **fit)
    found = forest.predict_quantiles(X[:20] * 0.9, LEVELS)
    for row, quantiles in zip(X[:20] * 0.9, found, strict=True):
        weights = weights_by_hand(forest, row)
        expected = [quantile_by_hand(weights, level) for level in LEVELS]
        assert_array_equal(quantiles, expected)


def test_weights_without_drawing():
    weight = np.linspace(0, 3, len(Y))
    forest = RandomForestRegressor(
        5, bootstrap=False, max_features=0.3, min_samples_leaf=9, random_state=0
    ).fit(X, Y, weight)
    found = forest.predict_quantiles(X[:9], 0.5)
    expected = [
        quantile_by_hand(weights_by_hand(forest, row, weight), 0.5) for row in X[:9]
    ]
    assert_array_equal(found, expected)


@pytest.mark.parametrize("sampling", ["rows", "groups"])
def test_the_weighted_mean_is_the_prediction(sampling):
    groups = np.arange(len(Y)) // 3 if sampling == "groups" else None
    forest = RandomForestRegressor(
        20, sampling=sampling, min_samples_leaf=4, random_state=0, quantiles=True
    ).fit(X, Y, groups=groups)
    weights = forest._leaves.row_weights(forest.apply(X))
    assert_allclose(weights.sum(axis=1), 1)
    assert_allclose(weights @ Y, forest.predict(X))


def test_quantiles_cover_what_they_say():
    rng = np.random.default_rng(0)
    rows = rng.uniform(size=(4000, 1))
    targets = (1 + 5 * rows[:, 0]) * rng.normal(size=4000)
    forest = RandomForestRegressor(50, min_samples_leaf=30, random_state=0)
    forest.fit(rows[:3000], targets[:3000])
    low, high = forest.predict_quantiles(rows[3000:], [0.1, 0.9]).T
    inside = (targets[3000:] >= low) & (targets[3000:] <= high)
    assert 0.75 < inside.mean() < 0.85
    width = high - low
    narrow, wide = rows[3000:, 0] < 0.2, rows[3000:, 0] > 0.8
    assert width[wide].mean() > 2 * width[narrow].mean()


def test_more_rows_than_are_held_at_a_time(monkeypatch):
    forest = RandomForestRegressor(10, random_state=0).fit(X, Y)
    whole = forest.predict_quantiles(X)
    monkeypatch.setattr("skensemble.bagging.forests._leaf_quantiles._CHUNK", 7)
    assert_array_equal(forest.predict_quantiles(X), whole)


def test_a_pickle_keeps_requested_quantiles():
    plain = RandomForestRegressor(5, random_state=0).fit(X, Y)
    with pytest.raises(AttributeError, match="quantiles=True"):
        pickle.loads(pickle.dumps(plain)).predict_quantiles(X)
    noted = RandomForestRegressor(5, random_state=0, quantiles=True).fit(X, Y)
    expected = plain.predict_quantiles(X)
    for forest in (plain, noted):
        again = pickle.loads(pickle.dumps(forest))
        assert_array_equal(again.predict_quantiles(X), expected)


def test_another_fit_forgets():
    forest = RandomForestRegressor(5, random_state=0).fit(X, Y)
    before = forest.predict_quantiles(X), forest.standard_error(X)
    forest.fit(X, -Y)
    assert (forest.predict_quantiles(X) <= 0).all()
    assert_allclose(forest.standard_error(X), before[1])


@pytest.mark.parametrize("levels", [1.5, [-0.1], [], "median", [[0.5]], [np.nan]])
def test_invalid_levels_are_refused(levels):
    forest = RandomForestRegressor(2).fit(X, Y)
    with pytest.raises(ValueError, match=r"quantiles=.*between 0 and 1"):
        forest.predict_quantiles(X, levels)


@pytest.mark.parametrize("sampling", ["rows", "groups"])
@pytest.mark.parametrize("max_samples", [None, 0.4])
def test_standard_error_by_the_formula(sampling, max_samples):
    n_trees, groups = 100, np.arange(len(Y)) // 4
    forest = RandomForestRegressor(
        n_trees, sampling=sampling, max_samples=max_samples, random_state=0
    ).fit(X, Y, groups=groups if sampling == "groups" else None)
    units = groups if sampling == "groups" else np.arange(len(Y))
    # How often each unit was drawn: a row of it stands for all.
    first = np.unique(units, return_index=True)[1]
    counts = np.array(
        [np.bincount(d, minlength=len(Y))[first] for d in forest.estimators_samples_]
    )
    predictions = np.array([tree.predict(X[:10]) for tree in forest.estimators_])
    expected = []
    for column in predictions.T:
        total = 0.0
        for drawn in counts.T:
            total += np.mean((drawn - drawn.mean()) * (column - column.mean())) ** 2
        bias = counts[0].sum() / n_trees**2 * np.sum((column - column.mean()) ** 2)
        expected.append(np.sqrt(max(total - bias, 0.0)))
    assert max(expected) > 0
    assert_allclose(forest.standard_error(X[:10]), expected, rtol=1e-6, atol=1e-6)


def test_standard_error_is_that_of_a_mean():
    # One leaf: the forest is the mean of a bootstrap, whose error is known.
    rng = np.random.default_rng(0)
    rows, targets = rng.normal(size=(25, 1)), rng.normal(size=25)
    forest = RandomForestRegressor(
        1000, max_depth=1, min_samples_leaf=25, random_state=0
    )
    with_no_split = forest.fit(rows, targets)
    assert all(tree.tree_.node_count == 1 for tree in with_no_split.estimators_)
    error = with_no_split.standard_error(rows[:1])[0]
    assert error == pytest.approx(targets.std() / np.sqrt(25), rel=0.1)


def test_standard_error_after_pickling():
    forest = RandomForestRegressor(50, random_state=0).fit(X, Y)
    again = pickle.loads(pickle.dumps(forest))
    assert_array_equal(again.standard_error(X), forest.standard_error(X))


def test_a_level_that_is_reached_but_for_rounding():
    # Eight tenths add up to 0.7999999999999999.
    assert np.cumsum(np.full(10, 0.1))[7] < 0.8
    found = quantiles_of(np.arange(10.0), np.full(10, 0.1), np.array([0.3, 0.8]))
    assert_array_equal(found, [2.0, 7.0])
