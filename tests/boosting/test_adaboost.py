"""AdaBoost: the general engine equals scikit-learn, the binned one its trees."""

import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.ensemble import (
    AdaBoostClassifier as SklearnClassifier,
    AdaBoostRegressor as SklearnRegressor,
)
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from xgboost import XGBClassifier

from skensemble import AdaBoostClassifier, AdaBoostRegressor, Patience
from skensemble.boosting.learners._binned import drawn_counts
from skensemble.boosting.learners._bins import find_bins, places
from skensemble.boosting.learners._histograms import HistogramFitter, HistogramTree
from skensemble.boosting.learners._tree_view import TreeView
from skensemble.boosting.learners._variants import VARIANTS

RNG = np.random.default_rng(0)
N = 900
X = RNG.integers(0, 60, size=(N, 6)).astype(float)
SIGNAL = X[:, 0] + X[:, 1] * X[:, 2] / 60 + RNG.normal(size=N) * 15
YES = (SIGNAL > 45).astype(int)
THREE = np.array(["low", "middle", "top"])[np.digitize(SIGNAL, [40, 65])]
SEEDS = range(3)
DEPTHS = (1, 2, 3)


def trees(depth, **params):
    return DecisionTreeClassifier(max_depth=depth, **params)


# The general engine is scikit-learn's algorithm


@pytest.mark.parametrize("y", [YES, THREE], ids=["two classes", "three"])
@pytest.mark.parametrize("member", [trees(2), LogisticRegression(max_iter=500)])
def test_general_engine_equals_scikit_learn(y, member):
    """Weights sum to the number of rows here, to one there: C makes up for that."""
    options = {"n_estimators": 12, "learning_rate": 0.7, "random_state": 3}
    weight = RNG.exponential(size=N)
    scaled = member.set_params(C=N) if hasattr(member, "C") else member
    theirs = SklearnClassifier(clone(scaled), **options).fit(X, y, weight)
    member = member.set_params(C=1.0) if hasattr(member, "C") else member

    ours = AdaBoostClassifier(member, engine="general", **options).fit(X, y, weight)

    assert_array_equal(ours.predict(X), theirs.predict(X))
    for method in ("decision_function", "predict_proba", "predict_log_proba"):
        found, expected = (getattr(model, method)(X) for model in (ours, theirs))
        assert_allclose(found, expected, atol=1e-6)
    assert_allclose(ours.estimator_weights_, theirs.estimator_weights_, atol=1e-6)
    assert_allclose(ours.estimator_errors_, theirs.estimator_errors_, atol=1e-6)
    staged = zip(ours.staged_predict(X), theirs.staged_predict(X), strict=True)
    assert all((a == b).all() for a, b in staged)


@pytest.mark.parametrize("loss", ["linear", "square", "exponential"])
def test_general_engine_equals_scikit_learn_for_regression(loss):
    options = {"n_estimators": 15, "loss": loss, "random_state": 3}
    theirs = SklearnRegressor(**options).fit(X, SIGNAL)

    ours = AdaBoostRegressor(engine="general", **options).fit(X, SIGNAL)

    assert_allclose(ours.predict(X), theirs.predict(X), rtol=1e-12)
    assert_allclose(ours.estimator_weights_, theirs.estimator_weights_)
    last = list(theirs.staged_predict(X))
    for found, expected in zip(ours.staged_predict(X), last, strict=True):
        assert_allclose(found, expected, rtol=1e-12)


# The binned engine grows the same trees


def splits_of(tree):
    if hasattr(tree, "tree_"):
        inner = tree.tree_.feature >= 0
        features, thresholds = tree.tree_.feature[inner], tree.tree_.threshold[inner]
        return sorted(zip(features.tolist(), np.round(thresholds, 4), strict=True))
    return sorted((j, round(threshold, 4)) for j, threshold, _ in tree.splits)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("classes", [2, 4])
