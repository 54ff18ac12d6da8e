"""Read JSON lines, and JSON arrays of records, as columns."""

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.exceptions import TableError
from skensemble.tables._column_types import TypeRules, read_dates, truth_values
from skensemble.tables._number_texts import read_numbers
from skensemble.tables._text_columns import TextColumn, join

# Records that are converted at once.
_BATCH = 512
_BLANK = re.compile(r"[ \t\r\n]*")


class _Number(str):
    """A number as it stands in the file, so that no digit is lost."""

    __slots__ = ()


class _RepeatedKeyError(ValueError):
    pass


@dataclass
class JsonColumn:
    """Values of a key, as text.

    Parameters
    ----------
    texts : list of str or list
        Parts of the column, for `TextColumn`; a missing value is an empty cell.
    kinds : set of type
        Types of the values that are not missing: str, bool, a number, or nested.
    n_lacking : int
        Number of records without the key.
    """

    texts: list[str | list[str]]
    kinds: set[type]
    n_lacking: int = 0


@dataclass(frozen=True)
class JsonTable:
    """A table of JSON values.

    Parameters
    ----------
    file : str
        Name of the file, for messages.
    columns : dict of str to JsonColumn
        Values per key.
    """

    file: str
    columns: dict[str, JsonColumn]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    record = dict(pairs)
    if len(record) < len(pairs):
        twice = [
            key for key, count in Counter(k for k, _ in pairs).items() if count > 1
        ]
        raise _RepeatedKeyError(f"the keys {twice} occur twice in a record")
    return record


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_float=_Number,
    parse_int=_Number,
    parse_constant=lambda word: None if word == "NaN" else _Number(word),
)


def read_json(
    text: str, file: str, missing: frozenset[str], notes: list[str]
) -> JsonTable:
    """Read records from an array, or one record after another.

    Parameters
    ----------
    text : str
        The content of the file.
    file : str
        Name of the file, for messages.
    missing : frozenset of str
        Cells that are missing.
    notes : list of str
        One line per decision is appended.

    Returns
    -------
    table : JsonTable

    Raises
    ------
    TableError
        If the text is not JSON, or holds other things than records.
    """
    columns: dict[str, JsonColumn] = {}
    records = _records(text, file)
    n_records = 0
    # The records are converted in batches, which bounds the memory of their keys.
    while batch := list(itertools.islice(records, _BATCH)):
        _add(columns, batch, n_records, missing)
        n_records += len(batch)
    if not columns:
        raise TableError("the file has no records.", file=file)
    _refuse_nested(columns, file)
    notes.append("Format: JSON.")
    lacking = {name: one.n_lacking for name, one in columns.items() if one.n_lacking}
    if lacking:
        notes.append(f"Missing values for keys that records lack: {lacking}.")
    return JsonTable(file, columns)


def _records(text: str, file: str) -> Iterator[dict[str, Any]]:
    position = _BLANK.match(text).end()  # type: ignore[union-attr]
    is_array = text.startswith("[", position)
    while position < len(text):
        start = position
        value, position = _next_value(text, position, file)
        found = value if isinstance(value, list) else [value]
        wrong = [one for one in found if not isinstance(one, dict)]
        if wrong or isinstance(value, list) is not is_array:
            raise TableError(
                'expected an array of records such as {"name": 1}, or one record per '
                f"line, got {str([*wrong, value][0])[:40]!r}.",
                file=file,
                line=text.count("\n", 0, start) + 1,
            )
        yield from found


def _add(
    columns: dict[str, JsonColumn],
    batch: list[dict[str, Any]],
    n_before: int,
    missing: frozenset[str],
) -> None:
    """Add a batch of records to the columns."""
    for name in dict.fromkeys(itertools.chain(columns, *batch)):
        if name not in columns:
            before: list[str | list[str]] = [[""] * n_before] if n_before else []
            columns[name] = JsonColumn(before, set(), n_before)
        column = columns[name]
        values = [record.get(name) for record in batch]
        texts = ["" if one is None else _as_text(one) for one in values]
        column.texts.append(join(texts))
        column.kinds.update(
            type(value)
            for value, text in zip(values, texts, strict=True)
            if text not in missing
        )
        column.n_lacking += sum(name not in record for record in batch)


def _next_value(text: str, position: int, file: str) -> tuple[Any, int]:
    try:
        value, end = _DECODER.raw_decode(text, position)
    except json.JSONDecodeError as error:
        raise TableError(
            f"not valid JSON at character {error.colno} ({error.msg}).",
            file=file,
            line=error.lineno,
        ) from error
    except _RepeatedKeyError as error:
        line = text.count("\n", 0, position) + 1
        raise TableError(f"{error}; rename them.", file=file, line=line) from error
    return value, _BLANK.match(text, end).end()  # type: ignore[union-attr]


def _refuse_nested(columns: dict[str, JsonColumn], file: str) -> None:
    nested = [name for name, one in columns.items() if one.kinds & {dict, list}]
    if nested:
        raise TableError(
            f"the columns {nested} hold nested values; turn them into columns of "
            "numbers or strings, or drop them.",
            file=file,
            column=nested[0],
        )


def typed_json(
    columns: dict[str, JsonColumn], rules: TypeRules, notes: list[str]
) -> dict[str, Any]:
    """Give columns of JSON values their types.

    Strings stay text, except dates of ISO 8601: JSON has no dates. A column that mixes
    strings with numbers or truth values becomes text.
    """
    return {
        name: _typed(name, columns.pop(name), rules, notes) for name in list(columns)
    }


def _typed(name: str, column: JsonColumn, rules: TypeRules, notes: list[str]) -> Any:
    texts = TextColumn(column.texts)
    gaps = texts.gaps(rules.missing)
    typed = None
    if name not in rules.columns_as_text:
        typed = _by_kind(texts, gaps, column.kinds)
        if len(column.kinds) > 1:
            words = sorted(_KINDS[kind] for kind in column.kinds)
            notes.append(f"The column {name!r} mixes {' and '.join(words)}: text.")
    return texts.strings(gaps) if typed is None else typed


_KINDS: dict[type, str] = {str: "strings", bool: "truth values", _Number: "numbers"}


def _as_text(value: Any) -> str:
    return str(value) if isinstance(value, str) else str(value).lower()


def _by_kind(
    texts: TextColumn, gaps: NDArray[np.bool_] | None, kinds: set[type]
) -> Any | None:
    """Return an array for values of one kind, or None for text."""
    if not kinds:
        return np.full(len(texts.cells), np.nan)
    if kinds == {bool}:
        return truth_values(texts, gaps)
    if kinds == {str}:
        return read_dates(texts, gaps)
    if kinds != {_Number}:
        return None
    numbers = read_numbers(texts, gaps, are_numbers=True)
    return None if numbers is None else numbers.numbers(numbers.formats[0])
