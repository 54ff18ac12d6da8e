"""Delimited files whose content is known, for tests of `read_table`."""

import datetime
import io
import re
from dataclasses import dataclass

import pandas as pd
from hypothesis import strategies as st

from skensemble import read_table
from skensemble.exceptions import TableError

SEPARATORS = [",", ";", "\t", "|"]
NAMES = [
    "id",
    "price",
    "größe",
    "price, EUR",
    'the "best"',
    "None",
    "a;b",
    "2019",
    "x 1",
]
WORDS = ["None", "NA", "n/a", "null", "nan", "N/A", "-", "?", "no", "yes", "True"]
LETTERS = "abcXYZ äéñ€ ,;|'\".-#"


@dataclass(frozen=True)
class Column:
    """The cells of a column as they are written, and the values that they stand for.

    Missing cells are None in both.
    """

    name: str
    kind: str
    cells: list
    values: list


@dataclass(frozen=True)
class WrittenTable:
    """A file, and what is in it.

    `fault` is None, or what makes the file invalid, with the line that an error names.
    """

    data: bytes
    columns: list
    fault: str | None = None
    line: int | None = None


def _grouped(number, mark):
    return f"{number:,}".replace(",", mark) if mark else str(number)


def _decimal_text(number, decimal, mark):
    whole, _, rest = repr(number).partition(".")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    return sign + _grouped(int(digits), mark) + decimal + rest


@st.composite
def columns(draw, name, n_rows, decimal, mark):
    """Draw a column of one kind, with gaps."""
    kind = draw(st.sampled_from(sorted(KINDS)))
    cells, values = KINDS[kind](draw, n_rows, decimal, mark)
    gaps = draw(st.lists(st.booleans(), min_size=n_rows, max_size=n_rows))
    # Among gaps, one word such as "NA" may be more than half of the cells.
    if draw(st.booleans()) or kind == "numbers with words":
        gaps = [False] * n_rows
    cells = [None if gap else cell for gap, cell in zip(gaps, cells, strict=True)]
    values = [None if gap else value for gap, value in zip(gaps, values, strict=True)]
    return Column(name, kind, cells, values)


def _several(draw, strategy, n_rows):
    return draw(st.lists(strategy, min_size=n_rows, max_size=n_rows))


def _codes(draw, n_rows, decimal, mark):
    cells = [f"{one:05d}" for one in _several(draw, st.integers(0, 9999), n_rows)]
    return cells, cells


def _exponents(draw, n_rows, decimal, mark):
    pairs = _several(draw, st.tuples(st.integers(1, 99), st.integers(1, 9)), n_rows)
    cells = [f"{left}E{right}" for left, right in pairs]
    return cells, cells


def _long_codes(draw, n_rows, decimal, mark):
    numbers = _several(draw, st.integers(10**20, 10**25), n_rows)
    return [str(one) for one in numbers], [str(one) for one in numbers]


def _whole(draw, n_rows, decimal, mark):
    numbers = _several(draw, st.integers(-(2**63), 2**63 - 1), n_rows)
    return [str(one) for one in numbers], numbers


def _small(draw, n_rows, decimal, mark):
    numbers = _several(draw, st.integers(0, 3_000_000), n_rows)
    return [_grouped(one, mark) for one in numbers], numbers


def _floats(draw, n_rows, decimal, mark):
    numbers = _several(draw, st.floats(-1e6, 1e6, width=32), n_rows)
    numbers = [round(one, 4) for one in numbers]
    numbers = [one if "e" not in repr(one) else 0.5 for one in numbers]
    return [_decimal_text(one, decimal, mark) for one in numbers], numbers


def _any_floats(draw, n_rows, decimal, mark):
    finite = st.floats(allow_nan=False, allow_infinity=False)
    numbers = _several(draw, finite, n_rows)
    return [repr(one).replace(".", decimal) for one in numbers], numbers


def _dates(draw, n_rows, decimal, mark):
    days = st.dates(datetime.date(1900, 1, 1), datetime.date(2100, 1, 1))
    found = _several(draw, days, n_rows)
    return [one.isoformat() for one in found], [pd.Timestamp(one) for one in found]


def _truth(draw, n_rows, decimal, mark):
    found = _several(draw, st.booleans(), n_rows)
    return [str(one) for one in found], found


def _words(draw, n_rows, decimal, mark):
    cells = _several(draw, st.sampled_from(WORDS), n_rows)
    # Without another level, "True" is a truth value and "-" may be a missing number.
    cells[0] = "level"
    return cells, cells


