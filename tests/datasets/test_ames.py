"""The Ames data set has the documented content."""

import numpy as np

from skensemble.datasets import load_ames


def test_table():
    bunch = load_ames()
    assert bunch.frame.shape == (2930, 74)
    assert bunch.data.shape == (2930, 73)
    assert bunch.target.name == "Sale_Price"
    assert len(bunch.data.select_dtypes("number").columns) == 33
    missing = bunch.data.isna().sum()
    assert missing[missing > 0].to_dict() == {
        "Mas_Vnr_Type": 1775,
        "Misc_Feature": 2824,
    }
    assert int(bunch.target.sum()) == 529732456
    assert "MIT" in bunch.DESCR
    assert "Alley" in bunch.feature_names


def test_arrays_and_pair():
    X, y = load_ames(return_X_y=True, as_frame=False)
    assert X.dtype == object
    assert X.shape == (2930, 73)
    assert isinstance(y, np.ndarray)
