"""Weighted gradient and hessian of a loss, in float32 as the libraries need them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.boosting.engines._base import BoostingProblem
from skensemble.losses import SOFTMAX, Loss

Array = NDArray[Any]

# Number of rows per block: small enough for the cache, and large enough that numpy's
# overhead per call does not matter.
_BLOCK = 32_768


class Derivatives:
    """Derivatives of a loss with respect to the raw output of all training rows.

    Parameters
    ----------
    problem : BoostingProblem
        Loss, targets and weights.
    coupled : float
        Factor of the hessian if a softmax couples the columns: the diagonal alone is
        too small for steps in all columns at once. Each library has its own factor.
    dtype : type
        Data type of the library's raw output.
    """

    def __init__(self, problem: BoostingProblem, coupled: float, dtype: Any) -> None:
        rows = problem.train
        softmax = problem.loss.link_for(problem.task) == SOFTMAX
        self._factor = coupled if softmax else 1.0
        self._loss = problem.loss
        # Raw output in float32 is precise enough for probabilities, but not for the
        # residuals of large targets.
        continuous = problem.task in ("regression", "multioutput")
        self._dtype = np.float64 if continuous else dtype
        codes = problem.task == "multiclass"
        self._y = rows.y if codes else rows.y.astype(self._dtype)
        self._weight = rows.weight
        self._g = np.empty(rows.raw.shape, dtype=np.float32)
        self._h = np.empty(rows.raw.shape, dtype=np.float32)

    def __call__(self, raw: Array, mask: Array | None) -> tuple[Array, Array]:
        """Compute the derivatives; they are zero for rows that are masked out.

        Parameters
        ----------
        raw : ndarray of shape (n,) or (n, k)
            Current raw output.
        mask : ndarray of bool of shape (n,) or None
            The rows that the round is fitted on.

        Returns
        -------
        gradient, hessian : ndarrays of float32
        """
        loss = self._loss.adapted(self._y, raw, self._weight)
        # Block by block, so that intermediate results stay in the cache. On one thread,
        # because the library's own threads spin on the other cores between two rounds.
        for first in range(0, len(raw), _BLOCK):
            self._fill(loss, raw, mask, first)
        return self._g, self._h

    def _fill(self, loss: Loss, raw: Array, mask: Array | None, first: int) -> None:
        part = slice(first, first + _BLOCK)
        g, h = loss.gradient_hessian(
            self._y[part], raw[part].astype(self._dtype, copy=False)
        )
        if self._factor != 1:
            h = h * self._factor
        for values, kept in ((g, self._g), (h, self._h)):
            kept[part] = values
            for factor in (self._weight, mask):
                if factor is not None:
                    kept[part].T[...] *= factor[part]
