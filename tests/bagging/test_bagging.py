"""Bags: what they predict, by hand; how they draw; what they refuse."""

import pickle
import time
import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sklearn
from sklearn import inspection
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_diabetes, load_iris, make_classification
from sklearn.ensemble import BaggingClassifier as SklearnBagging
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import (
    accuracy_score,
    make_scorer,
    max_error,
    r2_score,
    roc_auc_score,
)
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skensemble import BaggingClassifier, BaggingRegressor
from skensemble.bagging.bags._member_failures import keep_fitted
from skensemble.core import named_seed
from skensemble.exceptions import (
    MemberFailedError,
    MemberFailedWarning,
    TimeLimitError,
)
from skensemble.fitting import _workers
from skensemble.fitting._fit import run_planned_fit
from skensemble.fitting._fold_fit import Failure, FoldFit
from skensemble.losses import AbsoluteError

IRIS = load_iris(return_X_y=True)
DIABETES = load_diabetes(return_X_y=True)


def left_out(bag, n_rows):
    return [np.setdiff1d(np.arange(n_rows), s) for s in bag.estimators_samples_]


# What is predicted


def test_a_regressor_predicts_the_mean_of_its_members():
    X, y = DIABETES
    bag = BaggingRegressor(n_estimators=7, random_state=0).fit(X, y)
    predictions = np.array([model.predict(X) for model in bag.estimators_])
    np.testing.assert_allclose(bag.predict(X), predictions.mean(axis=0))
    mean, spread = bag.predict(X, return_std=True)
    np.testing.assert_allclose(mean, predictions.mean(axis=0))
    np.testing.assert_allclose(spread, predictions.std(axis=0))


def test_members_are_fitted_on_estimators_samples():
    X, y = DIABETES
    for member in (Ridge(), make_pipeline(StandardScaler(), Ridge())):
        bag = BaggingRegressor(member, n_estimators=3, random_state=0).fit(X, y)
        for model, rows in zip(bag.estimators_, bag.estimators_samples_, strict=True):
            again = clone(member).fit(X[rows], y[rows])
            np.testing.assert_allclose(model.predict(X), again.predict(X), rtol=1e-6)


def test_members_predict_from_estimators_features():
    X, y = DIABETES
    bag = BaggingRegressor(Ridge(), max_features=0.5, random_state=0).fit(X, y)
    predictions = []
    for model, columns in zip(bag.estimators_, bag.estimators_features_, strict=True):
        assert len(np.unique(columns)) == len(columns) == 5
        predictions.append(model.predict(X[:, columns]))
    np.testing.assert_allclose(bag.predict(X), np.mean(predictions, axis=0))


def test_quantiles_by_hand():
    X, y = DIABETES
    bag = BaggingRegressor(n_estimators=9, random_state=0).fit(X, y)
    predictions = np.sort([model.predict(X[:20]) for model in bag.estimators_], axis=0)
    found = bag.predict_quantiles(X[:20], [0.0, 0.5, 1.0])
    np.testing.assert_allclose(found, predictions[[0, 4, 8]].T)
    np.testing.assert_allclose(bag.predict_quantiles(X[:20], 0.5), predictions[4])


@pytest.mark.parametrize("how", ["median", "trimmed"])
def test_robust_means_by_hand(how):
    X, y = DIABETES
    bag = BaggingRegressor(n_estimators=21, aggregation=how, random_state=0).fit(X, y)
    predictions = np.sort([model.predict(X) for model in bag.estimators_], axis=0)
    expected = predictions[10] if how == "median" else predictions[2:19].mean(axis=0)
    np.testing.assert_allclose(bag.predict(X), expected)


def test_soft_and_hard_by_hand():
    X, y = IRIS
    soft = BaggingClassifier(KNeighborsClassifier(), random_state=0).fit(X, y)
    expected = np.mean([m.predict_proba(X) for m in soft.estimators_], axis=0)
    np.testing.assert_allclose(soft.predict_proba(X), expected)
    hard = BaggingClassifier(KNeighborsClassifier(), aggregation="hard", random_state=0)
    hard.fit(X, y)
    votes = np.array([m.predict(X) for m in hard.estimators_])
    shares = np.stack([(votes == c).mean(axis=0) for c in range(3)], axis=1)
    np.testing.assert_allclose(hard.predict_proba(X), shares)
    np.testing.assert_array_equal(hard.predict(X), shares.argmax(axis=1))


