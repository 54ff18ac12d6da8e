"""Create a model from a graph of plain values."""

import json
import math
from collections.abc import Callable
from types import MethodType
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from skensemble.exceptions import ModelFileError
from skensemble.persistence._converters import CONVERTERS
from skensemble.persistence._graph import (
    BYTES,
    KINDS,
    NAME_KINDS,
    Graph,
    pairs,
    without_memory,
)
from skensemble.persistence._import_names import resolve
from skensemble.persistence._tree_converters import check_model

SCALARS = (bool, int, float, str)


def check_graph(graph: Graph) -> None:
    """Refuse a graph with a node of an unknown kind, or an unknown converter."""
    for node in graph.nodes:
        if not isinstance(node, list) or not node or node[0] not in KINDS:
            raise ModelFileError(
                f"The file is damaged: {str(node)[:60]} is not a node."
            )
        if node[0] in (*NAME_KINDS, "part") and not isinstance(node[1], str):
            raise ModelFileError(
                f"The file is damaged: {str(node[1])[:60]} is not a name."
            )
    unknown = [name for name in graph.converters() if name not in CONVERTERS]
    if unknown:
        raise ModelFileError(
            f"The file contains {', '.join(unknown)}, which this version of skensemble "
            "cannot load; update skensemble."
        )


def from_graph(graph: Graph) -> Any:
    """Create the model of a graph; the names in it must have been checked before."""
    deserializer = Deserializer(graph)
    model = deserializer.value(graph.root)
    for created in deserializer.objects:
        check_model(created)
    return model


class Deserializer:
    """Creation of the objects of a graph, each when it is first referred to."""

    def __init__(self, graph: Graph):
        self.objects: list = []
        self._graph = graph
        self._made: dict[int, Any] = {}
        self._begun: set[int] = set()

    def value(self, value: Any) -> Any:
        """Create the object of a value, or return it if it was created before."""
        if value is None or type(value) in SCALARS:
            return value
        if not isinstance(value, list) or len(value) != 1:
            raise ModelFileError(
                f"The file is damaged: {str(value)[:60]} is not a value."
            )
        (number,) = value
        if number not in self._made:
            if number in self._begun or number < 0:
                raise ModelFileError("The file is damaged: a value holds itself.")
            self._begun.add(number)
            kind, *fields = self._graph.nodes[number]
            made = NODE_READERS[kind](self, number, *fields)
            self._made[number] = made
        return self._made[number]

    def values(self, values: list | tuple) -> list:
        """Create the objects of several values."""
        return [self.value(one) for one in values]

    # Lists, dicts and objects are registered before their contents are created, because
    # the contents may refer to them.
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
            raise ModelFileError(f"The file is damaged: {name} is not a class.")
        made = kind.__new__(kind, *self.values(arguments))
        self._made[number] = made
        self.objects.append(made)
        restore_state(made, self.value(state))
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
                f"The file is damaged: {name} is not a method of "
                f"{type(owner).__name__}."
            )
        return MethodType(function, owner)

    def _converted(self, _: int, name: str, value: Any) -> Any:
        return CONVERTERS[name].load(self.value(value))

    def _slice(self, key: str, start: int, length: int) -> np.ndarray:
        pack = self._graph.packs[key]
        if min(start, length) < 0 or start + length > len(pack):
            raise ModelFileError(f"The file is damaged: pack {key!r} is too short.")
        return pack[start : start + length]

    def _array(self, _: int, key: str, start: int, shape: list, order: Any) -> Any:
        flat = self._slice(key, start, math.prod(shape))
        return np.array(flat.reshape(shape, order=order), order=order)

    def _record(self, _: int, description: str, shape: list, *columns: Any) -> Any:
        made = np.zeros(shape, dtype=np.dtype(json.loads(description)))
        for name, (key, start) in zip(made.dtype.names, pairs(columns), strict=True):
            made[name] = self._slice(key, start, made.size).reshape(shape)
        return made

    def _objects(self, _: int, shape: list, *values: Any) -> np.ndarray:
        made = np.empty(len(values), dtype=object)
        for place, value in enumerate(values):
            made[place] = self.value(value)
        return made.reshape(shape)


def restore_state(made: Any, state: Any) -> None:
    """Set the attributes of an object that ``__new__`` created, as unpickling does."""
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


NODE_READERS: dict[str, Callable[..., Any]] = {
    "list": Deserializer._list,
    "tuple": lambda self, _, *values: tuple(self.values(values)),
    "set": lambda self, _, *values: set(self.values(values)),
    "frozenset": lambda self, _, *values: frozenset(self.values(values)),
    "dict": Deserializer._dict,
    "array": Deserializer._array,
    "scalar": lambda self, _, key, start: self._slice(key, start, 1)[0],
    "record": Deserializer._record,
    "objects": Deserializer._objects,
    "bytes": lambda self, _, *place: self._slice(BYTES, *place).tobytes(),
    "leaf": lambda self, _, place: self._graph.leaves[place],
    "method": Deserializer._method,
    "name": lambda self, _, name: resolve(name),
    "part": Deserializer._converted,
    "object": Deserializer._object,
}
