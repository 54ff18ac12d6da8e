"""How far a bag's prediction would move with other training rows."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# Training rows whose covariances are held in memory at a time.
_ROWS_AT_ONCE = 4096


def infinitesimal_jackknife(counts: Array, said: Array) -> Array:
    r"""Standard error of a bag's mean, by the infinitesimal jackknife.

    With the count :math:`N_{bi}` of row i in sample b, of B samples of s draws each, and
    the prediction :math:`t_b`,

    .. math:: V = \sum_i \mathrm{Cov}_b(N_{bi}, t_b)^2
        - \frac{s}{B^2} \sum_b (t_b - \bar t)^2,

    where the second part takes out what finitely many members add by chance.

    Parameters
    ----------
    counts : ndarray of int of shape (n_members, n_rows)
        How often each row is in each sample.
    said : ndarray of shape (n_members, n) or (n_members, n, k)
        What each member predicts.

    Returns
    -------
    error : ndarray of shape (n,) or (n, k)
        The square root of V; zero where V is negative.

    References
    ----------
    .. [1] Wager, S., Hastie, T. and Efron, B. (2014). Confidence intervals for random forests:
       the jackknife and the infinitesimal jackknife. JMLR 15, 1625-1651, equations 5 and 7.
    """
    n_members = len(said)
    shape = said.shape[1:]
    spread = said.reshape(n_members, -1)
    spread = spread - spread.mean(axis=0)
    variance = np.zeros(spread.shape[1])
    for start in range(0, counts.shape[1], _ROWS_AT_ONCE):
        part = counts[:, start : start + _ROWS_AT_ONCE].astype(float)
        part -= part.mean(axis=0)
        variance += np.sum((part.T @ spread / n_members) ** 2, axis=0)
    draws = counts[0].sum()
    by_chance = draws * np.sum(spread**2, axis=0) / n_members**2
    return np.sqrt(np.maximum(variance - by_chance, 0.0)).reshape(shape)
