"""Schedules and stopping against hand-made numbers."""

import math

import pytest
from sklearn.base import clone

from skensemble import GradientBoostingRegressor, Patience
from skensemble.optim import (
    SGD,
    Constant,
    Cosine,
    Cyclical,
    ExponentialDecay,
    OneCycle,
    Polynomial,
    Recipe,
    ReduceOnPlateau,
    Schedule,
    StepDecay,
    WarmUp,
    as_schedule,
    minimize,
)


def cosine(high, low, share):
    return low + (high - low) * (1 + math.cos(math.pi * share)) / 2


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (Constant(0.3), [0.3] * 4),
        (StepDecay(1.0, factor=0.1, every=3), [1, 1, 1, 0.1]),
        (StepDecay(1.0, factor=0.1, every=0.5), [1, 1, 0.1, 0.1]),
        (ExponentialDecay(1.0, decay=0.5), [1, 0.5, 0.25, 0.125]),
        (Cosine(1.0, final=0.2), [cosine(1, 0.2, k / 4) for k in range(4)]),
        (Cosine(1.0, cycle=2), [1, 0.5, 1, 0.5]),
        (Cosine(1.0, cycle=0.5), [1, 0.5, 1, 0.5]),
        (
            Cosine(1.0, final=0.2, cycle=1, factor=3),
            [1, 1, cosine(1, 0.2, 1 / 3), cosine(1, 0.2, 2 / 3)],
        ),
        (Polynomial(1.0, final=0.2), [1, 0.8, 0.6, 0.4]),
        (Polynomial(1.0, power=2), [1, 9 / 16, 1 / 4, 1 / 16]),
        (WarmUp(ExponentialDecay(1.0, decay=0.5), steps=2), [0.5, 1, 1, 0.5]),
        (WarmUp(ExponentialDecay(1.0, decay=0.5), steps=0.5), [0.5, 1, 1, 0.5]),
        (WarmUp(Polynomial(1.0), steps=2), [0.5, 1, 1, 0.5]),
        (Cyclical(0.0, 1.0, period=4), [0, 0.5, 1, 0.5]),
        (Cyclical(0.0, 1.0, period=0.5), [0, 1, 0, 1]),
        (
            OneCycle(1.0, rise=0.5, start_divisor=10, end_divisor=100),
            [0.1, 0.55, 1, cosine(1, 0.001, 0.5)],
        ),
    ],
    ids=repr,
)
def test_rates(schedule, expected):
    found = [schedule.rate_at(k, 4) for k in range(4)]
    assert found == pytest.approx(expected)
    source = schedule.follow()
    assert [source.rate_at(k, 4) for k in range(4)] == found
    assert repr(clone(schedule)) == repr(schedule)
    assert as_schedule(schedule) is schedule


@pytest.mark.parametrize(
    ("schedule", "last"),
    [
        (Cosine(1.0, final=0.1), 0.1),
        (Polynomial(1.0, final=0.1, power=0.5), 0.1),
        (OneCycle(1.0, start_divisor=10, end_divisor=10), 0.01),
    ],
    ids=repr,
)
def test_schedules_stay_at_their_end_value(schedule, last):
    assert [schedule.rate_at(k, 4) for k in (4, 5, 400)] == pytest.approx([last] * 3)


def test_numbers_are_constant_schedules():
    assert as_schedule(0.2).rate_at(5, 10) == 0.2
    assert isinstance(as_schedule(Cosine()), Schedule)
    with pytest.raises(ValueError, match="learning_rate='fast'"):
        as_schedule("fast")


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        (Constant(-1), "rate=-1 must be a number, 0 or more"),
        (Constant(math.nan), "rate=nan"),
        (StepDecay(every=0), "every=0 must be a whole number of steps"),
        (StepDecay(every=2.5), "every=2.5"),
        (ExponentialDecay(decay="slow"), "decay='slow'"),
        (Cosine(factor=0.5), "factor=0.5 must be a number, 1 or more"),
        (Cosine(cycle=0), "cycle=0"),
        (Cyclical(period=-1), "period=-1"),
        (OneCycle(rise=1.0), "rise=1.0 must lie between 0 and 1"),
        (OneCycle(start_divisor=0), "start_divisor=0"),
        (Polynomial(power=-1), "power=-1"),
        (ReduceOnPlateau(factor=2), "factor=2"),
        (ReduceOnPlateau(patience=0), "patience=0"),
        (WarmUp(steps=-2), "steps=-2"),
        (WarmUp(StepDecay(every=0)), "every=0"),
    ],
    ids=repr,
)
def test_parameters_out_of_range(schedule, message):
    with pytest.raises(ValueError, match=message):
        as_schedule(schedule)


def test_plateau_waits_for_its_patience():
    rule = ReduceOnPlateau(1.0, factor=0.1, patience=2, min_delta=0.1, lowest=0.05)
    source = rule.follow()
    found = []
    # 0.95 is no improvement by a tenth, 0.5 is; then two waits, and the least rate.
    for loss in [1.0, 0.95, 0.5, 0.46, 0.49, 0.5, 0.48, 0.47, 0.47]:
        source.record(loss)
        found.append(source.rate_at(0, 1))
    assert found == pytest.approx([1, 1, 1, 1, 0.1, 0.1, 0.05, 0.05, 0.05])


def test_plateau_in_a_run(quadratic):
    flat = quadratic([0.0])
    recipe = Recipe(SGD(ReduceOnPlateau(1.0, factor=0.5, patience=2)), epochs=7)
    rates = minimize(flat, [[1.0]], recipe).history["learning_rate"]
    assert rates.tolist() == [1, 1, 1, 0.5, 0.5, 0.25, 0.25]


def test_plateau_after_a_warm_up(quadratic):
    warm = WarmUp(ReduceOnPlateau(1.0, factor=0.5, patience=2), steps=4)
    rates = minimize(quadratic([0.0]), [[1.0]], Recipe(SGD(warm), epochs=8)).history[
        "learning_rate"
    ]
    assert rates.tolist() == [0.25, 0.5, 0.75, 1, 1, 1, 1, 0.5]


def test_plateau_is_refused_without_losses():
    model = GradientBoostingRegressor(learning_rate=ReduceOnPlateau())
    X = [[float(i)] for i in range(30)]
    with pytest.raises(ValueError, match=r"ReduceOnPlateau.*use StepDecay"):
        model.fit(X, range(30))


def test_small_improvements_add_up():
    watch = Patience(rounds=3, min_delta=1.0).watch()
    losses = [10, 9.6, 9.2, 8.8, 8.4, 8.3, 8.2]
    assert [watch.stops(loss) for loss in losses] == [False] * 6 + [True]
    assert watch.best_round == 6


def test_patience_ends_with_its_time(clock):
    watch = Patience(rounds=1000, seconds=0.05).watch()
    assert not watch.stops(3.0)
    clock.sleep(0.04)
    assert not watch.stops(3.0)
    clock.sleep(0.02)
    assert watch.stops(2.0)
    assert watch.best_round == 2
    with pytest.raises(ValueError, match="seconds=0 of Patience"):
        Patience(seconds=0).watch()
