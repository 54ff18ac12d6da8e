"""The losses against formulas and metrics that others compute."""

import numpy as np
import pytest
from scipy import special
from sklearn import metrics

from skensemble.losses import (
    AbsoluteError,
    Expectile,
    Exponential,
    Focal,
    Gamma,
    Hinge,
    Huber,
    KLDivergence,
    LogCosh,
    LogLoss,
    MultiQuantile,
    Poisson,
    Quantile,
    RankedProbability,
    SquaredError,
    SquaredHinge,
    Tweedie,
    as_loss,
)

RNG = np.random.default_rng(0)
Y = RNG.gamma(2.0, size=50)
RAW = RNG.normal(size=50)
W = RNG.uniform(0.5, 2, size=50)
CODES = RNG.integers(0, 3, 50)
COLUMNS = RNG.normal(size=(50, 3))
BITS = (CODES > 0).astype(int)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (SquaredError(), metrics.mean_squared_error(Y, RAW, sample_weight=W) / 2),
        (AbsoluteError(), metrics.mean_absolute_error(Y, RAW, sample_weight=W)),
        (Huber(0.7), np.average(special.huber(0.7, Y - RAW), weights=W)),
        (LogCosh(), np.average(np.log(np.cosh(Y - RAW)), weights=W)),
        (Quantile(0.3), metrics.mean_pinball_loss(Y, RAW, alpha=0.3, sample_weight=W)),
        (
            Poisson(),
            metrics.mean_poisson_deviance(Y, np.exp(RAW), sample_weight=W) / 2,
        ),
        (Gamma(), metrics.mean_gamma_deviance(Y, np.exp(RAW), sample_weight=W) / 2),
        (
            Tweedie(1.3),
            metrics.mean_tweedie_deviance(Y, np.exp(RAW), power=1.3, sample_weight=W)
            / 2,
        ),
    ],
    ids=repr,
)
def test_regression_equals_the_metric(loss, expected):
    assert loss.value(Y, RAW, W) == pytest.approx(expected, rel=1e-10)
    assert loss.score(Y, loss.link_for("regression").inverse(RAW), W) == pytest.approx(
        -expected, rel=1e-9
    )


def test_classes_equal_the_metrics():
    p = special.softmax(COLUMNS, axis=1)
    expected = metrics.log_loss(CODES, p, sample_weight=W)
    assert LogLoss().value(CODES, COLUMNS, W) == pytest.approx(expected, rel=1e-10)
    assert LogLoss().score(CODES, p, W) == pytest.approx(-expected, rel=1e-10)
    both = np.column_stack([1 - special.expit(RAW), special.expit(RAW)])
    expected = metrics.log_loss(BITS, both, sample_weight=W)
    assert LogLoss().value(BITS, RAW, W) == pytest.approx(expected, rel=1e-10)
    assert LogLoss().score(BITS, both, W) == pytest.approx(-expected, rel=1e-10)
    expected = metrics.hinge_loss(BITS, RAW, sample_weight=W)
    assert Hinge().value(BITS, RAW, W) == pytest.approx(expected, rel=1e-10)
    signs = 2 * BITS - 1
    margins = np.maximum(0, 1 - signs * RAW)
    assert SquaredHinge().value(BITS, RAW) == pytest.approx(np.mean(margins**2))
    assert Exponential().value(BITS, RAW) == pytest.approx(
        np.mean(np.exp(-signs * RAW))
    )


def test_labels_are_the_sum_over_columns():
    labels = RNG.integers(0, 2, (50, 3))
    columns = [LogLoss().value(labels[:, j], COLUMNS[:, j], W) for j in range(3)]
    assert LogLoss().value(labels, COLUMNS, W) == pytest.approx(sum(columns))


def test_smoothing_is_log_loss_against_smoothed_targets():
    smooth = np.full((50, 3), 0.2 / 3)
    smooth[np.arange(50), CODES] += 0.8
    expected = -np.mean((smooth * special.log_softmax(COLUMNS, axis=1)).sum(axis=1))
    assert LogLoss(0.2).value(CODES, COLUMNS) == pytest.approx(expected)


def test_class_weights_are_sample_weights():
    loss = LogLoss(class_weight={0: 1.0, 1: 5.0})
    w = np.where(BITS == 1, 5.0, 1.0)
    assert loss.pointwise(BITS, RAW) == pytest.approx(
        w * LogLoss().pointwise(BITS, RAW)
    )
    assert loss.start(BITS) == pytest.approx(LogLoss().start(BITS, w))
    three = LogLoss(class_weight={0: 1.0, 1: 5.0, 2: 2.0})
    w = np.array([1.0, 5.0, 2.0])[CODES]
    assert three.start(CODES, width=3) == pytest.approx(
        LogLoss().start(CODES, w, width=3)
    )


