"""Base class of learning-rate schedules, and checks of their parameters."""

import math
from numbers import Real
from typing import Any

from skensemble.core import ParameterHolder, check_number


class Schedule(ParameterHolder):
    """Base class of schedules: a learning rate for each step.

    A subclass defines `rate_at`. It stores its parameters as a scikit-learn estimator
    does, so ``learning_rate__decay`` can be searched.

    Read more in the :ref:`User Guide <guide_schedules>`.
    """

    def check(self) -> None:
        """Refuse parameters out of range."""

    def rate_at(self, step: int, n_steps: int) -> float:
        """Learning rate of a step.

        Parameters
        ----------
        step : int
            Number of the step, from 0 to ``n_steps - 1``.
        n_steps : int
            Number of planned steps.

        Returns
        -------
        rate : float
            The learning rate.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define rate_at.")

    def follow(self) -> "RateSource":
        """Return the learning rate of a new run.

        Returns
        -------
        source : RateSource
            Its `rate_at` gives the rate of each step; the run passes the loss of each
            epoch to its `record`.
        """
        return RateSource(self)


class RateSource:
    """Learning rate of one run; most schedules do not depend on recorded losses.

    Parameters
    ----------
    schedule : Schedule
        Schedule of the run.
    """

    def __init__(self, schedule: Any) -> None:
        self.schedule = schedule

    def rate_at(self, step: int, n_steps: int) -> float:
        """Return the learning rate of a step."""
        return self.schedule.rate_at(step, n_steps)

    def record(self, loss: float) -> None:
        """Record the loss of an epoch, of validation or else training rows."""


def half_cosine(high: float, low: float, step: float, steps: float) -> float:
    """Half a cosine from high to low over some steps, then low."""
    share = (1 + math.cos(math.pi * min(step / steps, 1.0))) / 2
    return low + (high - low) * share


def count_steps(steps: float, n_steps: int) -> float:
    """Number of steps, which may be given as a share of all steps."""
    if not 0 < steps < 1:
        return steps
    # 0.07 of 100 steps are 7, not 7.000000000000001.
    exact, whole = steps * n_steps, round(steps * n_steps)
    return whole if math.isclose(exact, whole, rel_tol=1e-9) else exact


def check_finite(name: str, value: Any, lowest: float = 0) -> None:
    """Refuse a value that is not a finite number, or is too low."""
    check_number(name, value, lowest)
    if math.isinf(value):
        raise ValueError(f"{name}={value!r} must be finite.")


def check_length(name: str, value: Any) -> None:
    """Refuse a value that is neither a number of steps nor a share of all steps."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not number or not (0 < value < 1 or (value >= 1 and value == int(value))):
        raise ValueError(
            f"{name}={value!r} must be a whole number of steps, or a share of all steps "
            "between 0 and 1."
        )