@pytest.mark.parametrize("how", ["median", "trimmed"])
def test_robust_probabilities_sum_to_one(how):
    X, y = IRIS
    bag = BaggingClassifier(
        LogisticRegression(max_iter=500), aggregation=how, random_state=0
    )
    proba = bag.fit(X, y).predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    assert bag.score(X, y) > 0.9


def test_members_without_probabilities_vote():
    X, y = IRIS
    bag = BaggingClassifier(SVC(), n_estimators=4, random_state=0).fit(X, y)
    assert set(np.unique(bag.predict_proba(X) * 4)) <= {0, 1, 2, 3, 4}
    assert bag.decision_function(X).shape == (150, 3)


def test_log_probabilities_are_logarithms():
    X, y = IRIS
    bag = BaggingClassifier(LogisticRegression(max_iter=500), random_state=0).fit(X, y)
    np.testing.assert_allclose(bag.predict_log_proba(X), np.log(bag.predict_proba(X)))


def test_string_labels_and_classes_missing_from_samples():
    X, y = IRIS
    labels = np.array(["b", "c", "a"])[y]
    rare = np.r_[0:50, 50:100, 100:102]  # two rows of "a"
    bag = BaggingClassifier(n_estimators=15, random_state=0).fit(X[rare], labels[rare])
    assert list(bag.classes_) == ["a", "b", "c"]
    np.testing.assert_allclose(bag.predict_proba(X).sum(axis=1), 1)
    pipe = make_pipeline(StandardScaler(), DecisionTreeClassifier())
    bag = BaggingClassifier(pipe, n_estimators=15, random_state=0)
    proba = bag.fit(X[rare], labels[rare]).predict_proba(X[rare])
    missing = [len(np.unique(labels[rare][s])) < 3 for s in bag.estimators_samples_]
    assert any(missing)
    np.testing.assert_allclose(proba.sum(axis=1), 1)
    assert bag.score(X[:100], labels[:100]) > 0.95


def test_as_good_as_scikit_learns():
    X, y = make_classification(1500, 15, n_informative=6, random_state=0)
    train, test = slice(0, 700), slice(700, None)
    ours, theirs = (
        np.mean(
            [
                roc_auc_score(
                    y[test],
                    kind(n_estimators=30, random_state=k)
                    .fit(X[train], y[train])
                    .predict_proba(X[test])[:, 1],
                )
                for k in range(3)
            ]
        )
        for kind in (BaggingClassifier, SklearnBagging)
    )
    assert abs(ours - theirs) < 0.01


# Out of bag


def test_out_of_bag_by_hand():
    X, y = DIABETES
    bag = BaggingRegressor(n_estimators=12, random_state=0).fit(X, y)
    total, hits = np.zeros(len(y)), np.zeros(len(y))
    for model, rows in zip(bag.estimators_, left_out(bag, len(y)), strict=True):
        total[rows] += model.predict(X[rows])
        hits[rows] += 1
    expected = np.where(hits > 0, total / np.maximum(hits, 1), np.nan)
    np.testing.assert_allclose(bag.oof_["bag"], expected)
    np.testing.assert_array_equal(bag.oof_.covered, hits > 0)


@pytest.mark.parametrize("member", [None, SVC()])
def test_out_of_bag_at_once_or_later(member):
    X, y = IRIS
    later = BaggingClassifier(member, n_estimators=30, random_state=0).fit(X, y)
    at_once = clone(later).set_params(oob_score=True).fit(X, y)
    np.testing.assert_allclose(at_once.oof_["bag"], later.oof_["bag"])
    np.testing.assert_allclose(at_once.oob_decision_function_, later.oof_["bag"])
    right = accuracy_score(y, later.oof_["bag"].argmax(axis=1))
    assert at_once.oob_score_ == pytest.approx(right)
    assert not hasattr(later, "oob_score_")


@pytest.mark.parametrize(
    "scoring",
    ["roc_auc", make_scorer(roc_auc_score, response_method="predict_proba")],
)
def test_out_of_bag_by_any_scorer(scoring):
    X, y = make_classification(200, random_state=0)
    bag = BaggingClassifier(n_estimators=30, oob_score=scoring, random_state=0)
    bag.fit(X, y)
    expected = roc_auc_score(y, bag.oof_["bag"][:, 1])
    assert bag.oob_score_ == pytest.approx(expected)


