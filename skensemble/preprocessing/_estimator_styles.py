"""Find the encoder style that suits an estimator.

An estimator of skensemble declares its style in the class attribute `_encoder_style`.
Estimators of other libraries are listed below by their public names. An estimator of
neither kind has the style of the estimators that it contains, or else "linear".
"""

import sys
from typing import Any

from sklearn.pipeline import Pipeline

# Public names of classes, by encoder style. Subclasses have the style of their parent.
STYLES_OF_CLASSES = {
    "trees": (
        "lightgbm.LGBMModel",
        "xgboost.XGBModel",
        "sklearn.ensemble.HistGradientBoostingClassifier",
        "sklearn.ensemble.HistGradientBoostingRegressor",
    ),
    "catboost": ("catboost.CatBoost",),
    "forests": (
        "sklearn.ensemble.AdaBoostClassifier",
        "sklearn.ensemble.AdaBoostRegressor",
        "sklearn.ensemble.BaggingClassifier",
        "sklearn.ensemble.BaggingRegressor",
        "sklearn.ensemble.ExtraTreesClassifier",
        "sklearn.ensemble.ExtraTreesRegressor",
        "sklearn.ensemble.GradientBoostingClassifier",
        "sklearn.ensemble.GradientBoostingRegressor",
        "sklearn.ensemble.IsolationForest",
        "sklearn.ensemble.RandomForestClassifier",
        "sklearn.ensemble.RandomForestRegressor",
        "sklearn.ensemble.RandomTreesEmbedding",
        "sklearn.tree.DecisionTreeClassifier",
        "sklearn.tree.DecisionTreeRegressor",
    ),
    "neighbors": (
        "sklearn.gaussian_process.GaussianProcessClassifier",
        "sklearn.gaussian_process.GaussianProcessRegressor",
        "sklearn.kernel_ridge.KernelRidge",
        "sklearn.neighbors.KernelDensity",
        "sklearn.neighbors.KNeighborsClassifier",
        "sklearn.neighbors.KNeighborsRegressor",
        "sklearn.neighbors.KNeighborsTransformer",
        "sklearn.neighbors.LocalOutlierFactor",
        "sklearn.neighbors.NearestCentroid",
        "sklearn.neighbors.NearestNeighbors",
        "sklearn.neighbors.NeighborhoodComponentsAnalysis",
        "sklearn.neighbors.RadiusNeighborsClassifier",
        "sklearn.neighbors.RadiusNeighborsRegressor",
        "sklearn.neighbors.RadiusNeighborsTransformer",
    ),
    "neural": (
        "sklearn.neural_network.BernoulliRBM",
        "sklearn.neural_network.MLPClassifier",
        "sklearn.neural_network.MLPRegressor",
        "skorch.NeuralNet",
        "torch.nn.Module",
    ),
}
_INNER_PARAMETERS = ("estimator", "base_estimator", "regressor", "classifier")


def encoder_style_of(estimator: Any) -> str:
    """Return the encoder style that suits an estimator, a key of `ENCODER_STYLES`."""
    if isinstance(estimator, Pipeline):
        return encoder_style_of(estimator.steps[-1][1])
    style = getattr(type(estimator), "_encoder_style", None) or _listed_style(estimator)
    if style is not None:
        return _refine_style(estimator, style)
    if getattr(estimator, "kernel", "linear") != "linear":
        return "neighbors"
    inner = {encoder_style_of(one) for one in inner_estimators(estimator)}
    if len(inner) == 1:
        return inner.pop()
    return "neural" if inner else "linear"


def _listed_style(estimator: Any) -> str | None:
    """Return the style of the listed class of which the estimator is an instance."""
    for style, names in STYLES_OF_CLASSES.items():
        for name in names:
            package, _, attribute = name.rpartition(".")
            # No estimator is an instance of a class that has not been imported.
            listed = getattr(sys.modules.get(package), attribute, None)
            if isinstance(listed, type) and isinstance(estimator, listed):
                return style
    return None


def _refine_style(estimator: Any, style: str) -> str:
    """Correct the style for boosted linear models and for ensembles of estimators."""
    if getattr(estimator, "booster", None) == "gblinear":
        return "linear"
    if getattr(estimator, "engine", None) == "weak_learner":
        return "forests"
    inner = inner_estimators(estimator)
    if style == "forests" and inner:
        return encoder_style_of(inner[0])
    return style


def inner_estimators(estimator: Any) -> list[Any]:
    """Return the estimators among the parameters of an estimator."""
    found = [
        one
        for name in _INNER_PARAMETERS
        if hasattr(one := getattr(estimator, name, None), "fit")
        and not isinstance(one, type)
    ]
    named = getattr(estimator, "estimators", None)
    if isinstance(named, list | tuple):
        found += [
            item[1]
            for item in named
            if isinstance(item, tuple) and hasattr(item[1], "fit")
        ]
    return found
