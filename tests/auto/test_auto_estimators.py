"""The automatic ensembles: results, time limits and errors."""

import pickle
import time

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, KFold, cross_val_score

from skensemble import AutoEnsembleClassifier, AutoEnsembleRegressor
from skensemble.auto import _fit_times, _full_data_fits, _layer_fits
from skensemble.auto._threshold import tuned_threshold
from skensemble.datasets import load_ames
from skensemble.exceptions import (
    MemberFailedError,
    MemberFailedWarning,
    RareClassWarning,
)
from skensemble.fitting import is_late, run_fits, uses_threads
from skensemble.losses import AbsoluteError
from skensemble.scoring import as_prediction_scorer

QUICK = ["linear", "lightgbm_small"]
# Words, counts, numbers, missing values and a constant.
COLUMNS = [
    *("Neighborhood", "Bldg_Type", "Overall_Cond", "Year_Built", "Exterior_1st"),
    *("Mas_Vnr_Type", "Foundation", "Total_Bsmt_SF", "Heating_QC", "First_Flr_SF"),
    *("Gr_Liv_Area", "Full_Bath", "Fireplaces", "Garage_Area", "Lot_Area"),
    *("Misc_Feature", "Pool_Area", "Sale_Type", "Longitude", "Latitude"),
]


@pytest.fixture(scope="module")
def houses():
    X, y = load_ames(return_X_y=True)
    X = X[COLUMNS]
    return X[:250], y[:250], X[400:700], y[400:700]


@pytest.fixture(scope="module")
def expensive(houses):
    X, y, X_new, y_new = houses
    return X, np.where(y > 180_000, "expensive", "cheap"), X_new, y_new > 180_000


@pytest.fixture(scope="module")
def regressor(houses):
    return AutoEnsembleRegressor(None, members=QUICK, random_state=0, n_jobs=1).fit(
        *houses[:2]
    )


class Broken(LogisticRegression):
    def fit(self, X, y, sample_weight=None):
        raise ArithmeticError("nothing adds up")


def test_a_frame_of_houses(houses, regressor):
    X_new, y_new = houses[2:]
    assert regressor.score(X_new, y_new) > 0.8
    assert regressor.weights_.sum() == pytest.approx(1)
    assert regressor.leaderboard_.index[-1] == "ensemble"
    assert set(regressor.oof_.members) == {*QUICK, "upper", "upper_random"}
    assert np.isfinite(regressor.ensemble_oof_).all()
    table = regressor.trials()
    assert set(table["status"]) <= {"kept", "left out"}
    assert (table["weight"] == regressor.weights_).all()
    # Small tables are split in three ways; the upper layer once.
    assert table.loc["linear", "fits"] == 15
    assert table.loc["upper", "fits"] == 15


def test_the_ensemble_is_the_weighted_mean_of_its_members(houses, regressor):
    X_new = houses[2]
    blocks = regressor.model_.predict_blocks(X_new.reset_index(drop=True), None)
    mean = sum(regressor.weights_[name] * block for name, block in blocks.items())
    np.testing.assert_allclose(regressor.predict(X_new), mean)


def test_columns_in_another_order_and_one_that_is_missing(houses, regressor):
    X_new = houses[2]
    expected = regressor.predict(X_new)
    shuffled = X_new[X_new.columns[::-1]].assign(extra=1)
    with pytest.warns(UserWarning, match="extra"):
        np.testing.assert_array_equal(regressor.predict(shuffled), expected)
    with pytest.raises(ValueError, match="Gr_Liv_Area"):
        regressor.predict(X_new.drop(columns="Gr_Liv_Area"))


def test_an_array_where_a_frame_was_fitted_and_the_other_way_round(houses, regressor):
    X, _, X_new, _ = houses
    expected = regressor.predict(X_new)
    with pytest.warns(UserWarning, match="valid feature names, but AutoEnsembleR"):
        np.testing.assert_allclose(regressor.predict(X_new.to_numpy()), expected)
    numbers = X.select_dtypes("number").fillna(0)
    y = houses[1]
    unnamed = AutoEnsembleRegressor(None, members=["linear"], cv=2, preset="fast")
    unnamed.fit(numbers.to_numpy(), y)
    with pytest.warns(UserWarning, match="fitted without feature names"):
        unnamed.predict(numbers)
    assert len(unnamed.permutation_importance(numbers.to_numpy(), y, n_repeats=1))


