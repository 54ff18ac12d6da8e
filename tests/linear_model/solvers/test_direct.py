"""Least squares in closed form against scikit-learn and numpy."""

import numpy as np
import pytest
import scipy.sparse as sp
from linear_problems import awkward, drawn, make, original, solve, thinned, value
from sklearn.linear_model import LinearRegression, Ridge

from skensemble.linear_model.penalties._elastic_net import (
    L1,
    L2,
    ElasticNetPenalty,
    NoPenalty,
)
from skensemble.linear_model.solvers._base import pairing
from skensemble.linear_model.solvers._direct import Direct
from skensemble.losses import Huber, SquaredError

SHAPES = [(120, 6), (20, 40)]
every_shape = pytest.mark.parametrize(("n", "p"), SHAPES)
every_storage = pytest.mark.parametrize("stored", [np.asarray, sp.csr_matrix])
with_and_without = pytest.mark.parametrize("intercept", [True, False])


@every_shape
@every_storage
@with_and_without
@pytest.mark.parametrize("task", ["regression", "multioutput"])
def test_ridge(n, p, stored, intercept, task):
    X, y, w, width = drawn(task, n, p)
    X = stored(thinned(X))
    problem = make(X, y, SquaredError(), L2(0.1), w, intercept=intercept, width=width)
    found = solve(Direct(), problem)
    # Its sparse solver centres without filling, to the given tolerance.
    peer = Ridge(
        0.1 * w.sum(),
        fit_intercept=intercept,
        solver="sparse_cg" if sp.issparse(X) else "cholesky",
        tol=1e-13,
    ).fit(X, y, w)
    coef, shift = original(problem, found)
    np.testing.assert_allclose(coef.T, peer.coef_, atol=1e-8)
    np.testing.assert_allclose(shift, peer.intercept_, atol=1e-8)
    assert found.converged
    assert found.n_iter == 1
    assert found.violation < 1e-10


@every_shape
@every_storage
@with_and_without
def test_least_norm_without_penalty(n, p, stored, intercept):
    X, y, w, _ = drawn("regression", n, p)
    X = np.column_stack([thinned(X), X[:, 0] * 0 + 2.0, thinned(X)[:, :2]])
    problem = make(stored(X), y, SquaredError(), NoPenalty(), w, intercept=intercept)
    found = solve(Direct(), problem)
    peer = LinearRegression(fit_intercept=intercept).fit(X, y, w)
    coef, shift = original(problem, found)
    np.testing.assert_allclose(coef, peer.coef_, atol=1e-7)
    np.testing.assert_allclose(shift, peer.intercept_, atol=1e-7)
    assert found.converged


@every_shape
@every_storage
@pytest.mark.parametrize("task", ["regression", "multioutput"])
@pytest.mark.parametrize("penalty", [NoPenalty(), L2(0.01)], ids=repr)
def test_iterations_come_to_the_closed_form(n, p, stored, task, penalty):
    X, y, w, width = drawn(task, n, p)
    problem = make(
        stored(thinned(X)), y, SquaredError(), penalty, w, width=width, tol=1e-9
    )
    closed, iterated = solve(Direct(), problem), solve(Direct(largest=3), problem)
    assert iterated.converged
    assert iterated.n_iter > 1
    np.testing.assert_allclose(
        iterated.point.coef, closed.point.coef, atol=1e-6 * np.abs(y).max()
    )
    np.testing.assert_allclose(
        iterated.point.intercept, closed.point.intercept, atol=1e-6
    )


def test_iterations_end_at_max_iter():
    X, y, w, _ = drawn("regression", 120, 30)
    problem = make(X, y, SquaredError(), NoPenalty(), w, max_iter=2)
    found = solve(Direct(largest=3), problem)
    assert found.n_iter == 2
    assert not found.converged
    assert found.violation > problem.tolerance()


@every_shape
def test_factors_of_the_columns(n, p):
    X, y, w, _ = drawn("regression", n, p)
    factors = np.linspace(0.1, 3, p)
    problem = make(X, y, SquaredError(), ElasticNetPenalty(0.2, 0.0, factors), w)
    coef, shift = original(problem, solve(Direct(), problem))
    w = w / w.sum()
    Z, target = X - w @ X, y - w @ y
    expected = np.linalg.solve(
        Z.T @ (w[:, None] * Z) + 0.2 * np.diag(factors), Z.T @ (w * target)
    )
    np.testing.assert_allclose(coef, expected, atol=1e-10)
    assert shift == pytest.approx(w @ y - w @ X @ expected)


