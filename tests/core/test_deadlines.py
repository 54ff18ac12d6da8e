"""The deadline of the fit that is running."""

import threading
import time

import pytest

from skensemble.core import (
    FitDeadline,
    check_deadline,
    current_deadline,
    fit_deadline,
)
from skensemble.exceptions import TimeLimitError

FUTURE = time.monotonic() + 1e6


def test_without_a_deadline_nothing_happens():
    assert not current_deadline().passed()
    check_deadline()
    with fit_deadline(FitDeadline(None)), fit_deadline(FitDeadline(FUTURE)):
        assert not current_deadline().passed()
        check_deadline()


def test_a_deadline_that_has_passed():
    deadline = FitDeadline(0.0)
    with fit_deadline(deadline):
        assert not deadline.was_met  # nobody has asked so far
        with pytest.raises(TimeLimitError, match="time limit was reached"):
            check_deadline()
        assert deadline.was_met
    check_deadline()  # the block has ended
    deadline.check_whole()
    with pytest.raises(TimeLimitError):
        FitDeadline(0.0, whole=True, was_met=True).check_whole()
    FitDeadline(0.0, whole=True).check_whole()


def test_deadlines_belong_to_a_thread():
    found = []
    with fit_deadline(FitDeadline(0.0)):
        thread = threading.Thread(target=lambda: found.append(current_deadline().at))
        thread.start()
        thread.join()
    assert found == [None]
