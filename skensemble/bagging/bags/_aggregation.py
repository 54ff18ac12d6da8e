"""From the predictions of the members to the prediction of the ensemble."""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

REGRESSOR_AGGREGATIONS = ["auto", "mean", "median", "trimmed"]
CLASSIFIER_AGGREGATIONS = ["auto", "soft", "hard", "mean", "median", "trimmed"]
# Share of the members that "trimmed" leaves out at each end.
TRIMMED_SHARE = 0.1


@dataclass(frozen=True)
class MemberBlock:
    """Predictions of one member, and the rows that they are for (None: all rows)."""

    block: Array
    rows: Array | None = None


def aggregation_rule(aggregation: str) -> str:
    """Turn the parameter `aggregation` into "mean", "median" or "trimmed"."""
    if aggregation in ("auto", "soft", "hard"):
        return "mean"
    return aggregation


def votes(codes: Array, n_classes: int) -> Array:
    """Turn class codes of shape (n,) into 0/1 columns, one column per class."""
    return np.eye(n_classes)[np.asarray(codes, dtype=np.intp)]


def aggregate(
    blocks: Iterable[MemberBlock], rule: str, n_rows: int, *, n_classes: int = 0
) -> Array:
    """Combine predictions row by row; NaN for rows that no member predicts.

    Parameters
    ----------
    blocks : iterable of MemberBlock
        One block per member.
    rule : {"mean", "median", "trimmed"}
        The mean, the median, or the mean without a tenth of the members at each end.
    n_rows : int
        Number of rows of the result.
    n_classes : int, default=0
        Number of classes if the columns are probabilities; 0 otherwise.

    Returns
    -------
    combined : ndarray of shape (n_rows,) or (n_rows, k)
    """
    if rule == "mean":
        return _mean(blocks, n_rows)
    stack = stack_blocks(blocks, n_rows)
    combine = _median if rule == "median" else _trimmed_mean
    return _normalised(combine(stack)) if n_classes else combine(stack)


def stack_blocks(blocks: Iterable[MemberBlock], n_rows: int) -> Array:
    """Stack the blocks of all members along a new first axis.

    Rows that a member does not predict are NaN.
    """
    layers = []
    for member in blocks:
        block = np.asarray(member.block, dtype=float)
        if member.rows is not None:
            layer = np.full((n_rows, *block.shape[1:]), np.nan)
            layer[member.rows] = block
            block = layer
        layers.append(block)
    return np.stack(layers)


def _mean(blocks: Iterable[MemberBlock], n_rows: int) -> Array:
    # One block at a time, so that memory does not grow with the number of members.
    total, hits = None, np.zeros(n_rows, dtype=np.intp)
    for member in blocks:
        rows = slice(None) if member.rows is None else member.rows
        if total is None:
            total = np.zeros((n_rows, *np.shape(member.block)[1:]))
        total[rows] += member.block
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


def _trimmed_mean(stack: Array) -> Array:
    """Mean of each row without its lowest and highest predictions."""
    ordered = np.sort(stack, axis=0)  # NaN last
    counts = np.sum(~np.isnan(stack), axis=0)
    cut = (TRIMMED_SHARE * counts).astype(np.intp)
    rank = np.arange(len(stack)).reshape(-1, *[1] * counts.ndim)
    kept = (rank >= cut) & (rank < counts - cut)
    total = np.sum(ordered, axis=0, where=kept)
    return np.where(counts > 0, total / np.maximum(counts - 2 * cut, 1), np.nan)


def _normalised(block: Array) -> Array:
    """Scale rows to sum one, which medians of probabilities need not do."""
    total = block.sum(axis=1, keepdims=True)
    return np.where(total > 0, block / np.where(total > 0, total, 1), np.nan)