def test_first_stages_are_the_same_with_both_engines(seed, depth, classes):
    rng = np.random.default_rng(seed)
    # A grid: every value is met in every node, so thresholds lie at the same places.
    table = rng.integers(0, 30, size=(3000, 5)).astype(float)
    signal = table[:, 0] + table[:, 1] * table[:, 2] / 30 + rng.normal(size=3000) * 6
    y = np.digitize(signal, np.quantile(signal, np.linspace(0, 1, classes + 1)[1:-1]))
    general, binned = (
        AdaBoostClassifier(trees(depth), n_estimators=4, random_state=0, engine=engine)
        for engine in ("general", "binned")
    )

    general.fit(table, y)
    binned.fit(table, y)

    assert binned.engine_ == "binned"
    first = zip(general.estimators_, binned.estimators_, strict=True)
    assert [splits_of(a) == splits_of(b) for a, b in first] == [True] * 4
    assert_allclose(binned.estimator_errors_, general.estimator_errors_, atol=1e-9)
    assert_allclose(
        binned.decision_function(table), general.decision_function(table), atol=1e-5
    )


@pytest.mark.parametrize("variant", sorted(VARIANTS))
@pytest.mark.parametrize("y", [YES, THREE], ids=["two classes", "three"])
def test_variants_agree_with_both_engines(variant, y):
    fitted = [
        AdaBoostClassifier(
            n_estimators=20, variant=variant, engine=engine, random_state=0
        ).fit(X, y)
        for engine in ("general", "binned")
    ]

    general, binned = (model.predict_proba(X) for model in fitted)

    assert_allclose(binned, general, atol=1e-4)
    assert_allclose(binned.sum(axis=1), 1.0)
    assert all(model.score(X, y) > 0.6 for model in fitted)


def test_regression_trees_agree_with_both_engines():
    general, binned = (
        AdaBoostRegressor(n_estimators=2, random_state=0, engine=engine).fit(X, SIGNAL)
        for engine in ("general", "binned")
    )

    assert_allclose(binned.estimator_errors_, general.estimator_errors_, rtol=1e-5)
    assert_allclose(binned.predict(X), general.predict(X), rtol=1e-5)
    assert splits_of(binned.estimators_[0]) == splits_of(general.estimators_[0])


def test_draws_are_those_of_choice():
    weight = RNG.exponential(size=500)
    weight /= weight.sum()
    rows = np.random.RandomState(7).choice(500, 500, p=weight)

    counts = drawn_counts(weight, np.random.RandomState(7))

    assert_array_equal(counts, np.bincount(rows, minlength=500))


@pytest.mark.parametrize(
    ("member", "why"),
    [
        (trees(2, min_samples_leaf=5), "limits more"),
        (trees(2, class_weight="balanced"), "limits more"),
        (trees(2, splitter="random"), "limits more"),
        (LogisticRegression(), "is not a DecisionTreeClassifier"),
    ],
)
def test_limits_that_bins_do_not_support_need_the_general_engine(member, why):
    assert AdaBoostClassifier(member, n_estimators=2).fit(X, YES).engine_ == "general"
    with pytest.raises(ValueError, match=why):
        AdaBoostClassifier(member, engine="binned").fit(X, YES)


def test_deep_trees_of_many_classes_are_left_to_scikit_learn():
    model = AdaBoostClassifier(trees(None), n_estimators=2).fit(X, THREE)

    assert model.engine_ == "general"


def test_leaf_limit_is_kept():
    member = trees(None, max_leaf_nodes=5)
    model = AdaBoostClassifier(member, n_estimators=5, random_state=0).fit(X, YES)

    assert model.engine_ == "binned"
    assert [tree.get_n_leaves() for tree in model.estimators_] == [5] * 5


# Trees on histograms


def slow_best(column, codes, weight, n_classes):
    """Best Gini split of one column, cut by cut."""
    best = (-np.inf, None)
    values = np.unique(column)
    for cut in (values[1:] + values[:-1]) / 2:
        score = 0.0
        for side in (column <= cut, column > cut):
            shares = np.bincount(codes[side], weight[side], n_classes)
            score += (shares**2).sum() / shares.sum()
        best = max(best, (score, cut))
    return best


def test_a_stump_on_histograms_is_the_best_of_all():
    weight = RNG.exponential(size=N)
    codes = np.unique(THREE, return_inverse=True)[1]
    learner = HistogramFitter(
        X, None, codes, n_classes=3, depth=1, categorical=(), labels=True,
        part=VARIANTS["samme"](3, 1.0).part, rng=np.random.RandomState(0), view=TreeView,
    )  # fmt: skip

    learner.fit_next(weight)

    expected = [slow_best(X[:, j], codes, weight, 3) for j in range(X.shape[1])]
    j = int(np.argmax([score for score, _ in expected]))
    assert learner.stages([1.0]).splits(0)[0][:2] == (j, expected[j][1])