def test_many_rows_are_predicted_by_members_side_by_side(houses, regressor):
    X_new = houses[2]
    many = pd.concat([X_new] * 4, ignore_index=True)
    assert len(many) >= 1000
    both = regressor.set_params(n_jobs=2).predict(many)
    alone = regressor.set_params(n_jobs=1).predict(many)
    np.testing.assert_array_equal(both, alone)
    np.testing.assert_allclose(alone[: len(X_new)], regressor.predict(X_new))
    assert not any(map(uses_threads, regressor.model_.lower.estimators.values()))


def test_results_do_not_depend_on_jobs(houses):
    X, y, X_new, _ = houses
    predictions = [
        AutoEnsembleRegressor(None, members=QUICK, cv=3, random_state=0, n_jobs=n_jobs)
        .fit(X[:200], y[:200])
        .predict(X_new)
        for n_jobs in (1, 2)
    ]
    np.testing.assert_array_equal(*predictions)


def test_pickle_lacks_the_training_data(houses, regressor):
    X_new = houses[2]
    copy = pickle.loads(pickle.dumps(regressor))
    np.testing.assert_array_equal(copy.predict(X_new), regressor.predict(X_new))
    pd.testing.assert_frame_equal(copy.leaderboard_, regressor.leaderboard_)
    with pytest.raises(ValueError, match="fit_more needs the training data"):
        copy.fit_more(5)


def test_quantiles_cover_their_share(houses, regressor):
    X_new, y_new = houses[2:]
    low, middle, high = regressor.predict_quantiles(X_new, (0.1, 0.5, 0.9)).T
    assert (low <= middle).all()
    assert (middle <= high).all()
    assert 0.65 < np.mean((low <= y_new) & (y_new <= high)) < 0.95
    with pytest.raises(ValueError, match=r"quantiles=\(0.5, 1.5\)"):
        regressor.predict_quantiles(X_new, (0.5, 1.5))


def test_smaller_models_for_deployment(houses):
    X, y, X_new, y_new = houses
    auto = AutoEnsembleRegressor(None, members=QUICK, cv=3, random_state=0).fit(X, y)
    size = len(pickle.dumps(auto))
    for average in auto.model_.lower.estimators.values():
        # Models of all rows replace those of three folds; two for random members.
        assert len(average.estimators) in (1, 2)
    before, weights = auto.predict(X_new), auto.weights_
    small = auto.compress(max_members=1)
    (kept,) = small.weights_.index[small.weights_ > 0]
    assert small.model_.upper is None
    assert len(pickle.dumps(small)) < size
    assert small.score(X_new, y_new) > 0.75
    board = small.leaderboard_["score"]
    assert board["ensemble"] == pytest.approx(board[kept])
    assert (small.trials()["why"] == "for a smaller model").any()
    # The estimator itself is unchanged, also by later fits of the smaller one.
    small.fit_more(1)
    pd.testing.assert_series_equal(small.weights_, weights)
    pd.testing.assert_series_equal(auto.weights_, weights)
    np.testing.assert_array_equal(auto.predict(X_new), before)
    with pytest.raises(ValueError, match="max_members=0"):
        auto.compress(max_members=0)
    with pytest.raises(ValueError, match="tolerance=-1"):
        auto.compress(tolerance=-1)


def test_a_class_that_a_fold_lacks():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"x": rng.normal(size=90), "z": rng.normal(size=90)})
    y = np.where(X["x"] > 0, "p", "q").astype(object)
    y[0] = "rare"
    auto = AutoEnsembleClassifier(
        None, members=["linear", "network"], preset="fast", random_state=0
    )
    with pytest.warns(RareClassWarning, match=r"one row: 'rare' \(1 row\)"):
        auto.fit(X, y)
    assert auto.predict_proba(X).shape == (90, 3)
    assert np.isfinite(auto.leaderboard_["score"]).all()


def test_too_many_classes(houses):
    X, _, _, _ = houses
    with pytest.raises(ValueError, match="250 classes in 250 rows"):
        AutoEnsembleClassifier().fit(X, np.arange(len(X)).astype(str))


