"""A limit of time, and members that bring their worker down."""

import os
import pickle
import re
import resource
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from joblib import parallel_config
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import Ridge

from skensemble.exceptions import (
    MemberFailedError,
    MemberFailedWarning,
    TimeLimitError,
    WorkerDiedError,
)
from skensemble.fitting import Store, _runner
from skensemble.fitting._failures import drop_failed
from skensemble.fitting._fold_fit import FoldFit, Member, TrainingData
from skensemble.fitting._plan import plan_fits
from skensemble.fitting._queue import WithinTime
from skensemble.fitting._runner import run_fits
from skensemble.fitting._splits import plan_splits

X = np.random.default_rng(0).normal(size=(60, 3))
Y = X[:, 0]


class Sleeper(RegressorMixin, BaseEstimator):
    """Takes its time on all rows, less on fewer."""

    wait = staticmethod(time.sleep)

    def __init__(self, seconds=0.1, value=0.0, log=None):
        self.seconds = seconds
        self.value = value
        self.log = log

    def fit(self, X, y):
        if self.log is not None:
            with Path(self.log).open("a") as file:
                file.write(f"{self.value:g} ")
        self.wait(self.seconds * len(y) / 60)
        return self

    def predict(self, X):
        return np.full(len(X), self.value)


class Killer(Ridge):
    """Kills its process; once only where it is given a flag."""

    def __init__(self, how="exit", flag=None, wait=0.0):
        super().__init__()
        self.how = how
        self.flag = flag
        self.wait = wait

    def fit(self, X, y):
        if self.flag is None or not Path(self.flag).exists():
            if self.flag is not None:
                Path(self.flag).write_text(str(os.getpid()))
            time.sleep(self.wait)
            if self.how == "exit":
                os._exit(1)
            if self.how == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if self.how == "memory":
                _use_up_memory()
        return super().fit(X, y)


def _use_up_memory():
    """Ask for far more than a limit of the process allows."""
    limits = resource.getrlimit(resource.RLIMIT_AS)
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 2**28, limits[1]))
    try:
        np.ones(2**28)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


class Elsewhere(Ridge):
    """A member that is fitted in processes."""


class Endless(Sleeper):
    """Notes that its fit ended, which takes ten minutes."""

    def fit(self, X, y):
        super().fit(X, y)
        Path(self.log).with_name("ended").touch()
        return self


@pytest.fixture
def sleepless(clock, monkeypatch):
    """Sleepers of this process take the time of a clock that a test sets."""
    monkeypatch.setattr(Sleeper, "wait", clock.sleep)
    return clock


@pytest.fixture
def reported(monkeypatch):
    """The members of the fits whose results were collected; steps may follow each."""
    collect, names, then = _runner._collect_result, [], []

    def noted(outcome, task, *rest):
        result = collect(outcome, task, *rest)
        names.append(task.fold_fit.member.name)
        for step in then:
            step()
        return result

    monkeypatch.setattr(_runner, "_collect_result", noted)
    return names, then


def score(block, method, y):
    return -float(np.mean((y - block) ** 2))


def run(members, *, limit=None, n_jobs=None, on_error="raise", splits=3, **options):
    named = [Member(name, est, "auto") for name, est in members.items()]
    parts = plan_splits(splits, X, Y, n_rows=60, classifier=False) if splits else []
    fold_fits = plan_fits(named, parts, refit=True, seed=0)
    deadline = None if limit is None else _runner.time.monotonic() + limit
    return run_fits(
        fold_fits,
        TrainingData(X, Y, 0, score),
        n_jobs=n_jobs,
        on_error=on_error,
        deadline=deadline,
        **options,
    )


def complete(fitted):
    names = [fold_fit.member for fold_fit in fitted]
    return [name for name in dict.fromkeys(names) if names.count(name) == 4]


def test_enough_time_changes_nothing():
    members = {"a": Ridge(), "b": Sleeper(0.0)}
    plain, limited = run(members)[0], run(members, limit=60)[0]
    for one, two in zip(plain, limited, strict=True):
        assert (one.member, one.split) == (two.member, two.split)
        assert_array_equal(one.block, two.block)


