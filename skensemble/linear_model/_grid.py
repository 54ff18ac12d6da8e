"""Grids of alphas and l1_ratios for cross-validation."""

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.core import check_whole
from skensemble.linear_model._problem import Problem
from skensemble.linear_model.penalties import Penalty

Array = NDArray[Any]

# Smallest alpha over largest alpha. For penalties that set coefficients to zero:
# Friedman, Hastie and Tibshirani, 2010, section 2.5. For other penalties the largest
# alpha is the sum of the curvatures, and the relevant range covers more decades.
_SELECTING, _SHRINKING = 1e-3, 1e-7


def check_grid(alphas: Any, n_alphas: Any, eps: Any) -> None:
    """Refuse invalid values of the parameters of a grid of alphas."""
    check_whole("n_alphas", n_alphas, 1)
    if eps is not None and not (isinstance(eps, Real) and 0 < float(eps) < 1):
        raise ValueError(f"eps={eps!r} must lie between 0 and 1, or be None.")
    if isinstance(alphas, str) and alphas == "auto":
        return
    try:
        found = np.asarray(alphas, dtype=float)
    except (TypeError, ValueError):
        found = np.array([-1.0])
    if found.ndim != 1 or not len(found) or not np.all((found >= 0) & (found < np.inf)):
        raise ValueError(
            f"alphas={alphas!r} must be 'auto' or a list of floats, 0 or more."
        )


def penalties_for(penalty: Penalty, l1_ratios: Any) -> list[Penalty]:
    """Return one unbound penalty per l1_ratio; the penalty itself if there are none."""
    if l1_ratios is None:
        return [penalty]
    params = penalty.get_params(deep=False)
    if "l1_ratio" not in params:
        raise ValueError(
            f"l1_ratios={l1_ratios!r} needs a penalty with l1_ratio, such as "
            f"ElasticNetPenalty() or SparseGroupLasso(), got penalty={penalty!r}."
        )
    found = [
        type(penalty)(**(params | {"l1_ratio": float(r)}))
        for r in np.atleast_1d(l1_ratios)
    ]
    for one in found:
        one.check()
    return found


def alphas_for(
    problem: Problem, alphas: Any, n_alphas: int, eps: float | None
) -> Array:
    """Return the alphas to try, in descending order.

    Parameters
    ----------
    problem : Problem
        Problem of all rows, with a bound penalty.
    alphas : "auto" or array-like
        The alphas, or "auto": evenly spaced on a logarithmic scale, from the least
        alpha at which all coefficients are zero (from the sum of the curvatures for
        penalties that set no coefficient to zero).
    n_alphas : int
        Number of alphas, for "auto".
    eps : float or None
        Smallest alpha over largest alpha, for "auto".

    Returns
    -------
    alphas : ndarray
        The alphas, descending.
    """
    if not isinstance(alphas, str):
        return np.sort(np.asarray(alphas, dtype=float))[::-1]
    start = problem.start()
    gradient = problem.gradient(problem.raw(start)).coef
    top, share = problem.penalty.largest(gradient), _SELECTING
    if not np.isfinite(top):
        curvature = problem.loss.hessian(problem.y, problem.raw(start))
        mean = float(np.max(np.average(curvature, axis=0, weights=problem.weight)))
        top, share = mean * float(np.sum(problem.norms**2)), _SHRINKING
    if not top > 0:
        return np.array([1.0])
    bottom = top * (share if eps is None else eps)
    return np.geomspace(top, bottom, n_alphas) if n_alphas > 1 else np.array([top])
