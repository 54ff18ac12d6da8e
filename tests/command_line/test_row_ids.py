"""Columns that identify rows, by name and content."""

import numpy as np
import pandas as pd
import pytest

from skensemble.command_line._row_ids import are_measurements, find_row_ids

N = 40
RNG = np.random.default_rng(0)
WHOLE = RNG.permutation(N) + 1000
TEXTS = [f"S{k}" for k in WHOLE]
DECIMALS = RNG.normal(100, 5, N)


def names(**columns):
    frame = pd.DataFrame({"size": DECIMALS, **columns})
    return [row_id.name for row_id in find_row_ids(frame, set())]


@pytest.mark.parametrize(
    "name",
    ["id", "ID", "row_id", "Index", "PassengerId", "customer_id", "Kunden-ID", "uuid"],
)
def test_an_identifier_has_the_name_and_different_values(name):
    assert names(**{name: WHOLE}) == [name]
    assert names(**{name: TEXTS}) == [name]
    assert names(**{name: WHOLE.astype(float)}) == [name]
    # Decimals are a measurement, and values that repeat are a category.
    assert names(**{name: DECIMALS}) == []
    assert names(**{name: WHOLE // 4}) == []
    assert names(**{name: ["a", "b"] * (N // 2)}) == []


@pytest.mark.parametrize("name", ["Unnamed: 0", "", "...1", "rownum", "lfd. Nr."])
def test_row_numbers_are_found_in_any_order(name):
    assert names(**{name: WHOLE}) == [name]
    assert names(**{name: DECIMALS}) == []


def test_running_numbers_are_found_by_their_order():
    assert names(first=np.arange(N)) == ["first"]
    assert names(first=np.arange(1, N + 1)) == ["first"]
    # Whole numbers in another order are measurements, and years are times.
    assert names(power=WHOLE) == []
    assert names(step=np.arange(N), year=np.arange(1, N + 1)) == []


@pytest.mark.parametrize("name", ["Acid", "valid", "grid", "width", "number_of_rooms"])
def test_other_names_are_no_identifiers(name):
    assert names(**{name: WHOLE}) == []


def test_a_named_identifier_comes_before_row_numbers():
    found = names(**{"Unnamed: 0": np.arange(N), "Id": WHOLE})
    assert found == ["Id", "Unnamed: 0"]


def test_an_identifier_may_have_few_gaps():
    values = pd.Series(WHOLE, dtype="Int64")
    values[0] = pd.NA
    assert names(id=values) == ["id"]
    values[:20] = pd.NA
    assert names(id=values) == []


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1.10", "1.20", "2.05"], False),
        (["12E3", "1E2"], False),
        (["007.5", "1.5"], False),
        (["99.123", "100.5", None], True),
    ],
)
def test_texts_of_decimals_show_whether_they_are_measurements(texts, expected):
    assert are_measurements(pd.Series(texts)) is expected
