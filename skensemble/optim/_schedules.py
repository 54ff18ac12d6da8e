"""Learning-rate schedules: the rate of each step, from 0 to the last.

A step is an update: a mini-batch in a run of `minimize`, a round in boosting. Lengths
are numbers of steps or, below one, shares of all planned steps.
"""

import math
from numbers import Real
from typing import Any

from skensemble.core import check_share
from skensemble.optim._rates import (
    RateSource,
    Schedule,
    check_finite,
    check_length,
    count_steps,
    half_cosine,
)


class Constant(Schedule):
    """The same rate at every step.

    Read more in the :ref:`User Guide <guide_schedules>`.

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

    def check(self):
        """Refuse parameters out of range."""
        check_finite("rate", self.rate)

    def rate_at(self, step, n_steps):
        """Learning rate of a step: the constant."""
        return self.rate


class StepDecay(Schedule):
    """Step decay: rate factor^(step // every).

    Read more in the :ref:`User Guide <guide_schedules>`.

    Parameters
    ----------
    rate : float, default=0.1
        Learning rate of the first steps.
    factor : float, default=0.5
        Factor by which the rate is multiplied.
    every : int or float, default=50
        Number of steps between changes, or a share of all steps.

    Examples
    --------
    >>> from skensemble.optim import StepDecay
    >>> [StepDecay(0.1, every=2).rate_at(k, n_steps=5) for k in range(5)]
    [0.1, 0.1, 0.05, 0.05, 0.025]
    """

    def __init__(self, rate=0.1, factor=0.5, every=50):
        self.rate = rate
        self.factor = factor
        self.every = every

    def check(self):
        """Refuse parameters out of range."""
        check_finite("rate", self.rate)
        check_finite("factor", self.factor)
        check_length("every", self.every)

    def rate_at(self, step, n_steps):
        """Learning rate of a step."""
        return self.rate * self.factor ** int(step // count_steps(self.every, n_steps))


class ExponentialDecay(Schedule):
    """Decay the rate at every step: rate decay^step.

    Read more in the :ref:`User Guide <guide_schedules>`.

    Parameters
    ----------
    rate : float, default=0.1
        Learning rate of the first step.
    decay : float, default=0.99
        Factor by which the rate is multiplied at each step.

    Examples
    --------
    >>> from skensemble.optim import ExponentialDecay
    >>> ExponentialDecay(0.1, decay=0.5).rate_at(2, n_steps=5)
    0.025
    """

    def __init__(self, rate=0.1, decay=0.99):
        self.rate = rate
        self.decay = decay

    def check(self):
        """Refuse parameters out of range."""
        check_finite("rate", self.rate)
        check_finite("decay", self.decay)

    def rate_at(self, step, n_steps):
        """Learning rate of a step."""
        return self.rate * self.decay**step


class Cosine(Schedule):
    """Half a cosine from the first rate down to the last, with optional restarts.

    final + (rate - final) (1 + cos(pi t / T)) / 2 at step t of a cycle of T steps. Each
    further cycle starts from the first rate again ("warm restart") and is `factor`
    times as long (Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm
    restarts", ICLR 2017).

    Read more in the :ref:`User Guide <guide_schedules>`.

    Parameters
    ----------
    rate : float, default=0.1
        Learning rate of the first step.
    final : float, default=0.0
        Rate after the last step.
    cycle : int, float or None, default=None
        Length of the first cycle: a number of steps, or a share of all steps; None is
        one cycle for all steps.
    factor : float, default=1
        Length of a cycle over the length of the cycle before.

    Examples
    --------
    >>> from skensemble.optim import Cosine
    >>> round(Cosine(0.1).rate_at(50, n_steps=100), 6)
    0.05
    >>> [round(Cosine(1.0, cycle=2, factor=2).rate_at(k, 6), 2) for k in range(6)]
    [1.0, 0.5, 1.0, 0.85, 0.5, 0.15]
    """

    def __init__(self, rate=0.1, final=0.0, cycle=None, factor=1):
        self.rate = rate
        self.final = final
        self.cycle = cycle
        self.factor = factor

    def check(self):
        """Refuse parameters out of range."""
        check_finite("rate", self.rate)
        check_finite("final", self.final)
        check_finite("factor", self.factor, lowest=1)
        if self.cycle is not None:
            check_length("cycle", self.cycle)

    def rate_at(self, step, n_steps):
        """Learning rate of a step."""
        if self.cycle is None:
            return half_cosine(self.rate, self.final, step, n_steps)
        span = count_steps(self.cycle, n_steps)
        if self.factor == 1:
            return half_cosine(self.rate, self.final, step % span, span)
        while step >= span:
            step, span = step - span, span * self.factor
        return half_cosine(self.rate, self.final, step, span)


class Polynomial(Schedule):
    """Polynomial decay: final + (rate - final) (1 - t / n_steps)^power at step t.

    The decay is linear for a power of one; 0.9 is the "poly" policy of Chen et al.
    ("DeepLab: semantic image segmentation with deep convolutional nets, atrous
    convolution, and fully connected CRFs", IEEE TPAMI 40, 2018, section 4).

    Read more in the :ref:`User Guide <guide_schedules>`.

    Parameters
    ----------
    rate : float, default=0.1
        Learning rate of the first step.
    final : float, default=0.0
        Rate after the last step.
    power : float, default=1.0
        Exponent. Above one the rate falls early, below one late.

    Examples
    --------
    >>> from skensemble.optim import Polynomial
    >>> [Polynomial(1.0, power=2).rate_at(k, n_steps=4) for k in range(4)]
    [1.0, 0.5625, 0.25, 0.0625]
    """

    def __init__(self, rate=0.1, final=0.0, power=1.0):
        self.rate = rate
        self.final = final
        self.power = power

    def check(self):
        """Refuse parameters out of range."""
        for name in ("rate", "final", "power"):
            check_finite(name, getattr(self, name))

    def rate_at(self, step, n_steps):
        """Learning rate of a step."""
        left = max(1 - step / n_steps, 0.0)
        return self.final + (self.rate - self.final) * left**self.power


class WarmUp(Schedule):
    """Rise linearly to the first rate of another schedule: its rate (step + 1) / steps.

    Read more in the :ref:`User Guide <guide_schedules>`.

    Parameters
    ----------
    schedule : Schedule or float, default=0.1
        Schedule after the warm-up, which starts there at its first step.
    steps : int or float, default=10
        Number of steps of the warm-up, or a share of all steps.

    Examples
    --------
    >>> from skensemble.optim import WarmUp
    >>> [WarmUp(0.1, steps=2).rate_at(k, n_steps=4) for k in range(4)]
    [0.05, 0.1, 0.1, 0.1]
    """

    def __init__(self, schedule=0.1, steps=10):
        self.schedule = schedule
        self.steps = steps

    def check(self):
        """Refuse parameters out of range."""
        as_schedule(self.schedule)
        if self.steps != 0:
            check_length("steps", self.steps)

    def rate_at(self, step, n_steps):
        """Learning rate of a step."""
        return self._rate_before(as_schedule(self.schedule), step, n_steps)

    def follow(self):
        """Return the learning rate of a new run."""
        return _WarmUpSource(self)

    def _rate_before(self, after, step, n_steps):
        rise = self._rise(n_steps)
        if step < rise:
            return after.rate_at(0, n_steps) * (step + 1) / rise
        return after.rate_at(step - rise, max(n_steps - rise, 1))

    def _rise(self, n_steps):
        return math.ceil(count_steps(self.steps, n_steps))


class _WarmUpSource(RateSource):
    """Learning rate of one run; losses are recorded after the warm-up only."""

    def __init__(self, schedule):
        super().__init__(schedule)
        self.after = as_schedule(schedule.schedule).follow()
        self.warm = False

    def rate_at(self, step, n_steps):
        self.warm = step >= self.schedule._rise(n_steps)
        return self.schedule._rate_before(self.after, step, n_steps)

    def record(self, loss):
        if self.warm:
            self.after.record(loss)


class Cyclical(Schedule):
    """Triangular cycles between two rates.

    Smith, "Cyclical learning rates for training neural networks", WACV 2017.

    Read more in the :ref:`User Guide <guide_schedules>`.

    Parameters
    ----------
    low : float, default=0.01
        Rate at the start of each cycle.
    high : float, default=0.1
        Rate in the middle of each cycle.
    period : int or float, default=20
        Number of steps of a cycle, or a share of all steps.

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

    def check(self):
        """Refuse parameters out of range."""
        check_finite("low", self.low)
        check_finite("high", self.high)
        check_length("period", self.period)

    def rate_at(self, step, n_steps):
        """Learning rate of a step."""
        period = count_steps(self.period, n_steps)
        share = step % period / period
        return self.low + (self.high - self.low) * (1 - abs(2 * share - 1))


class OneCycle(Schedule):
    """One cycle per run: rise to a high rate, then fall far below the first rate.

    The rate rises from high / start_divisor to high over the first share `rise` of the
    steps, and falls to high / start_divisor / end_divisor over the rest, by half a
    cosine each (Smith and Topin, "Super-convergence: very fast training of neural
    networks using large learning rates", 2018, use straight lines). The momentum does
    not change.

    Read more in the :ref:`User Guide <guide_schedules>`.

    Parameters
    ----------
    high : float, default=0.1
        The highest rate.
    rise : float, default=0.3
        Share of the steps during which the rate rises.
    start_divisor : float, default=25.0
        Highest rate divided by the first rate.
    end_divisor : float, default=10000.0
        First rate divided by the last rate.

    Examples
    --------
    >>> from skensemble.optim import OneCycle
    >>> schedule = OneCycle(1.0, rise=0.5, start_divisor=10)
    >>> [round(schedule.rate_at(k, n_steps=4), 2) for k in range(4)]
    [0.1, 0.55, 1.0, 0.5]
    """

    def __init__(self, high=0.1, rise=0.3, start_divisor=25.0, end_divisor=1e4):
        self.high = high
        self.rise = rise
        self.start_divisor = start_divisor
        self.end_divisor = end_divisor

    def check(self):
        """Refuse parameters out of range."""
        check_finite("high", self.high)
        check_share("rise", self.rise, of="the steps")
        check_finite("start_divisor", self.start_divisor, lowest=1)
        check_finite("end_divisor", self.end_divisor, lowest=1)

    def rate_at(self, step, n_steps):
        """Learning rate of a step."""
        first, peak = self.high / self.start_divisor, self.rise * n_steps
        if step < peak:
            return half_cosine(self.high, first, peak - step, peak)
        last = first / self.end_divisor
        return half_cosine(self.high, last, step - peak, n_steps - peak)


def as_schedule(rate: Any) -> Schedule:
    """Return a schedule; a number is a constant learning rate.

    Parameters
    ----------
    rate : float or Schedule
        The learning rate.

    Returns
    -------
    schedule : Schedule
        The instance given, or a `Constant`.
    """
    if isinstance(rate, Schedule):
        rate.check()
        return rate
    number = isinstance(rate, Real) and not isinstance(rate, bool)
    if number and float(rate) >= 0:
        return Constant(float(rate))
    raise ValueError(
        f"learning_rate={rate!r} must be a number, 0 or more, or a schedule of "
        "skensemble.optim such as Cosine(rate=0.1)."
    )
