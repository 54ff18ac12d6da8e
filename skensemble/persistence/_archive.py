"""The one file: a zip of a manifest and a model, written whole or not at all."""

import hashlib
import io
import json
import os
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skensemble.exceptions import ModelFileError

MANIFEST = "manifest.json"
MODEL = "model.skops"
# More than any manifest; a file that claims more is not read.
MANIFEST_LIMIT = 64 * 2**20
METHODS = {
    None: zipfile.ZIP_STORED,
    "bzip2": zipfile.ZIP_BZIP2,
    "deflate": zipfile.ZIP_DEFLATED,
}
# A file that claims to hold more than both is not unpacked, and not written.
ALWAYS_FINE = 256 * 2**20
RATIO_LIMIT = 2000


def write_archive(
    path: Path, manifest: dict[str, Any], payload: bytes, compress: str | None
) -> None:
    """Write a file beside the place, then put it there in one step.

    Parameters
    ----------
    path : Path
        Where to; a file that is there is replaced.
    manifest : dict
        What is noted of the model.
    payload : bytes
        The model.
    compress : {"bzip2", "deflate"} or None
        How.
    """
    if not path.parent.is_dir():
        raise ModelFileError(
            f"There is no folder {path.parent} to save {path.name!r} in; make it first, "
            "as with path.parent.mkdir(parents=True)."
        )
    if path.is_dir():
        raise ModelFileError(f"{path} is a folder; give the path of a file.")
    handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            _fill(file, manifest, payload, METHODS[compress])
            file.flush()
            os.fsync(file.fileno())
        Path(beside).chmod(_usual_mode(path))
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def _fill(file: Any, manifest: dict[str, Any], payload: bytes, method: int) -> None:
    noted = manifest | {"sha256": {MODEL: hashlib.sha256(payload).hexdigest()}}
    with zipfile.ZipFile(file, "w") as archive:
        # First, and packed as every tool unpacks it.
        text = json.dumps(noted, indent=1, ensure_ascii=False)
        archive.writestr(MANIFEST, text, compress_type=zipfile.ZIP_DEFLATED)
        archive.writestr(MODEL, payload, compress_type=method)
        shrunk = archive.getinfo(MODEL).compress_size
    if len(payload) > most_of(shrunk):
        # Hardly anything but zeros: as a reader would not believe it, leave it as it is.
        file.seek(0)
        file.truncate()
        _fill(file, manifest, payload, zipfile.ZIP_STORED)


def _usual_mode(path: Path) -> int:
    """The mode that open() would have given: mkstemp's is for the owner alone."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


@dataclass(frozen=True)
class Archive:
    """A file that looks like ours, opened.

    Parameters
    ----------
    path : Path
        Where it is.
    """

    path: Path

    def manifest(self) -> dict[str, Any]:
        """Read what is noted of the model."""
        text = self._read(MANIFEST, limit=MANIFEST_LIMIT)
        try:
            noted = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise self._damaged(f"its manifest is not JSON ({error})") from error
        if not isinstance(noted, dict):
            raise self._damaged("its manifest is not a table")
        return noted

    def payload(self, noted: dict[str, Any]) -> bytes:
        """Read the model, and compare it with its sum in the manifest."""
        data = self._read(MODEL)
        sums = noted.get("sha256")
        expected = sums.get(MODEL) if isinstance(sums, dict) else None
        if hashlib.sha256(data).hexdigest() != expected:
            raise self._damaged("the model is not what its SHA-256 sum says")
        check_sizes(data, self.path)
        return data

    def _read(self, name: str, limit: int | None = None) -> bytes:
        try:
            with zipfile.ZipFile(self.path) as archive:
                entry = archive.getinfo(name)
                check_size(entry, self.path, limit)
                return archive.read(entry)
        except FileNotFoundError:
            raise
        except KeyError:
            raise self._damaged(f"it has no {name}") from None
        except Exception as error:
            raise self._damaged(f"{type(error).__name__}: {error}") from error

    def _damaged(self, why: str) -> ModelFileError:
        return ModelFileError(
            f"{self.path} is not a model that skensemble saved, or is damaged: {why}. "
            "Nothing of it was made."
        )


def check_size(entry: zipfile.ZipInfo, path: Path, limit: int | None = None) -> None:
    """Refuse a member of a zip that would swell beyond reason.

    Parameters
    ----------
    entry : ZipInfo
        From the directory of the zip; no more than it says is ever unpacked.
    path : Path
        The file, for the message.
    limit : int, optional
        The most bytes that make sense; by default, a multiple of what is packed.
    """
    most = limit or most_of(entry.compress_size)
    if entry.file_size > most:
        raise ModelFileError(
            f"{path} claims to unpack {entry.compress_size} bytes to {entry.file_size}, "
            "which no model of skensemble does; nothing of it was made."
        )


def most_of(packed: int) -> int:
    """Tell how much a member of a zip may unpack to.

    Parameters
    ----------
    packed : int
        Its bytes in the file.

    Returns
    -------
    most : int
        Bytes.
    """
    return max(ALWAYS_FINE, RATIO_LIMIT * packed)


def check_sizes(data: bytes, path: Path) -> None:
    """Refuse a model whose own members are packed: ours are not.

    Parameters
    ----------
    data : bytes
        The model, a zip itself.
    path : Path
        The file, for the message.
    """
    try:
        entries = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except zipfile.BadZipFile as error:
        raise ModelFileError(f"{path} is damaged: its model is no zip.") from error
    unpacked = sum(entry.file_size for entry in entries)
    packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries)
    if packed or unpacked > len(data):
        raise ModelFileError(
            f"{path} packs its model in a way that skensemble does not; nothing of it "
            "was made."
        )
