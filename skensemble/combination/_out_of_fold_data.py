"""What members said of rows whose target is known: what a combination learns from."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from skensemble.fitting import FoldFit, Split, assemble, cut_params, take_rows

Array = NDArray[Any]

_FOLDS = 5


@dataclass(frozen=True)
class OutOfFoldData:
    """Predictions of members beside the truth.

    Parameters
    ----------
    blocks : dict of str to ndarray
        Member to predictions, of shape (n,) or (n, k).
    methods : dict of str to str
        Member to what its block holds.
    y : ndarray of shape (n,) or (n, k)
        Numbers, or codes of classes.
    X : array-like or None
        The features, where they are passed through.
    params : dict
        Fit parameters of the combination, such as ``sample_weight``.
    kind : {"continuous", "classes", "labels"}
        What `y` is.
    n_classes : int
        How many classes there are.
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
        """Sample weights."""
        found = self.params.get("sample_weight")
        return None if found is None else np.asarray(found, dtype=float)

    def take(self, rows: Array) -> "OutOfFoldData":
        """Pick some of the rows."""
        return replace(
            self,
            blocks={name: block[rows] for name, block in self.blocks.items()},
            y=self.y[rows],
            X=None if self.X is None else take_rows(self.X, rows),
            params=cut_params(self.params, rows, len(self.y)),
        )

    def only(self, names: list[str]) -> "OutOfFoldData":
        """Keep some of the members."""
        return replace(self, blocks={name: self.blocks[name] for name in names})

    def is_learnable(self) -> bool:
        """Whether there is enough to learn from."""
        y = self.y if self.weight is None else self.y[self.weight > 0]
        if len(y) < 2:
            return False
        return self.kind != "classes" or len(np.unique(y)) > 1


class Combiner(Protocol):
    """A combination that has learned: members' predictions in, one prediction out."""

    def combine(self, blocks: dict[str, Array], X: Any) -> Array:
        """Combine: probabilities where there are any, else labels or numbers."""

    @property
    def method(self) -> str:
        """What `combine` gives: "predict_proba" or "predict"."""


FitCombiner = Callable[[OutOfFoldData], Combiner]


@dataclass(frozen=True)
class HeldOut:
    """What an ensemble said of rows that neither members nor combination had seen.

    Parameters
    ----------
    rows : ndarray of int
        Places in the evidence.
    block : ndarray or None
        Predictions of these rows; None where no row could be held out.
    method : str
        What the block holds.
    parts : tuple of (rows, block)
        The same, split by split.
    """

    rows: Array
    block: Array | None = None
    method: str = "predict"
    parts: tuple[tuple[Array, Array], ...] = ()


def held_out_predictions(
    learn: FitCombiner,
    oof_data: OutOfFoldData,
    splits: list[Split],
    rows: Array,
    n_rows: int,
    asked: OutOfFoldData | None = None,
) -> HeldOut:
    """Predict as the ensemble, each time combined without the rows predicted.

    Parameters
    ----------
    learn : callable
        Fits the combination on evidence.
    evidence : OutOfFoldData
        Of the rows that members predict out of fold.
    splits : list of Split
        The splits of the members; with splits in order of time there is no
        combination yet for the first block.
    rows : ndarray of int
        Which rows the evidence is of.
    n_rows : int
        How many rows there are in all.
    asked : OutOfFoldData or None
        What the combination is asked with, where that is not what it learns from.

    Returns
    -------
    held : HeldOut
    """
    asked = oof_data if asked is None else asked
    place = np.full(n_rows, -1)
    place[rows] = np.arange(len(rows))
    fold_fits = []
    for split in splits:
        train, test = (_known(place[side]) for side in (split.train, split.test))
        known = oof_data.take(train)
        if len(test) and known.is_learnable():
            fold_fits.append(_fold_fit(learn(known), asked, train, test))
    if splits and not fold_fits:
        # A holdout: the members have seen none of these rows, so folds of them do.
        for test in _folds(oof_data):
            train = np.setdiff1d(np.arange(len(rows)), test)
            known = oof_data.take(train)
            if known.is_learnable():
                fold_fits.append(_fold_fit(learn(known), asked, train, test))
    if not fold_fits:
        return HeldOut(np.arange(len(rows)))
    seen = np.unique(np.concatenate([fold_fit.test for fold_fit in fold_fits]))
    block = assemble(fold_fits, len(rows), oof_data.n_classes)[seen]
    parts = tuple((fold_fit.test, np.asarray(fold_fit.block)) for fold_fit in fold_fits)
    return HeldOut(seen, block, fold_fits[0].method, parts)


def _folds(oof_data: OutOfFoldData) -> list[Array]:
    """Five folds in which the classes, or the sizes of numbers, are alike."""
    first = oof_data.y if oof_data.y.ndim == 1 else oof_data.y[:, 0]
    order = np.argsort(first, kind="stable")
    return [np.sort(fold) for k in range(_FOLDS) if len(fold := order[k::_FOLDS])]


def _known(places: Array) -> Array:
    return places[places >= 0]


def _fold_fit(
    combined: Combiner, oof_data: OutOfFoldData, train: Array, test: Array
) -> FoldFit:
    start = time.perf_counter()
    asked = oof_data.take(test)
    return FoldFit(
        member="ensemble",
        split="combination",
        train=train,
        test=test,
        method=combined.method,
        present=np.arange(oof_data.n_classes) if oof_data.kind == "classes" else None,
        estimator=None,
        block=combined.combine(asked.blocks, asked.X),
        fit_seconds=0.0,
        predict_seconds=time.perf_counter() - start,
    )
