"""Keys: equal content gives equal keys, in any process; other content another key."""

import enum
import functools
import linecache
import pickle
import subprocess
import sys
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from joblib import Memory
from lightgbm import LGBMRegressor
from sklearn import config_context
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.model_selection import KFold
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from xgboost import XGBRegressor

from skensemble.fitting import Store
from skensemble.fitting._fold_fit import Member, PlannedFit, Split, TrainingData
from skensemble.fitting._keys import Keys
from skensemble.fitting.hashing._digest import Unkeyable
from skensemble.fitting.hashing._hasher import Hasher

ROOT = Path(__file__).parents[2]

LIMIT = 3


class Colour(enum.Enum):
    RED = 1
    BLUE = 2


@dataclass
class Point:
    x: float
    y: float


def helper(x):
    return x + LIMIT


@functools.lru_cache
def remembering(x):
    return x


def uses_helper(x):
    return helper(x)


class Mine(RegressorMixin, BaseEstimator):
    """A class of a script: known by its source."""

    def __init__(self, function=uses_helper):
        self.function = function

    def fit(self, X, y):
        return self


def digest(value):
    return Hasher().digest(value)


def seen(value):
    """What a value is, types included, with nan equal to itself."""
    if isinstance(value, dict):
        return (dict, frozenset((seen(k), seen(v)) for k, v in value.items()))
    if isinstance(value, frozenset):
        return (frozenset, frozenset(map(seen, value)))
    if isinstance(value, list | tuple):
        return (type(value), tuple(map(seen, value)))
    return (type(value), repr(value))


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=4),
    st.binary(max_size=4),
    st.complex_numbers(allow_nan=False),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
        st.frozensets(st.integers() | st.text(max_size=3), max_size=4),
    ),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(VALUES, VALUES)
def test_equal_digests_mean_equal_values(one, two):
    assert (digest(one) == digest(two)) == (seen(one) == seen(two))
    assert digest(pickle.loads(pickle.dumps(one))) == digest(one)


def test_nothing_is_taken_for_another():
    lookalikes = [
        1, 1.0, True, "1", b"1", 1 + 0j, None, "None", np.int64(1), np.float64(1),
        np.float32(1), np.bool_(True), np.array(1), np.array([1]), np.array([[1]]),
        np.array([1.0]), np.array(["1"]), np.array([1], object), [1], (1,), {1}, [[1]],
        [(1,)], ([1],), [1, [2]], [[1], 2], [[1, 2]], {1: 2}, {2: 1}, {(1, 2)}, -0.0, 0.0,
        float("nan"), "", [], (), {}, set(), frozenset(), frozenset({1}), slice(1),
        range(1), range(2), np.empty((0, 3)), np.empty((3, 0)), np.empty(0, "f4"), Colour.RED, Colour.BLUE, Point(1, 2), Point(2, 1), int, float,
        len, np.exp, np.log, np.mean, helper, uses_helper, pd.NA, pd.NaT, [0, 255], "ab",
        ["a", "b"], ["ab"], ["a", "b", ""], ["", "a", "b"], pd.Series([1]), pd.Index([1]),
        functools.partial(helper, 1), functools.partial(helper, 2), KFold(3), KFold(4),
        Ridge(), Ridge(2.0), RidgeCV(), pd.Timestamp(0), np.datetime64(0, "s"),
        np.timedelta64(0, "s"), np.datetime64(0, "ms"), Ellipsis, pd.CategoricalDtype(),
    ]  # fmt: skip
    digests = [digest(value) for value in lookalikes]
    assert len(set(digests)) == len(lookalikes)


@settings(max_examples=40, deadline=None)
@given(
    arrays(
        st.sampled_from(["f8", "f4", "i8", "i2", "?", "U3", "M8[ns]", "c16"]),
        array_shapes(max_dims=3, max_side=5),
    ),
    st.data(),
)
def test_arrays_by_content(array, data):
    alike = [
        np.asfortranarray(array),
        np.repeat(array, 2, axis=0)[::2],
        pickle.loads(pickle.dumps(array)),
    ]
    assert {digest(other) for other in alike} == {digest(array)}
    assert digest(array.reshape(-1, 1, 1, 1)) != digest(array)
    other = array.copy()
    place = tuple(data.draw(st.integers(0, size - 1)) for size in array.shape)
    other[place] = np.ones(1, array.dtype)[0]
    if other.tobytes() != array.tobytes():
        assert digest(other) != digest(array)


def test_memory_maps_and_large_arrays(tmp_path):
    array = np.random.default_rng(0).normal(size=(700, 301))
    np.save(tmp_path / "x.npy", array)
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert digest(mapped) == digest(array) == digest(np.asfortranarray(array))
    frame = pd.DataFrame(array)
    columns = pd.concat([frame[[k]] for k in range(301)], axis=1)
    assert digest(columns) == digest(frame) != digest(frame.iloc[:, ::-1])


