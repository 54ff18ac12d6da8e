"""Centred and scaled columns of a linear model; sparse columns stay sparse."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Array = NDArray[Any]

# Size in bytes of the blocks of weighted rows that a product holds at a time.
_BLOCK_BYTES = 8_000_000


@dataclass(frozen=True)
class Design:
    """Columns z_j = (x_j - shift_j) / scale_j, and the products that solvers need.

    A dense matrix holds z itself (`applied`). A sparse matrix holds x, and shift and
    scale are applied to the products.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n, p)
        The columns.
    shift : ndarray of shape (p,)
        Weighted means, or zeros.
    scale : ndarray of shape (p,)
        Weighted standard deviations, or ones.
    applied : bool
        Whether `X` holds the shifted and scaled columns.
    """

    X: Any
    shift: Array
    scale: Array
    applied: bool

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and columns."""
        return self.X.shape

    @property
    def dtype(self) -> Any:
        """Type of the entries: float32 or float64."""
        return self.X.dtype

    @property
    def sparse(self) -> bool:
        """Whether the columns are sparse."""
        return sp.issparse(self.X)

    def times(self, coef: Array) -> Array:
        """Z coef, of shape (n,) or (n, k)."""
        if self.applied:
            # A product with another dtype would copy X. Sums over the columns of each
            # row are faster in this order.
            return (coef.T.astype(self.X.dtype, copy=False) @ self.X.T).T
        scaled = (coef.T / self.scale).T
        return self.X @ scaled - self.shift @ scaled

    def transposed_times(self, rows: Array) -> Array:
        """Z' rows, of shape (p,) or (p, k)."""
        if self.applied:
            return (rows.T.astype(self.X.dtype, copy=False) @ self.X).T
        total = rows.sum(axis=0)
        moved = self.X.T @ rows - np.multiply.outer(self.shift, total)
        return (moved.T / self.scale).T

    def gram(self, weight: Array) -> Array:
        """Z' diag(weight) Z, of shape (p, p), in float64."""
        if not self.applied:
            return self._sparse_gram(weight)
        n, p = self.X.shape
        total = np.zeros((p, p))
        step = max(1, _BLOCK_BYTES // max(1, p * self.X.itemsize))
        alike = n > 0 and weight[0] == weight.min() == weight.max()
        signed = bool((weight < 0).any())
        for first in range(0, n, step):
            block, w = self.X[first : first + step], weight[first : first + step]
            if alike:
                total += float(w[0]) * (block.T @ block)
            elif signed:
                total += block.T @ (block * w[:, None])
            else:
                half = block * np.sqrt(w)[:, None]
                total += half.T @ half  # symmetric: BLAS computes half the products
        return total

    def gram_with_intercept(self, weight: Array, intercept: bool) -> Array:
        """Like `gram`, with a last column of ones if there is an intercept."""
        p = self.shape[1]
        found = np.empty((p + intercept,) * 2)
        found[:p, :p] = self.gram(weight)
        if intercept:
            found[p, :p] = found[:p, p] = self.transposed_times(weight)
            found[p, p] = weight.sum()
        return found

    def _sparse_gram(self, weight: Array) -> Array:
        heavy = self.X.multiply(weight[:, None]).tocsr()
        product = (self.X.T @ heavy).toarray().astype(float)
        sums = np.asarray(heavy.sum(axis=0)).ravel()
        moved = np.outer(self.shift, sums)
        product -= moved + moved.T
        product += weight.sum() * np.outer(self.shift, self.shift)
        return product / np.outer(self.scale, self.scale)

    def kernel(self, factor: Array) -> Array:
        """Z diag(factor) Z', of shape (n, n), in float64; factors are not negative."""
        n, p = self.X.shape
        if not self.applied:
            factor = factor / self.scale**2
            right = self.X.multiply(factor).tocsr()
            product = (right @ self.X.T).toarray().astype(float)
            moved = right @ self.shift
            product -= moved[:, None] + moved
            return product + factor @ self.shift**2
        total = np.zeros((n, n))
        step = max(1, _BLOCK_BYTES // max(1, n * self.X.itemsize))
        for first in range(0, p, step):
            half = self.X[:, first : first + step] * np.sqrt(
                factor[first : first + step]
            )
            total += half @ half.T
        return total

    def squares(self, weight: Array) -> Array:
        """Weighted sum of squares of each column, of shape (p,)."""
        if self.applied:
            return np.einsum("ij,ij,i->j", self.X, self.X, weight)
        squared = self.X.multiply(self.X)
        sums = self.X.T @ weight
        total = squared.T @ weight - 2 * self.shift * sums
        total = total + weight.sum() * self.shift**2
        return np.maximum(total, 0) / self.scale**2

    def columns(self, index: Array) -> "Design":
        """Return some columns, in the given order."""
        picked = self.X[:, index]
        return replace(self, X=picked, shift=self.shift[index], scale=self.scale[index])

    def rows(self, index: Any) -> "Design":
        """Return some rows, with the same shift and scale."""
        return replace(self, X=self.X[index])

    def original(self, coef: Array, intercept: Array) -> tuple[Array, Array]:
        """Coefficients and intercept for x, from those for z."""
        scaled = (coef.T / self.scale).T
        return scaled, intercept - self.shift @ scaled

    def transformed(self, coef: Array, intercept: Array) -> tuple[Array, Array]:
        """Coefficients and intercept for z, from those for x."""
        return (coef.T * self.scale).T, intercept + self.shift @ coef


def make_design(
    X: Any,
    weight: Array,
    *,
    center: bool,
    standardize: bool,
    like: Design | None = None,
) -> Design:
    """Centre and scale columns by their weighted means and standard deviations.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n, p)
        Validated data, float32 or float64.
    weight : ndarray of shape (n,)
        Sample weights, which sum to one.
    center : bool
        Whether to subtract the mean, which needs an intercept.
    standardize : bool
        Whether to divide by the standard deviation (around zero without centring).
    like : Design or None
        A design whose shift and scale are used instead.

    Returns
    -------
    design : Design
    """
    p = X.shape[1]
    if like is not None:
        mean, scale = like.shift, like.scale
    else:
        mean = np.asarray(X.T @ weight, dtype=float) if center else np.zeros(p)
        scale = _standard_deviations(X, weight, mean) if standardize else np.ones(p)
    mean, scale = mean.astype(X.dtype), scale.astype(X.dtype)
    if sp.issparse(X):
        return Design(X.tocsr(), mean, scale, applied=False)
    moved = X - mean if center else np.array(X, copy=True, order="K")
    if standardize:
        moved /= scale
    return Design(moved, mean, scale, applied=True)


def _standard_deviations(X: Any, weight: Array, mean: Array) -> Array:
    """Weighted standard deviation of each column; one for constant columns."""
    if sp.issparse(X):
        squares = X.multiply(X).T @ weight
        variance = np.asarray(squares, dtype=float) - mean**2
    else:
        variance = np.array(
            [weight @ (column - m) ** 2 for column, m in zip(X.T, mean, strict=True)]
        )
    level = np.finfo(X.dtype).eps * (np.abs(mean) ** 2 + 1e-300) * 10
    return np.sqrt(np.where(variance > level, variance, 1.0))
