"""Smaller and quicker models from one that is fitted."""

from dataclasses import replace
from typing import Any

import numpy as np

from skensemble.auto._growth import Growth, evidence_of, said_table
from skensemble.auto._layers import Setting
from skensemble.auto._model import Model
from skensemble.auto._portfolio import Candidate
from skensemble.fitting._cell import Member
from skensemble.fitting._runner import Work, plan_cells, run_cells
from skensemble.stacking._combinations import WeightedMean
from skensemble.stacking._members import FittedMembers


def refitted(model: Model, growth: Growth) -> Model:
    """Fit the members of a model on all rows, one model in place of one a fold.

    Parameters
    ----------
    model : Model
        Whose members.
    growth : Growth
        With the data.

    Returns
    -------
    model : Model
    """
    lower = _on_all_rows(model.lower, growth.candidates, growth.lower.X, growth.setting)
    if model.upper is None:
        return replace(model, lower=lower)
    whole = growth.members()[0]
    table = said_table(whole.only(list(model.used)), whole.oof.blocks, growth.lower.X)
    upper = _on_all_rows(model.upper, growth.above, table, growth.setting)
    return replace(model, lower=lower, upper=upper)


def _on_all_rows(
    members: FittedMembers, some: list[Candidate], X: Any, setting: Setting
) -> FittedMembers:
    weight = setting.sample_weight
    params = {} if weight is None else {"sample_weight": weight}
    wanted = [
        Member(one.name, one.estimator, setting.method, params)
        for one in some
        if one.name in members.names
    ]
    cells = plan_cells(wanted, [], refit=True, seed=setting.seed)
    target = setting.target
    fitted, _ = run_cells(
        cells,
        Work(X, target.values, target.n_classes, lambda *_: None),
        n_jobs=setting.n_jobs,
        on_error="raise",
        store=setting.store,
    )
    return replace(
        members,
        estimators={cell.member: cell.estimator for cell in fitted},
        present={cell.member: cell.present for cell in fitted},
    )


def fewer_members(
    growth: Growth, combined: WeightedMean, tolerance: float, most: int | None
) -> WeightedMean:
    """Weights of as few members of the lower layer as come close to all.

    Parameters
    ----------
    growth : Growth
        With all members.
    combined : WeightedMean
        Their weights.
    tolerance : float
        Share by which the error may rise.
    most : int or None
        Members at most.

    Returns
    -------
    combined : WeightedMean
        Where few members do not come close, the best `most` of them.
    """
    lower, upper = growth.members()
    both = lower if upper is None else lower.joined(upper)
    evidence = evidence_of(both, growth.setting)
    method = growth.setting.method
    score = growth.setting.scoring.score
    whole = score(combined.respond(evidence.blocks), evidence.y, method=method)
    weights = growth.learner.below(evidence.only(lower.names))
    order = sorted(lower.names, key=lambda name: -weights[name])
    order = [name for name in order if weights[name] > 0]
    size = len(order) if most is None else min(most, len(order))
    for k in range(1, size + 1):
        some = growth.learner.below(evidence.only(order[:k]))
        found = {name: some.get(name, 0.0) for name in evidence.blocks}
        fewer = WeightedMean(found, "mean", evidence.kind, evidence.n_classes)
        got = score(fewer.respond(evidence.blocks), evidence.y, method=method)
        if got >= whole - tolerance * _error_of(whole, growth):
            break
    return fewer


def _error_of(score: float, growth: Growth) -> float:
    """How far a score is from the best one possible: 1 for AUC and accuracy, else 0."""
    return abs(score) if score <= 0 or not np.isfinite(score) else max(1 - score, 0.0)
