"""The out-of-fold predictions of all members."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skensemble.fitting._fold_fit import FoldFit

Array = NDArray[Any]


@dataclass(frozen=True, repr=False)
class OutOfFold:
    """Out-of-fold predictions of all members, labelled.

    ``oof["name"]`` holds the predictions of one member in the format of
    :func:`sklearn.model_selection.cross_val_predict`: shape (n,) for regression and
    class labels, (n, n_classes) for probabilities. Rows that several splits predict
    hold the mean of the predictions (for class labels the majority vote). Rows that no
    split predicts are NaN.

    Parameters
    ----------
    blocks : dict of str to ndarray
        Member name to predictions.
    methods : dict of str to str
        Member name to the response method used.
    classes : ndarray, list of ndarray or None
        The class labels, in the order of the columns; None for regression.
    covered : ndarray of bool of shape (n,)
        Rows that at least one split predicts.
    index : pandas.Index or None
        Row labels of the training frame.
    """

    blocks: dict[str, Array]
    methods: dict[str, str]
    classes: Any
    covered: NDArray[np.bool_]
    index: Any = None

    @property
    def members(self) -> tuple[str, ...]:
        """Names of the members."""
        return tuple(self.blocks)

    @property
    def values(self) -> Array:
        """All predictions side by side, shape (n, n_columns)."""
        return np.column_stack(list(self.blocks.values()))

    @property
    def columns(self) -> list[tuple[str, Any]]:
        """Column labels of `values`: (member, class or output)."""
        return [
            (name, label)
            for name, block in self.blocks.items()
            for label in self._labels(name, block)
        ]

    def to_frame(self) -> pd.DataFrame:
        """Convert the predictions to a DataFrame.

        Returns
        -------
        frame : pandas.DataFrame
            The columns are (member, class) if a member has several columns, and the
            names of the members otherwise. The index is that of the training frame.
        """
        columns: Any = self.columns
        if all(block.ndim == 1 for block in self.blocks.values()):
            columns = list(self.blocks)
        else:
            columns = pd.MultiIndex.from_tuples(columns, names=["member", "column"])
        return pd.DataFrame(self.values, columns=columns, index=self.index)

    def __getitem__(self, member: str) -> Array:
        if member not in self.blocks:
            raise KeyError(
                f"{member!r} is not a member; the members are {list(self.blocks)}."
            )
        return self.blocks[member]

    def __iter__(self) -> Iterator[str]:
        return iter(self.blocks)

    def __len__(self) -> int:
        return len(self.covered)

    def __repr__(self) -> str:
        return (
            f"OutOfFold({len(self)} rows, {int(self.covered.sum())} covered, "
            f"members={list(self.blocks)})"
        )

    def _labels(self, name: str, block: Array) -> list[Any]:
        if block.ndim == 1:
            return [self.methods[name]]
        single = isinstance(self.classes, np.ndarray)
        if single and len(self.classes) == block.shape[1]:
            return list(self.classes)
        return list(range(block.shape[1]))


def out_of_fold(
    fold_fits: list[FoldFit],
    *,
    n_rows: int,
    n_classes: int,
    covered: NDArray[np.bool_],
    classes: Any = None,
    index: Any = None,
) -> OutOfFold:
    """Assemble the predictions of fold fits, member by member."""
    grouped: dict[str, list[FoldFit]] = {}
    for fold_fit in fold_fits:
        grouped.setdefault(fold_fit.member, []).append(fold_fit)
    blocks = {
        name: assemble(parts, n_rows, n_classes) for name, parts in grouped.items()
    }
    methods = {name: parts[0].method for name, parts in grouped.items()}
    return OutOfFold(blocks, methods, classes, covered, index)


def assemble(parts: list[FoldFit], n_rows: int, n_classes: int) -> Array:
    """Put the held-out predictions of one member into the order of the rows."""
    blocks = [np.asarray(part.block) for part in parts]
    rows = [part.test for part in parts]
    hits = np.bincount(np.concatenate(rows), minlength=n_rows)
    labels = parts[0].method == "predict" and parts[0].present is not None
    if labels and hits.max() > 1:
        total = _majority_vote(blocks, rows, n_rows, n_classes)
    else:
        total = _mean(blocks, rows, hits)
    if (hits == 0).any():
        total = total.astype(np.result_type(total, np.float32), copy=False)
        total[hits == 0] = np.nan
    return total


def _mean(blocks: list[Array], rows: list[Array], hits: Array) -> Array:
    dtype = np.result_type(*blocks)
    if hits.max() > 1:
        dtype = np.result_type(dtype, np.float64)
    total = np.zeros((len(hits), *blocks[0].shape[1:]), dtype=dtype)
    for block, where in zip(blocks, rows, strict=True):
        np.add.at(total, where, block)
    if hits.max() > 1:
        total /= np.maximum(hits, 1).reshape(-1, *[1] * (total.ndim - 1))
    return total


def _majority_vote(
    blocks: list[Array], rows: list[Array], n_rows: int, k: int
) -> Array:
    counts = np.zeros((n_rows, k), dtype=np.intp)
    for block, where in zip(blocks, rows, strict=True):
        np.add.at(counts, (where, block), 1)
    return np.asarray(counts.argmax(axis=1))
