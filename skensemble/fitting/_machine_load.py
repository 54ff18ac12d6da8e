"""How busy the machine is, learned from the durations of fits."""

from math import isfinite, sqrt
from typing import Any

# Fits of one member on different rows differ by up to this factor on an idle machine.
_NOISE = 1.6


class MachineLoad:
    r"""Durations of the latest fits, as a multiple of those that were expected.

    The load is :math:`\sqrt{r_t r_{t-1}}`, where :math:`r_t` is the ratio of the
    observed to the expected duration of a fit, and 1 where it differs from 1 by no more
    than the durations of fits do anyway. It is 1 for the fits that the expected
    durations were learned from.

    Attributes
    ----------
    factor : float
        The load, by which expected durations are multiplied.
    """

    def __init__(self) -> None:
        self.factor = 1.0
        self._latest = 1.0
        self._at: dict[tuple[str, Any], float] = {}

    def restarted(self) -> "MachineLoad":
        """Return a load for later fits, of which nothing is known yet."""
        other = MachineLoad()
        other._at = dict(self._at)
        return other

    def record(self, member: str, split: Any, ratio: float | None) -> bool:
        """Record a fit.

        Parameters
        ----------
        member : str
            Name of the member.
        split : int or str
            Label of the split.
        ratio : float or None
            Observed duration as a multiple of the expected one; None if no duration was
            expected.

        Returns
        -------
        as_expected : bool
            Whether the fit took about as long as expected.
        """
        as_expected = ratio is not None and 1 / _NOISE <= ratio <= _NOISE
        if ratio is not None and isfinite(ratio) and ratio > 0:
            latest = 1.0 if as_expected else ratio
            self.factor = sqrt(latest * self._latest)
            self._latest = latest
        self._at[member, split] = self.factor
        return as_expected

    def at(self, member: str, split: Any) -> float:
        """Return the load during a fit."""
        return self._at.get((member, split), 1.0)
