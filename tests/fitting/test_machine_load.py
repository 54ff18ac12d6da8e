"""Expected durations of fits on a machine that becomes busy: a simulation."""

import pickle
from math import sqrt

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from skensemble.fitting import (
    FoldFit,
    MachineLoad,
    Member,
    Split,
    Turns,
    _queue,
    _workers,
    plan_fits,
)
from skensemble.fitting._queue import InTurn
from skensemble.fitting._workers import RunContext

LIMIT = 100.0


class Machine:
    """A machine with a clock of its own, which runs one fit at a time."""

    def __init__(self, busy_from=np.inf, factor=3.0):
        self.now, self.busy_from, self.factor = 0.0, busy_from, factor

    def monotonic(self):
        return self.now

    def run(self, seconds):
        """Pass the time of a fit, and return how long it took."""
        took = seconds * (self.factor if self.now >= self.busy_from else 1.0)
        self.now += took
        return took


def planned(n_members, n_splits=5):
    splits = [Split(k, np.arange(8), np.arange(8, 10)) for k in range(n_splits)]
    members = [Member(f"m{k}", LinearRegression(), "predict") for k in range(n_members)]
    return plan_fits(members, splits, refit=False, seed=0)


def simulate(machine, monkeypatch, *, turns=None, seconds=None, n_members=40):
    """Run a queue on a machine, and return the names of the members that it fitted."""
    monkeypatch.setattr(_queue.time, "monotonic", machine.monotonic)
    fits = planned(n_members)
    queue = InTurn(
        fits,
        {} if seconds is None else seconds,
        {},
        deadline=LIMIT,
        workers=1,
        progress=dict,
        turns=Turns() if turns is None else turns,
    )
    rng = np.random.default_rng(0)
    done = []
    for index in queue:
        took = machine.run(rng.uniform(0.8, 1.2))
        queue.record_fit(index, took, 0.5)
        queue.record_fit(index, took, 0.5)  # the same result again changes nothing
        done.append(fits[index].member.name)
    return done


def test_all_time_is_used_on_an_idle_machine(monkeypatch):
    machine = Machine()
    done = simulate(machine, monkeypatch, seconds={f"m{k}": 1.0 for k in range(40)})
    assert 0.9 * LIMIT < machine.now <= 1.02 * LIMIT
    assert len(done) > 90


@pytest.mark.parametrize("factor", [2.0, 3.0, 6.0])
def test_fewer_fits_on_a_machine_that_becomes_busy(monkeypatch, factor):
    machine = Machine(busy_from=LIMIT / 2, factor=factor)
    done = simulate(machine, monkeypatch, seconds={f"m{k}": 1.0 for k in range(40)})
    # A member is five fits, of which none starts that would end too late.
    assert machine.now <= LIMIT + 0.3 * factor
    assert len(done) <= 55 + 50 / factor


def test_the_load_holds_for_members_of_later_runs(monkeypatch):
    machine = Machine(busy_from=52.5)  # in the middle of a member
    load = MachineLoad()
    turns = Turns(load=load)
    simulate(
        machine, monkeypatch, turns=turns, seconds={f"m{k}": 1.0 for k in range(40)}
    )
    assert 2 < load.factor < 4
    # Refits, expected to take 1 s each without load: three seconds are enough for one.
    machine.now = LIMIT - 3.9
    again = Turns(load=load, measured=("m0", "m1"))
    fits = plan_fits([f.member for f in planned(2)[::5]], [], refit=True, seed=0)
    queue = InTurn(
        fits,
        {"m0": 1.0, "m1": 1.0},
        {},
        deadline=LIMIT,
        workers=1,
        progress=dict,
        turns=again,
    )
    indices = iter(queue)
    assert queue.expected(next(indices)) == pytest.approx(load.factor)
    machine.run(1.0)
    assert next(indices, None) is None


def test_load_of_noise_and_of_a_machine_that_becomes_idle_again():
    load = MachineLoad()
    assert not load.record("a", 0, None)
    for ratio in (1.5, 0.7, 1.0):
        assert load.record("a", 1, ratio)
        assert load.factor == 1
    assert not load.record("a", 2, 4.0)
    assert load.factor == sqrt(4)
    load.record("b", 0, 4.0)
    assert load.factor == 4
    for _ in range(2):
        load.record("b", 1, 1.0)
    assert load.factor == 1
    assert load.at("b", 0) == 4
    assert load.at("unknown", 0) == 1
    assert load.restarted().at("b", 0) == 4
    for ratio in (np.inf, 0.0, np.nan):
        load.record("c", 0, ratio)
        assert load.factor == 1


def test_stored_fits_say_nothing_about_the_load(monkeypatch):
    load = MachineLoad()
    fits = planned(1)
    found = {
        k: FoldFit("m0", k, None, np.arange(2), "predict", None, None, None, 10.0**k, 0)
        for k in range(4)
    }
    InTurn(
        fits,
        {},
        found,
        deadline=LIMIT,
        workers=1,
        progress=dict,
        turns=Turns(load=load),
    )
    assert load.factor == 1


def test_other_processes_receive_the_seconds_left(monkeypatch):
    run = RunContext(None, 1, "drop", None, None, stop_at=150.0)
    monkeypatch.setattr(_workers.time, "monotonic", lambda: 100.0)
    data = pickle.dumps(run)
    monkeypatch.setattr(_workers.time, "monotonic", lambda: 7.0)
    assert pickle.loads(data).stop_at == 57
    forever = RunContext(None, 1, "drop", None, None)
    assert pickle.loads(pickle.dumps(forever)) == forever
