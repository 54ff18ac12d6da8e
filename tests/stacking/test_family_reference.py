"""The family against a slow and plain reference: only loops and clones."""

import numpy as np
import pandas as pd
import pytest
from joblib import parallel_config
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import nnls
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.datasets import make_classification, make_regression
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss, mean_squared_error
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    RepeatedKFold,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    TimeSeriesSplit,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
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

CLOSE = {"rtol": 1e-10, "atol": 1e-10}
N = 150
ROWS = np.arange(N)
GROUPS = ROWS % 11


def classes_of(n_classes):
    X, codes = make_classification(
        n_samples=N + 40, n_classes=n_classes, n_informative=4, n_features=6,
        flip_y=0.2, random_state=0,
    )  # fmt: skip
    # Their order as strings is not that of the codes.
    return X, np.array(["pear", "fig", "apple"])[codes]


XC, YC = classes_of(3)
XB, YB = classes_of(2)
XR, YR = make_regression(n_samples=N + 40, n_features=6, noise=30, random_state=0)
DATA = {"classes": (XC, YC), "two classes": (XB, YB), "numbers": (XR, YR)}

CLASSIFIERS = [
    ("tree", DecisionTreeClassifier(max_depth=3, random_state=0)),
    ("bayes", GaussianNB()),
    ("logistic", LogisticRegression(C=0.1, solver="newton-cholesky")),
]
REGRESSORS = [
    ("tree", DecisionTreeRegressor(max_depth=3, random_state=0)),
    ("ridge", Ridge()),
    ("near", KNeighborsRegressor(5)),
]
FINALS = {
    "classes": LogisticRegression(solver="newton-cholesky"),
    "numbers": Ridge(alpha=0.1),
}
UPPER = {
    "classes": [[
        ("upper_tree", DecisionTreeClassifier(max_depth=2, random_state=0)),
        ("upper_bayes", GaussianNB()),
    ]],
    "numbers": [[
        ("upper_tree", DecisionTreeRegressor(max_depth=2, random_state=0)),
        ("upper_ridge", Ridge(alpha=3.0)),
    ]],
}  # fmt: skip


def lacking(y):
    """Splits of which some training parts lack a class, or the lowest numbers."""
    absent = y == "fig" if y.dtype.kind == "U" else y < np.quantile(y, 0.3)
    thirds = list(KFold(3).split(y))
    return [
        (np.setdiff1d(train, np.flatnonzero(absent)) if k != 1 else train, test)
        for k, (train, test) in enumerate(thirds)
    ]


SPLITS = {
    "time": lambda y: TimeSeriesSplit(4),
    "repeats": lambda y: (
        RepeatedStratifiedKFold(n_splits=2, n_repeats=2, random_state=0)
        if y.dtype.kind == "U"
        else RepeatedKFold(n_splits=2, n_repeats=2, random_state=0)
    ),
    "shuffled": lambda y: ShuffleSplit(3, test_size=0.3, random_state=1),
    "holdout": lambda y: ShuffleSplit(1, test_size=0.4, random_state=1),
    "groups": lambda y: GroupKFold(4),
    # Rows are predicted three times, twice, once or never.
    "unequal": lambda y: [
        (ROWS[:60], ROWS[60:100]),
        (ROWS[60:], ROWS[:40]),
        (ROWS[20:90], ROWS[90:130]),
        (ROWS[::2], ROWS[1:100:2]),
    ],
    "lacking": lacking,
}


# The reference


def rows_of(X, rows):
    return X.iloc[list(rows)] if hasattr(X, "iloc") else X[list(rows)]


def answer(model, X, classes):
    """Numbers as they are; one column a class, zero where the model never saw it."""
    if classes is None:
        return model.predict(X)
    found = model.predict_proba(X)
    block = np.zeros((len(X), len(classes)))
    for column, label in enumerate(model.classes_):
        block[:, list(classes).index(label)] = found[:, column]
    return block


def averaged(predicted, width):
    """Mean of the predictions of each row; NaN for rows without one."""
    nothing = np.full(width, np.nan) if width else np.nan
    return np.array([np.mean(all_, axis=0) if all_ else nothing for all_ in predicted])


def side_by_side(blocks, X=None):
    """Columns of all blocks, the first of two classes left out, and X behind them."""
    columns = []
    for block in blocks.values():
        block = block.reshape(len(block), -1)
        columns.append(block[:, 1:] if block.shape[1] == 2 else block)
    table = np.hstack(columns)
    if X is None:
        return table
    if isinstance(X, pd.DataFrame):
        names = [f"predicted{k}" for k in range(table.shape[1])]
        front = pd.DataFrame(table, columns=names, index=X.index)
        return pd.concat([front, X], axis=1)
    return np.hstack([table, X])


