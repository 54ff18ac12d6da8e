"""The data of a fit, read and checked."""

from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import is_classifier

from skensemble.auto._class_rows import ClassRows, class_rows
from skensemble.auto._table_facts import TableFacts, find_facts
from skensemble.core import (
    Target,
    class_target,
    conversion_of_texts,
    has_too_many_classes,
    label_of,
    nearest,
    numeric_target,
    read_groups,
    read_times,
    read_weights,
    with_unit_median,
)
from skensemble.preprocessing import read_columns
from skensemble.scoring import check_scoring_kind

_MIN_ROWS = 4


@dataclass(frozen=True)
class LearningTask:
    """The data of a fit, read and checked.

    Parameters
    ----------
    X : pandas.DataFrame
        The table.
    target : Target
        The target, classes as codes.
    sample_weight : ndarray or None
        Sample weights.
    groups : ndarray or None
        Groups of the rows.
    facts : TableFacts
        Facts about the table and its target.
    times : ndarray of int or None, default=None
        Ranks of the times of the rows.
    """

    X: pd.DataFrame
    target: Target
    sample_weight: Any
    groups: Any
    facts: TableFacts
    times: Any = None

    @property
    def class_rows(self) -> ClassRows:
        """Classes of the rows, and the rows that count."""
        return class_rows(self.target, self.sample_weight)

    @property
    def group_codes(self) -> Any:
        """Codes of the groups."""
        if self.groups is None:
            return None
        return pd.factorize(self.groups)[0]


def read_task(
    estimator: Any, X: Any, y: Any, sample_weight: Any, groups: Any, time: Any = None
) -> LearningTask:
    """Read and check the data of a fit, and set what is known about the columns."""
    table = read_columns(estimator, X).reset_index(drop=True)
    target = _read_target(estimator, y, len(table))
    check_scoring_kind(estimator.scoring, target.kind)
    groups = read_groups(groups, len(table))
    times = _read_time(table, time, groups, estimator.cv)
    sample_weight = read_weights("sample_weight", sample_weight, len(table))
    if sample_weight is not None:
        sample_weight = with_unit_median(sample_weight.astype(float))
    if target.kind == "classes":
        _check_classes(target, sample_weight)
    facts = find_facts(table, target, _known_kinds(estimator.kinds, table, time))
    estimator.kinds_, estimator.dropped_ = facts.kinds, facts.dropped
    return LearningTask(table, target, sample_weight, groups, facts, times)


def _read_time(table: pd.DataFrame, time: Any, groups: Any, cv: Any) -> Any:
    """Read the times of the rows, or those in the column with this name."""
    if time is None:
        return None
    if groups is not None:
        raise ValueError(
            "time and groups cannot both be given: rows that are held out would have to "
            "be later than, and in other groups than, the rows that are fitted on. "
            "Leave one of them out, or pass such splits as cv."
        )
    if not isinstance(cv, Integral | str) or isinstance(cv, bool):
        raise ValueError(
            f"time and cv={cv!r} are two ways to split the rows; use cv='auto' or the "
            "number of forward splits. Or leave time out, sort the rows by time, and "
            "use cv=TimeSeriesSplit(...)."
        )
    if isinstance(time, str):
        time = _column(table, time)
    return read_times(time, len(table))


def _known_kinds(kinds: Any, table: pd.DataFrame, time: Any) -> Any:
    """Add the kind of a column of times that are numbers, which is no identifier."""
    if not isinstance(time, str) or not pd.api.types.is_numeric_dtype(table[time]):
        return kinds
    return {time: "numeric"} | dict(kinds or {})


def _column(table: pd.DataFrame, name: str) -> Any:
    if name not in table.columns:
        columns = [str(column) for column in table.columns]
        raise ValueError(
            f"time={name!r} is not a column of X; use the name of a column, or one time "
            f"per row.{nearest(name, columns)}"
        )
    return table[name]


def _read_target(estimator: Any, y: Any, n_rows: int) -> Target:
    target = class_target(y) if is_classifier(estimator) else numeric_target(y)
    if target.values.ndim != 1 or target.kind == "labels":
        raise ValueError(
            f"y should be a 1d array, got an array of shape {target.values.shape}; fit "
            f"one {type(estimator).__name__} per column."
        )
    if len(target.values) != n_rows:
        raise ValueError(
            "Found input variables with inconsistent numbers of samples: "
            f"[{n_rows}, {len(target.values)}]"
        )
    if n_rows < _MIN_ROWS:
        raise ValueError(
            f"Found array with n_samples={n_rows}, which is too few to hold out rows; a "
            f"minimum of {_MIN_ROWS} is required by {type(estimator).__name__}."
        )
    return target


def _check_classes(target: Target, sample_weight: Any) -> None:
    """Check that there are at least two classes, and not too many for the rows."""
    y = target.values if sample_weight is None else target.values[sample_weight > 0]
    if len(seen := np.unique(y)) < 2:
        raise ValueError(
            f"y has one class only, {label_of(target, seen[0])} (in rows with a positive "
            "weight); the rows must contain at least two classes."
        )
    n_rows, n_classes = len(target.values), target.n_classes
    if has_too_many_classes(n_classes, n_rows):
        raise ValueError(
            f"y has {n_classes} classes in {n_rows} rows, which is too many; "
            f"{_advice(target.classes.tolist())}"
        )


def _advice(labels: list[Any]) -> str:
    """Say what to do with too many classes; never what a regressor refuses."""
    if not isinstance(labels[0], str):
        return "use AutoEnsembleRegressor for a continuous target, or merge classes."
    code = conversion_of_texts(labels)
    if code is None:
        return (
            f"its labels are text, such as {labels[0]!r}: check that y is the column to "
            "predict, or merge classes."
        )
    return (
        f"its labels are text that looks like numbers, such as {labels[0]!r}: for a "
        f"continuous target convert it with {code} and use AutoEnsembleRegressor, or "
        "merge classes."
    )
