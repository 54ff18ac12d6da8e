"""From what the members say to what the bag says."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

OF_NUMBERS = ["auto", "mean", "median", "trimmed"]
OF_CLASSES = ["auto", "soft", "hard", "mean", "median", "trimmed"]
# Share of the members left out at either end by "trimmed".
TRIMMED = 0.1


@dataclass(frozen=True)
class Answer:
    """What one member says: a block, and the rows that it is about (None: all)."""

    block: Array
    rows: Array | None = None


def votes(codes: Array, n_classes: int) -> Array:
    """Turn class codes into one column a class, of zeros and ones.

    Parameters
    ----------
    codes : ndarray of int of shape (n,)
        The classes chosen.
    n_classes : int
        How many there are.

    Returns
    -------
    votes : ndarray of shape (n, n_classes)
    """
    return np.eye(n_classes)[np.asarray(codes, dtype=np.intp)]


def aggregate(answers: Iterable[Answer], how: str, n_rows: int) -> Array:
    """Combine answers row by row; a row that nobody speaks about is NaN.

    Parameters
    ----------
    answers : iterable of Answer
        One a member.
    how : {"mean", "median", "trimmed"}
        The mean, the median, or the mean without a tenth of the members at each end.
    n_rows : int
        Number of rows.

    Returns
    -------
    combined : ndarray of shape (n_rows,) or (n_rows, k)
    """
    if how == "mean":
        return _mean(answers, n_rows)
    stack = stacked(answers, n_rows)
    return _median(stack) if how == "median" else _trimmed_mean(stack, TRIMMED)


def stacked(answers: Iterable[Answer], n_rows: int) -> Array:
    """Put answers one upon another; NaN where a member says nothing.

    Parameters
    ----------
    answers : iterable of Answer
        One a member.
    n_rows : int
        Number of rows.

    Returns
    -------
    stack : ndarray of shape (n_members, n_rows) or (n_members, n_rows, k)
    """
    layers = []
    for answer in answers:
        block = np.asarray(answer.block, dtype=float)
        if answer.rows is not None:
            layer = np.full((n_rows, *block.shape[1:]), np.nan)
            layer[answer.rows] = block
            block = layer
        layers.append(block)
    return np.stack(layers)


def _mean(answers: Iterable[Answer], n_rows: int) -> Array:
    # One answer at a time, so that memory does not grow with the members.
    total, hits = None, np.zeros(n_rows, dtype=np.intp)
    for answer in answers:
        rows = slice(None) if answer.rows is None else answer.rows
        if total is None:
            total = np.zeros((n_rows, *np.shape(answer.block)[1:]))
        total[rows] += answer.block
        hits[rows] += 1
    if total is None:
        return np.full(n_rows, np.nan)
    total /= np.maximum(hits, 1).reshape(-1, *[1] * (total.ndim - 1))
    total[hits == 0] = np.nan
    return total


def _median(stack: Array) -> Array:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        return np.nanmedian(stack, axis=0)


def _trimmed_mean(stack: Array, share: float) -> Array:
    """Mean without so large a share at each end, of those that say something."""
    ordered = np.sort(stack, axis=0)  # NaN last
    counts = np.sum(~np.isnan(stack), axis=0)
    cut = (share * counts).astype(np.intp)
    place = np.arange(len(stack)).reshape(-1, *[1] * counts.ndim)
    kept = (place >= cut) & (place < counts - cut)
    total = np.sum(ordered, axis=0, where=kept)
    return np.where(counts > 0, total / np.maximum(counts - 2 * cut, 1), np.nan)
