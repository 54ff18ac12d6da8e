"""Convert tables to pandas frames with string names, and columns to numbers."""

import re
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import check_array

from skensemble.core import (
    MISSING_WORDS as MISSING_WORDS,
    as_pandas,
    features_of,
    is_frame,
    warn,
)

Array = NDArray[Any]

BOOLEAN_WORDS = {"true": 1.0, "false": 0.0, "yes": 1.0, "no": 0.0}


def read_frame(X: Any, owner: str) -> tuple[pd.DataFrame, bool]:
    """Convert a table to a pandas frame whose names are strings.

    Parameters
    ----------
    X : {DataFrame, array-like} of shape (n_samples, n_features)
        A frame of pandas, polars or another library, an array, or a list of rows.
    owner : str
        Name of the class that reads the table, for messages.

    Returns
    -------
    frame : pandas.DataFrame
        The columns of an array are named x0, x1, ...
    named : bool
        Whether X has names of columns.
    """
    if is_frame(X):
        return _with_string_names(as_pandas(X), owner), True
    values = check_array(X, dtype=None, ensure_all_finite=False)
    names = [f"x{j}" for j in range(values.shape[1])]
    frame = pd.DataFrame(values, columns=names)
    if values.dtype.kind in "US":
        frame = frame.apply(_to_numeric_if_possible)
    return frame, False


def _with_string_names(frame: pd.DataFrame, owner: str) -> pd.DataFrame:
    if 0 in frame.shape:
        what = "sample(s)" if not len(frame) else "feature(s)"
        raise ValueError(
            f"Found array with 0 {what} (shape={frame.shape}) while a minimum of 1 is "
            f"required by {owner}."
        )
    names = [str(name) for name in frame.columns]
    if len(set(names)) < len(names):
        twice = [name for name, count in Counter(names).items() if count > 1]
        raise ValueError(
            f"X has several columns of the same name: {twice}; rename them."
        )
    # `set_axis` returns a new frame, so that the names of the user's frame stay.
    return frame.set_axis(names, axis=1)


def _to_numeric_if_possible(column: pd.Series) -> pd.Series:
    """Convert numbers back that numpy made strings because of other strings."""
    try:
        return pd.to_numeric(column)
    except (ValueError, TypeError):
        return column


def is_numpy_numeric(dtype: Any) -> bool:
    """Whether a dtype is an integer, float or boolean dtype of numpy."""
    return isinstance(dtype, np.dtype) and dtype.kind in "iufb"


def numeric_matrix(frame: pd.DataFrame, names: list[str]) -> Array:
    """Return columns as a Fortran-ordered matrix of floats, with NaN for infinity."""
    dtypes = dict(zip(frame.columns, frame.dtypes, strict=True))
    native = [name for name in names if is_numpy_numeric(dtypes[name])]
    block = frame if len(native) == frame.shape[1] else frame[native]
    if native == names:
        numbers = np.array(block[names].to_numpy(dtype=float), order="F")
    else:
        numbers = np.empty((len(frame), len(names)), order="F")
        where = {name: j for j, name in enumerate(names)}
        numbers[:, [where[name] for name in native]] = block[native].to_numpy(float)
        for name in names:
            if not is_numpy_numeric(dtypes[name]):
                numbers[:, where[name]] = to_numeric(frame[name])
    # A value that overflows single precision counts as infinite, because some libraries
    # compute in single precision.
    infinite = np.abs(numbers) > np.finfo(np.float32).max
    if infinite.any():
        numbers[infinite] = np.nan
    return numbers


def to_numeric(column: pd.Series) -> Array:
    """Convert a column to floats; other values become NaN, with a warning.

    Raises
    ------
    ValueError
        If the column contains dates, complex numbers or nested values.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(column.cat.categories.dtype)
    kind = getattr(column.dtype, "kind", "O")
    if kind == "m":
        return np.asarray(column.dt.total_seconds().to_numpy(float, na_value=np.nan))
    if kind in "Mc":
        raise ValueError(
            f"column {column.name!r} should hold numbers, but has dtype {column.dtype}; "
            "convert it, or set its kind with kinds=."
        )
    if pd.api.types.is_numeric_dtype(column.dtype):
        return np.asarray(column.to_numpy(float, na_value=np.nan))
    return _parse_numbers(column)


def _parse_numbers(column: pd.Series) -> Array:
    try:
        parsed = pd.to_numeric(column, errors="coerce")
        numbers = np.array(parsed.to_numpy(float, na_value=np.nan))
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"column {column.name!r} should hold numbers, but {error}; convert it, or "
            "drop it."
        ) from error
    lost = np.flatnonzero(np.isnan(numbers) & column.notna().to_numpy())
    if not len(lost):
        return numbers
    words = column.iloc[lost].astype(str).str.strip().str.lower()
    numbers[lost] = words.map(BOOLEAN_WORDS).to_numpy(float)
    invalid = ~(words.isin(MISSING_WORDS) | words.isin(BOOLEAN_WORDS)).to_numpy()
    if invalid.any():
        example = column.iloc[lost[invalid][0]]
        warn(
            f"column {column.name!r} should hold numbers; {invalid.sum()} values that "
            f"are not numbers, such as {example!r}, are treated as missing.",
            UserWarning,
        )
    return numbers


def level_names(values: Any) -> list[str]:
    """Convert levels to strings, so that 1, 1.0 and "1" are the same level."""
    return [_level_name(value) for value in values]


def _level_name(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def factorize(column: pd.Series) -> tuple[Array, list[str]]:
    """Encode a column as integer codes and the level of each code.

    Returns
    -------
    codes : ndarray of shape (n_samples,)
        Codes; missing values have code -1.
    words : list of str
        Levels. Several codes may have the same level (1 and "1").
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy(), level_names(column.cat.categories)
    try:
        codes, values = pd.factorize(column)
    except TypeError as error:
        raise ValueError(
            f"column {column.name!r} holds nested values ({error}); turn them into "
            "numbers or strings, or drop the column."
        ) from error
    words = level_names(values)
    if len(values) and isinstance(values[0], tuple):
        raise ValueError(
            f"column {column.name!r} holds nested values, such as {values[0]!r}; turn "
            "them into numbers or strings, or drop the column."
        )
    return codes, words


