"""Warnings and errors of skensemble.

::

    FloatingPointError
     └── DivergedError          a loss became NaN or infinite
    RuntimeError
     ├── MemberFailedError      no member of an ensemble could be fitted
     └── WorkerDiedError        a member killed its worker process
    TimeoutError
     └── TimeLimitError         a fit was not done within the time limit
    UserWarning
     ├── MemberFailedWarning    a member failed and was left out
     ├── OverlappingSplitWarning  a split predicts rows that it trains on
     ├── StackedOverfitWarning  upper layers score worse on held-out rows
     └── StoreWarning           a fit is not stored, or a stored fit is damaged
    ValueError
     ├── ModelFileError         a model file cannot be written or read
     │    └── UntrustedTypesError  it holds types that are not trusted
     └── TableError             a file cannot be read as a table
"""

from typing import Any

__all__ = [
    "DivergedError",
    "MemberFailedError",
    "MemberFailedWarning",
    "ModelFileError",
    "OverlappingSplitWarning",
    "StackedOverfitWarning",
    "StoreWarning",
    "TableError",
    "TimeLimitError",
    "UntrustedTypesError",
    "WorkerDiedError",
]


class MemberFailedError(RuntimeError):
    """No member of an ensemble could be fitted; the message lists every cause."""


class MemberFailedWarning(UserWarning):
    """A member of an ensemble failed and was left out (``on_error="drop"``)."""


class OverlappingSplitWarning(UserWarning):
    """A split predicts rows that it trains on, so its scores are too optimistic."""


class StoreWarning(UserWarning):
    """A fit cannot be stored, or a stored entry is damaged and fitted again."""


class WorkerDiedError(RuntimeError):
    """A member killed the process in which it was fitted, also when fitted alone."""


class TimeLimitError(TimeoutError):
    """A fit was left out because the time limit was reached.

    Parameters
    ----------
    message : str
        The fit and its expected duration.
    needed : float, optional
        Seconds that all fits of the member are expected to take, one after another.
    """

    def __init__(self, message: str, needed: float | None = None):
        super().__init__(message)
        self.needed = needed


class StackedOverfitWarning(UserWarning):
    """Upper layers of a stack score worse on held-out rows than out of fold."""


class DivergedError(FloatingPointError):
    """A loss became NaN or infinite while it was minimised.

    Parameters
    ----------
    message : str
        Where it happened, the likely cause and a suggested fix.
    params : list of ndarray, optional
        The last finite parameters of a run of :func:`skensemble.optim.minimize`.
    history : History, optional
        History of the epochs before.
    """

    def __init__(self, message: str, params: Any = None, history: Any = None):
        super().__init__(message)
        self.params = params
        self.history = history


class ModelFileError(ValueError):
    """A model cannot be written to a file, or a file cannot be read as a model."""


class UntrustedTypesError(ModelFileError):
    """A model file holds types that are not trusted, so it was not loaded.

    Parameters
    ----------
    message : str
        The types and a suggested fix.
    types : list of str, optional
        Full names of the types.
    """

    def __init__(self, message: str, types: list[str] | None = None):
        super().__init__(message)
        self.types = types or []


class TableError(ValueError):
    """A file cannot be read as a table without a loss.

    Parameters
    ----------
    message : str
        The reason and a suggested fix.
    file : str, optional
        The file, for the start of the message.
    line : int, optional
        The line of the file, which counts from 1.
    column : str, optional
        Name of the column.
    """

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        line: int | None = None,
        column: str | None = None,
    ):
        where = [
            *([] if file is None else [file]),
            *([] if line is None else [f"line {line}"]),
            *([] if column is None else [f"column {column!r}"]),
        ]
        super().__init__(f"{', '.join(where)}: {message}" if where else message)
        self.file = file
        self.line = line
        self.column = column
