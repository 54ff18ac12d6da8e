"""Voting, by hand and by scikit-learn."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from sklearn import ensemble
from sklearn.base import clone
from sklearn.metrics import (
    accuracy_score,
    log_loss,
)
from sklearn.model_selection import (
    cross_val_predict,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.tree import DecisionTreeClassifier
from stacking_data import (
    CLASSIFIERS,
    CLOSE,
    DROPPED,
    FOLDS,
    NEW,
    NEW3,
    REGRESSORS,
    STRATA,
    X2,
    X3,
    XR,
    Y2,
    Y3,
    YR,
    N,
)

from skensemble import (
    VotingClassifier,
    VotingRegressor,
)


@pytest.mark.parametrize("members", [CLASSIFIERS, DROPPED])
@pytest.mark.parametrize("weights", [None, "given"])
@pytest.mark.parametrize("voting", ["hard", "soft"])
@pytest.mark.parametrize(("X", "y"), [(X3, Y3), (X2, Y2)])
def test_votes_of_scikit_learn(X, y, voting, weights, members):
    if weights is not None:
        weights = [0.5, 1.25, 2, 3][: len(members)]
    options = {"voting": voting, "weights": weights}
    ours = VotingClassifier(members, **options).fit(X, y)
    theirs = ensemble.VotingClassifier(members, **options).fit(X, y)
    assert_array_equal(ours.predict(NEW3), theirs.predict(NEW3))
    assert_allclose(ours.transform(NEW3), theirs.transform(NEW3), **CLOSE)
    names = list(ours.get_feature_names_out())
    assert names == list(theirs.get_feature_names_out())
    assert_array_equal(ours.classes_, theirs.classes_)
    if voting == "soft":
        assert_allclose(ours.predict_proba(NEW3), theirs.predict_proba(NEW3), **CLOSE)
        for one in (ours, theirs):
            one.set_params(flatten_transform=False)
        assert_allclose(ours.transform(NEW3), theirs.transform(NEW3), **CLOSE)


@pytest.mark.parametrize("weights", [None, [0.5, 1.25, 2]])
def test_mean_of_scikit_learn(weights):
    ours = VotingRegressor(REGRESSORS, weights=weights).fit(XR, YR)
    theirs = ensemble.VotingRegressor(REGRESSORS, weights=weights).fit(XR, YR)
    assert_allclose(ours.predict(NEW), theirs.predict(NEW), **CLOSE)
    assert_allclose(ours.transform(NEW), theirs.transform(NEW), **CLOSE)
    assert list(ours.get_feature_names_out()) == list(theirs.get_feature_names_out())


def test_sample_weights_as_in_scikit_learn():
    weight = np.linspace(0.1, 3, N)
    ours = VotingClassifier(CLASSIFIERS, voting="soft").fit(
        X3, Y3, sample_weight=weight
    )
    theirs = ensemble.VotingClassifier(CLASSIFIERS, voting="soft")
    theirs.fit(X3, Y3, sample_weight=weight)
    assert_allclose(ours.predict_proba(NEW3), theirs.predict_proba(NEW3), **CLOSE)


@pytest.mark.parametrize(("X", "y"), [(X3, Y3), (X2, Y2)])
@pytest.mark.parametrize("weights", [None, [0.5, 1.25, 2]])
def test_mean_of_logarithms(X, y, weights):
    vote = VotingClassifier(CLASSIFIERS, voting="logit", weights=weights).fit(X, y)
    shares = np.ones(3) if weights is None else np.array(weights)
    shares = shares / shares.sum()
    logs = 0
    for share, (_, member) in zip(shares, CLASSIFIERS, strict=True):
        proba = clone(member).fit(X, y).predict_proba(NEW3)
        logs = logs + share * np.log(np.maximum(proba, 1e-7))
    expected = np.exp(logs) / np.exp(logs).sum(axis=1, keepdims=True)
    assert_allclose(vote.predict_proba(NEW3), expected, **CLOSE)
    assert_array_equal(vote.predict(NEW3), np.unique(y)[expected.argmax(axis=1)])


LABELS = np.column_stack([X3[:, 0] > 0, X3[:, 1] + X3[:, 2] > 0.5, Y3 == "fig"]) * 1
OF_LABELS = [
    ("tree", DecisionTreeClassifier(max_depth=2, random_state=0)),
    ("near", KNeighborsClassifier(7)),
    ("deep", DecisionTreeClassifier(max_depth=5, random_state=0)),
]


def on(model, X):
    """P(label is on), a column a label."""
    return np.column_stack([proba[:, 1] for proba in model.predict_proba(X)])


@pytest.mark.parametrize("weights", [None, [0.5, 1.0, 1.25]])
@pytest.mark.parametrize("voting", ["hard", "soft", "logit"])
def test_labels_are_voted_on_one_by_one(voting, weights):
    vote = VotingClassifier(OF_LABELS, voting=voting, weights=weights).fit(X3, LABELS)
    models = [clone(member).fit(X3, LABELS) for _, member in OF_LABELS]
    shares = np.ones(3) if weights is None else np.array(weights)
    shares = shares / shares.sum()
    if voting == "hard":
        predicted = [model.predict(NEW3) for model in models]
    else:
        predicted = [on(model, NEW3) for model in models]
    expected = np.zeros((len(NEW3), 3))
    for row in range(len(NEW3)):
        for label in range(3):
            p = np.array([block[row, label] for block in predicted])
            if voting == "logit":
                p = np.clip(p, 1e-7, 1 - 1e-7)
                expected[row, label] = expit(shares @ (np.log(p) - np.log(1 - p)))
            else:
                expected[row, label] = shares @ p
    # The largest float below one half is one half, as weights sum to one by rounding.
    clear = np.abs(expected - 0.5) > 1e-9
    assert_array_equal(vote.predict(NEW3)[clear], (expected > 0.5)[clear] * 1)
    if voting != "hard":
        assert_allclose(vote.predict_proba(NEW3), expected, rtol=1e-9, atol=1e-6)


def test_outputs_are_averaged_one_by_one():
    y = np.column_stack([YR, -2 * YR + XR[:, 0]])
    vote = VotingRegressor(REGRESSORS, weights=[1, 2, 3]).fit(XR, y)
    expected = np.zeros((len(NEW), 2))
    for weight, (_, member) in zip([1, 2, 3], REGRESSORS, strict=True):
        expected += weight / 6 * clone(member).fit(XR, y).predict(NEW)
    assert_allclose(vote.predict(NEW), expected, **CLOSE)
    learned = VotingRegressor(REGRESSORS, weights="cv", cv=FOLDS).fit(XR, y)
    merits = {
        name: 1 / np.mean((cross_val_predict(member, XR, y, cv=FOLDS) - y) ** 2)
        for name, member in REGRESSORS
    }
    share = merits["ridge"] / sum(merits.values())
    assert learned.weights_["ridge"] == pytest.approx(share)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("voting", ["hard", "soft", "logit"])
@pytest.mark.parametrize(("X", "y"), [(X3, Y3), (X2, Y2)])
def test_weights_from_out_of_fold_predictions(X, y, voting, weighted):
    weight = np.linspace(0.5, 2, N) if weighted else None
    vote = VotingClassifier(CLASSIFIERS, voting=voting, weights="cv", cv=STRATA)
    vote.fit(X, y, sample_weight=weight)
    k = len(np.unique(y))
    merits = {}
    for name, member in CLASSIFIERS:
        method = "predict" if voting == "hard" else "predict_proba"
        params = {} if weight is None else {"sample_weight": weight}
        predicted = cross_val_predict(
            member, X, y, cv=STRATA, method=method, params=params
        )
        if voting == "hard":
            a = accuracy_score(y, predicted, sample_weight=weight)
            merits[name] = np.log((k - 1) * a / (1 - a))
        else:
            merits[name] = 1 / log_loss(y, predicted, sample_weight=weight)
    total = sum(merits.values())
    for name, merit in merits.items():
        assert vote.weights_[name] == pytest.approx(merit / total, rel=1e-9)


def test_votes_worse_than_chance_weigh_alike():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(90, 2))
    members = [
        ("tree", DecisionTreeClassifier(random_state=0)),
        ("bayes", GaussianNB()),
    ]
    y = np.array([0, 1] * 45)
    # Every fold has the other class in front, so that bayes is always wrong.
    vote = VotingClassifier(
        members, weights="cv", cv=[(np.arange(45), np.arange(45, 90))]
    )
    vote.fit(np.column_stack([noise, np.r_[y[:45], 1 - y[45:]]]), y)
    assert_allclose(vote.weights_, 0.5)  # none has anything to say for itself
