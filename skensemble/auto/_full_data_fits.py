"""Fits of the members on all rows, which replace the models of the folds."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skensemble.auto._candidate import Candidate
from skensemble.auto._layer_fits import LayerFits, ignore_expected_warnings
from skensemble.auto._model import AutoModel
from skensemble.auto._trainer import Trainer
from skensemble.auto.members import (
    early_stopping_prefix,
    fitted_rounds,
    with_rounds,
)
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
    plan_fits,
    run_fits,
)

# Number of models, each with another seed, of members that vary with the seed.
_N_COPIES = 2
# Seconds of a fit on all rows, as a multiple of those of a fit on a fold.
_COST_RATIO = 1.2


@dataclass(frozen=True)
class FullDataFit:
    """Models of a member that were fitted on all rows.

    Parameters
    ----------
    rounds : int or None
        Number of boosting rounds; None for members that do not stop early.
    estimators : tuple of estimators
        The models, one per seed.
    present : tuple of (ndarray of int or None)
        Codes of the classes that each model was fitted on.
    """

    rounds: int | None
    estimators: tuple[Any, ...] = ()
    present: tuple[Any, ...] = ()

    def plus(self, fold_fit: FoldFit) -> "FullDataFit":
        """Return the models with one more."""
        return replace(
            self,
            estimators=(*self.estimators, fold_fit.estimator),
            present=(*self.present, fold_fit.present),
        )


def fit_on_all_rows(
    model: AutoModel, trainer: Trainer, deadline: float | None = None
) -> AutoModel:
    """Fit the members of a model on all rows, in place of one model per fold.

    Boosters are fitted for the mean number of rounds of their folds. Members that vary
    with the seed, which are networks, are fitted twice.

    Parameters
    ----------
    model : AutoModel
        Its members are fitted.
    trainer : Trainer
        The data, and earlier fits on all rows of the lower layer; new ones are added.
    deadline : float or None, default=None
        Time of `time.monotonic` by which the fits end. Members that are not fitted by
        then, those with the smallest weights, predict with the models of their folds.

    Returns
    -------
    model : AutoModel
        The model with the new members.
    """
    fits = trainer.full_data_fits
    layers = [LayerFitter(trainer, model.lower, trainer.lower, fits)]
    if model.upper is not None and trainer.upper is not None:
        layers.insert(0, UpperLayerFitter(trainer, model.upper, trainer.upper, {}))
    # First one model per member, the upper layer before the lower; then the others.
    for copy in range(_N_COPIES):
        for layer in layers:
            layer.fit(model.combiner.weights, copy, deadline)
    upper = None if model.upper is None else layers[0].result()
    return replace(model, lower=layers[-1].result(), upper=upper)


@dataclass(frozen=True)
class LayerFitter:
    """Fits the members of the lower layer on all rows.

    Parameters
    ----------
    trainer : Trainer
        The plan and the data.
    members : FittedMembers
        Members of the layer, fitted on folds.
    layer : LayerFits
        Features of the layer, and its fits on folds.
    fits : dict of str to FullDataFit
        Fits on all rows, to which new ones are added.
    """

    trainer: Trainer
    members: FittedMembers
    layer: LayerFits
    fits: dict[str, FullDataFit]

    def fit(self, weights: dict[str, float], copy: int, deadline: float | None) -> None:
        """Fit members with at most `copy` models of all rows, largest weights first."""
        planned = [
            (candidate, self._rounds(candidate))
            for candidate in self._candidates()
            if isinstance(self.members.estimators.get(candidate.name), FoldAverage)
            and (candidate.varies_with_seed or not copy)
        ]
        planned.sort(key=lambda pair: -weights.get(pair[0].name, 0.0))
        rounds_of = {
            candidate.name: rounds
            for candidate, rounds in planned
            if not self._is_fitted(candidate.name, rounds, copy)
        }
        members = [
            self.trainer.plan.settings.member(
                candidate.name, _final_estimator(candidate, rounds)
            )
            for candidate, rounds in planned
            if candidate.name in rounds_of
        ]
        for fold_fit in self._run(members, copy, deadline):
            name = fold_fit.member
            known = self.fits.get(name)
            # A booster with another number of rounds is fitted from scratch.
            if known is None or known.rounds != rounds_of[name]:
                known = FullDataFit(rounds_of[name])
            self.fits[name] = known.plus(fold_fit)

    def result(self) -> FittedMembers:
        """Return the members with the models of all rows, where there are any."""
        members = self.members
        averages = {
            name: FoldAverage(
                fit.estimators,
                fit.present,
                members.methods[name],
                members.n_classes,
            )
            for name, fit in self.fits.items()
            if name in members.estimators
        }
        return replace(members, estimators=members.estimators | averages)

    def _candidates(self) -> list[Candidate]:
        return self.trainer.plan.candidates

    def _rounds(self, candidate: Candidate) -> int | None:
        """Return the mean number of boosting rounds of the folds."""
        average = self.members.estimators[candidate.name]
        found = [fitted_rounds(model) for model in average.estimators]
        if early_stopping_prefix(candidate.estimator) is None or None in found:
            return None
        weights = self._fold_weights(candidate.name)
        if weights is None or len(weights) != len(found):
            weights = np.ones(len(found))
        return max(1, round(float(np.average(np.array(found), weights=weights))))

    def _fold_weights(self, name: str) -> Any:
        """Return the training rows of the folds if these grow in time, or None.

        The late folds are nearly as large as the table.
        """
        if self.trainer.plan.settings.times is None:
            return None
        return [
            len(fold_fit.train)
            for fold_fit in self.members.fold_fits
            if fold_fit.member == name and fold_fit.train is not None
        ]

    def _is_fitted(self, name: str, rounds: int | None, copy: int) -> bool:
        """Return whether there is a model with these rounds and the seed of `copy`."""
        known = self.fits.get(name)
        if known is None:
            return False
        return known.rounds == rounds and len(known.estimators) > copy

    def _run(
        self, members: list[Member], copy: int, deadline: float | None
    ) -> list[FoldFit]:
        if not members:
            return []
        settings = self.trainer.plan.settings
        target, seed = settings.target, settings.seed
        if seed is not None and copy:
            seed = named_seed(seed, "copy", copy)
        load, ratio = self.trainer.load, self._cost_ratio()
        seconds = self.layer.seconds(load)
        with ignore_expected_warnings():
            fitted, _ = run_fits(
                self._planned(members, seed),
                TrainingData(self.layer.X, target.values, target.n_classes),
                n_jobs=settings.n_jobs,
                on_error="drop",
                store=settings.store,
                deadline=deadline,
                turns=Turns(measured=tuple(seconds), load=load),
                seconds={
                    member.name: ratio * seconds[member.name] for member in members
                },
            )
        return fitted

    def _planned(self, members: list[Member], seed: int | None) -> list[PlannedFit]:
        rows = self.trainer.plan.settings.rows
        if rows is None or rows.learnable.all():
            return plan_fits(members, [], refit=True, seed=seed)
        return _plan_on(rows.learnable, members, seed)

    def _cost_ratio(self) -> float:
        if self.trainer.sample_size is None:
            return _COST_RATIO
        return max(_COST_RATIO, self.trainer.row_ratio)


@dataclass(frozen=True)
class UpperLayerFitter(LayerFitter):
    """Fits the members of the upper layer on all rows with out-of-fold predictions."""

    def _candidates(self) -> list[Candidate]:
        return self.trainer.plan.upper_candidates

    def _planned(self, members: list[Member], seed: int | None) -> list[PlannedFit]:
        covered = self.trainer.covered
        if covered.all():
            return super()._planned(members, seed)
        # The other rows lack the predictions of the lower layer.
        return _plan_on(covered, members, seed)

    def _cost_ratio(self) -> float:
        return _COST_RATIO


def _plan_on(mask: Any, members: list[Member], seed: int | None) -> list[PlannedFit]:
    """Plan one fit per member on the rows of a mask."""
    rows = Split(REFIT, np.flatnonzero(mask), np.empty(0, dtype=np.intp))
    return plan_fits(members, [rows], refit=False, seed=seed)


def _final_estimator(candidate: Candidate, rounds: int | None) -> Any:
    """Return the estimator to fit on all rows."""
    if rounds is None:
        return candidate.estimator
    return with_rounds(candidate.estimator, rounds)
