"""Interior points against linear programs, scikit-learn and quadratic programs."""

import numpy as np
import pytest
import scipy.sparse as sp
from linear_problems import awkward, drawn, make, original, solve, thinned, value
from scipy.optimize import minimize
from sklearn.linear_model import QuantileRegressor
from sklearn.svm import SVC

from skensemble.linear_model.penalties._bounds import Bounded, NonNegative
from skensemble.linear_model.penalties._elastic_net import (
    L1,
    L2,
    ElasticNetPenalty,
    NoPenalty,
)
from skensemble.linear_model.penalties._groups import GroupLasso
from skensemble.linear_model.solvers._base import pairing
from skensemble.linear_model.solvers._interior_point import InteriorPoint
from skensemble.linear_model.solvers._linear_programming import LinearProgramming
from skensemble.losses import (
    AbsoluteError,
    Hinge,
    LogLoss,
    MultiQuantile,
    Quantile,
)

every_storage = pytest.mark.parametrize("stored", [np.asarray, sp.csr_matrix])
every_shape = pytest.mark.parametrize(("n", "p"), [(120, 6), (30, 50)])
with_and_without = pytest.mark.parametrize("intercept", [True, False])
every_kind = pytest.mark.parametrize(
    ("stored", "intercept"),
    [(np.asarray, True), (sp.csr_matrix, True), (sp.csr_matrix, False)],
)
PROBLEMS = [
    (AbsoluteError(), "regression"),
    (Quantile(0.1), "regression"),
    (Quantile(0.8), "multioutput"),
    (MultiQuantile([0.2, 0.7]), "regression"),
    (Hinge(), "binary"),
    (Hinge(), "multiclass"),
    (Hinge(), "multilabel"),
]


def least_by_duality(problem, found):
    """A bound from below that depends on nothing but the dual variables' definition.

    Rows on one side of their kink have the slope of that side; those on it the slopes
    that leave least of the stationarity of the coefficients.
    """
    form = problem.penalty.form(problem.design.shape[1])
    kink = problem.loss.kink(problem.y)
    Z = problem.design.times(np.eye(len(form.l2)))
    r = Z @ found.point.coef + found.point.intercept - kink.at
    low, high = problem.weight * kink.below, problem.weight * kink.above
    near = np.abs(r) < 1e-6
    a = np.where(r > 0, high, low)
    owed = -(Z.T @ np.where(near, 0, a) + form.l2 * found.point.coef)
    A = np.vstack([Z[near].T, np.ones(near.sum())])
    b = np.append(owed, -a[~near].sum())
    a[near] = np.clip(np.linalg.lstsq(A, b)[0], low[near], high[near])
    slope = Z.T @ a
    return -(slope**2 / (2 * form.l2)).sum() - kink.at @ a, abs(a.sum())


@every_kind
@every_shape
@pytest.mark.parametrize(("loss", "task"), PROBLEMS, ids=repr)
def test_same_minimum_as_the_linear_program(stored, n, p, intercept, loss, task):
    X, y, w, width = drawn(task, n, p)
    width = 2 if isinstance(loss, MultiQuantile) else width
    penalties = [L1(0.02)] if p > n else [L1(0.02), NoPenalty(), NonNegative(L1(0.01))]
    for penalty in penalties:
        problem = make(
            stored(thinned(X)), y, loss, penalty, w, intercept=intercept, width=width
        )
        found, best = (
            solve(InteriorPoint(), problem),
            solve(LinearProgramming(), problem),
        )
        least = problem.value(best.point)
        assert found.converged
        assert found.violation <= 1e-9
        assert least * (1 - 1e-9) <= problem.value(found.point) <= least * (1 + 1e-9)
        assert found.gap >= problem.value(found.point) - least - 1e-12
        assert found.n_iter < 50


