"""Warnings that point at the line of the user, however deep they arise."""

import sys
import warnings

# Packages between the user's line and ours.
_BETWEEN = ("skensemble", "sklearn", "joblib", "contextlib", "functools")


def warn(message: str, category: type[Warning]) -> None:
    """Warn, at the first line that is neither ours nor of what calls us.

    Parameters
    ----------
    message : str
        What there is to say.
    category : type of Warning
        Its class.
    """
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and _is_between(frame.f_globals.get("__name__")):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def _is_between(module: str | None) -> bool:
    return module is not None and module.partition(".")[0] in _BETWEEN
