"""Ctrl-C during the fit of an automatic ensemble."""

import signal

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from skensemble import AutoEnsembleRegressor
from skensemble.auto import keep_best_on_interrupt
from skensemble.exceptions import FitInterruptedWarning


@pytest.fixture(autouse=True)
def usual_handler():
    """Raise KeyboardInterrupt; a process in the background may ignore the signal."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


class Interrupted(Ridge):
    """A member during whose fit the user presses Ctrl-C."""

    def fit(self, X, y, sample_weight=None):
        signal.raise_signal(signal.SIGINT)
        return super().fit(X, y, sample_weight)


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(120, 3)), columns=list("abc"))
    return X, X["a"] + rng.normal(0, 0.1, 120)


def ensemble(*members, **params):
    params = {"time_limit": None, "cv": 2, "n_jobs": 1} | params
    return AutoEnsembleRegressor(members=list(members), random_state=0, **params)


@pytest.mark.parametrize("limit", [None, 60])
def test_the_complete_members_are_combined(table, limit):
    X, y = table
    members = [("first", Ridge()), ("slow", Interrupted()), "linear"]
    auto = ensemble(*members, time_limit=limit, preset="fast")
    handler = signal.getsignal(signal.SIGINT)
    try:
        with (
            keep_best_on_interrupt() as interrupts,
            pytest.warns(FitInterruptedWarning, match="were complete: first"),
        ):
            auto.fit(X, y)
    finally:
        assert signal.getsignal(signal.SIGINT) is handler
    assert interrupts.requested
    assert list(auto.weights_.index) == ["first"]
    assert auto.score(X, y) > 0.9
    assert "interrupted" in str(auto.failed_["slow"][0].error)
    assert auto.trials().loc["linear", "status"] == "no time"


def test_without_a_complete_member_the_interrupt_is_raised(table):
    auto = ensemble(("slow", Interrupted()), "linear")
    with keep_best_on_interrupt(), pytest.raises(KeyboardInterrupt):
        auto.fit(*table)
    assert not auto.__sklearn_is_fitted__()


def test_without_the_context_the_interrupt_is_raised(table):
    auto = ensemble(("first", Ridge()), ("slow", Interrupted()))
    with pytest.raises(KeyboardInterrupt):
        auto.fit(*table)
    assert not auto.__sklearn_is_fitted__()


def test_the_second_interrupt_is_raised():
    with keep_best_on_interrupt() as interrupts:
        signal.raise_signal(signal.SIGINT)  # recorded: no fit is running
        assert interrupts.requested
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_an_interrupted_fit_continues(table):
    X, y = table
    members = [("first", Ridge()), ("slow", Interrupted()), "linear"]
    auto = ensemble(*members, preset="fast")
    with keep_best_on_interrupt(), pytest.warns(FitInterruptedWarning):
        auto.fit(X, y)
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        auto.fit_more(60)
    finally:
        signal.signal(signal.SIGINT, handler)
    assert set(auto.weights_.index) == {"first", "slow", "linear"}