@every_storage
@every_shape
def test_zeros_are_those_of_the_linear_program(stored, n, p):
    X, y, w, _ = drawn("regression", n, p)
    problem = make(stored(thinned(X)), y, Quantile(0.3), L1(0.03), w)
    found, best = solve(InteriorPoint(), problem), solve(LinearProgramming(), problem)
    np.testing.assert_array_equal(found.point.coef == 0, best.point.coef == 0)
    assert (found.point.coef == 0).any()
    np.testing.assert_allclose(found.point.coef, best.point.coef, atol=1e-6)


@every_storage
@every_shape
@pytest.mark.parametrize("strength", [0.1, 1.0])
def test_linear_support_vector_machine(stored, n, p, strength):
    X, y, w, _ = drawn("binary", n, p)
    X = thinned(X)
    problem = make(stored(X), y, Hinge(), L2(1 / (strength * w.sum())), w)
    found = solve(InteriorPoint(), problem)
    peer = SVC(C=strength, kernel="linear", tol=1e-6).fit(X, y, w)
    coef, shift = original(problem, found)
    np.testing.assert_allclose(coef, peer.coef_[0], atol=1e-4)
    least = value(problem, peer.coef_[0], peer.intercept_[0])
    assert problem.value(found.point) <= least * (1 + 1e-9)
    assert problem.value(found.point) == pytest.approx(least, rel=1e-4)
    assert shift == pytest.approx(peer.intercept_[0], abs=1e-2)
    assert found.converged


@every_shape
@pytest.mark.parametrize(
    ("loss", "task"),
    [
        (Hinge(), "binary"),
        (Quantile(0.3), "regression"),
        (AbsoluteError(), "regression"),
    ],
    ids=repr,
)
def test_squares_are_bounded_from_below(n, p, loss, task):
    X, y, w, _ = drawn(task, n, p)
    problem = make(X, y, loss, L2(0.02), w)
    found = solve(InteriorPoint(1e-11), problem)
    bound, off = least_by_duality(problem, found)
    assert off < 1e-8
    assert problem.value(found.point) == pytest.approx(bound, rel=1e-6)


@with_and_without
@pytest.mark.parametrize(
    "penalty",
    [
        ElasticNetPenalty(0.1),
        ElasticNetPenalty(0.1, 0.3, [0.0, 1.0, 2.0, 1.0]),
        NonNegative(L2(0.1)),
        Bounded(ElasticNetPenalty(0.05), -0.2, 0.1),
        Bounded(L2(0.05), [0.1, -1, 0.2, -1], [0.3, -0.1, 0.2, 1]),
    ],
    ids=repr,
)
def test_quadratic_programs(intercept, penalty):
    X, y, w, _ = drawn("regression", 25, 4)
    problem = make(X, y, Quantile(0.6), penalty, w, intercept=intercept)
    found = solve(InteriorPoint(), problem)
    form = problem.penalty.form(4)
    Z, w = problem.design.X, problem.weight
    ones = np.full((25, 1), float(intercept))
    # Parts of coefficients above and below zero, intercept, parts of the residuals.
    cost = np.concatenate([form.l1, form.l1, [0.0], 0.4 * w, 0.6 * w])
    rows = np.hstack([Z, -Z, ones, -np.eye(25), np.eye(25)])
    difference = np.hstack([np.eye(4), -np.eye(4), np.zeros((4, 51))])
    low, high = np.isfinite(form.lower), np.isfinite(form.upper)
    within = np.vstack([difference[low], -difference[high], np.zeros(59)])
    edge = np.concatenate([form.lower[low], -form.upper[high], [0.0]])

    def objective(v):
        coef = difference @ v
        slope = cost + difference.T @ (form.l2 * coef)
        return cost @ v + form.l2 @ coef**2 / 2, slope

    start = np.concatenate([np.zeros(9), np.maximum(-y, 0), np.maximum(y, 0)])
    best = minimize(
        objective,
        start,
        jac=True,
        method="SLSQP",
        constraints=[
            {"type": "eq", "fun": lambda v: rows @ v - y, "jac": lambda v: rows},
            {
                "type": "ineq",
                "fun": lambda v: within @ v - edge,
                "jac": lambda v: within,
            },
        ],
        bounds=[(0, None)] * 8 + [(None, None)] + [(0, None)] * 50,
        options={"ftol": 1e-13, "maxiter": 2000},
    )
    assert found.converged
    assert problem.value(found.point) == pytest.approx(best.fun, rel=1e-6)
    assert problem.value(found.point) <= best.fun * (1 + 1e-8)
    np.testing.assert_allclose(found.point.coef, difference @ best.x, atol=1e-4)
    exact = np.abs(difference @ best.x) < 1e-9
    assert np.all(found.point.coef[exact & (form.l1 > 0)] == 0)


