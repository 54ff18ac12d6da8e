"""Inferred kinds of columns."""

import contextlib
import datetime
import json
import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from skensemble.preprocessing import KINDS, TableEncoder, infer_column_kinds

N = 120
RNG = np.random.default_rng(0)
SIZES = pd.CategoricalDtype(["S", "M", "L"], ordered=True)
DAYS = pd.date_range("2024-01-01", periods=N, freq="h")

HAN, KANA = "我们昨天在商店买了东西非常喜欢颜色", "すしたべるのがすきですラーメン"
THAI = "สินค้าดีมากชอบแนะนำราคาถูกส่งเร็ว"
HIGH, ID = "high-cardinality", "identifier"

COLUMNS = {
    "float": (RNG.normal(size=N), "numeric"),
    "unique whole numbers": (RNG.permutation(N * 7)[:N], "numeric"),
    "rising with gaps": (np.cumsum(RNG.integers(5, 50, N)), "numeric"),
    "running": (np.arange(100, 100 + N), "identifier"),
    "falling": (np.arange(N)[::-1], "identifier"),
    "running in floats": (np.arange(N) + 0.5, "numeric"),
    "huge": (2**60 + RNG.permutation(N * 1000)[:N] * 10**6, "numeric"),
    "zero and one": (RNG.integers(0, 2, N), "boolean"),
    "bool": (RNG.random(N) < 0.5, "boolean"),
    "bool with None": (RNG.choice([True, False, None], N), "boolean"),
    "one and two": (RNG.integers(1, 3, N), "numeric"),
    "infinite": (np.where(RNG.random(N) < 0.5, np.inf, np.arange(N)), "numeric"),
    "decimals": ([Decimal(int(k)) / 4 for k in RNG.integers(0, 9, N)], "numeric"),
    "numbers as strings": ([f"{v:.2f}" for v in RNG.normal(size=N)], "numeric"),
    "with a mark": ([*(f"{v:.2f}" for v in range(N - 1)), "?"], "numeric"),
    "codes as strings": (RNG.integers(100, 120, N).astype(str), "category"),
    "colours": (RNG.choice(["red", "blue"], N), "category"),
    "colours or nothing": (RNG.choice(["red", None], N), "category"),
    "bytes": (RNG.choice([b"a", b"b"], N), "category"),
    "mixed": (RNG.choice(np.array([1, "a", None], dtype=object), N), "category"),
    "towns": ([f"town{k}" for k in RNG.integers(0, 70, N)], "high-cardinality"),
    "ordered": (pd.Series(RNG.choice(["S", "M", "L"], N), dtype=SIZES), "ordinal"),
    "times": (DAYS, "date-time"),
    "times in a zone": (DAYS.tz_localize("Europe/Zurich"), "date-time"),
    "dates": ([d.date() for d in DAYS], "date-time"),
    "dates as strings": (DAYS.strftime("%Y-%m-%d %H:%M"), "date-time"),
    "day first": ([f"{k % 28 + 1}/{k % 12 + 1}/2020" for k in range(N)], "date-time"),
    "short dates": ([f"{d:%d-%b-%y}" for d in DAYS[::24].repeat(24)[:N]], "date-time"),
    "dollars": ([f"${1000 + 7 * k:,}.20" for k in range(N)], "numeric"),
    "euros": ([f"{k // 3},{k % 7} €" for k in range(N)], "numeric"),
    "per cent": ([f"{k % 60}%" for k in range(N)], "numeric"),
    "few per cent": ([f"{k % 6 * 10}%" for k in range(N)], "category"),
    "two currencies": (
        [f"{'$€'[k % 2]}{k % 60}" for k in range(N)],
        "high-cardinality",
    ),
    "shares or not": (
        [f"{k % 60}" + "%" * (k % 2) for k in range(N)],
        "high-cardinality",
    ),
    "addresses": ([f"192.168.{k % 60}" for k in range(N)], "high-cardinality"),
    "telephones": ([f"079 {k % 60 + 100} 10" for k in range(N)], "text"),
    "versions": ([f"{k % 3}.{k % 2}.1" for k in range(N)], "category"),
    "durations": (DAYS - DAYS[0] + pd.Timedelta("1s"), "numeric"),
    "prose": ([f"the house number {k} is big" for k in range(N)], "text"),
    "keys": ([f"K{k * 7919 % 1000:04}" for k in range(N)], "identifier"),
    "whole with ?": ([*map(str, range(60, 60 + N - 1)), "?"], "numeric"),
    "different whole": ([str(k) for k in RNG.permutation(9000)[:N]], "numeric"),
    "zip codes": ([f"{k:05}" for k in RNG.integers(0, 99999, N)], "identifier"),
    "zip codes with ?": ([*(str(70000 + k // 2) for k in range(N - 1)), "?"], HIGH),
    "Chinese": (["".join(RNG.choice(list(HAN), 12)) for _ in range(N)], "text"),
    "Japanese": (["".join(RNG.choice(list(KANA), 12)) for _ in range(N)], "text"),
    "Thai": (["".join(RNG.choice(list(THAI), 30)) for _ in range(N)], "text"),
    "Chinese words": (RNG.choice(["红", "蓝", "绿"], N), "category"),
    "addresses of pages": (
        [f"https://a.org/{['shop', 'news'][k % 2]}/{k}" for k in range(N)],
        "text",
    ),
    "paths": ([f"/home/{'ab'[k % 2]}/{k}.png" for k in range(N)], "text"),
    "e-mails": ([f"u{k}@{['x.org', 'y.com'][k % 2]}" for k in range(N)], "text"),
    "molecules": ([f"C{'C' * k}(=O)O{'N' * (k % 3)}" for k in range(N)], "text"),
    "sequences": (["".join(RNG.choice(list("ACGT"), 40)) for _ in range(N)], "text"),
    "keys with parts": ([f"{'AB'[k % 2]}-{k:05}-red" for k in range(N)], "text"),
    "random keys": ([f"{k * 0x9E3779B97F4A7C15 % 2**64:016x}" for k in range(N)], ID),
    "one value": (["x"] * N, "constant"),
    "nothing": ([None] * N, "constant"),
    "NaN": ([np.nan] * N, "constant"),
    "Int64": (pd.array(RNG.choice([1, 2, 3, None], N), dtype="Int64"), "numeric"),
    "boolean": (pd.array(RNG.choice([True, False, None], N), "boolean"), "boolean"),
    "string": (pd.array(RNG.choice(["a", "b", None], N), dtype="string"), "category"),
}


def reported(name, kind):
    """Expect a warning for identifiers, and for numbers in different units."""
    if kind == "identifier":
        return pytest.warns(UserWarning, match=f"identifiers .* left out: '{name}'")
    if name in ("two currencies", "shares or not"):
        return pytest.warns(UserWarning, match=f"'{name}' .* different units: ")
    return contextlib.nullcontext()


@pytest.mark.parametrize("name", COLUMNS)
def test_kind_of_a_column(name):
    values, kind = COLUMNS[name]
    frame = pd.DataFrame({name: values, "other": RNG.normal(size=N)})
    with reported(name, kind):
        encoder = TableEncoder().fit(frame)
    assert encoder.kinds_[name] == kind
    assert kind in KINDS
    assert (name in encoder.dropped_) == (kind in ("identifier", "constant"))
    assert len(encoder.transform(frame)) == N


@pytest.mark.parametrize(
    ("dtype", "kind"),
    [("int64", "numeric"), ("bool", "boolean"), ("string", "category")],
)
def test_arrow_columns(dtype, kind):
    values = {"int64": [1, 5, 7, None], "bool": [True, False, None, True]}
    column = pd.array(
        values.get(dtype, ["a", "b", None, "a"]) * 10, dtype=f"{dtype}[pyarrow]"
    )
    assert TableEncoder().fit(pd.DataFrame({"a": column})).kinds_["a"] == kind


def test_a_duplicate_column_is_dropped():
    values = RNG.normal(size=N)
    words = RNG.choice(["a", "b"], N)
    frame = pd.DataFrame({"a": values, "b": values, "c": words, "d": words})
    encoder = TableEncoder().fit(frame)
    assert encoder.kinds_.tolist() == ["numeric", "duplicate", "category", "duplicate"]
    assert encoder.dropped_ == {"b": "duplicate of 'a'", "d": "duplicate of 'c'"}


def test_kinds_of_the_user_are_used():
    frame = pd.DataFrame({"zone": RNG.integers(0, 5, N), "id": np.arange(N)})
    encoder = TableEncoder(kinds={"zone": "category", "id": "numeric"}).fit(frame)
    assert encoder.kinds_.tolist() == ["category", "numeric"]
    out = encoder.transform(frame)
    assert isinstance(out["zone"].dtype, pd.CategoricalDtype)


def test_a_wrong_kind_or_name_is_refused_with_the_list():
    frame = pd.DataFrame({"a": RNG.normal(size=N)})
    with pytest.raises(ValueError, match=r"not in X: \['b'\]; X has \['a'\]"):
        TableEncoder(kinds={"b": "text"}).fit(frame)
    with pytest.raises(ValueError, match=r"use one of .*'numeric'"):
        TableEncoder(kinds={"a": "number"}).fit(frame)


def test_a_running_number_alone_is_kept():
    assert TableEncoder().fit(np.arange(50)[:, None]).kinds_["x0"] == "numeric"


def test_a_table_without_informative_columns_is_refused():
    frame = pd.DataFrame({"a": [1, 1, 1], "b": [2, 3, 5]})
    message = r"nothing to learn from .*'a': 'constant', 'b': 'identifier'"
    with pytest.raises(ValueError, match=message):
        TableEncoder(kinds={"b": "identifier"}).fit(frame)


def test_identifiers_that_are_kept_for_lack_of_other_columns_are_reported():
    frame = pd.DataFrame({"id": np.arange(N), "one": "x", "none": None})
    message = (
        r"nothing to learn from but \['id'\].*'one': 'constant', 'none': 'constant'"
    )
    with pytest.warns(UserWarning, match=message):
        encoder = TableEncoder().fit(frame)
    assert encoder.kinds_["id"] == "numeric"
    assert encoder.dropped_ == {"one": "constant", "none": "constant"}


@pytest.mark.parametrize(
    "values",
    [[[1], [2]], [{"a": 1}, {"b": 2}], [(1, 2), (3, 4)], [1j, 2j], [{1}, {2}]],
    ids=["lists", "dicts", "tuples", "complex", "sets"],
)
def test_nested_values_are_refused_by_name(values):
    frame = pd.DataFrame({"odd one": pd.Series(values * 20), "b": np.arange(40.0)})
    with pytest.raises(ValueError, match="'odd one'"):
        TableEncoder().fit(frame)


def test_strings_of_an_array_are_numbers_where_numpy_made_them_so():
    X = np.array([[1, "a"], [2, "b"], [2, "a"], [3, "b"]])
    assert TableEncoder().fit(X).kinds_.tolist() == ["numeric", "category"]


def test_an_array_of_objects():
    X = np.array([[1, "a", None], [2.5, "b", 3], [2, "a", 1]], dtype=object)
    encoder = TableEncoder().fit(X)
    assert encoder.kinds_.tolist() == ["numeric", "category", "numeric"]
    assert encoder.transform(X)["x0"].tolist() == [1.0, 2.5, 2.0]


def test_names():
    frame = pd.DataFrame([[1.0, 2.0], [3.0, 5.0]], columns=[0, ("a", "b")])
    encoder = TableEncoder().fit(frame)
    assert encoder.kinds_.index.tolist() == ["0", "('a', 'b')"]
    assert not hasattr(encoder, "feature_names_in_")
    frame.columns = ["same", "same"]
    with pytest.raises(ValueError, match=r"several columns.*\['same'\]"):
        TableEncoder().fit(frame)


def test_days_and_months_are_distinguished():
    days = [f"{k % 28 + 1}/{k % 12 + 1}/2020" for k in range(N)]
    out = TableEncoder().fit_transform(pd.DataFrame({"d": days}))
    assert out["d_month"].tolist() == [k % 12 + 1 for k in range(N)]


def test_dates_keep_the_clock_of_their_zone():
    times = pd.date_range("2024-06-01 12:00", periods=40, freq="7h", tz="Asia/Tokyo")
    frame = pd.DataFrame({"t": times})
    encoder = TableEncoder().fit(frame)
    out = encoder.transform(frame)
    assert out["t_hour"].tolist() == list(times.hour)
    moved = frame.assign(t=frame["t"].dt.tz_convert("UTC"))
    pd.testing.assert_frame_equal(encoder.transform(moved), out)
    one = pd.DataFrame({"t": [datetime.datetime(2024, 6, 1, 12)]})
    assert encoder.transform(one)["t_days"].iloc[0] == out["t_days"].iloc[0]


NUMBERS_OF_ROWS = ["Unnamed: 0", "", "index", "row number", "rownum", "Row_ID", "Id"]
NUMBERS_OF_ROWS += ["PassengerId", "customerID", "level_0", "record no.", "user.uuid"]


@pytest.mark.parametrize("name", NUMBERS_OF_ROWS)
@pytest.mark.parametrize("dtype", ["int64", "Int64", "float64", "int64[pyarrow]"])
def test_shuffled_numbers_of_rows_are_found_by_name(name, dtype):
    rows = pd.Series(RNG.permutation(5 * N)[:N]).astype(dtype)
    frame = pd.DataFrame({name: rows, "x": RNG.normal(size=N)})
    with pytest.warns(UserWarning, match="left out: .*whole numbers without"):
        encoder = TableEncoder().fit(frame)
    reason = "identifier: whole numbers without repetition"
    assert encoder.dropped_ == {name: reason}
    kept = TableEncoder(kinds={name: "numeric"}).fit(frame)
    assert kept.dropped_ == {}


@pytest.mark.parametrize("name", ["index", "id", "Unnamed: 0", "power", "grid", "paid"])
def test_measurements_are_kept_whatever_their_name(name):
    watts = RNG.permutation(np.arange(1000, 60000))[:N]
    kept = {"power": watts, "grid": watts, "paid": watts}
    values = kept.get(name, RNG.normal(100, 5, N))
    frame = pd.DataFrame({name: values, "x": RNG.normal(size=N)})
    assert TableEncoder().fit(frame).dropped_ == {}


def test_whole_numbers_that_repeat_are_kept():
    customers = RNG.integers(0, 20, N)
    frame = pd.DataFrame({"customer_id": customers, "x": RNG.normal(size=N)})
    assert TableEncoder().fit(frame).kinds_["customer_id"] == "numeric"


def test_one_warning_names_all_identifiers():
    frame = pd.DataFrame({"id": RNG.permutation(N), "x": RNG.normal(size=N)})
    frame["key"] = [f"K{k:05}" for k in range(N)]
    message = (
        r"left out: 'id' \(whole .*\), 'key' \(strings .*kinds=\{'id': 'numeric'\}"
    )
    with pytest.warns(UserWarning, match=message) as caught:
        TableEncoder().fit(frame)
    assert len(caught) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        given = TableEncoder(kinds={"id": "identifier", "key": "text"}).fit(frame)
    assert given.dropped_ == {"id": "identifier (given in kinds)"}


@pytest.mark.parametrize("other", ["json.dumps", "str"])
def test_records_in_strings_are_named(other):
    records = [{"a": k, "b": "red"} for k in range(N)]
    words = [json.dumps(one) if other == "json.dumps" else str(one) for one in records]
    frame = pd.DataFrame({"notes": words, "x": RNG.normal(size=N)})
    with pytest.warns(UserWarning, match=r"'notes' holds lists or records .*\{"):
        encoder = TableEncoder().fit(frame)
    assert encoder.kinds_["notes"] == "text"


def test_nested_values_can_be_left_out():
    frame = pd.DataFrame({"odd": [[k] for k in range(40)], "b": np.arange(40) ** 2.0})
    encoder = TableEncoder(kinds={"odd": "identifier"}).fit(frame)
    assert list(encoder.dropped_) == ["odd"]


def test_kinds_are_found_in_a_sample_of_all_rows():
    n = 3000
    frame = pd.DataFrame(
        {
            "sorted": np.sort(RNG.integers(0, 5, n)) * 1.5,
            "late": np.r_[np.zeros(n - 2), 1.0, 2.0],
            "copy": np.r_[np.zeros(n - 2), 1.0, 3.0],
            "n": np.arange(n),
            "index": RNG.permutation(2 * n)[:n],
            "id": np.r_[np.arange(n - 1), 0],
            "words": np.repeat(["a", "b", "c"], n // 3),
        }
    )
    for max_rows in (None, 100):
        found = infer_column_kinds(frame, None, 40, max_rows)
        assert found.dropped == {
            "n": "identifier: running number",
            "index": "identifier: whole numbers without repetition",
        }
        assert found.kinds["words"] == "category"
        assert len(found.remarks) == 1
    again = infer_column_kinds(frame, None, 40, 100)
    assert again.kinds.equals(found.kinds)


def test_text_without_spaces_is_encoded_by_its_characters():
    kind = RNG.integers(0, 2, N)
    words = ["".join(RNG.choice(list(HAN), 12)) + "坏好"[k] for k in kind]
    frame = pd.DataFrame({"t": words})
    out = TableEncoder("linear", random_state=0).fit_transform(frame, kind)
    out = out.toarray() if hasattr(out, "toarray") else out
    related = [abs(np.corrcoef(column, kind)[0, 1]) for column in out.T if column.std()]
    assert max(related) > 0.9


def test_parts_of_addresses_are_words():
    kind = RNG.integers(0, 2, N)
    words = [f"https://a.org/{['shop', 'news'][k]}/{j}" for j, k in enumerate(kind)]
    encoder = TableEncoder("linear", random_state=0).fit(pd.DataFrame({"t": words}))
    known = encoder._encoding.others[0].words.vocabulary_
    assert {"shop", "news", "org"} <= set(known)
