"""Calibration of members and ensembles."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize_scalar
from scipy.special import softmax
from sklearn.base import clone
from sklearn.metrics import (
    accuracy_score,
    log_loss,
)
from sklearn.model_selection import (
    cross_val_predict,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC
from stacking_data import CLASSIFIERS, NEW2, NEW3, NEW_Y2, STRATA, X2, X3, Y2, Y3

from skensemble import (
    BlendingClassifier,
    EnsembleSelectionClassifier,
    StackingClassifier,
    SuperLearnerClassifier,
    VotingClassifier,
)

# Copies of features make naive Bayes far too sure.
COPIED, NEW_COPIED = np.hstack([X2] * 8), np.hstack([NEW2] * 8)
SURE = [("bayes", GaussianNB())]


META = [
    StackingClassifier(SURE, GaussianNB(), passthrough=True),
    BlendingClassifier(SURE, GaussianNB(), passthrough=True, random_state=0),
]
MEANS = [
    SuperLearnerClassifier(SURE),
    EnsembleSelectionClassifier(SURE),
    VotingClassifier(SURE, voting="soft"),
    VotingClassifier(SURE, voting="logit"),
]


@pytest.mark.parametrize(
    ("model", "which"),
    [(model, "calibrate") for model in [*META, *MEANS]]
    # Not META, of which the meta model would be too sure again.
    + [(model, "calibrate_members") for model in MEANS],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_temperature_cools_who_is_too_sure(model, which):
    hot = clone(model).fit(COPIED, Y2)
    cool = clone(model).set_params(**{which: "temperature"}).fit(COPIED, Y2)
    before, after = (
        log_loss(NEW_Y2, one.predict_proba(NEW_COPIED)) for one in (hot, cool)
    )
    assert after < before - 0.2
    assert_array_equal(hot.predict(NEW_COPIED), cool.predict(NEW_COPIED))


def test_temperature_of_least_log_loss():
    plain = StackingClassifier(CLASSIFIERS, GaussianNB(), cv=STRATA).fit(X3, Y3)
    logs = np.log(np.maximum(plain.ensemble_oof_, np.finfo(float).eps))
    found = minimize_scalar(
        lambda log_t: log_loss(Y3, softmax(logs / np.exp(log_t), axis=1)),
        bounds=(-3, 5),
        method="bounded",
        options={"xatol": 1e-9},
    )
    cool = clone(plain).set_params(calibrate="temperature").fit(X3, Y3)
    new = np.log(np.maximum(plain.predict_proba(NEW3), np.finfo(float).eps))
    expected = softmax(new / np.exp(found.x), axis=1)
    assert_allclose(cool.predict_proba(NEW3), expected, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize(
    "family",
    [SuperLearnerClassifier, EnsembleSelectionClassifier, VotingClassifier],
)
@pytest.mark.parametrize(("X", "y", "new"), [(X3, Y3, NEW3), (X2, Y2, NEW2)])
def test_scores_become_probabilities(family, X, y, new):
    members = [("svc", LinearSVC(random_state=0)), ("bayes", GaussianNB())]
    voting = {"voting": "soft"} if family is VotingClassifier else {}
    model = family(members, cv=STRATA, **voting)
    with pytest.raises(ValueError, match=r"'svc'.* has no predict_proba.*sigmoid"):
        model.fit(X, y)
    model.set_params(calibrate_members="sigmoid").fit(X, y)
    for block in (model.predict_proba(new), model.ensemble_oof_, model.oof_["svc"]):
        assert_allclose(block.sum(axis=1), 1, rtol=1e-12)
    assert model.score(X, y) > 0.6
    alone = accuracy_score(y, cross_val_predict(LinearSVC(random_state=0), X, y))
    codes = model.oof_["svc"].argmax(axis=1)
    assert accuracy_score(y, model.classes_[codes]) > alone - 0.1
