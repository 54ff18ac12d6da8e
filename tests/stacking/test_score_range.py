"""Scores that are defined for a range of predictions: log errors and deviances."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.linear_model import Ridge
from sklearn.metrics import make_scorer, max_error, mean_tweedie_deviance
from sklearn.tree import DecisionTreeRegressor

import skensemble
from skensemble.losses import Poisson
from skensemble.scoring import inner_predictions
from skensemble.stacking import Discrete, greedy_selection

rng = np.random.default_rng(0)
X = rng.normal(size=(90, 3))
Y = np.exp(2 * X[:, 0])
Y[0] = 0  # on the bound of the range of a Poisson deviance
MEMBERS = [
    ("ridge", Ridge()),
    ("tree", DecisionTreeRegressor(max_depth=3, random_state=0)),
]
LOG = "neg_root_mean_squared_log_error"
TWEEDIE = make_scorer(mean_tweedie_deviance, power=1.5, greater_is_better=False)
SCORES = [LOG, "neg_mean_squared_log_error", "neg_mean_poisson_deviance", TWEEDIE]
ENSEMBLES = {
    "StackingRegressor": {},
    "BlendingRegressor": {},
    "SuperLearnerRegressor": {},
    "EnsembleSelectionRegressor": {"max_steps": 10},
    "VotingRegressor": {"weights": "cv"},
}


def ensemble(name, **params):
    options = {"on_error": "drop", "random_state": 0} | ENSEMBLES[name] | params
    return getattr(skensemble, name)(MEMBERS, **options)


def warned(model, *data):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(*data or (X, Y))
    assert all(one.category is UndefinedMetricWarning for one in caught)
    return [str(one.message) for one in caught]


@pytest.mark.parametrize("scoring", SCORES)
@pytest.mark.parametrize("name", ENSEMBLES)
def test_members_without_a_score_are_kept(name, scoring):
    model = ensemble(name, scoring=scoring)
    about = [text for text in warned(model) if "is NaN for member" in text]
    assert not model.failed_
    assert list(model.named_estimators_) == ["ridge", "tree"]
    board = model.leaderboard_["score"]
    assert np.isnan(board["ridge"])
    assert np.isfinite(board["tree"])
    assert board.index[0] == "tree"
    (text,) = about  # one warning per member
    assert "for member 'ridge' on" in text
    assert "predictions (not the target) from -" in text
    assert "TransformedTargetRegressor" in text


@pytest.mark.parametrize("name", ENSEMBLES)
def test_a_target_outside_of_the_range_is_refused_before_the_fit(name):
    for scoring in (LOG, Poisson(), "poisson"):
        with pytest.raises(ValueError, match=r"is not defined for the target y, .* -5"):
            ensemble(name, scoring=scoring).fit(X, Y - 5)


def test_a_loss_keeps_predictions_in_its_range():
    for scoring in (Poisson(), "gamma"):
        model = ensemble("EnsembleSelectionRegressor", scoring=scoring)
        assert warned(model, X, Y + 0.1) == []
        assert np.isfinite(model.leaderboard_["score"]).all()
        assert model.weights_["tree"] > 0.5


@pytest.mark.parametrize("scoring", [LOG, "neg_mean_poisson_deviance"])
def test_the_best_member_has_a_score(scoring):
    model = ensemble("SuperLearnerRegressor", solver=Discrete(scoring))
    warned(model)
    assert model.weights_.idxmax() == "tree"


def test_members_without_a_score_are_chosen_by_the_squared_error():
    y = np.array([0.0, 1, 2, 3, 4, 5])
    near, far = y - 2, y - 4
    options = {"scoring": LOG, "max_steps": 4, "kind": "continuous"}
    with pytest.warns(UndefinedMetricWarning, match="chosen by the squared error"):
        weights = greedy_selection([far, near], y, **options)
    np.testing.assert_array_equal(weights, [0, 1])
    with pytest.warns(UndefinedMetricWarning, match="NaN for every member"):
        assert Discrete(LOG).weigh([far, near], y, kind="continuous")[1] == 1
    with pytest.raises(ValueError, match="not defined for the target y"):
        greedy_selection([y, y], y - 9, **options)


@pytest.mark.parametrize("n_bags", [0, 5])
def test_selection_starts_with_members_that_have_a_score(n_bags):
    y = np.arange(6.0)
    members = {"low": y - 4, "good": y + 0.5, "lower": y - 5, "fair": y + 1}
    weights = greedy_selection(
        members, y, scoring=LOG, max_steps=6, n_init=3, n_bags=n_bags, random_state=0
    )
    assert weights[1] > weights[0]
    assert weights.sum() == pytest.approx(1)


def test_inner_predictions_have_a_score():
    y = np.array([0.0, 0, 6])
    np.testing.assert_array_equal(inner_predictions(y), [1, 1, 4])


def test_alphas_without_a_score_are_not_selected():
    model = skensemble.LinearRegressorCV(
        alphas=[1000.0, 10.0, 0.001], scoring=LOG, cv=3, random_state=0
    )
    y = np.maximum(5 + 2 * X[:, 0] + 3 * X[:, 1], 0)
    (text,) = warned(model, X, y)
    assert "predictions (not the target)" in text
    assert np.isnan(model.scores_).any()
    assert np.isfinite(model.best_score_)
    with pytest.raises(ValueError, match="not defined for the target y"):
        model.fit(X, Y - 5)


def test_an_out_of_bag_score_of_a_range():
    model = skensemble.BaggingRegressor(
        Ridge(), n_estimators=20, oob_score=LOG, random_state=0
    )
    (text,) = warned(model)
    assert text.startswith(f"oob_score={LOG!r}: oob_score_ is NaN")
    assert np.isnan(model.oob_score_)
    # Counts of zero are no reason to refuse a Poisson deviance.
    model = skensemble.BaggingRegressor(
        DecisionTreeRegressor(max_depth=2),
        n_estimators=20,
        oob_score="neg_mean_poisson_deviance",
        random_state=0,
    )
    assert np.isfinite(model.fit(X, Y + (Y > 0)).oob_score_)
    with pytest.raises(ValueError, match=f"oob_score='{LOG}' is not defined"):
        skensemble.BaggingRegressor(oob_score=LOG).fit(X, Y - 5)


def test_automatic_ensembles():
    scoring = "neg_mean_poisson_deviance"
    model = skensemble.AutoEnsembleRegressor(
        None, preset="fast", members=["linear"], cv=2, scoring=scoring, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert not model.fit(X, Y).failed_
    with pytest.raises(ValueError, match="not defined for the target y"):
        model.fit(X, Y - 5)


def test_a_score_without_weights_is_no_question_of_range():
    scorer = make_scorer(max_error, greater_is_better=False)
    y, weight = np.arange(6.0), np.ones(6)
    options = {"kind": "continuous", "sample_weight": weight}
    with pytest.raises(ValueError, match="does not support sample weights"):
        greedy_selection([y + 1, y - 1], y, scoring=scorer, **options)
    with pytest.raises(ValueError, match="does not support sample weights"):
        Discrete(scorer).weigh([y + 1, y - 1], y, **options)
