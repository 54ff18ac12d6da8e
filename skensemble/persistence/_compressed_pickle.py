"""Pickles that are nearly as small as model files."""

import bz2
import copy
import io
import pickle
import zlib
from types import FunctionType
from typing import Any

import numpy as np
from numpy.typing import NDArray

# scikit-learn has no public name for the structure of a tree
# (tests/persistence/test_compressed_pickles.py fails if it is renamed).
from sklearn.tree._tree import Tree

from skensemble.persistence._tree_converters import dump_tree, load_tree

# Up to this size, in bytes, bzip2 takes at most seconds; zlib is three times as fast.
_LARGEST_FOR_BZIP2 = 2**25
# Types that hold the numbers of others in less space, the smallest first.
_NARROW = {"i": ("i1", "i2", "i4"), "u": ("u1", "u2", "u4"), "f": ("f4",)}


class CompressedPickle:
    """Mixin of estimators whose pickles are compressed once they are fitted.

    The pickle contains what `__getstate__` returns. Its classes and functions are not
    part of the compressed bytes, so that pickle and cloudpickle look them up, or
    include them, as in any other pickle.
    """

    def __reduce_ex__(self, protocol):
        """Return the compressed state of a fitted estimator."""
        if not self.__sklearn_is_fitted__():  # type: ignore[attr-defined]
            return super().__reduce_ex__(protocol)
        return restored, (type(self), *compressed(self._pickled_state()))

    def _pickled_state(self) -> dict[str, Any]:
        """Return the attributes that a pickle contains."""
        return self.__getstate__()  # type: ignore[return-value]

    def __copy__(self):
        """Return a shallow copy, which shares all attributes."""
        other = type(self).__new__(type(self))
        vars(other).update(vars(self))
        return other

    def __deepcopy__(self, memo):
        """Return a deep copy of the attributes that a pickle contains."""
        other = type(self).__new__(type(self))
        memo[id(self)] = other
        vars(other).update(copy.deepcopy(self.__getstate__(), memo))
        return other


def compressed(value: Any) -> tuple[list[Any], str, bytes]:
    """Pickle and compress a value.

    Parameters
    ----------
    value : object
        The value.

    Returns
    -------
    references : list of type and function
        The classes and functions of the value.
    method : {"bzip2", "zlib"}
        Compression method.
    data : bytes
        The compressed pickle.
    """
    file = io.BytesIO()
    pickler = _Pickler(file)
    pickler.dump(value)
    if file.tell() <= _LARGEST_FOR_BZIP2:
        return pickler.references, "bzip2", bz2.compress(file.getbuffer())
    return pickler.references, "zlib", zlib.compress(file.getbuffer())


def restored(cls: type, references: list[Any], method: str, data: bytes) -> Any:
    """Create an estimator from its compressed state."""
    estimator: Any = cls.__new__(cls)  # type: ignore[call-overload]
    plain = bz2.decompress(data) if method == "bzip2" else zlib.decompress(data)
    estimator.__setstate__(_Unpickler(io.BytesIO(plain), references).load())
    return estimator


class _Pickler(pickle.Pickler):
    """Pickles all but classes and functions, and trees column by column."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, protocol=5)
        self.references: list[Any] = []
        self._indices: dict[Any, int] = {}

    def persistent_id(self, thing: Any) -> int | None:
        """Return the number of a class or function, which is not pickled here."""
        if not isinstance(thing, type | FunctionType):
            return None
        if thing not in self._indices:
            self._indices[thing] = len(self.references)
            self.references.append(thing)
        return self._indices[thing]

    def reducer_override(self, thing: Any) -> Any:
        """Pickle the nodes of a tree in a quarter of the space, without loss."""
        if type(thing) is not Tree:
            return NotImplemented
        return unpacked_tree, (packed_tree(thing),)


class _Unpickler(pickle.Unpickler):
    """Reads what `_Pickler` wrote."""

    def __init__(self, file: io.BytesIO, references: list[Any]) -> None:
        super().__init__(file)
        self._references = references

    def persistent_load(self, pid: Any) -> Any:
        """Return a class or function by its number."""
        return self._references[pid]


def packed_tree(tree: Tree) -> dict[str, Any]:
    """Return the parts of a tree, its nodes column by column in narrow types."""
    value = dump_tree(tree)
    nodes, state = value["nodes"], value["state"]
    columns = {name: narrowed(nodes[name]) for name in nodes.dtype.names}
    values = narrowed(state["values"])
    return value | {
        "dtype": nodes.dtype,
        "nodes": columns,
        "state": state | {"values": values},
    }


def unpacked_tree(value: dict[str, Any]) -> Tree:
    """Return the tree of some parts."""
    columns, state = value["nodes"], value["state"]
    nodes = np.zeros(state["node_count"], value["dtype"])
    for name, column in columns.items():
        nodes[name] = column
    values = state["values"].astype(np.float64)
    return load_tree(value | {"nodes": nodes, "state": state | {"values": values}})


def narrowed(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array in the smallest type that holds the same numbers."""
    for name in _NARROW.get(array.dtype.kind, ()):
        with np.errstate(over="ignore"):
            small = array.astype(name)
        if small.itemsize < array.itemsize and np.array_equal(
            small, array, equal_nan=array.dtype.kind == "f"
        ):
            return small
    return np.ascontiguousarray(array)
