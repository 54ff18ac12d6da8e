"""Every loss with every penalty by every solver that says it can."""

import numpy as np
import pytest
import scipy.sparse as sp

from skensemble import LinearClassifier, LinearRegressor
from skensemble.linear_model import as_solver, penalty_names, solver_names
from skensemble.linear_model._problem import Point
from skensemble.linear_model._rows import make_problem
from skensemble.linear_model.penalties import as_penalty
from skensemble.linear_model.solvers import supporting_solvers
from skensemble.linear_model.solvers._contract import pairing
from skensemble.losses import as_loss, loss_names

# Solvers that end at an optimum; first-order runs end when their epochs do.
EXACT = [name for name in solver_names() if name != "first_order"]
ALPHA = 0.05


def _target(task, rng, raw):
    n = len(raw)
    if task == "regression":
        return np.exp(0.5 * raw + 0.3 * rng.normal(size=n))
    if task == "multioutput":
        share = 1 / (1 + np.exp(-raw))
        return np.column_stack([share, 1 - share]) * 0.8 + 0.1
    if task == "binary":
        return (raw + rng.logistic(size=n) > 0).astype(int)
    if task == "multiclass":
        return np.digitize(raw + rng.logistic(size=n), [-1, 1])
    noisy = raw[:, None] * [1, -1] + rng.logistic(size=(n, 2))
    return (noisy > 0).astype(int)


def data(task, loss="", n=80, p=5):
    rng = np.random.default_rng(7)
    X = rng.normal(size=(n, p)) * [1, 2, 0.5, 1, 1] + [0, 1, -1, 0, 3]
    raw = X @ [1, -0.5, 0, 0, 0.3] - 1
    y = _target(task, rng, raw)
    return X, y / (1 + y) if loss == "kl_divergence" and y.ndim == 1 else y


def model_of(task, loss, penalty, **more):
    kind = (
        LinearRegressor if task in ("regression", "multioutput") else LinearClassifier
    )
    return kind(as_loss(loss), as_penalty(penalty), tol=1e-7, max_iter=20_000, **more)


def _strong(penalty):
    made = as_penalty(penalty)
    names = made.get_params(deep=False)
    return made.with_alpha(ALPHA) if "alpha" in names else made


CASES = [
    (task, loss, penalty)
    for loss, cls in loss_names().items()
    for task in cls.links
    for penalty in penalty_names()
]


def solvers_for(task, loss, penalty):
    X, y = data(task, loss)
    model = model_of(task, loss, _strong(penalty))
    rows = model._read(X, y, None)
    problem = make_problem(rows, as_penalty(model.penalty), model._settings())
    return problem, [
        name for name in supporting_solvers(pairing(problem)) if name in EXACT
    ]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("task", "loss", "penalty"), CASES)
def test_solvers_end_at_the_same_optimum(task, loss, penalty):
    X, y = data(task, loss)
    problem, names = solvers_for(task, loss, penalty)
    convex = problem.loss.convex and problem.penalty.convex
    if not problem.loss.smooth and not names:
        pytest.skip("no exact solver claims this pairing")
    assert names, "a smooth loss has an exact solver for every penalty"
    found = {}
    for name in names:
        model = model_of(task, loss, _strong(penalty), solver=name).fit(X, y)
        assert model.converged_, (name, model.violation_)
        found[name] = model.objective_
        if problem.loss.smooth:
            point = Point(*problem.design.transformed(*vars(model._point).values()))
            gradient = problem.gradient(problem.raw(point))
            off = problem.violation(point, gradient)
            assert off <= 1.01 * problem.tolerance() + 1e-12, name
    if convex:
        best = min(found.values())
        for name, value in found.items():
            assert value <= best + 1e-6 * max(abs(best), 1e-3), (name, found)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize(("task", "loss", "penalty"), CASES)
def test_weights_sparse_float32_and_intercept(task, loss, penalty):
    X, y = data(task, loss)
    problem, names = solvers_for(task, loss, penalty)
    if not names or not (problem.loss.convex and problem.penalty.convex):
        pytest.skip("no exact solver, or several optima")
    rng = np.random.default_rng(0)
    weight = rng.integers(0, 3, size=len(y))
    often = np.repeat(np.arange(len(y)), weight)
    if task in ("binary", "multiclass"):
        assert len(np.unique(y[often])) == len(np.unique(y))

    def fit(X, y, sample_weight=None):
        model = model_of(task, loss, _strong(penalty))
        return model.fit(X, y, sample_weight)

    def close(one, other, size):
        # Objectives agree even where the minimum is flat.
        gap = abs(one.objective_ - other.objective_)
        assert gap <= size * max(abs(one.objective_), 1e-3)
        if one.loss_.smooth and size < 1e-5:
            scale = 1 + np.abs(one.coef_).max()
            np.testing.assert_allclose(one.coef_, other.coef_, atol=1e-4 * scale)

    weighted, repeated = fit(X, y, weight), fit(X[often], y[often])
    close(weighted, repeated, 1e-6)
    plain = fit(X, y)
    close(plain, fit(sp.csr_matrix(X), y), 1e-6)
    single = fit(X.astype(np.float32), y)
    assert single.coef_.dtype == np.float32
    close(plain, single, 1e-3)


@pytest.mark.parametrize("name", solver_names())
def test_a_pairing_that_cannot_work_is_refused_with_those_that_can(name):
    solver = as_solver(name)
    refused = 0
    for task, loss, penalty in CASES:
        X, y = data(task, loss, n=20)
        model = model_of(task, loss, _strong(penalty))
        rows = model._read(X, y, None)
        problem = make_problem(rows, as_penalty(model.penalty), model._settings())
        pair = pairing(problem)
        if solver.refusal(pair) is None:
            continue
        refused += 1
        with pytest.raises(ValueError, match=f"solver='{name}' needs") as caught:
            model.set_params(solver=name).fit(X, y)
        assert str(supporting_solvers(pair)) in str(caught.value)
        if refused == 3:
            return
