"""Loaded values are equal, have the same type, and are shared as before."""

import collections
import datetime
import enum
import functools
import json
import math
import re
import types
from io import BytesIO
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp
from scipy.interpolate import BSpline
from sklearn.metrics import accuracy_score
from sklearn.utils import Bunch

from skensemble.exceptions import ModelFileError, TimeLimitError
from skensemble.losses import Huber
from skensemble.persistence import load, save
from skensemble.persistence._deserialization import check_graph, from_graph
from skensemble.persistence._graph import Graph
from skensemble.persistence._serialization import to_graph
from skensemble.persistence._trust import check_trusted


def round_trip(value, trusted=()):
    graph = to_graph(value)
    check_graph(graph)
    check_trusted(graph.names(), trusted)
    return from_graph(Graph(graph.root, graph.nodes, graph.packs, graph.leaves))


class Colour(enum.Enum):
    RED = 1


def same(one, other):
    """Equal, of the same type, NaN the same as NaN and 0.0 not the same as -0.0."""
    if isinstance(one, float) and math.isnan(one):
        return type(one) is type(other) and math.isnan(other)
    if isinstance(one, dict):
        pairs = zip(one.items(), other.items(), strict=True)
        return type(one) is type(other) and all(same(*pair) for pair in pairs)
    if isinstance(one, list | tuple):
        pairs = zip(one, other, strict=True)
        return type(one) is type(other) and all(same(*pair) for pair in pairs)
    return type(one) is type(other) and repr(one) == repr(other)


