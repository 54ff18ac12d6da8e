"""A loss as the metric of searches and cross-validation."""

import numpy as np
import pytest
import sklearn
from sklearn.datasets import make_classification, make_regression
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.svm import LinearSVC

from skensemble.losses import Hinge, LogLoss, Quantile, SquaredError

X, CODES = make_classification(200, n_informative=5, n_classes=3, random_state=0)
LABELS = np.array(["a", "b", "c"])[CODES]
XR, YR = make_regression(100, 5, noise=5, random_state=0)


@pytest.mark.parametrize("kept", [["a", "b"], ["a", "b", "c"]])
def test_log_loss_scorer_is_scikit_learns(kept):
    rows = np.isin(LABELS, kept)
    ours, theirs = (
        cross_val_score(LogisticRegression(), X[rows], LABELS[rows], scoring=scoring)
        for scoring in (LogLoss().scorer(), "neg_log_loss")
    )
    np.testing.assert_allclose(ours, theirs, rtol=1e-8)


def test_regression_scorer():
    ours = cross_val_score(LinearRegression(), XR, YR, scoring=SquaredError().scorer())
    theirs = cross_val_score(
        LinearRegression(), XR, YR, scoring="neg_mean_squared_error"
    )
    np.testing.assert_allclose(2 * ours, theirs)


def test_decisions_where_there_are_no_probabilities():
    model = LinearSVC().fit(X, CODES > 0)
    score = Hinge().scorer()(model, X, CODES > 0)
    margins = np.where(CODES > 0, 1, -1) * model.decision_function(X)
    assert score == pytest.approx(-np.maximum(0, 1 - margins).mean())


def test_search_and_many_metrics():
    search = GridSearchCV(
        LogisticRegression(), {"C": [1e-4, 1.0]}, scoring=LogLoss().scorer()
    ).fit(X, CODES)
    assert search.best_params_ == {"C": 1.0}
    found = cross_validate(
        LinearRegression(),
        XR,
        YR,
        scoring={"q1": Quantile(0.1).scorer(), "q9": Quantile(0.9).scorer()},
    )
    assert np.all(found["test_q1"] < 0)
    assert not np.allclose(found["test_q1"], found["test_q9"])


def test_weights_by_routing():
    w = np.random.default_rng(0).uniform(size=100)
    scorer = SquaredError().scorer()
    with sklearn.config_context(enable_metadata_routing=True):
        weighted = cross_val_score(
            LinearRegression().set_fit_request(sample_weight=False),
            XR,
            YR,
            scoring=scorer.set_score_request(sample_weight=True),
            params={"sample_weight": w},
        )
        plain = cross_val_score(LinearRegression(), XR, YR, scoring=scorer)
    assert not np.allclose(weighted, plain)
