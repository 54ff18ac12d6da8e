"""A run on disk: written whole or not at all, and believed only for the same run."""

import os
import pickle
import tempfile
from pathlib import Path
from typing import Any

from skensemble.optim._recipe import Recipe
from skensemble.optim._state import RunState

# Raised when what is kept changes its meaning.
_FORMAT = 1


def save(path: Any, state: RunState, recipe: Recipe, n_rows: int) -> None:
    """Write a checkpoint; a crash on the way leaves the one before.

    Parameters
    ----------
    path : path-like
        The file; its folder must exist.
    state : RunState
        The run.
    recipe : Recipe
        Checked.
    n_rows : int
        Number of training rows.
    """
    path = Path(path)
    kept = {"format": _FORMAT, "recipe": recipe, "n_rows": n_rows, "state": state}
    handle, name = tempfile.mkstemp(
        dir=path.parent, prefix=f"{path.name}.", suffix=".tmp"
    )
    try:
        with os.fdopen(handle, "wb") as file:
            pickle.dump(kept, file, protocol=pickle.HIGHEST_PROTOCOL)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def load(path: Any, begun: RunState, recipe: Recipe, n_rows: int) -> RunState:
    """Read a checkpoint, and refuse that of another run.

    It is a pickle: trust it as you trust code.

    Parameters
    ----------
    path : path-like
        The file.
    begun : RunState
        The run as it would begin.
    recipe : Recipe
        Checked.
    n_rows : int
        Number of training rows.

    Returns
    -------
    state : RunState
    """
    try:
        kept = pickle.loads(Path(path).read_bytes())
        known = kept["format"] == _FORMAT
    except (
        pickle.UnpicklingError,
        EOFError,
        AttributeError,
        KeyError,
        TypeError,
    ) as error:
        raise ValueError(
            f"checkpoint={str(path)!r} cannot be read ({error!r}): it is damaged or of "
            "something else. Delete it, or give another path."
        ) from error
    if not known:
        raise ValueError(
            f"checkpoint={str(path)!r} was written by another version of skensemble. "
            "Delete it, or give another path."
        )
    found = kept["recipe"].differences(recipe) + _other_shapes(kept, begun, n_rows)
    if found:
        raise ValueError(
            f"checkpoint={str(path)!r} is of another run: {'; '.join(found)}. Run as "
            "before, give another path, or resume=False to begin anew."
        )
    return kept["state"]


def _other_shapes(kept: dict[str, Any], begun: RunState, n_rows: int) -> list[str]:
    state = kept["state"]
    pairs = [
        ("rows", kept["n_rows"], n_rows),
        ("shapes of the parameters", state.shapes, begun.shapes),
        ("type of the parameters", state.flat.dtype.name, begun.flat.dtype.name),
    ]
    return [f"{name} {was}, not {now}" for name, was, now in pairs if was != now]
