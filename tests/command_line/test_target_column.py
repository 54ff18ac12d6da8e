"""The target of the command line: numbers or labels as they are written."""

import numpy as np
import pandas as pd
import pytest

from skensemble.command_line._target_column import read_target
from skensemble.command_line._usage_errors import UsageError


def column(values):
    return pd.Series(values, name="y", dtype="str")


def test_few_numbers_with_decimals_are_a_regression():
    texts = [f"{60 + k},5" for k in range(12)]
    target = read_target(column(texts))
    assert not target.is_classes
    assert target.values.tolist() == [60.5 + k for k in range(12)]
    assert "--task classification" in target.notes[0]


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (["0", "1", "", "1"] * 5, [0, 1]),
        (["True", "False", "", "True"] * 5, [False, True]),
        (["1.0", "0.0", ""] * 5, [0.0, 1.0]),
        (["1.00", "0.00"] * 5, ["0.00", "1.00"]),
        (["01", "02"] * 5, ["01", "02"]),
        (["None", "NA", "nan"] * 5, ["NA", "None", "nan"]),
        (["-1", "1"] * 5, [-1, 1]),
        (["0", "1", "NA"] * 5, ["0", "1", "NA"]),
        (["TRUE", "FALSE"] * 5, ["FALSE", "TRUE"]),
        (["9007199254740993", "9007199254740994"] * 5, [2**53 + 1, 2**53 + 2]),
    ],
    ids=str,
)
def test_labels_are_kept_as_they_are_written(values, labels):
    texts = [None if text == "" else text for text in values]
    target = read_target(column(texts))
    assert target.is_classes
    assert sorted(target.values.unique().tolist()) == labels
    written = target.values.to_csv(index=False, header=False).split()
    assert written == [text for text in values if text]
    # A missing row is named, and no other row is lost.
    assert len(target.values) == sum(text != "" for text in values)
    assert ("without a target" in " ".join(target.notes)) == ("" in values)


def test_words_among_numbers_are_missing_and_are_named():
    texts = [f"{k}.25" for k in range(30)] + ["NA", "?"]
    target = read_target(column(texts))
    assert not target.is_classes
    assert len(target.values) == 30
    assert "'NA', '?' among numbers" in target.notes[0]


@pytest.mark.parametrize(
    ("values", "classes"),
    [
        ([0, 1, 0, 1], True),
        (list(range(12)), False),
        ([1, 2, 3] * 10, True),
        (list(range(100)), False),
    ],
    ids=["two values", "all different", "repeated", "many"],
)
def test_whole_numbers(values, classes):
    assert read_target(column([str(value) for value in values])).is_classes == classes


@pytest.mark.parametrize(
    "values",
    [
        [f"2024-01-{k:02d}" for k in range(1, 29)],
        [f"{k:02d}.03.2024" for k in range(1, 29)],
        [f"08:{k:02d}:00" for k in range(30)],
        [f"{k} days 01:00:00" for k in range(30)],
    ],
    ids=["ISO", "German", "clock", "duration"],
)
def test_dates_are_refused_by_name(values):
    with pytest.raises(UsageError, match=r"'y' holds dates or times.*days since"):
        read_target(column(values))
    repeated = column(values[:5] * 3)
    assert read_target(repeated, "classification").is_classes


@pytest.mark.parametrize(
    ("values", "task", "words"),
    [
        ([None, None], "auto", "all values of the column are missing"),
        (
            ["a", "b"] * 9 + ["3"],
            "regression",
            "not numeric.*'a' \\(9 rows, numbers 1, 3",
        ),
        (["1.5", "2.5", "3.5", "k.A."], "regression", "--missing 'k.A.'"),
        (["a"] * 9, "auto", "one value only"),
        ([f"name {k}" for k in range(99)], "auto", "neither numbers nor classes"),
        ([f"{k}.5" for k in range(99)], "classification", "use --task regression"),
        (["1.5", "inf", "2.5"], "regression", "infinite"),
        (["7.25"], "auto", "in one row only"),
        (
            [*(f"{k}.5" for k in range(400)), *["NA"] * 4, "Total"],
            "auto",
            "'Total' \\(1 row, number 405\\); correct .* or use --missing 'Total'",
        ),
        (
            [f"{k},5" for k in range(90)] + ["soon", "?", "soon", "late"],
            "auto",
            "'soon' \\(2 rows, numbers 91, 93\\), 'late' \\(1 row, number 94",
        ),
        ([f"${k},891.02" for k in range(90)], "auto", "replace.*astype\\(float\\)"),
        ([f"{k}.5 km" for k in range(9)], "regression", "replace.*astype\\(float\\)"),
    ],
)
def test_errors_name_a_way_that_works(values, task, words):
    with pytest.raises(UsageError, match=words):
        read_target(column(values), task)


def test_a_decimal_comma_is_named():
    texts = [f"{60 + k},5" for k in range(12)]
    assert "Decimal comma in the target 'y'." in read_target(column(texts)).notes
    texts = [f"{60 + k}.5" for k in range(12)]
    assert not any("comma" in note for note in read_target(column(texts)).notes)


def test_similar_labels_are_named():
    target = read_target(column(["yes", "Yes ", "no"] * 5))
    assert "'Yes ' and 'yes'" in target.notes[0]
    target = read_target(column(["1", "1.0", "2"] * 5), "classification")
    assert "'1' and '1.0'" in target.notes[0]


@pytest.mark.parametrize("dtype", ["boolean", "bool", "category", "Int64", "object"])
def test_other_types_than_text(dtype):
    values = {"category": ["a", "b"], "object": ["a", "b"], "Int64": [0, 1]}
    given = pd.Series(values.get(dtype, [True, False]) * 5, dtype=dtype, name="y")
    target = read_target(given)
    assert target.is_classes
    assert target.values.tolist() == given.tolist()
    if dtype in ("boolean", "bool"):
        assert target.values.dtype == np.bool_
