"""Which rows a tree is grown on, where that is more than a plain bootstrap."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

Array = NDArray[Any]

ROWS, STRATIFIED, GROUPS = "rows", "stratified", "groups"
BALANCED, BALANCED_BY_WEIGHT = "balanced", "balanced_by_weight"
SAMPLINGS = (ROWS, STRATIFIED, GROUPS, BALANCED, BALANCED_BY_WEIGHT)


@dataclass(frozen=True)
class Sampler:
    """Draws the rows of a tree, with replacement, from the seed of the tree.

    Parameters
    ----------
    kind : {"stratified", "groups", "balanced", "balanced_by_weight"}
        How.
    strata : tuple of ndarray of int
        Rows of each class, or of each group.
    n_rows : int
        How many rows there are.
    share : float
        How much is drawn: of each stratum, of the smallest one, or of the groups.
    weight : ndarray of shape (n_rows,) or None
        Weights of the rows beside those that come from drawing.
    classes : ndarray of int of shape (n_rows,) or None
        Codes of the classes that are to weigh alike in every tree; None: as drawn.
    cost : ndarray of shape (n_rows,) or None
        What each row is multiplied by in the end: the weight of its class.
    """

    kind: str
    strata: tuple[Array, ...]
    n_rows: int
    share: float
    weight: Array | None
    classes: Array | None
    cost: Array | None

    def draw(self, seed: int) -> Array:
        """Draw the rows of a tree.

        Parameters
        ----------
        seed : int
            The tree's ``random_state``.

        Returns
        -------
        rows : ndarray of int
            The rows, as often as they are drawn.
        """
        if self.kind == GROUPS:
            return np.concatenate([self.strata[unit] for unit in self.units(seed)])
        random = check_random_state(seed)
        sizes = [len(rows) for rows in self.strata]
        if self.kind == BALANCED:
            sizes = [min(sizes)] * len(sizes)
        return np.concatenate(
            [
                rows[random.randint(0, len(rows), _part(size, self.share))]
                for rows, size in zip(self.strata, sizes, strict=True)
            ]
        )

    def units(self, seed: int) -> Array:
        """Draw the groups of a tree.

        Parameters
        ----------
        seed : int
            The tree's ``random_state``.

        Returns
        -------
        groups : ndarray of int
            Numbers of groups, as often as they are drawn.
        """
        count = len(self.strata)
        return check_random_state(seed).randint(0, count, _part(count, self.share))

    def weights(self, seed: int) -> Array:
        """Give every row its weight in a tree.

        Parameters
        ----------
        seed : int
            The tree's ``random_state``.

        Returns
        -------
        weights : ndarray of float of shape (n_rows,)
            Zero for rows that are not drawn.
        """
        weights = np.bincount(self.draw(seed), minlength=self.n_rows).astype(float)
        if self.weight is not None:
            weights *= self.weight
        if self.classes is not None:
            weights *= even_weights(self.classes, weights)
        return weights if self.cost is None else weights * self.cost


def even_weights(classes: Array, weights: Array) -> Array:
    """Give factors by which the classes that are there weigh alike, the sum unchanged."""
    totals = np.bincount(classes, weights=weights)
    seen = totals > 0
    even = np.zeros(len(totals))
    even[seen] = totals.sum() / (seen.sum() * totals[seen])
    return even[classes]


def strata_of(codes: Array, weight: Array | None) -> tuple[Array, ...]:
    """List the rows of each class or group; rows without weight are never drawn."""
    rows = np.arange(len(codes)) if weight is None else np.flatnonzero(weight > 0)
    rows = rows[np.argsort(codes[rows], kind="stable")]
    starts = np.flatnonzero(np.diff(codes[rows])) + 1
    return tuple(np.split(rows, starts))


def codes_of_rows(values: Array) -> Array:
    """Number the values of rows: labels, or combinations of labels."""
    axis = 0 if values.ndim == 2 else None
    return np.unique(values, axis=axis, return_inverse=True)[1].ravel()


def _part(size: int, share: float) -> int:
    return max(1, round(size * share))
