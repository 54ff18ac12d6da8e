"""Read Parquet, Feather and Arrow files without a loss of digits or types."""

import io
from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd

from skensemble.core import optional
from skensemble.exceptions import TableError
from skensemble.tables._headers import refuse_repeated
from skensemble.tables._text_columns import STRINGS

# The name that pandas gives to the column of an index without a name.
_INDEX = "__index_level_0__"


def read_arrow(
    data: bytes,
    kind: str,
    file: str,
    *,
    columns_as_text: Collection[str],
    missing: frozenset[str],
    notes: list[str],
) -> pd.DataFrame:
    """Read a file of Arrow or Parquet as a pandas frame.

    Parameters
    ----------
    data : bytes
        Content of the file.
    kind : str
        Format, by `binary_format`.
    file : str
        Name of the file, for messages.
    columns_as_text : collection of str
        Columns that become text.
    missing : frozenset of str
        Strings that are missing values.
    notes : list of str
        One line per decision is appended.

    Returns
    -------
    frame : pandas.DataFrame

    Raises
    ------
    TableError
        If the file is damaged, or columns hold nested or binary values.
    """
    pyarrow = optional("pyarrow", "tables")
    try:
        table = _read_table(pyarrow, data, kind)
    except (pyarrow.ArrowException, OSError) as error:
        raise TableError(
            f"the {kind} file is damaged or incomplete ({error}).", file=file
        ) from error
    notes.append(f"Format: {kind}.")
    refuse_repeated(table.column_names, file)
    _refuse_nested(pyarrow, table, file)
    if not table.num_rows or not table.num_columns:
        what = "rows" if table.num_columns else "columns"
        raise TableError(f"the file has no {what}.", file=file)
    found = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        convert = _as_text if name in columns_as_text else _as_pandas
        values = pd.Series(convert(pyarrow, column))
        if _holds_objects(values):
            raise TableError(
                f"the type {column.type} is not supported; turn the column into numbers "
                "or strings, or drop it.",
                file=file,
                column=name,
            )
        found[name] = _without(values, missing)
    return _with_index_first(pd.DataFrame(found), table.schema, notes)


def _holds_objects(values: pd.Series) -> bool:
    """Whether a column holds other objects than strings, such as UUIDs."""
    is_object = pd.api.types.is_object_dtype(values.dtype)
    content = pd.api.types.infer_dtype(values, skipna=True) if is_object else "string"
    return content not in ("string", "empty")


def _without(values: pd.Series, missing: frozenset[str]) -> pd.Series:
    """Make words missing in a column of text or categories."""
    words = list(missing)
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.remove_categories(values.cat.categories.intersection(words))
    if not pd.api.types.is_string_dtype(values.dtype):
        return values
    gaps = values.isin(words).to_numpy(bool)
    return values.mask(gaps) if gaps.any() else values


def _read_table(pyarrow: Any, data: bytes, kind: str) -> Any:
    buffer = pyarrow.BufferReader(data)
    if kind == "Parquet":
        from pyarrow import parquet

        return parquet.ParquetFile(buffer).read()
    if kind == "Arrow stream":
        return pyarrow.ipc.open_stream(buffer).read_all()
    from pyarrow import feather

    return feather.read_table(io.BytesIO(data))


def _refuse_nested(pyarrow: Any, table: Any, file: str) -> None:
    types = pyarrow.types
    refused = {
        field.name: str(field.type)
        for field in table.schema
        if types.is_nested(field.type)
        or types.is_binary(field.type)
        or types.is_large_binary(field.type)
        or types.is_fixed_size_binary(field.type)
        or types.is_interval(field.type)
    }
    if refused:
        listed = ", ".join(f"{name!r} ({kind})" for name, kind in refused.items())
        raise TableError(
            f"columns hold nested or binary values: {listed}; turn them into columns of "
            "numbers or strings, or drop them.",
            file=file,
            column=next(iter(refused)),
        )


def _as_pandas(pyarrow: Any, column: Any) -> Any:
    """Convert a column to the pandas dtype that holds all its values."""
    types, kind = pyarrow.types, column.type
    if types.is_null(kind):
        return np.full(len(column), np.nan)
    if types.is_decimal(kind):
        return _from_decimal(pyarrow, column)
    if types.is_integer(kind) or types.is_boolean(kind):
        return _whole_or_truth(pyarrow, column)
    if types.is_time(kind):
        texts = column.cast(pyarrow.string()).to_pandas().astype(STRINGS)
        return texts.str.replace(r"\.0+$", "", regex=True)
    if types.is_date(kind):
        column = column.cast(pyarrow.timestamp("ms"))
    elif types.is_float16(kind):
        column = column.cast(pyarrow.float32())
    values = column.to_pandas()
    return values.astype(STRINGS) if _is_text(types, column) else values


def _is_text(types: Any, column: Any) -> bool:
    kind = column.type
    views = getattr(types, "is_string_view", types.is_string)
    return bool(types.is_string(kind) or types.is_large_string(kind) or views(kind))


def _as_text(pyarrow: Any, column: Any) -> pd.Series:
    """Write values as text, with all their digits."""
    types, kind = pyarrow.types, column.type
    if types.is_decimal(kind) or types.is_date(kind) or types.is_time(kind):
        column = column.cast(pyarrow.string())
    values = pd.Series(_as_pandas(pyarrow, column)).astype(object)
    return values.where(values.isna(), values.map(str)).astype(STRINGS)


def _whole_or_truth(pyarrow: Any, column: Any) -> Any:
    """Convert integers and truth values; with gaps, to the nullable dtype."""
    if not column.null_count:
        return column.to_pandas()
    missing = column.is_null().to_numpy()
    filled = column.fill_null(False if column.type == pyarrow.bool_() else 0)
    if column.type == pyarrow.bool_():
        return pd.arrays.BooleanArray(filled.to_numpy().astype(bool), missing)
    return pd.arrays.IntegerArray(filled.to_numpy().copy(), missing)


def _from_decimal(pyarrow: Any, column: Any) -> Any:
    """Convert decimal numbers: whole ones of 64 bits to integers, others to floats."""
    if column.type.scale <= 0 and column.type.precision <= 18:
        return _whole_or_truth(pyarrow, column.cast(pyarrow.int64()))
    texts = column.cast(pyarrow.string())
    # The decimal number is read as text is: to the nearest float.
    return texts.cast(pyarrow.float64()).to_numpy()


def _with_index_first(
    frame: pd.DataFrame, schema: Any, notes: list[str]
) -> pd.DataFrame:
    """Put the columns of a stored index of pandas first, as in a CSV file."""
    metadata = schema.pandas_metadata or {}
    stored = [
        name
        for name in metadata.get("index_columns", [])
        if isinstance(name, str) and name in frame.columns
    ]
    if not stored:
        return frame
    names = {_INDEX: "Unnamed: 0"} if "Unnamed: 0" not in frame.columns else {}
    front = [*stored, *(name for name in frame.columns if name not in stored)]
    shown = [names.get(name, name) for name in stored]
    notes.append(f"Index of pandas: kept as the columns {shown}.")
    return frame[front].rename(columns=names)
