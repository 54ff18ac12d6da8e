"""Generated features have the right values; only informative ones are kept."""

import pickle

import numpy as np
import pandas as pd
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from skensemble.preprocessing import FeatureGenerator, make_member

N = 800
RNG = np.random.default_rng(0)
X = pd.DataFrame(
    {
        "debt": RNG.uniform(1, 9, N),
        "income": RNG.uniform(1, 9, N),
        "age": RNG.uniform(20, 60, N),
        "town": RNG.choice([f"t{k}" for k in range(8)], N),
        "job": RNG.choice(["a", "b", None], N),
    }
)
RATIO = X["debt"] / X["income"] + 0.2 * RNG.normal(size=N)
SELECTIONS = ("importance", "correlation", "mutual_info")


@parametrize_with_checks(
    [
        FeatureGenerator(selection=None),
        FeatureGenerator(selection="correlation", random_state=0),
        FeatureGenerator(selection="importance", random_state=0),
    ]
)
def test_scikit_learn_check_of_the_generator(estimator, check):
    check(estimator)


def test_every_operation_by_hand():
    generator = FeatureGenerator(selection=None, max_features=1000).fit(X)
    assert generator.generated_["kept"].all()
    out = generator.transform(X)
    pd.testing.assert_frame_equal(out[X.columns], X)
    np.testing.assert_allclose(out["debt plus age"], X["debt"] + X["age"])
    np.testing.assert_allclose(out["debt minus age"], X["debt"] - X["age"])
    np.testing.assert_allclose(out["debt times age"], X["debt"] * X["age"])
    np.testing.assert_allclose(out["age over debt"], X["age"] / X["debt"])
    np.testing.assert_allclose(out["age squared"], X["age"] ** 2)
    within = X["age"] - X.groupby("town")["age"].transform("mean")
    np.testing.assert_allclose(out["age within town"], within)
    expected = X["town"] + " | " + X["job"].fillna("missing")
    assert (out["town and job"] == expected).all()


def test_features_of_new_rows():
    generator = FeatureGenerator(["ratio", "group"], selection=None).fit(X)
    new = X.head(3).assign(income=0.0, town="nowhere")[X.columns[::-1]]
    out = generator.transform(new)
    assert out["debt over income"].isna().all()
    np.testing.assert_allclose(
        out["age within town"], X["age"].head(3) - X["age"].mean()
    )
    with pytest.raises(ValueError, match=r"columns are missing: \['age'\]"):
        generator.transform(X.drop(columns="age"))


@pytest.mark.parametrize("selection", SELECTIONS)
def test_a_ratio_is_found(selection):
    generator = FeatureGenerator(selection=selection, random_state=0).fit(X, RATIO)
    best = generator.generated_.iloc[0]
    assert set(best["parents"]) == {"debt", "income"}
    assert best["kept"]
    assert best["score"] > best["threshold"]
    again = clone(generator).fit(X, RATIO)
    pd.testing.assert_frame_equal(again.generated_, generator.generated_)


@pytest.mark.parametrize("selection", SELECTIONS)
def test_a_crossed_pair_is_found(selection):
    left, right = RNG.choice(["a", "b"], (2, N))
    frame = pd.DataFrame({"left": left, "right": right, "x": RNG.normal(size=N)})
    y = np.where((left == right) ^ (RNG.random(N) < 0.1), "same", "other")
    generator = FeatureGenerator(selection=selection, random_state=0).fit(frame, y)
    kept = generator.generated_["name"][generator.generated_["kept"]]
    assert "left and right" in set(kept)


@pytest.mark.parametrize("selection", SELECTIONS)
def test_few_features_of_noise_are_kept(selection):
    frame = pd.DataFrame(RNG.normal(size=(600, 6)), columns=list("abcdef"))
    kept = [
        FeatureGenerator(selection=selection, random_state=seed)
        .fit(frame, np.random.default_rng(seed).normal(size=600))
        .generated_["kept"]
        .mean()
        for seed in range(3)
    ]
    assert np.mean(kept) < 0.02


def test_number_of_features_is_limited():
    generator = FeatureGenerator(selection=None, max_features=3).fit(X)
    assert generator.transform(X).shape == (N, X.shape[1] + 3)
    assert len(generator.get_feature_names_out()) == X.shape[1] + 3


def test_before_a_member():
    plain = make_member(Ridge(), random_state=0)
    richer = make_pipeline(FeatureGenerator(random_state=0), plain)
    gain = cross_val_score(richer, X, RATIO, cv=3) - cross_val_score(
        plain, X, RATIO, cv=3
    )
    assert gain.mean() > 0.05
    assert r2_score(RATIO, richer.fit(X, RATIO).predict(X)) > 0.8
    again = pickle.loads(pickle.dumps(richer))
    np.testing.assert_array_equal(again.predict(X), richer.predict(X))


def test_polars_and_arrays():
    generator = FeatureGenerator(selection=None)
    numbers = X[["debt", "income"]]
    expected = generator.fit_transform(numbers)
    other = pl.DataFrame({name: numbers[name].tolist() for name in numbers})
    pd.testing.assert_frame_equal(generator.fit_transform(other), expected)
    array = generator.fit_transform(numbers.to_numpy())
    np.testing.assert_array_equal(array, expected)
    assert array.columns[2] == "x0 plus x1"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"operations": ["sums"]}, "operations="),
        ({"operations": "sum"}, "operations="),
        ({"selection": "boruta"}, "selection="),
        ({"max_features": 0}, "max_features="),
        ({"top": 1}, "top="),
    ],
    ids=["unknown", "one", "selection", "most", "top"],
)
def test_wrong_parameters_of_the_generator(wrong, words):
    with pytest.raises(ValueError, match=words):
        FeatureGenerator(**wrong).fit(X, RATIO)


def test_selection_requires_a_target():
    with pytest.raises(ValueError, match=r"requires y.*use selection=None"):
        FeatureGenerator().fit(X)