def test_bins_keep_few_values_apart_and_equal_values_together():
    many = np.concatenate([np.zeros(4000), RNG.normal(size=6000)])
    few = RNG.integers(0, 9, size=10_000).astype(float)
    few[:100] = np.nan

    bins = find_bins(np.column_stack([many, few]), ())

    codes = bins.codes(np.column_stack([many, few]))
    assert_array_equal(bins.edges[1], np.arange(8) + 0.5)
    assert len(np.unique(codes[0, :4000])) == 1
    assert 150 < len(bins.edges[0]) <= 254
    assert set(codes[1, :100]) == {9}


@pytest.mark.parametrize("values", ["normal", "skewed", "whole", "huge", "alike"])
def test_places_are_those_of_a_search(values):
    rng = np.random.default_rng(0)
    column = {
        "normal": rng.normal(size=5000),
        "skewed": np.exp(4 * rng.normal(size=5000)),
        "whole": rng.integers(0, 16, 5000).astype(float),
        "huge": rng.uniform(-1, 1, size=5000) * 1.7e308,
        "alike": np.zeros(5000),
    }[values]
    edges = np.unique(np.sort(column)[::25])
    column[:4] = [edges[0], edges[-1], np.inf, -np.inf]

    assert_array_equal(places(edges, column), np.searchsorted(edges, column))
    assert_array_equal(places(edges[:0], column), np.zeros(5000))


@pytest.mark.parametrize("kind", ["two classes", "three", "numbers"])
def test_categories_that_no_row_has_change_nothing(kind):
    codes = np.random.default_rng(0).choice([0, 2, 3, 6], N)
    table = pd.DataFrame({"a": X[:, 0]}).assign(
        kind=pd.Categorical.from_codes(codes, list("ABCDEFGH"))
    )
    y = {
        "two classes": (codes == 3).astype(int),
        "three": np.select([codes == 3, codes == 6], [1, 2], 0),
        "numbers": codes == 3,
    }[kind]
    numbers = kind == "numbers"
    model = AdaBoostRegressor() if numbers else AdaBoostClassifier(trees(2))
    model.set_params(n_estimators=5, random_state=0).fit(
        table, y * (1.0 if numbers else 1)
    )

    assert model.engine_ == "binned"
    assert model.score(table, y) == pytest.approx(1.0)
    # One that is new goes with most rows.
    new = table.assign(kind=pd.Categorical(["H"] * N, list("ABCDEFGH")))
    assert_allclose(model.predict(new), 0, atol=1e-6)


@pytest.mark.parametrize("y", [YES, THREE], ids=["two classes", "three"])
def test_a_category_of_validation_rows_only_shifts_no_other(y):
    codes = np.random.default_rng(0).integers(1, 5, N)
    target = np.where(codes == 3, y[0], y[y != y[0]][0])
    table = pd.DataFrame({"kind": np.array(list("ABCDE"))[codes]})
    rare = table.assign(kind="A")[:5]
    watched, seen = pd.concat([rare, table[:95]]), target[:95]
    model = AdaBoostClassifier(trees(2), n_estimators=3, random_state=0)
    dtype = pd.CategoricalDtype(list("ABCDE"))

    model.fit(
        table.astype(dtype),
        target,
        X_val=watched.astype(dtype),
        y_val=np.concatenate([np.repeat(seen[0], 5), seen]),
    )

    assert model.score(table.astype(dtype), target) == 1.0
    assert model.history_["validation_error"].iloc[-1] <= 0.05


def test_splits_of_categorical_features_have_codes():
    table = pd.DataFrame({"kind": np.array(list("ABCD"))[X[:, 0].astype(int) % 4]})
    for y in (table["kind"] == "C", table["kind"].map({"C": "c"}).fillna("o")):
        model = AdaBoostClassifier(n_estimators=1, random_state=0).fit(table, y)
        ((feature, apart, _),) = model.estimators_[0].splits
        assert feature == 0
        assert apart in ((2,), (0, 1, 3))


