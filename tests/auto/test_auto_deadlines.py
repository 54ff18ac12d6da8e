"""Fits of automatic ensembles at the end of the time limit, without a real clock."""

import importlib.util
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import Ridge

from skensemble import AutoEnsembleRegressor, GradientBoostingRegressor, Patience
from skensemble.auto import _trainer
from skensemble.auto._candidate import TimeAllowance
from skensemble.auto._catalogue import CATALOGUE
from skensemble.auto._table_facts import TableFacts
from skensemble.auto.members import (
    SlimExtraTreesClassifier,
    SlimExtraTreesRegressor,
    SlimRandomForestRegressor,
)
from skensemble.core import FitDeadline, fit_deadline
from skensemble.exceptions import MemberFailedError, MemberFailedWarning, TimeLimitError
from skensemble.fitting import (
    Member,
    Split,
    Store,
    TrainingData,
    Turns,
    is_late,
    plan_fits,
    run_fits,
)

FUTURE, PAST = 1e12, 0.0


@contextmanager
def deadline(at, **options):
    with fit_deadline(FitDeadline(at, **options)):
        yield


class Countdown(FitDeadline):
    """A deadline that has passed when it was asked a number of times."""

    def __init__(self, times):
        super().__init__(FUTURE)
        self.times = times

    def passed(self):
        self.times -= 1
        self.was_met = self.times < 0
        return self.was_met


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(200, 4)), columns=list("abcd"))
    return X, (X["a"] * X["b"] + rng.normal(0, 0.1, 200)).to_numpy()


# Members


@pytest.mark.parametrize("n_trees", [4, 10, 25])
@pytest.mark.parametrize(
    "kind",
    [SlimExtraTreesRegressor, SlimExtraTreesClassifier, SlimRandomForestRegressor],
)
def test_forests_with_a_deadline_have_the_same_trees(table, kind, n_trees):
    X, y = table
    target = y > 0 if kind is SlimExtraTreesClassifier else y
    usual = kind(n_trees, random_state=3).fit(X, target)
    with deadline(FUTURE):
        timed = kind(n_trees, random_state=3).fit(X, target)
    assert timed.get_params() == usual.get_params()
    assert len(timed.estimators_) == n_trees
    np.testing.assert_array_equal(timed.predict(X), usual.predict(X))


def test_forests_stop_at_the_deadline(table):
    with fit_deadline(Countdown(2)):
        forest = SlimExtraTreesRegressor(100, random_state=3).fit(*table)
    assert len(forest.estimators_) == 30
    fewer = ExtraTreesRegressor(30, random_state=3).fit(*table)
    np.testing.assert_allclose(forest.predict(table[0]), fewer.predict(table[0]))


def test_boosting_stops_at_the_deadline(table):
    X, y = table
    model = GradientBoostingRegressor(
        n_estimators=50, early_stopping=Patience(50), random_state=0
    )
    with fit_deadline(Countdown(3)):
        model.fit(X[:150], y[:150], X_val=X[150:], y_val=y[150:])
    assert 1 <= len(model.history_) <= 4  # up to the best round
    assert np.isfinite(model.predict(X)).all()
    # Without validation rows, only the wanted number of rounds is of use.
    with fit_deadline(Countdown(3)), pytest.raises(TimeLimitError):
        GradientBoostingRegressor(n_estimators=50, early_stopping=False).fit(X, y)


QUICK = ["lightgbm_small", "network_smooth", "xgboost_small"] + (
    ["catboost"] if importlib.util.find_spec("catboost") else []
)


@pytest.mark.parametrize("name", QUICK)
def test_early_stopping_members_stop_at_the_deadline(table, name):
    X, y = table
    facts = TableFacts(
        "regression", 200, 0, 200, pd.Series("numeric", X.columns), False
    )
    candidate = CATALOGUE[name](facts, TimeAllowance(None, 3))
    with fit_deadline(Countdown(4)):
        model = candidate.estimator.fit(X, y)
    assert np.isfinite(model.predict(X)).all()
    with deadline(PAST), pytest.raises(TimeLimitError):
        candidate.estimator.fit(X, y)  # its encoder alone took too long


