"""The catalogue of members, each with its hyper-parameters."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.pipeline import Pipeline

from skensemble.auto._candidate import Candidate, TimeAllowance
from skensemble.auto._libraries import is_importable
from skensemble.auto._table_facts import TableFacts
from skensemble.auto.members import (
    CatBoostMemberClassifier,
    CatBoostMemberRegressor,
    ClippedRegressor,
    EarlyStoppingEstimator,
    EncodedEstimator,
    NeighborsClassifier,
    NeighborsRegressor,
    PerceptronClassifier,
    PerceptronRegressor,
    RBFLandmarks,
    SlimExtraTreesClassifier,
    SlimExtraTreesRegressor,
    SlimRandomForestClassifier,
    SlimRandomForestRegressor,
)
from skensemble.boosting import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    LightGBM,
    XGBoost,
)
from skensemble.optim import Patience
from skensemble.preprocessing import TableEncoder

# Relative cost of a member of the upper layer: it starts from good predictions, so that
# it stops early.
_UPPER_COST = 0.8
_MAX_NEIGHBORS_ROWS = 60_000
# Maximum number of nodes of a forest, by which the number of its trees is bounded.
_MAX_NODES = 1_200_000
# Seconds that a forest takes per row, column and level of a tree. A fold has the share
# _FOLD_SHARE of all rows, and the encoder makes _ENCODED_COLUMNS columns from one.
_SECONDS_PER_STEP = 1e-8
_FOLD_SHARE = 0.8
_ENCODED_COLUMNS = 1.5
# Seconds that an iteration of a logistic regression takes per value and class.
_SECONDS_PER_PRODUCT = 1e-9
# Number of landmarks of the kernel, and its gamma for one column.
_N_LANDMARKS = 600
_GAMMA = 0.3
# Tolerance of logistic regressions; a smaller one does not improve the predictions.
_TOLERANCE = 1e-3


def lightgbm(facts: TableFacts, allowance: TimeAllowance, scale: str = "") -> Candidate:
    """LightGBM with fewer columns and rows per tree than by default."""
    shape: dict[str, Any] = {
        "num_leaves": int(
            np.clip(facts.n_rows // 80, 10, 100 if facts.regression else 50)
        ),
        "bagging_fraction": 0.7 if facts.regression else 0.75,
        "bagging_freq": 1,
        "feature_fraction": 0.55 if facts.regression else 0.4,
        "min_data_in_leaf": 4 if facts.regression else _min_leaf_rows(facts),
    }
    rule = Patience(60, seconds=allowance.per_fit("lightgbm"))
    model = _lightgbm_booster(
        facts, 0.05 if facts.regression else 0.04, 2000, rule, **shape
    )
    return _candidate("lightgbm", "trees", model, facts, 1.0, scale, stops_early=True)


def lightgbm_small(facts: TableFacts, allowance: TimeAllowance) -> Candidate:
    """LightGBM with few, small trees, for fast predictions and small files."""
    model = _lightgbm_booster(facts, 0.1, 300, Patience(20), num_leaves=16)
    return _candidate("lightgbm_small", "trees", model, facts, stops_early=True)


def additive(facts: TableFacts, allowance: TimeAllowance) -> Candidate:
    """Boosted stumps: a sum of functions of single columns."""
    model = _lightgbm_booster(facts, 0.1, 2000, Patience(50), num_leaves=2)
    return _candidate("additive", "trees", model, facts, stops_early=True)


def lightgbm_random(facts: TableFacts, allowance: TimeAllowance) -> Candidate:
    """LightGBM with random thresholds."""
    shape: dict[str, Any] = {
        "num_leaves": 64,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "feature_fraction": 0.7,
        "min_data_in_leaf": 4 if facts.regression else _min_leaf_rows(facts),
        "extra_trees": True,
    }
    rule = Patience(60, seconds=allowance.per_fit("lightgbm"))
    model = _lightgbm_booster(facts, 0.05, 2000, rule, **shape)
    return _candidate("lightgbm_random", "trees", model, facts, 0.8, stops_early=True)


def xgboost_small(facts: TableFacts, allowance: TimeAllowance) -> Candidate:
    """XGBoost with small trees, which do better on noisy targets."""
    engine = XGBoost(max_depth=4, colsample_bytree=0.7, subsample=0.8)
    rule = Patience(50, seconds=allowance.per_fit("xgboost"))
    model = _booster(facts, 0.05, 2000, rule, engine)
    return _candidate("xgboost_small", "trees", model, facts, 0.8, stops_early=True)


def xgboost(facts: TableFacts, allowance: TimeAllowance) -> Candidate:
    """XGBoost with deep trees on subsets of the columns."""
    engine = XGBoost(
        max_depth=7,
        colsample_bytree=0.6,
        subsample=0.8,
        min_child_weight=2,
        reg_lambda=2,
    )
    rule = Patience(40, seconds=allowance.per_fit("xgboost"))
    model = _booster(facts, 0.06, 1500, rule, engine)
    return _candidate("xgboost", "trees", model, facts, 0.8, stops_early=True)


def catboost(facts: TableFacts, allowance: TimeAllowance, scale: str = "") -> Candidate:
    """CatBoost with its default shape of trees."""
    return _catboost("catboost", facts, allowance, 1.0, scale)


def catboost_deep(facts: TableFacts, allowance: TimeAllowance) -> Candidate:
    """CatBoost with deeper trees, for longer time limits."""
    deep: dict[str, Any] = {"depth": 8, "learning_rate": 0.06, "l2_leaf_reg": 6.0}
    return _catboost("catboost_deep", facts, allowance, 2.5, **deep)


def _catboost(
    name: str,
    facts: TableFacts,
    allowance: TimeAllowance,
    cost: float,
    scale: str = "",
    **shape: Any,
) -> Candidate:
    options: dict[str, Any] = {
        "max_seconds": allowance.per_fit("catboost"),
        "crossed": 4 if facts.mostly_high_cardinality else 1,
        **shape,
    }
    if facts.regression:
        model: Any = CatBoostMemberRegressor(**options)
    else:
        model = CatBoostMemberClassifier(**options)
    return _candidate(name, "catboost", model, facts, cost, scale, stops_early=True)


def linear(facts: TableFacts, allowance: TimeAllowance, scale: str = "") -> Candidate:
    """Ridge or logistic regression on piecewise linear encodings of the columns."""
    if facts.regression:
        model: Any = RidgeCV(np.logspace(-1, 4, 11))
    else:
        model = _logistic(0.3, facts, allowance, 8 * facts.n_informative)
    return _candidate("linear", "linear", model, facts, 0.2, scale)


def extra_trees(facts: TableFacts, allowance: TimeAllowance) -> Candidate:
    """Extremely randomized trees."""
    share = 0.6 if facts.regression else 0.35
    n_trees, seconds = _n_trees(facts, allowance, share)
    if facts.regression:
        model: Any = SlimExtraTreesRegressor(n_trees, max_features=share)
    else:
        model = SlimExtraTreesClassifier(
            n_trees, criterion="entropy", max_features=share
        )
    return _candidate("extra_trees", "forests", model, facts, 0.4, seconds=seconds)


def forest(facts: TableFacts, allowance: TimeAllowance) -> Candidate:
    """Random forest."""
    kind: Any = (
        SlimRandomForestRegressor if facts.regression else SlimRandomForestClassifier
    )
    share = 0.4 if facts.regression else 0.3
    # Every threshold is tried, on columns that are sorted first.
    n_trees, seconds = _n_trees(facts, allowance, 3 * share)
    model = kind(n_trees, max_features=share, min_samples_leaf=2)
    return _candidate("forest", "forests", model, facts, 0.4, seconds=seconds)


def network(facts: TableFacts, allowance: TimeAllowance, scale: str = "") -> Candidate:
    """Network on piecewise linear encodings (Gorishniy et al., NeurIPS 2022)."""
    model = _perceptron(facts, allowance)
    return _candidate("network", "pieces", model, facts, 1.0, scale, stops_early=True)


def network_smooth(facts: TableFacts, allowance: TimeAllowance) -> Candidate:
    """Network on the columns, transformed to normal quantiles."""
    model = _perceptron(facts, allowance)
    return _candidate("network_smooth", "neural", model, facts, 0.8, stops_early=True)


def _perceptron(facts: TableFacts, allowance: TimeAllowance) -> Any:
    options: dict[str, Any] = {
        "hidden": (256, 128),
        "learning_rate": 0.004,
        "weight_decay": 0.1,
        "max_seconds": allowance.per_fit("network"),
    }
    return (
        PerceptronRegressor(**options)
        if facts.regression
        else PerceptronClassifier(**options)
    )


def kernel(facts: TableFacts, allowance: TimeAllowance) -> Candidate:
    """Ridge or logistic regression on RBF kernel features (Nystroem)."""
    landmarks = RBFLandmarks(_N_LANDMARKS, _GAMMA / max(2, facts.n_informative))
    if facts.regression:
        model: Any = RidgeCV(np.logspace(-4, 2, 7))
    else:
        model = _logistic(3.0, facts, allowance, _N_LANDMARKS)
    return _candidate("kernel", "neural", model, facts, 0.6, features=landmarks)


def neighbors(facts: TableFacts, allowance: TimeAllowance) -> Candidate | None:
    """Nearest neighbors, unless the table has too many rows."""
    if facts.n_rows > _MAX_NEIGHBORS_ROWS:
        return None
    model: Any = NeighborsRegressor() if facts.regression else NeighborsClassifier()
    return _candidate("neighbors", "neighbors", model, facts, 0.5)


def second_layer(facts: TableFacts, allowance: TimeAllowance) -> list[Candidate]:
    """Two boosters on the columns and the predictions of the lower layer.

    There are none if their library is damaged.
    """
    if not is_importable(_upper_library(facts)):
        return []
    rule = Patience(40, seconds=allowance.per_fit("upper"))
    return [
        _candidate(
            name,
            "trees",
            _upper_booster(facts, rule, random),
            facts,
            _UPPER_COST,
            stops_early=True,
        )
        for name, random in (("upper", False), ("upper_random", True))
    ]


def _upper_library(facts: TableFacts) -> str:
    """Return the library of the second layer."""
    # One tree per class and round: XGBoost is faster, especially in predictions.
    return "xgboost" if facts.task == "multiclass" else "lightgbm"


def _upper_booster(facts: TableFacts, rule: Patience, random: bool) -> Any:
    """A booster with small trees; `random` uses random thresholds or fewer columns."""
    if _upper_library(facts) == "xgboost":
        engine = XGBoost(
            max_depth=5,
            colsample_bynode=0.3 if random else 0.7,
            subsample=0.75,
            min_child_weight=3,
        )
        return _booster(facts, 0.06, 1000, rule, engine)
    shape: dict[str, Any] = {
        "num_leaves": 31,
        "bagging_fraction": 0.75,
        "bagging_freq": 1,
        "feature_fraction": 0.5,
        "min_data_in_leaf": 10 if facts.regression else _min_leaf_rows(facts),
        "extra_trees": random,
    }
    return _lightgbm_booster(facts, 0.03, 1500, rule, **shape)


def _n_trees(
    facts: TableFacts, allowance: TimeAllowance, share: float
) -> tuple[int, float]:
    """Return the number of trees of a forest, and the seconds of its fit.

    The number of nodes is the same for large and small tables, since forests take more
    space than all other members, and there are fewer trees where time is short. `share`
    is the share of the columns that is considered at each split.
    """
    n_rows = _FOLD_SHARE * facts.n_rows
    steps = (
        n_rows * np.log2(n_rows + 2) * share * _ENCODED_COLUMNS * facts.n_informative
    )
    seconds_per_tree = max(1e-6, _SECONDS_PER_STEP * steps)
    n_trees = float(np.clip(_MAX_NODES / facts.n_rows, 60, 300))
    allowed = allowance.per_fit("forest")
    if allowed is not None:
        n_trees = float(np.clip(allowed / seconds_per_tree, 30, n_trees))
    return int(n_trees), int(n_trees) * seconds_per_tree


def _logistic(C: float, facts: TableFacts, allowance: TimeAllowance, width: int) -> Any:
    """Logistic regression, with as many iterations as the time allows."""
    allowed, steps = allowance.per_fit("linear"), 500
    if allowed is not None:
        one = _SECONDS_PER_PRODUCT * facts.n_rows * width * max(1, facts.n_classes - 1)
        steps = int(np.clip(allowed / one, 20, steps))
    return LogisticRegression(C=C, tol=_TOLERANCE, max_iter=steps)


def _lightgbm_booster(
    facts: TableFacts, rate: float, rounds: int, rule: Patience, **shape: Any
) -> Any:
    # Leaves and bins of single rows, unless `shape` has another limit.
    limits: dict[str, Any] = {"min_data_in_leaf": 1, "min_data_in_bin": 1}
    return _booster(facts, rate, rounds, rule, LightGBM(**limits | shape))


def _booster(
    facts: TableFacts, rate: float, rounds: int, rule: Patience, engine: Any
) -> Any:
    kind: Any = (
        GradientBoostingRegressor if facts.regression else GradientBoostingClassifier
    )
    return kind(
        learning_rate=rate, n_estimators=rounds, engine=engine, early_stopping=rule
    )


def _min_leaf_rows(facts: TableFacts) -> int:
    """Minimum number of rows per leaf, smaller for small tables."""
    return min(40, max(5, facts.n_rows // 100))


def _candidate(
    name: str,
    style: str,
    model: Any,
    facts: TableFacts,
    cost: float = 1.0,
    scale: str = "",
    stops_early: bool = False,
    features: Any = None,
    seconds: float = 0.0,
) -> Candidate:
    """Put an encoder before a model; `stops_early` adds validation rows."""
    encoder: Any = TableEncoder(
        "linear" if style == "pieces" else style,
        kinds=facts.kinds.to_dict(),
        task="regression" if facts.regression else "classification",
        sparse_output=False if style in _DENSE else "auto",
    )
    if features is not None:
        # Seeds are derived from the names of the steps.
        encoder = Pipeline([("tableencoder", encoder), ("landmarks", features)])
    wrapper: Any = EarlyStoppingEstimator if stops_early else EncodedEstimator
    member = wrapper(encoder, model)
    if scale:
        name, (func, inverse) = f"{name}_{scale}", TARGET_SCALES[scale]
        member = TransformedTargetRegressor(
            member, func=func, inverse_func=inverse, check_inverse=False
        )
    if facts.regression and style not in _BOUNDED:
        member = ClippedRegressor(member)
    network = stops_early and style in ("pieces", "neural")
    return Candidate(name, member, cost, seconds, varies_with_seed=network)


TARGET_SCALES = {"sqrt": (np.sqrt, np.square), "log": (np.log1p, np.expm1)}
_DENSE = ("pieces", "neural", "neighbors", "forests")
# Styles of models with predictions (nearly) within the range of the target.
_BOUNDED = ("trees", "catboost", "forests", "neighbors")
CATALOGUE: dict[str, Callable[..., Candidate | None]] = {
    "lightgbm": lightgbm,
    "linear": linear,
    "network": network,
    "catboost": catboost,
    "extra_trees": extra_trees,
    "xgboost": xgboost,
    "neighbors": neighbors,
    "xgboost_small": xgboost_small,
    "kernel": kernel,
    "lightgbm_random": lightgbm_random,
    "network_smooth": network_smooth,
    "catboost_deep": catboost_deep,
    "forest": forest,
    "linear_log": linear,
    "lightgbm_sqrt": lightgbm,
    "lightgbm_log": lightgbm,
    "catboost_log": catboost,
    "network_log": network,
    "lightgbm_small": lightgbm_small,
    "additive": additive,
}
