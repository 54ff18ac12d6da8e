"""Paths of all folds for smooth losses, fitted at the same time with shared curvature.

The solutions of folds are close to the solution on all rows. So each fold uses the
curvature of all rows minus that of its held-out rows. The curvature is summed rarely,
and updated after each step (`Curvatures`). One step of all folds costs one
pass over the data. The gradient after the last step for an alpha is the first gradient
for the next alpha. The optimality conditions are the same as for any solver.
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
from skensemble.linear_model._rows import Settings, TrainingRows, as_slice, bind_penalty
from skensemble.linear_model.penalties import Adaptive, Form, FormPenalty, Penalty
from skensemble.linear_model.penalties._base import normal_form
from skensemble.linear_model.solvers import (
    NewtonCholesky,
    ProximalNewton,
    as_solver,
    choose_solver,
)

Array = NDArray[Any]

# With more columns the curvature is more expensive than separate fits, which can leave
# out columns with zero coefficients.
_MOST_COLUMNS = 400

# The curvature is computed again when it has changed by this share, or when a step
# leaves more than this share of the violation.
_STALE, _SLOW = 0.06, 0.3

# Largest violation as a share of the root mean square of the slopes of rows at the
# solution. Where classes are nearly separable, these slopes are almost zero, and the
# loss of held-out rows depends on their last digits.
_SHARE_OF_SLOPES = 1e-2

# Largest extrapolation along the path, in units of the last step of log alpha.
_FARTHEST = 2.0

# Largest number of steps per alpha.
_MOST_STEPS = 30

# Up to so many columns get a curvature of their own at once if their steps are slow.
_FEW = 2
# If there are more, the shared curvature is computed again first: once, or more often
# on the way from zero to the first solution.
_FIRST = 3

# Steps end if so many of them have not halved any violation.
_MOST_STALLED = 4

# Steps end if the violation grows by this factor; a solver with line search takes over.
_DIVERGED = 1e6

# Size in bytes of the runs of rows, which stay in the processor cache during a step.
_CACHE_BYTES = 4_000_000


def can_share_curvature(
    rows: TrainingRows,
    problem: Problem,
    grid: list[tuple[Penalty, Array]],
    settings: Settings,
) -> bool:
    """Whether the loss, the penalties and the solver allow a shared curvature."""
    solver = settings.solver
    fits = isinstance(solver, str) and solver == "auto"
    fits = fits or isinstance(as_solver(solver), (NewtonCholesky, ProximalNewton))
    loss, (n, p) = problem.loss, problem.design.shape
    plain = loss.smooth and loss.convex and loss.exact_hessian
    plain = plain and problem.width is None
    if not (fits and plain and p <= min(n, _MOST_COLUMNS)):
        return False
    return all(
        # An adaptive penalty needs a first fit in each fold.
        not isinstance(kind, Adaptive)
        and bind_penalty(problem, kind, rows.encoding).penalty.form(p) is not None
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
    full, folds : as from `all_paths`, or None
        None if a split does not train on all rows that it does not hold out.
    """
    blocks = _held_out(rows, splits)
    if blocks is None:
        return None
    folds = _SharedFolds(problem, blocks, settings)
    found = []
    for kind, alphas in grid:
        here = bind_penalty(problem, kind, rows.encoding)
        found.append(folds.paths(here, kind, alphas))
    by_column = list(zip(*found, strict=True))
    return list(by_column[0]), [list(paths) for paths in by_column[1:]]


def _held_out(rows: TrainingRows, splits: list[Split]) -> list[Array] | None:
    """Held-out rows of each split, as positions among the rows of positive weight."""
    n = len(rows.y)
    used = np.ones(n, dtype=bool) if rows.weight is None else rows.weight > 0
    place = np.cumsum(used) - 1
    found = []
    for split in splits:
        marks = np.zeros(n, dtype=int)
        np.add.at(marks, split.train if split.train is not None else np.arange(n), 1)
        np.add.at(marks, split.test, 1)
        if not np.all(marks == 1):
            return None
        found.append(place[split.test[used[split.test]]])
    return found


