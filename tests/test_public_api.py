"""What is listed, what is importable and what the API page says are the same."""

import importlib
import re
from pathlib import Path

import pytest

PACKAGES = ["skensemble", "skensemble.auto", "skensemble.datasets", "skensemble.display",
            "skensemble.exceptions", "skensemble.fitting", "skensemble.linear_model",
            "skensemble.losses",
            "skensemble.bagging", "skensemble.boosting", "skensemble.optim", "skensemble.persistence",
            "skensemble.preprocessing", "skensemble.stacking"]  # fmt: skip
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


def test_api_page_lists_what_is_public():
    text = API_PAGE.read_text(encoding="utf8")
    listed = set(re.findall(r"^   (\w+)$", text, flags=re.MULTILINE))
    public = set()
    for name in PACKAGES:
        public |= set(importlib.import_module(name).__all__)
    rooms = {name.rpartition(".")[2] for name in PACKAGES}
    # A room listed as a whole is listed by its `__all__`.
    for room in listed & rooms:
        listed |= set(importlib.import_module(f"skensemble.{room}").__all__)
    assert listed - rooms == public - rooms - {"__version__"}


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
