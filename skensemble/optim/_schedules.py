"""Learning-rate schedules: the rate of each step, from 0 to the last."""

import math
from numbers import Real
from typing import Any

from skensemble.core._parameters import ParameterHolder


class Schedule(ParameterHolder):
    """A learning rate for each step.

    A subclass defines `rate_at`; it stores its parameters as a scikit-learn estimator
    does, so ``learning_rate__decay`` can be searched.
    """

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
        """
        raise TypeError(f"{type(self).__name__} does not define rate_at.")


class Constant(Schedule):
    """The same rate at every step.

    Parameters
    ----------
    rate : float, default=0.1
        The learning rate.

    Examples
    --------
    >>> from skensemble.optim import Constant
    >>> Constant(0.05).rate_at(7, n_steps=100)
    0.05
    """

    def __init__(self, rate=0.1):
        self.rate = rate

    def rate_at(self, step, n_steps):
        """Learning rate of a step: the constant."""
        return self.rate


class Step(Schedule):
    """Multiply the rate by a factor every so many steps: rate factor^(step // every).

    Parameters
    ----------
    rate : float, default=0.1
        Learning rate of the first steps.
    factor : float, default=0.5
        What the rate is multiplied by.
    every : int, default=50
        Number of steps between changes.

    Examples
    --------
    >>> from skensemble.optim import Step
    >>> [Step(0.1, every=2).rate_at(k, n_steps=5) for k in range(5)]
    [0.1, 0.1, 0.05, 0.05, 0.025]
    """

    def __init__(self, rate=0.1, factor=0.5, every=50):
        self.rate = rate
        self.factor = factor
        self.every = every

    def rate_at(self, step, n_steps):
        """Learning rate of a step."""
        return self.rate * self.factor ** (step // self.every)


class Exponential(Schedule):
    """Decay the rate at every step: rate decay^step.

    Parameters
    ----------
    rate : float, default=0.1
        Learning rate of the first step.
    decay : float, default=0.99
        What the rate is multiplied by at each step.

    Examples
    --------
    >>> from skensemble.optim import Exponential
    >>> Exponential(0.1, decay=0.5).rate_at(2, n_steps=5)
    0.025
    """

    def __init__(self, rate=0.1, decay=0.99):
        self.rate = rate
        self.decay = decay

    def rate_at(self, step, n_steps):
        """Learning rate of a step."""
        return self.rate * self.decay**step


class Cosine(Schedule):
    """Half a cosine from the first rate down to the last.

    final + (rate - final) (1 + cos(pi step / n_steps)) / 2 (Loshchilov and Hutter,
    "SGDR: stochastic gradient descent with warm restarts", ICLR 2017).

    Parameters
    ----------
    rate : float, default=0.1
        Learning rate of the first step.
    final : float, default=0.0
        What the rate falls to after the last step.

    Examples
    --------
    >>> from skensemble.optim import Cosine
    >>> round(Cosine(0.1).rate_at(50, n_steps=100), 6)
    0.05
    """

    def __init__(self, rate=0.1, final=0.0):
        self.rate = rate
        self.final = final

    def rate_at(self, step, n_steps):
        """Learning rate of a step."""
        share = (1 + math.cos(math.pi * step / n_steps)) / 2
        return self.final + (self.rate - self.final) * share


class WarmUp(Schedule):
    """Rise linearly to another schedule's rate: its rate (step + 1) / steps.

    Parameters
    ----------
    schedule : Schedule or float, default=0.1
        What to follow, from its own first step, after the rise.
    steps : int, default=10
        Number of steps of the rise.

    Examples
    --------
    >>> from skensemble.optim import WarmUp
    >>> [WarmUp(0.1, steps=2).rate_at(k, n_steps=4) for k in range(4)]
    [0.05, 0.1, 0.1, 0.1]
    """

    def __init__(self, schedule=0.1, steps=10):
        self.schedule = schedule
        self.steps = steps

    def rate_at(self, step, n_steps):
        """Learning rate of a step."""
        after = as_schedule(self.schedule)
        if step < self.steps:
            return after.rate_at(0, n_steps) * (step + 1) / self.steps
        return after.rate_at(step - self.steps, max(n_steps - self.steps, 1))


class Cyclical(Schedule):
    """Rise and fall in a triangle between two rates.

    Smith, "Cyclical learning rates for training neural networks", WACV 2017.

    Parameters
    ----------
    low : float, default=0.01
        Rate at the start of each cycle.
    high : float, default=0.1
        Rate in the middle of each cycle.
    period : int, default=20
        Number of steps of a cycle.

    Examples
    --------
    >>> from skensemble.optim import Cyclical
    >>> [round(Cyclical(0, 1, period=4).rate_at(k, 9), 2) for k in range(5)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """

    def __init__(self, low=0.01, high=0.1, period=20):
        self.low = low
        self.high = high
        self.period = period

    def rate_at(self, step, n_steps):
        """Learning rate of a step."""
        share = step % self.period / self.period
        return self.low + (self.high - self.low) * (1 - abs(2 * share - 1))


def as_schedule(rate: Any) -> Schedule:
    """Take a number as a constant schedule, and a schedule as it is.

    Parameters
    ----------
    rate : float or Schedule
        The learning rate.

    Returns
    -------
    schedule : Schedule
    """
    if isinstance(rate, Schedule):
        return rate
    number = isinstance(rate, Real) and not isinstance(rate, bool)
    if number and float(rate) >= 0:
        return Constant(float(rate))
    raise ValueError(
        f"learning_rate={rate!r} must be a number of zero or above, or a schedule of "
        "skensemble.optim such as Cosine(rate=0.1)."
    )
