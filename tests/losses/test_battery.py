"""One battery for every loss: a loss joins it by existing."""

import pickle
import re

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.base import clone

from skensemble.losses import (
    Expectile,
    Focal,
    Huber,
    LogLoss,
    MultiQuantile,
    Quantile,
    Tweedie,
    check_loss,
    loss_names,
)

LOSSES = [cls() for cls in loss_names().values()] + [
    Expectile(0.2),
    Focal(gamma=0),
    Focal(gamma=0.5, alpha=0.25),
    Focal(gamma=1),
    Huber(delta=0.3),
    Huber(quantile=0.9),
    LogLoss(label_smoothing=0.1),
    LogLoss(class_weight={0: 1.0, 1: 3.0}),
    LogLoss(class_weight="balanced"),
    MultiQuantile([0.2, 0.4, 0.6, 0.8]),
    Quantile(0.85),
    Tweedie(1),
    Tweedie(1.2),
    Tweedie(2),
]
every_loss = pytest.mark.parametrize("loss", LOSSES, ids=repr)
OF_LINES = {"AbsoluteError", "Hinge", "MultiQuantile", "Quantile"}
SOFTMAX = {("LogLoss", "multiclass"), ("KLDivergence", "multioutput")}
COUPLED = SOFTMAX | {("Focal", "multiclass"), ("RankedProbability", "multiclass")}


def draw(loss, task, rng, n=40):
    """Targets that the loss takes, raw outputs and weights."""
    if task == "binary":
        y, columns = np.arange(n) % 2, 2
    elif task == "multiclass":
        y, columns = np.arange(n) % 3, 3
    elif task == "multilabel":
        y, columns = rng.integers(0, 2, (n, 3)), 3
    else:
        columns = 3
        y = rng.uniform(0.05, 0.95, n if task == "regression" else (n, 3))
        if task == "multioutput":
            y /= y.sum(axis=1, keepdims=True)
    width = loss.width(task, columns)
    raw = rng.normal(scale=2, size=n if width is None else (n, width))
    return y, raw, rng.integers(1, 4, n).astype(float), width


def tasks(loss):
    """The kinds of target that the loss is for, as its parameters are."""
    if np.ndim(getattr(loss, "alpha", None)) == 0 and getattr(loss, "alpha", None):
        return [task for task in loss.links if task != "multiclass"]
    return list(loss.links)


def slope(loss, y, raw, j=None, step=1e-6):
    """Differences of the loss of each row, by column j."""
    move = np.zeros_like(raw)
    move[..., slice(None) if j is None else j] = step

    def each(at):
        values = loss.pointwise(y, at)
        return values.sum(axis=1) if values.ndim == 2 else values

    return (each(raw + move) - each(raw - move)) / (2 * step)


@every_loss
def test_checker_finds_nothing(loss):
    assert check_loss(loss) == []


@every_loss
@settings(max_examples=10, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6))
def test_gradient_is_slope_and_start_and_leaf_minimise(loss, seed):
    rng = np.random.default_rng(seed)
    for task in tasks(loss):
        y, raw, w, width = draw(loss, task, rng)
        fixed = loss.adapted(y, raw, w)
        g = fixed.gradient(y, raw)
        for j in [None] if width is None else range(width):
            seen, reported = slope(fixed, y, raw, j), g if j is None else g[:, j]
            near_jump = np.abs(seen - reported) > 1e-4 * (1 + np.abs(reported))
            assert near_jump.mean() <= (0 if loss.smooth else 0.05)
        for base, step in [
            (np.zeros_like(raw), fixed.start(y, w, width)),
            (raw, fixed.leaf(y, raw, w)),
        ]:
            best = fixed.value(y, base + step, w)
            for _ in range(5):
                # Where it is not convex the best constant is a local one.
                scale = 0.3 if loss.convex else 0.01
                other = step + rng.normal(scale=scale, size=np.shape(step))
                assert best <= fixed.value(y, base + other, w) + 1e-7


@every_loss
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("far", [-1e3, 1e3])
def test_finite_in_the_tails(loss, dtype, far):
    for task in tasks(loss):
        y, raw, _, width = draw(loss, task, np.random.default_rng(0))
        raw = np.full_like(raw, far, dtype=dtype)
        if width is not None:
            raw[:, 0] = -far
        y = y.astype(dtype) if y.dtype.kind == "f" else y
        for found in (loss.pointwise(y, raw), *loss.gradient_hessian(y, raw)):
            assert np.all(np.isfinite(found))
        assert loss.hessian(y, raw).min() >= 0


