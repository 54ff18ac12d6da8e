"""Infer the kinds of columns: numbers, categories, dates, texts, or uninformative."""

from typing import Any

import numpy as np
import pandas as pd

from skensemble.core import nearest
from skensemble.preprocessing._frames import (
    Array,
    factorize,
    is_numpy_numeric,
    numeric_matrix,
)
from skensemble.preprocessing._identifiers import number_identifier
from skensemble.preprocessing._inferred_kinds import (
    DROPPED,
    KINDS,
    ColumnKind,
    InferredKinds,
    listed,
)
from skensemble.preprocessing._string_kinds import STRINGS, kind_of_strings

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


def infer_column_kinds(
    frame: pd.DataFrame, given: Any, high_cardinality: int, max_rows: int | None = None
) -> InferredKinds:
    """Infer the kind of each column; kinds given by the user are used unchanged.

    Parameters
    ----------
    frame : pandas.DataFrame
        Training data, with names that are strings.
    given : dict of str to str, or None
        Kinds of columns that the user gave.
    high_cardinality : int
        A category with more levels has the kind "high-cardinality".
    max_rows : int or None, default=None
        Number of rows, drawn from all rows, from which kinds are inferred. Columns
        that would be left out are inspected in all rows. None means all rows.

    Returns
    -------
    inferred : InferredKinds
    """
    given = _validated_kinds(given, frame)
    names = [name for name in frame.columns if name not in given]
    found = _infer(_sample(frame[names], max_rows), high_cardinality, len(frame))
    kinds, reasons = _with_duplicates(names, found)
    if max_rows is not None and len(frame) > max_rows and reasons:
        # A rare value, or a repetition, may be outside of the sample.
        doubtful = [name for name in names if _is_doubtful(name, reasons)]
        found |= _infer(frame[doubtful], high_cardinality, len(frame))
        kinds, reasons = _with_duplicates(names, found)
    kinds = {name: given.get(name) or kinds[name] for name in frame.columns}
    for name in given:
        if given[name] in DROPPED:
            reasons[name] = f"{given[name]} (given in kinds)"
    remarks = [found[name].remark for name in names if found[name].remark]
    remarks += _keep_identifiers_if_alone(kinds, reasons, given)
    remarks += _remark_of_identifiers(kinds, reasons, given)
    dropped = {name: reasons[name] for name in kinds if kinds[name] in DROPPED}
    series = pd.Series(kinds, name="kind", dtype=object)
    return InferredKinds(series, dropped, tuple(remarks))


def _sample(frame: pd.DataFrame, max_rows: int | None) -> pd.DataFrame:
    """Draw rows at random, since the rows of a table may be sorted or periodic."""
    if max_rows is None or len(frame) <= max_rows:
        return frame
    rows = np.random.default_rng(0).choice(len(frame), max_rows, replace=False)
    return frame.iloc[np.sort(rows)]


def _infer(
    frame: pd.DataFrame, high_cardinality: int, n_rows: int
) -> dict[str, ColumnKind]:
    native = [
        name
        for name, dtype in zip(frame.columns, frame.dtypes, strict=True)
        if is_numpy_numeric(dtype)
    ]
    found = _kinds_of_numeric(frame, native, n_rows) if native else {}
    for name in frame.columns:
        if name not in found:
            found[name] = _kind_of_column(frame[name], high_cardinality, n_rows)
    return found


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


