"""Sample weights as a named parameter of ``fit``, which meta-estimators look for."""

import inspect

import numpy as np
import pytest
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import make_classification, make_regression
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import has_fit_parameter

import skensemble

X, Y = make_classification(80, 4, n_informative=3, n_redundant=0, random_state=0)
XR, YR = make_regression(60, 3, noise=20.0, random_state=0)
WEIGHT = np.random.default_rng(0).uniform(0, 1, 80) ** 6
WEIGHT_R = np.random.default_rng(1).uniform(0, 1, 60) ** 6
KINDS = ["Stacking", "Blending", "SuperLearner", "EnsembleSelection", "Voting"]
CLASSIFIERS = [
    ("weak", LogisticRegression(C=0.01)),
    ("strong", LogisticRegression(C=10)),
]


def classifier(kind):
    options = {"voting": "soft"} if kind == "Voting" else {}
    options |= {"max_steps": 5} if kind == "EnsembleSelection" else {}
    model = getattr(skensemble, f"{kind}Classifier")
    return model(CLASSIFIERS, random_state=0, **options)


@pytest.mark.parametrize("kind", KINDS)
def test_fit_names_its_weights(kind):
    for task in ("Classifier", "Regressor"):
        model = getattr(skensemble, kind + task)
        assert has_fit_parameter(model([]), "sample_weight")
        # As in scikit-learn, weights may be the third positional argument.
        assert list(inspect.signature(model.fit).parameters)[3] == "sample_weight"


@pytest.mark.parametrize("kind", KINDS)
def test_calibration_passes_weights_on(kind):
    model, cv = classifier(kind), StratifiedKFold(2)
    calibrated = CalibratedClassifierCV(model, cv=cv)
    found = calibrated.fit(X, Y, sample_weight=WEIGHT)
    for (train, _), one in zip(
        cv.split(X, Y), found.calibrated_classifiers_, strict=True
    ):
        alone = sklearn.clone(model).fit(X[train], Y[train], WEIGHT[train])
        expected = alone.predict_proba(X)
        np.testing.assert_allclose(one.estimator.predict_proba(X), expected)
        plain = sklearn.clone(model).fit(X[train], Y[train]).predict_proba(X)
        assert np.abs(expected - plain).max() > 0.01


def test_weights_of_one_member():
    stack = skensemble.StackingRegressor([("a", Ridge()), ("b", Ridge())])
    stack.fit(XR, YR, a__sample_weight=WEIGHT_R)
    weighted, plain = stack.estimators_
    np.testing.assert_allclose(weighted.coef_, Ridge().fit(XR, YR, WEIGHT_R).coef_)
    np.testing.assert_allclose(plain.coef_, Ridge().fit(XR, YR).coef_)


@pytest.mark.parametrize("request_of_stack", [None, True])
def test_metadata_routing_through_a_pipeline_and_a_search(request_of_stack):
    with sklearn.config_context(enable_metadata_routing=True):
        member = Ridge().set_fit_request(sample_weight=True)
        stack = skensemble.StackingRegressor([("r", member)], LinearRegression())
        stack.set_score_request(sample_weight=True)  # the search scores with weights
        if request_of_stack:
            stack.set_fit_request(sample_weight=True)
        pipe = make_pipeline(
            StandardScaler().set_fit_request(sample_weight=False), stack
        )
        scaled = StandardScaler().fit_transform(XR)
        expected = stack.fit(scaled, YR, sample_weight=WEIGHT_R)
        coef = Ridge().fit(scaled, YR, WEIGHT_R).coef_
        np.testing.assert_allclose(expected.estimators_[0].coef_, coef)
        search = GridSearchCV(
            pipe, {"stackingregressor__r__alpha": [1.0]}, cv=2, scoring=None
        )
        for model in (pipe, search):
            model.fit(XR, YR, sample_weight=WEIGHT_R)
            np.testing.assert_allclose(model.predict(XR), expected.predict(scaled))


def test_weights_of_the_stack_alone():
    with sklearn.config_context(enable_metadata_routing=True):
        member = Ridge().set_fit_request(sample_weight=False)
        stack = skensemble.StackingRegressor([("r", member)], LinearRegression())
        stack.fit(XR, YR, sample_weight=WEIGHT_R)
    np.testing.assert_allclose(stack.estimators_[0].coef_, Ridge().fit(XR, YR).coef_)
    final = LinearRegression().fit(stack.oof_["r"][:, None], YR, WEIGHT_R)
    np.testing.assert_allclose(stack.final_estimator_.coef_, final.coef_)
