"""Quadratic problems with absolute values, squares and bounds, by active sets.

Each step is a Newton step on the active set: the coefficients that are not zero, and
those that violate the optimality conditions at zero. A linear system gives their
minimum for fixed signs. Coefficients that would cross zero or a bound stop there. From
the minimum for a similar alpha, one or two steps give the solution to the last digit.
If the signs do not converge, scikit-learn's coordinate descent gives a better start.
"""

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import enet_path

from skensemble.linear_model.penalties import Form

Array = NDArray[Any]

# Largest number of Newton steps from the start, and of sweeps of coordinate descent.
_MOST_STEPS = 100
_MOST_SWEEPS = 100

# Largest number of coefficients that may leave zero per step, or half the number of
# nonzero coefficients if that is larger.
_FEW = 10
# Rounding error of a slope, as a share of its terms.
_ROUNDING = 1e-14


def minimise_form(H: Array, q: Array, form: Form, start: Array, tol: Any) -> Array:
    """Minimise w'Hw/2 - q'w + sum of l1 |w| + l2 w²/2 within bounds.

    Parameters
    ----------
    H : ndarray of shape (p, p)
        Symmetric, positive semidefinite, float64.
    q : ndarray of shape (p,)
        Linear term.
    form : Form
        Normal form of the penalty.
    start : ndarray of shape (p,)
        Initial coefficients.
    tol : float or ndarray of shape (p,)
        Largest violation of the optimality conditions, per coefficient.

    Returns
    -------
    w : ndarray of shape (p,)
        The minimiser.
    """
    # Slopes are sums of terms of this size, so they are not more precise than its
    # rounding.
    tol = np.maximum(tol, _ROUNDING * (np.abs(q).max(initial=0) + form.l1))
    w = np.clip(np.asarray(start, dtype=float), form.lower, form.upper)
    w, done = _active_set_steps(H, q, form, w, tol, _MOST_STEPS)
    if done:
        return w
    ridged = H + np.diag(form.l2)
    if form.bounded or not (form.l1 > 0).all():
        return _coordinate_descent(ridged, q, form, w, tol)
    for found in _descents(ridged, q, form, w):
        w, done = _active_set_steps(H, q, form, found, tol, 5)
        if done:
            return w
    return _coordinate_descent(ridged, q, form, w, tol)


def _descents(H: Array, q: Array, form: Form, start: Array) -> Iterator[Array]:
    """Coordinate descent on scaled columns, with falling tolerance."""
    scale = 1 / form.l1
    G = np.ascontiguousarray(H * np.outer(scale, scale))
    root = _square_root(G)
    y = linalg.lstsq(root.T, q * scale)[0]
    coef = start / scale
    for accuracy in (1e-4, 1e-6, 1e-8, 1e-10, 1e-12):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            _, coefs, _ = enet_path(
                np.asfortranarray(root),
                y,
                l1_ratio=1.0,
                alphas=[1 / len(q)],
                precompute=G,
                Xy=q * scale,
                coef_init=coef,
                tol=accuracy,
                max_iter=2000,
                check_input=False,
            )
        coef = coefs[:, 0]
        yield coef * scale


def _square_root(G: Array) -> Array:
    """Square root R of a matrix, R'R = G."""
    values, vectors = np.linalg.eigh(G)
    return (vectors * np.sqrt(np.maximum(values, 0))).T


def _active_set_steps(
    H: Array, q: Array, form: Form, w: Array, tol: Any, most: int
) -> tuple[Array, bool]:
    """Newton steps on the free coefficients, as far as signs and bounds allow."""
    l1, bounded = form.l1, form.bounded
    still = np.zeros(len(w), dtype=bool)
    for _ in range(most):
        slope = _times(H, w) - q + form.l2 * w
        zero = w == 0
        pull = -np.where(
            zero, slope - _clipped(slope, -l1, l1), slope + l1 * np.sign(w)
        )
        if bounded:
            below, above = w <= form.lower, w >= form.upper
            pull[below & (pull < 0) | above & (pull > 0)] = 0
            still = below | above
        off = np.abs(pull) > tol
        if not off.any():
            return w, True
        moving = ~(zero | still)
        index = np.flatnonzero(moving | _worst(pull, off & ~moving, int(moving.sum())))
        w = w.copy()
        w[index] = _stepped(H, form, w, slope, pull, index)
    return w, False


