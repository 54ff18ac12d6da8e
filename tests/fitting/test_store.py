"""The store: no fit twice, nothing damaged believed, and a resumed run is the same."""

import os
import pickle
import random
import signal
import subprocess
import sys
import time
import warnings
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import joblib
import numpy as np
import pytest
from joblib import parallel_config
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, clone
from sklearn.callback import CallbackSupportMixin, ProgressBar, with_callbacks
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeRegressor

from skensemble.exceptions import StoreWarning
from skensemble.fitting import Store
from skensemble.fitting._fold_fit import Member, TrainingData
from skensemble.fitting._plan import plan_fits
from skensemble.fitting._runner import run_fits
from skensemble.fitting._splits import plan_splits
from skensemble.fitting._store import as_store
from skensemble.fitting._store_file import LEFTOVER

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 5))
Y = X[:, 0] - X[:, 1] + RNG.normal(size=300)
KILLS = int(os.environ.get("SKENSEMBLE_KILLS", "2"))
HERE = str(Path(__file__).parent)
QUICK = {"tree": DecisionTreeRegressor(max_depth=3), "ridge": Ridge()}


class Elsewhere(Ridge):
    """A member that is fitted in processes."""


class Owner(CallbackSupportMixin, BaseEstimator):
    """An estimator whose callbacks are called."""

    @with_callbacks
    def fit(self, store):
        context = self._init_callback_context(max_subtasks=8)
        context.call_on_fit_task_begin(estimator=self)
        hooks = [context.subcontext(f"cell {k}") for k in range(8)]
        fold_fits = run(store, contexts=hooks, owner=self)
        context.call_on_fit_task_end(estimator=self)
        return fold_fits


def score(block, method, y):
    return r2_score(y, block)


def slow_members():
    """Twelve cells of about a tenth of a second, on threads and in processes."""
    net = MLPRegressor(hidden_layer_sizes=(20,), max_iter=30, tol=1e9)
    return {
        "trees": ExtraTreesRegressor(40),
        "net": make_pipeline(StandardScaler(), net),
        "ridge": Ridge(),
    }


def plan(members, refit=True, seed=0):
    named = [Member(name, est, "auto") for name, est in members.items()]
    splits = plan_splits(3, X, Y, n_rows=len(Y), classifier=False)
    return plan_fits(named, splits, refit=refit, seed=seed)


def run(store=None, members=QUICK, *, n_jobs=None, refit=True, seed=0, **options):
    work = options.pop("work", TrainingData(X, Y, 0, score))
    fold_fits = plan(members, refit, seed)
    return run_fits(
        fold_fits, work, n_jobs=n_jobs, on_error="raise", store=store, **options
    )[0]


def assert_same(one, two):
    assert [(c.member, c.split) for c in one] == [(c.member, c.split) for c in two]
    for a, b in zip(one, two, strict=True):
        assert (a.method, a.score) == (b.method, b.score)
        for side in ("block", "test", "train", "present"):
            left, right = getattr(a, side), getattr(b, side)
            assert (left is None) == (right is None)
            assert left is None or left.tobytes() == right.tobytes()
        assert (a.estimator is None) == (b.estimator is None)
        if a.estimator is not None:
            assert_array_equal(a.estimator.predict(X), b.estimator.predict(X))


def fitted(fold_fits):
    return sum(not fold_fit.cached for fold_fit in fold_fits)


def files(store):
    return sorted(path for path in store.path.rglob("*") if path.is_file())


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_nothing_is_fitted_twice(tmp_path, n_jobs):
    store, plain = Store(tmp_path), run()
    first, second = run(store, n_jobs=n_jobs), run(store, n_jobs=n_jobs)
    assert (fitted(plain), fitted(first), fitted(second)) == (8, 8, 0)
    assert_same(plain, first)
    assert_same(plain, second)
    assert [c.fit_seconds for c in first] == [c.fit_seconds for c in second]
    more = run(store, QUICK | {"deep": DecisionTreeRegressor()})
    assert fitted(more) == 4
    assert_same(plain, more[:8])
    assert fitted(run(store, seed=1)) == 8
    assert store.info().n_fits == 20


def test_models_of_folds_are_there_for_who_wants_them_later(tmp_path):
    store = Store(tmp_path)
    run(store, refit=True)
    averaged = run(store, refit=False)
    assert fitted(averaged) == 0
    assert_same(averaged, run(refit=False))


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_workers_keep_what_they_fit(tmp_path, backend):
    store, members = Store(tmp_path), {"net": Elsewhere(), "ridge": Ridge()}
    with parallel_config(backend):
        first, second = (run(store, members, n_jobs=2) for _ in range(2))
    assert (fitted(first), fitted(second)) == (8, 0)
    assert_same(first, run(None, members))
    assert_same(second, first)


def test_scores_are_those_of_this_run(tmp_path):
    store = Store(tmp_path)
    run(store)
    again = run(store, work=TrainingData(X, Y, 0, lambda *_: 7.0))
    assert fitted(again) == 0
    assert {fold_fit.score for fold_fit in again} == {7.0, None}