KEYS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
KEYS = KEYS | st.tuples(st.integers(), st.text(max_size=3))
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers(allow_nan=False)
    | st.text()
    | st.binary()
    | st.dates()
    | st.datetimes()
    | st.timedeltas(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(PLAIN)
def test_plain_values(value):
    assert same(round_trip(value), value)


@settings(max_examples=150, deadline=None)
@given(
    hnp.arrays(
        hnp.scalar_dtypes().filter(lambda dtype: dtype.kind != "V"),
        hnp.array_shapes(min_dims=0, max_dims=3, min_side=0),
    ),
    st.sampled_from("CFS"),
)
def test_arrays(array, order):
    if order == "S":
        array = array[..., ::-1] if array.ndim else array
    else:
        array = np.array(array, order=order)
    again = round_trip(array)
    assert again.dtype == array.dtype
    assert again.shape == array.shape
    assert again.tobytes() == array.tobytes()
    if order == "F":
        assert again.flags.f_contiguous
    assert again.flags.writeable


@pytest.mark.parametrize(
    "value",
    [
        *(np.float32(1.5), np.int8(3), np.str_("word"), np.datetime64("2020-01-02")),
        *(frozenset({1, "a"}), bytearray(b"abc"), slice(1, None, 2), range(3, 9, 2)),
        *(collections.OrderedDict(b=1, a=2), types.MappingProxyType({"a": 1})),
        *(re.compile("a+b", re.IGNORECASE), np.dtype("<f4"), np.dtype("U7"), ...),
        *(
            pd.NA,
            pd.Timestamp("2020-01-02 03:04", tz="Europe/Paris"),
            pd.Timedelta("3h"),
        ),
        *(pd.Timestamp("1999-12-31"), pd.Interval(1, 2), pd.Period("2020-03"), pd.NaT),
        *(pd.StringDtype(), pd.Int64Dtype(), pd.CategoricalDtype(["b", "a"], True)),
        *(pd.DatetimeTZDtype("ns", "UTC"), np.float64, Colour.RED, np.log1p, np.mean),
        *(datetime.UTC, datetime.timezone(datetime.timedelta(hours=-3), "home")),
        *(datetime.timezone(datetime.timedelta(hours=2)), ZoneInfo("Europe/Berlin")),
        *(Bunch(a=1, b=[2]), Huber(0.7), accuracy_score, {1, 2}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_values(value):
    again = round_trip(value, trusted=[Colour])
    assert type(again) is type(value)
    assert repr(again) == repr(value)


COLUMNS = {
    "numbers": pd.Series([1.5, np.nan, -0.0]),
    "counts": pd.Series([1, 2, 3], dtype="int16"),
    "masked": pd.Series([1, None, 3], dtype="Int64"),
    "flags": pd.Series([True, None, False], dtype="boolean"),
    "words": pd.Series(["a", None, "c"]),
    "older words": pd.Series(["a", None, "c"], dtype="string"),
    "objects": pd.Series(["a", None, 3], dtype=object),
    "kinds": pd.Series(pd.Categorical(["b", None, "b"], ["b", "a"], ordered=True)),
    "days": pd.Series(pd.to_datetime(["2020-01-02", None, "2021-01-01"])),
    "hours": pd.Series(
        pd.to_datetime(["2020-01-02", None, "2021-01-01"])
    ).dt.tz_localize("Europe/Paris"),
    "spans": pd.Series(pd.to_timedelta([1, 2, None], unit="h")),
    "months": pd.Series(pd.period_range("2020-01", periods=3, freq="M")),
    "bins": pd.cut(pd.Series([1, 2, 3]), 2),
}


@pytest.mark.parametrize("name", COLUMNS)
def test_columns(name):
    column = COLUMNS[name].rename(name)
    frame = pd.DataFrame({name: column, 7: column}, index=["x", "y", "z"])
    assert_series = pd.testing.assert_series_equal
    assert_series(round_trip(column), column)
    pd.testing.assert_frame_equal(round_trip(frame), frame)
    index = pd.Index(column, name=name)
    again = round_trip(index)
    pd.testing.assert_index_equal(again, index, exact=True)
    assert again.dtype == index.dtype
    assert round_trip(column.dtype) == column.dtype


@pytest.mark.parametrize(
    "index",
    [
        pd.RangeIndex(3, 9, 2, name="row"),
        pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["x", None]),
        pd.date_range("2020-01-01", periods=3, freq="D"),
        pd.IntervalIndex.from_breaks([1, 2, 3]),
    ],
    ids=lambda index: type(index).__name__,
)
def test_indexes(index):
    again = round_trip(index)
    pd.testing.assert_index_equal(again, index, exact=True)
    assert getattr(again, "freq", None) == getattr(index, "freq", None)


@pytest.mark.parametrize("kind", ["array", "matrix"])
@pytest.mark.parametrize("form", ["bsr", "coo", "csc", "csr", "dia", "dok", "lil"])
def test_sparse(form, kind):
    made = getattr(sp, f"{form}_{kind}")(np.diag([1.0, 0, 3]))
    again = round_trip(made)
    assert type(again) is type(made)
    np.testing.assert_array_equal(again.toarray(), made.toarray())


def test_sparse_indices_are_checked():
    graph = to_graph(sp.csr_array(np.eye(3)))
    graph.packs["<i4"][:] = 77
    with pytest.raises(ValueError, match=r"ind(ices|ptr|ex)"):
        from_graph(graph)


def test_random_states_continue_alike(tmp_path):
    states = [np.random.RandomState(3), np.random.default_rng(4)]
    states[0].normal(size=3)
    save(states, tmp_path / "states")
    again = load(tmp_path / "states")
    assert states[0].normal() == again[0].normal()
    assert states[1].normal() == again[1].normal()


def test_functions_with_arguments_and_defaults():
    again = round_trip(functools.partial(accuracy_score, normalize=False))
    assert again([1, 1], [1, 0]) == 1
    again = round_trip(collections.defaultdict(list, {"a": [1]}))
    assert again == {"a": [1]}
    assert again["new"] == []
    spline = BSpline([0, 1, 2, 3, 4, 5], [1, 2, 3], 2)
    assert round_trip(spline)(2.5) == spline(2.5)


def test_shared_objects_stay_shared():
    row, array = [1], np.arange(3)
    value = {"a": row, "b": (row, array), "c": array}
    value["itself"] = value
    again = round_trip(value)
    assert again["itself"] is again
    assert again["a"] is again["b"][0]
    assert again["c"] is again["b"][1]


def test_record_arrays():
    dtype = np.dtype([("x", "<i4"), ("y", "<f8")], align=True)
    array = np.array([(1, 2.5), (3, np.inf)], dtype=dtype)
    again = round_trip(array)
    assert again.dtype == dtype
    assert again.tolist() == array.tolist()


class StrangeError(Exception):
    """An error of a library that may not be installed."""


def test_errors():
    error = TimeLimitError("too long", needed=3.5)
    again = round_trip([error, ValueError("no"), StrangeError("odd")])
    assert type(again[0]) is TimeLimitError
    assert again[0].needed == 3.5
    assert repr(again[1]) == "ValueError('no')"
    assert repr(again[2]) == "RuntimeError('StrangeError: odd')"


def test_masked_arrays():
    array = np.ma.masked_array([1.0, 2.0], [False, True], fill_value=7.0)
    again = round_trip(array)
    assert again.tolist() == [1.0, None]
    assert again.fill_value == 7.0


@pytest.mark.parametrize(
    "value", [np.zeros(2, "V3"), iter("ab")], ids=["void", "iterator"]
)
def test_an_object_that_cannot_be_saved_is_named(value):
    with pytest.raises(ModelFileError, match="cannot be saved: it holds"):
        to_graph(value)


def test_a_zone_without_a_name_is_refused():
    head = b"TZif" + bytes(16) + b"".join(n.to_bytes(4) for n in (0, 0, 0, 0, 1, 4))
    zone = ZoneInfo.from_file(BytesIO(head + bytes(6) + b"UTC\0"))
    with pytest.raises(ModelFileError, match=r"a time zone without a name.*ZoneInfo\("):
        to_graph(zone)


def test_a_zone_is_a_name_and_no_path():
    graph = to_graph(ZoneInfo("Europe/Berlin"))
    forged = json.loads(json.dumps(graph.nodes).replace("Europe", "../../etc"))
    with pytest.raises(ValueError, match="ZoneInfo keys must"):
        from_graph(Graph(graph.root, forged, graph.packs, graph.leaves))
