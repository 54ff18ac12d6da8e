"""One-hot encoding of the categorical columns of a frame."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from skensemble.core import (
    ColumnEncoder as Categories,
    as_pandas,
    fit_column_encoder,
    is_frame,
    validate_encoded,
)
from skensemble.linear_model.penalties import PenaltyColumns

Array = NDArray[Any]

# With more one-hot columns than this the matrix is sparse.
_MOST_DENSE = 200
# First words of scikit-learn's message about missing values.
_MISSING = "Input X contains NaN."
# Largest number of names in a message.
_SHOWN = 10


@dataclass(frozen=True)
class Encoding:
    """One-hot encoding that was fitted on training rows.

    Parameters
    ----------
    categories : ColumnEncoder
        The levels of each categorical column.
    names : tuple of str or None
        Names of the encoded columns, if the data has names.
    groups : ndarray of int or None
        Index of the source column of each encoded column; None for arrays.
    sources : tuple of str or None
        Name of the source column of each encoded column.
    """

    categories: Categories
    names: tuple[str, ...] | None
    groups: Array | None
    sources: tuple[str, ...] | None = None

    def expand(self, codes: Array) -> Any:
        """One-hot encode codes of levels; unknown levels are zero in all columns."""
        parts = [
            _one_hot(codes[:, j], len(self.categories.categories[j]))
            if j in self.categories.categories
            else sp.csr_matrix(codes[:, [j]])
            for j in range(codes.shape[1])
        ]
        if sum(part.shape[1] for part in parts) - len(parts) > _MOST_DENSE:
            return sp.hstack(parts, format="csr")
        dense = np.empty((len(codes), sum(part.shape[1] for part in parts)))
        first = 0
        for part in parts:
            dense[:, first : first + part.shape[1]] = part.toarray()
            first += part.shape[1]
        return dense

    def columns(self, n: int, scale: Array, pilot: Any) -> PenaltyColumns:
        """Describe the encoded columns for a penalty (see `PenaltyColumns`)."""
        return PenaltyColumns(
            n=n,
            names=self.names,
            groups=self.groups,
            scale=scale,
            pilot=pilot,
            sources=self.sources,
        )


def fit_encoding(X: Any) -> Encoding:
    """Find the categories of the training rows and the names of the encoded columns."""
    categories = fit_column_encoder(X)
    if not is_frame(X):
        return Encoding(categories, None, None)
    columns = as_pandas(X).columns
    names: list[str] = []
    groups: list[int] = []
    for j, name in enumerate(columns):
        levels = categories.categories.get(j)
        found = [str(name)] if levels is None else [f"{name}_{one}" for one in levels]
        names += found
        groups += [j] * len(found)
    sources = tuple(str(columns[j]) for j in groups)
    return Encoding(categories, tuple(names), np.array(groups, dtype=int), sources)


def encode(estimator: Any, X: Any, encoding: Encoding, *, reset: bool) -> Any:
    """Validate and encode rows.

    Parameters
    ----------
    estimator : estimator
        The estimator, whose ``n_features_in_`` is set or compared.
    X : {frame, array, sparse matrix} of shape (n, n_features)
        The rows.
    encoding : Encoding
        Encoding of the training rows.
    reset : bool
        Whether `X` is the training data.

    Returns
    -------
    X : ndarray of float or CSR matrix of shape (n, p)
        The encoded columns.
    """
    try:
        return _as_numbers(estimator, X, encoding, reset)
    except ValueError as error:
        where = ""
        if str(error).startswith(_MISSING) and is_frame(X):
            where = _names_of_missing(X, encoding)
        if not where:
            raise
        raise ValueError(
            f"{_MISSING}\n{type(estimator).__name__} does not accept missing values, which "
            f"are in {where}. Use a SimpleImputer in a Pipeline, or "
            "skensemble.preprocessing.make_member(model)."
        ) from error


def _as_numbers(estimator: Any, X: Any, encoding: Encoding, reset: bool) -> Any:
    codes = validate_encoded(estimator, X, encoding.categories, reset=reset)
    return encoding.expand(codes) if encoding.categories.categories else codes


def _names_of_missing(X: Any, encoding: Encoding) -> str:
    """Describe the numeric columns of a frame that have missing values, else ""."""
    frame = as_pandas(X)
    names = [
        name
        for j, name in enumerate(frame.columns)
        if j not in encoding.categories.categories and frame.iloc[:, j].isna().any()
    ]
    if not names:
        return ""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"the column{'s' * (len(names) > 1)} {names[:_SHOWN]}{more}"


def _one_hot(codes: Array, n_levels: int) -> Any:
    """One-hot columns of one column of codes, as a sparse matrix."""
    seen = np.flatnonzero(~np.isnan(codes))
    at = (seen, codes[seen].astype(int))
    return sp.csr_matrix((np.ones(len(seen)), at), shape=(len(codes), n_levels))
