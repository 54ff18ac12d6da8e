"""The program as a process: exit codes, help, pipes, and the page that describes it."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from skensemble import __version__
from skensemble.command_line import main
from skensemble.command_line._arguments import make_parser

PAGE = Path(__file__).parents[2] / "docs" / "command_line.md"


def test_commands_of_the_page_are_known():
    """The page shows a recorded session (``make session``)."""
    text = PAGE.read_text(encoding="utf8")
    shown = re.findall(r"^(?:\$ )?(skensemble .*)", text, re.MULTILINE)
    calls = [re.split(r" [|>]| && | < | #", line)[0] for line in shown]
    parsed = [make_parser().parse_args(shlex.split(call)[1:]) for call in calls]
    known = {"fit", "predict", "leaderboard", "trials", "columns"}
    assert {one.command for one in parsed} == known


def test_the_page_describes_all_options():
    text = PAGE.read_text(encoding="utf8")
    parser = make_parser()
    commands = parser._subparsers._group_actions[0].choices
    options = {
        option
        for command in commands.values()
        for action in command._actions
        for option in action.option_strings
        if option.startswith("--")
    }
    assert {option for option in options if f"`{option}`" not in text} == {"--help"}


@pytest.mark.parametrize("arguments", [["--version"], ["fit", "--help"]])
def test_help_and_version(arguments, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 0
    printed = capsys.readouterr().out
    assert (__version__ if arguments == ["--version"] else "examples:") in printed


def test_an_unknown_option_exits_with_two(capsys):
    with pytest.raises(SystemExit) as end:
        main(["fit", "a.csv", "--target=b", "--out=c", "--tme-limit=3"])
    assert end.value.code == 2
    assert "--tme-limit" in capsys.readouterr().err


def test_a_closed_pipe_is_not_an_error(folder):
    table = pd.concat([pd.read_csv(folder / "test.csv")] * 200)
    table.to_csv(folder / "long.csv", index=False)
    command = [sys.executable, "-m", "skensemble", "predict", str(folder / "model")]
    process = subprocess.Popen(
        [*command, str(folder / "long.csv")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "Id,Sale_Price\n"
    process.stdout.close()
    assert process.wait(60) == 0
    errors = process.stderr.read()
    assert "Error" not in errors
    assert "Traceback" not in errors
    process.stderr.close()


def test_an_interruption_before_the_fit(monkeypatch, capsys):
    def interrupt(args):
        raise KeyboardInterrupt

    monkeypatch.setattr("skensemble.command_line._tables_command.run_tables", interrupt)
    assert main(["leaderboard", "m"]) == 130
    assert "interrupted" in capsys.readouterr().err
