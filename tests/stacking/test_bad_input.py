"""Bad input to any ensemble: refused at once, by name, and nothing is left half-fitted.

Every class joins by being in `KINDS`; a case reaches every class that has the
parameter.
"""

import copy
import functools
import inspect
import re

import numpy as np
import pandas as pd
import pytest
import sklearn
from hypothesis import given, settings, strategies as st
from sklearn.base import BaseEstimator
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import Ridge
from sklearn.metrics import accuracy_score
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    StratifiedKFold,
    TimeSeriesSplit,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import skensemble
from skensemble.exceptions import OverlappingSplitWarning
from skensemble.stacking import NNLS

FAMILIES = ["Stacking", "Blending", "SuperLearner", "EnsembleSelection", "Voting"]
CLASSIFIERS = [getattr(skensemble, f"{name}Classifier") for name in FAMILIES]
REGRESSORS = [getattr(skensemble, f"{name}Regressor") for name in FAMILIES]
KINDS = CLASSIFIERS + REGRESSORS

every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
every_classifier = pytest.mark.parametrize("kind", CLASSIFIERS)
every_regressor = pytest.mark.parametrize("kind", REGRESSORS)

N = 24
X = np.random.default_rng(0).normal(size=(N, 3))
NUMBERS = X.sum(axis=1)
LABELS = np.array(["no", "yes"])[np.arange(N) % 2]
ROWS = np.arange(N)

FITS = []  # names of the members that were fitted


class Bayes(GaussianNB):
    """Notes that it was fitted."""

    def fit(self, X, y, sample_weight=None):
        FITS.append("Bayes")
        return super().fit(X, y, sample_weight)


class Line(Ridge):
    """Notes that it was fitted."""

    def fit(self, X, y, sample_weight=None):
        FITS.append("Line")
        return super().fit(X, y, sample_weight)


class Late(BaseEstimator):
    """Fails on its second fit."""

    def fit(self, X, y):
        FITS.append("Late")
        if FITS.count("Late") == 2:
            raise OSError("out of luck")
        return self

    def predict(self, X):
        return np.zeros(len(X))

    def predict_proba(self, X):
        return np.full((len(X), 2), 0.5)

    def __sklearn_tags__(self):
        return self.like.__sklearn_tags__()


class LateClassifier(Late):
    """Fails on its second fit."""

    like = GaussianNB()


class LateRegressor(Late):
    """Fails on its second fit."""

    like = Ridge()


def chooses(kind):
    return issubclass(kind, tuple(CLASSIFIERS))


def member(kind):
    return Bayes() if chooses(kind) else Line()


def members(kind):
    return [("a", member(kind)), ("b", member(kind))]


def y_of(kind):
    return LABELS if chooses(kind) else NUMBERS


def parameters(kind):
    return set(inspect.signature(kind).parameters)


def has_cv(kind):
    """Tell whether a kind has splits; a blend has a holdout, which cannot overlap."""
    return "cv" in parameters(kind)


@functools.cache
def fitted(kind):
    return kind(members(kind)).fit(X, y_of(kind))


def state(model):
    return {key: id(value) for key, value in vars(model).items()}


def words(error):
    return "\n".join([str(error), *getattr(error, "__notes__", ())])


def refused(model, *data, **params):
    """Fit twice: each must fail at once without a change. Returns the message."""
    FITS.clear()
    before = state(model)
    with pytest.raises((ValueError, TypeError)) as caught:
        model.fit(*data, **params)
    assert state(model) == before
    assert FITS == []
    return words(caught.value)


def refused_by(kind, options, *data, **params):
    """The same for a new ensemble, and for one that still predicts as before."""
    message = refused(kind(**{"estimators": members(kind), **options}), *data, **params)
    model = copy.copy(fitted(kind))
    own = {name: getattr(model, name) for name in options}
    for name, value in options.items():
        setattr(model, name, value)
    assert refused(model, *data, **params) == message
    for name, value in own.items():
        setattr(model, name, value)
    np.testing.assert_array_equal(model.predict(X), fitted(kind).predict(X))
    return message


def assert_message_has(message, *expected):
    for part in expected:
        assert part in message


# Parameters: value, and what the message says besides the parameter's name.


