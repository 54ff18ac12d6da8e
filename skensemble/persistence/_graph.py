"""What a model becomes in a file: a table of nodes, and what they refer to.

A value is a scalar that JSON holds (None, bool, int, float, str) or ``[number]`` of a
node. A node is a list, its kind first:

========  ==================================================================
list      values; so are tuple, set and frozenset
dict      keys and values in turn
array     pack, start, shape, "C" or "F": a stretch of a pack
scalar    pack, start: one number of a pack
record    dtype, shape, its fields as values
objects   shape, values: an array of objects
bytes     start, length: a stretch of the pack of bytes
leaf      number: what skops keeps by itself, such as a random generator
name      full name of a class or a function
method    full name of a function of a class, the object it is bound to
part      name of a known part, its value: see `_parts`
object    full name of the class, arguments of ``__new__``, state, items of a list,
          items of a dict
========  ==================================================================

An object is met once and referred to wherever it is shared, so sharing and cycles stay
as they were. Nothing in a graph calls a constructor or a function.
"""

from collections.abc import Iterator
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
# The pack of bytes.
BYTES = "bytes"
# A parameter that no file keeps: a store holds pickles, and a file must not say where
# to read them.
FORGOTTEN = "memory"
# Kinds whose second entry is a full name that must be trusted.
NAMED = ("method", "name", "object")


@dataclass(frozen=True)
class Graph:
    """A model as plain values.

    Parameters
    ----------
    root : scalar or list
        The model.
    nodes : list of list
        The table.
    packs : dict of str to ndarray
        All arrays of one dtype, end to end: like compresses best beside like.
    leaves : list
        Objects that skops keeps by itself.
    estimators : list of estimators
        All that the model holds; not written.
    """

    root: Any
    nodes: list[list]
    packs: dict[str, NDArray[Any]] = field(default_factory=dict)
    leaves: list = field(default_factory=list)
    estimators: list = field(default_factory=list)

    def names(self) -> list[str]:
        """List the full names of all classes and functions in it."""
        return sorted({node[1] for node in self.nodes if node[0] in NAMED})

    def parts(self) -> list[str]:
        """List the names of the known parts in it."""
        return sorted({node[1] for node in self.nodes if node[0] == "part"})


def full_name(thing: Any) -> str:
    """Give the full name of a class or a function.

    Parameters
    ----------
    thing : type or function
        The class or the function.

    Returns
    -------
    name : str
        Such as "sklearn.linear_model._ridge.Ridge".
    """
    if isinstance(thing, np.ufunc):
        home = (
            "numpy" if getattr(np, thing.__name__, None) is thing else "scipy.special"
        )
        return f"{home}.{thing.__name__}"
    name = getattr(thing, "__qualname__", thing.__name__)
    return f"{thing.__module__}.{name}"


def pairs(flat: list | tuple) -> Iterator[tuple[Any, Any]]:
    """Take values two at a time.

    Parameters
    ----------
    flat : list or tuple
        Keys and values in turn.

    Returns
    -------
    pairs : iterator of tuple
    """
    return zip(flat[::2], flat[1::2], strict=True)


def without_memory(state: Any) -> Any:
    """Forget where an estimator keeps its fits.

    Parameters
    ----------
    state : object
        Its attributes.

    Returns
    -------
    state : object
        The same, ``memory`` None.
    """
    if not isinstance(state, dict) or state.get(FORGOTTEN) is None:
        return state
    return state | {FORGOTTEN: None}
