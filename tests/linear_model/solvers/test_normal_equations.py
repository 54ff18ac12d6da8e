"""Normal equations of both kinds against the plain system."""

import numpy as np
import pytest
import scipy.sparse as sp
from linear_problems import drawn, thinned

from skensemble.linear_model._design import make_design
from skensemble.linear_model._problem import Point
from skensemble.linear_model.solvers._normal_equations import (
    Dual,
    NormalEquations,
    Primal,
)
from skensemble.linear_model.solvers._softmax import SoftmaxEquations


def filled(design):
    """The centred and scaled columns as one array."""
    return design.times(np.eye(design.shape[1]))


@pytest.mark.parametrize("stored", [np.asarray, sp.csr_matrix])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("k", [None, 3])
@pytest.mark.parametrize(("n", "p", "kind"), [(60, 5, Primal), (10, 25, Dual)])
def test_both_systems_solve_the_bordered_equations(stored, intercept, k, n, p, kind):
    rng = np.random.default_rng(0)
    X = stored(thinned(rng.normal(size=(n, p)) + 1))
    design = make_design(X, np.full(n, 1 / n), center=intercept, standardize=True)
    weight, ridge = rng.exponential(size=n), rng.exponential(size=p)
    shape = () if k is None else (k,)
    rhs = Point(rng.normal(size=(p, *shape)), rng.normal(size=shape) * intercept)
    equations = NormalEquations(design, intercept)
    system = equations.factor(weight, ridge)
    assert isinstance(system, kind)
    Z = np.column_stack([filled(design), np.full(n, float(intercept))])
    matrix = Z.T @ (weight[:, None] * Z) + np.diag([*ridge, 1.0 - intercept])
    expected = np.linalg.solve(matrix, np.vstack([rhs.coef, rhs.intercept]) if k else
                               np.append(rhs.coef, rhs.intercept))  # fmt: skip
    found = system.solve(rhs)
    np.testing.assert_allclose(found.coef, expected[:-1], atol=1e-10)
    np.testing.assert_allclose(found.intercept, expected[-1], atol=1e-10)


def test_weights_of_very_different_size():
    rng = np.random.default_rng(0)
    n, p = 200, 4
    design = make_design(
        rng.normal(size=(n, p)), np.full(n, 1 / n), center=True, standardize=False
    )
    weight = 10.0 ** rng.uniform(-12, 12, size=n)
    rhs = Point(rng.normal(size=p), np.asarray(rng.normal()))
    found = NormalEquations(design, True).factor(weight, np.zeros(p)).solve(rhs)
    raw = weight * (design.times(found.coef) + found.intercept)
    scale = np.abs(design.X).T @ np.abs(raw)
    assert np.all(np.abs(design.X.T @ raw - rhs.coef) < 1e-9 * scale)
    assert abs(raw.sum() - rhs.intercept) < 1e-9 * np.abs(raw).sum()


def test_ill_conditioned_problems_warn():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 3)) * [1e-6, 1.0, 1e6]
    w = np.full(50, 1 / 50)
    good = NormalEquations(make_design(X, w, center=True, standardize=False), True)
    assert good.factor(w, np.zeros(3)).reciprocal_condition() > 0.1
    X[:, 1] = X[:, 0] * (1 + 1e-9 * rng.normal(size=50))
    bad = NormalEquations(make_design(X, w, center=True, standardize=False), True)
    assert bad.factor(w, np.zeros(3)).reciprocal_condition() < 1e-14


@pytest.mark.parametrize("stored", [np.asarray, sp.csr_matrix])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("ridge", [0.0, 0.3])
def test_softmax_step_solves_its_quadratic(stored, intercept, ridge):
    X, _, w, k = drawn("multiclass", 80, 4)
    rng = np.random.default_rng(0)
    design = make_design(stored(X), w / w.sum(), center=intercept, standardize=False)
    p = rng.dirichlet(np.ones(k), size=80)
    # Slopes of a softmax sum to zero over the classes, those of its penalty need not.
    slope = rng.normal(size=(4, k))
    if not ridge:
        slope -= slope.mean(axis=1, keepdims=True)
    pull = rng.normal(size=k)
    total = Point(slope, (pull - pull.mean()) * intercept)
    found = SoftmaxEquations(design, intercept, np.full(4, ridge)).solve(p, w, total)
    raw = filled(design) @ found.coef + found.intercept
    moved = w[:, None] * p * (raw - (p * raw).sum(axis=1, keepdims=True))
    back = filled(design).T @ moved + ridge * found.coef
    np.testing.assert_allclose(back, -total.coef, atol=1e-9)
    if intercept:
        np.testing.assert_allclose(moved.sum(axis=0), -total.intercept, atol=1e-9)
        assert found.intercept.sum() == pytest.approx(0, abs=1e-9)
