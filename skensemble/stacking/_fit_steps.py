"""The steps of a fit: read the input, split, fit the layers, fit the combiner."""

import functools
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils import indexable

from skensemble.combination import (
    CALIBRATIONS,
    EvaluationInputs,
    FittedMembers,
    gather_members,
    meta_features,
    predict_prefit,
    start_evaluation,
)
from skensemble.core import (
    Target,
    check_choice,
    check_jobs,
    check_seconds,
    check_seed,
    clone_member,
    features_of,
    plain_table,
    resolve_response_method,
)
from skensemble.fitting import (
    REFIT,
    FitParams,
    FoldFit,
    Hasher,
    Member,
    PlannedFit,
    Split,
    TrainingData,
    Unkeyable,
    as_store,
    check_coverage,
    check_known,
    check_routed,
    cloneable_members,
    drop_failed,
    plan_fits,
    read_row_params,
    route,
    run_fits,
    take_rows,
    task_tree,
)
from skensemble.scoring import (
    as_prediction_scorer,
    check_scoring_kind,
    check_scoring_of_labels,
    check_scoring_of_target,
    score_block,
    warn_of_undefined_scores,
)
from skensemble.stacking._fitted import (
    FittedEnsemble,
    layer_oof_data,
    members_of_layers,
)
from skensemble.stacking._kind import EnsembleKind, is_prefit

Members = list[tuple[str, Any]]

# Approximate number of rows whose digest identifies the training data.
_FINGERPRINT_ROWS = 1000


@dataclass(frozen=True)
class FitInputs:
    """The checked input of one fit.

    Parameters
    ----------
    X : array-like
        The features.
    target : Target
        The target.
    routed : FitParams
        Fit parameters per recipient.
    params : dict
        Fit parameters, with weights and groups as arrays.
    seed : int or None
        The seed of the fit.
    started : float
        Start of the fit, in the time of ``time.monotonic()``.
    """

    X: Any
    target: Target
    routed: FitParams
    params: dict[str, Any]
    seed: int | None
    started: float


def check_parameters(ensemble: Any, params: dict[str, Any]) -> None:
    """Refuse invalid values of the parameters that all kinds share."""
    check_known(ensemble, params)
    check_choice("on_error", ensemble.on_error, ["raise", "drop"])
    for name in ("refit", "passthrough"):
        check_choice(name, getattr(ensemble, name, False), [True, False])
    for name in ("calibrate", "calibrate_members"):
        check_choice(name, getattr(ensemble, name, None), CALIBRATIONS)
    check_seconds("time_limit", ensemble.time_limit)
    check_jobs(ensemble.n_jobs)
    check_seed(ensemble.random_state)
    as_store(ensemble.memory)
    cv = getattr(ensemble, "cv", None)
    if isinstance(cv, str) and not is_prefit(cv):
        raise ValueError(
            f"cv={cv!r} is not known; use 'prefit', an int, a splitter or an iterable "
            "of (train, test) pairs."
        )


def resolve_scoring(scoring: Any, target: Target) -> Any:
    """Return the scorer of predictions; None for the default score of the target."""
    check_scoring_kind(scoring, target.kind)
    if scoring is None:
        return None
    found = as_prediction_scorer(scoring, target.kind, target.n_classes, target.classes)
    check_scoring_of_target(found, target.values)
    return found


def read_inputs(
    ensemble: Any,
    kind: EnsembleKind,
    members: Members,
    X: Any,
    target: Target,
    params: dict[str, Any],
    seed: int | None,
    started: float,
) -> FitInputs:
    """Check members and data, and route the fit parameters."""
    kind.check_members(members)
    names = [name for name, _ in members]
    (X,) = indexable(plain_table(X))
    params = read_row_params(X, target, params)
    routed = route(ensemble, names, kind.final_estimator, params)
    check_routed(target, routed)
    check_scoring_of_labels(kind.evaluation.scoring, kind.response_method)
    return FitInputs(X, target, routed, params, seed, started)


def split_rows(kind: EnsembleKind, inputs: FitInputs) -> list[Split]:
    """Split the rows, and refuse splits that predict too few of them."""
    splits = kind.splitting.split(
        inputs.X, inputs.target, inputs.routed.splitter, inputs.seed
    )
    check_coverage(kind.splitting.description, splits, len(inputs.target.values))
    return splits


