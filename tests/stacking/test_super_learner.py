"""The Super Learner, by hand."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    r2_score,
    roc_auc_score,
)
from sklearn.model_selection import (
    KFold,
    TimeSeriesSplit,
    cross_val_predict,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from stacking_data import (
    CLASSIFIERS,
    CLOSE,
    FOLDS,
    NEW,
    NEW3,
    REGRESSORS,
    STRATA,
    X2,
    X3,
    XR,
    Y2,
    Y3,
    YR,
    Column,
    N,
)

from skensemble import (
    SuperLearnerClassifier,
    SuperLearnerRegressor,
)
from skensemble.stacking import NNLS, Convex, Discrete, MaximizeAUC

SOLVERS = {
    "convex": Convex(),
    "nnls": NNLS(),
    "discrete": Discrete(),
    "auc": MaximizeAUC(),
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize("cv", [STRATA, TimeSeriesSplit(3)])
def test_weights_are_those_of_the_solver(solver, cv, weighted):
    weight = np.linspace(0.5, 2, N) if weighted else None
    learner = SuperLearnerClassifier(CLASSIFIERS, solver, cv=cv)
    learner.fit(X3, Y3, sample_weight=weight)
    rows = learner.oof_.covered
    codes = np.unique(Y3, return_inverse=True)[1]
    expected = SOLVERS[solver].weigh(
        [learner.oof_[name][rows] for name, _ in CLASSIFIERS],
        codes[rows],
        kind="classes",
        sample_weight=None if weight is None else weight[rows],
    )
    assert_array_equal(learner.weights_, expected)
    assert learner.weights_.sum() == pytest.approx(1)
    predicted = [
        clone(m).fit(X3, Y3, weight).predict_proba(NEW3) for _, m in CLASSIFIERS
    ]
    mean = sum(w * block for w, block in zip(expected, predicted, strict=True))
    assert_allclose(learner.predict_proba(NEW3), mean, **CLOSE)


def test_best_member_takes_it_all():
    learner = SuperLearnerRegressor(REGRESSORS, "discrete", cv=FOLDS).fit(XR, YR)
    scores = [r2_score(YR, learner.oof_[name]) for name, _ in REGRESSORS]
    best = REGRESSORS[int(np.argmax(scores))]
    assert learner.weights_[best[0]] == 1
    alone = clone(best[1]).fit(XR, YR)
    assert_allclose(learner.predict(NEW), alone.predict(NEW), **CLOSE)


def test_no_weights_are_better_on_a_grid():
    learner = SuperLearnerRegressor(REGRESSORS, cv=FOLDS).fit(XR, YR)
    predicted = np.column_stack([learner.oof_[name] for name, _ in REGRESSORS])
    least = np.mean((YR - predicted @ learner.weights_.to_numpy()) ** 2)
    for a in np.linspace(0, 1, 21):
        for b in np.linspace(0, 1 - a, 21):
            other = np.mean((YR - predicted @ [a, b, 1 - a - b]) ** 2)
            assert least <= other + 1e-9


def losses_of(block, y, classes=None):
    """Loss of each row."""
    if classes is None:
        return (block - y) ** 2
    at = [list(classes).index(label) for label in y]
    p = block[np.arange(len(y)), at]
    return -np.log(np.maximum(p, np.finfo(float).eps))


def mean_and_error(losses, weight):
    weight = np.ones(len(losses)) if weight is None else weight
    mean = np.average(losses, weights=weight)
    variance = (weight * (losses - mean) ** 2).sum() / (weight.sum() - 1)
    return mean, np.sqrt(variance / weight.sum())


LEARNERS = {
    "classes": (SuperLearnerClassifier(CLASSIFIERS, cv=STRATA), X3, Y3),
    "two classes": (SuperLearnerClassifier(CLASSIFIERS, cv=STRATA), X2, Y2),
    "numbers": (SuperLearnerRegressor(REGRESSORS[:2], cv=FOLDS), XR, YR),
    "time": (SuperLearnerRegressor(REGRESSORS[:2], cv=TimeSeriesSplit(4)), XR, YR),
}


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("which", LEARNERS)
def test_cross_validated_risk(which, weighted):
    learner, X, y = LEARNERS[which]
    weight = np.linspace(0.5, 2, N) if weighted else None
    learner = clone(learner).fit(X, y, sample_weight=weight)
    classes = getattr(learner, "classes_", None)
    blocks = {name: learner.oof_[name] for name in learner.oof_}
    blocks["super learner"] = learner.ensemble_oof_
    assert list(learner.cv_risk_.index) == list(blocks)
    for name, block in blocks.items():
        rows = ~np.isnan(block.reshape(N, -1)).any(axis=1)
        losses = losses_of(block[rows], y[rows], classes)
        expected = mean_and_error(losses, None if weight is None else weight[rows])
        found = learner.cv_risk_.loc[name, ["risk", "se"]]
        assert_allclose(found.astype(float), expected, rtol=1e-9)
    assert_array_equal(learner.cv_risk_["weight"][:-1], learner.weights_)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("which", LEARNERS)
def test_outer_splits_by_hand(which, weighted):
    learner, X, y = LEARNERS[which]
    weight = np.linspace(0.5, 2, N) if weighted else None
    outer = KFold(3, shuffle=True, random_state=7)
    learner = clone(learner).set_params(outer_cv=outer)
    learner.fit(X, y, sample_weight=weight)
    losses, weights = {}, []
    for train, test in outer.split(X):
        probe = clone(learner).set_params(outer_cv=None)
        probe.fit(
            X[train], y[train], sample_weight=None if weight is None else weight[train]
        )
        classes = getattr(probe, "classes_", None)
        method = "predict" if classes is None else "predict_proba"
        predicted = {"super learner": getattr(probe, method)(X[test])}
        best = probe.cv_risk_["risk"][:-1].idxmin()
        members = dict(probe.named_estimators_)
        predicted["discrete winner"] = getattr(members[best], method)(X[test])
        predicted |= {name: getattr(m, method)(X[test]) for name, m in members.items()}
        for name, block in predicted.items():
            losses.setdefault(name, []).append(losses_of(block, y[test], classes))
        weights.append(None if weight is None else weight[test])
    weights = None if weight is None else np.concatenate(weights)
    losses = {name: np.concatenate(parts) for name, parts in losses.items()}
    table = learner.outer_risk_
    assert list(table.index) == list(losses)
    for name, values in losses.items():
        risk, se = mean_and_error(values, weights)
        apart = mean_and_error(values - losses["super learner"], weights)
        expected = [risk, se, risk - 1.96 * se, risk + 1.96 * se, *apart]
        assert_allclose(table.loc[name], expected, rtol=1e-4, atol=1e-12)
        assert table.loc[name, "risk"] == pytest.approx(risk, rel=1e-9)
        assert table.loc[name, "se"] == pytest.approx(se, rel=1e-9)


def test_screeners_are_fitted_inside_the_splits():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(80, 600)), np.array([0, 1] * 40)
    logistic = LogisticRegression(solver="newton-cholesky")
    learner = SuperLearnerClassifier(
        [("few", logistic), ("bayes", GaussianNB())],
        screeners={"few": SelectKBest(k=5)},
        cv=STRATA,
    ).fit(X, y)
    leaking = cross_val_predict(
        logistic, SelectKBest(k=5).fit_transform(X, y), y, cv=STRATA,
        method="predict_proba",
    )  # fmt: skip
    assert roc_auc_score(y, leaking[:, 1]) > 0.75  # had all rows chosen
    assert roc_auc_score(y, learner.oof_["few"][:, 1]) < 0.6
    honest = cross_val_predict(
        make_pipeline(SelectKBest(k=5), logistic), X, y, cv=STRATA,
        method="predict_proba",
    )  # fmt: skip
    assert_allclose(learner.oof_["few"], honest, **CLOSE)
    plain = cross_val_predict(GaussianNB(), X, y, cv=STRATA, method="predict_proba")
    assert_allclose(learner.oof_["bayes"], plain, **CLOSE)


class Chance(ClassifierMixin, BaseEstimator):
    """Takes a feature for the probability of the second class."""

    def __init__(self, k=0):
        self.k = k

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return np.column_stack([1 - X[:, self.k], X[:, self.k]])


BEST = np.array([0.3, 0.7, 0.0])


def distance_from_the_best(learner, n, seed):
    rng = np.random.default_rng(seed)
    if isinstance(learner, ClassifierMixin):
        X = rng.beta(0.5, 0.5, size=(n, 3))
        y = (rng.random(n) < X @ BEST).astype(int)
    else:
        X = rng.normal(size=(n, 3))
        y = X @ BEST + rng.normal(size=n)
    return np.abs(clone(learner).fit(X, y).weights_.to_numpy() - BEST).sum()


@pytest.mark.parametrize(
    ("kind", "solver"),
    [
        ("classes", "convex"),
        ("classes", Convex("squared_error")),
        ("numbers", "convex"),
        ("numbers", "nnls"),
    ],
)
def test_weights_converge_to_the_best_ones(kind, solver):
    learner = (
        SuperLearnerClassifier([(f"m{k}", Chance(k)) for k in range(3)], solver, cv=2)
        if kind == "classes"
        else SuperLearnerRegressor(
            [(f"m{k}", Column(k)) for k in range(3)], solver, cv=2
        )
    )
    few, many = (
        np.mean([distance_from_the_best(learner, n, seed) for seed in range(5)])
        for n in (60, 4000)
    )
    assert many < 0.08
    assert many < few / 3
