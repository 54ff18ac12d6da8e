"""Interruptions of a fit by signals."""

import os
import signal
from contextlib import suppress

import pytest

from skensemble import load
from skensemble.command_line import main
from skensemble.command_line._interruptions import best_so_far
from skensemble.command_line._model_folder import MODEL
from skensemble.command_line._progress import FitState

SIGNALS = [signal.SIGINT, signal.SIGTERM]


@pytest.fixture(autouse=True)
def usual_handler():
    """Raise KeyboardInterrupt; a process in the background may ignore the signal."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_exit_codes(number):
    before = [signal.getsignal(one) for one in SIGNALS]
    with suppress(KeyboardInterrupt), best_so_far() as interruption:
        os.kill(os.getpid(), number)
    assert interruption.exit_code == 128 + number
    assert [signal.getsignal(one) for one in SIGNALS] == before


def test_no_interruption():
    with best_so_far() as interruption:
        pass
    assert interruption.exit_code == 0


@pytest.fixture
def interrupt(monkeypatch):
    """Send signals to this process at the first fold fit after a number of others."""

    def interrupt(number, n_done):
        receive = FitState.receive

        def receive_and_send(state, event):
            receive(state, event)
            n_folds = sum(member.done for member in state.members.values())
            if event.begins and n_folds == n_done:
                os.kill(os.getpid(), number)

        monkeypatch.setattr(FitState, "receive", receive_and_send)

    return interrupt


ARGUMENTS = ["--target=Sale_Price", "--preset=small", "--time-limit=60", "--jobs=1"]


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_the_best_so_far_is_written(folder, tmp_path, interrupt, capsys, number):
    interrupt(number, 5)
    paths = [str(folder / "train.csv"), f"--test={folder / 'test.csv'}"]
    code = main(["fit", *paths, *ARGUMENTS, f"--out={tmp_path}"])
    assert code == 128 + number
    printed = capsys.readouterr()
    assert "was interrupted" in printed.err
    assert "--memory FOLDER" in printed.err
    assert "fit_more" not in printed.err
    assert load(tmp_path / MODEL).weights_.index.tolist() == ["lightgbm_small"]
    assert (tmp_path / "predictions.csv").exists()


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_nothing_is_written_without_a_complete_member(
    folder, tmp_path, interrupt, capsys, number
):
    interrupt(number, 2)
    (tmp_path / MODEL).write_text("old")
    path = str(folder / "train.csv")
    assert main(["fit", path, *ARGUMENTS, f"--out={tmp_path}"]) == 128 + number
    assert "interrupted" in capsys.readouterr().err
    assert (tmp_path / MODEL).read_text() == "old"
    assert not (tmp_path / "progress.csv").exists()


def test_members_so_far_are_written_during_the_fit(folder, tmp_path, monkeypatch):
    """A process that is killed leaves the scores of the complete members."""
    found = []

    def kill(*args):
        found.append((tmp_path / "progress.csv").read_text())
        raise RuntimeError("no time for the model")

    monkeypatch.setattr("skensemble.command_line._fit_command.write_model", kill)
    path = str(folder / "train.csv")
    assert main(["fit", path, *ARGUMENTS, f"--out={tmp_path}"]) == 1
    assert "lightgbm_small,5 of 5 folds,-" in found[0]