class _SharedFolds:
    """All rows (column 0) and all folds (other columns), fitted at the same time."""

    def __init__(
        self, problem: Problem, blocks: list[Array], settings: Settings
    ) -> None:
        every = np.hstack([np.arange(0), *blocks])
        times = np.bincount(every, minlength=len(problem.y))
        self.partition = bool(np.all(times == 1))
        self.order: Any = slice(None)
        self.blocks = [as_slice(block) for block in blocks]
        if self.partition and not all(isinstance(one, slice) for one in self.blocks):
            # Rows are sorted by fold once, so that each fold is a slice.
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
        self.finest = replace(problem, tol=0.0).tolerance()
        self.runs = _runs(self.problem)

    def sorted(self, problem: Problem) -> Problem:
        """Return the problem with rows in the order of the folds."""
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
        """Coefficients on all rows and in each fold, for each alpha."""
        run = _PathRun(self, self.problem.with_penalty(problem.penalty))
        solutions: list[list[Solution]] = [[] for _ in self.weights]
        for alpha in alphas:
            bound = problem.penalty.with_alpha(alpha)
            penalties = [_rescaled(bound, rho) for rho in self.spread.T]
            for column, one in enumerate(run.solve(penalties, float(alpha))):
                solutions[column].append(one)
        ratio = getattr(kind, "l1_ratio", None)
        return [as_path(alphas, one, problem.design, ratio) for one in solutions]


