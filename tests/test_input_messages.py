"""Messages about groups, sample weights and targets, the same in all estimators."""

import inspect

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin, is_classifier
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GroupKFold
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from test_ordinary_inputs import XC, YC, X, Y, made, names

import skensemble
from skensemble.core import narrow_indices, read_groups, read_weights
from skensemble.exceptions import MemberFailedError, MemberFailedWarning

N = len(Y)
PLAIN = {
    True: [("l", LogisticRegression()), ("t", DecisionTreeClassifier(max_depth=2))],
    False: [("t", DecisionTreeRegressor(max_depth=2)), ("l", LinearRegression())],
}
GROUPS = np.repeat(np.arange(12), 10)
QUICK = ("StackingClassifier", "BaggingClassifier", "LinearClassifier")


def estimator_of(name):
    """A small instance that uses groups, if its class has splits."""
    model = made(name, PLAIN)
    known = model.get_params(deep=False)
    if "cv" in known:
        model.set_params(cv=GroupKFold(3))
    if name.startswith(("Bagging", "RandomForest")):
        model.set_params(sampling="groups")
    if "early_stopping" in known:
        model.set_params(early_stopping=True)
    return model


def fit(model, y=None, **params):
    rows, target = (XC, YC) if is_classifier(model) else (X, Y)
    return model.fit(rows, target if y is None else y, **params)


# Groups

WITH_GROUPS = [name for name in names("groups") if name != "SeedAveraging"]
TEXT = np.array([f"g{k}" for k in GROUPS], dtype=object)


def replaced(values, row, value):
    values = np.array(values, dtype=object)
    values[row] = value
    return values


MISSING = {
    "None": replaced(TEXT, 3, None),
    "NaN": np.where(np.arange(N) == 3, np.nan, GROUPS),
    "NA": pd.Series(replaced(GROUPS, 3, pd.NA), dtype="Int64"),
    "text and NaN": replaced(TEXT, 3, np.nan),
}


@pytest.mark.parametrize("kind", MISSING)
@pytest.mark.parametrize("name", WITH_GROUPS)
def test_missing_groups_are_refused_at_once(name, kind):
    with pytest.raises(ValueError, match="groups is missing in 1 of 120 rows") as error:
        fit(estimator_of(name), groups=MISSING[kind])
    assert "first in row 3" in str(error.value)
    assert "groups of their own" in str(error.value)


@pytest.mark.parametrize("name", WITH_GROUPS)
def test_groups_of_a_wrong_length(name):
    with pytest.raises(
        ValueError, match=r"groups has shape \(50,\), expected \(120,\)"
    ):
        fit(estimator_of(name), groups=GROUPS[:50])
    with pytest.raises(ValueError, match=r"groups='a' must have one entry per row"):
        fit(estimator_of(name), groups="a")


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in WITH_GROUPS
        if not name.startswith(("AdaBoost", "Blending", "GradientBoosting"))
    ],
)
def test_groups_that_are_needed(name):
    with pytest.raises(ValueError, match=r"needs groups, got None; (pass|use) .*fit\("):
        fit(estimator_of(name))


MIXED = replaced(TEXT, np.flatnonzero(GROUPS == 0), 0)


def test_text_beside_numbers_is_read_as_groups():
    assert len(np.unique(read_groups(MIXED, N))) == 12
    model = estimator_of("StackingRegressor")
    fit(model, groups=MIXED)
    for one in model.fits_:
        if one.train is not None:
            assert not set(GROUPS[one.train]) & set(GROUPS[one.test])


@pytest.mark.parametrize("name", ["BaggingRegressor", "CrossFitted"])
def test_groups_of_text(name):
    fit(estimator_of(name), groups=TEXT)
    fit(estimator_of(name), groups=MIXED)


# Sample weights

ONES = np.ones(N)
BAD_WEIGHTS = {
    "None": (replaced(ONES, 3, None), "sample_weight is None in row 3"),
    "NA": (pd.Series(replaced(ONES, 3, pd.NA), dtype="Int64"), "row 3"),
    "numbers as text": (
        ["1"] * N,
        "sample_weight must be numeric, and is '1' in row 0",
    ),
    "text": (["a"] * N, "sample_weight must be numeric, and is 'a' in row 0"),
    "balanced": ("balanced", "sample_weight='balanced' must have one entry per row"),
    "a name": ("w", r"pass the column itself, X\['w'\]"),
}


@pytest.mark.parametrize("kind", BAD_WEIGHTS)
@pytest.mark.parametrize("name", names("sample_weight"))
def test_weights_that_are_no_numbers(name, kind):
    weights, message = BAD_WEIGHTS[kind]
    with pytest.raises(ValueError, match=message) as error:
        fit(made(name, PLAIN), sample_weight=weights)
    if kind == "balanced":
        assert "compute_sample_weight('balanced', y)" in str(error.value)


def test_weights_of_any_type_of_number():
    for values in ([True] * 3, [1, 2, 3], pd.Series([1, 2, 3], dtype="Int64")):
        assert read_weights("sample_weight", values, 3).dtype.kind in "if"


