"""Quantiles of a continuous target from the out-of-fold errors of similar rows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

Array = NDArray[Any]

# Smallest error size, as a share of the mean absolute error.
_MIN_SIZE = 0.1
# Maximum number of rows that the error sizes are fitted on; the quantiles use all.
_MAX_ROWS = 50_000


@dataclass(frozen=True)
class ErrorModel:
    r"""Quantiles of the target, :math:`\hat y + \hat\sigma(x) Q_q`.

    The size of the errors, :math:`\hat\sigma`, is predicted from the prediction and
    from the standard deviation over the members. :math:`Q_q` is the quantile of the
    out-of-fold :math:`(y - \hat y) / \hat\sigma`, such that the target of a new row is
    below it with a probability of q or slightly more (normalized conformal prediction:
    Papadopoulos et al., "Inductive confidence machines for regression", ECML 2002).

    Parameters
    ----------
    size : estimator
        Predicts the absolute error.
    min_size : float
        Smallest error size.
    ratios : ndarray of shape (n_samples,)
        Errors divided by their sizes, sorted.
    """

    size: Any
    min_size: float
    ratios: Array

    def quantiles(self, predictions: Array, spread: Array, q: Array) -> Array:
        """Return quantiles of the target of new rows.

        Parameters
        ----------
        predictions, spread : ndarray of shape (n_samples,)
            Predictions, and standard deviations over the members.
        q : ndarray of shape (n_quantiles,)
            Levels between 0 and 1.

        Returns
        -------
        y : ndarray of shape (n_samples, n_quantiles)
        """
        scale = self.size.predict(np.column_stack([predictions, spread]))
        scale = np.maximum(scale, self.min_size)
        n = len(self.ratios)
        # n + 1 intervals: the error of a new row may be larger than all others.
        at = np.clip(np.ceil(q * (n + 1)).astype(int) - 1, 0, n - 1)
        return np.asarray(predictions[:, None] + scale[:, None] * self.ratios[at])


def fit_error_model(
    y: Array, predictions: Array, spread: Array, seed: int
) -> ErrorModel:
    """Fit the error sizes and quantiles of out-of-fold predictions.

    Parameters
    ----------
    y, predictions, spread : ndarray of shape (n_samples,)
        The target, out-of-fold predictions and standard deviations over the members.
    seed : int
        Seed of the model of the error sizes.

    Returns
    -------
    errors : ErrorModel
    """
    error, table = y - predictions, np.column_stack([predictions, spread])
    rows = slice(None, None, -(-len(y) // _MAX_ROWS))
    size = HistGradientBoostingRegressor(
        max_iter=60,
        max_leaf_nodes=8,
        learning_rate=0.08,
        min_samples_leaf=max(5, min(50, len(y) // 20)),
        random_state=seed,
    )
    # On two columns a second thread saves nothing, and waits on a busy machine.
    with threadpool_limits(1):
        size.fit(table[rows], np.abs(error[rows]))
        sizes = size.predict(table)
    min_size = max(_MIN_SIZE * float(np.abs(error).mean()), np.finfo(float).tiny)
    scale = np.maximum(sizes, min_size)
    return ErrorModel(size, min_size, np.sort(error / scale))
