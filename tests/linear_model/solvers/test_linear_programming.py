"""Linear programs against scikit-learn's and against the primal program."""

import numpy as np
import pytest
import scipy.sparse as sp
from linear_problems import awkward, drawn, make, original, solve, thinned, value
from scipy.optimize import linprog
from sklearn.linear_model import QuantileRegressor

from skensemble.linear_model.penalties._bounds import Bounded, NonNegative
from skensemble.linear_model.penalties._elastic_net import (
    L1,
    L2,
    ElasticNetPenalty,
    NoPenalty,
)
from skensemble.linear_model.solvers._base import pairing
from skensemble.linear_model.solvers._linear_programming import LinearProgramming
from skensemble.losses import (
    AbsoluteError,
    Hinge,
    Huber,
    MultiQuantile,
    Quantile,
)

every_storage = pytest.mark.parametrize("stored", [np.asarray, sp.csr_matrix])
with_and_without = pytest.mark.parametrize("intercept", [True, False])


def primal(problem, columns):
    """Least objective by the primal program: coefficients, intercept, both parts."""
    form = problem.penalty.form(problem.design.shape[1])
    total = 0.0
    for at, below, above in columns:
        Z = problem.design.times(np.eye(len(form.l1)))
        n, p = Z.shape
        w = problem.weight
        ones = np.full((n, 1), float(problem.fit_intercept))
        result = linprog(
            np.concatenate([form.l1, form.l1, [0.0], w * above, -w * below]),
            A_eq=np.hstack([Z, -Z, ones, -np.eye(n), np.eye(n)]),
            b_eq=at,
            A_ub=np.vstack(
                [
                    np.hstack([s * np.eye(p), -s * np.eye(p), np.zeros((p, 2 * n + 1))])
                    for s in (1, -1)
                ]
            ),
            b_ub=np.nan_to_num(
                np.concatenate([form.upper, -form.lower]), posinf=1e9, neginf=-1e9
            ),
            bounds=[(0, None)] * 2 * p + [(None, None)] + [(0, None)] * 2 * n,
        )
        total += result.fun
    return total


def lines(problem):
    kink = problem.loss.kink(problem.y, problem.width)
    return zip(*(np.atleast_2d(part.T) for part in kink), strict=True)


@every_storage
@with_and_without
@pytest.mark.parametrize("alpha", [0.0, 0.05])
@pytest.mark.parametrize("quantile", [0.1, 0.5])
def test_quantile_regression(stored, intercept, alpha, quantile):
    X, y, w, _ = drawn("regression")
    X = thinned(X)
    problem = make(stored(X), y, Quantile(quantile), L1(alpha), w, intercept=intercept)
    found = solve(LinearProgramming(), problem)
    peer = QuantileRegressor(quantile=quantile, alpha=alpha, fit_intercept=intercept)
    peer.fit(X, y, w)
    coef, shift = original(problem, found)
    np.testing.assert_allclose(coef, peer.coef_, atol=1e-9)
    assert shift == pytest.approx(peer.intercept_, abs=1e-9)
    np.testing.assert_array_equal(coef == 0, np.abs(peer.coef_) < 1e-12)
    assert found.converged
    assert found.gap == pytest.approx(0, abs=1e-10)
    assert found.violation < 1e-10


@pytest.mark.parametrize(
    ("stored", "intercept", "method"),
    [
        (np.asarray, True, "highs"),
        (sp.csr_matrix, True, "highs-ds"),
        (sp.csr_matrix, False, "highs-ipm"),
    ],
)
@pytest.mark.parametrize(
    ("loss", "task"),
    [
        (AbsoluteError(), "multioutput"),
        (Hinge(), "binary"),
        (Hinge(), "multiclass"),
        (Hinge(), "multilabel"),
        (MultiQuantile([0.2, 0.7]), "regression"),
    ],
    ids=repr,
)
def test_least_objective(stored, intercept, method, loss, task):
    X, y, w, width = drawn(task, 50, 4)
    width = 2 if isinstance(loss, MultiQuantile) else width
    problem = make(
        stored(thinned(X)), y, loss, L1(0.02), w, intercept=intercept, width=width
    )
    found = solve(LinearProgramming(method), problem)
    least = primal(problem, lines(problem))
    assert problem.value(found.point) == pytest.approx(least, rel=1e-9)
    assert found.gap == pytest.approx(problem.value(found.point) - least, abs=1e-9)
    assert found.converged
    assert found.n_iter > 0


@with_and_without
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize(
    "penalty",
    [
        NonNegative(),
        NonNegative(L1(0.05)),
        Bounded(L1(0.05, [0, 1, 2, 0, 1, 2]), -0.2, 0.4),
        Bounded("none", [0.1, -1, -1, -1, 0.5, -1], [0.3, 1, -0.2, 1, 0.5, 1]),
    ],
    ids=repr,
)
def test_bounds(intercept, standardize, penalty):
    X, y, w, _ = drawn("regression", 60)
    problem = make(
        X, y, Quantile(0.7), penalty, w, intercept=intercept, standardize=standardize
    )
    found = solve(LinearProgramming(), problem)
    assert np.isfinite(problem.value(found.point))
    assert problem.value(found.point) == pytest.approx(
        primal(problem, lines(problem)), rel=1e-9
    )
    assert found.gap == pytest.approx(0, abs=1e-9)


