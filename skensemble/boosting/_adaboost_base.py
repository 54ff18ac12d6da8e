"""Base class of the AdaBoost estimators."""

from contextlib import contextmanager

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, MetaEstimatorMixin
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.validation import check_is_fitted

from skensemble.boosting._adaboost_engine import (
    ENGINES,
    choose_engine,
    validate_input,
)
from skensemble.boosting._adaboost_loop import AdaBoostProblem, run_adaboost
from skensemble.boosting._training_data import (
    training_split,
    weighted_rows,
    with_positive_weight,
)
from skensemble.core import (
    check_choice,
    check_jobs,
    check_number,
    check_seed,
    check_whole,
    draw_seed,
    named_seed,
)
from skensemble.optim import as_stopping
from skensemble.scoring import permutation_importance


class BaseAdaBoost(CallbackSupportMixin, MetaEstimatorMixin, BaseEstimator):
    """Fit weak learners one after another on rows with new weights."""

    permutation_importance = permutation_importance

    # Style in which `skensemble.preprocessing.make_member` encodes tables.
    _encoder_style = "forests"

    @with_callbacks
    def _fit(self, arguments, target):
        """Fit on a target that is encoded already."""
        self._check_parameters()
        self.estimator_ = self._weak_learner()
        rng = check_random_state(self.random_state)
        self._seed = _peek_seed(rng)
        choice = choose_engine(
            self.engine, arguments.X, self._reason_not_binned(arguments.X)
        )
        self.engine_, self._columns = choice.engine, choice.encoder
        X = self._validated(arguments.X, reset=True)
        rows = weighted_rows(X, target.values, arguments)
        weighted, index = with_positive_weight(rows)
        split = training_split(
            weighted,
            target,
            arguments,
            read=self._validated,
            early_stopping=as_stopping(self.early_stopping) is not None,
            fraction=self.validation_fraction,
            how=self.validation,
            seed=named_seed(self._seed, "validation"),
        )
        with _explained_text_errors(choice, arguments.X):
            row_weights = self._boost(split, arguments, rng)
        self._index = getattr(arguments.X, "index", None)
        self.row_weights_ = np.full(len(rows.y), np.nan)
        self.row_weights_[index[split.train_index]] = row_weights
        return self

    def _weak_learner(self):
        """The unfitted weak learner."""
        return self._default_estimator() if self.estimator is None else self.estimator

    def _validated(self, X, *, reset=False):
        return validate_input(self, X, self.engine_, self._columns, reset=reset)

    def _boost(self, split, arguments, rng):
        """Fit the weak learners; return the mean weights of the training rows."""
        variant, problem = self._variant(), self._problem(split)
        fitter = self._stage_fitter(split, rng)
        context = self._init_callback_context(max_subtasks=self.n_estimators)
        data = {"estimator": self, "X": arguments.X, "y": arguments.y}
        context.call_on_fit_task_begin(**data)

        def after_round(k, result):
            task = context.subcontext(task_name="round")
            return task.call_on_fit_task_begin(**data).call_on_fit_task_end(
                **data,
                reconstruction_attributes=lambda: _fitted_attributes(
                    fitter, result, k + 1, self.n_estimators
                ),
            )

        tracker = self._tracker(variant, problem)
        result = run_adaboost(fitter, tracker, variant, problem, after_round)
        vars(self).update(
            _fitted_attributes(fitter, result, result.n_kept, self.n_estimators)
        )
        self.validation_history_ = result.history
        context.call_on_fit_task_end(**data)
        return result.row_weights

    def _problem(self, split):
        weight = _weights(split.train)
        validation = split.validation
        return AdaBoostProblem(
            y=split.train.y,
            weight=weight / weight.sum(),
            y_val=None if validation is None else validation.y,
            weight_val=None if validation is None else _weights(validation),
            n_rounds=self.n_estimators,
            stopping=None if validation is None else as_stopping(self.early_stopping),
            balanced=getattr(self, "sampling", None) == "balanced",
            seed=self._seed,
        )

    def _check_parameters(self):
        check_number("n_estimators", self.n_estimators, 1, whole=True)
        check_number("learning_rate", self.learning_rate, 0)
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate={self.learning_rate!r} must be above 0.")
        check_choice("engine", self.engine, ENGINES)
        check_jobs(self.n_jobs)
        check_seed(self.random_state)
        estimator = self._weak_learner()
        if isinstance(estimator, type) or not hasattr(estimator, "fit"):
            raise ValueError(
                f"estimator={estimator!r} is a class or has no fit; give an estimator "
                "instance, or None for a tree."
            )

    @property
    def estimators_(self):
        """The fitted weak learners."""
        check_is_fitted(self)
        return self._stages.estimators()

    def __len__(self):
        """Return the number of weak learners."""
        return len(self.estimators_)

    def __getitem__(self, index):
        """Return one weak learner."""
        return self.estimators_[index]

    def __iter__(self):
        """Iterate over the weak learners."""
        return iter(self.estimators_)

    @property
    def feature_importances_(self):
        """Mean of the importances in the weak learners, weighted by their weights.

        As in scikit-learn the importance of a feature is the share of the impurity
        reduction that is due to it. Weak learners without importances raise an error.
        """
        check_is_fitted(self)
        learners = self.estimators_
        weights = self.estimator_weights_[: len(learners)]
        try:
            found = [one.feature_importances_ for one in learners]
        except AttributeError as error:
            raise AttributeError(
                "Unable to compute feature importances since estimator does not have a "
                "feature_importances_ attribute"
            ) from error
        return np.average(found, axis=0, weights=weights if weights.any() else None)

    @property
    def history_(self):
        """The metrics of each round, a pandas.DataFrame.

        ``error`` is the weighted error of the weak learner, ``edge`` is how far it is
        below the error by chance, ``weight`` is the weight of the weak learner, and
        ``seconds`` the time of the round. For classifiers there are the loss of the
        ensemble on the training rows (at most 2,048) and low quantiles of their margins
        (see `margins`), for regressors the largest error. Columns ``validation_*`` are
        of the validation rows.
        """
        check_is_fitted(self)
        return pd.DataFrame(self._history).rename_axis("round")

    def suspect_rows(self, n=20):
        """Return the training rows with the largest weights, which may be mislabeled.

        A row has a large weight if it was predicted wrongly in many rounds. Among these
        rows are those with wrong targets, and those that are hard to predict.

        Parameters
        ----------
        n : int, default=20
            Number of rows.

        Returns
        -------
        rows : pandas.DataFrame
            One row per training row, the largest weight first. The index has the labels
            of the rows if `X` was a pandas DataFrame, otherwise their positions.
            ``weight`` is the mean weight of the row over all rounds (an average row has
            1), ``share`` its share of the sum of weights, ``position`` its position.
        """
        check_is_fitted(self)
        check_whole("n", n, 1)
        weights = np.asarray(self.row_weights_)
        positions = np.argsort(-np.nan_to_num(weights, nan=-1.0), kind="stable")[:n]
        positions = positions[~np.isnan(weights[positions])]
        named = isinstance(self._index, pd.Index)
        return pd.DataFrame(
            {
                "weight": weights[positions],
                "share": weights[positions] / np.nansum(weights),
                "position": positions,
            },
            index=self._index[positions] if named else pd.Index(positions, name="row"),
        )

    def __sklearn_is_fitted__(self):
        """Return whether the estimator is fitted."""
        return hasattr(self, "_stages")

    def __sklearn_tags__(self):
        """Return the tags: sparse input, and missing values as the weak learner."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        inner = get_tags(self._weak_learner()).input_tags
        tags.input_tags.allow_nan = inner.allow_nan
        return tags


def _weights(rows):
    return np.ones(len(rows.y)) if rows.weight is None else rows.weight


def _fitted_attributes(fitter, result, n_kept, n_estimators):
    """Fitted attributes of an estimator that ends with `n_kept` rounds."""
    weights, errors = np.zeros(n_estimators), np.ones(n_estimators)
    weights[:n_kept], errors[:n_kept] = result.weights[:n_kept], result.errors[:n_kept]
    return {
        "_stages": fitter.stages(result.weights[:n_kept]),
        "_history": result.history[:n_kept],
        "estimator_weights_": weights,
        "estimator_errors_": errors,
        "n_estimators_": n_kept,
    }


@contextmanager
def _explained_text_errors(choice, X):
    """Add a note to errors of weak learners that are fitted on a frame."""
    try:
        yield
    except ValueError as error:
        if choice.engine == "general" and hasattr(X, "columns"):
            error.add_note(
                f"The weak learner is fitted on the frame itself, because {choice.reason}. "
                "Text and categories need an encoder before it in a Pipeline; trees "
                "that limit only max_depth and max_leaf_nodes support them."
            )
        raise


def _peek_seed(rng):
    """Derive a seed from a copy: weak learners get the seeds of scikit-learn."""
    copy = np.random.RandomState()
    copy.set_state(rng.get_state())
    return draw_seed(copy)