@dataclass(frozen=True)
class FittedColumns:
    """The columns of the training data, which are selected from new data.

    Parameters
    ----------
    names : list of str
        Names of the columns, in their order.
    named : bool
        Whether the training data had names. Otherwise, columns are matched by position.
    owner : str
        Name of the class that was fitted, for messages.
    """

    names: list[str]
    named: bool
    owner: str

    def of(self, X: Any, needed: Collection[str] | None = None) -> pd.DataFrame:
        """Return new data with the columns of the training data, in their order.

        Parameters
        ----------
        X : {DataFrame, array-like} of shape (n_samples, n_features)
            New data, in any form that `read_frame` accepts.
        needed : collection of str or None, default=None
            Names of the columns that must be present. None means all columns.

        Returns
        -------
        frame : pandas.DataFrame

        Raises
        ------
        ValueError
            If columns are missing, or X has no names and another number of columns.

        Warns
        -----
        UserWarning
            If X has unknown columns, which are ignored.
        """
        frame, named = read_frame(X, self.owner)
        if not (named and self.named):
            return self._by_position(frame, named)
        if list(frame.columns) == self.names:
            return frame
        needed = self.names if needed is None else needed
        lost = [name for name in needed if name not in frame.columns]
        if lost:
            raise ValueError(
                f"columns are missing: {lost}; {self.owner} was fitted with "
                f"{self.names}."
            )
        extra = list(frame.columns.difference(self.names, sort=False))
        if extra:
            warn(
                f"columns {extra} were not present in fit and are ignored.",
                UserWarning,
            )
        return frame[[name for name in self.names if name in frame.columns]]

    def _by_position(self, frame: pd.DataFrame, named: bool) -> pd.DataFrame:
        if frame.shape[1] != len(self.names):
            raise ValueError(
                f"X has {frame.shape[1]} features, but {self.owner} is expecting "
                f"{len(self.names)} features as input."
            )
        if named != self.named:
            has, was = ("has", "out") if named else ("does not have valid", "")
            warn(
                f"X {has} feature names, but {self.owner} was fitted with{was} feature "
                "names",
                UserWarning,
            )
        return frame.set_axis(self.names, axis=1)


def read_columns(owner: Any, X: Any) -> pd.DataFrame:
    """Convert training data to a pandas frame, and set the columns of the estimator.

    Parameters
    ----------
    owner : estimator
        Estimator whose attributes ``n_features_in_``, ``_columns`` and, if all names
        are strings, ``feature_names_in_`` are set.
    X : {DataFrame, array-like} of shape (n_samples, n_features)
        Training data, in any form that `read_frame` accepts.

    Returns
    -------
    frame : pandas.DataFrame
    """
    name = type(owner).__name__
    frame, named = read_frame(X, name)
    owner.n_features_in_ = frame.shape[1]
    owner._columns = FittedColumns(list(frame.columns), named, name)
    vars(owner).pop("feature_names_in_", None)
    if named and features_of(X).names is not None:
        owner.feature_names_in_ = np.array(frame.columns, dtype=object)
    return frame


def check_number_of_names(owner: Any, input_features: Any) -> None:
    """Refuse more or fewer names than the training data has columns."""
    if len(input_features) != owner.n_features_in_:
        raise ValueError(
            "input_features should have length equal to number of features "
            f"({owner.n_features_in_}), got {len(input_features)}"
        )


def clean_names(names: list[str]) -> list[str]:
    """Return unique names that all libraries accept (LightGBM refuses brackets)."""
    seen: Counter[str] = Counter()
    taken, cleaned = set(), []
    for name in names:
        base = re.sub(r"\W+", "_", name).strip("_") or "column"
        clean = base
        while clean in taken:
            seen[base] += 1
            clean = f"{base}_{seen[base] + 1}"
        taken.add(clean)
        cleaned.append(clean)
    return cleaned
