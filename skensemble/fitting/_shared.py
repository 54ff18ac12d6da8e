"""Data that every task reads: written once for other processes, copied never."""

import functools
import os
import shutil
import tempfile
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

    def __init__(self, value: Any):
        self._value = value
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def get(self) -> Any:
        """Give the value."""
        return self._value

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


def _open(path: str) -> Shared:
    return Shared(_load(path))


@functools.lru_cache(maxsize=1)
def _load(path: str) -> Any:
    return joblib.load(path, mmap_mode="r")


def _fast_folder() -> str | None:
    """Give the memory-backed folder where there is one with room, as joblib does."""
    room = os.access("/dev/shm", os.W_OK) and shutil.disk_usage("/dev/shm").free
    return "/dev/shm" if room and room > _ROOM else None
