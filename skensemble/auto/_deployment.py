"""Smaller and quicker models from one that is fitted."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import clone

from skensemble.auto._growth import Final, Growth, evidence_of
from skensemble.auto._layers import Setting
from skensemble.auto._model import Model
from skensemble.auto._portfolio import Candidate
from skensemble.auto._watched import Watched
from skensemble.fitting._cell import FittedCell, Member
from skensemble.fitting._fold_average import FoldAverage
from skensemble.fitting._runner import Work, plan_cells, run_cells
from skensemble.stacking._combinations import WeightedMean
from skensemble.stacking._members import FittedMembers


def refitted(model: Model, growth: Growth, deadline: float | None = None) -> Model:
    """Fit the members of a model on all rows, one model in place of one a fold.

    Boosters are grown for as many rounds as they were on the folds, on the mean.

    Parameters
    ----------
    model : Model
        Whose members.
    growth : Growth
        With the data.
    deadline : float or None, default=None
        In the time of ``time.monotonic()``; members that are not done by then, those of
        the least weight, stay means of their folds.

    Returns
    -------
    model : Model
    """
    weights = model.combined.weights
    data, setting = growth.lower.X, growth.setting
    finals = growth.finals
    upper = model.upper
    if upper is not None:
        table = growth.upper.X if growth.upper is not None else data
        upper = _on_all_rows(upper, growth.above, table, setting, weights, deadline, {})
    lower = _on_all_rows(
        model.lower, growth.candidates, data, setting, weights, deadline, finals
    )
    return replace(model, lower=lower, upper=upper)


def _on_all_rows(
    members: FittedMembers,
    some: list[Candidate],
    X: Any,
    setting: Setting,
    weights: dict[str, float],
    deadline: float | None,
    finals: dict[str, Final],
) -> FittedMembers:
    averages = {
        name: model
        for name, model in members.estimators.items()
        if isinstance(model, FoldAverage)
    }
    wanted = [
        _with_rounds(one, averages[one.name]) for one in some if one.name in averages
    ]
    wanted.sort(key=lambda one: -weights.get(one.name, 0.0))
    new = [one for one in wanted if not _is_known(one, finals)]
    for cell in _fit_all(new, members, X, setting, deadline):
        rounds = next(one.rounds for one in new if one.name == cell.member)
        finals[cell.member] = Final(rounds, cell.estimator, cell.present)
    done = {one.name: finals[one.name] for one in wanted if _is_known(one, finals)}
    return replace(
        members,
        estimators=members.estimators | {n: f.estimator for n, f in done.items()},
        present=members.present | {n: f.present for n, f in done.items()},
    )


@dataclass(frozen=True)
class Last:
    """A member to fit on all rows; of boosters, for so many rounds."""

    name: str
    estimator: Any
    rounds: int | None


def _is_known(one: Last, finals: dict[str, Final]) -> bool:
    return one.name in finals and finals[one.name].rounds == one.rounds


def _fit_all(
    some: list[Last],
    members: FittedMembers,
    X: Any,
    setting: Setting,
    deadline: float | None,
) -> list[FittedCell]:
    weight = setting.sample_weight
    params = {} if weight is None else {"sample_weight": weight}
    wanted = [Member(one.name, one.estimator, setting.method, params) for one in some]
    if not wanted:
        return []
    target = setting.target
    took: dict[str, float] = {}
    for cell in members.cells:
        took[cell.member] = max(took.get(cell.member, 0.0), cell.fit_seconds)
    fitted, _ = run_cells(
        plan_cells(wanted, [], refit=True, seed=setting.seed),
        Work(X, target.values, target.n_classes, lambda *_: None),
        n_jobs=setting.n_jobs,
        on_error="drop",
        store=setting.store,
        deadline=deadline,
        in_turn=True,
        seconds={n: 1.2 * seconds for n, seconds in took.items()},
    )
    return fitted


def _with_rounds(one: Candidate, average: FoldAverage) -> Last:
    """Tell a booster the mean number of rounds of its folds."""
    params = {"": one.estimator, **one.estimator.get_params(deep=True)}
    place = next((k for k, part in params.items() if isinstance(part, Watched)), None)
    found = [rounds_of(model) for model in average.estimators]
    if place is None or None in found:
        return Last(one.name, one.estimator, None)
    rounds = max(1, round(float(np.mean([n for n in found if n is not None]))))
    key = f"{place}__rounds" if place else "rounds"
    return Last(one.name, clone(one.estimator).set_params(**{key: rounds}), rounds)


def rounds_of(model: Any) -> int | None:
    """Find the rounds of a fitted booster, within what is around it.

    Parameters
    ----------
    model : estimator
        Fitted.

    Returns
    -------
    rounds : int or None
        None for what has no rounds.
    """
    while not isinstance(model, Watched):
        model = getattr(model, "estimator_", None) or getattr(model, "regressor_", None)
        if model is None:
            return None
    return getattr(model.estimator_, "n_estimators_", None)


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