class Layer:
    """Members fitted on splits of some rows, and on all of them or not again."""

    def __init__(self, members, X, y, splits, rows, classes, refit):
        self.classes, self.blocks, self.models = classes, {}, {}
        width = 0 if classes is None else len(classes)
        for name, member in members:
            predicted, models = [[] for _ in y], []
            for train, test in splits:
                model = clone(member).fit(rows_of(X, train), y[train])
                models.append(model)
                for row, one in zip(
                    test, answer(model, rows_of(X, test), classes), strict=True
                ):
                    predicted[row].append(one)
            self.blocks[name] = averaged(predicted, width)
            whole = clone(member).fit(rows_of(X, rows), y[rows])
            self.models[name] = [whole] if refit else models
        self.covered = np.zeros(len(y), dtype=bool)
        for _, test in splits:
            self.covered[test] = True

    def respond(self, X):
        return {
            name: np.mean([answer(m, X, self.classes) for m in models], axis=0)
            for name, models in self.models.items()
        }


class Reference:
    """Layers of members, and a combination learned from the rows that are covered."""

    def __init__(
        self,
        layers,
        learn,
        X,
        y,
        splits,
        *,
        passthrough=False,
        refit=True,
        classes=None,
    ):
        self.passthrough, self.layers = passthrough, []
        seen, rows, known = X, range(len(y)), splits
        for members in layers:
            if self.layers:
                below = self.layers[-1]
                seen = self._above(below.blocks, X)
                rows = np.flatnonzero(below.covered)
                known = [
                    (np.intersect1d(train, rows), np.intersect1d(test, rows))
                    for train, test in splits
                ]
                known = [split for split in known if all(map(len, split))]
            self.layers.append(Layer(members, seen, y, known, rows, classes, refit))
        last = self.layers[-1]
        self.blocks, self.rows = last.blocks, np.flatnonzero(last.covered)
        self.learn, self.X, self.y, self.classes = learn, X, y, classes
        self.combined = self._learned(self.rows)
        self.ensemble_oof = self._without_the_rows(splits)

    def _above(self, blocks, X):
        return side_by_side(blocks, X if self.passthrough else None)

    def _learned(self, rows):
        blocks = {name: block[rows] for name, block in self.blocks.items()}
        return self.learn(blocks, rows_of(self.X, rows), self.y[rows], self.classes)

    def _without_the_rows(self, splits):
        """What combinations say of rows that they were not learned from."""
        predicted = [[] for _ in self.y]
        for train, test in splits:
            self._predict_into(predicted, np.intersect1d(train, self.rows), test)
        if not any(predicted):  # one holdout: folds of it, alike in y
            order = self.rows[np.argsort(self.y[self.rows], kind="stable")]
            for k in range(5):
                self._predict_into(
                    predicted, np.setdiff1d(self.rows, order[k::5]), order[k::5]
                )
        return averaged(predicted, 0 if self.classes is None else len(self.classes))

    def _predict_into(self, predicted, train, test):
        wanted = np.intersect1d(test, self.rows)
        one_class = self.classes is not None and len(set(self.y[train])) < 2
        if len(train) < 2 or one_class or not len(wanted):
            return
        blocks = {name: block[wanted] for name, block in self.blocks.items()}
        found = self._learned(train)(blocks, rows_of(self.X, wanted))
        for row, one in zip(wanted, found, strict=True):
            predicted[row].append(one)

    def predict(self, X):
        """Probabilities or numbers for new rows."""
        blocks = self.layers[0].respond(X)
        for layer in self.layers[1:]:
            blocks = layer.respond(self._above(blocks, X))
        return self.combined(blocks, X)


def one_hot(y, classes):
    return np.array([[float(label == one) for one in classes] for label in y])


def by_model(final, passthrough=False):
    def learn(blocks, X, y, classes):
        model = clone(final).fit(side_by_side(blocks, X if passthrough else None), y)
        return lambda blocks, X: answer(
            model, side_by_side(blocks, X if passthrough else None), classes
        )

    return learn


def weighted(weights):
    total = sum(weights.values())
    return lambda blocks, X: sum(w / total * blocks[m] for m, w in weights.items())


def by_least_squares(blocks, X, y, classes):
    truth = y if classes is None else one_hot(y, classes)
    columns = np.column_stack([block.ravel() for block in blocks.values()])
    return weighted(dict(zip(blocks, nnls(columns, truth.ravel())[0], strict=True)))


def risk_of(block, y, classes):
    if classes is None:
        return mean_squared_error(y, block)
    return log_loss(y, np.clip(block, np.finfo(float).eps, 1), labels=classes)


def by_greed(blocks, X, y, classes):
    names, taken, best, kept = list(blocks), [], np.inf, 0
    for step in range(6):
        risks = [
            risk_of(np.mean([blocks[m] for m in [*taken, n]], axis=0), y, classes)
            for n in names
        ]
        taken.append(names[int(np.argmin(risks))])
        if min(risks) < best - 1e-10:
            best, kept = min(risks), step + 1
    return weighted({name: taken[:kept].count(name) for name in names})


