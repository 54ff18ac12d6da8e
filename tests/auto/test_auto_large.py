"""Large tables within a time limit: trials, samples of the rows, and the clock."""

import time
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import TimeSeriesSplit

from skensemble import AutoEnsembleClassifier, AutoEnsembleRegressor
from skensemble.auto import _costs, _deployment, _growth
from skensemble.auto._candidate import Allowance, Candidate
from skensemble.auto._costs import Cost, bound_of, cost_of, hurried, is_large, most_rows
from skensemble.auto._folds import sample_of_rows, thinned
from skensemble.auto._kinds import xgboost
from skensemble.fitting._cell import Split
from skensemble.fitting._runner import run_cells

N = 60_000


def table(n):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(n, 6)), columns=list("abcdef"))
    X["city"] = np.array(["Bern", "Basel", "Chur"])[rng.integers(0, 3, n)]
    X["code"] = rng.integers(0, 500, n).astype(str)
    y = X["a"] + X["b"] * X["c"] + 2 * (X["city"] == "Chur") + rng.normal(0, 0.3, n)
    return X, y.to_numpy()


@dataclass
class Hurry:
    """A clock by which little time is left, whatever the real one says."""

    limit: float
    rest: float
    start: float

    def left(self):
        return self.rest

    def deadline(self, reserve=0.0):
        return self.start + self.rest - reserve


def splits_of(n, k=3):
    rows = np.arange(n)
    return [Split(j, rows[rows % k != j], rows[rows % k == j]) for j in range(k)]


# What fits take


def test_costs_grow_with_the_rows():
    cost = Cost(rows=1000, seconds=2.0, power=1.5, bounded=3.0)
    assert cost.of(500) == pytest.approx(5)
    assert cost.of(4000) == pytest.approx(3 + 2 * 8)


def test_power_is_learned_from_two_trials():
    small, large = _costs._Timed(1000, 0.1), _costs._Timed(4000, 1.6)
    assert _costs._cost(small, large, None).power == pytest.approx(2)
    # Fixed costs look like less than proportional, which is not believed.
    assert _costs._cost(small, _costs._Timed(4000, 0.2), None).power == 1
    # Nor are times too short to mean anything.
    quick = _costs._cost(_costs._Timed(1000, 0.001), _costs._Timed(4000, 0.05), 2.0)
    assert quick.power == 1
    assert quick.bounded > 2
    assert _costs._cost(small, None, None).of(10_000) > 1.0


