"""Groups of columns: which column is in which, however the user says it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.linear_model.penalties._contract import Columns
from skensemble.linear_model.penalties._naming import (
    as_floats,
    check_known,
    positions,
)
from skensemble.linear_model.penalties._weights import checked_weights

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Groups:
    """The group of each column.

    Parameters
    ----------
    number : ndarray of int of shape (p,)
        From 0 in the order of the first columns of the groups, none left out. So with
        each column by itself it is 0, 1, ..., p - 1.
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
        """Sum of squares of each group, over all its columns and outputs, in float64."""
        each = np.square(coef, dtype=float)
        each = each.sum(axis=1) if each.ndim == 2 else each
        return np.bincount(self.number, weights=each, minlength=len(self.sizes))

    def norms(self, coef: Array) -> Array:
        """Euclidean norm of each group, in float64."""
        return np.sqrt(self.squares(coef))

    def least(self, values: Array) -> Array:
        """Least of the values of the columns of each group."""
        found = np.full(len(self.sizes), np.inf)
        np.minimum.at(found, self.number, values)
        return found

    def shared(self, values: Any, coef: Array) -> Array:
        """The one value of each group, of values that go with coefficients."""
        wide = np.broadcast_to(values, coef.shape).reshape(self.p, -1)
        found = wide[self.first, 0]
        if np.ndim(values) and (wide != found[self.number][:, None]).any():
            raise ValueError(
                "step of prox differs within a group; take common_steps(steps), the "
                "least of each group."
            )
        return found

    def to_columns(self, values: Array, coef: Array) -> Array:
        """Values of groups in a shape and type that go with coefficients."""
        found = values.astype(np.result_type(coef, np.float32))[self.number]
        return found[:, None] if coef.ndim == 2 else found

    def only(self, index: Array) -> tuple["Groups", Array]:
        """The groups of some columns, all or none of each; and their numbers here."""
        picked = self.number[index]
        old, first, here = np.unique(picked, return_index=True, return_inverse=True)
        if (np.bincount(here) != self.sizes[old]).any():
            cut = old[np.bincount(here) != self.sizes[old]][0]
            raise ValueError(
                f"index holds some columns of group {cut} only; a penalty of groups takes "
                "all columns of a group or none (see blocks)."
            )
        order = np.argsort(first)
        return Groups(np.argsort(order)[here]), old[order]

    def __repr__(self) -> str:
        """How many groups of how many columns."""
        return f"<{len(self.sizes)} groups of {self.p} columns>"


@dataclass(frozen=True)
class _Alone:
    """Key of a column that no group lists: nobody can name it."""

    column: int


def read_groups(groups: Any, columns: Columns) -> tuple[Groups, list[Any]]:
    """Number the groups that the user gave; and the keys they are known by."""
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
    """One factor a group, in the order of their numbers, of what the user gave."""
    if isinstance(weights, Mapping):
        unknown = [key for key in weights if key not in keys]
        if unknown:
            known = [key for key in keys if not isinstance(key, _Alone)]
            raise ValueError(
                f"weights of the penalty names the groups {unknown}; there are {known}."
            )
        given: Mapping[Any, Any] = weights
    else:
        given = _in_order(weights, groups, keys)
    found = as_floats([given.get(key, 1.0) for key in keys], "weights")
    return checked_weights(found, "group")


def _in_order(weights: Any, groups: Any, keys: list[Any]) -> dict[Any, float]:
    """Factors in the order in which the user gave the groups, by key."""
    given = keys
    if isinstance(groups, Mapping):
        given = list(groups)
    elif groups is not None and _lists(groups):
        given = list(range(len(groups)))
    found = as_floats(weights, "weights")
    if found.shape != (len(given),):
        raise ValueError(
            f"weights of the penalty has shape {found.shape}, expected ({len(given)},): "
            "one factor a group, in the order of `groups`."
        )
    return dict(zip(given, found, strict=True))


def _own_groups(columns: Columns) -> list[Any]:
    """The columns of one source column together, known by its name."""
    if columns.groups is None:
        numbers, names = list(range(columns.n)), columns.names
    else:
        numbers, names = columns.groups.tolist(), columns.sources
    if names is None:
        return numbers
    name = dict(zip(numbers, names, strict=True))
    distinct = len(set(name.values())) == len(name)
    return [name[number] for number in numbers] if distinct else numbers


def _labels(groups: Any, columns: Columns) -> list[Any]:
    if isinstance(groups, str) or np.ndim(groups) != 1:
        raise ValueError(
            f"groups={groups!r} of the penalty must be one label a column, a list of "
            "lists of columns, a dict of them, or None."
        )
    _check_length(groups, columns)
    return np.asarray(groups).tolist()


def _check_length(labels: Any, columns: Columns) -> None:
    if len(labels) != columns.n:
        raise ValueError(
            f"groups of the penalty holds {len(labels)} labels, but there are "
            f"{columns.n} columns; give one label a column, or lists of columns."
        )


def _lists(groups: Any) -> bool:
    """Whether any entry holds several columns."""
    several = (list, tuple, set, frozenset, range, np.ndarray)
    return isinstance(groups, (list, tuple)) and any(
        isinstance(one, several) for one in groups
    )


def _check_lists(groups: Mapping[Any, Any]) -> None:
    """Refuse {column: label}, which would be read as {label: columns}."""
    for key, given in groups.items():
        if isinstance(given, str) or not np.iterable(given):
            raise ValueError(
                f"groups[{key!r}]={given!r} of the penalty must be a list: a dict names "
                "the columns of each group, as in {'one': ['a', 'b'], 'two': ['c']}. "
                "Labels of columns are given as a list, one label a column, in their "
                "order."
            )


def _listed(groups: dict[Any, Any], columns: Columns) -> list[Any]:
    """Key of each column, of groups that list their columns; the others are alone."""
    owner: dict[int, Any] = {}
    known = positions(columns)
    for key, given in groups.items():
        several = np.iterable(given) and not isinstance(given, str)
        members = list(given) if several else [given]
        check_known(members, known, columns, f"groups[{key!r}]")
        if not members:
            raise ValueError(f"groups[{key!r}] of the penalty holds no column.")
        for j in {j for member in members for j in known[member]}:
            if j in owner:
                name = j if columns.names is None else columns.names[j]
                raise ValueError(
                    f"groups of the penalty has column {name!r} in {owner[j]!r} and in "
                    f"{key!r}; a column is in one group only."
                )
            owner[j] = key
    return [owner.get(j, _Alone(j)) for j in range(columns.n)]
