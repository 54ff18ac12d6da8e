"""Read JSON lines, and JSON arrays of records, as columns."""

import itertools
import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.exceptions import TableError
from skensemble.tables._column_types import TypeRules, read_dates, truth_values
from skensemble.tables._headers import refuse_repeated
from skensemble.tables._number_texts import read_numbers
from skensemble.tables._text_columns import TextColumn

_BLANK = re.compile(r"[ \t\r\n]*")


class _Number(str):
    """A number as it stands in the file, so that no digit is lost."""

    __slots__ = ()


class _RepeatedKeyError(ValueError):
    pass


@dataclass(frozen=True)
class JsonTable:
    """A table of JSON values: strings, numbers as written, truth values and None.

    Parameters
    ----------
    file : str
        Name of the file, for messages.
    columns : dict of str to list
        Values per column; None where a record lacks the key.
    """

    file: str
    columns: dict[str, list[Any]]


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


def read_json(text: str, file: str, notes: list[str]) -> JsonTable:
    """Read records from an array, or one record after another.

    Raises
    ------
    TableError
        If the text is not JSON, or holds other things than records.
    """
    records: list[dict[str, Any]] = []
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
        records.extend(found)
    notes.append(f"Format: JSON {'array' if is_array else 'lines'}.")
    return JsonTable(file, _as_columns(records, file, notes))


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


def _as_columns(
    records: list[dict[str, Any]], file: str, notes: list[str]
) -> dict[str, list[Any]]:
    names = list(dict.fromkeys(key for record in records for key in record))
    if not names:
        raise TableError("the file has no records.", file=file)
    refuse_repeated(names, file)
    lacking = {
        name: count
        for name in names
        if (count := sum(name not in record for record in records))
    }
    if lacking:
        notes.append(f"Records without a key, by key: {lacking}; missing values.")
    columns = {name: [record.get(name) for record in records] for name in names}
    nested = [
        name
        for name, values in columns.items()
        if any(isinstance(value, (dict, list)) for value in values)
    ]
    if nested:
        raise TableError(
            f"the columns {nested} hold nested values; turn them into columns of "
            "numbers or strings, or drop them.",
            file=file,
            column=nested[0],
        )
    return columns


def typed_json(
    columns: dict[str, list[Any]], rules: TypeRules, notes: list[str]
) -> dict[str, Any]:
    """Give columns of JSON values their types.

    Strings stay text, except dates of ISO 8601: JSON has no dates. A column that mixes
    strings with numbers or truth values becomes text.
    """
    return {
        name: _typed(name, columns.pop(name), rules, notes) for name in list(columns)
    }


def _typed(name: str, values: list[Any], rules: TypeRules, notes: list[str]) -> Any:
    texts = TextColumn.of(["" if one is None else _as_text(one) for one in values])
    gaps = texts.gaps(rules.missing)
    present = values if gaps is None else itertools.compress(values, ~gaps)
    kinds = set(map(type, present))
    typed = None
    if name not in rules.columns_as_text:
        typed = _by_kind(texts, gaps, kinds)
        if len(kinds) > 1:
            words = sorted(_KINDS[kind] for kind in kinds)
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
