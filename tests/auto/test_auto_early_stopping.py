"""Early stopping with groups: no group has both training and validation rows."""

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
from skensemble.auto.members import (
    ClippedRegressor,
    EarlyStoppingEstimator,
    _early_stopping,
    accepts_groups,
    fitted_rounds,
)


class Recorder(RegressorMixin, BaseEstimator):
    """Stores its training and validation rows."""

    def fit(self, X, y, *, X_val, y_val):
        self.rows_, self.validation_ = X["row"].to_numpy(), X_val["row"].to_numpy()
        return self

    def predict(self, X):
        return np.ones(len(X))


class Labels(ClassifierMixin, Recorder):
    """Counterpart for classification."""

    _estimator_type = "classifier"


def split_of(kind, groups, y, wrap=lambda member: member, fraction=0.1):
    X = pd.DataFrame({"row": np.arange(len(y))})
    member = EarlyStoppingEstimator(
        FunctionTransformer(), kind(), fraction=fraction, random_state=0
    )
    model = wrap(member)
    assert accepts_groups(model)
    model.fit(X, y, **({} if groups is None else {"groups": groups}))
    while not isinstance(model, Recorder):
        model = getattr(model, "estimator_", None) or model.regressor_
    return model.rows_, model.validation_


WRAPS = {
    "alone": lambda member: member,
    "on another scale": lambda member: TransformedTargetRegressor(
        member, func=np.log1p, inverse_func=np.expm1
    ),
    "clipped": ClippedRegressor,
    "both": lambda member: ClippedRegressor(TransformedTargetRegressor(member)),
}


@pytest.mark.parametrize("routing", [False, True], ids=["plain", "routed"])
@pytest.mark.parametrize("wrap", WRAPS.values(), ids=WRAPS)
def test_no_group_is_on_both_sides(wrap, routing):
    groups = np.array(list("abcdefghijklmnopqrst"))[np.arange(200) % 20]
    with sklearn.config_context(enable_metadata_routing=routing):
        rows, validation = split_of(Recorder, groups, np.arange(200.0), wrap)
    assert len(validation) == 20
    assert sorted([*rows, *validation]) == list(range(200))
    assert not set(groups[rows]) & set(groups[validation])


def test_large_groups_are_left_in_and_classes_keep_their_shares():
    # One group has half of the rows, and classes come in whole groups.
    groups = np.r_[np.zeros(200), 1 + np.arange(200) // 5].astype(int)
    y = np.where(groups % 4 == 0, "yes", "no")
    rows, validation = split_of(Labels, groups, y)
    assert not set(groups[rows]) & set(groups[validation])
    assert set(y[validation]) == {"yes", "no"}
    assert 0.05 <= len(validation) / 400 <= 0.2


@pytest.mark.parametrize(
    "groups",
    [np.zeros(60, int), np.arange(60) % 2, np.repeat([0, 1, 2], 20)],
    ids=["one group", "two equal groups", "classes of one group each"],
)
def test_rows_are_drawn_where_no_groups_can_be(groups):
    y = np.repeat(["a", "b", "c"], 20)
    drawn = split_of(Labels, None, y)
    for with_groups, without in zip(split_of(Labels, groups, y), drawn, strict=True):
        np.testing.assert_array_equal(with_groups, without)


def grouped_data(n_rows=600, n_groups=40):
    """Two columns identify the group, whose effect is unknown for new groups."""
    rng = np.random.default_rng(0)
    groups = np.arange(n_rows) % n_groups
    a, b, effect = rng.normal(size=(3, n_groups))
    x = rng.normal(size=n_rows)
    X = pd.DataFrame({"a": a[groups], "b": b[groups], "x": x})
    y = 0.7 * x + 2 * effect[groups] + 0.5 * rng.normal(size=n_rows)
    return X, y, groups


def test_boosters_do_not_overfit_groups():
    X, y, groups = grouped_data()
    folds = list(GroupKFold(4).split(X, y, groups))
    found = [
        AutoEnsembleRegressor(
            None, preset="fast", members=["xgboost"], cv=folds, random_state=0, n_jobs=1
        ).fit(X, y, groups=given)
        for given in (None, groups)
    ]
    fooled, honest = (
        fitted_rounds(auto.model_.lower.estimators["xgboost"].estimators[0])
        for auto in found
    )
    assert honest < fooled / 3
    fooled, honest = (auto.leaderboard_.loc["ensemble", "score"] for auto in found)
    assert honest > 0.95 * fooled


def test_groups_reach_every_member_that_stops_early(monkeypatch):
    splits = []

    def recorded(codes, groups, fraction, seed):
        rows, validation = hold_out_groups(codes, groups, fraction, seed)
        splits.append(set(groups[rows]) & set(groups[validation]))
        return rows, validation

    hold_out_groups = _early_stopping._hold_out_groups
    monkeypatch.setattr(_early_stopping, "_hold_out_groups", recorded)
    X, y, groups = grouped_data(200, 40)
    names = ["lightgbm_small", "linear", "network_log", ("ridge", Ridge())]
    auto = AutoEnsembleRegressor(
        None, members=names, cv=GroupKFold(3), random_state=0, n_jobs=1
    ).fit(X, np.exp(y), groups=groups.astype(str), sample_weight=np.ones(len(y)))
    assert not auto.failed_
    # Two members below and two above on each of three folds; on all rows the
    # number of rounds is given, and the network is fitted twice.
    again = 2 if auto.model_.lower.estimators.get("network_log") else 0
    assert len(splits) == 4 * 3 + again
    assert not any(splits)


def test_classes_of_groups():
    X, y, groups = grouped_data(300, 30)
    auto = AutoEnsembleClassifier(None, preset="small", random_state=0, n_jobs=1).fit(
        X, np.where(y > 0, "high", "low"), groups=groups
    )
    assert not auto.failed_
    assert auto.leaderboard_.loc["ensemble", "score"] > 0.5


def test_groups_may_be_text_but_not_missing():
    X, y, groups = grouped_data(200, 10)
    names = pd.Series([f"g{group}" for group in groups])
    auto = AutoEnsembleRegressor(None, members=["linear"], preset="fast")
    auto.fit(X, y, groups=names)
    for fold_fit in auto.fits_:
        assert set(groups[fold_fit.train]).isdisjoint(groups[fold_fit.test])
    with pytest.raises(ValueError, match="groups"):
        auto.fit(X, y, groups=names.where(groups > 0))
