"""Total rows and empty rows of spreadsheets."""

import pandas as pd
import pytest

from skensemble.command_line._total_rows import (
    check_no_total_row,
    without_empty_rows,
    without_total_rows,
)
from skensemble.command_line._usage_errors import UsageError
from skensemble.tables import read_table


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
    with pytest.raises(UsageError, match=r"Row 3 of t\.csv is a total"):
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


ROWS = ["7,Ulm,3.5,70.5", "8,Bern,4.5,71.5", "9,Ulm,5.5,72.5", "10,Graz,6.5,73.5"]


def read(tmp_path, *files):
    paths = []
    for number, rows in enumerate(files):
        paths.append(tmp_path / f"{number}.csv")
        paths[-1].write_text("\n".join(["Nr,town,size,price", *rows]) + "\n")
    return read_table(list(map(str, paths)) if len(paths) > 1 else str(paths[0]))


@pytest.mark.parametrize(
    "total",
    [
        "Summe,,,99.5",
        "GRAND TOTAL,,,1",
        ",Overall total:,,1",
        ",Общий итог,,1",
        "Totale complessivo,,10.5,1",
        "11,Total,20.5,99",
    ],
)
def test_a_total_row_anywhere(tmp_path, total):
    frame = read(tmp_path, [*ROWS[:2], total, *ROWS[2:]])
    left, notes = without_total_rows(frame, "t.csv", "price")
    assert left["price"].tolist() == [70.5, 71.5, 72.5, 73.5]
    assert left.index.tolist() == [0, 1, 3, 4]
    assert notes[0].startswith("Row 3 of t.csv is a total")
    if ",," in total:
        with pytest.raises(UsageError, match=r"Row 3 of t\.csv"):
            check_no_total_row(frame, "t.csv", "price")


def test_a_total_row_per_file(tmp_path):
    rows = [*ROWS, "Total,,,12345.6"]
    frame = read(tmp_path, rows, ROWS[:2], rows)
    left, notes = without_total_rows(frame, "", "price")
    assert len(left) == 10
    assert "Row 5 of " in notes[0]
    assert "0.csv is a total" in notes[0]
    assert "Row 5 of " in notes[1]
    assert "2.csv is a total" in notes[1]
    with pytest.raises(UsageError, match=r"Row 5 of .*0\.csv is a total"):
        check_no_total_row(frame, "", "price")


def test_several_subtotals(tmp_path):
    rows = [ROWS[0], "Subtotal,,,1", *ROWS[1:3], "Subtotal,,,2", ROWS[3]]
    left, notes = without_total_rows(read(tmp_path, rows), "t.csv", "price")
    assert len(left) == 4
    assert len(notes) == 2


@pytest.mark.parametrize(
    "rows",
    [
        ["7,Total,3.5,1", "8,Bern,4.5,2", "9,Total,5.5,3", "10,Graz,6.5,4"],
        ["7,Ulm,3.5,1", "8,Mean,4.5,2", "9,Ulm,5.5,3", "10,Graz,6.5,4"],
        ["7,Ulm,3.5,1", "8,Total Wheat,4.5,2", "9,Ulm,5.5,3", "10,Graz,6.5,4"],
    ],
    ids=["a level", "a statistic", "a name"],
)
def test_levels_in_the_middle_are_kept(tmp_path, rows):
    frame = read(tmp_path, rows)
    assert len(without_total_rows(frame, "t.csv", "price")[0]) == 4
    check_no_total_row(frame, "t.csv", "price")


def test_rows_without_features_are_left_out_and_named(tmp_path):
    frame = read(tmp_path, [*ROWS[:2], ",,,12345.6", ROWS[2], "5,,,2", ROWS[3]])
    left, notes = without_empty_rows(frame, "t.csv", {"price", None})
    assert len(left) == 5
    assert notes[0].startswith("Row 3 of t.csv: all features are empty; it is left")
    left, notes = without_empty_rows(frame, "t.csv", {"price", "Nr"})
    assert left["price"].tolist() == [70.5, 71.5, 72.5, 73.5]
    assert notes[0].startswith("Rows 3 of t.csv, 5 of t.csv:")
