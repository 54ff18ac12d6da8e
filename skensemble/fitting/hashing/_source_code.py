"""Digests of classes and functions: by name and version, or by their source.

A library is known by its version. The user's own package, one that is not installed
into site-packages, is known by all its files. A class or function of a script or a
notebook is known by its source, and that of all it refers to.
"""

import inspect
import sys
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from importlib import metadata
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from skensemble.fitting.hashing._digest import Digest, Unkeyable, pack

_USE_NAMED = "use a named function of a module"
# Sources of the methods of classes. In a notebook the source of a class is not
# available, and that of its methods is no longer available after instances came back
# from a worker process by cloudpickle.
_METHOD_SOURCES: WeakKeyDictionary[type, bytes] = WeakKeyDictionary()
# Sources that were read, because Python parses a file completely to find a class.
_SOURCES: WeakKeyDictionary[Any, bytes] = WeakKeyDictionary()
_DISTRIBUTIONS = {"sklearn": "scikit-learn"}


def package_of(thing: Any) -> str:
    """Name the top-level package of a class or function."""
    return str(getattr(thing, "__module__", None) or "builtins").partition(".")[0]


def is_script(package: str) -> bool:
    """Whether this is a single file or notebook of the user, not a package."""
    if package == "__main__":
        return True
    if package in sys.stdlib_module_names or package == "builtins":
        return False
    return not _is_installed(package) and not _folders(package)


def _is_installed(package: str) -> bool:
    module = sys.modules.get(package)
    places = [getattr(module, "__file__", None) or "", *_folders(package)]
    return any(
        part in ("site-packages", "dist-packages")
        for place in places
        for part in Path(place).parts
    )


def _folders(package: str) -> list[str]:
    return list(getattr(sys.modules.get(package), "__path__", ()))


def version_of(package: str) -> str:
    """Return the version of a package, or the digest of its files without one."""
    if package in sys.stdlib_module_names or package == "builtins":
        return "python"
    version = installed_version(package)
    if _folders(package) and not (_is_installed(package) and version):
        return f"{version} {_tree(package)}"
    return version


@lru_cache
def installed_version(package: str) -> str:
    """Return the version of an installed package, imported or not."""
    for name in _distributions(package):
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return str(getattr(sys.modules.get(package), "__version__", ""))


def _distributions(package: str) -> Iterator[str]:
    yield _DISTRIBUTIONS.get(package, package)
    # Slow: it reads the file list of every distribution.
    yield from metadata.packages_distributions().get(package, ())


@lru_cache
def _tree(package: str) -> str:
    made = blake2b(digest_size=20)
    for folder in sorted(_folders(package)):
        for path in sorted(Path(folder).rglob("*.py")):
            name = path.relative_to(folder).as_posix().encode()
            made.update(pack("file", name, path.read_bytes()))
    return made.hexdigest()


def digest_class(kind: type, digest: Digest) -> bytes:
    """Digest a class by its name, and by its source if no package versions it."""
    name = f"{kind.__module__}.{kind.__qualname__}".encode()
    if is_script(package_of(kind)):
        return pack("class", name, _source_of_all(kind, digest))
    return pack("class", name)


def digest_function(function: FunctionType, digest: Digest) -> bytes:
    """Digest a function by its name, and by its source if no package versions it."""
    name = f"{function.__module__}.{function.__qualname__}"
    if function.__name__ == "<lambda>":
        raise Unkeyable("a lambda has no name", _USE_NAMED)
    if "<locals>" in function.__qualname__ and function.__closure__:
        raise Unkeyable(f"{name} was made inside another function", _USE_NAMED)
    if is_script(package_of(function)):
        return pack("function", name.encode(), _source_of_all(function, digest))
    if "<locals>" in function.__qualname__:
        raise Unkeyable(f"{name} cannot be found by its name", _USE_NAMED)
    return pack("function", name.encode())


