"""The floors hold, and importing the package stays light."""

import subprocess
import sys
import tomllib
from pathlib import Path

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


def test_floors():
    code = "from importlinter.cli import lint_imports_command as lint; lint()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "0 broken" in done.stdout, done.stdout + done.stderr
