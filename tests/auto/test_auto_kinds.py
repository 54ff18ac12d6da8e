"""Kinds of columns in the automatic ensembles: given, found, reported and left out."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import Ridge

from skensemble import AutoEnsembleClassifier, AutoEnsembleRegressor
from skensemble.auto._table_facts import find_facts
from skensemble.core import numeric_target
from skensemble.persistence import load, read_manifest, save
from skensemble.preprocessing import TableEncoder, make_member

N = 120
RNG = np.random.default_rng(0)
FAST = {"time_limit": None, "preset": "fast", "cv": 2, "random_state": 0, "n_jobs": 1}
MEMBERS = ["linear", "lightgbm_small"]
X = pd.DataFrame(
    {
        "x": RNG.normal(size=N),
        "zone": RNG.integers(1, 5, N),
        "Unnamed: 0": RNG.permutation(3 * N)[:N],
        "weight": [f"{value:.1f} kg" for value in RNG.normal(70, 9, N)],
        "one": 1.0,
    }
)
Y = X["x"] + X["zone"] % 3 + RNG.normal(0, 0.1, N)
DROPPED = {
    "Unnamed: 0": "identifier: whole numbers without repetition",
    "one": "constant",
}


@pytest.fixture(scope="module")
def fitted():
    with pytest.warns(UserWarning, match="left out: 'Unnamed: 0'") as caught:
        auto = AutoEnsembleRegressor(
            members=[*MEMBERS, ("ridge", Ridge())], kinds={"zone": "category"}, **FAST
        ).fit(X, Y)
    assert len(caught) == 1
    return auto


def test_kinds_are_given_and_found(fitted):
    assert fitted.kinds_.to_dict() == {
        "x": "numeric",
        "zone": "category",
        "Unnamed: 0": "identifier",
        "weight": "numeric",
        "one": "constant",
    }
    assert fitted.dropped_ == DROPPED


def test_files_pickles_and_manifests_hold_the_kinds(fitted, tmp_path):
    save(fitted, tmp_path / "model")
    for again in (load(tmp_path / "model"), pickle.loads(pickle.dumps(fitted))):
        assert again.kinds_.equals(fitted.kinds_)
        assert again.dropped_ == DROPPED
        np.testing.assert_array_equal(again.predict(X), fitted.predict(X))
    table = read_manifest(tmp_path / "model")["table"]
    assert table["dropped"] == DROPPED
    assert {one["name"]: one["kind"] for one in table["columns"]} == dict(fitted.kinds_)


def test_manifests_of_encoders_and_pipelines_hold_the_kinds(tmp_path):
    frame = X.drop(columns="Unnamed: 0")
    for model in (TableEncoder(), make_member(Ridge(), kinds={"zone": "category"})):
        save(model.fit(frame, Y), tmp_path / "model", X=frame)
        table = read_manifest(tmp_path / "model")["table"]
        assert table["dropped"] == {"one": "constant"}
        assert [one["kind"] for one in table["columns"]][2:] == ["numeric", "constant"]


def test_given_kinds_reach_the_members():
    """No member learns from a column that is left out."""
    auto = AutoEnsembleRegressor(
        members=[*MEMBERS, ("ridge", Ridge())], kinds={"x": "identifier"}, **FAST
    ).fit(X[["x", "zone", "weight"]], Y)
    assert auto.dropped_ == {"x": "identifier (given in kinds)"}
    others = X.assign(x=X["x"].to_numpy()[::-1])[["x", "zone", "weight"]]
    for name, block in auto.model_.predict_blocks(others, 1).items():
        same = auto.model_.predict_blocks(X[["x", "zone", "weight"]], 1)[name]
        np.testing.assert_array_equal(block, same, name)


def test_a_kept_identifier_is_learned_from():
    frame = pd.DataFrame({"id": RNG.permutation(N), "x": RNG.normal(size=N)})
    y = frame["id"] * 1.0
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        auto = AutoEnsembleRegressor(
            members=["linear"], kinds={"id": "numeric"}, **FAST
        ).fit(frame, y)
    assert auto.dropped_ == {}
    assert auto.score(frame, y) > 0.99


def test_kinds_are_checked_before_the_fit():
    with pytest.raises(ValueError, match=r"not in X: \['zones'\]"):
        AutoEnsembleRegressor(kinds={"zones": "category"}, **FAST).fit(X, Y)
    with pytest.raises(ValueError, match=r"'numbr'.*is not known; use one of"):
        AutoEnsembleRegressor(kinds={"zone": "numbr"}, **FAST).fit(X, Y)
    frame = X.assign(when=pd.Timestamp("2024-01-01"), odd=[[1]] * N)
    with pytest.raises(ValueError, match="'odd' holds nested values"):
        AutoEnsembleRegressor(**FAST).fit(frame, Y)
    given = {"when": "numeric", "odd": "identifier", "Unnamed: 0": "identifier"}
    with pytest.raises(ValueError, match="'when' should hold numbers"):
        AutoEnsembleRegressor(kinds=given, **FAST).fit(frame, Y)


def test_kinds_is_a_parameter():
    auto = AutoEnsembleClassifier(kinds={"a": "text"})
    assert clone(auto).kinds == {"a": "text"}
    assert auto.set_params(kinds=None).kinds is None


def test_arrays_have_kinds_by_position():
    values = np.column_stack([RNG.normal(size=N), np.zeros(N)])
    auto = AutoEnsembleRegressor(members=["linear"], **FAST).fit(values, values[:, 0])
    assert auto.kinds_.to_dict() == {"x0": "numeric", "x1": "constant"}
    assert auto.dropped_ == {"x1": "constant"}


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_values_that_are_not_numbers_are_reported_once_per_fit(n_jobs):
    words = [f"{k % 50}.5" for k in range(N)]
    words[7] = "unclear"
    when = [*pd.date_range("2024-01-01", periods=N).strftime("%d/%m/%Y")]
    when[9] = "never"
    frame = pd.DataFrame({"a": words, "when": when, "x": RNG.normal(size=N)})
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        AutoEnsembleRegressor(members=MEMBERS, **FAST | {"n_jobs": n_jobs}).fit(
            frame, Y
        )
    messages = sorted(str(one.message).partition(";")[0] for one in caught)
    assert messages == [
        "column 'a' should hold numbers",
        "column 'when' should hold dates",
    ]


def test_kinds_are_found_in_all_rows(monkeypatch):
    """The first rows of a sorted table have one value per column."""
    monkeypatch.setattr("skensemble.auto._table_facts._MIN_INSPECTED_ROWS", 50)
    monkeypatch.setattr("skensemble.auto._table_facts._MAX_INSPECTED_ROWS", 50)
    frame = pd.DataFrame(
        {"group": np.repeat([1.0, 2.0, 4.0], 400), "word": np.repeat(list("abc"), 400)}
    )
    facts = find_facts(frame, numeric_target(np.arange(1200.0)))
    assert facts.kinds.to_dict() == {"group": "numeric", "word": "category"}
    assert facts.dropped == {}


COMMAS = [f"{value:.2f}".replace(".", ",") for value in RNG.normal(60, 20, N)]
WRONG_TARGETS = {
    "decimal comma": (COMMAS, r"\.str\.replace\(',', '\.'\)\.astype\(float\)"),
    "unit": ([f"{word} €" for word in COMMAS], r"\.astype\(float\)"),
    "names": ([f"name {k}" for k in range(N)], "check that y is the column"),
}


@pytest.mark.parametrize("name", WRONG_TARGETS)
def test_errors_of_targets_do_not_send_in_a_circle(name):
    y, remedy = WRONG_TARGETS[name]
    with pytest.raises(ValueError, match=remedy) as of_classifier:
        AutoEnsembleClassifier(**FAST).fit(X[["x"]], y)
    with pytest.raises(ValueError, match=remedy) as of_regressor:
        AutoEnsembleRegressor(**FAST).fit(X[["x"]], y)
    assert "use a classifier" not in str(of_regressor.value)
    if name == "names":
        assert "Regressor" not in str(of_classifier.value)