class Nothing:
    """Splits nothing off."""

    def split(self, X, y=None, groups=None):
        return iter(())

    def get_n_splits(self, X=None, y=None, groups=None):
        return 0

    def __repr__(self):
        return "Nothing()"


class Triples(Nothing):
    """Splits into three."""

    def split(self, X, y=None, groups=None):
        yield ROWS[:8], ROWS[8:16], ROWS[16:]


class Odd:
    """Is nothing that anyone wants."""

    def __repr__(self):
        return "Odd()"


BOTH = [
    ("estimators", [], ["estimators=[]", "non-empty list"]),
    ("estimators", None, ["estimators=None", "(string, estimator)"]),
    ("estimators", "forest", ["estimators='forest'", "(string, estimator)"]),
    ("estimators", {"a": 1}, ["estimators={'a': 1}", "(string, estimator)"]),
    ("estimators", [Ridge()], ["estimators=[Ridge()]", "(string, estimator)"]),
    ("estimators", [(1, Ridge())], ["(1, Ridge())", "(string, estimator)"]),
    ("estimators", [("a", Ridge)], ["'a'", "Ridge", "instance"]),
    ("estimators", [("a", "dropp")], ["'a'", "'dropp'", "'drop'"]),
    ("estimators", [("a", None)], ["'a'", "None", "'drop'"]),
    ("estimators", [("a", "drop")], ["All estimators are dropped", "At least one"]),
    ("estimators", [("a", 1), ("a", 2)], ["['a', 'a']", "unique", "a unique name"]),
    ("estimators", [("a__b", 1)], ["'a__b'", "__", "one underscore"]),
    ("estimators", [("n_jobs", 1)], ["'n_jobs'", "constructor", "other names"]),
    ("cv", "five", ["cv='five'", "'prefit'", "splitter"]),
    ("cv", 0.2, ["cv=0.2", "ShuffleSplit(1, test_size=0.2)"]),
    ("cv", 1, ["cv=1", "at least 2"]),
    ("cv", 0, ["cv=0", "at least 2"]),
    ("cv", -3, ["cv=-3", "at least 2"]),
    ("cv", Odd(), ["cv=Odd()", "an int of at least 2", "splitter"]),
    ("cv", KFold, ["cv=KFold", "KFold(...)"]),
    ("cv", KFold(50), ["cv=KFold(n_splits=50", "24", "fewer folds"]),
    ("cv", [], ["cv=[]", "no split", "int of at least 2"]),
    ("cv", Nothing(), ["cv=Nothing()", "no split", "int of at least 2"]),
    ("cv", Triples(), ["cv", "(train, test) pairs"]),
    ("cv", [1, 2], ["cv", "(train, test) pairs"]),
    ("cv", [ROWS], ["cv", "(train, test) pairs"]),
    ("cv", [(ROWS[:9], [])], ["cv", "test rows of split 0", "non-empty"]),
    ("cv", [([], ROWS[:9])], ["cv", "train rows of split 0", "non-empty"]),
    ("cv", [(ROWS[:9], [30])], ["cv", "up to 30", "0 to 23"]),
    ("cv", [([-30], ROWS[:9])], ["cv", "from -30", "0 to 23"]),
    ("cv", [(ROWS[:9], [0.5])], ["cv", "integers", "float64"]),
    ("cv", [(ROWS[:9], [[1, 2]])], ["cv", "integers", "(1, 2)"]),
    ("cv", [(ROWS[:9], [True, False])], ["cv", "mask of 24 booleans", "(2,)"]),
    ("cv", [(ROWS[:9], [10])], ["cv", "predicts 1 of 24 rows", "at least 2"]),
    ("cv", GroupKFold(3), ["cv=GroupKFold", "groups", "fit(X, y, groups=...)"]),
    ("n_jobs", 0, ["n_jobs=0", "-1"]),
    ("n_jobs", "all", ["n_jobs='all'", "-1"]),
    ("n_jobs", 1.5, ["n_jobs=1.5", "-1"]),
    ("random_state", "seed", ["random_state='seed'", "whole number"]),
    ("random_state", 0.5, ["random_state=0.5", "whole number"]),
    ("memory", 3, ["memory=3", "path"]),
    ("memory", Odd(), ["memory=Odd()", "joblib.Memory"]),
    ("time_limit", 0, ["time_limit=0", "above 0", "None"]),
    ("time_limit", -1.5, ["time_limit=-1.5", "above 0"]),
    ("time_limit", np.nan, ["time_limit=nan", "above 0"]),
    ("time_limit", "1h", ["time_limit='1h'", "seconds"]),
    ("time_limit", True, ["time_limit=True", "seconds"]),
    ("scoring", 3, ["scoring=3", "make_scorer"]),
    ("scoring", "acuracy", ["scoring='acuracy'", "did you mean", "'accuracy'"]),
    ("scoring", accuracy_score, ["scoring", "accuracy_score", "make_scorer"]),
    ("refit", "x", ["refit='x'", "[True, False]"]),
    ("refit", None, ["refit=None", "[True, False]"]),
    ("on_error", "ignore", ["on_error='ignore'", "['raise', 'drop']"]),
    ("passthrough", "x", ["passthrough='x'", "[True, False]"]),
    ("final_estimator", "ridge", ["final_estimator", "'ridge'", "instance"]),
    ("final_estimator", 3, ["final_estimator", "3", "instance"]),
    ("final_estimator", Ridge, ["final_estimator", "Ridge", "instance"]),
    ("final_estimator", StandardScaler(), ["final_estimator", "StandardScaler()"]),
    ("layers", "x", ["layers='x'", "list of non-empty lists"]),
    ("layers", 3, ["layers=3", "list of non-empty lists"]),
    ("layers", [("c", Ridge())], ["layers=[('c', Ridge())]", "list of non-empty"]),
    ("layers", [[]], ["layers=[[]]", "non-empty lists"]),
    ("layers", [[("c", Ridge)]], ["'c'", "Ridge", "instance"]),
    ("layers", [[("a", Ridge())]], ["['a', 'b', 'a']", "unique", "all layers"]),
    ("guard", "yes", ["guard='yes'", "'fallback'"]),
    ("guard_fraction", 0, ["guard_fraction=0", "between 0 and 1"]),
    ("guard_fraction", 1.0, ["guard_fraction=1.0", "between 0 and 1"]),
    ("guard_fraction", "a", ["guard_fraction='a'", "between 0 and 1"]),
    ("validation_fraction", 0, ["validation_fraction=0", "between 0 and 1"]),
    ("validation_fraction", 1, ["validation_fraction=1", "between 0 and 1"]),
    ("validation_fraction", "a", ["validation_fraction='a'", "between 0 and 1"]),
    ("validation_fraction", None, ["validation_fraction=None", "share of rows"]),
    ("validation_fraction", np.nan, ["validation_fraction=nan", "share of rows"]),
    ("validation_fraction", True, ["validation_fraction=True", "share of rows"]),
    ("validation", "first", ["validation='first'", "'random'", "'last'"]),
    ("validation", [], ["validation=[]", "'random'", "positions of rows"]),
    ("validation", None, ["validation=None", "'random'", "positions of rows"]),
    ("validation", 3, ["validation=3", "positions of rows"]),
    ("validation", [24], ["validation=[24]", "0 to 23"]),
    ("validation", [-1], ["validation=[-1]", "0 to 23"]),
    ("validation", [0.5, 1.0], ["validation=[0.5, 1.0]", "positions of rows"]),
    ("validation", [True, False], ["validation=[True, False]", "mask of 24"]),
    ("validation", ROWS, ["validation=", "rows on both sides"]),
    ("validation", [5], ["validation", "predicts 1 of 24 rows"]),
    ("solver", "best", ["solver='best'", "'convex'"]),
    ("solver", 3, ["solver=3", "weigh("]),
    ("solver", NNLS, ["solver=NNLS", "NNLS()"]),
    ("screeners", {"c": StandardScaler()}, ["screeners", "['c']", "['a', 'b']"]),
    ("screeners", {"a": Ridge()}, ["screeners", "Ridge()", "'a'", "transformer"]),
    ("screeners", {"a": StandardScaler}, ["screeners", "StandardScaler", "'a'"]),
    ("screeners", ["a"], ["screeners=['a']", "dict"]),
    ("outer_cv", "five", ["outer_cv='five'", "splitter"]),
    ("outer_cv", 1, ["outer_cv=1", "at least 2"]),
    ("outer_cv", [], ["outer_cv=[]", "no split"]),
    ("outer_cv", KFold(50), ["outer_cv=KFold(n_splits=50", "24", "fewer folds"]),
    ("outer_cv", GroupKFold(3), ["outer_cv=GroupKFold", "fit(X, y, groups=...)"]),
    ("max_steps", 0, ["max_steps=0", "1 or more"]),
    ("max_steps", 1.5, ["max_steps=1.5", "whole number"]),
    ("max_steps", True, ["max_steps=True", "whole number"]),
    ("max_steps", None, ["max_steps=None", "whole number"]),
    ("n_init", -1, ["n_init=-1", "0 or more"]),
    ("n_init", 3, ["n_init=3", "2 members", "max_steps=100"]),
    ("n_init", "a", ["n_init='a'", "whole number"]),
    ("n_bags", -1, ["n_bags=-1", "0 or more"]),
    ("n_bags", None, ["n_bags=None", "whole number"]),
    ("bag_fraction", 0, ["bag_fraction=0", "between 0 and 1"]),
    ("bag_fraction", 1.5, ["bag_fraction=1.5", "or be 1"]),
    ("bag_fraction", "half", ["bag_fraction='half'", "share of members"]),
    ("patience", 0, ["patience=0", "1 or more"]),
    ("patience", "a", ["patience='a'", "whole number"]),
    ("ties", "last", ["ties='last'", "'random'"]),
    ("weights", "best", ["weights='best'", "'cv'", "one number per member"]),
    ("weights", 3, ["weights=3", "one number per member"]),
    ("weights", [1.0], ["weights=[1.0]", "must be equal", "one number per member"]),
    ("weights", [[1], [2]], ["weights=[[1], [2]]", "one number per member"]),
    ("weights", [1, -1], ["weights=[1, -1]", "at least 0"]),
    ("weights", [0, 0], ["weights=[0, 0]", "above 0"]),
    ("weights", [1, np.nan], ["weights=[1, nan]", "finite"]),
    ("weights", [1, np.inf], ["weights=[1, inf]", "finite"]),
    ("weights", ["1", "2"], ["weights=['1', '2']", "numbers"]),
]
OF_CLASSIFIERS = [
    ("estimators", [("a", StandardScaler())], ["'a'", "StandardScaler", "classifier"]),
    ("cv", 13, ["cv=13", "n_splits=13", "'no', has 12 rows", "KFold(13)"]),
    ("cv", StratifiedKFold(13), ["cv=StratifiedKFold", "12 rows", "KFold(13)"]),
    ("outer_cv", 13, ["outer_cv=13", "'no', has 12 rows", "outer_cv=KFold(13)"]),
    ("scoring", "r2", ["scoring='r2'", "regression", "'accuracy'"]),
    ("scoring", "huber", ["scoring='huber'", "binary", "another loss"]),
    ("calibrate", "platt", ["calibrate='platt'", "'sigmoid'"]),
    ("calibrate", True, ["calibrate=True", "'sigmoid'"]),
    ("calibrate_members", "platt", ["calibrate_members='platt'", "'isotonic'"]),
    ("stack_method", "transform", ["stack_method='transform'", "'predict_proba'"]),
    ("final_estimator", Ridge(), ["final_estimator", "Ridge()", "classifier"]),
    ("voting", "median", ["voting='median'", "'soft'"]),
    ("voting", None, ["voting=None", "'soft'"]),
    ("flatten_transform", "x", ["flatten_transform='x'", "[True, False]"]),
]
OF_REGRESSORS = [
    ("estimators", [("a", Bayes())], ["'a'", "Bayes", "regressor"]),
    ("scoring", "accuracy", ["scoring='accuracy'", "classes", "'r2'"]),
    ("scoring", "roc_auc", ["scoring='roc_auc'", "classes", "'r2'"]),
    ("scoring", "log_loss", ["scoring='log_loss'", "regression", "another loss"]),
    ("final_estimator", Bayes(), ["final_estimator", "Bayes()", "regressor"]),
]
# A stack takes other members; some kinds of ensemble do without an option.
ELSEWHERE = [
    (skensemble.StackingClassifier, "estimators", 0),
    (skensemble.BlendingClassifier, "estimators", 0),
]
CASES = [
    pytest.param(kind, name, value, message, id=f"{kind.__name__}-{name}-{place}")
    for kind in KINDS
    for place, (name, value, message) in enumerate(
        (OF_CLASSIFIERS if chooses(kind) else OF_REGRESSORS) + BOTH
    )
    if name in parameters(kind) and (kind, name, place) not in ELSEWHERE
]