def begin_callbacks(ensemble: Any, inputs: FitInputs, n_members: int) -> Any:
    """Open the callback context of a fit."""
    context = ensemble._init_callback_context(max_subtasks=n_members + 1)
    context.call_on_fit_task_begin(
        estimator=ensemble, X=inputs.X, y=inputs.target.values
    )
    return context


def fit_layers(
    ensemble: Any,
    kind: EnsembleKind,
    layers: list[Members],
    inputs: FitInputs,
    splits: list[Split],
    context: Any,
) -> list[FittedMembers]:
    """Fit layer by layer, each on the out-of-fold predictions of the one below."""
    fitted: list[FittedMembers] = []
    for members in layers:
        data = _LayerData(inputs.X, splits)
        if fitted:
            data = _data_above(fitted[-1], data, inputs, kind, _prefix(ensemble))
        fitted.append(_fit_members(ensemble, kind, members, inputs, data, context))
    return fitted


@dataclass(frozen=True)
class _LayerData:
    """Input of one layer: its features, its splits, and the rows that are known."""

    X: Any
    splits: list[Split]
    rows: Any = None


def _data_above(
    below: FittedMembers,
    data: _LayerData,
    inputs: FitInputs,
    kind: EnsembleKind,
    prefix: str,
) -> _LayerData:
    covered = below.oof.covered
    table = meta_features(
        below.oof.blocks,
        below.block_methods,
        prefix,
        data.X,
        kind.passthrough,
        inputs.target.n_classes,
    )
    if covered.all():
        return _LayerData(table, data.splits)
    known = [
        replace(split, train=train, test=test)
        for split in data.splits
        if split.train is not None
        and len(train := split.train[covered[split.train]])
        and len(test := split.test[covered[split.test]])
    ]
    return _LayerData(table, known, np.flatnonzero(covered))


def _fit_members(
    ensemble: Any,
    kind: EnsembleKind,
    members: Members,
    inputs: FitInputs,
    data: _LayerData,
    context: Any,
) -> FittedMembers:
    """Fit the members of one layer on every split and, for refits, on all rows."""
    target, index = inputs.target, getattr(data.X, "index", None)
    if kind.prefit:
        fold_fits = predict_prefit(members, data.X, target, kind.response_method)
        fitted = gather_members(
            fold_fits, {}, [], target, refit=True, index=index, labels=target.classes
        )
    else:
        fits, failures = _run_member_fits(
            ensemble, kind, _make_members(kind, members, inputs), inputs, data, context
        )
        kept, failed = drop_failed(fits, failures)
        fitted = gather_members(
            kept, failed, data.splits, target, refit=kind.refit, index=index
        )
    how = getattr(ensemble, "calibrate_members", None)
    return fitted.calibrated(how, target, inputs.routed.sample_weight)


def _make_members(
    kind: EnsembleKind, members: Members, inputs: FitInputs
) -> list[Member]:
    return [
        Member(
            name,
            _screened(model, kind.screeners.get(name)),
            resolve_response_method(model, kind.response_method),
            inputs.routed.members[name],
        )
        for name, model in members
    ]


def _screened(estimator: Any, screener: Any) -> Any:
    if screener is None:
        return estimator
    return Pipeline(
        [("screener", clone_member("screener", screener)), ("member", estimator)]
    )


def _run_member_fits(
    ensemble: Any,
    kind: EnsembleKind,
    members: list[Member],
    inputs: FitInputs,
    data: _LayerData,
    context: Any,
) -> Any:
    target, limit = inputs.target, ensemble.time_limit
    members, not_cloned = cloneable_members(members, ensemble.on_error)
    if not members:
        return [], not_cloned
    planned = plan_fits(members, data.splits, refit=kind.refit, seed=inputs.seed)
    if data.rows is not None:
        planned = [_on_rows(fit, data.rows) for fit in planned]
    score = functools.partial(
        score_block, kind=target.kind, scoring=kind.evaluation.scoring
    )
    fitted, failures = run_fits(
        planned,
        TrainingData(data.X, target.values, target.n_classes, score),
        n_jobs=ensemble.n_jobs,
        on_error=ensemble.on_error,
        verbose=ensemble.verbose,
        seconds=_known_seconds(getattr(ensemble, "fits_", ())),
        store=as_store(ensemble.memory),
        deadline=None if limit is None else inputs.started + limit,
        **task_tree(ensemble, context, planned),
    )
    warn_of_undefined_scores(kind.evaluation.scoring, fitted, target.values)
    return fitted, [*not_cloned, *failures]


