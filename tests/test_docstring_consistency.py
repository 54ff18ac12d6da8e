"""In a family of estimators, the text of one parameter is the same everywhere."""

import pytest
from numpydoc.docscrape import ClassDoc

import skensemble

FAMILIES = {
    "stacking": [
        "StackingClassifier",
        "StackingRegressor",
        "BlendingClassifier",
        "BlendingRegressor",
        "SuperLearnerClassifier",
        "SuperLearnerRegressor",
        "EnsembleSelectionClassifier",
        "EnsembleSelectionRegressor",
        "VotingClassifier",
        "VotingRegressor",
    ],
    "automatic": ["AutoEnsembleClassifier", "AutoEnsembleRegressor"],
    "gradient boosting": ["GradientBoostingClassifier", "GradientBoostingRegressor"],
    "AdaBoost": ["AdaBoostClassifier", "AdaBoostRegressor"],
    "bagging": ["BaggingClassifier", "BaggingRegressor"],
    "forests": ["RandomForestClassifier", "RandomForestRegressor"],
    "averages": ["CrossFitted", "SeedAveraging"],
    "linear models": [
        "LinearClassifier",
        "LinearRegressor",
        "LinearClassifierCV",
        "LinearRegressorCV",
    ],
}
# Parameters and attributes that mean something else in some class of the family.
DIFFERENT = {
    # The meta model has shares of members where other kinds have weights; voting needs
    # no splits, and ensemble selection maximises the score.
    "stacking": {"weights_", "cv", "scoring"},
    # One class draws seeds for its models, the other one splits rows.
    "averages": {"estimator", "random_state", "estimators_", "fits_"},
}


def sections(name):
    doc = ClassDoc(getattr(skensemble, name))
    for section in ("Parameters", "Attributes"):
        for entry in doc[section]:
            yield section, entry.name, " ".join(entry.desc).split()


@pytest.mark.parametrize("family", FAMILIES)
def test_one_text_per_parameter(family):
    texts = {}
    for name in FAMILIES[family]:
        for section, parameter, text in sections(name):
            versions = texts.setdefault((section, parameter), {})
            versions.setdefault(" ".join(text), []).append(name)
    different = {
        key: versions
        for key, versions in texts.items()
        if len(versions) > 1 and key[1] not in DIFFERENT.get(family, ())
    }
    assert not different, "\n".join(
        f"{section} {parameter}:\n"
        + "\n".join(f"  {', '.join(names)}: {text}" for text, names in versions.items())
        for (section, parameter), versions in different.items()
    )


@pytest.mark.parametrize("family", DIFFERENT)
def test_no_exception_is_stale(family):
    for exception in DIFFERENT[family]:
        texts = {
            " ".join(text)
            for name in FAMILIES[family]
            for _, parameter, text in sections(name)
            if parameter == exception
        }
        assert len(texts) > 1, f"{exception} has one text by now"
