"""Read and write model files: a zip archive of a manifest and a model."""

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
# No manifest is larger; a file that declares a larger one is not read.
MANIFEST_LIMIT = 64 * 2**20
METHODS = {
    None: zipfile.ZIP_STORED,
    "bzip2": zipfile.ZIP_BZIP2,
    "deflate": zipfile.ZIP_DEFLATED,
}
# A file is neither written nor unpacked if its unpacked size exceeds both this size
# and `RATIO_LIMIT` times its packed size.
SIZE_ALWAYS_ALLOWED = 256 * 2**20
RATIO_LIMIT = 2000


def write_archive(
    path: Path, manifest: dict[str, Any], payload: bytes, compress: str | None
) -> None:
    """Write a temporary file in the same folder, then rename it to `path`.

    An existing file is replaced; if writing fails, it stays as it was.
    """
    if not path.parent.is_dir():
        raise ModelFileError(
            f"There is no folder {path.parent} to save {path.name!r} in; create it with "
            "path.parent.mkdir(parents=True)."
        )
    if path.is_dir():
        raise ModelFileError(f"{path} is a folder; give the path of a file.")
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            _write_zip(file, manifest, payload, METHODS[compress])
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(_default_mode(path))
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _write_zip(
    file: Any, manifest: dict[str, Any], payload: bytes, method: int
) -> None:
    manifest = manifest | {"sha256": {MODEL: hashlib.sha256(payload).hexdigest()}}
    with zipfile.ZipFile(file, "w") as archive:
        # The manifest comes first, compressed with the method that every tool reads.
        text = json.dumps(manifest, indent=1, ensure_ascii=False)
        archive.writestr(MANIFEST, text, compress_type=zipfile.ZIP_DEFLATED)
        archive.writestr(MODEL, payload, compress_type=method)
        packed = archive.getinfo(MODEL).compress_size
    if len(payload) > unpacked_limit(packed):
        # The model is almost all zeros. `load` would refuse the compression ratio, so
        # the model is stored without compression.
        file.seek(0)
        file.truncate()
        _write_zip(file, manifest, payload, zipfile.ZIP_STORED)


def _default_mode(path: Path) -> int:
    """Return the file mode that open() would set; mkstemp's is for the owner only."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


@dataclass(frozen=True)
class Archive:
    """A model file to read."""

    path: Path

    def manifest(self) -> dict[str, Any]:
        """Read the manifest."""
        text = self._read(MANIFEST, limit=MANIFEST_LIMIT)
        try:
            manifest = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise self._damaged(f"its manifest is not JSON ({error})") from error
        if not isinstance(manifest, dict):
            raise self._damaged("its manifest is not a JSON object")
        return manifest

    def payload(self, manifest: dict[str, Any]) -> bytes:
        """Read the model, and compare its SHA-256 sum with that in the manifest."""
        data = self._read(MODEL)
        sums = manifest.get("sha256")
        expected = sums.get(MODEL) if isinstance(sums, dict) else None
        if hashlib.sha256(data).hexdigest() != expected:
            raise self._damaged("the SHA-256 sum of the model does not match")
        check_payload_sizes(data, self.path)
        return data

    def _read(self, name: str, limit: int | None = None) -> bytes:
        try:
            with zipfile.ZipFile(self.path) as archive:
                entry = archive.getinfo(name)
                check_entry_size(entry, self.path, limit)
                return archive.read(entry)
        except FileNotFoundError:
            raise
        except KeyError:
            raise self._damaged(f"it has no {name}") from None
        except Exception as error:
            raise self._damaged(f"{type(error).__name__}: {error}") from error

    def _damaged(self, reason: str) -> ModelFileError:
        return ModelFileError(
            f"{self.path} is not a model that skensemble saved, or is damaged: {reason}. "
            "No object was created from it."
        )


def check_entry_size(
    entry: zipfile.ZipInfo, path: Path, limit: int | None = None
) -> None:
    """Refuse an entry of a zip whose declared size is implausibly large.

    `zipfile` never unpacks more bytes than the entry declares.
    """
    largest = limit or unpacked_limit(entry.compress_size)
    if entry.file_size > largest:
        raise ModelFileError(
            f"{path} claims to unpack {entry.compress_size} bytes to {entry.file_size}, "
            "which no model of skensemble does; no object was created from it."
        )


def unpacked_limit(packed: int) -> int:
    """Return the largest plausible unpacked size, in bytes, of a packed size."""
    return max(SIZE_ALWAYS_ALLOWED, RATIO_LIMIT * packed)


def check_payload_sizes(data: bytes, path: Path) -> None:
    """Refuse a model with compressed entries, which `save` never writes."""
    try:
        entries = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except zipfile.BadZipFile as error:
        raise ModelFileError(
            f"{path} is damaged: its model is not a zip archive."
        ) from error
    unpacked = sum(entry.file_size for entry in entries)
    packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries)
    if packed or unpacked > len(data):
        raise ModelFileError(
            f"{path} packs its model in a way that skensemble does not; no object was "
            "created from it."
        )
