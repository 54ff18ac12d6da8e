"""Find the converter of a type. A file contains only the name of a converter."""

from skensemble.persistence import (
    _booster_converters,
    _frame_converters,
    _neighbor_converters,
    _python_converters,
    _sparse_converters,
    _tree_converters,
)
from skensemble.persistence._graph import Converter, full_name

MODULES = (
    *(_booster_converters, _frame_converters, _neighbor_converters),
    *(_python_converters, _sparse_converters, _tree_converters),
)
CONVERTERS: dict[str, Converter] = {
    converter.name: converter for module in MODULES for converter in module.CONVERTERS
}
CONVERTERS_BY_TYPE = {
    name: converter for converter in CONVERTERS.values() for name in converter.types
}

# Small compiled objects that skops stores and checks itself.
LEAVES = (
    "numpy.random.mtrand.RandomState",
    "numpy.random._generator.Generator",
    "sklearn._loss._loss.",
    "_loss.",
    "sklearn.linear_model._sgd_fast.",
)


def converter_for(kind: type) -> Converter | None:
    """Return the converter for objects of a type, or None."""
    exact = CONVERTERS_BY_TYPE.get(full_name(kind))
    if exact is not None:
        return exact
    inherited = (CONVERTERS_BY_TYPE.get(full_name(base)) for base in kind.__mro__)
    return next((one for one in inherited if one and one.subclasses), None)


def is_leaf(kind: type) -> bool:
    """Whether skops stores objects of a type itself."""
    return full_name(kind).startswith(LEAVES)
