"""Problems of linear models, put together as the estimators do."""

import numpy as np

from skensemble.linear_model._design import make_design
from skensemble.linear_model._problem import Problem
from skensemble.linear_model.penalties._base import PenaltyColumns


def make(
    X,
    y,
    loss,
    penalty,
    weight=None,
    *,
    intercept=True,
    standardize=False,
    width=None,
    **options,
):
    """A problem with weights of sum one and a penalty bound to the columns."""
    weight = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=float)
    weight = (weight / weight.sum()).astype(X.dtype)
    design = make_design(X, weight, center=intercept, standardize=standardize)
    columns = PenaltyColumns(X.shape[1], scale=design.scale)
    return Problem(
        design, y, weight, loss, penalty.bind(columns), width, intercept, **options
    )


def solve(solver, problem):
    """The solution from the usual start."""
    return solver.solve(problem, problem.start())


def original(problem, solution):
    """Coefficients and intercept for the columns as given."""
    return problem.design.original(solution.point.coef, solution.point.intercept)


def value(problem, coef, intercept):
    """Objective at coefficients and intercept for the columns as given."""
    point = type(problem.start())(*problem.design.transformed(coef, intercept))
    return problem.value(point)


def drawn(task, n=120, p=6, k=3, seed=0):
    """Columns, targets of a kind, weights, and the number of raw columns."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, p)) + 0.5
    raw = X @ rng.normal(size=(p, k)) / np.sqrt(p)
    y = {
        "regression": raw[:, 0] + 0.3 * rng.standard_t(2, size=n),
        "counts": rng.poisson(np.exp(raw[:, 0])).astype(float),
        "amounts": rng.gamma(2, np.exp(raw[:, 0]) / 2) + 1e-3,
        "binary": (raw[:, 0] + 0.5 * rng.logistic(size=n) > 0).astype(int),
        "multiclass": (raw + 0.5 * rng.gumbel(size=raw.shape)).argmax(axis=1),
        "multilabel": (raw + 0.5 * rng.logistic(size=raw.shape) > 0).astype(int),
        "multioutput": raw + 0.3 * rng.standard_t(2, size=raw.shape),
        "shares": rng.dirichlet(np.ones(k), size=n),
    }[task]
    several = task in ("multiclass", "multilabel", "multioutput", "shares")
    weight = rng.integers(1, 4, size=n).astype(float)
    return X, y, weight, k if several else None


def thinned(X, seed=0):
    """The columns with two thirds of the entries zero."""
    return X * (np.random.default_rng(seed).random(X.shape) < 1 / 3)


def awkward(n=200, seed=0):
    """Columns of very different size, collinear, constant and repeated ones."""
    rng = np.random.default_rng(seed)
    good = rng.normal(size=(n, 4)) + 1
    wide = good * 10.0 ** np.array([-6, -2, 2, 6])
    return np.column_stack(
        [wide, wide[:, 1] + wide[:, 2], np.full(n, 0.1), np.zeros(n), wide[:, 0]]
    ), good
