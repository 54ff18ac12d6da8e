"""Runs that go wrong say why, and lose nothing."""

import pickle
import re
import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from skensemble import Patience
from skensemble.exceptions import DivergedError
from skensemble.optim import (
    SGD,
    Adam,
    Cyclical,
    GradientDescent,
    Momentum,
    Recipe,
    advance,
    begin_run,
    minimize,
    optimizer_names,
)


def test_divergence_keeps_the_last_finite_parameters(quadratic):
    objective = quadratic([1.0, 4.0])
    last = []
    with (
        pytest.warns(ConvergenceWarning, match=r"risen for 5 epochs.*learning_rate=10"),
        pytest.raises(DivergedError) as caught,
    ):
        minimize(
            objective,
            [np.ones(2)],
            Recipe(GradientDescent(10.0), epochs=1000),
            callback=lambda epoch, params, history: last.append(params[0]),
        )
    error = caught.value
    assert re.search(
        r"loss is (inf|nan) in epoch \d+: the steps are too long at learning_rate=10, "
        r"the norm of the gradient grew from 4.1 to .*learning_rate=1\), or standardise "
        r"the columns .*clipping=1.0",
        str(error),
    )
    assert np.isfinite(error.params[0]).all()
    np.testing.assert_array_equal(error.params[0], last[-1])
    assert len(error.history) == len(last) > 10
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error)
    np.testing.assert_array_equal(again.params[0], error.params[0])
    assert isinstance(error, FloatingPointError)


@pytest.mark.parametrize("name", ["gradient_descent", "momentum", "nesterov", "sgd"])
def test_clipping_is_not_advised_twice(name, quadratic):
    optimizer = optimizer_names()[name](1e3)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        with pytest.raises(DivergedError, match="learning_rate=100") as caught:
            minimize(
                quadratic([1e3]),
                [np.ones(1)],
                Recipe(optimizer, epochs=1000, clipping=1e300),
            )
    assert "clipping=1.0" not in str(caught.value)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_bad_data_is_not_blamed_on_the_rate(bad, noisy_rows, least_squares):
    X, y = noisy_rows
    y = y.copy()
    y[7] = bad
    start = [np.zeros(3), 0.0]
    with pytest.raises(
        DivergedError,
        match=r"in epoch 0, before the first step.*Check the data, the target and the weights for NaN",
    ) as caught:
        minimize(least_squares(X, y), start, Recipe("gradient_descent"))
    assert caught.value.params[0].tolist() == [0, 0, 0]
    assert len(caught.value.history) == 0


def test_gradient_that_is_not_finite():
    class Broken:
        n_rows = 1

        def loss_gradient(self, params, rows):
            return 1.0, [np.array([np.nan])]

    with pytest.raises(DivergedError, match=r"gradient_norm is nan.*before the first"):
        minimize(Broken(), [np.ones(1)], Recipe("adam"))


def test_parameters_that_are_not_finite():
    class Cliff:
        n_rows = 1

        def loss_gradient(self, params, rows):
            return 1.0, [np.array([1e200])]

    with pytest.raises(DivergedError, match="a parameter is not finite in epoch 0"):
        minimize(Cliff(), [np.ones(1)], Recipe(SGD(1e200)))


def test_validation_loss_that_is_not_finite(noisy_rows, least_squares):
    X, y = noisy_rows
    objective = least_squares(X, y, X[:2], np.array([np.nan, 1]))
    with pytest.raises(DivergedError, match="validation_loss is nan in epoch 0"):
        minimize(objective, [np.zeros(3), 0.0], Recipe("adam"))


def test_divergence_in_a_stream(quadratic):
    recipe = Recipe(SGD(1e200))
    state = begin_run([np.ones(1)], recipe)
    advance(quadratic([1.0]), state, recipe)
    with pytest.raises(DivergedError) as caught:
        advance(quadratic([1.0]), state, recipe)
    assert np.isfinite(caught.value.params[0]).all()