def _source_of_all(root: Any, digest: Digest) -> bytes:
    """Digest the source of a class or function and of all code that it refers to."""
    seen: dict[int, Any] = {}
    left, parts, covered = [root], [], set()
    while left:
        thing = left.pop()
        if id(thing) in seen:
            continue
        seen[id(thing)] = thing
        if not is_script(package_of(thing)):
            parts.append(pack("named", digest(thing)))
            continue
        if id(thing) not in covered:
            parts.append(pack("source", thing.__qualname__.encode(), _source(thing)))
        for name, value in _references(thing):
            if isinstance(thing, type) and isinstance(value, FunctionType):
                covered.add(id(value))  # the source of the class holds that of methods
            if isinstance(value, FunctionType | type):
                left.append(value)
            else:
                parts.append(pack("value", name.encode(), _value(name, value, digest)))
    return pack("code", *sorted(set(parts)))


def _source(thing: Any) -> bytes:
    if thing not in _SOURCES:
        _SOURCES[thing] = _read_source(thing)
    return _SOURCES[thing]


def _read_source(thing: Any) -> bytes:
    try:
        return inspect.getsource(thing).encode()
    except (OSError, TypeError) as error:
        if isinstance(thing, type) and thing not in _METHOD_SOURCES:
            _METHOD_SOURCES[thing] = b"\n".join(map(_source, _methods(thing)))
        found = _METHOD_SOURCES.get(thing) if isinstance(thing, type) else None
        if not found:
            raise Unkeyable(
                f"the source of {thing.__module__}.{thing.__qualname__} is not known",
                "put it into a module",
            ) from error
        return found


def _methods(kind: type) -> list[FunctionType]:
    return [value for _, value in _members(kind) if isinstance(value, FunctionType)]


def _value(name: str, value: Any, digest: Digest) -> bytes:
    if not isinstance(value, ModuleType):
        try:
            return digest(value)
        except Unkeyable as error:
            raise error.within(f"{name!r}, which it uses") from None
    if not is_script(value.__name__.partition(".")[0]):
        version = version_of(value.__name__.partition(".")[0])
        return pack("module", value.__name__.encode(), version.encode())
    return pack("module", value.__name__.encode(), _source(value))


def _references(thing: Any) -> Iterator[tuple[str, Any]]:
    """List what a class or function of the user refers to by name."""
    if isinstance(thing, type):
        yield from ((base.__qualname__, base) for base in thing.__mro__[1:])
        yield from _members(thing)
        return
    yield "defaults", thing.__defaults__
    yield "keyword defaults", thing.__kwdefaults__
    if wrapped := getattr(thing, "__wrapped__", None):
        yield "wrapped", wrapped
    for cell in thing.__closure__ or ():
        yield "closure", cell.cell_contents
    names = sorted(_names(thing.__code__))
    space = thing.__globals__
    yield from ((name, space[name]) for name in names if name in space)


def _members(kind: type) -> Iterator[tuple[str, Any]]:
    """List the functions and plain values of a class."""
    for name, value in sorted(vars(kind).items()):
        for part in _unwrapped(value):
            plain = isinstance(part, str | int | float | tuple) and name[:2] != "__"
            if plain or (isinstance(part, FunctionType) and not _is_generated(part)):
                yield name, part


def _is_generated(function: FunctionType) -> bool:
    """Whether this method was generated by a dataclass."""
    inner = inspect.unwrap(function)
    return inner.__code__.co_filename == "<string>"


def _unwrapped(value: Any) -> list[Any]:
    if isinstance(value, property):
        return [value.fget, value.fset, value.fdel]
    if isinstance(value, classmethod | staticmethod):
        return [value.__func__]
    return [value]


def _names(code: CodeType) -> set[str]:
    inner = [const for const in code.co_consts if isinstance(const, CodeType)]
    return set(code.co_names).union(*(_names(part) for part in inner))
