"""Rows of spreadsheets that sum up the others, and rows without features."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from skensemble.command_line._usage_errors import UsageError
from skensemble.tables import number_column

# First words of total rows, in the languages of common spreadsheets.
_WORDS = frozenset(
    [
        "total",
        "totals",
        "subtotal",
        "sum",
        "average",
        "avg",
        "mean",
        "count",
        "summe",
        "gesamt",
        "gesamtsumme",
        "gesamtergebnis",
        "insgesamt",
        "zwischensumme",
        "mittelwert",
        "durchschnitt",
        "anzahl",
        "ergebnis",
        "totaux",
        "somme",
        "moyenne",
        "ensemble",
        "suma",
        "sumas",
        "promedio",
        "totale",
        "totali",
        "somma",
        "media",
        "soma",
        "somatório",
        "totais",
        "média",
        "totaal",
        "som",
        "gemiddelde",
        "razem",
        "łącznie",
        "średnia",
        "celkem",
        "součet",
        "spolu",
        "summa",
        "totalt",
        "yhteensä",
        "összesen",
        "toplam",
        "ortalama",
        "genel",
        "итог",
        "итого",
        "всего",
        "сумма",
        "среднее",
        "合计",
        "总计",
        "小计",
        "合計",
        "総計",
        "小計",
        "합계",
        "총계",
    ]
)
# Words of statistics and of subsets are levels of many columns: in the middle of a
# table, they only name a row that sums up others if it has empty cells.
_AMBIGUOUS = frozenset(
    (
        "anzahl",
        "average",
        "avg",
        "count",
        "durchschnitt",
        "ensemble",
        "ergebnis",
        "gemiddelde",
        "genel",
        "gesamt",
        "mean",
        "media",
        "mittelwert",
        "moyenne",
        "média",
        "ortalama",
        "promedio",
        "som",
        "spolu",
        "sum",
        "suma",
        "średnia",
        "среднее",
    )
)
# Words beside them, as in "Grand Total" and "Total général".
_BESIDE = frozenset(
    (
        "all",
        "alle",
        "complessivo",
        "de",
        "der",
        "die",
        "final",
        "generaal",
        "general",
        "generale",
        "geral",
        "global",
        "grand",
        "gross",
        "général",
        "générale",
        "końcowa",
        "la",
        "le",
        "net",
        "of",
        "overall",
        "parcial",
        "partial",
        "partiel",
        "rows",
        "sub",
        "suma",
        "the",
        "zeilen",
        "всем",
        "общая",
        "общее",
        "общий",
        "по",
    )
)
_SHOWN = 5
_MAX_LENGTH = 40


@dataclass(frozen=True)
class TotalRow:
    """A row that sums up others.

    Parameters
    ----------
    row : int
        Its position in the table.
    column, word : str
        The cell that shows it: its column and its text.
    """

    row: int
    column: str
    word: str


def without_total_rows(
    frame: pd.DataFrame, shown: str, target: str | None = None
) -> tuple[pd.DataFrame, list[str]]:
    """Remove the total rows of a table.

    A row is a total row if one of its cells is a word such as "Total" or "Summe" that
    is not a level of the column, and the other cells are numbers or empty. The word is
    a level if it occurs more than once per file, beside other cells that are filled.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.
    shown : str
        The name of the table in messages.
    target : str or None, default=None
        The target, which is not a feature.

    Returns
    -------
    frame : pandas.DataFrame
        The table without these rows; the index still counts all rows. Columns that
        hold numbers in all other rows are numeric.
    notes : list of str
        One line per row that is left out, for the first ones.
    """
    found = find_total_rows(frame, target)
    if not found or len(found) == len(frame):
        return frame, []
    notes = [
        f"Row {row_name(frame, one.row, shown)} is a total ({one.column!r} is "
        f"{one.word!r}); it is left out."
        for one in found[:_SHOWN]
    ]
    if len(found) > _SHOWN:
        notes.append(f"{len(found) - _SHOWN} more total rows are left out.")
    left = frame.drop(index=frame.index[[one.row for one in found]])
    for name in dict.fromkeys(one.column for one in found):
        numbers = number_column(left[name])
        if numbers is not None:
            left = left.assign(**{name: numbers})
    return left, notes


def without_empty_rows(
    frame: pd.DataFrame, shown: str, others: Collection[str | None]
) -> tuple[pd.DataFrame, list[str]]:
    """Remove rows whose features are all missing, and name them.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.
    shown : str
        The name of the table in messages.
    others : collection of str
        Columns that are not features.
    """
    features = [name for name in frame if name not in others]
    empty = frame[features].isna().all(axis=1).to_numpy(bool)
    if not features or not empty.any() or empty.all():
        return frame, []
    rows = np.flatnonzero(empty)
    named = ", ".join(row_name(frame, row, shown) for row in rows[:_SHOWN])
    more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    what = "Row" if len(rows) == 1 else "Rows"
    they = "it is" if len(rows) == 1 else "they are"
    note = f"{what} {named}{more}: all features are empty; {they} left out of the fit."
    return frame[~empty], [note]


def check_no_total_row(
    frame: pd.DataFrame, shown: str, target: str | None = None
) -> None:
    """Refuse a table of rows to predict that contains a total row."""
    # A few rows do not show all levels: a row without empty cells may be one of them.
    found = find_total_rows(frame, target, filled=False) if len(frame) > 1 else []
    if found:
        one = found[0]
        raise UsageError(
            f"Row {row_name(frame, one.row, shown)} is a total "
            f"({one.column!r} is {one.word!r}); delete it, because it cannot be "
            "predicted."
        )


def row_name(frame: pd.DataFrame, row: int, shown: str) -> str:
    """Return the number of a row in its file, such as "3 of train.csv"."""
    number = int(frame.index[row]) + 1
    for name, n_rows in frame.attrs.get("files", []):
        if number <= n_rows:
            return f"{number} of {name}"
        number -= n_rows
    return f"{number} of {shown}"


def find_total_rows(
    frame: pd.DataFrame, target: str | None, *, filled: bool = True
) -> list[TotalRow]:
    """Find the total rows of a table, in their order.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.
    target : str or None
        The target, which is not a feature.
    filled : bool, default=True
        Whether rows without empty cells in the middle of a file can be total rows.
    """
    files = [n_rows for _, n_rows in frame.attrs.get("files", [])] or [len(frame)]
    candidates: dict[int, list[TotalRow]] = {}
    for column in map(str, frame):
        for row, word in _words_of(frame, column, len(files), target):
            candidates.setdefault(row, []).append(TotalRow(row, column, word))
    alone = [rows[0] for rows in candidates.values() if len(rows) == 1]
    alone = [one for one in alone if _has_one_text(frame, one.row)]
    ends = _last_rows(frame, files, {one.row for one in alone}, target)
    found = []
    for one in sorted(alone, key=lambda one: one.row):
        same = frame[one.column] == one.word
        if _is_beside_empty(frame, one, target) or (
            same.sum() <= len(files)
            and (one.row in ends or _is_no_level(frame, one, same, target, filled))
        ):
            found.append(one)
    return found


def _words_of(
    frame: pd.DataFrame, column: str, n_files: int, target: str | None
) -> Iterator[tuple[int, str]]:
    """Give the rows of a column that hold a word for a total and not a level."""
    values = frame[column]
    if values.dtype.kind in "biufcmM" or values.isna().all():
        return
    words = {
        value
        for value in values.dropna().unique()
        if isinstance(value, str) and _starts_with_total(value)
    }
    for word in sorted(words):
        rows = np.flatnonzero(values == word)
        if len(rows) > n_files:
            others = [name for name in frame if name not in (column, target)]
            empty = frame[others].iloc[rows].isna().all(axis=1).to_numpy(bool)
            rows = rows[empty & (len(others) > 0 and column != target)]
        for row in rows:
            yield int(row), word


def _is_beside_empty(frame: pd.DataFrame, one: TotalRow, target: str | None) -> bool:
    """Whether all other features of a row are missing."""
    others = [name for name in frame if name not in (one.column, target)]
    if not others or one.column == target or not _is_total(one.word):
        return False
    return bool(frame[others].iloc[one.row].isna().all())


def _is_no_level(
    frame: pd.DataFrame, one: TotalRow, same: Any, target: str | None, filled: bool
) -> bool:
    """Whether a rare word for a total is not a level of its column."""
    if one.column == target or not _is_total(one.word):
        return False
    others = [name for name in frame if name not in (one.column, target)]
    if frame[others].iloc[one.row].isna().any():
        return True
    if number_column(frame[one.column][~same].dropna()) is not None:
        return True
    return filled and not _AMBIGUOUS & set(_parts(one.word))


def _last_rows(
    frame: pd.DataFrame, files: list[int], totals: set[int], target: str | None
) -> set[int]:
    """Return the last rows of the files, and rows before that only totals follow."""
    features = [name for name in frame if name != target]
    ends = set()
    for start, end in zip(np.cumsum([0, *files[:-1]]), np.cumsum(files), strict=True):
        for row in range(end - 1, start, -1):
            ends.add(row)
            if row not in totals and not frame[features].iloc[row].isna().all():
                break
    return ends


def _has_one_text(frame: pd.DataFrame, row: int) -> bool:
    texts = [
        value
        for value in frame.iloc[row]
        if isinstance(value, str) and value.strip() and not _is_number(value)
    ]
    return len(texts) == 1


def _parts(text: str) -> list[str]:
    return [word for word in re.split(r"[\W\d_]+", text.casefold()) if word]


def _starts_with_total(text: str) -> bool:
    """Whether a text is a word for a total, or starts with one."""
    if len(text) > _MAX_LENGTH:
        return False
    first = re.split(r"[\s:.(]", text.strip().casefold(), maxsplit=1)[0]
    return first in _WORDS or _is_total(text)


def _is_total(text: str) -> bool:
    """Whether a text consists of words for a total, such as "Grand total 2024:"."""
    parts = _parts(text)
    if "".join(parts) in _WORDS:
        return True
    return all(word in _WORDS | _BESIDE for word in parts) and any(
        word in _WORDS for word in parts
    )


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[-+(]?[\d.,'\s]+[)%€$£]?", text.strip()))
