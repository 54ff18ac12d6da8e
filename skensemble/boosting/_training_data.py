"""Training rows and validation rows of a boosting model."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.core import (
    Target,
    read_groups,
    validated_weights,
    with_unit_scale,
)
from skensemble.fitting import inner_split, take_rows

Array = NDArray[Any]


@dataclass(frozen=True)
class FitArguments:
    """The arguments of one call of ``fit``, as they were given."""

    X: Any
    y: Any
    sample_weight: Any = None
    groups: Any = None
    X_val: Any = None
    y_val: Any = None
    sample_weight_val: Any = None
    monitor: Any = None


@dataclass(frozen=True)
class WeightedRows:
    """Rows with their targets (classes as codes), and weights and groups or None."""

    X: Any
    y: Array
    weight: Array | None
    groups: Any = None

    def take(self, index: Array) -> "WeightedRows":
        """Take some of the rows."""
        groups = None if self.groups is None else self.groups[index]
        weight = None if self.weight is None else self.weight[index]
        return WeightedRows(take_rows(self.X, index), self.y[index], weight, groups)


@dataclass(frozen=True)
class TrainingSplit:
    """Rows to fit on, rows to validate on or None, and positions of the former."""

    train: WeightedRows
    validation: WeightedRows | None
    train_index: Array


def weighted_rows(X: Any, y: Array, arguments: FitArguments) -> WeightedRows:
    """Check that target, weights and groups have one entry per row."""
    n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
    if n_rows != len(y):
        raise ValueError(
            "Found input variables with inconsistent numbers of samples: "
            f"[{n_rows}, {len(y)}]"
        )
    weight = validated_weights("sample_weight", arguments.sample_weight, n_rows)
    groups = read_groups(arguments.groups, n_rows)
    return WeightedRows(X, y, with_unit_scale(weight), groups)


def with_positive_weight(rows: WeightedRows) -> tuple[WeightedRows, Array]:
    """Leave out rows of weight zero; also return the positions of the others."""
    if rows.weight is None or rows.weight.min() > 0:
        return rows, np.arange(len(rows.y))
    index = np.flatnonzero(rows.weight)
    return rows.take(index), index


def training_split(
    rows: WeightedRows,
    target: Target,
    arguments: FitArguments,
    *,
    read: Callable[[Any], Any],
    early_stopping: bool,
    fraction: float,
    how: str,
    seed: int,
) -> TrainingSplit:
    """Find the validation rows: ``X_val``, or a share of the rows for early stopping.

    Parameters
    ----------
    rows : WeightedRows
        All rows to fit on.
    target : Target
        The target of the fit.
    arguments : FitArguments
        The arguments of ``fit``.
    read : callable
        ``read(X)`` validates ``X_val`` as the training data was.
    early_stopping : bool
        Whether validation rows are needed.
    fraction, how, seed : float, str and int
        See `skensemble.fitting.inner_split`.

    Returns
    -------
    split : TrainingSplit
    """
    everything = np.arange(len(rows.y))
    if arguments.X_val is not None:
        return TrainingSplit(
            rows, _given_validation(arguments, target, read), everything
        )
    if not early_stopping:
        return TrainingSplit(rows, None, everything)
    train, held_out = inner_split(
        rows.y,
        fraction=fraction,
        how=how,
        stratify=target.kind == "classes",
        groups=rows.groups,
        seed=seed,
    )
    if target.kind == "classes" and len(np.unique(rows.y[train])) < target.n_classes:
        # The first two sentences are scikit-learn's; its test-suite looks for them.
        raise ValueError(
            "The training data after the early stopping split is missing some classes. "
            f"Try using another random seed. (validation_fraction={fraction!r}, "
            f"validation={how!r}.)"
        )
    return TrainingSplit(rows.take(train), rows.take(held_out), train)


def _given_validation(
    arguments: FitArguments, target: Target, read: Callable[[Any], Any]
) -> WeightedRows:
    """Read ``X_val``, ``y_val`` and ``sample_weight_val``."""
    if arguments.y_val is None:
        raise ValueError("X_val needs y_val: give both, or neither.")
    X, y = read(arguments.X_val), np.asarray(arguments.y_val)
    if target.encoders and y.ndim == 1:
        unknown = np.setdiff1d(y, target.encoders[0].classes_).tolist()
        if unknown:
            raise ValueError(f"y_val holds {unknown}, which y does not.")
        y = target.encoders[0].transform(y)
    if len(y) != X.shape[0]:
        raise ValueError(f"X_val has {X.shape[0]} rows, y_val {len(y)}.")
    weight = validated_weights("sample_weight_val", arguments.sample_weight_val, len(y))
    return WeightedRows(X, y, weight)
