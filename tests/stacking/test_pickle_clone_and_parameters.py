"""Pickles, clones, parameters, and the evaluation of a fitted ensemble."""

import pickle

import pytest
from numpy.testing import assert_array_equal
from pandas.testing import assert_frame_equal
from sklearn.base import clone
from sklearn.datasets import load_wine
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from stacking_family import (
    CV,
    DATA,
    FAMILY,
    SPLIT,
    WEIGHT,
    assert_equal,
    fitted,
    kind_of,
    without_near,
)

from skensemble import (
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
)


@pytest.mark.parametrize("family", FAMILY)
def test_pickle_and_clone(family):
    model = fitted(family, without_near(kind_of(family)), weight=WEIGHT)
    again = pickle.loads(pickle.dumps(model))
    assert_equal(again, model, family)
    assert not [
        key for key, value in again.__dict__.items() if "training" in key and value
    ]
    empty = clone(model)
    assert not hasattr(empty, "estimators_")
    assert repr(empty.get_params()) == repr(model.get_params())
    X, y, _ = DATA[kind_of(family)]
    assert_equal(empty.fit(X, y, sample_weight=WEIGHT), model, family)


@pytest.mark.parametrize("family", SPLIT)
def test_methods_work_after_a_pickle(family):
    model = fitted(family)
    again = pickle.loads(pickle.dumps(model))
    assert_frame_equal(again.to_frame(), model.to_frame())
    assert_array_equal(again.member_importance(), model.member_importance())
    assert_frame_equal(again.diversity_, model.diversity_)
    small, other = (m.compress(max_members=2) for m in (again, model))
    assert_equal(small, other, family)


def layered(alpha=1.0, top=2.0):
    return StackingRegressor(
        without_near("numbers"),
        layers=[
            [("upper", Ridge(alpha)), ("tree2", DecisionTreeRegressor(max_depth=2))],
            [("top", Ridge(top))],
        ],
        cv=CV["numbers"],
        random_state=0,
    )


def test_parameters_of_upper_layers():
    X, y, new = DATA["numbers"]
    model = layered()
    assert model.get_params()["upper__alpha"] == 1.0
    model.set_params(upper__alpha=30.0, top__alpha=9.0)
    expected = layered(30.0, 9.0).fit(X, y).predict(new)
    assert_array_equal(model.fit(X, y).predict(new), expected)
    whole = layered().set_params(upper=Ridge(30.0), top=Ridge(9.0))
    assert_array_equal(whole.fit(X, y).predict(new), expected)
    fewer = layered().set_params(tree2="drop", top="drop").fit(X, y)
    assert list(fewer.oof_) == ["tree", "ridge", "upper"]
    with pytest.raises(ValueError, match="nobody"):
        layered().set_params(nobody__alpha=1.0)


def test_clones_do_not_share_upper_layers():
    model = layered()
    other = clone(model).set_params(upper__alpha=7.0)
    assert model.get_params()["upper__alpha"] == 1.0
    assert other.get_params()["upper__alpha"] == 7.0


def test_search_over_upper_layers():
    X, y, _ = DATA["numbers"]
    grid = {"upper__alpha": [0.1, 1000.0], "ridge__alpha": [1.0]}
    search = GridSearchCV(layered(), grid, cv=2).fit(X, y)
    alpha = search.best_params_["upper__alpha"]
    assert search.best_estimator_.named_estimators_["upper"].alpha == alpha


def test_a_stack_is_judged_by_what_it_was_fitted_with(tmp_path):
    X, y = load_wine(return_X_y=True)
    final = LogisticRegression(C=0.01)
    members = [("tree", DecisionTreeClassifier(max_depth=3)), ("bayes", GaussianNB())]
    stack = StackingClassifier(members, final, random_state=0).fit(X, y)
    at_once = pickle.loads(pickle.dumps(stack)).leaderboard_

    later = pickle.loads(pickle.dumps(stack))
    final.set_params(C=100.0)
    stack.set_params(final_estimator__C=100.0, scoring="neg_log_loss", cv=2)
    later.set_params(final_estimator=LogisticRegression(C=100.0))

    assert_frame_equal(stack.leaderboard_, at_once)
    assert_frame_equal(later.leaderboard_, at_once)
    assert_array_equal(stack.ensemble_oof_, later.ensemble_oof_)


def test_asking_for_the_leaderboard_fits_only_the_meta_model(monkeypatch):
    X, y = load_wine(return_X_y=True)
    members = [("tree", DecisionTreeClassifier(max_depth=3)), ("bayes", GaussianNB())]
    stack = StackingClassifier(members, cv=4, random_state=0).fit(X, y)
    fits = []
    plain = LogisticRegression.fit
    monkeypatch.setattr(
        LogisticRegression, "fit", lambda *args: fits.append(args) or plain(*args)
    )
    for member in (DecisionTreeClassifier, GaussianNB):
        monkeypatch.delattr(member, "fit")

    first, again = stack.leaderboard_, stack.leaderboard_

    assert first is again
    assert len(fits) == 4


def test_leaderboard_of_a_vote_without_splits_names_the_parameter():
    X, y = load_wine(return_X_y=True)
    vote = VotingClassifier([("bayes", GaussianNB())]).fit(X, y)

    for name in ("leaderboard_", "ensemble_oof_"):
        with pytest.raises(AttributeError, match="give it a cv"):
            getattr(vote, name)
    with pytest.raises(AttributeError, match="not fitted"):
        StackingClassifier([("bayes", GaussianNB())]).leaderboard_  # noqa: B018
