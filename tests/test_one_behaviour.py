"""One behaviour per method, over all public estimators, and the table in the docs.

``python tests/test_one_behaviour.py`` writes the table to ``docs/_estimators.md``.
"""

import inspect
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier
from sklearn.datasets import make_classification, make_regression
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import skensemble

TABLE = Path(__file__).parents[1] / "docs" / "_estimators.md"
PARAMETERS = (
    "n_jobs",
    "random_state",
    "memory",
    "time_limit",
    "on_error",
    "verbose",
    "scoring",
)
FIT_PARAMETERS = ("sample_weight", "groups")
METHODS = (
    "permutation_importance",
    "member_importance",
    "compress",
    "add_members",
    "drop_members",
    "set_callbacks",
)

X, Y = make_regression(60, 4, noise=5.0, random_state=0)
XC, YC = make_classification(80, 4, n_informative=3, n_redundant=0, random_state=0)
CLASSIFIERS = [
    ("logistic", LogisticRegression()),
    ("tree", DecisionTreeClassifier(max_depth=2, random_state=0)),
]
REGRESSORS = [
    ("ridge", Ridge()),
    ("tree", DecisionTreeRegressor(max_depth=2, random_state=0)),
]
SMALL = {
    "GradientBoosting": {"n_estimators": 5},
    "AdaBoost": {"n_estimators": 3},
    "Bagging": {"n_estimators": 3},
    "RandomForest": {"n_estimators": 3},
    "SeedAveraging": {"n_seeds": 2},
    "AutoEnsemble": {"members": ["linear", "neighbors"], "preset": "fast", "cv": 2},
}


def names():
    """Names of all public estimators with ``fit`` and ``predict``."""
    return [
        name
        for name in skensemble.__all__
        if inspect.isclass(thing := getattr(skensemble, name))
        and hasattr(thing, "fit")
        and hasattr(thing, "predict")
    ]


def small(name):
    """A quick instance of an estimator."""
    kind = getattr(skensemble, name)
    known = inspect.signature(kind).parameters
    options = {key: value for start, given in SMALL.items() if name.startswith(start)
               for key, value in given.items() if key in known}  # fmt: skip
    if "estimators" in known:
        members = CLASSIFIERS if name.endswith("Classifier") else REGRESSORS
        return kind(members, **options)
    if name in ("CrossFitted", "SeedAveraging"):
        return kind(DecisionTreeRegressor(max_depth=2), **options)
    return kind(**options)


def data(estimator):
    return (XC, YC) if is_classifier(estimator) else (X, Y)


def seeded(name):
    estimator = small(name)
    if "random_state" in estimator.get_params(deep=False):
        estimator.set_params(random_state=0)
    return estimator


@pytest.fixture(scope="module")
def fitted():
    """Each estimator, fitted once."""
    cache = {}

    def get(name):
        if name not in cache:
            estimator = seeded(name)
            cache[name] = estimator.fit(*data(estimator))
        return cache[name]

    return get


every_estimator = pytest.mark.parametrize("name", names())


def with_method(method):
    found = [name for name in names() if hasattr(getattr(skensemble, name), method)]
    assert found
    return pytest.mark.parametrize("name", found)


def same(a, b):
    np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


@every_estimator
def test_a_failed_fit_leaves_the_estimator_as_it_was(name, fitted):
    estimator = fitted(name)
    features, _ = data(estimator)
    before, state = estimator.predict(features), dict(vars(estimator))
    bad = np.full(len(features), np.nan)
    with pytest.raises(ValueError):  # noqa: PT011 - the words differ
        estimator.fit(features, bad)
    assert vars(estimator).keys() == state.keys()
    assert all(vars(estimator)[key] is state[key] for key in state)
    same(estimator.predict(features), before)


@every_estimator
def test_a_failed_first_fit_leaves_no_attribute(name):
    estimator = small(name)
    before = set(vars(estimator))
    features, target = data(estimator)
    with pytest.raises(ValueError):  # noqa: PT011 - the words differ
        estimator.fit(features, target[:-1])
    assert set(vars(estimator)) == before


@every_estimator
def test_no_method_changes_constructor_parameters(name, fitted):
    estimator = fitted(name)
    assert repr(estimator.get_params()) == repr(seeded(name).get_params())


