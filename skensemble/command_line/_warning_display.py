"""Warnings on the standard error, each cause once, without lines of source code."""

import re
import sys
import threading
import warnings
from pathlib import Path
from typing import Any

from skensemble.command_line._usage_errors import with_options

# Warnings for programmers, about the code of libraries.
_FOR_PROGRAMMERS: tuple[type[Warning], ...] = (
    DeprecationWarning,
    FutureWarning,
    ImportWarning,
    PendingDeprecationWarning,
    ResourceWarning,
)
_VARYING = re.compile(r"[-+]?\d[\d.,eE+-]*")


class WarningDisplay:
    """Context that prints ``Warning: ...`` once per cause.

    Two warnings have the same cause if their texts differ in numbers only, or if the
    same line of another library issues them.
    """

    def __init__(self) -> None:
        self._causes: set[Any] = set()
        self._lock = threading.Lock()
        self._saved: Any = None

    def __enter__(self) -> "WarningDisplay":
        """Replace the display of warnings."""
        self._saved = warnings.catch_warnings()
        self._saved.__enter__()
        warnings.simplefilter("always")
        for category in _FOR_PROGRAMMERS:
            warnings.simplefilter("ignore", category)
        # The command reports interruptions itself: it has no `fit_more`.
        warnings.filterwarnings("ignore", "The fit was interrupted")
        warnings.showwarning = self._show
        return self

    def __exit__(self, *error: Any) -> None:
        """Restore the earlier display."""
        self._saved.__exit__(*error)

    def _show(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: Any = None,
        line: str | None = None,
    ) -> None:
        text = str(message)
        causes: set[Any] = {(category.__name__, _VARYING.sub("#", text))}
        if _is_of_library(filename):
            causes.add((filename, lineno))
        with self._lock:
            known = bool(causes & self._causes)
            self._causes |= causes
        if not known:
            report(f"Warning: {with_options(text)}")


def _is_of_library(filename: str) -> bool:
    """Whether a file belongs to another library.

    Warnings of this package name the first line outside of it instead.
    """
    parts = Path(filename).parts
    installed = {"site-packages", "dist-packages"} & set(parts)
    return bool(installed) and "skensemble" not in parts


def report(line: str) -> None:
    """Print a line on the standard error; it replaces a progress line there."""
    erase = "\r\x1b[K" if sys.stderr.isatty() else ""
    print(f"{erase}{line}", file=sys.stderr, flush=True)


def shows_progress() -> bool:
    """Return whether the standard error is a terminal."""
    return sys.stderr.isatty()
