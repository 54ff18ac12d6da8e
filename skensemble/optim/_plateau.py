"""A learning rate that falls when the loss no longer does."""

import math

from skensemble.core import check_share, check_whole
from skensemble.optim._rates import RateSource, Schedule, check_number


class ReduceOnPlateau(Schedule):
    """Multiply the rate by a factor when the loss has not improved for some epochs.

    The loss is that of the validation rows where there are some, else of the training
    rows. It counts epochs where other schedules count updates, and needs a run that tells
    it the losses: `minimize` and what is built on it, not boosting. Rates lowered by hand
    when the validation error stops improving go back at least to Krizhevsky, Sutskever
    and Hinton ("ImageNet classification with deep convolutional neural networks", 2012,
    section 5: a tenth each time).

    Parameters
    ----------
    rate : float, default=0.1
        Learning rate of the first epochs.
    factor : float, default=0.1
        What the rate is multiplied by.
    patience : int, default=10
        How many epochs without improvement are waited for.
    min_delta : float, default=1e-4
        What the loss must fall by to count as improved, as a share of its best.
    lowest : float, default=0.0
        The rate never falls below this.

    Examples
    --------
    >>> from skensemble.optim import ReduceOnPlateau
    >>> source = ReduceOnPlateau(1.0, factor=0.5, patience=2).follow()
    >>> for loss in [3.0, 2.0, 2.0, 2.0]:
    ...     source.tell(loss)
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
            check_number(name, getattr(self, name))

    def rate_at(self, step, n_steps):
        """Refuse: the rate of a step is not known before the losses are."""
        raise ValueError(
            "learning_rate=ReduceOnPlateau(...) goes by the loss of each epoch, which "
            "nobody tells it here; use Step, Exponential or Cosine of skensemble.optim."
        )

    def follow(self):
        """Start to follow a run."""
        self.check()
        return _Plateau(self)


class _Plateau(RateSource):
    """What is remembered of the losses of a run."""

    def __init__(self, schedule):
        super().__init__(schedule)
        self.rate = schedule.rate
        self.best = math.inf
        self.waited = 0

    def rate_at(self, step, n_steps):
        return self.rate

    def tell(self, loss):
        rule = self.schedule
        enough = rule.min_delta * abs(self.best) if math.isfinite(self.best) else 0.0
        if loss < self.best - enough:
            self.best, self.waited = loss, 0
            return
        self.waited += 1
        if self.waited >= rule.patience:
            self.rate, self.waited = max(self.rate * rule.factor, rule.lowest), 0
