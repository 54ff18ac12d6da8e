"""Out-of-fold data, on which combiners are fitted and with which they predict."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from skensemble.fitting import FoldFit, Split, assemble, cut_params, take_rows

Array = NDArray[Any]

_N_FOLDS = 5


@dataclass(frozen=True)
class OutOfFoldData:
    """Out-of-fold predictions of the members, and the target of the same rows.

    Parameters
    ----------
    blocks : dict of str to ndarray of shape (n,) or (n, k)
        Predictions per member.
    methods : dict of str to str
        The response method that the block of each member comes from.
    y : ndarray of shape (n,) or (n, k)
        Continuous target, codes of classes or an indicator matrix.
    X : array-like or None
        The features, if they are passed through.
    params : dict
        Fit parameters of the combiner, such as ``sample_weight``.
    kind : {"continuous", "classes", "labels"}
        Type of the target.
    n_classes : int
        Number of classes; 0 for a target that is not one class per row.
    """

    blocks: dict[str, Array]
    methods: dict[str, str]
    y: Array
    X: Any
    params: dict[str, Any]
    kind: str
    n_classes: int

    def __len__(self) -> int:
        return len(self.y)

    @property
    def weight(self) -> Array | None:
        """Sample weights, or None."""
        weight = self.params.get("sample_weight")
        return None if weight is None else np.asarray(weight, dtype=float)

    def take(self, rows: Array) -> "OutOfFoldData":
        """Select rows."""
        return replace(
            self,
            blocks={name: block[rows] for name, block in self.blocks.items()},
            y=self.y[rows],
            X=None if self.X is None else take_rows(self.X, rows),
            params=cut_params(self.params, rows, len(self.y)),
        )

    def only(self, names: list[str]) -> "OutOfFoldData":
        """Select members."""
        return replace(self, blocks={name: self.blocks[name] for name in names})

    def is_learnable(self) -> bool:
        """Whether there are two rows or more, and two classes or more."""
        y = self.y if self.weight is None else self.y[self.weight > 0]
        if len(y) < 2:
            return False
        return self.kind != "classes" or len(np.unique(y)) > 1


class Combiner(Protocol):
    """A fitted combination: predictions of the members in, one prediction out."""

    def combine(self, blocks: dict[str, Array], X: Any) -> Array:
        """Combine: probabilities, or labels, or a continuous target."""

    @property
    def method(self) -> str:
        """What `combine` returns: "predict_proba" or "predict"."""


# A combination strategy: fits a combiner on out-of-fold data.
FitCombiner = Callable[[OutOfFoldData], Combiner]


@dataclass(frozen=True)
class HeldOut:
    """Predictions of an ensemble for rows that were not used to fit it.

    Parameters
    ----------
    rows : ndarray of int
        Positions of these rows in the out-of-fold data.
    block : ndarray or None
        Predictions of these rows; None if no row could be held out.
    method : str
        The response method that the block comes from.
    parts : tuple of (rows, block)
        Rows and predictions per split.
    """

    rows: Array
    block: Array | None = None
    method: str = "predict"
    parts: tuple[tuple[Array, Array], ...] = ()

    def in_all_rows(self, rows: Array, n_rows: int) -> Array:
        """Put the predictions into an array of all rows, NaN for the others."""
        if self.block is None:
            return np.full(n_rows, np.nan)
        full = np.full((n_rows, *self.block.shape[1:]), np.nan)
        full[rows[self.rows]] = self.block
        return full


def held_out_predictions(
    fit_combiner: FitCombiner,
    oof_data: OutOfFoldData,
    splits: list[Split],
    rows: Array,
    n_rows: int,
    predict_from: OutOfFoldData | None = None,
) -> HeldOut:
    """Predict rows with combiners that were not fitted on these rows.

    Parameters
    ----------
    fit_combiner : callable
        Fits a combiner on out-of-fold data.
    oof_data : OutOfFoldData
        Out-of-fold data of the rows that the members predict.
    splits : list of Split
        The splits of the members. If they are ordered in time, there is no combiner yet
        for the first block.
    rows : ndarray of int
        The rows of the training data that `oof_data` holds.
    n_rows : int
        Number of rows of the training data.
    predict_from : OutOfFoldData or None, default=None
        The predictions that are combined; None for those of `oof_data`.

    Returns
    -------
    held_out : HeldOut
    """
    predict_from = oof_data if predict_from is None else predict_from
    position = np.full(n_rows, -1)
    position[rows] = np.arange(len(rows))
    fold_fits = []
    for split in splits:
        train, test = (_known(position[side]) for side in (split.train, split.test))
        known = oof_data.take(train)
        if len(test) and known.is_learnable():
            fold_fits.append(_fold_fit(fit_combiner(known), predict_from, train, test))
    if splits and not fold_fits:
        # A holdout: no member was fitted on these rows, so folds of them are held out.
        for test in _similar_folds(oof_data):
            train = np.setdiff1d(np.arange(len(rows)), test)
            known = oof_data.take(train)
            if known.is_learnable():
                combiner = fit_combiner(known)
                fold_fits.append(_fold_fit(combiner, predict_from, train, test))
    if not fold_fits:
        return HeldOut(np.arange(len(rows)))
    predicted = np.unique(np.concatenate([fold_fit.test for fold_fit in fold_fits]))
    block = assemble(fold_fits, len(rows), oof_data.n_classes)[predicted]
    parts = tuple((fold_fit.test, np.asarray(fold_fit.block)) for fold_fit in fold_fits)
    return HeldOut(predicted, block, fold_fits[0].method, parts)


def interleaved_folds(rows: Array) -> list[Array]:
    """Return five folds, each of every fifth row."""
    return [rows[k::_N_FOLDS] for k in range(_N_FOLDS)]


def _similar_folds(oof_data: OutOfFoldData) -> list[Array]:
    """Return five folds with similar classes or values of the target."""
    first = oof_data.y if oof_data.y.ndim == 1 else oof_data.y[:, 0]
    order = np.argsort(first, kind="stable")
    return [np.sort(fold) for fold in interleaved_folds(order) if len(fold)]


def _known(positions: Array) -> Array:
    return positions[positions >= 0]


def _fold_fit(
    combiner: Combiner, oof_data: OutOfFoldData, train: Array, test: Array
) -> FoldFit:
    start = time.perf_counter()
    held = oof_data.take(test)
    return FoldFit(
        member="ensemble",
        split="combination",
        train=train,
        test=test,
        method=combiner.method,
        present=np.arange(oof_data.n_classes) if oof_data.kind == "classes" else None,
        estimator=None,
        block=combiner.combine(held.blocks, held.X),
        fit_seconds=0.0,
        predict_seconds=time.perf_counter() - start,
    )
