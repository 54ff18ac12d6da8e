"""The kinds of members that are tried, each with its settings."""

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.pipeline import make_pipeline

from skensemble.auto._candidate import Allowance, Candidate
from skensemble.auto._catboost import CatBoostMemberClassifier, CatBoostMemberRegressor
from skensemble.auto._facts import Facts
from skensemble.auto._landmarks import Landmarks
from skensemble.auto._neighbors import NeighborsClassifier, NeighborsRegressor
from skensemble.auto._perceptron import PerceptronClassifier, PerceptronRegressor
from skensemble.auto._prepared import Prepared
from skensemble.auto._slim_forests import (
    SlimExtraTreesClassifier,
    SlimExtraTreesRegressor,
    SlimRandomForestClassifier,
    SlimRandomForestRegressor,
)
from skensemble.auto._watched import Watched
from skensemble.auto._within import WithinRange
from skensemble.boosting import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    LightGBM,
    XGBoost,
)
from skensemble.optim import Patience
from skensemble.preprocessing import TableEncoder

# What a fit above takes, as a multiple of one of LightGBM below: it starts from good
# predictions, so it stops sooner.
_UPPER_COST = 0.8
_MOST_NEIGHBORS = 60_000
_NODES = 1_200_000
# Seconds of a forest: for a row of a column at one depth of a tree. The rows are those of
# a fold, and the encoder makes some columns more.
_SECONDS_A_STEP = 1e-8
_FITTED = 0.8
_WIDER = 1.5
# Seconds of a step of a logistic regression, for one number and class.
_SECONDS_A_PRODUCT = 1e-9
# Rows that all others are compared with, and how fast nearness falls with the distance:
# as exp(-0.3 d^2) for one column.
_LANDMARKS = 600
_NARROWNESS = 0.3
# Of logistic regressions: what is nearer to the optimum predicts no better.
_TOLERANCE = 1e-3


