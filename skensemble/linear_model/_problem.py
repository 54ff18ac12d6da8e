"""Optimisation problem of a linear model: mean loss plus penalty."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.linear_model._design import Design
from skensemble.linear_model.penalties._base import Penalty
from skensemble.losses import Loss

Array = NDArray[Any]


@dataclass(frozen=True)
class Point:
    """A linear model: raw output Z coef + intercept.

    Parameters
    ----------
    coef : ndarray of shape (p,) or (p, k)
        Coefficients of the columns of the design.
    intercept : ndarray of shape () or (k,)
        Intercept, which is never penalised.
    """

    coef: Array
    intercept: Array

    def astype(self, dtype: Any) -> "Point":
        """Return this point in another type; an array of this type is not copied."""
        intercept = np.asarray(self.intercept, dtype)
        return Point(self.coef.astype(dtype, copy=False), intercept)

    def moved(self, other: "Point", step: float) -> "Point":
        """Return this point plus `step` times another."""
        return Point(
            self.coef + step * other.coef, self.intercept + step * other.intercept
        )


@dataclass(frozen=True)
class Problem:
    """min over coef, b: sum of w_i loss(y_i, z_i coef + b) + penalty(coef).

    Parameters
    ----------
    design : Design
        The columns z.
    y : ndarray of shape (n,) or (n, k)
        The target; class codes for classes.
    weight : ndarray of shape (n,)
        Sample weights w, all positive, which sum to one.
    loss : Loss
        Loss of a row.
    penalty : Penalty
        Penalty on the coefficients, bound to the columns.
    width : int or None
        Number of raw columns; None for one value per row.
    fit_intercept : bool
        Whether there is an intercept; else it stays zero.
    tol : float
        Largest violation of the optimality conditions at convergence, as a share of
        `unit`. (The excess of the objective is of the order of its square.)
    max_iter : int
        Largest number of iterations of a solver.
    seed : int
        Seed of solvers that draw rows.
    """

    design: Design
    y: Array
    weight: Array
    loss: Loss
    penalty: Penalty
    width: int | None = None
    fit_intercept: bool = True
    tol: float = 1e-6
    max_iter: int = 1000
    seed: int = 0

    def start(self) -> Point:
        """Return coefficients of zero and the best constant."""
        p = self.design.shape[1]
        shape = () if self.width is None else (self.width,)
        dtype = self.design.dtype
        if not self.fit_intercept:
            return Point(np.zeros((p, *shape), dtype), np.zeros(shape, dtype))
        best = self.loss.start(self.y, self.weight, self.width)
        intercept = np.broadcast_to(np.asarray(best, dtype=dtype), shape).copy()
        return Point(np.zeros((p, *shape), dtype), intercept)

    def raw(self, point: Point) -> Array:
        """Raw output of the model, (n,) or (n, k)."""
        return self.design.times(point.coef) + point.intercept

    def loss_value(self, raw: Array) -> float:
        """Weighted mean of the loss."""
        return self.loss.value(self.y, raw, self.weight)

    def value(self, point: Point, raw: Array | None = None) -> float:
        """Objective: mean loss plus penalty."""
        raw = self.raw(point) if raw is None else raw
        return self.loss_value(raw) + self.penalty.value(point.coef)

    def slopes(self, raw: Array) -> Array:
        """Weighted gradient of the loss by the raw output, of shape (n,) or (n, k)."""
        return (self.loss.gradient(self.y, raw).T * self.weight).T

    def pulled_back(self, slopes: Array) -> Point:
        """Gradient by coefficients and intercept, from weighted slopes of rows."""
        total = slopes.sum(axis=0)
        intercept = total if self.fit_intercept else np.zeros_like(total)
        return Point(self.design.transposed_times(slopes), np.asarray(intercept))

    def gradient(self, raw: Array) -> Point:
        """Gradient of the mean loss by coefficients and intercept."""
        return self.pulled_back(self.slopes(raw))

    def violation(self, point: Point, gradient: Point) -> float:
        """Largest violation of the optimality conditions.

        For each coefficient, the distance of -gradient from the subdifferential of the
        penalty over the norm of the column; for groups, the norm of these distances
        over the largest norm of their columns. For the intercept, the slope. So the
        violation does not depend on the units of the columns.
        """
        each = self.penalty.violation(point.coef, gradient.coef)
        norms = self.norms_for(len(each))
        worst = np.max(each.T / norms, initial=0.0)
        return float(max(worst, np.max(np.abs(gradient.intercept), initial=0.0)))

    @cached_property
    def norms(self) -> Array:
        """Norm of each column, sqrt(sum of w z_j²); one for columns of zeros."""
        found = np.sqrt(np.maximum(self.design.squares(self.weight), 0))
        return np.where(found > 0, found, 1.0)

    def norms_for(self, entries: int) -> Array:
        """Norms for the entries of the violation: per column, or per group."""
        if entries == len(self.norms):
            return self.norms
        found = np.zeros(entries)
        np.maximum.at(found, self.penalty.blocks(len(self.norms)), self.norms)
        return found

    def unit(self) -> float:
        """Unit of slopes: root mean square of the gradient at the best constant."""
        constant = self.start().intercept
        raw = np.zeros((len(self.weight), *constant.shape), constant.dtype) + constant
        g = self.loss.gradient(self.y, raw).astype(float)
        size = float(np.max(np.abs(g), initial=0.0))
        if not 0 < size < np.inf:
            return size or 1.0
        # Divided by the largest one, so that squares do not vanish.
        each = np.average((g / size) ** 2, axis=0, weights=self.weight)
        return max(size * float(np.sqrt(np.max(each))), self._rounding(raw))

    def _rounding(self, raw: Array) -> float:
        """Rounding error of the gradient of a row, for raw outputs of this size."""
        curvature = float(np.max(self.loss.hessian(self.y, raw), initial=0.0))
        loss = self.loss
        identity = all(loss.link_for(task).name == "identity" for task in loss.links)
        # With the identity link, raw outputs have the units of y; otherwise none.
        size = float(np.abs(raw).max(initial=0.0)) + (0.0 if identity else 1.0)
        return 10 * float(np.finfo(self.design.dtype).eps) * curvature * size

    def tolerance(self) -> float:
        """Largest violation of the optimality conditions at convergence."""
        # The precision of sums in the dtype limits the precision of slopes.
        finest = 1000 * float(np.finfo(self.design.dtype).eps)
        return max(self.tol, finest) * self.unit()

    def with_penalty(self, penalty: Penalty) -> "Problem":
        """Return the same problem with another penalty."""
        other = replace(self, penalty=penalty)
        if "norms" in vars(self):
            vars(other)["norms"] = self.norms
        return other


@dataclass(frozen=True)
class Solution:
    """Result of a solver.

    Parameters
    ----------
    point : Point
        Coefficients and intercept, for the columns of the design.
    n_iter : int
        Number of iterations or epochs.
    violation : float
        Largest violation of the optimality conditions at the point.
    converged : bool
        Whether the violation is within the tolerance.
    gap : float or None
        Duality gap, if the solver computes it.
    history : History or None
        Measurements of each epoch, for `FirstOrder`.
    """

    point: Point
    n_iter: int
    violation: float
    converged: bool
    gap: float | None = None
    history: Any = None
