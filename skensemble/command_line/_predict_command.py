"""The command ``predict``."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from skensemble.command_line._model_folder import ColumnRoles, read_model
from skensemble.command_line._output_files import check_writable, write_files
from skensemble.command_line._prediction_table import (
    check_proba,
    matched_rows,
    prediction_table,
    report_unused,
)
from skensemble.command_line._table_files import (
    STANDARD_INPUT,
    ReadingOptions,
    TableFile,
    table_file,
)
from skensemble.command_line._total_rows import check_no_total_row
from skensemble.command_line._usage_errors import UsageError, check_known
from skensemble.command_line._warning_display import report


def run_predict(args: Any) -> int:
    """Predict new rows with the model of a folder."""
    out = _output_path(args.out)
    model, roles = read_model(args.model)
    if args.proba:
        check_proba(hasattr(model, "predict_proba"))
    options = ReadingOptions.of(args)
    options = like_training(options, roles)
    with table_file(args.rows, options) as file:
        id_ = args.id or roles.id
        rows = read_rows(file, roles, [id_] if id_ else [])
        _check_id(args.id, roles, rows, file)
        ids = rows.get(id_)
        X = matched_rows(rows, list(model.feature_names_in_), roles, file.shown)
        report_unused(rows, X, {roles.target, id_}, file.shown)
    found = prediction_table(model, X, ids, roles.target, args.proba)
    if out is None:
        found.to_csv(sys.stdout, index=False)
    else:
        write_files(
            out.parent, {out.name: lambda path: found.to_csv(path, index=False)}
        )
    return 0


def read_rows(file: TableFile, roles: ColumnRoles, ids: list[str]) -> pd.DataFrame:
    """Read rows to predict, and print what was inferred.

    Parameters
    ----------
    file : TableFile
        The table.
    roles : ColumnRoles
        The roles of the columns of the training table.
    ids : list of str
        Columns that may identify rows, whose values are kept as they are written.

    Returns
    -------
    rows : pandas.DataFrame
        The table. Columns that hold text in the training table hold text.
    """
    notes: list[str] = []
    rows = file.read([*roles.texts, *ids], notes)
    for note in notes:
        report(f"{file.shown}: {note}")
    check_no_total_row(rows, file.shown, roles.target)
    return rows


def _check_id(
    id_: str | None, roles: ColumnRoles, rows: pd.DataFrame, file: TableFile
) -> None:
    if id_ is None:
        return
    check_known("--id", id_, rows.columns, f"a column of {file.shown}")
    if id_ == roles.target:
        raise UsageError(
            f"--id {id_!r} is the target of the model; use another column."
        )


def like_training(options: ReadingOptions, roles: ColumnRoles) -> ReadingOptions:
    """Use the decimal mark and the words for missing values of the training table."""
    words = dict.fromkeys([*roles.missing, *options.missing])
    decimal = options.decimal or roles.decimal
    # A separator cannot be the decimal mark, too.
    decimal = None if decimal == options.separator else decimal
    return replace(options, missing=tuple(words), decimal=decimal)


def _output_path(path: str | None) -> Path | None:
    if path is None or path == STANDARD_INPUT:
        return None
    out = Path(path)
    if out.is_dir():
        raise UsageError(f"--out {path} is a folder; use a file.")
    if not out.parent.is_dir():
        raise UsageError(f"--out {path}: the folder {out.parent} does not exist.")
    check_writable(out.parent, "--out")
    return out
