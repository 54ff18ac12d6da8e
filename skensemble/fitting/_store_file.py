"""An entry file with a checksum: complete, or refused."""

import os
import pickle
import uuid
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

_MAGIC = b"skensemble entry 1\n"
_SIZE = 32
_LENGTH = 8
_CHUNK = 2**20
LEFTOVER = ".writing"


class DamagedError(Exception):
    """An entry differs from what was written under its name."""


class _DigestingFile:
    """A file that computes the digest of the data written to it."""

    def __init__(self, file: BinaryIO):
        self._file = file
        self.digest = sha256()
        self.length = 0

    def write(self, data: Any) -> int:
        """Write data and update the digest."""
        view = memoryview(data).cast("B")
        self.digest.update(view)
        self.length += len(view)
        return self._file.write(view)


def write_entry(path: Path, name: str, value: Any) -> None:
    """Write a value under a name, completely or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unique = f".{os.getpid()}-{uuid.uuid4().hex}{LEFTOVER}"
    temporary = path.with_name(path.name + unique)
    try:
        with temporary.open("xb") as file:
            head = _head(name, 0, b"\0" * _SIZE)
            file.write(head)
            body = _DigestingFile(file)
            pickle.dump(value, body, protocol=5)
            file.seek(0)
            file.write(_head(name, body.length, body.digest.digest()))
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def read_entry(path: Path, name: str) -> Any:
    """Read the value that was written under this name.

    Raises
    ------
    FileNotFoundError
        If there is no such entry.
    DamagedError
        If the entry is truncated or changed, has another name, or cannot be unpickled.
    """
    with path.open("rb") as file:
        expected = _head(name, 0, b"")[:-_LENGTH]
        if file.read(len(expected)) != expected:
            raise DamagedError(f"{path} is not an entry of this name and format")
        length = int.from_bytes(file.read(_LENGTH), "big")
        digest, start = file.read(_SIZE), file.tell()
        if (length, digest) != _measure(file):
            raise DamagedError(f"{path} is truncated or was changed")
        file.seek(start)
        try:
            return pickle.load(file)
        except Exception as error:
            raise DamagedError(
                f"{path} cannot be read ({type(error).__name__}: {error})"
            ) from error


def _measure(file: BinaryIO) -> tuple[int, bytes]:
    body, length = sha256(), 0
    while chunk := file.read(_CHUNK):
        body.update(chunk)
        length += len(chunk)
    return length, body.digest()


def _head(name: str, length: int, digest: bytes) -> bytes:
    """Return the header: format, name, length and digest."""
    return _MAGIC + name.encode() + b"\n" + length.to_bytes(_LENGTH, "big") + digest
