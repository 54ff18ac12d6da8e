"""L-BFGS against Newton's method, and under bounds."""

import numpy as np
import pytest
import scipy.sparse as sp
from linear_problems import drawn, make, original, solve, thinned
from scipy.optimize import lsq_linear, nnls
from sklearn.linear_model import Lasso

from skensemble.linear_model.penalties._bounds import Bounded, NonNegative
from skensemble.linear_model.penalties._elastic_net import (
    L1,
    L2,
    ElasticNetPenalty,
    NoPenalty,
)
from skensemble.linear_model.solvers._base import pairing
from skensemble.linear_model.solvers._lbfgs import LBFGS
from skensemble.linear_model.solvers._newton_cholesky import NewtonCholesky
from skensemble.losses import (
    AbsoluteError,
    Focal,
    Gamma,
    Hinge,
    Huber,
    KLDivergence,
    LogCosh,
    LogLoss,
    Poisson,
    RankedProbability,
    SquaredError,
    SquaredHinge,
)

CASES = [
    (SquaredError(), "multioutput"),
    (Huber(0.3), "regression"),
    (LogCosh(), "regression"),
    (Poisson(), "counts"),
    (Gamma(), "amounts"),
    (LogLoss(), "binary"),
    (LogLoss(), "multiclass"),
    (LogLoss(), "multilabel"),
    (SquaredHinge(), "multiclass"),
    (KLDivergence(), "shares"),
]
every_case = pytest.mark.parametrize(
    ("loss", "task"), CASES, ids=[f"{loss!r}-{task}" for loss, task in CASES]
)
every_storage = pytest.mark.parametrize("stored", [np.asarray, sp.csr_matrix])


@every_case
@every_storage
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("penalty", [L2(0.01), NoPenalty()], ids=repr)
def test_same_minimum_as_newton(loss, task, stored, intercept, penalty):
    X, y, w, width = drawn(task)
    problem = make(
        stored(thinned(X)), y, loss, penalty, w, intercept=intercept, width=width
    )
    found, newton = solve(LBFGS(), problem), solve(NewtonCholesky(), problem)
    assert found.converged
    assert found.violation <= problem.tolerance()
    assert problem.value(found.point) <= problem.value(newton.point) * (1 + 1e-9)
    if not intercept:
        assert not found.point.intercept.any()


@pytest.mark.parametrize("loss", [Focal(), RankedProbability()], ids=repr)
@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_stationary_where_it_is_not_convex(loss, task):
    X, y, w, width = drawn(task)
    problem = make(X, y, loss, L2(0.01), w, width=width)
    found = solve(LBFGS(), problem)
    assert found.converged
    assert problem.value(found.point) < problem.value(problem.start())


def test_more_columns_than_rows():
    X, y, w, width = drawn("multiclass", 30, 200)
    problem = make(X, y, LogLoss(), L2(0.01), w, width=width, tol=1e-8)
    found, newton = solve(LBFGS(), problem), solve(NewtonCholesky(), problem)
    np.testing.assert_allclose(found.point.coef, newton.point.coef, atol=1e-6)


@every_storage
def test_size_of_columns_makes_no_difference(stored):
    X, y, w, _ = drawn("binary")
    X = thinned(X)
    sizes = 10.0 ** np.linspace(-6, 6, 6)
    even = make(stored(X), y, LogLoss(), NoPenalty(), w)
    uneven = make(stored(X * sizes), y, LogLoss(), NoPenalty(), w)
    found, other = solve(LBFGS(), even), solve(LBFGS(), uneven)
    assert other.converged
    assert other.n_iter <= found.n_iter + 2
    np.testing.assert_allclose(
        other.point.coef * sizes, found.point.coef, rtol=1e-4, atol=1e-6
    )


@every_storage
@pytest.mark.parametrize("intercept", [True, False])
def test_non_negative_least_squares(stored, intercept):
    X, y, w, _ = drawn("regression")
    X = thinned(X)
    problem = make(
        stored(X),
        y,
        SquaredError(),
        NonNegative(),
        w,
        intercept=intercept,
        standardize=True,
        tol=1e-9,
    )
    found = solve(LBFGS(), problem)
    coef, shift = original(problem, found)
    w = w / w.sum()
    Z, target = (X - w @ X, y - w @ y) if intercept else (X, y)
    expected, _ = nnls(np.sqrt(w)[:, None] * Z, np.sqrt(w) * target)
    assert (expected == 0).any()
    np.testing.assert_allclose(coef, expected, atol=1e-7)
    np.testing.assert_array_equal(coef == 0, expected == 0)
    assert shift == pytest.approx(intercept * (w @ y - w @ X @ expected), abs=1e-7)