def test_short_names_of_scores_and_a_threshold_that_is_given(expensive):
    X, y, X_new, _ = expensive
    auto = AutoEnsembleClassifier(
        None,
        members=["linear"],
        preset="fast",
        scoring="logloss",
        threshold=0.3,
        random_state=0,
    ).fit(X, y)
    assert auto.scoring_ == "neg_log_loss"
    np.testing.assert_array_equal(
        auto.predict(X_new) == "expensive", auto.predict_proba(X_new)[:, 1] >= 0.3
    )


def test_a_failing_member_is_left_out_with_a_warning(expensive):
    X, y, _, _ = expensive
    auto = AutoEnsembleClassifier(
        None, members=["linear", ("broken", Broken())], cv=2, random_state=0
    )
    with pytest.warns(MemberFailedWarning, match="nothing adds up"):
        auto.fit(X, y)
    assert "broken" not in auto.weights_
    assert "nothing adds up" in auto.trials().loc["broken", "why"]
    with (
        pytest.warns(MemberFailedWarning),
        pytest.raises(MemberFailedError, match="nothing adds up"),
    ):
        AutoEnsembleClassifier(None, members=[("broken", Broken())], cv=2).fit(X, y)


def test_a_poor_member_gets_no_weight(expensive):
    X, y, _, _ = expensive
    auto = AutoEnsembleClassifier(
        None,
        members=["linear", ("poor", DummyClassifier(strategy="uniform"))],
        preset="fast",
        cv=3,
        random_state=0,
    ).fit(X, y)
    assert auto.weights_["poor"] == 0
    assert auto.trials().loc["poor", "status"] == "left out"


def test_no_time_for_all_members_and_fit_more(expensive):
    X, y, X_new, late = expensive
    auto = AutoEnsembleClassifier(0.01, preset="fast", random_state=0).fit(X, y)
    assert list(auto.oof_.members) == ["lightgbm"]
    assert all(is_late(why[0]) for why in auto.failed_.values())
    assert "no time" in set(auto.trials()["status"])
    auto.set_params(members="auto")
    before = len(auto.fits_)
    auto.fit_more(100)  # as long as it takes: the preset has three members
    assert len(auto.fits_) > before
    assert roc_auc_score(late, auto.predict_proba(X_new)[:, 1]) > 0.9


def test_all_fits_keep_to_the_time_limit(expensive, monkeypatch):
    X, y, _, _ = expensive
    begun, deadlines = [], []

    def recorded(*args, **options):
        begun.append(time.monotonic())
        deadlines.append(options["deadline"])
        return run_fits(*args, **options)

    for module in (_fit_times, _full_data_fits, _layer_fits):
        monkeypatch.setattr(module, "run_fits", recorded)
    limit = 1000  # seconds, so that a slow machine has time for all members
    AutoEnsembleClassifier(
        limit, members=["linear", "lightgbm_small"], preset="fast", random_state=0
    ).fit(X, y)
    # What run_cells does with a deadline is tested in tests/fitting/test_limits.py.
    assert len(deadlines) > 1
    assert None not in deadlines
    assert max(deadlines) <= begun[0] + limit


def test_weights_are_repetition_for_linear_members(expensive):
    X, y, X_new, _ = expensive
    X, y = X[:120], y[:120]
    weight = np.tile([1, 2], 60)
    folds = np.arange(120) % 3
    split = [(np.flatnonzero(folds != k), np.flatnonzero(folds == k)) for k in range(3)]
    place = np.repeat(np.arange(120), weight)
    again = [
        (np.flatnonzero(folds[place] != k), np.flatnonzero(folds[place] == k))
        for k in range(3)
    ]
    options = {"members": [("ridge", LogisticRegression())], "preset": "fast"}
    weighted = AutoEnsembleClassifier(None, cv=split, **options)
    repeated = AutoEnsembleClassifier(None, cv=again, **options)
    weighted.fit(X[["Gr_Liv_Area"]], y, sample_weight=weight)
    repeated.fit(X[["Gr_Liv_Area"]].iloc[place], y[place])
    assert weighted.predict_proba(X_new[["Gr_Liv_Area"]]) == pytest.approx(
        repeated.predict_proba(X_new[["Gr_Liv_Area"]]), abs=0.05
    )


