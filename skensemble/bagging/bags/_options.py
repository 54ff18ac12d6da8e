"""Checks of the parameters of bagging, before any member is fitted."""

from numbers import Integral
from typing import Any

import numpy as np
from sklearn.utils import get_tags

from skensemble.bagging.bags._sampling import SAMPLINGS
from skensemble.core import (
    check_choice,
    check_flag,
    check_jobs,
    check_seconds,
    check_seed,
    check_whole,
)
from skensemble.fitting import as_store

ENGINES = ["auto", "binned", "general"]
_FLAGS = ("bootstrap", "bootstrap_features", "warm_start")
_ONLY_WITH_REPLACEMENT = ("blocks", "bayesian", "oversampled")
_UNWEIGHTED = ("groups", "blocks")


def check_options(bag: Any, aggregations: list[str]) -> None:
    """Refuse parameters with invalid values and combinations that are not supported.

    Parameters
    ----------
    bag : estimator
        The ensemble.
    aggregations : list of str
        The supported values of `aggregation`.
    """
    check_whole("n_estimators", bag.n_estimators, 1)
    if bag.block_length is not None:
        check_whole("block_length", bag.block_length, 1)
    for name in _FLAGS:
        check_flag(name, getattr(bag, name))
    _check_estimator(bag.estimator)
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


def _check_estimator(estimator: Any) -> None:
    if estimator is None:
        return
    if not (hasattr(estimator, "fit") and hasattr(estimator, "predict")):
        raise ValueError(
            f"estimator={estimator!r} has no fit and predict; use an estimator, such as "
            "DecisionTreeClassifier(), or None."
        )
    if get_tags(estimator).input_tags.pairwise:
        raise ValueError(
            f"estimator={estimator!r} needs a matrix of all pairs of rows, which cannot "
            "be sampled by rows; use a kernel that the estimator computes itself."
        )


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
    if not bag.bootstrap and kind in _ONLY_WITH_REPLACEMENT:
        raise ValueError(
            f"bootstrap=False draws without replacement, which sampling={kind!r} does "
            "not support; use bootstrap=True, or sampling='rows'."
        )
    if bag.block_length is not None and kind != "blocks":
        raise ValueError(
            f"block_length={bag.block_length!r} is for sampling='blocks', got "
            f"sampling={kind!r}; use sampling='blocks', or block_length=None."
        )
    if kind == "bayesian" and bag.max_samples not in (None, 1.0):
        raise ValueError(
            f"max_samples={bag.max_samples!r} draws rows, but sampling='bayesian' weighs "
            "all of them; use max_samples=None, or sampling='rows'."
        )


def _check_out_of_bag(bag: Any) -> None:
    if isinstance(bag.oob_score, bool | np.bool_) and not bag.oob_score:
        return
    if not bag.bootstrap:
        raise ValueError(
            f"oob_score={bag.oob_score!r}: Out of bag estimation only available if "
            "bootstrap=True."
        )
    if bag.warm_start:
        raise ValueError(
            f"oob_score={bag.oob_score!r}: Out of bag estimate only available if "
            "warm_start=False; the predictions behind it are in oof_ in any case."
        )
    if bag.sampling == "bayesian":
        raise ValueError(
            f"oob_score={bag.oob_score!r}: sampling='bayesian' leaves no row out of the "
            "bag; use sampling='rows'."
        )


def check_row_metadata(sampling: str, weight: Any, groups: Any) -> None:
    """Refuse weights and groups that do not fit the sampling.

    Parameters
    ----------
    sampling : str
        The parameter `sampling`.
    weight, groups : array-like of shape (n_rows,) or None
        Sample weights and groups as passed to ``fit``.
    """
    if groups is not None and sampling != "groups":
        raise ValueError(
            f"sampling={sampling!r} does not support groups and would split them "
            "between samples; use sampling='groups', or groups=None."
        )
    if sampling == "groups" and groups is None:
        raise ValueError(
            "sampling='groups' needs groups, got None; use fit(X, y, groups=...), or "
            "sampling='rows'."
        )
    if weight is not None and sampling in _UNWEIGHTED:
        raise ValueError(
            f"sampling={sampling!r} does not support sample_weight; use "
            "sample_weight=None, or sampling='rows'."
        )
