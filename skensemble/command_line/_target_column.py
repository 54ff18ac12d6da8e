"""The target: numbers or labels as they are written, and the task that follows."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from skensemble.command_line._usage_errors import UsageError
from skensemble.core import conversion_of_texts
from skensemble.tables import number_column

# Whole numbers with more values are continuous, and so are those with fewer rows per
# value; two values are always classes.
_MAX_WHOLE_CLASSES = 20
_MIN_ROWS_PER_WHOLE = 3
# More labels than this need some rows each.
_MAX_CLASSES = 50
_MIN_ROWS_PER_CLASS = 5
_TIME = re.compile(
    r"\d{4}-\d{1,2}-\d{1,2}([T ].*)?|\d{1,2}[./]\d{1,2}[./]\d{2,4}( .*)?"
    r"|\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?|-?\d+ days?.*"
)
_WHOLE = re.compile(r"-?(0|[1-9]\d{0,17})")
_WHOLE_FLOAT = re.compile(r"-?(0|[1-9]\d{0,14})\.0")
# Numbers without a further check.
_PLAIN = re.compile(r"[-+]?(0|[1-9]\d*)([.,]\d+)?")
_SHOWN = 3
_N_INSPECTED = 1000


@dataclass(frozen=True)
class TargetColumn:
    """The target of the rows that have one.

    Parameters
    ----------
    name : str
        The column.
    values : pandas.Series
        Numbers for regression; otherwise labels of one type: whole numbers, truth
        values or text.
    is_classes : bool
        Whether the task is classification.
    notes : list of str
        What was inferred, and how to change it.
    """

    name: str
    values: pd.Series
    is_classes: bool
    notes: list[str]


def read_target(
    column: pd.Series, task: str = "auto", decimal: str | None = None
) -> TargetColumn:
    """Read a target, and infer the task.

    Parameters
    ----------
    column : pandas.Series
        The target, as it is written.
    task : {"auto", "classification", "regression"}, default="auto"
        The task; "auto" infers it.
    decimal : {".", ","} or None, default=None
        Decimal mark of the file, if it is known.

    Returns
    -------
    target : TargetColumn
        Its rows are those with a target; ``values.index`` names them.
    """
    name, texts = str(column.name), _as_texts(column.dropna())
    _check_values(name, texts)
    numbers, words = _numbers(texts, task, decimal)
    notes = _words_note(name, texts, words)
    if numbers is not None:
        numbers = numbers.dropna()
        texts = texts[numbers.index]
    elif task == "regression":
        raise UsageError(_not_numeric(name, texts, decimal))
    if task != "classification":
        _refuse_times(name, texts)
    if task == "auto":
        classes = numbers is None or _are_few_whole(numbers)
        notes.append(_inferred(name, texts, numbers, classes))
    else:
        classes = task == "classification"
    missing = len(column) - len(texts)
    if missing:
        notes.append(f"{_rows(missing)} without a target ({name!r}) ignored.")
    if not classes:
        notes += _decimal_note(name, texts)
        return TargetColumn(name, _finite(name, numbers), False, notes)
    labels, spellings = _labels(name, texts)
    _check_classes(name, labels, numbers is not None, decimal)
    return TargetColumn(name, labels, True, spellings + notes)


def _check_values(name: str, texts: pd.Series) -> None:
    """Refuse a target with no value, or with one."""
    if texts.empty:
        raise UsageError(f"--target {name!r}: all values of the column are missing.")
    if len(texts) == 1:
        raise UsageError(
            f"--target {name!r} has a value in one row only ({texts.iloc[0]!r}), which is "
            "too few to learn from; use a table with more rows."
        )


def _as_texts(values: pd.Series) -> pd.Series:
    if pd.api.types.is_bool_dtype(values):
        return values.map({True: "True", False: "False"}).astype(object)
    return values.astype(str).astype(object)


def _numbers(texts: pd.Series, task: str, decimal: str | None) -> tuple[Any, list[str]]:
    """Return the numbers in the texts, and words among them that mean missing.

    Among few whole numbers, a word such as "NA" is a label like the others, unless the
    task is regression. The numbers are then None.
    """
    numbers = number_column(texts, decimal=decimal)
    if numbers is None or not numbers.isna().any():
        return numbers, []
    if task == "classification" or (
        task == "auto" and _are_few_whole(numbers.dropna())
    ):
        return None, []
    return numbers, list(texts[numbers.isna()].unique())


def _rows(n_rows: int) -> str:
    return "1 row" if n_rows == 1 else f"{n_rows} rows"


def _words_note(name: str, texts: pd.Series, words: list[str]) -> list[str]:
    if not words:
        return []
    shown = ", ".join(map(repr, words))
    n_rows = int(texts.isin(words).sum())
    return [
        f"Target {name!r}: {shown} among numbers is treated as a missing value "
        f"({_rows(n_rows)})."
    ]


def _not_numeric(name: str, texts: pd.Series, decimal: str | None) -> str:
    others = _not_numbers(texts, decimal)
    few = len(others) < len(texts) / 2
    fix = "--task classification treats each value as a class"
    return (
        f"--task regression: the column {name!r} is not numeric: "
        f"{_shown_cells(others if len(others) else texts)}; "
        f"{_repair(others, few, texts)}{fix}."
    )


def _not_numbers(texts: pd.Series, decimal: str | None) -> pd.Series:
    """Return the cells that are neither numbers nor usual words for missing ones."""
    unique = texts.drop_duplicates()
    unique = unique[~unique.str.fullmatch(_PLAIN)].head(_N_INSPECTED)
    # Beside a number, a word such as "NA" counts as missing.
    bad = [
        text
        for text in unique
        if number_column(pd.Series(["1", "1", text]), decimal=decimal) is None
    ]
    return texts[texts.isin(bad)]


def _shown_cells(cells: pd.Series) -> str:
    """Show cells that are not numbers, with the numbers of their rows."""
    counts = cells.value_counts()
    shown = ", ".join(
        f"{text!r} ({_rows(n)}, {_row_numbers(cells.index[cells == text])})"
        for text, n in counts.head(_SHOWN).items()
    )
    if len(counts) == 1:
        return f"one value is not a number, {shown}"
    return f"{len(counts)} different values are not numbers, such as {shown}"


def _row_numbers(rows: pd.Index) -> str:
    shown = ", ".join(str(row + 1) for row in rows[:_SHOWN])
    numbers = "number" if len(rows) == 1 else "numbers"
    return f"{numbers} {shown}" + (", ..." if len(rows) > _SHOWN else "")


def _repair(others: pd.Series, few: bool, texts: pd.Series) -> str:
    """Say how a column becomes one of numbers, if it can."""
    if few and len(others):
        word = others.value_counts().index[0]
        return (
            f"correct these rows, or use --missing {word!r} if it stands for a missing "
            "value; "
        )
    code = conversion_of_texts(texts)
    if code is None:
        return ""
    column = f"table[{str(texts.name)!r}]"
    return (
        "the values look like numbers with other characters: write them as plain "
        f"numbers, for example with {code.replace('pd.Series(y)', column)} in pandas; "
    )


def _decimal_note(name: str, texts: pd.Series) -> list[str]:
    """Say that numbers have a decimal comma, if no decimal point reads them."""
    if not texts.str.contains(",", regex=False).any():
        return []
    if number_column(texts, decimal=".") is not None:
        return []
    return [f"Decimal comma in the target {name!r}."]


def _refuse_times(name: str, texts: pd.Series) -> None:
    sample = texts.head(100)
    if all(_TIME.fullmatch(text) for text in sample):
        raise UsageError(
            f"--target {name!r} holds dates or times, such as {sample.iloc[0]!r}, which are "
            "neither numbers nor classes. Predict a number instead: add a column of the "
            "days since a fixed date (or of seconds), and use it as --target. --task "
            "classification treats each date as a class."
        )


def _are_few_whole(numbers: pd.Series) -> bool:
    values = numbers.to_numpy(float)
    if not np.all(values == np.round(values)):
        return False
    n_values = len(np.unique(values))
    few = n_values <= _MAX_WHOLE_CLASSES
    return n_values <= 2 or (few and n_values * _MIN_ROWS_PER_WHOLE <= len(values))


def _inferred(
    name: str, texts: pd.Series, numbers: pd.Series | None, classes: bool
) -> str:
    n_values = texts.nunique()
    if not classes:
        return (
            f"Target: {name!r}, {_numbers_of(n_values)}, so the task is regression "
            "(--task classification treats each value as a class)."
        )
    shown = ", ".join(map(repr, sorted(texts.unique())[:5]))
    more = ", ..." if n_values > 5 else ""
    labels = "one label" if n_values == 1 else f"{n_values} different labels"
    other = " (--task regression predicts them as numbers)"
    return (
        f"Target: {name!r}, {labels} ({shown}{more}), so the task is "
        f"classification{other if numbers is not None else ''}."
    )


def _numbers_of(n_values: int) -> str:
    return (
        "one number in all rows" if n_values == 1 else f"{n_values} different numbers"
    )


def _finite(name: str, numbers: Any) -> pd.Series:
    values = pd.Series(numbers.to_numpy(float), numbers.index, name=name)
    if not np.isfinite(values).all():
        raise UsageError(
            f"--target {name!r} holds infinite values; replace them, or leave them empty."
        )
    return values


def _labels(name: str, texts: pd.Series) -> tuple[pd.Series, list[str]]:
    """Return labels that are printed as they are written, and notes on spellings."""
    unique = texts.unique()
    if set(unique) <= {"True", "False"}:
        return (texts == "True").rename(name), []
    if all(_WHOLE.fullmatch(text) for text in unique) and "-0" not in unique:
        return texts.astype(np.int64).rename(name), []
    if all(_WHOLE_FLOAT.fullmatch(text) for text in unique) and "-0.0" not in unique:
        return texts.astype(float).rename(name), []
    return texts.rename(name), _similar_labels(name, list(unique))


def _similar_labels(name: str, labels: list[str]) -> list[str]:
    """Name labels that differ in spaces, case or the notation of a number only."""
    spellings: dict[str, list[str]] = {}
    for label in labels:
        plain = label.strip().casefold()
        plain = re.sub(r"^(-?\d+)\.0+$", r"\1", plain)
        spellings.setdefault(plain, []).append(label)
    same = [sorted(group) for group in spellings.values() if len(group) > 1]
    if not same:
        return []
    shown = "; ".join(" and ".join(map(repr, group)) for group in same[:_SHOWN])
    return [
        f"Target {name!r} has similar labels, which are different classes: {shown}."
    ]


def _check_classes(
    name: str, labels: pd.Series, numeric: bool, decimal: str | None
) -> None:
    n_classes, n_rows = labels.nunique(), len(labels)
    if n_classes < 2:
        raise UsageError(
            f"--target {name!r} has one value only ({labels.iloc[0]!r}); there is nothing "
            "to predict. Use a target with at least two values."
        )
    if n_classes <= max(_MAX_CLASSES, n_rows / _MIN_ROWS_PER_CLASS):
        return
    shown = ", ".join(map(repr, labels.unique()[:_SHOWN].tolist()))
    what = f"--target {name!r} has {n_classes} different values in {n_rows} rows"
    if numeric:
        raise UsageError(
            f"{what}, which is too many for classes; use --task regression."
        )
    others = _not_numbers(texts := labels.astype(str), decimal)
    few = len(others) < len(texts) / 2
    repair = _repair(others, few, texts)
    if few and len(others):
        raise UsageError(
            f"{what}. Most of them are numbers, but {_shown_cells(others)}; "
            f"{repair.removesuffix('; ')}."
        )
    if repair:
        raise UsageError(f"{what}, such as {shown}; {repair.removesuffix('; ')}.")
    raise UsageError(
        f"{what}, such as {shown}. They are neither numbers nor classes that repeat; use "
        "another --target, or merge values to fewer classes in the table."
    )
