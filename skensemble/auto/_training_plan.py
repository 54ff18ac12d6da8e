"""What an automatic ensemble is to fit, in which order."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
from joblib import cpu_count, effective_n_jobs

from skensemble.auto._candidate import Candidate, TimeAllowance
from skensemble.auto._catalogue import second_layer
from skensemble.auto._folds import rounds_of_splits
from skensemble.auto._layer_fits import FitSettings
from skensemble.auto._layer_weighting import LayerWeighting
from skensemble.auto._learning_task import LearningTask
from skensemble.auto._portfolio import select_candidates
from skensemble.auto._presets import PRESETS
from skensemble.core import root_seed
from skensemble.fitting import Split, as_store
from skensemble.scoring import (
    as_prediction_scorer,
    check_scoring_of_target,
    full_scoring_name,
)

_DEFAULT_SCORING = {
    "binary": "roc_auc",
    "multiclass": "neg_log_loss",
    "regression": "neg_root_mean_squared_error",
}


@dataclass(frozen=True)
class TrainingPlan:
    """What is to be fitted, in which order.

    Parameters
    ----------
    X : pandas.DataFrame
        The table.
    settings : FitSettings
        Settings of all fits.
    rounds : list of list of Split
        Rounds of splits. Every member is fitted on the first; further ones exist for
        small tables.
    candidates : list of Candidate
        Candidates of the lower layer, the most promising first.
    upper_candidates : list of Candidate
        Candidates of the upper layer.
    weighting : LayerWeighting
        Fits the weights of the members.
    scoring : str, scorer or Loss
        The score by which members are weighted.
    """

    X: pd.DataFrame
    settings: FitSettings
    rounds: list[list[Split]]
    candidates: list[Candidate]
    upper_candidates: list[Candidate]
    weighting: LayerWeighting
    scoring: Any


def plan_training(estimator: Any, task: LearningTask, context: Any) -> TrainingPlan:
    """Plan the fits of an automatic ensemble.

    Parameters
    ----------
    estimator : AutoEnsembleClassifier or AutoEnsembleRegressor
        Its constructor parameters are read.
    task : LearningTask
        The data of the fit.
    context : CallbackContext
        The callback context of the fit.

    Returns
    -------
    plan : TrainingPlan
    """
    facts, target, preset = task.facts, task.target, PRESETS[estimator.preset]
    seed, n_jobs = root_seed(estimator.random_state), n_cores(estimator.n_jobs)
    rounds = rounds_of_splits(
        estimator.cv, task.X, target.values, facts, task.groups, seed, preset.rounds
    )
    limit = estimator.time_limit
    seconds = None if limit is None else limit * n_jobs
    allowance = TimeAllowance(seconds, len(rounds[0]))
    scoring = full_scoring_name(estimator.scoring, target.n_classes)
    scoring = scoring or _DEFAULT_SCORING[facts.task]
    scorer = as_prediction_scorer(
        scoring, target.kind, target.n_classes, target.classes
    )
    check_scoring_of_target(scorer, target.values)
    upper = second_layer(facts, allowance) if preset.upper else []
    settings = FitSettings(
        target=target,
        sample_weight=task.sample_weight,
        scoring=scorer,
        n_jobs=n_jobs,
        seed=seed,
        store=as_store(estimator.memory),
        owner=estimator,
        context=context,
        verbose=estimator.verbose,
        groups=task.group_codes,
    )
    return TrainingPlan(
        X=task.X,
        settings=settings,
        rounds=rounds,
        candidates=select_candidates(estimator.members, preset, facts, allowance),
        upper_candidates=upper,
        weighting=LayerWeighting(
            tuple(candidate.name for candidate in upper), settings.scoring, seed
        ),
        scoring=scoring,
    )


def n_cores(n_jobs: int | None) -> int:
    """Return the number of cores; None stands for all of them."""
    return cpu_count() if n_jobs is None else effective_n_jobs(n_jobs)