@pytest.mark.parametrize(("kind", "name", "value", "expected"), CASES)
def test_parameters(kind, name, value, expected):
    message = refused_by(kind, {name: value}, X, y_of(kind))
    assert_message_has(message, *expected)


TOGETHER = [
    ({"cv": "prefit"}, ["'a'", "fitted already", "cv='prefit'"]),
    (
        {"cv": "prefit", "layers": [[("c", Ridge())]]},
        ["layers", "cv='prefit'", "int, a splitter or index pairs"],
    ),
    (
        {"guard": "warn", "layers": [[("c", "own")]], "cv": [(ROWS[:9], ROWS[9:])]},
        ["guard='warn'", "use an int or a splitter"],
    ),
    (
        {"stack_method": "decision_function", "final_estimator": None},
        ["Underlying estimator a", "decision_function", "stack_method='auto'"],
    ),
    ({"n_init": 2, "max_steps": 1}, ["n_init=2", "max_steps=1"]),
    (
        {"calibrate": "sigmoid", "final_estimator": LinearSVC()},
        ["calibrate='sigmoid'", "LinearSVC()", "predict_proba"],
    ),
    ({"voting": "hard", "calibrate": "sigmoid"}, ["calibrate='sigmoid'", "'soft'"]),
    (
        {"voting": "hard", "calibrate_members": "sigmoid"},
        ["calibrate_members='sigmoid'", "'soft'"],
    ),
    ({"voting": "hard", "weights": [1, -1]}, ["weights=[1, -1]", "at least 0"]),
    (
        {"validation": "last", "validation_fraction": 0.99},
        ["validation_fraction=0.99", "rows of 24", "smaller share"],
    ),
    ({"validation_fraction": 0.999}, ["validation_fraction=0.999", "another share"]),
]


