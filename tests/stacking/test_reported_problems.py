"""Problems that readers of the documentation reported."""

import time
import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skensemble import (
    EnsembleSelectionClassifier,
    StackingClassifier,
    StackingRegressor,
    SuperLearnerClassifier,
    SuperLearnerRegressor,
    VotingClassifier,
)
from skensemble.exceptions import MemberFailedError, MemberFailedWarning
from skensemble.stacking import WeightSolver

X, Y = load_iris(return_X_y=True)
XR, YR = load_diabetes(return_X_y=True)
MEMBERS = [
    ("tree", DecisionTreeClassifier(max_depth=2, random_state=0)),
    ("bayes", GaussianNB()),
]
NUMBERS = [("ridge", Ridge()), ("tree", DecisionTreeRegressor(max_depth=3))]


@pytest.mark.parametrize(
    "kind", [StackingClassifier, SuperLearnerClassifier, VotingClassifier]
)
def test_a_pipeline_is_routed_weights(kind):
    weight = np.linspace(0.1, 2, len(Y))
    plain = make_pipeline(StandardScaler(), LogisticRegression())
    options = {} if kind is VotingClassifier else {"random_state": 0}
    expected = kind([("p", plain)], **options).fit(X, Y, sample_weight=weight)
    with sklearn.config_context(enable_metadata_routing=True):
        # Without routing weights go to the last step only, hence this test of the step.
        routed = make_pipeline(
            StandardScaler().set_fit_request(sample_weight=False),
            LogisticRegression().set_fit_request(sample_weight=True),
        )
        found = kind([("p", routed)], **options).fit(X, Y, sample_weight=weight)
    np.testing.assert_array_equal(found.predict(X), expected.predict(X))
    np.testing.assert_array_equal(found.transform(X), expected.transform(X))


def test_ids_are_those_of_the_column():
    frame = pd.DataFrame(X).add_prefix("x").assign(Id=np.arange(len(X)) + 9000)
    model = SuperLearnerClassifier(MEMBERS, random_state=0).fit(frame, Y == 1)
    table = model.to_frame(frame.head(2), id_column="Id", target="yes")
    assert table.columns.tolist() == ["Id", "yes"]
    assert table["Id"].tolist() == [9000, 9001]
    assert model.to_frame(id_column="Id")["Id"].tolist() == frame["Id"].tolist()
    labels = model.to_frame(frame, id_column="Id", labels=True)["prediction"]
    np.testing.assert_array_equal(labels, model.predict(frame))


def test_labels_without_predictions_stay_empty():
    names = np.array(["a", "b", "c"])[Y]
    half = [(np.arange(0, 150, 2), np.arange(1, 101, 2))]
    model = SuperLearnerClassifier(MEMBERS, cv=half, random_state=0).fit(X, names)
    labels = model.to_frame(labels=True)["prediction"]
    assert labels.isna().sum() == 100
    assert set(labels.dropna()) <= {"a", "b", "c"}


class Slow(GaussianNB):
    """Takes its time."""

    wait = staticmethod(time.sleep)

    def fit(self, X, y, sample_weight=None):
        self.wait(1.8)
        return super().fit(X, y, sample_weight)


@pytest.mark.parametrize("first", [False, True])
def test_quick_members_are_there_when_a_slow_one_takes_all_the_time(
    first, clock, monkeypatch
):
    monkeypatch.setattr(Slow, "wait", clock.sleep)
    members = [("slow", Slow()), *MEMBERS] if first else [*MEMBERS, ("slow", Slow())]
    stack = StackingClassifier(members, time_limit=1.5, random_state=0)
    if first:  # nothing can be done about it without other processes
        with pytest.raises(MemberFailedError, match="list fast members first"):
            stack.fit(X, Y)
        return
    with pytest.warns(MemberFailedWarning, match="'slow' was not completed in time"):
        stack.fit(X, Y)
    assert list(stack.oof_) == ["tree", "bayes"]


def test_data_changed_in_place_are_not_taken_for_those_of_the_fit():
    frame = pd.DataFrame(XR).add_prefix("x")
    stack = StackingRegressor(NUMBERS, random_state=0).fit(frame, YR)
    frame["x2"] = 0.0
    with pytest.raises(ValueError, match="changed in place"):
        stack.add_members([("other", Ridge(2))])
    with pytest.raises(ValueError, match="X is not that of the fit"):
        stack.add_members([("other", Ridge(2))], frame.copy(), YR)


def test_scores_that_cannot_be_computed_are_refused_at_once():
    with pytest.raises(ValueError, match="use 'roc_auc_ovr'"):
        EnsembleSelectionClassifier(MEMBERS, scoring="roc_auc").fit(X, Y)
    for kind, options in (
        (VotingClassifier, {"cv": 3}),
        (StackingClassifier, {"stack_method": "predict"}),
    ):
        with pytest.raises(ValueError, match="cannot be computed from predict"):
            kind(MEMBERS, scoring="neg_log_loss", **options).fit(X, Y)
    EnsembleSelectionClassifier(MEMBERS, scoring="roc_auc_ovr", max_steps=3).fit(X, Y)


class Fixed(WeightSolver):
    """Weights that are given."""

    def __init__(self, weights):
        self.weights = weights

    def solve(self, members):
        return np.array(self.weights)


@pytest.mark.parametrize("weights", [[np.nan, 1.0], [1.5, -0.3], [1.0], [0.0, 0.0]])
def test_solvers_are_checked(weights):
    with pytest.raises(ValueError, match=r"gave the weights .* 2 non-negative numbers"):
        SuperLearnerRegressor(NUMBERS, Fixed(weights)).fit(XR, YR)
    fair = SuperLearnerRegressor(NUMBERS, Fixed([1.0, 3.0])).fit(XR, YR)
    assert fair.weights_.to_dict() == {"ridge": 0.25, "tree": 0.75}


class OwnLogistic(LogisticRegression):
    """A class derived from one of scikit-learn's."""


def test_unset_threads_do_not_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        StackingClassifier([("m", OwnLogistic(max_iter=500))], n_jobs=1).fit(X, Y)


def test_no_row_is_lost_to_a_name():
    members = [("stack", Ridge()), ("stack (ensemble)", Ridge(2))]
    table = StackingRegressor(members).fit(XR, YR).leaderboard_
    assert len(table) == 3
    learner = SuperLearnerRegressor(
        [("super learner", Ridge()), NUMBERS[1]], outer_cv=2, random_state=0
    )
    assert len(learner.fit(XR, YR).outer_risk_) == 4


def test_one_split_has_no_deviation():
    stack = StackingRegressor(NUMBERS, cv=[(np.arange(300), np.arange(300, 442))])
    table = stack.fit(XR, YR).leaderboard_
    assert table.loc["ridge":"tree", "score_std"].isna().all()
