"""Bad input to a bag, refused before a member is fitted."""

from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import get_tags

from skensemble.bagging._sampling import SAMPLINGS
from skensemble.core import (
    check_choice,
    check_jobs,
    check_per_row,
    check_seconds,
    check_seed,
    check_weights,
)
from skensemble.fitting import as_store

ENGINES = ["auto", "binned", "general"]
_FLAGS = ("bootstrap", "bootstrap_features", "warm_start")
_ONLY_REPLACED = ("blocks", "bayesian", "oversampled")
_UNWEIGHTED = ("groups", "blocks")


def check_options(bag: Any, aggregations: list[str]) -> None:
    """Refuse parameters that mean nothing, by themselves or together.

    Parameters
    ----------
    bag : estimator
        Whose parameters are checked.
    aggregations : list of str
        What it knows of them.
    """
    _check_kinds(bag)
    _check_amount("max_samples", bag.max_samples, none=True)
    _check_amount("max_features", bag.max_features, none=False)
    check_choice("sampling", bag.sampling, SAMPLINGS)
    check_choice("aggregation", bag.aggregation, aggregations)
    check_choice("engine", bag.engine, ENGINES)
    check_choice("on_error", bag.on_error, ["raise", "drop"])
    check_jobs(bag.n_jobs)
    check_seed(bag.random_state)
    check_seconds("time_limit", bag.time_limit)
    as_store(bag.memory)
    _check_sampling(bag)
    _check_out_of_bag(bag)


def _check_kinds(bag: Any) -> None:
    _check_whole("n_estimators", bag.n_estimators)
    if bag.block_length is not None:
        _check_whole("block_length", bag.block_length)
    for name in _FLAGS:
        value = getattr(bag, name)
        if not isinstance(value, bool | np.bool_):
            raise ValueError(f"{name}={value!r} should be True or False.")
    member = bag.estimator
    if member is not None and not (
        hasattr(member, "fit") and hasattr(member, "predict")
    ):
        raise ValueError(
            f"estimator={member!r} has no fit and predict; give an estimator, such as "
            "DecisionTreeClassifier(), or None."
        )
    if member is not None and get_tags(member).input_tags.pairwise:
        raise ValueError(
            f"estimator={member!r} wants a matrix of all pairs of rows, of which a "
            "sample is not one for new rows; use a kernel that it computes itself."
        )


def _check_whole(name: str, value: Any) -> None:
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name}={value!r} must be a whole number, 1 or more.")


def _check_amount(name: str, value: Any, *, none: bool) -> None:
    if value is None and none:
        return
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    whole = whole and int(value) >= 1
    share = isinstance(value, float | np.floating) and 0 < value <= 1
    if not whole and not share:
        end = ", or be None" if none else ""
        raise ValueError(
            f"{name}={value!r} must be a whole number, 1 or more, or a share above 0.0 "
            f"and up to 1.0{end}."
        )


def _check_sampling(bag: Any) -> None:
    kind = bag.sampling
    if not bag.bootstrap and kind in _ONLY_REPLACED:
        raise ValueError(
            f"bootstrap=False draws without replacement, which sampling={kind!r} does "
            "not; use bootstrap=True, or sampling='rows'."
        )
    if bag.block_length is not None and kind != "blocks":
        raise ValueError(
            f"block_length={bag.block_length!r} is for sampling='blocks', got "
            f"sampling={kind!r}; use sampling='blocks', or leave it out."
        )
    if kind == "bayesian" and bag.max_samples not in (None, 1.0):
        raise ValueError(
            f"max_samples={bag.max_samples!r} draws rows, but sampling='bayesian' weighs "
            "all of them; use max_samples=None, or sampling='rows'."
        )


def _check_out_of_bag(bag: Any) -> None:
    wanted = bag.oob_score
    if not isinstance(wanted, bool | np.bool_ | str) and not callable(wanted):
        raise ValueError(
            f"oob_score={wanted!r} should be True, False, the name of a score, or a "
            "function of (y_true, y_pred)."
        )
    if not wanted:
        return
    if not bag.bootstrap:
        raise ValueError(
            f"oob_score={wanted!r}: Out of bag estimation only available if "
            "bootstrap=True."
        )
    if bag.warm_start:
        raise ValueError(
            f"oob_score={wanted!r}: Out of bag estimate only available if "
            "warm_start=False; oof_ holds what it is made of in any case."
        )
    if bag.sampling == "bayesian":
        raise ValueError(
            f"oob_score={wanted!r}: sampling='bayesian' leaves no row out of the bag; "
            "use sampling='rows'."
        )


def check_rows(bag: Any, n_rows: int, weight: Any, groups: Any) -> None:
    """Refuse weights and groups that do not fit the data, or the sampling.

    Parameters
    ----------
    bag : estimator
        Whose sampling counts.
    n_rows : int
        Number of rows.
    weight, groups : array-like of shape (n,) or None
        As given to ``fit``.
    """
    if groups is not None and bag.sampling != "groups":
        raise ValueError(
            f"sampling={bag.sampling!r} takes no groups, which would be split between "
            "samples; use sampling='groups', or leave groups out."
        )
    check_weights("sample_weight", weight, n_rows)
    check_per_row("groups", groups, n_rows)
    kind = bag.sampling
    if kind == "groups" and groups is None:
        raise ValueError(
            "sampling='groups' needs groups, got None; give fit(X, y, groups=...), or "
            "use sampling='rows'."
        )
    if weight is not None and kind in _UNWEIGHTED:
        raise ValueError(
            f"sampling={kind!r} takes rows as they stand and knows no sample_weight; "
            "leave the weights out, or use sampling='rows'."
        )