def test_records_are_hashed_without_what_lies_between():
    kind = np.dtype({"names": ["a", "b"], "formats": ["i1", "f8"], "offsets": [0, 8]})
    one, two = np.full(64, 255, "u1").view(kind), np.zeros(64, "u1").view(kind)
    for name in kind.names:
        one[name] = two[name] = 3
    assert digest(one) == digest(two)


@pytest.mark.parametrize(
    "make", [sp.csr_array, sp.csc_matrix, sp.coo_array, sp.dok_array, sp.lil_array]
)
def test_sparse(make):
    table = sp.random_array((6, 5), density=0.5, rng=0).toarray()
    assert digest(make(table)) == digest(make(table.copy()))
    assert digest(make(table)) != digest(make(2 * table))
    assert digest(make(table)) != digest(make(table.T))
    assert digest(make(table)) != digest(sp.bsr_array(table))


def frame(**changes):
    columns = {
        "number": [1.0, 2.0, np.nan],
        "count": pd.array([1, 2, None], dtype="Int64"),
        "word": ["a", "b", None],
        "kind": pd.Categorical(["u", "v", None], categories=["u", "v"]),
        "day": pd.to_datetime(["2020-01-01", "2020-01-02", None]),
        "mixed": pd.Series([1, "a", None], dtype=object),
    }
    return pd.DataFrame(columns | changes)


def test_frames_by_content():
    same = digest(frame())
    assert same == digest(frame().copy()) == digest(pickle.loads(pickle.dumps(frame())))
    others = [
        frame(number=[1.0, 2.0, 3.0]),
        frame(number=np.array([1.0, 2.0, np.nan], "f4")),
        frame(count=pd.array([1, 2, 3], dtype="Int64")),
        frame(count=pd.array([1, 2, None], dtype="Int32")),
        frame(word=["a", "b", "None"]),
        frame(kind=pd.Categorical(["u", "v", None], categories=["v", "u"])),
        frame(kind=pd.Categorical(["u", "v", None], ["u", "v"], ordered=True)),
        frame(kind=pd.Categorical(["u", "v", None], categories=["u", "v", "w"])),
        frame(kind=["u", "v", None]),
        frame(
            day=pd.to_datetime(["2020-01-01", "2020-01-02", None]).tz_localize("UTC")
        ),
        frame(mixed=pd.Series([1.0, "a", None], dtype=object)),
        frame(mixed=pd.Series([1, "a", pd.NA], dtype=object)),
        frame().rename(columns={"number": "numbers"}),
        frame()[["count", "number", "word", "kind", "day", "mixed"]],
        frame().set_index(pd.Index([3, 4, 5])),
        frame().set_index(pd.Index(["a", "b", "c"])),
        frame().iloc[::-1],
    ]
    assert len({same, *map(digest, others)}) == len(others) + 1


@pytest.mark.parametrize(
    "values",
    [
        pd.array(["a", None], dtype="string"),
        pd.arrays.SparseArray([0, 1.0, 2.0]),
        pd.array(pd.interval_range(0, 3)),
        pd.period_range("2020", periods=3, freq="D").array,
        pd.to_timedelta([1, 2, 3], unit="s").array,
        pd.array([True, None], dtype="boolean"),
        pd.array([1, None], dtype="int64[pyarrow]"),
        pd.array(["a", None], dtype="string[pyarrow]"),
        pd.MultiIndex.from_tuples([(1, "a"), (2, "b")], names=["n", "w"]),
    ],
    ids=lambda values: str(getattr(values, "dtype", "levels")),
)
def test_extension_arrays(values):
    assert digest(values) == digest(values.copy()) != digest(values[::-1])
    assert digest(values) != digest(np.asarray(values))


def test_masked_values_do_not_change_the_key():
    mask = np.array([False, True])
    one, two = (pd.arrays.IntegerArray(np.array([1, k]), mask) for k in (2, 3))
    assert digest(one) == digest(two)


def test_polars():
    def make(**changes):
        columns = {"a": [1.0, None], "b": ["u", "v"], "c": [1, 2]}
        return pl.DataFrame(columns | changes)

    others = [make(a=[1.0, 2.0]), make(b=["v", "u"]), make(c=[1.0, 2.0])]
    others += [make().rename({"a": "x"}), make().select("b", "a", "c"), make()["a"]]
    others.append(make().with_columns(pl.col("b").cast(pl.Categorical)))
    assert digest(make()) == digest(make().clone())
    assert len({digest(make()), *map(digest, others)}) == len(others) + 1