def _worst(pull: Array, off: Array, moving: int) -> Array:
    """Select the largest pulls; most others vanish after a step of these."""
    most = max(_FEW, moving // 2)
    index = np.flatnonzero(off)
    if len(index) <= most:
        return off
    chosen = np.zeros(len(off), dtype=bool)
    chosen[index[np.argpartition(-np.abs(pull[index]), most)[:most]]] = True
    return chosen


def _clipped(values: Array, low: Array, high: Array) -> Array:
    """Clip values; faster than numpy.clip for small arrays."""
    return np.minimum(np.maximum(values, low), high)


def _times(H: Array, w: Array) -> Array:
    """H w, with the rows of nonzero coefficients only if they are few."""
    index = np.flatnonzero(w)
    return H @ w if 4 * len(index) > len(w) else w[index] @ H[index]


def _stepped(
    H: Array, form: Form, w: Array, slope: Array, pull: Array, index: Array
) -> Array:
    """Minimise over some coefficients, stopped at zero and at bounds."""
    here, l1 = w[index], form.l1[index]
    sign = np.sign(np.where(here != 0, here, pull[index]))
    low = np.where((l1 > 0) & (sign > 0), 0, -np.inf)
    high = np.where((l1 > 0) & (sign < 0), 0, np.inf)
    low, high = np.maximum(low, form.lower[index]), np.minimum(high, form.upper[index])
    down = slope[index] + l1 * sign
    part = H[index[:, None], index]
    part.flat[:: len(index) + 1] += form.l2[index]
    keep = np.arange(len(index))
    while True:
        inner = part if len(keep) == len(index) else part[keep[:, None], keep]
        way = np.zeros(len(index))
        way[keep] = -_solve_damped(inner, down[keep])
        new = _clipped(here + way, low, high)
        move = new - here
        if down @ move + move @ part @ move / 2 < 0:
            return new
        # The objective would rise: go to the first coefficient that stops, without
        # those that cannot move.
        room = np.where(way > 0, high - here, here - low)[keep]
        goes = way[keep] != 0
        stuck = (room <= 0) & goes
        if not stuck.any() or stuck.all():
            share = np.min(room[goes] / np.abs(way[keep][goes]), initial=1.0)
            return np.clip(here + share * way, low, high)
        keep = keep[~stuck]


def _solve_damped(part: Array, slope: Array) -> Array:
    """Solve with the smallest ridge that makes the matrix definite."""
    level = float(np.trace(part)) / max(len(slope), 1)
    for ridge in (0.0, 1e-14, 1e-12, 1e-10, 1e-8):
        raised = part.copy()
        raised.flat[:: len(slope) + 1] += ridge * level
        # The transpose of a symmetric matrix is in the memory order of LAPACK.
        _, found, failed = linalg.lapack.dposv(raised.T, slope, overwrite_a=True)
        if not failed:
            return np.asarray(found)
    return np.asarray(np.linalg.lstsq(part, slope, rcond=None)[0])


def _coordinate_descent(H: Array, q: Array, form: Form, w: Array, tol: Any) -> Array:
    """Coordinate descent over the columns that vary."""
    size = np.diag(H)
    # Columns that are constant up to rounding get coefficients of zero.
    still = (size <= np.finfo(float).eps * size.max(initial=0.0)) & (form.l1 > 0)
    w = np.where(still, np.clip(0.0, form.lower, form.upper), w)
    varies = np.flatnonzero(size > np.finfo(float).eps * size.max(initial=0.0))
    gradient = H @ w - q
    for sweep in range(_MOST_SWEEPS):
        for j in varies:
            before = w[j]
            target = before - gradient[j] / size[j]
            level = form.l1[j] / size[j]
            new = np.sign(target) * max(abs(target) - level, 0.0)
            new = min(max(new, form.lower[j]), form.upper[j])
            if new != before:
                gradient += H[:, j] * (new - before)
                w[j] = new
        if sweep % 5 == 4:
            w, done = _active_set_steps(H, q, form, w, tol, 3)
            if done:
                return w
            gradient = H @ w - q
    return w