def test_groups_stay_together(expensive):
    X, y, _, _ = expensive
    groups = np.arange(len(y)) // 8
    auto = AutoEnsembleClassifier(None, members=["linear"], preset="fast").fit(
        X, y, groups=groups
    )
    for fold_fit in auto.fits_:
        assert not set(groups[fold_fit.train]) & set(groups[fold_fit.test])
    own = AutoEnsembleClassifier(
        None, members=["linear"], preset="fast", cv=GroupKFold(2)
    ).fit(X, y, groups=groups)
    assert len(own.fits_) == 2


def test_threshold_for_a_metric(expensive):
    X, y, X_new, _ = expensive
    rare = np.where(np.arange(len(y)) % 5 == 0, y, "cheap")
    auto = AutoEnsembleClassifier(
        None, members=["linear"], preset="fast", threshold="balanced_accuracy", cv=3
    ).fit(X, rare)
    p = auto.predict_proba(X_new)[:, 1]
    assert auto.threshold_ < 0.5
    np.testing.assert_array_equal(
        auto.predict(X_new), np.where(p >= auto.threshold_, "expensive", "cheap")
    )


@pytest.mark.parametrize("preset", ["fast", "small", "interpretable"])
def test_presets(houses, preset):
    X, y, X_new, y_new = houses
    auto = AutoEnsembleRegressor(None, preset=preset, cv=2, random_state=0).fit(X, y)
    assert auto.score(X_new, y_new) > 0.75
    if preset == "small":
        assert (auto.weights_ > 0).sum() <= 2


def test_weights_of_the_score_that_a_threshold_is_tuned_for(expensive):
    X, y, _, _ = expensive
    options = {"members": ["linear"], "preset": "fast", "cv": 3, "random_state": 0}
    auto = AutoEnsembleClassifier(None, threshold="balanced_accuracy", **options)
    equal = auto.fit(X, y, sample_weight=np.ones(len(y))).threshold_
    assert equal == auto.fit(X, y).threshold_
    heavy = np.where(y == "expensive", 5.0, 1.0)
    auto.set_params(threshold="accuracy").fit(X, y, sample_weight=heavy)
    p, codes = auto.model_.combine(auto.oof_.blocks), (y == "expensive").astype(int)
    scorer = as_prediction_scorer("accuracy", "classes", 2)
    assert auto.threshold_ == tuned_threshold(p, codes, scorer, heavy)
    assert auto.threshold_ < tuned_threshold(p, codes, scorer, None)


def test_a_failed_fit_leaves_the_estimator_as_it_was(houses):
    X, y, X_new, _ = houses
    auto = AutoEnsembleRegressor(None, members=["linear"], preset="fast", cv=2)
    before = auto.fit(X, y).predict(X_new)
    with pytest.raises(ValueError, match="NaN"):
        auto.fit(X[["Gr_Liv_Area"]], np.full(len(y), np.nan))
    np.testing.assert_array_equal(auto.predict(X_new), before)


def test_several_classes_with_rare_ones():
    X, y = make_classification(
        300, n_features=6, n_informative=4, n_classes=3, random_state=0
    )
    y = y.astype(object)
    y[:3] = "rare"
    auto = AutoEnsembleClassifier(
        None,
        members=["linear", "network", "neighbors", "xgboost"],
        cv=KFold(3),  # the first fold has all rare rows, so that its models lack them
        random_state=0,
    )
    with pytest.warns(
        RareClassWarning, match=r"not in the training.*'rare' \(3 rows\)"
    ):
        auto.fit(X, y.astype(str))
    p = auto.predict_proba(X)
    assert p.shape == (300, 4)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert auto.score(X, y.astype(str)) > 0.7


def test_cross_val_score_of_a_clone(expensive):
    X, y, _, _ = expensive
    auto = AutoEnsembleClassifier(None, members=["linear"], preset="fast", cv=2)
    scores = cross_val_score(clone(auto), X, y, cv=2, scoring="accuracy")
    assert scores.min() > 0.7


def test_permutation_importance(houses, regressor):
    table = regressor.permutation_importance(*houses[2:], n_repeats=2, max_samples=100)
    assert {"Gr_Liv_Area", "Neighborhood"} & set(table.index[:5])
    assert table["importance"].is_monotonic_decreasing
    assert table.index.name == "feature"