def requesting():
    with config_context(enable_metadata_routing=True):
        return StandardScaler().set_fit_request(sample_weight=True)


def test_estimators_by_parameters_and_by_what_they_hold():
    pipe = make_pipeline(StandardScaler(), RandomForestRegressor(5, random_state=0))
    table = np.random.default_rng(0).normal(size=(30, 3))
    others = [
        make_pipeline(StandardScaler(), RandomForestRegressor(5, random_state=1)),
        make_pipeline(StandardScaler(with_mean=False), RandomForestRegressor(5)),
        make_pipeline(StandardScaler(), RandomForestRegressor(5, random_state=0)),
        make_column_transformer((OneHotEncoder(), ["a"]), (StandardScaler(), ["b"])),
        make_column_transformer((OneHotEncoder(), ["b"]), (StandardScaler(), ["a"])),
        FrozenEstimator(Ridge().fit(table, table[:, 0])),
        FrozenEstimator(Ridge().fit(table, table[:, 1])),
        FrozenEstimator(
            MLPRegressor(hidden_layer_sizes=(2,), tol=9).fit(table, table[:, 1])
        ),
        StandardScaler(),
        StandardScaler().set_output(transform="pandas"),
        requesting(),
        LGBMRegressor(num_leaves=3),
        XGBRegressor(max_depth=2),
        FunctionTransformer(np.log1p),
        FunctionTransformer(helper),
        FunctionTransformer(functools.partial(np.clip, a_min=0)),
        Mine(),
    ]
    others[2].set_output(transform="pandas")
    assert len({digest(pipe), *map(digest, others)}) == len(others) + 1
    for other in [pipe, *others]:
        assert digest(pickle.loads(pickle.dumps(other))) == digest(other)


def test_memory_layout_does_not_change_the_key(tmp_path):
    pipes = [make_pipeline(Ridge(), memory=m) for m in (Memory(tmp_path), Store("a"))]
    assert digest(pipes[0]) == digest(pipes[1])


def test_code_of_a_script_counts_and_all_that_it_calls(monkeypatch):
    before = digest(Mine), digest(uses_helper), digest(Point)
    assert before == (digest(Mine), digest(uses_helper), digest(Point))
    monkeypatch.setattr(sys.modules[__name__], "LIMIT", 4)
    assert digest(uses_helper) != before[1]
    assert digest(Mine()) != digest(Mine(helper))
    assert digest(Point) == before[2]


def test_code_of_a_notebook(monkeypatch):
    code = "class Cell:\n    def fit(self, X):\n        return {}\n"
    digests = []
    for number in (1, 1, 2):
        text = code.format(number)
        notebook = ModuleType("notebook")
        name = f"/tmp/notebook/{number}.py"
        monkeypatch.setitem(sys.modules, "notebook", notebook)
        lines = text.splitlines(keepends=True)
        monkeypatch.setitem(linecache.cache, name, (len(text), None, lines, name))
        exec(compile(text, name, "exec"), vars(notebook))
        digests.append(digest(notebook.Cell))
        # As it is after instances came back from a worker.
        replaced = notebook.Cell.fit.__code__.replace(co_filename="<dynamic-code>")
        notebook.Cell.fit.__code__ = replaced
        assert digest(notebook.Cell) == digests[-1]
    assert digests[0] == digests[1] != digests[2]


def test_functions_with_a_memory_of_their_own():
    remembering.cache_clear()
    before = digest(remembering)
    remembering(1)
    assert remembering.cache_info().currsize == 1
    assert digest(remembering) == before != digest(helper)


def test_values_used_by_code_need_a_key(monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "LIMIT", np.random.default_rng())
    with pytest.raises(Unkeyable, match="'LIMIT', which it uses: a Generator changes"):
        digest(uses_helper)


def test_cycles_end():
    def ring(number):
        made = [number, []]
        made[1].append(made)
        return made

    assert digest(ring(1.5)) == digest(ring(1.5)) != digest(ring(2.5))
    open_ended = [1.5, [[1.5, []]]]
    assert digest(ring(1.5)) != digest(open_ended)


def make_unkeyable():
    def inner():
        return made

    made = object()
    return inner


@pytest.mark.parametrize(
    ("value", "reason", "way_out"),
    [
        (lambda x: x, "lambda", "named function"),
        (make_unkeyable(), "inside another function", "named function"),
        (np.random.RandomState(0), "RandomState changes", "set random_state to an int"),
        (np.random.default_rng(0), "Generator changes", "set random_state to an int"),
        (threading.Lock(), "lock cannot be pickled", "pickled"),
        ((k for k in ()), "generator cannot be pickled", "pickled"),
        (np.frompyfunc(abs, 1, 1), "neither in numpy", "named function"),
        (FunctionTransformer(lambda x: x), "parameter 'func': a lambda", "named"),
        (make_pipeline(FunctionTransformer(lambda x: x)), "'steps': .*'func'", "named"),
    ],
)
def test_objects_without_a_key_give_the_reason(value, reason, way_out):
    with pytest.raises(Unkeyable, match=f"{reason}.*; .*{way_out}"):
        digest(value)


