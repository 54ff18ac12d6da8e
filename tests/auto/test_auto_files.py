"""Pickles, copies and files of automatic ensembles: their sizes, and what they hold."""

import copy
import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

from skensemble import AutoEnsembleClassifier, AutoEnsembleRegressor
from skensemble.auto import _fitted_ensemble
from skensemble.auto.members import SlimExtraTreesClassifier, SlimExtraTreesRegressor
from skensemble.persistence import load, save


def table(n=700):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.normal(size=(n, 6)).round(2), columns=list("abcdef"))
    X["city"] = np.array(["Bern", "Basel", "Chur"])[rng.integers(0, 3, n)]
    return X, (X["a"] * X["b"] + rng.normal(0, 0.3, n)).to_numpy()


def forest(kind, n_trees=12):
    return ("trees", kind(n_trees, random_state=0))


@pytest.fixture(scope="module")
def regressor():
    members = ["lightgbm_small", forest(SlimExtraTreesRegressor)]
    return AutoEnsembleRegressor(
        None, members=members, preset="fast", cv=3, random_state=0, n_jobs=1
    ).fit(*table())


@pytest.fixture(scope="module")
def with_fold_models():
    """An ensemble that had no time to fit its members on all rows."""
    X, y = table()
    members = ["linear", forest(SlimExtraTreesClassifier)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_fitted_ensemble, "fit_on_all_rows", lambda model, *_: model)
        auto = AutoEnsembleClassifier(
            None, members=members, preset="fast", cv=3, random_state=0, n_jobs=1
        ).fit(X, y > 0)
    trees = auto.model_.lower.estimators["trees"]
    assert len(trees.estimators) == 3
    return auto


def predictions(auto):
    X = table()[0][:100]
    return getattr(auto, "predict_proba", auto.predict)(X)


def check_same(auto, other):
    np.testing.assert_array_equal(predictions(other), predictions(auto))
    pd.testing.assert_frame_equal(other.leaderboard_, auto.leaderboard_)
    pd.testing.assert_frame_equal(other.trials(), auto.trials())
    np.testing.assert_array_equal(other.ensemble_oof_, auto.ensemble_oof_)
    assert [vars(fit).keys() for fit in other.fits_] == [
        vars(fit).keys() for fit in auto.fits_
    ]
    np.testing.assert_array_equal(other.fits_[0].train, auto.fits_[0].train)


@pytest.mark.parametrize("name", ["regressor", "with_fold_models"])
def test_pickles_are_at_most_twice_as_large_as_files(name, request, tmp_path):
    auto = request.getfixturevalue(name)
    save(auto, tmp_path / "auto.model")
    size = (tmp_path / "auto.model").stat().st_size
    joblib.dump(auto, tmp_path / "auto.joblib")
    assert len(pickle.dumps(auto)) < 2 * size
    assert (tmp_path / "auto.joblib").stat().st_size < 2 * size
    for other in (
        load(tmp_path / "auto.model"),
        joblib.load(tmp_path / "auto.joblib"),
        pickle.loads(pickle.dumps(auto, 2)),
    ):
        np.testing.assert_array_equal(predictions(other), predictions(auto))
    check_same(auto, pickle.loads(pickle.dumps(auto)))


def test_pickles_of_pickles_and_files_of_pickles(regressor, tmp_path):
    again = pickle.loads(pickle.dumps(regressor))
    again = pickle.loads(pickle.dumps(again))
    save(again, tmp_path / "again.model")
    save(regressor, tmp_path / "first.model")
    check_same(regressor, load(tmp_path / "again.model"))
    sizes = [(tmp_path / f"{n}.model").stat().st_size for n in ("again", "first")]
    assert sizes[0] == pytest.approx(sizes[1], rel=0.05)


def test_pickles_do_not_grow_with_use(regressor):
    auto = pickle.loads(pickle.dumps(regressor))
    size = len(pickle.dumps(auto))
    assert len(auto.leaderboard_) > 1  # computed on demand
    predictions(auto)
    assert len(pickle.dumps(auto)) < 1.02 * size


def test_copies(regressor):
    for other in (copy.copy(regressor), copy.deepcopy(regressor)):
        np.testing.assert_array_equal(predictions(other), predictions(regressor))
        # Copies in the same process share the training data.
        assert other._training_state("fit_more").plan.X is regressor._trainer.plan.X
    deep = copy.deepcopy(regressor)
    deep.oof_.blocks["lightgbm_small"][:] = 0
    assert regressor.oof_.blocks["lightgbm_small"].any()


@pytest.mark.parametrize("method", ["fit_more", "refit_best", "compress"])
def test_pickles_lack_the_training_data(regressor, method, tmp_path):
    save(regressor, tmp_path / "auto.model")
    arguments = [5] if method == "fit_more" else []
    for other in (
        pickle.loads(pickle.dumps(regressor)),
        load(tmp_path / "auto.model"),
    ):
        with pytest.raises(ValueError, match=r"Call keep_training_data\(\)"):
            getattr(other, method)(*arguments)


def test_training_data_on_request(regressor, tmp_path):
    first = copy.copy(regressor)
    small = len(pickle.dumps(first))
    data = pickle.dumps(first.keep_training_data())
    assert len(data) > 1.5 * small
    again = pickle.loads(data)
    names = set(again.weights_.index)
    assert set(again.fit_more(5).weights_.index) == names
    assert (again.compress(max_members=1).weights_ > 0).sum() == 1
    # The wish is part of the estimator, also after unpickling; files have no data.
    assert len(pickle.dumps(again)) > 1.5 * small
    save(again, tmp_path / "auto.model")
    assert not hasattr(load(tmp_path / "auto.model"), "_trainer")
    assert len(pickle.dumps(again.keep_training_data(False))) < 1.5 * small
    with pytest.raises((TypeError, ValueError), match="keep"):
        first.keep_training_data("yes")


def test_unfitted_estimators_keep_their_parameters():
    auto = AutoEnsembleRegressor(5, members=["linear"], memory="folder")
    again = pickle.loads(pickle.dumps(auto))
    assert again.get_params() == auto.get_params()
    assert not again.__sklearn_is_fitted__()


def test_members_of_a_script_reach_other_processes():
    # A class without a module that another process can import, as in a notebook.
    class Local(LogisticRegression):
        pass

    Local.__module__ = "__main__"
    X, y = table(120)
    auto = AutoEnsembleClassifier(
        None, members=[("local", Local())], preset="fast", cv=2, n_jobs=1
    ).fit(X, y > 0)
    cloudpickle = pytest.importorskip("cloudpickle")
    check_same(auto, cloudpickle.loads(cloudpickle.dumps(auto)))
    with pytest.raises((AttributeError, pickle.PicklingError), match="Local"):
        pickle.dumps(auto)