@pytest.mark.parametrize(
    ("seconds", "least", "most"),
    [(1e9, N, N), (8.0, N // 3, N // 2), (0.0, 12_000, 12_000)],
    ids=["enough", "some", "none"],
)
def test_rows_that_fit_in(seconds, least, most):
    # Forty thousand rows a fit take 10 s; two workers do three splits in two goes.
    cost = Cost(rows=4000, seconds=1.0)
    n = most_rows(cost, splits_of(N), N, workers=2, seconds=seconds)
    assert least <= n <= most
    if least < n < N:
        assert 2 * cost.of(n * 2 // 3) <= seconds


def test_bounds_are_found_within_what_is_around(facts):
    bounded = xgboost(facts, Allowance(60, 3))
    assert bound_of(bounded.estimator) == pytest.approx(0.2 * 60 / 3)
    assert bound_of(LinearRegression()) is None
    costs = {"first": Cost(1000, 1.0, bounded=7.0), "theirs": Cost(1000, 2.0)}
    assert cost_of(bounded, costs).of(1000) == pytest.approx(1 + 1.15 * 4)
    mine, theirs = (Candidate(n, LinearRegression()) for n in ("mine", "theirs"))
    # Who was not tried may take for ever.
    assert cost_of(mine, costs).of(10) == np.inf
    assert cost_of(theirs, costs).of(10) == 2


def test_whoever_needs_a_little_more_time_than_there_is_hurries(facts):
    one = xgboost(facts, Allowance(60, 3))
    cost = cost_of(one, {"first": Cost(1000, 1.0)})
    assert hurried(one, cost, 1000, 6.0) is one
    less = hurried(one, cost, 1000, 4.0)
    assert bound_of(less.estimator) == pytest.approx((0.95 * 4 - 1) / 1.15)
    assert bound_of(one.estimator) == 4
    # A few rounds are not worth it, and others cannot.
    assert hurried(one, cost, 1000, 1.2) is one
    mine = Candidate("mine", LinearRegression())
    assert hurried(mine, Cost(1000, 9.0), 1000, 4.0) is mine


@pytest.fixture
def facts():
    from skensemble.auto._facts import Facts

    return Facts("regression", N, 0, N, pd.Series(["numeric"] * 3), False)


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


def test_a_sample_has_its_share_of_every_class_and_rare_ones_whole():
    codes = np.repeat([0, 1, 2], [8000, 1970, 30])
    rows = sample_of_rows(codes, None, len(codes), 1000, 0)
    assert len(set(rows)) == len(rows)
    counts = np.bincount(codes[rows])
    assert counts[0] == 800
    assert counts[2] == 30
    np.testing.assert_array_equal(
        rows, sample_of_rows(codes, None, len(codes), 1000, 0)
    )


def test_samples_of_numbers_contain_each_other():
    small, large = (sample_of_rows(None, None, 5000, n, 3) for n in (100, 900))
    assert len(small) == 100
    assert set(small) < set(large)


def test_groups_are_whole_and_all_classes_there():
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


def test_thinned_splits_keep_labels_and_sides():
    splits = splits_of(90)
    rows = np.arange(0, 90, 2)
    (thin,) = thinned([splits], rows, 90)
    for whole, part in zip(splits, thin, strict=True):
        assert part.label == whole.label
        assert set(part.train) == set(whole.train) & set(rows)
        assert set(part.test) == set(whole.test) & set(rows)
    lonely = [Split(0, np.array([1, 2, 3]), np.array([5, 7]))]
    np.testing.assert_array_equal(
        thinned([lonely], np.array([2]), 90)[0][0].test, [5, 7]
    )


# The whole


def check_sample(auto, X, y):
    seen = auto.oof_.covered
    assert seen.sum() == auto.n_rows_seen_ < len(X)
    for block in (*auto.oof_.blocks.values(), auto.ensemble_oof_):
        assert np.isfinite(block[seen]).all()
        assert np.isnan(block[~seen]).all()
    assert np.isfinite(auto.leaderboard_["score"]).all()
    rows = auto.explain()["rows"]
    assert rows.max() < auto.n_rows_seen_
    return seen


def test_a_large_table_in_little_time(monkeypatch):
    monkeypatch.setattr(_growth, "_FIRST", 0.1)
    X, y = table(N)
    auto = AutoEnsembleRegressor(3, random_state=0).fit(X, y)
    seen = check_sample(auto, X, y)
    new, truth = X[~seen][:5000], y[~seen][:5000]
    assert np.sqrt(np.mean((auto.predict(new) - truth) ** 2)) < 0.7 * truth.std()
    low, high = auto.predict_quantiles(new, (0.1, 0.9)).T
    assert 0.6 < np.mean((low <= truth) & (truth <= high)) < 0.95


@pytest.fixture
def scaled_down(monkeypatch):
    """What holds of large tables, for smaller ones, with the smallest sample."""
    monkeypatch.setattr(_costs, "TRIAL_ROWS", 1200)
    monkeypatch.setattr(_growth, "TRIAL_ROWS", 1200)
    monkeypatch.setattr(_costs, "_LARGE", 3000)
    monkeypatch.setattr(_growth, "_FIRST", 0.0)


def test_classes_a_threshold_and_groups_of_a_sample(scaled_down):
    X, y = table(6000)
    groups = np.arange(len(X)) // 8
    labels = np.where(y > 1, "much", "little")
    auto = AutoEnsembleClassifier(
        60,
        members=["lightgbm_small"],
        preset="fast",
        threshold="f1",
        random_state=0,
    ).fit(X, labels, groups=groups)
    seen = check_sample(auto, X, labels)
    assert not set(groups[seen]) & set(groups[~seen])
    p = auto.predict_proba(X[~seen])
    assert roc_auc_score(labels[~seen], p[:, 1]) > 0.8
    assert 0 < auto.threshold_ < 1


def test_last_fits_of_the_upper_layer_are_of_rows_of_which_something_was_said(
    scaled_down, monkeypatch
):
    rows = {}

    def noted(cells, *args, **options):
        for cell in cells:
            train = cell.split.train
            rows[cell.member.name] = None if train is None else len(train)
        return run_cells(cells, *args, **options)

    monkeypatch.setattr(_deployment, "run_cells", noted)
    X, y = table(6000)
    auto = AutoEnsembleRegressor(60, members=["lightgbm_small"], random_state=0)
    auto.fit(X, y).refit_best()
    assert rows == {"lightgbm_small": None, "upper": 1200, "upper_random": 1200}
    assert len(auto.model_.lower.estimators["lightgbm_small"].estimators) == 1


def test_without_a_limit_and_of_small_tables_all_rows_are_seen(
    scaled_down, monkeypatch
):
    def never(*_, **__):
        raise AssertionError("no trial was wanted")

    monkeypatch.setattr(_growth, "measured", never)
    X, y = table(6000)
    options = {"members": ["lightgbm_small"], "preset": "fast", "random_state": 0}
    free = AutoEnsembleRegressor(None, cv=2, **options).fit(X, y)
    assert free.n_rows_seen_ == len(X)
    small = AutoEnsembleRegressor(20, cv=2, **options).fit(X[:1000], y[:1000])
    assert small.n_rows_seen_ == 1000
    assert not small._growing.costs


def test_splits_of_the_user_are_thinned_too(scaled_down):
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
    """Of a growth whose folds are of a sample, under a clock that is nearly over."""
    X, y = table(6000)
    auto = AutoEnsembleRegressor(
        20, members=["lightgbm_small"], preset="fast", random_state=0
    ).fit(X, y)
    growth = auto._growing
    assert growth.more_rows > 6000 / 1200
    asked = []
    monkeypatch.setattr(
        type(growth), "_repeat", lambda self, deadline: asked.append(deadline)
    )
    for rest in (growth.pace() * growth.more_rows, 1000.0):
        start = time.monotonic()
        growth.grow(Hurry(limit=0.0, rest=rest, start=start))
        asked[-1] -= start + rest
    # All of the little time is for the folds; of much time a fifth is kept.
    assert asked[0] > -0.1 * growth.pace()
    assert asked[1] == pytest.approx(-200, abs=5)
