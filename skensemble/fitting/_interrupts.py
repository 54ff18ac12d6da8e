"""Interrupts by the user (Ctrl-C) that end the fits, but not the program."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


@dataclass
class Interrupts:
    """Whether the user requested the end of the fits.

    Parameters
    ----------
    requested : bool, default=False
        Whether there was an interrupt.
    running : bool, default=False
        Whether fits are running, which an interrupt stops at once. At other times the
        interrupt is only recorded, so that no other step is left half done.
    """

    requested: bool = False
    running: bool = False

    def receive(self, *_: Any) -> None:
        """Record an interrupt; the second one ends the program as usual."""
        again, self.requested = self.requested, True
        if again or self.running:
            raise KeyboardInterrupt


_current: ContextVar[Interrupts | None] = ContextVar("interrupts", default=None)


@contextmanager
def keep_best_on_interrupt() -> Iterator[Interrupts]:
    """Let Ctrl-C end the ``fit`` of an automatic ensemble with the best so far.

    Within this context, the first interrupt stops the fits that are running. If a
    member is complete, ``fit`` combines the complete members, with a
    `FitInterruptedWarning`. Otherwise, and for the second interrupt, there is a
    `KeyboardInterrupt` as usual.

    Yields
    ------
    interrupts : Interrupts
        Its attribute ``requested`` is True after an interrupt.
    """
    interrupts = Interrupts()
    token = _current.set(interrupts)
    # Only the main thread receives signals, and may set how they are handled.
    in_main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, interrupts.receive) if in_main else None
    try:
        yield interrupts
    finally:
        if in_main:
            signal.signal(signal.SIGINT, before or signal.default_int_handler)
        _current.reset(token)


def interrupt_requested() -> bool:
    """Return whether the user requested the end of the fits in this context."""
    interrupts = _current.get()
    return interrupts is not None and interrupts.requested


@contextmanager
def fits_running() -> Iterator[None]:
    """Let an interrupt end the block without an error, if the context keeps results."""
    interrupts = _current.get()
    if interrupts is None or interrupts.running:  # fits within a member
        yield
        return
    interrupts.running = not interrupts.requested
    try:
        yield
    except KeyboardInterrupt:
        # One that was not sent as a signal, or came from a worker process.
        again = interrupts.requested and not interrupts.running
        interrupts.requested = True
        if again:
            raise
    finally:
        interrupts.running = False
