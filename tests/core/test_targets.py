"""Labels to codes and back."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.preprocessing import LabelEncoder

from skensemble.core._number_text import conversion_of_texts
from skensemble.core._targets import class_target, decode, numeric_target


@pytest.mark.parametrize("dtype", [np.int64, np.int8, np.uint16, bool, object])
@given(data=st.data())
def test_codes_are_those_of_scikit_learns_encoder(dtype, data):
    labels = arrays(np.int8, st.integers(2, 30), elements=st.integers(0, 4))
    y = np.tile(data.draw(labels), 5).astype(dtype)
    if dtype is object:
        y = np.array([f"class {label}" for label in y], dtype=object)

    target = class_target(y)

    encoder = LabelEncoder().fit(y)
    np.testing.assert_array_equal(target.values, encoder.transform(y))
    np.testing.assert_array_equal(target.classes, encoder.classes_)
    assert target.classes.dtype == encoder.classes_.dtype
    np.testing.assert_array_equal(decode(target.encoders, target.values, "classes"), y)


@pytest.mark.parametrize("y", [[-1, 1, 1, -1], [10**12, 3, 3, 3], [7, 7, 9, 9]])
def test_large_numbers_are_encoded_too(y):
    target = class_target(np.array(y))

    np.testing.assert_array_equal(target.classes, np.unique(y))
    np.testing.assert_array_equal(target.classes[target.values], y)


VALUES = np.random.default_rng(0).normal(6e4, 2e4, 60).round(2)
COMMA = str.maketrans(",.", ".,")
FORMS = {
    "decimal comma": lambda v: f"{v:.2f}".translate(COMMA),
    "thousands": lambda v: f"{v:,.2f}",
    "German": lambda v: f"{v:,.2f}".translate(COMMA),
    "dollars": lambda v: f"${v:,.2f}",
    "euros": lambda v: f"{v:,.2f} €".translate(COMMA),
    "unit": lambda v: f"{v:.2f} kg",
    "code": lambda v: f"USD {v:,.2f}",
    "per cent": lambda v: f"{v:.2f}%",
    "spaces": lambda v: f"{v:,.2f}".replace(",", " "),
}


@pytest.mark.parametrize("name", FORMS)
def test_texts_that_look_like_numbers_come_with_their_conversion(name):
    y = [FORMS[name](value) for value in VALUES]
    code = conversion_of_texts(y)
    converted = eval(code, {"pd": pd, "y": y})
    np.testing.assert_allclose(converted, VALUES)
    with pytest.raises(ValueError, match="these look like numbers") as error:
        numeric_target(y)
    assert code in str(error.value)
    assert "classifier" not in str(error.value).replace("regressor", "")


def test_a_comma_before_three_digits():
    code = conversion_of_texts(["0,898", "1,788", "12,5"])
    assert eval(code, {"pd": pd, "y": ["0,898", "1,788"]}).tolist() == [0.898, 1.788]
    assert "replace(',', '.')" in conversion_of_texts(["0,898", "1,788"])
    assert "if the comma is a decimal mark" in conversion_of_texts(["1,788", "2,001"])
    assert "decimal mark" not in conversion_of_texts(["1,788", "2,001,000"])


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (["yes", "no"] * 30, "use a classifier"),
        ([f"name {k}" for k in range(60)], "check that y is the column to predict"),
        ([*map(str, range(59)), "?"], "1 of 60 values are not numbers"),
        ([*np.arange(59.0).tolist(), "?"], "1 of 60 values are not numbers"),
    ],
)
def test_other_texts_as_targets(y, message):
    with pytest.raises(ValueError, match=message):
        numeric_target(np.array(y, dtype=object))