def test_focal_formula():
    p = special.expit(RAW)
    seen = np.where(BITS == 1, p, 1 - p)
    alpha = np.where(BITS == 1, 0.25, 0.75)
    expected = -alpha * (1 - seen) ** 2 * np.log(seen)
    assert Focal(2, 0.25).pointwise(BITS, RAW) == pytest.approx(expected)
    seen = special.softmax(COLUMNS, axis=1)[np.arange(50), CODES]
    expected = -((1 - seen) ** 1.5) * np.log(seen)
    assert Focal(1.5).pointwise(CODES, COLUMNS) == pytest.approx(expected)
    for task in [(BITS, RAW), (CODES, COLUMNS)]:
        for a, b in zip(
            Focal(0).gradient_hessian(*task),
            LogLoss().gradient_hessian(*task),
            strict=True,
        ):
            np.testing.assert_allclose(a, b, atol=1e-12)


def test_divergence_and_ranked_score():
    target = RNG.dirichlet(np.ones(3), size=50)
    p = special.softmax(COLUMNS, axis=1)
    expected = special.rel_entr(target, p).sum(axis=1)
    assert KLDivergence().pointwise(target, COLUMNS) == pytest.approx(expected)
    hard = np.eye(3)[CODES]
    assert KLDivergence().value(hard, COLUMNS) == pytest.approx(
        LogLoss().value(CODES, COLUMNS)
    )
    below = np.cumsum(p, axis=1) - (CODES[:, None] <= np.arange(3))
    expected = (below**2).sum(axis=1)
    assert RankedProbability().pointwise(CODES, COLUMNS) == pytest.approx(expected)


def test_several_quantiles_are_the_single_ones_in_order():
    loss = MultiQuantile([0.1, 0.5, 0.9])
    singles = [
        Quantile(q).value(Y, COLUMNS[:, j]) for j, q in enumerate([0.1, 0.5, 0.9])
    ]
    assert loss.value(Y, COLUMNS) == pytest.approx(sum(singles))
    predicted = loss.link_for("regression").inverse(COLUMNS)
    assert np.all(np.diff(predicted, axis=1) >= 0)
    # Sorting never raises the loss.
    assert loss.value(Y, predicted) <= loss.value(Y, COLUMNS) + 1e-12


def test_starts_in_closed_form():
    assert AbsoluteError().start(Y) == pytest.approx(np.median(Y))
    assert Poisson().start(Y, W) == pytest.approx(np.log(np.average(Y, weights=W)))
    p = np.average(BITS, weights=W)
    assert LogLoss().start(BITS, W) == pytest.approx(np.log(p / (1 - p)))
    assert Exponential().start(BITS, W) == pytest.approx(np.log(p / (1 - p)) / 2)
    assert Expectile(0.5).start(Y, W) == pytest.approx(np.average(Y, weights=W))


def test_huber_takes_delta_from_the_residuals():
    fixed = Huber(quantile=0.8).adapted(Y, RAW)
    assert np.mean(np.abs(Y - RAW) <= fixed.delta) == pytest.approx(0.8, abs=0.02)
    assert fixed.quantile is None


@pytest.mark.parametrize(
    ("loss", "y", "words"),
    [
        (Huber(delta=-1), Y, "delta=-1"),
        (Quantile(1.5), Y, "quantile=1.5"),
        (MultiQuantile([0.9, 0.1]), Y, "ascending"),
        (Poisson(), -Y, "zero or above"),
        (Poisson(), 0 * Y, "not zero everywhere"),
        (Gamma(), 0 * Y, r"Tweedie\(power=1.5\)"),
        (Tweedie(3), Y, "power=3"),
        (LogLoss(label_smoothing=2), BITS, "label_smoothing=2"),
        (LogLoss(class_weight="even"), BITS, "'balanced'"),
        (Focal(gamma=-1), BITS, "gamma=-1"),
        (Focal(alpha=2.0), BITS, "alpha=2.0"),
        (Focal(alpha=0.5), CODES, "pass a sequence of 3"),
        (KLDivergence(), Y, "probabilities"),
        (KLDivergence(), np.full((2, 3), 0.5), "sum to one"),
    ],
    ids=repr,
)
def test_refusals_name_parameter_and_value(loss, y, words):
    with pytest.raises(ValueError, match=words):
        loss.check(y)


def test_names():
    assert repr(as_loss("huber", delta=2.0)) == "Huber(delta=2.0)"
    assert repr(as_loss("kl_divergence")) == "KLDivergence()"
    with pytest.raises(ValueError, match=r"'hubber' is not known.*'huber'"):
        as_loss("hubber")
