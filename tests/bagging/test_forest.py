"""Forests: scikit-learn's own by default, and all that is added."""

import inspect
import pickle

import numpy as np
import pytest
import sklearn.ensemble
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_iris,
    make_multilabel_classification,
    make_regression,
)
from sklearn.metrics import (
    balanced_accuracy_score,
    get_scorer,
    log_loss,
    make_scorer,
    mean_absolute_error,
    roc_auc_score,
)
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.utils.estimator_checks import parametrize_with_checks

from skensemble import CrossFitted, RandomForestClassifier, RandomForestRegressor
from skensemble.losses import AbsoluteError

IRIS = load_iris(return_X_y=True)
CANCER = load_breast_cancer(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)
PAIRS = [
    (RandomForestClassifier, sklearn.ensemble.RandomForestClassifier),
    (RandomForestRegressor, sklearn.ensemble.RandomForestRegressor),
]

# Those of scikit-learn's own forests, in its own words.
WEIGHTS = "sample_weight is not equivalent to removing/repeating samples."
EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": WEIGHTS,
    "check_sample_weight_equivalence_on_sparse_data": WEIGHTS,
}


@parametrize_with_checks(
    [
        RandomForestClassifier(5),
        RandomForestRegressor(5, quantiles=True, oob_score="r2"),
        RandomForestClassifier(5, sampling="balanced", oob_score=True),
    ],
    expected_failed_checks=lambda estimator: EXPECTED,
)
@pytest.mark.filterwarnings("ignore:Some inputs do not have OOB")
def test_scikit_learn_check(estimator, check):
    check(estimator)


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_parameters_are_those_of_scikit_learn_and_more(ours, theirs):
    mine = inspect.signature(ours).parameters
    known = inspect.signature(theirs).parameters
    assert list(mine)[: len(known)] == list(known)
    assert all(mine[name].default == known[name].default for name in known)
    assert all(mine[name].kind == known[name].kind for name in known)
    more = [mine[name].kind for name in list(mine)[len(known) :]]
    assert set(more) == {inspect.Parameter.KEYWORD_ONLY}


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"bootstrap": False, "max_features": 3},
        {"max_samples": 0.5, "oob_score": True, "n_jobs": 2},
        {"max_depth": 4, "ccp_alpha": 0.01, "criterion": "entropy"},
        {"class_weight": "balanced_subsample"},
    ],
)
def test_defaults_predict_as_scikit_learn(options):
    X, y = CANCER
    weight = np.random.default_rng(0).uniform(0.5, 2, len(y))
    for rows_weight in (None, weight):
        ours = RandomForestClassifier(20, random_state=3, **options)
        theirs = sklearn.ensemble.RandomForestClassifier(20, random_state=3, **options)
        ours.fit(X, y, rows_weight)
        theirs.fit(X, y, rows_weight)
        assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-14)
        if "oob_score" in options:
            assert ours.oob_score_ == theirs.oob_score_
            assert_array_equal(ours.oof_["forest"], theirs.oob_decision_function_)


def test_numbers_predict_as_scikit_learn():
    X, y = DIABETES
    ours = RandomForestRegressor(20, random_state=3, oob_score=True).fit(X, y)
    theirs = sklearn.ensemble.RandomForestRegressor(20, random_state=3, oob_score=True)
    theirs.fit(X, y)
    assert_array_equal(ours.predict(X), theirs.predict(X))
    assert ours.oob_score_ == theirs.oob_score_
    assert_array_equal(ours.oof_["forest"], theirs.oob_prediction_)
    assert_array_equal(ours.feature_importances_, theirs.feature_importances_)


@pytest.mark.parametrize("sampling", ["rows", "stratified", "balanced"])
def test_out_of_bag_by_a_slow_loop(sampling):
    X, y = IRIS
    forest = RandomForestClassifier(12, sampling=sampling, random_state=0).fit(X, y)
    for row in range(0, len(y), 7):
        apart = [
            tree.predict_proba(X[[row]])[0]
            for tree, drawn in zip(
                forest.estimators_, forest.estimators_samples_, strict=True
            )
            if row not in drawn
        ]
        if not apart:
            assert np.isnan(forest.oof_["forest"][row]).all()
            assert not forest.oof_.covered[row]
        else:
            assert_allclose(forest.oof_["forest"][row], np.mean(apart, axis=0))


