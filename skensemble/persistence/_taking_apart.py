"""From a model to a graph of plain values."""

import copyreg
import json
from collections import defaultdict
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from skensemble.exceptions import ModelFileError
from skensemble.persistence._graph import BYTES, Graph, full_name, without_memory
from skensemble.persistence._parts import is_leaf, part_of
from skensemble.persistence._resolution import resolve

# np.mean and its like are functions of this type.
ArrayFunction = type(np.mean)
# What pickle would call: the class's __new__, and nothing else.
NEW = getattr(copyreg, "__newobj__")  # noqa: B009
Reference = (type, FunctionType, BuiltinFunctionType, ArrayFunction, np.ufunc)


def take_apart(model: Any) -> Graph:
    """Turn a model into a graph of plain values.

    Parameters
    ----------
    model : object
        A fitted estimator, usually.

    Returns
    -------
    graph : Graph

    Raises
    ------
    ModelFileError
        It holds something that cannot be made again without running code of the file.
    """
    walk = Walk()
    try:
        root = walk.value(model)
    except RecursionError:
        raise ModelFileError(
            f"{type(model).__name__} is nested too deeply for a file."
        ) from None
    return Graph(root, walk.nodes, walk.packs.joined(), walk.leaves, walk.estimators)


class Packs:
    """Arrays on their way to the packs, one a dtype."""

    def __init__(self) -> None:
        self._pieces: dict[str, list[np.ndarray]] = defaultdict(list)
        self._lengths: dict[str, int] = defaultdict(int)

    def add(self, key: str, flat: np.ndarray) -> int:
        """Append to a pack; where it starts."""
        start = self._lengths[key]
        self._pieces[key].append(flat)
        self._lengths[key] += len(flat)
        return start

    def joined(self) -> dict[str, np.ndarray]:
        """Join the pieces of each pack."""
        return {
            key: np.concatenate(pieces, dtype=pieces[0].dtype)  # of any byte order
            for key, pieces in self._pieces.items()
        }