def test_the_quickest_member_is_completed_first(tmp_path, monkeypatch, sleepless):
    # Beside a limit of a minute all of these would take next to no time.
    monkeypatch.setattr("skensemble.fitting._queue._QUICK", 0.0)
    log = str(tmp_path / "log")
    members = {
        "slow": Sleeper(30.0 / 60, 1, log),
        "quick": Sleeper(3.0 / 60, 2, log),
        "best": Sleeper(6.0 / 60, 0.1, log),
        "next": Sleeper(6.0 / 60, 0.5, log),
    }
    fitted, failures = run(members, limit=60)
    assert not failures
    order = Path(log).read_text().split()
    first, quick, best, worse = ["1", "2", "0.1", "0.5"], ["2"], ["0.1"], ["0.5"]
    assert order == first + quick * 3 + best * 3 + worse * 3 + ["1"] * 3
    assert len(fitted) == 16


def test_fits_beyond_the_limit_are_not_started(sleepless):
    members = {"slow": Sleeper(1.0), "quick": Sleeper(0.03)}
    started = sleepless.monotonic()
    fitted, failures = run(members, limit=1.2)
    assert sleepless.monotonic() - started < 1.2
    assert complete(fitted) == ["quick"]
    assert {(f.member, f.split) for f in failures} == {
        ("slow", 1), ("slow", 2), ("slow", "refit")
    }  # fmt: skip
    reported = str(failures[-1].error)
    assert re.search(
        r"'slow' on split 'refit' was not done when the time limit of 1.2 s was "
        r"reached; it was expected to take (1|1\.\d+) s", reported
    )  # fmt: skip
    with pytest.warns(MemberFailedWarning, match="'slow' was not completed in time"):
        kept, failed = drop_failed(fitted, failures)
    assert (complete(kept), list(failed)) == (["quick"], ["slow"])
    error = pickle.loads(pickle.dumps(failures[0].error))
    assert isinstance(error, TimeoutError)
    assert error.needed == failures[0].error.needed > 2


def test_too_short_a_limit_names_the_seconds_needed(sleepless):
    fitted, failures = run({"slow": Sleeper(0.6), "quick": Sleeper(0.3)}, limit=0.8)
    with pytest.raises(
        MemberFailedError, match=r"limit was too short.*'quick', needs ab"
    ):
        drop_failed(fitted, failures)
    fitted, failures = run({"a": Ridge()}, limit=-1)
    assert not fitted
    assert "its duration was not known" in str(failures[0])
    with pytest.raises(MemberFailedError, match=r"no member was completed\.$"):
        drop_failed(fitted, failures)


def test_failed_members_get_no_more_time():
    members = {"broken": Sleeper("long"), "good": Sleeper(0.02)}
    fitted, failures = run(members, limit=60, on_error="drop")
    assert complete(fitted) == ["good"]
    with pytest.warns(MemberFailedWarning, match="'broken' failed and .* TypeError"):
        drop_failed(fitted, failures)


def test_known_seconds_are_believed():
    fitted, _ = run(
        {"known": Sleeper(0.0), "new": Sleeper(0.0)}, limit=30, seconds={"known": 500.0}
    )
    assert complete(fitted) == ["new"]


def test_fits_of_other_processes_are_abandoned(tmp_path, clock, reported):
    log = str(tmp_path / "log")
    members = {"endless": Endless(900.0, log=log), "quick": Sleeper(0.05)}
    names, then = reported
    # The time is over once the quick member is complete, however long that takes.
    then.append(lambda: clock.sleep(300 * (names.count("quick") == 4)))
    with parallel_config("loky"):
        fitted, failures = run(members, limit=300, n_jobs=2)
    assert Path(log).read_text()
    assert not (tmp_path / "ended").exists()
    assert complete(fitted) == ["quick"]
    assert all(isinstance(f.error, TimeLimitError) for f in failures)
    assert len(failures) == 4