def _with_duplicates(
    names: list[str], found: dict[str, ColumnKind]
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the kinds, and why columns are left out; later duplicates are marked."""
    kinds = {name: found[name].kind for name in names}
    reasons = {}
    first: dict[tuple[str, int], str] = {}
    for name in names:
        one = found[name]
        original = first.setdefault((one.kind, one.content_hash), name)
        if one.kind in DROPPED:
            reasons[name] = f"{one.kind}: {one.reason}" if one.reason else one.kind
        elif original != name:
            kinds[name], reasons[name] = "duplicate", f"duplicate of {original!r}"
    return kinds, reasons


def _is_doubtful(name: str, reasons: dict[str, str]) -> bool:
    """Whether a column is left out, or has a duplicate that is."""
    return name in reasons or f"duplicate of {name!r}" in reasons.values()


def _keep_identifiers_if_alone(
    kinds: dict[str, str], reasons: dict[str, str], given: Any
) -> list[str]:
    """Keep identifiers if all columns would be dropped otherwise."""
    if not all(kind in DROPPED for kind in kinds.values()):
        return []
    kept = [name for name in kinds if kinds[name] == "identifier" and name not in given]
    for name in kept:
        whole = reasons[name] != f"identifier: {STRINGS}"
        kinds[name] = "numeric" if whole else "high-cardinality"
    dropped = {name: kind for name, kind in kinds.items() if name not in kept}
    if not kept or not dropped:
        return []
    return [
        f"X has nothing to learn from but {kept}, which look like identifiers. They "
        f"are kept because no other column is left; dropped are {dropped}. Set the "
        "kinds of columns with kinds= if these are wrong."
    ]


def _remark_of_identifiers(
    kinds: dict[str, str], reasons: dict[str, str], given: Any
) -> list[str]:
    """Return the warning about the identifiers that are left out."""
    left_out = [
        name for name in kinds if kinds[name] == "identifier" and name not in given
    ]
    if not left_out:
        return []
    why = [f"{name!r} ({reasons[name].partition(': ')[2]})" for name in left_out]
    one = left_out[0]
    other = "text" if reasons[one].endswith(STRINGS) else "numeric"
    return [
        f"columns that look like identifiers of the rows are left out: {listed(why)}. "
        f"Keep a column with kinds={{{one!r}: {other!r}}}, or confirm that it is left "
        f"out with kinds={{{one!r}: 'identifier'}}."
    ]


def _kinds_of_numeric(
    frame: pd.DataFrame, names: list[str], n_rows: int
) -> dict[str, ColumnKind]:
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
        reason = None
        if kind == "numeric":
            integers = frame[name].dtype.kind in "iu"
            reason = number_identifier(
                name, numbers[:, j], integers=integers, n_rows=n_rows
            )
        kind = "identifier" if reason else kind
        found[name] = ColumnKind(kind, hash(numbers[:, j].tobytes()), reason or "")
    return found


def _kind_of_column(
    column: pd.Series, high_cardinality: int, n_rows: int
) -> ColumnKind:
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return _kind_of_levels(column, high_cardinality)
    if pd.api.types.is_bool_dtype(dtype) or pd.api.types.is_numeric_dtype(dtype):
        return _kind_of_extension_numeric(column, n_rows)
    if pd.api.types.is_datetime64_any_dtype(dtype) or isinstance(dtype, pd.PeriodDtype):
        return _constant_or("date-time", column)
    inferred = "string"
    if pd.api.types.is_object_dtype(dtype) or not pd.api.types.is_string_dtype(dtype):
        inferred = pd.api.types.infer_dtype(column, skipna=True)
    if inferred == "complex":
        raise _complex_error(column)
    if inferred in _INFERRED:
        return _constant_or(_INFERRED[inferred], column)
    return kind_of_strings(column, high_cardinality)


def _kind_of_extension_numeric(column: pd.Series, n_rows: int) -> ColumnKind:
    """Infer the kind of a numeric column of a nullable or Arrow dtype."""
    if getattr(column.dtype, "kind", "f") == "c":
        raise _complex_error(column)
    name = str(column.name)
    whole = getattr(column.dtype, "kind", "f") in "iu" and not column.hasnans
    plain = pd.Series(column.to_numpy("int64" if whole else float, na_value=np.nan))
    return _kinds_of_numeric(plain.to_frame(name), [name], n_rows)[name]


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
