"""Ordinary inputs over all estimators: one-column targets and predictions, the order of
columns, the scale of sample weights, labels of any type in scores, numbers of any type,
targets in any unit, and parameters that reach a library.
"""

import inspect
from datetime import date
from decimal import Decimal
from unittest import mock

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    RegressorMixin,
    clone,
    is_classifier,
)
from sklearn.datasets import make_classification, make_regression
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeCV
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    confusion_matrix,
    f1_score,
    make_scorer,
)
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.neighbors import KNeighborsRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import skensemble
from skensemble.auto.members import (
    CatBoostMemberRegressor,
    EarlyStoppingEstimator,
    EncodedEstimator,
)
from skensemble.core import seed_estimator
from skensemble.linear_model import L2
from skensemble.losses import (
    LogLoss,
    MultiQuantile,
    Quantile,
    SquaredError,
    as_loss,
    check_loss,
    loss_names,
)
from skensemble.preprocessing import TableEncoder

X, Y = make_regression(120, 4, noise=5.0, random_state=0)
XC, YC = make_classification(120, 4, n_informative=3, n_redundant=0, random_state=0)
WEIGHT = np.random.default_rng(0).uniform(0.5, 2, 120)
COLUMNS = ["a", "b", "c", "d"]


class NoChecks(BaseEstimator):
    """Reads columns by position and predicts one column."""

    def __init__(self, column=True):
        self.column = column

    def fit(self, X, y, sample_weight=None):
        self.model_ = self._tree().fit(np.asarray(X), y, sample_weight)
        return self

    def predict(self, X):
        found = self.model_.predict(np.asarray(X))
        return found[:, None] if self.column else found


class TreeRegressor(RegressorMixin, NoChecks):
    def _tree(self):
        return DecisionTreeRegressor(max_depth=3, random_state=0)


class TreeClassifier(ClassifierMixin, NoChecks):
    def _tree(self):
        return DecisionTreeClassifier(max_depth=3, random_state=0)

    def fit(self, X, y, sample_weight=None):
        super().fit(X, y, sample_weight)
        self.classes_ = self.model_.classes_
        return self


class ProbableTreeClassifier(TreeClassifier):
    def predict_proba(self, X):
        return self.model_.predict_proba(np.asarray(X))


def names(parameter="fit"):
    return [
        name
        for name in skensemble.__all__
        if inspect.isclass(kind := getattr(skensemble, name))
        and hasattr(kind, "predict")
        and hasattr(kind, "fit")
        and (
            parameter in ("fit", *inspect.signature(kind.fit).parameters)
            or "fit_params" in inspect.signature(kind.fit).parameters
        )
    ]


OPTIONS = {
    "n_estimators": 5,
    "random_state": 0,
    "time_limit": None,
    "n_jobs": 1,
}


def made(name, members=None):
    """A small instance; ensembles of members get those given."""
    kind = getattr(skensemble, name)
    known = inspect.signature(kind).parameters
    options = {key: value for key, value in OPTIONS.items() if key in known}
    if name.startswith("AutoEnsemble"):
        options |= {"preset": "fast", "members": ["linear", "lightgbm"], "cv": 3}
    if "estimators" in known:
        return kind(members[name.endswith("Classifier")], **options)
    if name in ("CrossFitted", "SeedAveraging"):
        options.pop("n_estimators", None)
        return kind(members[False][0][1], **options)
    return kind(**options)


PLAIN = {
    True: [("l", LogisticRegression()), ("t", DecisionTreeClassifier(max_depth=3))],
    False: [("l", LinearRegression()), ("t", DecisionTreeRegressor(max_depth=3))],
}


def data(model):
    return (XC, YC) if is_classifier(model) else (X, Y)


