"""The format of a model in a file: a table of nodes, and the arrays they refer to.

A value is a scalar that JSON can store (None, bool, int, float, str), or a list of one
number, the index of a node. A node is a list that starts with its kind:

========  ==================================================================
list      values (tuple, set and frozenset likewise)
dict      keys and values in turn
array     pack, start, shape, "C" or "F": a slice of a pack
scalar    pack, start: one element of a pack
record    dtype, shape, then the pack and start of each field
objects   shape, values: an array of objects
bytes     start, length: a slice of the pack of bytes
leaf      index of an object that skops stores itself, such as a random generator
name      full name of a class or a function
method    full name of a method, the object that it is bound to
part      name of a converter (see `_converters`), converted value
object    full name of the class, arguments of ``__new__``, state, items of a list,
          items of a dict
========  ==================================================================

Each object has one node, to which all references to it refer, so that shared objects
and cycles are preserved. Loading a graph calls no constructor and no function.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

KINDS = frozenset(
    (
        *("list", "tuple", "set", "frozenset", "dict", "array", "scalar", "record"),
        *("objects", "bytes", "leaf", "method", "name", "part", "object"),
    )
)
# Name of the pack of bytes.
BYTES = "bytes"
# A parameter that is not saved: it refers to a folder of pickles, and a file must not
# choose which pickles are read.
NOT_SAVED = "memory"
# Kinds whose second entry is a full name that must be trusted.
NAME_KINDS = ("method", "name", "object")


@dataclass(frozen=True)
class Graph:
    """A model as plain values.

    Parameters
    ----------
    root : scalar or list
        Value of the model.
    nodes : list of list
        The table of nodes.
    packs : dict of str to ndarray
        All arrays of one dtype, concatenated, because similar data compress best
        together.
    leaves : list
        Objects that skops stores itself.
    estimators : list of estimators
        All estimators in the model. They are not written to the file.
    """

    root: Any
    nodes: list[list]
    packs: dict[str, NDArray[Any]] = field(default_factory=dict)
    leaves: list = field(default_factory=list)
    estimators: list = field(default_factory=list)

    def names(self) -> list[str]:
        """List the full names of all classes and functions in the graph."""
        return sorted({node[1] for node in self.nodes if node[0] in NAME_KINDS})

    def converters(self) -> list[str]:
        """List the names of all converters that the graph uses."""
        return sorted({node[1] for node in self.nodes if node[0] == "part"})


@dataclass(frozen=True)
class Converter:
    """Conversion of the objects of one type to plain values and back.

    Parameters
    ----------
    name : str
        Name of the type in files.
    types : tuple of str
        Full names of the types that are converted. Names are used so that no library
        needs to be imported.
    dump : callable
        Converts an object to plain values, or to objects that are converted in turn.
    load : callable
        Converts these values to an equal object, and checks them before.
    subclasses : bool, default=False
        Whether subclasses of the types are converted, too.
    """

    name: str
    types: tuple[str, ...]
    dump: Callable[[Any], Any]
    load: Callable[[Any], Any]
    subclasses: bool = False


def full_name(thing: Any) -> str:
    """Return the full name of a class or a function: "collections.OrderedDict"."""
    if isinstance(thing, np.ufunc):
        home = (
            "numpy" if getattr(np, thing.__name__, None) is thing else "scipy.special"
        )
        return f"{home}.{thing.__name__}"
    name = getattr(thing, "__qualname__", thing.__name__)
    return f"{thing.__module__}.{name}"


def pairs(flat: list | tuple) -> Iterator[tuple[Any, Any]]:
    """Iterate over pairs of successive values."""
    return zip(flat[::2], flat[1::2], strict=True)


def without_memory(state: Any) -> Any:
    """Return the state of an estimator with ``memory`` set to None."""
    if not isinstance(state, dict) or state.get(NOT_SAVED) is None:
        return state
    return state | {NOT_SAVED: None}
