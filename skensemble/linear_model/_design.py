"""Centred and scaled columns of a linear model; sparse columns stay sparse."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skensemble.linear_model._moments import Moments, column_moments, row_blocks

Array = NDArray[Any]

# Size in bytes of the blocks of weighted rows that a product holds at a time.
_BLOCK_BYTES = 8_000_000
# Largest squared mean over variance of sparse columns in float32.
_MOST_CANCELLED = 100.0


@dataclass(frozen=True)
class Design:
    """Columns z_j = (x_j - mean_j) / scale_j, and the products that solvers need.

    A dense matrix holds z itself (`applied`). A sparse matrix holds x_j / scale_j, and
    the shift is applied to the products. With an intercept, columns that are constant
    up to rounding are zero.

    Parameters
    ----------
    X : ndarray or CSR matrix of shape (n, p)
        The columns.
    shift : ndarray of shape (p,)
        Shift of the columns of `X`: mean over scale; zero for constant columns.
    mean : ndarray of shape (p,)
        Weighted means, or zeros.
    scale : ndarray of shape (p,)
        Weighted standard deviations, or ones.
    applied : bool
        Whether `X` holds the shifted columns.
    """

    X: Any
    shift: Array
    mean: Array
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
        return self.X @ coef - self.shift @ coef

    def transposed_times(self, rows: Array) -> Array:
        """Z' rows, of shape (p,) or (p, k)."""
        if self.applied:
            return (rows.T.astype(self.X.dtype, copy=False) @ self.X).T
        total = rows.sum(axis=0)
        return self.X.T @ rows - np.multiply.outer(self.shift, total)

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
        return product + weight.sum() * np.outer(self.shift, self.shift)

    def kernel(self, factor: Array) -> Array:
        """Z diag(factor) Z', of shape (n, n), in float64; factors are not negative."""
        n, p = self.X.shape
        if not self.applied:
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
        return np.maximum(total, 0)

    def columns(self, index: Array) -> "Design":
        """Return some columns, in the given order."""
        parts = (self.shift[index], self.mean[index], self.scale[index])
        return Design(self.X[:, index], *parts, self.applied)

    def rows(self, index: Any) -> "Design":
        """Return some rows, with the same shift and scale."""
        return replace(self, X=self.X[index])

    def original(self, coef: Array, intercept: Array) -> tuple[Array, Array]:
        """Coefficients and intercept for x, from those for z."""
        scaled = (coef.T / self.scale).T
        moved = intercept - self.mean @ scaled
        return scaled.astype(coef.dtype), np.asarray(moved, self._type(intercept))

    def transformed(self, coef: Array, intercept: Array) -> tuple[Array, Array]:
        """Coefficients and intercept for z, from those for x."""
        moved = intercept + self.mean @ coef
        scaled = (coef.T * self.scale).T.astype(coef.dtype)
        return scaled, np.asarray(moved, self._type(intercept))

    def _type(self, intercept: Array) -> Any:
        return np.asarray(intercept).dtype

    def wide(self) -> "Design":
        """Return the columns in float64."""
        if self.dtype == np.float64:
            return self
        X, shift, mean, scale = (
            part.astype(np.float64)
            for part in (self.X, self.shift, self.mean, self.scale)
        )
        return Design(X, shift, mean, scale, self.applied)


def make_design(
    X: Any,
    weight: Array,
    *,
    center: bool,
    standardize: bool,
    like: Design | None = None,
    names: Sequence[str] | None = None,
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
        A design whose means and scales are used instead.
    names : sequence of str or None
        Names of the columns, for messages.

    Returns
    -------
    design : Design
    """
    constant = np.zeros(X.shape[1], dtype=bool)
    if like is not None:
        mean, scale = like.mean, like.scale
    else:
        moments = column_moments(X, weight, center=center, standardize=standardize)
        mean, constant, scale = moments.mean, moments.constant, moments.deviation
        if not standardize and moments.extreme(X.dtype).any():
            X = _as_wide(X, moments, names)
    if sp.issparse(X):
        return _sparse_design(X, mean, scale, constant)
    moved = np.empty_like(X)
    for rows in row_blocks(X):
        block = X[rows].astype(float)
        block -= mean
        block /= scale
        moved[rows] = block
    moved[:, constant] = 0
    return Design(moved, mean / scale, mean, scale, applied=True)


def _as_wide(X: Any, moments: Moments, names: Sequence[str] | None) -> Any:
    """Columns in float64, or an error if their squares overflow or vanish there."""
    bad = np.flatnonzero(moments.extreme(float))
    if len(bad):
        j = bad[0]
        name = f"{j}" if names is None else repr(names[j])
        raise ValueError(
            f"Column {name} of X has values of size {moments.largest[j]:.1e}, whose "
            "squares are not finite or are zero; use other units, or standardize=True."
        )
    return X.astype(float)


def _sparse_design(X: Any, mean: Array, scale: Array, constant: Array) -> Design:
    """Scaled columns with their shift; in float64 if float32 would lose digits."""
    shift = np.where(constant, 0.0, mean / scale)
    factor = np.where(constant, 0.0, 1 / scale)
    # Products subtract squares of the shift from sums of this size.
    squares = np.asarray(X.multiply(factor).power(2).mean(axis=0)).ravel()
    spread = np.maximum(squares - shift**2, 0)
    far = shift**2 > _MOST_CANCELLED * spread
    dtype = np.dtype(float) if far.any() else X.dtype
    moved = X.astype(float).multiply(factor).tocsr().astype(dtype)
    parts = (shift.astype(dtype), mean.astype(dtype), scale.astype(dtype))
    return Design(moved, *parts, applied=False)
