"""Native objectives of a library and derivatives of the loss give the same model."""

import lightgbm
import numpy as np
import pytest
import xgboost
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.model_selection import train_test_split

from skensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    LightGBM,
    WeakLearner,
    XGBoost,
)
from skensemble.boosting.engines._lightgbm import native_objective as of_lightgbm
from skensemble.boosting.engines._xgboost import native_objective as of_xgboost
from skensemble.datasets import load_ames
from skensemble.losses import (
    AbsoluteError,
    Gamma,
    Huber,
    KLDivergence,
    LogLoss,
    Poisson,
    Quantile,
    SquaredError,
    Tweedie,
)

NUMBERS = train_test_split(*load_diabetes(return_X_y=True), random_state=0)
TWO = train_test_split(*load_breast_cancer(return_X_y=True), random_state=0)
THREE = train_test_split(*load_wine(return_X_y=True), random_state=0)
frame = load_ames(as_frame=True).frame
HOUSES = [
    frame.drop(columns="Sale_Price").select_dtypes("number").to_numpy(float),
    np.log(frame["Sale_Price"].to_numpy(float)),
]
SHARES = [*NUMBERS[:2], NUMBERS[2] / 350, NUMBERS[3] / 350]
LIGHTGBM = [
    (SquaredError(), NUMBERS, 1e-6),
    (Huber(40.0), NUMBERS, 1e-6),
    (Poisson(), NUMBERS, 1e-6),
    (Gamma(), NUMBERS, 1e-6),
    (Tweedie(1.3), NUMBERS, 1e-6),
    (KLDivergence(), SHARES, 1e-6),
    (LogLoss(), TWO, 1e-6),
    (LogLoss(), THREE, 1e-6),
]
# XGBoost adds up in float32, also with derivatives of the loss.
XGBOOST = [
    (SquaredError(), NUMBERS, 1e-3),
    (Poisson(), NUMBERS, 1e-3),
    (Gamma(), NUMBERS, 1e-3),
    (Tweedie(1.3), NUMBERS, 1e-3),
    (LogLoss(), TWO, 1e-3),
    (LogLoss(), THREE, 1e-3),
]


def fitted(loss, data, engine, **options):
    classes = data[2].dtype.kind == "i"
    kind = GradientBoostingClassifier if classes else GradientBoostingRegressor
    model = kind(loss=loss, engine=engine, n_estimators=50, random_state=0, **options)
    return model.fit(data[0], data[2])


def held_out(model, data):
    raw = model._raw(data[1])
    return model.loss_.value(data[3], raw)


@pytest.mark.parametrize(
    ("library", "loss", "data", "tolerance"),
    [(LightGBM, *case) for case in LIGHTGBM] + [(XGBoost, *case) for case in XGBOOST],
)
def test_native_objective_and_derivatives_agree(library, loss, data, tolerance):
    native = fitted(loss, data, library())
    own = fitted(loss, data, library(native=False))
    assert held_out(own, data) == pytest.approx(held_out(native, data), rel=tolerance)
    np.testing.assert_array_equal(own.start_, native.start_)


@pytest.mark.parametrize("loss", [AbsoluteError(), Quantile(0.8)], ids=repr)
@pytest.mark.parametrize("library", [LightGBM, XGBoost])
def test_native_objective_and_derivatives_agree_for_renewed_leaves(library, loss):
    # Libraries interpolate quantiles of few residuals in ways of their own.
    ratios = []
    for seed in range(4):
        X, X_test, y, y_test = train_test_split(*HOUSES, random_state=seed)
        data = [X, X_test, y, y_test]
        own, native = (
            held_out(fitted(loss, data, library(native=native)), data)
            for native in (False, True)
        )
        ratios.append(own / native)
    assert np.mean(ratios) == pytest.approx(1, abs=0.011)


def test_which_objectives_are_native():
    assert of_lightgbm(LogLoss(), "binary") == {"objective": "binary"}
    assert of_lightgbm(LogLoss(label_smoothing=0.1), "binary") is None
    assert of_lightgbm(LogLoss(class_weight={0: 2}), "binary") is None
    assert of_lightgbm(SquaredError(), "multioutput") is None
    assert of_lightgbm(Tweedie(2), "regression") is None
    assert of_xgboost(Huber(), "regression", 1) is None  # a pseudo-Huber loss there

    class Twice(SquaredError):
        def pointwise(self, y, raw):
            return 2 * super().pointwise(y, raw)

    assert of_lightgbm(Twice(), "regression") is None

    class Doubled(LogLoss):
        def pointwise(self, y, raw):
            return 2 * super().pointwise(y, raw)

    assert of_lightgbm(Doubled(), "binary") is None
    assert of_xgboost(Doubled(), "binary", 1) is None


@pytest.mark.parametrize("data", [NUMBERS, TWO, THREE], ids=["numbers", "two", "three"])
def test_as_good_as_lightgbms_own_wrapper(data):
    classes = data[2].dtype.kind == "i"
    options = {"num_leaves": 7, "min_child_samples": 5}
    wrapper = lightgbm.LGBMClassifier if classes else lightgbm.LGBMRegressor
    theirs = wrapper(n_estimators=50, verbose=-1, **options).fit(data[0], data[2])
    ours = fitted("log_loss" if classes else "squared_error", data, LightGBM(**options))
    if classes:
        score = LogLoss().score
        a, b = (score(data[3], m.predict_proba(data[1])) for m in (ours, theirs))
    else:
        score = SquaredError().score
        a, b = (score(data[3], m.predict(data[1])) for m in (ours, theirs))
    assert a == pytest.approx(b, rel=0.03) or a > b


@pytest.mark.parametrize("data", [NUMBERS, TWO, THREE], ids=["numbers", "two", "three"])
def test_as_good_as_xgboosts_own_wrapper(data):
    classes = data[2].dtype.kind == "i"
    wrapper = xgboost.XGBClassifier if classes else xgboost.XGBRegressor
    options = {"max_depth": 3, "min_child_weight": 1.0}
    theirs = wrapper(n_estimators=50, learning_rate=0.1, **options)
    theirs.fit(data[0], data[2])
    ours = fitted("log_loss" if classes else "squared_error", data, XGBoost(**options))
    if classes:
        score = LogLoss().score
        a, b = (score(data[3], m.predict_proba(data[1])) for m in (ours, theirs))
    else:
        score = SquaredError().score
        a, b = (score(data[3], m.predict(data[1])) for m in (ours, theirs))
    assert a == pytest.approx(b, rel=0.03) or a > b


def test_weak_learner_is_scikit_learns_boosting():
    from sklearn.ensemble import GradientBoostingClassifier as Theirs

    for data in (TWO, THREE):
        theirs = Theirs(n_estimators=50, random_state=0).fit(data[0], data[2])
        ours = fitted("log_loss", data, WeakLearner())
        p, q = ours.predict_proba(data[1]), theirs.predict_proba(data[1])
        assert np.abs(p - q).mean() < 0.02
        assert LogLoss().score(data[3], p) > LogLoss().score(data[3], q) - 0.05
