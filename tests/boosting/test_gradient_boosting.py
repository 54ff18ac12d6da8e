"""Gradient boosting: stopping, history, callbacks, data, threads, warm start."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
import sklearn
from sklearn.callback import ProgressBar, ScoringMonitor
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_wine,
    make_multilabel_classification,
)
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    LightGBM,
    Patience,
    StackingRegressor,
    WeakLearner,
    XGBoost,
)
from skensemble.datasets import load_ames
from skensemble.exceptions import DivergedError
from skensemble.losses import CustomLoss, MultiQuantile
from skensemble.optim import Cosine, WarmUp

XR, YR = load_diabetes(return_X_y=True)
X, Y = load_breast_cancer(return_X_y=True)
XW, YW = load_wine(return_X_y=True)
FRAME, PRICE = load_ames(return_X_y=True)
FRAME, PRICE = FRAME.iloc[:600], np.log(PRICE.iloc[:600])
ENGINES = ["lightgbm", "xgboost", "weak_learner"]
every_engine = pytest.mark.parametrize("engine", ENGINES)


@every_engine
def test_stops_on_an_inner_split_and_restores_the_best(engine):
    model = GradientBoostingRegressor(
        engine=engine,
        n_estimators=300,
        learning_rate=0.3,
        early_stopping=Patience(5),
        random_state=0,
    ).fit(XR, YR)
    assert model.n_estimators_ < 100
    assert len(model.estimators_) == model.n_estimators_ == len(model.history_)
    losses = [row["validation_loss"] for row in model.validation_history_]
    assert len(losses) == model.n_estimators_ + 5
    assert np.argmin(losses) == model.n_estimators_ - 1
    kept = model.set_params(early_stopping=Patience(5, restore_best=False)).fit(XR, YR)
    assert kept.n_estimators_ == len(losses)


def test_groups_stay_on_one_side():
    groups = np.arange(len(YR)) // 10
    same = np.repeat(np.random.default_rng(0).normal(size=len(YR) // 10 + 1), 10)
    same = same[: len(YR)]
    noise = np.column_stack([same, groups])
    # The target is the group: only a split by group shows that nothing is learned.
    model = GradientBoostingRegressor(
        n_estimators=50, early_stopping=True, random_state=0, validation_fraction=0.3
    )
    honest = model.fit(noise, same, groups=groups).validation_history_
    leaking = model.fit(noise, same).validation_history_
    assert min(r["validation_loss"] for r in honest) > 5 * min(
        r["validation_loss"] for r in leaking
    )


def test_the_last_block_is_the_validation_data():
    ordered = np.arange(len(YR), dtype=float)
    late = np.where(ordered >= 0.9 * len(YR), 1000.0, 0.0)
    model = GradientBoostingRegressor(
        n_estimators=5, early_stopping=True, validation="last", random_state=0
    ).fit(ordered[:, None], late)
    assert float(model.start_) == 0.0
    assert model.history_["validation_loss"].iloc[0] == pytest.approx(1e6 / 2)


def test_given_validation_rows_in_a_pipeline():
    with sklearn.config_context(enable_metadata_routing=True):
        model = GradientBoostingRegressor(
            n_estimators=200, learning_rate=0.3, early_stopping=True, random_state=0
        ).set_fit_request(X_val=True, y_val=True)
        pipe = make_pipeline(StandardScaler(), model, transform_input=["X_val"])
        pipe.fit(XR[:300], YR[:300], X_val=XR[300:], y_val=YR[300:])
    found = pipe[-1]
    raw = pipe.predict(XR[300:])
    expected = 0.5 * np.mean((raw - YR[300:]) ** 2)
    assert found.n_estimators_ < 200
    assert found.history_["validation_loss"].iloc[-1] == pytest.approx(expected)


def test_labels_of_given_validation_rows():
    names = np.array(["b", "a"])[Y]
    model = GradientBoostingClassifier(n_estimators=20, early_stopping=True)
    model.fit(X[:400], names[:400], X_val=X[400:], y_val=names[400:])
    assert model.history_["validation_loss"].iloc[-1] < 0.5
    with pytest.raises(ValueError, match=r"y_val holds \['c'\]"):
        model.fit(X[:400], names[:400], X_val=X[400:], y_val=np.full(169, "c"))
    with pytest.raises(ValueError, match="X_val needs y_val"):
        model.fit(X, names, X_val=X)


@every_engine
def test_history(engine):
    schedule = WarmUp(Cosine(0.2), steps=3)
    model = GradientBoostingRegressor(
        engine=engine,
        n_estimators=10,
        learning_rate=schedule,
        metrics=["absolute_error", MultiQuantile([0.5])][:1],
        random_state=0,
    ).fit(XR, YR)
    table = model.history_
    rates = [schedule.rate_at(k, 10) for k in range(10)]
    np.testing.assert_allclose(table["learning_rate"], rates)
    staged = list(model.staged_predict(XR))
    assert len(staged) == 10
    for k in (0, 9):
        error = staged[k] - YR
        assert table["train_loss"][k] == pytest.approx(np.mean(error**2) / 2, rel=1e-4)
        assert table["train_absolute_error"][k] == pytest.approx(
            np.abs(error).mean(), rel=1e-4
        )
    np.testing.assert_allclose(staged[-1], model.predict(XR), rtol=1e-5)
    assert (table["seconds"] > 0).all()


class Losses:
    """A callback that reads the losses after every round."""

    def __init__(self):
        self.seen = []

    def setup(self, estimator, context):
        """Do nothing."""

    def on_fit_task_begin(self, estimator, context):
        """Do nothing."""

    def on_fit_task_end(self, estimator, context, *, fitted_estimator):
        """Note the last loss."""
        if fitted_estimator is not None:
            self.seen.append(fitted_estimator.history_["train_loss"].iloc[-1])

    def teardown(self, estimator, context):
        """Do nothing."""


@pytest.mark.parametrize(
    ("engine", "loss"),
    [
        (LightGBM(), "squared_error"),
        (LightGBM(boosting_type="dart", drop_rate=0.5), "squared_error"),
        (LightGBM(native=False), "log_cosh"),
        (LightGBM(min_data_in_leaf=30, min_gain_to_split=3e4), "squared_error"),
        (XGBoost(), "squared_error"),
        (XGBoost(booster="dart", rate_drop=0.5), "squared_error"),
        (XGBoost(num_parallel_tree=2, subsample=0.5), "squared_error"),
    ],
    ids=str,
)
def test_deferred_losses_are_those_of_each_round(engine, loss, capsys):
    # 70 rounds: more than are computed at once.
    model = GradientBoostingRegressor(
        loss=loss, engine=engine, n_estimators=70, random_state=0
    )
    later = model.fit(XR, YR).history_["train_loss"]
    each = model.set_params(verbose=1).fit(XR, YR).history_["train_loss"]
    np.testing.assert_allclose(later, each, rtol=1e-5)
    callback = Losses()
    model.set_params(verbose=0).set_callbacks(callback).fit(XR, YR)
    np.testing.assert_allclose(callback.seen, each, rtol=1e-5)


def test_metrics_of_classes():
    model = GradientBoostingClassifier(
        n_estimators=5,
        metrics={
            "focal": "focal",
            "brier": lambda y, p, w: float(np.average((y - p) ** 2, weights=w)),
        },
    ).fit(X, Y)
    p = model.predict_proba(X)[:, 1]
    assert model.history_["train_brier"].iloc[-1] == pytest.approx(
        np.mean((Y - p) ** 2), rel=1e-6
    )
    assert 0 < model.history_["train_focal"].iloc[-1] < 0.2


@pytest.mark.parametrize("n_classes", [2, 3])
def test_the_training_loss_as_a_metric(n_classes):
    y = np.digitize(YR, [100, 200][: n_classes - 1])
    model = GradientBoostingClassifier(n_estimators=5, metrics=["log_loss"]).fit(XR, y)
    history = model.history_
    np.testing.assert_allclose(
        history["train_log_loss"], history["train_loss"], rtol=1e-5
    )


def absolute(y, raw):
    return np.abs(raw - y)


def test_a_monitor_sees_frames_and_labels():
    monitor = ScoringMonitor(scoring="accuracy")
    labels = FRAME["Lot_Shape"] == "Regular"
    model = GradientBoostingClassifier(n_estimators=3, random_state=0)
    model.set_callbacks(monitor)
    table = FRAME.drop(columns="Lot_Shape")
    model.fit(table, np.where(labels, "regular", "other"))
    rows = [row for row in monitor.get_logs().data if row["task_name"] == "round"]
    assert rows[-1]["accuracy"] == pytest.approx(
        model.score(table, np.where(labels, "regular", "other"))
    )
    given = pl.from_pandas(table.head(20))
    importance = model.permutation_importance(given, model.predict(given), n_repeats=1)
    assert len(importance) == 72


def test_several_quantiles_are_scored_by_their_loss():
    model = GradientBoostingRegressor(loss="multi_quantile", n_estimators=20)
    score = model.fit(XR, YR).score(XR, YR)
    assert score == pytest.approx(MultiQuantile().score(YR, model.predict(XR)))
    stack = StackingRegressor([("mq", model), ("ridge", Ridge())], cv=3).fit(XR, YR)
    assert stack.transform(XR).shape == (len(YR), 4)


class StopAfter:
    """A callback that ends the fit."""

    def __init__(self, rounds):
        self.rounds = rounds
        self.seen = []

    def setup(self, estimator, context):
        pass

    def teardown(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, fitted_estimator=None):
        if context.task_name != "round":
            return False
        self.seen.append(fitted_estimator.predict(XR[:3]))
        return context.task_id == self.rounds - 1


@every_engine
def test_callbacks(engine, capsys):
    model = GradientBoostingRegressor(engine=engine, n_estimators=8, random_state=0)
    stop = StopAfter(3)
    model.set_callbacks(stop).fit(XR, YR)
    assert model.n_estimators_ == 3
    np.testing.assert_allclose(stop.seen[-1], model.predict(XR[:3]))
    monitor = ScoringMonitor(scoring="r2")
    model.set_callbacks(monitor, ProgressBar()).fit(XR, YR)
    scores = [
        row["r2"] for row in monitor.get_logs().data if row["task_name"] == "round"
    ]
    assert len(scores) == 8
    assert scores == sorted(scores)
    assert scores[-1] == pytest.approx(model.score(XR, YR))
    assert "GradientBoostingRegressor" in capsys.readouterr().out


def test_divergence_is_named():
    model = GradientBoostingRegressor(learning_rate=1e200, n_estimators=50)
    with pytest.raises(
        DivergedError, match=r"after iteration \d+.*learning_rate=1e\+200"
    ):
        model.fit(XR, YR)


@every_engine
@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_categories_missing_values_and_unseen_ones(engine, kind):
    table = FRAME.copy()
    table.loc[table.index[::7], "Lot_Area"] = np.nan
    model = GradientBoostingRegressor(engine=engine, n_estimators=30, random_state=0)
    given = table if kind == "pandas" else pl.from_pandas(table)
    model.fit(given, PRICE)
    assert len(model._columns.categorical) > 20
    assert model.score(given, PRICE) > 0.8
    new = table.head(20).copy()
    known = model.predict(new if kind == "pandas" else pl.from_pandas(new))
    new["Neighborhood"] = "Nowhere"
    unseen = model.predict(new if kind == "pandas" else pl.from_pandas(new))
    assert np.isfinite(unseen).all()
    assert np.abs(unseen - known).max() < 1
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(
        again.predict(new if kind == "pandas" else pl.from_pandas(new)), unseen
    )


def test_the_order_of_categories_does_not_matter():
    model = GradientBoostingRegressor(n_estimators=10, random_state=0)
    table = FRAME[["Neighborhood", "Lot_Area"]].astype({"Neighborhood": "category"})
    predicted = model.fit(table, PRICE).predict(table)
    turned = table.assign(
        Neighborhood=table["Neighborhood"].cat.reorder_categories(
            table["Neighborhood"].cat.categories[::-1]
        )
    )
    np.testing.assert_array_equal(model.predict(turned), predicted)
    with pytest.raises(ValueError, match="'Built' has dtype datetime64"):
        model.fit(table.assign(Built=pd.Timestamp("2020-01-01")), PRICE)


@every_engine
def test_sparse_rows(engine):
    dense = np.where(np.quantile(X, 0.6, axis=0) < X, X, 0.0)
    model = GradientBoostingClassifier(engine=engine, n_estimators=10, random_state=0)
    p = model.fit(sp.csr_matrix(dense), Y).predict_proba(sp.csc_matrix(dense))
    np.testing.assert_allclose(model.predict_proba(dense), p)
    if engine != "xgboost":  # which takes what a sparse matrix leaves out as missing
        np.testing.assert_allclose(model.fit(dense, Y).predict_proba(dense), p)


@every_engine
def test_several_outputs_and_labels(engine):
    targets = np.column_stack([YR, -YR])
    model = GradientBoostingRegressor(engine=engine, n_estimators=10, random_state=0)
    both = model.fit(XR, targets).predict(XR)
    one = model.fit(XR, YR).predict(XR)
    assert both.shape == (len(YR), 2)
    assert np.corrcoef(both[:, 0], one)[0, 1] > 0.99
    Z, labels = make_multilabel_classification(200, random_state=0)
    classifier = GradientBoostingClassifier(engine=engine, n_estimators=20)
    classifier.fit(Z, labels)
    assert classifier.predict_proba(Z).shape == labels.shape
    assert (classifier.predict(Z) == labels).mean() > 0.85


@every_engine
def test_class_weights_are_sample_weights(engine):
    names = np.array(["no", "yes"])[Y]
    weighted = GradientBoostingClassifier(
        engine=engine, n_estimators=5, class_weight={"no": 1, "yes": 3}, random_state=0
    ).fit(X, names)
    plain = GradientBoostingClassifier(engine=engine, n_estimators=5, random_state=0)
    plain.fit(X, names, sample_weight=np.where(Y == 1, 3.0, 1.0))
    np.testing.assert_array_equal(weighted.predict_proba(X), plain.predict_proba(X))
    inside = GradientBoostingClassifier(
        loss="log_loss", engine=engine, n_estimators=5, random_state=0
    ).set_params(loss__class_weight={"no": 1, "yes": 3})
    inside.fit(X, names)
    assert float(inside.start_) == pytest.approx(float(plain.start_))


@pytest.mark.parametrize("engine", ["lightgbm", "xgboost"])
def test_same_trees_for_any_number_of_threads(engine):
    rng = np.random.default_rng(0)
    Z = rng.normal(size=(20_000, 6))
    t = Z[:, 0] + Z[:, 1] * Z[:, 2] + rng.normal(size=20_000)
    one, two = (
        GradientBoostingRegressor(engine=engine, n_jobs=k, random_state=0).fit(Z, t)
        for k in (1, 2)
    )
    np.testing.assert_array_equal(one.predict(Z), two.predict(Z))


def test_constraints():
    rng = np.random.default_rng(0)
    Z = pd.DataFrame(rng.uniform(size=(500, 3)), columns=["a", "b", "c"])
    t = Z["a"] + np.sin(9 * Z["a"]) + Z["b"] * Z["c"]
    grid = pd.DataFrame({"a": np.linspace(0, 1, 50), "b": 0.5, "c": 0.5})
    for engine in ENGINES:
        model = GradientBoostingRegressor(
            engine=engine, monotonic_cst={"a": 1}, random_state=0
        ).fit(Z, t)
        assert np.diff(model.predict(grid)).min() >= -1e-7
    corners = pd.DataFrame(
        [[0.5, b, c] for b in (0.1, 0.9) for c in (0.1, 0.9)], columns=["a", "b", "c"]
    )
    for engine in ("lightgbm", "xgboost"):
        model = GradientBoostingRegressor(
            engine=engine, interaction_cst=[["b"], ["c"]], random_state=0
        )
        p = model.fit(Z, t).predict(corners)
        assert p[3] - p[2] == pytest.approx(p[1] - p[0], abs=1e-6)
    with pytest.raises(ValueError, match=r"monotonic_cst names \['d'\]"):
        model.set_params(monotonic_cst={"d": 1}).fit(Z, t)


@pytest.mark.parametrize(
    "engine", [LightGBM(boosting_type="dart"), XGBoost(booster="dart")]
)
def test_dropout_of_trees(engine):
    model = GradientBoostingRegressor(engine=engine, n_estimators=30, random_state=0)
    assert model.fit(XR, YR).score(XR, YR) > 0.4
    with pytest.raises(ValueError, match="restore_best=False"):
        model.set_params(early_stopping=True).fit(XR, YR)
    with pytest.raises(ValueError, match="renews the values of leaves"):
        model.set_params(
            early_stopping=False, loss="hinge" if 0 else MultiQuantile()
        ).fit(XR, YR)


@pytest.mark.parametrize("estimator", [Ridge(), LinearRegression()])
def test_weak_learners_that_are_not_trees(estimator):
    model = GradientBoostingRegressor(
        loss="absolute_error", engine=WeakLearner(estimator), n_estimators=50
    ).fit(XR, YR)
    losses = model.train_score_
    assert losses[-1] < losses[0] < np.abs(YR - np.median(YR)).mean()
    with pytest.raises(ValueError, match="has no leaves"):
        model.apply(XR)
    found = model.permutation_importance(XR, YR, random_state=0)
    assert found.index[0] in ("x2", "x8")


@every_engine
def test_warm_start_goes_on(engine):
    whole = GradientBoostingClassifier(engine=engine, n_estimators=20, random_state=0)
    whole.fit(XW, YW)
    model = GradientBoostingClassifier(
        engine=engine, n_estimators=8, random_state=0, warm_start=True
    ).fit(XW, YW)
    model.set_params(n_estimators=20).fit(XW, YW)
    np.testing.assert_allclose(
        model.predict_proba(XW), whole.predict_proba(XW), rtol=1e-3, atol=2e-3
    )
    assert len(model.history_) == 20


@pytest.mark.parametrize("native", [True, False])
@pytest.mark.parametrize("library", [LightGBM, XGBoost])
def test_rows_and_leaves_add_up(library, native):
    model = GradientBoostingClassifier(
        engine=library(native=native), n_estimators=6, random_state=0
    ).fit(XW, YW)
    assert model.apply(XW).shape == (len(YW), 6, 3)
    parts = sum(
        np.column_stack([tree.predict(XW) for tree in row]) for row in model.estimators_
    )
    np.testing.assert_allclose(
        parts + model.start_, model.decision_function(XW), atol=1e-5
    )
    for kind in ("gain", "split"):
        assert model.feature_importance(kind).sum() == pytest.approx(1)


def test_parts_are_searched():
    search = GridSearchCV(
        GradientBoostingRegressor(n_estimators=20, loss="huber", random_state=0),
        {"engine__num_leaves": [2, 15], "loss__quantile": [0.5, 0.9]},
        cv=3,
    ).fit(XR, YR)
    assert set(search.best_params_) == {"engine__num_leaves", "loss__quantile"}
    fitted = search.best_estimator_
    assert fitted.engine_.library_params == {
        "num_leaves": search.best_params_["engine__num_leaves"]
    }


def test_members_of_a_stack_stop_on_rows_of_their_own():
    member = GradientBoostingRegressor(
        n_estimators=200, learning_rate=0.3, early_stopping=Patience(3), n_jobs=2
    )
    stack = StackingRegressor(
        [("gb", member), ("ridge", Ridge())],
        cv=3,
        random_state=0,
        refit=False,
        n_jobs=2,
    ).fit(XR, YR)
    for model in stack.estimators_[0].estimators:
        assert model.n_estimators_ < 100
    again = StackingRegressor(
        [("gb", member), ("ridge", Ridge())], cv=3, random_state=0, refit=False
    ).fit(XR, YR)
    np.testing.assert_array_equal(stack.oof_["gb"], again.oof_["gb"])
    found = cross_validate(member, XR, YR, cv=3)
    assert np.mean(found["test_score"]) > 0.2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"n_estimators": 0}, "n_estimators=0 must be a whole number, 1 or more"),
        ({"subsample": 1.5}, "subsample=1.5"),
        ({"max_depth": 0}, "max_depth=0"),
        ({"learning_rate": -1}, "learning_rate=-1.*Cosine"),
        ({"engine": "catboost"}, "engine='catboost' is not known.*'xgboost'"),
        ({"loss": "squared"}, "loss='squared' is not known.*'squared_error'"),
        ({"loss": "log_loss"}, "is for binary, multiclass and multilabel targets"),
        ({"engine": LightGBM(objective="l1")}, "give loss there"),
        ({"engine": XGBoost(max_dept=1)}, "did you mean max_depth"),
        ({"engine": LightGBM(num_leafs=1)}, "did you mean .*num_leaves"),
        (
            {"engine": LightGBM},
            r"engine=LightGBM is a class; use an instance: LightGBM\(\)",
        ),
        ({"engine": WeakLearner(LogisticRegression())}, "give a regressor"),
        ({"loss": MultiQuantile}, "MultiQuantile is a class"),
        ({"loss": len}, r"wrap it: CustomLoss\(function\)"),
        ({"loss": CustomLoss(absolute)}, "smooth=False"),
        ({"metrics": "mae"}, "metrics: 'mae' is 'mae'.*'absolute_error'"),
        ({"metrics": {"auc": len}}, "called as metric"),
        ({"engine": XGBoost(eta=1)}, "give learning_rate there"),
        ({"engine": XGBoost(booster="gblinear")}, "grows no trees"),
        ({"engine": LightGBM(boosting_type="rf")}, "grows a forest"),
        ({"ccp_alpha": 0.1}, r"ccp_alpha=0.1 means nothing.*WeakLearner\(\)"),
        ({"max_features": "half"}, "max_features='half'"),
        ({"early_stopping": 5}, "early_stopping=5"),
        ({"early_stopping": Patience(0)}, "rounds=0"),
        ({"early_stopping": True, "validation": "first"}, "validation='first'"),
        ({"early_stopping": Patience(), "n_iter_no_change": 3}, "give one of them"),
        ({"monotonic_cst": [2]}, "monotonic_cst"),
        ({"interaction_cst": [[99]]}, r"interaction_cst: \[99\]"),
        ({"metrics": {"x": 3}}, "metrics: 'x' is 3"),
    ],
)
def test_bad_options_are_named(options, words):
    with pytest.raises(ValueError, match=words):
        GradientBoostingRegressor(**options).fit(XR, YR)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"sample_weight": [1.0]}, r"sample_weight.shape == \(1,\)"),
        ({"groups": [1, 2]}, r"groups has shape \(2,\), expected \(442,\)"),
        ({"sample_weight": -np.ones(len(YR))}, "zero or more"),
        ({"sample_weight": np.zeros(len(YR))}, "zero in all rows"),
    ],
)
def test_bad_weights_are_named(given, words):
    with pytest.raises(ValueError, match=words):
        GradientBoostingRegressor().fit(XR, YR, **given)


@pytest.mark.parametrize("warm_start", [False, True])
def test_a_failed_fit_leaves_the_model(warm_start):
    model = GradientBoostingClassifier(
        n_estimators=5, warm_start=warm_start, random_state=0
    ).fit(XW, YW)
    expected = model.predict_proba(XW)
    model.set_params(n_estimators=9)
    with pytest.raises(ValueError, match="X_val needs y_val"):
        model.fit(X, Y, X_val=X)
    with pytest.raises(ValueError, match="renews the values of leaves"):
        model.set_params(
            engine=LightGBM(boosting_type="dart"), loss="hinge", warm_start=False
        ).fit(X, Y)
    model.set_params(engine="lightgbm", loss="log_loss", warm_start=warm_start)
    assert model.classes_.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(model.predict_proba(XW), expected)
    assert len(model.fit(XW, YW).history_) == 9


def test_permutation_importance_is_a_table():
    frame = FRAME.iloc[:100, :8]
    model = GradientBoostingRegressor(n_estimators=5, random_state=0)
    table = model.fit(frame, PRICE[:100]).permutation_importance(
        frame, PRICE[:100], scoring="neg_mean_absolute_error", n_repeats=2
    )
    assert table.index.name == "feature"
    assert table.columns.tolist() == ["importance", "std"]
    assert set(table.index) == set(frame.columns)
    assert table["importance"].is_monotonic_decreasing
    with pytest.raises(ValueError, match="needs X and y"):
        model.permutation_importance(FRAME)
    with pytest.raises(ValueError, match="kind='permutation' is not known"):
        model.feature_importance("permutation")
