"""The command line: ``skensemble fit``, ``predict``, ``leaderboard``, ``trials``.

Exit codes: 0 for success; 2 for arguments, files and columns that cannot be used; 1 if
a fit or a prediction failed; 130 if it was interrupted from the keyboard.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from skensemble.exceptions import ModelFileError

MODEL = "model.skensemble"
_READERS = {
    ".csv": "read_csv",
    ".tsv": "read_csv",
    ".tab": "read_csv",
    ".parquet": "read_parquet",
    ".pq": "read_parquet",
    ".jsonl": "read_json",
    ".ndjson": "read_json",
}
_COMPRESSED = (".gz", ".bz2", ".xz", ".zip", ".zst")
# Names of options by the parameter that error messages name.
_OPTIONS = {
    "scoring": "--metric",
    "time_limit": "--time-limit",
    "n_jobs": "--jobs",
    "preset": "--preset",
}
_ID_NAMES = ("id", "row_id", "index")
# An integer target with more values is continuous.
_MAX_CLASSES = 20


class UsageError(Exception):
    """Arguments, files or columns that cannot be used: exit code 2."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str or None, default=None
        Arguments; None uses those of the process.

    Returns
    -------
    code : int
        Exit code: 0 for success, 2 for unusable arguments, 130 for an interrupt from
        the keyboard, 1 for other errors.
    """
    args = _parser().parse_args(argv)
    try:
        args.run(args)
        sys.stdout.flush()
    except UsageError as error:
        print(f"skensemble {args.command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of the pipe has ended, as `head` does: discard the rest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        name = type(error).__name__
        print(f"skensemble {args.command}: {name}: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="skensemble", description="Fit ensembles to tables."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    fit = commands.add_parser("fit", help="fit an ensemble to a table")
    fit.add_argument("train", help="CSV, TSV, Parquet or JSON lines, compressed or not")
    fit.add_argument("--target", required=True, help="the column to predict")
    fit.add_argument("--out", required=True, help="folder for the model and its tables")
    fit.add_argument(
        "--test", help="a table without the target, to predict after the fit"
    )
    fit.add_argument(
        "--id", help="a column that identifies rows; not used as a feature"
    )
    fit.add_argument("--task", choices=["auto", "classification", "regression"], default="auto")  # fmt: skip
    fit.add_argument("--metric", help="the name of a scorer of scikit-learn, or rmse, mse, mae, auc, logloss")  # fmt: skip
    fit.add_argument(
        "--time-limit", type=float, default=60, help="seconds (default: 60)"
    )
    fit.add_argument("--preset", default="balanced", help="balanced, best, fast, small or interpretable")  # fmt: skip
    fit.add_argument(
        "--groups", help="a column of groups; rows of one group stay together"
    )
    fit.add_argument("--jobs", type=int, help="number of cores (default: all)")
    fit.add_argument("--seed", type=int, default=0, help="random seed (default: 0)")
    fit.add_argument("--proba", action="store_true", help="predict probabilities")
    fit.add_argument("--quiet", action="store_true", help="no progress display")
    fit.set_defaults(run=_fit)
    predict = commands.add_parser("predict", help="predict new rows")
    predict.add_argument("model", help="folder, or model file, of a fit")
    predict.add_argument("rows", help="a table of rows to predict")
    predict.add_argument("--out", help="CSV file to write (default: standard output)")
    predict.add_argument("--id", help="a column that is written before the predictions")
    predict.add_argument("--proba", action="store_true", help="predict probabilities")
    predict.set_defaults(run=_predict)
    for name, words in (("leaderboard", "show the scores of the members"), ("trials", "show the members that were tried, kept or left out, and why")):  # fmt: skip
        command = commands.add_parser(name, help=words)
        command.add_argument("model", help="folder of a fit")
        command.set_defaults(run=_show_table)
    return parser


def _fit(args: argparse.Namespace) -> None:
    train = _read(args.train)
    _check_columns(train, args.train, {"--target": args.target, "--id": args.id, "--groups": args.groups})  # fmt: skip
    test = None if args.test is None else _read(args.test)
    train = _with_target(train, args.target)
    y = train.pop(args.target)
    groups = None if args.groups is None else train[args.groups]
    id_ = args.id or _find_id(train, test)
    if id_ is not None:
        train = train.drop(columns=id_)
    model = _make_model(args, y)
    out = _make_folder(args.out)
    started = time.monotonic()
    model.fit(train, y, groups=groups)
    _write_model(model, out, {"target": args.target, "id": id_})
    seconds = time.monotonic() - started
    score = f"Out-of-fold {model.scoring_}:"
    print(f"{_task_name(model)}, fitted in {seconds:.0f} s. {score}")
    print(_as_text(model.leaderboard_))
    if test is not None:
        found = _predictions(model, test, args.target, id_, args.proba)
        found.to_csv(out / "predictions.csv", index=False)
        print(f"Predictions: {out / 'predictions.csv'}")
    print(f"Model: {out / MODEL}")


def _make_model(args: argparse.Namespace, y: pd.Series) -> Any:
    from skensemble import AutoEnsembleClassifier, AutoEnsembleRegressor
    from skensemble.auto import check_parameters

    classes = _is_classes(args.task, y)
    estimator: Any = AutoEnsembleClassifier if classes else AutoEnsembleRegressor
    if not classes and not pd.api.types.is_numeric_dtype(y):
        raise UsageError(
            f"--task regression: the column {args.target!r} is not numeric; convert it to "
            "numbers, or omit --task for classification."
        )
    model = estimator(
        time_limit=args.time_limit,
        scoring=args.metric,
        preset=args.preset,
        n_jobs=args.jobs,
        random_state=args.seed,
    )
    try:
        check_parameters(model)
    except ValueError as error:
        raise UsageError(_with_options(str(error))) from error
    if not args.quiet and sys.stderr.isatty():
        from sklearn.callback import ProgressBar

        model.set_callbacks(ProgressBar())
    return model


def _task_name(model: Any) -> str:
    classes = getattr(model, "classes_", None)
    return "Regression" if classes is None else f"{len(classes)} classes"


def _with_options(message: str) -> str:
    """Replace the names of parameters in a message by those of the options."""
    for parameter, option in _OPTIONS.items():
        message = message.replace(f"{parameter}=", f"{option} ")
    return message


def _is_classes(task: str, y: pd.Series) -> bool:
    if task != "auto":
        return task == "classification"
    if not pd.api.types.is_numeric_dtype(y) or pd.api.types.is_bool_dtype(y):
        return True
    integers = bool((y == y.round()).all())
    return integers and y.nunique() <= _MAX_CLASSES


def _with_target(train: pd.DataFrame, target: str) -> pd.DataFrame:
    missing = train[target].isna()
    if missing.all():
        raise UsageError(f"--target {target!r}: all values of the column are missing.")
    if missing.any():
        print(f"{int(missing.sum())} rows without a target are ignored.")
    return train[~missing].reset_index(drop=True)


def _find_id(train: pd.DataFrame, test: pd.DataFrame | None) -> str | None:
    """Return the name of a column named id, or similar, with unique values."""
    for name in train.columns:
        in_test = test is None or name in test.columns
        if str(name).lower() in _ID_NAMES and in_test and train[name].is_unique:
            return str(name)
    return None


def _predict(args: argparse.Namespace) -> None:
    model, columns = _load(args.model)
    rows = _read(args.rows)
    _check_columns(rows, args.rows, {"--id": args.id})
    id_ = args.id or (columns["id"] if columns["id"] in rows.columns else None)
    found = _predictions(model, rows, columns["target"], id_, args.proba)
    if args.out is None:
        found.to_csv(sys.stdout, index=False)
        return
    path = Path(args.out)
    if not path.parent.is_dir():
        raise UsageError(f"--out {args.out}: the folder {path.parent} does not exist.")
    found.to_csv(path, index=False)


def _predictions(
    model: Any, rows: pd.DataFrame, target: str, id_: str | None, proba: bool
) -> pd.DataFrame:
    """Return the predictions after the row identifier, as a competition submission."""
    missing = [name for name in model.feature_names_in_ if name not in rows.columns]
    if missing:
        raise UsageError(f"the rows lack columns of the training table: {missing}.")
    X = rows[list(model.feature_names_in_)]
    front = {} if id_ is None else {id_: rows[id_]}
    if not proba:
        return pd.DataFrame(front | {target: model.predict(X)})
    if not hasattr(model, "predict_proba"):
        raise UsageError("--proba needs a classifier; this model is a regressor.")
    p = model.predict_proba(X)
    if p.shape[1] == 2:
        return pd.DataFrame(front | {target: p[:, 1]})
    columns = {f"{target}_{label}": p[:, k] for k, label in enumerate(model.classes_)}
    return pd.DataFrame(front | columns)


def _show_table(args: argparse.Namespace) -> None:
    path = Path(args.model) / f"{args.command}.csv"
    if not path.exists():
        raise UsageError(f"{args.model} is not a folder of a fit: {path} is missing.")
    print(_as_text(pd.read_csv(path, index_col=0)))


def _write_model(model: Any, out: Path, columns: dict[str, Any]) -> None:
    from skensemble.persistence import save

    save(model, out / MODEL)
    model.leaderboard_.to_csv(out / "leaderboard.csv")
    model.trials().to_csv(out / "trials.csv")
    (out / "columns.json").write_text(json.dumps(columns), encoding="utf8")


def _load(folder: str) -> tuple[Any, dict[str, Any]]:
    from skensemble.persistence import load

    path = Path(folder)
    if path.name == MODEL:
        path = path.parent
    if not (path / MODEL).exists():
        raise UsageError(
            f"{folder} is not a folder of a fit: {path / MODEL} is missing."
        )
    columns = json.loads((path / "columns.json").read_text(encoding="utf8"))
    try:
        return load(path / MODEL), columns
    except ModelFileError as error:
        raise UsageError(str(error)) from error


def _read(path: str) -> pd.DataFrame:
    file = Path(path)
    if not file.is_file():
        raise UsageError(f"{path}: no such file.")
    suffixes = [suffix.lower() for suffix in file.suffixes]
    types = [suffix for suffix in suffixes if suffix not in _COMPRESSED]
    reader = _READERS.get(types[-1] if types else "")
    if reader is None:
        raise UsageError(
            f"{path}: the file type is not known; use one of {list(_READERS)}."
        )
    options: dict[str, Any] = {}
    if reader == "read_json":
        options["lines"] = True
    elif reader == "read_csv":
        options["sep"] = "," if types[-1] == ".csv" else "\t"
        options["low_memory"] = False
    try:
        frame: pd.DataFrame = getattr(pd, reader)(file, **options)
    except Exception as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    if frame.empty:
        raise UsageError(f"{path} has no rows.")
    return frame


def _check_columns(
    frame: pd.DataFrame, path: str, names: dict[str, str | None]
) -> None:
    for option, name in names.items():
        if name is not None and name not in frame.columns:
            raise UsageError(
                f"{option} {name!r} is not a column of {path}; columns: "
                f"{list(map(str, frame.columns))}."
            )


def _make_folder(path: str) -> Path:
    folder = Path(path)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--out {path} is a file; use a folder.")
    folder.mkdir(parents=True, exist_ok=True)
    # Predictions of an earlier fit do not belong to this one.
    (folder / "predictions.csv").unlink(missing_ok=True)
    return folder


def _as_text(frame: pd.DataFrame) -> str:
    with pd.option_context("display.max_colwidth", 60):
        return frame.to_string(float_format=lambda value: f"{value:.4g}")


if __name__ == "__main__":
    sys.exit(main())