def lightgbm(facts: Facts, allowance: Allowance, scale: str = "") -> Candidate:
    """LightGBM with fewer columns and rows a tree than by default; fitted twice."""
    numbers = facts.task == "regression"
    shape: dict[str, Any] = {
        "num_leaves": int(np.clip(facts.n_rows // 80, 10, 100 if numbers else 50)),
        "bagging_fraction": 0.7 if numbers else 0.75,
        "bagging_freq": 1,
        "feature_fraction": 0.55 if numbers else 0.4,
        "min_data_in_leaf": 4 if numbers else _least_rows(facts),
    }
    rule = Patience(60, seconds=allowance.of("lightgbm"))
    model = _boosted(facts, 0.05 if numbers else 0.04, 2000, rule, **shape)
    return _candidate("lightgbm", "trees", model, facts, 1.0, scale, watched=True)


def lightgbm_small(facts: Facts, allowance: Allowance) -> Candidate:
    """LightGBM with few, small trees, for a model that is quick and small."""
    model = _boosted(facts, 0.1, 300, Patience(20), num_leaves=16)
    return _candidate("lightgbm_small", "trees", model, facts, watched=True)


def additive(facts: Facts, allowance: Allowance) -> Candidate:
    """Boosted stumps: a sum of functions of one column each."""
    model = _boosted(facts, 0.1, 2000, Patience(50), num_leaves=2)
    return _candidate("additive", "trees", model, facts, watched=True)


def lightgbm_random(facts: Facts, allowance: Allowance) -> Candidate:
    """LightGBM with thresholds at random."""
    shape: dict[str, Any] = {
        "num_leaves": 64,
        "bagging_fraction": 0.8,
        "bagging_freq": 1,
        "feature_fraction": 0.7,
        "min_data_in_leaf": 4 if facts.task == "regression" else _least_rows(facts),
        "extra_trees": True,
    }
    rule = Patience(60, seconds=allowance.of("lightgbm"))
    model = _boosted(facts, 0.05, 2000, rule, **shape)
    return _candidate("lightgbm_random", "trees", model, facts, 0.8, watched=True)


def xgboost_small(facts: Facts, allowance: Allowance) -> Candidate:
    """XGBoost with small trees: where there is much noise they do better."""
    engine = XGBoost(max_depth=4, colsample_bytree=0.7, subsample=0.8)
    rule = Patience(50, seconds=allowance.of("xgboost"))
    model = _booster(facts, 0.05, 2000, rule, engine)
    return _candidate("xgboost_small", "trees", model, facts, 0.8, watched=True)


def xgboost(facts: Facts, allowance: Allowance) -> Candidate:
    """XGBoost with deep trees on parts of the columns."""
    engine = XGBoost(
        max_depth=7,
        colsample_bytree=0.6,
        subsample=0.8,
        min_child_weight=2,
        reg_lambda=2,
    )
    rule = Patience(40, seconds=allowance.of("xgboost"))
    model = _booster(facts, 0.06, 1500, rule, engine)
    return _candidate("xgboost", "trees", model, facts, 0.8, watched=True)


def catboost(facts: Facts, allowance: Allowance, scale: str = "") -> Candidate | None:
    """CatBoost, where it is installed."""
    return _catboost("catboost", facts, allowance, 1.0, scale)


def catboost_deep(facts: Facts, allowance: Allowance) -> Candidate | None:
    """CatBoost with deeper trees, for whom there is more time."""
    deep: dict[str, Any] = {"depth": 8, "learning_rate": 0.06, "l2_leaf_reg": 6.0}
    return _catboost("catboost_deep", facts, allowance, 2.5, **deep)


def _catboost(
    name: str,
    facts: Facts,
    allowance: Allowance,
    cost: float,
    scale: str = "",
    **shape: Any,
) -> Candidate | None:
    try:
        # Here, not in a worker: it imports polars, and while one thread does, scikit-learn
        # in another finds half a polars.
        importlib.import_module("catboost")
    except ModuleNotFoundError:
        return None
    options: dict[str, Any] = {
        "max_seconds": allowance.of("catboost"),
        "crossed": 4 if facts.mostly_high else 1,
        **shape,
    }
    if facts.task == "regression":
        model: Any = CatBoostMemberRegressor(**options)
    else:
        model = CatBoostMemberClassifier(**options)
    return _candidate(name, "catboost", model, facts, cost, scale, watched=True)


def linear(facts: Facts, allowance: Allowance, scale: str = "") -> Candidate:
    """A ridge or logistic regression on pieces of the columns."""
    if facts.task == "regression":
        model: Any = RidgeCV(np.logspace(-1, 4, 11))
    else:
        model = _logistic(0.3, facts, allowance, 8 * facts.n_used)
    return _candidate("linear", "linear", model, facts, 0.2, scale)


def extra_trees(facts: Facts, allowance: Allowance) -> Candidate:
    """Extremely randomised trees."""
    numbers = facts.task == "regression"
    share = 0.6 if numbers else 0.35
    n_trees, seconds = _n_trees(facts, allowance, share)
    if numbers:
        model: Any = SlimExtraTreesRegressor(n_trees, max_features=share)
    else:
        model = SlimExtraTreesClassifier(
            n_trees, criterion="entropy", max_features=share
        )
    return _candidate("extra_trees", "forests", model, facts, 0.4, seconds=seconds)


def forest(facts: Facts, allowance: Allowance) -> Candidate:
    """A random forest."""
    numbers = facts.task == "regression"
    kind: Any = SlimRandomForestRegressor if numbers else SlimRandomForestClassifier
    share = 0.4 if numbers else 0.3
    # Here every threshold is tried, of a column that must be sorted first.
    n_trees, seconds = _n_trees(facts, allowance, 3 * share)
    model = kind(n_trees, max_features=share, min_samples_leaf=2)
    return _candidate("forest", "forests", model, facts, 0.4, seconds=seconds)


def network(facts: Facts, allowance: Allowance, scale: str = "") -> Candidate:
    """A small network on pieces of the columns (Gorishniy et al., NeurIPS 2022)."""
    model = _perceptron(facts, allowance)
    return _candidate("network", "pieces", model, facts, 1.0, scale, watched=True)


def network_smooth(facts: Facts, allowance: Allowance) -> Candidate:
    """The network on the columns themselves, normal by their ranks."""
    model = _perceptron(facts, allowance)
    return _candidate("network_smooth", "neural", model, facts, 0.8, watched=True)


def _perceptron(facts: Facts, allowance: Allowance) -> Any:
    options: dict[str, Any] = {
        "hidden": (256, 128),
        "learning_rate": 0.004,
        "weight_decay": 0.1,
        "max_seconds": allowance.of("network"),
    }
    numbers = facts.task == "regression"
    return (
        PerceptronRegressor(**options) if numbers else PerceptronClassifier(**options)
    )


def kernel(facts: Facts, allowance: Allowance) -> Candidate:
    """A ridge or logistic regression on how near some of the rows are (Nystroem)."""
    nearness = Landmarks(_LANDMARKS, _NARROWNESS / max(2, facts.n_used))
    if facts.task == "regression":
        model: Any = RidgeCV(np.logspace(-4, 2, 7))
    else:
        model = _logistic(3.0, facts, allowance, _LANDMARKS)
    return _candidate("kernel", "neural", model, facts, 0.6, between=nearness)


def neighbors(facts: Facts, allowance: Allowance) -> Candidate | None:
    """Nearest neighbours, while there are not too many rows to compare with."""
    if facts.n_rows > _MOST_NEIGHBORS:
        return None
    numbers = facts.task == "regression"
    model: Any = NeighborsRegressor() if numbers else NeighborsClassifier()
    return _candidate("neighbors", "neighbors", model, facts, 0.5)


def second_layer(facts: Facts, allowance: Allowance) -> list[Candidate]:
    """Two members that see the columns and what the layer below said."""
    rule = Patience(40, seconds=allowance.of("upper"))
    return [
        _candidate(
            name, "trees", _upper(facts, rule, random), facts, _UPPER_COST, watched=True
        )
        for name, random in (("upper", False), ("upper_random", True))
    ]


def _upper(facts: Facts, rule: Patience, random: bool) -> Any:
    """A booster with small trees; at random it looks at fewer columns and thresholds."""
    if facts.task == "multiclass":
        # A tree a class and round: XGBoost is quicker there, in predictions above all.
        engine = XGBoost(
            max_depth=5,
            colsample_bynode=0.3 if random else 0.7,
            subsample=0.75,
            min_child_weight=3,
        )
        return _booster(facts, 0.06, 1000, rule, engine)
    numbers = facts.task == "regression"
    shape: dict[str, Any] = {
        "num_leaves": 31,
        "bagging_fraction": 0.75,
        "bagging_freq": 1,
        "feature_fraction": 0.5,
        "min_data_in_leaf": 10 if numbers else _least_rows(facts),
        "extra_trees": random,
    }
    return _boosted(facts, 0.03, 1500, rule, **shape)


def _n_trees(facts: Facts, allowance: Allowance, share: float) -> tuple[int, float]:
    """Trees of a forest that looks at a share of the columns, and seconds of its fit.

    As many nodes for large tables as for small ones, for forests weigh more than all
    else, and fewer trees where they would take too long.
    """
    n_rows = _FITTED * facts.n_rows
    work = n_rows * np.log2(n_rows + 2) * share * _WIDER * facts.n_used
    one = max(1e-6, _SECONDS_A_STEP * work)
    most = float(np.clip(_NODES / facts.n_rows, 60, 300))
    allowed = allowance.of("forest")
    n_trees = int(most if allowed is None else np.clip(allowed / one, 30, most))
    return n_trees, n_trees * one


def _logistic(C: float, facts: Facts, allowance: Allowance, width: int) -> Any:
    """Stop where nearness to the optimum no longer counts, or time is up."""
    allowed, steps = allowance.of("linear"), 500
    if allowed is not None:
        one = _SECONDS_A_PRODUCT * facts.n_rows * width * max(1, facts.n_classes - 1)
        steps = int(np.clip(allowed / one, 20, steps))
    return LogisticRegression(C=C, tol=_TOLERANCE, max_iter=steps)


def _boosted(
    facts: Facts, rate: float, rounds: int, rule: Patience, **shape: Any
) -> Any:
    return _booster(facts, rate, rounds, rule, LightGBM(**shape))


def _booster(
    facts: Facts, rate: float, rounds: int, rule: Patience, engine: Any
) -> Any:
    numbers = facts.task == "regression"
    kind: Any = GradientBoostingRegressor if numbers else GradientBoostingClassifier
    return kind(
        learning_rate=rate, n_estimators=rounds, engine=engine, early_stopping=rule
    )


def _least_rows(facts: Facts) -> int:
    """Rows of a leaf: fewer where there are few in all."""
    return min(40, max(5, facts.n_rows // 100))


def _candidate(
    name: str,
    for_: str,
    model: Any,
    facts: Facts,
    cost: float = 1.0,
    scale: str = "",
    watched: bool = False,
    between: Any = None,
    seconds: float = 0.0,
) -> Candidate:
    """Put the encoder before a model, which stops on rows held out where `watched`."""
    encoder: Any = TableEncoder(
        "linear" if for_ == "pieces" else for_,
        task="regression" if facts.task == "regression" else "classification",
        sparse_output=False if for_ in _DENSE else "auto",
    )
    if between is not None:
        encoder = make_pipeline(encoder, between)
    member: Any = (Watched if watched else Prepared)(encoder, model)
    if scale:
        name, (there, back) = f"{name}_{scale}", SCALES[scale]
        member = TransformedTargetRegressor(
            member, func=there, inverse_func=back, check_inverse=False
        )
    if facts.task == "regression" and for_ not in _TREES:
        member = WithinRange(member)
    networks = watched and for_ in ("pieces", "neural")
    return Candidate(name, member, cost, seconds, varies=networks)


SCALES = {"sqrt": (np.sqrt, np.square), "log": (np.log1p, np.expm1)}
_DENSE = ("pieces", "neural", "neighbors", "forests")
# Their predictions stay within the range of the target by themselves, or nearly.
_TREES = ("trees", "catboost", "forests", "neighbors")
MAKERS: dict[str, Callable[..., Candidate | None]] = {
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
