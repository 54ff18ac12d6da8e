"""The data of a fit, read and checked."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import is_classifier

from skensemble.auto._table_facts import TableFacts, find_facts
from skensemble.core import (
    Target,
    class_target,
    numeric_target,
    read_groups,
    read_weights,
    with_unit_median,
)
from skensemble.preprocessing import read_columns
from skensemble.scoring import check_scoring_kind

_MIN_ROWS = 4
# A target with more classes, and fewer rows per class, is continuous or a wrong column.
_MAX_CLASSES = 50
_MIN_ROWS_PER_CLASS = 5


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
    """

    X: pd.DataFrame
    target: Target
    sample_weight: Any
    groups: Any
    facts: TableFacts

    @property
    def group_codes(self) -> Any:
        """Codes of the groups."""
        if self.groups is None:
            return None
        return pd.factorize(self.groups)[0]


def read_task(
    estimator: Any, X: Any, y: Any, sample_weight: Any, groups: Any
) -> LearningTask:
    """Read and check the data of a fit, and store the columns at the estimator."""
    table = read_columns(estimator, X).reset_index(drop=True)
    target = _read_target(estimator, y, len(table))
    check_scoring_kind(estimator.scoring, target.kind)
    groups = read_groups(groups, len(table))
    sample_weight = read_weights("sample_weight", sample_weight, len(table))
    if sample_weight is not None:
        sample_weight = with_unit_median(sample_weight.astype(float))
    if target.kind == "classes":
        _check_classes(target, sample_weight)
    return LearningTask(table, target, sample_weight, groups, find_facts(table, target))


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
    if len(np.unique(y)) < 2:
        raise ValueError(
            "y has one class only (in rows with a positive weight); the rows must "
            "contain at least two classes."
        )
    n_rows, n_classes = len(target.values), target.n_classes
    if n_classes > max(_MAX_CLASSES, n_rows / _MIN_ROWS_PER_CLASS):
        raise ValueError(
            f"y has {n_classes} classes in {n_rows} rows, which is too many; use "
            "AutoEnsembleRegressor for a continuous target, or merge classes."
        )
