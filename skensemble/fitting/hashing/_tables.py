"""Digests of arrays, sparse matrices and frames: by content, not by memory layout."""

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import numpy as np
import pandas as pd

from skensemble.fitting.hashing._digest import SIZE, Digest, pack

_CHUNK = 2**20  # bytes copied at a time where memory is not in order
_MASKED: Any = (pd.arrays.IntegerArray, pd.arrays.FloatingArray, pd.arrays.BooleanArray)
_DATETIMES: Any = (
    pd.arrays.DatetimeArray,
    pd.arrays.TimedeltaArray,
    pd.arrays.PeriodArray,
)


def digest_array(array: np.ndarray, digest: Digest) -> bytes:
    """Digest an array, independently of strides and order in memory."""
    array = np.asarray(array)  # a memory map is an array like any other
    kind, shape = array.dtype, repr(array.shape).encode()
    if kind.names is not None:  # field by field, because padding bytes are not content
        fields = [pack(name, digest_array(array[name], digest)) for name in kind.names]
        return pack("records", shape, *fields)
    if kind.hasobject or kind.kind == "T":
        return pack("objects", kind.char.encode(), shape, digest(_flat(array)))
    if kind.char in "gG":  # the padding bytes of long doubles are arbitrary
        return pack("long doubles", shape, digest([repr(x) for x in array.flat]))
    return _stream(f"array {kind.str}", shape, _chunks(array))


def _flat(array: np.ndarray) -> list[Any]:
    return array.ravel().tolist()


def _stream(tag: str, shape: bytes, chunks: Iterator[np.ndarray]) -> bytes:
    made = blake2b(digest_size=SIZE)
    for chunk in chunks:
        made.update(chunk.reshape(-1).view(np.uint8).data)
    return pack(tag, shape, made.digest())


def _chunks(array: np.ndarray) -> Iterator[np.ndarray]:
    if array.flags.c_contiguous:
        yield array
        return
    for start, stop in _steps(len(array), array.nbytes):
        yield np.ascontiguousarray(array[start:stop])


def _steps(n_rows: int, n_bytes: int) -> Iterator[tuple[int, int]]:
    step = max(1, n_rows * _CHUNK // max(1, n_bytes))
    for start in range(0, n_rows, step):
        yield start, start + step


def digest_sparse(matrix: Any, digest: Digest) -> bytes:
    """Digest a scipy sparse matrix or array in its own format."""
    kind = f"{type(matrix).__name__} {matrix.dtype.str} {matrix.shape}".encode()
    if matrix.format in ("csr", "csc", "bsr"):
        where = [matrix.indices, matrix.indptr]
    elif matrix.format == "dia":
        where = [matrix.offsets]
    else:
        matrix = matrix.tocoo()
        where = list(matrix.coords)
    # The integer type of the indices is not content.
    places = [digest(part.astype(np.int64, copy=False)) for part in where]
    return pack("sparse", kind, digest(matrix.data), *places)


def digest_pandas(value: Any, digest: Digest) -> bytes:
    """Digest a pandas frame, series, index or array."""
    if isinstance(value, pd.DataFrame):
        return _frame(value, digest)
    if isinstance(value, pd.Series):
        parts = [digest(value.name), digest(value.index), _column(value.array, digest)]
        return pack("series", digest(type(value)), *parts)
    if isinstance(value, pd.Index):
        return _index(value, digest)
    return _column(value, digest)


def _frame(frame: pd.DataFrame, digest: Digest) -> bytes:
    head = [digest(type(frame)), digest(frame.columns), digest(frame.index)]
    kinds = set(frame.dtypes)
    kind = next(iter(kinds), None)
    if len(kinds) == 1 and isinstance(kind, np.dtype) and not kind.hasobject:
        # By rows, because the values of a row are close together in memory.
        size = len(frame) * frame.shape[1] * kind.itemsize
        rows = (
            np.ascontiguousarray(frame.iloc[start:stop].to_numpy())
            for start, stop in _steps(len(frame), size)
        )
        return pack("frame", *head, _stream(kind.str, b"", rows))
    columns = [_column(frame.iloc[:, k].array, digest) for k in range(frame.shape[1])]
    return pack("frame", *head, *columns)


def _index(index: pd.Index, digest: Digest) -> bytes:
    if isinstance(index, pd.MultiIndex):
        levels = [index.get_level_values(k) for k in range(index.nlevels)]
        return pack("levels", *(digest(level) for level in levels))
    name = digest(index.name)
    if isinstance(index, pd.RangeIndex):
        steps = f"{index.start} {index.stop} {index.step}".encode()
        return pack("range", name, steps)
    return pack("index", name, _column(index.array, digest))


def _column(column: Any, digest: Digest) -> bytes:
    """Digest a pandas array by its dtype and values, independently of its storage."""
    array, kind = column, str(column.dtype)
    if isinstance(array, pd.Categorical):
        ordered = b"ordered" if array.ordered else b""
        return pack("category", ordered, digest(array.categories), digest(array.codes))
    if isinstance(array, _MASKED):
        gaps = np.asarray(array.isna())
        filled = array.to_numpy(dtype=array.dtype.numpy_dtype, na_value=0)
        return pack(kind, digest(gaps), digest(filled))
    if isinstance(array, _DATETIMES):
        return pack(kind, digest(array.asi8))
    if isinstance(array, pd.arrays.IntervalArray):
        return pack(kind, digest(array.left), digest(array.right))
    if isinstance(array, pd.arrays.SparseArray):
        places = array.sp_index.to_int_index().indices
        values = np.asarray(array.sp_values)
        parts = [digest(places), digest(values), digest(array.fill_value)]
        return pack(kind, digest(len(array)), *parts)
    return pack(repr(array.dtype), digest(_values(array)))


def _values(array: Any) -> np.ndarray:
    if isinstance(array.dtype, pd.StringDtype | pd.ArrowDtype):
        return array.to_numpy(dtype=object, na_value=None)
    if isinstance(array, pd.arrays.NumpyExtensionArray):
        return np.asarray(array)
    return np.asarray(array, dtype=object)


def is_polars(value: Any) -> bool:
    """Whether a value is a polars frame or series, without importing polars."""
    kind = type(value)
    return kind.__module__.partition(".")[0] == "polars" and kind.__name__ in (
        "DataFrame",
        "Series",
    )


def digest_polars(value: Any, digest: Digest) -> bytes:
    """Digest a polars frame or series."""
    if type(value).__name__ == "DataFrame":
        columns = [digest_polars(column, digest) for column in value.get_columns()]
        return pack("polars frame", digest(type(value)), *columns)
    head = [digest(value.name), repr(value.dtype).encode()]
    if value.dtype.is_numeric() and not value.dtype.is_decimal():
        gaps, filled = value.is_null().to_numpy(), value.fill_null(0).to_numpy()
        return pack("polars", *head, digest(gaps), digest(filled))
    return pack("polars", *head, digest(value.to_list()))