def test_a_rising_loss_warns_once(quadratic):
    recipe = Recipe(GradientDescent(0.25), epochs=60)
    with pytest.warns(ConvergenceWarning, match="Use a tenth of it") as reported:
        minimize(quadratic([9.0]), [np.full(1, 1e-9)], recipe)
    assert len(reported) == 1


@pytest.mark.parametrize("epochs", [1, 2, 4])
def test_a_short_run_that_diverges_warns(epochs, noisy_rows, least_squares):
    X, y = noisy_rows
    recipe = Recipe(SGD(1.0), epochs=epochs, batch_size=16)
    with pytest.warns(
        ConvergenceWarning,
        match=r"was .* at the start and .* at the end.* learning_rate=1\. Use",
    ) as reported:
        result = minimize(least_squares(1e3 * X, y), [np.zeros(3), 0.0], recipe)
    assert len(reported) == 1
    assert not result.converged


def test_a_run_restored_to_before_it_diverged_is_fine(noisy_rows, least_squares):
    X, y = noisy_rows
    objective = least_squares(2 * X[:60], y[:60], 2 * X[60:], y[60:])
    recipe = Recipe(
        GradientDescent(Cyclical(0.01, 20.0, period=8)),
        epochs=4,
        early_stopping=Patience(9, restore_best=True),
    )
    result = minimize(objective, [np.zeros(3), 0.0], recipe)
    assert result.history["loss"][-1] > 10 * result.history["loss"][0]


def test_noise_does_not_count_as_divergence(noisy_rows, least_squares):
    X, y = noisy_rows
    best = np.linalg.lstsq(np.c_[X, np.ones(95)], y)[0]
    start = [best[:3], best[3]]  # from here a noisy run can only rise
    minimize(least_squares(X, y), start, Recipe(SGD(0.1), epochs=40, batch_size=4))


def test_epochs_that_did_not_suffice(quadratic):
    recipe = Recipe(SGD(0.01), epochs=20, tol=1e-4)
    with pytest.warns(
        ConvergenceWarning, match=r"tol=0.0001.*last 5 of 20 epochs. Increase epochs"
    ):
        result = minimize(quadratic([1.0]), [np.ones(1)], recipe)
    assert not result.converged


def test_a_rate_too_small(quadratic):
    recipe = Recipe(SGD(1e-9), epochs=10)
    with pytest.warns(
        ConvergenceWarning, match=r"hardly move .* learning_rate=1e-09 is too small"
    ) as reported:
        minimize(quadratic([1.0, 2.0], target=5.0), [np.ones(2)], recipe)
    assert len(reported) == 1


def test_a_gradient_that_vanishes():
    class Saturated:
        """log(1 + exp(w)) far on its flat side, above a constant."""

        n_rows = 1

        def loss_gradient(self, params, rows):
            p = 1 / (1 + np.exp(-params[0]))
            return 2.0 + float(np.log1p(np.exp(params[0])).sum()), [p]

    with pytest.warns(ConvergenceWarning, match=r"gradient vanishes.*start closer to"):
        minimize(Saturated(), [np.full(2, -60.0)], Recipe(Momentum(), epochs=8))


@pytest.mark.parametrize("optimizer", [GradientDescent(0.5), Adam(0.1)], ids=repr)
def test_a_run_at_its_minimum_is_left_in_peace(optimizer, quadratic):
    objective = quadratic([1.0, 2.0], target=3.0, l1=10.0)  # zero is the minimum
    recipe = Recipe(optimizer, epochs=30, tol=1e-6)
    result = minimize(objective, [np.zeros(2)], recipe)
    assert result.converged
    assert not result.params[0].any()


def test_stopping_early_needs_no_apology(least_squares, noisy_rows):
    X, y = noisy_rows
    objective = least_squares(X[:60], y[:60], X[60:], y[60:])
    recipe = Recipe(Adam(0.1), epochs=300, early_stopping=Patience(5), tol=1e-12)
    assert minimize(objective, [np.zeros(3), 0.0], recipe).stopped == "early_stopping"
