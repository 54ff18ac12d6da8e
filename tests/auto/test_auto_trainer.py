"""Large tables within a time limit: trials, samples of the rows, deadlines."""

import time
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import f1_score, make_scorer, roc_auc_score
from sklearn.model_selection import TimeSeriesSplit

from skensemble import AutoEnsembleClassifier, AutoEnsembleRegressor
from skensemble.auto import _fit_times, _full_data_fits, _trainer
from skensemble.auto._candidate import Candidate, TimeAllowance
from skensemble.auto._catalogue import xgboost
from skensemble.auto._fit_times import (
    FitTime,
    affordable_rows,
    expected_fit_time,
    is_large,
    time_limit_of,
    with_time_budget,
)
from skensemble.auto._folds import restrict_splits, sample_of_rows
from skensemble.auto._table_facts import TableFacts
from skensemble.fitting import Split, run_fits

N = 60_000


def table(n):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(n, 6)), columns=list("abcdef"))
    X["city"] = np.array(["Bern", "Basel", "Chur"])[rng.integers(0, 3, n)]
    X["code"] = rng.integers(0, 500, n).astype(str)
    y = X["a"] + X["b"] * X["c"] + 2 * (X["city"] == "Chur") + rng.normal(0, 0.3, n)
    return X, y.to_numpy()


@dataclass
class FixedClock:
    """A clock of a fit with the same time left at any time."""

    seconds: float
    left: float
    start: float

    def deadline(self, reserve=0.0):
        return self.start + self.left - reserve


def splits_of(n, k=3):
    rows = np.arange(n)
    return [Split(j, rows[rows % k != j], rows[rows % k == j]) for j in range(k)]


# Expected times of fits


def test_times_grow_with_the_rows():
    fit_time = FitTime(n_rows=1000, seconds=2.0, power=1.5, time_limit=3.0)
    assert fit_time.at(500) == pytest.approx(5)
    assert fit_time.at(4000) == pytest.approx(3 + 2 * 8)


def test_power_is_learned_from_two_trials():
    small, large = _fit_times._Trial(1000, 0.1), _fit_times._Trial(4000, 1.6)
    assert _fit_times._fit_time(small, large, None).power == pytest.approx(2)
    # Fixed costs make the growth look less than proportional; the minimum is 1.
    assert _fit_times._fit_time(small, _fit_times._Trial(4000, 0.2), None).power == 1
    # Very short times are not used.
    quick = _fit_times._fit_time(
        _fit_times._Trial(1000, 0.001), _fit_times._Trial(4000, 0.05), 2.0
    )
    assert quick.power == 1
    assert quick.time_limit > 2
    assert _fit_times._fit_time(small, None, None).at(10_000) > 1.0