@pytest.mark.parametrize(
    ("kind", "options", "expected"),
    [
        pytest.param(kind, options, message, id=f"{kind.__name__}-{place}")
        for kind in KINDS
        for place, (options, message) in enumerate(TOGETHER)
        if set(options) <= parameters(kind)
    ],
)
def test_parameters_together(kind, options, expected):
    if "layers" in options:
        options = options | {"layers": [[("c", member(kind))]]}
    assert_message_has(refused_by(kind, options, X, y_of(kind)), *expected)


class Mute(DecisionTreeRegressor):
    """A fitted member that must not be used."""

    def predict(self, X):
        raise AssertionError("used in spite of bad input")


@pytest.mark.parametrize("kind", [kind for kind in REGRESSORS if has_cv(kind)])
@pytest.mark.parametrize("scoring", ["acuracy", "accuracy"])
def test_bad_input_is_refused_before_members_are_used(kind, scoring):
    model = kind([("a", Mute().fit(X, NUMBERS))], cv="prefit", scoring=scoring)
    assert_message_has(refused(model, X, NUMBERS), f"scoring={scoring!r}")


def test_every_combination_and_kind_is_there():
    for options, _ in TOGETHER:
        assert any(set(options) <= parameters(kind) for kind in KINDS), options
    with_cv = {kind for kind in KINDS if has_cv(kind)}
    blends = {skensemble.BlendingClassifier, skensemble.BlendingRegressor}
    assert with_cv == set(KINDS) - blends


