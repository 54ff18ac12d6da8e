"""The parts of the fit engine on their own."""

import pickle
import threading
import time

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from joblib import cpu_count, parallel_config
from lightgbm import LGBMRegressor
from numpy.testing import assert_array_equal
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.model_selection import KFold, LeaveOneGroupOut
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_info

from skensemble.fitting._fit import take_rows
from skensemble.fitting._fold_average import FoldAverage, vote
from skensemble.fitting._fold_fit import (
    FoldFit,
    Member,
    PlannedFit,
    Split,
    TrainingData,
)
from skensemble.fitting._out_of_fold import assemble
from skensemble.fitting._plan import plan_fits
from skensemble.fitting._queue import InTurn, LongestFirst, Turns
from skensemble.fitting._runner import run_fits
from skensemble.fitting._shared import Shared, read_result
from skensemble.fitting._splits import covered_rows, plan_splits
from skensemble.fitting._threads import (
    inner_threads,
    limited_blas,
    limited_threads,
    preferred_backend,
    uses_threads,
)

TABLE = np.arange(12.0).reshape(6, 2)


@pytest.mark.parametrize(
    "make", [np.asarray, pd.DataFrame, pl.DataFrame, sp.csr_array, sp.csr_matrix]
)
def test_rows_of_every_kind_of_table(make):
    # sklearn.utils._safe_indexing is private in name: this tells when it changes.
    taken = take_rows(make(TABLE), np.array([4, 1]))
    assert type(taken) is type(make(TABLE))
    dense = taken.toarray() if sp.issparse(taken) else np.asarray(taken)
    assert_array_equal(dense, TABLE[[4, 1]])


def fold_fit(block, test, method="predict", present=None):
    return FoldFit(
        "m", 0, None, np.array(test), method, present, None, np.array(block), 0.0, 0.0
    )


def test_assembly_averages_repeats_and_leaves_gaps():
    whole = assemble([fold_fit([1.0, 2.0], [0, 1]), fold_fit([4.0], [1])], 3, 0)
    assert_array_equal(whole, [1.0, 3.0, np.nan])


def test_assembly_keeps_dtype_when_rows_are_predicted_once():
    block = np.array([[0.1, 0.9]], dtype=np.float32)
    assert assemble([fold_fit(block, [0], "predict_proba")], 1, 2).dtype == np.float32


def test_labels_are_voted_on():
    codes = np.array([0, 1, 2])
    parts = [fold_fit([2], [0], present=codes), fold_fit([0], [0], present=codes)]
    parts.append(fold_fit([2], [0], present=codes))
    assert_array_equal(assemble(parts, 1, 3), [2])
    assert_array_equal(vote([np.array([1, 0]), np.array([0, 0])], 2), [0, 0])


def test_splits_take_masks_and_groups():
    mask = np.array([True] * 4 + [False] * 2)
    (split,) = plan_splits(
        [(mask, ~mask)], TABLE, np.zeros(6), n_rows=6, classifier=False
    )
    assert_array_equal(split.test, [4, 5])
    assert covered_rows([split], 6).sum() == 2
    groups = {"groups": [0, 0, 1, 1, 2, 2]}
    splits = plan_splits(
        LeaveOneGroupOut(), TABLE, None, n_rows=6, classifier=False, params=groups
    )
    assert len(splits) == 3


def test_open_splitters_are_seeded_by_name():
    cv = KFold(3, shuffle=True)
    options = {"n_rows": 6, "classifier": False, "seed": 5}
    one, two = (plan_splits(cv, TABLE, None, **options) for _ in range(2))
    for a, b in zip(one, two, strict=True):
        assert_array_equal(a.test, b.test)
    assert cv.random_state is None


def test_shared_data_is_written_once():
    shared = Shared({"X": TABLE})
    first, second = pickle.dumps(shared), pickle.dumps(shared)
    assert first == second
    there = pickle.loads(first).get()["X"]
    assert isinstance(there, np.memmap)
    assert_array_equal(there, TABLE)
    shared.close()


def test_results_are_parked_by_other_processes_only():
    shared = Shared(TABLE)
    there = pickle.loads(pickle.dumps(shared))
    assert shared.write_result(TABLE) is TABLE
    parked = there.write_result({"model": TABLE})
    assert parked.path.exists()
    assert_array_equal(read_result(parked)["model"], TABLE)
    assert not parked.path.exists()
    unpicklable = lambda: None  # noqa: E731
    assert there.write_result(unpicklable) is unpicklable
    shared.close()


@pytest.mark.parametrize(
    ("n_jobs", "tasks", "threads"), [(None, 5, None), (1, 5, 1), (2, 5, 1)]
)
def test_inner_threads(n_jobs, tasks, threads):
    assert inner_threads(n_jobs, tasks) == threads


def test_own_thread_numbers_come_back_after_an_error():
    class Threaded(Ridge):
        def __init__(self, n_jobs=64):
            super().__init__()
            self.n_jobs = n_jobs

    def fail_while_limited(model):
        with limited_threads(model, 1):
            assert model.n_jobs == 1
            raise ZeroDivisionError

    model = Threaded()
    with pytest.raises(ZeroDivisionError):
        fail_while_limited(model)
    assert model.n_jobs == 64


