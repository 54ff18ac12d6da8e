"""Output files that replace earlier ones when they are complete."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from skensemble.command_line._usage_errors import UsageError

# A file of this size is written before the fit, to find out whether it is possible.
_PROBE_BYTES = 1 << 20


@contextmanager
def output_folder(path: str) -> Iterator[Path]:
    """Make a folder that can be written to; a new one is removed after an error.

    Raises
    ------
    UsageError
        If the folder cannot be made, or no file can be written.
    """
    folder = Path(path)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--out {path} is a file; use a folder.")
    is_new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out {path} cannot be made: {error.strerror}.") from error
    try:
        check_writable(folder, "--out")
        yield folder
    except UsageError:
        if is_new and not any(folder.iterdir()):
            folder.rmdir()
        raise


def check_writable(folder: Path, option: str) -> None:
    """Refuse a folder in which a file of some size cannot be written."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(_PROBE_BYTES))
            file.flush()
    except OSError as error:
        free = shutil.disk_usage(folder).free / 1e6
        raise UsageError(
            f"{option} {folder} cannot be written to: {error.strerror} ({free:.0f} MB "
            "free)."
        ) from error


def write_files(folder: Path, files: dict[str, Callable[[Path], object]]) -> None:
    """Write files to temporary names, and rename all of them when they are complete.

    An error or an interruption leaves the earlier files.

    Parameters
    ----------
    folder : Path
        Where the files are.
    files : dict of str to callable
        Name of a file to a function that writes it to a given path.
    """
    with tempfile.TemporaryDirectory(prefix=".writing-", dir=folder) as temporary:
        for name, write in files.items():
            write(Path(temporary) / name)
        for name in files:
            (Path(temporary) / name).replace(folder / name)
