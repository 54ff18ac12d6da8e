"""How far a mean of models would move with other rows: the infinitesimal jackknife.

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
    r"""What the draws of all models have in common.

    With :math:`N_{bi}`, how often model `b` drew row `i`, and :math:`t_b`, what it says,

    .. math::
        \widehat V = \sum_i \Big(\frac1B \sum_b (N_{bi} - \bar N_i)(t_b - \bar t)\Big)^2
        - \frac{n}{B^2} \sum_b (t_b - \bar t)^2.

    The last term is the bias that comes from a finite number of trees, `n` the number of
    draws. As :math:`\sum_i (a_i^\top d)^2 = d^\top A A^\top d`, a product of trees with
    trees is all that is needed of the draws.

    Parameters
    ----------
    common : ndarray of shape (n_trees, n_trees)
        Products of the centred draws of two trees.
    n_draws : float
        How many draws a tree is grown on.
    """

    common: Array
    n_draws: float

    def standard_error(self, said: Array) -> Array:
        """Give the standard error of the mean of the trees.

        Parameters
        ----------
        said : ndarray of shape (n_trees, ...)
            What each tree says.

        Returns
        -------
        error : ndarray of shape (...)
            Zero where the estimated variance is not above zero.
        """
        n_trees = len(said)
        apart = (said - said.mean(axis=0)).reshape(n_trees, -1)
        variance = ((self.common @ apart) * apart).sum(axis=0)
        bias = self.n_draws * (apart**2).sum(axis=0)
        corrected = np.maximum(variance - bias, 0) / n_trees**2
        return np.sqrt(corrected).reshape(said.shape[1:])


def jackknife(draws: Iterable[Array], n_units: int) -> Jackknife:
    """Compare the draws of trees, each given as units drawn, with repeats."""
    # Tree by tree, because most units are not drawn by a tree: less memory.
    rows = [csr_matrix(np.bincount(drawn, minlength=n_units)) for drawn in draws]
    return jackknife_of(vstack(rows, format="csr"))


def jackknife_of(counts: Any) -> Jackknife:
    """Compare draws given as counts, a sparse matrix of shape (n_models, n_rows)."""
    counts = counts.astype(float)
    common = (counts @ counts.T).toarray()
    centred = (
        common - common.mean(axis=0) - common.mean(axis=1)[:, None] + common.mean()
    )
    return Jackknife(centred, counts.sum() / counts.shape[0])
