"""What members said of rows whose target is known: what a combination learns from."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from skensemble.fitting._cell import FittedCell, Split
from skensemble.fitting._oof import assemble
from skensemble.fitting._runner import cut_params, take_rows

Array = NDArray[Any]

_FOLDS = 5


@dataclass(frozen=True)
class Evidence:
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

    def take(self, rows: Array) -> "Evidence":
        """Pick some of the rows."""
        return replace(
            self,
            blocks={name: block[rows] for name, block in self.blocks.items()},
            y=self.y[rows],
            X=None if self.X is None else take_rows(self.X, rows),
            params=cut_params(self.params, rows, len(self.y)),
        )

    def only(self, names: list[str]) -> "Evidence":
        """Keep some of the members."""
        return replace(self, blocks={name: self.blocks[name] for name in names})

    def teaches(self) -> bool:
        """Whether there is enough to learn from."""
        y = self.y if self.weight is None else self.y[self.weight > 0]
        if len(y) < 2:
            return False
        return self.kind != "classes" or len(np.unique(y)) > 1


class Combined(Protocol):
    """A combination that has learned: members' predictions in, one prediction out."""

    def respond(self, blocks: dict[str, Array], X: Any) -> Array:
        """Combine: probabilities where there are any, else labels or numbers."""

    @property
    def method(self) -> str:
        """What `respond` gives: "predict_proba" or "predict"."""


Learn = Callable[[Evidence], Combined]


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


def held_out(
    learn: Learn,
    evidence: Evidence,
    splits: list[Split],
    rows: Array,
    n_rows: int,
    asked: Evidence | None = None,
) -> HeldOut:
    """Predict as the ensemble, each time combined without the rows predicted.

    Parameters
    ----------
    learn : callable
        Fits the combination on evidence.
    evidence : Evidence
        Of the rows that members predict out of fold.
    splits : list of Split
        The splits of the members; with splits in order of time there is no
        combination yet for the first block.
    rows : ndarray of int
        Which rows the evidence is of.
    n_rows : int
        How many rows there are in all.
    asked : Evidence or None
        What the combination is asked with, where that is not what it learns from.

    Returns
    -------
    held : HeldOut
    """
    asked = evidence if asked is None else asked
    place = np.full(n_rows, -1)
    place[rows] = np.arange(len(rows))
    cells = []
    for split in splits:
        train, test = (_known(place[side]) for side in (split.train, split.test))
        known = evidence.take(train)
        if len(test) and known.teaches():
            cells.append(_cell(learn(known), asked, train, test))
    if splits and not cells:
        # A holdout: the members have seen none of these rows, so folds of them do.
        for test in _folds(evidence):
            train = np.setdiff1d(np.arange(len(rows)), test)
            known = evidence.take(train)
            if known.teaches():
                cells.append(_cell(learn(known), asked, train, test))
    if not cells:
        return HeldOut(np.arange(len(rows)))
    seen = np.unique(np.concatenate([cell.test for cell in cells]))
    block = assemble(cells, len(rows), evidence.n_classes)[seen]
    parts = tuple((cell.test, np.asarray(cell.block)) for cell in cells)
    return HeldOut(seen, block, cells[0].method, parts)


def _folds(evidence: Evidence) -> list[Array]:
    """Five folds in which the classes, or the sizes of numbers, are alike."""
    first = evidence.y if evidence.y.ndim == 1 else evidence.y[:, 0]
    order = np.argsort(first, kind="stable")
    return [np.sort(fold) for k in range(_FOLDS) if len(fold := order[k::_FOLDS])]


def _known(places: Array) -> Array:
    return places[places >= 0]


def _cell(
    combined: Combined, evidence: Evidence, train: Array, test: Array
) -> FittedCell:
    start = time.perf_counter()
    asked = evidence.take(test)
    return FittedCell(
        member="ensemble",
        split="combination",
        train=train,
        test=test,
        method=combined.method,
        present=np.arange(evidence.n_classes) if evidence.kind == "classes" else None,
        estimator=None,
        block=combined.respond(asked.blocks, asked.X),
        fit_seconds=0.0,
        predict_seconds=time.perf_counter() - start,
    )