# Targets

TIMES = {
    "datetimes": pd.Series(pd.to_datetime(YC, unit="D")),
    "datetimes in an array": YC.astype("datetime64[D]"),
    "durations": YC.astype("timedelta64[s]"),
    "objects": pd.Series(pd.to_datetime(YC, unit="D", utc=True)),
}


@pytest.mark.parametrize("kind", TIMES)
@pytest.mark.parametrize("name", names())
def test_a_target_of_times_is_refused(name, kind):
    with pytest.raises(ValueError, match="a time is neither a number nor a class"):
        fit(made(name, PLAIN), TIMES[kind])


CLASSIFIERS = [name for name in names() if name.endswith("Classifier")]


@pytest.mark.parametrize(("dtype", "kind"), [(int, "i"), (bool, "b"), (float, "f")])
@pytest.mark.parametrize(
    "name", [*QUICK, "GradientBoostingClassifier", "RandomForestClassifier"]
)
def test_labels_of_dtype_object_are_read_as_what_they_are(name, dtype, kind):
    model = fit(made(name, PLAIN), YC.astype(dtype).astype(object))
    assert model.classes_.dtype.kind == kind
    assert model.predict(XC[:5]).dtype.kind == kind


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_labels_of_several_types(name):
    with pytest.raises(ValueError, match=r"labels of these types: .*use labels of one"):
        fit(made(name, PLAIN), np.array([1, "b"], dtype=object)[YC])


@pytest.mark.parametrize("name", names())
def test_missing_labels(name):
    with pytest.raises(ValueError, match=r"row 3 is None. Remove rows"):
        fit(made(name, PLAIN), replaced(YC, 3, None))


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in names()
        if "max_samples" in inspect.signature(getattr(skensemble, name)).parameters
    ],
)
def test_a_number_of_rows_is_no_bool(name):
    with pytest.raises(ValueError, match="max_samples=True must be"):
        fit(made(name, PLAIN).set_params(max_samples=True))


# Indices of 64 bits


@pytest.mark.parametrize("form", ["csr", "csc", "coo"])
def test_sparse_indices_are_narrowed(form):
    sparse = pytest.importorskip("scipy.sparse")
    table = sparse.coo_array(X).asformat(form)
    if form == "coo":
        table.coords = tuple(rows.astype(np.int64) for rows in table.coords)
        found = narrow_indices(table).coords[0]
    else:
        table.indices = table.indices.astype(np.int64)
        table.indptr = table.indptr.astype(np.int64)
        found = narrow_indices(table).indices
    assert found.dtype == np.int32
    np.testing.assert_array_equal(narrow_indices(table).toarray(), X)


@pytest.mark.parametrize(
    "name",
    [
        *QUICK,
        *("AdaBoostRegressor", "BlendingRegressor", "CrossFitted", "SeedAveraging"),
        *("GradientBoostingRegressor", "RandomForestRegressor", "VotingRegressor"),
    ],
)
def test_sparse_features_with_indices_of_64_bits(name):
    from scipy.sparse import csr_array

    model = made(name, PLAIN)
    rows = XC if is_classifier(model) else X
    table = csr_array(rows)
    table.indices, table.indptr = (
        part.astype(np.int64) for part in (table.indices, table.indptr)
    )
    target = YC if is_classifier(model) else Y
    assert model.fit(table, target).predict(table).shape == target.shape


# Members that cannot be cloned


class Rounds(RegressorMixin, BaseEstimator):
    """Changes its parameter, as CatBoost changes `cat_features`."""

    def __init__(self, cat_features=None, random_state=None):
        self.cat_features = list(cat_features or ())
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None):
        return self

    def predict(self, X):
        return np.zeros(len(X))


NOT_CLONED = Rounds(["a"])


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in names()
        if name.endswith("Regressor")
        and {"estimators", "on_error"}
        <= set(inspect.signature(getattr(skensemble, name)).parameters)
    ],
)
def test_a_member_that_cannot_be_cloned_is_named(name):
    members = {False: [("cat", NOT_CLONED), ("d", DummyRegressor())], True: []}
    with pytest.raises(RuntimeError, match=r"Member 'cat' cannot be cloned") as error:
        fit(made(name, members))
    assert "make_member(Rounds(...))" in str(error.value)
    with pytest.warns(MemberFailedWarning, match="Member 'cat' failed"):
        model = fit(made(name, members).set_params(on_error="drop"))
    assert list(model.failed_) == ["cat"]


def test_no_member_can_be_cloned():
    model = skensemble.VotingRegressor([("cat", NOT_CLONED)], on_error="drop")
    with pytest.raises(MemberFailedError, match="cannot be cloned"):
        fit(model)


@pytest.mark.parametrize("name", ["CrossFitted", "SeedAveraging", "BaggingRegressor"])
def test_an_estimator_that_cannot_be_cloned(name):
    with pytest.raises(RuntimeError, match=r"cannot be cloned.*make_member\(Rounds"):
        fit(getattr(skensemble, name)(NOT_CLONED))