CHILD = """
import sys
sys.path.insert(0, {folder!r})
import test_store
from skensemble.fitting import Store
print("ready", flush=True)
test_store.run(Store({path!r}), test_store.slow_members(), n_jobs={n_jobs})
print("done", flush=True)
"""


def start_child(path, n_jobs):
    code = CHILD.format(folder=HERE, path=str(path), n_jobs=n_jobs)
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert child.stdout.readline() == "ready\n"
    return child


def end(child):
    child.kill()  # the parent, and then the workers that it left
    child.wait()
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.stdout.close()
    child.stderr.close()


@pytest.fixture(scope="module")
def uninterrupted():
    return run(None, slow_members())


@pytest.mark.parametrize("kill", range(KILLS))
def test_a_killed_run_goes_on_where_it_was(tmp_path, uninterrupted, kill):
    store = Store(tmp_path)
    workers = 1 + kill % 2
    child = start_child(tmp_path, n_jobs=workers)
    # Some die early, some late; never all at the same place.
    wanted = random.Random(kill).randrange(12)
    stop = time.monotonic() + 300
    while store.info().n_fits < wanted and time.monotonic() < stop:
        time.sleep(0.002)
    time.sleep(random.random() * 0.1)
    end(child)
    kept = store.info().n_fits
    resumed = run(store, slow_members())
    assert kept >= wanted
    # Each worker may have been killed between the entry of a model and that of its fit.
    # Then the model is kept, and predicts again.
    assert 12 - kept - workers <= fitted(resumed) <= 12 - kept
    assert_same(resumed, uninterrupted)


def damage(path, how, other):
    data = bytearray(path.read_bytes())
    place = random.Random(str(path)).randrange(len(data))
    if how == "torn":
        path.write_bytes(data[:place])
    elif how == "flipped":
        data[place] ^= 1 << (place % 8)
        path.write_bytes(data)
    elif how == "longer":
        path.write_bytes(data + b"\0")
    else:
        path.write_bytes(other.read_bytes())


@pytest.mark.parametrize("how", ["torn", "flipped", "longer", "swapped"])
def test_damaged_entries_are_not_believed(tmp_path, how):
    store = Store(tmp_path)
    first = run(store, refit=False)
    every = files(store)
    assert len(every) == 12
    for path, other in zip(every, every[1:] + every[:1], strict=True):
        whole = path.read_bytes()
        damage(path, how, other)
        with pytest.warns(StoreWarning, match=f"done again: .*{path.name}"):
            again = run(store, refit=False)
        assert fitted(again) == 1
        assert_same(again, first)
        assert fitted(run(store, refit=False)) == 0
        assert len(path.read_bytes()) == len(whole)


def test_an_entry_that_holds_something_else(tmp_path):
    store = Store(tmp_path)
    run(store)
    path = next(path for path in files(store) if path.suffix == ".fit")
    store._write(path.stem, ".fit", {"of": "another kind"})
    with pytest.warns(StoreWarning, match="not a fold fit"):
        assert fitted(run(store)) == 1


def test_two_processes_share_a_store(tmp_path, uninterrupted):
    children = [start_child(tmp_path, n_jobs=None) for _ in range(2)]
    for child in children:
        out, err = child.communicate(timeout=600)
        assert (out, err, child.returncode) == ("done\n", "", 0)
    resumed = run(Store(tmp_path), slow_members())
    assert fitted(resumed) == 0
    assert_same(resumed, uninterrupted)