# Data.

TABLES = [
    (X[:5], ["inconsistent numbers of samples: [5, 24]", "X and y"]),
    (X[:0], ["0 sample(s)", "X must have at least one row"]),
    (X[:, :0], ["0 feature(s)", "X must have at least one column"]),
    (X[:, 0], ["Expected 2D array, got 1D", "X has shape (24,)", "reshape(-1, 1)"]),
    (X[:, 0].tolist(), ["Expected 2D array", "X has shape (24,)", "reshape(-1, 1)"]),
    (pd.Series(X[:, 0]), ["Expected 2D array", "X has shape (24,)", "reshape(-1, 1)"]),
    (None, ["X=None", "(n_samples, n_features)"]),
    ("table.csv", ["X='table.csv'", "(n_samples, n_features)"]),
    ({"x": X[:, 0]}, ["X={'x':", "(n_samples, n_features)"]),
]


@every_kind
@pytest.mark.parametrize(("table", "expected"), TABLES)
def test_tables(kind, table, expected):
    assert_message_has(refused_by(kind, {}, table, y_of(kind)), *expected)


def broken(values, what, row=4):
    values = np.array(values, dtype=None if isinstance(what, float) else object)
    values[row] = what
    return values


TARGETS_OF_BOTH = [
    (None, ["target y is None"]),
    (3, ["y should be a 1d array", "()"]),
    (np.ones((N, 1, 1)), ["y should be a 1d array", "(24, 1, 1)", "column per output"]),
    (np.ones((N, 0)), ["y should be a 1d array", "(24, 0)", "column per output"]),
    (broken(NUMBERS, np.nan), ["Input y contains NaN"]),
    (broken(NUMBERS, np.inf), ["Input y contains infinity"]),
    (broken(LABELS, None), ["y contains NaN", "row 4 is None", "Remove rows"]),
    (broken(ROWS, None), ["y contains NaN", "row 4 is None", "Remove rows"]),
    (pd.Series(broken(ROWS, pd.NA)), ["y contains NaN", "row 4 is <NA>"]),
    (ROWS[:5] % 2, ["inconsistent numbers of samples: [24, 5]", "X and y"]),
]
TARGETS_OF_CLASSIFIERS = [
    (NUMBERS, ["Unknown label type: continuous", "classifier"]),
    (np.column_stack([NUMBERS, NUMBERS]), ["Unknown label type"]),
    (np.column_stack([ROWS % 3, ROWS % 4]), ["(24, 2)", "multiclass", "0 and 1"]),
    (np.full(N, "yes"), ["y holds one class", "'yes'", "at least 2 classes"]),
    (np.ones(N), ["y holds one class", "1.0", "at least 2 classes"]),
]
TARGETS_OF_REGRESSORS = [
    (LABELS, ["y must be numeric", "'no'", "use a classifier"]),
    (LABELS.astype(object), ["y must be numeric", "'no'", "use a classifier"]),
]


