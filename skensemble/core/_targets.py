"""Targets: their kind, their classes, and conversion to codes and back."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import assert_all_finite, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from skensemble.core._number_text import conversion_of_texts

Array = NDArray[Any]

_MAX_SMALL_INTEGER = 10_000
# A target with more classes, and fewer rows per class, is continuous or a wrong column.
_MAX_CLASSES = 50
_MIN_ROWS_PER_CLASS = 5
# Up to this share, texts among numbers are mistakes.
_MAX_ODD = 0.1


@dataclass(frozen=True)
class Target:
    """A target in the format for members, with the encoders of its labels.

    Parameters
    ----------
    values : ndarray of shape (n,) or (n, n_outputs)
        Values of a continuous target; codes 0, 1, ... of classes.
    kind : {"continuous", "classes", "labels"}
        Continuous, one class per row, or several labels per row (multilabel).
    encoders : tuple of LabelEncoder
        One per output for classes and labels, none for a continuous target.
    """

    values: Array
    kind: str
    encoders: tuple[LabelEncoder, ...] = ()

    @property
    def classes(self) -> Any:
        """The labels: an array, a list of arrays (multilabel), or None."""
        if self.kind == "continuous":
            return None
        found = [encoder.classes_ for encoder in self.encoders]
        return found if self.kind == "labels" else found[0]

    @property
    def n_classes(self) -> int:
        """Number of classes for kind "classes", otherwise 0."""
        return len(self.encoders[0].classes_) if self.kind == "classes" else 0


def numeric_target(y: Any) -> Target:
    """Convert the target of a regressor; one column is flattened with a warning."""
    values = target_values(y)
    if values.dtype.kind in "OSU":
        try:
            values = values.astype(float)
        except (TypeError, ValueError) as error:
            raise ValueError(_text_message(values)) from error
    assert_all_finite(values, input_name="y")
    values = precise_numbers(values)
    if values.ndim == 1 or values.shape[1] == 1:
        return Target(column_or_1d(values, warn=True), "continuous")
    return Target(values, "continuous")


def _text_message(values: Array) -> str:
    """Say what a regressor is to do with text; never what a classifier refuses."""
    texts = [value for value in values.ravel().tolist() if not is_float(value)]
    message = (
        f"y must be numeric for a regressor, got dtype {values.dtype}, such as "
        f"{texts[0]!r}; "
    )
    code = conversion_of_texts(value for value in texts if isinstance(value, str))
    if code is not None:
        return f"{message}these look like numbers, convert them with {code}."
    n_classes = len(set(map(str, values.ravel().tolist())))
    if len(texts) <= _MAX_ODD * values.size:
        return (
            f"{message}{len(texts)} of {values.size} values are not numbers; correct "
            "them, or remove these rows."
        )
    if has_too_many_classes(n_classes, len(values)):
        return (
            f"{message}its {n_classes} different values are neither numbers nor a few "
            "classes, so check that y is the column to predict."
        )
    return f"{message}convert it to numbers, or use a classifier."


def is_float(value: Any) -> bool:
    """Whether Python reads a value as a number."""
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def has_too_many_classes(n_classes: int, n_rows: int) -> bool:
    """Whether a target with so many classes is continuous, or a wrong column."""
    return n_classes > max(_MAX_CLASSES, n_rows / _MIN_ROWS_PER_CLASS)


def precise_numbers(values: Array) -> Array:
    """Convert integers, truth values and half precision to double precision.

    numpy computes with the type of an array: sums of float16 overflow, and logarithms
    of uint8 have half precision.
    """
    small = values.dtype.kind in "iub" or values.dtype == np.float16
    return values.astype(float) if small else values


def class_target(y: Any) -> Target:
    """Convert the target of a classifier and encode its labels."""
    values = target_values(y)
    if values.dtype.kind == "f":
        assert_all_finite(values, input_name="y")
    if _are_small_integers(values):
        encoder, codes = _encode_small_integers(values)
        return Target(codes, "classes", (encoder,))
    check_labels(values)
    kind = type_of_target(values, input_name="y")
    if kind not in ("binary", "multiclass", "multilabel-indicator"):
        check_classification_targets(values)  # raises scikit-learn's message
        raise ValueError(
            f"y of shape {values.shape} is {kind}, which is not supported; fit "
            "one classifier per column, or pass labels as columns of 0 and 1."
        )
    if kind == "multilabel-indicator":
        encoders = tuple(LabelEncoder().fit(column) for column in values.T)
        return Target(_map_columns("transform", encoders, values), "labels", encoders)
    encoder = LabelEncoder()
    return Target(encoder.fit_transform(values), "classes", (encoder,))


def _are_small_integers(values: Array) -> bool:
    """Whether labels are integers, at least 0 and below `_MAX_SMALL_INTEGER`."""
    if values.ndim != 1 or values.dtype.kind not in "iu" or not values.size:
        return False
    return bool(values.min() >= 0 and values.max() < _MAX_SMALL_INTEGER)


def _encode_small_integers(values: Array) -> tuple[LabelEncoder, Array]:
    """Encode small integers without sorting them, which is ten times faster."""
    present = np.bincount(values.astype(np.intp, copy=False)) > 0
    labels = np.flatnonzero(present).astype(values.dtype)
    codes = np.cumsum(present) - 1
    return LabelEncoder().fit(labels), codes[values]


def decode(encoders: tuple[LabelEncoder, ...], codes: Array, kind: str) -> Array:
    """Convert codes to the labels of the user."""
    if kind == "labels":
        return _map_columns("inverse_transform", encoders, np.asarray(codes))
    return np.asarray(encoders[0].inverse_transform(codes))


def target_values(y: Any) -> Array:
    """Read a target without missing values as an array of numbers, bools or text.

    Parameters
    ----------
    y : array-like of shape (n,) or (n, k)
        The target.

    Returns
    -------
    values : ndarray of shape (n,) or (n, k)
    """
    if y is None:
        raise ValueError(
            "This estimator requires y to be passed, but the target y is None."
        )
    values = np.asarray(y.toarray() if hasattr(y, "toarray") else y)
    if values.ndim not in (1, 2) or values.shape[1:] == (0,):
        raise ValueError(
            f"y should be a 1d array, got an array of shape {values.shape} instead; pass "
            "one entry per row, or one column per output."
        )
    if values.dtype.kind in "Of" and (missing := np.argwhere(pd.isna(values))).size:
        raise ValueError(
            f"Input y contains NaN: row {missing[0][0]} is "
            f"{values[tuple(missing[0])]!r}. Remove rows without a target."
        )
    return _plain_values(values)


def _plain_values(values: Array) -> Array:
    """Read objects that are whole numbers, numbers or bools as such; refuse times.

    Parameters
    ----------
    values : ndarray
        The target, of any dtype.

    Returns
    -------
    values : ndarray
        The target; other objects, such as text, are returned unchanged.

    Raises
    ------
    ValueError
        If the target is a datetime or a duration.
    """
    if values.dtype.kind in "mM":
        raise ValueError(_time_message(f"dtype {values.dtype}"))
    if values.dtype != object:
        return values
    entries = values.ravel().tolist()
    _refuse_times(entries)
    if entries and all(isinstance(value, Decimal) for value in entries):
        return _from_decimals(values)
    kinds: dict[Any, Any] = {bool | np.bool_: bool, Integral: np.int64, Real: float}
    for kind, dtype in kinds.items():
        if all(isinstance(value, kind) for value in entries):
            try:
                return values.astype(dtype)
            except OverflowError:  # a whole number of more than 64 bits
                continue
    return values


def _refuse_times(entries: list[Any]) -> None:
    for value in entries:
        if isinstance(value, date | timedelta | np.datetime64 | np.timedelta64):
            raise ValueError(_time_message(f"values such as {value!r}"))


def _from_decimals(values: Array) -> Array:
    """Read decimal numbers as floats, or as integers if all of them are whole."""
    numbers = values.astype(float)
    whole = np.all((numbers == np.round(numbers)) & (np.abs(numbers) < 2**53))
    return numbers.astype(np.int64 if whole else float)


def _time_message(what: str) -> str:
    return (
        f"y has {what}, but a time is neither a number nor a class. For a regressor "
        "convert y to a number of units, such as (y - y.min()) / "
        "np.timedelta64(1, 'D') for datetimes or y / np.timedelta64(1, 's') for "
        "durations; for a classifier convert it to text: y.astype(str)."
    )


def check_labels(values: Array) -> None:
    """Refuse objects as labels, and labels of several types."""
    if values.dtype != object:
        return
    types = {type(value).__name__: value for value in values.ravel().tolist()}
    if types.keys() != {"str"}:
        found = ", ".join(f"{value!r} ({name})" for name, value in types.items())
        raise ValueError(
            f"y has dtype object with labels of these types: {found}; use labels of one "
            "type, numbers, bools or text, such as y.astype(str)."
        )


def _map_columns(verb: str, encoders: tuple[LabelEncoder, ...], values: Array) -> Array:
    columns = [
        getattr(encoder, verb)(column)
        for encoder, column in zip(encoders, values.T, strict=True)
    ]
    return np.array(columns).T


def label_of(target: Target, code: int) -> str:
    """Format a label as the user wrote it, not as a numpy scalar."""
    return repr(target.classes.tolist()[code])
