"""Smooth losses: all folds at once, each with the curvature of all rows less its own.

The solutions of folds lie close to that on all rows, so one curvature serves them all:
that of all rows without the rows held out, summed once a strength and block by block. A
step of every fold then costs no more than a product with the data, shared by all (chord
steps: Newton's with a curvature from nearby, Ortega and Rheinboldt, "Iterative solution
of nonlinear equations in several variables", 1970, section 10.1). They end at the same
optimality conditions as any solver.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from skensemble.fitting._cell import Split
from skensemble.linear_model._path import CoefficientPath, as_path
from skensemble.linear_model._problem import Point, Problem, Solution
from skensemble.linear_model._quadratic import minimise_quadratic
from skensemble.linear_model._rows import Settings, TrainingRows, rebound
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
_STALE, _SLOW = 0.1, 0.3

_MOST_STEPS = 30


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
    rows, problem, splits, grid, settings
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


@dataclass
class _Curvature:
    """Curvature of all rows and of each held-out block, by columns and intercept."""

    rows: Array
    whole: Array
    blocks: list[Array]


class _Together:
    """All rows (column 0) and all folds (the others), fitted side by side."""

    def __init__(
        self, problem: Problem, blocks: list[Array], settings: Settings
    ) -> None:
        self.problem = problem
        self.blocks = blocks
        self.settings = settings
        w, n = problem.weight, len(problem.y)
        self.weights = np.repeat(w[:, None], len(blocks) + 1, axis=1)
        for k, block in enumerate(blocks, start=1):
            self.weights[block, k] = 0
        self.shares = self.weights.sum(axis=0, dtype=float)
        self.weights /= self.shares.astype(self.weights.dtype)
        self.partition = sum(map(len, blocks)) == n == len(np.unique(np.hstack(blocks)))
        self.spread = self._spread()
        self.tol = problem.tolerance()

    def _spread(self) -> Array:
        """Standard deviation of each column in each fold, over that of all rows."""
        design, ones = self.problem.design, np.ones(self.problem.design.shape[1])
        if not self.settings.standardize:
            return np.repeat(ones[:, None], len(self.blocks) + 1, axis=1)
        mean = design.transposed_times(self.weights)
        if not self.problem.fit_intercept:
            mean = np.zeros_like(mean)
        squares = np.stack([design.squares(w) for w in self.weights.T], axis=1)
        found = np.sqrt(np.maximum(squares - mean**2, 0))
        found = np.where(found > 1e-7, found, 1.0)
        found[:, 0] = 1
        return found

    def paths(
        self, problem: Problem, kind: Penalty, alphas: Array
    ) -> list[CoefficientPath]:
        """Coefficients on all rows and in each fold for each strength."""
        width = len(self.blocks) + 1
        start = problem.start()
        coef = np.repeat(start.coef[:, None], width, axis=1)
        intercept = np.repeat(start.intercept, width)
        steps = _Steps(self, problem, coef, intercept)
        solutions: list[list[Solution]] = [[] for _ in range(width)]
        for alpha in alphas:
            bound = problem.penalty.with_alpha(alpha)
            penalties = [_stretched(bound, rho) for rho in self.spread.T]
            for column, one in enumerate(steps.towards(penalties)):
                solutions[column].append(one)
        ratio = getattr(kind, "l1_ratio", None)
        return [as_path(alphas, one, problem.design, ratio) for one in solutions]


class _Steps:
    """Where each column stands, and its way to the solution for the next strength."""

    def __init__(
        self, together: _Together, problem: Problem, coef: Array, intercept: Array
    ) -> None:
        self.together = together
        self.problem = problem
        self.coef = coef
        self.intercept = intercept
        self.raw = problem.design.times(coef) + intercept
        self.curvature: _Curvature | None = None

    def towards(self, penalties: list[Penalty]) -> Iterator[Solution]:
        """Step until all columns are at the solution for their penalty."""
        before = self.coef.copy(), self.intercept.copy()
        width = self.coef.shape[1]
        open_ = np.arange(width)
        last = np.full(width, np.inf)
        count = np.zeros(width, dtype=int)
        self._renew()
        for _ in range(_MOST_STEPS):
            if not np.isfinite(self.raw[:, open_]).all():
                break
            gradient, slope = self._gradients(open_)
            off = np.array(
                [
                    self._violation(penalties[k], int(k), gradient[:, j], slope[j])
                    for j, k in enumerate(open_)
                ]
            )
            wanted = off > self.together.tol
            if np.any(off[wanted] > _SLOW * last[open_[wanted]]):
                self._renew(always=True)
            last[open_] = off
            open_, gradient, slope = (
                open_[wanted],
                gradient[:, wanted],
                slope[wanted],
            )
            if not len(open_):
                break
            count[open_] += 1
            self._step(penalties, open_, gradient, slope)
        for k in range(width):
            if k in open_:
                yield self._rescue(penalties[k], k, before)
                continue
            point = Point(self.coef[:, k].copy(), self.intercept[k].copy())
            yield Solution(point, int(count[k]), float(last[k]), True)

    def _rescue(
        self, penalty: Penalty, k: int, before: tuple[Array, Array]
    ) -> Solution:
        """Solve one column by itself, with a line search, where steps went astray."""
        alone = replace(
            self.problem, weight=self.together.weights[:, k], penalty=penalty
        )
        start = Point(before[0][:, k], before[1][k])
        solver = choose_solver(self.together.settings.solver, alone)
        found = solver.solve(alone, start)
        self.coef[:, k], self.intercept[k] = found.point.coef, found.point.intercept
        self.raw[:, k] = alone.raw(found.point)
        return found

    def _violation(
        self, penalty: Penalty, k: int, gradient: Array, slope: Any
    ) -> float:
        each = penalty.violation(self.coef[:, k], gradient) / self.problem.norms
        return float(max(each.max(initial=0.0), abs(slope)))

    def _gradients(self, columns: Array) -> tuple[Array, Array]:
        y, loss = self.problem.y, self.problem.loss
        slopes = np.stack([loss.gradient(y, self.raw[:, k]) for k in columns], axis=1)
        slopes *= self.together.weights[:, columns]
        totals = slopes.sum(axis=0) * self.problem.fit_intercept
        return self.problem.design.transposed_times(slopes), totals

    def _renew(self, always: bool = False) -> None:
        """Find the curvature at the solution on all rows, where it has changed."""
        d = self.problem.loss.hessian(self.problem.y, self.raw[:, 0])
        d = self.problem.weight * np.maximum(d, 1e-6 * d.max())
        if self.curvature is not None and not always:
            change = np.abs(d - self.curvature.rows).sum()
            if change < _STALE * self.curvature.rows.sum():
                return
        blocks = [self._gram(d, block) for block in self.together.blocks]
        if self.together.partition:
            whole = np.sum(blocks, axis=0)
        else:
            whole = self._gram(d, slice(None))
        self.curvature = _Curvature(d, whole, blocks)
        self.factors: dict[int, Any] = {}

    def _gram(self, d: Array, rows: Any) -> Array:
        """Curvature by columns and intercept over some rows."""
        picked = self.problem.design.rows(_run(rows))
        p = picked.shape[1]
        found = np.empty((p + 1, p + 1))
        found[:p, :p] = picked.gram(d[rows])
        found[p, :p] = found[:p, p] = picked.transposed_times(d[rows])
        found[p, p] = d[rows].sum()
        return found

    def _step(
        self, penalties: list[Penalty], columns: Array, gradient: Array, slope: Array
    ) -> None:
        assert self.curvature is not None
        moves = np.empty_like(self.coef[:, columns])
        lifts = np.zeros(len(columns), dtype=self.intercept.dtype)
        p = len(moves)
        for j, k in enumerate(columns):
            H = self.curvature.whole
            if k:
                H = H - self.curvature.blocks[k - 1]
            H = H / self.together.shares[k]
            cross, own = H[:p, p], H[p, p]
            inner, g = H[:p, :p], gradient[:, j].astype(float)
            if self.problem.fit_intercept:
                inner = inner - np.outer(cross, cross) / own
                g = g - cross * slope[j] / own
            here = self.coef[:, k].astype(float)
            found = _minimum(inner, inner @ here - g, penalties[k], here, self.together)
            moves[:, j] = found - here
            if self.problem.fit_intercept:
                lifts[j] = -(slope[j] + cross @ moves[:, j]) / own
        self.coef[:, columns] += moves
        self.intercept[columns] += lifts
        self.raw[:, columns] += self.problem.design.times(moves) + lifts


def _minimum(
    H: Array, q: Array, penalty: Penalty, start: Array, together: _Together
) -> Array:
    form = form_of(penalty, len(q))
    if form.quadratic:
        whole = H + np.diag(form.l2)
        whole[np.diag_indices(len(q))] += 1e-13 * np.trace(whole) / max(len(q), 1)
        return linalg.solve(whole, q, assume_a="pos")
    tol = 0.1 * together.tol * together.problem.norms.min()
    return minimise_quadratic(H, q, penalty, start, tol)


def _stretched(penalty: Penalty, rho: Array) -> Penalty:
    """The penalty in the units of all rows, for a fold that scales its own columns."""
    if np.all(rho == 1):
        return penalty
    form = form_of(penalty, len(rho))
    return FormPenalty(
        Form(form.l1 * rho, form.l2 * rho**2, form.lower / rho, form.upper / rho)
    )


def _run(rows: Any) -> Any:
    """A slice instead of a run of rows: a view, not a copy."""
    if isinstance(rows, slice) or not len(rows):
        return rows
    first, last = int(rows[0]), int(rows[-1])
    plain = last - first + 1 == len(rows) and np.all(np.diff(rows) == 1)
    return slice(first, last + 1) if plain else rows