# One column


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in names()
        if "estimators" in inspect.signature(getattr(skensemble, name)).parameters
        # Their members need probabilities.
        and name not in ("EnsembleSelectionClassifier", "SuperLearnerClassifier")
    ],
)
def test_members_that_predict_one_column(name):
    found = []
    for column in (True, False):
        members = {
            True: [("t", TreeClassifier(column))],
            False: [("t", TreeRegressor(column))],
        }
        model = made(name, members)
        rows, target = data(model)
        found.append(model.fit(rows, target).predict(rows))
    assert found[0].shape == target.shape
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("kind", ["Bagging", "AdaBoost"])
@pytest.mark.parametrize("task", ["Classifier", "Regressor"])
def test_one_estimator_that_predicts_one_column(kind, task):
    tree = TreeClassifier if task == "Classifier" else TreeRegressor
    found = []
    for column in (True, False):
        model = getattr(skensemble, kind + task)(
            tree(column), n_estimators=3, random_state=0
        )
        rows, target = data(model)
        found.append(model.fit(rows, target).predict(rows))
    assert found[0].shape == target.shape
    np.testing.assert_array_equal(*found)


@pytest.mark.parametrize("name", ["CrossFitted", "SeedAveraging"])
def test_averages_of_one_column(name):
    class Seeded(TreeRegressor):
        def __init__(self, column=True, random_state=None):
            super().__init__(column)
            self.random_state = random_state

    model = getattr(skensemble, name)(Seeded()).fit(X, Y)
    assert model.predict(X).shape == Y.shape


@pytest.mark.parametrize("name", loss_names())
def test_losses_of_targets_in_one_column(name):
    loss = as_loss(name)
    task = next(task for task in loss.links if task in ("regression", "binary"))
    y = np.random.default_rng(0).uniform(0.1, 0.9, 30)
    y = (y > 0.5).astype(int) if task == "binary" else y
    width = loss.width(task, 1)
    raw = np.linspace(-1, 1, 30 * (width or 1)).reshape(30, -1)
    raw = raw[:, 0] if width is None else raw
    prediction = loss.link_for(task).inverse(raw)
    assert loss.value(y[:, None], raw) == loss.value(y, raw)
    assert loss.score(y[:, None], prediction) == loss.score(y, prediction)


def test_scorers_of_losses_take_a_frame_of_one_column():
    model = skensemble.LinearRegressor(penalty=L2(0.01)).fit(X, Y)
    scorer = SquaredError().scorer()
    assert scorer(model, X, pd.DataFrame(Y)) == scorer(model, X, Y)
    model = skensemble.LinearClassifier().fit(XC, YC)
    scorer = LogLoss().scorer()
    assert scorer(model, XC, pd.DataFrame(YC)) == scorer(model, XC, YC)


def test_losses_are_checked_on_targets_of_any_task():
    rng = np.random.default_rng(0)
    values, labels = rng.normal(size=50), rng.integers(0, 2, (50, 3))
    for y in (values, values[:, None], rng.normal(size=(50, 2))):
        assert check_loss("squared_error", y) == []
    for y in (
        labels[:, 0],
        np.arange(50) % 3,
        labels,
        np.where(labels[:, 0], "a", "b"),
    ):
        assert check_loss("log_loss", y) == []
    with pytest.raises(ValueError, match="suits none of the tasks"):
        check_loss("log_loss", values)


# The table at predict


@pytest.mark.parametrize("name", names())
def test_new_rows_have_the_columns_of_the_fit(name):
    """Columns in another order are an error, or are put back in order."""
    members = {
        True: [("t", ProbableTreeClassifier())],
        False: [("t", TreeRegressor())],
    }
    if name == "SeedAveraging":
        members = PLAIN | {False: [("t", DecisionTreeRegressor(max_depth=3))]}
    model = made(name, members)
    rows, target = data(model)
    frame = pd.DataFrame(rows, columns=COLUMNS)
    model.fit(frame, target)
    assert list(model.feature_names_in_) == COLUMNS
    reordered = frame[COLUMNS[::-1]]
    if name.startswith("AutoEnsemble"):
        np.testing.assert_array_equal(model.predict(reordered), model.predict(frame))
    else:
        with pytest.raises(ValueError, match="in the same order"):
            model.predict(reordered)
    with pytest.raises(ValueError, match=r"\ba\b"):
        model.predict(frame[COLUMNS[1:]])


# Sample weights


