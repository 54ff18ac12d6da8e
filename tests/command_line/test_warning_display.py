"""Warnings of the command line: each cause once, in words."""

import warnings

import pytest

from skensemble.command_line._warning_display import WarningDisplay
from skensemble.exceptions import MemberFailedWarning


def lines(capsys):
    return capsys.readouterr().err.splitlines()


def test_a_cause_is_printed_once(capsys):
    with WarningDisplay():
        for k in range(3):
            warnings.warn(f"value {k}.5 is low", UserWarning, stacklevel=1)
            warnings.warn("Member 'a' failed.", MemberFailedWarning, stacklevel=1)
        warnings.warn("another cause", UserWarning, stacklevel=1)
    assert lines(capsys) == [
        "Warning: value 0.5 is low",
        "Warning: Member 'a' failed.",
        "Warning: another cause",
    ]


def test_a_line_of_another_library_is_one_cause(capsys):
    def warn_at(name, line):
        warnings.warn_explicit(
            f"text of {name}", UserWarning, f"/x/site-packages/{name}.py", line
        )

    with WarningDisplay():
        for _ in range(2):
            warn_at("lightgbm", 7)
        warnings.warn_explicit("more", UserWarning, "/x/site-packages/lightgbm.py", 7)
        warn_at("lightgbm", 8)
        warn_at("xgboost", 7)
    expected = ["text of lightgbm", "text of xgboost"]
    assert lines(capsys) == [f"Warning: {text}" for text in expected]


@pytest.mark.parametrize("category", [DeprecationWarning, FutureWarning])
def test_warnings_for_programmers_are_not_printed(capsys, category):
    with WarningDisplay():
        warnings.warn("text", category, stacklevel=1)
    assert lines(capsys) == []
    with pytest.warns(category):
        warnings.warn("text", category, stacklevel=1)
