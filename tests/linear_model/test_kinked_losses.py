"""Losses with kinks: penalties of groups, concave penalties, losses of the user."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.exceptions import ConvergenceWarning

from skensemble import LinearClassifier, LinearRegressor, LinearRegressorCV
from skensemble.linear_model import (
    L1,
    L2,
    MCP,
    SCAD,
    GroupLasso,
    InteriorPoint,
    SparseGroupLasso,
)
from skensemble.losses import AbsoluteError, CustomLoss, Hinge, MultiQuantile, Quantile

LOSSES = [AbsoluteError(), Quantile(0.9), Hinge()]
GROUPS = [0, 0, 1, 1, 1, 2]
every_loss = pytest.mark.parametrize("loss", LOSSES, ids=repr)
own_absolute = CustomLoss(
    lambda y, raw: np.abs(raw - y),
    gradient=lambda y, raw: np.sign(raw - y),
    smooth=False,
)


def drawn(loss=None, n=90, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 6)) @ np.diag([1, 2, 0.5, 1, 1, 3]) + 1
    y = X @ [1, -0.5, 0, 0.1, 0, 0.3] + rng.standard_t(2, size=n)
    return X, (y > np.median(y)).astype(int) if isinstance(loss, Hinge) else y


def fitted(loss, penalty, X, y, weight=None, **more):
    kind = LinearClassifier if isinstance(loss, Hinge) else LinearRegressor
    model = kind(loss, penalty, **more).fit(X, y, weight)
    assert model.converged_
    return model


def size(model):
    return pytest.approx(model.objective_, rel=1e-6)


@every_loss
def test_groups_of_one_column_are_the_lasso(loss):
    X, y = drawn(loss)
    for alpha in (0.003, 0.1):
        lasso = fitted(loss, L1(alpha), X, y)
        for kind in (GroupLasso, SparseGroupLasso):
            model = fitted(loss, kind(alpha, groups=list(range(6))), X, y)
            assert model.objective_ == size(lasso)
            assert 0 <= model.dual_gap_ <= 1e-6 * lasso.objective_


@every_loss
@pytest.mark.parametrize("kind", [GroupLasso, SparseGroupLasso])
def test_no_point_near_a_solution_for_groups_is_better(loss, kind):
    X, y = drawn(loss)
    model = fitted(loss, kind(0.05, groups=GROUPS), X, y, fit_intercept=False)
    rng, codes = np.random.default_rng(0), y
    coef = model.coef_.ravel()
    for _ in range(200):
        step = rng.normal(size=6) * rng.choice([1e-1, 1e-2, 1e-3])
        other = coef + step * (rng.random(6) < 0.5)
        value = loss.value(codes, X @ other) + model.penalty_.value(other)
        assert value >= model.objective_ * (1 - 1e-6)


@every_loss
def test_groups_with_weights_sparse_columns_and_units(loss):
    X, y = drawn(loss)
    weight = np.random.default_rng(1).integers(0, 3, size=len(y))
    often = np.repeat(np.arange(len(y)), weight)
    penalty = GroupLasso(0.02, groups=GROUPS)
    weighted = fitted(loss, penalty, sp.csr_matrix(X), y, weight)
    assert weighted.objective_ == size(fitted(loss, penalty, X[often], y[often]))
    if not isinstance(loss, Hinge):
        plain = fitted(loss, penalty, X, y)
        for unit in (1e-6, 1e6):
            other = fitted(loss, penalty, X, y * unit)
            assert other.objective_ / unit == size(plain)
            np.testing.assert_allclose(other.coef_ / unit, plain.coef_, atol=1e-4)


def test_groups_of_several_quantiles():
    X, y = drawn()
    loss = MultiQuantile([0.2, 0.5, 0.9])
    free = fitted(loss, "none", X, y)
    near = fitted(loss, GroupLasso(1e-9, groups=GROUPS), X, y)
    assert near.objective_ == pytest.approx(free.objective_, rel=1e-5)
    some = fitted(loss, GroupLasso(0.2, groups=GROUPS), X, y).coef_
    dropped = (some == 0).all(axis=0)
    assert dropped.any()
    assert not dropped.all()
    assert np.all((some == 0) == dropped)


@every_loss
@pytest.mark.parametrize("kind", [MCP, SCAD])
def test_concave_penalties_are_at_most_the_lasso(loss, kind):
    X, y = drawn(loss)
    for alpha in (0.01, 0.1):
        lasso = fitted(loss, L1(alpha), X, y, standardize=True)
        model = fitted(loss, kind(alpha), X, y, standardize=True)
        assert model.objective_ <= lasso.objective_ * (1 + 1e-9)
        wide = fitted(loss, kind(alpha, gamma=1e9), X, y, standardize=True)
        assert wide.objective_ == size(lasso)


def test_concave_penalty_with_many_rows_and_no_intercept():
    X, y = drawn(n=1500)
    model = fitted("quantile", MCP(0.05), X, y, fit_intercept=False)
    lasso = fitted("quantile", L1(0.05), X, y, fit_intercept=False)
    assert model.intercept_ == 0
    assert model.objective_ < lasso.objective_


@pytest.mark.parametrize(
    "penalty",
    ["none", L1(0.01), L2(0.1), MCP(0.05), GroupLasso(0.05, groups=GROUPS)],
    ids=repr,
)
def test_own_loss_with_kinks_equals_the_built_in_loss(penalty):
    X, y = drawn(n=40)
    for unit in (1.0, 1e6):
        own = fitted(own_absolute, penalty, X, y * unit, standardize=True)
        built_in = fitted("absolute_error", penalty, X, y * unit, standardize=True)
        tol = 1e-2 if isinstance(penalty, MCP) else 2e-6
        assert own.objective_ == pytest.approx(built_in.objective_, rel=tol)


def test_own_loss_with_several_kinks_and_outputs():
    def value(y, raw):
        return np.maximum(np.abs(raw - y) - 0.5, 0)

    def gradient(y, raw):
        return np.sign(raw - y) * (np.abs(raw - y) > 0.5)

    loss = CustomLoss(value, gradient=gradient, smooth=False)
    X, y = drawn(n=30)
    # Two kinks are two rows with one kink each.
    twice, both = np.vstack([X, X]), np.concatenate([y - 0.5, y + 0.5])
    pair = fitted("absolute_error", L1(0.01), twice, both, solver=InteriorPoint())
    one = fitted(loss, L1(0.01), X, y)
    # max(|r| - 1/2, 0) = (|r - 1/2| + |r + 1/2| - 1) / 2, and the pair is the mean.
    assert one.objective_ == pytest.approx(pair.objective_ - 0.5, rel=2e-6)
    several = fitted(loss, L1(0.01), X, np.column_stack([y, -y]))
    assert several.objective_ == pytest.approx(2 * one.objective_, rel=2e-6)


def test_a_fit_that_has_not_converged_warns():
    X, y = drawn()
    for loss, penalty in [
        ("absolute_error", GroupLasso(0.05, groups=GROUPS)),
        (own_absolute, "none"),
        (own_absolute, GroupLasso(0.05, groups=GROUPS)),
    ]:
        model = LinearRegressor(loss, penalty, max_iter=2)
        with pytest.warns(ConvergenceWarning, match="max_iter=2"):
            model.fit(X, y)
        assert not model.converged_


def test_path_of_a_kinked_loss_with_groups():
    X, y = drawn()
    model = LinearRegressorCV(
        "absolute_error", GroupLasso(groups=GROUPS), n_alphas=5, cv=2
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(X, y)
    assert model.path_.converged.all()
    assert model.coef_.any()
