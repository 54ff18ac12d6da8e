"""The command ``fit``."""

import shlex
import time
from pathlib import Path
from typing import Any

import pandas as pd

from skensemble.command_line._column_table import column_table
from skensemble.command_line._interruptions import Interruption, best_so_far
from skensemble.command_line._model_folder import (
    MODEL,
    PREDICTIONS,
    ColumnRoles,
    keep_earlier_predictions,
    leaderboard_table,
    write_model,
    write_progress,
)
from skensemble.command_line._output_files import (
    check_writable,
    output_folder,
    write_files,
)
from skensemble.command_line._predict_command import like_training, read_rows
from skensemble.command_line._prediction_table import (
    check_proba,
    matched_rows,
    prediction_table,
    report_unused,
)
from skensemble.command_line._progress import FitProgress, FitState
from skensemble.command_line._screens import make_screen
from skensemble.command_line._table_files import (
    STANDARD_INPUT,
    ReadingOptions,
    table_file,
)
from skensemble.command_line._tables_command import as_text
from skensemble.command_line._training_table import TrainingTable, read_training_table
from skensemble.command_line._usage_errors import (
    UsageError,
    as_usage_errors,
    check_known,
    with_options,
)
from skensemble.command_line._warning_display import report, shows_progress
from skensemble.core import class_target, optional
from skensemble.scoring import (
    as_prediction_scorer,
    check_scoring_kind,
    check_scoring_of_target,
)

_SHOWN = 5


def run_fit(args: Any) -> int:
    """Check everything, fit an ensemble, and write it, its tables and predictions."""
    with as_usage_errors(ImportError):
        optional("skops.io", "files")
    _check_standard_streams(args)
    options = ReadingOptions.of(args)
    with output_folder(args.out) as out, table_file(args.train, options) as file:
        train = read_training_table(args, file)
        model = _make_model(args, train)
        if args.proba:
            check_proba(train.target.is_classes)
        test, roles = _read_test(args, train, options)
    started = time.monotonic()
    with best_so_far() as interruption:
        _fit(model, train, args)
    write_model(out, model, roles, column_table(model, train))
    seconds = time.monotonic() - started
    _offer_ids(model, roles)
    written = _write_predictions(out, model, test, roles, args.proba)
    # The reader of a pipe may have ended: nothing is written after the first line.
    print(_summary(model, seconds))
    print(as_text(leaderboard_table(model)))
    print(*written, f"Model: {out / MODEL}", sep="\n")
    return _ended(interruption, args.memory)


def _check_standard_streams(args: Any) -> None:
    if args.out == STANDARD_INPUT:
        raise UsageError(
            "--out - : fit writes several files; use the name of a folder."
        )
    if STANDARD_INPUT in args.train and args.test == STANDARD_INPUT:
        raise UsageError(
            "--test - : the standard input holds the training table; use a file."
        )


def _make_model(args: Any, train: TrainingTable) -> Any:
    from skensemble import AutoEnsembleClassifier, AutoEnsembleRegressor
    from skensemble.auto import check_parameters

    classes = train.target.is_classes
    kind: Any = AutoEnsembleClassifier if classes else AutoEnsembleRegressor
    model = kind(
        time_limit=args.time_limit,
        scoring=args.metric,
        preset=args.preset,
        memory=args.memory,
        n_jobs=args.jobs,
        random_state=args.seed,
        **({"kinds": kinds} if (kinds := _kinds(train)) else {}),
    )
    with as_usage_errors(ValueError):
        check_parameters(model)
        _check_metric(args.metric, train)
    _check_memory(args.memory)
    return model


def _kinds(train: TrainingTable) -> dict[str, str]:
    """Add that a column of times in numbers is numeric, and not a row number."""
    time = train.time
    if time is None or not pd.api.types.is_numeric_dtype(train.X[time.name]):
        return train.kinds
    return {str(time.name): "numeric"} | train.kinds


