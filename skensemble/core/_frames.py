"""Read tables of pandas, polars and pyarrow alike, and numbers of any type in them."""

from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[Any]

# Words that are common for missing values.
MISSING_WORDS = {
    "",
    "?",
    "-",
    "na",
    "n/a",
    "nan",
    "none",
    "null",
    "<na>",
    "missing",
    "unknown",
}
# Content of an object column, in the words of `pandas.api.types.infer_dtype`.
_NUMBERS = {"integer", "floating", "mixed-integer-float", "decimal", "boolean"}
_REFUSED = {
    "complex": "complex numbers",
    "date": "dates",
    "datetime": "dates",
    "datetime64": "dates",
    "period": "periods",
    "time": "times of day",
    "timedelta": "durations",
    "timedelta64": "durations",
}


def is_frame(X: Any) -> bool:
    """Whether `X` is a table with named columns, of any library."""
    return hasattr(X, "columns") and len(getattr(X, "shape", ())) == 2


def as_pandas(X: Any) -> pd.DataFrame:
    """Convert a table of another library, or an array, to a pandas frame.

    Sparse columns of pandas become dense.
    """
    if isinstance(X, pd.DataFrame):
        return _dense(X)
    library = type(X).__module__.partition(".")[0]
    if library == "polars":
        return pd.DataFrame({name: _from_polars(X[name]) for name in X.columns})
    if hasattr(X, "to_pandas"):
        return pd.DataFrame(X.to_pandas())
    if not hasattr(X, "columns"):  # an array of objects
        return pd.DataFrame(X)
    return pd.DataFrame({name: pd.Series(list(X[name])) for name in X.columns})


def _dense(frame: pd.DataFrame) -> pd.DataFrame:
    found = {
        j: np.asarray(frame.iloc[:, j])
        for j, dtype in enumerate(frame.dtypes)
        if isinstance(dtype, pd.SparseDtype)
    }
    return _with_columns(frame, found) if found else frame


def _from_polars(column: Any) -> Any:
    kind = str(column.dtype)
    if kind.startswith(("Int", "UInt", "Float")):
        return column.to_numpy()
    if kind.startswith("Datetime"):
        return column.dt.replace_time_zone(None).to_numpy()
    if kind == "Date" or kind.startswith("Duration"):
        return column.to_numpy()
    return pd.Series(column.to_list(), dtype="str" if kind == "String" else None)


def plain_table(X: Any) -> Any:
    """Convert what the members of an ensemble may be unable to read.

    A table of pyarrow becomes a pandas frame, because it cannot be indexed by rows.
    Columns of decimal numbers become columns of floats, and sparse columns dense.

    Parameters
    ----------
    X : array-like, sparse matrix or frame
        The rows.

    Returns
    -------
    X : array-like, sparse matrix or frame
        `X` itself if there is nothing to convert.
    """
    if not is_frame(X):
        return X
    if type(X).__module__.partition(".")[0] in ("pandas", "pyarrow"):
        X = as_pandas(X)
    if isinstance(X, pd.DataFrame):
        found = {
            j: numbers_of(X.iloc[:, j])
            for j, dtype in enumerate(X.dtypes)
            if _is_decimal(X, j, dtype)
        }
        return _with_columns(X, found) if found else X
    decimals = [
        name
        for name, dtype in zip(X.columns, getattr(X, "dtypes", ()), strict=False)
        if str(dtype).startswith("Decimal")
    ]
    return X.with_columns([X[name].cast(float) for name in decimals]) if decimals else X


def _is_decimal(frame: pd.DataFrame, j: int, dtype: Any) -> bool:
    if isinstance(dtype, pd.ArrowDtype):
        return dtype.type is Decimal
    if not pd.api.types.is_object_dtype(dtype):
        return False
    return bool(pd.api.types.infer_dtype(frame.iloc[:, j], skipna=True) == "decimal")


def _with_columns(frame: pd.DataFrame, found: dict[int, Any]) -> pd.DataFrame:
    """Replace columns by their positions, since names may be repeated."""
    columns = [
        pd.Series(found[j], index=frame.index) if j in found else frame.iloc[:, j]
        for j in range(frame.shape[1])
    ]
    return pd.concat(columns, axis=1).set_axis(frame.columns, axis=1)


def holds_numbers(column: pd.Series) -> bool:
    """Whether a column consists of numbers or truth values, whatever its dtype.

    Raises
    ------
    ValueError
        If the column holds complex numbers, dates or durations.
    """
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return False
    if not pd.api.types.is_object_dtype(dtype):
        numeric = pd.api.types.is_numeric_dtype(dtype)
        return bool(numeric or pd.api.types.is_bool_dtype(dtype))
    content = pd.api.types.infer_dtype(column, skipna=True)
    if content in _REFUSED:
        raise ValueError(
            f"column {column.name!r} of dtype object holds {_REFUSED[content]}, which "
            "are not supported; convert it to numbers or categories, or drop it."
        )
    if content not in ("mixed", "mixed-integer"):
        return content in _NUMBERS
    return all(is_number(value) for value in column.dropna())


def is_number(value: Any) -> bool:
    """Whether a value is a real number or a truth value."""
    return isinstance(value, Real | Decimal | np.bool_)


def numbers_of(column: pd.Series) -> Array:
    """Return a column as floats, with NaN for missing values.

    Raises
    ------
    ValueError
        If the column holds other things than numbers.
    """
    try:
        return np.asarray(column.to_numpy(dtype=float, na_value=np.nan))
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"column {column.name!r} was numeric in fit but has dtype {column.dtype} now "
            f"({error}); convert it to numbers."
        ) from error
