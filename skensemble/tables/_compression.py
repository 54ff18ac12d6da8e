"""Decompress files by their content: gzip, bzip2, xz, Zstandard, zip of one file."""

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from importlib import import_module

from skensemble.core import optional
from skensemble.exceptions import TableError

_ERRORS = (OSError, EOFError, lzma.LZMAError, zlib.error, ValueError)
# A file that was compressed more often is not a table.
_MOST_LAYERS = 3


def decompress(data: bytes, file: str) -> tuple[bytes, list[str]]:
    """Decompress until the content is not compressed.

    Returns
    -------
    data : bytes
    kinds : list of str
        Compressions that were found, the outermost first.
    """
    kinds: list[str] = []
    while len(kinds) < _MOST_LAYERS:
        for magic, (kind, reader) in _READERS.items():
            if data.startswith(magic) and (magic != b"BZh" or data[4:5] == b"1"):
                data = _read(data, kind, reader, file)
                kinds.append(kind)
                break
        else:
            break
    return data, kinds


def _read(
    data: bytes, kind: str, reader: Callable[[bytes, str], bytes], file: str
) -> bytes:
    try:
        return reader(data, file)
    except TableError:
        raise
    except _ERRORS as error:
        raise TableError(
            f"the {kind} file is damaged or incomplete ({error}).", file=file
        ) from error


def _read_zip(data: bytes, file: str) -> bytes:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except zipfile.BadZipFile as error:
        raise ValueError(str(error)) from error
    names = archive.namelist()
    _refuse_documents(archive, names, file)
    tables = [
        name
        for name in names
        if not name.endswith("/") and not name.startswith("__MACOSX/")
    ]
    if len(tables) != 1:
        raise TableError(
            f"the zip file must hold one table, but holds {len(tables)} files "
            f"{tables[:5]}; extract the table.",
            file=file,
        )
    try:
        return archive.read(tables[0])
    except (RuntimeError, NotImplementedError, zipfile.BadZipFile) as error:
        raise TableError(
            f"the zip file cannot be extracted ({error}); extract the table.", file=file
        ) from error


def _refuse_documents(archive: zipfile.ZipFile, names: list[str], file: str) -> None:
    """Refuse spreadsheets and arrays, which are zip files too."""
    kind = None
    if "[Content_Types].xml" in names:
        kind = "an Excel file" if any("xl/" in one for one in names) else "a document"
    elif "mimetype" in names and b"opendocument" in archive.read("mimetype"):
        kind = "an OpenDocument file"
    elif names and all(name.endswith(".npy") for name in names):
        kind = "a file of NumPy arrays"
    if kind is not None:
        raise TableError(
            f"this is {kind}, not a table in text; save it as CSV or Parquet.",
            file=file,
        )


def _read_zstd(data: bytes, file: str) -> bytes:
    try:
        zstd = import_module("compression.zstd")  # Python 3.14
    except ModuleNotFoundError:
        pyarrow = optional("pyarrow", "tables")
    else:
        return bytes(zstd.decompress(data))
    with pyarrow.CompressedInputStream(pyarrow.BufferReader(data), "zstd") as stream:
        return bytes(stream.read())


_READERS: dict[bytes, tuple[str, Callable[[bytes, str], bytes]]] = {
    b"\x1f\x8b": ("gzip", lambda data, file: gzip.decompress(data)),
    b"BZh": ("bzip2", lambda data, file: bz2.decompress(data)),
    b"\xfd7zXZ\x00": ("xz", lambda data, file: lzma.decompress(data)),
    b"\x28\xb5\x2f\xfd": ("Zstandard", _read_zstd),
    b"PK\x03\x04": ("zip", _read_zip),
    b"PK\x05\x06": ("zip", _read_zip),
}
