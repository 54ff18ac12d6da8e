"""The time that a fit has taken, and may still take."""

import time


class FitClock:
    """Clock of a fit that starts now and may have a time limit.

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

    def deadline(self, reserve: float = 0.0) -> float | None:
        """Return the end of the fit, minus a reserve in seconds; None without a limit.

        It is in the time of `time.monotonic`.
        """
        return None if self.seconds is None else self._start + self.seconds - reserve
