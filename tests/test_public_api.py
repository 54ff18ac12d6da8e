"""What is listed, what is importable and what the API page says are the same."""

import importlib
import re
from pathlib import Path

import pytest

PACKAGES = ["skensemble", "skensemble.auto", "skensemble.datasets", "skensemble.display",
            "skensemble.exceptions", "skensemble.fitting", "skensemble.linear_model",
            "skensemble.losses",
            "skensemble.bagging", "skensemble.boosting", "skensemble.optim", "skensemble.persistence",
            "skensemble.preprocessing", "skensemble.stacking", "skensemble.tables"]  # fmt: skip
NEEDS_ARGUMENTS = {
    f"{family}{kind}": ["estimators"]
    for family in (
        "Blending",
        "EnsembleSelection",
        "Stacking",
        "SuperLearner",
        "Voting",
    )
    for kind in ("Classifier", "Regressor")
}
NEEDS_ARGUMENTS |= {name: ["estimator"] for name in ("CrossFitted", "SeedAveraging")}
API_PAGE = Path(__file__).parents[1] / "docs" / "api.md"


@pytest.mark.parametrize("name", PACKAGES)
def test_all_is_sorted_and_real(name):
    package = importlib.import_module(name)
    # Acronyms first, as the linter sorts.
    assert package.__all__ == sorted(
        package.__all__, key=lambda k: (not k.isupper(), k)
    )
    assert all(hasattr(package, public) for public in package.__all__)


MODULE = re.compile(r"^\.\. currentmodule:: ([\w.]+)$")
ENTRY = re.compile(r"^   (\w+)$")


def listed_on_the_api_page():
    """Give the (module, name) of every entry of the API page, in its order."""
    module, found = None, []
    for line in API_PAGE.read_text(encoding="utf8").splitlines():
        if match := MODULE.match(line):
            module = match[1]
        elif match := ENTRY.match(line):
            found.append((module, match[1]))
    return found


def test_api_page_lists_only_what_is_public():
    listed = listed_on_the_api_page()
    assert len(listed) == len(set(listed))
    for module, name in listed:
        assert module in PACKAGES
        assert name in importlib.import_module(module).__all__, (module, name)


def test_api_page_lists_all_that_is_public():
    """Every object, once, from one of the places that it can be imported from."""
    listed = {
        (name, id(getattr(importlib.import_module(module), name)))
        for module, name in listed_on_the_api_page()
    }
    rooms = {name.rpartition(".")[2] for name in PACKAGES}
    public = {
        (name, id(getattr(importlib.import_module(module), name)))
        for module in PACKAGES
        for name in importlib.import_module(module).__all__
        if name not in rooms | {"__version__"}
    }
    assert listed == public
    assert len(listed) == len(listed_on_the_api_page())


def test_estimators_construct_with_the_arguments_listed():
    import skensemble

    found = [
        name
        for name in skensemble.__all__
        if hasattr(getattr(skensemble, name), "get_params")
    ]
    assert set(NEEDS_ARGUMENTS) <= set(found)
    for name in found:
        arguments = {key: [] for key in NEEDS_ARGUMENTS.get(name, [])}
        estimator = getattr(skensemble, name)(**arguments)
        assert arguments.items() <= estimator.get_params(deep=False).items()
