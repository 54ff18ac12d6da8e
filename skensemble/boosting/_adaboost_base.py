"""What both AdaBoost estimators share."""

import functools
from numbers import Integral, Real

import numpy as np
import pandas as pd
import scipy.sparse as sp
from sklearn.base import BaseEstimator, MetaEstimatorMixin
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.utils import check_array, check_random_state, get_tags
from sklearn.utils.validation import check_is_fitted, validate_data

from skensemble.boosting._adaboost_rounds import Course, run
from skensemble.boosting._options import check_number, checked_weight
from skensemble.boosting.learners._views import TreeView
from skensemble.core import (
    ColumnEncoder,
    check_choice,
    check_jobs,
    check_per_row,
    check_seed,
    fit_column_encoder,
    named_seed,
)
from skensemble.fitting import inner_split, take_rows
from skensemble.optim import as_stopping

ENGINES = ["auto", "binned", "general"]
_LARGEST_SEED = 2**31 - 1


class BaseAdaBoost(CallbackSupportMixin, MetaEstimatorMixin, BaseEstimator):
    """Fits weak learners one after another on rows weighted anew."""

    @with_callbacks
    def _fit(self, X, target, params):
        self._check_options()
        self.estimator_ = self._resolved()
        rng = check_random_state(self.random_state)
        # Drawn from a copy: the learners draw as those of scikit-learn do.
        self._seed = _seed_like(rng)
        X = self._read_first(X)
        n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
        if n_rows != len(target.values):
            raise ValueError(
                "Found input variables with inconsistent numbers of samples: "
                f"[{n_rows}, {len(target.values)}]"
            )
        self._labels = getattr(params["X"], "index", None)
        weight = checked_weight(params["sample_weight"], n_rows)
        weight = np.ones(n_rows) if weight is None else weight
        check_per_row("groups", params["groups"], n_rows)
        train, held = self._held_out(X, target, weight, params)
        try:
            record = self._boost(train, held, params, rng)
        except ValueError as error:
            if self.engine_ == "general" and hasattr(params["X"], "columns"):
                error.add_note(
                    f"The learner is given the frame as it is, because {self._why}. Text "
                    "and categories need an encoder before it in a Pipeline; trees that "
                    "limit nothing but max_depth and max_leaf_nodes take them."
                )
            raise
        finally:
            del self._why
        self.row_weights_ = self._all_rows(record.row_weights, n_rows)
        return self

    def _resolved(self):
        return self._default() if self.estimator is None else self.estimator

    # Reading rows

    def _read_first(self, X):
        """Choose the road, and read the rows as it wants them."""
        self._why = "engine='general'"
        if self.engine == "general":
            self.engine_, self._columns = "general", ColumnEncoder()
            return self._as_given(X, reset=True)
        size, self._why = self._size(X)
        if size is None:
            if self.engine == "binned":
                raise ValueError(
                    f"engine='binned' cannot be used: {self._why}. Use engine='auto' or "
                    "'general', or another estimator."
                )
            self.engine_, self._columns = "general", ColumnEncoder()
            return self._as_given(X, reset=True)
        self.engine_, self._columns = "binned", _seen_columns(X)
        return self._numbers(X, reset=True)

    def _read(self, X):
        if self.engine_ == "binned":
            return self._numbers(X, reset=False)
        return self._as_given(X, reset=False)

    def _numbers(self, X, *, reset=False):
        if self._columns.categories:
            validate_data(self, X, reset=reset, skip_check_array=True)
            return check_array(
                self._columns.encode(X), ensure_all_finite="allow-nan", input_name="X"
            )
        return validate_data(
            self,
            X,
            reset=reset,
            accept_sparse="csr",
            accept_large_sparse=False,
            dtype=[np.float64, np.float32],
            ensure_all_finite="allow-nan",
        )

    def _as_given(self, X, *, reset):
        """Frames stay frames, so that members see names and types."""
        if hasattr(X, "columns"):
            validate_data(self, X, reset=reset, skip_check_array=True)
            return X
        return validate_data(
            self,
            X,
            reset=reset,
            accept_sparse=["csr", "csc"],
            allow_nd=True,
            dtype=None,
            ensure_all_finite="allow-nan",
        )

    # Fitting

    def _held_out(self, X, target, weight, params):
        """Split off the rows to watch, if any; rows without weight say nothing."""
        y, groups = target.values, params["groups"]
        used = self._learned_from = np.flatnonzero(weight)
        if len(used) < len(y):
            X, y, weight = take_rows(X, used), y[used], weight[used]
            groups = None if groups is None else np.asarray(groups)[used]
        if params["X_val"] is not None:
            return (X, y, weight), self._given_rows(params, target)
        if self._stopping() is None:
            return (X, y, weight), None
        train, held = inner_split(
            y,
            fraction=self.validation_fraction,
            how=self.validation,
            stratify=target.kind == "classes",
            groups=groups,
            seed=named_seed(self._seed, "validation"),
        )
        if target.kind == "classes" and len(np.unique(y[train])) < target.n_classes:
            raise ValueError(
                f"validation_fraction={self.validation_fraction!r} leaves a class out of "
                "the rows to learn from; use a smaller share, or validation='random'."
            )
        self._learned_from = used[train]
        return (
            (take_rows(X, train), y[train], weight[train]),
            (take_rows(X, held), y[held], weight[held]),
        )

    def _given_rows(self, params, target):
        if params["y_val"] is None:
            raise ValueError("X_val needs y_val: give both, or neither.")
        X, y = self._read(params["X_val"]), np.asarray(params["y_val"])
        if target.encoders:
            unknown = np.setdiff1d(y, target.encoders[0].classes_).tolist()
            if unknown:
                raise ValueError(f"y_val holds {unknown}, which y does not.")
            y = target.encoders[0].transform(y)
        if len(y) != X.shape[0]:
            raise ValueError(f"X_val has {X.shape[0]} rows, y_val {len(y)}.")
        weight = checked_weight(
            params["sample_weight_val"], len(y), "sample_weight_val"
        )
        return X, y, np.ones(len(y)) if weight is None else weight

    def _boost(self, train, held, params, rng):
        X, y, weight = train
        rule = self._rule()
        # Rows that are only watched have no learner of their own.
        course = Course(
            y=y,
            weight=weight / weight.sum(),
            held_y=None if held is None else held[1],
            held_weight=None if held is None else held[2],
            n_rounds=self.n_estimators,
            stopping=self._stopping() if held is not None else None,
            balanced=getattr(self, "sampling", None) == "balanced",
            seed=self._seed,
        )
        learner = self._learner(X, y, None if held is None else held[0], rule, rng)
        context = self._init_callback_context(max_subtasks=self.n_estimators)
        data = {"estimator": self, "X": params["X"], "y": params["y"]}
        context.call_on_fit_task_begin(**data)

        def after(k, record):
            task = context.subcontext(task_name="round")
            return task.call_on_fit_task_begin(**data).call_on_fit_task_end(
                **data,
                reconstruction_attributes=lambda: self._so_far(learner, record, k + 1),
            )

        record = run(learner, self._tracker(rule, course), rule, course, after)
        self.__dict__.update(self._so_far(learner, record, record.kept))
        self.validation_history_ = record.history
        context.call_on_fit_task_end(**data)
        return record

    def _so_far(self, learner, record, kept):
        """Give the attributes of a fit that ends with some round."""
        weights = np.zeros(self.n_estimators)
        errors = np.ones(self.n_estimators)
        weights[:kept], errors[:kept] = record.weights[:kept], record.errors[:kept]
        return {
            "_stages": learner.stages(record.weights[:kept]),
            "_history": record.history[:kept],
            "estimator_weights_": weights,
            "estimator_errors_": errors,
            "n_estimators_": kept,
        }

    def _all_rows(self, row_weights, n_rows):
        """Put the mean weights where their rows are, NaN for rows not learned from."""
        train = self.__dict__.pop("_learned_from")
        found = np.full(n_rows, np.nan)
        found[train] = row_weights
        return found

    def _view(self, classes):
        return functools.partial(
            TreeView,
            read=functools.partial(_numbers_of, self._columns, self.n_features_in_),
            classes=classes,
        )

    def _stopping(self):
        return as_stopping(self.early_stopping)

    def _check_options(self):
        check_number("n_estimators", self.n_estimators, Integral, 1)
        check_number("learning_rate", self.learning_rate, Real, 0)
        if not self.learning_rate > 0:
            raise ValueError(f"learning_rate={self.learning_rate!r} must be above 0.")
        check_choice("engine", self.engine, ENGINES)
        check_jobs(self.n_jobs)
        check_seed(self.random_state)
        estimator = self._resolved()
        if isinstance(estimator, type) or not hasattr(estimator, "fit"):
            raise ValueError(
                f"estimator={estimator!r} is a class or has no fit; give an estimator instance, or "
                "None for a tree."
            )

    # Looking at it

    @property
    def estimators_(self):
        """The fitted weak learners."""
        check_is_fitted(self)
        return self._stages.estimators()

    def __len__(self):
        """How many weak learners there are."""
        return len(self.estimators_)

    def __getitem__(self, index):
        """Give one weak learner."""
        return self.estimators_[index]

    def __iter__(self):
        """Give one weak learner after the other."""
        return iter(self.estimators_)

    @property
    def feature_importances_(self):
        """Mean of the learners' importances by their weights.

        As in scikit-learn the share of the impurity that splits on a feature take off;
        there are none where the learners have none.
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
        """What each round came to, a pandas.DataFrame.

        ``error`` is the weighted error of the learner, ``edge`` how far that is below
        chance, ``weight`` its weight in the whole, and ``seconds`` what it took.
        Classifiers tell the loss of the whole on training rows (at most 2,048) and
        low quantiles of their margins (`margins`); regressors the largest error.
        ``validation_*`` are of the rows that early stopping watches.
        """
        check_is_fitted(self)
        return pd.DataFrame(self._history).rename_axis("round")

    def suspect_rows(self, n=20):
        """List the rows whose weight ran away: the first to look at for wrong targets.

        Parameters
        ----------
        n : int, default=20
            How many.

        Returns
        -------
        rows : pandas.DataFrame
            Indexed by the labels of the rows where `fit` was given a frame of pandas, by
            their positions otherwise. ``weight`` is the mean over all rounds of the
            weight of the row, where 1 is that of an average row, ``share`` its share in
            the total, ``position`` the place of the row. The largest come first.
        """
        check_is_fitted(self)
        check_number("n", n, Integral, 1)
        weights = np.asarray(self.row_weights_)
        places = np.argsort(-np.nan_to_num(weights, nan=-1.0), kind="stable")[:n]
        places = places[~np.isnan(weights[places])]
        known = isinstance(self._labels, pd.Index)
        return pd.DataFrame(
            {
                "weight": weights[places],
                "share": weights[places] / np.nansum(weights),
                "position": places,
            },
            index=self._labels[places] if known else pd.Index(places, name="row"),
        )

    def __sklearn_is_fitted__(self):
        """Tell whether there is a model."""
        return hasattr(self, "_stages")

    def __sklearn_tags__(self):
        """Tell scikit-learn what data fit."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        member = get_tags(self._resolved()).input_tags
        tags.input_tags.allow_nan = member.allow_nan
        return tags


