"""Importance and diversity of members."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import Ridge
from sklearn.tree import DecisionTreeRegressor
from stacking_family import DATA, MEMBERS, SPLIT, TIME, N, fitted, kind_of


class Noise(RegressorMixin, BaseEstimator):
    """Predicts what has nothing to do with the target."""

    def fit(self, X, y):
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X):
        return np.sin(1e4 * X[:, 0])


WORTH = [("noise", Noise()), ("ridge", Ridge(0.1)), ("stump", DecisionTreeRegressor(max_depth=1))]  # fmt: skip


@pytest.mark.parametrize("kind", ["drop", "permutation"])
@pytest.mark.parametrize(
    "family",
    ["StackingRegressor", "SuperLearnerRegressor", "EnsembleSelectionRegressor"],
)
def test_importance_finds_the_useful_member(family, kind):
    model = fitted(family, WORTH)
    found = model.member_importance(kind, random_state=0)
    assert found.index.name == "member"
    assert found.name == kind
    assert list(found.index[:1]) == ["ridge"]
    assert found["ridge"] > 0.1
    assert abs(found["noise"]) < found["ridge"] / 10
    assert found.is_monotonic_decreasing
    again = model.member_importance(kind, random_state=0)
    assert_array_equal(found, again)


@pytest.mark.parametrize("family", SPLIT)
def test_importance_is_the_fall_of_the_score(family):
    members = MEMBERS[kind_of(family)]
    model = fitted(family, members)
    found = model.member_importance()
    whole = model.leaderboard_["score"].iloc[-1]
    for name, _ in members:
        rest = fitted(family, [m for m in members if m[0] != name])
        fall = whole - rest.leaderboard_["score"].iloc[-1]
        assert found[name] == pytest.approx(fall, abs=1e-12)


def test_permuting_unused_members_changes_nothing():
    model = fitted("SuperLearnerRegressor", WORTH, solver="discrete")
    found = model.member_importance("permutation", random_state=0)
    assert_allclose(found[["noise", "stump"]], 0, atol=1e-12)


def test_importance_of_one_member_and_of_no_kind():
    model = fitted("SuperLearnerRegressor", WORTH[1:2])
    assert np.isnan(model.member_importance()["ridge"])
    assert model.member_importance("permutation", random_state=0)["ridge"] > 0.1
    with pytest.raises(ValueError, match="kind='shap'"):
        model.member_importance("shap")


def test_diversity_of_numbers_by_hand():
    model = fitted("SuperLearnerRegressor", cv=TIME)
    rows = model.oof_.covered
    table = model.diversity_
    for first, second in [("tree", "ridge"), ("tree", "near"), ("ridge", "near")]:
        left, right = (
            model.oof_[n][rows] - DATA["numbers"][1][rows] for n in (first, second)
        )
        expected = np.corrcoef(left, right)[0, 1]
        found = table.loc[(first, second), "error_correlation"]
        assert found == pytest.approx(expected)
    assert len(table) == 3


def test_diversity_of_classes_by_hand():
    model = fitted("StackingClassifier")
    y = DATA["classes"][1]
    right = {
        name: model.classes_[model.oof_[name].argmax(axis=1)] == y
        for name in model.oof_
    }
    for (first, second), row in model.diversity_.iterrows():
        a, b = right[first], right[second]
        n11, n00 = (a & b).sum(), (~a & ~b).sum()
        n10, n01 = (a & ~b).sum(), (~a & b).sum()
        q = (n11 * n00 - n01 * n10) / (n11 * n00 + n01 * n10)
        assert row["q_statistic"] == pytest.approx(q)
        assert row["disagreement"] == pytest.approx((n10 + n01) / N)
        assert row["double_fault"] == pytest.approx(n00 / N)


@pytest.mark.parametrize(
    "ask",
    [
        lambda model: model.diversity_,
        lambda model: model.member_importance(),
        lambda model: model.to_frame(),
        lambda model: model.compress(max_members=1),
    ],
)
def test_without_splits_nothing_is_known_out_of_fold(ask):
    model = fitted("unsplit Regressor")
    with pytest.raises(AttributeError, match="give it a cv"):
        ask(model)