def test_the_store_keeps_its_size(tmp_path):
    free = Store(tmp_path / "free")
    run(free)
    whole = free.info().n_bytes
    store = Store(tmp_path / "held", max_bytes=whole // 2)
    run(store)
    assert 0 < store.info().n_bytes <= whole // 2
    assert_same(run(store), run())
    assert Store(tmp_path / "none", max_bytes=0) == Store(tmp_path / "none", 0)
    none = Store(tmp_path / "none", max_bytes=0)
    assert_same(run(none), run())
    assert none.info().n_fits == 0


LONG_AGO = time.time() - 24 * 3600


def test_most_recently_used_entries_stay(tmp_path):
    store = Store(tmp_path)
    run(store, {"ridge": Ridge()})
    run(store, {"tree": DecisionTreeRegressor()})
    for path in files(store):
        os.utime(path, (LONG_AGO, LONG_AGO))
    run(store, {"ridge": Ridge()}, refit=False)
    used = sum(path.stat().st_size for path in files(store) if recent(path))
    store.max_bytes = used
    store._evict()
    assert fitted(run(store, {"ridge": Ridge()}, refit=False)) == 0
    assert all(recent(path) for path in files(store))


def recent(path):
    return path.stat().st_mtime > LONG_AGO + 3600


def test_leftovers_of_killed_writers(tmp_path):
    store = Store(tmp_path)
    run(store)
    folder = files(store)[0].parent
    old, new = (folder / f"{name}.fit.1-2{LEFTOVER}" for name in ("old", "new"))
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    assert store.info().n_fits == 8
    assert fitted(run(store)) == 0
    assert (old.exists(), new.exists()) == (False, True)
    store.clear()
    assert files(store) == [new]
    assert store.info().oldest is None


def test_info(tmp_path):
    store = Store(tmp_path, max_bytes=10**9)
    assert repr(store.info()).startswith("StoreInfo(0 fits, 0.0 of 1000.0 MB in ")
    run(store)
    info = store.info()
    assert (info.n_fits, info.path) == (8, tmp_path)
    assert info.n_bytes == sum(path.stat().st_size for path in files(store))
    assert info.oldest <= info.newest <= datetime.now()


def test_a_store_that_cannot_be_written_to(tmp_path):
    (tmp_path / "skensemble").write_text("a file where a folder should be")
    with warnings.catch_warnings(record=True) as reported:
        warnings.simplefilter("always")
        fold_fits = run(Store(tmp_path))
    assert_same(fold_fits, run())
    messages = [str(w.message) for w in reported if w.category is StoreWarning]
    assert len(messages) == 1
    assert "cannot be written to, so this fit does not use it" in messages[0]


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_a_full_disk(tmp_path, monkeypatch, n_jobs):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("skensemble.fitting._store_file._head", full)
    with pytest.warns(StoreWarning, match="No space left") as reported:
        fold_fits = run(Store(tmp_path), n_jobs=n_jobs)
    assert len(reported) == 1
    assert_same(fold_fits, run())
    assert files(Store(tmp_path)) == []


def test_members_without_a_key_say_so_once(tmp_path):
    members = QUICK | {"odd": make_pipeline(FunctionTransformer(lambda x: x), Ridge())}
    for _ in range(2):
        with pytest.warns(StoreWarning) as reported:
            fold_fits = run(Store(tmp_path), members)
        assert len(reported) == 1
        assert "Member 'odd' is fitted without the store" in str(reported[0].message)
        assert "named function of a module" in str(reported[0].message)
    assert fitted(fold_fits) == 4
    tree = DecisionTreeRegressor(random_state=np.random.RandomState(0))
    with pytest.warns(StoreWarning, match="set random_state to an int"):
        run(Store(tmp_path), {"tree": tree})


class Handle(Ridge):
    """A model that holds what cannot be pickled."""

    def fit(self, X, y):
        self.handle_ = (row for row in X)
        return super().fit(X, y)


def test_models_that_cannot_be_pickled_say_so_once(tmp_path):
    with pytest.warns(
        StoreWarning, match="'handle' are not stored.*generator"
    ) as reported:
        fold_fits = run(Store(tmp_path), {"handle": Handle(), "ridge": Ridge()})
    assert len(reported) == 1
    assert len(fold_fits) == 8
    assert Store(tmp_path).info().n_fits == 4


def test_classes_of_main_are_kept_by_the_parent(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(f"""
import sys
sys.path.insert(0, {HERE!r})
from test_store import Ridge, Store, fitted, run

class Own(Ridge):
    def fit(self, X, y):
        return super().fit(X, y)

if __name__ == "__main__":
    for _ in range(2):
        cells = run(Store({str(tmp_path)!r}), {{"own": Own()}}, n_jobs=2)
        ours = all(type(c.estimator) in (Own, type(None)) for c in cells)
        print(fitted(cells), ours, end=";")
""")
    command = [sys.executable, "-W", "error::UserWarning", str(script)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("4 True;0 True;", "")


def test_only_fits_on_all_rows(tmp_path):
    named = [Member(name, est, "auto") for name, est in QUICK.items()]
    fold_fits = plan_fits(named, [], refit=True, seed=0)
    done, failures = run_fits(
        fold_fits,
        TrainingData(X, Y, 0, score),
        n_jobs=None,
        on_error="raise",
        store=Store(tmp_path),
    )
    assert [(fold_fit.split, fold_fit.block) for fold_fit in done] == [
        ("refit", None)
    ] * 2
    assert not failures
    assert fitted(run(Store(tmp_path))) == 6


def test_progress_bars_finish(tmp_path, capsys):
    store = Store(tmp_path)
    for _ in range(2):
        owner = Owner().set_callbacks(ProgressBar())
        fold_fits = owner.fit(store)
    assert fitted(fold_fits) == 0
    assert "100%" in capsys.readouterr().out


def test_a_store_is_a_parameter(tmp_path):
    store = Store(tmp_path, max_bytes=5)
    assert pickle.loads(pickle.dumps(store)) == store
    pipe = make_pipeline(Ridge(), memory=store)
    assert clone(pipe).memory == store
    assert repr(store) == f"Store({str(tmp_path)!r}, max_bytes=5)"
    assert store != Store(tmp_path)
    assert len({store, Store(tmp_path, 5)}) == 1
    with pytest.raises(ValueError, match="max_bytes='many' must be a number of bytes"):
        Store(tmp_path, max_bytes="many")


def test_accepted_stores(tmp_path):
    store = Store(tmp_path)
    assert as_store(None) is None
    assert as_store(store) is store
    for memory in (tmp_path, str(tmp_path), joblib.Memory(tmp_path, verbose=0)):
        assert as_store(memory) == store
    assert as_store(joblib.Memory(None)) is None
    with pytest.raises(ValueError, match="memory=3 is not valid; use a path"):
        as_store(3)
