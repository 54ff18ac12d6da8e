"""Gradient and hessian of a loss for a booster: weighted, in float32."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.boosting.engines._contract import Problem
from skensemble.losses import SOFTMAX, Loss

Array = NDArray[Any]

# Rows a block: small enough for the cache, large enough for numpy's overhead.
_BLOCK = 32_768


class Derivatives:
    """Derivatives of a loss by the raw output of all training rows.

    Parameters
    ----------
    problem : Problem
        Loss, targets and weights.
    coupled : float
        Factor of the hessian where the columns are coupled (softmax): its diagonal
        alone is too small for steps in all columns at once, and each library has its
        factor for that.
    dtype : type
        Of the raw output that the library gives.
    """

    def __init__(self, problem: Problem, coupled: float, dtype: Any) -> None:
        rows = problem.train
        softmax = problem.loss.link_for(problem.task) == SOFTMAX
        self._factor = coupled if softmax else 1.0
        self._loss = problem.loss
        # Where a library keeps raw output in float32 that is enough for probabilities,
        # but not for the residuals of large targets.
        numbers = problem.task in ("regression", "multioutput")
        self._dtype = np.float64 if numbers else dtype
        codes = problem.task == "multiclass"
        self._y = rows.y if codes else rows.y.astype(self._dtype)
        self._weight = rows.weight
        self._g = np.empty(rows.raw.shape, dtype=np.float32)
        self._h = np.empty(rows.raw.shape, dtype=np.float32)

    def __call__(self, raw: Array, mask: Array | None) -> tuple[Array, Array]:
        """Differentiate; rows that are masked out get zeros.

        Parameters
        ----------
        raw : ndarray of shape (n,) or (n, k)
            Raw output so far.
        mask : ndarray of bool of shape (n,) or None
            The rows that count.

        Returns
        -------
        gradient, hessian : ndarrays of float32
        """
        loss = self._loss.adapted(self._y, raw, self._weight)
        # Block by block, so that what is computed in between stays in the cache. On one
        # thread: the library's own threads spin on the other cores between two rounds.
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
        for found, kept in ((g, self._g), (h, self._h)):
            kept[part] = found
            for factor in (self._weight, mask):
                if factor is not None:
                    kept[part].T[...] *= factor[part]
