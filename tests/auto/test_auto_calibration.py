"""Calibration of the automatic classifier: when it is used, and what it changes."""

import inspect
import pickle

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import TimeSeriesSplit
from sklearn.tree import DecisionTreeClassifier

from skensemble import AutoEnsembleClassifier, AutoEnsembleRegressor, load, save
from skensemble.auto._calibration import depends_on_size
from skensemble.auto._threshold import tuned_threshold
from skensemble.losses import Hinge, LogLoss
from skensemble.scoring import as_prediction_scorer

# A tree of pure leaves is right or wrong with certainty; of small ones, nearly so.
SURE = [("sure", DecisionTreeClassifier(min_samples_leaf=2, random_state=0))]
OPTIONS = {"preset": "fast", "cv": 3, "n_jobs": 1, "random_state": 0}


# The model family that the labels of `drawn` are drawn from.
CALM = [("calm", LogisticRegression())]


def fitted(X, y, members=SURE, scoring="neg_log_loss", **options):
    auto = AutoEnsembleClassifier(
        None, members=members, scoring=scoring, **(OPTIONS | options)
    )
    return auto.fit(X, y)


@pytest.fixture(scope="module", params=[2, 3], ids=["two", "three"])
def classes(request):
    X, y = make_classification(
        900,
        6,
        n_informative=4,
        n_classes=request.param,
        flip_y=0.2,
        random_state=0,
    )
    return X[:500], y[:500], X[500:], y[500:]


@pytest.fixture(scope="module")
def two():
    X, y = make_classification(600, 6, n_informative=4, flip_y=0.2, random_state=0)
    return X[:400], y[:400], X[400:]