def test_a_column_that_pays_nothing_among_more_columns_than_rows():
    X, y, w, _ = drawn("regression", 20, 40)
    factors = np.ones(40)
    factors[3] = 0
    free = make(X, y, SquaredError(), L2(0.1, factors), w)
    factors[3] = 1e-9
    nearly = make(X, y, SquaredError(), L2(0.1, factors), w)
    found = solve(Direct(), free)
    assert found.converged
    np.testing.assert_allclose(
        found.point.coef, solve(Direct(), nearly).point.coef, atol=1e-6
    )


@pytest.mark.parametrize("penalty", [NoPenalty(), L2(0.1)], ids=repr)
def test_weights_are_repetition(penalty):
    X, y, w, _ = drawn("regression")
    often = np.repeat(np.arange(len(y)), w.astype(int))
    weighted = make(X, y, SquaredError(), penalty, w, standardize=True)
    repeated = make(X[often], y[often], SquaredError(), penalty, standardize=True)
    np.testing.assert_allclose(
        solve(Direct(), weighted).point.coef,
        solve(Direct(), repeated).point.coef,
        rtol=1e-9,
    )


@every_storage
@with_and_without
@pytest.mark.parametrize("ridge", [0, 1e-10])
def test_awkward_columns(stored, intercept, ridge):
    X, good = awkward()
    spread = X.var(axis=0)
    penalty = L2(ridge, np.where(spread > 1e-20, spread, 1.0))
    y = good @ [1.0, -2.0, 3.0, 0.5] + np.random.default_rng(1).normal(size=len(X))
    problem = make(stored(X), y, SquaredError(), penalty, intercept=intercept)
    found = solve(Direct(), problem)
    Z = np.column_stack([good, np.ones(len(X))])
    best = np.linalg.lstsq(Z, y)[0]
    least = np.mean((y - Z @ best) ** 2) / 2
    assert found.converged
    # Without an intercept the constant column is one.
    assert problem.loss_value(problem.raw(found.point)) <= least * (1 + 1e-6)
    if intercept:
        coef, shift = original(problem, found)
        assert coef[5] == pytest.approx(0, abs=1e5 * ridge)
        assert coef[6] == 0
        assert coef[0] == pytest.approx(coef[7], rel=1e-3)
        assert shift == pytest.approx(best[-1], rel=1e-3)


def test_large_means_lose_no_digits():
    X, y, _, _ = drawn("regression")
    far = X.copy()
    far[:, 0] += 1e7
    near, moved = (make(columns, y, SquaredError(), L2(0.1)) for columns in (X, far))
    np.testing.assert_allclose(
        solve(Direct(), moved).point.coef, solve(Direct(), near).point.coef, atol=1e-7
    )


@every_shape
@every_storage
def test_float32(n, p, stored):
    X, y, w, _ = drawn("regression", n, p)
    X = thinned(X)
    double = make(X, y, SquaredError(), L2(0.1), w)
    single = make(
        stored(X.astype(np.float32)), y.astype(np.float32), SquaredError(), L2(0.1), w
    )
    found = solve(Direct(), single)
    assert found.point.coef.dtype == found.point.intercept.dtype == np.float32
    assert found.converged
    np.testing.assert_allclose(
        found.point.coef, solve(Direct(), double).point.coef, atol=2e-5
    )


def test_the_objective_is_least():
    X, y, w, _ = drawn("regression")
    problem = make(X, y, SquaredError(), L2(0.1), w, standardize=True)
    coef, shift = original(problem, solve(Direct(), problem))
    least = value(problem, coef, shift)
    for j in range(len(coef)):
        for size in (-1e-3, 1e-3):
            assert value(problem, coef + size * np.eye(len(coef))[j], shift) > least
    assert value(problem, coef, shift + 1e-3) > least


@pytest.mark.parametrize(
    ("loss", "penalty", "takes"),
    [
        (SquaredError(), L2(), True),
        (SquaredError(), NoPenalty(), True),
        (SquaredError(), ElasticNetPenalty(l1_ratio=0.0), True),
        (SquaredError(), ElasticNetPenalty(), False),
        (SquaredError(), L1(), False),
        (Huber(), L2(), False),
    ],
    ids=repr,
)
def test_bad_parameters_name_the_requirement(loss, penalty, takes):
    X, y, _, _ = drawn("regression")
    reason = Direct().refusal(pairing(make(X, y, loss, penalty)))
    assert (reason is None) == takes
    if not takes:
        assert reason.startswith("needs SquaredError")


def test_wrong_parameter_is_named():
    X, y, _, _ = drawn("regression")
    with pytest.raises(ValueError, match="largest=0"):
        solve(Direct(largest=0), make(X, y, SquaredError(), L2()))
