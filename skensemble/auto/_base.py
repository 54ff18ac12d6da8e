"""Shared parts of the automatic classifier and regressor."""

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator
from sklearn.callback import CallbackSupportMixin
from sklearn.utils.validation import check_is_fitted

from skensemble.auto._compression import fewer_members
from skensemble.auto._fit_clock import FitClock
from skensemble.auto._fitted_ensemble import FittedAutoEnsemble, combine_members
from skensemble.auto._layer_weighting import LayerWeighting
from skensemble.auto._model import AutoModel
from skensemble.auto._presets import PRESETS
from skensemble.auto._trainer import Trainer
from skensemble.auto._training_plan import n_cores
from skensemble.combination import LazyEvaluation
from skensemble.core import (
    check_flag,
    check_number,
    check_seconds,
    check_share,
    check_whole,
    rollback_on_error,
    root_seed,
    warn,
)
from skensemble.exceptions import FitInterruptedWarning
from skensemble.fitting import interrupt_requested
from skensemble.losses import Loss, LossScorer
from skensemble.persistence import CompressedPickle
from skensemble.scoring import as_prediction_scorer, permutation_importance

# Number of rows from which members predict in parallel.
_MIN_PARALLEL_ROWS = 1000
# Share of the time limit that is reserved for the steps after the last fit.
_FINISHING_SHARE = 0.01