@pytest.mark.parametrize(
    ("kind", "y", "expected"),
    [
        pytest.param(kind, y, message, id=f"{kind.__name__}-{place}")
        for kind in KINDS
        for place, (y, message) in enumerate(
            (TARGETS_OF_CLASSIFIERS if chooses(kind) else TARGETS_OF_REGRESSORS)
            + TARGETS_OF_BOTH
        )
    ],
)
def test_targets(kind, y, expected):
    assert_message_has(refused_by(kind, {}, X, y), *expected)


FIT_PARAMS = [
    ("sample_weight", np.ones(5), ["sample_weight has shape (5,)", "(24,)"]),
    ("sample_weight", np.ones((N, 1)), ["sample_weight has shape (24, 1)", "(24,)"]),
    ("sample_weight", 2.0, ["sample_weight has shape ()", "(24,)"]),
    ("sample_weight", -np.ones(N), ["sample_weight is -1.0 in row 0", "zero or more"]),
    ("sample_weight", broken(np.ones(N), np.nan), ["sample_weight is nan in row 4"]),
    ("sample_weight", broken(np.ones(N), np.inf), ["sample_weight is inf in row 4"]),
    ("sample_weight", np.zeros(N), ["sample_weight is zero in all rows", "above 0"]),
    ("sample_weight", LABELS, ["sample_weight must be numeric", "'no'"]),
    ("a__sample_weight", np.ones(5), ["a__sample_weight has shape (5,)", "(24,)"]),
    ("a__sample_weight", -np.ones(N), ["a__sample_weight is -1.0 in row 0"]),
    ("groups", [1, 2], ["groups has shape (2,)", "(24,)"]),
    ("groups", np.ones((N, 2)), ["groups has shape (24, 2)", "(24,)"]),
    ("colour", "red", ["[colour]", "member__parameter", "['a', 'b']"]),
    ("c__sample_weight", np.ones(N), ["[c__sample_weight]", "Members: ['a', 'b']"]),
]


@every_kind
@pytest.mark.parametrize(("name", "value", "expected"), FIT_PARAMS)
def test_fit_params(kind, name, value, expected):
    message = refused_by(kind, {}, X, y_of(kind), **{name: value})
    assert_message_has(message, *expected)


