"""The deadline of the fit that is running, which fits that take long check."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from skensemble.exceptions import TimeLimitError


@dataclass
class FitDeadline:
    """Time by which a fit should end.

    Parameters
    ----------
    at : float or None
        Time of `time.monotonic`; None for no deadline.
    whole : bool, default=False
        Whether only a complete fit is of use, and not a model with fewer rounds or
        trees.
    was_met : bool, default=False
        Whether the fit found that the deadline has passed.
    """

    at: float | None
    whole: bool = False
    was_met: bool = False

    def passed(self) -> bool:
        """Return whether the deadline has passed, and record that it has."""
        if self.at is None or time.monotonic() < self.at:
            return False
        self.was_met = True
        return True

    def check_whole(self) -> None:
        """Raise an error if only a complete fit is of use, and it ended early."""
        if self.whole and self.was_met:
            raise TimeLimitError(_STOPPED)


_STOPPED = "The fit was stopped, because the time limit was reached."
_current: ContextVar[FitDeadline | None] = ContextVar("deadline", default=None)


@contextmanager
def fit_deadline(deadline: FitDeadline) -> Iterator[None]:
    """Set the deadline of the fits in a block, in this thread."""
    token = _current.set(deadline)
    try:
        yield
    finally:
        _current.reset(token)


def current_deadline() -> FitDeadline:
    """Return the deadline of the fit that is running in this thread."""
    return _current.get() or FitDeadline(None)


def check_deadline() -> None:
    """End a fit that is of no use after the deadline.

    Raises
    ------
    TimeLimitError
        If the deadline has passed.
    """
    if current_deadline().passed():
        raise TimeLimitError(_STOPPED)