def test_rows_that_no_tree_left_out_are_unknown():
    X, y = DIABETES
    forest = RandomForestRegressor(2, random_state=0, oob_score="r2").fit(X, y)
    unseen = ~forest.oof_.covered
    assert 0.2 < unseen.mean() < 0.6
    assert np.isnan(forest.oof_["forest"][unseen]).all()
    seen = forest.oof_.covered
    expected = sklearn.metrics.r2_score(y[seen], forest.oof_["forest"][seen])
    assert forest.oob_score_ == expected


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_any_score_out_of_bag(n_jobs):
    X, y = CANCER
    names = np.array(["bad", "good"])[y]
    options = {"n_estimators": 30, "random_state": 0, "n_jobs": n_jobs}
    forest = RandomForestClassifier(oob_score="roc_auc", **options).fit(X, names)
    assert forest.oob_score == "roc_auc"
    block = forest.oof_["forest"]
    assert forest.oob_score_ == roc_auc_score(y, block[:, 1])
    assert_array_equal(forest.oob_decision_function_, block)
    forest.set_params(oob_score="neg_log_loss").fit(X, names)
    assert forest.oob_score_ == -log_loss(y, block)
    scorer = make_scorer(balanced_accuracy_score)
    forest.set_params(oob_score=scorer).fit(X, names)
    assert forest.oob_score_ == balanced_accuracy_score(y, block.argmax(axis=1))
    forest.set_params(oob_score=balanced_accuracy_score).fit(X, names)
    assert forest.oob_score_ == balanced_accuracy_score(y, block.argmax(axis=1))


def test_a_loss_scores_out_of_bag():
    X, y = DIABETES
    forest = RandomForestRegressor(30, oob_score=AbsoluteError(), random_state=0)
    forest.fit(X, y)
    expected = mean_absolute_error(y, forest.oof_["forest"])
    assert forest.oob_score_ == pytest.approx(-expected)


@pytest.mark.parametrize("sampling", ["rows", "stratified"])
def test_named_out_of_bag_scores_use_sample_weight(sampling):
    X, y = CANCER
    weight = np.random.default_rng(0).uniform(0.5, 2, len(y))
    forest = RandomForestClassifier(
        30, oob_score="auc", sampling=sampling, random_state=0
    ).fit(X, y, weight)
    block = forest.oof_["forest"]
    expected = roc_auc_score(y, block[:, 1], sample_weight=weight)
    assert forest.oob_score_ == expected
    assert forest.oob_score_ != roc_auc_score(y, block[:, 1])
    # As that of scikit-learn, the default score has no weights.
    plain = clone(forest).set_params(oob_score=True).fit(X, y, weight)
    assert plain.oob_score_ == np.mean(block.argmax(axis=1) == y)


def test_a_failed_fit_leaves_the_forest_as_it_was():
    X, y = DIABETES
    forest = RandomForestRegressor(5, oob_score="neg_max_error", random_state=0)
    forest.fit(X, y)
    before, score = forest.predict(X), forest.oob_score_
    with pytest.raises(ValueError, match="does not support sample weights"):
        forest.set_params(random_state=1).fit(X, y, np.ones(len(y)))
    assert forest.oob_score_ == score
    assert_array_equal(forest.predict(X), before)
    assert forest.oof_["forest"].shape == y.shape


def test_permutation_importance_of_a_forest():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    forest = RandomForestRegressor(10, random_state=0).fit(X, y)
    table = forest.permutation_importance(X, y, scoring="rmse", random_state=0)
    assert table.index[0] in ("bmi", "s5")
    with pytest.raises(ValueError, match="needs X and y"):
        forest.permutation_importance()


def test_stratified_draws_keep_the_classes():
    X, y = CANCER
    forest = RandomForestClassifier(5, sampling="stratified", random_state=0).fit(X, y)
    assert len(forest.estimators_samples_) == 5
    for drawn in forest.estimators_samples_:
        assert_array_equal(np.bincount(y[drawn]), np.bincount(y))


