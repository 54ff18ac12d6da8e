"""A clock that a test sets, for what depends on time."""

import threading

import pytest

# Where seconds are measured or kept to.
_TIMED = [
    "skensemble.bagging._bagging",
    "skensemble.fitting._fit",
    "skensemble.fitting._queue",
    "skensemble.fitting._runner",
    "skensemble.fitting._workers",
    "skensemble.optim._stopping",
    "skensemble.stacking._after_fit",
    "skensemble.stacking._ensemble",
]


class Clock:
    """Stands in for the module `time`: no time passes but in `sleep`."""

    def __init__(self):
        self._now = 1000.0
        self._lock = threading.Lock()

    def monotonic(self):
        return self._now

    perf_counter = monotonic

    def sleep(self, seconds):
        with self._lock:
            self._now += seconds


@pytest.fixture
def clock(monkeypatch):
    """The clock of this process; other processes keep theirs."""
    clock = Clock()
    for module in _TIMED:
        monkeypatch.setattr(f"{module}.time", clock)
    return clock
