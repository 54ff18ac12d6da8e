"""Fold models and seeds, averaged."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import sklearn
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.callback import ProgressBar
from sklearn.cluster import KMeans
from sklearn.datasets import (
    load_diabetes,
    load_iris,
    make_multilabel_classification,
    make_regression,
)
from sklearn.ensemble import (
    ExtraTreesRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    Perceptron,
    Ridge,
    RidgeClassifier,
)
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    RepeatedKFold,
    TimeSeriesSplit,
    cross_val_predict,
    cross_val_score,
)
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import (
    DecisionTreeClassifier,
    DecisionTreeRegressor,
    ExtraTreeRegressor,
)
from sklearn.utils.estimator_checks import parametrize_with_checks

from skensemble import CrossFitted, SeedAveraging

IRIS = load_iris(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)


@parametrize_with_checks(
    [
        CrossFitted(LogisticRegression()),
        CrossFitted(RidgeClassifier(), method="predict"),
        SeedAveraging(DecisionTreeClassifier(), 2),
        CrossFitted(SeedAveraging(DecisionTreeRegressor(), 2), cv=2),
    ]
)
def test_scikit_learn_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize(
    ("estimator", "method"),
    [
        (LogisticRegression(max_iter=1000), "predict_proba"),
        (RidgeClassifier(), "decision_function"),
        (LogisticRegression(max_iter=1000), "predict"),
        (DecisionTreeClassifier(random_state=3), "predict_proba"),
    ],
)
def test_oof_is_cross_val_predict(estimator, method):
    X, y = IRIS
    model = CrossFitted(estimator, cv=4, method=method).fit(X, y)
    expected = cross_val_predict(estimator, X, y, cv=4, method=method)
    assert_array_equal(model.oof_["estimator"], expected)
    assert_array_equal(model.scores_, cross_val_score(estimator, X, y, cv=4))
    labels = cross_val_predict(estimator, X, y, cv=4)
    assert model.oof_score_ == np.mean(labels == y)


def test_predicts_the_mean_of_the_fold_models():
    X, y = DIABETES
    splits = list(KFold(3).split(X))
    model = CrossFitted(Ridge(), cv=splits).fit(X, y)
    by_hand = [Ridge().fit(X[train], y[train]).predict(X) for train, _ in splits]
    assert_allclose(model.predict(X), np.mean(by_hand, axis=0), rtol=1e-13)
    assert is_regressor(model)
    assert not hasattr(model, "predict_proba")
    assert not hasattr(model, "classes_")


def test_probabilities_and_labels_of_strings():
    X, y = IRIS
    names = np.array(["setosa", "versicolor", "virginica"])[y]
    inner = LogisticRegression(max_iter=1000)
    model = CrossFitted(inner, cv=KFold(5, shuffle=True, random_state=1)).fit(X, names)
    by_hand = [
        clone(inner).fit(X[train], names[train]).predict_proba(X)
        for train, _ in KFold(5, shuffle=True, random_state=1).split(X)
    ]
    assert_allclose(model.predict_proba(X), np.mean(by_hand, axis=0), rtol=1e-12)
    best = np.argmax(np.mean(by_hand, axis=0), axis=1)
    assert_array_equal(model.predict(X), model.classes_[best])
    assert is_classifier(model)


def test_vote_where_there_are_only_labels():
    X, y = IRIS
    inner = Perceptron(random_state=0)
    model = CrossFitted(inner, cv=5, method="predict").fit(X, y)
    votes = np.array([m.predict(X) for m in model.estimators_]).astype(int)
    expected = [np.bincount(column, minlength=3).argmax() for column in votes.T]
    assert_array_equal(model.predict(X), expected)


def test_labels_follow_the_mean_decision():
    X, y = IRIS
    keep = y != 0
    model = CrossFitted(RidgeClassifier(), cv=5).fit(X[keep], y[keep])
    decision = np.mean([m.decision_function(X) for m in model.estimators_], axis=0)
    assert_allclose(model.decision_function(X), decision)
    assert_array_equal(model.predict(X), np.where(decision > 0, 2, 1))


def test_a_class_missing_in_a_fold_has_probability_zero_there():
    X, y = IRIS  # sorted by class, so that plain folds miss one each
    model = CrossFitted(DecisionTreeClassifier(random_state=0), cv=KFold(3)).fit(X, y)
    assert_array_equal(model.oof_["estimator"][:50, 0], 0)
    assert_allclose(model.predict_proba(X).sum(axis=1), 1)
    assert model.oof_score_ == 0


def test_time_series_leave_rows_out():
    X, y = DIABETES
    model = CrossFitted(Ridge(), cv=TimeSeriesSplit(4)).fit(X, y)
    covered = model.oof_.covered
    assert 0 < covered.sum() < len(y)
    assert np.isnan(model.oof_["estimator"][~covered]).all()
    train, test = list(TimeSeriesSplit(4).split(X))[-1]
    last = Ridge().fit(X[train], y[train]).predict(X[test])
    assert_array_equal(model.oof_["estimator"][test], last)
    known = sklearn.metrics.r2_score(y[covered], model.oof_["estimator"][covered])
    assert model.oof_score_ == known


def test_repeats_are_averaged():
    X, y = DIABETES
    cv = RepeatedKFold(n_splits=3, n_repeats=2, random_state=0)
    model = CrossFitted(Ridge(), cv=cv).fit(X, y)
    total = np.zeros(len(y))
    for train, test in cv.split(X):
        total[test] += Ridge().fit(X[train], y[train]).predict(X[test])
    assert_allclose(model.oof_["estimator"], total / 2, rtol=1e-12)
    assert len(model.estimators_) == len(model.scores_) == 6


def test_groups_and_weights():
    X, y = DIABETES
    rng = np.random.default_rng(0)
    groups, weight = rng.integers(0, 20, len(y)), rng.uniform(0.1, 2, len(y))
    model = CrossFitted(Ridge(), cv=GroupKFold(4))
    model.fit(X, y, sample_weight=weight, groups=groups)
    expected = np.empty(len(y))
    for train, test in GroupKFold(4).split(X, y, groups):
        assert not set(groups[train]) & set(groups[test])
        fold = Ridge().fit(X[train], y[train], sample_weight=weight[train])
        expected[test] = fold.predict(X[test])
    assert_array_equal(model.oof_["estimator"], expected)
    score = sklearn.metrics.r2_score(y, expected, sample_weight=weight)
    assert model.oof_score_ == pytest.approx(score, rel=1e-14)


def test_metadata_routing():
    X, y = DIABETES
    groups, weight = np.arange(len(y)) % 7, np.arange(len(y)) + 1.0
    plain = CrossFitted(Ridge(), cv=GroupKFold(3))
    plain.fit(X, y, sample_weight=weight, groups=groups)
    with sklearn.config_context(enable_metadata_routing=True):
        inner = Ridge().set_fit_request(sample_weight=True)
        routed = CrossFitted(inner, cv=GroupKFold(3))
        routed.fit(X, y, sample_weight=weight, groups=groups)
        with pytest.raises(sklearn.exceptions.UnsetMetadataPassedError):
            CrossFitted(Ridge(), cv=3).fit(X, y, sample_weight=weight)
    assert_array_equal(routed.oof_["estimator"], plain.oof_["estimator"])


def test_fit_parameters_reach_a_step_of_a_pipeline():
    X, y = DIABETES
    weight = np.arange(len(y)) + 1.0
    pipe = make_pipeline(StandardScaler(), Ridge())
    named = CrossFitted(pipe, cv=3).fit(X, y, ridge__sample_weight=weight)
    plain = CrossFitted(pipe, cv=3).fit(X, y, sample_weight=weight)
    assert_array_equal(named.predict(X), plain.predict(X))
    with pytest.raises(TypeError, match="does not support sample weights"):
        CrossFitted(KNeighborsRegressor()).fit(X, y, sample_weight=weight)


@pytest.mark.parametrize(
    "model",
    [
        CrossFitted(ExtraTreeRegressor(), cv=4, random_state=0),
        SeedAveraging(ExtraTreesRegressor(5), 4, random_state=0),
        CrossFitted(SeedAveraging(ExtraTreeRegressor(), 3), cv=3, random_state=0),
    ],
)
def test_same_bits_for_any_number_of_jobs_and_after_pickling(model):
    X, y = DIABETES
    one = clone(model).set_params(n_jobs=1).fit(X, y)
    two = clone(model).set_params(n_jobs=2).fit(X, y)
    assert_array_equal(one.predict(X), two.predict(X))
    again = pickle.loads(pickle.dumps(two))
    assert_array_equal(one.predict(X), again.predict(X))
    if hasattr(one, "oof_"):
        assert_array_equal(one.oof_.values, again.oof_.values)


def test_fold_models_have_seeds_of_their_own_but_keep_those_that_are_set():
    X, y = DIABETES
    model = CrossFitted(ExtraTreeRegressor(), cv=3, random_state=0).fit(X, y)
    assert len({m.random_state for m in model.estimators_}) == 3
    model = CrossFitted(ExtraTreeRegressor(random_state=7), cv=3, random_state=0)
    assert {m.random_state for m in model.fit(X, y).estimators_} == {7}


def test_seeds_replace_every_random_state():
    X, y = IRIS
    pipe = make_pipeline(
        StandardScaler(),
        RandomForestClassifier(3, random_state=np.random.RandomState()),
    )
    model = SeedAveraging(pipe, 3, random_state=0).fit(X, y)
    seeds = [m[-1].random_state for m in model.estimators_]
    assert len(set(seeds)) == 3
    assert seeds == [s["randomforestclassifier__random_state"] for s in model.seeds_]
    by_hand = [
        clone(pipe).set_params(**seeds).fit(X, y).predict_proba(X)
        for seeds in model.seeds_
    ]
    assert_allclose(model.predict_proba(X), np.mean(by_hand, axis=0), rtol=1e-13)
    assert_allclose(model.spread(X), np.std(by_hand, axis=0, ddof=1), atol=1e-15)
    more = SeedAveraging(pipe, 5, random_state=0).fit(X, y)
    assert more.seeds_[:3] == model.seeds_


def test_seeds_differ_from_fit_to_fit_where_none_is_given():
    X, y = DIABETES
    model = SeedAveraging(ExtraTreeRegressor(), 2)
    assert model.fit(X, y).seeds_ != clone(model).fit(X, y).seeds_


def test_spread_of_votes():
    X, y = IRIS
    model = SeedAveraging(
        make_pipeline(Perceptron(max_iter=5, tol=None)), 4, random_state=0
    )
    spread = model.fit(X, y).spread(X)
    decisions = [m.decision_function(X) for m in model.estimators_]
    assert_allclose(spread, np.std(decisions, axis=0, ddof=1))
    model = SeedAveraging(_Labels(max_iter=2, tol=None), 4, random_state=0).fit(X, y)
    votes = np.array([m.predict(X) for m in model.estimators_])
    share = (votes == 1).mean(axis=0)
    expected = np.sqrt(share * (1 - share) * 4 / 3)
    assert_allclose(model.spread(X)[:, 1], expected, atol=1e-15)


class _Labels(Perceptron):
    """A classifier that gives labels and nothing else."""

    @property
    def decision_function(self):
        raise AttributeError

    def predict(self, X):
        return self.classes_[np.argmax(X @ self.coef_.T + self.intercept_, axis=1)]


def test_frames_arrive_as_they_are():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    pipe = make_pipeline(FunctionTransformer(_must_be_frame), Ridge())
    model = CrossFitted(pipe, cv=3).fit(X, y)
    assert model.oof_.to_frame().index.equals(X.index)
    ridge = CrossFitted(Ridge(), cv=3).fit(X, y)
    assert list(ridge.feature_names_in_) == list(X.columns)
    assert ridge.n_features_in_ == 10
    with pytest.raises(ValueError, match="feature names"):
        ridge.predict(X[X.columns[::-1]])
    assert_array_equal(model.predict(X), ridge.predict(X))


def _must_be_frame(X):
    assert isinstance(X, pd.DataFrame)
    return X[["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"]]


def test_sparse_and_missing_values():
    X, y = IRIS
    dense = CrossFitted(LogisticRegression(max_iter=1000), cv=3).fit(X, y)
    thin = clone(dense).fit(sparse.csr_matrix(X), y)
    assert_allclose(
        dense.predict_proba(X), thin.predict_proba(sparse.csr_matrix(X)), atol=1e-3
    )
    holes = X.copy()
    holes[::7, 1] = np.nan
    model = SeedAveraging(HistGradientBoostingClassifier(max_iter=5), 2).fit(holes, y)
    assert model.score(holes, y) > 0.9
    assert model.__sklearn_tags__().input_tags.allow_nan
    assert not dense.__sklearn_tags__().input_tags.allow_nan


def test_several_outputs():
    X, y = make_regression(80, 5, n_targets=2, random_state=0)
    model = CrossFitted(Ridge(), cv=4).fit(X, y)
    assert_array_equal(
        model.oof_["estimator"], cross_val_predict(Ridge(), X, y, cv=KFold(4))
    )
    X, y = make_multilabel_classification(100, n_classes=3, random_state=0)
    trees = RandomForestClassifier(10, random_state=0)
    model = CrossFitted(trees, cv=4).fit(X, y)
    parts = cross_val_predict(trees, X, y, cv=KFold(4), method="predict_proba")
    assert_array_equal(
        model.oof_["estimator"], np.column_stack([part[:, 1] for part in parts])
    )
    assert model.predict(X).shape == y.shape
    assert model.score(X, y) > 0.5
    near = SeedAveraging(trees, 2, random_state=0).fit(X, y)
    assert near.spread(X).shape == y.shape


def test_permutation_importance_of_an_average():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    model = CrossFitted(Ridge(alpha=0.1), cv=3).fit(X, y)
    table = model.permutation_importance(X, y, scoring="rmse", random_state=0)
    assert table.index[0] in ("bmi", "s1", "s5")
    assert list(table.columns) == ["importance", "std"]


def test_in_a_grid():
    X, y = DIABETES
    grid = GridSearchCV(
        CrossFitted(SeedAveraging(ExtraTreeRegressor(), 2), cv=2, random_state=0),
        {"estimator__estimator__min_samples_leaf": [1, 20]},
        cv=3,
    ).fit(X, y)
    assert grid.best_params_ == {"estimator__estimator__min_samples_leaf": 20}


def test_nothing_is_fitted_twice(tmp_path):
    X, y = DIABETES
    model = SeedAveraging(ExtraTreeRegressor(), 2, random_state=0, memory=tmp_path)
    first = model.fit(X, y).predict(X)
    assert not any(fold_fit.cached for fold_fit in model.fits_)
    model.set_params(n_seeds=3).fit(X, y)
    assert [fold_fit.cached for fold_fit in model.fits_] == [True, True, False]
    assert_array_equal(model.set_params(n_seeds=2).fit(X, y).predict(X), first)
    folds = CrossFitted(Ridge(), cv=3, memory=tmp_path).fit(X, y)
    again = clone(folds).fit(X, y)
    assert all(fold_fit.cached for fold_fit in again.fits_)
    assert_array_equal(folds.predict(X), again.predict(X))


def test_callbacks_see_every_fit():
    X, y = DIABETES
    task_names = []
    model = CrossFitted(Ridge(), cv=3)
    model.set_callbacks(_Counter(task_names)).fit(X, y)
    assert sum("split" in name for name in task_names) == 3


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_progress_and_processes(backend, capsys):
    X, y = DIABETES
    model = SeedAveraging(ExtraTreeRegressor(), 3, random_state=0, n_jobs=2)
    with parallel_config(backend):
        model.set_callbacks(ProgressBar()).fit(X, y)
    shown = capsys.readouterr().out
    assert "member seed 2" in shown
    assert "100%" in shown
    alone = SeedAveraging(ExtraTreeRegressor(), 3, random_state=0).fit(X, y)
    assert_array_equal(model.predict(X), alone.predict(X))


def test_polars():
    X, y = DIABETES
    frame = pl.DataFrame(X, schema=[f"c{k}" for k in range(10)])
    model = CrossFitted(Ridge(), cv=3).fit(frame, y)
    assert list(model.feature_names_in_) == frame.columns
    assert_allclose(
        model.oof_["estimator"], CrossFitted(Ridge(), cv=3).fit(X, y).oof_["estimator"]
    )


def test_routing_through_a_grid():
    X, y = DIABETES
    with sklearn.config_context(enable_metadata_routing=True):
        model = CrossFitted(Ridge().set_fit_request(sample_weight=True), cv=3)
        grid = GridSearchCV(model, {"estimator__alpha": [0.1, 10]}, cv=3)
        grid.fit(X, y, sample_weight=np.ones(len(y)))
    assert grid.best_params_ == {"estimator__alpha": 0.1}


class _Counter:
    def __init__(self, task_names):
        self.task_names = task_names

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        self.task_names.append(context.task_name)

    def on_fit_task_end(self, estimator, context):
        pass


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (SeedAveraging(LinearRegression()), "no random_state.*use CrossFitted"),
        (SeedAveraging(ExtraTreeRegressor(), 0), "n_seeds=0 .*1 or more"),
        (SeedAveraging(ExtraTreeRegressor(), 2.0), "n_seeds=2.0"),
        (CrossFitted(Ridge(), method="guess"), "method='guess'.*'auto'"),
        (CrossFitted(Ridge(), cv=1), "cv=1"),
        (CrossFitted(Ridge(), n_jobs=0), "n_jobs=0"),
        (CrossFitted(Ridge(), memory=3), "memory=3"),
        (CrossFitted(KMeans()), "neither a classifier nor a regressor"),
        (CrossFitted(SVC(kernel="precomputed")), "matrix of distances or kernels"),
        (CrossFitted(Ridge(), cv=GroupKFold(3)), "needs groups"),
        (CrossFitted(Ridge(), method="predict_proba"), "predict_proba"),
    ],
)
def test_refusals(model, words):
    with pytest.raises(ValueError, match=words):
        model.fit(*DIABETES)


def test_no_estimator():
    with pytest.raises(TypeError, match="estimator instance"):
        CrossFitted(Ridge).fit(*DIABETES)
    with pytest.raises(ValueError, match=r"one fit has no spread.*n_seeds=2"):
        SeedAveraging(ExtraTreeRegressor(), 1).fit(*DIABETES).spread(DIABETES[0])


def test_nothing_is_left_half_fitted():
    X, y = DIABETES
    model = CrossFitted(Ridge(), cv=3).fit(X, y)
    before = model.predict(X)
    with pytest.raises(ValueError, match="inconsistent"):
        model.fit(X, y[:-1])
    assert_array_equal(model.predict(X), before)
