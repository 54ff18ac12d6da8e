"""A folder of finished fits, so that no fit is done twice."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from numbers import Integral
from pathlib import Path
from typing import Any

import joblib

from skensemble.fitting._store_file import LEFTOVER, read_entry, write_entry

FOLD_FIT, MODEL = ".fit", ".model"
_DAY = 86_400


@dataclass(frozen=True, repr=False)
class StoreInfo:
    """Contents of a store.

    Parameters
    ----------
    path : Path
        The folder.
    n_fits : int
        Number of fits.
    n_bytes : int
        Size on disk in bytes.
    max_bytes : int or None
        Maximum size in bytes after a run.
    oldest, newest : datetime or None
        Time of last use of the oldest and the newest entry.
    """

    path: Path
    n_fits: int
    n_bytes: int
    max_bytes: int | None
    oldest: datetime | None
    newest: datetime | None

    def __repr__(self) -> str:
        limit = "" if self.max_bytes is None else f" of {self.max_bytes / 1e6:.1f}"
        used = (
            "" if self.newest is None else f", last used {self.newest:%Y-%m-%d %H:%M}"
        )
        size = f"{self.n_bytes / 1e6:.1f}{limit} MB"
        return f"StoreInfo({self.n_fits} fits, {size} in {str(self.path)!r}{used})"


class Store:
    """A folder that stores every fit, for estimators with the parameter ``memory``.

    A fit that was killed resumes. A member that was fitted on the same rows, with the
    same parameters, seed and versions of libraries, is not fitted again. Several
    processes may share a folder. As with :class:`joblib.Memory`, entries are pickles:
    use only folders to which no untrusted user can write.

    Read more in the :ref:`User Guide <guide_store>`.

    Parameters
    ----------
    path : str or Path
        The folder. Entries are written to its subfolder ``skensemble``.
    max_bytes : int, optional
        Maximum size in bytes after a run. The least recently used entries are removed
        first. None means no limit.

    Examples
    --------
    >>> import tempfile
    >>> from skensemble.fitting import Store
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = Store(folder, max_bytes=10**9)
    ...     store.info().n_fits
    0
    """

    def __init__(self, path: str | os.PathLike[str], max_bytes: int | None = None):
        if max_bytes is not None and (
            not isinstance(max_bytes, Integral) or max_bytes < 0
        ):
            raise ValueError(
                f"max_bytes={max_bytes!r} must be a number of bytes, or None for no "
                "limit."
            )
        # Absolute, because workers may have another working directory.
        self.path = Path(path).expanduser().absolute()
        self.max_bytes = max_bytes

    def info(self) -> StoreInfo:
        """Summarise the contents of the store.

        Returns
        -------
        info : StoreInfo
            Number of fits, size on disk, and times of last use.
        """
        found = list(self._entries())
        times = [datetime.fromtimestamp(used) for _, used, _ in found]
        return StoreInfo(
            path=self.path,
            n_fits=sum(path.suffix == FOLD_FIT for path, _, _ in found),
            n_bytes=sum(size for _, _, size in found),
            max_bytes=self.max_bytes,
            oldest=min(times, default=None),
            newest=max(times, default=None),
        )

    def clear(self) -> None:
        """Remove all entries and the temporary files of killed writers."""
        for path, _, _ in self._entries():
            _remove(path)
        self._sweep()

    def _read(self, key: str, suffix: str) -> Any:
        """Read an entry and record its use."""
        path = self._path(key, suffix)
        value = read_entry(path, key + suffix)
        with suppress(OSError):
            os.utime(path)
        return value

    def _write(self, key: str, suffix: str, value: Any) -> None:
        write_entry(self._path(key, suffix), key + suffix, value)

    def _path(self, key: str, suffix: str) -> Path:
        return self._root / key[:2] / f"{key}{suffix}"

    def _evict(self) -> None:
        """Remove the least recently used entries, down to `max_bytes`."""
        self._sweep()
        if self.max_bytes is None:
            return
        found = sorted(self._entries(), key=lambda entry: entry[1])
        excess = sum(size for _, _, size in found) - self.max_bytes
        for path, _, size in found:
            if excess <= 0:
                return
            _remove(path)
            excess -= size

    def _sweep(self) -> None:
        """Remove temporary files of writers that were killed more than a day ago."""
        for path, used, _ in self._files(LEFTOVER):
            if time.time() - used > _DAY:
                _remove(path)

    def _entries(self) -> Iterator[tuple[Path, float, int]]:
        yield from self._files(FOLD_FIT)
        yield from self._files(MODEL)

    def _files(self, suffix: str) -> Iterator[tuple[Path, float, int]]:
        """List files with time of last use and size, as long as they exist."""
        for path in self._root.glob(f"*/*{suffix}"):
            with suppress(OSError):
                status = path.stat()
                yield path, status.st_mtime, status.st_size

    @property
    def _root(self) -> Path:
        return self.path / "skensemble" / "v1"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Store):
            return NotImplemented
        return (self.path, self.max_bytes) == (other.path, other.max_bytes)

    def __hash__(self) -> int:
        return hash((self.path, self.max_bytes))

    def __repr__(self) -> str:
        limit = "" if self.max_bytes is None else f", max_bytes={self.max_bytes}"
        return f"Store({str(self.path)!r}{limit})"


def as_store(memory: Any) -> Store | None:
    """Convert the parameter ``memory`` to a `Store` or None."""
    if memory is None or isinstance(memory, Store):
        return memory
    if isinstance(memory, str | os.PathLike):
        return Store(memory)
    if isinstance(memory, joblib.Memory) and memory.backend == "local":
        return None if memory.location is None else Store(memory.location)
    raise ValueError(
        f"memory={memory!r} is not valid; use a path, a joblib.Memory, a "
        "skensemble.fitting.Store, or None to store nothing."
    )


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
