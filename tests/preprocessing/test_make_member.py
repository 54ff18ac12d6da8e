"""Pipelines of a table encoder and an estimator."""

import pickle

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingClassifier,
)
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC, LinearSVC
from sklearn.tree import DecisionTreeClassifier
from xgboost import XGBClassifier, XGBRegressor

import skensemble
from skensemble.preprocessing import CategoriesOfFrame, TableEncoder, make_member

N = 400
RNG = np.random.default_rng(0)
X = pd.DataFrame(
    {
        "area [m²]": RNG.lognormal(size=N),
        "rooms": RNG.integers(1, 6, N),
        "colour": RNG.choice(["red", "green", None], N),
        "town": [f"town{k}" for k in RNG.integers(0, 60, N)],
        "sold": pd.Timestamp("2020-01-01")
        + pd.to_timedelta(RNG.integers(0, 900, N), unit="D"),
        "pool": RNG.random(N) < 0.3,
    }
)
X.loc[RNG.random(N) < 0.1, "area [m²]"] = np.nan
SCORE = X["rooms"] + 2 * (X["colour"] == "red") + RNG.normal(size=N)
Y = np.where(SCORE > 3.5, "yes", "no")

LEARNERS = [
    LGBMClassifier(n_estimators=20, verbose=-1, n_jobs=1),
    HistGradientBoostingClassifier(max_iter=8),
    ExtraTreesClassifier(50),
    RandomForestClassifier(50),
    GradientBoostingClassifier(n_estimators=20),
    DecisionTreeClassifier(max_depth=4),
    AdaBoostClassifier(n_estimators=10),
    BaggingClassifier(KNeighborsClassifier(20), 3),
    KNeighborsClassifier(20),
    SVC(),
    LinearSVC(),
    LogisticRegression(max_iter=500),
    GaussianNB(),
    MLPClassifier((16,), max_iter=100, tol=0.05, learning_rate_init=0.01),
    CalibratedClassifierCV(LogisticRegression(max_iter=500), cv=3),
    skensemble.GradientBoostingClassifier(n_estimators=20, n_jobs=1),
    skensemble.AdaBoostClassifier(n_estimators=10, n_jobs=1),
    skensemble.RandomForestClassifier(30),
    skensemble.LinearClassifier(),
]


def _responses(member):
    if hasattr(member, "predict_proba"):
        return member.predict_proba(X)[:, 1]
    return member.decision_function(X)


@pytest.mark.parametrize(
    "model", LEARNERS, ids=lambda m: type(m).__module__[:5] + str(m)
)
def test_classifiers_on_a_mixed_table_with_string_labels(model):
    member = make_member(model, random_state=0).fit(X, Y)
    assert set(member.classes_) == {"no", "yes"}
    assert set(member.predict(X)) <= {"no", "yes"}
    assert roc_auc_score(Y == "yes", _responses(member)) > 0.75
    again = pickle.loads(pickle.dumps(member))
    np.testing.assert_array_equal(again.predict(X), member.predict(X))
    unseen = X.assign(colour="mauve", town="nowhere", rooms=np.nan)
    assert len(member.predict(unseen)) == N
    same = make_member(model, random_state=0).fit(X, Y)
    np.testing.assert_allclose(_responses(same), _responses(member))


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        (LGBMRegressor(), "trees"),
        (XGBRegressor(), "trees"),
        (XGBRegressor(booster="gblinear"), "linear"),
        (HistGradientBoostingClassifier(), "trees"),
        (skensemble.GradientBoostingRegressor(), "trees"),
        (ExtraTreesRegressor(), "forests"),
        (AdaBoostClassifier(), "forests"),
        (AdaBoostClassifier(LogisticRegression()), "linear"),
        (BaggingClassifier(LGBMClassifier()), "trees"),
        (skensemble.RandomForestClassifier(), "forests"),
        (SVC(), "neighbors"),
        (SVC(kernel="linear"), "linear"),
        (LinearSVC(), "linear"),
        (GaussianProcessRegressor(), "neighbors"),
        (MLPClassifier(), "neural"),
        (Ridge(), "linear"),
        (CalibratedClassifierCV(KNeighborsClassifier()), "neighbors"),
        (GridSearchCV(Ridge(), {"alpha": [1, 2]}), "linear"),
        (StackingClassifier([("a", SVC()), ("b", LogisticRegression())]), "neural"),
        (make_pipeline(StandardScaler(), MLPClassifier()), "neural"),
    ],
    ids=str,
)
def test_style_of_an_estimator(model, kind):
    assert make_member(model)[0].for_ == kind
    assert make_member(model, for_="forests")[0].for_ == "forests"


