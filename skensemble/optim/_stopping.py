"""Stopping rules on the validation loss and on the training loss."""

import math
import time
from numbers import Real
from typing import Any

from skensemble.core import ParameterHolder, current_deadline


class Patience(ParameterHolder):
    """Stop when the validation loss has not improved for some rounds.

    Read more in the :ref:`User Guide <guide_boosting>`.

    Parameters
    ----------
    rounds : int, default=10
        Number of rounds without improvement after which to stop.
    min_delta : float, default=0.0
        Smallest decrease of the loss below the last improvement that counts as an
        improvement.
    restore_best : bool, default=True
        If True, keep the model of the best round, else of the last.
    seconds : float or None, default=None
        Time limit in seconds, after which to stop even if the loss improves. The result
        then depends on the speed of the machine.

    Examples
    --------
    >>> from skensemble import Patience
    >>> watch = Patience(rounds=2).watch()
    >>> [watch.stops(loss) for loss in [3.0, 2.0, 2.5, 2.1]]
    [False, False, False, True]
    >>> watch.best_round
    1
    """

    def __init__(self, rounds=10, min_delta=0.0, restore_best=True, seconds=None):
        self.rounds = rounds
        self.min_delta = min_delta
        self.restore_best = restore_best
        self.seconds = seconds

    def watch(self) -> "Watch":
        """Return the state of the rule for a new run.

        Returns
        -------
        watch : Watch
            Its method ``stops(loss)`` records the loss of a round and returns whether
            to stop.
        """
        if not (isinstance(self.rounds, int) and self.rounds >= 1):
            raise ValueError(f"rounds={self.rounds!r} of Patience must be 1 or more.")
        if not self.min_delta >= 0:
            raise ValueError(f"min_delta={self.min_delta!r} of Patience must be >= 0.")
        if self.seconds is not None and not (
            isinstance(self.seconds, Real) and float(self.seconds) > 0
        ):
            raise ValueError(
                f"seconds={self.seconds!r} of Patience must be a number above 0, or None."
            )
        return Watch(self)


class Watch:
    """State of a stopping rule in one run."""

    def __init__(self, rule: Patience) -> None:
        self.rule = rule
        self.round = -1
        self.best_round = -1
        self.best = math.inf
        self._level = math.inf
        self._since = -1
        self._started = time.monotonic()

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restart the clock, because clocks of processes are not comparable."""
        self.__dict__.update(state | {"_started": time.monotonic()})

    def stops(self, loss: float) -> bool:
        """Record the validation loss of a round, and return whether to stop."""
        self.round += 1
        if loss < self.best:
            self.best, self.best_round = loss, self.round
        if loss < self._level - self.rule.min_delta:
            self._level, self._since = loss, self.round
        limit = self.rule.seconds
        if limit is not None and time.monotonic() - self._started >= limit:
            return True
        if current_deadline().passed():
            return True
        return self.round - self._since >= self.rule.rounds


class ConvergenceRule:
    """Stop when a loss has stopped falling.

    This is the case if in some consecutive epochs the loss was never below its earlier
    minimum by more than `tol` times the size of this minimum. The rule also stops if
    the loss rises.

    Parameters
    ----------
    tol : float
        Smallest decrease that counts, as a share of the minimum.
    epochs : int
        Number of consecutive epochs.
    """

    def __init__(self, tol: float, epochs: int) -> None:
        self.tol = tol
        self.epochs = epochs
        self.level = math.inf
        self.waited = 0

    def stops(self, loss: float) -> bool:
        """Record the training loss of an epoch, and return whether to stop."""
        if math.isinf(self.level) or loss < self.level - self.tol * abs(self.level):
            self.level, self.waited = loss, 0
        else:
            self.waited += 1
        return self.waited >= self.epochs


def as_stopping(rule: Any) -> Patience | None:
    """Resolve ``early_stopping``: True is `Patience()`; False is no early stopping."""
    if rule is True:
        return Patience()
    if rule is False or rule is None:
        return None
    if isinstance(rule, Patience):
        return rule
    raise ValueError(
        f"early_stopping={rule!r} must be True, False or Patience(rounds=...)."
    )
