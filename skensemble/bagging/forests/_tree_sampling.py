"""The rows that a tree is grown on, for samplings other than the bootstrap of rows."""

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
class TreeSampler:
    """Draws the rows of a tree, with replacement, from the seed of the tree.

    Parameters
    ----------
    kind : {"stratified", "groups", "balanced", "balanced_by_weight"}
        The sampling.
    strata : tuple of ndarray of int
        Rows of each class, or of each group.
    n_rows : int
        Number of rows.
    share : float
        The share that is drawn: of each stratum, of the smallest one, or of the groups.
    sample_weight : ndarray of shape (n_rows,) or None
        Sample weights, by which the numbers of draws are multiplied.
    equal_classes : ndarray of int of shape (n_rows,) or None
        Codes of the classes that have the same total weight in every tree; None for
        classes weighted as drawn.
    class_weight : ndarray of shape (n_rows,) or None
        Weight of the class of each row, by which its weight is multiplied in the end.
    """

    kind: str
    strata: tuple[Array, ...]
    n_rows: int
    share: float
    sample_weight: Array | None
    equal_classes: Array | None
    class_weight: Array | None

    def draw(self, seed: int) -> Array:
        """Draw the rows of a tree.

        Parameters
        ----------
        seed : int
            The tree's ``random_state``.

        Returns
        -------
        rows : ndarray of int
            The rows, with repeats.
        """
        if self.kind == GROUPS:
            return np.concatenate([self.strata[unit] for unit in self.units(seed)])
        random = check_random_state(seed)
        sizes = [len(rows) for rows in self.strata]
        if self.kind == BALANCED:
            sizes = [min(sizes)] * len(sizes)
        return np.concatenate(
            [
                rows[random.randint(0, len(rows), _count(size, self.share))]
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
            Numbers of the groups, with repeats.
        """
        count = len(self.strata)
        return check_random_state(seed).randint(0, count, _count(count, self.share))

    def weights(self, seed: int) -> Array:
        """Compute the weight of every row in a tree.

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
        if self.sample_weight is not None:
            weights *= self.sample_weight
        if self.equal_classes is not None:
            weights *= balancing_factors(self.equal_classes, weights)
        return weights if self.class_weight is None else weights * self.class_weight


def balancing_factors(classes: Array, weights: Array) -> Array:
    """Compute factors per row that equalise the total weights of the classes.

    The sum of all weights is unchanged.
    """
    totals = np.bincount(classes, weights=weights)
    present = totals > 0
    factors = np.zeros(len(totals))
    factors[present] = totals.sum() / (present.sum() * totals[present])
    return factors[classes]


def strata_of(codes: Array, weight: Array | None) -> tuple[Array, ...]:
    """List the rows of each class or group, without rows of weight zero."""
    rows = np.arange(len(codes)) if weight is None else np.flatnonzero(weight > 0)
    rows = rows[np.argsort(codes[rows], kind="stable")]
    starts = np.flatnonzero(np.diff(codes[rows])) + 1
    return tuple(np.split(rows, starts))


def codes_of_rows(values: Array) -> Array:
    """Encode the values of rows as codes: labels, or combinations of labels."""
    axis = 0 if values.ndim == 2 else None
    return np.unique(values, axis=axis, return_inverse=True)[1].ravel()


def _count(size: int, share: float) -> int:
    """Number of draws for a share, at least one."""
    return max(1, round(size * share))
