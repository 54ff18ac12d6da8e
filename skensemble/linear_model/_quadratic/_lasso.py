"""Quadratics with absolute values, squares and bounds: find the signs, then solve.

scikit-learn's compiled coordinate descent finds which coefficients are zero; a linear
system over the others then gives them to the last digit. Where both do not agree yet,
the descent goes on to a tighter tolerance.
"""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import enet_path

from skensemble.linear_model.penalties import Form

Array = NDArray[Any]

_MOST_POLISHED = 50
_MOST_SWEEPS = 100
_ROUNDING = 1e-14


def minimise_form(H: Array, q: Array, form: Form, start: Array, tol: Any) -> Array:
    """Minimise w'Hw/2 - q'w + sum of l1 |w| + l2 w²/2 within bounds.

    Parameters
    ----------
    H : ndarray of shape (p, p)
        Symmetric, positive semidefinite, float64.
    q : ndarray of shape (p,)
        The linear part.
    form : Form
        The penalty.
    start : ndarray of shape (p,)
        Where to begin.
    tol : float or ndarray of shape (p,)
        Largest violation of the optimality conditions, of each coefficient.

    Returns
    -------
    w : ndarray of shape (p,)
    """
    whole = H + np.diag(form.l2)
    # Slopes are sums of such terms, and no more exact than their rounding.
    tol = np.maximum(tol, _ROUNDING * (np.abs(q).max(initial=0) + form.l1))
    w = np.clip(np.asarray(start, dtype=float), form.lower, form.upper)
    w, done = _active(whole, q, form, w, tol, _MOST_POLISHED)
    if done:
        return w
    if form.bounded or not (form.l1 > 0).all():
        return _descended(whole, q, form, w, tol)
    for accuracy in (1e-4, 1e-6, 1e-8, 1e-10, 1e-12):
        found = _enet(whole, q, form, w, accuracy)
        w, done = _active(whole, q, form, found, tol, 5)
        if done:
            return w
    return _descended(whole, q, form, w, tol)


def _enet(H: Array, q: Array, form: Form, start: Array, accuracy: float) -> Array:
    """Coordinate descent on columns scaled to a penalty of one."""
    scale = 1 / form.l1
    G = np.ascontiguousarray(H * np.outer(scale, scale))
    p = len(q)
    root = _square_root(G)
    y = linalg.lstsq(root.T, q * scale)[0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        _, coefs, _ = enet_path(
            np.asfortranarray(root),
            y,
            l1_ratio=1.0,
            alphas=[1 / p],
            precompute=G,
            Xy=q * scale,
            coef_init=start / scale,
            tol=accuracy,
            max_iter=2000,
            check_input=False,
        )
    return coefs[:, 0] * scale


def _square_root(G: Array) -> Array:
    """R with R'R = G."""
    values, vectors = np.linalg.eigh(G)
    return (vectors * np.sqrt(np.maximum(values, 0))).T


def _active(
    H: Array, q: Array, form: Form, w: Array, tol: Any, most: int
) -> tuple[Array, bool]:
    """Newton steps on the free coefficients, each as far as its sign or bound holds."""
    for _ in range(most):
        gradient = H @ w - q
        down = gradient
        pull = np.where(
            w == 0,
            np.clip(down, -form.l1, form.l1) - down,
            -(down + form.l1 * np.sign(w)),
        )
        held = ((w <= form.lower) & (pull < 0)) | ((w >= form.upper) & (pull > 0))
        pull = np.where(held, 0.0, pull)
        if np.all(np.abs(pull) <= tol):
            return w, True
        at_bound = (w <= form.lower) | (w >= form.upper)
        free = ~held & ((w != 0) & ~at_bound | (np.abs(pull) > tol))
        index = np.flatnonzero(free)
        sign = np.where(w != 0, np.sign(w), np.sign(pull))[index]
        slope = down[index] + form.l1[index] * sign
        part = H[np.ix_(index, index)]
        way = -_solved(part, slope)
        kinked = form.l1[index] > 0
        low = np.where(
            kinked & (sign > 0), np.maximum(form.lower[index], 0), form.lower[index]
        )
        high = np.where(
            kinked & (sign < 0), np.minimum(form.upper[index], 0), form.upper[index]
        )
        new = np.clip(w[index] + way, low, high)
        move = new - w[index]
        bend = move @ part @ move
        fall = slope @ move
        if not fall + bend / 2 < 0:
            return w, False
        w = w.copy()
        w[index] = new
    return w, False


def _solved(part: Array, slope: Array) -> Array:
    """Solve with the least ridge that makes the matrix definite."""
    level = float(np.trace(part)) / max(len(slope), 1)
    for ridge in (0.0, 1e-14, 1e-12, 1e-10, 1e-8):
        try:
            factor = linalg.cho_factor(part + ridge * level * np.eye(len(slope)))
        except linalg.LinAlgError:
            continue
        return np.asarray(linalg.cho_solve(factor, slope))
    return np.asarray(np.linalg.lstsq(part, slope, rcond=None)[0])


def _descended(H: Array, q: Array, form: Form, w: Array, tol: Any) -> Array:
    """Coordinate descent in plain steps, over those that move."""
    w = w.copy()
    gradient = H @ w - q
    size = np.maximum(np.diag(H), 1e-300)
    for sweep in range(_MOST_SWEEPS):
        for j in range(len(w)):
            before = w[j]
            target = before - gradient[j] / size[j]
            level = form.l1[j] / size[j]
            new = np.sign(target) * max(abs(target) - level, 0.0)
            new = min(max(new, form.lower[j]), form.upper[j])
            if new != before:
                gradient += H[:, j] * (new - before)
                w[j] = new
        if sweep % 5 == 4:
            w, done = _active(H, q, form, w, tol, 3)
            if done:
                return w
            gradient = H @ w - q
    return w
