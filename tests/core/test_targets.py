"""Labels to codes and back."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.preprocessing import LabelEncoder

from skensemble.core._targets import class_target, decode


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