def test_code_without_source_has_no_key():
    space = {"__name__": "nowhere"}
    exec("def made(x): return x", space)
    with pytest.raises(Unkeyable, match=r"source of nowhere.made is not known"):
        digest(space["made"])


TABLE = np.arange(12.0).reshape(6, 2)
WORK = TrainingData(TABLE, TABLE[:, 0], 0, lambda *_: None)
FOLD_FIT = PlannedFit(
    Member("m", Ridge(random_state=0), "auto", {"sample_weight": np.ones(6)}),
    Split(0, np.arange(4), np.arange(4, 6)),
    keep=False,
)


def change(member=(), split=(), **rest):
    return replace(
        FOLD_FIT,
        member=replace(FOLD_FIT.member, **dict(member)),
        split=replace(FOLD_FIT.split, **dict(split)),
        **rest,
    )


def key(fold_fit=FOLD_FIT, **changes):
    return Keys(replace(WORK, **changes)).key(fold_fit)


def test_a_key_covers_all_that_the_result_depends_on():
    keys = [
        key(),
        key(X=TABLE + 1),
        key(X=pd.DataFrame(TABLE)),
        key(y=TABLE[:, 1]),
        key(n_classes=2),
        key(change(member={"estimator": Ridge(2.0)})),
        key(change(member={"method": "predict"})),
        key(change(member={"fit_params": {}})),
        key(change(member={"fit_params": {"sample_weight": np.arange(6.0)}})),
        key(change(split={"train": np.arange(3)})),
        key(change(split={"train": None})),
        key(change(split={"test": np.array([5, 4])})),
        key(change(member={"estimator": RandomForestRegressor(random_state=0)})),
        key(change(member={"estimator": RandomForestRegressor(random_state=1)})),
    ]
    assert len(set(keys)) == len(keys)
    same = [change(member={"name": "n"}), change(split={"label": 7}), change(keep=True)]
    assert {key(fold_fit) for fold_fit in same} == {key()}


def test_members_do_not_change_each_others_keys():
    others = [change(member={"estimator": est}) for est in (XGBRegressor(), Mine())]
    keys = Keys(WORK)
    for fold_fit in others:
        keys.key(fold_fit)
    assert keys.key(FOLD_FIT) == key()


def test_draws_without_a_seed_are_kept_apart_by_name():
    open_ = {"estimator": RandomForestRegressor()}
    one, two = change(member=open_), change(member={**open_, "name": "other"})
    assert key(one) != key(two)


def test_versions_count(monkeypatch):
    before = key(), key(change(member={"estimator": LGBMRegressor()}))
    monkeypatch.setattr(
        "skensemble.fitting._keys.version_of", lambda name: f"new {name}"
    )
    assert key() != before[0]
    monkeypatch.undo()
    monkeypatch.setattr(
        "skensemble.fitting._keys.version_of",
        lambda name: "5" if name == "lightgbm" else real(name),
    )
    assert key() == before[0]
    assert key(change(member={"estimator": LGBMRegressor()})) != before[1]


def real(name):
    from skensemble.fitting.hashing._source_code import version_of

    return version_of(name)


def everything():
    """Some of all, for another process to digest."""
    pipe = make_pipeline(StandardScaler(), RandomForestRegressor(5, random_state=0))
    table = np.random.default_rng(0).normal(size=(30, 3))
    return [
        {"b": {"x", "yy", "zzz", ("t", 1)}, "a": frozenset(range(20)), 3: None},
        frame(), sp.csr_array(table), pl.DataFrame(table), TABLE, pipe, Mine(), Point(1, 2),
        FrozenEstimator(RandomForestRegressor(3, random_state=0).fit(table, table[:, 0])),
        # LightGBM keeps the number of threads in its model.
        FrozenEstimator(
            LGBMRegressor(n_estimators=2, verbose=-1, n_jobs=1).fit(table, table[:, 0])
        ),
        XGBRegressor(), np.log1p, uses_helper, Colour.RED, KFold(3), key(),
    ]  # fmt: skip


def test_another_process_gives_the_same_keys():
    code = "import test_keys; print([test_keys.digest(v).hex() for v in test_keys.everything()])"
    here = [digest(value).hex() for value in everything()]
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent,
        env={"PYTHONHASHSEED": "7", "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
    )
    assert done.stdout.strip() == str(here)
