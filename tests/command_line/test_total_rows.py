"""Total rows at the end of spreadsheets."""

import pandas as pd
import pytest

from skensemble.command_line._total_rows import check_no_total_row, without_total_rows
from skensemble.command_line._usage_errors import UsageError


def table(last):
    rows = [["101", "Köln", "60.5"], ["102", "Ulm", "70.5"], last]
    return pd.DataFrame(rows, columns=["Nr", "Ort", "Preis"])


@pytest.mark.parametrize(
    "last",
    [
        ["Summe", None, "131.0"],
        ["Total:", None, "131.0"],
        [None, "Gesamtsumme", "131.0"],
        ["Итого", None, "131.0"],
        ["合計", None, None],
        ["Total général", None, "131.0"],
        ["203", "Durchschnitt 2024", "65.5"],
    ],
    ids=lambda last: next(cell for cell in last if cell and not cell[0].isdigit()),
)
def test_a_total_row_is_left_out_and_named(last):
    frame, notes = without_total_rows(table(last), "t.csv")
    assert len(frame) == 2
    assert "Row 3 of t.csv is a total" in notes[0]
    if last[0] is not None and not last[0].isdigit():
        # The column holds numbers again.
        assert frame["Nr"].tolist() == [101, 102]
    with pytest.raises(UsageError, match="row 3 is a total"):
        check_no_total_row(table(last), "t.csv")


@pytest.mark.parametrize(
    "last",
    [["103", "Bonn", "65.5"], ["103", "Totalschaden", "5"], ["Summe", "Bonn", "131.0"]],
    ids=["a town", "a longer word", "two texts"],
)
def test_other_rows_are_kept(last):
    frame, notes = without_total_rows(table(last), "t.csv")
    assert len(frame) == 3
    assert notes == []
    check_no_total_row(table(last), "t.csv")


def test_a_word_that_occurs_elsewhere_is_a_level():
    frame = pd.DataFrame({"kind": ["Total", "Part", "Total"], "y": [1.0, 2.0, 3.0]})
    assert without_total_rows(frame, "t.csv")[1] == []
