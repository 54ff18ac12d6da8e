"""Every warning and error of ours.

::

    FloatingPointError
     └── DivergedError          a loss became NaN or infinite
    RuntimeError
     └── MemberFailedError      no member of an ensemble could be fitted
    UserWarning
     ├── MemberFailedWarning    a member failed and was left out
     └── OverlappingSplitWarning  a split predicts rows that it trains on
"""

__all__ = [
    "DivergedError",
    "MemberFailedError",
    "MemberFailedWarning",
    "OverlappingSplitWarning",
]


class MemberFailedError(RuntimeError):
    """No member of an ensemble could be fitted; the message lists every cause."""


class MemberFailedWarning(UserWarning):
    """A member of an ensemble failed and was left out (``on_error="drop"``)."""


class OverlappingSplitWarning(UserWarning):
    """A split predicts rows that it trains on, so its predictions are not honest."""


class DivergedError(FloatingPointError):
    """A loss became NaN or infinite while it was minimised."""
