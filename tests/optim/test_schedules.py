"""Schedules and stopping against hand-made numbers."""

import math

import pytest
from sklearn.base import clone

from skensemble import Patience
from skensemble.optim import (
    Constant,
    Cosine,
    Cyclical,
    Exponential,
    Schedule,
    Step,
    WarmUp,
    as_schedule,
)


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (Constant(0.3), [0.3] * 4),
        (Step(1.0, factor=0.1, every=3), [1, 1, 1, 0.1]),
        (Exponential(1.0, decay=0.5), [1, 0.5, 0.25, 0.125]),
        (
            Cosine(1.0, final=0.2),
            [0.2 + 0.4 * (1 + math.cos(math.pi * k / 4)) for k in range(4)],
        ),
        (WarmUp(Exponential(1.0, decay=0.5), steps=2), [0.5, 1, 1, 0.5]),
        (Cyclical(0.0, 1.0, period=4), [0, 0.5, 1, 0.5]),
    ],
    ids=repr,
)
def test_rates(schedule, expected):
    found = [schedule.rate_at(k, 4) for k in range(4)]
    assert found == pytest.approx(expected)
    assert repr(clone(schedule)) == repr(schedule)


def test_numbers_are_constant_schedules():
    assert as_schedule(0.2).rate_at(5, 10) == 0.2
    assert isinstance(as_schedule(Cosine()), Schedule)
    with pytest.raises(ValueError, match="learning_rate='fast'"):
        as_schedule("fast")


def test_small_improvements_add_up():
    watch = Patience(rounds=3, min_delta=1.0).watch()
    losses = [10, 9.6, 9.2, 8.8, 8.4, 8.3, 8.2]
    assert [watch.stops(loss) for loss in losses] == [False] * 6 + [True]
    assert watch.best_round == 6
