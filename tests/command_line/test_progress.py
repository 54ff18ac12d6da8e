"""The progress of a fit, in a terminal and in the state behind it."""

import io
import os
import pickle
import pty
import re
import sys
from pathlib import Path

import pytest

from skensemble.command_line._progress import FitProgress, FitState, FoldEvent
from skensemble.command_line._screens import PlainScreen, make_screen

WORKER = (1, 1)


def fold(state, member, score, run=0, worker=WORKER):
    state.receive(FoldEvent(True, worker, member, run, 3))
    state.receive(FoldEvent(False, worker, member, run, 3, score))


def test_state_of_several_members_and_runs():
    state = FitState(None, "auc")
    assert "reading the columns" in state.time_line()
    for score in (0.8, 0.9):
        fold(state, "linear", score)
    state.receive(FoldEvent(True, WORKER, "forest", 1, 3))
    assert "fitting forest | best auc 0.85 (linear)" in state.time_line()
    # A member that failed has no end; the next fit of the worker replaces it.
    fold(state, "linear", 1.0, run=2)
    assert "combining the members" in state.time_line()
    assert state.member_lines() == [
        ("linear", "3 of 6 folds", "0.9"),
        ("forest", "0 of 3 folds", "-"),
    ]
    state.end()
    assert re.match(r"fitted in \d+:\d\d \| best auc 0.9 \(linear\)", state.time_line())


def test_time_left():
    state = FitState(3600, "auc")
    assert re.match(r"(60:00|59:\d\d) of 60:00 left", state.time_line())
    assert FitState(0.01, "auc").time_line().startswith("0:00 of 0:00 left")


def test_scores_that_are_not_defined_are_left_out():
    state = FitState(None, "auc")
    fold(state, "linear", float("nan"))
    fold(state, "linear", None)
    assert "best" not in state.time_line()
    assert state.member_lines() == [("linear", "2 of 3 folds", "-")]


def test_complete_members_are_reported():
    state = FitState(None, "auc")
    seen = []
    state.on_member = lambda: seen.append(state.member_lines())
    for _ in range(3):
        fold(state, "linear", 0.5)
    assert seen == [[("linear", "3 of 3 folds", "0.5")]]


def test_the_callback_can_be_sent_to_workers():
    progress = FitProgress(FitState(None, "auc"), PlainScreen())
    sent = pickle.loads(pickle.dumps(progress))
    assert not hasattr(sent._state, "members")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize("rich", [True, False])
def test_screens(monkeypatch, rich):
    if not rich:
        monkeypatch.setitem(sys.modules, "rich.live", None)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    screen = make_screen()
    assert isinstance(screen, PlainScreen) != rich
    state = FitState(10, "auc")
    screen.begin()
    fold(state, "linear", 0.75)
    screen.draw(state)
    screen.end(state)
    shown = terminal.getvalue()
    assert "best auc 0.75 (linear)" in shown
    assert ("1 of 3 folds" in shown) == rich


def test_a_fit_in_a_terminal(tmp_path, folder):
    """Without rich there is a line of progress, and each message is on its own line."""
    hidden = tmp_path / "hidden" / "rich"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").write_text("raise ImportError('no rich')\n")
    paths = [str(hidden.parent), str(Path(__file__).parents[2])]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "TERM": "xterm"}
    command = [
        *(sys.executable, "-m", "skensemble", "fit", str(folder / "train.csv")),
        *("--target=Sale_Price", "--preset=small", "--time-limit=60", "--jobs=1"),
        f"--out={tmp_path / 'model'}",
    ]
    process, terminal = pty.fork()
    if process == 0:  # the child process
        os.execve(command[0], command, env)
    shown = b""
    while True:
        try:
            data = os.read(terminal, 1 << 16)
        except OSError:  # the end of the child process, on Linux
            break
        if not data:
            break
        shown += data
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 0
    text = shown.decode()
    assert "of 1:00 left" in text
    lines = [line.rpartition("\x1b[K")[2] for line in text.split("\r\n")]
    assert any(line.startswith("Target: 'Sale_Price'") for line in lines)
    assert any(line.startswith("Regression, fitted in") for line in lines)
    assert lines[-2] == f"Model: {tmp_path / 'model' / 'model.skensemble'}"