def _check_metric(metric: str | None, train: TrainingTable) -> None:
    """Refuse a metric that cannot score the target."""
    if metric is None:
        return
    target = train.target
    if not target.is_classes:
        check_scoring_kind(metric, "continuous")
        scorer = as_prediction_scorer(metric, "continuous")
        check_scoring_of_target(scorer, target.values.to_numpy())
        return
    check_scoring_kind(metric, "classes")
    codes = class_target(target.values)
    scorer = as_prediction_scorer(metric, "classes", codes.n_classes, codes.classes)
    check_scoring_of_target(scorer, codes.values)


def _check_memory(memory: str | None) -> None:
    if memory is None:
        return
    folder = Path(memory)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"--memory {memory} cannot be made: {error.strerror}."
        ) from error
    check_writable(folder, "--memory")


def _read_test(
    args: Any, train: TrainingTable, options: ReadingOptions
) -> tuple[Any, ColumnRoles]:
    """Read the table to predict, and choose an identifier that it has."""
    if args.test is None:
        return None, train.roles()
    with table_file([args.test], like_training(options, train.roles())) as file:
        names = [row_id.name for row_id in train.row_ids]
        rows = read_rows(file, train.roles(), names)
        if args.id is not None:
            check_known("--id", args.id, rows.columns, f"a column of {file.shown}")
        roles = train.roles(rows.columns)
        X = matched_rows(rows, list(map(str, train.X)), roles, file.shown)
        report_unused(rows, X, {roles.target, *names}, file.shown)
    ids = rows.get(roles.id)
    return (X, ids), roles


def _fit(model: Any, train: TrainingTable, args: Any) -> None:
    """Fit the model; an error before the first fit of a member is one of the data."""
    state = FitState(args.time_limit, args.metric or "score")
    state.on_member = lambda: write_progress(Path(args.out), state.member_lines())
    screen = make_screen(quiet=args.quiet or not shows_progress())
    model.set_callbacks(FitProgress(state, screen))
    options = {"groups": train.groups, "time": train.time}
    given = {name: value for name, value in options.items() if value is not None}
    try:
        model.fit(train.X, train.target.values, **given)
    except ValueError as error:
        if state.members:
            raise
        raise UsageError(with_options(_with_columns(str(error), args))) from error
    finally:
        model.set_callbacks()


def _with_columns(message: str, args: Any) -> str:
    """Name the options and columns of groups and times at the start of a message."""
    for name in ("groups", "time"):
        if message.startswith(f"{name} "):
            column = getattr(args, name)
            return f"--{name} {column!r}{message.removeprefix(name)}"
    return message


def _write_predictions(
    out: Path, model: Any, test: Any, roles: ColumnRoles, proba: bool
) -> list[str]:
    """Write the predictions, and return what to print of them."""
    if test is None:
        note = keep_earlier_predictions(out)
        if note is not None:
            report(note)
        return []
    X, ids = test
    found: pd.DataFrame = prediction_table(model, X, ids, roles.target, proba)
    write_files(out, {PREDICTIONS: lambda path: found.to_csv(path, index=False)})
    return [f"Predictions: {out / PREDICTIONS}"]


def _offer_ids(model: Any, roles: ColumnRoles) -> None:
    """Say how an identifier that the model leaves out is written with predictions."""
    if roles.id is not None:
        return
    found = [
        str(name)
        for name, kind in model.kinds_.items()
        if kind == "identifier" and name in model.dropped_
    ]
    if found:
        names = ", ".join(map(repr, found[:_SHOWN]))
        report(
            f"The predictions have no identifier; --id {shlex.quote(found[0])} writes "
            f"it beside each prediction (found: {names})."
        )


def _summary(model: Any, seconds: float) -> str:
    classes = getattr(model, "classes_", None)
    task = "Regression" if classes is None else f"{len(classes)} classes"
    return (
        f"{task}, fitted in {seconds:.0f} s. Out-of-fold scores are "
        f"{model.scoring_} (higher is better):"
    )


def _ended(interruption: Interruption, memory: str | None) -> int:
    if interruption.exit_code:
        resume = "" if memory else " with --memory FOLDER"
        report(
            "The fit was interrupted. The ensemble of the members that were complete is "
            f"written. The same command{resume} continues the fit."
        )
    return interruption.exit_code