@pytest.mark.parametrize("name", names("sample_weight"))
def test_the_scale_of_weights_does_not_matter(name):
    members = {
        # Without a penalty: its strength is relative to the sum of the weights.
        True: [("t", DecisionTreeClassifier(max_depth=3, random_state=0))],
        False: [
            ("l", LinearRegression()),
            ("t", DecisionTreeRegressor(max_depth=3, random_state=0)),
        ],
    }
    if name == "SeedAveraging":
        members = members | {False: members[False][1:]}
    model = made(name, members)
    if "final_estimator" in model.get_params(deep=False):
        classes = is_classifier(model)
        final = DecisionTreeClassifier if classes else DecisionTreeRegressor
        model.set_params(final_estimator=final(max_depth=2, random_state=0))
    rows, target = data(model)
    method = "predict_proba" if hasattr(model, "predict_proba") else "predict"
    expected = getattr(model.fit(rows, target, sample_weight=WEIGHT), method)(rows)
    for factor in (1e-9, 1e9):
        model.fit(rows, target, sample_weight=WEIGHT * factor)
        found = getattr(model, method)(rows)
        # In an automatic ensemble ties between splits are broken by the last digit.
        loose = name.startswith("AutoEnsemble")
        size = 0.02 * (1 if is_classifier(model) else Y.std()) if loose else 1e-4
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=size)


@pytest.mark.parametrize("engine", ["lightgbm", "xgboost", "weak_learner"])
def test_one_row_with_a_large_weight(engine):
    model = skensemble.GradientBoostingRegressor(
        engine=engine, n_estimators=30, random_state=0
    )
    weight = np.ones(len(Y))
    weight[0] = 1e9
    assert model.fit(X, Y, sample_weight=weight).score(X[1:], Y[1:]) > 0.5


def test_weights_do_not_change_the_number_of_rows_drawn():
    for scale in (1 / 120, 1, 1e5):
        model = skensemble.BaggingClassifier(n_estimators=3, random_state=0)
        model.fit(XC, YC, sample_weight=np.full(120, scale))
        assert {len(rows) for rows in model.estimators_samples_} == {120}


BALANCED = [
    skensemble.LinearClassifier(penalty=L2(0.01), class_weight="balanced"),
    skensemble.GradientBoostingClassifier(n_estimators=5, class_weight="balanced"),
    skensemble.GradientBoostingClassifier(
        n_estimators=5, class_weight="balanced", engine="weak_learner", random_state=0
    ),
]


@pytest.mark.parametrize("model", BALANCED)
def test_balanced_class_weights_count_sample_weights(model):
    y = (XC[:, 0] > np.quantile(XC[:, 0], 0.9)).astype(int)
    # These weights balance the classes already.
    weight = np.where(y == 1, (y == 0).sum() / y.sum(), 1.0)
    balanced = model.fit(XC, y, sample_weight=weight).predict_proba(XC)
    model = model.set_params(class_weight=None)
    plain = model.fit(XC, y, sample_weight=weight).predict_proba(XC)
    model.set_params(class_weight="balanced")
    np.testing.assert_allclose(balanced, plain, atol=1e-4)


# Scores of labels


def cost(y_true, y_pred, positive):
    missed = (y_true == positive) & (y_pred != positive)
    return -(10.0 * missed + (y_true != y_pred)).mean()


LABELS = {
    "0 and 1": np.array([0, 1]),
    "1 and 2": np.array([1, 2]),
    "text": np.array(["no", "yes"]),
    "bool": np.array([False, True]),
}


def scorings(labels):
    positive = labels[1]
    found = [
        *("accuracy", "balanced_accuracy", "roc_auc", "neg_log_loss", "f1_macro"),
        make_scorer(f1_score, pos_label=positive),
        make_scorer(cost, positive=positive),
    ]
    # The positive class is 1 unless it is named.
    return [*found, "f1", "average_precision"] if 1 in labels.tolist() else found


@pytest.mark.parametrize("kind", LABELS)
def test_scores_are_those_of_cross_validation(kind):
    labels = LABELS[kind]
    y, cv = labels[YC], StratifiedKFold(3)
    member = LogisticRegression()
    for scoring in scorings(labels):
        model = skensemble.VotingClassifier(
            [("l", member)], voting="soft", weights="cv", cv=cv, scoring=scoring
        ).fit(XC, y)
        expected = cross_val_score(member, XC, y, cv=cv, scoring=scoring)
        found = [fit.score for fit in model.fits_ if fit.score is not None]
        np.testing.assert_allclose(found, expected, err_msg=str(scoring))


