"""The command line: ``skensemble fit``, ``predict``, ``leaderboard``, ``explain``.

Exit codes: 0 when all went well; 2 for arguments, files and columns that cannot be used;
1 where a fit or a prediction failed.
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
_OPTIONS = {"scoring": "--metric", "time_limit": "--time-limit", "n_jobs": "--jobs"}
_IDS = ("id", "row_id", "index")
# A target with so many different numbers is one to regress on.
_MOST_CLASSES = 20


class UsageError(Exception):
    """What was asked for cannot be done: exit code 2."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str or None
        Arguments; None reads those of the process.

    Returns
    -------
    code : int
        0, or 1 where a fit failed, or 2 where it could not be begun.
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
        # Whoever reads has enough, as `head` has; what is left goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        name = type(error).__name__
        print(f"skensemble {args.command}: {name}: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="skensemble", description="A strong ensemble for a table."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    fit = commands.add_parser("fit", help="fit an ensemble to a table")
    fit.add_argument("train", help="CSV, TSV, Parquet or JSON lines, compressed or not")
    fit.add_argument("--target", required=True, help="the column to predict")
    fit.add_argument("--out", required=True, help="folder for the model and its tables")
    fit.add_argument("--test", help="a table to predict at once, without the target")
    fit.add_argument("--id", help="a column that names rows; it is not learned from")
    fit.add_argument("--task", choices=["auto", "classification", "regression"], default="auto")  # fmt: skip
    fit.add_argument("--metric", help="a scorer of scikit-learn, or rmse, mse, mae, auc, logloss")  # fmt: skip
    fit.add_argument("--time-limit", type=float, default=60, help="seconds (60)")
    fit.add_argument("--preset", default="balanced", help="balanced, best, fast, small or interpretable")  # fmt: skip
    fit.add_argument("--groups", help="a column whose equal values stay together")
    fit.add_argument("--jobs", type=int, help="cores; all by default")
    fit.add_argument("--seed", type=int, default=0, help="of all that is random (0)")
    fit.add_argument("--proba", action="store_true", help="predict probabilities")
    fit.add_argument("--quiet", action="store_true", help="no progress display")
    fit.set_defaults(run=_fit)
    predict = commands.add_parser("predict", help="predict new rows")
    predict.add_argument("model", help="folder of a fit")
    predict.add_argument("rows", help="the table of new rows")
    predict.add_argument("--out", help="CSV to write; standard output by default")
    predict.add_argument("--id", help="a column to put in front")
    predict.add_argument("--proba", action="store_true", help="probabilities")
    predict.set_defaults(run=_predict)
    for name, words in (("leaderboard", "who did how well"), ("explain", "what was tried, kept, left out, and why")):  # fmt: skip
        command = commands.add_parser(name, help=words)
        command.add_argument("model", help="folder of a fit")
        command.set_defaults(run=_show)
    return parser


def _fit(args: argparse.Namespace) -> None:
    train = _read(args.train)
    _check_columns(train, args.train, {"--target": args.target, "--id": args.id, "--groups": args.groups})  # fmt: skip
    test = None if args.test is None else _read(args.test)
    train = _with_target(train, args.target)
    y = train.pop(args.target)
    groups = None if args.groups is None else train[args.groups]
    id_ = args.id or _id_of(train, test)
    if id_ is not None:
        train = train.drop(columns=id_)
    model = _model(args, y)
    out = _folder(args.out)
    started = time.monotonic()
    model.fit(train, y, groups=groups)
    _write_model(model, out, {"target": args.target, "id": id_})
    seconds = time.monotonic() - started
    _say(
        f"{_task_of(model)}, fitted in {seconds:.0f} s. Out of fold ({model.scoring_}):"
    )
    _say(_table(model.leaderboard_))
    if test is not None:
        found = _predictions(model, test, args.target, id_, args.proba)
        found.to_csv(out / "predictions.csv", index=False)
        _say(f"Predictions: {out / 'predictions.csv'}")
    _say(f"Model: {out / MODEL}")


def _model(args: argparse.Namespace, y: pd.Series) -> Any:
    from skensemble import AutoEnsembleClassifier, AutoEnsembleRegressor

    kind: Any = (
        AutoEnsembleClassifier if _is_classes(args.task, y) else AutoEnsembleRegressor
    )
    if kind is AutoEnsembleRegressor and not pd.api.types.is_numeric_dtype(y):
        raise UsageError(
            f"--task regression: {args.target!r} does not hold numbers; turn it into "
            "numbers, or leave out --task for classes."
        )
    model = kind(
        time_limit=args.time_limit,
        scoring=args.metric,
        preset=args.preset,
        n_jobs=args.jobs,
        random_state=args.seed,
    )
    try:
        model._check_options()
    except ValueError as error:
        raise UsageError(_with_options(str(error))) from error
    if not args.quiet and sys.stderr.isatty():
        from sklearn.callback import ProgressBar

        model.set_callbacks(ProgressBar())
    return model


def _task_of(model: Any) -> str:
    classes = getattr(model, "classes_", None)
    return "Regression" if classes is None else f"{len(classes)} classes"


def _with_options(message: str) -> str:
    """Name parameters as the options that they were given by."""
    for parameter, option in _OPTIONS.items():
        message = message.replace(f"{parameter}=", f"{option} ")
    return message


def _is_classes(task: str, y: pd.Series) -> bool:
    if task != "auto":
        return task == "classification"
    if not pd.api.types.is_numeric_dtype(y) or pd.api.types.is_bool_dtype(y):
        return True
    whole = bool((y == y.round()).all())
    return whole and y.nunique() <= _MOST_CLASSES


def _with_target(train: pd.DataFrame, target: str) -> pd.DataFrame:
    missing = train[target].isna()
    if missing.all():
        raise UsageError(f"--target {target!r} is missing in every row.")
    if missing.any():
        _say(f"{int(missing.sum())} rows without a target are left out.")
    return train[~missing].reset_index(drop=True)


def _id_of(train: pd.DataFrame, test: pd.DataFrame | None) -> str | None:
    """A column called id, whose values all differ."""
    for name in train.columns:
        there = test is None or name in test.columns
        if str(name).lower() in _IDS and there and train[name].is_unique:
            return str(name)
    return None


def _predict(args: argparse.Namespace) -> None:
    model, facts = _load(args.model)
    rows = _read(args.rows)
    _check_columns(rows, args.rows, {"--id": args.id})
    id_ = args.id or (facts["id"] if facts["id"] in rows.columns else None)
    found = _predictions(model, rows, facts["target"], id_, args.proba)
    if args.out is None:
        found.to_csv(sys.stdout, index=False)
        return
    path = Path(args.out)
    if not path.parent.is_dir():
        raise UsageError(f"--out {args.out}: there is no folder {path.parent}.")
    found.to_csv(path, index=False)


def _predictions(
    model: Any, rows: pd.DataFrame, target: str, id_: str | None, proba: bool
) -> pd.DataFrame:
    """Predictions in the shape that competitions ask for: a name of the row, the value."""
    known = [name for name in model.feature_names_in_ if name not in rows.columns]
    if known:
        raise UsageError(f"the rows lack columns of the training table: {known}.")
    X = rows[list(model.feature_names_in_)]
    front = {} if id_ is None else {id_: rows[id_]}
    if not proba:
        return pd.DataFrame(front | {target: model.predict(X)})
    if not hasattr(model, "predict_proba"):
        raise UsageError("--proba is for classes; this model predicts numbers.")
    p = model.predict_proba(X)
    if p.shape[1] == 2:
        return pd.DataFrame(front | {target: p[:, 1]})
    columns = {f"{target}_{label}": p[:, k] for k, label in enumerate(model.classes_)}
    return pd.DataFrame(front | columns)


def _show(args: argparse.Namespace) -> None:
    path = Path(args.model) / f"{args.command}.csv"
    if not path.exists():
        raise UsageError(f"{args.model} is no folder of a fit: {path} is not there.")
    _say(_table(pd.read_csv(path, index_col=0)))


def _write_model(model: Any, out: Path, facts: dict[str, Any]) -> None:
    from skensemble.persistence import save

    save(model, out / MODEL)
    model.leaderboard_.to_csv(out / "leaderboard.csv")
    model.explain().to_csv(out / "explain.csv")
    (out / "columns.json").write_text(json.dumps(facts), encoding="utf8")


def _load(folder: str) -> tuple[Any, dict[str, Any]]:
    from skensemble.persistence import load

    path = Path(folder)
    if path.name == MODEL:
        path = path.parent
    if not (path / MODEL).exists():
        raise UsageError(
            f"{folder} is no folder of a fit: {path / MODEL} is not there."
        )
    facts = json.loads((path / "columns.json").read_text(encoding="utf8"))
    try:
        return load(path / MODEL), facts
    except ModelFileError as error:
        raise UsageError(str(error)) from error


def _read(path: str) -> pd.DataFrame:
    file = Path(path)
    if not file.is_file():
        raise UsageError(f"{path}: there is no such file.")
    suffixes = [suffix.lower() for suffix in file.suffixes]
    kinds = [suffix for suffix in suffixes if suffix not in _COMPRESSED]
    reader = _READERS.get(kinds[-1] if kinds else "")
    if reader is None:
        raise UsageError(
            f"{path}: the kind of file is not known; use one of {list(_READERS)}."
        )
    options: dict[str, Any] = {}
    if reader == "read_json":
        options["lines"] = True
    elif reader == "read_csv":
        options["sep"] = "," if kinds[-1] == ".csv" else "\t"
        options["low_memory"] = False
    try:
        frame: pd.DataFrame = getattr(pd, reader)(file, **options)
    except Exception as error:
        raise UsageError(f"{path} cannot be read: {error}") from error
    if frame.empty:
        raise UsageError(f"{path} has no rows.")
    return frame


def _check_columns(
    frame: pd.DataFrame, path: str, named: dict[str, str | None]
) -> None:
    for option, name in named.items():
        if name is not None and name not in frame.columns:
            raise UsageError(
                f"{option} {name!r} is no column of {path}; columns: "
                f"{list(map(str, frame.columns))}."
            )


def _folder(path: str) -> Path:
    folder = Path(path)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"--out {path} is a file; give a folder.")
    folder.mkdir(parents=True, exist_ok=True)
    # What an earlier fit predicted does not belong to this one.
    (folder / "predictions.csv").unlink(missing_ok=True)
    return folder


def _table(frame: pd.DataFrame) -> str:
    with pd.option_context("display.max_colwidth", 60):
        return frame.to_string(float_format=lambda value: f"{value:.4g}")


def _say(words: str) -> None:
    print(words)


if __name__ == "__main__":
    sys.exit(main())
