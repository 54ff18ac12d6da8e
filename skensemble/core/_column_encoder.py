"""Convert frames to numeric arrays; categories become codes."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

from skensemble.core._features import narrow_indices
from skensemble.core._frames import (
    as_pandas,
    holds_numbers,
    is_frame,
    is_number,
    numbers_of,
)
from skensemble.core._warnings import warn

Array = NDArray[Any]

# A column of words is most likely an identifier if more than this share of its values
# are different, and if there are at least so many values.
_UNIQUE_SHARE = 0.95
_MIN_ROWS = 30


@dataclass(frozen=True)
class ColumnEncoder:
    """The categories of each categorical column of the training data.

    Parameters
    ----------
    categories : dict of int to pandas.Index
        Position of a column to its categories, for categorical columns.
    objects : tuple of int
        Positions of the columns of dtype object that hold numbers.
    """

    categories: dict[int, pd.Index] = field(default_factory=dict)
    objects: tuple[int, ...] = ()

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
        numbers : ndarray of float, or `X` itself if there is nothing to convert
        """
        if not self.categories and not _needs_conversion(X):
            return X
        frame = as_pandas(X)
        numbers = np.empty(frame.shape, dtype=float)
        for j in range(frame.shape[1]):
            column = frame.iloc[:, j]
            known = self.categories.get(j)
            numbers[:, j] = (
                numbers_of(column) if known is None else _codes(column, known)
            )
        return numbers


def fit_column_encoder(X: Any) -> ColumnEncoder:
    """Find the categorical columns of a frame by their dtype.

    Parameters
    ----------
    X : frame, array or sparse matrix
        Training rows. Only frames have categorical columns: columns of categorical or
        string dtype, and object columns that hold anything but numbers.

    Returns
    -------
    columns : ColumnEncoder

    Warns
    -----
    UserWarning
        If nearly every row has a category of its own.
    """
    if not is_frame(X):
        return ColumnEncoder()
    frame = as_pandas(X)
    found: dict[int, pd.Index] = {}
    objects = []
    for j in range(frame.shape[1]):
        column = frame.iloc[:, j]
        if holds_numbers(column):
            objects += [j] * pd.api.types.is_object_dtype(column.dtype)
        else:
            found[j] = _categories_of(column)
            _warn_of_numbers(column)
            _warn_of_identifier(column, found[j])
    return ColumnEncoder(found, tuple(objects))


def _categories_of(column: pd.Series) -> pd.Index:
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return column.cat.categories
    if pd.api.types.is_object_dtype(dtype) or pd.api.types.is_string_dtype(dtype):
        return pd.Index(pd.unique(column.dropna().astype(str))).sort_values()
    raise ValueError(
        f"column {column.name!r} has dtype {dtype}, which is not supported; convert it "
        "to numbers or categories, or drop it."
    )


def _warn_of_numbers(column: pd.Series) -> None:
    """Warn if most values of an object column are numbers, and some are not."""
    if not pd.api.types.is_object_dtype(column.dtype):
        return
    if not pd.api.types.infer_dtype(column, skipna=True).startswith("mixed"):
        return
    values = column.dropna()
    others = values[[not is_number(value) for value in values]]
    if len(others) < 0.5 * len(values):
        warn(
            f"column {column.name!r} of dtype object is treated as a category, because "
            f"{len(others)} of its {len(values)} values are not numbers, such as "
            f"{others.iloc[0]!r}; make them missing with pandas.to_numeric(column, "
            "errors='coerce') if the column holds numbers.",
            UserWarning,
        )


def _warn_of_identifier(column: pd.Series, categories: pd.Index) -> None:
    n_values = int(column.notna().sum())
    if n_values < _MIN_ROWS or len(categories) <= _UNIQUE_SHARE * n_values:
        return
    n_used = column.nunique()
    if n_used > _UNIQUE_SHARE * n_values:
        warn(
            f"column {column.name!r} of dtype {column.dtype} is a category, but has "
            f"{n_used} different values in {n_values} rows, so that little can be "
            "learned from it; convert it to numbers if it holds numbers, or drop it if "
            "it is an identifier.",
            UserWarning,
        )


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
    if not encoder.categories and not _needs_conversion(X):
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


def _needs_conversion(X: Any) -> bool:
    """Whether `X` is a frame with numbers that scikit-learn may be unable to read."""
    if not is_frame(X):
        return False
    if not isinstance(X, pd.DataFrame):
        # Names of polars' types; a table of pyarrow has none.
        names = [str(dtype) for dtype in getattr(X, "dtypes", [""])]
        return not all(n.startswith(("Int", "UInt", "Float", "Bool")) for n in names)
    return any(
        isinstance(dtype, pd.ArrowDtype) or not pd.api.types.is_numeric_dtype(dtype)
        for dtype in X.dtypes
    )


def _codes(column: Any, known: pd.Index) -> Array:
    if not isinstance(column.dtype, pd.CategoricalDtype) and known.inferred_type in (
        "string",
        "empty",
    ):
        column = column.where(column.isna(), column.astype(str))
    codes = known.get_indexer(column).astype(float)
    codes[codes < 0] = np.nan
    return codes
