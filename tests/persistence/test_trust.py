"""The names in the lists of trust exist, and nothing that reads files is trusted."""

import ast
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import FunctionType

import numpy as np
import pytest

import skensemble
from skensemble.persistence._import_names import resolve
from skensemble.persistence._trust import (
    CHECK_ARRAY,
    COMPUTING_FUNCTIONS,
    COMPUTING_MODULES,
    FILE_READERS,
    NUMPY_FUNCTIONS,
    PYTHON_NAMES,
    SKLEARN_COMPUTING,
    SKLEARN_VALUE_MODULES,
    WRAPPERS,
    is_trusted,
)

HOME = Path(skensemble.__file__).parent
UNPICKLERS = {"cloudpickle", "dill", "joblib", "marshal", "np", "pickle", "skops"}
READERS = {
    *("fdopen", "fromfile", "genfromtxt", "loadtxt", "memmap", "open", "open_memmap"),
    *("Popen", "read_bytes", "read_text", "run_module", "ZipFile"),
}
BUILTINS = {"__import__", "eval", "exec", "open"}


def module_name(path):
    parts = path.relative_to(HOME).with_suffix("").parts
    return ".".join(("skensemble", *(part for part in parts if part != "__init__")))


def reads_files(call):
    """Whether a call reads a file, runs code or imports a module chosen by a value."""
    function = call.func
    if getattr(function, "attr", getattr(function, "id", None)) == "import_module":
        return not isinstance(call.args[0], ast.Constant)
    if isinstance(function, ast.Name):
        return function.id in BUILTINS
    if not isinstance(function, ast.Attribute):
        return False
    owner = function.value.id if isinstance(function.value, ast.Name) else None
    return (
        function.attr in READERS
        or (function.attr in ("load", "loads", "Unpickler") and owner in UNPICKLERS)
        or (owner == "pd" and function.attr.startswith("read_"))
        or owner == "subprocess"
    )


READING = {
    module_name(path)
    for path in HOME.rglob("*.py")
    if any(
        isinstance(node, ast.Call) and reads_files(node)
        for node in ast.walk(ast.parse(path.read_text()))
    )
}


def test_modules_that_read_files_are_found():
    assert {
        *("skensemble.datasets._ames", "skensemble.fitting._store_file"),
        *("skensemble.fitting._shared", "skensemble.optim._checkpoint"),
        *("skensemble.persistence._archive", "skensemble.core._optional"),
    } <= READING


@pytest.mark.parametrize("module", sorted(READING))
def test_nothing_in_a_module_that_reads_files_is_trusted(module):
    assert module not in COMPUTING_MODULES
    defined = [
        thing.__qualname__
        for thing in vars(import_module(module)).values()
        if getattr(thing, "__module__", None) == module
        and hasattr(thing, "__qualname__")
    ]
    assert not [name for name in defined if is_trusted(f"{module}.{name}")]


@pytest.mark.parametrize("module", [*FILE_READERS, *sorted(COMPUTING_MODULES)])
def test_listed_module_exists(module):
    assert find_spec(module) is not None


@pytest.mark.parametrize("module", sorted(COMPUTING_MODULES))
def test_functions_of_a_computing_module_are_trusted(module):
    own = [
        (name, thing)
        for name, thing in vars(import_module(module)).items()
        if getattr(thing, "__module__", None) == module
    ]
    functions = [name for name, thing in own if isinstance(thing, FunctionType)]
    functions += [
        f"{name}.{method}"
        for name, thing in own
        if isinstance(thing, type)
        for method, function in vars(thing).items()
        if isinstance(function, FunctionType) and not method.startswith("_")
    ]
    assert functions
    assert all(is_trusted(f"{module}.{name}") for name in functions)


@pytest.mark.parametrize(
    "name",
    sorted({*COMPUTING_FUNCTIONS, *WRAPPERS, *PYTHON_NAMES, CHECK_ARRAY}),
)
def test_listed_class_or_function_exists(name):
    found = resolve(name)
    assert f"{found.__module__}.{found.__qualname__}" == name
    assert is_trusted(name)


@pytest.mark.parametrize("name", NUMPY_FUNCTIONS)
def test_listed_function_of_numpy_exists(name):
    assert callable(getattr(np, name))


@pytest.mark.parametrize("module", [*SKLEARN_VALUE_MODULES, *SKLEARN_COMPUTING])
def test_listed_module_of_scikit_learn_exists(module):
    assert find_spec(module) is not None