def test_out_of_bag_by_a_function_of_labels():
    X, y = IRIS
    labels = np.array(["a", "b", "c"])[y]

    def share_of_a(true, predictions):
        return np.mean(predictions == "a")

    bag = BaggingClassifier(n_estimators=30, oob_score=share_of_a, random_state=0)
    assert bag.fit(X, labels).oob_score_ == pytest.approx(1 / 3, abs=0.02)


def test_out_of_bag_rows_never_left_out_are_nan():
    X, y = DIABETES
    bag = BaggingRegressor(n_estimators=1, oob_score=True, random_state=0)
    with pytest.warns(UserWarning, match="do not have OOB scores"):
        bag.fit(X, y)
    seen = np.unique(bag.estimators_samples_[0])
    assert np.isnan(bag.oob_prediction_[seen]).all()
    assert np.isnan(bag.oob_prediction_).sum() == len(seen)
    known = ~np.isnan(bag.oob_prediction_)
    expected = r2_score(y[known], bag.oob_prediction_[known])
    assert bag.oob_score_ == pytest.approx(expected)


def test_importance_finds_the_feature_that_counts():
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(300, 4)), columns=list("abcd"))
    y = 3 * X["c"] + 0.1 * rng.normal(size=300)
    for table in (X, X.to_numpy(), sp.csr_array(X.to_numpy())):
        bag = BaggingRegressor(n_estimators=15, random_state=0).fit(table, y)
        found = bag.permutation_importance(n_repeats=2)["importance"]
        assert found.index[0] in ("c", "x2")
        assert found.idxmax() == found.index[0]
        assert found.max() > 1
        assert found.drop(found.idxmax()).abs().max() < 0.2


def test_importance_by_hand():
    X, y = DIABETES
    bag = BaggingRegressor(n_estimators=8, random_state=0).fit(X[:, :3], y)
    found = bag.permutation_importance(
        scoring=lambda true, predictions: -np.std(true - predictions)
    )
    again = bag.permutation_importance(
        scoring=lambda true, predictions: -np.std(true - predictions)
    )
    pd.testing.assert_frame_equal(found, again)
    constant = np.column_stack([X[:, :2], np.ones(len(y))])
    bag = BaggingRegressor(n_estimators=8, random_state=0).fit(constant, y)
    importance = bag.permutation_importance()["importance"]
    assert importance["x2"] == 0  # shuffling a constant changes nothing


def test_named_out_of_bag_scores_use_sample_weight():
    X, y = make_classification(200, random_state=0)
    weight = np.random.default_rng(0).uniform(0.4, 1.2, len(y))
    bag = BaggingClassifier(n_estimators=40, oob_score="roc_auc", random_state=0)
    bag.fit(X, y, sample_weight=weight)
    block = bag.oof_["bag"]
    expected = roc_auc_score(y, block[:, 1], sample_weight=weight)
    assert bag.oob_score_ == pytest.approx(expected, rel=1e-14)
    assert bag.oob_score_ != roc_auc_score(y, block[:, 1])
    for same in ("auc", make_scorer(roc_auc_score, response_method="predict_proba")):
        again = clone(bag).set_params(oob_score=same).fit(X, y, sample_weight=weight)
        assert again.oob_score_ == bag.oob_score_
    names = clone(bag).set_params(oob_score="accuracy")
    true = clone(bag).set_params(oob_score=True)
    named, plain = (one.fit(X, y, sample_weight=weight) for one in (names, true))
    assert named.oob_score_ == plain.oob_score_


def test_out_of_bag_scores_by_losses_and_short_names():
    X, y = DIABETES
    weight = np.random.default_rng(0).uniform(0.4, 1.2, len(y))
    bag = BaggingRegressor(n_estimators=40, oob_score=AbsoluteError(), random_state=0)
    bag.fit(X, y, sample_weight=weight)
    error = np.abs(y - bag.oof_["bag"])
    assert bag.oob_score_ == pytest.approx(-np.average(error, weights=weight))
    short = clone(bag).set_params(oob_score="rmse").fit(X, y)
    expected = -np.sqrt(np.mean((y - short.oof_["bag"]) ** 2))
    assert short.oob_score_ == pytest.approx(expected)


