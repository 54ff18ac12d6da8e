"""Training rows of a linear model, and the optimisation problem that they define."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.linear_model._design import make_design
from skensemble.linear_model._encoding import Encoding
from skensemble.linear_model._problem import Point, Problem, Solution
from skensemble.linear_model.penalties import Penalty, PenaltyColumns
from skensemble.linear_model.solvers import choose_solver
from skensemble.losses import Loss

Array = NDArray[Any]


@dataclass(frozen=True)
class Settings:
    """Settings of a fit, except loss and penalty.

    Parameters
    ----------
    solver : Solver or str
        Solver, its short name, or "auto".
    fit_intercept, standardize : bool
        Whether there is an intercept, and whether columns are scaled.
    tol : float
        Largest violation at convergence (see `Problem`).
    max_iter : int
        Largest number of iterations.
    seed : int
        Seed of solvers that draw rows.
    """

    solver: Any
    fit_intercept: bool
    standardize: bool
    tol: float
    max_iter: int
    seed: int


@dataclass(frozen=True)
class TrainingRows:
    """Training rows with the loss that is bound to their target.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n, p)
        Encoded columns.
    y : ndarray of shape (n,) or (n, k)
        Target values or class codes.
    weight : ndarray of shape (n,) or None
        Sample weights, not normalised.
    loss : Loss
        Loss, bound to the classes.
    width : int or None
        Number of raw columns; None for one value per row.
    encoding : Encoding
        Encoding of the columns.
    """

    X: Any
    y: Array
    weight: Array | None
    loss: Loss
    width: int | None
    encoding: Encoding

    def take(self, rows: Any) -> "TrainingRows":
        """Return some rows."""
        weight = None if self.weight is None else self.weight[rows]
        return replace(self, X=self.X[rows], y=self.y[rows], weight=weight)

    def with_positive_weight(self) -> "TrainingRows":
        """Return the rows of positive weight."""
        if self.weight is None or self.weight.all():
            return self
        return self.take(np.flatnonzero(self.weight))

    def shares(self) -> Array:
        """Sample weights, normalised to sum to one."""
        if self.weight is None:
            return np.full(len(self.y), 1 / len(self.y))
        return self.weight / self.weight.sum()


def as_slice(rows: Any) -> Any:
    """Replace consecutive positions by a slice, which gives a view."""
    if isinstance(rows, slice) or not len(rows):
        return rows
    first, last = int(rows[0]), int(rows[-1])
    plain = last - first + 1 == len(rows) and np.all(np.diff(rows) == 1)
    return slice(first, last + 1) if plain else rows


def make_problem(
    rows: TrainingRows,
    penalty: Penalty,
    settings: Settings,
    like: Problem | None = None,
) -> Problem:
    """Build a problem from rows, loss and penalty, which is bound to the columns.

    Parameters
    ----------
    rows : TrainingRows
        The data and the loss.
    penalty : Penalty
        The unbound penalty.
    settings : Settings
        Settings of the fit.
    like : Problem or None
        Problem of earlier rows, whose scaling, loss and penalty are used.

    Returns
    -------
    problem : Problem
    """
    rows = rows.with_positive_weight()
    shares = rows.shares()
    design = make_design(
        rows.X,
        shares,
        center=settings.fit_intercept,
        standardize=settings.standardize,
        like=None if like is None else like.design,
        names=rows.encoding.names,
    )
    weight = shares.astype(design.dtype)
    y = rows.y.astype(design.dtype) if rows.y.dtype.kind == "f" else rows.y
    if like is not None:
        return replace(like, design=design, y=y, weight=weight)
    problem = Problem(
        design=design,
        y=y,
        weight=weight,
        loss=rows.loss.adapted(y, _constant(rows), shares),
        penalty=penalty,
        width=rows.width,
        fit_intercept=settings.fit_intercept,
        tol=settings.tol,
        max_iter=settings.max_iter,
        seed=settings.seed,
    )
    return bind_penalty(problem, penalty, rows.encoding)


def bind_penalty(problem: Problem, penalty: Penalty, encoding: Encoding) -> Problem:
    """Return a problem with another penalty, which is bound to the columns."""
    return problem.with_penalty(penalty.bind(_penalty_columns(problem, encoding)))


def solve(problem: Problem, solver: Any, start: Point | None = None) -> Solution:
    """Minimise with a solver, its name or "auto", from `start` or the best constant."""
    found = choose_solver(solver, problem)
    return found.solve(problem, problem.start() if start is None else start)


def _constant(rows: TrainingRows) -> Array:
    """Raw output of the best constant, for each row."""
    n = len(rows.y)
    start = rows.loss.start(rows.y, rows.weight, rows.width)
    return np.zeros(n if rows.width is None else (n, rows.width)) + start


def _penalty_columns(problem: Problem, encoding: Encoding) -> PenaltyColumns:
    """Describe the columns of a problem, with a function for a first fit."""

    def pilot(penalty: Penalty) -> Array:
        bound = problem.with_penalty(penalty.bind(replace(columns, pilot=None)))
        return solve(bound, "auto").point.coef

    p = problem.design.shape[1]
    columns = encoding.columns(p, problem.design.scale, pilot)
    return columns
