"""The contract of a schedule, and the pieces that schedules are made of."""

import math
from numbers import Real
from typing import Any

from skensemble.core import ParameterHolder


class Schedule(ParameterHolder):
    """A learning rate for each step.

    A subclass defines `rate_at`; it stores its parameters as a scikit-learn estimator
    does, so ``learning_rate__decay`` can be searched.
    """

    def check(self) -> None:
        """Refuse parameters out of range."""

    def rate_at(self, step: int, n_steps: int) -> float:
        """Learning rate of a step.

        Parameters
        ----------
        step : int
            From 0 to ``n_steps - 1``.
        n_steps : int
            How many steps are planned.

        Returns
        -------
        rate : float
            The learning rate.
        """
        raise TypeError(f"{type(self).__name__} does not define rate_at.")

    def follow(self) -> "RateSource":
        """Start to follow a run, which tells the loss of each epoch.

        Returns
        -------
        source : RateSource
            Gives the rate of each step.
        """
        return RateSource(self)


class RateSource:
    """The learning rate of one run; most schedules ignore what they are told.

    Parameters
    ----------
    schedule : Schedule
        What is followed.
    """

    def __init__(self, schedule: Any) -> None:
        self.schedule = schedule

    def rate_at(self, step: int, n_steps: int) -> float:
        """Learning rate of a step.

        Parameters
        ----------
        step : int
            Updates made before.
        n_steps : int
            Updates planned.

        Returns
        -------
        rate : float
        """
        return self.schedule.rate_at(step, n_steps)

    def tell(self, loss: float) -> None:
        """Take in the loss of an epoch.

        Parameters
        ----------
        loss : float
            Of the validation rows where there are some, else of the training rows.
        """


def falling(high: float, low: float, step: float, steps: float) -> float:
    """Half a cosine from high to low over some steps; low from then on."""
    share = (1 + math.cos(math.pi * min(step / steps, 1.0))) / 2
    return low + (high - low) * share


def length(steps: float, n_steps: int) -> float:
    """Number of steps: as given, or a share of all of them."""
    return steps * n_steps if 0 < steps < 1 else steps


def check_number(name: str, value: Any, lowest: float = 0) -> None:
    """Refuse what is no finite number, or one too low."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not (number and lowest <= float(value) < math.inf):
        raise ValueError(f"{name}={value!r} must be a number of {lowest} or above.")


def check_length(name: str, value: Any) -> None:
    """Refuse what is neither a number of steps nor a share of them."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not number or not (0 < value < 1 or (value >= 1 and value == int(value))):
        raise ValueError(
            f"{name}={value!r} must be a whole number of steps, or a share of all steps "
            "between 0 and 1."
        )