def test_the_solution_is_a_vertex():
    X, y, _, _ = drawn("regression")
    problem = make(X, y, AbsoluteError(), NoPenalty())
    raw = problem.raw(solve(LinearProgramming(), problem).point)
    assert np.sum(np.abs(raw - y) < 1e-10) == X.shape[1] + 1


@every_storage
def test_more_columns_than_rows(stored):
    X, y, w, _ = drawn("regression", 30, 80)
    problem = make(stored(thinned(X)), y, AbsoluteError(), L1(0.05), w)
    found = solve(LinearProgramming(), problem)
    assert problem.value(found.point) == pytest.approx(
        primal(problem, lines(problem)), rel=1e-9
    )
    assert 0 < np.sum(found.point.coef != 0) <= 30


@every_storage
@pytest.mark.parametrize("unit", [1e-7, 1.0, 1e7])
def test_awkward_columns_and_units(stored, unit):
    X, good = awkward()
    y = unit * (
        good @ [1.0, -2.0, 3.0, 0.5] + np.random.default_rng(1).normal(size=200)
    )
    plain = make(good, y, Quantile(0.3), NoPenalty())
    hard = make(stored(X), y, Quantile(0.3), NoPenalty())
    found = solve(LinearProgramming(), hard)
    assert found.converged
    least = plain.value(solve(LinearProgramming(), plain).point)
    assert hard.value(found.point) == pytest.approx(least, rel=1e-8)


def test_sparse_columns_are_never_filled(monkeypatch):
    X, y, w, _ = drawn("regression")
    problem = make(sp.csr_matrix(thinned(X)), y, Quantile(0.3), L1(0.01), w)

    def refuse(*_, **__):
        raise AssertionError("filled")

    for cls in (sp.csr_matrix, sp.csc_matrix):
        monkeypatch.setattr(cls, "toarray", refuse)
        monkeypatch.setattr(cls, "todense", refuse)
    assert solve(LinearProgramming(), problem).converged


def test_weights_are_repetition():
    X, y, w, _ = drawn("regression")
    often = np.repeat(np.arange(len(y)), w.astype(int))
    weighted = make(X, y, Quantile(0.3), L1(0.01), w)
    repeated = make(X[often], y[often], Quantile(0.3), L1(0.01))
    np.testing.assert_allclose(
        solve(LinearProgramming(), weighted).point.coef,
        solve(LinearProgramming(), repeated).point.coef,
        atol=1e-9,
    )


@every_storage
def test_float32(stored):
    X, y, w, _ = drawn("regression")
    double = make(X, y, Quantile(0.3), L1(0.01), w)
    single = make(
        stored(X.astype(np.float32)), y.astype(np.float32), Quantile(0.3), L1(0.01), w
    )
    found = solve(LinearProgramming(), single)
    assert found.converged
    assert found.point.coef.dtype == found.point.intercept.dtype == np.float32
    assert single.value(found.point) == pytest.approx(
        double.value(solve(LinearProgramming(), double).point), rel=1e-5
    )


def test_unfinished_members_are_reported():
    X, y, _, _ = drawn("regression", 2000, 30)
    problem = make(X, y, Quantile(0.3), NoPenalty())
    found = solve(LinearProgramming(time_limit=1e-4), problem)
    assert not found.converged
    assert found.gap > 0.01 * problem.value(found.point)
    np.testing.assert_array_equal(found.point.coef, 0)
    best = solve(LinearProgramming(), problem)
    assert found.gap >= problem.value(found.point) - problem.value(best.point)


def test_a_constant_target():
    X, _, _, _ = drawn("regression")
    for level in (0.0, 3.0):
        problem = make(X, np.full(len(X), level), AbsoluteError(), L1(0.1))
        found = solve(LinearProgramming(), problem)
        coef, shift = original(problem, found)
        assert found.converged
        assert value(problem, coef, shift) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("loss", "penalty", "words"),
    [
        (Huber(), L1(), "two straight lines"),
        (Quantile(), L2(), "absolute values or bounds"),
        (Quantile(), ElasticNetPenalty(), "absolute values or bounds"),
        (Quantile(), NonNegative(L2()), "absolute values or bounds"),
        (Quantile(), NonNegative(L1()), None),
        (MultiQuantile(), NoPenalty(), None),
    ],
    ids=repr,
)
def test_bad_parameters_name_the_requirement(loss, penalty, words):
    X, y, _, _ = drawn("regression")
    width = loss.width("regression", 1)
    reason = LinearProgramming().refusal(
        pairing(make(X, y, loss, penalty, width=width))
    )
    assert (reason is None) if words is None else (words in reason)


@pytest.mark.parametrize("wrong", [{"method": "simplex"}, {"time_limit": -1}])
def test_wrong_parameters_are_named(wrong):
    X, y, _, _ = drawn("regression")
    with pytest.raises(ValueError, match=str(next(iter(wrong)))):
        solve(LinearProgramming(**wrong), make(X, y, Quantile(), L1()))
