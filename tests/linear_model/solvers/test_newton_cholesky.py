"""Newton's method against scikit-learn, and on data that make it stumble."""

import numpy as np
import pytest
import scipy.sparse as sp
from linear_problems import awkward, drawn, make, original, solve, thinned
from sklearn.linear_model import (
    GammaRegressor,
    LogisticRegression,
    PoissonRegressor,
    TweedieRegressor,
)

from skensemble.linear_model._problem import Point
from skensemble.linear_model.penalties._elastic_net import L1, L2, NoPenalty
from skensemble.linear_model.solvers._base import pairing
from skensemble.linear_model.solvers._newton_cholesky import NewtonCholesky
from skensemble.losses import (
    CustomLoss,
    Expectile,
    Exponential,
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
    Tweedie,
)


def fourth(y, raw):
    return (raw - y) ** 4 / 12 + (raw - y) ** 2 / 2


CASES = [
    (SquaredError(), "multioutput"),
    (Huber(0.3), "regression"),
    (Huber(0.3), "multioutput"),
    (LogCosh(), "regression"),
    (Expectile(0.8), "regression"),
    (CustomLoss(fourth), "regression"),
    (Poisson(), "counts"),
    (Gamma(), "amounts"),
    (Tweedie(1.5), "counts"),
    (LogLoss(), "binary"),
    (LogLoss(label_smoothing=0.1), "multiclass"),
    (LogLoss(class_weight={0: 1.0, 1: 3.0}), "multiclass"),
    (LogLoss(), "multilabel"),
    (Exponential(), "binary"),
    (SquaredHinge(), "binary"),
    (SquaredHinge(), "multiclass"),
    (Focal(), "binary"),
    (Focal(), "multilabel"),
    (RankedProbability(), "binary"),
    (KLDivergence(), "shares"),
]
every_case = pytest.mark.parametrize(
    ("loss", "task"), CASES, ids=[f"{loss!r}-{task}" for loss, task in CASES]
)
every_storage = pytest.mark.parametrize("stored", [np.asarray, sp.csr_matrix])


def optimal(problem, found):
    """The slopes at the solution by a way of their own, and whether it says so."""
    Z = problem.design.times(np.eye(problem.design.shape[1]))
    raw = Z @ found.point.coef + found.point.intercept
    slopes = (problem.loss.gradient(problem.y, raw).T * problem.weight).T
    ridge = problem.penalty.form(len(found.point.coef)).l2
    total = Z.T @ slopes + (found.point.coef.T * ridge).T
    norms = np.sqrt(problem.weight @ Z**2)
    norms[norms < 1e-12] = 1
    worst = np.abs(total.T / norms).max()
    if problem.fit_intercept:
        worst = max(worst, np.abs(slopes.sum(axis=0)).max())
    return found.converged and worst <= 1.01 * problem.tolerance()


@every_case
@every_storage
@pytest.mark.parametrize(("n", "p"), [(120, 6), (25, 40)])
def test_solves(loss, task, stored, n, p):
    X, y, w, width = drawn(task, n, p)
    X = stored(thinned(X))
    for penalty in [L2(0.01)] if p > n else [L2(0.01, np.arange(p)), NoPenalty()]:
        problem = make(X, y, loss, penalty, w, width=width, tol=1e-8)
        found = solve(NewtonCholesky(), problem)
        assert optimal(problem, found)
        assert found.n_iter < (30 if loss.convex else 100)


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize(
    ("loss", "task", "peer"),
    [
        (Poisson(), "counts", PoissonRegressor),
        (Gamma(), "amounts", GammaRegressor),
        (Tweedie(1.5), "counts", lambda **k: TweedieRegressor(power=1.5, **k)),
    ],
    ids=lambda one: getattr(one, "__name__", str(one)).strip("<>"),
)
def test_regressors(loss, task, peer, intercept):
    X, y, w, _ = drawn(task)
    problem = make(X, y, loss, L2(0.05), w, intercept=intercept, tol=1e-10)
    coef, shift = original(problem, solve(NewtonCholesky(), problem))
    model = peer(
        alpha=0.05, fit_intercept=intercept, solver="newton-cholesky", tol=1e-10
    )
    model.fit(X, y, w)
    np.testing.assert_allclose(coef, model.coef_, atol=1e-7)
    np.testing.assert_allclose(shift, model.intercept_, atol=1e-7)


