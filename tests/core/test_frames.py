"""Frames that scikit-learn's members cannot read are converted."""

import numpy as np
import pandas as pd
import pytest

from skensemble.core import as_pandas, plain_table


@pytest.mark.parametrize("convert", [as_pandas, plain_table])
@pytest.mark.parametrize("values", [[0, 1, 0], [0.5, 0.0, np.nan], [True, False, True]])
def test_sparse_columns_become_dense(convert, values):
    frame = pd.DataFrame({"a": pd.arrays.SparseArray(values), "b": ["x", "y", "z"]})
    expected = pd.DataFrame({"a": values, "b": ["x", "y", "z"]})
    pd.testing.assert_frame_equal(convert(frame), expected)
    assert convert(expected) is expected
