"""Find the line with the names of the columns, and check the names."""

import itertools
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from skensemble.core import MISSING_WORDS
from skensemble.exceptions import TableError

_NUMBER = re.compile(r"\s*[-+]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][-+]?\d+)?\s*")
# A number, a date, a time or a percentage.
_VALUE = re.compile(r"\s*[-+\u2212]?[.,]?\d[\d.,:/%'eETZ\s+-]*")
# A title stands before the header only in tables with at least this many columns.
_FEWEST_FIELDS = 3


@dataclass(frozen=True)
class Header:
    """The names of the columns, and where they stand.

    Parameters
    ----------
    names : list of str
        Fields of the header as they stand in the file.
    line : int
        Line of the header.
    n_records : int
        Number of records up to the header, with it.
    width : int
        Number of fields of the rows: that of the header, or one more.
    first_row : list of str
        Fields of the first row; empty if there is none.
    notes : list of str
        What was skipped before the header.
    """

    names: list[str]
    line: int
    n_records: int
    width: int
    first_row: list[str]
    notes: list[str] = field(default_factory=list)


def find_header(
    records: Iterable[tuple[int, list[str]]], n_fields: int, file: str
) -> Header:
    """Find the header among the first records.

    Lines before it are skipped if they are blank, if they begin with "#" and have
    another number of fields, or if they are a title.

    Parameters
    ----------
    records : iterable of (int, list of str)
        The first records with their lines.
    n_fields : int
        Number of fields of the first regular record.
    file : str
        Name of the file, for messages.

    Returns
    -------
    header : Header

    Raises
    ------
    TableError
        If there are no records, or if the first one looks like a title above the names.
    """
    records = list(records)
    known = [i for i, (_, record) in enumerate(records) if record]
    skipped: list[int] = []
    while len(known) > 1 and _is_comment(records[known[0]][1], n_fields):
        skipped.append(known.pop(0))
    if _is_title([records[i][1] for i in known], n_fields):
        while len(known) > 1 and _n_filled(records[known[0]][1]) <= 1:
            skipped.append(known.pop(0))
    if not known:
        raise TableError("the file is empty.", file=file)
    _refuse_title([records[i] for i in known], file)
    at = known[0]
    rows = [records[i][1] for i in known[1:]]
    line, names = records[at]
    lengths = {len(row) for row in rows}
    one_more = lengths == {len(names) + 1} and len(names) > 1
    lines = [records[i][0] for i in skipped]
    notes = [f"Lines before the header are skipped: {lines}."] if lines else []
    width = len(names) + one_more
    return Header(names, line, at + 1, width, rows[0] if rows else [], notes)


def _is_comment(record: list[str], n_fields: int) -> bool:
    return record[0].startswith("#") and len(record) != n_fields


def _n_filled(record: list[str]) -> int:
    return sum(1 for cell in record if cell.strip())


def _is_title(records: list[list[str]], n_fields: int) -> bool:
    """Whether the first records are a title, and a header and rows follow."""
    following = [one for one in records if _n_filled(one) > 1]
    if len(following) < 2 or n_fields < _FEWEST_FIELDS or _n_filled(records[0]) > 1:
        return False
    header, *rows = following
    is_header = all(cell.strip() and not _is_number(cell) for cell in header)
    regular = all(len(row) in (len(header), len(header) + 1) for row in rows)
    numbers = any(_is_number(cell) for row in rows for cell in row)
    unique = len(set(header)) == len(header)
    return is_header and regular and numbers and unique


def has_values(record: list[str]) -> bool:
    """Whether some cell is a number, a date or a word for a missing number."""
    return any(
        _is_value(cell) or cell.strip().lower() in MISSING_WORDS
        for cell in record
        if cell.strip()
    )


def are_names(record: list[str], rows: list[list[str]]) -> bool:
    """Whether a record holds words above rows with a column of values."""
    filled = [cell.strip() for cell in record]
    if not all(filled) or has_values(record) or len(set(filled)) < len(filled):
        return False
    cells = zip(*(row for row in rows if len(row) == len(record)), strict=True)
    return any(_are_values(column) for column in cells)


def _are_values(cells: Iterable[str]) -> bool:
    filled = [cell for cell in cells if cell.strip()]
    return bool(filled) and all(map(_is_value, filled))


def _is_value(cell: str) -> bool:
    return _VALUE.fullmatch(cell) is not None


def _refuse_title(records: list[tuple[int, list[str]]], file: str) -> None:
    """Refuse a first line above a line of names, with values below it."""
    if len(records) < 3:
        return
    (line, title), (below, names), *others = records
    rows = [row for _, row in others]
    if len(names) < 2 or not are_names(names, rows):
        return
    is_odd = any(not cell.strip() or _is_value(cell) for cell in title)
    only_values = len(rows) > 1 and all(map(_are_values, rows))
    if is_odd or (only_values and len(title) == len(names)):
        raise TableError(
            f"line {line} looks like a title above the names in line {below} "
            f"({', '.join(names[:5])}); remove line {line}, or line {below} if it holds "
            "units.",
            file=file,
            line=line,
        )


def _is_number(cell: str) -> bool:
    return _NUMBER.fullmatch(cell) is not None


def refuse_values_as_names(header: Header, file: str, notes: list[str]) -> None:
    """Refuse a first line of values; numbers in a regular order are names, with a note.

    Raises
    ------
    TableError
        If names are numbers that neither increase nor count down, as years may.
    """
    filled = [name for name in header.names if name.strip()]
    numbers = [_as_float(name) for name in filled if _is_number(name)]
    pairs = list(itertools.pairwise(numbers))
    if all(a < b for a, b in pairs) or all(a == b + 1 for a, b in pairs):
        if numbers and numbers != list(range(len(numbers))):
            shown = [name for name in filled if _is_number(name)][:5]
            notes.append(f"Names: the numbers {shown} of the first line are names.")
        return
    raise TableError(
        f"the first line holds values ({', '.join(filled[:5])}), not names of columns; "
        "put a line with names before it.",
        file=file,
        line=header.line,
    )


def _as_float(name: str) -> float:
    return float(name.strip().replace(",", "."))


def check_names(header: Header, file: str, notes: list[str]) -> list[str]:
    """Return the names; those without one are called "Unnamed: 0" by position.

    Raises
    ------
    TableError
        If two columns have the same name.
    """
    stripped = [name.strip() for name in header.names]
    names = [name or f"Unnamed: {j}" for j, name in enumerate(stripped)]
    if not any(name.strip() for name in header.names):
        raise TableError("the line of the names is empty.", file=file, line=header.line)
    refuse_repeated(names, file, header.line)
    spaced = [name for name in header.names if name.strip() not in ("", name)]
    if spaced:
        notes.append(f"Names: the spaces around the names {spaced} are left out.")
    unnamed = [j for j, name in enumerate(stripped) if not name]
    if unnamed and unnamed != [len(names) - 1]:
        notes.append(f"Names: columns without name: {[names[j] for j in unnamed]}.")
    return names


def refuse_repeated(names: list[str], file: str, line: int | None = None) -> None:
    """Refuse columns of the same name.

    Raises
    ------
    TableError
        If two columns have the same name.
    """
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise TableError(
            f"several columns have the same name: {twice}; rename them.",
            file=file,
            line=line,
        )
