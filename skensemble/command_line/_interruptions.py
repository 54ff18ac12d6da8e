"""Interruptions of a fit: by the keyboard, or by a request to end the process."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from skensemble.auto import keep_best_on_interrupt


@dataclass
class Interruption:
    """The signal that interrupted a fit.

    Parameters
    ----------
    signal : int or None, default=None
        Number of the signal, None without an interruption.
    """

    signal: int | None = None

    @property
    def exit_code(self) -> int:
        """Exit code of a process that a signal has ended, 0 without an interruption."""
        return 0 if self.signal is None else 128 + self.signal


class SignalInterrupt(KeyboardInterrupt):
    """An interruption of a fit without any complete member.

    Parameters
    ----------
    exit_code : int
        Exit code of the process.
    """

    def __init__(self, exit_code: int) -> None:
        super().__init__(exit_code)
        self.exit_code = exit_code


@contextmanager
def best_so_far() -> Iterator[Interruption]:
    """Let the first interruption end a fit with the best ensemble so far."""
    found = Interruption()
    in_main = threading.current_thread() is threading.main_thread()
    with keep_best_on_interrupt() as interrupts:
        if not in_main:
            yield found
            return
        receive: Any = signal.getsignal(signal.SIGINT)

        def record(number: int, frame: Any) -> None:
            found.signal = number
            receive(number, frame)

        signal.signal(signal.SIGINT, record)
        before = signal.signal(signal.SIGTERM, record)
        try:
            yield found
        except KeyboardInterrupt as error:
            raise SignalInterrupt(found.exit_code or 128 + signal.SIGINT) from error
        finally:
            signal.signal(signal.SIGTERM, before)
            signal.signal(signal.SIGINT, receive)
            if interrupts.requested and found.signal is None:
                found.signal = signal.SIGINT
