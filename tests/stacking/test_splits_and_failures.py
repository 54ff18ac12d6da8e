"""Any split, missing classes, failing members, seeds, frames, callbacks."""

import pickle
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
from joblib import parallel_config
from lightgbm import LGBMClassifier
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.callback import ProgressBar
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.datasets import make_classification, make_regression
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    RepeatedKFold,
    ShuffleSplit,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_validate,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier

from skensemble import StackingClassifier, StackingRegressor
from skensemble.exceptions import (
    MemberFailedError,
    MemberFailedWarning,
    OverlappingSplitWarning,
    RareClassWarning,
)

X, Y = make_classification(
    n_samples=240, n_classes=3, n_informative=5, n_features=8, random_state=0
)
XR, YR = make_regression(n_samples=200, n_features=6, noise=10, random_state=0)
MEMBERS = [("tree", DecisionTreeClassifier(max_depth=3)), ("bayes", GaussianNB())]
REGRESSORS = [("tree", DecisionTreeRegressor(max_depth=4)), ("ridge", Ridge())]


class Broken(RegressorMixin, BaseEstimator):
    """Fails on every fit."""

    def fit(self, X, y):
        raise OSError("out of luck")


class RawScores(ClassifierMixin, BaseEstimator):
    """Calls raw scores probabilities."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 3.0)


def test_time_series_leaves_the_first_block_out():
    cv = TimeSeriesSplit(4)
    stack = StackingRegressor(REGRESSORS, cv=cv, random_state=0).fit(XR, YR)
    first = next(iter(cv.split(XR)))[0]
    assert not stack.oof_.covered[first].any()
    assert np.isnan(stack.oof_["ridge"][first]).all()
    train, test = list(cv.split(XR))[2]
    expected = Ridge().fit(XR[train], YR[train]).predict(XR[test])
    assert_array_equal(stack.oof_["ridge"][test], expected)
    rows = stack.oof_.covered
    meta = clone(stack.final_estimator_).fit(stack.oof_.values[rows], YR[rows])
    assert_allclose(stack.final_estimator_.coef_, meta.coef_)


def test_repeats_are_averaged():
    cv = RepeatedKFold(n_splits=3, n_repeats=2, random_state=0)
    stack = StackingRegressor(REGRESSORS, cv=cv).fit(XR, YR)
    total = np.zeros(len(YR))
    for train, test in cv.split(XR):
        total[test] += Ridge().fit(XR[train], YR[train]).predict(XR[test])
    assert_allclose(stack.oof_["ridge"], total / 2)


@pytest.mark.parametrize(
    "cv",
    [
        ShuffleSplit(2, random_state=0),
        [(np.arange(100), np.arange(100, 200)), (np.arange(100, 200), np.arange(50))],
    ],
)
def test_partial_coverage(cv):
    stack = StackingRegressor(REGRESSORS, cv=cv).fit(XR, YR)
    assert 0 < stack.oof_.covered.sum() < len(YR)
    assert stack.score(XR, YR) > 0.8


def test_groups_reach_the_splitter():
    groups = np.arange(len(YR)) % 7
    stack = StackingRegressor(REGRESSORS, cv=GroupKFold(4)).fit(XR, YR, groups=groups)
    split = [fold_fit for fold_fit in stack.fits_ if fold_fit.train is not None]
    assert len(split) == 4 * len(REGRESSORS)
    for fold_fit in split:
        assert not set(groups[fold_fit.train]) & set(groups[fold_fit.test])


def test_missing_groups_are_named():
    stack = StackingRegressor(REGRESSORS, cv=GroupKFold(3))
    with pytest.raises(ValueError, match=r"needs groups, got None; pass fit\(X, y, "):
        stack.fit(XR, YR)


def test_overlap_warns():
    rows = np.arange(len(YR))
    with pytest.warns(OverlappingSplitWarning, match="split 0"):
        StackingRegressor(REGRESSORS, cv=[(rows, rows)]).fit(XR, YR)


@pytest.mark.parametrize(
    "member",
    [
        LogisticRegression(),
        XGBClassifier(n_estimators=3, max_depth=2),
        RandomForestClassifier(5),
    ],
)
def test_class_missing_from_a_fold(member):
    y = np.array(["a", "b", "c"])[Y]
    folds = [(np.flatnonzero(y != "b"), np.flatnonzero(y == "b")[-20:])]
    folds += list(KFold(3).split(X))
    stack = StackingClassifier([("m", member)], cv=folds).fit(X, y)
    alone = StackingClassifier([("m", member)], cv=[folds[0], folds[1]]).fit(X, y)
    only = np.setdiff1d(folds[0][1], folds[1][1])
    assert len(only)
    assert_array_equal(alone.oof_["m"][only, 1], 0.0)
    assert_allclose(alone.oof_["m"][only].sum(axis=1), 1.0, rtol=1e-5)
    assert stack.score(X, y) > 0.5


def test_failing_member_is_dropped():
    members = [*REGRESSORS, ("broken", Broken())]
    with pytest.raises(OSError, match="luck") as reported:
        StackingRegressor(members).fit(XR, YR)
    assert any("'broken'" in note for note in reported.value.__notes__)
    stack = StackingRegressor(members, on_error="drop", random_state=0)
    with pytest.warns(MemberFailedWarning, match="broken"):
        stack.fit(XR, YR)
    alone = StackingRegressor(REGRESSORS, random_state=0).fit(XR, YR)
    assert list(stack.failed_) == ["broken"]
    assert_array_equal(stack.predict(XR), alone.predict(XR))
    nobody = StackingRegressor([("a", Broken()), ("b", Broken())], on_error="drop")
    with pytest.raises(MemberFailedError, match="member 'b' on split"):
        nobody.fit(XR, YR)


def test_raw_scores_are_refused():
    with pytest.raises(ValueError, match="not probabilities"):
        StackingClassifier([("raw", RawScores())]).fit(X, Y)


def test_same_result_for_any_number_of_jobs_and_backend():
    members = [("forest", RandomForestClassifier(10)), *MEMBERS]
    one = StackingClassifier(members, random_state=1, n_jobs=1).fit(X, Y)
    for backend in ("loky", "threading", "multiprocessing"):
        with parallel_config(backend):
            other = StackingClassifier(members, random_state=1, n_jobs=2).fit(X, Y)
        assert_array_equal(one.oof_.values, other.oof_.values)
        assert_array_equal(one.predict_proba(X), other.predict_proba(X))
    fewer = StackingClassifier(members[:2], random_state=1).fit(X, Y)
    assert_array_equal(one.oof_["forest"], fewer.oof_["forest"])


def test_threads_stay_within_the_cores_granted():
    seen = []

    class Watcher(GaussianNB):
        def __init__(self, n_jobs=8):
            super().__init__()
            self.n_jobs = n_jobs

        def fit(self, X, y):
            seen.append(self.n_jobs)
            return super().fit(X, y)

    with parallel_config("threading"):
        stack = StackingClassifier([("w", Watcher())], n_jobs=2).fit(X, Y)
    assert seen == [1] * 6
    assert stack.estimators_[0].n_jobs == 8


@pytest.mark.parametrize("to", [pd.DataFrame, pl.DataFrame])
def test_mixed_frames(to):
    columns = {f"x{k}": XR[:, k] for k in range(6)}
    columns["town"] = np.array(["here", "there"], dtype=object)[(XR[:, 0] > 0) * 1]
    frame = to({key: list(value) for key, value in columns.items()})
    names = ["town"]
    encode = make_column_transformer(
        (OneHotEncoder(sparse_output=False), names), remainder="passthrough"
    )
    stack = StackingRegressor(
        [("ridge", make_pipeline(encode, Ridge()))],
        final_estimator=make_pipeline(encode, LinearRegression()),
        passthrough=True,
    ).fit(frame, YR)
    assert isinstance(stack.transform(frame), to)
    assert list(stack.transform(frame).columns) == list(stack.get_feature_names_out())
    assert stack.score(frame, YR) > 0.9
    assert stack.set_params(passthrough=False, final_estimator=None).fit(frame, YR)


def test_categorical_dtypes_reach_members_and_meta_model():
    frame = pd.DataFrame(X).add_prefix("x")
    frame["kind"] = pd.Categorical(np.where(X[:, 0] > 0, "u", "v"))
    members = [("lgbm", LGBMClassifier(n_estimators=5, verbose=-1, n_jobs=1))]
    final = make_pipeline(
        make_column_transformer(
            (OneHotEncoder(), make_column_selector(dtype_include="category")),
            remainder=StandardScaler(),
        ),
        LogisticRegression(),
    )
    stack = StackingClassifier(members, final, passthrough=True).fit(frame, Y)
    assert stack.transform(frame)["kind"].dtype == frame["kind"].dtype
    assert stack.score(frame, Y) > 0.7


def test_sparse_text():
    words = ["good fine great", "bad poor awful", "good great", "awful bad"] * 10
    table = TfidfVectorizer().fit_transform(words)
    y = np.array(["up", "down", "up", "down"] * 10)
    stack = StackingClassifier([("lr", LogisticRegression())], passthrough=True)
    stack.fit(table, y)
    assert sp.issparse(stack.transform(table))
    assert stack.score(table, y) == 1.0


def test_multilabel_and_many_outputs():
    labels = np.column_stack([X[:, 0] > 0, X[:, 1] > 0]).astype(int)
    forest = [("forest", RandomForestClassifier(20))]
    stack = StackingClassifier(forest, RandomForestClassifier(20), random_state=0).fit(
        X, labels
    )
    assert stack.predict(X).shape == labels.shape
    assert stack.predict_proba(X)[labels == 1].mean() > 0.7
    outputs = np.column_stack([YR, -YR])
    both = StackingRegressor([("ridge", Ridge())]).fit(XR, outputs)
    assert both.predict(XR).shape == outputs.shape
    assert both.oof_["ridge"].shape == outputs.shape


def test_prefit():
    fitted = [("a", GaussianNB().fit(X[:120], Y[:120]))]
    stack = StackingClassifier(fitted, cv="prefit").fit(X[120:], Y[120:])
    assert stack.estimators_[0] is fitted[0][1]
    assert_array_equal(stack.oof_["a"], fitted[0][1].predict_proba(X[120:]))


def test_search_pipeline_pickle_and_cross_validate():
    members = [
        ("lgbm", LGBMClassifier(n_estimators=5, verbose=-1, n_jobs=1)),
        ("bayes", GaussianNB()),
    ]
    stack = StackingClassifier(members, LogisticRegression(), cv=3, random_state=0)
    grid = {
        "lgbm__num_leaves": [3, 7],
        "final_estimator__C": [0.1, 1.0],
        "passthrough": [False, True],
    }
    search = GridSearchCV(stack, grid, cv=2).fit(X, Y)
    assert search.best_score_ > 0.5
    pipe = make_pipeline(StandardScaler(), stack)
    assert (cross_validate(pipe, X, Y, cv=2)["test_score"] > 0.4).all()
    stack.fit(X, Y)
    again = pickle.loads(pickle.dumps(stack))
    assert_array_equal(again.predict_proba(X), stack.predict_proba(X))
    assert clone(stack).get_params().keys() == stack.get_params().keys()


def test_weights_reach_the_last_step_of_a_pipeline():
    weight = np.linspace(0, 2, len(YR))
    pipe = make_pipeline(StandardScaler(), Ridge())
    stack = StackingRegressor([("p", pipe)]).fit(XR, YR, sample_weight=weight)
    alone = clone(pipe).fit(XR, YR, ridge__sample_weight=weight)
    assert_allclose(stack.estimators_[0].predict(XR), alone.predict(XR))


def test_leaderboard_and_frame():
    frame = pd.DataFrame(XR, index=np.arange(1000, 1200)).add_prefix("x")
    stack = StackingRegressor(REGRESSORS, random_state=0).fit(frame, YR)
    table = stack.leaderboard_
    assert list(table.index) == ["ridge", "tree", "stack"]
    assert {"score", "score_std", "fit_seconds", "predict_seconds"} <= set(table)
    residual = YR - stack.oof_["ridge"]
    expected = 1 - (residual**2).sum() / ((YR - YR.mean()) ** 2).sum()
    assert table.loc["ridge", "score"] == pytest.approx(expected)
    assert list(stack.oof_.to_frame().index) == list(frame.index)
    assert len(stack.fits_) == 12


def test_leaderboard_scores_all_on_the_same_rows():
    stack = StackingRegressor(REGRESSORS, cv=TimeSeriesSplit(4), random_state=0)
    table = stack.fit(XR, YR).leaderboard_
    # The meta model of the first block that is predicted has nothing to learn from.
    rows = np.concatenate([fold_fit.test for fold_fit in stack.fits_[1:4]])
    residual = YR[rows] - stack.oof_["ridge"][rows]
    expected = 1 - (residual**2).sum() / ((YR[rows] - YR[rows].mean()) ** 2).sum()
    assert table.loc["ridge", "score"] == pytest.approx(expected)


def test_block_names_its_members():
    stack = StackingRegressor(REGRESSORS).fit(XR, YR)
    assert list(stack.oof_) == ["tree", "ridge"]
    with pytest.raises(
        KeyError, match=r"'lgbm' is not a member; the members are \['tree', 'ridge'"
    ):
        stack.oof_["lgbm"]
    assert "array" not in repr(stack.fits_[0])


def test_a_member_may_be_called_stack():
    table = StackingRegressor([("stack", Ridge())]).fit(XR, YR).leaderboard_
    assert list(table.index) == ["stack", "stack (ensemble)"]


@pytest.mark.parametrize(
    ("options", "reported"),
    [
        ({"on_error": "ignore"}, "on_error='ignore'"),
        ({"cv": "prefitted"}, "cv='prefitted'"),
        ({"cv": [(np.arange(5), np.arange(190, 210))]}, "up to 209"),
        ({"cv": KFold}, r"KFold is a class; use an instance: KFold\(...\)"),
        ({"cv": [np.arange(10)]}, r"not \(train, test\) pairs"),
        ({"cv": 0.2}, r"ShuffleSplit\(1, test_size=0.2\)"),
        ({"cv": [(np.arange(100), [100])]}, "predicts 1 of 200 rows"),
    ],
)
def test_bad_input_is_named(options, reported):
    with pytest.raises(ValueError, match=reported):
        StackingRegressor(REGRESSORS, **options).fit(XR, YR)


def test_blame_goes_where_it_belongs():
    with pytest.raises(ValueError, match="Input y contains NaN"):
        StackingRegressor(REGRESSORS).fit(XR, np.where(YR > 0, YR, np.nan))
    with pytest.raises(ValueError, match="y must be numeric"):
        StackingRegressor(REGRESSORS).fit(XR, np.where(YR > 0, "a", "b"))
    frame = pd.DataFrame(XR).add_prefix("x").assign(text="a")
    numbers = make_column_transformer(("passthrough", ["x0", "x1"]))
    stack = StackingRegressor(
        [("r", make_pipeline(numbers, Ridge()))], passthrough=True
    )
    with pytest.raises(ValueError, match="could not convert") as caught:
        stack.fit(frame, YR)
    assert "final estimator. With passthrough=True" in caught.value.__notes__[0]
    with pytest.raises(NotFittedError) as caught:
        StackingRegressor(REGRESSORS, cv="prefit").fit(XR, YR)
    assert "'tree' fitted already" in caught.value.__notes__[0]


@pytest.mark.parametrize("backend", ["sequential", "threading", "loky"])
def test_progress_bar(backend, capsys):
    stack = StackingClassifier(MEMBERS, n_jobs=2, random_state=0)
    with warnings.catch_warnings(), parallel_config(backend):
        warnings.simplefilter("error")
        stack.set_callbacks(ProgressBar()).fit(X, Y)
    shown = capsys.readouterr().out
    assert "StackingClassifier" in shown
    assert "member tree" in shown
    assert "100%" in shown


def test_html_repr_shows_members():
    assert "bayes" in StackingClassifier(MEMBERS)._repr_html_()


@pytest.mark.parametrize(
    "cv", [None, 4, StratifiedKFold(4)], ids=["5", "4", "splitter"]
)
def test_rare_classes_of_stratified_folds_are_named(cv):
    y = np.array(["high", "low", "mid"])[Y].astype(object)
    y[:3], y[3] = "rare", "single"
    folds = 5 if cv is None else 4
    words = rf"fewer rows than the {folds} folds, .* 'rare' \(3\), 'single' \(1\)"
    stack = StackingClassifier(MEMBERS, GaussianNB(), cv=cv)
    with pytest.warns(RareClassWarning, match=words) as caught:
        stack.fit(X, y)
    assert len(caught) == 1
    assert stack.oof_["bayes"].shape == (len(y), 5)
    assert np.isfinite(stack.leaderboard_["score"]).all()


def test_folds_without_strata_warn_of_no_class():
    y = np.where(np.arange(len(Y)) == 3, 9, Y)
    StackingClassifier(MEMBERS, cv=KFold(3)).fit(X, y)
