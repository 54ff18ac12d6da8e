"""Skip the comments before the header of delimited text."""

import csv
import re
from collections import Counter
from dataclasses import dataclass

from skensemble.exceptions import TableError
from skensemble.tables._headers import are_names, has_values
from skensemble.tables._separators import Layout, excel_line, find_layout

_LINE_END = re.compile("\r\n|\n|\r")
_COMMENT = re.compile(r'(?:[ \t]*(?:\r\n|\n|\r))*( *"?#[^\r\n]*)(?:\r\n|\n|\r|\Z)')


@dataclass(frozen=True)
class _Text:
    """A text, and the parameters that its layout depends on."""

    text: str
    separator: str | None
    suffix: str
    file: str

    def layout(self, start: int, notes: list[str]) -> Layout:
        return find_layout(
            self.text, self.separator, self.suffix, self.file, notes, start
        )

    def line(self, position: int) -> int:
        return len(_LINE_END.findall(self.text, 0, position)) + 1


def find_body(
    text: str, separator: str | None, suffix: str, file: str, notes: list[str]
) -> Layout:
    """Find the separator, and the position after the comments before the header.

    The last line with "#" is the header if it has as many fields as the rows, and if
    the next line holds values.

    Raises
    ------
    TableError
        If the separator is not clear, or if a line with "#" may be a comment as well as
        the header.
    """
    source = _Text(text, separator, suffix, file)
    comments = _comments(text)
    if not comments:
        return source.layout(0, notes)
    lines = [source.line(start) for start, _ in comments]
    found, kept = _with_last(source, comments)
    if found is not None:
        skipped = lines[:-1]
        kept.append(f"Names: line {lines[-1]}, which begins with '#', holds the names.")
    else:
        skipped = lines
        found = source.layout(comments[-1][1], kept)
    if skipped:
        notes.append(
            f"Lines before the header are skipped: {skipped} (they begin with '#')."
        )
    notes.extend(kept)
    return found


def _comments(text: str) -> list[tuple[int, int]]:
    """Return start and end of each line that begins with "#" before other lines."""
    found: list[tuple[int, int]] = []
    excel = excel_line(text)
    end = excel.end() if excel else 0
    while (match := _COMMENT.match(text, end)) is not None:
        if match[1].lstrip().startswith('"') and match[1].count('"') % 2:
            break  # A quoted name of several lines.
        end = match.end()
        found.append((match.start(1), end))
    return found


def _with_last(
    source: _Text, comments: list[tuple[int, int]]
) -> tuple[Layout | None, list[str]]:
    """Return the layout with the last line with "#" as header, if it is the header."""
    at, end = comments[-1]
    notes: list[str] = []
    if not source.text[end:].strip() and len(comments) > 1:
        raise TableError(
            "each line begins with '#', as comments do; remove the '#' of the names and "
            "of the rows.",
            file=source.file,
        )
    try:
        layout = source.layout(at, notes)
    except TableError:
        return None, []
    if not source.text[end:].strip():
        return layout, notes
    if layout.n_fields == 1 and source.layout(end, []).n_fields > 1:
        return None, []
    is_header = _is_header(layout.records)
    if is_header is None:
        raise _unclear(source, at)
    if not is_header:
        return None, []
    _refuse_rows(source, comments[:-1], layout)
    return layout, notes


def _refuse_rows(
    source: _Text, comments: list[tuple[int, int]], layout: Layout
) -> None:
    """Refuse earlier lines with "#" that may be the header, with rows after them."""
    for start, stop in comments:
        record = next(csv.reader([source.text[start:stop]], delimiter=layout.separator))
        if len(record) == layout.n_fields > 1:
            raise _unclear(source, start)


def _unclear(source: _Text, position: int) -> TableError:
    return TableError(
        "the line begins with '#', and may be a comment or hold the names; remove the "
        "line if it is a comment, or its '#' if it holds the names.",
        file=source.file,
        line=source.line(position),
    )


def _is_header(records: list[list[str]]) -> bool | None:
    """Whether the first record, with "#", holds the names; None if it is not clear."""
    first, *rows = records
    if not first[0].lstrip().startswith("#"):
        return False  # It has no separator, and was left out of the records.
    width = len(first)
    usual = Counter(map(len, rows)).most_common(1)
    if not usual or usual[0][0] != width:
        # Rows with one field more are refused later, if they are rows.
        return (
            bool(rows)
            and {len(row) for row in rows} == {width + 1}
            and (width > 1 and has_values(rows[0]))
        )
    if first[0].strip() == "#" and width > 1:
        return True
    if are_names(rows[0], rows[1:]):
        return False
    return True if has_values(rows[0]) else None