@pytest.mark.parametrize(
    "name",
    [
        "StackingClassifier", "BlendingClassifier", "SuperLearnerClassifier",
        "EnsembleSelectionClassifier", "AutoEnsembleClassifier",
    ],
)  # fmt: skip
def test_a_score_without_its_positive_class_is_refused_at_once(name):
    model = made(name, PLAIN).set_params(scoring="f1")
    with pytest.raises(ValueError, match="pos_label='yes'"):
        model.fit(XC, LABELS["text"][YC])
    model.set_params(scoring=make_scorer(f1_score, pos_label="yes"))
    model.fit(XC, LABELS["text"][YC])
    board = model.leaderboard_["score"]
    assert board.between(0.5, 1).all()


def test_a_threshold_is_tuned_for_the_class_of_the_score():
    y = np.where(YC == 1, "yes", "no")
    model = made("AutoEnsembleClassifier").set_params(
        threshold=make_scorer(cost, positive="yes")
    )
    model.fit(XC, y)
    assert confusion_matrix(y, model.predict(XC))[1, 0] == 0
    assert model.threshold_ < 0.5
    with pytest.raises(ValueError, match=r"threshold='f1'.*pos_label='yes'"):
        model.set_params(threshold="f1").fit(XC, y)
    of_probabilities = make_scorer(brier_score_loss, response_method="predict_proba")
    with pytest.raises(ValueError, match=r"threshold=make_scorer.*from predict"):
        model.set_params(threshold=of_probabilities).fit(XC, YC)


def test_the_best_member_by_a_cost_of_labels():
    y = LABELS["text"][YC]
    scorer = make_scorer(cost, positive="yes")
    members = [
        (
            "cautious",
            DecisionTreeClassifier(max_depth=2, class_weight={0: 1, 1: 10}),
        ),
        ("plain", DecisionTreeClassifier(max_depth=2)),
    ]
    model = skensemble.SuperLearnerClassifier(
        members, solver=skensemble.stacking.Discrete(scorer), cv=3
    ).fit(XC, y)
    assert model.weights_.idxmax() == "cautious"
    assert accuracy_score(y, model.predict(XC)) > 0.5


# Numbers of any type


def odd_numbers(rows):
    """The columns of `rows` as pandas users have them, and the plain columns."""
    plain = pd.DataFrame(rows.round(3), columns=COLUMNS)
    plain["e"] = rows[:, 0] > 0
    odd = plain.astype({"a": object, "c": "Float64"})
    odd["b"] = [Decimal(repr(float(value))) for value in plain["b"]]
    odd["d"] = odd["b"].astype(pd.ArrowDtype(pa.decimal128(12, 3)))
    plain["d"] = plain["b"]
    return odd.astype({"e": "bool[pyarrow]"}), plain.astype({"e": float})


@pytest.mark.parametrize("name", names())
def test_numbers_of_any_type_are_numbers(name):
    """Objects, Decimal, truth values of Arrow, and tables of Arrow: as plain floats."""
    model = made(name, PLAIN | {False: PLAIN[False][::-1]})
    rows, target = data(model)
    odd, plain = odd_numbers(rows)
    expected = model.fit(plain, target).predict(plain)
    model.fit(pa.Table.from_pandas(odd), target)
    assert list(model.feature_names_in_) == list(plain)
    for table in (odd, pa.table(plain)):
        found = model.predict(table)
        if is_classifier(model):
            assert (found == expected).mean() > 0.97
        else:
            np.testing.assert_allclose(found, expected, atol=0.05 * Y.std())


@pytest.mark.parametrize("name", ["GradientBoosting", "AdaBoost", "Linear"])
def test_decimal_columns_of_polars_and_words_among_numbers(name):
    model = made(f"{name}Regressor")
    odd, plain = odd_numbers(X)
    decimals = pl.DataFrame({"b": list(odd["b"])})
    assert str(decimals.dtypes[0]).startswith("Decimal")
    expected = model.fit(plain[["b"]], Y).predict(plain[["b"]])
    found = model.fit(decimals, Y).predict(decimals)
    np.testing.assert_allclose(found, expected)
    with pytest.raises(ValueError, match="'b' was numeric in fit"):
        model.fit(odd[["b"]], Y).predict(odd[["b"]].assign(b="word"))
    dates = pd.DataFrame({"day": [date(2026, 1, 1)] * len(Y)}, dtype=object)
    with pytest.raises(ValueError, match="'day' of dtype object holds dates"):
        model.fit(dates, Y)