def by_merit(blocks, X, y, classes):
    return weighted({m: 1 / risk_of(block, y, classes) for m, block in blocks.items()})


FAMILY = {
    ("stack", "classes"): lambda **options: (
        StackingClassifier(CLASSIFIERS, FINALS["classes"], **options),
        by_model(FINALS["classes"]),
    ),
    ("stack", "numbers"): lambda **options: (
        StackingRegressor(REGRESSORS, FINALS["numbers"], **options),
        by_model(FINALS["numbers"]),
    ),
    ("super learner", "classes"): lambda **options: (
        SuperLearnerClassifier(CLASSIFIERS, "nnls", **options), by_least_squares
    ),
    ("super learner", "numbers"): lambda **options: (
        SuperLearnerRegressor(REGRESSORS, "nnls", **options), by_least_squares
    ),
    ("selection", "classes"): lambda **options: (
        EnsembleSelectionClassifier(CLASSIFIERS, max_steps=6, **options), by_greed
    ),
    ("selection", "numbers"): lambda **options: (
        EnsembleSelectionRegressor(
            REGRESSORS, max_steps=6, scoring="neg_mean_squared_error", **options
        ),
        by_greed,
    ),
    ("vote", "classes"): lambda **options: (
        VotingClassifier(CLASSIFIERS, voting="soft", weights="cv", **options), by_merit
    ),
    ("vote", "numbers"): lambda **options: (
        VotingRegressor(REGRESSORS, weights="cv", **options), by_merit
    ),
}  # fmt: skip


def members_of(kind):
    return CLASSIFIERS if kind == "classes" else REGRESSORS


def as_data(kind, data=None):
    X, y = DATA[data or kind]
    return X[:N], y[:N], X[N:], np.unique(y) if kind == "classes" else None


def listed(cv, X, y):
    if not hasattr(cv, "split"):
        return cv
    groups = GROUPS if isinstance(cv, GroupKFold) else None
    return list(cv.split(X, y, groups))


def fitted(ensemble, X, y, cv):
    params = {"groups": GROUPS} if isinstance(cv, GroupKFold) else {}
    return ensemble.fit(X, y, **params)


def assert_same(ensemble, expected, new):
    """All predictions, out of fold and of new rows."""
    blocks = {}
    for layer in expected.layers:
        blocks |= layer.blocks
    assert list(ensemble.oof_) == list(blocks)
    for name, block in blocks.items():
        assert_allclose(ensemble.oof_[name], block, **CLOSE)
    assert_array_equal(np.flatnonzero(ensemble.oof_.covered), expected.rows)
    assert_allclose(ensemble.ensemble_oof_, expected.ensemble_oof, **CLOSE)
    found = expected.predict(new)
    if expected.classes is None:
        assert_allclose(ensemble.predict(new), found, **CLOSE)
        return
    assert_allclose(ensemble.predict_proba(new), found, **CLOSE)
    labels = expected.classes[found.argmax(axis=1)]
    assert_array_equal(ensemble.predict(new), labels)


@pytest.mark.parametrize("splits", SPLITS)
@pytest.mark.parametrize(("family", "kind"), FAMILY)
def test_any_split(family, kind, splits):
    X, y, new, classes = as_data(kind)
    cv = SPLITS[splits](y)
    ensemble, learn = FAMILY[family, kind](cv=cv)
    fitted(ensemble, X, y, cv)
    expected = Reference(
        [members_of(kind)], learn, X, y, listed(cv, X, y), classes=classes
    )
    assert_same(ensemble, expected, new)


@pytest.mark.parametrize("splits", ["time", "unequal", "lacking"])
@pytest.mark.parametrize(
    ("family", "kind"), [pair for pair in FAMILY if pair[0] != "vote"]
)
def test_models_of_the_splits_predict_together(family, kind, splits):
    X, y, new, classes = as_data(kind)
    cv = SPLITS[splits](y)
    ensemble, learn = FAMILY[family, kind](cv=cv, refit=False)
    expected = Reference(
        [members_of(kind)], learn, X, y, listed(cv, X, y), refit=False, classes=classes
    )
    assert_same(ensemble.fit(X, y), expected, new)


@pytest.mark.parametrize("family", ["stack", "super learner", "selection", "vote"])
def test_two_classes(family):
    X, y, new, classes = as_data("classes", "two classes")
    cv = RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=5)
    ensemble, learn = FAMILY[family, "classes"](cv=cv)
    expected = Reference(
        [CLASSIFIERS], learn, X, y, list(cv.split(X, y)), classes=classes
    )
    assert_same(ensemble.fit(X, y), expected, new)


