"""The floors hold, and importing the package stays light."""

import subprocess
import sys

HEAVY = ["lightgbm", "xgboost", "matplotlib", "torch", "polars"]


def test_import_is_light():
    code = f"import skensemble, sys; print([m for m in {HEAVY} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


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
