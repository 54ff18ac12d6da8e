"""Sample weights are numbers of copies."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal, assert_series_equal
from sklearn.base import clone
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import (
    RepeatedStratifiedKFold,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from stacking_data import CLASSIFIERS, FOLDS, NEW, NEW3, STRATA, X3, XR, Y3, YR, N, says

from skensemble import (
    BlendingClassifier,
    BlendingRegressor,
    EnsembleSelectionClassifier,
    EnsembleSelectionRegressor,
    StackingClassifier,
    StackingRegressor,
    SuperLearnerClassifier,
    SuperLearnerRegressor,
    VotingClassifier,
    VotingRegressor,
)

COPIES = np.random.default_rng(3).integers(1, 4, size=N)
WEIGHED = {
    "classes": [
        ("tree", DecisionTreeClassifier(max_depth=2, random_state=0)),
        *CLASSIFIERS[1:],
    ],
    "numbers": [
        ("tree", DecisionTreeRegressor(max_depth=2, random_state=0)),
        ("ridge", Ridge()),
        ("stiff", Ridge(alpha=100)),
    ],
}
FINAL = {
    "classes": LogisticRegression(solver="newton-cholesky"),
    "numbers": LinearRegression(),
}
FAMILY = {
    ("stack", "classes"): StackingClassifier(WEIGHED["classes"], FINAL["classes"]),
    ("stack", "numbers"): StackingRegressor(WEIGHED["numbers"], FINAL["numbers"]),
    ("blend", "classes"): BlendingClassifier(WEIGHED["classes"], FINAL["classes"]),
    ("blend", "numbers"): BlendingRegressor(WEIGHED["numbers"], FINAL["numbers"]),
    ("super learner", "classes"): SuperLearnerClassifier(WEIGHED["classes"]),
    ("super learner", "numbers"): SuperLearnerRegressor(WEIGHED["numbers"]),
    ("selection", "classes"): EnsembleSelectionClassifier(
        WEIGHED["classes"], max_steps=10
    ),
    ("selection", "numbers"): EnsembleSelectionRegressor(
        WEIGHED["numbers"], max_steps=10
    ),
    ("hard", "classes"): VotingClassifier(WEIGHED["classes"], weights="cv"),
    ("soft", "classes"): VotingClassifier(
        WEIGHED["classes"], voting="soft", weights="cv"
    ),
    ("mean", "numbers"): VotingRegressor(WEIGHED["numbers"], weights="cv"),
}


def with_splits(model, splits):
    if hasattr(model, "validation"):
        return clone(model).set_params(validation=splits[0][1])
    return clone(model).set_params(cv=splits)


@pytest.mark.parametrize(("family", "kind"), FAMILY)
def test_a_weight_is_a_number_of_copies(family, kind):
    X, y, new = (X3, Y3, NEW3) if kind == "classes" else (XR, YR, NEW)
    splits = list(FOLDS.split(X))
    places = np.split(np.arange(COPIES.sum()), np.cumsum(COPIES)[:-1])
    copied = [
        tuple(np.concatenate([places[row] for row in side]) for side in split)
        for split in splits
    ]
    model = FAMILY[family, kind]
    one = with_splits(model, splits).fit(X, y, sample_weight=COPIES)
    many = with_splits(model, copied).fit(np.repeat(X, COPIES, 0), np.repeat(y, COPIES))
    if family == "hard":
        assert_array_equal(one.predict(new), many.predict(new))
    else:
        assert_allclose(says(one, new), says(many, new), rtol=1e-6, atol=1e-8)
    if hasattr(one, "weights_"):
        assert_allclose(one.weights_, many.weights_, rtol=1e-5, atol=1e-7)
    if hasattr(one, "cv_risk_"):
        assert_frame_equal(one.cv_risk_, many.cv_risk_, rtol=1e-6)


def test_rows_of_weight_zero_are_not_there():
    copies = COPIES - 1
    members = WEIGHED["numbers"][1:]
    places = np.split(np.arange(copies.sum()), np.cumsum(copies)[:-1])
    splits = list(FOLDS.split(XR))
    copied = [
        tuple(np.concatenate([places[row] for row in side]) for side in split)
        for split in splits
    ]
    one = SuperLearnerRegressor(members, cv=splits).fit(XR, YR, sample_weight=copies)
    many = SuperLearnerRegressor(members, cv=copied)
    many.fit(np.repeat(XR, copies, 0), np.repeat(YR, copies))
    assert_series_equal(one.weights_, many.weights_, atol=1e-7)
    assert_frame_equal(one.cv_risk_, many.cv_risk_, rtol=1e-6)


@pytest.mark.parametrize(
    ("family", "kind"),
    [pair for pair in FAMILY if pair[1] == "classes" and pair[0] != "hard"],
)
@pytest.mark.parametrize(
    ("calibrate", "cv"),
    [
        (None, "folds"),
        (None, "repeats"),
        ("temperature", "repeats"),
        ("sigmoid", "folds"),
        ("isotonic", "repeats"),
    ],
)
def test_probabilities_are_probabilities(family, kind, calibrate, cv):
    splitter = (
        STRATA
        if cv == "folds"
        else RepeatedStratifiedKFold(n_splits=2, n_repeats=2, random_state=0)
    )
    model = with_splits(FAMILY[family, kind], list(splitter.split(X3, Y3)))
    model.set_params(calibrate=calibrate).fit(X3, Y3)
    rows = ~np.isnan(model.ensemble_oof_).any(axis=1)
    for block in (model.predict_proba(NEW3), model.ensemble_oof_[rows]):
        assert block.shape[1] == 3
        assert ((block >= 0) & (block <= 1 + 1e-12)).all()
        assert_allclose(block.sum(axis=1), 1, rtol=1e-12)
    labels = model.classes_[model.predict_proba(NEW3).argmax(axis=1)]
    assert_array_equal(model.predict(NEW3), labels)