class Walk:
    """One pass over all that a model holds.

    Each kind of thing has a method that gives its node; what is met twice is one node.
    """

    def __init__(self) -> None:
        self.nodes: list[list] = []
        self.packs = Packs()
        self.leaves: list = []
        self.estimators: list = []
        self._met: dict[int, int] = {}
        self._alive: list = []  # an id is only good while its object lives
        self._path: list[str] = []

    def value(self, thing: Any) -> Any:
        """Return a plain value as it is, and a reference to a node for any other."""
        if thing is None or type(thing) in (bool, int, float, str):
            return thing
        number = self._met.get(id(thing))
        if number is None:
            number = len(self.nodes)
            self._met[id(thing)] = number
            self._alive.append(thing)
            self.nodes.append([])
            self.nodes[number] = self._node(thing)
        return [number]

    def _values(self, things) -> list:
        return [self.value(thing) for thing in things]

    def _items(self, items) -> list:
        return [self.value(one) for pair in items for one in pair]

    def _node(self, thing: Any) -> list:
        known = PLAIN.get(type(thing))
        if known is not None:
            return known(self, thing)
        if isinstance(thing, np.generic):
            return self._scalar(thing)
        if is_leaf(type(thing)):
            self.leaves.append(thing)
            return ["leaf", len(self.leaves) - 1]
        if isinstance(thing, Reference):
            return self._name(thing)
        part = part_of(type(thing))
        if part is not None:
            return ["part", part.name, self.value(part.take(thing))]
        return self._object(thing)

    def _array(self, array: np.ndarray) -> list:
        if array.dtype == object:
            return ["objects", list(array.shape), *self._values(array.ravel().tolist())]
        if array.dtype.names:
            return self._record(array)
        if array.dtype.kind not in "biufcSUmM":
            raise self._refused(f"an array of dtype {array.dtype}")
        order: Any = "F" if array.flags.f_contiguous and array.ndim > 1 else "C"
        key = array.dtype.str
        start = self.packs.add(key, array.ravel(order))
        return ["array", key, start, list(array.shape), order]

    def _record(self, array: Any) -> list:
        # Field by field: a column compresses better than rows of mixed bytes.
        fields = [np.ascontiguousarray(array[name]) for name in array.dtype.names]
        names = array.dtype.names
        description = json.dumps(
            {
                "names": names,
                "formats": [array.dtype[name].str for name in names],
                "offsets": [array.dtype.fields[name][1] for name in names],
                "itemsize": array.dtype.itemsize,
            }
        )
        packed = []
        for name, column in zip(names, fields, strict=True):
            if column.dtype.kind not in "biuf" or column.ndim != array.ndim:
                raise self._refused(f"an array of dtype {array.dtype}")
            key = f"{name}:{column.dtype.str}"
            packed += [key, self.packs.add(key, column.ravel())]
        return ["record", description, list(array.shape), *packed]

    def _scalar(self, number: np.generic) -> list:
        array = np.asarray(number)
        if array.dtype.kind not in "biufcSUmM":
            raise self._refused(f"a number of dtype {array.dtype}")
        return [
            "scalar",
            array.dtype.str,
            self.packs.add(array.dtype.str, array.ravel()),
        ]

    def _bytes(self, data: bytes) -> list:
        start = self.packs.add(BYTES, np.frombuffer(data, np.uint8))
        return ["bytes", start, len(data)]

    def _name(self, thing: Any) -> list:
        name = full_name(thing)
        try:
            found = resolve(name)
        except ModelFileError:
            found = None
        if found is not thing:
            raise self._refused(
                f"{name}, which cannot be found by that name; define it at the top "
                "level of a module"
            )
        return ["name", name]

    def _method(self, thing: MethodType) -> list:
        _, name = self._name(thing.__func__)
        return ["method", name, self.value(thing.__self__)]

    def _object(self, thing: Any) -> list:
        arguments, attributes, listed, keyed = self._reduced(thing)
        if isinstance(thing, BaseEstimator):
            self.estimators.append(thing)
            attributes = without_memory(attributes)
        name = self._name(type(thing))[1]
        self._path.append(name)
        node = [
            "object",
            name,
            self._values(arguments),
            self.value(attributes),
            self._values(listed),
            self._items(keyed),
        ]
        self._path.pop()
        return node

    def _reduced(self, thing: Any):
        try:
            function, arguments, *rest = thing.__reduce_ex__(4)
        except TypeError as error:
            raise self._refused(f"{full_name(type(thing))}, {error}") from error
        if function is not NEW or arguments[0] is not type(thing):
            raise self._refused(
                f"{full_name(type(thing))}, which only its own constructor can make"
            )
        attributes, listed, keyed = (*rest, None, None, None)[:3]
        return arguments[1:], attributes, list(listed or ()), list(keyed or ())

    def _refused(self, what: str) -> ModelFileError:
        where = " > ".join(name.rpartition(".")[2] for name in self._path) or "it"
        return ModelFileError(
            f"The model cannot be saved: {where} holds {what}. Leave it out of the "
            "model, or use joblib.dump, whose files only whoever trusts them may load."
        )


PLAIN: dict[type, Callable[[Walk, Any], list]] = {
    list: lambda walk, thing: ["list", *walk._values(thing)],
    tuple: lambda walk, thing: ["tuple", *walk._values(thing)],
    set: lambda walk, thing: ["set", *walk._values(thing)],
    frozenset: lambda walk, thing: ["frozenset", *walk._values(thing)],
    dict: lambda walk, thing: ["dict", *walk._items(thing.items())],
    bytes: Walk._bytes,
    MethodType: Walk._method,
    np.ndarray: Walk._array,
    np.memmap: lambda walk, thing: walk._array(np.asarray(thing)),
}
