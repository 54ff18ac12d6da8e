"""`number_column` reads a text column as numbers if no digit is lost."""

import pandas as pd
import pytest

from skensemble.tables import number_column


def numbers(cells, **options):
    column = number_column(pd.Series(cells, dtype="str"), **options)
    return None if column is None else column.tolist()


def test_numbers():
    assert numbers(["60,5", "1.200,75"]) == [60.5, 1200.75]
    assert numbers(["9007199254740993", "1"]) == [2**53 + 1, 1]
    assert numbers(["1,234", "5,678"]) == [1234, 5678]
    assert numbers(["1,234", "5,678"], decimal=",") == [1.234, 5.678]
    assert numbers(["12", "5"], decimal=",") == [12, 5]


@pytest.mark.parametrize(
    "cells", [["a", "1"], ["007", "1"], [None, None], ["x"], ["+49 123"]]
)
def test_other_columns_are_no_numbers(cells):
    assert numbers(cells) is None


def test_missing_values_keep_the_index_and_the_type():
    notes = []
    texts = pd.Series(["5", None, "NA", "7"], index=[3, 4, 5, 6], name="y", dtype="str")
    column = number_column(texts, notes=notes)
    assert column.dropna().to_dict() == {3: 5, 6: 7}
    assert column.dtype == "Int64"
    assert column.name == "y"
    assert "'NA' (1)" in notes[0]
