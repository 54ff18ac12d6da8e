"""Predictions of fitted ensembles as tables and files."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from stacking_family import DATA, FINAL, MEMBERS, SEEDED, TIME, N, fitted, says

from skensemble import (
    EnsembleSelectionRegressor,
    StackingClassifier,
    SuperLearnerClassifier,
    VotingClassifier,
)

EXPORTS = {
    "two classes": (
        lambda cv: StackingClassifier(MEMBERS["classes"], FINAL, cv=cv, **SEEDED),
        ["prediction"],
    ),
    "classes": (
        lambda cv: SuperLearnerClassifier(MEMBERS["classes"], cv=cv, **SEEDED),
        ["apple", "fig", "pear"],
    ),
    "numbers": (
        lambda cv: EnsembleSelectionRegressor(MEMBERS["numbers"], cv=cv, **SEEDED),
        ["prediction"],
    ),
    "votes": (
        lambda cv: VotingClassifier(MEMBERS["classes"], cv=cv, **SEEDED),
        ["prediction"],
    ),
}
READERS = {".csv": pd.read_csv, ".parquet": pd.read_parquet}


def expected_of(model, which, block):
    if which == "two classes":
        return block[:, 1:]
    return block.reshape(len(block), -1)


@pytest.mark.parametrize("in_time", [False, True])
@pytest.mark.parametrize("suffix", READERS)
@pytest.mark.parametrize("which", EXPORTS)
def test_exported_predictions(which, suffix, in_time, tmp_path):
    build, columns = EXPORTS[which]
    X, y, new = DATA["classes" if which == "votes" else which]
    index = pd.Index([f"r{k}" for k in range(len(X))], name="row")
    frame = pd.DataFrame(X, index=index).add_prefix("x")
    requested = pd.DataFrame(new).add_prefix("x")
    model = build(TIME if in_time else 3).fit(frame, y)
    path = tmp_path / f"oof{suffix}"
    assert model.save_predictions(path) == path
    table = READERS[suffix](path)
    assert list(table) == ["row", *columns]
    assert list(table["row"]) == list(index)
    silent = ~np.isfinite(model.ensemble_oof_.reshape(N, -1)).all(axis=1)
    assert silent.any() == in_time
    predicted = table[columns]
    assert_array_equal(
        predicted.isna().to_numpy(), np.repeat(silent[:, None], predicted.shape[1], 1)
    )
    if which == "votes":
        codes = model.ensemble_oof_[~silent].astype(int)
        assert_array_equal(predicted[~silent].to_numpy()[:, 0], model.classes_[codes])
    else:
        expected = expected_of(model, which, model.ensemble_oof_)
        assert_allclose(predicted.astype(float), expected, rtol=1e-12)
    path = model.save_predictions(tmp_path / f"new{suffix}", requested, id_column="id")
    table = READERS[suffix](path)
    assert list(table) == ["id", *columns]
    assert list(table["id"]) == list(range(len(new)))
    if which == "votes":
        assert_array_equal(table["prediction"], model.predict(requested))
    else:
        expected = expected_of(model, which, says(model, requested))
        assert_allclose(table[columns], expected, rtol=1e-12)


def test_votes_of_integers_stay_integers():
    X, y, new = DATA["classes"]
    codes = np.unique(y, return_inverse=True)[1] + 5
    model = VotingClassifier(MEMBERS["classes"], cv=3, **SEEDED).fit(X, codes)
    for frame in (model.to_frame(), model.to_frame(new)):
        assert frame["prediction"].dtype.kind == "i"
        assert set(frame["prediction"]) <= {5, 6, 7}


def test_names_of_columns_and_rows():
    model = fitted("StackingRegressor")
    new = DATA["numbers"][2]
    assert list(model.to_frame(new)) == ["prediction"]
    table = model.to_frame(new, index=np.arange(40) + 100, target="price")
    assert list(table) == ["id", "price"]
    assert list(table["id"]) == list(range(100, 140))
    assert list(model.to_frame(id_column="row")["row"]) == list(range(N))
