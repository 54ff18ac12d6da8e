"""The fitted automatic ensemble as one frozen value."""

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from skensemble.auto._calibration import fit_calibration
from skensemble.auto._full_data_fits import fit_on_all_rows
from skensemble.auto._layer_fits import FitSettings, out_of_fold_data
from skensemble.auto._layer_weighting import LayerWeighting
from skensemble.auto._model import AutoModel
from skensemble.auto._trainer import Trainer, join_layers
from skensemble.auto._trials import trials_table
from skensemble.combination import (
    EvaluationInputs,
    EvaluationOptions,
    FittedMembers,
    LazyEvaluation,
)

Array = NDArray[Any]


@dataclass(frozen=True)
class FittedAutoEnsemble:
    """The members that were fitted, and how they are combined.

    Parameters
    ----------
    model : AutoModel
        Predicts new rows.
    members : FittedMembers
        All complete members of both layers, with their out-of-fold predictions.
    settings : FitSettings
        Settings of all fits.
    weighting : LayerWeighting
        Fitted the weights.
    calibration : str or None
        Name of the calibration.
    trials : pandas.DataFrame
        Table of all members that were tried.
    evaluation : LazyEvaluation
        The leaderboard and the out-of-fold predictions of the ensemble.
    """

    model: AutoModel
    members: FittedMembers
    settings: FitSettings
    weighting: LayerWeighting
    calibration: str | None
    trials: pd.DataFrame
    evaluation: LazyEvaluation

    @property
    def weights(self) -> pd.Series:
        """Weights of the members."""
        weights = pd.Series(self.model.combiner.weights, name="weight", dtype=float)
        return weights.rename_axis("member")

    def combined_oof(self) -> Array:
        """Return the combined out-of-fold predictions, with weights of all rows."""
        return self.model.combine(self.members.oof.blocks)

    def fitted_on_all_rows(
        self, trainer: Trainer, deadline: float | None = None
    ) -> "FittedAutoEnsemble":
        """Return the ensemble with members that are fitted on all rows."""
        model = fit_on_all_rows(self.model, trainer, deadline)
        return replace(self, model=model)


def combine_members(
    trainer: Trainer,
    weighting: LayerWeighting,
    *,
    calibrate: str | None = None,
    seconds: float = 0.0,
) -> FittedAutoEnsemble:
    """Combine the members that were fitted so far.

    Parameters
    ----------
    trainer : Trainer
        Fits of the members; they are only read.
    weighting : LayerWeighting
        Fits the weights of the members.
    calibrate : {"auto", "temperature", "sigmoid", "isotonic"} or None, default=None
        Calibration of the combined probabilities.
    seconds : float, default=0.0
        Seconds of the fit, for the leaderboard.

    Returns
    -------
    ensemble : FittedAutoEnsemble
        Its members predict with the models of the folds.
    """
    settings = trainer.plan.settings
    lower, upper = trainer.members()
    members = join_layers(lower, upper)
    oof_data = out_of_fold_data(members, settings)
    combiner = weighting(oof_data)
    p = combiner.combine(oof_data.blocks)
    calibration = fit_calibration(calibrate, p, oof_data, settings, trainer.splits)
    model = AutoModel(
        lower, upper, trainer.used, combiner, calibration.calibrator
    ).pruned()
    inputs = EvaluationInputs(
        options=EvaluationOptions(
            "ensemble", settings.scoring, calibration.name, lazy=True
        ),
        fit_combiner=weighting,
        oof_data=oof_data,
        oof=members.oof,
        splits=trainer.splits,
        fold_fits=members.fold_fits,
        seconds=seconds,
    )
    return FittedAutoEnsemble(
        model,
        members,
        settings,
        weighting,
        calibration.name,
        _trials(trainer, weighting, model),
        LazyEvaluation(inputs),
    )


def _trials(
    trainer: Trainer, weighting: LayerWeighting, model: AutoModel
) -> pd.DataFrame:
    plan = trainer.plan
    layers = [
        ([candidate.name for candidate in plan.candidates], trainer.lower),
        ([candidate.name for candidate in plan.upper_candidates], trainer.upper),
    ]
    return trials_table(layers, model.combiner.weights, model.used, weighting.among)
