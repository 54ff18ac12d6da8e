"""Data that every task reads: written once for other processes, copied never."""

import functools
import os
import pickle
import shutil
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib

# A small container has 64 MB there; joblib asks for as much as this.
_ROOM = 2_000_000_000


class Shared:
    """A value that pickles as the path of one memory-mapped file.

    Threads get the value itself. The first time that it is sent to another process it
    is written to a temporary file; each process maps that file once.

    Parameters
    ----------
    value : object
        What the tasks read.
    """

    def __init__(self, value: Any, mapped_in: Path | None = None):
        self._value = value
        self._mapped_in = mapped_in
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def get(self) -> Any:
        """Give the value."""
        return self._value

    def park(self, value: Any) -> Any:
        """Write a result to a file, in another process; else give it as it is.

        A large forest is copied several times on its way through a pipe.
        """
        if self._mapped_in is None or value is None:
            return value
        path = self._mapped_in / uuid.uuid4().hex
        try:
            with path.open("wb") as file:
                pickle.dump(value, file, protocol=5)
        except (pickle.PicklingError, AttributeError, TypeError, OSError):
            # A class of __main__ or a full disk: the pipe, with cloudpickle, is left.
            path.unlink(missing_ok=True)
            return value
        return Parked(path)

    def close(self) -> None:
        """Remove the file, if one was written."""
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def __reduce__(self):
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(
                prefix="skensemble-", dir=_fast_folder(), ignore_cleanup_errors=True
            )
            joblib.dump(self._value, Path(self._folder.name) / "data")
        return _open, (str(Path(self._folder.name) / "data"),)


@dataclass(frozen=True)
class Parked:
    """A result that waits in a file."""

    path: Path


def fetch(value: Any) -> Any:
    """Give a result, read from its file if it was parked."""
    if not isinstance(value, Parked):
        return value
    with value.path.open("rb") as file:
        found = pickle.load(file)
    value.path.unlink()
    return found


def _open(path: str) -> Shared:
    return Shared(_load(path), mapped_in=Path(path).parent)


@functools.lru_cache(maxsize=1)
def _load(path: str) -> Any:
    return joblib.load(path, mmap_mode="r")


def _fast_folder() -> str | None:
    """Give the memory-backed folder where there is one with room, as joblib does."""
    room = os.access("/dev/shm", os.W_OK) and shutil.disk_usage("/dev/shm").free
    return "/dev/shm" if room and room > _ROOM else None
