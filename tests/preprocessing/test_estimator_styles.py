"""Every estimator has the encoder style that suits it; a rename fails here."""

import importlib
import inspect
import subprocess
import sys

import pytest
from sklearn.base import BaseEstimator
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeRegressor

import skensemble
from skensemble.preprocessing._encoder_styles import ENCODER_STYLES
from skensemble.preprocessing._estimator_styles import (
    STYLES_OF_CLASSES,
    encoder_style_of,
)

STYLES = {
    "AdaBoostClassifier": "forests",
    "AdaBoostRegressor": "forests",
    "AutoEnsembleClassifier": "linear",
    "AutoEnsembleRegressor": "linear",
    "BaggingClassifier": "forests",
    "BaggingRegressor": "forests",
    "GradientBoostingClassifier": "trees",
    "GradientBoostingRegressor": "trees",
    "LinearClassifier": "linear",
    "LinearClassifierCV": "linear",
    "LinearRegressor": "linear",
    "LinearRegressorCV": "linear",
    "RandomForestClassifier": "forests",
    "RandomForestRegressor": "forests",
}
OF_MEMBERS = {
    *("BlendingClassifier", "BlendingRegressor", "CrossFitted", "SeedAveraging"),
    *("EnsembleSelectionClassifier", "EnsembleSelectionRegressor"),
    *("StackingClassifier", "StackingRegressor"),
    *("SuperLearnerClassifier", "SuperLearnerRegressor"),
    *("VotingClassifier", "VotingRegressor"),
}
LISTED = [(name, style) for style, names in STYLES_OF_CLASSES.items() for name in names]


def resolved(name):
    package, _, attribute = name.rpartition(".")
    return getattr(pytest.importorskip(package), attribute)


def test_every_public_estimator_has_an_expected_style():
    public = {
        name
        for name in skensemble.__all__
        if inspect.isclass(thing := getattr(skensemble, name))
        and issubclass(thing, BaseEstimator)
        and hasattr(thing, "fit")
    }
    assert public == OF_MEMBERS | set(STYLES)


@pytest.mark.parametrize("name", STYLES)
def test_style_of_our_estimator(name):
    assert encoder_style_of(getattr(skensemble, name)()) == STYLES[name]


@pytest.mark.parametrize("name", sorted(OF_MEMBERS))
@pytest.mark.parametrize(
    ("member", "style"),
    [
        (HistGradientBoostingRegressor(), "trees"),
        (DecisionTreeRegressor(), "forests"),
        (LogisticRegression(), "linear"),
        (SVC(), "neighbors"),
    ],
    ids=["trees", "forests", "linear", "neighbors"],
)
def test_style_of_an_ensemble_is_that_of_its_members(name, member, style):
    ensemble = getattr(skensemble, name)
    members = member if "estimator" in signature(ensemble) else [("member", member)]
    assert encoder_style_of(ensemble(members)) == style


def signature(kind):
    return inspect.signature(kind).parameters


@pytest.mark.parametrize("name", [name for name in STYLES if STYLES[name] != "linear"])
def test_subclass_has_the_style_of_its_parent(name):
    parent = getattr(skensemble, name)
    child = type("Child", (parent,), {})
    assert encoder_style_of(child.__new__(child)) == STYLES[name]


@pytest.mark.parametrize(("name", "style"), LISTED, ids=[name for name, _ in LISTED])
def test_listed_class_exists_and_has_its_style(name, style):
    kind = resolved(name)
    assert style in ENCODER_STYLES
    child = type("Child", (kind,), {})
    for one in (kind, child):
        assert encoder_style_of(one.__new__(one)) == style


@pytest.mark.parametrize(
    ("module", "style"),
    [
        ("sklearn.ensemble._hist_gradient_boosting.gradient_boosting", "trees"),
        ("sklearn.tree", "forests"),
        ("sklearn.neighbors", "neighbors"),
        ("sklearn.gaussian_process", "neighbors"),
        ("sklearn.neural_network", "neural"),
        ("lightgbm.sklearn", "trees"),
        ("xgboost.sklearn", "trees"),
    ],
)
def test_no_estimator_of_a_listed_package_is_left_out(module, style):
    package = importlib.import_module(module)
    kinds = [
        thing
        for name, thing in vars(package).items()
        if inspect.isclass(thing)
        and issubclass(thing, BaseEstimator)
        and thing.__module__.startswith(module)
        and not inspect.isabstract(thing)
        and not name.startswith("_")
    ]
    assert kinds
    assert {encoder_style_of(kind.__new__(kind)) for kind in kinds} <= {style}


def test_no_library_is_imported_to_find_a_style():
    code = (
        "import sys\n"
        "from sklearn.linear_model import Ridge\n"
        "from skensemble.preprocessing._estimator_styles import encoder_style_of\n"
        "print(encoder_style_of(Ridge()))\n"
        "print({'lightgbm', 'xgboost', 'catboost', 'torch'} & set(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert run.stdout.splitlines() == ["linear", "set()"], run.stderr


def test_style_of_an_unknown_estimator_is_linear():
    assert encoder_style_of(Ridge()) == "linear"
