"""Any frame gives an output, or an error that names the column."""

import datetime
import warnings
from collections import Counter
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from skensemble import AutoEnsembleClassifier, AutoEnsembleRegressor
from skensemble.preprocessing import TableEncoder

N = 45
NUMBERS = st.one_of(st.floats(), st.integers(-(2**62), 2**62), st.none())
SCALARS = {
    "floats": st.floats(width=32),
    "numbers": NUMBERS,
    "huge": st.integers(2**53, 2**62),
    "booleans": st.sampled_from([True, False, None]),
    "strings": st.text(max_size=5),
    "levels": st.sampled_from(["a", "b", "c d", None, ""]),
    "sentences": st.text("ab cde ", min_size=5, max_size=30),
    "bytes": st.binary(max_size=3),
    "decimals": st.decimals(allow_nan=False, allow_infinity=False, places=2),
    "dates": st.dates(datetime.date(1700, 1, 1), datetime.date(2200, 1, 1)),
    "times": st.datetimes(datetime.datetime(1800, 1, 1), datetime.datetime(2100, 1, 1)),
    "spelled": st.dates(datetime.date(1900, 1, 1)).map(str),
    "mixed": st.one_of(st.integers(), st.text(max_size=2), st.booleans(), st.none()),
    "odd": st.sampled_from([float("inf"), float("-inf"), float("nan"), 0.0, None]),
    "nested": st.lists(st.integers(), max_size=2),
    "nothing": st.none(),
}
DTYPES = {
    "floats": ["float32", None],
    "booleans": ["boolean", None],
    "levels": ["category", "string", "str", None],
    "times": ["datetime64[us]", "datetime64[us, UTC]", None],
}


@st.composite
def frames(draw):
    columns = {}
    for j in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(sorted(SCALARS)))
        values = draw(st.lists(SCALARS[kind], min_size=4, max_size=8))
        dtype = draw(st.sampled_from(DTYPES.get(kind, [None])))
        name = draw(st.sampled_from([f"{kind}{j}", f'"{j}": [x]', f"{j} é"]))
        values = (values * N)[:N]
        columns[name] = pd.Series(values, dtype=dtype or object)
    frame = pd.DataFrame(columns)
    return frame.infer_objects() if draw(st.booleans()) else frame


CASES = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
# Warnings that some of these tables call for; any other is an error.
TOLD = "column .* should hold (numbers|dates)|X has nothing to learn from but"
# Each refusal is checked; at least half of the tables, however drawn, are encoded.
MOST_REFUSED = 0.5


def holds_lists(column):
    return any(isinstance(value, list) for value in column)


def is_constant(column):
    """Whether all values that are there are the same number, or the same words."""
    seen = set()
    for value in column:
        if value is None or value is pd.NaT or value is pd.NA or value != value:
            continue
        try:
            number = float(value)
        except (TypeError, ValueError, OverflowError):
            seen.add(str(value).strip())
        else:
            # What overflows single precision counts as missing.
            seen |= {number} if abs(number) <= np.finfo(np.float32).max else set()
    return len(seen - {""}) <= 1


def assert_refusal_is_right(message, frame):
    """A refusal names a column of lists, or there is nothing but constants."""
    if "nothing to learn from" in message:
        assert all(is_constant(frame[name]) for name in frame), message
        return
    named = [name for name in frame if repr(name) in message]
    assert named, message
    assert all(holds_lists(frame[name]) for name in named), message


def test_refusals_differ_from_failures():
    lists = pd.DataFrame({"a": [1, 2], "b": [[1], []], "c": [None, None], "d": "x"})
    assert_refusal_is_right("column 'b' holds nested values", lists)
    assert_refusal_is_right("there is nothing to learn from in X", lists[["c", "d"]])
    for wrong, names in {
        "column 'a' should hold numbers": ["a", "b"],
        "could not convert string to float": ["b"],
        "there is nothing to learn from in X": ["a", "c"],
    }.items():
        with pytest.raises(AssertionError):
            assert_refusal_is_right(wrong, lists[names])


def test_any_frame():
    counts = Counter()

    @CASES
    @given(
        frame=frames(),
        kind=st.sampled_from(
            ["trees", "catboost", "forests", "linear", "neighbors", "neural"]
        ),
        target=st.sampled_from([None, "numbers", "classes"]),
    )
    def check(frame, kind, target):
        counts[assert_encoded_or_refused(frame, kind, target)] += 1

    check()
    assert sum(counts.values()) >= 100
    assert counts["refused"] <= MOST_REFUSED * sum(counts.values())


def assert_encoded_or_refused(frame, kind, target):
    rng = np.random.default_rng(0)
    y = {None: None, "numbers": rng.normal(size=N), "classes": rng.integers(0, 3, N)}
    encoder = TableEncoder(kind, random_state=0)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=TOLD)
        try:
            out = encoder.fit_transform(frame, y[target])
        except ValueError as error:
            assert_refusal_is_right(str(error), frame)
            return "refused"
        new = encoder.transform(frame)
        empty = encoder.transform(pd.DataFrame({name: [None] * 2 for name in frame}))
    names = encoder.get_feature_names_out()
    assert out.shape == new.shape == (N, len(names))
    assert empty.shape == (2, len(names))
    if kind in ("linear", "neighbors", "neural"):
        for rows in (out, new, empty):
            assert np.isfinite(
                rows.toarray() if hasattr(rows, "toarray") else rows
            ).all()
    return "encoded"


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(frame=frames(), classes=st.booleans())
def test_any_frame_makes_an_ensemble(frame, classes):
    kind = AutoEnsembleClassifier if classes else AutoEnsembleRegressor
    y = np.random.default_rng(0).integers(0, 2, N)
    auto = kind(None, members=["linear"], preset="fast", cv=2, random_state=0, n_jobs=1)
    with warnings.catch_warnings():
        message = (
            "column .* should hold (numbers|dates)|X has nothing to learn from but"
        )
        warnings.filterwarnings("ignore", message=message)
        try:
            predicted = auto.fit(frame, y).predict(frame)
        except ValueError as error:
            refused, predicted = str(error), None
    if predicted is None:
        named = any(repr(name) in refused for name in frame.columns)
        assert named or "nothing to learn from" in refused
    else:
        assert len(predicted) == N
        assert np.isfinite(predicted).all()


def test_decimals_count_as_numbers():
    frame = pd.DataFrame({"a": [Decimal("1.5"), None, Decimal(2)]})
    out = TableEncoder().fit_transform(frame)
    np.testing.assert_array_equal(out["a"], [1.5, np.nan, 2])
