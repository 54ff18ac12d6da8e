"""Learning-rate schedule that reduces the rate when the loss stops falling."""

import math

from skensemble.core import check_share, check_whole
from skensemble.optim._rates import RateSource, Schedule, check_finite


class ReduceOnPlateau(Schedule):
    """Multiply the rate by a factor when the loss has not improved for some epochs.

    The loss is that of the validation rows if there are any, else of the training rows.
    This schedule counts epochs; other schedules count updates. It needs the loss of
    each epoch, so it works in runs of `minimize` but not in boosting. The rule follows
    Krizhevsky, Sutskever and Hinton ("ImageNet classification with deep convolutional
    neural networks", 2012, section 5), which divide the rate by ten each time that the
    validation error stops improving.

    Read more in the :ref:`User Guide <guide_schedules>`.

    Parameters
    ----------
    rate : float, default=0.1
        Learning rate of the first epochs.
    factor : float, default=0.1
        Factor by which the rate is multiplied, between 0 and 1.
    patience : int, default=10
        Number of epochs without improvement before the rate is reduced.
    min_delta : float, default=1e-4
        Smallest decrease of the loss that counts as an improvement, as a share of the
        best loss.
    lowest : float, default=0.0
        Lower bound of the rate.

    Examples
    --------
    >>> from skensemble.optim import ReduceOnPlateau
    >>> source = ReduceOnPlateau(1.0, factor=0.5, patience=2).follow()
    >>> for loss in [3.0, 2.0, 2.0, 2.0]:
    ...     source.record(loss)
    >>> source.rate_at(4, n_steps=10)
    0.5
    """

    def __init__(self, rate=0.1, factor=0.1, patience=10, min_delta=1e-4, lowest=0.0):
        self.rate = rate
        self.factor = factor
        self.patience = patience
        self.min_delta = min_delta
        self.lowest = lowest

    def check(self):
        """Refuse parameters out of range."""
        check_share("factor", self.factor, of="the rate")
        check_whole("patience", self.patience, 1)
        for name in ("rate", "min_delta", "lowest"):
            check_finite(name, getattr(self, name))

    def rate_at(self, step, n_steps):
        """Raise an error: the rate of a step depends on the losses before it."""
        raise ValueError(
            "learning_rate=ReduceOnPlateau(...) needs the loss of each epoch, which is "
            "not available here; use StepDecay, ExponentialDecay or Cosine of "
            "skensemble.optim."
        )

    def follow(self):
        """Return the learning rate of a new run."""
        self.check()
        return _PlateauSource(self)


class _PlateauSource(RateSource):
    """Learning rate of one run, reduced when the loss stops falling."""

    def __init__(self, schedule):
        super().__init__(schedule)
        self.rate = schedule.rate
        self.best = math.inf
        self.waited = 0

    def rate_at(self, step, n_steps):
        return self.rate

    def record(self, loss):
        rule = self.schedule
        enough = rule.min_delta * abs(self.best) if math.isfinite(self.best) else 0.0
        if loss < self.best - enough:
            self.best, self.waited = loss, 0
            return
        self.waited += 1
        if self.waited >= rule.patience:
            self.rate, self.waited = max(self.rate * rule.factor, rule.lowest), 0
