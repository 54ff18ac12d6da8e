"""Folds of rare classes, groups and rows in the order of time."""

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_validate,
)
from sklearn.tree import DecisionTreeClassifier
from test_auto_early_stopping import WRAPS, Labels, Recorder

from skensemble import AutoEnsembleClassifier, AutoEnsembleRegressor
from skensemble.auto import _folds
from skensemble.auto._class_coverage import scorable_splits
from skensemble.auto._class_rows import class_rows
from skensemble.auto._forward_splits import are_forward, forward_splits
from skensemble.auto.members import EarlyStoppingEstimator
from skensemble.core import class_target
from skensemble.exceptions import RareClassWarning
from skensemble.fitting import Split

N = 120
RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(N, 2)), columns=["a", "b"])
# Three classes, the rows sorted by class.
SORTED = np.repeat(["high", "low", "mid"], N // 3)
# Two classes in random order.
TWO = np.where(X["a"] + RNG.normal(size=N) > 0, "yes", "no").astype(object)
# The same classes in the order of the rows, for splits forward in time.
MIXED = np.array(["high", "low", "mid"])[np.arange(N) % 3]
SCORES = {2: ["roc_auc", "neg_log_loss", "accuracy"], 3: ["neg_log_loss", "auc"]}


@pytest.fixture(autouse=True)
def one_round(monkeypatch):
    """Split small tables in one way only, which is quicker."""
    monkeypatch.setattr(_folds, "_SMALL", 0)


def members():
    return [
        ("logistic", LogisticRegression()),
        ("tree", DecisionTreeClassifier(max_depth=2)),
    ]


def fitted(y, X=X, kind=AutoEnsembleClassifier, **options):
    fit = {
        k: options.pop(k) for k in ("sample_weight", "groups", "time") if k in options
    }
    given = {"members": members(), "preset": "fast", "random_state": 0, "n_jobs": 1}
    return kind(None, **{**given, **options}).fit(X, y, **fit)


def replaced(y, rows, label):
    y = np.array(y, dtype=object)
    y[rows] = label
    return y


def check_scores(auto, n_classes):
    """All scores are defined, and all probabilities have a column per class."""
    board = auto.leaderboard_
    assert np.isfinite(board["score"]).all()
    if auto.scoring_ in ("roc_auc", "roc_auc_ovr"):
        assert (board["score"] > 0).all()
    for name in auto.oof_:
        assert auto.oof_[name].shape == (len(auto.oof_), n_classes)
    assert auto.ensemble_oof_.shape == (len(auto.oof_), n_classes)
    np.testing.assert_allclose(auto.predict_proba(X[:5]).sum(axis=1), 1, rtol=1e-5)
    assert not auto.failed_


# Rare classes


@pytest.mark.parametrize("scoring", [None, "auc", "accuracy", "f1_macro"])
def test_a_class_of_one_row_is_learned_and_not_scored(scoring):
    y = replaced(TWO, 3, "rare")
    words = r"one row: 'rare' \(1 row\). Every member is fitted on these rows"
    with pytest.warns(RareClassWarning, match=words) as caught:
        auto = fitted(y, scoring=scoring, members=members()[:1])
    assert len(caught) == 1
    check_scores(auto, 3)
    assert not auto.oof_.covered[3]
    assert auto.oof_.covered.sum() == N - 1
    assert all(3 in fold_fit.train for fold_fit in auto.fits_)
    assert "rare" in auto.classes_


def test_labels_are_named_as_they_are_given():
    labels = np.where(TWO == "yes", 4, 2)
    with pytest.warns(RareClassWarning, match=r"one row: 7 \(1 row\)"):
        fitted(np.where(np.arange(N) == 3, 7, labels))
    with pytest.raises(ValueError, match=r"got False \(119 rows\), True \(1 row\)"):
        fitted(np.arange(N) == 3)
    with pytest.raises(
        ValueError, match=r"two classes.*got 2 \(119 rows\), 7 \(1 row\)"
    ):
        fitted(np.where(np.arange(N) == 3, 7, 2))


def test_many_rare_classes_are_not_all_listed():
    y = replaced(TWO, np.arange(9), [f"rare {k}" for k in range(9)])
    with pytest.warns(RareClassWarning, match=r"'rare 4' \(1 row\) and 4 more"):
        fitted(y, members=members()[:1])


def test_fewer_rows_than_folds():
    y = replaced(TWO, [3, 50], "rare")
    words = r"fewer rows than the 5 folds: 'rare' \(2 rows\)"
    with pytest.warns(RareClassWarning, match=words) as caught:
        auto = fitted(y)
    assert len(caught) == 1
    check_scores(auto, 3)
    # The other classes have five folds still.
    assert {fold_fit.split for fold_fit in auto.fits_} == set(range(5))
    assert auto.oof_.covered.all()
    two = replaced(np.full(N, "no"), [3, 50, 60], "yes")
    words = r"few rows: 'yes' \(3 rows\). So there are 3 folds instead of 5"
    with pytest.warns(RareClassWarning, match=words):
        auto = fitted(two)
    check_scores(auto, 2)
    assert np.isfinite(auto.leaderboard_["score_std"]).all()


@pytest.mark.parametrize("cv", [5, StratifiedKFold(5)], ids=["int", "splitter"])
def test_stratified_folds_of_the_user(cv):
    with pytest.warns(RareClassWarning, match=r"5 folds: 'rare' \(2 rows\)") as caught:
        auto = fitted(replaced(TWO, [3, 50], "rare"), cv=cv)
    assert len(caught) == 1
    check_scores(auto, 3)
    with pytest.raises(ValueError, match=r"cv=100: .*smallest class of y, 'yes'"):
        fitted(TWO, cv=100)


def test_the_second_layer_calibration_and_threshold_of_rare_classes():
    y = replaced(TWO, 3, "rare")
    with pytest.warns(RareClassWarning, match="rare"):
        auto = fitted(
            y,
            preset="balanced",
            members=members()[1:],
            cv=2,
            scoring="neg_log_loss",
            calibrate="temperature",
        )
    check_scores(auto, 3)
    assert set(auto.oof_.members) == {"tree", "upper", "upper_random"}
    assert auto.calibration_ == "temperature"
    two = replaced(np.full(N, "no"), [3, 50, 60], "yes")
    with pytest.warns(RareClassWarning, match="yes"):
        auto = fitted(two, threshold="balanced_accuracy", calibrate="sigmoid")
    assert 0 < auto.threshold_ < 1
    check_scores(auto, 2)


# Splits of the user


@pytest.mark.parametrize("scoring", SCORES[3])
@pytest.mark.parametrize(("y", "n"), [(SORTED, 3), (SORTED == "low", 1)])
def test_sorted_rows_of_which_no_fold_can_be_scored(y, n, scoring):
    cv = KFold(3)
    if n == 1:  # two classes, of which the second split alone has one
        y, cv = np.repeat([0, 1], N // 2), KFold(2)
    with pytest.raises(
        ValueError, match=r"cv=KFold.*sorted by class; use a Stratified"
    ):
        fitted(y, cv=cv, scoring=scoring)


@pytest.mark.parametrize("scoring", SCORES[2])
def test_held_out_rows_of_one_class(scoring):
    y = np.repeat([0, 1], N // 2)
    with pytest.warns(RareClassWarning, match="one class only: 0, 1, 3, 4 of 5 splits"):
        auto = fitted(y, X=X.assign(a=X["a"] + 3 * y), cv=KFold(5), scoring=scoring)
    assert np.isfinite(auto.leaderboard_["score"]).all()


def test_a_class_that_some_training_rows_lack():
    y = replaced(SORTED[RNG.permutation(N)], slice(0, 40), "first")
    with pytest.warns(
        RareClassWarning, match=r"'first' \(40 rows\). Use splits"
    ) as caught:
        auto = fitted(y, cv=KFold(3))
    assert len(caught) == 1
    check_scores(auto, 4)
    assert not auto.oof_.covered[:40].any()
    assert "upper" not in auto.oof_.members


def test_long_lists_of_rows_are_not_shown():
    rows = np.arange(N)
    pairs = [(rows[40:], rows[:40]), (rows[:40], rows[40:])]
    with pytest.raises(ValueError, match="cv=list: no two of the classes"):
        fitted(SORTED, cv=pairs)


def test_scorable_splits_move_or_leave_out_rows():
    rows = class_rows(class_target(["a", "a", "b", "b", "c"]), None)
    split = Split(0, np.array([0, 2]), np.array([1, 3, 4]))
    (moved,) = scorable_splits([split], rows, True)
    np.testing.assert_array_equal(moved.train, [0, 2, 4])
    np.testing.assert_array_equal(moved.test, [1, 3])
    (dropped,) = scorable_splits([split], rows, False)
    np.testing.assert_array_equal(dropped.train, [0, 2])
    np.testing.assert_array_equal(dropped.test, [1, 3])
    same = Split(1, np.array([0, 2, 4]), np.array([1, 3]))
    assert scorable_splits([same], rows, True)[0] is same
    assert (
        scorable_splits([Split(2, np.array([0, 1]), np.array([2]))], rows, False) == []
    )


# Weights of zero


def test_a_class_without_weight():
    y = MIXED
    with pytest.warns(RareClassWarning, match="zero in all rows of .*'mid'") as caught:
        auto = fitted(
            y,
            members=["lightgbm_small"],
            preset="balanced",
            cv=2,
            sample_weight=(y != "mid").astype(float),
        )
    assert len(caught) == 1
    check_scores(auto, 3)
    assert (auto.predict_proba(X)[:, list(auto.classes_).index("mid")] < 1e-6).all()


def test_weights_of_zero_in_a_few_rows():
    weight = np.ones(N)
    y = replaced(TWO, [3, 50, 90], "rare")
    weight[[3, 50]] = 0
    with pytest.warns(RareClassWarning, match="one row: 'rare'"):
        auto = fitted(y, members=["lightgbm_small"], sample_weight=weight)
    assert all(90 in fold_fit.train for fold_fit in auto.fits_)
    with pytest.raises(ValueError, match="one class only, 'no'"):
        fitted(TWO, sample_weight=(TWO == "no").astype(float))


def test_weights_of_zero_before_some_time():
    y, weight = X["a"].to_numpy(), (np.arange(N) > 50).astype(float)
    options = {"kind": AutoEnsembleRegressor, "members": [("ridge", Ridge())]}
    with pytest.warns(RareClassWarning, match="no weight above 0.*: 0, 1 of 5 splits"):
        auto = fitted(y, time=np.arange(N), sample_weight=weight, **options)
    assert np.isfinite(auto.leaderboard_["score"]).all()
    with pytest.raises(ValueError, match="zero in all training rows of each split"):
        fitted(
            y, time=np.arange(N), sample_weight=weight[::-1].cumsum() == 1, **options
        )


# Groups


@pytest.mark.parametrize("y", [SORTED, TWO], ids=["three", "two"])
@pytest.mark.parametrize("cv", ["auto", GroupKFold(2)], ids=["auto", "splitter"])
def test_groups_that_are_the_target(y, cv):
    with pytest.raises(ValueError, match=r"separate the classes|no two of the classes"):
        fitted(y, groups=y, cv=cv)


def test_a_class_in_one_group():
    groups = np.where(SORTED == "mid", 99, np.arange(N) % 10)
    with pytest.warns(RareClassWarning, match=r"'mid' \(40 rows\). All their groups"):
        auto = fitted(SORTED, groups=groups, preset="balanced")
    check_scores(auto, 3)
    # The second layer would not know the class.
    assert set(auto.oof_.members) == {"logistic", "tree"}
    assert not auto.oof_.covered[SORTED == "mid"].any()
    for fold_fit in auto.fits_:
        assert not set(groups[fold_fit.train]) & set(groups[fold_fit.test])


@pytest.mark.parametrize("kind", ["numbers", "text"])
def test_as_many_groups_as_rows(kind):
    groups = np.arange(N) if kind == "numbers" else [f"g{k}" for k in range(N)]
    check_scores(fitted(TWO, groups=groups), 2)


def test_groups_of_one_class_each():
    groups = np.where(TWO == "yes", 0, 3) + np.arange(N) % 3
    with pytest.warns(RareClassWarning, match=r"one class only.*of 6 splits"):
        auto = fitted(TWO, members=members()[1:], groups=groups, cv=LeaveOneGroupOut())
    check_scores(auto, 2)


@pytest.mark.parametrize("kind", [AutoEnsembleClassifier, AutoEnsembleRegressor])
def test_a_number_of_folds_keeps_groups_together(kind):
    groups = np.arange(N) % 7
    y, member = TWO, members()[0]
    if kind is AutoEnsembleRegressor:
        y, member = X["a"].to_numpy(), ("ridge", Ridge())
    auto = fitted(y, kind=kind, members=[member], groups=groups, cv=3)
    assert len(auto.fits_) == 3
    for fold_fit in auto.fits_:
        assert not set(groups[fold_fit.train]) & set(groups[fold_fit.test])
    with pytest.raises(ValueError, match="number of groups: 7"):
        fitted(
            X["a"].to_numpy(),
            kind=AutoEnsembleRegressor,
            members=[("r", Ridge())],
            groups=groups,
            cv=8,
        )


@pytest.mark.parametrize(
    ("groups", "words"),
    [
        (np.zeros(N), "groups has one group only"),
        (np.where(np.arange(N) == 5, np.nan, 1.0), "groups is missing in 1 of 120"),
        (np.arange(5), r"groups has shape \(5,\)"),
        ("a", "groups='a' must have one entry per row"),
    ],
    ids=["one group", "missing", "length", "a name"],
)
def test_wrong_groups(groups, words):
    with pytest.raises(ValueError, match=words):
        fitted(TWO, groups=groups)


# Rows in the order of time


def test_forward_splits():
    times = RNG.permutation(np.repeat(np.arange(30), 4))
    splits = forward_splits(times, 5)
    assert len(splits) == 5
    for before, split in zip([None, *splits], splits, strict=False):
        assert times[split.train].max() < times[split.test].min()
        if before is not None:
            joined = np.sort(np.concatenate([before.train, before.test]))
            np.testing.assert_array_equal(split.train, joined)
    assert {len(split.test) for split in splits} == {20}
    assert sum(len(split.test) for split in splits) + len(splits[0].train) == N


@pytest.mark.parametrize(
    ("counts", "sizes"),
    [
        ([50, 50], [(50, 50)]),
        ([97, 3], [(97, 3)]),
        ([4, 96], [(4, 96)]),
        ([1, 1, 1, 1, 96], [(4, 96)]),
        ([2, 2], [(2, 2)]),
        ([1] * 6, [(3, 1), (4, 1), (5, 1)]),
        ([1, 1, 90, 4, 4], [(92, 8)]),
    ],
)
def test_few_times_or_times_of_many_rows(counts, sizes):
    splits = forward_splits(np.repeat(np.arange(len(counts)), counts), 5)
    assert [(len(split.train), len(split.test)) for split in splits] == sizes


def test_too_few_rows_before_the_last_time():
    with pytest.raises(ValueError, match="time: only 3 of 100 rows lie before"):
        forward_splits(np.repeat([0, 1], [3, 97]), 5)


def test_which_splits_are_forward():
    for cv, forward in [
        (TimeSeriesSplit(3), True),
        (TimeSeriesSplit(2, gap=5), True),
        (KFold(3), False),
        (KFold(3, shuffle=True, random_state=0), False),
    ]:
        splits = [Split(k, *pair) for k, pair in enumerate(cv.split(X))]
        assert are_forward(cv, splits) is forward
    holdout = [Split(0, np.arange(80), np.arange(80, N))]
    assert not are_forward([(holdout[0].train, holdout[0].test)], holdout)


def sales(n_rows=300):
    """Sales of 20 days, each of which has an effect of its own."""
    rng = np.random.default_rng(1)
    day = rng.permutation(np.arange(n_rows) % 20)
    x = rng.normal(size=n_rows)
    y = 3 * rng.normal(size=20)[day] + 0.3 * x + 0.3 * rng.normal(size=n_rows)
    return pd.DataFrame({"day": day, "x": x}), y


def test_forward_splits_tell_the_error_on_the_future():
    X, y = sales()
    past = X["day"] < 15
    options = {
        "X": X[past],
        "kind": AutoEnsembleRegressor,
        "members": [("trees", ExtraTreesRegressor(20))],
    }
    random = fitted(y[past], **options)
    forward = fitted(y[past], time="day", **options)
    np.testing.assert_array_equal(
        forward.ensemble_oof_,
        fitted(y[past], time=X["day"][past], **options).ensemble_oof_,
    )
    assert "day" in forward.feature_names_in_
    future = np.sqrt(np.mean((forward.predict(X[~past]) - y[~past]) ** 2))
    assert -random.leaderboard_.loc["ensemble", "score"] < future / 2
    assert -forward.leaderboard_.loc["ensemble", "score"] > future / 2


def test_all_steps_of_a_fit_forward_in_time():
    X, y = sales(160)
    dates = pd.Timestamp("2024-01-01") + pd.to_timedelta(X["day"], unit="D")
    options = {"X": X, "kind": AutoEnsembleRegressor, "preset": "balanced"}
    members = ["linear", "lightgbm_small"]
    auto = fitted(y, members=members, time=dates, cv=3, n_jobs=2, **options)
    day = X["day"].to_numpy()
    for fold_fit in auto.fits_:
        assert day[fold_fit.train].max() < day[fold_fit.test].min()
        # The second layer is fitted on rows with out-of-fold predictions only.
        if fold_fit.member.startswith("upper") and fold_fit.split > 0:
            assert auto.oof_.covered[fold_fit.train].all()
    assert not auto.failed_
    assert set(auto.oof_.members) == {*members, "upper", "upper_random"}
    first = np.isnan(auto.oof_["linear"])
    assert day[first].max() < day[~first].min()
    assert np.isfinite(auto.leaderboard_["score"]).all()
    assert np.isfinite(auto.predict_quantiles(X[:5])).all()
    dates = dates.dt.strftime("%Y-%m-%d")
    text = fitted(y, members=members, time=dates, cv=3, **options)
    np.testing.assert_array_equal(auto.predict(X), text.predict(X))
    assert auto.compress(max_members=1).weights_.max() == 1
    auto.refit_best()
    again = pickle.loads(pickle.dumps(auto))
    np.testing.assert_array_equal(again.predict(X), auto.predict(X))


def test_classes_threshold_and_calibration_forward_in_time():
    y = replaced(TWO, slice(0, 25), "no")  # no "yes" in the first block
    with pytest.warns(RareClassWarning, match=r"left out.*: 0 of 5 splits") as caught:
        auto = fitted(
            y, time=np.arange(N), threshold="balanced_accuracy", calibrate="sigmoid"
        )
    assert len(caught) == 1
    check_scores(auto, 2)
    assert 0 < auto.threshold_ < 1
    new = replaced(MIXED, slice(70, 85), "new")
    with pytest.warns(
        RareClassWarning, match=r"'new' \(\d+ rows\). No earlier row has"
    ):
        check_scores(fitted(new, time=np.arange(N), cv=3), 4)
    with pytest.raises(ValueError, match="time separates the classes 'high', 'low'"):
        fitted(SORTED, time=np.repeat([0, 1, 2], N // 3))


def test_early_stopping_holds_out_the_last_rows(monkeypatch):
    times = RNG.permutation(200) // 2
    for kind, y in ((Recorder, np.arange(200.0)), (Labels, np.arange(200) % 2)):
        rows, validation = early_stopping_rows(kind(), y, time=times)
        assert len(validation) == 20
        assert times[rows].max() < times[validation].min()
    constant = early_stopping_rows(Recorder(), np.arange(200.0), time=np.zeros(200))
    drawn = early_stopping_rows(Recorder(), np.arange(200.0))
    np.testing.assert_array_equal(constant[1], drawn[1])


@pytest.mark.parametrize("routing", [False, True], ids=["plain", "routed"])
@pytest.mark.parametrize("wrap", WRAPS.values(), ids=WRAPS)
def test_times_pass_through_wrappers(wrap, routing):
    times = np.arange(200)[::-1]
    with sklearn.config_context(enable_metadata_routing=routing):
        _, validation = early_stopping_rows(
            Recorder(), np.arange(200.0), wrap, time=times
        )
    assert sorted(validation) == list(range(20))


def early_stopping_rows(estimator, y, wrap=lambda member: member, **params):
    from sklearn.preprocessing import FunctionTransformer

    member = EarlyStoppingEstimator(FunctionTransformer(), estimator, random_state=0)
    model = wrap(member).fit(pd.DataFrame({"row": np.arange(len(y))}), y, **params)
    while not isinstance(model, Recorder):
        model = getattr(model, "estimator_", None) or model.regressor_
    return model.rows_, model.validation_


@pytest.mark.parametrize("given", ["time", "cv"])
def test_members_of_forward_splits_stop_early_on_the_last_rows(given, monkeypatch):
    splits = []
    hold_out = EarlyStoppingEstimator._split

    def noted(self, y, groups, time):
        found = hold_out(self, y, groups, time)
        splits.append([np.asarray(time)[side] for side in found])
        return found

    monkeypatch.setattr(EarlyStoppingEstimator, "_split", noted)
    options = {"time": np.arange(N)} if given == "time" else {"cv": TimeSeriesSplit(3)}
    fitted(TWO, members=["lightgbm_small", "linear"], **options)
    assert len(splits) == (5 if given == "time" else 3)
    for fitted_on, validation in splits:
        assert fitted_on.max() < validation.min()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"time": np.r_[np.nan, np.arange(N - 1)]}, "time is missing in 1 of 120 rows"),
        ({"time": np.arange(9)}, r"time has shape \(9,\), expected \(120,\)"),
        ({"time": [1, "b"] * (N // 2)}, "time cannot be put in order.*int, str"),
        ({"time": ["soon"] * N}, "time is text that is not a date"),
        ({"time": np.ones(N)}, "time is 1.0 in all rows"),
        ({"time": "bb"}, "time='bb' is not a column of X"),
        ({"time": np.arange(N), "groups": MIXED}, "time and groups cannot both"),
        ({"time": np.arange(N), "cv": TimeSeriesSplit(3)}, "time and cv=TimeSeries"),
        ({"time": np.arange(N), "cv": 1}, "cv=1"),
    ],
    ids=["missing", "length", "mix", "text", "one", "name", "groups", "cv", "cv=1"],
)
def test_wrong_times(options, words):
    with pytest.raises(ValueError, match=words):
        fitted(MIXED, **options)


def test_a_column_of_polars_and_a_number_of_splits():
    polars = pytest.importorskip("polars")
    table = polars.DataFrame({"day": np.arange(N)[::-1], "a": X["a"].to_numpy()})
    auto = fitted(TWO, X=table, time="day", cv=2)
    assert len(auto.fits_) == 4
    for fold_fit in auto.fits_:
        assert fold_fit.train.min() > fold_fit.test.max()


def test_times_are_routed():
    auto = AutoEnsembleClassifier(None, members=members(), preset="fast", cv=2)
    with sklearn.config_context(enable_metadata_routing=True):
        found = cross_validate(
            auto.set_fit_request(time=True),
            X,
            TWO,
            cv=TimeSeriesSplit(2, max_train_size=40),
            params={"time": np.arange(N)},
            return_estimator=True,
        )
    for model in found["estimator"]:
        for fold_fit in model.fits_:
            assert fold_fit.train.max() < fold_fit.test.min()
