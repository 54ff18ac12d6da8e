"""The members that are tried, in the order of what they promise for their time."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.pipeline import make_pipeline

from skensemble.auto._catboost import CatBoostMemberClassifier, CatBoostMemberRegressor
from skensemble.auto._facts import Facts
from skensemble.auto._neighbors import NeighborsClassifier, NeighborsRegressor
from skensemble.auto._perceptron import PerceptronClassifier, PerceptronRegressor
from skensemble.auto._presets import Preset
from skensemble.auto._watched import Watched
from skensemble.auto._within import WithinRange
from skensemble.boosting import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    LightGBM,
    XGBoost,
)
from skensemble.optim import Patience
from skensemble.preprocessing import TableEncoder, make_member

# Fits of a member that stops early take no longer than this share of all the time.
_SHARES = {
    "lightgbm": 0.2,
    "catboost": 0.25,
    "xgboost": 0.2,
    "network": 0.25,
    "upper": 0.15,
}
# What a fit above takes, as a multiple of one of the first member: it starts from good
# predictions, so it stops sooner.
_UPPER_COST = 0.8
_MOST_NEIGHBORS = 60_000
_NODES = 1_500_000


@dataclass(frozen=True)
class Candidate:
    """A member to try.

    Parameters
    ----------
    name : str
        What it is called.
    estimator : estimator
        Unfitted, with what prepares the table for it.
    cost : float
        Seconds of a fit, as a multiple of those of the first candidate; a low guess, for
        whoever is not begun is never known better.
    varies : bool, default=True
        Whether another seed gives another model.
    """

    name: str
    estimator: Any
    cost: float = 1.0
    varies: bool = True


@dataclass(frozen=True)
class Allowance:
    """What fits may take.

    Parameters
    ----------
    seconds : float or None
        Of all workers together, for one member's fits; None: as long as they like.
    n_fits : int
        Fits of a member.
    """

    seconds: float | None
    n_fits: int

    def of(self, kind: str) -> float | None:
        """Seconds that one fit of a kind of member may take."""
        if self.seconds is None:
            return None
        return max(0.2, _SHARES[kind] * self.seconds / self.n_fits)


def chosen(
    members: Any, preset: Preset, facts: Facts, allowance: Allowance
) -> list[Candidate]:
    """List the candidates, the most promising first.

    Parameters
    ----------
    members : "auto" or list of str and (str, estimator)
        What the user says: names of ours, and estimators of his own.
    preset : Preset
        Whom "auto" means.
    facts : Facts
        What is known of the task.
    allowance : Allowance
        What fits may take.

    Returns
    -------
    candidates : list of Candidate

    Raises
    ------
    ValueError
        For names that are not known or are there twice, and what is no estimator.
    """
    if isinstance(members, str) and members == "auto":
        names = sorted(preset.names, key=lambda name: _rank(name, facts))
        found = [_made(name, facts, allowance) for name in names]
        return [one for one in found if one is not None]
    if not isinstance(members, list | tuple) or not members:
        raise ValueError(
            f"members={members!r} should be 'auto' or a non-empty list of names, known "
            f"ones {list(MAKERS)}, and (name, estimator) pairs."
        )
    some = [_given(one, facts, allowance) for one in members]
    names = [one.name for one in some]
    if len(set(names)) < len(names):
        raise ValueError(f"members={members!r} has a name twice: {names}.")
    return some


def _rank(name: str, facts: Facts) -> bool:
    """LightGBM comes late for several classes: a tree a class and round takes long."""
    return name == "lightgbm" and facts.task == "multiclass"


def _given(one: Any, facts: Facts, allowance: Allowance) -> Candidate:
    if isinstance(one, str):
        found = _made(one, facts, allowance) if one in MAKERS else None
        if found is None:
            raise ValueError(
                f"members has {one!r}, which "
                + (
                    "does not suit this task (or is not installed)"
                    if one in MAKERS
                    else f"is not known; known names: {list(MAKERS)}"
                )
                + "; leave it out, or give a (name, estimator) pair."
            )
        return found
    pair = isinstance(one, tuple) and len(one) == 2 and isinstance(one[0], str)
    if not pair or not hasattr(one[1], "fit") or isinstance(one[1], type):
        raise ValueError(
            f"members has {one!r}, which is neither a name nor a (name, estimator) pair."
        )
    name, estimator = one
    wanted = "predict" if facts.task == "regression" else "predict_proba"
    if not hasattr(estimator, wanted):
        raise ValueError(
            f"members: {name!r} ({type(estimator).__name__}) has no {wanted}, so it "
            "cannot be combined with the others."
        )
    return Candidate(name, make_member(estimator), 0.3)


def _made(name: str, facts: Facts, allowance: Allowance) -> Candidate | None:
    scale = name.partition("_")[2]
    if scale in SCALES:
        skewed = facts.skewed and facts.task == "regression"
        return MAKERS[name](facts, allowance, scale) if skewed else None
    return MAKERS[name](facts, allowance)


def lightgbm(facts: Facts, allowance: Allowance, scale: str = "") -> Candidate:
    """LightGBM with fewer columns and rows a tree than by default; fitted twice."""
    numbers = facts.task == "regression"
    shape: dict[str, Any] = {
        "num_leaves": 100 if numbers else 50,
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
    return _candidate("xgboost", "trees", model, facts, 0.4, watched=True)


def catboost(facts: Facts, allowance: Allowance, scale: str = "") -> Candidate | None:
    """CatBoost, where it is installed."""
    try:
        # Here, not in a worker: it imports polars, and while one thread does, scikit-learn
        # in another finds half a polars.
        importlib.import_module("catboost")
    except ModuleNotFoundError:
        return None
    limit = {
        "max_seconds": allowance.of("catboost"),
        "crossed": 4 if facts.mostly_high else 1,
    }
    if facts.task == "regression":
        model: Any = CatBoostMemberRegressor(**limit)
    else:
        model = CatBoostMemberClassifier(**limit)
    return _candidate("catboost", "catboost", model, facts, 0.6, scale, watched=True)


def linear(facts: Facts, allowance: Allowance) -> Candidate:
    """A ridge or logistic regression on pieces of the columns."""
    if facts.task == "regression":
        model: Any = RidgeCV(np.logspace(-1, 4, 11))
    else:
        model = LogisticRegression(C=0.3, max_iter=200)
    return _candidate("linear", "linear", model, facts, 0.2)


def extra_trees(facts: Facts, allowance: Allowance) -> Candidate:
    """Extremely randomised trees."""
    # As many nodes for large tables as for small ones: forests weigh more than all else.
    n_trees = int(np.clip(_NODES / facts.n_rows, 60, 300))
    options: dict[str, Any] = {"n_estimators": n_trees, "min_samples_leaf": 2}
    if facts.task == "regression":
        model: Any = ExtraTreesRegressor(max_features=0.5, **options)
    else:
        model = ExtraTreesClassifier(max_features=0.35, **options)
    return _candidate("extra_trees", "forests", model, facts, 0.5)


def network(facts: Facts, allowance: Allowance, scale: str = "") -> Candidate:
    """A small network."""
    options: dict[str, Any] = {
        "hidden": (256, 128),
        "learning_rate": 0.004,
        "weight_decay": 0.1,
        "max_seconds": allowance.of("network"),
    }
    if facts.task == "regression":
        model: Any = PerceptronRegressor(**options)
    else:
        model = PerceptronClassifier(**options)
    return _candidate("network", "neural", model, facts, 0.4, scale, watched=True)


def neighbors(facts: Facts, allowance: Allowance) -> Candidate | None:
    """Nearest neighbours, while there are not too many rows to compare with."""
    if facts.n_rows > _MOST_NEIGHBORS:
        return None
    numbers = facts.task == "regression"
    model: Any = NeighborsRegressor() if numbers else NeighborsClassifier()
    return _candidate("neighbors", "neighbors", model, facts, 0.2)


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
) -> Candidate:
    """Put the encoder before a model, which stops on rows held out where `watched`."""
    encoder = TableEncoder(
        for_,
        task="regression" if facts.task == "regression" else "classification",
        sparse_output=False if for_ in _DENSE else "auto",
    )
    member: Any = Watched(encoder, model) if watched else make_pipeline(encoder, model)
    if scale:
        name, (there, back) = f"{name}_{scale}", SCALES[scale]
        member = TransformedTargetRegressor(
            member, func=there, inverse_func=back, check_inverse=False
        )
    if facts.task == "regression" and for_ in ("linear", "neural"):
        member = WithinRange(member)
    return Candidate(name, member, cost, varies=name not in _FIXED)


SCALES = {"sqrt": (np.sqrt, np.square), "log": (np.log1p, np.expm1)}
_FIXED = ("linear", "neighbors")
_DENSE = ("neural", "neighbors", "forests")
MAKERS: dict[str, Callable[..., Candidate | None]] = {
    "lightgbm": lightgbm,
    "linear": linear,
    "network": network,
    "catboost": catboost,
    "extra_trees": extra_trees,
    "xgboost": xgboost,
    "neighbors": neighbors,
    "lightgbm_sqrt": lightgbm,
    "lightgbm_log": lightgbm,
    "catboost_log": catboost,
    "network_log": network,
    "lightgbm_small": lightgbm_small,
    "additive": additive,
}
