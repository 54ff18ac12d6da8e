"""The folder of a fit: the model, the roles of the columns, and tables."""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd

from skensemble.command_line._output_files import write_files
from skensemble.command_line._usage_errors import UsageError
from skensemble.exceptions import ModelFileError

MODEL = "model.skensemble"
COLUMNS = "columns.json"
PREDICTIONS = "predictions.csv"
PROGRESS = "progress.csv"
EARLIER = "predictions.earlier.csv"


@dataclass(frozen=True)
class ColumnRoles:
    """The roles of the columns of the training table.

    Parameters
    ----------
    target : str
        The target.
    id : str or None
        The column that identifies rows.
    texts : tuple of str
        Features that hold text.
    numbers : tuple of str
        Features that hold numbers.
    missing : tuple of str
        Words that were treated as missing values.
    decimal : str or None
        Decimal mark of numbers in text, if it is known.
    """

    target: str
    id: str | None = None
    texts: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    decimal: str | None = None


def write_model(folder: Path, model: Any, roles: ColumnRoles, columns: Any) -> None:
    """Write the model and its tables; they replace earlier ones together."""
    from skensemble.persistence import save

    def write_roles(path: Path) -> None:
        text = json.dumps(asdict(roles), ensure_ascii=False, indent=1)
        path.write_text(text, encoding="utf8")

    board = leaderboard_table(model)
    write_files(
        folder,
        {
            MODEL: lambda path: save(model, path),
            COLUMNS: write_roles,
            "leaderboard.csv": lambda path: board.to_csv(path),
            "trials.csv": lambda path: trials_table(model).to_csv(path),
            "columns.csv": lambda path: columns.to_csv(path),
        },
    )
    (folder / PROGRESS).unlink(missing_ok=True)


def write_progress(folder: Path, members: list[tuple[str, str, str]]) -> None:
    """Write the members that were fitted so far; a full disk does not end the fit."""
    names = ["member", "folds", "score"]
    table = pd.DataFrame(members, columns=names)
    with suppress(OSError):
        write_files(folder, {PROGRESS: lambda path: table.to_csv(path, index=False)})


def keep_earlier_predictions(folder: Path) -> str | None:
    """Rename the predictions of an earlier fit, and return a note on it."""
    earlier = folder / PREDICTIONS
    if not earlier.exists():
        return None
    earlier.replace(folder / EARLIER)
    return f"Predictions of an earlier fit are now {folder / EARLIER}."


def read_model(folder: str) -> tuple[Any, ColumnRoles]:
    """Load the model of a fit, and the roles of its columns."""
    from skensemble.persistence import load

    path = Path(folder)
    if path.name == MODEL:
        path = path.parent
    for name in (MODEL, COLUMNS):
        if not (path / name).exists():
            raise UsageError(
                f"{folder} is not a folder of a fit: {path / name} is missing."
            )
    try:
        return load(path / MODEL), _read_roles(path / COLUMNS)
    except (ModelFileError, ImportError) as error:
        raise UsageError(str(error)) from error


def _read_roles(path: Path) -> ColumnRoles:
    try:
        content = json.loads(path.read_text(encoding="utf8"))
        known = {field.name for field in fields(ColumnRoles)}
        values: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value
            for key, value in content.items()
            if key in known
        }
        return ColumnRoles(**values)
    except (ValueError, TypeError, AttributeError) as error:
        raise UsageError(f"{path} is damaged: {error}.") from error


def leaderboard_table(model: Any) -> pd.DataFrame:
    """Return the leaderboard: the ensemble first, then its members, described."""
    from skensemble.auto import describe_member

    board, trials = model.leaderboard_, model.trials()
    board = board.iloc[[-1, *range(len(board) - 1)]]
    layers = trials["layer"].to_dict()
    board.insert(0, "layer", [layers.get(name, "") for name in board.index])
    weights = model.weights_.reindex(board.index[1:]).fillna(0.0)
    board.insert(2, "weight", weights.reindex(board.index))
    described = [describe_member(name) for name in board.index[1:]]
    return board.assign(model=["weighted mean of the members", *described])


def trials_table(model: Any) -> pd.DataFrame:
    """Return the members that were tried, described."""
    from skensemble.auto import describe_member

    trials = model.trials()
    return trials.assign(model=[describe_member(name) for name in trials.index])
