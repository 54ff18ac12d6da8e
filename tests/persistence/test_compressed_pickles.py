"""Compressed pickles: the same objects, in less space."""

import pickle

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.datasets import make_regression
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.tree import DecisionTreeClassifier

from skensemble.persistence import CompressedPickle, _compressed_pickle
from skensemble.persistence._compressed_pickle import (
    compressed,
    narrowed,
    packed_tree,
    unpacked_tree,
)


class Holder(CompressedPickle, BaseEstimator):
    """An estimator that holds a value."""

    def __init__(self, value=None):
        self.value = value

    def fit(self, X=None, y=None):
        self.held_ = self.value
        return self

    def __sklearn_is_fitted__(self):
        return hasattr(self, "held_")


def again(estimator):
    return pickle.loads(pickle.dumps(estimator))


@pytest.fixture(scope="module")
def data():
    X, y = make_regression(300, 4, noise=1.0, random_state=0)
    X[::7, 1] = np.nan
    return X, y


@pytest.mark.parametrize(
    "model",
    [
        ExtraTreesRegressor(5, random_state=0),
        ExtraTreesClassifier(5, random_state=0, min_samples_leaf=3),
        DecisionTreeClassifier(random_state=0),
    ],
    ids=lambda model: type(model).__name__,
)
def test_trees_are_the_same_bit_for_bit(data, model):
    X, y = data
    model.fit(X, y if isinstance(model, ExtraTreesRegressor) else np.digitize(y, [0]))
    copy = again(Holder(model).fit()).held_
    for one, other in zip(
        getattr(model, "estimators_", [model]),
        getattr(copy, "estimators_", [copy]),
        strict=True,
    ):
        state, found = one.tree_.__getstate__(), other.tree_.__getstate__()
        assert state["nodes"].dtype == found["nodes"].dtype
        for name in state["nodes"].dtype.names:
            np.testing.assert_array_equal(state["nodes"][name], found["nodes"][name])
        np.testing.assert_array_equal(state["values"], found["values"])
        assert state["max_depth"] == found["max_depth"]
    np.testing.assert_array_equal(copy.predict(X), model.predict(X))


def test_packed_trees_take_less_space(data):
    X, y = data
    tree = ExtraTreesRegressor(1, random_state=0).fit(X, y).estimators_[0].tree_
    assert len(pickle.dumps(packed_tree(tree))) < 0.7 * len(pickle.dumps(tree))
    np.testing.assert_array_equal(unpacked_tree(packed_tree(tree)).value, tree.value)


@pytest.mark.parametrize(
    ("array", "dtype"),
    [
        (np.array([-1, 127]), "i1"),
        (np.array([-1, 128]), "i2"),
        (np.array([2**40]), "i8"),
        (np.array([255], dtype="u8"), "u1"),
        (np.array([0.5, np.nan]), "f4"),
        (np.array([0.1]), "f8"),
        (np.array([1e300]), "f8"),
        (np.array([True]), "?"),
        (np.empty(0, dtype=np.int64), "i1"),
    ],
)
def test_arrays_are_narrowed_without_loss(array, dtype):
    small = narrowed(array)
    assert small.dtype == dtype
    np.testing.assert_array_equal(small.astype(array.dtype), array)


def test_classes_are_looked_up_by_the_pickle_itself():
    references, _, data = compressed(
        {"a": Holder, "b": test_packed_trees_take_less_space}
    )
    assert references == [Holder, test_packed_trees_take_less_space]
    assert b"Holder" not in data


@pytest.mark.parametrize("largest", [0, 2**25])
def test_any_state_survives(monkeypatch, largest):
    monkeypatch.setattr(_compressed_pickle, "_LARGEST_FOR_BZIP2", largest)
    shared = [1, 2]
    value = {"x": shared, "y": shared, "type": int, "ufunc": np.log1p, "none": None}
    found = again(Holder(value).fit()).held_
    assert found == value
    assert found["x"] is found["y"]
    assert again(Holder(3)).value == 3