@pytest.mark.parametrize("name", ["GradientBoosting", "AdaBoost", "Linear"])
def test_a_category_per_row_is_reported(name):
    keys = pd.DataFrame({"key": [f"id{i}" for i in range(len(Y))]})
    with pytest.warns(UserWarning, match="'key' .* has 120 different values"):
        made(f"{name}Regressor").fit(keys, Y)


def test_words_among_numbers_are_reported():
    column = pd.DataFrame({"x": X[:, 0]}, dtype=object)
    column.loc[7, "x"] = "n/a"
    model = skensemble.GradientBoostingRegressor(n_estimators=2)
    column["x"] = [
        value if isinstance(value, str) else int(value) for value in column["x"]
    ]
    with pytest.warns(UserWarning, match="1 of its 120 values are not numbers"):
        model.fit(column, Y)


def test_decimal_weights_and_labels():
    model = skensemble.GradientBoostingClassifier(n_estimators=2)
    expected = model.fit(XC, YC, sample_weight=np.full(120, 2.0)).predict(XC)
    two, labels = [Decimal(2)] * 120, [Decimal(int(one)) for one in YC]
    model.fit(XC, labels, sample_weight=two)
    np.testing.assert_array_equal(model.predict(XC), expected)


@pytest.mark.parametrize("name", names())
@pytest.mark.filterwarnings("ignore:overflow")
def test_targets_of_any_number_type(name):
    """float16 and uint8 targets, as "reduce memory" recipes leave them."""
    model = made(name, PLAIN | {False: PLAIN[False][::-1]})
    rows, target = data(model)
    small = np.uint8 if is_classifier(model) else np.float16
    target = target.astype(small) if small is np.uint8 else (200 + Y / 4).astype(small)
    expected = model.fit(rows, target.astype(float)).predict(rows)
    found = model.fit(rows, target).predict(rows)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found.astype(float), expected.astype(float), rtol=1e-4)


def test_losses_of_small_integers_are_computed_in_double_precision():
    y, prediction = np.array([10, 200, 30], dtype=np.uint8), np.array([11.0, 190, 33])
    for loss in ("gamma", "poisson", "squared_error", "absolute_error"):
        loss = as_loss(loss)
        assert loss.score(y, prediction) == loss.score(y.astype(float), prediction)
        raw = loss.link_for("regression").link(prediction)
        assert loss.value(y, raw) == loss.value(y.astype(float), raw)


