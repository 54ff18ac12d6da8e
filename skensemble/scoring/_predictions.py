"""Predictions of several members for the same rows, read and checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.core import read_weights

Array = NDArray[Any]

KINDS = ("continuous", "classes", "labels")


@dataclass(frozen=True)
class MemberPredictions:
    """Predictions of several members for the same rows, and the target.

    Rows of weight zero are left out, so that weights are repetitions.

    Parameters
    ----------
    values : ndarray of shape (n_members, n) or (n_members, n, k)
        Continuous predictions, or probabilities of the classes (or labels).
    y : ndarray of shape (n,) or (n, k)
        The target; codes for classes.
    kind : {"continuous", "classes", "labels"}
        Type of the target.
    sample_weight : ndarray of shape (n,) or None
        Weights above zero.
    names : tuple
        Names of the members, or their positions.
    """

    values: Array
    y: Array
    kind: str
    sample_weight: Array | None
    names: tuple

    @property
    def n_classes(self) -> int:
        """Number of classes; 0 for a target that is not one class per row."""
        return self.values.shape[2] if self.kind == "classes" else 0

    @property
    def weight(self) -> Array:
        """Weights of the rows; ones if there are none."""
        if self.sample_weight is None:
            return np.ones(len(self.y))
        return self.sample_weight

    def one_hot_target(self) -> Array:
        """Return the target in the shape of the predictions, one-hot for classes."""
        if self.kind != "classes":
            return self.y.astype(float)
        return np.eye(self.n_classes)[self.y]

    def likelihoods(self) -> Array:
        """Return clipped probabilities of the target, shape (n_members, n or n * k).

        The bounds are those of scikit-learn's log loss.
        """
        if self.kind == "classes":
            p = self.values[:, np.arange(len(self.y)), self.y]
        else:
            p = np.where(self.y == 1, self.values, 1 - self.values)
        tiny = np.finfo(float).eps
        return np.clip(p.reshape(len(p), -1), tiny, 1 - tiny)

    def weight_of_entries(self) -> Array:
        """Return the weights of rows, repeated for every column of several outputs."""
        weight = self.weight
        if self.kind != "classes" and self.y.ndim == 2:
            return np.repeat(weight, self.y.shape[1])
        return weight


def read_predictions(
    predictions: Any,
    y: Any,
    *,
    kind: str | None,
    sample_weight: Any = None,
    regression: bool = False,
) -> MemberPredictions:
    """Read predictions in any of the shapes that `greedy_selection` takes.

    Parameters
    ----------
    predictions : array-like, list of arrays, dict of arrays, or object with `blocks`
        One array per member.
    y : array-like of shape (n,) or (n, k)
        The target.
    kind : {"continuous", "classes", "labels"} or None
        Type of the target; None to infer it.
    sample_weight : array-like of shape (n,) or None
        Weights of the rows.
    regression : bool, default=False
        Whether the scoring is a regression score; distinguishes a continuous target of
        0 and 1 from classes.

    Returns
    -------
    members : MemberPredictions
    """
    values, names = _stack(predictions)
    y = np.asarray(y)
    if y.ndim == 0 or len(y) != values.shape[1]:
        raise ValueError(
            f"predictions have {values.shape[1]} rows per member and y has the shape "
            f"{y.shape}; give predictions of the rows of y, shape (n_members, n, ...)."
        )
    weight = read_weights("sample_weight", sample_weight, len(y))
    if weight is not None and not weight.all():
        kept = weight > 0
        values, y, weight = values[:, kept], y[kept], weight[kept]
    kind = _infer(values, y, regression) if kind is None else kind
    if kind not in KINDS:
        raise ValueError(f"kind={kind!r} must be one of {list(KINDS)} or None.")
    _check_finite(values, names)
    values, y = _CHECKS[kind](values, y)
    return MemberPredictions(values, y, kind, weight, names)


def _stack(predictions: Any) -> tuple[Array, tuple]:
    blocks = getattr(predictions, "blocks", predictions)
    names = tuple(blocks) if isinstance(blocks, Mapping) else None
    if isinstance(blocks, Mapping):
        blocks = list(blocks.values())
    if len(blocks) == 0:
        raise ValueError("predictions is empty; give those of one member or more.")
    shapes = [np.shape(block) for block in blocks]
    if len(set(shapes)) > 1:
        raise ValueError(
            f"predictions have the shapes {shapes}; every member must predict the same "
            "rows and columns."
        )
    values = np.asarray(blocks, dtype=float)
    if values.ndim not in (2, 3) or 0 in values.shape:
        raise ValueError(
            f"predictions have the shape {values.shape}; expected (n_members, n) for "
            "a continuous target or (n_members, n, k) for probabilities, with one row or "
            "more."
        )
    return values, tuple(range(len(values))) if names is None else names


def _infer(values: Array, y: Array, regression: bool) -> str:
    likely = values.min() >= 0 and values.max() <= 1  # False where there is NaN
    if values.ndim == 3 and y.ndim == 1:
        return "classes"
    if y.dtype.kind == "f" or regression:
        return "continuous"
    if y.ndim == 2:
        labels = likely and y.dtype.kind in "iub" and set(np.unique(y)) <= {0, 1}
        return "labels" if labels else "continuous"
    if y.dtype.kind not in "iub":
        return "classes"
    return "classes" if likely and len(np.unique(y)) == 2 else "continuous"


def _check_finite(values: Array, names: tuple) -> None:
    if np.isfinite(values.min()) and np.isfinite(values.max()):
        return
    broken = ~np.isfinite(values).reshape(*values.shape[:2], -1)
    rows: Array = np.asarray(broken.any(axis=2)).sum(axis=1)
    member = int(np.flatnonzero(rows)[0])
    raise ValueError(
        f"predictions of member {names[member]!r} are NaN or infinite in "
        f"{rows[member]} rows; leave these rows out, or give them a sample_weight of "
        "zero."
    )


def _check_continuous(values: Array, y: Array) -> tuple[Array, Array]:
    if values.shape[1:] != y.shape:
        raise ValueError(
            f"predictions have the shape {values.shape} and y {y.shape}; a continuous "
            "target needs predictions of shape (n_members, *y.shape)."
        )
    if y.dtype.kind not in "iufb" or not np.isfinite(y).all():
        raise ValueError(
            f"y (dtype {y.dtype}) must be finite numbers for kind='continuous'; use "
            "kind='classes' for labels."
        )
    return values, y.astype(float)


def _check_classes(values: Array, y: Array) -> tuple[Array, Array]:
    if y.ndim != 1:
        raise ValueError(
            f"y has the shape {y.shape} for kind='classes'; give one class per row, or "
            "kind='labels'."
        )
    _check_probabilities(values)
    if values.ndim == 2:
        values = np.stack([1 - values, values], axis=2)
    return values, _codes(y, values.shape[2])


def _check_labels(values: Array, y: Array) -> tuple[Array, Array]:
    if values.shape[1:] != y.shape or y.ndim != 2:
        raise ValueError(
            f"predictions have the shape {values.shape} and y {y.shape}; labels need y "
            "of shape (n, k) and predictions of shape (n_members, n, k)."
        )
    if not np.isin(y, (0, 1)).all():
        raise ValueError("y must hold 0 and 1 only for kind='labels'.")
    _check_probabilities(values)
    return values, y.astype(np.intp)


_CHECKS = {
    "continuous": _check_continuous,
    "classes": _check_classes,
    "labels": _check_labels,
}


def _codes(y: Array, width: int) -> Array:
    whole = y.dtype.kind in "iub" or (y.dtype.kind == "f" and (y == np.rint(y)).all())
    if whole and y.min() >= 0 and y.max() < width:
        return y.astype(np.intp)
    classes, codes = np.unique(y, return_inverse=True)
    if len(classes) != width:
        raise ValueError(
            f"y has the classes {list(classes[:6])} and predictions have {width} "
            f"columns; give codes 0 to {width - 1}, or labels of {width} classes in "
            "the sorted order of the columns."
        )
    return codes


def _check_probabilities(values: Array) -> None:
    low, high = values.min(), values.max()
    if low < -1e-6 or high > 1 + 1e-6:
        raise ValueError(
            f"predictions range from {low:.3g} to {high:.3g}, but probabilities from 0 "
            "to 1; calibrate them first (sigmoid, isotonic), or use kind='continuous' for "
            "a continuous target."
        )
