"""The training table: features, target, and the roles of its columns."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
from pandas.api import types

from skensemble.command_line._model_folder import ColumnRoles
from skensemble.command_line._row_ids import (
    RowId,
    are_measurements,
    decimal_ids,
    find_row_ids,
    is_id_name,
)
from skensemble.command_line._row_times import read_times
from skensemble.command_line._table_files import TableFile
from skensemble.command_line._target_column import TargetColumn, read_target
from skensemble.command_line._total_rows import (
    without_empty_rows,
    without_total_rows,
)
from skensemble.command_line._usage_errors import UsageError, check_known
from skensemble.command_line._warning_display import report
from skensemble.core import nearest
from skensemble.preprocessing import KINDS


@dataclass(frozen=True)
class TrainingTable:
    """The training table.

    Parameters
    ----------
    X : pandas.DataFrame
        The features, of the rows with a target.
    target : TargetColumn
        The target of these rows.
    row_ids : list of RowId
        Columns that identify rows, which are not features.
    groups, time : pandas.Series or None
        Groups and times of the rows.
    kinds : dict of str to str
        Kinds of columns that the user set.
    missing : tuple of str
        Words that were treated as missing values.
    decimal : str or None
        Decimal mark of the file, if it is known.
    """

    X: pd.DataFrame
    target: TargetColumn
    row_ids: list[RowId]
    groups: pd.Series | None
    time: pd.Series | None
    kinds: dict[str, str]
    missing: tuple[str, ...]
    decimal: str | None

    def roles(self, test_columns: Any = None) -> ColumnRoles:
        """Return the roles of the columns.

        Parameters
        ----------
        test_columns : iterable of str or None, default=None
            Columns of the table to predict: the identifier is one of them if possible.
        """
        names = [row_id.name for row_id in self.row_ids]
        if test_columns is not None:
            names = [name for name in names if name in set(test_columns)] or names
        X = self.X
        return ColumnRoles(
            target=self.target.name,
            id=names[0] if names else None,
            texts=tuple(name for name in map(str, X) if _is_text(X[name])),
            numbers=tuple(name for name in map(str, X) if _is_number(X[name])),
            missing=self.missing,
            decimal=self.decimal,
        )


def read_training_table(args: Any, file: TableFile) -> TrainingTable:
    """Read the training table of ``fit``, and print what was inferred."""
    notes: list[str] = []
    as_text = [name for name in (args.target, args.id) if name is not None]
    frame = file.read(as_text, notes)
    for note in notes:
        report(f"{file.shown}: {note}")
    _check_roles(args, file, frame)
    kinds = read_kinds(
        args.kinds, [name for name in map(str, frame) if name != args.target]
    )
    frame, totals = without_total_rows(frame, file.shown, args.target)
    no_features = {args.target, args.id, *filter(is_id_name, map(str, frame))}
    frame, empty = without_empty_rows(frame, file.shown, no_features - set(kinds))
    decimal = file.options.decimal or frame.attrs.get("decimal")
    target = read_target(frame[args.target], args.task, decimal)
    frame = frame.loc[target.values.index].drop(columns=args.target)
    frame = frame.reset_index(drop=True)
    # The rows are no longer those of the files.
    frame.attrs.pop("files", None)
    row_ids = _row_ids(args, file, frame, kinds)
    time, times = (None, []) if args.time is None else read_times(frame[args.time])
    for note in [*totals, *empty, *target.notes, *map(_describe, row_ids), *times]:
        report(note)
    X = frame.drop(columns=[row_id.name for row_id in row_ids])
    if X.shape[1] == 0:
        raise UsageError(
            f"{file.shown} has no columns to learn from besides {args.target!r}"
            + "".join(f", {row_id.name!r} (an identifier)" for row_id in row_ids)
            + "; --kinds COLUMN=numeric keeps a column as a feature."
        )
    return TrainingTable(
        X,
        target,
        row_ids,
        None if args.groups is None else frame[args.groups],
        time,
        kinds,
        file.options.missing,
        decimal,
    )


def read_kinds(given: list[str], columns: list[str]) -> dict[str, str]:
    """Read the values of ``--kinds``, and check them.

    Parameters
    ----------
    given : list of str
        Values such as "zip=category".
    columns : list of str
        Columns of the table.

    Returns
    -------
    kinds : dict of str to str
        Kind of each of these columns.
    """
    kinds = {}
    for text in given:
        column, equals, kind = text.rpartition("=")
        if not equals or not column:
            raise UsageError(
                f"--kinds {text!r} must have the form COLUMN=KIND, such as zip=category."
            )
        check_known("--kinds", column, columns, "a feature of the training table")
        if kind not in KINDS:
            raise UsageError(
                f"--kinds {text!r}: {kind!r} is not a kind; use one of {list(KINDS)}."
                + nearest(kind, list(KINDS))
            )
        kinds[column] = kind
    return kinds


def _check_roles(args: Any, file: TableFile, frame: pd.DataFrame) -> None:
    """Refuse columns that do not exist, and columns with two roles."""
    roles = {
        "--target": args.target,
        "--id": args.id,
        "--groups": args.groups,
        "--time": args.time,
    }
    for option, name in roles.items():
        if name is not None:
            check_known(option, name, frame.columns, f"a column of {file.shown}")
    for option in ("--id", "--groups", "--time"):
        if roles[option] == args.target:
            raise UsageError(
                f"{option} {args.target!r} is the target; use another column for "
                f"{option}, or omit it."
            )


def _row_ids(
    args: Any, file: TableFile, frame: pd.DataFrame, kinds: dict[str, str]
) -> list[RowId]:
    if args.id is not None:
        return [RowId(args.id, "--id", True)]
    texts = decimal_ids(frame)
    if texts:
        written = file.read([args.target, *texts]).loc[:, texts]
        names = {name for name in texts if not are_measurements(written[name])}
        # All rows decide, also those without a target.
        named = [RowId(name, "its name, and texts", True) for name in sorted(names)]
        named = [one for one in named if written[one.name].dropna().is_unique]
    else:
        named = []
    others = {args.groups, args.time, *kinds, *(one.name for one in named)}
    found = find_row_ids(frame, others - {None})
    kept = [one for one in named if one.name not in {args.groups, args.time, *kinds}]
    return sorted([*kept, *found], key=lambda one: not one.named)


def _describe(row_id: RowId) -> str:
    name = row_id.name
    keep = "" if row_id.why == "--id" else f" (--kinds {name!r}=numeric keeps it)"
    return (
        f"Identifier: {name!r} ({row_id.why}); the model does not learn from it{keep}."
    )


def _is_text(values: pd.Series) -> bool:
    return bool(types.is_string_dtype(values) or types.is_object_dtype(values))


def _is_number(values: pd.Series) -> bool:
    return bool(types.is_numeric_dtype(values) and not types.is_bool_dtype(values))