def test_missing_values_go_where_they_belong():
    table = np.where(RNG.random(N) < 0.3, np.nan, RNG.normal(size=N))[:, None]
    y = np.where(np.isnan(table[:, 0]), 2, (table[:, 0] > 0).astype(int))
    for target in (y, (y == 2).astype(int)):
        model = AdaBoostClassifier(trees(2), n_estimators=3).fit(table, target)
        assert model.engine_ == "binned"
        assert model.score(table, target) == 1.0


# What scikit-learn's cannot do


def frame():
    return pd.DataFrame(X[:, :3], columns=["a", "b", "c"]).assign(
        kind=np.where(SIGNAL > 50, "up", np.where(X[:, 3] > 30, "flat", "down"))
    )


def test_learners_without_weights_are_fitted_on_drawn_rows():
    model = AdaBoostClassifier(
        KNeighborsClassifier(15), n_estimators=5, random_state=0
    ).fit(X, YES)

    assert model.score(X, YES) > 0.75
    assert len({one._fit_X.tobytes() for one in model.estimators_}) == len(model)


def test_pipelines_see_frames_and_weights_reach_their_last_step():
    table = frame()
    steps = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["kind"]),
        (StandardScaler(), ["a", "b"]),
    )
    member = make_pipeline(steps, LogisticRegression())
    model = AdaBoostClassifier(member, n_estimators=4, random_state=0).fit(table, YES)

    by_hand = clone(member).fit(
        table, YES, logisticregression__sample_weight=np.ones(N)
    )
    assert_allclose(
        model.estimators_[0][-1].coef_, by_hand[-1].coef_, rtol=1e-4, atol=1e-6
    )
    assert model.score(table, YES) > 0.8


def test_categories_missing_values_and_sparse_rows_on_bins():
    table = frame()
    table.loc[::7, "a"] = np.nan
    for y in (YES, THREE):
        model = AdaBoostClassifier(n_estimators=30, random_state=0).fit(table, y)
        assert model.engine_ == "binned"
        strange = table.assign(kind="never seen")
        assert set(model.predict(strange)) <= set(y)
        assert model.score(table, y) > 0.6
    dense, sparse = (
        AdaBoostClassifier(n_estimators=10, random_state=0).fit(rows, THREE)
        for rows in (X, sp.csr_matrix(X))
    )
    assert_array_equal(
        dense.decision_function(X), sparse.decision_function(sp.csr_matrix(X))
    )


@pytest.mark.parametrize("y", [YES, THREE], ids=["two classes", "three"])
@pytest.mark.parametrize("engine", ["general", "binned"])
def test_early_stopping_keeps_the_best_round_and_sees_no_other_rows(y, engine):
    model = AdaBoostClassifier(
        trees(3),
        n_estimators=150,
        engine=engine,
        early_stopping=Patience(5),
        random_state=0,
    ).fit(X, y)

    losses = [row["validation_loss"] for row in model.validation_history_]
    assert model.n_estimators_ == int(np.argmin(losses)) + 1 < len(losses)
    assert len(model) == len(model.history_) == model.n_estimators_
    assert np.isnan(model.row_weights_).sum() == round(0.1 * N)
    # The rows held out are those of the loss.
    held = np.isnan(model.row_weights_)
    wrong = np.mean(model.predict(X[held]) != y[held])
    assert model.history_["validation_error"].iloc[-1] == pytest.approx(wrong)


