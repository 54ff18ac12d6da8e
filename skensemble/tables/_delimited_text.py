"""Divide delimited text into columns of strings; irregular lines are refused."""

import csv
import io
import itertools
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from skensemble.exceptions import TableError
from skensemble.tables._comment_lines import find_body
from skensemble.tables._headers import (
    Header,
    check_names,
    find_header,
    refuse_values_as_names,
)
from skensemble.tables._separators import Layout, show
from skensemble.tables._text_columns import TextColumn, join

# Rows that are converted to columns at once, which bounds the memory of the strings.
_ROWS = 4096
# Lines that an error names.
_SHOWN = 5
_LINE_END = re.compile("\r\n|\n|\r")


@dataclass(frozen=True)
class TextTable:
    """A table whose cells are strings as they stand in the file.

    Parameters
    ----------
    file : str
        Name of the file, for messages.
    separator : str
        The separator, from which the meaning of a comma in numbers is derived.
    columns : dict of str to TextColumn
        Cells per column.
    """

    file: str
    separator: str
    columns: dict[str, TextColumn]


def read_delimited(
    text: str, separator: str | None, suffix: str, file: str, notes: list[str]
) -> TextTable:
    """Divide a text into columns.

    Raises
    ------
    TableError
        If quotes are not closed, lines have more or fewer fields than there are names,
        or the names cannot be used.
    """
    layout = find_body(text, separator, suffix, file, notes)
    body = _Body(text, layout, file)
    header = find_header(itertools.islice(body.numbered(), 200), layout.n_fields, file)
    notes.extend(header.notes)
    refuse_values_as_names(header, file, notes)
    names = check_names(header, file, notes)
    columns = _columns(body, header, notes)
    if not columns:
        raise TableError("the file has column names but no rows.", file=file)
    named = _without_last(names, columns, header, file, notes)
    return TextTable(file, layout.separator, named)


@dataclass(frozen=True)
class _Body:
    """The records of a text."""

    text: str
    layout: Layout
    file: str

    def reader(self) -> Any:
        stream = io.StringIO(self.text[self.layout.start :], newline="")
        return csv.reader(
            stream,
            delimiter=self.layout.separator,
            skipinitialspace=self.layout.skip_space,
            strict=True,
        )

    @cached_property
    def first_line(self) -> int:
        """Number of the first line, which counts from 1."""
        return len(_LINE_END.findall(self.text, 0, self.layout.start)) + 1

    def numbered(self) -> Iterator[tuple[int, list[str]]]:
        """Give each record with the number of its first line."""
        reader, line = self.reader(), self.first_line
        with _long_fields():
            while True:
                try:
                    record = next(reader, None)
                except csv.Error as error:
                    raise self._quote_error(line, error) from error
                if record is None:
                    return
                yield line, record
                line = reader.line_num + self.first_line

    def _quote_error(self, line: int, error: csv.Error) -> TableError:
        end = "end of data" in str(error)
        problem = "a quote is not closed" if end else "text follows a closing quote"
        return TableError(
            f"{problem} in the record that begins in this line; write a quote within "
            "quotes twice, or remove it.",
            file=self.file,
            line=line,
        )


@contextmanager
def _long_fields() -> Iterator[None]:
    """Allow fields of any length; the limit of `csv` holds for the process."""
    limit = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


def _columns(body: _Body, header: Header, notes: list[str]) -> list[TextColumn]:
    """Read the records after the header into chunks of columns."""
    reader, chunks = body.reader(), []
    repeated = blank = 0
    width = header.width
    with _long_fields():
        try:
            for _ in range(header.n_records):
                next(reader, None)
            while rows := list(itertools.islice(reader, _ROWS)):
                n_rows = len(rows)
                rows = _regular(rows, width)
                blank += n_rows - len(rows)
                if rows and width > 1 and header.names in rows:
                    n_rows = len(rows)
                    rows = [row for row in rows if row != header.names]
                    repeated += n_rows - len(rows)
                if set(map(len, rows)) - {width}:
                    raise _irregular(body, header)
                chunks.append([join(cells) for cells in zip(*rows, strict=True)])
        except csv.Error:
            list(body.numbered())
            raise
    if repeated or blank:
        notes.extend(_skipped(body, header, repeated))
    return [
        TextColumn(list(parts)) for parts in zip(*filter(None, chunks), strict=True)
    ]


def _regular(rows: list[list[str]], width: int) -> list[list[str]]:
    """Leave out blank lines; in a table of one column they are missing cells."""
    if [] not in rows:
        return rows
    if width == 1:
        return [row or [""] for row in rows]
    return [row for row in rows if row]


def _skipped(body: _Body, header: Header, repeated: int) -> Iterator[str]:
    """Describe the records that are not rows."""
    records = list(itertools.islice(body.numbered(), header.n_records, None))
    blank = [line for line, record in records if not record]
    again = [line for line, record in records if record == header.names]
    if blank:
        yield f"Blank lines: {len(blank)} are skipped ({_lines(blank)})."
    if repeated:
        yield f"Repeated header: {len(again)} rows are skipped ({_lines(again)})."


def _lines(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:_SHOWN]))
    more = ", ..." if len(numbers) > _SHOWN else ""
    return f"{'line' if len(numbers) == 1 else 'lines'} {shown}{more}"


def _irregular(body: _Body, header: Header) -> TableError:
    """Describe the lines whose number of fields is not that of the header."""
    records = itertools.islice(body.numbered(), header.n_records, None)
    wrong = [
        (line, len(record))
        for line, record in records
        if record and len(record) != header.width
    ]
    shown = ", ".join(f"line {line} has {count}" for line, count in wrong[:_SHOWN])
    more = f", ... ({len(wrong)} lines)" if len(wrong) > _SHOWN else ""
    expected = (
        "the header has" if header.width == len(header.names) else "most lines have"
    )
    remedy = "correct these lines, or name another separator with separator=."
    if header.width == 1:
        remedy = (
            "name the separator with separator=, or a character that does not occur, "
            "such as '\\t', if each line is one cell."
        )
    return TableError(
        f"{expected} {header.width} field{'s' * (header.width > 1)}, separated by "
        f"{show(body.layout.separator)}, but {shown}{more}; {remedy}",
        file=body.file,
        line=wrong[0][0],
    )


def _without_last(
    names: list[str],
    columns: list[TextColumn],
    header: Header,
    file: str,
    notes: list[str],
) -> dict[str, TextColumn]:
    """Leave out the last column if it has no name and no content."""
    is_empty = not any(columns[-1].cells)
    if len(columns) > len(names):
        reason = (
            "the last field is always empty, so the rows end with a separator and the "
            "header does not; add one to the header, or remove those of the rows."
            if is_empty
            else "if the first column holds names of rows, as R writes them, put a name "
            "for it before the others."
        )
        raise TableError(
            f"the header has {len(names)} names, but each row has {len(columns)} fields; "
            f"{reason}",
            file=file,
            line=header.line,
        )
    if is_empty and not header.names[-1].strip() and len(names) > 1:
        notes.append("Last column: without name and content, left out.")
        columns, names = columns[:-1], names[:-1]
    return dict(zip(names, columns, strict=True))