@every_estimator
def test_a_fit_can_be_repeated(name, fitted):
    estimator = fitted(name)
    features, target = data(estimator)
    again = clone(estimator)
    if "random_state" not in again.get_params(deep=False):
        np.random.seed(0)  # noqa: NPY002 - nothing here draws, or all draw alike
    same(again.fit(features, target).predict(features), estimator.predict(features))


@with_method("compress")
def test_compress_returns_a_new_estimator(name, fitted):
    estimator = fitted(name)
    if name.startswith("Voting"):  # members predict out of fold only with splits
        estimator = clone(estimator).set_params(cv=3).fit(*data(estimator))
    features, _ = data(estimator)
    before = estimator.predict(features)
    params = repr(estimator.get_params())
    smaller = estimator.compress(max_members=1)
    assert smaller is not estimator
    assert type(smaller) is type(estimator)
    same(estimator.predict(features), before)
    assert repr(estimator.get_params()) == params
    assert smaller.predict(features).shape == before.shape


@with_method("drop_members")
def test_drop_and_add_members_return_new_estimators(name, fitted):
    estimator = fitted(name)
    features, _ = data(estimator)
    before = estimator.predict(features)
    params = repr(estimator.get_params())
    fewer = estimator.drop_members("tree")
    more = fewer.add_members([("third", clone(estimator.estimators[1][1]))])
    assert len({id(estimator), id(fewer), id(more)}) == 3
    assert [name for name, _ in fewer.estimators] == [estimator.estimators[0][0]]
    assert [name for name, _ in more.estimators][1:] == ["third"]
    same(estimator.predict(features), before)
    assert repr(estimator.get_params()) == params


@with_method("permutation_importance")
def test_permutation_importance_is_one_table(name, fitted):
    estimator = fitted(name)
    features, target = data(estimator)
    signature = inspect.signature(estimator.permutation_importance).parameters
    assert list(signature) == [
        "X",
        "y",
        "scoring",
        "n_repeats",
        "random_state",
        "max_samples",
        "sample_weight",
    ]
    table = estimator.permutation_importance(
        features, target, n_repeats=2, random_state=0
    )
    assert isinstance(table, pd.DataFrame)
    assert table.index.name == "feature"
    assert list(table.columns) == ["importance", "std"]
    assert len(table) == features.shape[1]
    assert table["importance"].is_monotonic_decreasing
    again = estimator.permutation_importance(
        features, target, n_repeats=2, random_state=0
    )
    pd.testing.assert_frame_equal(table, again)


SCORES = {
    "classifier": ["accuracy", "auc", "logloss", None],
    "regressor": ["r2", "rmse", "mae", None],
}


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in names()
        if "scoring" in inspect.signature(getattr(skensemble, name)).parameters
    ],
)
def test_scoring_takes_the_same_things(name):
    from skensemble.losses import as_loss

    estimator = seeded(name)
    if "voting" in estimator.get_params(deep=False):
        estimator.set_params(voting="soft")  # votes have no probabilities to score
    kind = "classifier" if is_classifier(estimator) else "regressor"
    loss = as_loss("log_loss" if kind == "classifier" else "squared_error")
    for scoring in [*SCORES[kind], loss, loss.scorer()]:
        clone(estimator).set_params(scoring=scoring).fit(*data(estimator))
    with pytest.raises(ValueError, match="scoring='nothing'"):
        clone(estimator).set_params(scoring="nothing").fit(*data(estimator))


def table():
    """Which parameters and methods each estimator has, as Markdown."""
    columns = [*PARAMETERS, *FIT_PARAMETERS, *METHODS]
    lines = [
        "| estimator | " + " | ".join(f"`{column}`" for column in columns) + " |",
        "|---" * (len(columns) + 1) + "|",
    ]
    for name in names():
        kind = getattr(skensemble, name)
        given = inspect.signature(kind).parameters
        fit = inspect.signature(kind.fit).parameters
        takes_any = any(one.kind is one.VAR_KEYWORD for one in fit.values())
        marks = [
            *(_default(given[one]) if one in given else "" for one in PARAMETERS),
            *("yes" if one in fit or takes_any else "" for one in FIT_PARAMETERS),
            *("yes" if hasattr(kind, one) else "" for one in METHODS),
        ]
        lines.append(f"| {name} | " + " | ".join(marks) + " |")
    return "\n".join(lines) + "\n"


def _default(parameter):
    return f"`{parameter.default!r}`"


def test_the_table_in_the_docs_is_current():
    assert TABLE.read_text() == table(), f"run: python {Path(__file__).name}"


if __name__ == "__main__":
    TABLE.write_text(table())
