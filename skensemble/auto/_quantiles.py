"""Quantiles of a number from the out-of-fold errors of similar rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

Array = NDArray[Any]

# Errors are divided by no less than this share of their mean size.
_LEAST = 0.1
# Rows that tell how large errors are; the quantiles are of all.
_MOST_ROWS = 50_000


@dataclass(frozen=True)
class ErrorModel:
    r"""How far off a prediction may be: :math:`\hat y + \hat\sigma(x) Q_q`.

    The size of the errors, :math:`\hat\sigma`, is learned from the prediction and from
    how much members differ; :math:`Q_q` is the quantile of :math:`(y - \hat y) /
    \hat\sigma` out of fold, such that a new row is below it with probability q or a
    little more (normalised conformal prediction: Papadopoulos et al., "Inductive
    confidence machines for regression", ECML 2002).

    Parameters
    ----------
    size : estimator
        Predicts the size of an error.
    least : float
        The smallest.
    ratios : ndarray of shape (n,)
        Errors divided by their size, sorted.
    """

    size: Any
    least: float
    ratios: Array

    def quantiles(self, said: Array, spread: Array, q: Array) -> Array:
        """Quantiles of new rows.

        Parameters
        ----------
        said, spread : ndarray of shape (n,)
            Predictions, and standard deviations over members.
        q : ndarray of shape (n_quantiles,)
            Between 0 and 1.

        Returns
        -------
        y : ndarray of shape (n, n_quantiles)
        """
        scale = np.maximum(self.size.predict(_table(said, spread)), self.least)
        n = len(self.ratios)
        # One row more than were seen: beyond all is possible too.
        at = np.clip(np.ceil(q * (n + 1)).astype(int) - 1, 0, n - 1)
        return np.asarray(said[:, None] + scale[:, None] * self.ratios[at])


def learn_errors(y: Array, said: Array, spread: Array, seed: int) -> ErrorModel:
    """Learn how far off out-of-fold predictions are.

    Parameters
    ----------
    y, said, spread : ndarray of shape (n,)
        The truth, predictions out of fold, and standard deviations over members.
    seed : int
        Of the model of the size.

    Returns
    -------
    errors : ErrorModel
    """
    error = y - said
    some = slice(None, None, -(-len(y) // _MOST_ROWS))
    size = HistGradientBoostingRegressor(
        max_iter=60,
        max_leaf_nodes=8,
        learning_rate=0.08,
        min_samples_leaf=max(5, min(50, len(y) // 20)),
        random_state=seed,
    )
    # Two columns are no work for two threads, and on a busy machine these wait long.
    with threadpool_limits(1):
        size.fit(_table(said[some], spread[some]), np.abs(error[some]))
        sizes = size.predict(_table(said, spread))
    least = max(_LEAST * float(np.abs(error).mean()), np.finfo(float).tiny)
    scale = np.maximum(sizes, least)
    return ErrorModel(size, least, np.sort(error / scale))


def _table(said: Array, spread: Array) -> Array:
    return np.column_stack([said, spread])
