"""Standard errors of averaged models: the infinitesimal jackknife.

Wager, S., Hastie, T. and Efron, B. (2014). Confidence intervals for random forests: the
jackknife and the infinitesimal jackknife. Journal of Machine Learning Research 15,
1625-1651.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

Array = NDArray[Any]


@dataclass(frozen=True)
class Jackknife:
    r"""Products of the draws of all pairs of models.

    With :math:`N_{bi}`, the number of times that model `b` drew row `i`, and its
    prediction :math:`t_b`,

    .. math::
        \widehat V = \sum_i \Big(\frac1B \sum_b (N_{bi} - \bar N_i)(t_b - \bar t)\Big)^2
        - \frac{n}{B^2} \sum_b (t_b - \bar t)^2.

    The last term corrects for the finite number of models; `n` is the number of draws.
    As :math:`\sum_i (a_i^\top d)^2 = d^\top A A^\top d`, only the products of the draws
    of two models are needed.

    Parameters
    ----------
    products : ndarray of shape (n_models, n_models)
        Products of the centred draws of two models.
    n_draws : float
        Number of draws per model.
    """

    products: Array
    n_draws: float

    def standard_error(self, predictions: Array) -> Array:
        """Estimate the standard error of the mean of the models.

        Parameters
        ----------
        predictions : ndarray of shape (n_models, ...)
            The predictions of each model.

        Returns
        -------
        error : ndarray of shape (...)
            Zero where the estimated variance is not positive.
        """
        n_models = len(predictions)
        centred = (predictions - predictions.mean(axis=0)).reshape(n_models, -1)
        variance = ((self.products @ centred) * centred).sum(axis=0)
        bias = self.n_draws * (centred**2).sum(axis=0)
        corrected = np.maximum(variance - bias, 0) / n_models**2
        return np.sqrt(corrected).reshape(predictions.shape[1:])


def jackknife_from_draws(draws: Iterable[Array], n_units: int) -> Jackknife:
    """Products of the draws of models, given as the drawn units with repeats."""
    # Sparse rows, since a model does not draw most of the units.
    rows = [csr_matrix(np.bincount(drawn, minlength=n_units)) for drawn in draws]
    return jackknife_from_counts(vstack(rows, format="csr"))


def jackknife_from_counts(counts: Any) -> Jackknife:
    """Products of draws, given as a sparse matrix of counts (n_models, n_units)."""
    counts = counts.astype(float)
    common = (counts @ counts.T).toarray()
    centred = (
        common - common.mean(axis=0) - common.mean(axis=1)[:, None] + common.mean()
    )
    return Jackknife(centred, counts.sum() / counts.shape[0])