def test_groups_and_given_validation_rows():
    groups = np.repeat(np.arange(N // 9), 9)
    model = AdaBoostClassifier(early_stopping=True, random_state=0).fit(
        X, YES, groups=groups
    )
    held = np.isnan(model.row_weights_)
    assert not set(groups[held]) & set(groups[~held])

    model = AdaBoostRegressor(early_stopping=True, random_state=0)
    model.fit(X[:600], SIGNAL[:600], X_val=X[600:], y_val=SIGNAL[600:])
    error = np.abs(model.predict(X[600:]) - SIGNAL[600:]).mean()
    assert model.history_["validation_loss"].iloc[-1] == pytest.approx(error, rel=1e-6)


@pytest.mark.parametrize("engine", ["general", "binned"])
def test_balanced_rounds_find_the_rare_class(engine):
    rare = (np.quantile(SIGNAL, 0.95) < SIGNAL).astype(int)
    plain, balanced = (
        AdaBoostClassifier(
            n_estimators=20, sampling=sampling, engine=engine, random_state=0
        ).fit(X, rare)
        for sampling in (None, "balanced")
    )

    found = [model.predict(X)[rare == 1].mean() for model in (plain, balanced)]

    assert found[1] > found[0] + 0.1


def test_margins_are_shares_of_the_vote():
    for y in (YES, THREE):
        model = AdaBoostClassifier(n_estimators=12, random_state=0).fit(X, y)
        votes = np.zeros((N, len(model.classes_)))
        for tree, weight in zip(
            model.estimators_, model.estimator_weights_, strict=False
        ):
            votes[np.arange(N), np.searchsorted(model.classes_, tree.predict(X))] += (
                weight
            )
        votes /= votes.sum(axis=1, keepdims=True)
        codes = np.searchsorted(model.classes_, y)
        own = votes[np.arange(N), codes]
        votes[np.arange(N), codes] = -1

        assert_allclose(model.margins(X, y), own - votes.max(axis=1), atol=1e-5)
        assert_array_equal(model.margins(X, y) > 0, model.predict(X) == y)


def test_flipped_labels_are_among_the_suspects():
    data, y = load_breast_cancer(return_X_y=True)
    flipped = np.random.default_rng(1).choice(len(y), 25, replace=False)
    wrong = y.copy()
    wrong[flipped] = 1 - wrong[flipped]

    model = AdaBoostClassifier(trees(2), n_estimators=40, random_state=0).fit(
        data, wrong
    )

    rows = model.suspect_rows(25)
    assert len(set(rows.index) & set(flipped)) >= 15
    assert np.nanmean(model.row_weights_) == pytest.approx(1.0)


def test_history_has_error_edge_and_weight():
    model = AdaBoostClassifier(n_estimators=9, random_state=0).fit(X, THREE)

    history = model.history_
    assert_allclose(history["error"], model.estimator_errors_)
    assert_allclose(history["edge"], 2 / 3 - history["error"])
    assert_allclose(
        history["weight"], np.log((1 - history["error"]) / history["error"] * 2)
    )
    assert (history["margin_05"] <= history["margin_50"]).all()
    assert history["train_loss"].iloc[-1] < history["train_loss"].iloc[0]


# As any estimator of scikit-learn


@pytest.mark.parametrize("y", [YES, THREE], ids=["two classes", "three"])
def test_pickles_clones_and_threads_change_nothing(y):
    one, two = (
        AdaBoostClassifier(trees(3), n_estimators=15, n_jobs=jobs, random_state=0)
        for jobs in (1, 2)
    )
    expected = one.fit(X, y).predict_proba(X)

    assert_array_equal(two.fit(X, y).predict_proba(X), expected)
    assert_array_equal(pickle.loads(pickle.dumps(one)).predict_proba(X), expected)
    assert_array_equal(clone(one).fit(X, y).predict_proba(X), expected)
    assert_array_equal(list(one.staged_predict(X))[-1], one.predict(X))
    assert list(one.staged_score(X, y))[-1] == one.score(X, y)
    again = pickle.loads(pickle.dumps(one)).estimators_
    assert splits_of(again[3]) == splits_of(one.estimators_[3])


def test_searches_reach_the_learner():
    data, y = load_iris(return_X_y=True)
    search = GridSearchCV(
        AdaBoostClassifier(trees(1), n_estimators=10, random_state=0),
        {"estimator__max_depth": [1, 2], "variant": ["samme", "gentle"]},
    ).fit(data, y)

    assert search.best_score_ > 0.9


def test_importances_are_those_of_the_trees():
    data, y = load_diabetes(return_X_y=True)
    binned, general = (
        AdaBoostRegressor(n_estimators=20, random_state=0, engine=engine).fit(data, y)
        for engine in ("binned", "general")
    )

    assert binned.feature_importances_.sum() == pytest.approx(1.0)
    assert (
        np.argsort(binned.feature_importances_)[-2:].tolist()
        == np.argsort(general.feature_importances_)[-2:].tolist()
    )
    with pytest.raises(AttributeError, match="feature importances"):
        _ = AdaBoostRegressor(Ridge(), n_estimators=2).fit(data, y).feature_importances_


def test_any_library_may_be_the_weak_learner():
    member = XGBClassifier(n_estimators=3, max_depth=2, n_jobs=1)
    model = AdaBoostClassifier(member, n_estimators=3, random_state=0)

    assert cross_val_score(model, X, YES, cv=3).mean() > 0.7


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (AdaBoostClassifier(n_estimators=0), "n_estimators=0"),
        (AdaBoostClassifier(learning_rate=0.0), "learning_rate=0.0 must be above"),
        (AdaBoostClassifier(variant="best"), "variant='best' is not known"),
        (AdaBoostClassifier(engine="fast"), "engine='fast' is not known"),
        (AdaBoostClassifier(sampling="all"), "sampling='all' is not known"),
        (AdaBoostClassifier(DecisionTreeClassifier), "has no fit"),
        (AdaBoostClassifier(LinearSVC(), variant="real"), "predict_proba"),
        (AdaBoostClassifier(trees(1), variant="logit"), "use a regressor"),
        (AdaBoostClassifier(n_jobs=0), "n_jobs=0 is not a number of cores"),
        (
            AdaBoostRegressor(random_state="a"),
            "random_state='a' cannot be used as a seed",
        ),
        (AdaBoostRegressor(loss="huber"), "loss='huber' is not known"),
        (AdaBoostRegressor(validation="all", early_stopping=True), "validation='all'"),
    ],
)
def test_wrong_options_are_named(model, words):
    with pytest.raises(ValueError, match=words):
        model.fit(X, YES)


