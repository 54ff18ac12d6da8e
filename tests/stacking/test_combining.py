"""The numbers of every kind of ensemble, by hand or by scikit-learn."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from pandas.testing import assert_frame_equal, assert_series_equal
from scipy.optimize import minimize_scalar
from scipy.special import expit, softmax
from sklearn import ensemble
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.datasets import make_classification, make_regression
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import (
    accuracy_score,
    log_loss,
    mean_absolute_error,
    r2_score,
    roc_auc_score,
    root_mean_squared_error,
)
from sklearn.model_selection import (
    KFold,
    RepeatedKFold,
    RepeatedStratifiedKFold,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_predict,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skensemble import (
    BlendingClassifier,
    BlendingRegressor,
    EnsembleSelectionClassifier,
    EnsembleSelectionRegressor,
    StackingClassifier,
    StackingRegressor,
    SuperLearnerClassifier,
    SuperLearnerRegressor,
    VotingClassifier,
    VotingRegressor,
)
from skensemble.exceptions import StackedOverfitWarning
from skensemble.stacking import NNLS, Convex, Discrete, MaximizeAUC

CLOSE = {"rtol": 1e-12, "atol": 1e-12}
N = 160


def classes_of(n_classes, seed=0):
    X, codes = make_classification(
        n_samples=N + 100, n_classes=n_classes, n_informative=4, n_features=6,
        flip_y=0.2, random_state=seed,
    )  # fmt: skip
    return X, np.array(["pear", "fig", "apple"])[codes]


def halves(X, y):
    return X[:N], y[:N], X[N:], y[N:]


X3, Y3, NEW3, NEW_Y3 = halves(*classes_of(3))
X2, Y2, NEW2, NEW_Y2 = halves(*classes_of(2))
XR, YR, NEW, NEW_Y = halves(
    *make_regression(n_samples=N + 100, n_features=6, noise=60, random_state=0)
)
CLASSIFIERS = [
    ("tree", DecisionTreeClassifier(max_depth=3, random_state=0)),
    ("bayes", GaussianNB()),
    ("logistic", LogisticRegression(solver="newton-cholesky")),
]
REGRESSORS = [
    ("tree", DecisionTreeRegressor(max_depth=3, random_state=0)),
    ("ridge", Ridge()),
    ("near", KNeighborsRegressor(5)),
]
DROPPED = [CLASSIFIERS[0], ("none", "drop"), *CLASSIFIERS[1:]]
STRATA = StratifiedKFold(4, shuffle=True, random_state=1)
FOLDS = KFold(4, shuffle=True, random_state=1)


# Voting


@pytest.mark.parametrize("members", [CLASSIFIERS, DROPPED])
@pytest.mark.parametrize("weights", [None, "given"])
@pytest.mark.parametrize("voting", ["hard", "soft"])
@pytest.mark.parametrize(("X", "y"), [(X3, Y3), (X2, Y2)])
def test_votes_of_scikit_learn(X, y, voting, weights, members):
    if weights is not None:
        weights = [0.5, 1.25, 2, 3][: len(members)]
    options = {"voting": voting, "weights": weights}
    ours = VotingClassifier(members, **options).fit(X, y)
    theirs = ensemble.VotingClassifier(members, **options).fit(X, y)
    assert_array_equal(ours.predict(NEW3), theirs.predict(NEW3))
    assert_allclose(ours.transform(NEW3), theirs.transform(NEW3), **CLOSE)
    names = list(ours.get_feature_names_out())
    assert names == list(theirs.get_feature_names_out())
    assert_array_equal(ours.classes_, theirs.classes_)
    if voting == "soft":
        assert_allclose(ours.predict_proba(NEW3), theirs.predict_proba(NEW3), **CLOSE)
        for one in (ours, theirs):
            one.set_params(flatten_transform=False)
        assert_allclose(ours.transform(NEW3), theirs.transform(NEW3), **CLOSE)


@pytest.mark.parametrize("weights", [None, [0.5, 1.25, 2]])
def test_mean_of_scikit_learn(weights):
    ours = VotingRegressor(REGRESSORS, weights=weights).fit(XR, YR)
    theirs = ensemble.VotingRegressor(REGRESSORS, weights=weights).fit(XR, YR)
    assert_allclose(ours.predict(NEW), theirs.predict(NEW), **CLOSE)
    assert_allclose(ours.transform(NEW), theirs.transform(NEW), **CLOSE)
    assert list(ours.get_feature_names_out()) == list(theirs.get_feature_names_out())


def test_sample_weights_as_in_scikit_learn():
    weight = np.linspace(0.1, 3, N)
    ours = VotingClassifier(CLASSIFIERS, voting="soft").fit(
        X3, Y3, sample_weight=weight
    )
    theirs = ensemble.VotingClassifier(CLASSIFIERS, voting="soft")
    theirs.fit(X3, Y3, sample_weight=weight)
    assert_allclose(ours.predict_proba(NEW3), theirs.predict_proba(NEW3), **CLOSE)


@pytest.mark.parametrize(("X", "y"), [(X3, Y3), (X2, Y2)])
@pytest.mark.parametrize("weights", [None, [0.5, 1.25, 2]])
def test_mean_of_logarithms(X, y, weights):
    vote = VotingClassifier(CLASSIFIERS, voting="logit", weights=weights).fit(X, y)
    shares = np.ones(3) if weights is None else np.array(weights)
    shares = shares / shares.sum()
    logs = 0
    for share, (_, member) in zip(shares, CLASSIFIERS, strict=True):
        proba = clone(member).fit(X, y).predict_proba(NEW3)
        logs = logs + share * np.log(np.maximum(proba, 1e-7))
    expected = np.exp(logs) / np.exp(logs).sum(axis=1, keepdims=True)
    assert_allclose(vote.predict_proba(NEW3), expected, **CLOSE)
    assert_array_equal(vote.predict(NEW3), np.unique(y)[expected.argmax(axis=1)])


LABELS = np.column_stack([X3[:, 0] > 0, X3[:, 1] + X3[:, 2] > 0.5, Y3 == "fig"]) * 1
OF_LABELS = [
    ("tree", DecisionTreeClassifier(max_depth=2, random_state=0)),
    ("near", KNeighborsClassifier(7)),
    ("deep", DecisionTreeClassifier(max_depth=5, random_state=0)),
]


def on(model, X):
    """P(label is on), a column a label."""
    return np.column_stack([proba[:, 1] for proba in model.predict_proba(X)])


@pytest.mark.parametrize("weights", [None, [0.5, 1.0, 1.25]])
@pytest.mark.parametrize("voting", ["hard", "soft", "logit"])
def test_labels_are_voted_on_one_by_one(voting, weights):
    vote = VotingClassifier(OF_LABELS, voting=voting, weights=weights).fit(X3, LABELS)
    models = [clone(member).fit(X3, LABELS) for _, member in OF_LABELS]
    shares = np.ones(3) if weights is None else np.array(weights)
    shares = shares / shares.sum()
    if voting == "hard":
        said = [model.predict(NEW3) for model in models]
    else:
        said = [on(model, NEW3) for model in models]
    expected = np.zeros((len(NEW3), 3))
    for row in range(len(NEW3)):
        for label in range(3):
            p = np.array([block[row, label] for block in said])
            if voting == "logit":
                p = np.clip(p, 1e-7, 1 - 1e-7)
                expected[row, label] = expit(shares @ (np.log(p) - np.log(1 - p)))
            else:
                expected[row, label] = shares @ p
    # The largest float below one half is one half, as weights sum to one by rounding.
    clear = np.abs(expected - 0.5) > 1e-9
    assert_array_equal(vote.predict(NEW3)[clear], (expected > 0.5)[clear] * 1)
    if voting != "hard":
        assert_allclose(vote.predict_proba(NEW3), expected, rtol=1e-9, atol=1e-6)


def test_outputs_are_averaged_one_by_one():
    y = np.column_stack([YR, -2 * YR + XR[:, 0]])
    vote = VotingRegressor(REGRESSORS, weights=[1, 2, 3]).fit(XR, y)
    expected = np.zeros((len(NEW), 2))
    for weight, (_, member) in zip([1, 2, 3], REGRESSORS, strict=True):
        expected += weight / 6 * clone(member).fit(XR, y).predict(NEW)
    assert_allclose(vote.predict(NEW), expected, **CLOSE)
    learned = VotingRegressor(REGRESSORS, weights="cv", cv=FOLDS).fit(XR, y)
    merits = {
        name: 1 / np.mean((cross_val_predict(member, XR, y, cv=FOLDS) - y) ** 2)
        for name, member in REGRESSORS
    }
    share = merits["ridge"] / sum(merits.values())
    assert learned.weights_["ridge"] == pytest.approx(share)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("voting", ["hard", "soft", "logit"])
@pytest.mark.parametrize(("X", "y"), [(X3, Y3), (X2, Y2)])
def test_weights_from_out_of_fold_predictions(X, y, voting, weighted):
    weight = np.linspace(0.5, 2, N) if weighted else None
    vote = VotingClassifier(CLASSIFIERS, voting=voting, weights="cv", cv=STRATA)
    vote.fit(X, y, sample_weight=weight)
    k = len(np.unique(y))
    merits = {}
    for name, member in CLASSIFIERS:
        method = "predict" if voting == "hard" else "predict_proba"
        params = {} if weight is None else {"sample_weight": weight}
        said = cross_val_predict(member, X, y, cv=STRATA, method=method, params=params)
        if voting == "hard":
            a = accuracy_score(y, said, sample_weight=weight)
            merits[name] = np.log((k - 1) * a / (1 - a))
        else:
            merits[name] = 1 / log_loss(y, said, sample_weight=weight)
    total = sum(merits.values())
    for name, merit in merits.items():
        assert vote.weights_[name] == pytest.approx(merit / total, rel=1e-9)


def test_votes_worse_than_chance_weigh_alike():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(90, 2))
    members = [
        ("tree", DecisionTreeClassifier(random_state=0)),
        ("bayes", GaussianNB()),
    ]
    y = np.array([0, 1] * 45)
    # Every fold has the other class in front, so that bayes is always wrong.
    vote = VotingClassifier(
        members, weights="cv", cv=[(np.arange(45), np.arange(45, 90))]
    )
    vote.fit(np.column_stack([noise, np.r_[y[:45], 1 - y[45:]]]), y)
    assert_allclose(vote.weights_, 0.5)  # none has anything to say for itself


# Blending


def test_random_holdout_keeps_the_shares_of_classes():
    blend = BlendingClassifier(CLASSIFIERS, validation_fraction=0.25, random_state=0)
    held = blend.fit(X3, Y3).oof_.covered
    assert held.sum() == 40
    for label in np.unique(Y3):
        assert abs((Y3[held] == label).sum() - list(Y3).count(label) / 4) <= 1
    again = clone(blend).fit(X3, Y3).oof_.covered
    other = clone(blend).set_params(random_state=1).fit(X3, Y3).oof_.covered
    assert_array_equal(held, again)
    assert (held != other).any()


@pytest.mark.parametrize("given", ["places", "mask", "unordered"])
def test_rows_held_out_may_be_given(given):
    mask = np.random.default_rng(0).random(N) < 0.3
    places = np.flatnonzero(mask)
    rows = {"places": places, "mask": mask, "unordered": places[::-1]}[given]
    blend = BlendingRegressor(REGRESSORS, validation=rows).fit(XR, YR)
    assert_array_equal(blend.oof_.covered, mask)


def test_last_rows_are_held_out():
    blend = BlendingRegressor(REGRESSORS, validation="last", validation_fraction=0.3)
    held = blend.fit(XR, YR).oof_.covered
    assert_array_equal(np.flatnonzero(held), np.arange(N - 48, N))


@pytest.mark.parametrize("seed", range(3))
def test_groups_stay_on_one_side(seed):
    groups = np.random.default_rng(seed).integers(20, size=N)
    blend = BlendingClassifier(CLASSIFIERS, random_state=seed)
    held = blend.fit(X3, Y3, groups=groups).oof_.covered
    assert 0 < held.sum() < N / 2
    assert not set(groups[held]) & set(groups[~held])


@pytest.mark.parametrize("validation", ["random", "last"])
@pytest.mark.parametrize("refit", [False, True])
def test_blend_by_hand(validation, refit):
    blend = BlendingClassifier(
        CLASSIFIERS, GaussianNB(), validation=validation, refit=refit, random_state=0
    ).fit(X2, Y2)
    held = blend.oof_.covered
    below = [clone(m).fit(X2[~held], Y2[~held]) for _, m in CLASSIFIERS]
    final = GaussianNB().fit(
        np.column_stack([m.predict_proba(X2[held])[:, 1] for m in below]), Y2[held]
    )
    if refit:
        below = [clone(m).fit(X2, Y2) for _, m in CLASSIFIERS]
    seen = np.column_stack([model.predict_proba(NEW2)[:, 1] for model in below])
    assert_allclose(blend.predict_proba(NEW2), final.predict_proba(seen), **CLOSE)
    assert_array_equal(blend.predict(NEW2), final.predict(seen))
    assert len(blend.fits_) == (6 if refit else 3)


# Super Learner

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
    said = [clone(m).fit(X3, Y3, weight).predict_proba(NEW3) for _, m in CLASSIFIERS]
    mean = sum(w * block for w, block in zip(expected, said, strict=True))
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
    said = np.column_stack([learner.oof_[name] for name, _ in REGRESSORS])
    least = np.mean((YR - said @ learner.weights_.to_numpy()) ** 2)
    for a in np.linspace(0, 1, 21):
        for b in np.linspace(0, 1 - a, 21):
            other = np.mean((YR - said @ [a, b, 1 - a - b]) ** 2)
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
        said = {"super learner": getattr(probe, method)(X[test])}
        best = probe.cv_risk_["risk"][:-1].idxmin()
        members = dict(probe.named_estimators_)
        said["discrete winner"] = getattr(members[best], method)(X[test])
        said |= {name: getattr(m, method)(X[test]) for name, m in members.items()}
        for name, block in said.items():
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


class Column(RegressorMixin, BaseEstimator):
    """Predicts a feature."""

    def __init__(self, k=0):
        self.k = k

    def fit(self, X, y):
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X):
        return X[:, self.k]


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


# Weights of rows

COPIES = np.random.default_rng(3).integers(1, 4, size=N)
WEIGHED = {
    "classes": [
        ("tree", DecisionTreeClassifier(max_depth=2, random_state=0)),
        *CLASSIFIERS[1:],
    ],
    "numbers": [
        ("tree", DecisionTreeRegressor(max_depth=2, random_state=0)),
        ("ridge", Ridge()),
        ("stiff", Ridge(alpha=100)),
    ],
}
FINAL = {
    "classes": LogisticRegression(solver="newton-cholesky"),
    "numbers": LinearRegression(),
}
FAMILY = {
    ("stack", "classes"): StackingClassifier(WEIGHED["classes"], FINAL["classes"]),
    ("stack", "numbers"): StackingRegressor(WEIGHED["numbers"], FINAL["numbers"]),
    ("blend", "classes"): BlendingClassifier(WEIGHED["classes"], FINAL["classes"]),
    ("blend", "numbers"): BlendingRegressor(WEIGHED["numbers"], FINAL["numbers"]),
    ("super learner", "classes"): SuperLearnerClassifier(WEIGHED["classes"]),
    ("super learner", "numbers"): SuperLearnerRegressor(WEIGHED["numbers"]),
    ("selection", "classes"): EnsembleSelectionClassifier(
        WEIGHED["classes"], max_steps=10
    ),
    ("selection", "numbers"): EnsembleSelectionRegressor(
        WEIGHED["numbers"], max_steps=10
    ),
    ("hard", "classes"): VotingClassifier(WEIGHED["classes"], weights="cv"),
    ("soft", "classes"): VotingClassifier(
        WEIGHED["classes"], voting="soft", weights="cv"
    ),
    ("mean", "numbers"): VotingRegressor(WEIGHED["numbers"], weights="cv"),
}


def says(model, X):
    method = "predict_proba" if hasattr(model, "predict_proba") else "predict"
    return getattr(model, method)(X)


def with_splits(model, splits):
    if hasattr(model, "validation"):
        return clone(model).set_params(validation=splits[0][1])
    return clone(model).set_params(cv=splits)


@pytest.mark.parametrize(("family", "kind"), FAMILY)
def test_a_weight_is_a_number_of_copies(family, kind):
    X, y, new = (X3, Y3, NEW3) if kind == "classes" else (XR, YR, NEW)
    splits = list(FOLDS.split(X))
    places = np.split(np.arange(COPIES.sum()), np.cumsum(COPIES)[:-1])
    copied = [
        tuple(np.concatenate([places[row] for row in side]) for side in split)
        for split in splits
    ]
    model = FAMILY[family, kind]
    one = with_splits(model, splits).fit(X, y, sample_weight=COPIES)
    many = with_splits(model, copied).fit(np.repeat(X, COPIES, 0), np.repeat(y, COPIES))
    if family == "hard":
        assert_array_equal(one.predict(new), many.predict(new))
    else:
        assert_allclose(says(one, new), says(many, new), rtol=1e-6, atol=1e-8)
    if hasattr(one, "weights_"):
        assert_allclose(one.weights_, many.weights_, rtol=1e-5, atol=1e-7)
    if hasattr(one, "cv_risk_"):
        assert_frame_equal(one.cv_risk_, many.cv_risk_, rtol=1e-6)


def test_rows_of_weight_zero_are_not_there():
    copies = COPIES - 1
    members = WEIGHED["numbers"][1:]
    places = np.split(np.arange(copies.sum()), np.cumsum(copies)[:-1])
    splits = list(FOLDS.split(XR))
    copied = [
        tuple(np.concatenate([places[row] for row in side]) for side in split)
        for split in splits
    ]
    one = SuperLearnerRegressor(members, cv=splits).fit(XR, YR, sample_weight=copies)
    many = SuperLearnerRegressor(members, cv=copied)
    many.fit(np.repeat(XR, copies, 0), np.repeat(YR, copies))
    assert_series_equal(one.weights_, many.weights_, atol=1e-7)
    assert_frame_equal(one.cv_risk_, many.cv_risk_, rtol=1e-6)


@pytest.mark.parametrize(
    ("family", "kind"),
    [pair for pair in FAMILY if pair[1] == "classes" and pair[0] != "hard"],
)
@pytest.mark.parametrize(
    ("calibrate", "cv"),
    [
        (None, "folds"),
        (None, "repeats"),
        ("temperature", "repeats"),
        ("sigmoid", "folds"),
        ("isotonic", "repeats"),
    ],
)
def test_probabilities_are_probabilities(family, kind, calibrate, cv):
    splitter = (
        STRATA
        if cv == "folds"
        else RepeatedStratifiedKFold(n_splits=2, n_repeats=2, random_state=0)
    )
    model = with_splits(FAMILY[family, kind], list(splitter.split(X3, Y3)))
    model.set_params(calibrate=calibrate).fit(X3, Y3)
    rows = ~np.isnan(model.ensemble_oof_).any(axis=1)
    for block in (model.predict_proba(NEW3), model.ensemble_oof_[rows]):
        assert block.shape[1] == 3
        assert ((block >= 0) & (block <= 1 + 1e-12)).all()
        assert_allclose(block.sum(axis=1), 1, rtol=1e-12)
    labels = model.classes_[model.predict_proba(NEW3).argmax(axis=1)]
    assert_array_equal(model.predict(NEW3), labels)


# Ensemble selection


def chosen(blocks, score, steps, n_init=0):
    """Path of a plain greedy selection."""
    names = list(blocks)
    alone = {name: score(blocks[name]) for name in names}
    taken = sorted(names, key=lambda name: -alone[name])[:n_init]
    scores = [
        score(np.mean([blocks[name] for name in taken[: k + 1]], axis=0))
        for k in range(n_init)
    ]
    while len(taken) < steps:
        each = [
            score(np.mean([blocks[m] for m in [*taken, name]], axis=0))
            for name in names
        ]
        tied = [n for n, s in zip(names, each, strict=True) if s > max(each) - 1e-12]
        used = [name for name in tied if name in taken]
        taken.append((used or tied)[0])
        scores.append(max(each))
    late = scores[max(n_init, 1) - 1 :]
    first = next(k for k, s in enumerate(late) if s > max(late) - 1e-12)
    return taken, scores, first + max(n_init, 1)


def scorers(y):
    classes = np.unique(y)
    labels = {
        "accuracy": lambda p: accuracy_score(y, classes[p.argmax(axis=1)]),
        "neg_log_loss": lambda p: -log_loss(y, p),
    }
    if len(classes) == 2:
        return labels | {"roc_auc": lambda p: roc_auc_score(y, p[:, 1])}
    return labels | {"roc_auc_ovr": lambda p: roc_auc_score(y, p, multi_class="ovr")}


@pytest.mark.parametrize("n_init", [0, 2])
@pytest.mark.parametrize(
    ("X", "y", "scoring"),
    [(X3, Y3, name) for name in scorers(Y3)] + [(X2, Y2, name) for name in scorers(Y2)],
)
def test_path_of_a_plain_loop(X, y, scoring, n_init):
    selection = EnsembleSelectionClassifier(
        CLASSIFIERS, scoring=scoring, max_steps=12, cv=STRATA, n_init=n_init
    ).fit(X, y)
    taken, scores, kept = chosen(selection.oof_.blocks, scorers(y)[scoring], 12, n_init)
    assert list(selection.path_["member"]) == taken
    assert_allclose(selection.path_["score"], scores, rtol=1e-9)
    assert selection.path_["kept"].sum() == kept
    for name in selection.weights_.index:
        expected = taken[:kept].count(name) / kept
        assert selection.weights_[name] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("scoring", "score"),
    [
        (None, lambda said: -root_mean_squared_error(YR, said)),
        ("neg_mean_absolute_error", lambda said: -mean_absolute_error(YR, said)),
        ("r2", lambda said: r2_score(YR, said)),
    ],
)
def test_path_of_a_plain_loop_for_numbers(scoring, score):
    cv = RepeatedKFold(n_splits=3, n_repeats=2, random_state=0)
    selection = EnsembleSelectionRegressor(
        REGRESSORS, scoring=scoring, max_steps=12, cv=cv
    ).fit(XR, YR)
    taken, scores, kept = chosen(selection.oof_.blocks, score, 12)
    assert list(selection.path_["member"]) == taken
    assert_allclose(selection.path_["score"], scores, rtol=1e-9)
    mean = np.mean(
        [
            clone(dict(REGRESSORS)[name]).fit(XR, YR).predict(NEW)
            for name in taken[:kept]
        ],
        axis=0,
    )
    assert_allclose(selection.predict(NEW), mean, rtol=1e-10)


def test_bags_are_averaged():
    selection = EnsembleSelectionClassifier(
        CLASSIFIERS, n_bags=6, max_steps=8, cv=STRATA, random_state=0
    ).fit(X3, Y3)
    expected = np.zeros(3)
    names = [name for name, _ in CLASSIFIERS]
    for _, path in selection.path_.groupby("bag"):
        kept = path[path["kept"]]["member"]
        assert kept.nunique() <= 2  # half of three members, rounded
        expected += [(kept == name).mean() / 6 for name in names]
    assert_allclose(selection.weights_, expected, **CLOSE)


# Calibration

# Copies of features make naive Bayes far too sure.
COPIED, NEW_COPIED = np.hstack([X2] * 8), np.hstack([NEW2] * 8)
SURE = [("bayes", GaussianNB())]


META = [
    StackingClassifier(SURE, GaussianNB(), passthrough=True),
    BlendingClassifier(SURE, GaussianNB(), passthrough=True, random_state=0),
]
MEANS = [
    SuperLearnerClassifier(SURE),
    EnsembleSelectionClassifier(SURE),
    VotingClassifier(SURE, voting="soft"),
    VotingClassifier(SURE, voting="logit"),
]


@pytest.mark.parametrize(
    ("model", "which"),
    [(model, "calibrate") for model in [*META, *MEANS]]
    # Not META, of which the meta model would be too sure again.
    + [(model, "calibrate_members") for model in MEANS],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_temperature_cools_who_is_too_sure(model, which):
    hot = clone(model).fit(COPIED, Y2)
    cool = clone(model).set_params(**{which: "temperature"}).fit(COPIED, Y2)
    before, after = (
        log_loss(NEW_Y2, one.predict_proba(NEW_COPIED)) for one in (hot, cool)
    )
    assert after < before - 0.2
    assert_array_equal(hot.predict(NEW_COPIED), cool.predict(NEW_COPIED))


def test_temperature_of_least_log_loss():
    plain = StackingClassifier(CLASSIFIERS, GaussianNB(), cv=STRATA).fit(X3, Y3)
    logs = np.log(np.maximum(plain.ensemble_oof_, np.finfo(float).eps))
    found = minimize_scalar(
        lambda log_t: log_loss(Y3, softmax(logs / np.exp(log_t), axis=1)),
        bounds=(-3, 5),
        method="bounded",
        options={"xatol": 1e-9},
    )
    cool = clone(plain).set_params(calibrate="temperature").fit(X3, Y3)
    new = np.log(np.maximum(plain.predict_proba(NEW3), np.finfo(float).eps))
    expected = softmax(new / np.exp(found.x), axis=1)
    assert_allclose(cool.predict_proba(NEW3), expected, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize(
    "family",
    [SuperLearnerClassifier, EnsembleSelectionClassifier, VotingClassifier],
)
@pytest.mark.parametrize(("X", "y", "new"), [(X3, Y3, NEW3), (X2, Y2, NEW2)])
def test_scores_become_probabilities(family, X, y, new):
    members = [("svc", LinearSVC(random_state=0)), ("bayes", GaussianNB())]
    voting = {"voting": "soft"} if family is VotingClassifier else {}
    model = family(members, cv=STRATA, **voting)
    with pytest.raises(ValueError, match=r"'svc'.* has no predict_proba.*sigmoid"):
        model.fit(X, y)
    model.set_params(calibrate_members="sigmoid").fit(X, y)
    for block in (model.predict_proba(new), model.ensemble_oof_, model.oof_["svc"]):
        assert_allclose(block.sum(axis=1), 1, rtol=1e-12)
    assert model.score(X, y) > 0.6
    alone = accuracy_score(y, cross_val_predict(LinearSVC(random_state=0), X, y))
    codes = model.oof_["svc"].argmax(axis=1)
    assert accuracy_score(y, model.classes_[codes]) > alone - 0.1


# The guard against stacked over-fitting


def noisy(kind):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(280, 3))
    raw = X[:, 0] + rng.normal(scale=0.5, size=280)
    return X, raw if kind == "numbers" else np.where(raw > 0, "up", "down")


GUARDED = {
    "numbers": (
        StackingRegressor([("ridge", Ridge()), ("stiff", Ridge(alpha=300))]),
        [KNeighborsRegressor(1), DecisionTreeRegressor(random_state=0)],
        "r2",
    ),
    "classes": (
        StackingClassifier(
            [("bayes", GaussianNB()), ("logistic", LogisticRegression())]
        ),
        [KNeighborsClassifier(1), DecisionTreeClassifier(random_state=0)],
        "neg_log_loss",
    ),
}


@pytest.mark.parametrize(
    ("kind", "upper"), [("numbers", 0), ("numbers", 1), ("classes", 1)]
)
def test_guard_tells_layers_that_overfit(kind, upper):
    model, above, scoring = GUARDED[kind]
    X, y = noisy(kind)
    layers = [[("above", above[upper])]]
    model = clone(model).set_params(layers=layers, random_state=0, scoring=scoring)
    model.set_params(guard_fraction=0.4)
    with pytest.warns(StackedOverfitWarning, match="only 1 layer") as told:
        warned = clone(model).set_params(guard="warn").fit(X, y)
    assert len(told) == 1
    assert_array_equal(warned.predict(X), clone(model).fit(X, y).predict(X))
    with pytest.warns(StackedOverfitWarning, match="only 1 layer"):
        fallen = clone(model).set_params(guard="fallback").fit(X, y)
    flat = clone(model).set_params(layers=None).fit(X, y)
    assert_array_equal(says(fallen, X), says(flat, X))
    assert list(fallen.oof_) == list(flat.oof_)
    for table in (warned.guard_, fallen.guard_):
        assert table.index.name == "n_layers"
        assert list(table.index) == [1, 2]
        assert {"oof_score", "held_out_score", "gap"} <= set(table)
        assert table.loc[1, "held_out_score"] > table.loc[2, "held_out_score"]
        gap = table["oof_score"] - table["held_out_score"]
        assert_allclose(table["gap"], gap, **CLOSE)


@pytest.mark.parametrize("guard", ["warn", "fallback"])
def test_guard_keeps_layers_that_help(guard):
    # The truth is a product, which only the upper layer can make of what is said below.
    rng = np.random.default_rng(0)
    X = rng.normal(size=(240, 2))
    y = X[:, 0] * X[:, 1]
    members = [("first", Column(0)), ("second", Column(1))]
    layers = [[("tree", DecisionTreeRegressor(max_depth=6, random_state=0))]]
    model = StackingRegressor(members, layers=layers, guard=guard, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.fit(X, y)
    assert "tree" in model.named_estimators_
    assert model.guard_["held_out_score"].idxmax() == 2
    assert model.score(X, y) > 0.5


def test_guard_holds_the_last_rows_of_time_series_out():
    X, y = noisy("numbers")
    model, above, _ = GUARDED["numbers"]
    model = clone(model).set_params(
        layers=[[("above", above[0])]], cv=TimeSeriesSplit(4), guard_fraction=0.25
    )
    flat = clone(model).set_params(layers=None).fit(X[:210], y[:210])
    with pytest.warns(StackedOverfitWarning):
        model.set_params(guard="warn").fit(X, y)
    expected = r2_score(y[210:], flat.predict(X[210:]))
    assert model.guard_.loc[1, "held_out_score"] == pytest.approx(expected)
