"""Strengths to try: the path from nothing selected to next to no penalty."""

from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.core import check_whole
from skensemble.linear_model._problem import Problem
from skensemble.linear_model.penalties import Penalty

Array = NDArray[Any]

# Where a penalty selects, the weakest is a thousandth of the strongest (Friedman,
# Hastie and Tibshirani, 2010, section 2.5); where it only shrinks, the strongest is as
# large as all curvature, and shrinkage is felt over many more decades.
_SELECTING, _SHRINKING = 1e-3, 1e-7


def check_grid(alphas: Any, n_alphas: Any, eps: Any) -> None:
    """Refuse strengths that are none.

    Parameters
    ----------
    alphas : "auto" or array-like
        Strengths.
    n_alphas : int
        How many, for "auto".
    eps : float or None
        The weakest over the strongest, for "auto".
    """
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
            f"alphas={alphas!r} must be 'auto' or a list of numbers of zero or more."
        )


def mixtures(penalty: Penalty, l1_ratios: Any) -> list[Penalty]:
    """One penalty for each mixing value, as the user gave it where there is none.

    Parameters
    ----------
    penalty : Penalty
        Unbound.
    l1_ratios : array-like of float or None
        Mixing values to try.

    Returns
    -------
    penalties : list of Penalty
    """
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


def strengths(problem: Problem, alphas: Any, n_alphas: int, eps: float | None) -> Array:
    """Strengths in descending order.

    Parameters
    ----------
    problem : Problem
        With the penalty bound to all rows.
    alphas : "auto" or array-like
        Strengths, or "auto": evenly on the logarithm, from the least at which all
        coefficients are zero (from the sum of the curvatures where a penalty never
        selects).
    n_alphas : int
        How many, for "auto".
    eps : float or None
        The weakest over the strongest, for "auto".

    Returns
    -------
    alphas : ndarray
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
