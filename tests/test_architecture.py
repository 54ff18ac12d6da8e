"""The layers hold, classes stay small, and importing the package stays light."""

import ast
import importlib.util
import inspect
import subprocess
import sys
import tomllib
from pathlib import Path

import skensemble

ROOT = Path(__file__).parents[1]
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
# What the linter bans at the top of modules, and what only a table or a bar needs.
HEAVY = [
    *CONFIG["flake8-tidy-imports"]["banned-module-level-imports"],
    *("polars", "pyarrow", "rich"),
]


def modules_after(code):
    """List the heavy modules that are loaded after some code in a new process."""
    code += f"; import sys; print(*[m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_import_is_light():
    assert {"catboost", "lightgbm", "optuna", "skops", "torch", "xgboost"} < set(HEAVY)
    # pandas loads pyarrow, and scikit-learn loads rich, where they are installed.
    theirs = modules_after("import pandas, sklearn.model_selection")
    assert theirs <= {"pyarrow", "rich"}
    assert modules_after("import skensemble") <= theirs


def test_heavy_modules_are_seen():
    assert {"lightgbm", "skops"} <= modules_after("import lightgbm, skops.io")


def test_import_loads_no_package_of_ours():
    code = (
        "import skensemble, sys;"
        "print([m for m in sys.modules if m.startswith('skensemble.')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_layers():
    code = "from importlinter.cli import lint_imports_command as lint; lint()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "0 broken" in done.stdout, done.stdout + done.stderr


def imports(path):
    """Modules that a file imports."""
    for node in ast.walk(ast.parse(path.read_text("utf8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_packages_import_each_other_through_their_front_door():
    found = [
        f"{path.relative_to(ROOT)}: {module}"
        for path in (ROOT / "skensemble").rglob("*.py")
        for module in imports(path)
        if (parts := module.split("."))[0] == "skensemble"
        and len(parts) > 2
        and (ROOT / "skensemble" / parts[1]).is_dir()
        and parts[1] != path.relative_to(ROOT).parts[1]
    ]
    assert found == []


def own_methods(kind):
    """Methods and properties of a class, without special methods."""
    return [
        node.name
        for node in kind.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("__")
    ]


def classes():
    for path in sorted((ROOT / "skensemble").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf8"))):
            if isinstance(node, ast.ClassDef):
                yield path, node


def test_no_class_is_large():
    large = [
        f"{path.name}: {kind.name} has {len(own_methods(kind))} methods"
        for path, kind in classes()
        if len(own_methods(kind)) > 25
    ]
    assert large == []


def test_estimators_have_at_most_two_bases_of_ours():
    deep = []
    for name in skensemble.__all__:
        kind = getattr(skensemble, name)
        if not inspect.isclass(kind) or not hasattr(kind, "fit"):
            continue
        ours = [
            base.__name__
            for base in kind.__mro__[1:]
            if base.__module__.startswith("skensemble.")
        ]
        if len(ours) > 2:
            deep.append(f"{name}: {ours}")
    assert deep == []


def test_the_map_of_modules_is_current():
    spec = importlib.util.spec_from_file_location(
        "module_map", ROOT / "docs" / "module_map.py"
    )
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.PAGE.read_text() == module.module_map(), (
        "run: python docs/module_map.py"
    )