def test_bounds_are_met_exactly():
    X, y, w, _ = drawn("regression")
    problem = make(X, y, AbsoluteError(), Bounded(L2(0.01), -0.2, 0.3), w)
    coef = solve(InteriorPoint(), problem).point.coef
    assert ((coef == -0.2) | (coef == 0.3)).any()
    assert coef.min() >= -0.2
    assert coef.max() <= 0.3
    fixed = make(X, y, AbsoluteError(), Bounded(L2(0.01), 0.3, 0.3), w)
    found = solve(InteriorPoint(), fixed)
    np.testing.assert_array_equal(found.point.coef, 0.3)
    assert found.converged
    left = y - fixed.design.times(found.point.coef)
    assert fixed.loss_value(y - left + found.point.intercept) == pytest.approx(
        fixed.loss_value(y - left + AbsoluteError().start(left, w))
    )


@pytest.mark.parametrize("penalty", [L2(0.01), L1(0.01), NoPenalty()], ids=repr)
@every_storage
@pytest.mark.parametrize("unit", [1e-7, 1.0, 1e7])
def test_awkward_columns_and_units(stored, unit, penalty):
    X, good = awkward()
    y = unit * (
        good @ [1.0, -2.0, 3.0, 0.5] + np.random.default_rng(1).normal(size=200)
    )
    problem = make(stored(X), y, Quantile(0.3), penalty)
    found = solve(InteriorPoint(), problem)
    assert found.converged
    assert found.n_iter < 50
    if isinstance(penalty, L2):
        return
    least = problem.value(solve(LinearProgramming(), problem).point)
    assert problem.value(found.point) == pytest.approx(least, rel=1e-8)


@pytest.mark.parametrize("unit", [1e-12, 1e-9, 1e-6])
@pytest.mark.parametrize("alpha", [1e-2, 1e-6])
@every_storage
@pytest.mark.parametrize("seed", [0, 5])
def test_small_penalties_of_collinear_columns(seed, stored, alpha, unit):
    X, good = awkward(seed=seed)
    y = good @ [1.0, -2.0, 3.0, 0.5] + np.random.default_rng(seed + 1).normal(size=200)
    problem = make(stored(X), unit * y, Quantile(0.3), L2(alpha))
    found = solve(InteriorPoint(), problem)
    assert found.converged
    assert found.n_iter < 50
    # Of all models with the same raw output, this one pays least.
    coef = found.point.coef
    owed = coef[1] + coef[2] - coef[4]
    assert abs(owed) < 1e-6 * np.abs(coef).max()


def test_ties_and_weights_of_very_different_size():
    X, y, _, _ = drawn("regression", 200)
    w = np.exp(5 * np.random.default_rng(0).normal(size=200))
    problem = make(np.round(X), np.round(y), Quantile(0.4), L1(0.001), w)
    found, best = solve(InteriorPoint(), problem), solve(LinearProgramming(), problem)
    assert found.converged
    assert problem.value(found.point) == pytest.approx(
        problem.value(best.point), rel=1e-9
    )


def test_a_minimum_of_zero():
    X, y, w, _ = drawn("regression", 20, 40)
    problem = make(X, y, AbsoluteError(), NoPenalty(), w)
    found = solve(InteriorPoint(), problem)
    assert found.converged
    assert problem.value(found.point) < 1e-10
    for level in (0.0, 3.0):
        problem = make(X, np.full(20, level), AbsoluteError(), L2(0.1), w)
        found = solve(InteriorPoint(), problem)
        assert found.converged
        assert problem.value(found.point) < 1e-12