def test_out_of_bag_scores_without_weights_are_refused_with_weights():
    X, y = DIABETES
    scorer = make_scorer(max_error, greater_is_better=False)
    bag = BaggingRegressor(n_estimators=30, oob_score=scorer, random_state=0)
    bag.fit(X, y)
    for score in (scorer, "neg_max_error"):
        bag.set_params(oob_score=score)
        with pytest.raises(ValueError, match="does not support sample weights"):
            bag.fit(X, y, sample_weight=np.ones(len(y)))
    assert hasattr(bag, "oob_score_")  # the failed fit changed nothing
    # Functions are called without weights, as by the forests of scikit-learn.
    bag.set_params(oob_score=max_error).fit(X, y, sample_weight=np.full(len(y), 0.9))
    assert bag.oob_score_ == max_error(y, bag.oof_["bag"])


def test_importance_shuffles_as_documented():
    X, y = DIABETES
    bag = BaggingRegressor(n_estimators=15, random_state=0).fit(X, y)
    table = bag.permutation_importance(n_repeats=2)
    assert list(table.columns) == ["importance", "std"]
    assert table.index.name == "feature"
    falls = []
    for repeat in range(2):
        seed = named_seed(0, "importance", 2, repeat)
        shuffled = X.copy()
        shuffled[:, 2] = X[np.random.default_rng(seed).permutation(len(y)), 2]
        total, hits = np.zeros(len(y)), np.zeros(len(y))
        for model, rows in zip(bag.estimators_, left_out(bag, len(y)), strict=True):
            total[rows] += model.predict(shuffled[rows])
            hits[rows] += 1
        known = hits > 0
        after = r2_score(y[known], total[known] / hits[known])
        falls.append(r2_score(y[known], bag.oof_["bag"][known]) - after)
    assert table.loc["x2", "importance"] == pytest.approx(np.mean(falls))
    assert table.loc["x2", "std"] == pytest.approx(np.std(falls))


def test_options_of_importance():
    X, y = DIABETES
    bag = BaggingRegressor(n_estimators=15, random_state=0).fit(X, y)
    one, two = (bag.permutation_importance(random_state=k) for k in (1, 2))
    pd.testing.assert_frame_equal(one, bag.permutation_importance(random_state=1))
    assert not one.equals(two)
    part = bag.permutation_importance(max_samples=0.5)
    assert part.index[0] == one.index[0]
    new = bag.permutation_importance(X, y, scoring="rmse", random_state=0, n_repeats=2)
    by_hand = inspection.permutation_importance(
        bag, X, y, scoring="neg_root_mean_squared_error", random_state=0, n_repeats=2
    )
    np.testing.assert_allclose(
        new.loc[[f"x{j}" for j in range(10)], "importance"], by_hand.importances_mean
    )
    weight = np.random.default_rng(0).uniform(0, 2, len(y))
    assert not bag.permutation_importance(sample_weight=weight).equals(
        bag.permutation_importance()
    )
    for options, words in [
        ({"n_repeats": 0}, "n_repeats=0 must be"),
        ({"max_samples": 1.5}, "max_samples=1.5 must be"),
        ({"X": X}, "needs X and y"),
        ({"scoring": "acuracy"}, "scoring='acuracy'"),
    ]:
        with pytest.raises(ValueError, match=words):
            bag.permutation_importance(**options)


# The infinitesimal jackknife


def test_jackknife_by_the_formula():
    X, y = DIABETES
    bag = BaggingRegressor(n_estimators=40, random_state=0).fit(X, y)
    predictions = np.array([model.predict(X[:5]) for model in bag.estimators_])
    counts = np.array(
        [np.bincount(s, minlength=len(y)) for s in bag.estimators_samples_]
    )
    B, n = counts.shape
    expected = []
    for k in range(5):
        t = predictions[:, k] - predictions[:, k].mean()
        cov = [np.mean((counts[:, i] - counts[:, i].mean()) * t) for i in range(n)]
        expected.append(max(np.sum(np.square(cov)) - n / B**2 * np.sum(t**2), 0) ** 0.5)
    np.testing.assert_allclose(bag.standard_error(X[:5]), expected)