@pytest.mark.parametrize("refit", [False, True])
def test_only_fits_of_folds_may_end_early(table, refit, tmp_path):
    X, y = table
    splits = [] if refit else [Split(0, np.arange(150), np.arange(150, 200))]
    forest = SlimExtraTreesRegressor(30, random_state=0)
    fits = plan_fits([Member("trees", forest, "predict")], splits, refit=refit, seed=0)
    store = Store(tmp_path)
    options = {"n_jobs": 1, "on_error": "drop", "store": store}
    # A negative time has passed, and all that is wanted is the first fit.
    turns = replace(Turns(enough=1), stop_late=True)
    fitted, failures = run_fits(
        fits, TrainingData(X, y, 0), deadline=-1.0, turns=turns, **options
    )
    if refit:
        assert not fitted
        assert is_late(failures[0])
    else:
        assert len(fitted[0].estimator.estimators_) == 10
    # A fit that ended early is not in the store.
    fitted, _ = run_fits(fits, TrainingData(X, y, 0), **options)
    assert len(fitted[0].estimator.estimators_) == 30
    assert not fitted[0].cached


# Ensembles


def test_too_little_time_for_all_splits(table):
    X, y = table
    auto = AutoEnsembleRegressor(
        1e-6, members=[("ridge", Ridge()), "linear"], preset="fast", random_state=0
    ).fit(X, y)
    assert [fit.split for fit in auto.fits_] == [0, 1]
    seen = auto.oof_.covered
    assert 60 <= seen.sum() <= 100
    assert np.isnan(auto.ensemble_oof_[~seen]).all()
    assert np.isfinite(auto.ensemble_oof_[seen]).all()
    assert np.isfinite(auto.leaderboard_["score"]).all()
    assert auto.predict_quantiles(X).shape == (200, 3)
    assert auto.trials().loc["linear", "status"] == "no time"
    # The other splits follow, and none is fitted twice.
    auto.fit_more(1000)
    assert auto.oof_.covered.all()
    fits = [(fit.member, fit.split) for fit in auto.fits_]
    assert len(set(fits)) == len(fits) >= 10
    assert {"ridge", "linear"} <= set(auto.weights_.index)


class Broken(Ridge):
    """A member that fails after some time, of which it keeps count."""

    n_fits = 0

    def fit(self, X, y, sample_weight=None):
        type(self).n_fits += 1
        raise ArithmeticError("nothing adds up")


def test_when_every_member_fails_the_time_limit_holds(table, monkeypatch):
    monkeypatch.setattr(Broken, "n_fits", 0)
    monkeypatch.setattr(_trainer, "_OVERTIME_SECONDS", -1e9)
    members = [("one", Broken()), ("two", Broken()), ("three", Broken())]
    auto = AutoEnsembleRegressor(1000, members=members, preset="fast", n_jobs=1)
    with (
        pytest.warns(MemberFailedWarning),
        pytest.raises(MemberFailedError) as error,
    ):
        auto.fit(*table)
    assert "'one' on split 0: ArithmeticError: nothing adds up" in str(error.value)
    assert "no time was left for two, three" in str(error.value)
    # One failure is enough: the other splits of the member are not tried.
    assert Broken.n_fits == 1


@pytest.mark.parametrize("limit", [None, 1000])
def test_all_reasons_where_every_member_fails(table, limit):
    members = [("one", Broken()), ("two", Broken())]
    auto = AutoEnsembleRegressor(limit, members=members, preset="fast", n_jobs=1)
    with (
        pytest.warns(MemberFailedWarning),
        pytest.raises(MemberFailedError, match=r"'one'.*ArithmeticError.*'two'"),
    ):
        auto.fit(*table)