def test_wrong_rows_are_named():
    fit = AdaBoostClassifier(n_estimators=2).fit
    with pytest.raises(ValueError, match="needs y_val"):
        fit(X, YES, X_val=X)
    with pytest.raises(ValueError, match="does not"):
        fit(X, YES, X_val=X, y_val=YES + 5)
    with pytest.raises(ValueError, match="one: use MultiOutput"):
        fit(X, np.column_stack([YES, YES]))
    with pytest.raises(ValueError, match="were not in the target of fit"):
        fit(X, YES).margins(X, YES + 1)
    with pytest.raises(ValueError, match="1d array"):
        AdaBoostRegressor().fit(X, np.column_stack([SIGNAL, SIGNAL]))


def test_regression_learner_of_depth_one_is_binned_too():
    model = AdaBoostRegressor(DecisionTreeRegressor(max_depth=1), n_estimators=5)

    assert model.fit(X, SIGNAL).engine_ == "binned"
    assert [tree.get_depth() for tree in model.estimators_] == [1] * len(model)


def test_a_tree_of_one_leaf_has_the_shares_of_the_classes():
    tree = HistogramTree([-1], [0], [False], [0], [0.0], [np.array([1.0, 3.0])])

    assert_allclose(tree.proportions(), [[0.25, 0.75]])


def test_suspects_are_named_as_in_the_frame():
    table = pd.DataFrame(X, index=[f"row {k}" for k in range(N)])
    plain, named = (
        AdaBoostClassifier(n_estimators=5).fit(rows, YES).suspect_rows(9)
        for rows in (X, table)
    )

    assert named.index.tolist() == [f"row {k}" for k in plain.index]
    assert_array_equal(named["position"], plain.index)


def test_learners_of_the_other_kind_are_refused():
    with pytest.raises(ValueError, match="is a classifier; give a regressor"):
        AdaBoostRegressor(LogisticRegression()).fit(X, SIGNAL)
    with pytest.raises(ValueError, match="is a regressor; give a classifier"):
        AdaBoostClassifier(Ridge()).fit(X, YES)


def test_text_with_the_general_engine_is_explained():
    with pytest.raises(ValueError, match="could not convert") as raised:
        AdaBoostClassifier(trees(2, min_samples_leaf=5)).fit(frame(), YES)

    assert "need an encoder" in raised.value.__notes__[0]
    assert "limits more than max_depth" in raised.value.__notes__[0]


def test_a_failed_fit_leaves_the_model():
    model = AdaBoostClassifier(n_estimators=5, random_state=0).fit(X, THREE)
    expected = model.predict_proba(X)

    with pytest.raises(ValueError, match="needs y_val"):
        model.fit(X, YES, X_val=X)

    assert model.classes_.tolist() == ["low", "middle", "top"]
    assert_array_equal(model.predict_proba(X), expected)


def test_a_class_lost_by_the_inner_split_is_named():
    y = np.where(np.arange(N) < N - 50, "a", "b")
    model = AdaBoostClassifier(early_stopping=True, validation="last")
    with pytest.raises(ValueError, match=r"missing some classes.*validation='last'"):
        model.fit(X, y)
