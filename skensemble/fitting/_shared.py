"""Data that every task reads: written once for other processes, never copied."""

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

# Free bytes that /dev/shm must have, as in joblib; in a small container it has 64 MB.
_REQUIRED_BYTES = 2_000_000_000
_PROGRESS = "progress-"


class Shared:
    """A value that pickles as the path of one memory-mapped file.

    Threads share the value itself. The value is written to a temporary file when it is
    first sent to another process; each process maps that file once.
    """

    def __init__(self, value: Any, mapped_in: Path | None = None):
        self._value = value
        self._mapped_in = mapped_in
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._reported: dict[int, Any] = {}

    def get(self) -> Any:
        """Return the value."""
        return self._value

    @property
    def in_worker_process(self) -> bool:
        """Whether this is a worker process."""
        return self._mapped_in is not None

    @property
    def was_sent(self) -> bool:
        """Whether the value was sent to another process."""
        return self._folder is not None

    def write_result(self, value: Any) -> Any:
        """In a worker process, write a result to a file; otherwise return it unchanged.

        A pipe between the processes would copy a large forest several times.
        """
        if self._mapped_in is None or value is None:
            return value
        path = self._mapped_in / uuid.uuid4().hex
        try:
            with path.open("wb") as file:
                pickle.dump(value, file, protocol=5)
        except (pickle.PicklingError, AttributeError, TypeError, OSError):
            # A class of __main__ or a full disk: use the pipe, with cloudpickle.
            path.unlink(missing_ok=True)
            return value
        return ResultFile(path)

    def report_progress(self, index: int, outcome: Any) -> None:
        """Report the outcome of a task before its result arrives.

        joblib takes the next task before it returns the result of the last one.
        """
        if self._mapped_in is None:
            self._reported[index] = outcome
            return
        path = self._mapped_in / f"{_PROGRESS}{index}"
        with contextlib.suppress(OSError):
            hidden = path.with_name(f".{path.name}")
            hidden.write_bytes(pickle.dumps(outcome))
            hidden.replace(path)

    def collect_progress(self) -> dict[int, Any]:
        """Return the outcomes that were reported since the last call, by index."""
        reported, self._reported = self._reported, {}
        for path in (
            Path(self._folder.name).glob(f"{_PROGRESS}*") if self._folder else ()
        ):
            reported[int(path.name.removeprefix(_PROGRESS))] = pickle.loads(
                path.read_bytes()
            )
            path.unlink()
        return reported

    def close(self) -> None:
        """Remove the temporary file."""
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
class ResultFile:
    """A result that a worker process wrote to a file."""

    path: Path


def read_result(value: Any) -> Any:
    """Return a result; read it from its file if it was written to one."""
    if not isinstance(value, ResultFile):
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
    """Return the memory-backed folder if it has enough room, as joblib does."""
    room = os.access("/dev/shm", os.W_OK) and shutil.disk_usage("/dev/shm").free
    return "/dev/shm" if room and room > _REQUIRED_BYTES else None
