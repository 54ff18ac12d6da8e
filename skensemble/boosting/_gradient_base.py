"""Base class of the gradient boosting estimators."""

from dataclasses import replace

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, is_classifier
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.utils.validation import check_is_fitted

from skensemble.boosting._boosted_forests import BoostedForests
from skensemble.boosting._boosting_loop import (
    LoopSettings,
    check_curvature,
    run_boosting,
    scored_sample,
)
from skensemble.boosting._fit_recorder import FitRecorder
from skensemble.boosting._gradient_options import (
    check_dropped_trees,
    check_parameters,
    loss_parameter,
    stopping_rule,
)
from skensemble.boosting._init_estimator import fit_init
from skensemble.boosting._metrics import as_metrics
from skensemble.boosting._training_data import (
    training_split,
    weighted_rows,
    with_positive_weight,
)
from skensemble.boosting._tree_shape import count_features, tree_shape
from skensemble.boosting.engines import as_engine
from skensemble.boosting.engines._base import (
    BoostingProblem,
    BoostingRows,
    library_threads,
)
from skensemble.boosting.engines._target_units import grower_in_units, start_in_units
from skensemble.core import (
    draw_seed,
    expand_short_names,
    fit_column_encoder,
    named_seed,
    validate_encoded,
)
from skensemble.losses import LogLoss, SquaredError, loss_for_target
from skensemble.optim import as_schedule
from skensemble.scoring import permutation_importance


