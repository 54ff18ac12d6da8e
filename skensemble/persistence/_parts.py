"""All parts. A file says only the name of one; what is then called stands here."""

from skensemble.persistence import (
    _booster_parts,
    _frame_parts,
    _neighbour_parts,
    _python_parts,
    _sparse_parts,
    _tree_parts,
)
from skensemble.persistence._graph import full_name
from skensemble.persistence._part import Part

ROOMS = (
    *(_booster_parts, _frame_parts, _neighbour_parts),
    *(_python_parts, _sparse_parts, _tree_parts),
)
PARTS: dict[str, Part] = {part.name: part for room in ROOMS for part in room.PARTS}
BY_TYPE = {name: part for part in PARTS.values() for name in part.types}

# Small compiled objects that skops itself takes apart and audits.
LEAVES = (
    "numpy.random.mtrand.RandomState",
    "numpy.random._generator.Generator",
    "sklearn._loss._loss.",
    "_loss.",
    "sklearn.linear_model._sgd_fast.",
)


def part_of(kind: type) -> Part | None:
    """Find how things of a type are taken apart.

    Parameters
    ----------
    kind : type
        Their type.

    Returns
    -------
    part : Part or None
    """
    exact = BY_TYPE.get(full_name(kind))
    if exact is not None:
        return exact
    inherited = (BY_TYPE.get(full_name(base)) for base in kind.__mro__)
    return next((part for part in inherited if part and part.subclasses), None)


def is_leaf(kind: type) -> bool:
    """Tell whether skops keeps things of a type by itself.

    Parameters
    ----------
    kind : type
        Their type.

    Returns
    -------
    leaf : bool
    """
    return full_name(kind).startswith(LEAVES)
