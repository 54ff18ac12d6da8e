"""Rows at the end of a table that sum up the others, as spreadsheets write them."""

import re

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
_MAX_ROWS = 5


def without_total_rows(
    frame: pd.DataFrame, shown: str
) -> tuple[pd.DataFrame, list[str]]:
    """Remove total rows at the end of a table.

    A row is a total row if one of its cells is a word such as "Total" or "Summe" that
    occurs nowhere else in the column, and the other cells are numbers or empty.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.
    shown : str
        The name of the table in messages.

    Returns
    -------
    frame : pandas.DataFrame
        The table without these rows. Columns that hold numbers in all other rows are
        numeric.
    notes : list of str
        One line per row that is left out.
    """
    notes: list[str] = []
    left, words = frame, []
    while len(left) > 1 and len(notes) < _MAX_ROWS and (found := _total_word(left)):
        column, word = found
        notes.append(
            f"Row {len(left)} of {shown} is a total ({column!r} is {word!r}); it is "
            "left out."
        )
        words.append(column)
        left = left.iloc[:-1]
    for name in dict.fromkeys(words):
        numbers = number_column(left[name])
        if numbers is not None:
            left = left.assign(**{name: numbers})
    return left, notes


def check_no_total_row(frame: pd.DataFrame, shown: str) -> None:
    """Refuse a table of rows to predict that ends with a total row."""
    if len(frame) > 1 and (found := _total_word(frame)):
        column, word = found
        raise UsageError(
            f"{shown}: row {len(frame)} is a total ({column!r} is {word!r}); delete it, "
            "because it cannot be predicted."
        )


def _total_word(frame: pd.DataFrame) -> tuple[str, str] | None:
    """Return the column and the word of the last row if it is a total row."""
    last = frame.iloc[-1]
    texts = {
        name: value
        for name, value in last.items()
        if isinstance(value, str) and value.strip() and not _is_number(value)
    }
    if len(texts) != 1:
        return None
    ((name, text),) = texts.items()
    word = re.split(r"[\s:.(]", text.strip().casefold(), maxsplit=1)[0]
    if word not in _WORDS or (frame[name].iloc[:-1] == text).any():
        return None
    return str(name), text


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[-+(]?[\d.,'\s]+[)%€$£]?", text.strip()))
