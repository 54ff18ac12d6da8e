"""One digest for any value: the same content gives the same bytes in any process."""

import copyreg
import functools
import marshal
import random
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from types import FunctionType
from typing import Any
from weakref import WeakKeyDictionary

import joblib
import numpy as np
import pandas as pd
import scipy.sparse as sp
import scipy.special
from sklearn.base import BaseEstimator

from skensemble.fitting._store import Store
from skensemble.fitting.hashing._digest import Unkeyable, pack
from skensemble.fitting.hashing._source_code import (
    digest_class,
    digest_function,
    is_script,
    package_of,
)
from skensemble.fitting.hashing._tables import (
    digest_array,
    digest_pandas,
    digest_polars,
    digest_sparse,
    is_polars,
)

_PLAIN = {str, int, float, bool, type(None)}
_GENERATORS = (
    np.random.RandomState,
    np.random.Generator,
    np.random.BitGenerator,
    random.Random,
)
_PANDAS = (pd.DataFrame, pd.Series, pd.Index, pd.api.extensions.ExtensionArray)
# What scikit-learn's callbacks leave in an estimator while it is fitted.
_CALLBACK_ATTRIBUTES = {
    "_skl_callbacks",
    "_parent_callback_ctx",
    "_callback_fit_ctx",
    "_skl_callbacks_to_teardown",
}
# Arrays of this many bytes or more are digested only once.
_LARGE = 2**16
_PARAMETER_NAMES: WeakKeyDictionary[type, tuple[str, ...]] = WeakKeyDictionary()


def _int_bytes(value: int) -> bytes:
    return value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)


_SCALARS: dict[type, Callable[[Any], bytes]] = {
    type(None): lambda _: b"",
    bool: lambda value: b"1" if value else b"0",
    int: _int_bytes,
    float: lambda value: value.hex().encode(),
    complex: lambda value: f"{value.real.hex()} {value.imag.hex()}".encode(),
    str: lambda value: value.encode("utf8", "surrogatepass"),
    bytes: lambda value: value,
    bytearray: bytes,
}