class BaseAuto(CompressedPickle, CallbackSupportMixin, BaseEstimator):
    """Shared parts of the automatic classifier and regressor."""

    model_: AutoModel
    _evaluation: LazyEvaluation

    def _set_fitted_attributes(
        self, trainer: Trainer, ensemble: FittedAutoEnsemble, seconds: float
    ) -> None:
        """Set all fitted attributes.

        Parameters
        ----------
        trainer : Trainer
            Fits of the members, with the training data.
        ensemble : FittedAutoEnsemble
            The ensemble that predicts.
        seconds : float
            Seconds of all fits so far.
        """
        members, settings = ensemble.members, ensemble.settings
        self.scoring_ = trainer.plan.scoring
        self.fits_ = members.fold_fits
        self.failed_ = members.failed
        self.oof_ = members.oof
        self.n_rows_seen_ = trainer.n_rows_seen
        self.model_ = ensemble.model
        self.weights_ = ensemble.weights
        self._target_kind = settings.target.kind
        self._encoders = settings.target.encoders
        self._trials = ensemble.trials
        self._evaluation = ensemble.evaluation
        self._trainer = trainer
        self._weighting = ensemble.weighting
        self._fit_seconds = seconds

    def _combine(
        self, trainer: Trainer, weighting: LayerWeighting, seconds: float
    ) -> FittedAutoEnsemble:
        """Combine the fitted members; their models are those of the folds."""
        return combine_members(
            trainer,
            weighting,
            calibrate=getattr(self, "calibrate", None),
            seconds=seconds,
        )

    def _finish(
        self, trainer: Trainer, clock: FitClock, earlier_seconds: float = 0.0
    ) -> None:
        """Combine the fitted members, and fit them on all rows in the time left."""
        weighting = trainer.plan.weighting
        max_members = PRESETS[self.preset].max_members
        if max_members is not None:
            weighting = fewer_members(trainer, 0.0, max_members)
        seconds = earlier_seconds + clock.elapsed
        ensemble = self._combine(trainer, weighting, seconds)
        reserve = _FINISHING_SHARE * (clock.seconds or 0.0)
        ensemble = ensemble.fitted_on_all_rows(trainer, clock.deadline(reserve))
        seconds = earlier_seconds + clock.elapsed
        self._set_fitted_attributes(trainer, ensemble, seconds)
        if interrupt_requested():
            warn(_interrupted_message(ensemble, seconds), FitInterruptedWarning)

    # After the fit

    @property
    def leaderboard_(self):
        """Out-of-fold scores: one row per member, best first, then the ensemble."""
        check_is_fitted(self)
        return self._evaluation.value.leaderboard

    @property
    def ensemble_oof_(self):
        """Out-of-fold predictions of the ensemble, NaN for rows without any."""
        check_is_fitted(self)
        return self._evaluation.value.oof

    def trials(self):
        """Tabulate the members that were tried, kept or left out, and why.

        Returns
        -------
        table : pandas.DataFrame
            One row per member: its layer, its status ("kept", "left out", "failed" or
            "no time") and the reason (``why``), its out-of-fold score, its weight, the
            number of its fits, the training rows of the largest fit and the seconds of
            all fits.
        """
        scores = self.leaderboard_["score"].to_dict()
        table = self._trials.copy()
        table["score"] = table.index.map(scores).astype(float)
        return table

    def fit_more(self, seconds):
        """Continue the fit with members that there was no time for, and further splits.

        It changes the estimator, as `fit` does.

        Parameters
        ----------
        seconds : float
            Time limit in seconds.

        Returns
        -------
        self : estimator
            The estimator with all members, combined again.

        Raises
        ------
        ValueError
            If the estimator comes from a file, or from a pickle without the training
            data (see `keep_training_data`).
        """
        check_is_fitted(self)
        if seconds is None:
            raise ValueError("seconds=None must be a number of seconds above 0.")
        check_seconds("seconds", seconds)
        trainer = self._training_state("fit_more")
        clock = FitClock(seconds)
        with rollback_on_error(self):
            trainer.fit_until(clock)
            self._finish(trainer, clock, self._fit_seconds)
        return self

    def refit_best(self):
        """Refit the members that `fit` had no time to refit on all rows.

        It changes the estimator, as `fit` does. One model replaces one model per fold,
        so that predictions are several times faster and files smaller; the predictions
        are usually slightly better. The out-of-fold predictions and all scores stay
        those of the models of the folds.

        Returns
        -------
        self : estimator
            The estimator with the new models.

        Raises
        ------
        ValueError
            If the estimator comes from a file, or from a pickle without the training
            data (see `keep_training_data`).
        """
        check_is_fitted(self)
        trainer = self._training_state("refit_best")
        with rollback_on_error(self):
            ensemble = self._combine(trainer, self._weighting, self._fit_seconds)
            ensemble = ensemble.fitted_on_all_rows(trainer)
            self._set_fitted_attributes(trainer, ensemble, self._fit_seconds)
        return self

    def compress(self, *, tolerance=0.01, max_members=None):
        """Select the fewest members, of one layer, that are nearly as good as all.

        Parameters
        ----------
        tolerance : float, default=0.01
            Share by which the out-of-fold error may rise.
        max_members : int or None, default=None
            Maximum number of members, regardless of the error; None for no maximum.

        Returns
        -------
        smaller : estimator
            A fitted ensemble of the selected members; `self` is unchanged. Its
            `fit_more` combines all members again.

        Raises
        ------
        ValueError
            If the estimator comes from a file, or from a pickle without the training
            data (see `keep_training_data`).
        """
        check_is_fitted(self)
        check_number("tolerance", tolerance, 0)
        if max_members is not None:
            check_whole("max_members", max_members, 1)
        trainer, seconds = self._training_state("compress"), self._fit_seconds
        weighting = fewer_members(trainer, tolerance, max_members)
        smaller = copy.copy(self)
        ensemble = smaller._combine(trainer, weighting, seconds)
        ensemble = ensemble.fitted_on_all_rows(trainer)
        smaller._set_fitted_attributes(trainer, ensemble, seconds)
        return smaller

    def keep_training_data(self, keep=True):
        """Let pickles of the estimator contain the training data and all fold models.

        By default they contain what predictions and attributes need. With the training
        data, `fit_more`, `refit_best` and `compress` work after unpickling as well, and
        the pickle is many times larger. Files of `skensemble.persistence.save` never
        contain training data.

        Parameters
        ----------
        keep : bool, default=True
            Whether pickles contain the training data.

        Returns
        -------
        self : estimator
            The estimator itself.

        Examples
        --------
        >>> import pickle
        >>> from sklearn.datasets import load_iris
        >>> from skensemble import AutoEnsembleClassifier
        >>> X, y = load_iris(return_X_y=True)
        >>> auto = AutoEnsembleClassifier(
        ...     time_limit=None, members=["linear"], preset="fast", random_state=0
        ... ).fit(X, y)
        >>> again = pickle.loads(pickle.dumps(auto.keep_training_data()))
        >>> again.fit_more(5).weights_["linear"]
        np.float64(1.0)
        """
        check_flag("keep", keep)
        self._keeps_training_data = keep
        return self

    def permutation_importance(
        self,
        X=None,
        y=None,
        *,
        scoring=None,
        n_repeats=5,
        random_state=None,
        max_samples=2000,
        sample_weight=None,
    ):
        """Measure how much the score falls when the values of a feature are shuffled.

        Parameters
        ----------
        X : {array-like, frame} of shape (n_samples, n_features)
            Rows to score on, preferably rows that the estimator was not fitted on.
        y : array-like of shape (n_samples,)
            Target of these rows.
        scoring : str, callable, Loss or None, default=None
            The score; None uses `scoring_`.
        n_repeats : int, default=5
            Number of shuffles per feature.
        random_state : int, RandomState instance or None, default=None
            Seed of the shuffles and of the draw of the rows; None uses the
            `random_state` of the estimator.
        max_samples : int or float, default=2000
            Number (all rows if there are fewer) or share of the rows that are drawn
            from `X` to bound the time; 1.0 uses all rows.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights of the score.

        Returns
        -------
        table : pandas.DataFrame
            One row per feature, the most important first, with the columns
            ``importance`` (mean fall of the score) and ``std`` (standard deviation over
            the shuffles).
        """
        check_is_fitted(self)
        seed = self.random_state if random_state is None else random_state
        seed = root_seed(seed) or 0
        if X is not None and y is not None:
            X, y = self._matched(X), np.asarray(y)
            self._check_labels(y)
            rows = _draw_rows(len(X), max_samples, seed)
            X, y = X.iloc[rows], y[rows]
            X = X if self._columns.named else X.to_numpy()
            if sample_weight is not None:
                sample_weight = np.asarray(sample_weight)[rows]
        scoring = self.scoring_ if scoring is None else scoring
        n_classes = len(getattr(self, "classes_", ()))
        rule = as_prediction_scorer(scoring, self._target_kind, n_classes).rule
        return permutation_importance(
            self,
            X,
            y,
            scoring=LossScorer(rule) if isinstance(rule, Loss) else rule,
            n_repeats=n_repeats,
            random_state=seed,
            sample_weight=sample_weight,
        )

    def _check_labels(self, y):
        """Check that there are no classes that `fit` did not see."""
        if self._target_kind == "classes":
            unknown = set(np.unique(y)) - set(self.classes_)
            if unknown:
                raise ValueError(
                    f"y contains the classes {sorted(map(str, unknown))}, which were not "
                    f"in the training data; known classes: {self.classes_.tolist()}."
                )

    def _training_state(self, method: str) -> Trainer:
        """Return a copy of the trainer, which holds the training data."""
        if not hasattr(self, "_trainer"):
            raise ValueError(
                f"{method} needs the training data, which files and pickles do not "
                "contain. Call keep_training_data() on the fitted estimator before it "
                "is pickled, or fit again, with memory= to reuse the stored fits."
            )
        return self._trainer.copy()

    # Predictions

    def _matched(self, X) -> pd.DataFrame:
        """Return new rows with the columns of the training table, in their order."""
        return self._columns.of(X).reset_index(drop=True)

    def _predict_block(self, X) -> Any:
        check_is_fitted(self)
        table = self._matched(X)
        return self.model_.predict_block(table, self._n_workers(table))

    def _n_workers(self, X: pd.DataFrame) -> int:
        """Return the number of workers for predictions; one for few rows."""
        return n_cores(self.n_jobs) if len(X) >= _MIN_PARALLEL_ROWS else 1

    def __sklearn_is_fitted__(self):
        """Return whether there is a fitted model."""
        return hasattr(self, "model_")

    def __getstate__(self):
        """Return the state without the training data and what is computed on demand."""
        state = dict(super().__getstate__())
        state.pop("_trainer", None)
        if "_evaluation" in state:
            state["_evaluation"] = replace(state["_evaluation"])
        return state

    def _pickled_state(self):
        """Return the attributes that a pickle contains."""
        state = self.__getstate__()
        if getattr(self, "_keeps_training_data", False) and hasattr(self, "_trainer"):
            state["_trainer"] = self._trainer.detached()
        return state

    def __deepcopy__(self, memo):
        """Return a deep copy, which shares the training data: they never change."""
        other = super().__deepcopy__(memo)
        if hasattr(self, "_trainer"):
            other._trainer = self._trainer
        return other

    def __sklearn_tags__(self):
        """Return the tags: missing values, strings and categories are supported."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.target_tags.multi_output = False
        tags.non_deterministic = self.time_limit is not None
        return tags


def _interrupted_message(ensemble: FittedAutoEnsemble, seconds: float) -> str:
    names = ", ".join(ensemble.members.names)
    return (
        f"The fit was interrupted after {seconds:.0f} s. The ensemble combines the "
        f"members that were complete: {names}. fit_more(seconds) continues the fit."
    )


def _draw_rows(n_rows: int, max_samples: int | float, seed: int) -> Any:
    """Draw rows without replacement; all of them, in order, if there are few enough."""
    if isinstance(max_samples, float):
        check_share("max_samples", max_samples, of="the rows", all_of_it=True)
        max_samples = max(1, int(max_samples * n_rows))
    check_whole("max_samples", max_samples, 1)
    if n_rows <= max_samples:
        return np.arange(n_rows)
    return np.random.default_rng(seed).permutation(n_rows)[:max_samples]