def test_options_of_permutation_importance(houses):
    X, y, X_new, y_new = houses
    columns = ["Gr_Liv_Area", "Neighborhood", "Year_Built"]
    auto = AutoEnsembleRegressor(
        None, members=["linear"], preset="fast", cv=2, random_state=0
    ).fit(X[columns], y)
    rows, options = X_new[columns], {"n_repeats": 1, "max_samples": 50}
    first = auto.permutation_importance(rows, y_new, scoring="mae", **options)
    assert len(first) == 3
    for scoring in (AbsoluteError(), "neg_mean_absolute_error"):
        found = auto.permutation_importance(rows, y_new, scoring=scoring, **options)
        pd.testing.assert_frame_equal(found, first)
    weighted = auto.permutation_importance(
        rows, y_new, scoring="mae", sample_weight=np.ones(len(rows)), **options
    )
    pd.testing.assert_frame_equal(weighted, first)
    with pytest.raises(ValueError, match="needs X and y"):
        auto.permutation_importance()
    with pytest.raises(ValueError, match="max_samples=0"):
        auto.permutation_importance(rows, y_new, max_samples=0)


def test_unknown_classes_one_group_and_missing_targets(expensive, houses):
    X, y, X_new, y_new = expensive
    auto = AutoEnsembleClassifier(None, members=["linear"], preset="fast", cv=2)
    auto.fit(X, y)
    strange = np.where(y_new, "x", "z")
    with pytest.raises(
        ValueError, match=r"classes \['x', 'z'\].*not in the training data"
    ):
        auto.permutation_importance(X_new, strange)
    with pytest.raises(ValueError, match="one group only"):
        AutoEnsembleRegressor(None).fit(*houses[:2], groups=np.ones(len(houses[0])))
    with pytest.raises(ValueError, match=r"row 3 is .*nan.*without a target"):
        AutoEnsembleRegressor(None).fit([[1.0]] * 5, [1.0, 2, 3, np.nan, 5])


def test_linear_members_end_quietly_for_several_classes(houses):
    X, y, _, _ = houses
    thirds = np.searchsorted(np.quantile(y, [0.33, 0.67]), y)
    auto = AutoEnsembleClassifier(
        None, members=["linear", "kernel"], preset="fast", cv=2, random_state=0
    ).fit(X, thirds)  # warnings are errors here
    assert not auto.failed_


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"preset": "huge"}, "preset='huge'"),
        ({"preset": "balancd"}, "Did you mean 'balanced'"),
        ({"members": ["lightgbn"]}, "lightgbn.*known names.*mean 'lightgbm'"),
        ({"members": []}, r"members=\[\]"),
        ({"members": ["linear", "linear"]}, "a name twice"),
        ({"members": [("mine", LogisticRegression)]}, "neither a name"),
        ({"members": [("mine", Ridge())]}, "no predict_proba"),
        ({"cv": "some"}, "cv='some'"),
        ({"time_limit": -1}, "time_limit"),
        ({"scoring": "r2"}, "scoring='r2'"),
        ({"threshold": "acuracy"}, "threshold='acuracy'.*Did you mean 'accuracy'"),
        ({"threshold": "roc_auc"}, "threshold='roc_auc'"),
        ({"threshold": 2}, "threshold=2"),
        ({"scoring": "aucc"}, "scoring='aucc'"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_bad_parameters_are_named(expensive, params, words):
    X, y, _, _ = expensive
    options = {"members": ["linear"], "time_limit": None, "cv": 2, "preset": "fast"}
    with pytest.raises((ValueError, KeyError), match=words):
        AutoEnsembleClassifier(**{**options, **params}).fit(X, y)


def test_bad_targets_are_named(houses):
    X, y, _, _ = houses
    with pytest.raises(ValueError, match="one class only"):
        AutoEnsembleClassifier().fit(X, np.zeros(len(X)))
    with pytest.raises(ValueError, match="1d array"):
        AutoEnsembleRegressor().fit(X, np.column_stack([y, y]))
    with pytest.raises(ValueError, match="too few"):
        AutoEnsembleRegressor().fit(X[:3], y[:3])
    with pytest.raises(ValueError, match="NaN"):
        AutoEnsembleRegressor().fit(X, np.where(y > 1e5, np.nan, y))
