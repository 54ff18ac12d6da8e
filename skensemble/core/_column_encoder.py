"""Convert frames to numeric arrays; categories become codes."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from skensemble.core._features import narrow_indices

Array = NDArray[Any]


@dataclass(frozen=True)
class ColumnEncoder:
    """The categories of each categorical column of the training data.

    Parameters
    ----------
    categories : dict of int to pandas.Index
        Position of a column to its categories, for categorical columns.
    """

    categories: dict[int, pd.Index] = field(default_factory=dict)

    @property
    def categorical(self) -> tuple[int, ...]:
        """Positions of the categorical columns."""
        return tuple(self.categories)

    def encode(self, X: Any) -> Any:
        """Replace categories by codes; an unknown category becomes NaN.

        Parameters
        ----------
        X : frame, array or sparse matrix
            The rows.

        Returns
        -------
        numbers : ndarray of float, or `X` itself if it has no categorical column
        """
        if not self.categories:
            return X
        frame = as_pandas(X)
        numbers = np.empty(frame.shape, dtype=float)
        for j in range(frame.shape[1]):
            column = frame.iloc[:, j]
            known = self.categories.get(j)
            numbers[:, j] = _numbers(column) if known is None else _codes(column, known)
        return numbers


def fit_column_encoder(X: Any) -> ColumnEncoder:
    """Find the categorical columns of a frame by their dtype.

    Parameters
    ----------
    X : frame, array or sparse matrix
        Training rows. Only frames have categorical columns: columns of categorical,
        string or object dtype.

    Returns
    -------
    columns : ColumnEncoder
    """
    if not hasattr(X, "columns"):
        return ColumnEncoder()
    frame = as_pandas(X)
    found = {}
    for j in range(frame.shape[1]):
        column = frame.iloc[:, j]
        if isinstance(column.dtype, pd.CategoricalDtype):
            found[j] = column.cat.categories
        elif column.dtype == object or pd.api.types.is_string_dtype(column.dtype):
            found[j] = pd.Index(pd.unique(column.dropna().astype(str))).sort_values()
        elif not pd.api.types.is_numeric_dtype(column.dtype):
            raise ValueError(
                f"column {frame.columns[j]!r} has dtype {column.dtype}, which is "
                "not supported; convert it to numbers or categories, or drop it."
            )
    return ColumnEncoder(found)


def validate_encoded(
    estimator: Any,
    X: Any,
    encoder: ColumnEncoder,
    *,
    reset: bool,
    allow_nan: bool = False,
) -> Any:
    """Validate `X` for an estimator and encode its categorical columns.

    Parameters
    ----------
    estimator : estimator
        The estimator, whose ``n_features_in_`` is set or compared.
    X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
        The data.
    encoder : ColumnEncoder
        The categories of the training data.
    reset : bool
        Whether `X` is the training data.
    allow_nan : bool, default=False
        Whether numeric columns may hold missing values.

    Returns
    -------
    X : ndarray of float or CSR matrix of shape (n_samples, n_features)
        Categories are codes; unknown categories are NaN.
    """
    finite: Any = "allow-nan" if allow_nan else True
    if not encoder.categories:
        return validate_data(
            estimator,
            narrow_indices(X),
            reset=reset,
            accept_sparse="csr",
            accept_large_sparse=False,
            dtype=[np.float64, np.float32],
            ensure_all_finite=finite,
        )
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    codes = encoder.encode(X)
    if allow_nan:
        return check_array(codes, ensure_all_finite=finite, input_name="X")
    numeric = [j for j in range(codes.shape[1]) if j not in encoder.categories]
    if numeric:
        check_array(codes[:, numeric], input_name="X")
    return codes


def as_pandas(X: Any) -> pd.DataFrame:
    """Convert a frame of another library, or an array, to a pandas frame."""
    if isinstance(X, pd.DataFrame):
        return X
    if not hasattr(X, "columns"):  # an array of objects
        return pd.DataFrame(X)
    # Another library's frame (polars), without importing it.
    return pd.DataFrame({name: pd.Series(X[name].to_list()) for name in X.columns})


def _codes(column: Any, known: pd.Index) -> Array:
    if not isinstance(column.dtype, pd.CategoricalDtype) and known.inferred_type in (
        "string",
        "empty",
    ):
        column = column.where(column.isna(), column.astype(str))
    codes = known.get_indexer(column).astype(float)
    codes[codes < 0] = np.nan
    return codes


def _numbers(column: Any) -> Array:
    try:
        return np.asarray(column.to_numpy(dtype=float, na_value=np.nan))
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"column {column.name!r} was numeric in fit but has dtype {column.dtype} now; convert "
            "it to numbers."
        ) from error
