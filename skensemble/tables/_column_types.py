"""Turn columns of strings into numbers, truth values, dates and text."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skensemble.tables._number_formats import NumberFormat
from skensemble.tables._number_texts import (
    NumberText,
    missing_words_note,
    read_numbers,
)
from skensemble.tables._text_columns import TextColumn
from skensemble.tables._text_reasons import reason_for_text

_TRUTH = ({"True": True, "False": False}, {"true": True, "false": False}, {"TRUE": True, "FALSE": False})  # fmt: skip
_NOT_ISO = re.compile(
    r"^(?!\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?)?$)", re.MULTILINE
)


@dataclass(frozen=True)
class TypeRules:
    """What is known of the file when its columns get their types.

    Parameters
    ----------
    columns_as_text : collection of str
        Columns that stay text.
    missing : frozenset of str
        Cells that are missing, with the empty cell.
    decimal : {".", ","} or None
        Decimal mark that is given.
    separator : str
        Separator of the file: a semicolon suggests that the comma is a decimal mark.
    """

    columns_as_text: Collection[str]
    missing: frozenset[str]
    decimal: str | None
    separator: str


def typed_columns(
    columns: dict[str, TextColumn], rules: TypeRules, notes: list[str]
) -> tuple[dict[str, Any], str | None]:
    """Give each column its type; `columns` is emptied, for less memory.

    Returns
    -------
    typed : dict
        Array per column.
    decimal : str or None
        Decimal mark of the file, if it is known.
    """
    typer = _Typer(rules, notes)
    for name in list(columns):
        typer.add(name, columns.pop(name))
    return typer.typed, typer.settle()


class _Typer:
    """Types of the columns of one table.

    Numbers whose format is not clear, such as "1,234", wait until the other columns
    have shown the decimal mark of the file.
    """

    def __init__(self, rules: TypeRules, notes: list[str]):
        self.rules = rules
        self.notes = notes
        self.typed: dict[str, Any] = {}
        self.waiting: dict[str, NumberText] = {}
        self.formats: dict[str, NumberFormat] = {}
        self.dates: list[str] = []

    def add(self, name: str, column: TextColumn) -> None:
        """Type a column, or let it wait."""
        gaps = column.gaps(self.rules.missing)
        self.typed[name] = None  # The order of the columns stays.
        if name not in self.rules.columns_as_text:
            self._find_type(name, column, gaps)
        if self.typed[name] is None:
            self.typed[name] = column.strings(gaps)

    def _find_type(
        self, name: str, column: TextColumn, gaps: NDArray[np.bool_] | None
    ) -> None:
        values = truth_values(column, gaps)
        if values is None:
            values = read_dates(column, gaps)
            self.dates += [] if values is None else [name]
        if values is None and gaps is not None and gaps.all():
            values = np.full(len(gaps), np.nan)
        self.typed[name] = values
        numbers = read_numbers(column, gaps) if values is None else None
        if numbers is None:
            reason = None if values is not None else reason_for_text(column, gaps)
            if reason is not None:
                self.notes.append(f"The column {name!r} stays text: {reason}.")
            return
        if len(numbers.formats) > 1 and not self.rules.decimal:
            self.waiting[name] = numbers
        else:
            self._set(name, numbers, self.rules.decimal)

    def settle(self) -> str | None:
        """Type the columns that waited, and return the decimal mark of the file."""
        decimal = self.rules.decimal or _common_decimal(self.formats.values())
        for name, numbers in self.waiting.items():
            mark = decimal or _by_separator(numbers, self.rules.separator)
            self._set(name, numbers, mark)
            self.notes.append(self._unclear(name, numbers, decimal))
        commas = [name for name, form in self.formats.items() if form.decimal == ","]
        if commas:
            self.notes.append(f"Decimal comma in the columns {commas}.")
        if self.dates:
            self.notes.append(f"Dates in the columns {self.dates}.")
        return decimal or (_common_decimal(self.formats.values()))

    def _set(self, name: str, numbers: NumberText, decimal: str | None) -> None:
        form = numbers.choose(decimal)
        values = None if form is None else numbers.numbers(form)
        if form is None or values is None:
            self.notes.append(_text_note(name, numbers, form, decimal))
            return
        self.typed[name] = values
        if form.decimal in numbers.joined or form.thousands in (".", ","):
            self.formats[name] = form
        if form.groups_by_space:
            self.notes.append(_space_note(name, numbers, form))
        if numbers.words:
            self.notes.append(missing_words_note(name, numbers.words))

    def _unclear(self, name: str, numbers: NumberText, decimal: str | None) -> str:
        form = self.formats.get(name)
        mark = "," if "," in numbers.joined else "."
        example = next(c for c in numbers.joined.split("\n") if mark in c)
        is_decimal = form is not None and form.decimal == mark
        use = "decimal mark" if is_decimal else "thousands separator"
        other = mark if not is_decimal else "," if mark == "." else "."
        reason = f"the separator is {self.rules.separator!r}"
        if decimal is not None:
            reason = f"other columns have the decimal mark {decimal!r}"
        return (
            f"Numbers such as {example!r} in the column {name!r}: {mark!r} is taken as "
            f"{use}, because {reason}; decimal={other!r} reads them otherwise."
        )


def truth_values(column: TextColumn, gaps: NDArray[np.bool_] | None) -> Any | None:
    """Return booleans if all cells are True or False, in one spelling."""
    joined = column.present(gaps) or ""
    first = joined[: max(joined.find("\n"), 0) or None]
    spelling = next((one for one in _TRUTH if first in one), None)
    if spelling is None or not set(joined.split("\n")) <= set(spelling):
        return None
    values = np.fromiter((spelling.get(cell, False) for cell in column.cells), bool)
    return values if gaps is None else pd.arrays.BooleanArray(values, gaps.copy())


def read_dates(column: TextColumn, gaps: NDArray[np.bool_] | None) -> Any | None:
    """Return dates if all cells are dates of ISO 8601 without a time zone."""
    joined = column.present(gaps)
    if not joined or _NOT_ISO.search(joined):
        return None
    words = list(dict.fromkeys(joined.split("\n")))
    try:
        dates = pd.to_datetime(pd.Series(words), format="ISO8601")
    except ValueError:
        return None  # A day such as 2024-02-30, or a year that pandas does not know.
    by_word = pd.Series(dates.to_numpy("datetime64[us]"), index=words)
    cells = pd.Series(column.cells, dtype=object)
    return cells.map(by_word).astype("datetime64[us]").array


def _common_decimal(formats: Collection[NumberFormat]) -> str | None:
    """Return the decimal mark of the columns if it is the same in all."""
    marks = {form.decimal for form in formats}
    return marks.pop() if len(marks) == 1 else None


def _by_separator(numbers: NumberText, separator: str) -> str | None:
    """Choose the decimal mark of "1,234" and "1.234" without other columns."""
    has_mark = "," in numbers.joined or "." in numbers.joined
    return "," if separator == ";" and has_mark else None


def _space_note(name: str, numbers: NumberText, form: NumberFormat) -> str:
    mark = form.thousands or ""
    example = next(c for c in numbers.joined.split("\n") if mark in c)
    return (
        f"Numbers such as {example!r} in the column {name!r}: the space is taken as "
        f"thousands separator; columns_as_text=[{name!r}] keeps the text."
    )


def _text_note(
    name: str, numbers: NumberText, form: NumberFormat | None, decimal: str | None
) -> str:
    if form is None:
        reason = f"its numbers do not have the decimal mark {decimal!r}"
    elif numbers.are_whole(form):
        reason = "its numbers have more digits than 64 bits hold"
    else:
        reason = "its numbers would be rounded"
    return f"The column {name!r} stays text: {reason}."
