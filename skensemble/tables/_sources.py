"""Files that a source names: a path, a folder, a pattern, a list, standard input."""

import glob
import os
import sys
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from skensemble.exceptions import TableError

_COMPRESSED = (".gz", ".bz2", ".xz", ".zip", ".zst")
# Suffixes of the files of a folder that are read, by kind of file.
_SUFFIXES = {
    "Parquet or Arrow": (".parquet", ".pq", ".feather", ".arrow", ".ipc"),
    "text": (".csv", ".tsv", ".tab", ".txt", ".psv"),
    "JSON": (".jsonl", ".ndjson", ".json"),
}


@dataclass(frozen=True)
class Source:
    """One file, or the content of a stream.

    Parameters
    ----------
    name : str
        The path, or "standard input", for messages.
    content : bytes or None
        Content of a stream; None for a file, which is read when it is needed.
    """

    name: str
    content: bytes | None = None

    @property
    def suffix(self) -> str:
        """The suffix of the file without that of a compression, in lower case."""
        suffixes = [one.lower() for one in Path(self.name).suffixes]
        plain = [one for one in suffixes if one not in _COMPRESSED]
        return plain[-1] if plain else ""

    def read(self) -> bytes:
        """Read all bytes."""
        if self.content is not None:
            return self.content
        try:
            return Path(self.name).read_bytes()
        except OSError as error:
            reason = error.strerror or error
            raise TableError(f"cannot be read ({reason}).", file=self.name) from error


def find_sources(source: Any) -> list[Source]:
    """List the files that a source names, in the order in which they are read.

    Raises
    ------
    TableError
        If there is no such file, or no table in the folder.
    """
    if isinstance(source, (list, tuple)):
        found = [one for part in source for one in find_sources(part)]
        if not found:
            raise TableError("source=[] names no file; pass at least one path.")
        return found
    if hasattr(source, "read"):
        return [_stream(source)]
    if not isinstance(source, (str, os.PathLike)):
        raise TypeError(
            "source must be a path, a list of paths, a file object or '-', got "
            f"{type(source).__name__}."
        )
    if not os.fspath(source):
        raise TableError("source='' names no file; pass a path, or '-'.")
    if source == "-":
        return [Source("standard input", sys.stdin.buffer.read())]
    return _files(Path(os.fsdecode(source)).expanduser())


def _stream(stream: Any) -> Source:
    content = stream.read()
    if isinstance(content, str):
        content = content.encode("utf-8")
    return Source(str(getattr(stream, "name", "file object")), content)


def _files(path: Path) -> list[Source]:
    if path.is_dir():
        return [Source(str(file)) for file in _tables_of(path)]
    if path.exists():
        return [Source(str(path))]
    # `Path.glob` needs a folder to start from, which a pattern may not have.
    found = [one for one in sorted(glob.glob(str(path))) if Path(one).is_file()]  # noqa: PTH207
    if not found:
        raise TableError(_no_such_file(path), file=str(path))
    return [Source(one) for one in found]


def _no_such_file(path: Path) -> str:
    """Describe a missing file, with the nearest name in its folder."""
    if glob.has_magic(str(path)):
        return "no file matches this pattern."
    if not path.parent.is_dir():
        return f"no such file: the folder {str(path.parent)!r} does not exist."
    names = {one.name.lower(): one.name for one in path.parent.iterdir()}
    near = get_close_matches(path.name.lower(), list(names), n=1)
    hint = f" Did you mean {names[near[0]]!r}?" if near else ""
    return f"no such file.{hint}"


def _tables_of(folder: Path) -> list[Path]:
    """List the tables of a folder; all must be of one kind."""
    children = sorted(folder.iterdir())
    parts = [one.name for one in children if one.is_dir() and "=" in one.name]
    if parts:
        raise TableError(
            f"the folder is partitioned ({parts[0]!r}, ...), so that its files lack a "
            "column; read it with pyarrow.dataset, and write one file.",
            file=str(folder),
        )
    found = {
        kind: [one for one in children if _is_table(one, suffixes)]
        for kind, suffixes in _SUFFIXES.items()
    }
    # A file in JSON often describes the tables beside it.
    kinds = [kind for kind in ("Parquet or Arrow", "text") if found[kind]] or ["JSON"]
    if len(kinds) > 1:
        examples = [found[kind][0].name for kind in kinds]
        raise TableError(
            f"the folder holds tables of several kinds ({', '.join(examples)}); pass a "
            "pattern, such as 'folder/*.csv'.",
            file=str(folder),
        )
    if not found[kinds[0]]:
        raise TableError(
            "the folder holds no table (CSV, TSV, Parquet, Feather or JSON).",
            file=str(folder),
        )
    return found[kinds[0]]


def _is_table(path: Path, suffixes: tuple[str, ...]) -> bool:
    """Whether a file is a table of a kind; hidden files and logs of Spark are not."""
    hidden = path.name.startswith((".", "_"))
    return path.is_file() and not hidden and Source(path.name).suffix in suffixes
