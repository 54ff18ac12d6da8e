"""Calibration of predictions: fitted maps to calibrated probabilities."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.calibration._maps import FITS, Temperature
from skensemble.core import read_weights

Array = NDArray[Any]

# Smallest probability whose logarithm is taken, as in scikit-learn's log loss.
_MIN_PROBABILITY = np.finfo(float).eps


@dataclass(frozen=True)
class Calibrator:
    """A fitted calibration of blocks of predictions.

    Parameters
    ----------
    maps : tuple
        One map for all columns (temperature of classes), or one per column; for two
        classes the map of class 1.
    kind : {"classes", "labels"}
        Type of the target.
    n_classes : int
        Number of classes; 0 for a target that is not one class per row.
    scores : bool
        Whether blocks hold decision values rather than probabilities.
    """

    maps: tuple[Callable[[Array], Array], ...]
    kind: str
    n_classes: int
    scores: bool

    def transform(self, block: Any) -> Array:
        """Calibrate predictions.

        Parameters
        ----------
        block : array-like of shape (n,) or (n, k)
            Probabilities, or decision values, as in the fit. Rows with NaN stay NaN.

        Returns
        -------
        probabilities : ndarray of shape (n, k)
        """
        block = np.asarray(block, dtype=float)
        covered = _covered(block)
        width = self.n_classes if self.kind == "classes" else len(self.maps)
        out = np.full((len(block), width), np.nan)
        inputs = _inputs(block[covered], self.kind, self.n_classes, self.scores)
        out[covered] = self._probabilities(inputs)
        return out

    def _probabilities(self, inputs: Array) -> Array:
        if self.kind == "labels":
            return _by_column(self.maps, inputs)
        if inputs.ndim == 1:
            on = np.clip(self.maps[0](inputs), 0, 1)
            return np.column_stack([1 - on, on])
        if len(self.maps) == 1:
            return _normalised(self.maps[0](inputs))
        return _normalised(_by_column(self.maps, inputs))


def fit_calibrator(
    method: str,
    block: Any,
    y: Any,
    *,
    kind: str,
    n_classes: int,
    sample_weight: Any = None,
    scores: bool = False,
) -> Calibrator:
    """Fit a calibration to predictions of rows with known target.

    Parameters
    ----------
    method : {"temperature", "sigmoid", "isotonic"}
        The map: `Temperature` for all classes at once, `Sigmoid` or `Isotonic` for each
        class against the rest, normalised to sum one. Labels have one map each.
    block : array-like of shape (n,) or (n, k)
        Out-of-fold probabilities, one column per class or label (or P(class 1) only),
        or decision values. Rows with NaN are left out.
    y : array-like of shape (n,) or (n, k)
        Codes of the classes, or an indicator matrix.
    kind : {"classes", "labels"}
        Type of the target.
    n_classes : int
        Number of classes; 0 for a target that is not one class per row.
    sample_weight : array-like of shape (n,) or None, default=None
        Sample weights; an integer weight is equivalent to that many copies of the row.
    scores : bool, default=False
        Whether the block holds decision values.

    Returns
    -------
    calibrator : Calibrator

    Raises
    ------
    ValueError
        For an unknown method, shapes that do not agree, and rows of one class only, or
        (not for "temperature") without some of the classes.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.calibration._calibrator import fit_calibrator
    >>> p = np.array([0.01, 0.01, 0.99, 0.99])  # correct for three of four rows
    >>> y = np.array([0, 1, 1, 1])
    >>> calibrator = fit_calibrator("temperature", p, y, kind="classes", n_classes=2)
    >>> calibrator.transform(p).round(2)
    array([[0.75, 0.25],
           [0.75, 0.25],
           [0.25, 0.75],
           [0.25, 0.75]])
    """
    block, y = np.asarray(block, dtype=float), np.asarray(y)
    _check(method, block, y, kind, n_classes)
    weight = _weights(sample_weight, len(y))
    used = _covered(block) & (weight > 0)
    inputs = _inputs(block[used], kind, n_classes, scores)
    y, weight = y[used], weight[used]
    if kind == "classes":
        _check_classes(method, y, n_classes)
    maps = (_label_maps if kind == "labels" else _class_maps)(method, inputs, y, weight)
    return Calibrator(maps, kind, n_classes, scores)


def cross_calibrate(
    method: str,
    block: Any,
    y: Any,
    folds: Sequence[Any],
    *,
    kind: str,
    n_classes: int,
    sample_weight: Any = None,
    scores: bool = False,
) -> Array:
    """Calibrate out-of-fold predictions, each row by a map fitted without it.

    Parameters
    ----------
    method : {"temperature", "sigmoid", "isotonic"}
        As for `fit_calibrator`.
    block : array-like of shape (n,) or (n, k)
        Out-of-fold predictions; rows that no split predicted are NaN and stay so.
    y : array-like of shape (n,) or (n, k)
        Codes of the classes, or an indicator matrix.
    folds : sequence of arrays of int
        Rows of each fold, which are calibrated by a map fitted on all others. A row in
        several folds gets the mean; a row in no fold stays NaN.
    kind : {"classes", "labels"}
        Type of the target.
    n_classes : int
        Number of classes; 0 for a target that is not one class per row.
    sample_weight : array-like of shape (n,) or None, default=None
        Sample weights.
    scores : bool, default=False
        Whether the block holds decision values.

    Returns
    -------
    probabilities : ndarray of shape (n, k)
        If the other folds lack a class, probabilities are not changed (decision values
        are mapped with temperature one).
    """
    block, y = np.asarray(block, dtype=float), np.asarray(y)
    _check(method, block, y, kind, n_classes)
    weight = _weights(sample_weight, len(y))
    options: dict[str, Any] = {
        "kind": kind,
        "n_classes": n_classes,
        "scores": scores,
    }
    width = n_classes if kind == "classes" else y.shape[1]
    total, times = np.zeros((len(y), width)), np.zeros(len(y))
    used = _covered(block) & (weight > 0)
    n_needed = _n_needed(method, y[used], n_classes)
    for fold in map(np.asarray, folds):
        others = used.copy()
        others[fold] = False
        if _can_fit(y[others], kind, n_needed):
            calibrator = fit_calibrator(
                method,
                block[others],
                y[others],
                sample_weight=weight[others],
                **options,
            )
        else:
            calibrator = _identity(width, **options)
        total[fold] += calibrator.transform(block[fold])
        times[fold] += 1
    with np.errstate(invalid="ignore"):  # a row of no fold is 0 / 0
        mean = total / times[:, None]
    return mean if kind == "labels" else _normalised(mean)


def _identity(width: int, *, kind: str, n_classes: int, scores: bool) -> Calibrator:
    one = Temperature(1.0)
    maps = (one,) * width if kind == "labels" else (one,)
    return Calibrator(maps, kind, n_classes, scores)


def _can_fit(y: Array, kind: str, n_needed: int) -> bool:
    if kind == "labels":  # a constant label has a map of its own
        return len(y) > 0
    return len(np.unique(y)) >= n_needed


def _covered(block: Array) -> Array:
    return np.asarray(~np.isnan(block.reshape(len(block), -1)).any(axis=1))


def _inputs(block: Array, kind: str, n_classes: int, scores: bool) -> Array:
    """Return one column of scores for two classes, or one per class or label.

    Probabilities become log-odds (two classes, labels) or log-probabilities.
    """
    two = kind == "classes" and n_classes == 2
    if scores:
        return block[:, 1] - block[:, 0] if two and block.ndim == 2 else block
    if two or kind == "labels":
        on = block[:, 1] if two and block.ndim == 2 else block
        off = block[:, 0] if two and block.ndim == 2 else 1 - block
        return np.log(np.maximum(on, _MIN_PROBABILITY)) - np.log(
            np.maximum(off, _MIN_PROBABILITY)
        )
    return np.log(np.maximum(block, _MIN_PROBABILITY))


def _class_maps(method: str, inputs: Array, y: Array, weight: Array) -> tuple[Any, ...]:
    fit = FITS[method]
    if inputs.ndim == 1 or method == "temperature":
        return (fit(inputs, y, weight),)
    return tuple(
        fit(column, (y == code).astype(int), weight)
        for code, column in enumerate(inputs.T)
    )


def _label_maps(method: str, inputs: Array, y: Array, weight: Array) -> tuple[Any, ...]:
    # Nothing can be fitted to a constant label: its probabilities are not changed.
    return tuple(
        FITS[method](z, on, weight) if 0 < on.sum() < len(on) else Temperature(1.0)
        for z, on in zip(inputs.T, y.T, strict=True)
    )


def _by_column(maps: tuple[Any, ...], inputs: Array) -> Array:
    columns = [each(z) for each, z in zip(maps, inputs.T, strict=True)]
    return np.clip(np.column_stack(columns), 0, 1)


def _normalised(p: Array) -> Array:
    """Normalise rows to sum one; rows of zeros become uniform."""
    total = p.sum(axis=1, keepdims=True)
    none = total == 0
    return np.where(none, 1 / p.shape[1], p / np.where(none, 1.0, total))


def _weights(sample_weight: Any, n_rows: int) -> Array:
    weight = read_weights("sample_weight", sample_weight, n_rows)
    return np.ones(n_rows) if weight is None else weight


def _check(method: Any, block: Array, y: Array, kind: str, n_classes: int) -> None:
    if not isinstance(method, str) or method not in FITS:
        raise ValueError(f"method={method!r} must be one of {list(FITS)}.")
    if kind not in ("classes", "labels"):
        raise ValueError(
            f"kind={kind!r} cannot be calibrated; only 'classes' and 'labels' can."
        )
    width = y.shape[1] if kind == "labels" and y.ndim == 2 else n_classes
    narrow = kind == "classes" and n_classes == 2 and block.ndim == 1
    if not narrow and block.shape != (len(y), width):
        raise ValueError(
            f"block has the shape {block.shape}, expected ({len(y)}, {width}): one row "
            "per entry of y and one column per class or label."
        )
    if len(block) != len(y):
        raise ValueError(
            f"block has {len(block)} rows and y {len(y)}; give the same rows."
        )


def _n_needed(method: str, y: Array, n_classes: int) -> int:
    """Return how many classes need rows: all, or those with rows for a temperature.

    A temperature is common to all classes.
    """
    return max(2, len(np.unique(y))) if method == "temperature" else n_classes


def _check_classes(method: str, y: Array, n_classes: int) -> None:
    if len(np.unique(y)) < _n_needed(method, y, n_classes):
        raise ValueError(
            f"y has only rows of the classes {np.unique(y).tolist()}, of {n_classes}; "
            "calibration needs predicted rows of every class. Use a stratified cv, or "
            "no calibration."
        )
