"""Displays of the progress of a fit in a terminal, with rich or without."""

import shutil
import sys
import threading
from typing import Any

from skensemble.command_line._progress import FitState

_SECONDS = 0.5


class Screen:
    """A display that a thread refreshes."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self, state: FitState) -> None:
        """Begin to display a state."""
        self._ended.clear()
        self._thread = threading.Thread(
            target=self._refresh, args=(state,), daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """End the display."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _refresh(self, state: FitState) -> None:
        self.begin()
        while not self._ended.wait(_SECONDS):
            self.draw(state)
        self.end(state)

    def begin(self) -> None:
        """Prepare the terminal."""

    def draw(self, state: FitState) -> None:
        """Display the state."""
        raise NotImplementedError

    def end(self, state: FitState) -> None:
        """Leave the terminal ready for the next output."""
        raise NotImplementedError


class PlainScreen(Screen):
    """One line that is written again and again."""

    def draw(self, state: FitState) -> None:
        """Write the line in the place of the last one."""
        width = max(20, shutil.get_terminal_size().columns) - 1
        sys.stderr.write(f"\r\x1b[K{state.time_line()[:width]}")
        sys.stderr.flush()

    def end(self, state: FitState) -> None:
        """Erase the line."""
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


class RichScreen(Screen):
    """A line for the time limit and one per member, by rich."""

    def __init__(self) -> None:
        super().__init__()
        from rich.console import Console
        from rich.live import Live

        self._live: Any = Live(
            console=Console(stderr=True), auto_refresh=False, transient=False
        )

    def begin(self) -> None:
        """Take over the lines at the cursor."""
        self._live.start()

    def draw(self, state: FitState) -> None:
        """Draw all lines."""
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        members = Table.grid(padding=(0, 2))
        for line in state.member_lines():
            members.add_row(*map(Text, line))
        self._live.update(Group(Text(state.time_line()), members), refresh=True)

    def end(self, state: FitState) -> None:
        """Leave the last lines on the screen."""
        self.draw(state)
        self._live.stop()


class NoScreen(Screen):
    """No display, as outside of terminals."""

    def open(self, state: FitState) -> None:
        """Display nothing."""


def make_screen(quiet: bool = False) -> Screen:
    """Return a display by rich if it can be used, otherwise a plain line.

    Parameters
    ----------
    quiet : bool, default=False
        Whether there is no display.
    """
    if quiet:
        return NoScreen()
    try:
        return RichScreen()
    # rich is an extra, and a damaged one may raise any error.
    except Exception:
        return PlainScreen()