@pytest.mark.parametrize(("passthrough", "refit"), [(False, True), (True, False)])
@pytest.mark.parametrize("splits", ["repeats", "time", "unequal", "groups", "lacking"])
@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_two_layers(kind, splits, passthrough, refit):
    X, y, new, classes = as_data(kind)
    cv = SPLITS[splits](y)
    options = {"cv": cv, "layers": UPPER[kind], "passthrough": passthrough}
    ensemble, _ = FAMILY["stack", kind](refit=refit, **options)
    fitted(ensemble, X, y, cv)
    expected = Reference(
        [members_of(kind), *UPPER[kind]],
        by_model(FINALS[kind], passthrough),
        X,
        y,
        listed(cv, X, y),
        passthrough=passthrough,
        refit=refit,
        classes=classes,
    )
    assert_same(ensemble, expected, new)


def test_three_layers_in_time():
    # Each layer knows a block less than the one below it.
    X, y, new, _ = as_data("numbers")
    top = [[("top_ridge", Ridge(alpha=10.0))]]
    layers = [*UPPER["numbers"], *top]
    cv = TimeSeriesSplit(6)
    ensemble, learn = FAMILY["stack", "numbers"](cv=cv, layers=layers)
    expected = Reference([REGRESSORS, *layers], learn, X, y, list(cv.split(X)))
    assert_same(ensemble.fit(X, y), expected, new)
    known = [np.isfinite(ensemble.oof_[m]).sum() for m in ("tree", "upper_tree")]
    assert N > known[0] > known[1] > np.isfinite(ensemble.oof_["top_ridge"]).sum()


def mixed(X):
    frame = pd.DataFrame(X, index=np.arange(len(X)) + 7).add_prefix("x")
    return frame.assign(town=np.where(X[:, 1] > 0, "here", "there"))


@pytest.mark.parametrize("layered", [False, True])
@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_passthrough_of_a_frame(kind, layered):
    X, y, new, classes = as_data(kind)
    X, new = mixed(X), mixed(new)
    encode = make_column_transformer(
        (OneHotEncoder(sparse_output=False), ["town"]), remainder="passthrough"
    )
    members = [(m, make_pipeline(encode, model)) for m, model in members_of(kind)]
    upper = [[(m, make_pipeline(encode, model)) for m, model in UPPER[kind][0]]]
    final = make_pipeline(encode, FINALS[kind])
    cv = KFold(3, shuffle=True, random_state=0)
    stack = StackingClassifier if kind == "classes" else StackingRegressor
    ensemble = stack(
        members, final, cv=cv, passthrough=True, layers=upper if layered else None
    )
    expected = Reference(
        [members, *(upper if layered else [])],
        by_model(final, passthrough=True),
        X,
        y,
        list(cv.split(X)),
        passthrough=True,
        classes=classes,
    )
    assert_same(ensemble.fit(X, y), expected, new)
    assert list(ensemble.transform(new).columns[-7:]) == list(X.columns)


@pytest.mark.parametrize("passthrough", [False, True])
@pytest.mark.parametrize("refit", [False, True])
@pytest.mark.parametrize("kind", ["classes", "numbers"])
def test_blend(kind, refit, passthrough):
    X, y, new, classes = as_data(kind)
    held = np.sort(np.random.default_rng(0).choice(N, 50, replace=False))
    blend = BlendingClassifier if kind == "classes" else BlendingRegressor
    ensemble = blend(
        members_of(kind), FINALS[kind], validation=held, refit=refit,
        passthrough=passthrough,
    ).fit(X, y)  # fmt: skip
    expected = Reference(
        [members_of(kind)],
        by_model(FINALS[kind], passthrough),
        X,
        y,
        [(np.setdiff1d(ROWS, held), held)],
        passthrough=passthrough,
        refit=refit,
        classes=classes,
    )
    assert_same(ensemble, expected, new)


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_the_same_bits_for_any_number_of_jobs(backend):
    # One fit a pool: the cells of two layers, with seeds of their own.
    members = [
        ("tree", DecisionTreeClassifier(max_features=2)),
        ("bayes", GaussianNB()),
    ]
    upper = [[("upper_tree", DecisionTreeClassifier(max_depth=3, max_features=1))]]
    stack = StackingClassifier(
        members, FINALS["classes"], cv=3, layers=upper, passthrough=True, random_state=4
    )
    one = clone(stack).set_params(n_jobs=1).fit(XC, YC)
    with parallel_config(backend):
        two = clone(stack).set_params(n_jobs=2).fit(XC, YC)
        proba = two.predict_proba(XC)
    assert_array_equal(one.oof_.values, two.oof_.values)
    assert_array_equal(one.ensemble_oof_, two.ensemble_oof_)
    assert_array_equal(one.predict_proba(XC), proba)
