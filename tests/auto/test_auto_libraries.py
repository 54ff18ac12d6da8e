"""Members whose library is not installed, or is damaged."""

import sys
import warnings

import numpy as np
import pytest

from skensemble import AutoEnsembleClassifier, AutoEnsembleRegressor
from skensemble.auto._libraries import with_library
from skensemble.core import optional
from skensemble.exceptions import MemberFailedWarning


class Damaged:
    """Finds a library, whose import raises an error."""

    def __init__(self, name, error):
        self.name, self.error = name, error

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == self.name:
            raise self.error


@pytest.fixture
def damage(monkeypatch):
    def damage(library, error):
        for name in [*sys.modules]:
            if name.partition(".")[0] == library:
                monkeypatch.delitem(sys.modules, name)
        monkeypatch.setattr(sys, "meta_path", [Damaged(library, error), *sys.meta_path])

    return damage


ERRORS = [
    ImportError("numpy.core.multiarray failed to import"),
    OSError("libgomp.so.1: cannot open shared object file"),
    ModuleNotFoundError("No module named 'graphviz'", name="graphviz"),
    ValueError("numpy.dtype size changed"),
]


@pytest.mark.parametrize("library", ["catboost", "xgboost", "lightgbm"])
@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_damaged_library_is_left_out_with_one_warning(damage, library, error):
    damage(library, error)
    names = [library, f"{library}_small", "linear"]
    with pytest.warns(MemberFailedWarning) as caught:
        assert with_library(names) == ["linear"]
    (text,) = [str(one.message) for one in caught]
    assert f"{library} is installed, but cannot be imported" in text
    assert str(error) in text
    with pytest.raises(ImportError, match=f"--force-reinstall {library}"):
        optional(library)


def test_an_extra_that_is_not_installed_is_left_out_without_a_warning(damage):
    damage("catboost", ModuleNotFoundError("No module", name="catboost"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert with_library(["catboost", "catboost_log", "linear"]) == ["linear"]
    with pytest.raises(ModuleNotFoundError, match="skensemble\\[catboost\\]"):
        optional("catboost", "catboost")


def test_a_library_that_belongs_to_the_package_is_missed(damage):
    damage("xgboost", ModuleNotFoundError("No module", name="xgboost"))
    with pytest.warns(MemberFailedWarning, match="xgboost is required"):
        assert with_library(["xgboost", "linear"]) == ["linear"]


def test_a_fit_without_a_damaged_library(damage):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 3))
    damage("lightgbm", OSError("libgomp.so.1"))
    model = AutoEnsembleRegressor(
        preset="small", time_limit=None, n_jobs=1, random_state=0
    )
    with pytest.warns(MemberFailedWarning) as caught:
        model.fit(X, X[:, 0])
    assert len(caught) == 1
    assert model.weights_.index.tolist() == ["linear"]
    assert not model.failed_


def test_a_member_that_was_named_is_refused(damage):
    damage("catboost", OSError("libgomp.so.1"))
    model = AutoEnsembleClassifier(members=["catboost"], time_limit=1)
    with pytest.raises(ValueError, match="'catboost', but catboost is installed"):
        model.fit(np.arange(20.0).reshape(-1, 1), [0, 1] * 10)
