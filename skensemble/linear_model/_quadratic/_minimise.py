"""Minimise w'Hw/2 - q'w + penalty(w) over w, for any penalty."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from skensemble.linear_model._quadratic._lasso import minimise_form
from skensemble.linear_model.penalties import Form, Penalty

Array = NDArray[Any]

# Largest number of lasso problems for a concave penalty.
_MOST_REWEIGHTED = 100


class Quadratic:
    """Quadratic w'Hw/2 - q'w, which is minimised along a path of penalties.

    Parameters
    ----------
    H : ndarray of shape (p, p)
        Symmetric, positive semidefinite, float64.
    q : ndarray of shape (p,)
        Linear term.
    """

    def __init__(self, H: Array, q: Array) -> None:
        self.H = H
        self.q = q

    def along(
        self, penalties: list[Penalty], start: Array | None = None, *, tol: Any
    ) -> Iterator[Array]:
        """Minimise with each penalty, starting from the previous minimum.

        Parameters
        ----------
        penalties : list of Penalty
            Bound penalties, the strongest first.
        start : ndarray of shape (p,) or None
            Initial coefficients; None is zero.
        tol : float or ndarray of shape (p,)
            Largest violation of the optimality conditions, per coefficient.

        Yields
        ------
        w : ndarray of shape (p,)
            The minimiser for each penalty.
        """
        w = np.zeros(len(self.q)) if start is None else np.asarray(start, dtype=float)
        for penalty in penalties:
            w = minimise_quadratic(self.H, self.q, penalty, w, tol)
            yield w


def ridge_inverse(values: Array, l2: Any) -> Array:
    """One over each eigenvalue plus a ridge, for matrices w'Hw/2 + l2 w'w/2.

    It is zero for directions without curvature, which gives the minimiser of least
    norm. The eigenvalues are in ascending order.
    """
    level = len(values) * np.finfo(float).eps * max(values[-1], 0.0)
    raised = np.maximum(values, 0) + l2
    return np.where(raised > level, 1 / np.maximum(raised, 1e-300), 0.0)


def minimise_quadratic(
    H: Array,
    q: Array,
    penalty: Penalty,
    start: Array,
    tol: Any,
    max_iter: int = 20_000,
) -> Array:
    """Minimise w'Hw/2 - q'w + penalty(w).

    Parameters
    ----------
    H : ndarray of shape (p, p)
        Symmetric, positive semidefinite, float64.
    q : ndarray of shape (p,)
        Linear term.
    penalty : Penalty
        Bound penalty.
    start : ndarray of shape (p,)
        Initial coefficients.
    tol : float or ndarray of shape (p,)
        Largest violation of the optimality conditions, per coefficient.
    max_iter : int
        Largest number of steps of the first-order method.

    Returns
    -------
    w : ndarray of shape (p,)
        The minimiser.
    """
    form = penalty.form(len(q))
    if form is not None:
        return minimise_form(H, q, form, start, tol)
    if penalty.separable:
        found = _reweighted(H, q, penalty, start, tol)
        if found is not None:
            return found
    return _accelerated(H, q, penalty, start, tol, max_iter)


def _reweighted(
    H: Array, q: Array, penalty: Penalty, start: Array, tol: Any
) -> Array | None:
    """Minimise a concave penalty by a sequence of lasso problems with its tangents.

    Zou and Li, "One-step sparse estimates in nonconcave penalized likelihood models",
    Annals of Statistics 36, 2008.
    """
    w, free = start.astype(float), np.full(len(q), np.inf)
    for _ in range(_MOST_REWEIGHTED):
        if np.all(penalty.violation(w, H @ w - q) <= tol):
            return w
        l1 = penalty.tangent(w)
        w = minimise_form(H, q, Form(l1, np.zeros(len(q)), -free, free), w, tol)
    return None


def _accelerated(
    H: Array, q: Array, penalty: Penalty, start: Array, tol: Any, max_iter: int
) -> Array:
    """Accelerated proximal gradient steps with restarts."""
    scale = np.maximum(
        np.diag(H), 1e-12 * max(float(np.diag(H).max(initial=0)), 1e-300)
    )
    steps = penalty.common_steps(1 / scale)
    root = np.sqrt(steps)
    most = float(
        linalg.eigvalsh(H * np.outer(root, root), subset_by_index=[len(q) - 1] * 2)[0]
    )
    steps = steps / max(most, 1e-300)
    w = here = start.astype(float)
    t = 1.0
    for k in range(max_iter):
        new = penalty.prox(here - steps * (H @ here - q), steps)
        if (here - new) / steps @ (new - w) > 0:
            t, here = 1.0, w
            new = penalty.prox(w - steps * (H @ w - q), steps)
        ahead = (1 + np.sqrt(1 + 4 * t * t)) / 2
        here = new + (t - 1) / ahead * (new - w)
        w, t = new, ahead
        if k % 10 == 9 and _done(penalty, w, H @ w - q, tol):
            break
    return w


def _done(penalty: Penalty, w: Array, gradient: Array, tol: Any) -> bool:
    each = penalty.violation(w, gradient)
    limit = np.min(tol) if len(each) != len(w) else tol
    return bool(np.all(each <= limit))
