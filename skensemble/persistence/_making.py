"""From a graph of plain values to the model again."""

import json
import math
from collections.abc import Callable
from types import MethodType
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from skensemble.exceptions import ModelFileError
from skensemble.persistence._graph import (
    BYTES,
    KINDS,
    NAMED,
    Graph,
    pairs,
    without_memory,
)
from skensemble.persistence._parts import PARTS
from skensemble.persistence._resolution import resolve
from skensemble.persistence._tree_parts import check_model

SCALARS = (bool, int, float, str)


def check_graph(graph: Graph) -> None:
    """Refuse a table whose nodes are not of the known kinds.

    Parameters
    ----------
    graph : Graph
        As read from a file.

    Raises
    ------
    ModelFileError
        A node is of no known kind, or names an unknown part.
    """
    for node in graph.nodes:
        if not isinstance(node, list) or not node or node[0] not in KINDS:
            raise ModelFileError(f"The file is damaged: {str(node)[:60]} is no node.")
        if node[0] in (*NAMED, "part") and not isinstance(node[1], str):
            raise ModelFileError(
                f"The file is damaged: {str(node[1])[:60]} is no name."
            )
    unknown = [name for name in graph.parts() if name not in PARTS]
    if unknown:
        raise ModelFileError(
            f"The file holds {', '.join(unknown)}, which this version of skensemble "
            "does not know how to make; update skensemble."
        )


def make_again(graph: Graph) -> Any:
    """Make the model of a graph, whose names have been checked before.

    Parameters
    ----------
    graph : Graph
        As read from a file.

    Returns
    -------
    model : object
    """
    walk = Making(graph)
    model = walk.value(graph.root)
    for made in walk.objects:
        check_model(made)
    return model


class Making:
    """One pass over a graph; every node is made once, when it is first referred to."""

    def __init__(self, graph: Graph):
        self.objects: list = []
        self._graph = graph
        self._made: dict[int, Any] = {}
        self._begun: set[int] = set()

    def value(self, value: Any) -> Any:
        """Make a value, or return it if it was made before."""
        if value is None or type(value) in SCALARS:
            return value
        if not isinstance(value, list) or len(value) != 1:
            raise ModelFileError(f"The file is damaged: {str(value)[:60]} is no value.")
        (number,) = value
        if number not in self._made:
            if number in self._begun or number < 0:
                raise ModelFileError("The file is damaged: a value holds itself.")
            self._begun.add(number)
            kind, *fields = self._graph.nodes[number]
            made = MAKERS[kind](self, number, *fields)
            self._made[number] = made
        return self._made[number]

    def values(self, values: list | tuple) -> list:
        """Make several values."""
        return [self.value(one) for one in values]

    # Lists, dicts and objects are there before what they hold, which may hold them.
    def _list(self, number: int, *values: Any) -> list:
        made = self._made[number] = []
        made.extend(self.values(values))
        return made

    def _dict(self, number: int, *items: Any) -> dict:
        made: dict = {}
        self._made[number] = made
        made.update((self.value(key), self.value(one)) for key, one in pairs(items))
        return made

    def _object(
        self, number: int, name: str, arguments: list, state: Any, listed, keyed
    ) -> Any:
        kind = resolve(name)
        if not isinstance(kind, type):
            raise ModelFileError(f"The file is damaged: {name} is no class.")
        made = kind.__new__(kind, *self.values(arguments))
        self._made[number] = made
        self.objects.append(made)
        give_state(made, self.value(state))
        if listed:
            made.extend(self.values(listed))
        for key, one in pairs(keyed):
            made[self.value(key)] = self.value(one)
        return made

    def _method(self, _: int, name: str, owner: Any) -> Any:
        function, owner = resolve(name), self.value(owner)
        found = getattr(type(owner), name.rpartition(".")[2], None)
        if found is None or found is not function:
            raise ModelFileError(
                f"The file is damaged: {name} is no method of {type(owner).__name__}."
            )
        return MethodType(function, owner)

    def _part(self, _: int, name: str, value: Any) -> Any:
        return PARTS[name].make(self.value(value))

    def _stretch(self, key: str, start: int, length: int) -> np.ndarray:
        pack = self._graph.packs[key]
        if min(start, length) < 0 or start + length > len(pack):
            raise ModelFileError(f"The file is damaged: pack {key!r} is too short.")
        return pack[start : start + length]

    def _array(self, _: int, key: str, start: int, shape: list, order: Any) -> Any:
        flat = self._stretch(key, start, math.prod(shape))
        return np.array(flat.reshape(shape, order=order), order=order)

    def _record(self, _: int, description: str, shape: list, *columns: Any) -> Any:
        made = np.zeros(shape, dtype=np.dtype(json.loads(description)))
        for name, (key, start) in zip(made.dtype.names, pairs(columns), strict=True):
            made[name] = self._stretch(key, start, made.size).reshape(shape)
        return made

    def _objects(self, _: int, shape: list, *values: Any) -> np.ndarray:
        made = np.empty(len(values), dtype=object)
        for place, value in enumerate(values):
            made[place] = self.value(value)
        return made.reshape(shape)


def give_state(made: Any, state: Any) -> None:
    """Give a new object its attributes, as unpickling does.

    Parameters
    ----------
    made : object
        Made by ``__new__``.
    state : object
        What its ``__getstate__`` gave.
    """
    if isinstance(made, BaseEstimator):
        state = without_memory(state)
    if state is None:
        return
    if hasattr(made, "__setstate__"):
        made.__setstate__(state)
        return
    attributes, slots = state if isinstance(state, tuple) else (state, None)
    made.__dict__.update(attributes or {})
    for name, value in (slots or {}).items():
        object.__setattr__(made, name, value)


MAKERS: dict[str, Callable[..., Any]] = {
    "list": Making._list,
    "tuple": lambda walk, _, *values: tuple(walk.values(values)),
    "set": lambda walk, _, *values: set(walk.values(values)),
    "frozenset": lambda walk, _, *values: frozenset(walk.values(values)),
    "dict": Making._dict,
    "array": Making._array,
    "scalar": lambda walk, _, key, start: walk._stretch(key, start, 1)[0],
    "record": Making._record,
    "objects": Making._objects,
    "bytes": lambda walk, _, *place: walk._stretch(BYTES, *place).tobytes(),
    "leaf": lambda walk, _, place: walk._graph.leaves[place],
    "method": Making._method,
    "name": lambda walk, _, name: resolve(name),
    "part": Making._part,
    "object": Making._object,
}