@pytest.mark.parametrize("task", ["binary", "multiclass"])
@pytest.mark.parametrize("alpha", [0.0, 0.02])
@pytest.mark.parametrize("intercept", [True, False])
def test_logistic_regression(task, alpha, intercept):
    X, y, w, width = drawn(task)
    penalty = L2(alpha) if alpha else NoPenalty()
    problem = make(
        X, y, LogLoss(), penalty, w, intercept=intercept, width=width, tol=1e-10
    )
    coef, shift = original(problem, solve(NewtonCholesky(), problem))
    peer = LogisticRegression(
        C=1 / (alpha * w.sum()) if alpha else np.inf,
        fit_intercept=intercept,
        solver="newton-cholesky",
        tol=1e-10,
    ).fit(X, y, w)
    np.testing.assert_allclose(
        np.atleast_2d(coef.T), peer.coef_, atol=1e-6 if alpha else 1e-5
    )
    if width:
        assert shift.sum() == pytest.approx(0, abs=1e-9)
    if intercept:
        np.testing.assert_allclose(
            shift - np.mean(shift) * bool(width),
            np.squeeze(peer.intercept_ - peer.intercept_.mean() * bool(width)),
            atol=1e-5,
        )


@pytest.mark.parametrize("task", ["multilabel", "multioutput"])
def test_several_columns_are_the_single_ones(task):
    loss = LogLoss() if task == "multilabel" else Huber(0.5)
    X, y, w, width = drawn(task)
    together = solve(
        NewtonCholesky(), make(X, y, loss, L2(0.01), w, width=width, tol=1e-10)
    )
    for j in range(width):
        alone = solve(NewtonCholesky(), make(X, y[:, j], loss, L2(0.01), w, tol=1e-10))
        np.testing.assert_allclose(
            together.point.coef[:, j], alone.point.coef, atol=1e-7
        )
        assert together.point.intercept[j] == pytest.approx(
            alone.point.intercept, abs=1e-7
        )


@every_case
def test_weights_are_repetition(loss, task):
    if not loss.convex:
        return
    X, y, w, width = drawn(task)
    often = np.repeat(np.arange(len(y)), w.astype(int))
    weighted = make(X, y, loss, L2(0.01), w, width=width, tol=1e-10)
    repeated = make(X[often], y[often], loss, L2(0.01), width=width, tol=1e-10)
    np.testing.assert_allclose(
        solve(NewtonCholesky(), weighted).point.coef,
        solve(NewtonCholesky(), repeated).point.coef,
        atol=1e-7,
    )


@every_storage
@pytest.mark.parametrize("task", ["binary", "multiclass", "counts"])
def test_awkward_columns(stored, task):
    X, good = awkward()
    rng = np.random.default_rng(2)
    raw = good @ rng.normal(size=(4, 3)) / 2
    y = {
        "binary": (raw[:, 0] + rng.logistic(size=200) > 0).astype(int),
        "multiclass": (raw + rng.gumbel(size=raw.shape)).argmax(axis=1),
        "counts": rng.poisson(np.exp(raw[:, 0])).astype(float),
    }[task]
    loss, width = (
        Poisson() if task == "counts" else LogLoss(),
        3 if task == "multiclass" else None,
    )
    plain = make(good, y, loss, NoPenalty(), width=width, tol=1e-9)
    hard = make(stored(X), y, loss, NoPenalty(), width=width, tol=1e-9)
    found = solve(NewtonCholesky(), hard)
    assert optimal(hard, found)
    assert found.n_iter < 15
    assert hard.value(found.point) == pytest.approx(
        plain.value(solve(NewtonCholesky(), plain).point), rel=1e-9
    )
    # What is constant gets nothing.
    assert np.all(found.point.coef[5:7] == 0)


