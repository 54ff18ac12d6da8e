"""Read tables from files, with the options of the command line."""

import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from skensemble.command_line._usage_errors import UsageError, with_options
from skensemble.exceptions import TableError
from skensemble.tables import read_table

STANDARD_INPUT = "-"
_TAB_NAMES = ("tab", "\\t")


@dataclass(frozen=True)
class ReadingOptions:
    """How text files are read; None and () let the reader find out.

    Parameters
    ----------
    separator, encoding, decimal : str or None
        Of all text files.
    missing : tuple of str
        Words that stand for a missing value.
    """

    separator: str | None = None
    encoding: str | None = None
    decimal: str | None = None
    missing: tuple[str, ...] = ()

    @classmethod
    def of(cls, args: Any) -> "ReadingOptions":
        """Return the options of a command."""
        separator = "\t" if args.separator in _TAB_NAMES else args.separator
        return cls(separator, args.encoding, args.decimal, tuple(args.missing))


@dataclass(frozen=True)
class TableFile:
    """A table in one file, several files, a folder or the standard input.

    Parameters
    ----------
    paths : tuple of str
        The files.
    shown : str
        What messages call them.
    options : ReadingOptions
        How they are read.
    """

    paths: tuple[str, ...]
    shown: str
    options: ReadingOptions

    def read(
        self, as_text: Iterable[str] = (), notes: list[str] | None = None
    ) -> pd.DataFrame:
        """Read the table.

        Parameters
        ----------
        as_text : iterable of str, default=()
            Columns whose values are kept as they are written, if they exist.
        notes : list of str or None, default=None
            Gets one line per decision of the reader.

        Returns
        -------
        frame : pandas.DataFrame
            The table, with at least one row.
        """
        names = list(dict.fromkeys(as_text))
        notes = [] if notes is None else notes
        try:
            frame = self._read_existing(names, notes)
        except (TableError, OSError, ImportError) as error:
            message = with_options(self._in_shown_words(str(error)))
            raise UsageError(message) from error
        if frame.empty:
            raise UsageError(f"{self.shown} has no rows.")
        return frame

    def _read_existing(self, names: list[str], notes: list[str]) -> pd.DataFrame:
        """Read the table, also if some of the named columns do not exist."""
        try:
            return self._read(names, notes)
        except TableError:
            if not names:
                raise
            # Either the file is damaged, which raises again, or columns are missing.
            known = set(self._read([], []).columns)
            if known.issuperset(names):
                raise
        notes.clear()
        return self._read([name for name in names if name in known], notes)

    def _read(self, as_text: list[str], notes: list[str]) -> pd.DataFrame:
        options = self.options
        frame = read_table(
            self.paths[0] if len(self.paths) == 1 else list(self.paths),
            columns_as_text=as_text,
            separator=options.separator,
            encoding=options.encoding,
            decimal=options.decimal,
            missing=options.missing,
            notes=notes,
        )
        frame.columns = [str(name) for name in frame.columns]
        return frame

    def _in_shown_words(self, message: str) -> str:
        """Name the standard input instead of its temporary copy."""
        if self.shown == STANDARD_INPUT:
            return message.replace(self.paths[0], "the standard input")
        return message


@contextmanager
def table_file(paths: list[str], options: ReadingOptions) -> Iterator[TableFile]:
    """Give access to a table; the standard input is copied to a temporary file.

    The copy can be read twice, as a file can: once to find the columns whose values
    must be kept as they are written.
    """
    if STANDARD_INPUT not in paths:
        yield TableFile(tuple(paths), ", ".join(paths), options)
        return
    if len(paths) > 1:
        raise UsageError("- (the standard input) cannot be combined with other files.")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "standard_input"
        copy.write_bytes(sys.stdin.buffer.read())
        yield TableFile((str(copy),), STANDARD_INPUT, options)
