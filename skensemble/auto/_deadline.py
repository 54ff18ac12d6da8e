"""The time that a fit may still take."""

import time


class Deadline:
    """End of a fit that may take some seconds from now.

    Parameters
    ----------
    seconds : float or None
        Seconds that the fit may take; None for no limit.
    """

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self._start = time.monotonic()

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._start

    @property
    def left(self) -> float:
        """Seconds left; infinite without a limit."""
        return float("inf") if self.seconds is None else self.seconds - self.elapsed

    def minus(self, reserve: float = 0.0) -> float | None:
        """Return the time of `time.monotonic` that leaves some seconds in reserve."""
        return None if self.seconds is None else self._start + self.seconds - reserve
