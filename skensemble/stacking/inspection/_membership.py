"""Ensembles with members added or dropped, in which the others stay fitted."""

import copy
import time
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.callback import with_callbacks
from sklearn.utils import check_consistent_length, indexable

from skensemble.combination import OutOfFoldData
from skensemble.core import (
    Target,
    active,
    check_layers,
    class_target,
    is_named_list,
    numeric_target,
)
from skensemble.stacking._fit_steps import (
    Members,
    begin_callbacks,
    check_parameters,
    combine_without_splits,
    data_fingerprint,
    digest,
    evaluated,
    fit_combination,
    fit_layers,
    read_inputs,
)
from skensemble.stacking._fitted import (
    FittedEnsemble,
    clear_fit,
    set_fitted_attributes,
    with_features,
)
from skensemble.stacking._kind import is_prefit
from skensemble.stacking.inspection._compression import compression, latencies
from skensemble.stacking.inspection._importance import out_of_fold_score


def add_members(
    ensemble: Any, members: Any, X: Any, y: Any, params: dict[str, Any]
) -> Any:
    """Return an ensemble with further members; fit only these and the combiner."""
    _check_one_layer(ensemble, "add_members")
    X, target, params = _training_data(ensemble, X, y, params)
    if not is_named_list(members) or not members:
        raise ValueError(
            f"members={members!r} should be a non-empty list of (string, estimator) "
            "tuples."
        )
    if not active(members):
        raise ValueError(f"members={members!r} are all dropped; give estimators.")
    larger = _with_parameters(
        ensemble, {"estimators": [*ensemble.estimators, *members]}
    )
    larger.fits_ = ensemble.fits_  # the duration of known fits orders the new ones
    return _fit_added(larger, ensemble._fitted, active(members), X, target, params)


@with_callbacks
def _fit_added(
    larger: Any,
    fitted: FittedEnsemble,
    members: Members,
    X: Any,
    target: Target,
    params: dict[str, Any],
) -> Any:
    """Fit new members on the known splits, and the combiner on all members."""
    started = time.monotonic()
    check_layers(larger)
    check_parameters(larger, params)
    kind = larger._kind(target, fitted.seed)
    inputs = read_inputs(larger, kind, members, X, target, params, fitted.seed, started)
    context = begin_callbacks(larger, inputs, len(members))
    (new,) = fit_layers(larger, kind, [members], inputs, fitted.splits, context)
    layers = [fitted.layers[0].joined(new)]
    larger._training = (X, target, inputs.params)
    has_splits = fitted.oof_data is not None
    combine = fit_combination if has_splits else combine_without_splits
    fitted = combine(larger, kind, layers, inputs, fitted.splits, context)
    set_fitted_attributes(larger, fitted, kind.attributes(fitted))
    if kind.training_attributes is not None:
        vars(larger).update(kind.training_attributes(larger, X, target, inputs.params))
    context.call_on_fit_task_end(estimator=larger, X=X, y=target.values)
    return larger


def drop_members(ensemble: Any, names: Any) -> Any:
    """Return an ensemble without some members; only the combiner is fitted again."""
    _check_one_layer(ensemble, "drop_members")
    names = [names] if isinstance(names, str) else list(names)
    known = [name for name, _ in ensemble.estimators]
    if unknown := sorted(set(names) - set(known)):
        raise ValueError(f"{unknown} are not members; members: {known}.")
    kept = [name for name in ensemble._fitted.layers[0].names if name not in names]
    if not kept:
        raise ValueError(f"names={names!r} leave no member; members: {known}.")
    members = [member for member in ensemble.estimators if member[0] not in names]
    return _reduced(ensemble, members, kept)


def compress(ensemble: Any, max_members: Any, max_latency: Any) -> Any:
    """Return an ensemble without the members that contribute least."""
    _check_one_layer(ensemble, "compress")
    fitted = ensemble._fitted
    oof_data = with_features(fitted, getattr(ensemble, "_training", None))
    if not fitted.splits:
        raise ValueError(
            f"compress needs out-of-fold predictions, which cv={ensemble.cv!r} does not "
            "give; fit with splits, or use drop_members."
        )

    def score(oof_data: OutOfFoldData, names: list[str]) -> float:
        if not fitted.combination.can_combine(names):
            return -np.inf
        return out_of_fold_score(fitted, oof_data.only(names))

    latency = latencies(fitted.layers[0])
    table, kept = compression(oof_data, score, latency, max_members, max_latency)
    members = [member for member in ensemble.estimators if member[0] in kept]
    smaller = _reduced(ensemble, members, kept)
    smaller.compression_ = table
    return smaller


