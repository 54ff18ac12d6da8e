"""Warnings that point at the line of the user, at any depth of the call stack."""

import sys
import warnings

# Packages between the line of the user and this module.
_BETWEEN = ("skensemble", "sklearn", "joblib", "contextlib", "functools")


def warn(message: str, category: type[Warning]) -> None:
    """Issue a warning at the first line outside of this package and its callers."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and _is_between(frame.f_globals.get("__name__")):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def _is_between(module: str | None) -> bool:
    return module is not None and module.partition(".")[0] in _BETWEEN
