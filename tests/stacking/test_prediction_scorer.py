"""Scores of predictions equal those of the estimator that made them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    fbeta_score,
    get_scorer,
    log_loss,
    make_scorer,
    max_error,
    roc_auc_score,
)
from sklearn.svm import LinearSVC

from skensemble.losses import AbsoluteError, Hinge, Huber, LogLoss, Loss
from skensemble.scoring import check_scoring_of_classes
from skensemble.scoring._missing_classes import roc_auc_of_present
from skensemble.scoring._prediction_scorer import (
    as_prediction_scorer,
    check_scoring_kind,
    is_regression_scoring,
)

RNG = np.random.default_rng(0)


def fitted(load):
    X, y = load(return_X_y=True)
    X = X[:, :2]
    return X, y, LogisticRegression(max_iter=5000).fit(X, y)


@pytest.mark.parametrize(
    "name",
    [
        "accuracy",
        "average_precision",
        "f1",
        "neg_brier_score",
        "neg_log_loss",
        "precision",
        "roc_auc",
        "roc_auc_ovr",
        make_scorer(fbeta_score, beta=2),
        make_scorer(f1_score, pos_label=0),
        make_scorer(roc_auc_score, response_method="predict_proba", max_fpr=0.3),
        LogLoss().scorer(),
    ],
)
@pytest.mark.parametrize("weighted", [False, True])
def test_binary_as_the_estimator(name, weighted):
    X, y, model = fitted(load_breast_cancer)
    weight = {"sample_weight": RNG.random(len(y))} if weighted else {}
    scorer = get_scorer(name) if isinstance(name, str) else name
    ours = as_prediction_scorer(name, "classes", 2).score(
        model.predict_proba(X), y, **weight
    )
    assert_allclose(ours, scorer(model, X, y, **weight), rtol=1e-12)


@pytest.mark.parametrize(
    "name", ["accuracy", "f1_macro", "neg_log_loss", "roc_auc_ovr", "roc_auc_ovo"]
)
def test_multiclass_as_the_estimator(name):
    X, y, model = fitted(load_iris)
    ours = as_prediction_scorer(name, "classes", 3).score(model.predict_proba(X), y)
    assert_allclose(ours, get_scorer(name)(model, X, y), rtol=1e-12)


@pytest.mark.parametrize(
    "name", [None, "neg_root_mean_squared_error", "neg_mean_absolute_error", "r2"]
)
@pytest.mark.parametrize("outputs", [1, 2])
def test_numbers_as_the_estimator(name, outputs):
    X, y = load_diabetes(return_X_y=True)
    y = y if outputs == 1 else np.column_stack([y, np.sqrt(y)])
    model, weight = LinearRegression().fit(X, y), RNG.random(len(y))
    ours = as_prediction_scorer(name, "continuous").score(model.predict(X), y, weight)
    theirs = get_scorer(name or "r2")(model, X, y, sample_weight=weight)
    assert_allclose(ours, theirs, rtol=1e-12)


def test_labels_as_the_metrics():
    y = RNG.integers(0, 2, (50, 3))
    p = np.clip(y + RNG.normal(size=y.shape), 0, 1)
    found = {
        name: as_prediction_scorer(name, "labels").score(p, y)
        for name in ("accuracy", "f1_macro", "roc_auc", "log_loss")
    }
    assert_allclose(found["accuracy"], accuracy_score(y, p > 0.5))
    assert_allclose(found["f1_macro"], f1_score(y, p > 0.5, average="macro"))
    assert_allclose(found["roc_auc"], roc_auc_score(y, p))
    truth = np.clip(np.where(y == 1, p, 1 - p), np.finfo(float).eps, 1)
    assert_allclose(found["log_loss"], np.log(truth).sum(axis=1).mean())


def test_losses_judge_predictions():
    y, p = np.array([0, 1, 1, 0]), np.array([0.2, 0.7, 1.0, 0.0])
    block = np.column_stack([1 - p, p])
    for scoring in ("log_loss", LogLoss()):
        ours = as_prediction_scorer(scoring, "classes", 2).score(block, y)
        assert_allclose(ours, -log_loss(y, block), rtol=1e-12)
    wide = np.array([[0.2, 0.3, 0.5], [0.1, 0.9, 0.0]])
    ours = as_prediction_scorer("log_loss", "classes", 3).score(wide, np.array([2, 1]))
    assert_allclose(ours, np.log([0.5, 0.9]).mean())
    target = np.array([1.0, 2.0, 4.0])
    ours = as_prediction_scorer("absolute_error", "continuous").score(
        target + 2, target
    )
    assert_allclose(ours, -2.0)
    ours = as_prediction_scorer(Huber(delta=1.0), "continuous").score(
        target + 2, target
    )
    assert_allclose(ours, -1.5)
    ours = as_prediction_scorer(LogLoss(class_weight="balanced"), "classes", 2).score(
        block, y
    )
    assert np.isfinite(ours)


def test_labels_and_decisions():
    X, y = load_breast_cancer(return_X_y=True)
    X = (X - X.mean(0)) / X.std(0)
    model = LinearSVC(random_state=0).fit(X, y)
    decision, codes = model.decision_function(X), model.predict(X)
    assert as_prediction_scorer(None, "classes", 2).score(codes, y) == model.score(X, y)
    ours = as_prediction_scorer("roc_auc", "classes", 2).score(decision, y)
    assert_allclose(ours, get_scorer("roc_auc")(model, X, y))
    hinge = as_prediction_scorer("hinge", "classes", 2).score(decision, y)
    assert_allclose(hinge, Hinge().score(y, decision))
    assert as_prediction_scorer("accuracy", "classes", 2).score(
        decision, y
    ) == model.score(X, y)


def test_errors_name_the_way_out():
    y, codes = np.array([0, 1, 1]), np.array([0, 1, 0])
    with pytest.raises(
        ValueError, match=r"'neg_log_loss' cannot be computed.*'accuracy'"
    ):
        as_prediction_scorer("neg_log_loss", "classes", 2).score(codes, y)
    with pytest.raises(
        ValueError, match=r"LogLoss\(\) cannot be computed from predict"
    ):
        as_prediction_scorer(LogLoss(), "classes", 2).score(codes, y)
    with pytest.raises(
        ValueError, match="is for classes, but the target is continuous"
    ):
        as_prediction_scorer("roc_auc", "continuous").score(y + 0.5, y)
    with pytest.raises(
        ValueError, match="'hinge' cannot be computed from predict_proba"
    ):
        as_prediction_scorer("hinge", "classes", 2).score(np.eye(2)[y], y)
    with pytest.raises(ValueError, match=r"mean one of .'neg_log_loss'"):
        as_prediction_scorer("neg_logloss", "classes", 2)
    with pytest.raises(ValueError, match=r"'huber' is a loss for .*target is binary"):
        as_prediction_scorer("huber", "classes", 2)
    with pytest.raises(ValueError, match="must be the name of a scorer"):
        as_prediction_scorer(3, "classes", 2)
    with pytest.raises(ValueError, match="metric function rather than a scorer"):
        as_prediction_scorer(roc_auc_score, "classes", 2)
    bare = make_scorer(max_error, greater_is_better=False)
    with pytest.raises(ValueError, match="does not support sample weights"):
        as_prediction_scorer(bare, "continuous").score(y + 0.5, y, np.ones(3))


def test_short_names_are_those_of_scorers():
    assert (
        as_prediction_scorer("rmse", "continuous").known_as
        == "neg_root_mean_squared_error"
    )
    assert as_prediction_scorer("auc", "classes", 2).known_as == "roc_auc"
    assert as_prediction_scorer("auc", "classes", 3).known_as == "roc_auc_ovr"
    assert as_prediction_scorer("f1_score", "classes", 3).known_as == "f1_macro"
    assert is_regression_scoring("mae")
    assert not is_regression_scoring("logloss")
    with pytest.raises(ValueError, match="scoring='rmse' is for regression"):
        check_scoring_kind("rmse", "classes")


def test_certain_predictions():
    class Own(AbsoluteError):
        def pointwise(self, y, raw):
            return 2 * np.abs(raw - y)

    Own.__name__ = "AbsoluteError"
    assert as_prediction_scorer("roc_auc", "classes", 2).known_as == "roc_auc"
    assert (
        as_prediction_scorer("absolute_error", "continuous").known_as
        == "AbsoluteError()"
    )
    assert as_prediction_scorer(Own(), "continuous").known_as == ""
    assert isinstance(as_prediction_scorer(Own(), "continuous").rule, Loss)
    numbers = ["r2", "huber", AbsoluteError(), AbsoluteError().scorer()]
    assert all(map(is_regression_scoring, numbers))
    assert not any(
        map(is_regression_scoring, ["accuracy", "neg_log_loss", "log_loss", None])
    )
    scorer = as_prediction_scorer("r2", "continuous")
    assert as_prediction_scorer(scorer, "continuous") is scorer


# Rows that lack some classes

AUC_OF_CLASSES = [
    "roc_auc_ovr",
    "roc_auc_ovr_weighted",
    "roc_auc_ovo",
    "roc_auc_ovo_weighted",
]


@pytest.mark.parametrize("name", AUC_OF_CLASSES)
def test_the_mean_auc_of_the_classes_with_rows(name):
    p, y = RNG.dirichlet(np.ones(4), 60), RNG.integers(0, 4, 60)
    scorer = as_prediction_scorer(name, "classes", 4)
    # The mean over classes is scikit-learn's where all classes have rows.
    assert_allclose(roc_auc_of_present(name, p, y, None), scorer.score(p, y))
    known = y < 3
    three = p[known][:, :3]
    found = scorer.score(p[known], y[known])
    if "ovo" in name:  # each pair of classes, with the probabilities as they are
        assert 0 < found < 1
        return
    each = [roc_auc_score(y[known] == k, three[:, k]) for k in range(3)]
    shares = np.bincount(y[known]) if "weighted" in name else None
    assert_allclose(found, np.average(each, weights=shares))
    with pytest.raises(ValueError, match="one class only"):
        scorer.score(p[y == 1], y[y == 1])


@pytest.mark.parametrize(
    "name",
    [
        *("neg_brier_score", "d2_brier_score", "d2_log_loss_score", "top_k_accuracy"),
        make_scorer(log_loss, response_method="predict_proba"),
    ],
)
@pytest.mark.parametrize("weighted", [False, True])
def test_other_scores_know_the_missing_classes(name, weighted):
    p, y = RNG.dirichlet(np.ones(4), 60), RNG.integers(0, 3, 60)
    weight = RNG.random(60) if weighted else np.ones(60)
    found = as_prediction_scorer(name, "classes", 4).score(p, y, weight)
    # One row of the missing class, of next to no weight, changes nothing.
    more = np.append(p, [[0.25] * 4], axis=0), np.append(y, 3), np.append(weight, 1e-9)
    assert_allclose(found, as_prediction_scorer(name, "classes", 4).score(*more), 1e-6)
    labels = as_prediction_scorer(name, "classes", 4, np.array(list("abcd")))
    assert_allclose(found, labels.score(p, y, weight))


def test_a_score_that_is_undefined_without_a_class():
    def strict(y, p, sample_weight=None):
        if len(np.unique(y)) < 3 or sample_weight is not None:
            raise ValueError("all classes are needed")
        return 1.0

    scorer = as_prediction_scorer(
        make_scorer(strict, response_method="predict_proba"), "classes", 3
    )
    check_scoring_of_classes(scorer, np.array([0, 1, 2]))
    with pytest.raises(ValueError, match=r"no row of the classes \[2\].*are needed"):
        check_scoring_of_classes(scorer, np.array([0, 1, 0]))