@pytest.fixture(scope="module")
def drawn():
    """Labels that are drawn by a logistic function."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(900, 2))
    return X, (rng.uniform(size=900) < expit(X[:, 0])).astype(int)


def test_over_confident_probabilities_are_tempered(classes):
    X, y, X_new, y_new = classes
    auto, bare = fitted(X, y), fitted(X, y, calibrate=None)
    assert auto.calibration_ == "temperature"
    assert bare.calibration_ is None
    before, after = bare.predict_proba(X_new), auto.predict_proba(X_new)
    assert log_loss(y_new, after) < 0.9 * log_loss(y_new, before)
    np.testing.assert_allclose(after.sum(axis=1), 1)
    # One temperature for all classes leaves their order.
    np.testing.assert_array_equal(auto.predict(X_new), bare.predict(X_new))


def test_the_leaderboard_and_out_of_fold_rows_are_calibrated_too(classes):
    X, y, _, _ = classes
    auto, bare = fitted(X, y), fitted(X, y, calibrate=None)
    scores = auto.leaderboard_["score"]
    assert scores["ensemble"] == pytest.approx(-log_loss(y, auto.ensemble_oof_))
    assert scores["ensemble"] > 0.9 * bare.leaderboard_.loc["ensemble", "score"]
    assert scores["sure"] == bare.leaderboard_.loc["sure", "score"]


@pytest.mark.parametrize("scoring", ["neg_log_loss", "neg_brier_score", "log_loss"])
def test_a_blend_that_is_calibrated_stays_as_it_is(drawn, scoring):
    X, y = drawn
    auto, bare = (fitted(X, y, CALM, scoring, calibrate=how) for how in ("auto", None))
    assert auto.calibration_ is None
    np.testing.assert_array_equal(auto.predict_proba(X), bare.predict_proba(X))
    np.testing.assert_array_equal(auto.ensemble_oof_, bare.ensemble_oof_)


def test_under_confident_probabilities_are_sharpened(drawn):
    X, y = drawn
    X, y, X_new, y_new = X[:500], y[:500], X[500:], y[500:]
    timid = [("timid", LogisticRegression(C=2e-3))]
    auto, bare = (fitted(X, y, timid, calibrate=how) for how in ("auto", None))
    assert auto.model_.calibrator.maps[0].temperature < 1
    before, after = bare.predict_proba(X_new), auto.predict_proba(X_new)
    assert log_loss(y_new, after) < log_loss(y_new, before)


def test_slight_over_confidence_of_folds_is_left():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 5))
    y = (rng.uniform(size=600) < expit(X[:, 0])).astype(int)
    members = [("large", LogisticRegression(C=1e3))]
    requested = fitted(X, y, members, calibrate="temperature")
    auto = fitted(X, y, members)
    assert 1 < requested.model_.calibrator.maps[0].temperature < 2
    scores = [one.leaderboard_.loc["ensemble", "score"] for one in (auto, requested)]
    assert scores[0] < scores[1]
    assert auto.calibration_ is None


@pytest.mark.parametrize("scoring", ["roc_auc", "accuracy", None])
def test_scores_of_ranks_and_labels_do_not_calibrate(two, scoring):
    assert fitted(*two[:2], scoring=scoring).calibration_ is None


@pytest.mark.parametrize(
    ("scoring", "answer"),
    [
        ("neg_log_loss", True),
        ("neg_brier_score", True),
        ("d2_log_loss_score", True),
        ("ranked_probability", True),
        (LogLoss(class_weight="balanced"), True),
        (Hinge(), False),
        ("average_precision", False),
        ("f1_macro", False),
    ],
    ids=str,
)
def test_which_scores_depend_on_the_size_of_probabilities(scoring, answer):
    assert depends_on_size(as_prediction_scorer(scoring, "classes", 2)) is answer


@pytest.mark.parametrize(
    "scoring",
    ["neg_brier_score", "d2_brier_score", "ranked_probability", "log_loss"],
)
def test_other_scores_of_probabilities_calibrate_too(classes, scoring):
    X, y, _, _ = classes
    assert fitted(X, y, scoring=scoring).calibration_ == "temperature"


def test_weights_of_rows_count(two):
    X, y, _ = two
    weight = np.where(np.arange(len(y)) < 300, 1.0, 0.0)
    auto = fitted(X, y)
    weighted = AutoEnsembleClassifier(**auto.get_params()).fit(X, y, weight)
    assert weighted.calibration_ == "temperature"
    heat = [one.model_.calibrator.maps[0].temperature for one in (auto, weighted)]
    assert heat[0] != heat[1]


@pytest.mark.parametrize("how", ["temperature", "sigmoid", "isotonic"])
def test_requested_methods_are_used(drawn, how):
    X, y = drawn
    auto = fitted(X, y, CALM, "roc_auc", calibrate=how)
    bare = fitted(X, y, CALM, "roc_auc", calibrate=None)
    assert auto.calibration_ == how
    assert np.abs(auto.predict_proba(X) - bare.predict_proba(X)).max() > 1e-3
    assert np.abs(auto.ensemble_oof_ - bare.ensemble_oof_).max() > 1e-3


def test_pickle_clone_and_file(classes, tmp_path):
    X, y, X_new, _ = classes
    for how in ("auto", "sigmoid", "isotonic"):
        auto = fitted(X, y, calibrate=how)
        save(auto, tmp_path / how)
        for again in (pickle.loads(pickle.dumps(auto)), load(tmp_path / how)):
            np.testing.assert_array_equal(
                again.predict_proba(X_new), auto.predict_proba(X_new)
            )
            assert again.calibration_ == auto.calibration_
            pd.testing.assert_frame_equal(again.leaderboard_, auto.leaderboard_)
        copy = clone(auto)
        assert copy.calibrate == how
        assert not hasattr(copy, "calibration_")


def test_it_is_fitted_again_for_every_combination(two):
    X, y, X_new = two
    auto = fitted(X, y, [*SURE, "linear"], calibrate="temperature")
    together = auto.model_.calibrator
    small = auto.compress(max_members=1)
    assert auto.model_.calibrator == together
    (kept,) = small.weights_.pipe(lambda w: w.index[w > 0])
    alone = fitted(X, y, [*SURE, "linear"], calibrate=None).oof_[kept]
    assert small.calibration_ == "temperature"
    assert small.model_.calibrator != together
    np.testing.assert_allclose(
        small.model_.combine(small.oof_.blocks),
        small.model_.calibrator.transform(alone),
    )
    small.refit_best()
    assert small.model_.calibrator not in (None, together)
    small.fit_more(1)
    assert small.model_.calibrator == together
    np.testing.assert_allclose(small.predict_proba(X_new).sum(axis=1), 1)


def test_the_threshold_is_one_of_calibrated_probabilities(two):
    X, y, _ = two
    options = {"threshold": "balanced_accuracy"}
    members = [*SURE, "linear"]
    bare = fitted(X, y, members, calibrate=None, **options)
    auto = fitted(X, y, members, calibrate="sigmoid", **options)
    assert auto.threshold_ != bare.threshold_
    p = auto.model_.combine(auto.oof_.blocks)
    scorer = as_prediction_scorer("balanced_accuracy", "classes", 2)
    assert auto.threshold_ == tuned_threshold(p, y, scorer, None)


def test_a_class_that_one_split_alone_predicts():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 2))
    y = (X[:, 0] + rng.normal(size=120) > 0).astype(int)
    y[[3, 32, 33]] = 2  # in rows that the first split of time fits on and predicts
    cv = TimeSeriesSplit(3)
    assert fitted(X, y, cv=cv).calibration_ is None
    with pytest.warns(UserWarning, match=r"calibrate='isotonic' is ignored.*\[2\]"):
        auto = fitted(X, y, cv=cv, calibrate="isotonic")
    assert auto.calibration_ is None
    assert np.isfinite(auto.leaderboard_.loc["ensemble", "score"])


def test_splits_of_time_and_a_holdout(two):
    X, y, X_new = two
    rows = np.arange(len(y))
    for cv in (TimeSeriesSplit(4), [(rows[:200], rows[200:])]):
        auto = fitted(X, y, cv=cv)
        assert auto.calibration_ == "temperature"
        assert np.isfinite(auto.leaderboard_.loc["ensemble", "score"])
        assert np.isfinite(auto.predict_proba(X_new)).all()


@pytest.mark.parametrize("wrong", ["platt", True, 0.5])
def test_a_method_that_is_not_known(two, wrong):
    words = rf"calibrate={wrong!r} is not known; use one of \['auto', None"
    with pytest.raises(ValueError, match=words):
        fitted(*two[:2], calibrate=wrong)


def test_regressors_have_no_such_parameter():
    assert "calibrate" in inspect.signature(AutoEnsembleClassifier).parameters
    assert "calibrate" not in inspect.signature(AutoEnsembleRegressor).parameters
