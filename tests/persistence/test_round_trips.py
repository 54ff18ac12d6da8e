"""A loaded model gives the same predictions, bit for bit, as the saved one."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from catboost import CatBoostClassifier, CatBoostRegressor
from lightgbm import LGBMClassifier, LGBMRanker, LGBMRegressor
from numpy.testing import assert_array_equal
from sklearn.base import clone, is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.decomposition import TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.feature_selection import SelectKBest, VarianceThreshold, f_classif
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.linear_model import (
    LogisticRegression,
    LogisticRegressionCV,
    Ridge,
    SGDClassifier,
)
from sklearn.metrics import log_loss, make_scorer
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import (
    FunctionTransformer,
    OneHotEncoder,
    OrdinalEncoder,
    QuantileTransformer,
    SplineTransformer,
    StandardScaler,
    TargetEncoder,
)
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier, XGBRanker, XGBRegressor, XGBRFClassifier

import skensemble as sk
from skensemble.datasets import load_ames
from skensemble.linear_model import SCAD, ElasticNetPenalty
from skensemble.losses import Focal, Huber, LogCosh
from skensemble.persistence import load, save
from skensemble.preprocessing import make_member

ROWS = 150


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "size": rng.normal(size=ROWS),
            "age": rng.integers(0, 90, ROWS).astype(float),
            "kind": pd.Categorical(rng.choice(["flat", "house", "hut"], ROWS)),
            "place": rng.choice(["north", "south", "east"], ROWS),
        }
    )
    frame.loc[::11, "age"] = np.nan
    score = frame["size"] + (frame["kind"] == "hut") + rng.normal(size=ROWS) / 3
    labels = np.where(score > 0.3, "dear", "cheap")
    return frame, labels, score.to_numpy()


def encoded(model):
    """A pipeline on a frame of mixed columns."""
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), ["size", "age"]),
        (OneHotEncoder(handle_unknown="ignore"), ["kind", "place"]),
    )
    return make_pipeline(columns, model)


def ordinal(model):
    columns = make_column_transformer(
        (OrdinalEncoder(), ["kind", "place"]), remainder="passthrough"
    )
    return make_pipeline(columns, model)


LIGHT = {"n_estimators": 4, "verbose": -1, "n_jobs": 1, "random_state": 0}
EXTREME = {"n_estimators": 4, "n_jobs": 1, "random_state": 0}
CAT = {"iterations": 4, "verbose": 0, "thread_count": 1, "allow_writing_files": False}
FOREST = {"n_estimators": 4, "random_state": 0}
CLASSIFIERS = [
    ("linear", encoded(LogisticRegression())),
    ("forest", encoded(RandomForestClassifier(**FOREST))),
]
REGRESSORS = [
    ("linear", encoded(Ridge())),
    ("forest", encoded(RandomForestRegressor(**FOREST))),
]
OURS = {
    "stack": sk.StackingClassifier(CLASSIFIERS, cv=2, random_state=0),
    "stack of boosters": sk.StackingClassifier(
        [
            ("light", ordinal(LGBMClassifier(**LIGHT))),
            ("extreme", ordinal(XGBClassifier(**EXTREME))),
            ("cat", ordinal(CatBoostClassifier(**CAT))),
        ],
        final_estimator=sk.LinearClassifier(),
        passthrough=False,
        cv=2,
        random_state=0,
    ),
    "stack of fold models": sk.StackingClassifier(
        CLASSIFIERS, refit=False, cv=StratifiedKFold(2), random_state=0
    ),
    "layers": sk.StackingClassifier(
        CLASSIFIERS,
        layers=[[("top", LogisticRegression())]],
        guard="warn",
        cv=2,
        random_state=0,
    ),
    "calibrated": sk.StackingClassifier(
        CLASSIFIERS,
        calibrate="isotonic",
        calibrate_members="sigmoid",
        scoring="neg_log_loss",
        cv=2,
        random_state=0,
    ),
    "scored": sk.StackingClassifier(
        CLASSIFIERS,
        scoring=make_scorer(
            log_loss, greater_is_better=False, response_method="predict_proba"
        ),
        cv=2,
        random_state=0,
    ),
    "stack of numbers": sk.StackingRegressor(REGRESSORS, cv=2, random_state=0),
    "selection": sk.EnsembleSelectionClassifier(
        CLASSIFIERS, n_bags=3, max_steps=10, cv=2, random_state=0
    ),
    "selection of numbers": sk.EnsembleSelectionRegressor(
        REGRESSORS, cv=2, random_state=0
    ),
    "super learner": sk.SuperLearnerClassifier(CLASSIFIERS, cv=2, random_state=0),
    "super learner of numbers": sk.SuperLearnerRegressor(
        REGRESSORS, "nnls", cv=2, outer_cv=2, random_state=0
    ),
    "voting": sk.VotingClassifier(CLASSIFIERS, voting="soft", random_state=0),
    "votes": sk.VotingClassifier(CLASSIFIERS, random_state=0),
    "voting of numbers": sk.VotingRegressor(
        REGRESSORS, weights="cv", cv=2, random_state=0
    ),
    "blending": sk.BlendingClassifier(CLASSIFIERS, random_state=0),
    "blending of numbers": sk.BlendingRegressor(REGRESSORS, random_state=0),
    "bagging": encoded(sk.BaggingClassifier(n_estimators=4, random_state=0)),
    "bagged pipelines": sk.BaggingClassifier(
        encoded(LogisticRegression()), n_estimators=3, random_state=0
    ),
    "bagging of numbers": encoded(
        sk.BaggingRegressor(n_estimators=30, oob_score=True, random_state=0)
    ),
    "forest": encoded(sk.RandomForestClassifier(80, oob_score=True, random_state=0)),
    "forest of numbers": encoded(sk.RandomForestRegressor(**FOREST)),
    "adaboost": sk.AdaBoostClassifier(n_estimators=4, random_state=0),
    "adaboost of models": encoded(
        sk.AdaBoostClassifier(LogisticRegression(), n_estimators=3, random_state=0)
    ),
    **{
        f"adaboost, {variant}, {engine}": encoded(
            sk.AdaBoostClassifier(
                model, n_estimators=3, variant=variant, engine=engine, random_state=0
            )
        )
        for engine in ("auto", "general")
        for variant, model in (
            ("real", DecisionTreeClassifier(max_depth=2)),
            ("gentle", DecisionTreeClassifier(max_depth=2)),
            ("logit", DecisionTreeRegressor(max_depth=2)),
        )
    },
    "adaboost of numbers": sk.AdaBoostRegressor(n_estimators=4, random_state=0),
    "adaboost of models of numbers": encoded(
        sk.AdaBoostRegressor(Ridge(), n_estimators=3, random_state=0)
    ),
    "boosting": sk.GradientBoostingClassifier(n_estimators=4, random_state=0),
    "boosting by XGBoost": sk.GradientBoostingClassifier(
        n_estimators=4, engine=sk.XGBoost(), loss=Focal(), random_state=0
    ),
    "boosting of numbers": sk.GradientBoostingRegressor(
        n_estimators=9, loss=Huber(0.9), early_stopping=sk.Patience(3), random_state=0
    ),
    "boosting of models": encoded(
        sk.GradientBoostingRegressor(
            n_estimators=3, engine=sk.WeakLearner(Ridge()), loss=LogCosh()
        )
    ),
    "linear": encoded(sk.LinearClassifier(penalty=ElasticNetPenalty(0.01, 0.5))),
    "linear on a frame": make_pipeline(
        make_column_transformer(("drop", ["age"]), remainder="passthrough"),
        sk.LinearRegressor(loss="huber", penalty=SCAD(0.05)),
    ).set_output(transform="pandas"),
    "linear by folds": encoded(sk.LinearClassifierCV(n_alphas=5, cv=2)),
    "linear of numbers by folds": encoded(sk.LinearRegressorCV(n_alphas=5, cv=2)),
    "seeds": sk.SeedAveraging(
        encoded(RandomForestClassifier(**FOREST)), random_state=0
    ),
    "folds": sk.CrossFitted(encoded(LogisticRegression()), cv=2),
    "folds of a stack": sk.CrossFitted(
        sk.StackingRegressor(REGRESSORS, cv=2, random_state=0), cv=2
    ),
}
LR = LogisticRegression()
THEIRS = {
    "histograms": ordinal(HistGradientBoostingClassifier(max_iter=4, random_state=0)),
    "histograms on categories": HistGradientBoostingRegressor(
        max_iter=4, categorical_features=["kind", "place"], loss="absolute_error"
    ),
    "boosted trees": encoded(GradientBoostingClassifier(n_estimators=3)),
    "extra trees": encoded(ExtraTreesClassifier(**FOREST)),
    "pruned tree": encoded(DecisionTreeClassifier(ccp_alpha=0.01, max_leaf_nodes=9)),
    "calibrated": CalibratedClassifierCV(encoded(GaussianNB()), cv=2),
    "search": GridSearchCV(
        encoded(LR), {"logisticregression__C": [0.1, 1]}, scoring="roc_auc", cv=2
    ),
    "neighbours": encoded(KNeighborsClassifier(algorithm="brute")),
    "neighbours in a tree": encoded(KNeighborsClassifier(algorithm="kd_tree")),
    "neighbours in balls": encoded(KNeighborsClassifier(algorithm="ball_tree", p=1)),
    "imputed": ordinal(make_pipeline(KNNImputer(), LR)),
    "machine": encoded(SVC()),
    "process": encoded(GaussianProcessClassifier()),
    "perceptron": encoded(MLPClassifier((4,), tol=1e-2, random_state=0)),
    "gradient": encoded(SGDClassifier(loss="log_loss", random_state=0)),
    "discriminant": encoded(LinearDiscriminantAnalysis()),
    "regularised": encoded(
        LogisticRegressionCV(
            Cs=3, cv=2, l1_ratios=(0,), scoring="accuracy", use_legacy_attributes=False
        )
    ),
    "transformed": encoded(
        make_pipeline(
            make_union(
                SplineTransformer(n_knots=3, knots="quantile"),
                StandardScaler(),
                QuantileTransformer(n_quantiles=9, random_state=0),
                FunctionTransformer(np.expm1),
            ),
            VarianceThreshold(),
            SelectKBest(f_classif, k=9),
            LR,
        )
    ),
    "target encoded": make_pipeline(
        make_column_transformer((TargetEncoder(cv=KFold(2)), ["kind"])), LR
    ),
    "transformed target": TransformedTargetRegressor(
        encoded(Ridge()), func=np.sinh, inverse_func=np.arcsinh
    ),
    "clusters": encoded(KMeans(3, n_init=1, random_state=0)),
    "outliers": encoded(IsolationForest(**FOREST)),
    "LightGBM": LGBMClassifier(**LIGHT),
    "LightGBM of numbers": ordinal(LGBMRegressor(linear_tree=True, **LIGHT)),
    "XGBoost": ordinal(XGBClassifier(**EXTREME)),
    "XGBoost's forest": ordinal(XGBRFClassifier(**EXTREME)),
    "XGBoost on categories": XGBClassifier(enable_categorical=True, **EXTREME),
    "XGBoost with dropout": ordinal(XGBRegressor(booster="dart", **EXTREME)),
    "XGBoost, linear": ordinal(XGBRegressor(booster="gblinear", **EXTREME)),
    "CatBoost": CatBoostClassifier(cat_features=("kind", "place"), **CAT),
    "CatBoost of numbers": ordinal(CatBoostRegressor(**CAT)),
}
RESPONSE_METHODS = ("predict", "predict_proba", "decision_function", "transform")


def assert_same(model, again, X):
    for name in RESPONSE_METHODS:
        if hasattr(model, name):
            assert_array_equal(getattr(model, name)(X), getattr(again, name)(X))


def typed(X):
    """Strings as categories, for libraries that do not accept strings."""
    return X.assign(place=X["place"].astype("category"))


@pytest.mark.filterwarnings("ignore::skensemble.exceptions.StackedOverfitWarning")
@pytest.mark.parametrize("name", [*OURS, *(f"their {name}" for name in THEIRS)])
def test_model_predicts_the_same(name, table, tmp_path):
    X, labels, numbers = table
    X = typed(X)
    model = clone((OURS | {f"their {key}": one for key, one in THEIRS.items()})[name])
    model.fit(X, target(name, model, labels, numbers))
    path = tmp_path / "model"
    save(model, path)
    again = load(path)
    assert type(again) is type(model)
    assert_same(model, again, X)
    assert repr(again) == repr(model)


def target(name, model, labels, numbers):
    if not is_classifier(model):
        return numbers
    return (labels == "dear").astype(int) if "XGBoost" in name else labels


TABULAR = {
    "light": LGBMClassifier(**LIGHT),
    "cat": CatBoostClassifier(**CAT),
    "forest": RandomForestClassifier(**FOREST),
    "linear": LogisticRegression(),
    "neighbours": KNeighborsClassifier(),
    "network": MLPClassifier((4,), tol=1e-2, random_state=0),
}


@pytest.mark.parametrize("name", TABULAR)
def test_table_encoder_before_a_member(name, table, tmp_path):
    X, labels, _ = table
    rows = X.assign(
        day=pd.date_range("2020-01-01", periods=ROWS),
        count=pd.array(np.arange(ROWS) % 50, dtype="Int64"),
        text=[f"a house with {n % 7} rooms and a view of the sea" for n in range(ROWS)],
    )
    model = make_member(TABULAR[name], random_state=0).fit(rows, labels)
    save(model, tmp_path / "model")
    assert_same(model, load(tmp_path / "model"), rows)


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin", "+02:00"])
def test_table_encoder_of_times_in_a_zone(zone, table, tmp_path):
    X, labels, _ = table
    X = X.assign(when=pd.date_range("2020-01-01", periods=ROWS, freq="37h", tz=zone))
    model = make_member(LGBMClassifier(**LIGHT), random_state=0).fit(X, labels)
    save(model, tmp_path / "model", X=X)
    assert_same(model, load(tmp_path / "model"), X)


def test_table_encoder_of_written_dates_and_numbers(table, tmp_path):
    X, labels, numbers = table
    X = X.assign(
        when=pd.date_range("2020-01-01", periods=ROWS).strftime("%d/%m/%Y"),
        price=[f"${1000 + 99 * number:,.2f}" for number in numbers],
    )
    model = make_member(LogisticRegression(), random_state=0).fit(X, labels)
    save(model, tmp_path / "model")
    assert_same(model, load(tmp_path / "model"), X)


@pytest.mark.parametrize(
    "kind",
    [sk.AutoEnsembleClassifier, sk.AutoEnsembleRegressor],
    ids=["classes", "numbers"],
)
def test_automatic_ensembles_on_houses(kind, tmp_path):
    houses, price = load_ames(return_X_y=True)
    X, y = houses.head(ROWS), price.head(ROWS)
    if kind is sk.AutoEnsembleClassifier:
        y = np.where(y > y.median(), "dear", "cheap")
    members = ["linear", "lightgbm_small"]
    model = kind(None, members=members, preset="fast", cv=2, random_state=0).fit(X, y)
    save(model, tmp_path / "model", X=X)
    again = load(tmp_path / "model")
    assert_same(model, again, X)
    pd.testing.assert_frame_equal(again.leaderboard_, model.leaderboard_)


def test_rankers(table, tmp_path):
    X, _, numbers = table
    X = X[["size", "age"]]
    grades = np.digitize(numbers, [0, 1])
    light = LGBMRanker(**LIGHT).fit(X, grades, group=[50, 100])
    extreme = XGBRanker(**EXTREME).fit(X, grades, qid=np.repeat([0, 1], [50, 100]))
    save([light, extreme], tmp_path / "model")
    for model, again in zip((light, extreme), load(tmp_path / "model"), strict=True):
        assert_same(model, again, X)


def test_texts_and_sparse_rows(tmp_path):
    texts = ["a red house", "a blue hut", "the red hut", "one flat"] * 5
    model = make_pipeline(TfidfVectorizer(), TruncatedSVD(2, random_state=0)).fit(texts)
    save(model, tmp_path / "model")
    assert_same(model, load(tmp_path / "model"), texts)
    X = sp.random(60, 5, 0.4, format="csr", random_state=0)
    neighbours = KNeighborsClassifier().fit(X, np.arange(60) % 2)
    save(neighbours, tmp_path / "model")
    assert_same(neighbours, load(tmp_path / "model"), X)


def test_boosters_stopped_early_keep_their_best_round(table, tmp_path):
    X, labels, _ = table
    X, y = X[["size", "age"]], (labels == "dear").astype(int)
    many = {"n_estimators": 60, "n_jobs": 1, "random_state": 0}
    light = LGBMClassifier(early_stopping_round=3, verbose=-1, **many)
    extreme = XGBClassifier(early_stopping_rounds=3, **many)
    light.fit(X[:100], y[:100], eval_X=X[100:], eval_y=y[100:])
    extreme.fit(X[:100], y[:100], eval_set=[(X[100:], y[100:])], verbose=False)
    save((light, extreme), tmp_path / "model")
    light_again, extreme_again = load(tmp_path / "model")
    assert light_again.best_iteration_ == light.best_iteration_ < 60
    assert extreme_again.best_iteration == extreme.best_iteration < 59
    assert light_again.evals_result_ == light.evals_result_
    assert_same(light, light_again, X)
    assert_same(extreme, extreme_again, X)
    assert_array_equal(light.feature_importances_, light_again.feature_importances_)


def test_loaded_model_can_be_used_on(table, tmp_path):
    """A loaded ensemble has its leaderboard, and members can be added."""
    X, labels, _ = table
    stack = clone(OURS["stack"]).fit(X, labels)
    save(stack, tmp_path / "model")
    again = load(tmp_path / "model")
    pd.testing.assert_frame_equal(again.leaderboard_, stack.leaderboard_)
    assert_array_equal(again.oof_["forest"], stack.oof_["forest"])
    assert_same(clone(again).fit(X, labels), stack, X)


def test_failures_are_saved(table, tmp_path):
    X, labels, _ = table
    members = [*CLASSIFIERS, ("wrong", LogisticRegression())]
    stack = sk.StackingClassifier(members, on_error="drop", random_state=0)
    with pytest.warns(sk.exceptions.MemberFailedWarning):
        stack.fit(X, labels)
    save(stack, tmp_path / "model")
    again = load(tmp_path / "model")
    assert_same(stack, again, X)
    assert repr(again.failed_) == repr(stack.failed_)


def test_unfitted_model_is_restored(tmp_path):
    save(OURS["layers"], tmp_path / "model")
    assert repr(load(tmp_path / "model")) == repr(OURS["layers"])


@pytest.mark.parametrize("compress", [None, "bzip2", "deflate"])
def test_every_compression(compress, table, tmp_path):
    X, labels, _ = table
    model = clone(THEIRS["extra trees"]).fit(X, labels)
    save(model, str(tmp_path / "model"), compress=compress)
    assert_same(model, load(str(tmp_path / "model")), X)


def test_memory_is_not_saved(table, tmp_path):
    X, labels, _ = table
    stack = clone(OURS["stack"]).set_params(memory=tmp_path / "store").fit(X, labels)
    save(stack, tmp_path / "model")
    assert load(tmp_path / "model").memory is None
    assert stack.memory is not None