def test_jackknife_of_a_mean_is_the_standard_error_of_a_mean():
    rng = np.random.default_rng(0)
    y = rng.normal(size=80)
    X = np.zeros((80, 1))
    bag = BaggingRegressor(
        DecisionTreeRegressor(), n_estimators=1000, random_state=0
    ).fit(X, y)
    known = y.std() / np.sqrt(len(y))
    assert bag.standard_error(X[:1])[0] == pytest.approx(known, rel=0.15)


# How samples are drawn


def test_groups_are_never_split():
    X, y = DIABETES
    groups = np.arange(len(y)) % 30
    bag = BaggingRegressor(Ridge(), sampling="groups", random_state=0)
    bag.fit(X, y, groups=groups)
    assert len(bag.estimators_samples_) == 10
    for rows in bag.estimators_samples_:
        counts = np.bincount(rows, minlength=len(y))
        for g in range(30):
            assert len(np.unique(counts[groups == g])) == 1
        assert 0 < np.sum(counts == 0) < len(y)


@pytest.mark.parametrize(("kind", "each"), [("balanced", 20), ("oversampled", 80)])
def test_balanced_samples(kind, each):
    X, y = IRIS
    rows = np.r_[0:20, 50:100, 100:150, 100:130]
    bag = BaggingClassifier(sampling=kind, random_state=0).fit(X[rows], y[rows])
    assert len(bag.estimators_samples_) == 10
    for sample in bag.estimators_samples_:
        np.testing.assert_array_equal(np.bincount(y[rows][sample]), [each] * 3)


def test_balanced_without_replacement_takes_each_row_once():
    X, y = IRIS
    rows = np.r_[0:20, 50:150]
    bag = BaggingClassifier(sampling="balanced", bootstrap=False, random_state=0)
    bag.fit(X[rows], y[rows])
    assert len(bag.estimators_samples_) == 10
    for sample in bag.estimators_samples_:
        assert len(np.unique(sample)) == 60


def test_stratified_samples_keep_the_shares():
    X, y = IRIS
    rows = np.r_[0:10, 50:100, 100:140]
    bag = BaggingClassifier(sampling="stratified", random_state=0).fit(X[rows], y[rows])
    assert len(bag.estimators_samples_) == 10
    for sample in bag.estimators_samples_:
        np.testing.assert_array_equal(np.bincount(y[rows][sample]), [10, 50, 40])


def test_stratified_numbers_keep_the_quantiles():
    X, y = DIABETES
    bag = BaggingRegressor(Ridge(), sampling="stratified", random_state=0).fit(X, y)
    plain = BaggingRegressor(Ridge(), random_state=0).fit(X, y)
    spread = [
        np.std([np.mean(y[rows]) for rows in b.estimators_samples_])
        for b in (bag, plain)
    ]
    assert spread[0] < spread[1] / 2


def test_blocks_are_contiguous_and_in_order():
    X, y = DIABETES
    bag = BaggingRegressor(Ridge(), sampling="blocks", block_length=13, random_state=0)
    bag.fit(X, y)
    assert len(bag.estimators_samples_) == 10
    for rows in bag.estimators_samples_:
        assert len(rows) == len(y)
        for start in range(0, len(rows), 13):
            assert (np.diff(rows[start : start + 13]) == 1).all()


def test_bayesian_weights_are_exponential():
    X, y = DIABETES

    class Recorder(Ridge):
        def fit(self, X, y, sample_weight=None):
            self.weight_ = sample_weight
            return super().fit(X, y, sample_weight=sample_weight)

    bag = BaggingRegressor(Recorder(), sampling="bayesian", random_state=0).fit(X, y)
    weights = np.array([model.weight_ for model in bag.estimators_])
    np.testing.assert_allclose(weights.sum(axis=1), len(y))
    assert weights.std() == pytest.approx(1, abs=0.1)
    pipe = make_pipeline(StandardScaler(), Ridge())
    BaggingRegressor(pipe, sampling="bayesian", max_features=0.5, random_state=0).fit(
        X, y
    ).predict(X)


