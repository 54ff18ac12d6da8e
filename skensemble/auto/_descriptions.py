"""What the members of the catalogue are, in a few words."""

_MODELS = {
    "additive": "boosted stumps, a sum of functions of single columns",
    "catboost": "CatBoost",
    "catboost_deep": "CatBoost with deeper trees",
    "extra_trees": "extremely randomized trees",
    "forest": "random forest",
    "kernel": "linear model on kernel features",
    "lightgbm": "LightGBM",
    "lightgbm_random": "LightGBM with random thresholds",
    "lightgbm_small": "LightGBM with few, small trees",
    "linear": "linear model on piecewise linear columns",
    "neighbors": "nearest neighbors",
    "network": "neural network on piecewise linear columns",
    "network_smooth": "neural network on columns with normal quantiles",
    "upper": "boosted trees on the columns and on predictions of the first layer",
    "upper_random": ("as upper, with random thresholds or fewer columns per split"),
    "xgboost": "XGBoost with deep trees",
    "xgboost_small": "XGBoost with small trees",
}
_SCALES = {"log": "logarithm", "sqrt": "square root"}


def describe_member(name: str) -> str:
    """Return what a member of the catalogue is; "" for the user's own members."""
    if name in _MODELS:
        return _MODELS[name]
    kind, _, scale = name.rpartition("_")
    if kind in _MODELS and scale in _SCALES:
        return f"{_MODELS[kind]}, on the {_SCALES[scale]} of the target"
    return ""