def test_intervals_that_need_not_hold_zero():
    X, y, w, _ = drawn("regression")
    lower = np.array([0.5, -np.inf, -0.1, 0.2, -1.0, -np.inf])
    upper = np.array([0.7, -0.3, 0.1, 0.2, np.inf, np.inf])
    problem = make(X, y, SquaredError(), Bounded("none", lower, upper), w, tol=1e-9)
    found = solve(LBFGS(), problem)
    w = w / w.sum()
    Z, target = X - w @ X, y - w @ y
    free = lower < upper
    fixed = np.where(free, 0, lower)
    best = lsq_linear(
        np.sqrt(w)[:, None] * Z[:, free],
        np.sqrt(w) * (target - Z @ fixed),
        (lower[free], upper[free]),
        tol=1e-14,
    )
    assert found.converged
    np.testing.assert_allclose(found.point.coef[free], best.x, atol=1e-6)
    assert found.point.coef[3] == 0.2


def test_absolute_values_where_bounds_fix_the_signs():
    X, y, w, _ = drawn("regression")
    problem = make(X, y, SquaredError(), NonNegative(L1(0.05)), w, tol=1e-9)
    coef, shift = original(problem, solve(LBFGS(), problem))
    peer = Lasso(0.05, positive=True, tol=1e-12, max_iter=10000).fit(X, y, w)
    np.testing.assert_allclose(coef, peer.coef_, atol=1e-7)
    assert shift == pytest.approx(peer.intercept_, abs=1e-6)
    mirrored = make(
        -X, y, SquaredError(), Bounded(ElasticNetPenalty(0.05, 1.0), upper=0.0), w,
        tol=1e-9,
    )  # fmt: skip
    np.testing.assert_allclose(
        solve(LBFGS(), mirrored).point.coef, -peer.coef_, atol=1e-7
    )


def test_several_classes_within_bounds():
    X, y, w, width = drawn("multiclass")
    penalty = Bounded(L2(0.01), -0.3, 0.3)
    problem = make(X, y, LogLoss(), penalty, w, width=width)
    found = solve(LBFGS(), problem)
    assert found.converged
    assert np.abs(found.point.coef).max() == 0.3
    assert found.violation <= problem.tolerance()


def test_weights_are_repetition():
    X, y, w, width = drawn("multiclass")
    often = np.repeat(np.arange(len(y)), w.astype(int))
    weighted = make(X, y, LogLoss(), L2(0.01), w, width=width, tol=1e-9)
    repeated = make(X[often], y[often], LogLoss(), L2(0.01), width=width, tol=1e-9)
    np.testing.assert_allclose(
        solve(LBFGS(), weighted).point.coef,
        solve(LBFGS(), repeated).point.coef,
        atol=1e-6,
    )


@every_storage
@pytest.mark.parametrize("penalty", [L2(0.01), NonNegative(L2(0.01))], ids=repr)
def test_float32(stored, penalty):
    X, y, w, width = drawn("multiclass")
    double = make(X, y, LogLoss(), penalty, w, width=width)
    single = make(stored(X.astype(np.float32)), y, LogLoss(), penalty, w, width=width)
    found = solve(LBFGS(), single)
    assert found.converged
    assert found.point.coef.dtype == found.point.intercept.dtype == np.float32
    best = solve(LBFGS(), double)
    np.testing.assert_allclose(found.point.coef, best.point.coef, atol=1e-2)
    assert double.value(found.point) <= double.value(best.point) * (1 + 1e-5)


def test_tight_tolerances_are_reached():
    X, y, w, _ = drawn("counts")
    problem = make(X * [1, 1, 1e3, 1, 1, 1e-3], y, Poisson(), NoPenalty(), w, tol=1e-9)
    found = solve(LBFGS(), problem)
    assert found.converged


def test_goes_on_from_a_solution_and_ends_at_max_iter():
    X, y, w, _ = drawn("counts")
    problem = make(X, y, Poisson(), L2(0.01), w)
    found = solve(LBFGS(), problem)
    assert LBFGS().solve(problem, found.point).n_iter == 0
    early = solve(LBFGS(), make(X, y, Poisson(), L2(0.01), w, max_iter=3))
    assert early.n_iter == 3
    assert not early.converged
    longer = make(X, y, Poisson(), L2(0.01), w, max_iter=1000)
    assert solve(LBFGS(memory=1), longer).n_iter > found.n_iter


@pytest.mark.parametrize(
    ("loss", "penalty", "words"),
    [
        (AbsoluteError(), L2(), "smooth loss"),
        (Huber(), L1(), "smooth penalty"),
        (Huber(), Bounded(L1(), -1.0, 1.0), "smooth penalty"),
        (Huber(), NonNegative(L1()), None),
        (Huber(), Bounded(L2(), -1.0, 1.0), None),
        (Huber(), L1(alpha=0.0), None),
    ],
    ids=repr,
)
def test_bad_parameters_name_the_requirement(loss, penalty, words):
    X, y, _, _ = drawn("regression")
    reason = LBFGS().refusal(pairing(make(X, y, loss, penalty)))
    assert (reason is None) if words is None else (words in reason)
    assert LBFGS().refusal(pairing(make(X, (y > 0) * 1, Hinge(), L2()))) is not None


@pytest.mark.parametrize("name", ["memory", "max_line_search"])
def test_wrong_parameters_are_named(name):
    X, y, _, _ = drawn("regression")
    with pytest.raises(ValueError, match=f"{name}=0"):
        solve(LBFGS(**{name: 0}), make(X, y, Huber(), L2()))