@every_kind
def test_weights_and_groups_that_are_routed(kind):
    with sklearn.config_context(enable_metadata_routing=True):
        model = kind([("a", member(kind).set_fit_request(sample_weight=True))])
        message = refused(model, X, y_of(kind), sample_weight=-np.ones(N))
        assert_message_has(message, "sample_weight is -1.0 in row 0", "zero or more")
        if has_cv(kind):
            model.set_params(cv=GroupKFold(3))
        message = refused(model, X, y_of(kind), groups=[1, 2])
        assert_message_has(message, "groups has shape (2,)", "(24,)")


@every_classifier
def test_weights_that_leave_one_class(kind):
    weight = (LABELS == "yes").astype(float)
    message = refused_by(kind, {}, X, LABELS, sample_weight=weight)
    assert_message_has(
        message, "y contains 1 class, ", "'yes'", "sample_weight", "above 0"
    )


@every_classifier
def test_one_row_a_class(kind):
    y = np.array([f"c{k}" for k in range(N)])
    options = {"weights": "cv"} if kind is skensemble.VotingClassifier else {}
    message = refused_by(kind, options, X, y)
    if "validation_fraction" in parameters(kind):
        assert_message_has(
            message, "validation_fraction=0.2", "least populated", "merge rare"
        )
    else:
        assert_message_has(
            message, "cv=None", "n_splits=5", "'c0', has 1 row", "fewer folds"
        )
        assert_message_has(message, "merge rare classes", "cv=KFold(5)")


@pytest.mark.filterwarnings("ignore:The number of unique classes")
@pytest.mark.parametrize("family", FAMILIES)
def test_one_row_per_class_without_stratification(family):
    """Regressors do not stratify, and a vote without splits does not split."""
    getattr(skensemble, f"{family}Regressor")([("a", Line())]).fit(X, ROWS)
    skensemble.VotingClassifier([("a", DecisionTreeClassifier())]).fit(X, ROWS)


def test_groups_that_leave_nothing_to_hold_out():
    for kind in (skensemble.BlendingClassifier, skensemble.BlendingRegressor):
        message = refused_by(kind, {}, X, y_of(kind), groups=np.ones(N))
        assert_message_has(message, "validation_fraction=0.2", "groups")


# What users would expect to work.


@every_regressor
@pytest.mark.parametrize("value", [0.0, 3.5])
def test_a_constant_target_is_a_target(kind, value):
    model = kind([("a", Line()), ("b", DecisionTreeRegressor())])
    model.fit(X, np.full(N, value))
    np.testing.assert_allclose(model.predict(X), value, atol=1e-12)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if has_cv(kind)])
def test_overlapping_pairs_warn(kind):
    model = kind(members(kind), cv=[(ROWS, ROWS)])
    with pytest.warns(OverlappingSplitWarning, match="cv: split 0 predicts rows"):
        model.fit(X, y_of(kind))