def test_a_weight_of_two_is_the_row_twice():
    X, y = IRIS
    weight = np.random.default_rng(0).integers(0, 4, len(y))
    order = np.random.default_rng(1).permutation(len(y))
    bag = BaggingClassifier(KNeighborsClassifier(), max_samples=200, random_state=0)
    weighted = clone(bag).fit(X[order], y[order], sample_weight=weight[order])
    repeated = clone(bag).fit(X.repeat(weight, axis=0), y.repeat(weight))
    pairs = zip(weighted.estimators_samples_, repeated.estimators_samples_, strict=True)
    for ours, theirs in pairs:
        np.testing.assert_array_equal(X[order][ours], X.repeat(weight, axis=0)[theirs])
        assert (weight[order][ours] > 0).all()
    np.testing.assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X))


def test_rows_are_drawn_in_proportion_to_their_weights():
    X, y = np.arange(4.0).reshape(-1, 1), np.arange(4.0)
    bag = BaggingRegressor(LinearRegression(), 50, max_samples=400, random_state=0)
    bag.fit(X, y, sample_weight=[0, 1, 2, 5])
    shares = np.bincount(np.concatenate(bag.estimators_samples_), minlength=4) / 20_000
    np.testing.assert_allclose(shares, [0, 1 / 8, 2 / 8, 5 / 8], atol=0.02)


def test_without_replacement_all_rows_once():
    X, y = DIABETES
    bag = BaggingRegressor(Ridge(), bootstrap=False, random_state=0).fit(X, y)
    for rows in bag.estimators_samples_:
        np.testing.assert_array_equal(np.sort(rows), np.arange(len(y)))


def test_dense_sparse_and_frame_draw_the_same_rows():
    X, y = IRIS
    bag = BaggingClassifier(n_estimators=5, random_state=0)
    kinds = [
        X,
        sp.csr_array(X),
        sp.csc_matrix(X),
        pd.DataFrame(X, columns=list("abcd")),
    ]
    found = [clone(bag).fit(table, y).predict_proba(table) for table in kinds]
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0])


# Frames, missing values


def test_a_pipeline_by_column_names():
    X = pd.DataFrame({"city": ["a", "b"] * 40, "size": np.arange(80.0)})
    y = (X["city"] == "a") * 10 + X["size"]
    member = make_pipeline(
        make_column_transformer(
            (OneHotEncoder(handle_unknown="ignore"), ["city"]),
            remainder="passthrough",
        ),
        Ridge(alpha=0.01),
    )
    bag = BaggingRegressor(member, random_state=0).fit(X, y)
    assert bag.score(X, y) > 0.99
    assert list(bag.feature_names_in_) == ["city", "size"]
    assert bag.oof_.index is X.index


def test_missing_values_pass_through():
    X, y = IRIS
    X = X.copy()
    X[::7, 2] = np.nan
    bag = BaggingClassifier(n_estimators=20, random_state=0).fit(X, y)
    assert bag.score(X, y) > 0.9
    with pytest.raises(ValueError, match="NaN"):
        BaggingClassifier(LogisticRegression()).fit(X, y)


# The engine under it


def test_the_same_for_any_number_of_jobs():
    X, y = IRIS
    one = BaggingClassifier(max_features=2, oob_score=True, n_estimators=20)
    one.set_params(random_state=3, n_jobs=1).fit(X, y)
    two = clone(one).set_params(n_jobs=2).fit(X, y)
    np.testing.assert_array_equal(one.predict_proba(X), two.predict_proba(X))
    np.testing.assert_array_equal(one.oof_["bag"], two.oof_["bag"])


def test_more_members_leave_the_others_as_they_are():
    X, y = IRIS
    few = BaggingClassifier(n_estimators=3, random_state=0, warm_start=True).fit(X, y)
    first = few.estimators_[0]
    few.set_params(n_estimators=6).fit(X, y)
    many = BaggingClassifier(n_estimators=6, random_state=0).fit(X, y)
    assert few.estimators_[0] is first
    np.testing.assert_array_equal(few.predict_proba(X), many.predict_proba(X))
    np.testing.assert_array_equal(few.oof_["bag"], many.oof_["bag"])


def test_pickle_leaves_the_rows_out():
    X, y = IRIS
    bag = BaggingClassifier(random_state=0).fit(X, y)
    again = pickle.loads(pickle.dumps(bag))
    np.testing.assert_array_equal(again.predict_proba(X), bag.predict_proba(X))
    with pytest.raises(AttributeError, match="not pickled"):
        again.oof_  # noqa: B018