@pytest.mark.parametrize("penalty", [L2(0.01), ElasticNetPenalty(0.01)], ids=repr)
def test_weights_are_repetition(penalty):
    X, y, w, _ = drawn("regression")
    often = np.repeat(np.arange(len(y)), w.astype(int))
    weighted = make(X, y, Quantile(0.3), penalty, w)
    repeated = make(X[often], y[often], Quantile(0.3), penalty)
    np.testing.assert_allclose(
        solve(InteriorPoint(1e-11), weighted).point.coef,
        solve(InteriorPoint(1e-11), repeated).point.coef,
        atol=1e-5,
    )


@every_storage
def test_float32(stored):
    X, y, w, _ = drawn("regression")
    double = make(X, y, Quantile(0.3), L2(0.01), w)
    single = make(
        stored(X.astype(np.float32)), y.astype(np.float32), Quantile(0.3), L2(0.01), w
    )
    found = solve(InteriorPoint(), single)
    assert found.converged
    assert found.point.coef.dtype == found.point.intercept.dtype == np.float32
    np.testing.assert_allclose(
        found.point.coef, solve(InteriorPoint(), double).point.coef, atol=1e-4
    )


def test_ends_at_max_iter_or_the_requested_gap():
    X, y, w, _ = drawn("regression")
    problem = make(X, y, Quantile(0.3), L2(0.01), w)
    best = problem.value(solve(InteriorPoint(), problem).point)
    early = solve(InteriorPoint(), make(X, y, Quantile(0.3), L2(0.01), w, max_iter=3))
    assert early.n_iter <= 3
    assert not early.converged
    excess = problem.value(early.point) - best
    assert 0 < excess <= early.gap
    rough = solve(InteriorPoint(gap=1e-2), problem)
    assert rough.converged
    assert rough.n_iter < solve(InteriorPoint(), problem).n_iter
    assert 1e-9 < rough.violation <= 1e-2
    loose = make(X, y, Quantile(0.3), L2(0.01), w, tol=1e-2)
    assert 1e-9 < solve(InteriorPoint(), loose).violation <= 1e-5


def test_many_rows_agree_with_scikit_learn():
    X, y, w, _ = drawn("regression", 1000, 8)
    problem = make(X, y, Quantile(0.9), L1(0.01), w)
    coef, _ = original(problem, solve(InteriorPoint(), problem))
    peer = QuantileRegressor(quantile=0.9, alpha=0.01).fit(X, y, w)
    np.testing.assert_allclose(coef, peer.coef_, atol=1e-5)


@pytest.mark.parametrize(
    ("loss", "penalty", "words"),
    [
        (LogLoss(), L2(), "two straight lines"),
        (Hinge(), GroupLasso(groups=[[0, 1]]), "absolute values, squares or bounds"),
        (Hinge(), NonNegative(ElasticNetPenalty()), None),
    ],
    ids=repr,
)
def test_bad_parameters_name_the_requirement(loss, penalty, words):
    X, y, _, _ = drawn("binary")
    problem = make(X, y, loss, penalty)
    reason = InteriorPoint().refusal(pairing(problem))
    assert (reason is None) if words is None else (words in reason)


@pytest.mark.parametrize("wrong", [0, -1.0, True, "small"])
def test_wrong_parameter_is_named(wrong):
    X, y, _, _ = drawn("regression")
    with pytest.raises(ValueError, match=f"gap={wrong!r}"):
        solve(InteriorPoint(gap=wrong), make(X, y, Quantile(), L1()))


def test_too_large_a_system_is_named():
    X, y, _, _ = drawn("regression", 30, 10)
    with pytest.raises(ValueError, match=r"here 10; use FirstOrder\(\), or increase"):
        solve(InteriorPoint(largest=9), make(X, y, Quantile(), L1()))
