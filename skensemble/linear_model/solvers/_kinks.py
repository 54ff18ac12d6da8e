"""Losses and penalties of straight lines as one list of kinks, for linear programs."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.linear_model._design import Design
from skensemble.linear_model._problem import Point, Problem, Solution
from skensemble.linear_model.penalties._base import Form
from skensemble.linear_model.solvers._base import form_of
from skensemble.linear_model.solvers._normal_equations import rounding

Array = NDArray[Any]

# Where the best objective is zero, a gap is measured by this share of the first one.
_LEAST_SHARE = 1e-3
_LEAST_OF_KINKS = 1e-6


@dataclass(frozen=True)
class Kinks:
    """Minimise sum of max(low_e r_e, high_e r_e) over kinks + sum of l2_j c_j² / 2.

    Each of the first n kinks is a row, r = z_i c + b - at_i; each of the others is one
    coefficient, r = c_j - at_e: an absolute value (low = -l1, high = l1), a lower bound
    (low = -inf, high = 0) or an upper one. The dual problem is

        max over a: -sum of at_e a_e - sum over j of g_j² / (2 l2_j), low <= a <= high,

    where g_j is the sum of all a_e times their column j (zero where l2_j is zero), and
    the a of the rows sum to zero where there is an intercept.

    Parameters
    ----------
    design : Design
        The columns z.
    at, low, high : ndarray of shape (m,)
        Kinks and slopes, those of the rows by their weights.
    of : ndarray of shape (m - n,)
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
    of: Array
    form: Form
    intercept: bool

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self.design.shape[0]

    def forms(self, coef: Array, intercept: float) -> Array:
        """What each kink looks at: raw output of the rows, then coefficients."""
        return np.concatenate([self.design.times(coef) + intercept, coef[self.of]])

    def pulled(self, each: Array) -> tuple[Array, float]:
        """Sums of `each` times the form of each kink, per coefficient and intercept."""
        rows, extra = each[: self.rows], each[self.rows :]
        coef = self.design.transposed_times(rows)
        coef = coef + np.bincount(self.of, weights=extra, minlength=len(coef))
        return coef, float(rows.sum()) if self.intercept else 0.0

    def value(self, coef: Array, intercept: float) -> float:
        """Objective, for coefficients within their bounds."""
        r = self.design.times(coef) + intercept - self.at[: self.rows]
        low, high = self.low[: self.rows], self.high[: self.rows]
        paid = self.form.l1 @ np.abs(coef) + self.form.l2 @ coef**2 / 2
        return float(np.maximum(low * r, high * r).sum() + paid)

    def dual_value(self, a: Array, coef: Array, intercept: float) -> float:
        """Value of the dual problem for the row part of `a`, a lower bound.

        The part of the coefficients is the best for that of the rows. Coefficients that
        pay nothing must have no slope at all; what slope rounding leaves them is taken
        times the coefficient given.

        Parameters
        ----------
        a : ndarray of shape (n,)
            Dual variables of the rows.
        coef, intercept : ndarray of shape (p,) and float
            The model found.

        Returns
        -------
        value : float
        """
        form = self.form
        slope = self.design.transposed_times(a)
        # A slope beyond l1 by rounding would pay without end, where no bound ends it.
        up, down = np.isinf(form.upper), np.isinf(form.lower)
        endless = np.where(slope < 0, up, down) & (form.l2 == 0) & (form.l1 > 0)
        least = form.l1[endless] / np.maximum(np.abs(slope[endless]), 1e-300)
        shrink = float(np.min(least, initial=1.0))
        a, slope = a * shrink, slope * shrink
        best = self._best(slope, coef, np.abs(a).sum() * self._rounding)
        paid = slope * best + form.l1 * np.abs(best) + form.l2 * best**2 / 2
        free = intercept * a.sum() if self.intercept else 0.0
        return float(paid.sum() + free - self.at[: self.rows] @ a)

    def _best(self, slope: Array, coef: Array, rounding: Array) -> Array:
        """Coefficients that are best for a slope, up to the rounding of the slope."""
        form = self.form
        beyond = np.maximum(np.abs(slope) - form.l1, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            free = np.where(beyond > 0, -np.sign(slope) * beyond / form.l2, 0.0)
        best = np.clip(free, form.lower, form.upper)
        off = slope + form.l2 * coef + form.l1 * np.sign(coef)
        settled = (coef != 0) & (np.abs(off) <= rounding)
        return np.where(np.isfinite(best) & ~settled, best, coef)

    @cached_property
    def _rounding(self) -> Array:
        """Rounding error of a slope per coefficient, for duals that sum to one."""
        design = self.design
        squares = design.squares(np.full(self.rows, 1 / self.rows))
        shift = 0.0 if design.applied else np.abs(design.shift / design.scale)
        return rounding(design) * (np.sqrt(squares) + shift)

    def only(self, columns: Array, raw: Array) -> "Kinks":
        """Some columns only, beside a raw output that the others give."""
        form = self.form
        parts = (form.l1, form.l2, form.lower, form.upper)
        at, low, high = self.lines()
        return assembled(
            self.design.columns(columns),
            at - raw,
            low,
            high,
            Form(*(part[columns] for part in parts)),
            self.intercept,
        )

    def lines(self) -> tuple[Array, Array, Array]:
        """Kinks and slopes of the rows."""
        n = self.rows
        return self.at[:n], self.low[:n], self.high[:n]


def assembled(
    design: Design, at: Array, low: Array, high: Array, form: Form, intercept: bool
) -> Kinks:
    """List the kinks of rows and of coefficients."""
    paying = np.flatnonzero(form.l1 > 0)
    lower = np.flatnonzero(np.isfinite(form.lower))
    upper = np.flatnonzero(np.isfinite(form.upper))
    none, free = np.zeros(len(paying)), np.inf
    l1 = form.l1[paying]
    return Kinks(
        design,
        np.concatenate([at, none, form.lower[lower], form.upper[upper]]),
        np.concatenate([low, -l1, np.full(len(lower), -free), np.zeros(len(upper))]),
        np.concatenate([high, l1, np.zeros(len(lower)), np.full(len(upper), free)]),
        np.concatenate([paying, lower, upper]),
        form,
        intercept,
    )


def kinks_of(problem: Problem) -> list[Kinks]:
    """One list of kinks a raw column, in float64.

    Parameters
    ----------
    problem : Problem
        Its loss is piecewise linear and its penalty has a form.

    Returns
    -------
    kinks : list of Kinks
    """
    design = problem.design
    if design.dtype != np.float64:
        design = replace(
            design,
            X=design.X.astype(np.float64),
            shift=design.shift.astype(np.float64),
            scale=design.scale.astype(np.float64),
        )
    form = form_of(problem)
    w = np.asarray(problem.weight, dtype=float)
    kink = problem.loss.kink(problem.y, problem.width)
    if kink is None:
        raise ValueError(f"loss={problem.loss!r} is not made of two straight lines.")
    each = [np.atleast_2d(np.asarray(part).T) for part in kink]
    return [
        assembled(design, at, w * below, w * above, form, problem.fit_intercept)
        for at, below, above in zip(*each, strict=True)
    ]


@dataclass(frozen=True)
class Found:
    """What was found for one raw column.

    Parameters
    ----------
    coef : ndarray of shape (p,)
        Coefficients.
    intercept : float
        Intercept.
    dual : ndarray of shape (n,)
        Dual variables of the rows.
    n_iter : int
        Iterations.
    """

    coef: Array
    intercept: float
    dual: Array
    n_iter: int


def solution(
    problem: Problem, columns: list[Kinks], found: list[Found], target: float
) -> Solution:
    """Put raw columns together, with the gap between objective and dual objective.

    Parameters
    ----------
    problem : Problem
        What was solved.
    columns : list of Kinks
        Its raw columns.
    found : list of Found
        What was found for each.
    target : float
        Largest gap, as a share of the objective, that counts as converged.

    Returns
    -------
    solution : Solution
        Its violation is the gap as a share of the objective (of a thousandth of the
        objective at the start, where that is more).
    """
    pairs = list(zip(columns, found, strict=True))
    values = [kinks.value(one.coef, one.intercept) for kinks, one in pairs]
    gaps = [
        max(value - kinks.dual_value(one.dual, one.coef, one.intercept), 0.0)
        for value, (kinks, one) in zip(values, pairs, strict=True)
    ]
    share = sum(gaps) / max(sum(values), least_value(columns), 1e-300)
    coef = np.column_stack([one.coef for one in found])
    intercept = np.array([one.intercept for one in found])
    if problem.width is None:
        coef, intercept = coef[:, 0], intercept[0]
    dtype = problem.design.dtype
    point = Point(coef.astype(dtype), np.asarray(intercept, dtype))
    steps = max(one.n_iter for one in found)
    return Solution(point, steps, share, share <= target, gap=sum(gaps))


def least_value(columns: list[Kinks]) -> float:
    """Objective below which a gap is not measured by it."""
    p = columns[0].design.shape[1]
    return sum(_least(kinks, np.zeros(p)) for kinks in columns)


def _least(kinks: Kinks, zero: Array) -> float:
    """A share of the objective without coefficients, or what rounding makes of it."""
    at, low, high = kinks.lines()
    best = float(np.median(at)) if kinks.intercept else 0.0
    rounding = float((high - low) @ np.abs(at))
    return max(_LEAST_SHARE * kinks.value(zero, best), _LEAST_OF_KINKS * rounding)
