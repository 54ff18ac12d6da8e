"""Units for targets that are far from zero, or very small or large."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

# A mean of more standard deviations than this is subtracted: six of the 24 bits of
# single precision.
_LARGEST_MEAN = 64.0
# Standard deviations in this range are not changed.
_SMALLEST, _LARGEST = 2.0**-4, 2.0**30


@dataclass(frozen=True)
class TargetUnits:
    """Units of targets: (y - shift) / unit.

    Parameters
    ----------
    shift, unit : ndarray of shape () or (n_outputs,)
        The shift and the unit, which is a power of two.
    """

    shift: Array
    unit: Array

    @property
    def changes_nothing(self) -> bool:
        """Whether the shift is zero and the unit is one."""
        return not self.shift.any() and bool((self.unit == 1).all())

    def of(self, values: Array) -> Array:
        """Convert targets, or predictions, to these units."""
        return (values.astype(float) - self.shift) / self.unit

    def of_raw(self, raw: Array) -> Array:
        """Convert raw output, which has the units of the target (identity link)."""
        return self.of(raw)

    def back(self, values: Array) -> Array:
        """Convert predictions back to the units of the user."""
        return values.astype(float) * self.unit + self.shift


def find_target_units(y: Array, weight: Array | None = None) -> TargetUnits:
    """Find units in which the mean and the deviation of a target are moderate.

    Parameters
    ----------
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Continuous target.
    weight : ndarray of shape (n_samples,) or None, default=None
        Sample weights.

    Returns
    -------
    units : TargetUnits
        A shift of zero and a unit of one for ordinary targets.
    """
    y = np.asarray(y, dtype=float)
    with np.errstate(over="ignore", invalid="ignore"):
        mean = np.asarray(np.average(y, axis=0, weights=weight))
        square = np.average((y - mean) ** 2, axis=0, weights=weight)
    deviation = np.sqrt(np.where(np.isfinite(square), square, 1.0))
    far = np.abs(mean) > _LARGEST_MEAN * deviation
    shift = np.where(far & np.isfinite(square), mean, 0.0)
    extreme = (deviation < _SMALLEST) | (deviation > _LARGEST)
    # A deviation that is due to rounding has no unit.
    extreme &= deviation > 1e-15 * np.abs(mean)
    exponents = np.floor(np.log2(np.where(extreme, deviation, 1.0)))
    return TargetUnits(shift, np.where(extreme, np.exp2(exponents), 1.0))