def fold_fits(**costs):
    """Two cells of each member."""
    split = Split(0, None, np.empty(0, dtype=np.intp))
    members = [Member(name, Ridge(), "auto") for name in costs]
    return [
        PlannedFit(member, split, True, costs[member.name])
        for member in members
        for _ in range(2)
    ]


def test_each_member_is_tried_once_and_then_the_longest_comes_first():
    plan = fold_fits(quick=3.0, slow=2.0, middling=1.0)
    queue = LongestFirst(plan, {})
    order = iter(queue)
    seconds = {"quick": 0.1, "slow": 9.0, "middling": 1.0}
    taken = []
    for index in order:
        taken.append(plan[index].member.name)
        queue.record_fit(index, seconds[taken[-1]])
    assert taken == ["quick", "slow", "middling", "slow", "middling", "quick"]


def test_members_still_on_their_first_fit_are_taken_for_long():
    plan = fold_fits(known=5.0, unknown=1.0)
    queue = LongestFirst(plan, {})
    order = iter(queue)
    first = next(order)
    next(order)
    queue.record_fit(first, 100.0)
    assert plan[next(order)].member.name == "unknown"


def test_known_seconds_order_the_fits_from_the_start():
    plan = fold_fits(quick=5.0, slow=1.0)
    order = LongestFirst(plan, {"quick": 1.0, "slow": 2.0, "gone": 3.0})
    assert [plan[k].member.name for k in order] == ["slow", "slow", "quick", "quick"]


def in_turn(plan, turns):
    seconds = dict.fromkeys((fold_fit.member.name for fold_fit in plan), 1.0)
    deadline = time.monotonic() + 100
    return InTurn(
        plan, seconds, {}, deadline=deadline, workers=1, progress=dict, turns=turns
    )


@pytest.mark.parametrize(
    ("first", "scores"),
    [(-1.0, {"poor": -2.0, "good": -1.2}), (0.96, {"poor": 0.9, "good": 0.95})],
    ids=["loss", "area under a curve"],
)
def test_who_begins_poorly_comes_last(first, scores):
    plan = fold_fits(poor=1.0, good=1.0)
    # On another split everybody may do worse.
    elsewhere = {("first", 1): 10 * first if first < 0 else 1.0}
    queue = in_turn(plan, Turns(scores={("first", 0): first, **elsewhere}))
    taken = []
    for index in queue:
        taken.append(plan[index].member.name)
        queue.record_fit(index, 1.0, scores[taken[-1]])
    assert taken == ["poor", "good", "good", "poor"]


def test_times_of_slow_members_come_from_similar_ones():
    plan = fold_fits(one=1.0, other=2.0)
    queue = in_turn(plan, Turns(similar={"other": ("one", 3.0), "one": ("gone", 9.0)}))
    assert queue.expected(2) == 1.0
    queue.record_fit(next(iter(queue)), 10.0, -1.0)
    assert queue.expected(2) == 3 * 10 * 2
    queue.record_fit(2, 5.0, -1.0)
    assert queue.expected(3) == 5.0


class Where(LinearRegression):
    """Remembers the thread that it was fitted in."""

    def fit(self, X, y):
        self.thread_ = threading.get_ident()
        return super().fit(X, y)


@pytest.mark.parametrize("n_tasks", [1, 2])
def test_a_fit_alone_is_done_in_the_thread_of_the_caller(n_tasks):
    X, y = np.eye(6), np.arange(6.0)
    members = [Member(f"m{k}", Where(), "predict") for k in range(n_tasks)]
    with parallel_config("threading"):
        fitted, _ = run_fits(
            plan_fits(members, [], refit=True, seed=0),
            TrainingData(X, y, 0, lambda *_: None),
            n_jobs=2,
            on_error="raise",
        )
    here = {fold_fit.estimator.thread_ == threading.get_ident() for fold_fit in fitted}
    assert here == {n_tasks == 1}


def test_threads_only_for_members_that_let_other_threads_run():
    forest = make_pipeline(StandardScaler(), ExtraTreesRegressor())
    assert preferred_backend([forest, Ridge()]) == "threads"
    assert preferred_backend([forest, MLPRegressor()]) is None
    words = make_pipeline(TfidfVectorizer(), Ridge())
    assert preferred_backend([words]) is None


def test_limits_of_overlapping_threads_leave_no_trace():
    def blas():
        return {
            pool["num_threads"]
            for pool in threadpool_info()
            if pool["user_api"] == "blas"
        }

    before = blas()
    with limited_blas(1):
        first, second = limited_threads(Ridge(), 1), limited_threads(Ridge(), 1)
        first.__enter__()
        second.__enter__()
        first.__exit__(None, None, None)
        assert blas() == {1}
        second.__exit__(None, None, None)
    assert blas() == before


@pytest.mark.parametrize(
    ("model", "brings"),
    [
        (ExtraTreesRegressor(), False),
        (ExtraTreesRegressor(n_jobs=-1), cpu_count() > 1),
        (make_pipeline(StandardScaler(), LGBMRegressor()), True),
        (FoldAverage((LGBMRegressor(n_jobs=1),), (None,), "predict", 0), False),
        (FoldAverage((LGBMRegressor(n_jobs=2),), (None,), "predict", 0), True),
    ],
)
def test_members_that_bring_threads(model, brings):
    assert uses_threads(model) == brings
