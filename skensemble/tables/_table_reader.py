"""Read one table from files of any supported format."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from skensemble.core import nearest
from skensemble.exceptions import TableError
from skensemble.tables._arrow_tables import read_arrow
from skensemble.tables._column_types import TypeRules, typed_columns
from skensemble.tables._compression import decompress
from skensemble.tables._delimited_text import TextTable, read_delimited
from skensemble.tables._file_formats import binary_format, is_json
from skensemble.tables._json_records import (
    JsonColumn,
    JsonTable,
    read_json,
    typed_json,
)
from skensemble.tables._separators import check_separator
from skensemble.tables._sources import Source, find_sources
from skensemble.tables._text_columns import TextColumn
from skensemble.tables._text_encodings import decode


def read_table(
    source: Any,
    *,
    columns_as_text: Collection[str] = (),
    separator: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    missing: Collection[str] = (),
    notes: list[str] | None = None,
) -> pd.DataFrame:
    r"""Read a table so that nothing is lost, or refuse it with its line and column.

    Delimited text (CSV, TSV), JSON lines, JSON arrays of records, Parquet, Feather and
    Arrow files are recognised by their content, and so are gzip, bzip2, xz, Zstandard
    and zip. Format, separator, encoding and decimal mark are found in the file.

    Parameters
    ----------
    source : str, path, file object, or list of these
        A file, a folder of files of one kind, a pattern such as ``"parts/*.csv"``, or
        ``"-"`` for standard input. Several files must have the same columns; their rows
        follow each other.
    columns_as_text : collection of str, default=()
        Columns whose cells are kept letter for letter, such as labels and identifiers.
        Only empty cells and those of `missing` are missing in them.
    separator : str or None, default=None
        One character between the fields. None finds a comma, a semicolon, a tab or a
        vertical bar.
    encoding : str or None, default=None
        Encoding of the text. None finds UTF-8, UTF-16, UTF-32 and cp1252.
    decimal : {".", ","} or None, default=None
        Decimal mark of numbers in text. None finds it per column.
    missing : collection of str, default=()
        Cells that are missing, in addition to empty cells.
    notes : list or None, default=None
        One line per decision is appended, such as the separator that was found.

    Returns
    -------
    table : DataFrame
        Whole numbers have a 64-bit integer dtype, numbers with decimals are floats,
        True and False are booleans, dates of ISO 8601 are datetimes, and all other
        columns are text. Whole numbers and booleans with missing values have a nullable
        dtype. ``table.attrs["decimal"]`` is the decimal mark if the file shows it, and
        ``table.attrs["files"]`` the name and the number of rows of each of several
        files.

    Raises
    ------
    TableError
        If the file cannot be read without a loss: lines with too many or too few
        fields, quotes that are not closed, repeated names, an unknown encoding.

    See Also
    --------
    skensemble.tables.number_column : Read a text column as numbers.

    Notes
    -----
    A column is read as numbers only if no digit is lost. Numbers with leading zeros,
    whole numbers of more than 64 bits and codes such as "12E3" stay text. In a column
    of numbers, usual words for a missing number ("NA", "?", "-") are missing if they
    are at most half of the cells. In a column of text they are text.

    Examples
    --------
    >>> import io
    >>> from skensemble import read_table
    >>> notes = []
    >>> text = "id;area;fuel\n0001;60,5;None\n0002;71,25;gas\n"
    >>> read_table(io.StringIO(text), notes=notes)
         id   area  fuel
    0  0001  60.50  None
    1  0002  71.25   gas
    >>> print("\n".join(notes))
    Separator: ';' (the same number of fields in the first 3 records).
    Decimal comma in the columns ['area'].
    """
    notes = [] if notes is None else notes
    options = _Options.of(columns_as_text, separator, encoding, decimal, missing)
    sources = find_sources(source)
    parts = [_read(one, options, notes) for one in sources]
    for one, part in zip(sources[1:], parts[1:], strict=True):
        _check_same_columns(one, part, sources[0], parts[0])
    if len(parts) > 1:
        notes.append(f"Files: {len(parts)}, from {sources[0].name}.")
    frame = _typed(parts, options, sources[0].name, notes)
    if len(parts) > 1:
        files = _rows_per_file(sources, parts)
        if sum(n_rows for _, n_rows in files) == len(frame):
            frame.attrs["files"] = files
    return frame


@dataclass(frozen=True)
class _Options:
    """The checked parameters of `read_table`."""

    columns_as_text: frozenset[str]
    separator: str | None
    encoding: str | None
    decimal: str | None
    missing: frozenset[str]

    @classmethod
    def of(
        cls,
        columns_as_text: Collection[str],
        separator: str | None,
        encoding: str | None,
        decimal: str | None,
        missing: Collection[str],
    ) -> "_Options":
        check_separator(separator)
        if decimal not in (None, ".", ","):
            raise TableError(
                f"decimal={decimal!r} must be '.' or ','; None finds it per column."
            )
        if decimal is not None and decimal == separator:
            raise TableError(
                f"separator={separator!r} and decimal={decimal!r} must differ."
            )
        texts, words = (
            frozenset([one] if isinstance(one, str) else one)
            for one in (columns_as_text, missing)
        )
        return cls(texts, separator, encoding, decimal, words | {""})

    def rules(self, separator: str) -> TypeRules:
        """Rules for the columns of text files."""
        return TypeRules(self.columns_as_text, self.missing, self.decimal, separator)


_Part = TextTable | JsonTable | pd.DataFrame


def _read(source: Source, options: _Options, notes: list[str]) -> _Part:
    """Read one file; text and JSON get their types later, with the other files."""
    data, compressions = decompress(source.read(), source.name)
    new: list[str] = []
    if compressions:
        new.append(f"Compression: {', '.join(compressions)}.")
    kind = binary_format(data, source.name)
    if kind is not None:
        part: _Part = read_arrow(
            data,
            kind,
            source.name,
            columns_as_text=options.columns_as_text,
            missing=options.missing,
            notes=new,
        )
    else:
        text = decode(data, options.encoding, source.name, new)
        if is_json(text, source.suffix, source.name):
            part = read_json(text, source.name, options.missing, new)
        else:
            part = read_delimited(
                text, options.separator, source.suffix, source.name, new
            )
    notes.extend(one for one in new if one not in notes)
    return part


def _names(part: _Part) -> list[str]:
    return list(part.columns)


def _check_same_columns(
    source: Source, part: _Part, first: Source, first_part: _Part
) -> None:
    here, there = _names(part), _names(first_part)
    lacking = [name for name in there if name not in here]
    more = [name for name in here if name not in there]
    if lacking or more:
        found = [
            f"{what} the columns {names}"
            for what, names in (("lacks", lacking), ("adds", more))
            if names
        ]
        raise TableError(
            f"{' and '.join(found)}, compared with {first.name}; all files must have the "
            "same columns.",
            file=source.name,
        )


def _typed(
    parts: Sequence[_Part], options: _Options, file: str, notes: list[str]
) -> pd.DataFrame:
    """Give the columns their types, and join the files."""
    names = _names(parts[0])
    unknown = [name for name in options.columns_as_text if name not in names]
    if unknown:
        raise TableError(
            f"columns_as_text={sorted(unknown)} are not columns of the table."
            f"{nearest(unknown[0], names)} Columns: {names}.",
            file=file,
        )
    frames = [
        *_typed_texts(
            [one for one in parts if isinstance(one, TextTable)], options, notes
        ),
        *_typed_records(
            [one for one in parts if isinstance(one, JsonTable)], options, notes
        ),
        *(one for one in parts if isinstance(one, pd.DataFrame)),
    ]
    if len(frames) == 1:
        return frames[0][names]
    _refuse_other_types(frames, names)
    return pd.concat([frame[names] for frame in frames], ignore_index=True)


def _typed_texts(
    parts: list[TextTable], options: _Options, notes: list[str]
) -> Iterator[pd.DataFrame]:
    """Type the columns of all delimited texts together."""
    if not parts:
        return
    joined = {
        name: TextColumn([one for part in parts for one in part.columns[name].parts])
        for name in parts[0].columns
    }
    rules = options.rules(parts[0].separator)
    parts.clear()
    typed, decimal = typed_columns(joined, rules, notes)
    frame = pd.DataFrame(typed, copy=False)
    if decimal is not None:
        frame.attrs["decimal"] = decimal
    yield frame


def _typed_records(
    parts: list[JsonTable], options: _Options, notes: list[str]
) -> Iterator[pd.DataFrame]:
    """Type the columns of all JSON files together."""
    if not parts:
        return
    joined = {
        name: JsonColumn(
            [one for part in parts for one in part.columns[name].texts],
            set().union(*(part.columns[name].kinds for part in parts)),
        )
        for name in parts[0].columns
    }
    yield pd.DataFrame(typed_json(joined, options.rules(","), notes))


def _rows_per_file(
    sources: Sequence[Source], parts: Sequence[_Part]
) -> list[tuple[str, int]]:
    """Return names and numbers of rows, in the order of the rows of the table."""
    kinds = (TextTable, JsonTable, pd.DataFrame)
    return [
        (source.name, _n_rows(part))
        for kind in kinds
        for source, part in zip(sources, parts, strict=True)
        if isinstance(part, kind)
    ]


def _n_rows(part: _Part) -> int:
    if isinstance(part, pd.DataFrame):
        return len(part)
    if isinstance(part, TextTable):
        return next(iter(part.columns.values())).n_cells
    return TextColumn(next(iter(part.columns.values())).texts).n_cells


def _refuse_other_types(frames: list[pd.DataFrame], names: list[str]) -> None:
    """Refuse files in which a column is text in some and numbers in others."""
    for name in names:
        kinds = {_kind(frame[name]) for frame in frames} - {None}
        if len(kinds) > 1:
            raise TableError(
                f"the files hold {' and '.join(sorted(map(str, kinds)))} in this column; "
                "give it one type, or name it in columns_as_text=.",
                column=name,
            )


def _kind(column: pd.Series) -> str | None:
    if column.isna().all():
        return None
    if pd.api.types.is_numeric_dtype(column.dtype):
        return "truth values" if pd.api.types.is_bool_dtype(column.dtype) else "numbers"
    return "dates" if column.dtype.kind in "mM" else "text"
