"""Cores of a test process, and a clock that a test sets, for what depends on time."""

import os
import re
import threading
from pathlib import Path

import pytest

# Test processes side by side share the cores: "all cores" is then one core for each.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.setdefault("LOKY_MAX_CPU_COUNT", "1")

# As a module with doctests, this file would be imported after those of folders, which
# have the same name.
collect_ignore = ["conftest.py"]

PACKAGE = Path(__file__).parents[1] / "skensemble"
# Where durations are measured or limited; the automatic ensembles keep their own time.
_TIMED = [
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    for path in sorted(PACKAGE.rglob("*.py"))
    if re.search(r"\btime\.(monotonic|perf_counter)\(", path.read_text())
    and not {"auto", "command_line"} & set(path.parts)
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