class _PathRun:
    """Coefficients of all columns along a path, and their steps for the next alpha."""

    def __init__(self, folds: _SharedFolds, problem: Problem) -> None:
        self.folds = folds
        self.problem = problem
        width, start = len(folds.blocks) + 1, problem.start()
        self.coef = np.repeat(start.coef[None], width, axis=0)
        self.intercept = np.repeat(start.intercept, width)
        self.raw = np.full((width, len(problem.y)), start.intercept)
        self.gradient = np.empty((width, len(start.coef) + problem.fit_intercept))
        self.sizes = np.empty(width)
        self.earlier: list[tuple[float, Array]] = []
        self.curvatures: Curvatures | None = None
        every = np.arange(width)
        self._move(every, np.zeros_like(self.gradient))

    def solve(self, penalties: list[Penalty], alpha: float) -> Iterator[Solution]:
        """Yield the solution of each column for its penalty of strength alpha."""
        self._extrapolate(penalties, alpha)
        before = self.coef.copy(), self.intercept.copy()
        count = np.zeros(len(penalties), dtype=int)
        off = self._violations(penalties)
        diverged = _DIVERGED * (1 + off.max())
        self._update_curvature()
        best, stalled, renewed = off.copy(), 0, 0
        for _ in range(_MOST_STEPS):
            unsolved = np.flatnonzero(~(off <= self._tolerances()))
            if not (len(unsolved) and off.max() < diverged and stalled < _MOST_STALLED):
                break
            count[unsolved] += 1
            self._step(penalties, unsolved)
            last, off = off, self._violations(penalties)
            better = np.any(off[unsolved] < 0.5 * best[unsolved])
            best, stalled = np.minimum(best, off), 0 if better else stalled + 1
            remaining = off[unsolved] > self._tolerances()[unsolved]
            slow = unsolved[remaining & (off[unsolved] > _SLOW * last[unsolved])]
            if len(slow) > _FEW and renewed < (1 if self.earlier else _FIRST):
                self._update_curvature(always=True)
                renewed += 1
            else:
                self._renew_curvatures(slow)
        for k, penalty in enumerate(penalties):
            if not off[k] <= self.folds.tol:
                yield self._solve_alone(penalty, k, before)
                continue
            point = Point(self.coef[k].copy(), self.intercept[k].copy())
            yield Solution(point, int(count[k]), float(off[k]), True)
        found = np.column_stack([self.coef, self.intercept])
        self.earlier = [*self.earlier[-1:], (alpha, found.astype(float))]

    def _extrapolate(self, penalties: list[Penalty], alpha: float) -> None:
        """Start from the line in log alpha through the last two solutions.

        Columns for which this is not better than the last solution start from that.
        """
        if len(self.earlier) < 2:
            return
        (first, start), (last, end) = self.earlier
        with np.errstate(divide="ignore", invalid="ignore"):
            share = np.log(alpha / last) / np.log(last / first)
        if not 0 < share <= _FARTHEST:
            return
        here, every = self._violations(penalties), np.arange(len(penalties))
        moves = share * (end - start)[:, : self.gradient.shape[1]]
        with np.errstate(over="ignore", invalid="ignore"):
            self._move(every, moves)
            worse = every[~(self._violations(penalties) < here)]
        if len(worse):
            self._move(worse, -moves[worse])

    def _solve_alone(
        self, penalty: Penalty, k: int, before: tuple[Array, Array]
    ) -> Solution:
        """Solve for one column with a solver with line search, if steps diverged."""
        alone = replace(self.problem, weight=self.folds.weights[k], penalty=penalty)
        start = Point(before[0][k], before[1][k])
        solver = choose_solver(self.folds.settings.solver, alone)
        found = solver.solve(alone, start)
        self.coef[k], self.intercept[k] = found.point.coef, found.point.intercept
        self.raw[k] = alone.raw(found.point)
        self._move(np.array([k]), np.zeros_like(self.gradient[:1]))
        self.curvatures = None
        return found

    def _tolerances(self) -> Array:
        """Largest violation at convergence, per column."""
        at_most = _SHARE_OF_SLOPES * self.sizes
        return np.clip(at_most, self.folds.finest, self.folds.tol)

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

    def _update_curvature(self, always: bool = False) -> None:
        """Compute the curvature at the solution on all rows, if it has changed."""
        folds = self.folds
        d = self.problem.loss.hessian(self.problem.y, self.raw[0])
        d = self.problem.weight * np.maximum(d, 1e-6 * d.max())
        kept = self.curvatures
        if kept is not None and not always and kept.changed(d) < _STALE:
            return
        self.curvatures = Curvatures(
            self.problem, folds.blocks, folds.partition, folds.shares, d
        )

    def _renew_curvatures(self, slow: Array) -> None:
        """Compute the curvature of some columns at their own solutions.

        Each costs as much as that of all columns at the solution on all rows, which is
        tried first if there are many.
        """
        for k in slow:
            assert self.curvatures is not None
            d = self.problem.loss.hessian(self.problem.y, self.raw[k])
            d = self.folds.weights[k] * np.maximum(d, 1e-6 * d.max())
            self.curvatures.renew(int(k), self.problem, d)

    def _step(self, penalties: list[Penalty], columns: Array) -> None:
        assert self.curvatures is not None
        tol = 0.1 * self.folds.tol * self.problem.norms.min()
        before = self.gradient[columns]
        # A diverging step may overflow; `solve` detects it and uses another solver.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            steps = np.stack(
                [
                    self.curvatures.step(
                        k,
                        self.coef[k].astype(float),
                        self.gradient[k],
                        penalties[k],
                        tol,
                    )
                    for k in columns
                ]
            )
            self._move(columns, steps)
            changes = self.gradient[columns] - before
            for k, step, change in zip(columns, steps, changes, strict=True):
                self.curvatures.update(k, step, change)

    def _move(self, columns: Array, steps: Array) -> None:
        """Add steps to some columns, and compute raw output and gradient there.

        One pass computes both, because the rows are still in the cache.
        """
        p, design, loss = self.coef.shape[1], self.problem.design, self.problem.loss
        some: Any = slice(None) if len(columns) == len(self.coef) else columns
        moves = steps[:, :p].T.astype(design.dtype)
        lifts = steps[:, p:].sum(axis=1).astype(design.dtype)
        self.coef[some] += moves.T
        self.intercept[some] += lifts
        gradient, squares = np.zeros_like(steps), np.zeros(len(steps))
        for rows in self.folds.runs:
            part, raw = design.rows(rows), self.raw[some, rows]
            if moves.any():
                raw += part.times(moves).T
            raw += lifts[:, None]
            self.raw[some, rows] = raw
            y = np.tile(self.problem.y[rows], len(raw))
            slopes = loss.gradient(y, raw.ravel()).reshape(raw.shape)
            heavy = slopes * self.folds.weights[some, rows]
            squares += np.einsum("ij,ij->i", heavy, slopes)
            slopes = heavy
            gradient[:, :p] += part.transposed_times(slopes.T).T
            if self.problem.fit_intercept:
                gradient[:, p] += slopes.sum(axis=1)
        self.gradient[some] = gradient
        self.sizes[some] = np.sqrt(squares)


def _rescaled(penalty: Penalty, rho: Array) -> Penalty:
    """The penalty of a fold that scales its own columns, in the units of all rows."""
    if np.all(rho == 1):
        return penalty
    form = normal_form(penalty, len(rho))
    return FormPenalty(
        Form(form.l1 * rho, form.l2 * rho**2, form.lower / rho, form.upper / rho)
    )


def _runs(problem: Problem) -> list[slice]:
    """Runs of rows that fit in the cache; one run of all rows for sparse columns."""
    n, p = problem.design.shape
    size = n if problem.design.sparse else max(_CACHE_BYTES // (8 * max(p, 1)), 100)
    return [slice(first, first + size) for first in range(0, n, size)]
