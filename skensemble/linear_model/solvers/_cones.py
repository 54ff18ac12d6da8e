"""Norms of groups as second-order cones, with the scaling of Nesterov and Todd.

The norm of the coefficients c of a group is the least t with (t, c) in the cone t >=
||c||. Its dual variable u has a norm of at most the level of the group, so (level, -u)
is in the same cone. The formulas are those of Vandenberghe, "The CVXOPT linear and
quadratic cone program solvers", 2010, sections 4 and 5.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True)
class Pair:
    """One vector (head, tail) for each cone.

    Parameters
    ----------
    head : ndarray of shape (n_cones,)
        First entries.
    tail : ndarray of shape (n_columns, k)
        Other entries; those of a cone are the rows of its group.
    """

    head: Array
    tail: Array

    def plus(self, other: "Pair", step: float = 1.0) -> "Pair":
        """This vector plus `step` times another."""
        return Pair(self.head + step * other.head, self.tail + step * other.tail)


@dataclass(frozen=True)
class Cones:
    """Second-order cones over groups of columns.

    Parameters
    ----------
    columns : ndarray of int
        Penalised columns of the design.
    group : ndarray of int
        Cone of each of these columns.
    level : ndarray of shape (n_cones,)
        Factor of the norm of each group.
    """

    columns: Array
    group: Array
    level: Array

    def dot(self, a: Array, b: Array) -> Array:
        """Inner product of tails, per cone."""
        each = (a * b).sum(axis=1)
        return np.bincount(self.group, weights=each, minlength=len(self.level))

    def spread(self, values: Array) -> Array:
        """Values of cones, for each row of their tails."""
        return values[self.group][:, None]

    def norms(self, tail: Array) -> Array:
        """Norm of each tail."""
        return np.sqrt(self.dot(tail, tail))

    def product(self, x: Pair, z: Pair) -> Pair:
        """Jordan product of two vectors."""
        head = x.head * z.head + self.dot(x.tail, z.tail)
        tail = self.spread(x.head) * z.tail + self.spread(z.head) * x.tail
        return Pair(head, tail)

    def quotient(self, x: Pair, v: Pair) -> Pair:
        """Vector whose Jordan product with x is v."""
        head = (x.head * v.head - self.dot(x.tail, v.tail)) / self.gauge(x) ** 2
        tail = (v.tail - self.spread(head) * x.tail) / self.spread(x.head)
        return Pair(head, tail)

    def gauge(self, x: Pair) -> Array:
        """Square root of head² - norm², which is zero at the boundary."""
        norm = self.norms(x.tail)
        return np.sqrt(np.maximum(x.head - norm, 1e-300) * (x.head + norm))

    def longest_step(self, x: Pair, step: Pair) -> float:
        """Multiple of a step that leads to the boundary of the first cone."""
        norm = self.norms(x.tail)
        c = (x.head - norm) * (x.head + norm)
        b = x.head * step.head - self.dot(x.tail, step.tail)
        a = step.head**2 - self.dot(step.tail, step.tail)
        square = b * b - a * c
        below = np.sqrt(np.maximum(square, 0)) - b
        meets = (square >= 0) & (below > 0)
        return float(np.min(c[meets] / below[meets], initial=np.inf))


class Scaling:
    """Symmetric matrix W of each cone, for which W z equals the inverse of W times x.

    Parameters
    ----------
    cones : Cones
        The cones.
    x, z : Pair
        Primal and dual variables inside the cones.
    """

    def __init__(self, cones: Cones, x: Pair, z: Pair) -> None:
        size_x, size_z = cones.gauge(x), cones.gauge(z)
        head_x, head_z = x.head / size_x, z.head / size_z
        tail_x = x.tail / cones.spread(size_x)
        tail_z = z.tail / cones.spread(size_z)
        cross = head_x * head_z + cones.dot(tail_x, tail_z)
        root = np.sqrt((1 + cross) / 2)
        half = 2 * root
        self._cones = cones
        self.head = (head_x + head_z) / half
        self.tail = (tail_x - tail_z) / cones.spread(half)
        self.size = np.sqrt(size_x / size_z)
        # W z, without the cancellation of the product.
        level = np.sqrt(size_x * size_z)
        share = level / (head_x + head_z + half)
        self.scaled = Pair(
            level * root,
            cones.spread(share * (root + head_z)) * tail_x
            + cones.spread(share * (root + head_x)) * tail_z,
        )
        norm = cones.norms(self.tail)
        self._unit = self.tail / cones.spread(np.where(norm > 0, norm, 1.0))
        self._shrink = 1 / (2 * self.head**2 - 1)

    def times(self, v: Pair, sign: float = 1.0) -> Pair:
        """W v, or the inverse of W times v if the sign is -1."""
        cones = self._cones
        size = self.size**sign
        along = cones.dot(self.tail, v.tail)
        head = size * (self.head * v.head + sign * along)
        share = sign * v.head + along / (1 + self.head)
        return Pair(
            head, cones.spread(size) * (v.tail + cones.spread(share) * self.tail)
        )

    def dual_step(self, tail: Array, owed: Pair) -> Array:
        """Change of u for a change of the coefficients.

        The changes dx and dz = (0, -u) of the variables satisfy dx / W² + dz = owed.
        """
        cones = self._cones
        along = cones.dot(self._unit, tail) * (1 - self._shrink)
        found = tail - cones.spread(along) * self._unit
        share = 2 * self.head * self._shrink * owed.head
        fixed = owed.tail + cones.spread(share) * self.tail
        return found / cones.spread(self.size**2) - fixed

    def top_step(self, tail: Array, owed: Pair) -> Array:
        """Change of the head of x for a change of the coefficients."""
        along = 2 * self.head * self._cones.dot(self.tail, tail)
        return (self.size**2 * owed.head + along) * self._shrink

    def curvatures(self) -> list[tuple[Array, Array]]:
        """Rows of each cone, and the inverse of the block of W² of its tail."""
        group = self._cones.group
        order = np.argsort(group, kind="stable")
        ends = np.cumsum(np.bincount(group, minlength=len(self.size)))[:-1]
        parts = np.split(order, ends) if len(self.size) else []
        return [(rows, self._curvature(g, rows)) for g, rows in enumerate(parts)]

    def _curvature(self, g: int, rows: Array) -> Array:
        # The terms along and across the direction of the tail are kept apart, because
        # they differ by many orders of magnitude at the solution.
        unit = self._unit[rows].ravel()
        along = np.outer(unit, unit)
        across = np.eye(len(unit)) - along
        return (across + self._shrink[g] * along) / self.size[g] ** 2
