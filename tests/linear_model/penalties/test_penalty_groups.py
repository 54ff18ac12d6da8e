"""Groups of columns, however they are given."""

import numpy as np
import pandas as pd
import pytest

from skensemble.linear_model.penalties import (
    GroupLasso,
    PenaltyColumns,
    SparseGroupLasso,
)

FRAME = PenaltyColumns(
    5,
    names=("age", "city_A", "city_B", "city_C", "size"),
    groups=np.array([0, 1, 1, 1, 2]),
    sources=("age", "city", "city", "city", "size"),
)
PLAIN = PenaltyColumns(5)


def blocks(groups, columns=FRAME):
    return GroupLasso(groups=groups).bind(columns).blocks(columns.n).tolist()


def test_columns_of_a_category_are_a_group():
    assert blocks(None) == [0, 1, 1, 1, 2]
    assert blocks(None, PLAIN) == [0, 1, 2, 3, 4]
    assert blocks(None, PenaltyColumns(3, names=("a", "a", "b"))) == [0, 1, 2]
    assert GroupLasso().blocks(3).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "groups",
    [
        ["x", "y", "y", "x", "z"],
        (7, 1, 1, 7, 3),
        np.array([9.5, 2, 2, 9.5, 0]),
        pd.Series(["x", "y", "y", "x", "z"], index=list("abcde")),
        [[1, 2], [3, 0]],
        [("city_A", "city_B"), {"age", "city_C"}],
        [["size"], ["city_B", 1], ["age", "city_C"]],
        [np.array([2, 1]), [0, 3], "size"],
        {"one": ["city_A", "city_B"], "two": ["city_C", "age"]},
        {"one": range(1, 3), "two": [3, 0], "three": ["size"]},
    ],
    ids=lambda one: type(one).__name__,
)
def test_labels_lists_and_names_say_the_same(groups):
    assert blocks(groups) == [0, 1, 1, 0, 2]


def test_a_category_name_is_not_shortened():
    assert blocks([["age", "city"]]) == [0, 0, 0, 0, 1]
    assert blocks({"who": ["age", "size"]}) == [0, 1, 2, 3, 0]


@pytest.mark.parametrize(
    ("groups", "weights", "expected"),
    [
        (None, {"city": 3.0}, [1, 3, 1]),
        (None, [1.0, 2.0, 3.0], [1, 2, 3]),
        (["x", "y", "y", "x", "z"], {"z": 0.0, "x": 2}, [2, 1, 0]),
        (["x", "y", "y", "x", "z"], [5, 6, 7], [5, 6, 7]),
        # In the order given, which is not that of the columns.
        ([["size"], ["city"]], [5, 6], [1, 6, 5]),
        ([["size"], ["city"]], {1: 6}, [1, 6, 1]),
        ({"b": ["size"], "a": ["age", "city"]}, [5, 6], [6, 5]),
        ({"b": ["size"], "a": ["age", "city"]}, {"b": 0.5}, [1, 0.5]),
    ],
)
@pytest.mark.parametrize("cls", [GroupLasso, SparseGroupLasso])
def test_factors_go_to_their_groups(cls, groups, weights, expected):
    found = cls(groups=groups, weights=weights).bind(FRAME).weights
    np.testing.assert_array_equal(found, expected)


def test_bound_groups_stay_when_bound_again():
    once = GroupLasso(0.5, [["size"], ["city"]], [5, 6]).bind(FRAME)
    again = once.bind(FRAME)
    assert repr(again) == repr(once)
    assert "3 groups of 5 columns" in repr(once)
    with pytest.raises(ValueError, match="5 labels, but there are 4 columns"):
        once.bind(PenaltyColumns(4))


@pytest.mark.parametrize(
    ("groups", "columns", "says"),
    [
        ("age", FRAME, "groups='age' of the penalty must be one label per column"),
        (np.zeros((5, 1)), FRAME, "must be one label per column"),
        ([1, 2], FRAME, "has 2 labels, but there are 5 columns"),
        (
            [["age", "wage"]],
            FRAME,
            r"has unknown columns \['wage'\]; X has \['age', 'city', 'size'\]",
        ),
        (
            [["age"]],
            PLAIN,
            "X has no column names; use a frame, or positions from 0 to 4",
        ),
        ([[0, 5]], PLAIN, r"has unknown columns \[5\]"),
        ([[0, -1]], PLAIN, r"has unknown columns \[-1\]"),
        (
            [[0, 1], 2.5],
            PLAIN,
            r"groups\[1\] of the penalty has unknown columns \[2.5\]",
        ),
        ([[0, 1], []], PLAIN, r"groups\[1\] of the penalty has no columns"),
        (
            [[0, 1], [1]],
            PLAIN,
            "column 1 in 0 and in 1; each column must be in one group only",
        ),
        ({"age": 0, "nope": 1}, FRAME, r"groups\['age'\]=0 .* must be a list: a dict"),
        ({"age": "who", "size": "who"}, FRAME, "use a list with one label per column"),
        ({"a": ["age"], "b": ["age"]}, FRAME, "column 'age' in 'a' and in 'b'"),
    ],
)
def test_refuses_groups_in_words(groups, columns, says):
    with pytest.raises(ValueError, match=says):
        GroupLasso(groups=groups).bind(columns)


@pytest.mark.parametrize(
    ("weights", "says"),
    [
        ([1.0], r"shape \(1,\), expected \(2,\): one factor per group"),
        (
            {"three": 1.0},
            r"has unknown groups \['three'\]; the groups are \['one', 'two'\]",
        ),
        ([1.0, -1.0], "weights of the penalty is -1.0 for group"),
        ({"one": "much"}, "must be numbers"),
    ],
)
def test_refuses_factors_in_words(weights, says):
    groups = {"one": [0, 1], "two": [2]}
    with pytest.raises(ValueError, match=says):
        GroupLasso(groups=groups, weights=weights).bind(PLAIN)


def test_long_lists_of_names_are_cut():
    many = PenaltyColumns(300, names=tuple(f"c{j}" for j in range(300)))
    with pytest.raises(ValueError, match=r"'c19', \.\.\.\]") as error:
        GroupLasso(groups=[["c0", "d"]]).bind(many)
    assert len(str(error.value)) < 300


def test_steps_and_columns_keep_groups_together():
    penalty = GroupLasso(1.0, groups=[0, 1, 0, 1]).bind(PenaltyColumns(4))
    steps = np.array([1.0, 2.0, 3.0, 4.0])
    np.testing.assert_array_equal(penalty.common_steps(steps), [1, 2, 1, 2])
    for coef, given in ((np.ones(4), steps), (np.ones((4, 2)), steps[:, None])):
        with pytest.raises(ValueError, match="step of prox differs within a group"):
            penalty.prox(coef, given)
    with pytest.raises(ValueError, match="only some columns of group 1"):
        penalty.columns(np.array([0, 2, 1]))
    with pytest.raises(ValueError, match="not bound to columns"):
        GroupLasso(1.0, groups=[0, 1, 0, 1]).columns(np.array([0, 2]))
    part = penalty.columns(np.array([3, 1]))
    assert part.blocks(2).tolist() == [0, 0]
    assert part.value(np.array([3.0, 4.0])) == pytest.approx(5 * np.sqrt(2))
