"""Groups of rows: none is fitted on in part and watched in part to know when to stop."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import FunctionTransformer

from skensemble import AutoEnsembleClassifier, AutoEnsembleRegressor
from skensemble.auto import _watched
from skensemble.auto._deployment import rounds_of
from skensemble.auto._watched import Watched, knows_groups
from skensemble.auto._within import WithinRange


class Recorder(RegressorMixin, BaseEstimator):
    """Remembers the rows that it was fitted on, and those that it watched."""

    def fit(self, X, y, *, X_val, y_val):
        self.rows_, self.watched_ = X["row"].to_numpy(), X_val["row"].to_numpy()
        return self

    def predict(self, X):
        return np.ones(len(X))


class Labels(ClassifierMixin, Recorder):
    """The same for classes."""

    _estimator_type = "classifier"


def watched_in(kind, groups, y, wrap=lambda member: member, fraction=0.1):
    X = pd.DataFrame({"row": np.arange(len(y))})
    member = Watched(FunctionTransformer(), kind(), fraction=fraction, random_state=0)
    model = wrap(member)
    assert knows_groups(model)
    model.fit(X, y, **({} if groups is None else {"groups": groups}))
    while not isinstance(model, Recorder):
        model = getattr(model, "estimator_", None) or model.regressor_
    return model.rows_, model.watched_


WRAPS = {
    "alone": lambda member: member,
    "on another scale": lambda member: TransformedTargetRegressor(
        member, func=np.log1p, inverse_func=np.expm1
    ),
    "within range": WithinRange,
    "both": lambda member: WithinRange(TransformedTargetRegressor(member)),
}


@pytest.mark.parametrize("routing", [False, True], ids=["plain", "routed"])
@pytest.mark.parametrize("wrap", WRAPS.values(), ids=WRAPS)
def test_no_group_is_on_both_sides(wrap, routing):
    groups = np.array(list("abcdefghijklmnopqrst"))[np.arange(200) % 20]
    with sklearn.config_context(enable_metadata_routing=routing):
        rows, watched = watched_in(Recorder, groups, np.arange(200.0), wrap)
    assert len(watched) == 20
    assert sorted([*rows, *watched]) == list(range(200))
    assert not set(groups[rows]) & set(groups[watched])


def test_large_groups_are_left_in_and_classes_keep_their_shares():
    # One group has half of the rows, and classes come in whole groups.
    groups = np.r_[np.zeros(200), 1 + np.arange(200) // 5].astype(int)
    y = np.where(groups % 4 == 0, "yes", "no")
    rows, watched = watched_in(Labels, groups, y)
    assert not set(groups[rows]) & set(groups[watched])
    assert set(y[watched]) == {"yes", "no"}
    assert 0.05 <= len(watched) / 400 <= 0.2


@pytest.mark.parametrize(
    "groups",
    [np.zeros(60, int), np.arange(60) % 2, np.repeat([0, 1, 2], 20)],
    ids=["one group", "two equal groups", "classes of one group each"],
)
def test_rows_are_drawn_where_no_groups_can_be(groups):
    y = np.repeat(["a", "b", "c"], 20)
    drawn = watched_in(Labels, None, y)
    for with_groups, without in zip(watched_in(Labels, groups, y), drawn, strict=True):
        np.testing.assert_array_equal(with_groups, without)


def groups_that_tell(n_rows=600, n_groups=40):
    """Two columns tell the group, whose own effect nobody can know of a new group."""
    rng = np.random.default_rng(0)
    groups = np.arange(n_rows) % n_groups
    a, b, effect = rng.normal(size=(3, n_groups))
    x = rng.normal(size=n_rows)
    X = pd.DataFrame({"a": a[groups], "b": b[groups], "x": x})
    y = 0.7 * x + 2 * effect[groups] + 0.5 * rng.normal(size=n_rows)
    return X, y, groups


def test_boosters_stop_before_they_learn_groups_by_heart():
    X, y, groups = groups_that_tell()
    folds = list(GroupKFold(4).split(X, y, groups))
    found = [
        AutoEnsembleRegressor(
            None, preset="fast", members=["xgboost"], cv=folds, random_state=0, n_jobs=1
        ).fit(X, y, groups=told)
        for told in (None, groups)
    ]
    fooled, honest = (
        rounds_of(auto.model_.lower.estimators["xgboost"].estimators[0])
        for auto in found
    )
    assert honest < fooled / 3
    fooled, honest = (auto.leaderboard_.loc["ensemble", "score"] for auto in found)
    assert honest > 0.95 * fooled


def test_every_member_that_stops_early_is_told(monkeypatch):
    splits = []

    def recorded(codes, groups, fraction, seed):
        rows, watched = whole_groups(codes, groups, fraction, seed)
        splits.append(set(groups[rows]) & set(groups[watched]))
        return rows, watched

    whole_groups = _watched._whole_groups
    monkeypatch.setattr(_watched, "_whole_groups", recorded)
    X, y, groups = groups_that_tell(200, 40)
    names = ["lightgbm_small", "linear", "network_log", ("ridge", Ridge())]
    auto = AutoEnsembleRegressor(
        None, members=names, cv=GroupKFold(3), random_state=0, n_jobs=1
    ).fit(X, np.exp(y), groups=groups.astype(str), sample_weight=np.ones(len(y)))
    assert not auto.failed_
    # Two members below and two above on each of three folds; on all rows boosters know
    # when to stop, and the network is fitted twice.
    again = 2 if auto.model_.lower.estimators.get("network_log") else 0
    assert len(splits) == 4 * 3 + again
    assert not any(splits)


def test_classes_of_groups():
    X, y, groups = groups_that_tell(300, 30)
    auto = AutoEnsembleClassifier(None, preset="small", random_state=0, n_jobs=1).fit(
        X, np.where(y > 0, "high", "low"), groups=groups
    )
    assert not auto.failed_
    assert auto.leaderboard_.loc["ensemble", "score"] > 0.5


def test_groups_that_are_missing_are_one():
    X, y, groups = groups_that_tell(200, 10)
    names = pd.Series([f"g{group}" for group in groups]).where(groups > 0)
    auto = AutoEnsembleRegressor(None, members=["linear"], preset="fast")
    auto.fit(X, y, groups=names)
    for fold_fit in auto.fits_:
        assert set(groups[fold_fit.train]).isdisjoint(groups[fold_fit.test])