def test_no_member_is_fitted_twice(tmp_path, monkeypatch):
    X, y = IRIS
    fits = []

    def counted(fold_fit, *rest):
        fits.append(fold_fit.member.name)
        return run_planned_fit(fold_fit, *rest)

    monkeypatch.setattr(_workers, "run_planned_fit", counted)
    bag = BaggingClassifier(n_estimators=4, memory=str(tmp_path), random_state=0)
    first = bag.fit(X, y).predict_proba(X)
    assert len(fits) == 4
    np.testing.assert_array_equal(clone(bag).fit(X, y).predict_proba(X), first)
    assert len(fits) == 4
    clone(bag).set_params(n_estimators=6).fit(X, y)
    assert fits[4:] == ["member 4", "member 5"]


class Moody(ClassifierMixin, BaseEstimator):
    def __init__(self, random_state=None):
        self.random_state = random_state

    def fit(self, X, y):
        if self.random_state % 2:
            raise RuntimeError("not today")
        self.model_ = DecisionTreeClassifier(random_state=0).fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def predict(self, X):
        return self.model_.predict(X)


def test_members_that_fail_are_left_out():
    X, y = IRIS
    bag = BaggingClassifier(Moody(), on_error="drop", random_state=0)
    with pytest.warns(MemberFailedWarning):
        bag.fit(X, y)
    assert len(bag.failed_) + len(bag.estimators_) == 10
    assert len(bag.failed_) > 0
    assert len(bag.estimators_samples_) == len(bag.estimators_)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert bag.score(X, y) > 0.9
    with pytest.raises(RuntimeError, match="not today"):
        BaggingClassifier(Moody(), random_state=0).fit(X, y)


def test_a_failed_fit_leaves_the_bag_as_it_was():
    X, y = IRIS
    bag = BaggingClassifier(random_state=0).fit(X, y)
    before = bag.predict_proba(X)
    bag.set_params(max_features=9)
    with pytest.raises(ValueError, match="max_features=9"):
        bag.fit(X, y)
    np.testing.assert_array_equal(bag.predict_proba(X), before)


class Slow(Ridge):
    wait = staticmethod(time.sleep)

    def fit(self, X, y, sample_weight=None):
        self.wait(0.1)
        return super().fit(X, y, sample_weight=sample_weight)


def test_time_limit_keeps_what_is_done(clock, monkeypatch):
    monkeypatch.setattr(Slow, "wait", clock.sleep)
    X, y = DIABETES
    bag = BaggingRegressor(Slow(), n_estimators=50, time_limit=1.0, random_state=0)
    # One warning reports all members that were too late.
    with pytest.warns(
        MemberFailedWarning, match="of 50 members were not fitted"
    ) as caught:
        bag.fit(X, y)
    assert len(caught) == 1
    assert 0 < len(bag.estimators_) < 50
    assert len(bag.failed_) == 50 - len(bag.estimators_)
    assert bag.predict(X).shape == y.shape


def test_failed_and_late_members_have_separate_warnings():
    failures = [
        Failure("one", 0, TimeLimitError("late"), ""),
        Failure("two", 1, ValueError("bad"), ""),
        Failure("three", 2, TimeLimitError("late"), ""),
    ]
    none = np.empty(0, dtype=np.intp)
    done = FoldFit("four", 3, None, none, "predict", None, None, None, 0.0, 0.0)
    with pytest.warns(MemberFailedWarning) as caught:
        kept, failed = keep_fitted([done], failures)
    assert [str(one.message)[:12] for one in caught] == ["Member 'two'", "2 of 4 membe"]
    assert (kept, set(failed)) == ([done], {"one", "two", "three"})
    with pytest.raises(MemberFailedError):
        keep_fitted([], failures)


def test_text_without_an_encoder_is_explained():
    frame = pd.DataFrame({"kind": ["a", "b"] * 10, "n": np.arange(20)})
    with pytest.raises(ValueError, match="could not convert") as caught:
        BaggingClassifier(random_state=0).fit(frame, [0, 1] * 10)
    assert "need an encoder" in caught.value.__notes__[-1]


