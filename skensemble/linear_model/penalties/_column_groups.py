"""Groups of columns, read from labels, lists or a dict."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.linear_model.penalties._base import PenaltyColumns
from skensemble.linear_model.penalties._column_names import (
    as_floats,
    check_column_names,
    column_positions,
)
from skensemble.linear_model.penalties._weights import check_factors

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Groups:
    """The group of each column.

    Parameters
    ----------
    number : ndarray of int of shape (p,)
        Index of the group of each column. Groups are numbered from 0 in the order of
        their first columns, so it is 0, 1, ..., p - 1 if each column is its own group.
    """

    number: Array

    @property
    def p(self) -> int:
        """Number of columns."""
        return len(self.number)

    @cached_property
    def sizes(self) -> Array:
        """Number of columns of each group."""
        return np.bincount(self.number)

    @cached_property
    def first(self) -> Array:
        """First column of each group."""
        return np.unique(self.number, return_index=True)[1]

    def squares(self, coef: Array) -> Array:
        """Sum of squares per group, over all its columns and outputs, in float64."""
        each = np.square(coef, dtype=float)
        each = each.sum(axis=1) if each.ndim == 2 else each
        return np.bincount(self.number, weights=each, minlength=len(self.sizes))

    def norms(self, coef: Array) -> Array:
        """Euclidean norm per group, in float64."""
        return np.sqrt(self.squares(coef))

    def least(self, values: Array) -> Array:
        """Smallest value among the columns of each group."""
        found = np.full(len(self.sizes), np.inf)
        np.minimum.at(found, self.number, values)
        return found

    def shared(self, values: Any, coef: Array) -> Array:
        """One value per group, from values that broadcast to coefficients."""
        wide = np.broadcast_to(values, coef.shape).reshape(self.p, -1)
        found = wide[self.first, 0]
        if np.ndim(values) and (wide != found[self.number][:, None]).any():
            raise ValueError(
                "step of prox differs within a group; use common_steps(steps), the "
                "smallest step of each group."
            )
        return found

    def to_columns(self, values: Array, coef: Array) -> Array:
        """Values of groups per column, in the type and dimension of coefficients."""
        found = values.astype(np.result_type(coef, np.float32))[self.number]
        return found[:, None] if coef.ndim == 2 else found

    def only(self, index: Array) -> tuple["Groups", Array]:
        """Groups of some columns, all or none of each group, and their numbers here."""
        picked = self.number[index]
        old, first, here = np.unique(picked, return_index=True, return_inverse=True)
        if (np.bincount(here) != self.sizes[old]).any():
            cut = old[np.bincount(here) != self.sizes[old]][0]
            raise ValueError(
                f"index contains only some columns of group {cut}; use all columns of a "
                "group or none (see blocks)."
            )
        order = np.argsort(first)
        return Groups(np.argsort(order)[here]), old[order]

    def __repr__(self) -> str:
        """Show the numbers of groups and columns."""
        return f"<{len(self.sizes)} groups of {self.p} columns>"


@dataclass(frozen=True)
class _SingleColumn:
    """Key of a column that is in no listed group; it differs from all keys of users."""

    column: int


def read_groups(groups: Any, columns: PenaltyColumns) -> tuple[Groups, list[Any]]:
    """Return the groups, and the key of each group."""
    if isinstance(groups, Groups):
        _check_length(groups.number, columns)
        return groups, list(range(len(groups.sizes)))
    if groups is None:
        keys = _own_groups(columns)
    elif isinstance(groups, Mapping):
        _check_lists(groups)
        keys = _listed(dict(groups), columns)
    elif _lists(groups):
        keys = _listed(dict(enumerate(groups)), columns)
    else:
        keys = _labels(groups, columns)
    number: dict[Any, int] = {}
    found = [number.setdefault(key, len(number)) for key in keys]
    return Groups(np.array(found, dtype=int)), list(number)


def read_factors(weights: Any, groups: Any, keys: list[Any]) -> Array:
    """One factor per group, in the order of their numbers."""
    if isinstance(weights, Mapping):
        unknown = [key for key in weights if key not in keys]
        if unknown:
            known = [key for key in keys if not isinstance(key, _SingleColumn)]
            raise ValueError(
                f"weights of the penalty has unknown groups {unknown}; the groups are "
                f"{known}."
            )
        given: Mapping[Any, Any] = weights
    else:
        given = _in_order(weights, groups, keys)
    found = as_floats([given.get(key, 1.0) for key in keys], "weights")
    return check_factors(found, "group")


def _in_order(weights: Any, groups: Any, keys: list[Any]) -> dict[Any, float]:
    """Factors by key, of factors in the order of the `groups` parameter."""
    given = keys
    if isinstance(groups, Mapping):
        given = list(groups)
    elif groups is not None and _lists(groups):
        given = list(range(len(groups)))
    found = as_floats(weights, "weights")
    if found.shape != (len(given),):
        raise ValueError(
            f"weights of the penalty has shape {found.shape}, expected ({len(given)},): "
            "one factor per group, in the order of `groups`."
        )
    return dict(zip(given, found, strict=True))


def _own_groups(columns: PenaltyColumns) -> list[Any]:
    """Key of each column: the name, or else the index, of its source column."""
    if columns.groups is None:
        numbers, names = list(range(columns.n)), columns.names
    else:
        numbers, names = columns.groups.tolist(), columns.sources
    if names is None:
        return numbers
    name = dict(zip(numbers, names, strict=True))
    distinct = len(set(name.values())) == len(name)
    return [name[number] for number in numbers] if distinct else numbers


def _labels(groups: Any, columns: PenaltyColumns) -> list[Any]:
    if isinstance(groups, str) or np.ndim(groups) != 1:
        raise ValueError(
            f"groups={groups!r} of the penalty must be one label per column, a list of "
            "lists of columns, a dict of lists, or None."
        )
    _check_length(groups, columns)
    return np.asarray(groups).tolist()


def _check_length(labels: Any, columns: PenaltyColumns) -> None:
    if len(labels) != columns.n:
        raise ValueError(
            f"groups of the penalty has {len(labels)} labels, but there are "
            f"{columns.n} columns; use one label per column, or lists of columns."
        )


def _lists(groups: Any) -> bool:
    """Whether any entry is a collection of columns."""
    several = (list, tuple, set, frozenset, range, np.ndarray)
    return isinstance(groups, (list, tuple)) and any(
        isinstance(one, several) for one in groups
    )


def _check_lists(groups: Mapping[Any, Any]) -> None:
    """Refuse {column: label}; a dict must be {label: columns}."""
    for key, given in groups.items():
        if isinstance(given, str) or not np.iterable(given):
            raise ValueError(
                f"groups[{key!r}]={given!r} of the penalty must be a list: a dict maps "
                "each group to its columns, as in {'one': ['a', 'b'], 'two': ['c']}. To "
                "label columns, use a list with one label per column."
            )


def _listed(groups: dict[Any, Any], columns: PenaltyColumns) -> list[Any]:
    """Key of each column; columns that are in no list are groups of their own."""
    owner: dict[int, Any] = {}
    known = column_positions(columns)
    for key, given in groups.items():
        several = np.iterable(given) and not isinstance(given, str)
        members = list(given) if several else [given]
        check_column_names(members, known, columns, f"groups[{key!r}]")
        if not members:
            raise ValueError(f"groups[{key!r}] of the penalty has no columns.")
        for j in {j for member in members for j in known[member]}:
            if j in owner:
                name = j if columns.names is None else columns.names[j]
                raise ValueError(
                    f"groups of the penalty has column {name!r} in {owner[j]!r} and in "
                    f"{key!r}; each column must be in one group only."
                )
            owner[j] = key
    return [owner.get(j, _SingleColumn(j)) for j in range(columns.n)]
