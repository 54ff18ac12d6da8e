"""Numbers and dates that are not clear stay text or are read with a note."""

import io

import pytest

from skensemble import read_table
from skensemble.exceptions import TableError


def read(cells, separator=";", **options):
    """Read one column beside a column of text, with the notes."""
    lines = ["a;b", *(f"{cell};x" for cell in cells)]
    text = "\n".join(lines).replace(";", separator)
    notes = []
    frame = read_table(io.StringIO(text), notes=notes, **options)
    return frame["a"].tolist(), "\n".join(notes)


@pytest.mark.parametrize(
    "cells",
    [
        ["+49 123", "+49 456"],
        ["+49 123", "5"],
        ["+49\u00a0123", "+1\u202f234"],
        ["+4915112345678", "+4915112345679"],
        ["+4915112345678", "12"],
        ["+49.151.123", "+49.151.124"],
    ],
)
def test_telephone_numbers_stay_text(cells):
    found, notes = read(cells)
    assert found == cells
    assert "'a' stays text: a plus sign" in notes


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["+5", "-3"], [5, -3]),
        (["+120000", "5"], [120000, 5]),
        (["+1 234,5", "2"], [1234.5, 2.0]),
        (["+12345678.5", "2.25"], [12345678.5, 2.25]),
        (["1e+05", "2.5e+300"], [1e5, 2.5e300]),
    ],
)
def test_numbers_with_a_plus_sign(cells, expected):
    assert read(cells)[0] == expected


@pytest.mark.parametrize("space", [" ", "\u00a0", "\u202f", "\u2009"])
def test_groups_by_spaces_are_numbers_with_a_note(space):
    found, notes = read([f"123{space}456", f"1{space}234", "7"])
    assert found == [123456, 1234, 7]
    assert "'a': the space is taken as thousands separator" in notes
    assert read(["12 3456", "1 234"])[0] == ["12 3456", "1 234"]


@pytest.mark.parametrize("cells", [["1.234", "2.000"], ["1.234", "500"]])
def test_points_before_three_digits_follow_the_separator(cells):
    found, notes = read(cells)
    assert found == [int(cell.replace(".", "")) for cell in cells]
    assert "decimal='.' reads them otherwise" in notes
    assert read(cells, decimal=".")[0] == [float(cell) for cell in cells]
    found, notes = read(cells, separator=",")
    assert found == [float(cell) for cell in cells]
    assert "decimal=',' reads them otherwise" in notes
    assert read(["0.125", "1.234"])[0] == [0.125, 1.234]


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        (["1e400", "1.5"], "would be rounded"),
        (["9007199254740993", "1.5"], "would be rounded"),
        (["18446744073709551616", "1"], "more digits than 64 bits hold"),
        (["2024-01-01", "2024-02-30", "2024-03-01"], "['2024-02-30'] are not dates"),
        (["2024-01-01", "NA", "2024-03-01 10:00"], "['NA'] are not dates"),
        (["2.5", "NA", "?", "-"], "more than half of its cells"),
    ],
)
def test_columns_that_stay_text_have_a_reason(cells, reason):
    found, notes = read(cells)
    assert found == cells
    assert "'a' stays text" in notes
    assert reason in notes
    assert "stays text" not in read(cells, columns_as_text=["a"])[1]


@pytest.mark.parametrize(
    "cells", [["x", "NA"], ["12-3", "4"], ["01/02/2024", "5"], ["x", "2024-01-01"]]
)
def test_usual_text_has_no_note(cells):
    assert "stays text" not in read(cells)[1]


def test_unknown_columns_are_named_with_their_file(tmp_path):
    path = tmp_path / "flats.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(TableError, match=r"flats\.csv.*columns_as_text=\['zz'\]"):
        read_table(path, columns_as_text=["zz"])
