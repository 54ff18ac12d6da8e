"""Every warning and error of ours.

::

    FloatingPointError
     └── DivergedError          a loss became NaN or infinite
    RuntimeError
     ├── MemberFailedError      no member of an ensemble could be fitted
     └── WorkerDiedError        a member brought its worker process down
    TimeoutError
     └── TimeLimitError         a fit was not done within the time limit
    UserWarning
     ├── MemberFailedWarning    a member failed and was left out
     ├── OverlappingSplitWarning  a split predicts rows that it trains on
     ├── StackedOverfitWarning  upper layers do not keep what they promise
     └── StoreWarning           a fit is not kept, or a kept one is not believed
"""

__all__ = [
    "DivergedError",
    "MemberFailedError",
    "MemberFailedWarning",
    "OverlappingSplitWarning",
    "StackedOverfitWarning",
    "StoreWarning",
    "TimeLimitError",
    "WorkerDiedError",
]


class MemberFailedError(RuntimeError):
    """No member of an ensemble could be fitted; the message lists every cause."""


class MemberFailedWarning(UserWarning):
    """A member of an ensemble failed and was left out (``on_error="drop"``)."""


class OverlappingSplitWarning(UserWarning):
    """A split predicts rows that it trains on, so its predictions are not honest."""


class StoreWarning(UserWarning):
    """A fit cannot be kept in the store, or an entry is damaged and fitted again."""


class WorkerDiedError(RuntimeError):
    """A member brought down the process in which it was fitted, also when alone."""


class TimeLimitError(TimeoutError):
    """A fit was left out because the time limit was reached.

    Parameters
    ----------
    message : str
        Which fit, and what it was expected to take.
    needed : float, optional
        Seconds that all fits of the member are expected to take, one after another.
    """

    def __init__(self, message: str, needed: float | None = None):
        super().__init__(message)
        self.needed = needed


class StackedOverfitWarning(UserWarning):
    """Upper layers of a stack score worse on rows held out than out of fold."""


class DivergedError(FloatingPointError):
    """A loss became NaN or infinite while it was minimised."""
