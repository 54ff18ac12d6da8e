"""Minimisers over the simplex: weights that are not negative and sum to one."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

Array = NDArray[Any]

# No weights can have a mean log loss lower by more than this.
_GAP = 1e-10


def least_squares(residuals: Array) -> Array:
    r"""Minimise the length of a convex combination of columns.

    :math:`\min_{w \in \Delta} |R w|^2`, which is least squares on the simplex, since
    R w = P w - y if w sums to one. It is solved exactly as the non-negative least
    squares problem :math:`\min_{v \ge 0} |R v|^2 + c^2 (1 - \sum v)^2`, with w = v /
    sum(v) (the least-distance problem of Lawson and Hanson, "Solving least squares
    problems", 1974, chapter 23). For v = s w with the best s, its objective is c² q /
    (c² + q) with q = \|R w\|², which increases with q, so that both problems have the
    same solution w for any c.

    Parameters
    ----------
    residuals : ndarray of shape (n, n_members)
        Residuals, times the roots of the weights of rows.

    Returns
    -------
    w : ndarray of shape (n_members,)
    """
    triangle: Array = np.asarray(np.linalg.qr(residuals, mode="r"))
    scale = np.abs(triangle).max() or 1.0
    # In the scale of the residuals, so that both parts have a similar size.
    augmented = np.vstack([triangle / scale, np.ones(triangle.shape[1])])
    aim = np.zeros(len(augmented))
    aim[-1] = 1.0
    v = nnls(augmented, aim, maxiter=100 * len(augmented))[0]
    return v / v.sum()


def largest_likelihood(likelihood: Array, weight: Array) -> Array:
    r"""Maximise the mean log of a convex combination.

    :math:`\min_{w \in \Delta} -\sum_i \omega_i \log u_i`, u = w P, with weights of
    entries that sum to one. Newton steps, each a quadratic programme on the simplex,
    alternate with steps of expectation maximisation (w times the slopes). The latter
    never increase the loss, and make progress where the quadratic model is poor. There
    are at most 200 rounds; ten are usually enough.

    Parameters
    ----------
    likelihood : ndarray of shape (n_members, n)
        Probability of the target by each member, above zero.
    weight : ndarray of shape (n,)
        Weights of the entries.

    Returns
    -------
    w : ndarray of shape (n_members,)
    """
    omega = weight / weight.sum()
    w = np.full(len(likelihood), 1 / len(likelihood))
    u = w @ likelihood
    for _ in range(200):
        slopes = likelihood @ (omega / u)
        if slopes.max() - 1 <= _GAP:  # bounds what any other weights could gain
            break
        w = w * slopes / (w @ slopes)
        u = w @ likelihood
        w, u = _newton(likelihood, omega, w, u)
    return w


def _newton(likelihood: Array, omega: Array, w: Array, u: Array) -> tuple[Array, Array]:
    """Step from w to the minimum of the quadratic model at w, or part of the way."""
    # Up to constants the model at z is |A z - 2 b|² / 2, A = sqrt(omega) P / u and
    # b = sqrt(omega); with z summing to one that is |(A - 2 b 1') z|² / 2.
    root = np.sqrt(omega)
    model = (likelihood / u - 2) * root
    direction = least_squares(_root(model @ model.T)) - w
    slope = -(likelihood @ (omega / u)) @ direction
    along = direction @ likelihood
    step, before = 1.0, omega @ np.log(u)
    while step > 1e-8 and slope < 0:
        ahead = u + step * along
        if ahead.min() > 0 and omega @ np.log(ahead) >= before - step * slope / 4:
            w = np.maximum(w + step * direction, 0)
            w /= w.sum()
            return w, w @ likelihood
        step /= 2
    return w, u


def _root(gram: Array) -> Array:
    """Return a square matrix R with R'R = gram."""
    values, vectors = np.linalg.eigh(gram)
    return np.sqrt(np.maximum(values, 0))[:, None] * vectors.T


def vertex(scores: Array) -> Array:
    """Put all weight on the first of the highest scores.

    Parameters
    ----------
    scores : ndarray of shape (n_members,)
        Scores of the members; higher is better.

    Returns
    -------
    w : ndarray of shape (n_members,)
    """
    return np.eye(len(scores))[int(scores.argmax())]