@pytest.mark.parametrize("name", ["GradientBoosting", "AdaBoost", "Linear"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_log_probabilities_do_not_underflow(name, n_classes):
    model = made(f"{name}Classifier")
    y = np.arange(120) % n_classes
    model.fit(X * 0 + y[:, None], y)
    raw = np.array([-400.0, 0, 1.5])
    raw = raw if n_classes == 2 else np.column_stack([raw, 2 * raw, 0 * raw])
    source = "decision_function" if name == "AdaBoost" else "_raw"
    with mock.patch.object(type(model), source, return_value=raw):
        log_p = model.predict_log_proba(X[:3])
        np.testing.assert_allclose(np.exp(log_p), model.predict_proba(X[:3]))
    assert np.isfinite(log_p).all()
    assert log_p.min() < -190


# Targets far from zero, and very small or large ones


@pytest.mark.parametrize(
    "loss", ["squared_error", "absolute_error", "expectile", "huber", "quantile"]
)
@pytest.mark.parametrize("engine", ["lightgbm", "xgboost", "weak_learner"])
def test_boosting_does_not_depend_on_units_of_the_target(engine, loss):
    model = skensemble.GradientBoostingRegressor(
        n_estimators=10, engine=engine, loss=loss, alpha=0.5, random_state=0
    )
    y = np.ldexp(np.round(Y / Y.std() * 1024), -10)
    expected = model.fit(X, y).predict(X)
    for shift, unit in ((0, 2.0**-40), (0, 2.0**50), (2.0**30, 1), (2.0**40, 2.0**8)):
        model.fit(X, shift + unit * y)
        found = (model.predict(X) - shift) / unit
        np.testing.assert_allclose(found, expected, atol=2e-2)
        trees = sum(tree.predict(X) for tree in model.estimators_[:, 0])
        if engine != "weak_learner":
            np.testing.assert_allclose(
                (model.start_ + trees - shift) / unit, found, atol=1e-3
            )


def test_boosting_of_several_targets_in_different_units():
    model = skensemble.GradientBoostingRegressor(
        n_estimators=10, engine="xgboost", random_state=0
    )
    y = np.column_stack([Y, -Y[::-1]]) / Y.std()
    units, shift = np.array([1e-9, 1e9]), np.array([0.0, 1e12])
    expected = model.fit(X, y).predict(X)
    found = (model.fit(X, y * units + shift).predict(X) - shift) / units
    np.testing.assert_allclose(found, expected, atol=0.05)
    assert model.history_["train_loss"].iloc[-1] > 1e10
    assert model.score(X, y * units + shift) > 0.3


@pytest.mark.parametrize("engine", ["lightgbm", "xgboost", "weak_learner"])
def test_one_level_of_several_quantiles(engine):
    """A column of raw output beside one value per row would give all pairs of rows."""
    options = {"n_estimators": 5, "engine": engine, "random_state": 0}
    one = skensemble.GradientBoostingRegressor(loss=Quantile(0.5), **options)
    several = skensemble.GradientBoostingRegressor(
        loss=MultiQuantile((0.5,)), **options
    )
    found = several.fit(X, Y).predict(X)
    np.testing.assert_allclose(np.ravel(found), one.fit(X, Y).predict(X), rtol=1e-3)


@pytest.mark.parametrize("loss", ["poisson", "gamma", "tweedie"])
@pytest.mark.parametrize("engine", ["lightgbm", "xgboost"])
def test_boosting_of_positive_targets_in_any_unit(engine, loss):
    model = skensemble.GradientBoostingRegressor(
        n_estimators=10, engine=engine, loss=loss, random_state=0
    )
    y = np.exp(Y / Y.std())
    expected = model.fit(X, y).predict(X)
    assert np.corrcoef(expected, y)[0, 1] > 0.5
    for unit in (2.0**-90, 2.0**70):
        found = model.fit(X, unit * y).predict(X) / unit
        np.testing.assert_allclose(found, expected, rtol=0.02)


def test_limits_in_units_of_the_target_are_kept():
    """A limit that is larger than any gain leaves no split, in any unit."""
    for engine in (
        skensemble.LightGBM(min_gain_to_split=1e9),
        skensemble.XGBoost(gamma=1e9),
    ):
        model = skensemble.GradientBoostingRegressor(n_estimators=3, engine=engine)
        assert np.ptp(model.fit(X, Y * 1e-6).predict(X)) < 1e-12


@pytest.mark.parametrize(
    "member",
    [
        EncodedEstimator(TableEncoder("forests"), ExtraTreesRegressor(5)),
        EncodedEstimator(TableEncoder("linear"), RidgeCV()),
        EarlyStoppingEstimator(
            TableEncoder("catboost"), CatBoostMemberRegressor(n_estimators=5, n_jobs=1)
        ),
    ],
)
def test_members_of_automatic_ensembles_with_targets_in_any_unit(member):
    seed_estimator(member, 0, "test")
    frame, y = pd.DataFrame(X, columns=COLUMNS), Y / Y.std()
    expected = clone(member).fit(frame, y).predict(frame)
    assert np.corrcoef(expected, y)[0, 1] > 0.4
    for shift, unit in ((2.0**40, 1.0), (0.0, 2.0**-50)):
        found = clone(member).fit(frame, shift + unit * y).predict(frame)
        np.testing.assert_allclose((found - shift) / unit, expected, atol=0.02)


def test_weights_by_risk_do_not_depend_on_units_of_the_target():
    members = [("l", LinearRegression()), ("k", KNeighborsRegressor())]
    model = skensemble.VotingRegressor(members, weights="cv", cv=3)
    selection = skensemble.EnsembleSelectionRegressor(members, cv=3)
    for ensemble in (model, selection):
        expected = ensemble.fit(X, Y).weights_
        found = ensemble.fit(X, Y * 2.0**-40).weights_
        np.testing.assert_allclose(found, expected)


# Parameters that reach a library


@pytest.mark.parametrize("engine", ["lightgbm", "xgboost", "weak_learner"])
@pytest.mark.parametrize("signs", [{"shop": 1}, [0, 1]])
def test_monotonic_constraints_on_categories_are_refused(engine, signs):
    frame = pd.DataFrame({"x": X[:, 0], "shop": pd.Categorical(np.where(YC, "a", "b"))})
    model = skensemble.GradientBoostingRegressor(
        n_estimators=2, engine=engine, monotonic_cst=signs
    )
    with pytest.raises(ValueError, match=r"monotonic_cst=1 .*'shop'.* no order"):
        model.fit(frame, Y)
    frame["shop"] = X[:, 1].astype(object)
    with pytest.raises(ValueError, match=r"monotonic_cst=1 .*'shop'.* dtype object"):
        model.fit(frame, Y)
    assert model.fit(frame.astype(float), Y).n_estimators_ == 2


def test_passthrough_of_columns_with_numbers_as_names():
    frame = pd.DataFrame(X)
    for layers in (None, [[("m", LinearRegression())]]):
        stack = skensemble.StackingRegressor(
            PLAIN[False], LinearRegression(), layers=layers, passthrough=True, cv=3
        )
        found = stack.fit(frame, Y).predict(frame)
        np.testing.assert_allclose(found, stack.fit(X, Y).predict(X))


# Limits of trees


def test_an_engine_that_is_given_has_its_own_limits():
    """The other limits of trees are scikit-learn's; those that are given count."""

    def leaves(**parameters):
        model = skensemble.GradientBoostingRegressor(n_estimators=1, **parameters)
        found = model.fit(X, Y).apply(X)[:, 0]
        return len(np.unique(found)), np.unique(found, return_counts=True)[1].min()

    lightgbm, xgboost = skensemble.LightGBM, skensemble.XGBoost
    assert leaves() == leaves(engine="lightgbm") == (8, leaves()[1])
    assert leaves()[1] < 10
    assert leaves(engine=lightgbm())[1] >= 20
    assert leaves(engine=lightgbm(num_leaves=31))[1] >= 20
    assert leaves(engine=lightgbm(num_leaves=3))[0] == 3
    assert leaves(engine=lightgbm(), min_samples_leaf=30)[1] >= 30
    assert leaves(engine=lightgbm(), max_depth=1)[0] == 2
    assert leaves(engine=lightgbm(), max_leaf_nodes=2)[0] == 2
    assert leaves(engine="xgboost")[0] == 8
    assert leaves(engine=xgboost())[0] > 16
    assert leaves(engine=xgboost(), max_depth=2)[0] == 4


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"engine": skensemble.LightGBM(mc=[1, 0])}, "give monotonic_cst"),
        ({"engine": skensemble.XGBoost(monotone_constraints="(1)")}, "give monotonic"),
        (
            {"engine": skensemble.LightGBM(monotone_constraints_method="advanced")},
            "categorical columns",
        ),
        ({"monotonic_cst": 7}, "monotonic_cst=7"),
        ({"min_samples_leaf": 0}, "min_samples_leaf=0"),
        ({"min_samples_split": 1}, "min_samples_split=1"),
        ({"min_weight_fraction_leaf": 0.9}, r"min_weight_fraction_leaf=0\.9"),
        ({"n_jobs": 0}, "n_jobs=0"),
    ],
)
def test_parameters_are_checked_before_they_reach_a_library(parameters, message):
    frame = pd.DataFrame({"x": X[:, 0], "shop": pd.Categorical(np.where(YC, "a", "b"))})
    model = skensemble.GradientBoostingRegressor(n_estimators=2).set_params(
        **parameters
    )
    with pytest.raises(ValueError, match=message):
        model.fit(frame, Y)


def test_more_jobs_than_cores():
    """LightGBM ends the process, and a pool of processes uses up the memory."""
    for name in ("GradientBoosting", "Bagging", "Stacking"):
        model = made(f"{name}Regressor", PLAIN).set_params(n_jobs=1000)
        assert len(model.fit(X, Y).predict(X)) == len(X)
