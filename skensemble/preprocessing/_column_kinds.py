"""Infer the kinds of columns: numbers, categories, dates, texts, or uninformative."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from skensemble.core import nearest, warn
from skensemble.preprocessing._date_encoding import looks_like_dates, parse_dates
from skensemble.preprocessing._frames import (
    MISSING_WORDS,
    Array,
    factorize,
    is_numpy_numeric,
    numeric_matrix,
)
from skensemble.preprocessing._number_formats import learn_number_format

KINDS = (
    "numeric",
    "boolean",
    "category",
    "high-cardinality",
    "ordinal",
    "date-time",
    "text",
    "identifier",
    "constant",
    "duplicate",
)
DROPPED = ("identifier", "constant", "duplicate")

_INFERRED = {
    "integer": "numeric",
    "floating": "numeric",
    "mixed-integer-float": "numeric",
    "decimal": "numeric",
    "timedelta": "numeric",
    "timedelta64": "numeric",
    "boolean": "boolean",
    "datetime": "date-time",
    "datetime64": "date-time",
    "date": "date-time",
    "period": "date-time",
    "empty": "constant",
}
_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*")
# With fewer rows than this, no column is treated as a running number.
_MIN_ROWS = 30
# Formatted numbers with at most so many different values are categories, such as "5%",
# "10%" and "20%".
_FEW_LEVELS = 20


@dataclass(frozen=True)
class ColumnKind:
    """The kind of a column, and a hash of its content to find duplicates."""

    kind: str
    content_hash: int


def infer_column_kinds(
    frame: pd.DataFrame, given: Any, high_cardinality: int
) -> pd.Series:
    """Infer the kind of each column; kinds given by the user are used unchanged.

    Parameters
    ----------
    frame : pandas.DataFrame
        Training data, with names that are strings.
    given : dict of str to str, or None
        Kinds of columns that the user gave.
    high_cardinality : int
        A category with more levels has the kind "high-cardinality".

    Returns
    -------
    kinds : pandas.Series
        Kinds, indexed by the names of the columns.
    """
    given = _validated_kinds(given, frame)
    native = [
        name
        for name, dtype in zip(frame.columns, frame.dtypes, strict=True)
        if is_numpy_numeric(dtype) and name not in given
    ]
    found = _kinds_of_numeric(frame, native) if native else {}
    for name in frame.columns:
        if name not in given and name not in found:
            found[name] = _kind_of_column(frame[name], high_cardinality)
    kinds = {name: given.get(name) or found[name].kind for name in frame.columns}
    _mark_duplicates(kinds, found)
    _keep_identifiers_if_alone(kinds, given, native)
    return pd.Series(kinds, name="kind", dtype=object)


def _validated_kinds(given: Any, frame: pd.DataFrame) -> dict[str, str]:
    given = {str(name): kind for name, kind in dict(given or {}).items()}
    unknown = [name for name in given if name not in frame.columns]
    if unknown:
        raise ValueError(
            f"kinds names columns that are not in X: {unknown}; X has "
            f"{list(frame.columns)}."
        )
    for name, kind in given.items():
        if kind not in KINDS:
            raise ValueError(
                f"kinds={{{name!r}: {kind!r}}} is not known; use one of {list(KINDS)}."
                f"{nearest(kind, list(KINDS))}"
            )
    return given


def _mark_duplicates(kinds: dict[str, str], found: dict[str, ColumnKind]) -> None:
    first: dict[tuple[str, int], str] = {}
    for name, inferred in found.items():
        key = (inferred.kind, inferred.content_hash)
        if kinds[name] not in DROPPED and key in first:
            kinds[name] = "duplicate"
        first.setdefault(key, name)


def _keep_identifiers_if_alone(
    kinds: dict[str, str], given: Any, native: list[str]
) -> None:
    """Keep identifiers if all columns would be dropped otherwise."""
    if not all(kind in DROPPED for kind in kinds.values()):
        return
    kept = [name for name in kinds if kinds[name] == "identifier" and name not in given]
    dropped = {name: kind for name, kind in kinds.items() if name not in kept}
    for name in kept:
        kinds[name] = "numeric" if name in native else "high-cardinality"
    if kept and dropped:
        warn(
            f"X has nothing to learn from but {kept}, which look like identifiers. They "
            f"are kept because no other column is left; dropped are {dropped}. Set the "
            "kinds of columns with kinds= if these are wrong.",
            UserWarning,
        )


def _kinds_of_numeric(frame: pd.DataFrame, names: list[str]) -> dict[str, ColumnKind]:
    numbers = numeric_matrix(frame, names)
    low, high = np.fmin.reduce(numbers, axis=0), np.fmax.reduce(numbers, axis=0)
    missing = np.asarray(np.isnan(numbers).any(axis=0))
    constant: Array = np.isnan(low) | ((low == high) & ~missing)
    two = np.flatnonzero((low == 0) & (high == 1))
    boolean = np.zeros(len(names), dtype=bool)
    between = (numbers[:, two] > 0) & (numbers[:, two] < 1)
    boolean[two] = ~between.any(axis=0)
    found = {}
    for j, name in enumerate(names):
        kind = "constant" if constant[j] else "boolean" if boolean[j] else "numeric"
        if kind == "numeric" and not missing[j] and _is_running_number(numbers[:, j]):
            kind = "identifier" if frame[name].dtype.kind in "iu" else kind
        found[name] = ColumnKind(kind, hash(numbers[:, j].tobytes()))
    return found


def _is_running_number(numbers: Array) -> bool:
    """Whether the values strictly increase or decrease with few gaps."""
    if len(numbers) < _MIN_ROWS or abs(numbers[-1] - numbers[0]) > 2.5 * len(numbers):
        return False
    steps = np.diff(numbers)
    return bool((steps > 0).all() or (steps < 0).all())


def _kind_of_column(column: pd.Series, high_cardinality: int) -> ColumnKind:
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _kind_of_levels(column, high_cardinality)
    if pd.api.types.is_bool_dtype(dtype) or pd.api.types.is_numeric_dtype(dtype):
        return _kind_of_extension_numeric(column)
    if pd.api.types.is_datetime64_any_dtype(dtype) or isinstance(dtype, pd.PeriodDtype):
        return _constant_or("date-time", column)
    inferred = "string"
    if pd.api.types.is_object_dtype(dtype) or not pd.api.types.is_string_dtype(dtype):
        inferred = pd.api.types.infer_dtype(column, skipna=True)
    if inferred == "complex":
        raise _complex_error(column)
    if inferred in _INFERRED:
        return _constant_or(_INFERRED[inferred], column)
    return _kind_of_strings(column, high_cardinality)


def _kind_of_extension_numeric(column: pd.Series) -> ColumnKind:
    """Infer the kind of a numeric column of a nullable or Arrow dtype."""
    if getattr(column.dtype, "kind", "f") == "c":
        raise _complex_error(column)
    name = str(column.name)
    whole = getattr(column.dtype, "kind", "f") in "iu" and not column.hasnans
    plain = pd.Series(column.to_numpy("int64" if whole else float, na_value=np.nan))
    return _kinds_of_numeric(plain.to_frame(name), [name])[name]


def _complex_error(column: pd.Series) -> ValueError:
    return ValueError(
        f"column {column.name!r} holds complex numbers; split them into real and "
        "imaginary parts."
    )


def _constant_or(kind: str, column: pd.Series) -> ColumnKind:
    codes, _ = factorize(column)
    one = not len(codes) or codes.max() < 0 or (codes.max() == 0 and codes.min() == 0)
    return ColumnKind(
        "constant" if one else kind, hash(pd.util.hash_array(codes).tobytes())
    )


def _kind_of_levels(column: pd.Series, high_cardinality: int) -> ColumnKind:
    codes, words = factorize(column)
    content = hash((codes.tobytes(), tuple(words)))
    used = len(pd.unique(codes))
    if used == 1:
        return ColumnKind("constant", content)
    if column.cat.ordered:
        return ColumnKind("ordinal", content)
    high = used - (codes.min() < 0) > high_cardinality
    return ColumnKind("high-cardinality" if high else "category", content)


def _kind_of_strings(column: pd.Series, high_cardinality: int) -> ColumnKind:
    codes, words = factorize(column)
    content = hash((codes.tobytes(), tuple(words)))
    rows = int((codes >= 0).sum())
    if len(words) <= 1 and (not words or rows == len(codes)):
        return ColumnKind("constant", content)
    sample = words[:: max(1, len(words) // 200)]
    if _are_decimals(sample) and _are_mostly_numbers(words):
        return ColumnKind("numeric", content)
    if looks_like_dates(sample) and parse_dates(column) is not None:
        return ColumnKind("date-time", content)
    if len(words) > _FEW_LEVELS and _are_formatted_numbers(sample, column):
        return ColumnKind("numeric", content)
    return ColumnKind(
        _kind_of_words(sample, len(words), rows, high_cardinality), content
    )


def _are_decimals(words: list[str]) -> bool:
    """Whether strings are decimal numbers; strings of integers only are codes."""
    words = [word for word in words if word.strip().lower() not in MISSING_WORDS]
    parsed = sum(_NUMBER.fullmatch(word) is not None for word in words)
    return parsed > 0.95 * len(words) and any("." in word for word in words)


def _are_mostly_numbers(words: list[str]) -> bool:
    words = [word for word in words if word.strip().lower() not in MISSING_WORDS]
    numbers = pd.to_numeric(pd.Series(words), errors="coerce")
    return bool(numbers.notna().mean() > 0.95)


def _are_formatted_numbers(sample: list[str], column: pd.Series) -> bool:
    """Whether strings are formatted numbers; a sample of them is tested first."""
    of_sample = learn_number_format(pd.Series(sample, dtype="str"))
    return of_sample is not None and learn_number_format(column) is not None


def _kind_of_words(sample: list[str], levels: int, rows: int, high: int) -> str:
    spaces = float(np.mean([len(word.split()) for word in sample]))
    unique = levels / rows
    if levels > high and ((spaces >= 2 and unique >= 0.5) or spaces >= 8):
        return "text"
    if unique > 0.95 and rows >= _MIN_ROWS:
        return "identifier"
    return "high-cardinality" if levels > high else "category"
