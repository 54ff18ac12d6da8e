"""Penalised quadratics: the optimality conditions hold wherever one begins."""

import numpy as np
import pytest

from skensemble.linear_model._quadratic import minimise_quadratic
from skensemble.linear_model._quadratic._lasso import _coordinate_descent
from skensemble.linear_model.penalties import Form, FormPenalty


def tables():
    """Columns that hang together in several ways, more than independent rows tell."""
    rng = np.random.default_rng(0)
    few, many = rng.normal(size=(150, 8)), rng.normal(size=(150, 120))
    mixed = few @ rng.normal(size=(8, 120))
    return {
        "independent": many,
        "low rank": mixed,
        "nearly low rank": mixed + 1e-3 * many,
        "twice each": np.hstack([many[:, :60], many[:, :60]]),
        "random walk": np.cumsum(many, axis=1),
        "a column of zeros": many * (np.arange(120) > 0),
    }


def quadratic(X):
    rng = np.random.default_rng(1)
    y = X[:, :5].sum(axis=1) + rng.normal(size=len(X))
    X = X - X.mean(axis=0)
    return X.T @ X / len(X), X.T @ (y - y.mean()) / len(X)


def forms(p, level):
    free = np.full(p, np.inf)
    l1 = np.full(p, level)
    some = l1 * (np.arange(p) % 3 > 0)
    return {
        "lasso": Form(l1, 0 * l1, -free, free),
        "elastic net": Form(l1 / 2, l1 / 2, -free, free),
        "none negative": Form(l1, 0 * l1, 0 * l1, free),
        "within bounds": Form(l1, l1, -0.1 + 0 * l1, 0.2 + 0 * l1),
        "some unpenalised": Form(some, l1, -free, free),
    }


@pytest.mark.parametrize("form", list(forms(1, 1.0)))
@pytest.mark.parametrize("table", list(tables()))
def test_conditions_hold_along_a_path_and_from_anywhere(table, form):
    H, q = quadratic(tables()[table])
    tol = 1e-7 * np.sqrt(np.diag(H)) + 1e-9
    warm = np.zeros(len(q))
    far = np.random.default_rng(2).normal(size=len(q))
    for share in (0.5, 0.1, 0.02):
        penalty = FormPenalty(forms(len(q), share * np.abs(q).max())[form])
        warm = minimise_quadratic(H, q, penalty, warm, tol)
        cold = minimise_quadratic(H, q, penalty, far, tol)
        values = []
        for w in (warm, cold):
            assert np.all(penalty.violation(w, H @ w - q) <= 1.01 * tol)
            values.append(w @ H @ w / 2 - q @ w + penalty.value(w))
        assert values[0] == pytest.approx(values[1], rel=1e-6)


def test_the_matrix_stays_as_it_was():
    H, q = quadratic(tables()["twice each"])
    before = H.copy(), q.copy()
    penalty = FormPenalty(forms(len(q), 0.01)["elastic net"])
    minimise_quadratic(H, q, penalty, np.zeros(len(q)), 1e-8)
    np.testing.assert_array_equal(H, before[0])
    np.testing.assert_array_equal(q, before[1])


def test_a_column_that_varies_by_rounding_alone_moves_nothing():
    """Far from zero, MCP and SCAD do not penalise a column: nothing would hold it."""
    H, q = quadratic(tables()["independent"])
    H[0], H[:, 0], q[0] = 1e-18, 1e-18, 1e-12
    H[0, 0] = 0.0
    form = forms(len(q), 1e-6)["lasso"]
    form.l1[0] = 0.0
    found = _coordinate_descent(H, q, form, np.zeros(len(q)), 1e-9)
    rest = minimise_quadratic(
        H[1:, 1:], q[1:], FormPenalty(forms(len(q) - 1, 1e-6)["lasso"]), found[1:], 1e-9
    )
    np.testing.assert_allclose(found[1:], rest, atol=1e-6)