def _numbers_of(columns, n_features, X):
    """Read rows for one tree alone."""
    X = columns.encode(X)
    found = check_array(
        X,
        accept_sparse="csr",
        accept_large_sparse=False,
        dtype=[np.float64, np.float32],
        ensure_all_finite="allow-nan",
    )
    if found.shape[1] != n_features:
        raise ValueError(
            f"X has {found.shape[1]} features, but the tree was grown on {n_features}."
        )
    return found


def _seen_columns(X):
    """Find the categorical columns, and of their categories those that some row has."""
    columns = fit_column_encoder(X)
    if not columns.categories:
        return columns
    codes = columns.encode(X)
    seen = {j: np.unique(codes[:, j]) for j in columns.categories}
    return ColumnEncoder(
        {
            j: known[seen[j][~np.isnan(seen[j])].astype(np.intp)]
            for j, known in columns.categories.items()
        }
    )


def _seed_like(rng):
    """Derive a seed from a generator without drawing from it."""
    state = np.random.RandomState()
    state.set_state(rng.get_state())
    return int(state.randint(_LARGEST_SEED))


def numeric_columns(X):
    """Whether trees on bins can read a table: numbers, or a frame with categories."""
    if hasattr(X, "columns"):
        return True
    if sp.issparse(X):
        return X.ndim == 2
    X = np.asarray(X)
    return X.ndim == 2 and X.dtype.kind in "fiub"
