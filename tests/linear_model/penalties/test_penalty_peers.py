"""The simplest solver with each prox finds what peers find with their own means."""

import numpy as np
import pytest
from scipy.optimize import lsq_linear, nnls
from sklearn.linear_model import (
    ElasticNet,
    Lasso,
    LinearRegression,
    MultiTaskLasso,
    Ridge,
)

from skensemble.linear_model.penalties import (
    L1,
    L2,
    MCP,
    SCAD,
    Adaptive,
    Bounded,
    ElasticNetPenalty,
    GroupLasso,
    NonNegative,
    PenaltyColumns,
    SparseGroupLasso,
)

N, P = 60, 8


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N, P)) * np.geomspace(0.5, 2, P) + rng.normal(size=(N, 1))
    truth = np.array([2.0, -1.0, 0.0, 0.0, 1.0, 0.5, 0.0, -2.0])
    return X, X @ truth + rng.normal(size=N)


def descend(penalty, X, y, steps=4000):
    """Gradient step, prox, and again; checked to have come to the end."""
    scale = 1 / np.linalg.eigvalsh(X.T @ X / N)[-1]
    coef = penalty.prox(np.zeros((P, *y.shape[1:])), scale)
    for _ in range(steps):
        gradient = X.T @ (X @ coef - y) / N
        coef = penalty.prox(coef - scale * gradient, scale)
    assert penalty.violation(coef, X.T @ (X @ coef - y) / N).max() < 1e-9
    return coef


@pytest.mark.parametrize("alpha", [0.01, 0.3])
def test_scikit_learn(data, alpha):
    X, y = data
    tight = {"fit_intercept": False, "tol": 1e-12, "max_iter": 100_000}
    for mine, theirs in (
        (L1(alpha), Lasso(alpha, **tight)),
        (L2(alpha), Ridge(N * alpha, fit_intercept=False)),
        (ElasticNetPenalty(alpha, 0.3), ElasticNet(alpha, l1_ratio=0.3, **tight)),
        (NonNegative(L1(alpha)), Lasso(alpha, positive=True, **tight)),
    ):
        found = descend(mine.bind(PenaltyColumns(P)), X, y)
        np.testing.assert_allclose(found, theirs.fit(X, y).coef_, atol=1e-6)


def test_groups_of_single_columns_are_the_multi_task_lasso(data):
    X, y = data
    Y = np.column_stack([y, X[:, 1] - y, X[:, 2]])
    theirs = MultiTaskLasso(0.5, fit_intercept=False, tol=1e-12, max_iter=100_000)
    found = descend(GroupLasso(0.5).bind(PenaltyColumns(P)), X, Y)
    np.testing.assert_allclose(found, theirs.fit(X, Y).coef_.T, atol=1e-6)
    dropped = (found == 0).sum(axis=1)
    assert set(dropped) == {0, 3}


def test_scipy(data):
    X, y = data
    bind = PenaltyColumns(P)
    np.testing.assert_allclose(
        descend(NonNegative().bind(bind), X, y), nnls(X, y)[0], atol=1e-7
    )
    lower, upper = np.linspace(-0.5, 0.5, P), np.linspace(0, 2, P)
    theirs = lsq_linear(X, y, (lower - 1e-9, upper), method="bvls", tol=1e-14).x
    found = descend(Bounded(lower=lower, upper=upper).bind(bind), X, y)
    np.testing.assert_allclose(found, theirs, atol=1e-6)


def test_the_adaptive_lasso_is_a_lasso_of_scaled_columns(data):
    X, y = data
    first = LinearRegression(fit_intercept=False).fit(X, y).coef_
    size = np.abs(first)
    theirs = Lasso(0.2, fit_intercept=False, tol=1e-12, max_iter=100_000)
    expected = theirs.fit(X * size, y).coef_ * size
    columns = PenaltyColumns(P, pilot=lambda penalty: descend(penalty, X, y, 20_000))
    found = descend(Adaptive(0.2, pilot="none").bind(columns), X, y)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_concave_penalties_do_not_shrink_what_is_large(data):
    X, y = data
    X = X / X.std(axis=0)
    for penalty in (MCP(0.3), SCAD(0.3)):
        found = descend(penalty, X, y)
        kept = found != 0
        assert 0 < kept.sum() < P
        large = np.abs(found) > penalty.gamma * penalty.alpha
        # The normal equations of large ones, given the others: without any penalty.
        rest = y - X[:, ~large] @ found[~large]
        np.testing.assert_allclose(
            found[large], np.linalg.lstsq(X[:, large], rest, rcond=None)[0], atol=1e-6
        )
        assert large.any()


def test_a_mixture_of_groups_drops_groups_and_columns(data):
    X, y = data
    labels = [0, 0, 1, 1, 0, 2, 1, 2]
    found = descend(SparseGroupLasso(0.6, 0.5, labels).bind(PenaltyColumns(P)), X, y)
    zero = found == 0
    whole = [zero[np.equal(labels, g)].all() for g in range(3)]
    some = [zero[np.equal(labels, g)].any() for g in range(3)]
    assert any(whole)
    assert any(a and not b for a, b in zip(some, whole, strict=True))