def test_balanced_draws_are_as_large_as_the_smallest_class():
    X, y = _rare()
    forest = RandomForestClassifier(
        5, sampling="balanced", max_samples=0.5, random_state=0
    ).fit(X, y)
    least = np.bincount(y).min()
    assert len(forest.estimators_samples_) == 5
    for drawn in forest.estimators_samples_:
        assert_array_equal(np.bincount(y[drawn]), [round(least / 2)] * 2)


def test_balanced_by_weight():
    X, y = _rare()
    forest = RandomForestClassifier(
        3, sampling="balanced_by_weight", max_depth=3, random_state=0
    ).fit(X, y)
    assert len(forest.estimators_) == 3
    for tree, drawn in zip(forest.estimators_, forest.estimators_samples_, strict=True):
        assert_array_equal(np.bincount(y[drawn]), np.bincount(y))
        assert_allclose(tree.tree_.value[0], [[0.5, 0.5]])
        counts = np.bincount(drawn, minlength=len(y))
        weight = counts * np.where(
            y == 1, len(y) / 2 / y.sum(), len(y) / 2 / (y == 0).sum()
        )
        same = clone(tree).fit(X, y, sample_weight=weight)
        assert_allclose(same.predict_proba(X), tree.predict_proba(X))


def test_class_weights_come_on_top():
    X, y = _rare()
    forest = RandomForestClassifier(
        3, sampling="balanced_by_weight", class_weight={0: 1, 1: 3}, random_state=0
    ).fit(X, y)
    assert len(forest.estimators_) == 3
    for tree in forest.estimators_:
        assert_allclose(tree.tree_.value[0], [[0.25, 0.75]])
    forest.set_params(sampling="groups", class_weight="balanced_subsample")
    forest.fit(X, y, groups=np.arange(len(y)) // 4)
    assert len(forest.estimators_) == 3
    for tree in forest.estimators_:
        assert_allclose(tree.tree_.value[0], [[0.5, 0.5]])


def test_balancing_finds_the_rare_class():
    X, y = _rare(2000)
    half = slice(None, 1000), slice(1000, None)
    found = {}
    for sampling in ("rows", "balanced", "balanced_by_weight"):
        forest = RandomForestClassifier(
            50, sampling=sampling, min_samples_leaf=5, random_state=0
        ).fit(X[half[0]], y[half[0]])
        found[sampling] = balanced_accuracy_score(
            y[half[1]], forest.predict(X[half[1]])
        )
    assert found["balanced"] > found["rows"] + 0.1
    assert found["balanced_by_weight"] > found["rows"] + 0.1


def _rare(n=400):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 4))
    return X, (X[:, 0] + X[:, 1] + rng.normal(size=n) > 3).astype(int)


