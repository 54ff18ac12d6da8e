"""Losses of the user: from functions, from six lines, and their checks."""

import pickle

import numpy as np
import pytest

from skensemble.losses import CustomLoss, Loss, LossDisplay, check_loss


def asymmetric(y, raw):
    return np.where(y > raw, 3.0, 1.0) * (y - raw) ** 2


def asymmetric_gradient(y, raw):
    return 2 * np.where(y > raw, 3.0, 1.0) * (raw - y)


def logistic(y, raw):
    return np.logaddexp(0, raw) - y * raw


def softmax(y, raw):
    return np.logaddexp.reduce(raw, axis=1) - raw[np.arange(len(y)), y]


def absolute(y, raw):
    return np.abs(raw - y)


def saddle(y, raw):
    return np.cos(raw - y)


def wrong_gradient(y, raw):
    return raw - y


def negative(y, raw):
    return -np.ones_like(raw)


def zero_start(y, sample_weight):
    return 5.0


def overflowing(y, raw):
    return np.exp((raw - y) / 2) - raw / 2


class Asymmetric(Loss):
    def __init__(self, factor=3.0):
        self.factor = factor

    def pointwise(self, y, raw):
        return np.where(y > raw, self.factor, 1.0) * (y - raw) ** 2


Y = np.random.default_rng(0).normal(size=30)


@pytest.mark.parametrize(
    "loss",
    [
        Asymmetric(),
        CustomLoss(asymmetric),
        CustomLoss(asymmetric, asymmetric_gradient),
        CustomLoss(logistic, link="logit"),
        CustomLoss(softmax, link="softmax"),
        CustomLoss(absolute, smooth=False),
    ],
    ids=repr,
)
def test_good_ones_are_good(loss):
    assert check_loss(loss) == []


def test_derived_parts_are_listed_and_right():
    loss = CustomLoss(asymmetric)
    assert loss.derived == ["gradient", "hessian", "start", "leaf"]
    raw = Y[::-1]
    np.testing.assert_allclose(
        loss.gradient(Y, raw), asymmetric_gradient(Y, raw), atol=1e-7
    )
    assert set(np.round(loss.hessian(Y, raw), 4)) == {2.0, 6.0}
    best = loss.start(Y)
    assert abs(asymmetric_gradient(Y, np.full(30, best)).sum()) < 1e-6


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (CustomLoss(asymmetric, wrong_gradient), "not the slope of the value"),
        (CustomLoss(asymmetric, hessian=negative), "hessian is negative"),
        (CustomLoss(asymmetric, start=zero_start), "start is not the best constant"),
        (CustomLoss(absolute), "slope jumps"),
        (CustomLoss(saddle), "not convex"),
        (CustomLoss(overflowing), "not finite"),
    ],
)
def test_checker_names_what_is_wrong(loss, words):
    with pytest.raises(ValueError, match=words):
        check_loss(loss)


def test_checker_names_what_cannot_be_pickled():
    class Local(Asymmetric):
        pass

    with pytest.raises(ValueError, match="cannot be pickled"):
        check_loss(Local())


def test_a_lambda_is_pickled():
    scale = 3.0
    loss = CustomLoss(lambda y, raw: scale * (y - raw) ** 2)
    again = pickle.loads(pickle.dumps(loss))
    np.testing.assert_array_equal(again.pointwise(Y, 0 * Y), 3 * Y**2)


def test_functions_are_parameters():
    loss = CustomLoss(absolute, smooth=False)
    again = pickle.loads(pickle.dumps(loss))
    np.testing.assert_array_equal(again.pointwise(Y, 0 * Y), np.abs(Y))
    assert loss.set_params(value=asymmetric).get_params()["value"] is asymmetric
    with pytest.raises(ValueError, match="no parameter 'delta'"):
        loss.set_params(delta=1)


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (CustomLoss("text"), "value='text' must be a function"),
        (CustomLoss(absolute, gradient=3), "gradient=3"),
        (CustomLoss(absolute, link="probit"), r"link='probit'.*'softmax'"),
    ],
)
def test_wrong_arguments_are_named(loss, words):
    with pytest.raises(ValueError, match=words):
        loss.check(Y)


def test_wrong_shapes_are_named():
    def mean(y, raw):
        return np.mean((y - raw) ** 2)

    with pytest.raises(ValueError, match="the loss per row"):
        CustomLoss(mean).value(Y, Y)
    with pytest.raises(ValueError, match="shape of the raw output"):
        CustomLoss(asymmetric, lambda y, raw: np.ones(3)).gradient(Y, Y)


def test_a_loss_without_end_has_no_start():
    def falling(y, raw):
        return -raw

    with pytest.raises(ValueError, match="decreases without bound"):
        CustomLoss(falling).start(Y)


def test_display_shows_value_and_slope():
    display = LossDisplay.from_losses(["huber", "squared_error", Asymmetric()], y=0)
    value, slope = display.axes_
    assert len(value.lines) == len(slope.lines) == 3
    x, line = slope.lines[0].get_data()
    np.testing.assert_allclose(line, np.clip(x, -1, 1))
    with pytest.raises(ValueError, match="several raw outputs"):
        LossDisplay.from_losses(["multi_quantile"])