@every_loss
def test_float32_stays_and_agrees(loss):
    for task in tasks(loss):
        y, raw, _, _ = draw(loss, task, np.random.default_rng(1))
        y = y if y.dtype.kind == "i" else y.astype(np.float32)
        small = raw.astype(np.float32)
        for a, b in zip(
            loss.gradient_hessian(y, small),
            loss.gradient_hessian(y, small.astype(float)),
            strict=True,
        ):
            assert a.dtype == np.float32
            np.testing.assert_allclose(a, b, rtol=2e-3, atol=2e-5)


@every_loss
def test_weights_are_repetition(loss):
    for task in tasks(loss):
        y, raw, w, width = draw(loss, task, np.random.default_rng(2))
        often = np.repeat(np.arange(len(y)), w.astype(int))
        fixed = loss.adapted(y, raw, w)
        again = loss.adapted(y[often], raw[often])
        assert repr(fixed) == repr(again)
        assert fixed.value(y, raw, w) == pytest.approx(
            fixed.value(y[often], raw[often]), rel=1e-12
        )
        np.testing.assert_allclose(
            fixed.start(y, w, width),
            fixed.start(y[often], None, width),
            rtol=1e-6,
            atol=1e-7,
        )


@every_loss
def test_link_and_its_inverse(loss):
    for task in tasks(loss):
        _, raw, _, _ = draw(loss, task, np.random.default_rng(3))
        link = loss.link_for(task)
        mean = link.inverse(raw)
        np.testing.assert_allclose(link.inverse(link.link(mean)), mean, rtol=1e-9)


@every_loss
def test_two_lines_are_the_loss(loss):
    for task in tasks(loss):
        y, raw, _, width = draw(loss, task, np.random.default_rng(4))
        kink = loss.kink(y, width)
        assert loss.piecewise_linear == (kink is not None)
        assert loss.piecewise_linear == (type(loss).__name__ in OF_LINES)
        if kink is None:
            continue
        assert all(part.shape == raw.shape for part in kink)
        r = raw - kink.at
        lines = np.maximum(kink.below * r, kink.above * r)
        np.testing.assert_allclose(loss.pointwise(y, raw), lines, atol=1e-12)
        assert np.all(kink.below < kink.above)


@every_loss
def test_couples_columns_is_true(loss):
    for task in tasks(loss):
        y, raw, w, width = draw(loss, task, np.random.default_rng(5))
        fixed = loss.adapted(y, raw, w)
        coupled = fixed.couples_columns(y, width)
        assert coupled == ((type(loss).__name__, task) in COUPLED)
        if width is None:
            assert not coupled
            continue
        moved = raw.copy()
        moved[:, 0] += 1e-3
        others = (fixed.gradient(y, moved) - fixed.gradient(y, raw))[:, 1:]
        assert coupled == bool(np.abs(others).max() > 0)
        assert fixed.pointwise(y, raw).ndim == (1 if coupled else 2)


@every_loss
def test_softmax_hessian_is_the_slope_of_the_gradient(loss):
    for task in tasks(loss):
        y, raw, w, width = draw(loss, task, np.random.default_rng(6))
        fixed = loss.adapted(y, raw, w)
        found = fixed.softmax_hessian(y, raw)
        assert (found is not None) == ((type(loss).__name__, task) in SOFTMAX)
        if found is None:
            continue
        p, factor = found
        assert fixed.couples_columns(y, width)
        full = factor[:, None, None] * (
            p[:, :, None] * np.eye(width) - p[:, :, None] * p[:, None, :]
        )
        for j in range(width):
            move = 1e-5 * np.eye(width)[j]
            seen = fixed.gradient(y, raw + move) - fixed.gradient(y, raw - move)
            np.testing.assert_allclose(seen / 2e-5, full[:, :, j], atol=1e-8)


@every_loss
def test_holds_its_parameters_as_scikit_learn_does(loss):
    for again in (
        clone(loss),
        pickle.loads(pickle.dumps(loss)),
        type(loss)().set_params(**loss.get_params()),
    ):
        assert repr(again) == repr(loss)


@every_loss
def test_refuses_a_target_that_it_is_not_for(loss):
    every = {"regression", "multioutput", "binary", "multiclass", "multilabel"}
    others = every - set(loss.links)
    assert others
    for task in others:
        with pytest.raises(ValueError, match=f"got a {task} target"):
            loss.link_for(task)


@every_loss
def test_docstring_has_formula_domain_and_source(loss):
    text = type(loss).__doc__
    assert re.search(r"\by (is|in)\b", text)
    assert re.search(r"\b(1[89]|20)\d\d\b", text)  # the year of its source
    assert ">>>" in text
