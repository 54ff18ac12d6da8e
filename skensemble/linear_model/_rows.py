"""Training rows of a linear model, and the problem that they make with a penalty."""

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
    """What the user said of the fit, other than loss and penalty.

    Parameters
    ----------
    solver : Solver or str
        How the minimum is found.
    fit_intercept, standardize : bool
        Whether there is an intercept, and whether columns are scaled.
    tol : float
        Largest violation allowed (see `Problem`).
    max_iter : int
        Most iterations.
    seed : int
        For what is random in a solver.
    """

    solver: Any
    fit_intercept: bool
    standardize: bool
    tol: float
    max_iter: int
    seed: int


@dataclass(frozen=True)
class TrainingRows:
    """Rows that a linear model is fitted on, with the loss made for them.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n, p)
        Encoded columns.
    y : ndarray of shape (n,) or (n, k)
        Numbers or class codes.
    weight : ndarray of shape (n,) or None
        Weights in the user's units.
    loss : Loss
        Bound to the classes; what it takes from the data it takes from the rows fitted.
    width : int or None
        Number of raw columns.
    encoding : Encoding
        Where the columns come from.
    """

    X: Any
    y: Array
    weight: Array | None
    loss: Loss
    width: int | None
    encoding: Encoding

    def take(self, rows: Any) -> "TrainingRows":
        """Only some rows."""
        weight = None if self.weight is None else self.weight[rows]
        return replace(self, X=self.X[rows], y=self.y[rows], weight=weight)

    def weighty(self) -> "TrainingRows":
        """Without rows of weight zero."""
        if self.weight is None or self.weight.all():
            return self
        return self.take(np.flatnonzero(self.weight))

    def shares(self) -> Array:
        """Weights of sum one."""
        if self.weight is None:
            return np.full(len(self.y), 1 / len(self.y))
        return self.weight / self.weight.sum()


def run_of(rows: Any) -> Any:
    """A slice instead of a run of rows: a view, not a copy.

    Parameters
    ----------
    rows : slice or ndarray of int
        Which rows.

    Returns
    -------
    rows : slice or ndarray
    """
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
    """Put rows, loss and penalty together; the penalty is bound to the columns.

    Parameters
    ----------
    rows : TrainingRows
        The data and the loss.
    penalty : Penalty
        As the user gave it.
    settings : Settings
        Intercept, scaling, tolerance.
    like : Problem or None
        Of rows before, whose columns, loss and penalty these share.

    Returns
    -------
    problem : Problem
    """
    rows = rows.weighty()
    weight = rows.shares()
    y = rows.y.astype(rows.X.dtype) if rows.y.dtype.kind == "f" else rows.y
    design = make_design(
        rows.X,
        weight.astype(rows.X.dtype),
        center=settings.fit_intercept,
        standardize=settings.standardize,
        like=None if like is None else like.design,
    )
    if like is not None:
        share = weight.astype(rows.X.dtype)
        return replace(like, design=design, y=y, weight=share)
    problem = Problem(
        design=design,
        y=y,
        weight=weight.astype(rows.X.dtype),
        loss=rows.loss.adapted(y, _constant(rows), weight),
        penalty=penalty,
        width=rows.width,
        fit_intercept=settings.fit_intercept,
        tol=settings.tol,
        max_iter=settings.max_iter,
        seed=settings.seed,
    )
    return rebound(problem, penalty, rows.encoding)


def rebound(problem: Problem, penalty: Penalty, encoding: Encoding) -> Problem:
    """Put another penalty on the same rows, bound to the columns.

    Parameters
    ----------
    problem : Problem
        Of the rows.
    penalty : Penalty
        As the user gave it.
    encoding : Encoding
        Where the columns come from.

    Returns
    -------
    problem : Problem
    """
    return problem.with_penalty(penalty.bind(_columns(problem, encoding)))


def solve(problem: Problem, solver: Any, start: Point | None = None) -> Solution:
    """Minimise, by the solver given or the one that fits.

    Parameters
    ----------
    problem : Problem
        What to minimise.
    solver : Solver or str
        "auto", a solver or its name.
    start : Point or None
        Where to begin.

    Returns
    -------
    solution : Solution
    """
    found = choose_solver(solver, problem)
    return found.solve(problem, problem.start() if start is None else start)


def _constant(rows: TrainingRows) -> Array:
    """Raw output of the best constant."""
    n = len(rows.y)
    start = rows.loss.start(rows.y, rows.weight, rows.width)
    return np.zeros(n if rows.width is None else (n, rows.width)) + start


def _columns(problem: Problem, encoding: Encoding) -> PenaltyColumns:
    def pilot(penalty: Penalty) -> Array:
        bound = problem.with_penalty(penalty.bind(replace(columns, pilot=None)))
        return solve(bound, "auto").point.coef

    p = problem.design.shape[1]
    columns = encoding.columns(p, problem.design.scale, pilot)
    return columns
