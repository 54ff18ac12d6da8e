"""A table of pairs as a matrix."""

import numpy as np
import pandas as pd
import pytest

from skensemble.core._pairs import pair_matrix

PAIRS = pd.MultiIndex.from_tuples([("b", "a"), ("b", "c"), ("a", "c")])
TABLE = pd.DataFrame(
    {name: [0.1, 0.2, 0.3] for name in
     ["error_correlation", "q_statistic", "disagreement", "double_fault"]},
    index=PAIRS,
)  # fmt: skip


@pytest.mark.parametrize(
    ("column", "itself"),
    [("error_correlation", 1), ("q_statistic", 1), ("disagreement", 0),
     ("double_fault", np.nan)],
)  # fmt: skip
def test_symmetric_in_the_order_of_members(column, itself):
    matrix = pair_matrix(TABLE, column)
    assert list(matrix.index) == list(matrix.columns) == ["b", "a", "c"]
    np.testing.assert_array_equal(matrix, matrix.T)
    np.testing.assert_array_equal(np.diag(matrix), [itself] * 3)
    assert matrix.loc["c", "a"] == 0.3


def test_pairs_that_lack_are_nan():
    matrix = pair_matrix(TABLE.iloc[:2], "disagreement")
    assert np.isnan(matrix.loc["a", "c"])
    assert matrix.notna().sum(axis=None) == 7


def test_unknown_column_is_refused_with_those_known():
    with pytest.raises(ValueError, match=r"column='kappa'.*error_correlation"):
        pair_matrix(TABLE, "kappa")


def test_no_pairs_no_matrix():
    assert pair_matrix(TABLE.iloc[:0], "disagreement").shape == (0, 0)
