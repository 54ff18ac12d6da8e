"""Paths of all folds for squared loss, with one pass over the data.

The sums of a fold (of weights, columns and products) are the sums of all rows minus the
sums of the held-out rows. So each row is multiplied once, for any number of folds and
alphas.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy import linalg

from skensemble.fitting import Split, inner_threads, limited_blas
from skensemble.linear_model._design import Design, make_design
from skensemble.linear_model._path import CoefficientPath
from skensemble.linear_model._problem import Problem
from skensemble.linear_model._quadratic import Quadratic, ridge_inverse
from skensemble.linear_model._rows import Settings, TrainingRows, as_slice
from skensemble.linear_model.penalties import Penalty
from skensemble.linear_model.solvers import CoordinateDescent, Direct, as_solver
from skensemble.losses import SquaredError

Array = NDArray[Any]

# With more columns the Gram matrix costs more than it saves.
_MOST_COLUMNS = 3000

# A mean loss below this share of its terms has lost too many digits.
_CANCELLED = 1e-6
# Rounding error of a standard deviation of sums that cancel, as a share of their root.
_ROUNDING = 1e-7
# Rounding error of a slope, as a share of its terms.
_SLOPE_ROUNDING = 1e-13


@dataclass(frozen=True)
class Sums:
    """Weighted sums over rows: of 1, of z and y, and of their products.

    Parameters
    ----------
    weight : float
        Sum of the weights.
    z : ndarray of shape (p,)
        Sum of the columns.
    y : ndarray of shape (k,)
        Sum of the targets.
    zz : ndarray of shape (p, p)
        Sum of the products of columns.
    zy : ndarray of shape (p, k)
        Sum of the products of columns and targets.
    yy : ndarray of shape (k,)
        Sum of the squares of the targets.
    """

    weight: float
    z: Array
    y: Array
    zz: Array
    zy: Array
    yy: Array

    def plus(self, other: "Sums", sign: float = 1.0) -> "Sums":
        """Sums over the rows of both, or (sign -1) without the other rows."""
        mine, theirs = vars(self), vars(other)
        return Sums(**{name: mine[name] + sign * theirs[name] for name in mine})


def can_share_gram(rows: TrainingRows, grid: Any, settings: Settings) -> bool:
    """Whether loss, penalties and solver allow shared products of columns."""
    solver = settings.solver
    fits = isinstance(solver, str) and solver == "auto"
    fits = fits or isinstance(as_solver(solver), (Direct, CoordinateDescent))
    if not fits or type(rows.loss) is not SquaredError:
        return False
    # Group penalties couple outputs, which are solved one at a time here.
    if rows.width is not None and not all(one.separable for one, _ in grid):
        return False
    n, p = rows.X.shape
    return p <= min(n, _MOST_COLUMNS)


def gram_paths(
    rows: TrainingRows,
    problem: Problem,
    splits: list[Split],
    grid: list[tuple[Penalty, Array]],
    settings: Settings,
    n_jobs: int | None,
) -> list[list[CoefficientPath]]:
    """Fit all paths of all folds from shared sums.

    Returns
    -------
    paths : list of list of CoefficientPath
        Paths of each split, one per l1_ratio.
    """
    weight = rows.shares()
    design = _centred_columns(rows, problem, weight, settings)
    middle = weight @ rows.y if settings.fit_intercept else 0.0
    centred = replace(rows, y=rows.y - middle)
    sums = _sums_of_folds(design, centred, weight, splits)
    threads = inner_threads(n_jobs, len(splits))

    def one(train: Sums, held: Sums | None) -> list[CoefficientPath]:
        with limited_blas(threads):
            found = _paths(train, design, rows, grid, settings)
            found = [_with_risk(path, design, held) for path in found]
            return [replace(path, intercept=path.intercept + middle) for path in found]

    run = Parallel(n_jobs=n_jobs, prefer="threads")
    return list(run(delayed(one)(*pair) for pair in sums))


def _centred_columns(
    rows: TrainingRows, problem: Problem, weight: Array, settings: Settings
) -> Design:
    """Columns centred by the means of all rows.

    The means of folds are close to these, so the sums of folds lose few digits.
    """
    if problem.design.shape == rows.X.shape:
        return problem.design
    return make_design(
        rows.X,
        weight,
        center=settings.fit_intercept,
        standardize=settings.standardize,
        names=rows.encoding.names,
    )


def _with_risk(
    path: CoefficientPath, design: Design, held: Sums | None
) -> CoefficientPath:
    """Add the mean loss of the held-out rows to a path, computed from their products.

        sum of w (y - z'c - b)² = yy - 2 c'zy + c'zz c + 2 b (z'c - y) + b² weight

    The risk stays None if this loses too many digits, or the data is not float64.
    """
    if (
        held is None
        or path.coef.ndim > 2
        or design.dtype != float
        or not held.weight > 0
    ):
        return path
    c = path.coef * design.scale
    b = path.intercept + c @ design.shift
    size = held.yy[0] + np.sum(c @ held.zz * c, axis=1) + b**2 * held.weight
    total = size - 2 * (c @ held.zy[:, 0] - b * (c @ held.z - held.y[0]))
    if np.any(total < _CANCELLED * size):
        return path
    return replace(path, risk=total / (2 * held.weight))


def _sums_of_folds(
    design: Design, rows: TrainingRows, weight: Array, splits: list[Split]
) -> list[tuple[Sums, Sums | None]]:
    """Sums over the training rows and over the held-out rows of each split."""
    n = len(rows.y)
    held = {
        split.label: _sums(design, rows.y, weight, split.test)
        for split in splits
        if split.train is not None
    }
    times = np.zeros(n, dtype=int)
    for split in splits:
        times[split.test] += split.train is not None
    if held and np.all(times == 1):
        total, *others = held.values()
        for one in others:
            total = total.plus(one)
    else:
        total = _sums(design, rows.y, weight, slice(None))

    def training(split: Split) -> Sums:
        if split.train is None:
            return total
        if _complements(split, n):
            return total.plus(held[split.label], -1.0)
        return _sums(design, rows.y, weight, split.train)

    return [(training(split), held.get(split.label)) for split in splits]


def _complements(split: Split, n: int) -> bool:
    """Whether a split trains on all rows that it does not hold out."""
    marks = np.zeros(n, dtype=int)
    if split.train is None:
        return False
    np.add.at(marks, split.train, 1)
    np.add.at(marks, split.test, 1)
    return bool(np.all(marks == 1))


def _sums(design: Design, y: Array, weight: Array, index: Any) -> Sums:
    index = as_slice(index)
    picked = design.rows(index)
    w = weight[index]
    target = np.asarray(y[index], dtype=float).reshape(len(w), -1)
    heavy = target * w[:, None]
    return Sums(
        weight=float(w.sum()),
        z=np.asarray(picked.transposed_times(w), dtype=float),
        y=heavy.sum(axis=0),
        zz=picked.gram(w),
        zy=np.asarray(picked.transposed_times(heavy), dtype=float),
        yy=(heavy * target).sum(axis=0),
    )


def _paths(
    sums: Sums,
    design: Design,
    rows: TrainingRows,
    grid: list[tuple[Penalty, Array]],
    settings: Settings,
) -> list[CoefficientPath]:
    gram, xy = sums.zz / sums.weight, sums.zy / sums.weight
    mean, mean_y = np.zeros(len(gram)), np.zeros(xy.shape[1])
    if settings.fit_intercept:
        mean, mean_y = sums.z / sums.weight, sums.y / sums.weight
        gram = gram - np.outer(mean, mean)
        xy = xy - np.outer(mean, mean_y)
    spread = np.sqrt(np.maximum(np.diag(gram), 0))
    # Rounding of the sums of the fold, and of the columns themselves.
    level = _ROUNDING * np.sqrt(np.diag(sums.zz) / sums.weight)
    level = level + 10 * np.finfo(design.dtype).eps * np.abs(design.shift)
    scale = np.where(spread > level, spread, 1.0)
    if settings.standardize:
        gram, xy = gram / np.outer(scale, scale), xy / scale[:, None]
    else:
        scale = np.ones(len(gram))
    slopes = np.sqrt(np.maximum(sums.yy / sums.weight - mean_y**2, 0))
    fold = _Fold(
        gram=gram,
        xy=xy,
        scale=scale,
        mean=design.shift + mean,
        unit=design.scale,
        mean_y=mean_y,
        spread=slopes,
        tol=max(settings.tol, 1e-12) * (float(slopes.max()) or 1.0),
    )
    return [fold.path(penalty, alphas, rows) for penalty, alphas in grid]


@dataclass(frozen=True)
class _Fold:
    """The quadratic problem of a fold: w'gram w / 2 - xy'w + penalty(w)."""

    gram: Array
    xy: Array
    scale: Array
    mean: Array
    unit: Array
    mean_y: Array
    spread: Array
    tol: float

    def path(
        self, penalty: Penalty, alphas: Array, rows: TrainingRows
    ) -> CoefficientPath:
        """Coefficients for each alpha, in the units of the data."""
        columns = rows.encoding.columns(len(self.gram), self.scale * self.unit, None)

        def pilot(other: Penalty) -> Array:
            first = self.coefs([other.bind(columns)])[0]
            return first[:, 0] if first.shape[1] == 1 else first

        columns = replace(columns, pilot=pilot)
        bound = penalty.bind(columns)
        strengths = [bound.with_alpha(alpha) for alpha in alphas]
        coef = self.coefs(strengths)
        converged = self._converged(strengths, coef)
        scaled = coef / self.scale[:, None]
        intercept = self.mean_y - np.einsum("j,mjk->mk", self.mean, scaled)
        scaled = scaled / self.unit[:, None]
        if rows.width is None:
            scaled, intercept = scaled[:, :, 0], intercept[:, 0]
        m = len(alphas)
        return CoefficientPath(
            alphas=np.asarray(alphas),
            coef=scaled,
            intercept=intercept,
            n_iter=np.ones(m, dtype=int),
            converged=converged,
            l1_ratio=getattr(penalty, "l1_ratio", None),
        )

    def _converged(self, penalties: list[Penalty], coef: Array) -> Array:
        """Whether the minimum is found for all outputs, per penalty."""
        found = [
            all(
                self._is_minimum(penalty, w, q, s)
                for w, q, s in zip(columns.T, self.xy.T, self.spread, strict=True)
            )
            for penalty, columns in zip(penalties, coef, strict=True)
        ]
        return np.array(found, dtype=bool)

    def _is_minimum(self, penalty: Penalty, w: Array, q: Array, spread: float) -> bool:
        turned = self.gram @ w
        # Slopes are sums of terms of this size, which are rounded.
        terms = np.abs(q).max(initial=0.0) + (np.abs(self.gram) @ np.abs(w)).max()
        limit = 10 * self.tol + _SLOPE_ROUNDING * terms
        if np.max(penalty.violation(w, turned - q), initial=0.0) > limit:
            return False
        # The active-set method solves normal forms and their sequences exactly.
        local = None if penalty.separable else penalty.local_form(w)
        if local is None or not local.free.any():
            return True
        g = (turned - q + local.slope)[local.free]
        H = self.gram[np.ix_(local.free, local.free)]
        H = H + local.hessian(penalty.blocks(len(w)))
        H.flat[:: len(g) + 1] += _SLOPE_ROUNDING * np.trace(H)
        excess = 0.5 * g @ linalg.cho_solve(linalg.cho_factor(H), g)
        risk = 0.5 * (spread**2 - 2 * q @ w + w @ turned)
        return bool(excess <= self.tol / (spread or 1.0) * max(risk, 1e-3 * spread**2))

    def coefs(self, penalties: list[Penalty]) -> Array:
        """Coefficients for each penalty, of shape (m, p, k)."""
        forms = [one.form(len(self.gram)) for one in penalties]
        squares = [form.l2 for form in forms if form is not None and form.quadratic]
        if len(squares) == len(forms):
            return self._ridge(np.array(squares))
        columns = [
            np.stack(list(Quadratic(self.gram, q).along(penalties, tol=self.tol)))
            for q in self.xy.T
        ]
        return np.stack(columns, axis=-1)

    def _ridge(self, l2: Array) -> Array:
        """Solve for all alphas, with one decomposition if all factors are equal."""
        if np.ptp(l2, axis=1).max(initial=0.0) > 0:
            return np.stack(
                [_least_squares(self.gram + np.diag(d), self.xy) for d in l2]
            )
        values, vectors = np.linalg.eigh(self.gram)
        inverse = ridge_inverse(values, l2[:, :1])
        turned = vectors.T @ self.xy
        return np.matmul(vectors, inverse[:, :, None] * turned)


def _least_squares(gram: Array, xy: Array) -> Array:
    return np.linalg.lstsq(gram, xy, rcond=None)[0]
