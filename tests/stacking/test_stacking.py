"""Numbers, not only contracts: against cross_val_predict and scikit-learn's stack."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn import ensemble
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, StratifiedKFold, cross_val_predict
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skensemble import StackingClassifier, StackingRegressor

CLASSIFIERS = [
    ("tree", DecisionTreeClassifier(max_depth=3, random_state=0)),
    ("bayes", GaussianNB()),
]
REGRESSORS = [
    ("tree", DecisionTreeRegressor(max_depth=3, random_state=0)),
    ("ridge", Ridge()),
]
FOLDS = StratifiedKFold(4, shuffle=True, random_state=3)


@pytest.mark.parametrize("load", [load_iris, load_breast_cancer])
@pytest.mark.parametrize("stack_method", ["auto", "predict"])
def test_oof_equals_cross_val_predict(load, stack_method):
    X, y = load(return_X_y=True)
    stack = StackingClassifier(
        CLASSIFIERS, cv=FOLDS, stack_method=stack_method, final_estimator=GaussianNB()
    ).fit(X, y)
    method = "predict_proba" if stack_method == "auto" else "predict"
    for name, member in CLASSIFIERS:
        expected = cross_val_predict(member, X, y, cv=FOLDS, method=method)
        assert_array_equal(stack.oof_[name], expected)


@pytest.mark.parametrize("passthrough", [False, True])
@pytest.mark.parametrize("load", [load_iris, load_breast_cancer])
def test_classifier_equals_scikit_learn(load, passthrough):
    X, y = load(return_X_y=True)
    y = np.array(["no", "perhaps", "yes"])[y]
    options = {
        "estimators": CLASSIFIERS,
        "final_estimator": LogisticRegression(solver="newton-cholesky"),
        "cv": FOLDS,
        "passthrough": passthrough,
    }
    ours = StackingClassifier(**options).fit(X, y)
    theirs = ensemble.StackingClassifier(**options).fit(X, y)
    assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), atol=1e-10)
    assert_array_equal(ours.predict(X), theirs.predict(X))
    assert_allclose(ours.transform(X), theirs.transform(X), atol=1e-10)


@pytest.mark.parametrize("passthrough", [False, True])
def test_regressor_equals_scikit_learn(passthrough):
    X, y = load_diabetes(return_X_y=True)
    options = {"cv": KFold(4), "passthrough": passthrough}
    ours = StackingRegressor(REGRESSORS, **options).fit(X, y)
    theirs = ensemble.StackingRegressor(REGRESSORS, **options).fit(X, y)
    assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-10)
    weight = np.linspace(0.1, 2, len(y))
    ours.fit(X, y, sample_weight=weight)
    theirs.fit(X, y, sample_weight=weight)
    assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-10)


def test_columns_follow_the_classes():
    # A member with reversed probability columns would pass most contracts.
    X, y = load_iris(return_X_y=True)
    stack = StackingClassifier(CLASSIFIERS, cv=FOLDS).fit(X, y)
    for name, _ in CLASSIFIERS:
        truth = stack.oof_[name][np.arange(len(y)), y]
        assert truth.mean() > 0.85
    assert stack.predict_proba(X)[np.arange(len(y)), y].mean() > 0.8


def test_folds_averaged_without_refit():
    X, y = load_diabetes(return_X_y=True)
    stack = StackingRegressor(REGRESSORS, cv=KFold(4), refit=False).fit(X, y)
    models = [Ridge().fit(X[train], y[train]) for train, _ in KFold(4).split(X)]
    expected = np.mean([model.predict(X) for model in models], axis=0)
    assert_allclose(stack.transform(X)[:, 1], expected)


def test_shares_in_the_meta_model():
    X, y = load_diabetes(return_X_y=True)
    stack = StackingRegressor(REGRESSORS, passthrough=True).fit(X, y)
    members = list(stack.oof_)
    moved = np.abs(stack.final_estimator_.coef_[: len(members)])
    moved = moved * np.array([np.std(stack.oof_[name]) for name in members])
    np.testing.assert_allclose(stack.weights_[members], moved / moved.sum())
    trees = StackingRegressor(REGRESSORS, DecisionTreeRegressor(random_state=0))
    importances = trees.fit(X, y).final_estimator_.feature_importances_
    np.testing.assert_allclose(trees.weights_[members], importances)
    near = StackingRegressor(REGRESSORS, KNeighborsRegressor()).fit(X, y)
    with pytest.raises(AttributeError, match="neither coef_ nor feature_importances_"):
        _ = near.weights_
