"""Checkpoints of a run: written atomically, and loaded only for the same run."""

import os
import pickle
import tempfile
from pathlib import Path
from typing import Any

from skensemble.optim._recipe import Recipe
from skensemble.optim._state import RunState

# Increased when the content of a checkpoint changes.
_FORMAT = 1


def save(path: Any, state: RunState, recipe: Recipe, n_rows: int) -> None:
    """Write a checkpoint; a crash while writing leaves the previous checkpoint.

    The folder of the file must exist.
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
    """Read a checkpoint, and refuse a checkpoint of another run.

    The file is a pickle: load it only if you trust its source.

    Parameters
    ----------
    path : path-like
        The file.
    begun : RunState
        State of the same run before its first epoch.
    recipe : Recipe
        Checked recipe of the run.
    n_rows : int
        Number of training rows.

    Returns
    -------
    state : RunState
        State at the checkpoint.
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
            f"checkpoint={str(path)!r} cannot be read ({error!r}): it is damaged or not a "
            "checkpoint. Delete it, or use another path."
        ) from error
    if not known:
        raise ValueError(
            f"checkpoint={str(path)!r} was written by another version of skensemble. "
            "Delete it, or use another path."
        )
    found = kept["recipe"].differences(recipe) + _other_shapes(kept, begun, n_rows)
    if found:
        raise ValueError(
            f"checkpoint={str(path)!r} belongs to another run: {'; '.join(found)}. Use "
            "the same recipe and data, another path, or resume=False to start again."
        )
    return kept["state"]


def _other_shapes(kept: dict[str, Any], begun: RunState, n_rows: int) -> list[str]:
    state = kept["state"]
    pairs = [
        ("rows", kept["n_rows"], n_rows),
        ("shapes of the parameters", state.shapes, begun.shapes),
        ("type of the parameters", state.flat.dtype.name, begun.flat.dtype.name),
    ]
    return [f"{name}: {was}, not {now}" for name, was, now in pairs if was != now]
