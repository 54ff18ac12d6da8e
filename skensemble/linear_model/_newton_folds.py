"""Smooth losses: all folds at once, each with the curvature of all rows less its own.

The solutions of folds lie close to that on all rows, so one curvature serves them all:
that of all rows without the rows held out, summed rarely and block by block, and amended
by what each step of a fold teaches (`Curvatures`). A step of every fold then costs no more
than one pass over the data, shared by all; the gradient that it ends with is that which
the next strength begins with. They end at the same optimality conditions as any solver.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.fitting import Split
from skensemble.linear_model._curvature import Curvatures
from skensemble.linear_model._path import CoefficientPath, as_path
from skensemble.linear_model._problem import Point, Problem, Solution
from skensemble.linear_model._rows import Settings, TrainingRows, rebound, run_of
from skensemble.linear_model.penalties import Adaptive, Form, FormPenalty, Penalty
from skensemble.linear_model.penalties._contract import form_of
from skensemble.linear_model.solvers import (
    NewtonCholesky,
    ProximalNewton,
    as_solver,
    choose_solver,
)

Array = NDArray[Any]

# More columns make the curvature dearer than folds by themselves, which can leave out
# columns that are zero.
_MOST_COLUMNS = 400

# The curvature is found again when it has changed by this share, or when steps gain
# less than this factor.
_STALE, _SLOW = 0.06, 0.3

_MOST_STEPS = 30

# A step after which slopes are greater by this factor is not to be mended by others.
_ASTRAY = 1e6

# So many bytes of rows stay near the processor while a step goes over them.
_NEAR_BYTES = 4_000_000


def shares_newton(
    rows: TrainingRows,
    problem: Problem,
    grid: list[tuple[Penalty, Array]],
    settings: Settings,
) -> bool:
    """Whether folds can share a curvature.

    Parameters
    ----------
    rows : TrainingRows
        All rows.
    problem : Problem
        Of all rows.
    grid : list of (Penalty, ndarray)
        Penalties, unbound, and their strengths.
    settings : Settings
        Whose solver must not forbid it.

    Returns
    -------
    shares : bool
    """
    solver = settings.solver
    fits = isinstance(solver, str) and solver == "auto"
    fits = fits or isinstance(as_solver(solver), (NewtonCholesky, ProximalNewton))
    loss, (n, p) = problem.loss, problem.design.shape
    plain = loss.smooth and loss.convex and loss.exact_hessian
    plain = plain and problem.width is None
    if not (fits and plain and p <= min(n, _MOST_COLUMNS)):
        return False
    return all(
        # A penalty that adapts to the data must do so in each fold.
        not isinstance(kind, Adaptive)
        and rebound(problem, kind, rows.encoding).penalty.form(p) is not None
        for kind, _ in grid
    )


def newton_paths(
    rows: TrainingRows,
    problem: Problem,
    splits: list[Split],
    grid: list[tuple[Penalty, Array]],
    settings: Settings,
) -> tuple[list[CoefficientPath], list[list[CoefficientPath]]] | None:
    """Fit all paths of all folds, and of all rows.

    Parameters
    ----------
    rows : TrainingRows
        As in `all_paths`.
    problem : Problem
        As in `all_paths`.
    splits : list of Split
        As in `all_paths`.
    grid : list of (Penalty, ndarray)
        As in `all_paths`.
    settings : Settings
        As in `all_paths`.

    Returns
    -------
    whole, folds : as from `all_paths`, or None
        None where splits do not train on all rows that they do not hold out.
    """
    blocks = _held_out(rows, splits)
    if blocks is None:
        return None
    together = _Together(problem, blocks, settings)
    found = []
    for kind, alphas in grid:
        here = rebound(problem, kind, rows.encoding)
        found.append(together.paths(here, kind, alphas))
    by_column = list(zip(*found, strict=True))
    return list(by_column[0]), [list(paths) for paths in by_column[1:]]


def _held_out(rows: TrainingRows, splits: list[Split]) -> list[Array] | None:
    """Held-out rows of each split, counted among the rows that weigh anything."""
    n = len(rows.y)
    weighs = np.ones(n, dtype=bool) if rows.weight is None else rows.weight > 0
    place = np.cumsum(weighs) - 1
    found = []
    for split in splits:
        marks = np.zeros(n, dtype=int)
        np.add.at(marks, split.train if split.train is not None else np.arange(n), 1)
        np.add.at(marks, split.test, 1)
        if not np.all(marks == 1):
            return None
        found.append(place[split.test[weighs[split.test]]])
    return found


class _Together:
    """All rows (column 0) and all folds (the others), fitted side by side."""

    def __init__(
        self, problem: Problem, blocks: list[Array], settings: Settings
    ) -> None:
        every = np.hstack([np.arange(0), *blocks])
        times = np.bincount(every, minlength=len(problem.y))
        self.partition = bool(np.all(times == 1))
        self.order: Any = slice(None)
        self.blocks = [run_of(block) for block in blocks]
        if self.partition and not all(isinstance(one, slice) for one in self.blocks):
            # Gathered once, the rows of a fold are a run ever after.
            self.order = every
            ends = np.cumsum([len(block) for block in blocks])
            self.blocks = [
                slice(end - len(block), end)
                for end, block in zip(ends, blocks, strict=True)
            ]
        self.problem = self.sorted(problem)
        self.settings = settings
        self.weights = np.repeat(self.problem.weight[None], len(blocks) + 1, axis=0)
        for k, block in enumerate(self.blocks, start=1):
            self.weights[k, block] = 0
        self.shares = self.weights.sum(axis=1, dtype=float)
        self.weights /= self.shares[:, None].astype(self.weights.dtype)
        self.spread = self._spread()
        self.tol = problem.tolerance()
        self.runs = _runs(self.problem)

    def sorted(self, problem: Problem) -> Problem:
        """The problem with rows in the order of the folds."""
        if isinstance(self.order, slice):
            return problem
        return replace(
            problem,
            design=problem.design.rows(self.order),
            y=problem.y[self.order],
            weight=problem.weight[self.order],
        )

    def _spread(self) -> Array:
        """Standard deviation of each column in each fold, over that of all rows."""
        design, ones = self.problem.design, np.ones(self.problem.design.shape[1])
        if not self.settings.standardize:
            return np.repeat(ones[:, None], len(self.blocks) + 1, axis=1)
        mean = design.transposed_times(self.weights.T)
        if not self.problem.fit_intercept:
            mean = np.zeros_like(mean)
        squares = np.stack([design.squares(w) for w in self.weights], axis=1)
        found = np.sqrt(np.maximum(squares - mean**2, 0))
        found = np.where(found > 1e-7, found, 1.0)
        found[:, 0] = 1
        return found

    def paths(
        self, problem: Problem, kind: Penalty, alphas: Array
    ) -> list[CoefficientPath]:
        """Coefficients on all rows and in each fold for each strength."""
        steps = _Steps(self, self.problem.with_penalty(problem.penalty))
        solutions: list[list[Solution]] = [[] for _ in self.weights]
        for alpha in alphas:
            bound = problem.penalty.with_alpha(alpha)
            penalties = [_stretched(bound, rho) for rho in self.spread.T]
            for column, one in enumerate(steps.towards(penalties)):
                solutions[column].append(one)
        ratio = getattr(kind, "l1_ratio", None)
        return [as_path(alphas, one, problem.design, ratio) for one in solutions]


class _Steps:
    """Where each column stands, and its way to the solution for the next strength."""

    def __init__(self, together: _Together, problem: Problem) -> None:
        self.together = together
        self.problem = problem
        width, start = len(together.blocks) + 1, problem.start()
        self.coef = np.repeat(start.coef[None], width, axis=0)
        self.intercept = np.repeat(start.intercept, width)
        self.raw = np.full((width, len(problem.y)), start.intercept)
        self.gradient = np.empty((width, len(start.coef) + problem.fit_intercept))
        self.curvatures: Curvatures | None = None
        every = np.arange(width)
        self._move(every, np.zeros_like(self.gradient))

    def towards(self, penalties: list[Penalty]) -> Iterator[Solution]:
        """Step until all columns are at the solution for their penalty."""
        before = self.coef.copy(), self.intercept.copy()
        count = np.zeros(len(penalties), dtype=int)
        off = self._violations(penalties)
        astray = _ASTRAY * (1 + off.max())
        self._renew()
        for _ in range(_MOST_STEPS):
            open_ = np.flatnonzero(~(off <= self.together.tol))
            if not (len(open_) and off.max() < astray):
                break
            count[open_] += 1
            self._step(penalties, open_)
            last, off = off, self._violations(penalties)
            wanted = off[open_] > self.together.tol
            if np.any(wanted & (off[open_] > _SLOW * last[open_])):
                self._renew(always=True)
        for k, penalty in enumerate(penalties):
            if not off[k] <= self.together.tol:
                yield self._rescue(penalty, k, before)
                continue
            point = Point(self.coef[k].copy(), self.intercept[k].copy())
            yield Solution(point, int(count[k]), float(off[k]), True)

    def _rescue(
        self, penalty: Penalty, k: int, before: tuple[Array, Array]
    ) -> Solution:
        """Solve one column by itself, with a line search, where steps went astray."""
        alone = replace(self.problem, weight=self.together.weights[k], penalty=penalty)
        start = Point(before[0][k], before[1][k])
        solver = choose_solver(self.together.settings.solver, alone)
        found = solver.solve(alone, start)
        self.coef[k], self.intercept[k] = found.point.coef, found.point.intercept
        self.raw[k] = alone.raw(found.point)
        self._move(np.array([k]), np.zeros_like(self.gradient[:1]))
        self.curvatures = None
        return found

    def _violations(self, penalties: list[Penalty]) -> Array:
        p, norms = self.coef.shape[1], self.problem.norms
        found = []
        for penalty, coef, gradient in zip(
            penalties, self.coef, self.gradient, strict=True
        ):
            each = penalty.violation(coef, gradient[:p]) / norms
            slope = np.abs(gradient[p:]).max(initial=0.0)
            found.append(float(np.maximum(each.max(initial=0.0), slope)))
        return np.array(found)

    def _renew(self, always: bool = False) -> None:
        """Find the curvature at the solution on all rows, where it has changed."""
        together = self.together
        d = self.problem.loss.hessian(self.problem.y, self.raw[0])
        d = self.problem.weight * np.maximum(d, 1e-6 * d.max())
        kept = self.curvatures
        if kept is not None and not always and kept.changed(d) < _STALE:
            return
        self.curvatures = Curvatures(
            self.problem, together.blocks, together.partition, together.shares, d
        )

    def _step(self, penalties: list[Penalty], columns: Array) -> None:
        assert self.curvatures is not None
        tol = 0.1 * self.together.tol * self.problem.norms.min()
        before = self.gradient[columns]
        steps = np.stack(
            [
                self.curvatures.step(
                    k, self.coef[k].astype(float), self.gradient[k], penalties[k], tol
                )
                for k in columns
            ]
        )
        # A step far astray may overflow; `towards` finds it and takes another way.
        with np.errstate(over="ignore", invalid="ignore"):
            self._move(columns, steps)
            changes = self.gradient[columns] - before
            for k, step, change in zip(columns, steps, changes, strict=True):
                self.curvatures.learn(k, step, change)

    def _move(self, columns: Array, steps: Array) -> None:
        """Add steps to some columns, and find raw output and gradient there.

        Both in one pass: rows are still near the processor when their slopes are known.
        """
        p, design, loss = self.coef.shape[1], self.problem.design, self.problem.loss
        some: Any = slice(None) if len(columns) == len(self.coef) else columns
        moves = steps[:, :p].T.astype(design.dtype)
        lifts = steps[:, p:].sum(axis=1).astype(design.dtype)
        self.coef[some] += moves.T
        self.intercept[some] += lifts
        gradient = np.zeros_like(steps)
        for rows in self.together.runs:
            part, raw = design.rows(rows), self.raw[some, rows]
            if moves.any():
                raw += part.times(moves).T
            raw += lifts[:, None]
            self.raw[some, rows] = raw
            y = np.tile(self.problem.y[rows], len(raw))
            slopes = loss.gradient(y, raw.ravel()).reshape(raw.shape)
            slopes = slopes * self.together.weights[some, rows]
            gradient[:, :p] += part.transposed_times(slopes.T).T
            if self.problem.fit_intercept:
                gradient[:, p] += slopes.sum(axis=1)
        self.gradient[some] = gradient


def _stretched(penalty: Penalty, rho: Array) -> Penalty:
    """The penalty in the units of all rows, for a fold that scales its own columns."""
    if np.all(rho == 1):
        return penalty
    form = form_of(penalty, len(rho))
    return FormPenalty(
        Form(form.l1 * rho, form.l2 * rho**2, form.lower / rho, form.upper / rho)
    )


def _runs(problem: Problem) -> list[slice]:
    """Runs of rows, each small enough to stay near; all at once of sparse ones."""
    n, p = problem.design.shape
    size = n if problem.design.sparse else max(_NEAR_BYTES // (8 * max(p, 1)), 100)
    return [slice(first, first + size) for first in range(0, n, size)]
