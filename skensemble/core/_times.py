"""Times of the rows, by which rows are put in order."""

from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skensemble.core._sample_weight import check_per_row


def read_times(values: Any, n_rows: int, name: str = "time") -> NDArray[np.intp]:
    """Read the times of the rows as ranks: 0 for the earliest time, 1 for the next one.

    Parameters
    ----------
    values : array-like of shape (n_rows,)
        Numbers, dates, periods, durations, levels of an ordered category, or text in
        ISO 8601 format ("2024-01-31", "2024-01-31T10:30:00Z").
    n_rows : int
        Number of rows.
    name : str, default="time"
        Name of the times, for messages.

    Returns
    -------
    ranks : ndarray of int of shape (n_rows,)
        Rows of equal time have equal ranks.

    Raises
    ------
    ValueError
        If times are missing, cannot be put in order, are text in another format, are
        equal in all rows, or do not have one entry per row.

    Examples
    --------
    >>> from skensemble.core import read_times
    >>> read_times(["2024-03-01", "2023-12-31", "2024-03-01"], 3)
    array([1, 0, 1])
    """
    if not isinstance(values, pd.Series | pd.Index):
        check_per_row(name, values, n_rows)
    series = _as_series(values)
    check_per_row(name, series, n_rows)
    missing = np.flatnonzero(series.isna())
    if len(missing):
        raise ValueError(
            f"{name} is missing in {len(missing)} of {n_rows} rows, first in row "
            f"{missing[0]}; fill in these times, or leave the rows out."
        )
    ranks = _ranks(series, name)
    if not ranks.any():
        raise ValueError(
            f"{name} is {series.iloc[0]} in all rows, so that no row is earlier than "
            f"another; use {name}=None."
        )
    return ranks


def _as_series(values: Any) -> pd.Series:
    if isinstance(values, pd.Series):
        return values.reset_index(drop=True)
    if isinstance(values, pd.Index | pd.api.extensions.ExtensionArray):
        return pd.Series(values)
    if isinstance(values, list | tuple):
        # numpy would turn numbers beside text into text.
        return pd.Series(list(values), dtype=object).infer_objects()
    return pd.Series(np.asarray(values))


def _ranks(series: pd.Series, name: str) -> NDArray[np.intp]:
    dtype = series.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        if dtype.ordered:
            codes = series.cat.codes
            return np.unique(codes, return_inverse=True)[1]
        series = series.astype(dtype.categories.dtype)
    if pd.api.types.is_complex_dtype(series.dtype):
        raise ValueError(_unsortable(name, ["complex"]))
    if series.dtype == object or pd.api.types.is_string_dtype(series.dtype):
        series = _plain(series, name)
    try:
        return np.asarray(pd.factorize(series, sort=True)[0])
    except TypeError as error:
        types = sorted({type(value).__name__ for value in series})
        raise ValueError(_unsortable(name, types)) from error


def _plain(series: pd.Series, name: str) -> pd.Series:
    """Read objects that are text, numbers or times; refuse a mix of these."""
    texts = series.map(lambda value: isinstance(value, str)).to_numpy(dtype=bool)
    if texts.all():
        return _from_text(series.astype(object), name)
    numbers = series.map(lambda value: isinstance(value, Real)).to_numpy(dtype=bool)
    if numbers.all():
        return series.infer_objects()
    types = sorted({type(value).__name__ for value in series})
    if texts.any() or numbers.any():
        raise ValueError(_unsortable(name, types))
    try:
        ordered = sorted(set(series))
    except TypeError as error:
        raise ValueError(_unsortable(name, types)) from error
    return series.map({value: rank for rank, value in enumerate(ordered)})


def _from_text(series: pd.Series, name: str) -> pd.Series:
    found = pd.to_datetime(series, format="ISO8601", utc=True, errors="coerce")
    wrong = np.flatnonzero(found.isna())
    if len(wrong):
        raise ValueError(
            f"{name} is text that is not a date in ISO 8601 format in {len(wrong)} of "
            f"{len(series)} rows, first {series.iloc[wrong[0]]!r} in row {wrong[0]}; "
            "convert it first, for example with pandas.to_datetime(..., format=...) or "
            "pandas.to_numeric."
        )
    return found


def _unsortable(name: str, types: list[str]) -> str:
    return (
        f"{name} cannot be put in order: it holds values of these types: "
        f"{', '.join(types)}. Use times of one type, such as numbers or dates."
    )