def test_classes_apart_without_penalty():
    X, _, _, _ = drawn("binary")
    for y in [(X[:, 0] > 0.5).astype(int), np.digitize(X[:, 0], [0.0, 1.0])]:
        width = None if y.max() == 1 else 3
        problem = make(X, y, LogLoss(), NoPenalty(), width=width)
        found = solve(NewtonCholesky(), problem)
        assert found.converged
        assert np.all(np.isfinite(found.point.coef))
        assert problem.value(found.point) < 1e-5


@pytest.mark.parametrize(
    ("loss", "task"),
    [(Poisson(), "counts"), (Gamma(), "amounts"), (LogLoss(), "binary")],
    ids=lambda one: getattr(one, "__name__", str(one)).strip("<>"),
)
def test_steps_are_halved_from_far_away(loss, task):
    X, y, w, _ = drawn(task)
    problem = make(X, y, loss, L2(0.01), w, tol=1e-9)
    far = Point(np.full(6, 4.0), np.asarray(-3.0))
    found = NewtonCholesky().solve(problem, far)
    assert optimal(problem, found)
    np.testing.assert_allclose(
        found.point.coef, solve(NewtonCholesky(), problem).point.coef, atol=1e-6
    )


def test_outliers_of_huber_need_few_steps():
    X, y, _, _ = drawn("regression", 400)
    y[:40] += 1e4
    problem = make(X, y, Huber(0.1), NoPenalty())
    found = solve(NewtonCholesky(), problem)
    assert optimal(problem, found)
    assert found.n_iter < 30


@every_storage
def test_float32(stored):
    for loss, task in [(LogLoss(), "multiclass"), (Poisson(), "counts")]:
        X, y, w, width = drawn(task)
        double = make(X, y, loss, L2(0.01), w, width=width)
        y = y.astype(np.float32) if y.dtype.kind == "f" else y
        single = make(stored(X.astype(np.float32)), y, loss, L2(0.01), w, width=width)
        found = solve(NewtonCholesky(), single)
        assert found.converged
        assert found.point.coef.dtype == found.point.intercept.dtype == np.float32
        np.testing.assert_allclose(
            found.point.coef, solve(NewtonCholesky(), double).point.coef, atol=1e-3
        )


def test_goes_on_from_a_solution():
    X, y, w, _ = drawn("binary")
    problem = make(X, y, LogLoss(), L2(0.01), w)
    found = solve(NewtonCholesky(), problem)
    again = NewtonCholesky().solve(problem, found.point)
    assert again.n_iter == 0
    np.testing.assert_array_equal(again.point.coef, found.point.coef)


def test_ends_at_max_iter():
    X, y, w, _ = drawn("binary")
    found = solve(NewtonCholesky(), make(X, y, LogLoss(), L2(0.01), w, max_iter=1))
    assert found.n_iter == 1
    assert not found.converged


@pytest.mark.parametrize(
    ("loss", "task", "penalty", "words"),
    [
        (Hinge(), "binary", L2(), "smooth loss"),
        (LogLoss(), "binary", L1(), "penalty of squares"),
        (Focal(), "multiclass", L2(), "sum over its raw columns"),
        (RankedProbability(), "multiclass", L2(), "sum over its raw columns"),
        (LogLoss(), "multiclass", L2(), "at most 10 coefficients"),
        (LogLoss(), "multilabel", L2(), None),
        (KLDivergence(), "regression", L2(), None),
    ],
    ids=lambda one: getattr(one, "__name__", str(one)).strip("<>"),
)
def test_bad_parameters_name_the_requirement(loss, task, penalty, words):
    X, y, _, width = drawn(task)
    problem = make(X, y, loss, penalty, width=width)
    reason = NewtonCholesky(largest=10).refusal(pairing(problem))
    assert (reason is None) if words is None else (words in reason)


def test_too_large_a_system_is_named():
    X, y, _, _ = drawn("binary", 120, 20)
    assert NewtonCholesky(largest=10).refusal(
        pairing(make(X, y, LogLoss(), NoPenalty()))
    )
    with pytest.raises(ValueError, match=r"here 20; use LBFGS\(\)"):
        solve(NewtonCholesky(largest=10), make(X, y, LogLoss(), L2()))
    with pytest.raises(ValueError, match="max_halvings=0"):
        solve(NewtonCholesky(max_halvings=0), make(X, y, LogLoss(), L2()))