@pytest.mark.parametrize(
    ("seconds", "least", "most"),
    [(1e9, N, N), (8.0, N // 3, N // 2), (0.0, 12_000, 12_000)],
    ids=["enough", "some", "none"],
)
def test_rows_that_fit_in(seconds, least, most):
    # A fit on 40,000 rows takes 10 s; two workers do three splits in two batches.
    fit_time = FitTime(n_rows=4000, seconds=1.0)
    n = affordable_rows(fit_time, splits_of(N), N, workers=2, seconds=seconds)
    assert least <= n <= most
    if least < n < N:
        assert 2 * fit_time.at(n * 2 // 3) <= seconds


def test_time_limits_are_found_in_nested_estimators(facts):
    bounded = xgboost(facts, TimeAllowance(60, 3))
    assert time_limit_of(bounded.estimator) == pytest.approx(0.2 * 60 / 3)
    assert time_limit_of(LinearRegression()) is None
    times = {
        "first": FitTime(1000, 1.0, time_limit=7.0),
        "theirs": FitTime(1000, 2.0),
    }
    assert expected_fit_time(bounded, times).at(1000) == pytest.approx(1 + 1.15 * 4)
    mine, theirs = (Candidate(n, LinearRegression()) for n in ("mine", "theirs"))
    # Without a trial and a time limit, the time is unknown.
    assert expected_fit_time(mine, times).at(10) == np.inf
    assert expected_fit_time(theirs, times).at(10) == 2


def test_time_limits_are_lowered_to_the_time_left(facts):
    one = xgboost(facts, TimeAllowance(60, 3))
    fit_time = expected_fit_time(one, {"first": FitTime(1000, 1.0)})
    assert with_time_budget(one, fit_time, 1000, 6.0) is one
    less = with_time_budget(one, fit_time, 1000, 4.0)
    assert time_limit_of(less.estimator) == pytest.approx((0.95 * 4 - 1) / 1.15)
    assert time_limit_of(one.estimator) == 4
    # A few rounds are not worth the fit; without a time limit nothing changes.
    assert with_time_budget(one, fit_time, 1000, 1.2) is one
    mine = Candidate("mine", LinearRegression())
    assert with_time_budget(mine, FitTime(1000, 9.0), 1000, 4.0) is mine


@pytest.fixture
def facts():
    return TableFacts("regression", N, 0, N, pd.Series(["numeric"] * 3), False)


@pytest.mark.parametrize(
    ("shape", "large"),
    [
        ((25_000, 5), False),
        ((31_000, 5), True),
        ((25_000, 400), True),
        ((9_000, 9_00), False),
    ],
    ids=["short", "long", "wide", "few rows"],
)
def test_which_tables_are_large(shape, large):
    assert is_large(pd.DataFrame(np.broadcast_to(0.0, shape))) is large


# Samples


def test_samples_keep_class_shares_and_all_rare_rows():
    codes = np.repeat([0, 1, 2], [8000, 1970, 30])
    rows = sample_of_rows(codes, None, len(codes), 1000, 0)
    assert len(set(rows)) == len(rows)
    counts = np.bincount(codes[rows])
    assert counts[0] == 800
    assert counts[2] == 30
    np.testing.assert_array_equal(
        rows, sample_of_rows(codes, None, len(codes), 1000, 0)
    )


def test_larger_samples_contain_smaller_ones():
    small, large = (sample_of_rows(None, None, 5000, n, 3) for n in (100, 900))
    assert len(small) == 100
    assert set(small) < set(large)


def test_samples_keep_groups_together_and_all_classes():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 400, 6000)
    codes = np.where(np.isin(groups, [7, 8, 9]), 2, rng.integers(0, 2, 6000))
    for seed in range(5):
        rows = sample_of_rows(codes, groups, 6000, 600, seed)
        inside = np.isin(np.arange(6000), rows)
        assert not set(groups[inside]) & set(groups[~inside])
        assert 600 <= len(rows) < 800
        assert set(codes[rows]) == {0, 1, 2}
        assert len(set(groups[inside & (codes == 2)])) >= 2


def test_restricted_splits_keep_labels_and_sides():
    splits = splits_of(90)
    rows = np.arange(0, 90, 2)
    (thin,) = restrict_splits([splits], rows, 90)
    for whole, part in zip(splits, thin, strict=True):
        assert part.label == whole.label
        assert set(part.train) == set(whole.train) & set(rows)
        assert set(part.test) == set(whole.test) & set(rows)
    lonely = [Split(0, np.array([1, 2, 3]), np.array([5, 7]))]
    np.testing.assert_array_equal(
        restrict_splits([lonely], np.array([2]), 90)[0][0].test, [5, 7]
    )


# Fits


def check_sample(auto, X, y):
    seen = auto.oof_.covered
    assert seen.sum() == auto.n_rows_seen_ < len(X)
    for block in (*auto.oof_.blocks.values(), auto.ensemble_oof_):
        assert np.isfinite(block[seen]).all()
        assert np.isnan(block[~seen]).all()
    assert np.isfinite(auto.leaderboard_["score"]).all()
    rows = auto.trials()["rows"]
    assert rows.max() < auto.n_rows_seen_
    return seen


def test_a_large_table_in_little_time(monkeypatch):
    # No time for more than the smallest sample, which does not depend on the machine.
    monkeypatch.setattr(_trainer, "_FIRST_MEMBER_SHARE", 0.0)
    X, y = table(N)
    auto = AutoEnsembleRegressor(
        300, cv=2, members=["linear"], preset="fast", random_state=0
    ).fit(X, y)
    seen = check_sample(auto, X, y)
    new, truth = X[~seen][:5000], y[~seen][:5000]
    assert np.sqrt(np.mean((auto.predict(new) - truth) ** 2)) < 0.7 * truth.std()
    low, high = auto.predict_quantiles(new, (0.1, 0.9)).T
    assert 0.6 < np.mean((low <= truth) & (truth <= high)) < 0.95


@pytest.fixture
def scaled_down(monkeypatch):
    """Treat tables of 3,000 rows as large, with the smallest sample."""
    monkeypatch.setattr(_fit_times, "TRIAL_ROWS", 1200)
    monkeypatch.setattr(_trainer, "TRIAL_ROWS", 1200)
    monkeypatch.setattr(_fit_times, "_LARGE_N_ROWS", 3000)
    monkeypatch.setattr(_trainer, "_FIRST_MEMBER_SHARE", 0.0)


def test_classes_a_threshold_and_groups_of_a_sample(scaled_down):
    X, y = table(3200)
    groups = np.arange(len(X)) // 8
    labels = np.where(y > 1, "much", "little")
    auto = AutoEnsembleClassifier(
        60,
        members=["lightgbm_small"],
        preset="fast",
        threshold=make_scorer(f1_score, pos_label="much"),
        random_state=0,
    ).fit(X, labels, groups=groups)
    seen = check_sample(auto, X, labels)
    assert not set(groups[seen]) & set(groups[~seen])
    p = auto.predict_proba(X[~seen])
    assert roc_auc_score(labels[~seen], p[:, 1]) > 0.8
    assert 0 < auto.threshold_ < 1


def test_upper_layer_is_fitted_on_rows_with_out_of_fold_predictions(
    scaled_down, monkeypatch
):
    rows = {}

    def noted(fold_fits, *args, **options):
        for fold_fit in fold_fits:
            train = fold_fit.split.train
            rows[fold_fit.member.name] = None if train is None else len(train)
        return run_fits(fold_fits, *args, **options)

    monkeypatch.setattr(_full_data_fits, "run_fits", noted)
    X, y = table(3200)
    y = y + np.random.default_rng(1).normal(size=len(y))  # so that boosting stops early
    auto = AutoEnsembleRegressor(3000, cv=3, members=["lightgbm_small"], random_state=0)
    auto.fit(X, y).refit_best()
    assert rows == {"lightgbm_small": None, "upper": 1200, "upper_random": 1200}
    assert len(auto.model_.lower.estimators["lightgbm_small"].estimators) == 1


def test_all_rows_without_a_limit_and_of_small_tables(scaled_down, monkeypatch):
    def never(*_, **__):
        raise AssertionError("unexpected trial")

    monkeypatch.setattr(_trainer, "time_candidates", never)
    X, y = table(6000)
    options = {"members": ["lightgbm_small"], "preset": "fast", "random_state": 0}
    free = AutoEnsembleRegressor(None, cv=2, **options).fit(X, y)
    assert free.n_rows_seen_ == len(X)
    small = AutoEnsembleRegressor(20, cv=2, **options).fit(X[:1000], y[:1000])
    assert small.n_rows_seen_ == 1000
    assert not small._trainer.fit_times


def test_given_splits_are_restricted_too(scaled_down):
    X, y = table(6000)
    auto = AutoEnsembleRegressor(
        20, cv=TimeSeriesSplit(2), members=["lightgbm_small"], preset="fast"
    ).fit(X, y)
    assert auto.n_rows_seen_ == 1200
    assert 0 < auto.oof_.covered.sum() < 1200
    assert not auto.oof_.covered[:2000].any()


def test_no_time_is_kept_for_fits_on_all_rows_that_take_too_long(
    scaled_down, monkeypatch
):
    """Folds of a sample, and a deadline that leaves little time for all rows."""
    X, y = table(6000)
    auto = AutoEnsembleRegressor(
        20, members=["lightgbm_small"], preset="fast", random_state=0
    ).fit(X, y)
    trainer = auto._trainer
    assert trainer.row_ratio > 6000 / 1200
    ends = []
    monkeypatch.setattr(
        type(trainer),
        "_fit_further_rounds",
        lambda self, deadline: ends.append(deadline),
    )
    unit = trainer.seconds_per_cost()
    for left in (unit * trainer.row_ratio, 1000.0):
        start = time.monotonic()
        trainer.fit_until(FixedClock(seconds=0.0, left=left, start=start))
        ends[-1] -= start + left
    # Folds get all of little time; of much time a fifth is reserved.
    assert ends[0] > -0.1 * unit
    assert ends[1] == pytest.approx(-200, abs=5)
