"""Custom losses: probabilities, weights, start values, pickles, leaves, search."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    StackingClassifier,
)
from skensemble.datasets import load_ames
from skensemble.losses import CustomLoss, Loss

X, CODES = load_breast_cancer(return_X_y=True)
LABELS = np.array(["malignant", "benign"])[CODES]
XR, YR = load_diabetes(return_X_y=True)
houses = load_ames(as_frame=True).frame
houses = houses[::2]
XH = houses.drop(columns="Sale_Price").select_dtypes("number").to_numpy(float)
YH = np.log(houses["Sale_Price"].to_numpy(float))
ENGINES = ["lightgbm", "xgboost", "weak_learner"]
every_engine = pytest.mark.parametrize("engine", ENGINES)


def logistic(y, raw):
    return np.logaddexp(0, raw) - y * raw


def logistic_gradient(y, raw):
    return 1 / (1 + np.exp(-raw)) - y


def squared(y, raw):
    return (raw - y) ** 2 / 2


def absolute(y, raw):
    return np.abs(raw - y)


class Asymmetric(Loss):
    def __init__(self, factor=3.0):
        self.factor = factor

    def pointwise(self, y, raw):
        return np.where(y > raw, self.factor, 1.0) * (y - raw) ** 2


@every_engine
def test_probabilities_are_probabilities_in_a_stack_too(engine):
    loss = CustomLoss(logistic, logistic_gradient, link="logit")
    member = GradientBoostingClassifier(
        loss=loss, engine=engine, n_estimators=20, random_state=0
    )
    p = member.fit(X, LABELS).predict_proba(X)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert p.min() >= 0
    plain = GradientBoostingClassifier(engine=engine, n_estimators=20).fit(X, LABELS)
    assert np.abs(p - plain.predict_proba(X)).mean() < 0.01
    stack = StackingClassifier([("gb", member)], LogisticRegression(), cv=3)
    stack.fit(X, LABELS)
    oof = cross_val_predict(member, X, LABELS, cv=3, method="predict_proba")
    np.testing.assert_allclose(stack.oof_["gb"], oof)


@every_engine
def test_weights_are_honoured(engine):
    loss = CustomLoss(squared)
    w = np.where(YR > 150, 20.0, 1.0)
    model = GradientBoostingRegressor(loss=loss, engine=engine, n_estimators=10)
    plain = model.fit(XR, YR).predict(XR).mean()
    assert model.fit(XR, YR, sample_weight=w).predict(XR).mean() > plain + 20
    assert model.start_ == pytest.approx(np.average(YR, weights=w), rel=1e-6)


@every_engine
def test_a_start_value_is_fitted(engine):
    target = 100 + np.sin(10 * XR[:, 2])
    for loss in ("squared_error", CustomLoss(squared)):
        model = GradientBoostingRegressor(
            loss=loss, engine=engine, n_estimators=50, random_state=0
        ).fit(XR, target)
        assert np.sqrt(np.mean((model.predict(XR) - target) ** 2)) < 0.05


@every_engine
def test_a_pickled_model_keeps_its_loss(engine):
    model = GradientBoostingClassifier(loss="focal", engine=engine, n_estimators=10)
    model.fit(X, LABELS)
    again = pickle.loads(pickle.dumps(model))
    assert repr(again.loss_) == "Focal()"
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    assert repr(clone(again)) == repr(clone(model))


@every_engine
def test_user_losses_renew_their_leaves(engine):
    model = GradientBoostingRegressor(engine=engine, n_estimators=25, random_state=0)
    own = clone(model).set_params(loss=CustomLoss(absolute, smooth=False))
    ratios = []
    for start in range(4):
        train = np.arange(len(YH)) % 4 != start
        a, b = (
            np.abs(m.fit(XH[train], YH[train]).predict(XH[~train]) - YH[~train]).mean()
            for m in (own, model.set_params(loss="absolute_error"))
        )
        ratios.append(a / b)
    assert np.mean(ratios) == pytest.approx(1, abs=0.015)


@every_engine
def test_a_lambda_survives_a_pickle(engine):
    loss = CustomLoss(lambda y, raw: (raw - y) ** 2)
    model = GradientBoostingRegressor(loss=loss, engine=engine, n_estimators=5)
    model.fit(XR, YR)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(XR), model.predict(XR))


@every_engine
def test_users_loss_in_a_search(engine):
    pipe = make_pipeline(
        StandardScaler(),
        GradientBoostingRegressor(
            loss=Asymmetric(), engine=engine, n_estimators=20, random_state=0
        ),
    )
    name = "gradientboostingregressor__loss__factor"
    search = GridSearchCV(
        pipe, {name: [0.2, 5.0]}, scoring=Asymmetric(5.0).scorer(), cv=3
    ).fit(XR, YR)
    assert search.best_params_ == {name: 5.0}
    low, high = (
        clone(pipe).set_params(**{name: factor}).fit(XR, YR).predict(XR).mean()
        for factor in (0.2, 5.0)
    )
    assert low < YR.mean() < high
    again = pickle.loads(pickle.dumps(search))
    np.testing.assert_array_equal(again.predict(XR), search.predict(XR))