class BaseGradientBoosting(CallbackSupportMixin, BaseEstimator):
    """Boost an engine's trees along the gradient of a loss."""

    permutation_importance = permutation_importance

    # Style in which `skensemble.preprocessing.make_member` encodes tables.
    _encoder_style = "trees"

    @with_callbacks
    def _fit(self, arguments, target, task):
        """Fit on a target that is encoded already."""
        check_parameters(self)
        resumes = self.warm_start and hasattr(self, "_model")
        if not resumes:
            self._columns = fit_column_encoder(arguments.X)
        X = self._validated(arguments.X, reset=True)
        rows = weighted_rows(X, target.values, arguments)
        if not resumes:
            self._seed = draw_seed(self.random_state)
        rows, _ = with_positive_weight(rows)
        self.loss_ = loss_for_target(
            loss_parameter(self), self.loss, target, task, rows.y, rows.weight
        )
        self._task = task
        split = training_split(
            rows,
            target,
            arguments,
            read=lambda X_val: self._validated(X_val, reset=False),
            early_stopping=stopping_rule(self) is not None,
            fraction=self.validation_fraction,
            how=self.validation,
            seed=named_seed(self._seed, "validation"),
        )
        if resumes:
            link = self.loss_.link_for(task)
            self._model = replace(self._model, link=link, task=task)
        else:
            self._model, self._history = self._start(split.train), []
        self._boost(self._problem(split, arguments.monitor), arguments)
        return self

    def _validated(self, X, *, reset):
        return validate_encoded(self, X, self._columns, reset=reset, allow_nan=True)

    def _start(self, rows):
        """Fit the start value and `init`."""
        y, loss, task = rows.y, self.loss_, self._task
        outputs = y.reshape(len(y), -1).shape[1]
        width = loss.width(task, int(y.max()) + 1 if task == "multiclass" else outputs)
        self.n_trees_per_iteration_ = 1 if width is None else width
        self.init_ = fit_init(self.init, rows.X, y, rows.weight, self)
        start = 0.0
        if self.init is None:
            start = start_in_units(loss, y, rows.weight, width)
        shape = () if width is None else (width,)
        self.start_ = np.broadcast_to(np.asarray(start, dtype=float), shape).copy()
        return BoostedForests(self.start_, self.init_, loss.link_for(task), task)

    def _problem(self, split, monitor):
        """Put together what an engine needs to grow trees."""
        n_fitted = len(self._history)
        train, validation = (
            None if rows is None else self._with_raw(rows)
            for rows in (split.train, split.validation)
        )
        check_curvature(self.loss_, train)
        scored, scored_at = scored_sample(train, named_seed(self._seed, "scored"))
        self.max_features_ = count_features(self.max_features, self.n_features_in_)
        reported = monitor is not None or self.verbose or validation is not None
        return BoostingProblem(
            loss=self.loss_,
            task=self._task,
            train=train,
            scored=scored,
            scored_at=scored_at,
            validation=validation,
            shape=tree_shape(self, self.max_features_),
            categorical=self._columns.categorical,
            sampled=self.subsample < 1,
            rate=as_schedule(self.learning_rate).rate_at(n_fitted, self.n_estimators),
            seed=named_seed(self._seed, "engine", n_fitted),
            threads=library_threads(self.n_jobs),
            can_defer_losses=not reported and self.subsample >= 1,
        )

    def _with_raw(self, rows):
        model = self._model
        if model.forests:
            raw = model.raw(rows.X, library_threads(self.n_jobs))
        else:
            raw = model.initial_raw(rows.X)
        return BoostingRows(rows.X, rows.y, rows.weight, raw)

    def _boost(self, problem, arguments):
        """Grow the rounds that are not fitted yet."""
        first = len(self._history)
        if first > self.n_estimators:
            raise ValueError(
                f"n_estimators={self.n_estimators} must be larger or equal to the "
                f"{first} rounds fitted already when warm_start=True."
            )
        self.engine_ = as_engine(self.engine)
        settings = LoopSettings(
            first=first,
            last=self.n_estimators,
            schedule=as_schedule(self.learning_rate),
            stopping=stopping_rule(self) if problem.validation is not None else None,
            subsample=self.subsample,
            seed=self._seed,
            metrics=as_metrics(self.metrics),
        )
        check_dropped_trees(self, settings.stopping)
        if first < self.n_estimators:
            grower = grower_in_units(self.engine_, problem)
            recorder = FitRecorder(self, arguments, grower, settings)
            recorder.begin()
            # An overflow ends in a DivergedError, which explains it.
            with np.errstate(over="ignore", invalid="ignore"):
                history, n_kept = run_boosting(
                    grower, problem, settings, recorder.after_round
                )
            vars(self).update(recorder.fitted(history[:n_kept]))
            self.validation_history_ = history
            recorder.end()
        self.n_estimators_ = self.n_iter_ = len(self._history)

    def set_params(self, **params):
        """Set parameters, also those of the loss and the engine.

        Parameters
        ----------
        **params : dict
            Parameters by name; ``loss__delta`` is the parameter ``delta`` of the loss.

        Returns
        -------
        self : estimator
            The estimator itself.
        """
        readers = {"engine": as_engine, "loss": lambda _: loss_parameter(self)}
        expand_short_names(self, params, readers)
        return super().set_params(**params)

    def _raw(self, X):
        """Raw output for new data."""
        check_is_fitted(self)
        X = self._validated(X, reset=False)
        return self._model.raw(X, library_threads(self.n_jobs))

    def _staged_raw(self, X):
        """Raw output for new data after each round."""
        check_is_fitted(self)
        X = self._validated(X, reset=False)
        yield from self._model.staged_raw(X, library_threads(self.n_jobs))

    def _mean(self, raw):
        """Predictions from raw output: the inverse of the link."""
        return self.loss_.link_for(self._task).inverse(raw)

    def apply(self, X):
        """Return the leaf that each row falls into, per tree.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The input samples.

        Returns
        -------
        leaves : ndarray of shape (n_samples, n_rounds) or (n_samples, n_rounds, k)
            Indices of leaves. The last axis has one entry per column of the raw output;
            a regressor with one output does not have this axis.
        """
        check_is_fitted(self)
        X = self._validated(X, reset=False)
        leaves = self._model.leaves(X, library_threads(self.n_jobs))
        return leaves if is_classifier(self) or leaves.shape[2] > 1 else leaves[:, :, 0]

    def feature_importance(self, kind="gain"):
        """Return the importance of each feature in the trees.

        Parameters
        ----------
        kind : {"gain", "split"}, default="gain"
            "gain": share of the loss reduction of all splits that is due to splits on
            the feature. "split": share of the number of splits.

        Returns
        -------
        importance : pandas.Series
            One entry per feature, the most important first.

        See Also
        --------
        permutation_importance : Importance from shuffled features, for any engine.
        """
        check_is_fitted(self)
        if kind not in ("gain", "split"):
            raise ValueError(
                f"kind={kind!r} is not known; use 'gain' or 'split', or the method "
                "permutation_importance."
            )
        found = self._model.importance(kind, self.n_features_in_)
        names = getattr(self, "feature_names_in_", [f"x{j}" for j in range(len(found))])
        return pd.Series(found, index=names, name=kind).sort_values(ascending=False)

    @property
    def feature_importances_(self):
        """Share of the loss reduction per feature, an array of shape (n_features,)."""
        check_is_fitted(self)
        return self._model.importance("gain", self.n_features_in_)

    @property
    def estimators_(self):
        """The trees, an array of shape (n_rounds, n_trees)."""
        check_is_fitted(self)
        return self._model.trees(self.n_trees_per_iteration_)

    @property
    def history_(self):
        """Losses, metrics, learning rate and seconds of each round, a DataFrame."""
        check_is_fitted(self)
        return pd.DataFrame(self._history).rename_axis("round")

    @property
    def train_score_(self):
        """Training loss of each round, as deviance (see `history_` for the loss)."""
        return _history_column(self, "train_loss") * _deviance_factor(self)

    @property
    def oob_scores_(self):
        """Loss of each round on the rows outside its subsample, as deviance."""
        return _history_column(self, "oob_loss", 0.0) * _deviance_factor(self)

    @property
    def oob_improvement_(self):
        """Decrease in each round of the loss on the rows outside its subsample."""
        return _history_column(self, "oob_improvement", 0.0) * _deviance_factor(self)

    @property
    def oob_score_(self):
        """Loss of the last round on the rows outside its subsample, as deviance."""
        return self.oob_scores_[-1]

    @property
    def _forests(self):
        return self._model.forests

    def __sklearn_is_fitted__(self):
        """Return whether the estimator is fitted."""
        return hasattr(self, "n_estimators_")

    def __sklearn_tags__(self):
        """Return the tags: sparse input, missing values and several outputs."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        tags.target_tags.multi_output = True
        return tags


def _history_column(model, name, missing=np.nan):
    check_is_fitted(model)
    if not any(name in row for row in model._history):
        raise AttributeError(
            f"{type(model).__name__} has no {name}; it needs subsample < 1."
        )
    return np.array([row.get(name, missing) for row in model._history])


def _deviance_factor(model):
    # scikit-learn's scores of these two losses are deviances: twice the loss.
    loss = model.loss_
    binary = isinstance(loss, LogLoss) and model._task == "binary"
    return 2.0 if binary or isinstance(loss, SquaredError) else 1.0