@pytest.mark.parametrize("kind", [RandomForestClassifier, RandomForestRegressor])
def test_groups_stay_together(kind):
    X, y = CANCER
    groups = np.repeat(np.arange(len(y) // 3 + 1), 3)[: len(y)].astype(str)
    forest = kind(8, sampling="groups", random_state=0).fit(X, y, groups=groups)
    assert len(forest.estimators_samples_) == 8
    for drawn in forest.estimators_samples_:
        counts = np.bincount(drawn, minlength=len(y))
        for group in np.unique(groups):
            assert len(set(counts[groups == group])) == 1
    assert forest.oof_.covered.any()


def test_groups_make_out_of_bag_scores_honest():
    rng = np.random.default_rng(0)
    X = np.repeat(rng.normal(size=(60, 5)), 5, axis=0)
    X += 0.01 * rng.normal(size=X.shape)
    y, groups = np.repeat(rng.normal(size=60), 5), np.repeat(np.arange(60), 5)
    options = {"n_estimators": 50, "oob_score": True, "random_state": 0}
    fooled = RandomForestRegressor(**options).fit(X, y)
    honest = RandomForestRegressor(sampling="groups", **options).fit(
        X, y, groups=groups
    )
    assert fooled.oob_score_ > 0.8
    assert honest.oob_score_ < 0.1


@pytest.mark.parametrize("sampling", ["stratified", "balanced", "balanced_by_weight"])
def test_same_for_any_number_of_jobs_and_after_pickling(sampling):
    X, y = IRIS
    forest = RandomForestClassifier(10, sampling=sampling, random_state=0, n_jobs=1)
    one = forest.fit(X, y)
    two = clone(forest).set_params(n_jobs=2).fit(X, y)
    again = pickle.loads(pickle.dumps(one))
    assert_allclose(one.predict_proba(X), two.predict_proba(X), rtol=1e-13)
    assert_array_equal(one.predict_proba(X), again.predict_proba(X))
    assert_array_equal(one.oof_["forest"], two.oof_["forest"])
    for a, b in zip(one.estimators_samples_, again.estimators_samples_, strict=True):
        assert_array_equal(a, b)


@pytest.mark.parametrize("sampling", ["rows", "balanced"])
def test_warm_start_adds_trees(sampling):
    X, y = IRIS
    whole = RandomForestClassifier(10, sampling=sampling, random_state=0).fit(X, y)
    grown = RandomForestClassifier(
        4, sampling=sampling, random_state=0, warm_start=True
    ).fit(X, y)
    grown.oof_  # noqa: B018 what is known of four trees is forgotten
    grown.set_params(n_estimators=10).fit(X, y)
    assert_array_equal(whole.predict_proba(X), grown.predict_proba(X))
    assert_array_equal(whole.oof_["forest"], grown.oof_["forest"])


def test_missing_values_sparse_rows_and_strings():
    X, y = IRIS
    names = np.array(["a", "b", "c"])[y]
    holes = X.copy()
    holes[::5, 2] = np.nan
    for sampling in ("rows", "balanced"):
        forest = RandomForestClassifier(10, sampling=sampling, random_state=0)
        assert forest.fit(holes, names).score(holes, names) > 0.9
        assert forest.oof_["forest"].shape == (150, 3)
        thin = clone(forest).fit(sparse.csr_matrix(X), names)
        dense = clone(forest).fit(X, names)
        assert_allclose(thin.predict_proba(X), dense.predict_proba(X))
        assert_allclose(thin.oof_["forest"], dense.oof_["forest"])


def test_frames_keep_their_labels():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    X.index = X.index + 1000
    for sampling, groups in (("rows", None), ("groups", np.arange(len(y)) // 2)):
        forest = RandomForestRegressor(5, sampling=sampling, random_state=0)
        forest.fit(X, y, groups=groups)
        assert list(forest.feature_names_in_) == list(X.columns)
        assert forest.oof_.to_frame().index.equals(X.index)


def test_several_outputs():
    X, y = make_multilabel_classification(150, n_classes=3, random_state=0)
    theirs = sklearn.ensemble.RandomForestClassifier(
        30, oob_score=True, random_state=0
    ).fit(X, y)
    ours = RandomForestClassifier(30, oob_score="accuracy", random_state=0).fit(X, y)
    expected = theirs.oob_decision_function_
    assert_allclose(ours.oof_["forest"], expected[:, 1, :], atol=1e-15)
    assert_allclose(ours.oob_decision_function_, expected, atol=1e-15)
    even = RandomForestClassifier(30, sampling="stratified", random_state=0).fit(X, y)
    assert even.predict(X).shape == y.shape
    X, y = make_regression(100, 4, n_targets=2, random_state=0)
    trees = RandomForestRegressor(20, random_state=0).fit(X, y)
    assert trees.oof_["forest"].shape == (100, 2)
    assert trees.predict_quantiles(X[:7], [0.1, 0.5, 0.9]).shape == (7, 2, 3)
    assert trees.predict_quantiles(X[:7], 0.5).shape == (7, 2)
    assert trees.standard_error(X[:7]).shape == (7, 2)


def test_rows_without_weight_are_never_drawn():
    X, y = IRIS
    weight = np.ones(len(y))
    weight[::2] = 0
    forest = RandomForestClassifier(5, sampling="stratified", random_state=0)
    forest.fit(X, y, weight)
    assert all((drawn % 2 == 1).all() for drawn in forest.estimators_samples_)


def test_in_a_grid_and_cross_fitted():
    X, y = _rare()
    grid = GridSearchCV(
        RandomForestClassifier(10, random_state=0),
        {"sampling": ["rows", "balanced"]},
        scoring="balanced_accuracy",
        cv=3,
    ).fit(X, y)
    assert grid.best_params_ == {"sampling": "balanced"}
    folds = CrossFitted(RandomForestRegressor(5), cv=3, random_state=0).fit(*DIABETES)
    assert folds.oof_score_ > 0.2


@pytest.mark.parametrize(
    ("forest", "words"),
    [
        (RandomForestClassifier(sampling="even"), "sampling='even'.*'balanced'"),
        (RandomForestClassifier(sampling="groups"), r"fit\(X, y, groups=...\)"),
        (RandomForestRegressor(sampling="balanced"), "have no classes.*'groups'"),
        (
            RandomForestClassifier(sampling="balanced", bootstrap=False),
            "bootstrap=True",
        ),
        (
            RandomForestClassifier(sampling="balanced", class_weight="balanced"),
            "balance classes twice",
        ),
        (RandomForestClassifier(oob_score="best"), "oob_score='best'.*names"),
        (RandomForestClassifier(oob_score="f1", bootstrap=False), "bootstrap=True"),
        (RandomForestClassifier(0, sampling="balanced"), "n_estimators=0"),
        (RandomForestClassifier(sampling="balanced", max_samples=-1), "max_samples=-1"),
    ],
)
def test_refusals(forest, words):
    with pytest.raises(ValueError, match=words):
        forest.fit(*CANCER)


def test_refusals_after_the_fit():
    X, y = CANCER
    with pytest.raises(ValueError, match="does not support groups"):
        RandomForestClassifier().fit(X, y, groups=y)
    forest = RandomForestClassifier(3).fit(X, y)
    with pytest.raises(AttributeError, match="compute it before pickling"):
        pickle.loads(pickle.dumps(forest)).oof_  # noqa: B018
    whole = RandomForestRegressor(3, bootstrap=False).fit(X, y)
    with pytest.raises(AttributeError, match="bootstrap=True"):
        whole.oof_  # noqa: B018
    with pytest.raises(ValueError, match="bootstrap=True"):
        whole.standard_error(X)
    assert get_scorer("r2")(whole, X, y) > 0.9


def test_training_rows_that_were_changed():
    X, y = load_diabetes(return_X_y=True, as_frame=True)
    forest = RandomForestRegressor(3, random_state=0).fit(X, y)
    X["more"] = 1.0
    with pytest.raises(AttributeError, match=r"changed after the fit.*\(442, 11\)"):
        forest.oof_  # noqa: B018
    with pytest.raises(ValueError, match="changed after the fit"):
        forest.predict_quantiles(X[X.columns[:-1]])
    assert "RandomForestRegressor" in forest._repr_html_()


def test_several_outputs_of_many_classes_have_no_rows_out_of_bag():
    X, y = IRIS
    forest = RandomForestClassifier(3, random_state=0).fit(X, np.column_stack([y, y]))
    with pytest.raises(AttributeError, match="one forest per output"):
        forest.oof_  # noqa: B018
    assert len(forest.predict_proba(X)) == 2
    with pytest.raises(ValueError, match="one forest per output"):
        forest.set_params(sampling="stratified", oob_score=True).fit(
            X, np.column_stack([y, y])
        )


def test_metadata_routing_sends_groups_to_forest_and_folds():
    X, y = DIABETES
    groups = np.arange(len(y)) // 5
    with sklearn.config_context(enable_metadata_routing=True):
        inner = RandomForestRegressor(5, sampling="groups", random_state=0)
        inner.set_fit_request(groups=True)
        model = CrossFitted(inner, cv=GroupKFold(3)).fit(X, y, groups=groups)
    train, test = next(GroupKFold(3).split(X, y, groups))
    alone = clone(inner).fit(X[train], y[train], groups=groups[train])
    assert_allclose(model.oof_["estimator"][test], alone.predict(X[test]))


def test_pickles_leave_the_training_rows_behind():
    X, y = CANCER
    forest = RandomForestClassifier(3, max_depth=2).fit(X, y)
    assert len(pickle.dumps(forest)) < X.nbytes / 4