def _texts(draw, n_rows, decimal, mark):
    letters = st.text(LETTERS + "\n", min_size=1, max_size=12)
    cells = [f"t{one}" for one in _several(draw, letters, n_rows)]
    return cells, cells


def _numbers_with_words(draw, n_rows, decimal, mark):
    cells, values = _floats(draw, n_rows, decimal, mark)
    if n_rows > 3:
        word = draw(st.sampled_from(["NA", "?", "n/a", "nan"]))
        cells, values = [word, *cells[1:]], [None, *values[1:]]
    return cells, values


KINDS = {
    "codes": _codes,
    "exponents": _exponents,
    "long codes": _long_codes,
    "whole": _whole,
    "small": _small,
    "floats": _floats,
    "any floats": _any_floats,
    "dates": _dates,
    "truth": _truth,
    "words": _words,
    "texts": _texts,
    "numbers with words": _numbers_with_words,
}
ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"]


@st.composite
def written_tables(draw):
    """Draw a file with its content, sometimes with a fault."""
    n_rows = draw(st.integers(2, 8))
    names = draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=5, unique=True))
    separator = draw(st.sampled_from(SEPARATORS))
    decimal = draw(st.sampled_from(".,"))
    mark = draw(st.sampled_from(["", "", ",", ".", "\u00a0", "'"]))
    mark = "" if mark == decimal else mark
    table = [draw(columns(name, n_rows, decimal, mark)) for name in names]
    quote_all = draw(st.booleans())
    end = draw(st.sampled_from(["\n", "\r\n", "\r"]))
    trailing = separator if draw(st.integers(0, 4)) == 0 else ""
    rows = [names, *([column.cells[i] for column in table] for i in range(n_rows))]
    fields = [[_field(cell, separator, quote_all) for cell in row] for row in rows]
    fault = draw(st.sampled_from([*[None] * 12, "short", "long", "name", "quote"]))
    row = draw(st.integers(1, n_rows))
    lines = _with_fault(fields, fault, row, separator)
    if fault == "quote" or fault == "name":
        trailing = ""
    line = 1 if fault == "name" else 1 + sum(map(_n_lines, rows[:row]))
    excel = draw(st.sampled_from(["", "", "", f"sep={separator}{end}"]))
    line += bool(excel)
    text = (
        excel
        + end.join(one + trailing for one in lines)
        + draw(st.sampled_from(["", end]))
    )
    encoding = draw(st.sampled_from(ENCODINGS))
    data = text.encode(encoding)
    return WrittenTable(data, table, fault, line if fault else None)


def _n_lines(row):
    return 1 + sum((cell or "").count("\n") for cell in row)


def _field(cell, separator, quote_all):
    if cell is None:
        return '""' if quote_all else ""
    if quote_all or re.search(f'[{re.escape(separator)}"\n\r]', cell):
        return '"' + cell.replace('"', '""') + '"'
    return cell


def _with_fault(fields, fault, row, separator):
    fields = [list(one) for one in fields]
    if fault == "short":
        del fields[row][-1]
    elif fault == "long":
        fields[row].append("1")
    elif fault == "name":
        fields[0][1] = fields[0][0]
    elif fault == "quote":
        fields[row][0] = '"open'
    return [separator.join(one) for one in fields]


def differences(table, frame, notes):
    """List the columns that differ from the content without a note on them."""
    if list(frame.columns) != [column.name for column in table.columns]:
        return [f"columns {list(frame.columns)}"]
    found = []
    for column in table.columns:
        values = [None if pd.isna(one) else one for one in frame[column.name].tolist()]
        same = len(values) == len(column.values) and all(
            type(a) is type(b) and a == b if b is not None else a is None
            for a, b in zip(values, column.values, strict=True)
        )
        noted = any("is taken as" in one and repr(column.name) in one for one in notes)
        if not same and not noted:
            found.append(f"{column.name} ({column.kind}): {values} != {column.values}")
    return found


def outcome(table):
    """Read a file, and compare with its content.

    Returns
    -------
    outcome : str
        "same"; "refused" for a file with a fault, with its line; "refused without
        fault"; or a description of what was lost in silence.
    """
    notes = []
    try:
        frame = read_table(io.BytesIO(table.data), notes=notes)
    except TableError as error:
        if table.fault is None:
            return "refused without fault"
        # A quote that is not closed may end at a later quote, which is then named. A
        # line with a fault may be regular for another separator.
        named = error.line == table.line or table.fault == "quote"
        named = named or "the separator is not clear" in str(error)
        return "refused" if named else f"line {error.line} for {table.line}: {error}"
    if table.fault is not None:
        return f"{table.fault} in line {table.line} was read: {frame}"
    return "; ".join(differences(table, frame, notes)) or "same"
