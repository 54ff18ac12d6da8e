"""Data that every task reads: written once for other processes, copied never."""

import contextlib
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
_TOLD = "told-"


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
        self._told: dict[int, Any] = {}

    def get(self) -> Any:
        """Give the value."""
        return self._value

    @property
    def elsewhere(self) -> bool:
        """Whether this is another process than the one that fits."""
        return self._mapped_in is not None

    @property
    def travelled(self) -> bool:
        """Whether it was sent to another process."""
        return self._folder is not None

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

    def tell(self, place: int, facts: Any) -> None:
        """Tell what became of a task, ahead of its result.

        joblib asks for the next task before it hands over the result of the last one.
        """
        if self._mapped_in is None:
            self._told[place] = facts
            return
        path = self._mapped_in / f"{_TOLD}{place}"
        with contextlib.suppress(OSError):
            hidden = path.with_name(f".{path.name}")
            hidden.write_bytes(pickle.dumps(facts))
            hidden.replace(path)

    def told(self) -> dict[int, Any]:
        """Give what tasks told since this was last asked."""
        told, self._told = self._told, {}
        for path in Path(self._folder.name).glob(f"{_TOLD}*") if self._folder else ():
            told[int(path.name.removeprefix(_TOLD))] = pickle.loads(path.read_bytes())
            path.unlink()
        return told

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
