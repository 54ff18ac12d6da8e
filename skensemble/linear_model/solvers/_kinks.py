"""Piecewise linear losses and penalties as one list of kinks, for linear programs."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.linear_model._design import Design
from skensemble.linear_model._problem import Point, Problem, Solution
from skensemble.linear_model.penalties._base import Form
from skensemble.linear_model.solvers._base import normal_form_of
from skensemble.linear_model.solvers._normal_equations import rounding

Array = NDArray[Any]

# Smallest value by which a gap is divided, if the minimum of the objective is close to
# zero: a share of the objective without coefficients, or of the size of its terms.
_FLOOR_OF_OBJECTIVE = 1e-3
_FLOOR_OF_TERMS = 1e-6


@dataclass(frozen=True)
class Kinks:
    """Minimise sum of max(low_e r_e, high_e r_e) over kinks + sum of l2_j c_j² / 2.

    The first n kinks e are the rows, with r = z_i c + b - at_i. Each other kink is a
    term of one coefficient, with r = c_j - at_e: an absolute value (low = -l1, high =
    l1), a lower bound (low = -inf, high = 0) or an upper bound (low = 0, high = inf).
    With A the matrix that maps c and b to r + at, the dual problem is

        max over a: -sum of at_e a_e - sum over j of g_j² / (2 l2_j), low <= a <= high,

    where g = A'a for the coefficients, which must be zero if l2_j is zero. If there is
    an intercept, the dual variables a of the rows sum to zero.

    Parameters
    ----------
    design : Design
        The columns z.
    at, low, high : ndarray of shape (m,)
        Position of each kink, and slopes below and above it. The slopes of rows include
        the sample weights.
    column : ndarray of shape (m - n,)
        Column of each kink after the rows.
    form : Form
        Normal form of the penalty.
    intercept : bool
        Whether there is an intercept.
    """

    design: Design
    at: Array
    low: Array
    high: Array
    column: Array
    form: Form
    intercept: bool

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.design.shape[0]

    def times(self, coef: Array, intercept: float) -> Array:
        """A (coef, intercept): raw output of the rows, then coefficients."""
        return np.concatenate([self.design.times(coef) + intercept, coef[self.column]])

    def transposed_times(self, dual: Array) -> tuple[Array, float]:
        """A' dual: one value per coefficient, and one for the intercept."""
        rows, extra = dual[: self.rows], dual[self.rows :]
        coef = self.design.transposed_times(rows)
        coef = coef + np.bincount(self.column, weights=extra, minlength=len(coef))
        return coef, float(rows.sum()) if self.intercept else 0.0

    def value(self, coef: Array, intercept: float) -> float:
        """Objective, for coefficients within their bounds."""
        at, low, high = self.row_kinks()
        r = self.design.times(coef) + intercept - at
        penalty = self.form.l1 @ np.abs(coef) + self.form.l2 @ coef**2 / 2
        return float(np.maximum(low * r, high * r).sum() + penalty)

    def dual_value(self, a: Array, coef: Array, intercept: float) -> float:
        """Dual objective, which is a lower bound of the minimum of the objective.

        The dual variables of the coefficients are optimal for those of the rows. The
        slope of a coefficient without a penalty must be zero; its rounding error is
        multiplied by the given coefficient.

        Parameters
        ----------
        a : ndarray of shape (n,)
            Dual variables of the rows.
        coef, intercept : ndarray of shape (p,) and float
            Primal solution.

        Returns
        -------
        value : float
        """
        form = self.form
        slope = self.design.transposed_times(a)
        # If a slope exceeds l1 by rounding and no bound or square limits the
        # coefficient, the dual objective would be minus infinity.
        up, down = np.isinf(form.upper), np.isinf(form.lower)
        unlimited = np.where(slope < 0, up, down) & (form.l2 == 0) & (form.l1 > 0)
        shares = form.l1[unlimited] / np.maximum(np.abs(slope[unlimited]), 1e-300)
        shrink = float(np.min(shares, initial=1.0))
        a, slope = a * shrink, slope * shrink
        best = self._minimiser(slope, coef, np.abs(a).sum() * self._rounding)
        terms = slope * best + form.l1 * np.abs(best) + form.l2 * best**2 / 2
        free = intercept * a.sum() if self.intercept else 0.0
        return float(terms.sum() + free - self.at[: self.rows] @ a)

    def _minimiser(self, slope: Array, coef: Array, rounding: Array) -> Array:
        """Coefficients that minimise slope times coefficient plus penalty.

        The given coefficients are kept if they are optimal up to the rounding of the
        slope.
        """
        form = self.form
        beyond = np.maximum(np.abs(slope) - form.l1, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            free = np.where(beyond > 0, -np.sign(slope) * beyond / form.l2, 0.0)
        best = np.clip(free, form.lower, form.upper)
        off = slope + form.l2 * coef + form.l1 * np.sign(coef)
        optimal = (coef != 0) & (np.abs(off) <= rounding)
        return np.where(np.isfinite(best) & ~optimal, best, coef)

    @cached_property
    def _rounding(self) -> Array:
        """Rounding error of each slope, for dual variables with absolute sum one."""
        design = self.design
        squares = design.squares(np.full(self.rows, 1 / self.rows))
        shift = 0.0 if design.applied else np.abs(design.shift)
        return rounding(design) * (np.sqrt(squares) + shift)

    def restricted(self, columns: Array, raw: Array) -> "Kinks":
        """Problem of some columns, if the other columns give the raw output `raw`."""
        form = self.form
        parts = (form.l1, form.l2, form.lower, form.upper)
        at, low, high = self.row_kinks()
        return assemble_kinks(
            self.design.columns(columns),
            at - raw,
            low,
            high,
            Form(*(part[columns] for part in parts)),
            self.intercept,
        )

    def with_form(self, form: Form) -> "Kinks":
        """Problem of the same rows with another penalty."""
        return assemble_kinks(self.design, *self.row_kinks(), form, self.intercept)

    def row_kinks(self) -> tuple[Array, Array, Array]:
        """Position, lower slope and upper slope of the kinks of the rows."""
        n = self.rows
        return self.at[:n], self.low[:n], self.high[:n]


def assemble_kinks(
    design: Design, at: Array, low: Array, high: Array, form: Form, intercept: bool
) -> Kinks:
    """Append the kinks of a penalty to those of the rows."""
    penalised = np.flatnonzero(form.l1 > 0)
    lower = np.flatnonzero(np.isfinite(form.lower))
    upper = np.flatnonzero(np.isfinite(form.upper))
    zero = np.zeros(len(penalised))
    l1 = form.l1[penalised]
    below, above = np.full(len(lower), -np.inf), np.full(len(upper), np.inf)
    return Kinks(
        design,
        np.concatenate([at, zero, form.lower[lower], form.upper[upper]]),
        np.concatenate([low, -l1, below, np.zeros(len(upper))]),
        np.concatenate([high, l1, np.zeros(len(lower)), above]),
        np.concatenate([penalised, lower, upper]),
        form,
        intercept,
    )


def kinks_of(problem: Problem) -> list[Kinks]:
    """Return the kinks of each raw column, in float64.

    Parameters
    ----------
    problem : Problem
        Problem with a piecewise linear loss, and a penalty that has a normal form.

    Returns
    -------
    kinks : list of Kinks
    """
    design, form = problem.design.wide(), normal_form_of(problem)
    rows = zip(*weighted_kinks(problem), strict=True)
    return [assemble_kinks(design, *row, form, problem.fit_intercept) for row in rows]


def weighted_kinks(problem: Problem) -> tuple[Array, Array, Array]:
    """Position and weighted slopes of the kinks of the rows, of shape (k, n).

    Parameters
    ----------
    problem : Problem
        Problem with a piecewise linear loss.

    Returns
    -------
    at, low, high : ndarray of shape (k, n)
        Position, and slopes below and above it times the weight, per raw column.
    """
    w = np.asarray(problem.weight, dtype=float)
    kink = problem.loss.kink(problem.y, problem.width)
    if kink is None:
        raise ValueError(f"loss={problem.loss!r} does not consist of two lines.")
    at, below, above = (np.atleast_2d(np.asarray(part, float).T) for part in kink)
    return at, w * below, w * above


@dataclass(frozen=True)
class ColumnSolution:
    """Solution for one raw column.

    Parameters
    ----------
    coef : ndarray of shape (p,)
        Coefficients.
    intercept : float
        Intercept.
    dual : ndarray of shape (n,)
        Dual variables of the rows.
    n_iter : int
        Number of iterations.
    """

    coef: Array
    intercept: float
    dual: Array
    n_iter: int


def combine_columns(
    problem: Problem, columns: list[Kinks], found: list[ColumnSolution], target: float
) -> Solution:
    """Combine the solutions of all raw columns, and compute the duality gap.

    Parameters
    ----------
    problem : Problem
        Problem that was solved.
    columns : list of Kinks
        Kinks of each raw column.
    found : list of ColumnSolution
        Solution for each raw column.
    target : float
        Largest gap at convergence, as a share of the objective.

    Returns
    -------
    solution : Solution
        Its violation is the gap as a share of the objective, or of `gap_floor` if that
        is larger.
    """
    pairs = list(zip(columns, found, strict=True))
    values = [kinks.value(one.coef, one.intercept) for kinks, one in pairs]
    gaps = [
        max(value - kinks.dual_value(one.dual, one.coef, one.intercept), 0.0)
        for value, (kinks, one) in zip(values, pairs, strict=True)
    ]
    share = sum(gaps) / max(sum(values), gap_floor(columns), 1e-300)
    coef = np.column_stack([one.coef for one in found])
    intercept = np.array([one.intercept for one in found])
    if problem.width is None:
        coef, intercept = coef[:, 0], intercept[0]
    point = Point(coef, intercept).astype(problem.design.dtype)
    n_iter = max(one.n_iter for one in found)
    return Solution(point, n_iter, share, share <= target, gap=sum(gaps))


def gap_floor(columns: list[Kinks]) -> float:
    """Smallest value by which the gap is divided, instead of the objective."""
    p = columns[0].design.shape[1]
    return sum(_column_floor(kinks, np.zeros(p)) for kinks in columns)


def _column_floor(kinks: Kinks, zero: Array) -> float:
    at, low, high = kinks.row_kinks()
    constant = float(np.median(at)) if kinks.intercept else 0.0
    terms = float((high - low) @ np.abs(at))
    return max(
        _FLOOR_OF_OBJECTIVE * kinks.value(zero, constant), _FLOOR_OF_TERMS * terms
    )
