"""Convert a model to a graph of plain values."""

import copyreg
import json
from collections import defaultdict
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from skensemble.exceptions import ModelFileError
from skensemble.persistence._compressed_pickle import CompressedPickle
from skensemble.persistence._converters import converter_for, is_leaf
from skensemble.persistence._graph import BYTES, Graph, full_name, without_memory
from skensemble.persistence._import_names import resolve

# Type of np.mean and similar functions.
ArrayFunction = type(np.mean)
# The function by which pickle calls the ``__new__`` of a class, and nothing else.
NEW = getattr(copyreg, "__newobj__")  # noqa: B009
# Types of objects that are stored by name.
Reference = (type, FunctionType, BuiltinFunctionType, ArrayFunction, np.ufunc)


def to_graph(model: Any) -> Graph:
    """Convert a model to a graph of plain values.

    Raises
    ------
    ModelFileError
        If the model contains an object that can only be restored by running code from
        the file.
    """
    serializer = Serializer()
    try:
        root = serializer.value(model)
    except RecursionError:
        raise ModelFileError(
            f"{type(model).__name__} cannot be saved: its objects are nested too deeply."
        ) from None
    return Graph(
        root,
        serializer.nodes,
        serializer.packs.joined(),
        serializer.leaves,
        serializer.estimators,
    )


class ArrayPacks:
    """Arrays that will be concatenated, one pack per dtype."""

    def __init__(self) -> None:
        self._pieces: dict[str, list[np.ndarray]] = defaultdict(list)
        self._lengths: dict[str, int] = defaultdict(int)

    def add(self, key: str, flat: np.ndarray) -> int:
        """Append an array to a pack and return its start."""
        start = self._lengths[key]
        self._pieces[key].append(flat)
        self._lengths[key] += len(flat)
        return start

    def joined(self) -> dict[str, np.ndarray]:
        """Concatenate the arrays of each pack."""
        return {
            # The dtype is given, because concatenation would change the byte order.
            key: np.concatenate(pieces, dtype=pieces[0].dtype)
            for key, pieces in self._pieces.items()
        }


class Serializer:
    """Conversion of all objects in a model to nodes, one node per object."""

    def __init__(self) -> None:
        self.nodes: list[list] = []
        self.packs = ArrayPacks()
        self.leaves: list = []
        self.estimators: list = []
        self._indices: dict[int, int] = {}
        self._alive: list = []  # an id is unique only while its object is alive
        self._path: list[str] = []

    def value(self, thing: Any) -> Any:
        """Return a scalar unchanged, or a reference to the node of an object."""
        if thing is None or type(thing) in (bool, int, float, str):
            return thing
        number = self._indices.get(id(thing))
        if number is None:
            number = len(self.nodes)
            self._indices[id(thing)] = number
            self._alive.append(thing)
            self.nodes.append([])
            self.nodes[number] = self._node(thing)
        return [number]

    def _values(self, things) -> list:
        return [self.value(thing) for thing in things]

    def _items(self, items) -> list:
        return [self.value(one) for pair in items for one in pair]

    def _node(self, thing: Any) -> list:
        known = NODE_WRITERS.get(type(thing))
        if known is not None:
            return known(self, thing)
        if isinstance(thing, np.generic):
            return self._scalar(thing)
        if is_leaf(type(thing)):
            self.leaves.append(thing)
            return ["leaf", len(self.leaves) - 1]
        if isinstance(thing, Reference):
            return self._name(thing)
        converter = converter_for(type(thing))
        if converter is not None:
            return ["part", converter.name, self.value(converter.dump(thing))]
        return self._object(thing)

    def _array(self, array: np.ndarray) -> list:
        if array.dtype == object:
            return ["objects", list(array.shape), *self._values(array.ravel().tolist())]
        if array.dtype.names:
            return self._record(array)
        if array.dtype.kind not in "biufcSUmM":
            raise self._cannot_save(f"an array of dtype {array.dtype}")
        order: Any = "F" if array.flags.f_contiguous and array.ndim > 1 else "C"
        key = array.dtype.str
        start = self.packs.add(key, array.ravel(order))
        return ["array", key, start, list(array.shape), order]

    def _record(self, array: Any) -> list:
        # Fields are stored separately: they compress better than mixed bytes.
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
                raise self._cannot_save(f"an array of dtype {array.dtype}")
            key = f"{name}:{column.dtype.str}"
            packed += [key, self.packs.add(key, column.ravel())]
        return ["record", description, list(array.shape), *packed]

    def _scalar(self, number: np.generic) -> list:
        array = np.asarray(number)
        if array.dtype.kind not in "biufcSUmM":
            raise self._cannot_save(f"a number of dtype {array.dtype}")
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
            raise self._cannot_save(
                f"{name}, which cannot be imported by that name; define it at the top "
                "level of a module"
            )
        return ["name", name]

    def _method(self, thing: MethodType) -> list:
        _, name = self._name(thing.__func__)
        return ["method", name, self.value(thing.__self__)]

    def _object(self, thing: Any) -> list:
        arguments, attributes, listed, keyed = self._reduce(thing)
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

    def _reduce(self, thing: Any):
        try:
            # The state of a `CompressedPickle` as such, not as compressed bytes.
            plain = isinstance(thing, CompressedPickle)
            reduced: Any = (
                object.__reduce_ex__(thing, 4) if plain else thing.__reduce_ex__(4)
            )
            function, arguments, *rest = reduced
        except TypeError as error:
            raise self._cannot_save(f"{full_name(type(thing))}, {error}") from error
        if function is not NEW or arguments[0] is not type(thing):
            raise self._cannot_save(
                f"{full_name(type(thing))}, which only its own constructor can create"
            )
        attributes, listed, keyed = (*rest, None, None, None)[:3]
        return arguments[1:], attributes, list(listed or ()), list(keyed or ())

    def _cannot_save(self, what: str) -> ModelFileError:
        where = " > ".join(name.rpartition(".")[2] for name in self._path) or "it"
        return ModelFileError(
            f"The model cannot be saved: {where} holds {what}. Remove it from the "
            "model, or use joblib.dump; load such files only from a source that you "
            "trust."
        )


NODE_WRITERS: dict[type, Callable[[Serializer, Any], list]] = {
    list: lambda self, thing: ["list", *self._values(thing)],
    tuple: lambda self, thing: ["tuple", *self._values(thing)],
    set: lambda self, thing: ["set", *self._values(thing)],
    frozenset: lambda self, thing: ["frozenset", *self._values(thing)],
    dict: lambda self, thing: ["dict", *self._items(thing.items())],
    bytes: Serializer._bytes,
    MethodType: Serializer._method,
    np.ndarray: Serializer._array,
    np.memmap: lambda self, thing: self._array(np.asarray(thing)),
}
