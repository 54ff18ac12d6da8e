"""The commands and their options."""

import argparse
from typing import Any

_DESCRIPTION = (
    """Fit an automatic ensemble to a table, and predict the rows of others."""
)
_EXAMPLES = """examples:
  skensemble fit train.csv --target price --test test.csv --time-limit 60 --out model/
  skensemble predict model/ new.csv --out predictions.csv
  skensemble leaderboard model/
"""
_FIT_EXAMPLES = """examples:
  skensemble fit train.csv --target price --test test.csv --out model/
  skensemble fit sales.csv --target sold --metric auc --proba --test new.csv --out m/
  skensemble fit 2023.csv 2024.csv --target load --time day --out m/
  skensemble fit export.csv --target Preis --decimal , --encoding cp1252 --out m/

What is inferred (separator, encoding, target, task, identifier) is printed first, one
line each. The exit code is 0 after success, 1 if the fit failed, 2 if an argument, a
file or a column cannot be used, and 130 if the fit was interrupted (Ctrl-C). After the
first Ctrl-C, the best ensemble so far is written; the second one ends the command.
"""
_METRICS = (
    "the score to optimise: rmse, mse, mae, r2, auc, logloss, accuracy, f1, or the "
    "name of another scorer or loss (default: auc for two classes, logloss for more, "
    "rmse for regression)"
)
_TABLES = (
    "CSV, TSV, JSON lines or Parquet, compressed or not; several files, a folder, or - "
    "for the standard input"
)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    from skensemble import __version__

    parser = _with_examples(argparse.ArgumentParser, _EXAMPLES)(
        prog="skensemble", description=_DESCRIPTION
    )
    parser.add_argument(
        "--version", action="version", version=f"skensemble {__version__}"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    _add_fit(commands)
    _add_predict(commands)
    for name, words in (
        ("leaderboard", "show the scores of the ensemble and of its members"),
        ("trials", "show the members that were tried, kept or left out, and why"),
        ("columns", "show the columns, how they are used, or why they are not"),
    ):
        command = commands.add_parser(name, help=words, description=words)
        command.add_argument("model", help="folder of a fit")
    return parser


def _with_examples(kind: Any, examples: str) -> Any:
    def make(*args: Any, **options: Any) -> Any:
        plain = argparse.RawDescriptionHelpFormatter
        return kind(*args, epilog=examples, formatter_class=plain, **options)

    return make


def _add_fit(commands: Any) -> None:
    fit = _with_examples(commands.add_parser, _FIT_EXAMPLES)(
        "fit", help="fit an ensemble to a table"
    )
    fit.add_argument("train", nargs="+", help=f"the training table: {_TABLES}")
    fit.add_argument("--target", required=True, help="the column to predict")
    fit.add_argument("--out", required=True, help="folder for the model and its tables")
    fit.add_argument(
        "--test", help="a table to predict after the fit; it is checked before the fit"
    )
    _add_columns(fit)
    _add_search(fit)
    _add_reading(fit)


def _add_columns(fit: Any) -> None:
    group = fit.add_argument_group("columns")
    group.add_argument(
        "--id",
        help="a column that identifies rows: not learned from, written before the "
        "predictions (default: a column named as an identifier whose values differ)",
    )
    group.add_argument(
        "--groups", help="a column of groups; rows of one group stay together in folds"
    )
    group.add_argument(
        "--time",
        help="a column of times or dates: the folds validate on later rows than they "
        "learn from",
    )
    group.add_argument(
        "--kinds",
        action="append",
        default=[],
        metavar="COLUMN=KIND",
        help="how a column is read, such as --kinds zip=category or --kinds "
        "step=numeric; repeat it for several columns",
    )


def _add_search(fit: Any) -> None:
    group = fit.add_argument_group("fit")
    group.add_argument(
        "--task",
        choices=["auto", "classification", "regression"],
        default="auto",
        help="auto: classes for text and for few whole numbers, otherwise regression "
        "(default: auto)",
    )
    group.add_argument("--metric", help=_METRICS)
    group.add_argument(
        "--time-limit", type=float, default=60, help="seconds (default: 60)"
    )
    group.add_argument(
        "--preset",
        default="balanced",
        help="balanced, best, fast, small or interpretable (default: balanced)",
    )
    group.add_argument(
        "--memory",
        metavar="FOLDER",
        help="folder that keeps each fit; the same command continues there after an "
        "interruption",
    )
    group.add_argument("--jobs", type=int, help="number of cores (default: all)")
    group.add_argument("--seed", type=int, default=0, help="random seed (default: 0)")
    group.add_argument("--proba", action="store_true", help="predict probabilities")
    group.add_argument("--quiet", action="store_true", help="no progress display")


def _add_reading(command: Any) -> None:
    group = command.add_argument_group(
        "reading of text files (default: found in the file)"
    )
    group.add_argument("--separator", help='such as , or ; or "tab"')
    group.add_argument("--encoding", help="such as utf-8, cp1252 or utf-16")
    group.add_argument("--decimal", choices=[".", ","], help="decimal point or comma")
    group.add_argument(
        "--missing",
        action="append",
        default=[],
        metavar="WORD",
        help="a word that stands for a missing value, such as --missing NA; repeat it "
        "for several words (default: only empty cells)",
    )


def _add_predict(commands: Any) -> None:
    predict = commands.add_parser("predict", help="predict new rows")
    predict.add_argument("model", help="folder, or model file, of a fit")
    predict.add_argument("rows", nargs="+", help=f"the rows to predict: {_TABLES}")
    predict.add_argument("--out", help="CSV file to write (default: standard output)")
    predict.add_argument("--id", help="a column that is written before the predictions")
    predict.add_argument("--proba", action="store_true", help="predict probabilities")
    _add_reading(predict)