def test_threads_end_what_they_began(tmp_path, sleepless, reported, monkeypatch):
    log, threads, over = str(tmp_path / "log"), set(), threading.Event()
    names, then = reported

    def wait(seconds):
        threads.add(threading.current_thread())
        # Slow fits end some time after the time is over.
        if seconds > 0.1:
            assert over.wait(300)
            time.sleep(0.3)

    def end():
        if names.count("quick") == 4 and not over.is_set():
            sleepless.sleep(1.0)
            over.set()

    monkeypatch.setattr(Sleeper, "wait", staticmethod(wait))
    then.append(end)
    members = {"slow": Sleeper(1.0, 1, log), "quick": Sleeper(0.02, 2)}
    with parallel_config("threading"):
        fitted, failures = run(members, limit=0.5, n_jobs=2)
    assert complete(fitted) == ["quick"]
    assert len(fitted) + len(failures) == 8
    begun = len(Path(log).read_text().split())
    assert 1 <= begun == sum(cell.member == "slow" for cell in fitted)
    assert threading.current_thread() not in threads
    for thread in threads:
        thread.join(300)
        assert not thread.is_alive()


def test_a_limited_run_goes_on_with_a_store(tmp_path, sleepless):
    members = {"slow": Sleeper(0.4), "quick": Sleeper(0.03)}
    first, failures = run(members, limit=0.8, store=Store(tmp_path))
    assert failures
    second, none = run(members, limit=60, store=Store(tmp_path))
    assert (len(second), none) == (8, [])
    assert sum(fold_fit.cached for fold_fit in second) == len(first)


def test_queue_with_all_found_and_with_none_left():
    named = [Member("a", Ridge(), "auto")]
    fold_fits = plan_fits(named, [], refit=True, seed=0)
    done = FoldFit("a", "refit", None, X, "predict", None, None, None, 1.0, 0.0)
    options = {"deadline": time.monotonic() + 1000, "workers": 2, "progress": dict}
    assert list(WithinTime(fold_fits, {}, {0: done}, **options)) == []
    assert list(WithinTime(fold_fits, {}, {}, **options)) == [0]


def test_a_member_that_kills_its_worker_has_failed(tmp_path):
    members = {"good": Elsewhere(), "killer": Killer(), "other": Elsewhere(2.0)}
    store = Store(tmp_path)
    fitted, failures = run(members, n_jobs=2, on_error="drop", store=store)
    assert complete(fitted) == ["good", "other"]
    assert [f.split for f in failures] == [0, 1, 2, "refit"]
    for failure in failures:
        assert isinstance(failure.error, WorkerDiedError)
        assert re.search(
            r"'killer' on split .*'killer' killed .* on split .*EXIT.1..*alone",
            str(failure),
        )
    with pytest.warns(MemberFailedWarning, match="killer"):
        drop_failed(fitted, failures)
    alone = run({"good": Elsewhere()})[0]
    assert_array_equal(fitted[0].block, alone[0].block)
    assert store.info().n_fits == 8


def test_a_killer_is_named():
    with pytest.raises(
        WorkerDiedError, match=r"'killer' killed .* on split .*SIGKILL.* alone"
    ):
        run({"good": Elsewhere(), "killer": Killer("kill")}, n_jobs=2)


def test_a_worker_that_is_killed_from_outside_is_forgiven(tmp_path):
    flag = tmp_path / "pid"

    def shoot():
        while not (flag.exists() and flag.read_text()):
            time.sleep(0.01)
        os.kill(int(flag.read_text()), signal.SIGKILL)

    shooter = threading.Thread(target=shoot)
    shooter.start()
    victim = Killer("wait", str(flag), wait=30.0)
    fitted, failures = run({"good": Elsewhere(), "victim": victim}, n_jobs=2)
    shooter.join()
    assert complete(fitted) == ["good", "victim"]
    assert not failures


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_member_without_enough_memory_is_left_out(n_jobs):
    members = {"greedy": Killer("memory"), "ridge": Elsewhere()}
    fitted, failures = run(members, n_jobs=n_jobs, on_error="drop")
    assert {fold_fit.member for fold_fit in fitted} == {"ridge"}
    assert failures
    assert all(isinstance(failure.error, MemoryError) for failure in failures)