def test_categories_are_enabled_in_xgboost():
    model = XGBClassifier(n_estimators=20, n_jobs=1)
    member = make_member(model).fit(X, (Y == "yes").astype(int))
    assert member[-1].enable_categorical
    assert not model.enable_categorical
    assert roc_auc_score(Y == "yes", _responses(member)) > 0.8


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_catboost_gets_the_names_of_the_categories(task):
    import catboost

    options = {"iterations": 30, "verbose": 0, "thread_count": 1}
    options["allow_writing_files"] = False
    if task == "classification":
        member = make_member(catboost.CatBoostClassifier(**options), random_state=0)
        scores = cross_val_score(member, X, Y, cv=3, scoring="roc_auc")
        assert scores.mean() > 0.75
        member.fit(X, Y, categoriesofframe__sample_weight=np.ones(N))
        assert set(member.predict(X)) == {"no", "yes"}
        assert member.predict(X).shape == (N,)
        assert 0.7 < member.score(X, Y) <= 1
    else:
        member = make_member(catboost.CatBoostRegressor(**options), random_state=0)
        assert cross_val_score(member, X, SCORE, cv=3).mean() > 0.5
        assert not hasattr(member[-1], "predict_proba")
        member.fit(X, SCORE)
    assert member[-1].estimator_.get_params()["cat_features"] == ["colour", "town"]
    assert member[-1].feature_importances_.shape == (member[:-1].transform(X).shape[1],)
    found = GridSearchCV(member, {"categoriesofframe__estimator__depth": [2, 3]}, cv=2)
    assert found.fit(X, Y if task == "classification" else SCORE).best_score_ > 0


def test_histograms_with_hundreds_of_levels():
    many = X.assign(town=RNG.integers(0, 390, N).astype(str))
    member = make_member(HistGradientBoostingClassifier(max_iter=5)).fit(many, Y)
    assert member.score(many, Y) > 0.6


def test_missing_values_are_imputed_for_trees_that_do_not_accept_them():
    assert make_member(GradientBoostingClassifier())[0].missing == "impute"
    assert make_member(ExtraTreesClassifier())[0].missing == "auto"


def test_output_is_dense_for_an_estimator_that_does_not_accept_sparse():
    assert make_member(GaussianNB())[0].sparse_output is False
    assert make_member(LogisticRegression())[0].sparse_output == "auto"


def test_task_is_that_of_the_estimator():
    assert make_member(Ridge())[0].task == "regression"
    assert make_member(SVC())[0].task == "classification"


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(make_column_transformer((StandardScaler(), ["rooms"])), Ridge()),
        make_pipeline(OneHotEncoder(), Ridge()),
        make_pipeline(TableEncoder("linear"), Ridge()),
        GridSearchCV(make_pipeline(TableEncoder("linear"), Ridge()), {}),
    ],
    ids=["columns", "one-hot", "table", "search"],
)
def test_pipeline_that_accepts_tables_is_returned_unchanged(model):
    assert make_member(model) is model


def test_another_pipeline_has_the_encoder_put_before_it():
    member = make_member(make_pipeline(StandardScaler(), Ridge()), random_state=0)
    names = [name for name, _ in member.steps]
    assert names == ["tableencoder", "standardscaler", "ridge"]
    assert member.fit(X, SCORE).score(X, SCORE) > 0.5


def test_names_clone_search_and_weights():
    member = make_member(LGBMClassifier(n_estimators=5, verbose=-1, n_jobs=1))
    assert [name for name, _ in member.steps] == ["tableencoder", "lgbmclassifier"]
    search = GridSearchCV(clone(member), {"lgbmclassifier__num_leaves": [4, 8]}, cv=2)
    assert search.fit(X, Y).best_params_["lgbmclassifier__num_leaves"] in (4, 8)
    weights = np.where(Y == "yes", 1.0, 1e-9)
    member.fit(X, Y, lgbmclassifier__sample_weight=weights)
    assert (member.predict(X) == "yes").all()


def test_seed_replaces_none_and_the_given_model_is_unchanged():
    model = ExtraTreesClassifier()
    member = make_member(model, random_state=0)
    assert model.random_state is None
    assert isinstance(member[-1].random_state, int)
    assert isinstance(member[0].random_state, int)
    kept = make_member(ExtraTreesClassifier(random_state=7), random_state=0)
    assert kept[-1].random_state == 7


def test_an_unknown_kind_is_refused():
    with pytest.raises(
        ValueError, match=r"for_='tree' is not known; use one of .*trees"
    ):
        make_member(Ridge(), for_="tree")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (Ridge, r"estimator=Ridge is a class; .*make_member\(Ridge\(\)\)"),
        ("ridge", "estimator='ridge' is not an estimator"),
        (None, "estimator=None is not an estimator"),
    ],
    ids=["class", "name", "None"],
)
def test_objects_that_are_not_estimators_are_refused(wrong, message):
    with pytest.raises(TypeError, match=message):
        make_member(wrong)
    with pytest.raises(TypeError, match=message):
        make_member(wrong, for_="linear")


def test_in_a_stack():
    stack = skensemble.StackingClassifier(
        [
            (
                "boost",
                make_member(LGBMClassifier(n_estimators=10, verbose=-1, n_jobs=1)),
            ),
            ("linear", make_member(LogisticRegression(max_iter=500))),
        ],
        cv=3,
        random_state=0,
    )
    assert roc_auc_score(Y == "yes", stack.fit(X, Y).predict_proba(X)[:, 1]) > 0.8


def test_tags_are_those_of_the_estimator():
    inner = CategoriesOfFrame(LogisticRegression())
    assert inner.__sklearn_tags__().estimator_type == "classifier"
