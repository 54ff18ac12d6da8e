"""Smaller and quicker models from one that is fitted."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skensemble.auto._blend import Learner
from skensemble.auto._candidate import Candidate
from skensemble.auto._costs import of_rounds, place_of_watched
from skensemble.auto._growth import Final, Growth, out_of_fold_data
from skensemble.auto._layers import quiet
from skensemble.auto._model import Model
from skensemble.auto._watched import Watched
from skensemble.combination import FittedMembers
from skensemble.core import named_seed
from skensemble.fitting import (
    REFIT,
    FoldAverage,
    FoldFit,
    Member,
    PlannedFit,
    Split,
    TrainingData,
    Turns,
    error_of,
    plan_fits,
    run_fits,
)

# Models of all rows that are averaged for each member of which two are worth their size.
_COPIES = 2
# What a fit on all rows takes, as a multiple of one on the rows of a fold.
_MORE_ROWS = 1.2


def refitted(model: Model, growth: Growth, deadline: float | None = None) -> Model:
    """Fit the members of a model on all rows, one model in place of one a fold.

    Boosters are grown for as many rounds as they were on the folds, on the mean. Where
    there is time, networks are fitted twice: they vary most with the seed.

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
    below = Run(growth, "lower", model.lower, deadline, growth.finals)
    runs = [below]
    if model.upper is not None:
        runs.insert(0, Run(growth, "upper", model.upper, deadline, {}))
    # First all members once, those above before those below; then others of them.
    for copy in range(_COPIES):
        for run in runs:
            run.fit(model.combined.weights, copy)
    upper = None if model.upper is None else runs[0].result()
    return replace(model, lower=below.result(), upper=upper)


@dataclass(frozen=True)
class Run:
    """Fits on all rows of the members of a layer, and what became of them."""

    growth: Growth
    layer: str
    members: FittedMembers
    deadline: float | None
    finals: dict[str, Final]

    def fit(self, weights: dict[str, float], copy: int) -> None:
        """Fit those members, by weight, that have no more than `copy` such fits."""
        growth, below = self.growth, self.layer == "lower"
        some = growth.candidates if below else growth.above
        wanted = [
            _with_rounds(one, average)
            for one in some
            if isinstance(average := self.members.estimators.get(one.name), FoldAverage)
            and (one.varies or not copy)
        ]
        wanted.sort(key=lambda one: -weights.get(one.name, 0.0))
        new = {one.name: one for one in wanted if not self._is_done(one, copy)}
        for fold_fit in self._fold_fits(list(new.values()), copy):
            self.finals[fold_fit.member] = _one_more(
                self.finals.get(fold_fit.member), new[fold_fit.member].rounds, fold_fit
            )

    def _is_done(self, one: "Last", copy: int) -> bool:
        known = self.finals.get(one.name)
        if known is None:
            return False
        # A booster that is to have other rounds now begins anew.
        return known.rounds == one.rounds and len(known.estimators) > copy

    def _fold_fits(self, some: list["Last"], copy: int) -> list[FoldFit]:
        setting, layer = self.growth.setting, getattr(self.growth, self.layer)
        target = setting.target
        wanted = [setting.member(one.name, one.estimator) for one in some]
        if not wanted:
            return []
        seed = setting.seed
        if seed is not None and copy:
            seed = named_seed(seed, "copy", copy)
        with quiet():
            fitted, _ = run_fits(
                self._plan(wanted, seed),
                TrainingData(layer.X, target.values, target.n_classes, _no_score),
                n_jobs=setting.n_jobs,
                on_error="drop",
                store=setting.store,
                deadline=self.deadline,
                turns=Turns(),
                seconds=self._seconds(some),
            )
        return fitted

    def _plan(self, wanted: list[Member], seed: int | None) -> list[PlannedFit]:
        covered = self.growth.covered
        if self.layer == "lower" or covered.all():
            return plan_fits(wanted, [], refit=True, seed=seed)
        # Of other rows, nobody said anything that those above could learn from.
        rows = Split(REFIT, np.flatnonzero(covered), np.empty(0, dtype=np.intp))
        return plan_fits(wanted, [rows], refit=False, seed=seed)

    def _seconds(self, some: list["Last"]) -> dict[str, float]:
        took = getattr(self.growth, self.layer).seconds()
        more = _MORE_ROWS
        if self.layer == "lower" and self.growth.n_seen is not None:
            more = max(more, self.growth.more_rows)
        return {one.name: more * took[one.name] for one in some}

    def result(self) -> FittedMembers:
        """Put models of all rows in the place of those of the folds."""
        members = self.members
        averages = {
            name: FoldAverage(
                final.estimators,
                final.presents,
                members.methods[name],
                members.n_classes,
            )
            for name, final in self.finals.items()
            if name in members.estimators
        }
        return replace(members, estimators=members.estimators | averages)


def _no_score(*_: Any) -> None:
    """Nothing is held out."""


def _one_more(known: Final | None, rounds: int | None, fold_fit: FoldFit) -> Final:
    if known is None or known.rounds != rounds:
        return Final(rounds, (fold_fit.estimator,), (fold_fit.present,))
    return Final(
        rounds,
        (*known.estimators, fold_fit.estimator),
        (*known.presents, fold_fit.present),
    )


@dataclass(frozen=True)
class Last:
    """A member to fit on all rows; of boosters, for so many rounds."""

    name: str
    estimator: Any
    rounds: int | None


def _with_rounds(one: Candidate, average: FoldAverage) -> Last:
    """Tell a booster the mean number of rounds of its folds."""
    found = [rounds_of(model) for model in average.estimators]
    if place_of_watched(one.estimator) is None or None in found:
        return Last(one.name, one.estimator, None)
    rounds = max(1, round(float(np.mean([n for n in found if n is not None]))))
    return Last(one.name, of_rounds(one.estimator, rounds), rounds)


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


def fewer_members(growth: Growth, tolerance: float, most: int | None) -> Learner:
    """Choose as few members of the lower layer as come close to all.

    Parameters
    ----------
    growth : Growth
        With all members.
    tolerance : float
        Share by which the error may rise.
    most : int or None
        Members at most.

    Returns
    -------
    learner : Learner
        Combines these alone; where few members do not come close, the best `most`.
    """
    lower, upper = growth.members()
    both = lower if upper is None else lower.joined(upper)
    oof_data, setting = out_of_fold_data(both, growth.setting), growth.setting

    def score(learner: Learner) -> float:
        said = learner(oof_data).combine(oof_data.blocks)
        return float(
            setting.scoring.score(
                said, oof_data.y, oof_data.weight, method=setting.method
            )
        )

    whole = score(growth.learner)
    weights = growth.learner.below(oof_data.only(lower.names))
    order = [n for n in sorted(weights, key=lambda n: -weights[n]) if weights[n] > 0]
    size = len(order) if most is None else min(most, len(order))
    least = whole - tolerance * error_of(whole)
    some = [replace(growth.learner, among=tuple(order[:k])) for k in range(1, size + 1)]
    return next((one for one in some if score(one) >= least), some[-1])