def _reduced(ensemble: Any, members: Members, kept: list[str]) -> Any:
    """Return an ensemble of some fitted members, combined again."""
    started = time.monotonic()
    fitted, training = ensemble._fitted, getattr(ensemble, "_training", None)
    oof_data = None
    if fitted.oof_data is not None:
        oof_data = with_features(fitted, training).only(kept)
    smaller = _with_parameters(ensemble, ensemble._params_for(members))
    kind = smaller._kind(fitted.target, fitted.seed)
    names = dict(members)
    failed = {n: why for n, why in fitted.layers[0].failed.items() if n in names}
    fitted = replace(
        fitted,
        layers=(replace(fitted.layers[0].only(kept), failed=failed),),
        combination=kind.combination,
        options=kind.evaluation,
    )
    if oof_data is None:
        combiner = kind.combination.without_data(kept, fitted.target)
        fitted = replace(fitted, combiner=combiner)
    else:
        fitted = replace(fitted, combiner=kind.combination(oof_data))
        fitted = evaluated(fitted, oof_data, time.monotonic() - started)
    if training is not None:
        smaller._training = training
    set_fitted_attributes(smaller, fitted, kind.attributes(fitted))
    return smaller


def _with_parameters(ensemble: Any, params: dict[str, Any]) -> Any:
    """Return an unfitted copy with other parameters, sharing only prefit members."""
    new = copy.copy(ensemble)
    clear_fit(new)
    params = ensemble.get_params(deep=False) | params
    shared = is_prefit(params.get("cv"))
    for name, value in params.items():
        if name == "estimators" and not shared:
            value = [(member, _cloned(model)) for member, model in value]
        setattr(new, name, value if name == "estimators" else _cloned(value))
    return new


def _cloned(value: Any) -> Any:
    is_estimator = hasattr(value, "get_params") and not isinstance(value, type)
    return clone(value) if is_estimator else value


def _check_one_layer(ensemble: Any, verb: str) -> None:
    if len(ensemble._fitted.layers) > 1:
        raise ValueError(
            f"{verb} is for one layer of members; with layers, change `estimators` or "
            "`layers` and fit again with memory=, which fits only new members."
        )


def _training_data(ensemble: Any, X: Any, y: Any, params: dict[str, Any]) -> Any:
    """Return the training data of the last fit: those given now, or the stored ones."""
    known = getattr(ensemble, "_training", None)
    if X is None:
        if known is None:
            raise ValueError(
                "add_members needs the training data, which a pickle does not hold; use "
                "add_members(members, X, y)."
            )
        if ensemble._fitted.fingerprint != data_fingerprint(known[0]):
            raise ValueError(
                "X was changed in place since the fit, but all members of an ensemble "
                "are fitted on the same data; give these: add_members(members, X, y)."
            )
        return known
    target = class_target(y) if is_classifier(ensemble) else numeric_target(y)
    (X,) = indexable(X)
    _check_same_data(ensemble, X, target, known)
    return X, target, params


def _check_same_data(ensemble: Any, X: Any, target: Target, known: Any) -> None:
    """Refuse data that differ from those of the fit, as far as this can be checked."""
    fitted = ensemble._fitted
    n_rows = len(fitted.layers[0].oof)
    same = len(target.values) == n_rows
    if same and fitted.oof_data is not None:
        covered = fitted.layers[0].oof.covered
        same = np.array_equal(target.values[covered], fitted.oof_data.y)
    if not same:
        raise ValueError(
            f"y is not the target of the fit ({n_rows} rows), but all members of an "
            "ensemble are fitted on the same data; give these, or fit again."
        )
    check_consistent_length(X, target.values)
    width = np.shape(X)[1] if len(np.shape(X)) == 2 else None
    if width != getattr(ensemble, "n_features_in_", width):
        raise ValueError(
            f"X has {width} features, but the fit had {ensemble.n_features_in_}."
        )
    same = data_fingerprint(X) == fitted.fingerprint
    if known is not None and X is not known[0]:
        same = same and digest(X) == digest(known[0])
    if not same:
        raise ValueError(
            "X is not that of the fit, in its values, types, names or order, but all "
            "members of an ensemble are fitted on the same data; give these, or fit again."
        )