@every_kind
def test_unusual_valid_input(kind):
    """Nothing of this is bad input."""
    y = y_of(kind)
    weight = np.ones(N)
    weight[:3] = 0
    own = {"cv": GroupKFold(3)} if has_cv(kind) else {"validation_fraction": 0.5}
    kind(members(kind), **own).fit(
        X.tolist(), y.tolist(), sample_weight=weight.tolist(), groups=[*ROWS // 2]
    )
    options = {"memory": None, "n_jobs": np.int64(1), "random_state": np.int64(3)}
    if has_cv(kind):
        options["cv"] = KFold(4)
    kind([*members(kind), ("c", "drop")], **options).fit(X, pd.Series(y))
    if has_cv(kind):
        options["cv"] = TimeSeriesSplit(3)
    kind(members(kind), **options).fit(X, y)


@every_classifier
def test_a_method_that_comes_with_the_fit(kind):
    """scikit-learn's stack has no predict_proba before it is fitted."""
    stack = StackingClassifier([("tree", DecisionTreeClassifier(max_depth=2))])
    assert kind([("stack", stack)]).fit(X, LABELS).predict(X).shape == (N,)


@every_kind
def test_a_fit_that_fails_midway_leaves_no_trace(kind):
    late = LateClassifier() if chooses(kind) else LateRegressor()
    for model in (kind([]), copy.copy(fitted(kind))):
        model.estimators = [("a", late), *members(kind)[1:], ("c", late)]
        FITS.clear()
        before = state(model)
        with pytest.raises(OSError, match="out of luck"):
            model.fit(X, y_of(kind))
        assert len(FITS) > 1
        assert state(model) == before
    model.estimators = members(kind)
    np.testing.assert_array_equal(model.predict(X), fitted(kind).predict(X))


@every_kind
def test_names_are_checked_for_members_added_later(kind):
    model = copy.copy(fitted(kind))
    before = state(model)
    FITS.clear()
    for new in (
        [("a", member(kind))],
        [("a__b", member(kind))],
        [("n_jobs", 1)],
        "x",
        [],
    ):
        with pytest.raises(
            (ValueError, TypeError), match=r"unique|__|conflict|members="
        ):
            model.add_members(new, X, y_of(kind))
    weight = np.ones(5)
    with pytest.raises(ValueError, match=r"sample_weight has shape \(5,\)"):
        model.add_members([("c", member(kind))], X, y_of(kind), sample_weight=weight)
    assert state(model) == before
    assert FITS == []


# Any combination of wrong values.

words_unknown = st.text("abcxyz_", min_size=1, max_size=6).map("?".__add__)
no_words = words_unknown | st.integers(2, 9) | st.just(Odd())
nans = st.just(float("nan"))
no_share = (
    st.floats(max_value=0.0, allow_nan=False)
    | st.floats(min_value=1.0, exclude_min=True, allow_nan=False)
    | nans
    | st.none()
    | words_unknown
)
not_positive = st.integers(-9, 0) | st.floats(0.1, 3.0) | nans | words_unknown
negative = st.integers(-9, -1) | st.floats(0.1, 3.0) | nans | words_unknown
WRONG = {
    "cv": st.integers(-9, 1) | st.floats(0, 5) | words_unknown | st.just([]),
    "outer_cv": st.integers(-9, 1) | st.floats(0, 5) | words_unknown | st.just([]),
    "n_jobs": st.just(0) | st.floats(0.1, 5) | words_unknown | st.just(Odd()),
    "random_state": words_unknown | st.floats(0.1, 5) | st.just(Odd()),
    "memory": st.integers() | st.floats(allow_nan=False) | st.just(Odd()),
    "time_limit": st.floats(max_value=0) | nans | st.booleans() | words_unknown,
    "scoring": words_unknown | st.integers() | st.just(Odd()),
    "on_error": no_words | st.none(),
    "refit": no_words | st.none(),
    "passthrough": no_words | st.none(),
    "flatten_transform": no_words | st.none(),
    "calibrate": no_words,
    "calibrate_members": no_words,
    "stack_method": no_words | st.none(),
    "final_estimator": no_words,
    "layers": words_unknown | st.integers() | st.just(Odd()) | st.just([[]]),
    "guard": no_words,
    "guard_fraction": no_share | st.just(1.0),
    "validation_fraction": no_share | st.just(1.0),
    "validation": words_unknown | st.none() | st.integers() | st.just([]),
    "solver": no_words | st.none(),
    "screeners": words_unknown | st.integers() | st.lists(st.integers(), max_size=2),
    "max_steps": not_positive,
    "n_init": negative,
    "n_bags": negative,
    "patience": not_positive,
    "bag_fraction": no_share,
    "ties": no_words | st.none(),
    "voting": no_words | st.none(),
    "weights": st.lists(st.floats(max_value=0), max_size=3) | words_unknown,
    "estimators": words_unknown | st.none() | st.just([]) | st.just([Odd()]),
}


def test_every_parameter_has_wrong_values():
    every = set().union(*map(parameters, KINDS))
    assert every - set(WRONG) == {"verbose"}


@st.composite
def wrong_options(draw):
    kind = draw(st.sampled_from(KINDS))
    able = sorted(parameters(kind) & set(WRONG))
    names = draw(st.lists(st.sampled_from(able), min_size=1, max_size=3, unique=True))
    return kind, {name: draw(WRONG[name]) for name in names}


@settings(max_examples=400, deadline=None, derandomize=True)
@given(wrong_options())
def test_any_combination_of_wrong_values(drawn):
    kind, options = drawn
    message = refused(kind(**{"estimators": members(kind), **options}), X, y_of(kind))
    named = [
        name
        for name, value in options.items()
        if re.search(rf"\b{name}\b", message) and repr(value) in message
    ]
    assert named, f"{options}: {message}"