class Hasher:
    """Digests values and collects the packages of their classes and functions.

    `open_seeds` becomes True if an estimator has ``random_state=None``.
    """

    def __init__(self) -> None:
        self.packages: set[str] = set()
        self.open_seeds = False
        self._within: list[int] = []
        self._fitted = 0
        self._large: dict[int, tuple[Any, bytes]] = {}

    def digest(self, value: Any) -> bytes:
        """Return the digest of a value.

        Raises
        ------
        Unkeyable
            If its content cannot be determined.
        """
        kind = type(value)
        if kind in _SCALARS:
            return pack(kind.__name__, _SCALARS[kind](value))
        if id(value) in self._within:
            distance = len(self._within) - self._within.index(id(value))
            return pack("cycle", str(distance).encode())
        self._within.append(id(value))
        try:
            return self._compound(value)
        except RecursionError as error:
            raise _no_content(value, "is nested too deeply") from error
        finally:
            self._within.pop()

    def _compound(self, value: Any) -> bytes:
        for kinds, rule in _RULES:
            if isinstance(value, kinds):
                return rule(self, value)
        if is_polars(value):
            return digest_polars(value, self.digest)
        if hasattr(value, "get_params"):
            return self._holder(value)
        if is_dataclass(value):
            state = {f.name: getattr(value, f.name) for f in fields(value)}
            return pack("dataclass", self.digest(type(value)), self.digest(state))
        return self._object(value)

    def _class(self, value: type) -> bytes:
        self.packages.add(package_of(value))
        return digest_class(value, self.digest)

    def _function(self, value: FunctionType) -> bytes:
        self.packages.add(package_of(value))
        return digest_function(value, self.digest)

    def _ufunc(self, value: np.ufunc) -> bytes:
        for home in (np, scipy.special):
            if getattr(home, value.__name__, None) is value:
                return pack("ufunc", home.__name__.encode(), value.__name__.encode())
        raise Unkeyable(
            f"{value!r} is found neither in numpy nor in scipy.special",
            "use a named function of a module",
        )

    def _partial(self, value: functools.partial) -> bytes:
        parts = (value.func, value.args, value.keywords, vars(value))
        return pack("partial", *map(self.digest, parts))

    def _scalar(self, value: np.generic) -> bytes:
        return pack("scalar", digest_array(np.asarray(value), self.digest))

    def _array(self, value: np.ndarray) -> bytes:
        if type(value) not in (np.ndarray, np.memmap):
            return self._object(value)
        if value.nbytes < _LARGE:
            return digest_array(value, self.digest)
        if id(value) not in self._large:
            # Kept alive, so that its id is not reused: weights come with every fit.
            self._large[id(value)] = value, digest_array(value, self.digest)
        return self._large[id(value)][1]

    def _sequence(self, value: list | tuple) -> bytes:
        if type(value) not in (list, tuple):
            return self._object(value)
        name = type(value).__name__
        if set(map(type, value)) <= _PLAIN:
            # Version 2 has no references, so that equal values give equal bytes.
            return pack(f"{name} of plain values", marshal.dumps(list(value), 2))
        return pack(name, *map(self.digest, value))

    def _dict(self, value: dict) -> bytes:
        if type(value) is not dict:
            return self._object(value)
        return pack("dict", *self._pairs(value.items()))

    def _pairs(self, pairs: Any) -> list[bytes]:
        """Digest pairs in sorted order, because the order of a dict is not content."""
        return sorted(self.digest(key) + self.digest(value) for key, value in pairs)

    def _set(self, value: set | frozenset) -> bytes:
        return pack(type(value).__name__, *sorted(map(self.digest, value)))

    def _enum(self, value: Enum) -> bytes:
        return pack("enum", self.digest(type(value)), self.digest(value.value))

    def _generator(self, value: Any) -> bytes:
        if not self._fitted:
            raise Unkeyable(
                f"a {type(value).__name__} changes with every use",
                "set random_state to an int",
            )
        # In a fitted model its state is content.
        for name in ("get_state", "getstate"):
            if hasattr(value, name):
                return pack("generator", self.digest(getattr(value, name)()))
        state = getattr(value, "bit_generator", value).state
        return pack("generator", self.digest(state))

    def _holder(self, value: Any) -> bytes:
        """Digest an estimator: its parameters and its other attributes."""
        params = _params_of(value)
        rest = {
            key: part
            for key, part in getattr(value, "__dict__", {}).items()
            if key not in params and key not in _CALLBACK_ATTRIBUTES
        }
        pairs = []
        for name, part in params.items():
            try:
                pairs.append(self.digest(name) + self.digest(part))
            except Unkeyable as error:
                raise error.within(f"parameter {name!r}") from None
            if part is None and name == "random_state" and not self._fitted:
                self.open_seeds = True
        self._fitted += 1
        try:
            more = self.digest(rest)
        finally:
            self._fitted -= 1
        return pack("estimator", self.digest(type(value)), more, *sorted(pairs))

    def _object(self, value: Any) -> bytes:
        """Digest any other object by the parts that pickle would store."""
        reduced = self._reduce(value)
        if isinstance(reduced, str):
            return self._name(value, reduced)
        make, args, state, items, pairs = (tuple(reduced) + (None,) * 3)[:5]
        parts = [self.digest(part) for part in (type(value), make, args, state)]
        return pack(
            "object",
            *parts,
            self.digest(None if items is None else list(items)),
            *self._pairs(pairs or ()),
        )

    def _name(self, value: Any, name: str) -> bytes:
        """Digest an object that its name identifies, such as a builtin function."""
        home = getattr(value, "__module__", None) or type(value).__module__
        package = home.partition(".")[0]
        self.packages.add(package)
        if not is_script(package):
            return pack("name", home.encode(), name.encode())
        if not hasattr(value, "__wrapped__"):
            raise _no_content(
                value,
                "cannot be digested: it is defined in a script and only its name is known",
            )
        return pack("name", name.encode(), self.digest(value.__wrapped__))

    def _reduce(self, value: Any) -> Any:
        special = copyreg.dispatch_table.get(type(value))
        try:
            return special(value) if special else value.__reduce_ex__(2)
        except RecursionError:
            raise
        except Exception as error:
            raise _no_content(value, "cannot be pickled") from error

    def _location(self, value: Any) -> bytes:  # the location of a store changes no fit
        return pack("location of a store")


def _params_of(value: Any) -> dict[str, Any]:
    """Read the parameters of an estimator.

    scikit-learn reads the constructor's signature each time, which takes most of the
    time of a digest; the names of a class stay the same.
    """
    kind = type(value)
    if getattr(kind, "get_params", None) is not BaseEstimator.get_params:
        return dict(value.get_params(deep=False))
    if kind not in _PARAMETER_NAMES:
        _PARAMETER_NAMES[kind] = tuple(value.get_params(deep=False))
    return {name: getattr(value, name) for name in _PARAMETER_NAMES[kind]}


def _no_content(value: Any, why: str) -> Unkeyable:
    kind = type(value)
    return Unkeyable(
        f"an object of {kind.__module__}.{kind.__qualname__} {why}",
        "use one that can be pickled",
    )


_RULES: list[tuple[Any, Callable[[Hasher, Any], bytes]]] = [
    (type, Hasher._class),
    (FunctionType, Hasher._function),
    (np.ufunc, Hasher._ufunc),
    (functools.partial, Hasher._partial),
    (np.generic, Hasher._scalar),
    (np.ndarray, Hasher._array),
    (Enum, Hasher._enum),
    ((list, tuple), Hasher._sequence),
    (dict, Hasher._dict),
    ((set, frozenset), Hasher._set),
    (_GENERATORS, Hasher._generator),
    (_PANDAS, lambda hasher, value: digest_pandas(value, hasher.digest)),
    (
        (sp.sparray, sp.spmatrix),
        lambda hasher, value: digest_sparse(value, hasher.digest),
    ),
    ((joblib.Memory, Store), Hasher._location),
]