def _on_rows(planned: PlannedFit, rows: Any) -> PlannedFit:
    """Restrict the refit to the rows that the layer below predicts."""
    if planned.split.label != REFIT:
        return planned
    return replace(planned, split=replace(planned.split, train=rows))


def _known_seconds(fold_fits: tuple[FoldFit, ...]) -> dict[str, float]:
    """Return the longest fit of each member in the last fit of the ensemble."""
    known: dict[str, float] = {}
    for fold_fit in fold_fits:
        known[fold_fit.member] = max(
            known.get(fold_fit.member, 0.0), fold_fit.fit_seconds
        )
    return known


def fit_combination(
    ensemble: Any,
    kind: EnsembleKind,
    layers: list[FittedMembers],
    inputs: FitInputs,
    splits: list[Split],
    context: Any,
) -> FittedEnsemble:
    """Fit the combiner on the out-of-fold data of the last layer, and evaluate."""
    X, target = inputs.X, inputs.target
    task = context.subcontext(task_name="combination")
    task.call_on_fit_task_begin(estimator=ensemble, X=X, y=target.values)
    oof_data = layer_oof_data(
        layers,
        len(layers) - 1,
        kind.splitting.description,
        target,
        X if kind.passthrough else None,
        inputs.routed.final,
    )
    combiner = kind.combination(oof_data)
    task.call_on_fit_task_end(estimator=ensemble, X=X, y=target.values)
    fitted = new_fitted(ensemble, kind, layers, inputs, splits, combiner)
    return evaluated(fitted, oof_data, time.monotonic() - inputs.started)


def combine_without_splits(
    ensemble: Any,
    kind: EnsembleKind,
    layers: list[FittedMembers],
    inputs: FitInputs,
    splits: list[Split],
    context: Any,
) -> FittedEnsemble:
    """Make a combiner that needs no out-of-fold data; the ensemble is not evaluated."""
    combiner = kind.combination.without_data(layers[-1].names, inputs.target)
    return new_fitted(ensemble, kind, layers, inputs, splits, combiner)


def new_fitted(
    ensemble: Any,
    kind: EnsembleKind,
    layers: list[FittedMembers],
    inputs: FitInputs,
    splits: list[Split],
    combiner: Any,
) -> FittedEnsemble:
    """Make the fitted value of an ensemble, without out-of-fold data."""
    return FittedEnsemble(
        layers=tuple(layers),
        splits=splits,
        combination=kind.combination,
        combiner=combiner,
        options=kind.evaluation,
        target=replace(inputs.target, values=inputs.target.values[:0]),
        prefix=_prefix(ensemble),
        passthrough=kind.passthrough,
        features=features_of(inputs.X),
        final_params=inputs.routed.final,
        seed=inputs.seed,
        fingerprint=data_fingerprint(inputs.X),
    )


def evaluated(fitted: FittedEnsemble, oof_data: Any, seconds: float) -> FittedEnsemble:
    """Add out-of-fold data, their evaluation, and the calibrator."""
    members = members_of_layers(fitted.layers)
    evaluation = start_evaluation(
        EvaluationInputs(
            options=fitted.options,
            fit_combiner=fitted.combination,
            oof_data=oof_data,
            oof=members.oof,
            splits=fitted.splits,
            fold_fits=members.fold_fits,
            seconds=seconds,
        )
    )
    return replace(
        fitted,
        oof_data=replace(oof_data, X=None),
        evaluation=evaluation,
        calibrator=None if fitted.options.lazy else evaluation.value.calibrator,
    )


def _prefix(ensemble: Any) -> str:
    return type(ensemble).__name__.lower()


def data_fingerprint(X: Any) -> bytes | None:
    """Digest some rows, to recognise the training data without storing them."""
    n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
    step = max(1, n_rows // _FINGERPRINT_ROWS)
    return digest(take_rows(X, np.arange(0, n_rows, step)))


def digest(X: Any) -> bytes | None:
    """Digest the content of data; None for data that have no stable content."""
    try:
        return Hasher().digest(X)
    except Unkeyable:
        return None