def test_a_score_that_does_not_suit_the_classes_is_refused_before_the_fit():
    X, y = IRIS
    names = np.array(["no", "yes"])[(y > 0).astype(int)]

    class Unfitted(DecisionTreeClassifier):
        def fit(self, X, y, **params):
            raise AssertionError("nothing should be fitted")

    for score, target, words in [
        ("f1", names, "Name the positive class.*pos_label='yes'"),
        ("roc_auc", y, "use 'roc_auc_ovr'"),
    ]:
        with pytest.raises(ValueError, match=words):
            BaggingClassifier(Unfitted(), oob_score=score).fit(X, target)
    bag = BaggingClassifier(random_state=0).fit(X, names)
    with pytest.raises(ValueError, match="scoring='f1' cannot score"):
        bag.permutation_importance(scoring="f1")


def test_metadata_reaches_members():
    X, y = IRIS

    class Wanting(ClassifierMixin, BaseEstimator):
        def fit(self, X, y, colour=None):
            self.colour_, self.classes_ = colour, np.unique(y)
            return self

        def predict(self, X):
            return np.zeros(len(X), dtype=int)

    with sklearn.config_context(enable_metadata_routing=True):
        member = Wanting().set_fit_request(colour=True)
        bag = BaggingClassifier(member, 2, random_state=0).fit(X, y, colour="red")
    assert [model.colour_ for model in bag.estimators_] == ["red", "red"]
    with pytest.raises(ValueError, match="enable_metadata_routing"):
        BaggingClassifier().fit(X, y, colour="red")


# What is refused


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_estimators": 0}, "n_estimators=0 must be"),
        ({"max_samples": 1.5}, "max_samples=1.5 must be"),
        ({"max_features": 0.0}, "max_features=0.0 must be"),
        ({"bootstrap": "yes"}, "bootstrap='yes' must be"),
        ({"sampling": "row"}, "sampling='row' is not known; use one of"),
        ({"aggregation": "mode"}, "aggregation='mode' is not known; use one of"),
        ({"engine": "fast"}, "engine='fast' is not known; use one of"),
        ({"on_error": "skip"}, "on_error='skip' is not known"),
        ({"n_jobs": 0}, "n_jobs=0 is not a number"),
        ({"time_limit": -1}, "time_limit=-1 must be"),
        ({"random_state": "a"}, "random_state='a' cannot be used as a seed"),
        ({"estimator": "tree"}, "estimator='tree' has no fit"),
        ({"estimator": SVC(kernel="precomputed")}, "matrix of all pairs"),
        ({"sampling": "blocks", "block_length": 999}, "block_length=999 is more than"),
        ({"block_length": 3}, "is for sampling='blocks'"),
        ({"sampling": "blocks", "bootstrap": False}, "use bootstrap=True"),
        ({"sampling": "groups"}, "needs groups, got None"),
        ({"sampling": "bayesian", "max_samples": 5}, "weighs all of them"),
        ({"sampling": "bayesian", "oob_score": True}, "leaves no row out"),
        (
            {"sampling": "bayesian", "estimator": KNeighborsClassifier()},
            "takes no sample_weight; use sampling='rows'",
        ),
        ({"oob_score": True, "bootstrap": False}, "Out of bag"),
        ({"oob_score": "acuracy"}, "oob_score='acuracy' is not known.*accuracy"),
        ({"engine": "binned", "estimator": SVC()}, "not a decision tree"),
        ({"engine": "binned"}, "y has 3 classes"),
        ({"bootstrap": False, "max_samples": 151}, "sample without replacement"),
    ],
)
def test_refused_at_once_with_a_way_out(params, message):
    with pytest.raises(ValueError, match=message):
        BaggingClassifier(**params).fit(*IRIS)


def test_weights_that_cannot_be_used_are_refused():
    X, y = IRIS
    with pytest.raises(ValueError, match="does not support sample_weight"):
        BaggingClassifier(sampling="blocks").fit(X, y, sample_weight=np.ones(150))
    with pytest.raises(ValueError, match="sample_weight is -1"):
        BaggingClassifier().fit(X, y, sample_weight=-np.ones(150))
    with pytest.raises(ValueError, match="quantiles=2"):
        BaggingRegressor(Ridge()).fit(*DIABETES).predict_quantiles(X, 2)


def test_groups_that_would_be_split_are_refused():
    X, y = np.arange(20.0)[:, None], np.arange(20.0)
    with pytest.raises(ValueError, match="use sampling='groups'"):
        BaggingRegressor().fit(X, y, groups=np.repeat(np.arange(5), 4))
