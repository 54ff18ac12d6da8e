"""Gradient boosting: a loss, an engine that grows trees, and a rule when to stop."""

import warnings
from numbers import Integral, Real

import numpy as np
import pandas as pd
from sklearn.base import (
    BaseEstimator,
    is_classifier,
)
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.inspection import permutation_importance
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from skensemble.boosting._initial import fit_initial, initial_raw
from skensemble.boosting._metrics import as_metrics
from skensemble.boosting._options import (
    check_number,
    checked_weight,
    count_features,
    interactions,
    monotonic,
)
from skensemble.boosting._report import Report
from skensemble.boosting._rounds import Plan, run
from skensemble.boosting.engines import as_engine
from skensemble.boosting.engines._contract import Problem, Rows, TreeShape
from skensemble.core import (
    as_pandas,
    check_per_row,
    fit_column_encoder,
    named_seed,
    rows_of,
)
from skensemble.fitting import inner_split
from skensemble.losses import LogLoss, Loss, SquaredError, as_loss, loss_for_target
from skensemble.optim import Patience, as_schedule, as_stopping

# The training loss is followed on so many rows at most: following costs time, and
# two thousand rows tell it to two per cent or so.
_MOST_SCORED = 2048
_LARGEST_SEED = 2**31 - 1


class BaseGradientBoosting(CallbackSupportMixin, BaseEstimator):
    """What the classifier and the regressor share."""

    def _fit_monitored(self, X, target, task, monitor, params):
        if self.criterion != "deprecated":
            warnings.warn(
                "criterion is deprecated in scikit-learn and has no effect; leave it out.",
                FutureWarning,
                stacklevel=3,
            )
        self._monitor = monitor
        self._given = {"X": X, "y": params.pop("y")}
        try:
            return self._fit(X, target, task, params)
        finally:
            del self._monitor, self._given

    @with_callbacks
    def _fit(self, X, target, task, params):
        self._check_options()
        fresh = not (self.warm_start and hasattr(self, "_forests"))
        X, weight = self._table(
            X, target, params["sample_weight"], params["groups"], fresh
        )
        y, weight, X, groups = _with_weight(target, weight, X, params["groups"])
        loss = loss_for_target(self._loss_given(), self.loss, target, task, y, weight)
        self.loss_, self._task = loss, task
        train, validation = self._held_out(X, y, weight, groups, params, target)
        train, validation = self._with_raw(loss, task, train, validation, fresh)
        problem = self._problem(loss, task, train, validation)
        self._grow(problem)
        return self

    def _table(self, X, target, sample_weight, groups, fresh):
        if fresh:
            self._columns = fit_column_encoder(X)
        X = self._numbers(X, reset=True)
        if X.shape[0] != len(target.values):
            raise ValueError(
                "Found input variables with inconsistent numbers of samples: "
                f"[{X.shape[0]}, {len(target.values)}]"
            )
        weight = checked_weight(sample_weight, X.shape[0])
        check_per_row("groups", groups, X.shape[0])
        if fresh:
            rng = check_random_state(self.random_state)
            self._seed = int(rng.randint(_LARGEST_SEED))
        return X, weight

    def _numbers(self, X, *, reset):
        """Check X and turn it into numbers: a float array or a CSR matrix."""
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

    def _loss_given(self) -> Loss:
        alpha = getattr(self, "alpha", None)
        if alpha is not None and self.loss in ("quantile", "huber"):
            return as_loss(self.loss, quantile=alpha)
        return as_loss(self.loss)

    def _held_out(self, X, y, weight, groups, params, target):
        """Split off the rows to watch, if any."""
        given = params["X_val"] is not None
        if self._stopping() is None and not given:
            return (X, y, weight), None
        if given:
            return (X, y, weight), self._given_rows(params, target)
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
                "The training data after the early stopping split is missing some "
                "classes. Try using another random seed."
            )
        return _pick(X, y, weight, train), _pick(X, y, weight, held)

    def _given_rows(self, params, target):
        if params["y_val"] is None:
            raise ValueError("X_val needs y_val: give both, or neither.")
        X = self._numbers(params["X_val"], reset=False)
        y = np.asarray(params["y_val"])
        if target.encoders:
            known = target.encoders[0].classes_
            unknown = np.setdiff1d(y, known).tolist() if y.ndim == 1 else []
            if unknown:
                raise ValueError(f"y_val holds {unknown}, which y does not.")
            y = target.encoders[0].transform(y) if y.ndim == 1 else y
        if len(y) != X.shape[0]:
            raise ValueError(f"X_val has {X.shape[0]} rows, y_val {len(y)}.")
        weight = checked_weight(
            params["sample_weight_val"], len(y), "sample_weight_val"
        )
        return X, y, weight

    def _with_raw(self, loss, task, train, validation, fresh):
        """Where boosting starts: the best constant, `init`, or what is fitted."""
        X, y, weight = train
        columns = (
            int(y.max()) + 1 if task == "multiclass" else y.reshape(len(y), -1).shape[1]
        )
        width = loss.width(task, columns)
        if fresh:
            self._forests = []
            self.n_trees_per_iteration_ = 1 if width is None else width
            self.init_ = fit_initial(self, X, y, weight)
            start = 0.0 if self.init is not None else loss.start(y, weight, width)
            shape = () if width is None else (width,)
            self.start_ = np.broadcast_to(np.asarray(start, dtype=float), shape).copy()
            self._history = []
            raw = self._initial(X)
            held = None if validation is None else self._initial(validation[0])
        else:
            raw = self._raw(X)
            held = None if validation is None else self._raw(validation[0])
        rows = Rows(X, y, weight, raw)
        if validation is None:
            return rows, None
        return rows, Rows(*validation, held)

    def _initial(self, X):
        """Raw output before the first tree."""
        raw = np.tile(self.start_, (X.shape[0], *[1] * self.start_.ndim))
        return raw.reshape(X.shape[0], *self.start_.shape) + initial_raw(self, X)

    def _problem(self, loss, task, train, validation):
        _check_curvature(loss, train)
        scored, scored_at = train, None
        n_rows = len(train.y)
        if n_rows > _MOST_SCORED:
            rng = np.random.default_rng(named_seed(self._seed, "scored"))
            scored_at = np.sort(rng.choice(n_rows, _MOST_SCORED, replace=False))
            scored = train.take(scored_at)
        return Problem(
            loss=loss,
            task=task,
            train=train,
            scored=scored,
            scored_at=scored_at,
            validation=validation,
            shape=self._shape(),
            categorical=self._columns.categorical,
            sampled=self.subsample < 1,
            rate=as_schedule(self.learning_rate).rate_at(
                len(self._history), self.n_estimators
            ),
            seed=named_seed(self._seed, "engine", len(self._history)),
            threads=_threads(self.n_jobs),
            replayed=self._nobody_watches(validation),
        )

    def _nobody_watches(self, validation) -> bool:
        """Whether losses may be told later than each round."""
        silent = self._monitor is None and not self.verbose
        return silent and validation is None and self.subsample >= 1

    def _grow(self, problem):
        first = len(self._history)
        if first > self.n_estimators:
            raise ValueError(
                f"n_estimators={self.n_estimators} must be larger or equal to the "
                f"{first} rounds fitted already when warm_start=True."
            )
        self.engine_ = as_engine(self.engine)
        stopping = self._stopping() if problem.validation is not None else None
        self._check_drops(stopping)
        plan = Plan(
            first=first,
            last=self.n_estimators,
            schedule=as_schedule(self.learning_rate),
            stopping=stopping,
            subsample=self.subsample,
            seed=self._seed,
            metrics=as_metrics(self.metrics),
        )
        if first < self.n_estimators:
            self._run(self.engine_.grower(problem), problem, plan)
        self.n_estimators_ = len(self._history)
        self.n_iter_ = self.n_estimators_

    def _run(self, grower, problem, plan):
        earlier, forests = list(self._history), list(self._forests)
        report = Report(self.verbose, plan.last, plan.first, plan.subsample < 1)
        context = self._init_callback_context(max_subtasks=plan.last - plan.first)
        data = {"estimator": self, **self._given}
        context.call_on_fit_task_begin(**data)

        def so_far(ledger):
            history = ledger.rows()
            forest = grower.forest(len(history))
            return {
                "_forests": [*forests, forest],
                "_history": [*earlier, *history],
                "n_estimators_": len(earlier) + len(history),
            }

        def after(iteration, ledger):
            if self.verbose:
                report.tell(iteration, ledger.rows()[-1])
            round_ = context.subcontext(task_name="round")
            stop = round_.call_on_fit_task_begin(**data).call_on_fit_task_end(
                **data, reconstruction_attributes=lambda: so_far(ledger)
            )
            if self._monitor is not None:
                history = ledger.rows()
                self._history = [*earlier, *history]
                stop = (
                    bool(self._monitor(iteration, self, {"history": history})) or stop
                )
            return stop

        with np.errstate(over="ignore", invalid="ignore"):  # DivergedError says it
            history, kept = run(grower, problem, plan, after)
        self._history = [*earlier, *history[:kept]]
        self.validation_history_ = history
        if kept:
            self._forests = [*forests, grower.forest(kept)]
        context.call_on_fit_task_end(**data)

    def _stopping(self) -> Patience | None:
        rule = as_stopping(self.early_stopping)
        if self.n_iter_no_change is None:
            return rule
        if isinstance(self.early_stopping, Patience):
            raise ValueError(
                f"n_iter_no_change={self.n_iter_no_change!r} and early_stopping="
                f"{self.early_stopping!r} say the same thing; give one of them."
            )
        # scikit-learn keeps the rounds after the best one.
        return Patience(self.n_iter_no_change, self.tol, restore_best=rule is not None)

    def _check_drops(self, stopping):
        if stopping is not None and stopping.restore_best and self._drops():
            raise ValueError(
                f"engine={self.engine!r} changes earlier trees later (DART), so the best "
                "round cannot be restored; use Patience(restore_best=False)."
            )
        if self.warm_start and self._drops():
            raise ValueError(
                f"engine={self.engine!r} changes earlier trees later (DART), so a fit "
                "cannot go on; use warm_start=False."
            )

    def _drops(self) -> bool:
        return bool(getattr(self.engine_, "drops_trees", False))

    def _shape(self) -> TreeShape:
        names = list(getattr(self, "feature_names_in_", []))
        n_features = self.n_features_in_
        self.max_features_ = count_features(self.max_features, n_features)
        return TreeShape(
            max_depth=self.max_depth,
            max_leaf_nodes=self.max_leaf_nodes,
            min_samples_split=self.min_samples_split,
            min_samples_leaf=self.min_samples_leaf,
            min_weight_fraction_leaf=self.min_weight_fraction_leaf,
            min_impurity_decrease=self.min_impurity_decrease,
            max_features=self.max_features_,
            ccp_alpha=self.ccp_alpha,
            monotonic_cst=monotonic(self.monotonic_cst, names, n_features),
            interaction_cst=interactions(self.interaction_cst, names, n_features),
        )

    def _check_options(self):
        check_number("n_estimators", self.n_estimators, Integral, 1)
        check_number("subsample", self.subsample, Real, 0, 1)
        if self.subsample <= 0:
            raise ValueError(f"subsample={self.subsample!r} must be above 0, up to 1.")
        check_number("max_depth", self.max_depth, Integral, 1, none=True)
        check_number("max_leaf_nodes", self.max_leaf_nodes, Integral, 2, none=True)
        check_number("n_iter_no_change", self.n_iter_no_change, Integral, 1, none=True)
        check_number("tol", self.tol, Real, 0)
        for name in ("min_samples_split", "min_samples_leaf", "min_impurity_decrease"):
            check_number(name, getattr(self, name), Real, 0)
        as_schedule(self.learning_rate)
        as_engine(self.engine)

    def set_params(self, **params):
        """Set parameters, those of the loss and the engine by `name__parameter` too.

        Parameters
        ----------
        **params : dict
            Parameters by name.

        Returns
        -------
        self : estimator
            The estimator itself.
        """
        for name, read in (
            ("engine", as_engine),
            ("loss", lambda _: self._loss_given()),
        ):
            nested = any(key.startswith(f"{name}__") for key in params)
            if nested and name not in params and isinstance(getattr(self, name), str):
                setattr(self, name, read(getattr(self, name)))
        return super().set_params(**params)

    def _raw(self, X):
        raw = self._initial(X)
        threads = _threads(self.n_jobs)
        for forest in self._forests:
            raw = raw + forest.raw(X, 0, forest.n_iterations, threads)
        if self._task == "multilabel":
            # Leaves summed in another order differ in the last bit, which a sigmoid
            # swallows: decisions and probabilities should rank rows alike.
            raw = raw.astype(np.float32).astype(float)
        return raw

    def _staged_raw(self, X):
        check_is_fitted(self)
        X = self._numbers(X, reset=False)
        raw = self._initial(X)
        threads = _threads(self.n_jobs)
        for forest in self._forests:
            for k in range(forest.n_iterations):
                raw = raw + forest.raw(X, k, k + 1, threads)
                yield raw

    def _predicted_raw(self, X):
        check_is_fitted(self)
        return self._raw(self._numbers(X, reset=False))

    def _mean(self, raw):
        return self.loss_.link_for(self._task).inverse(raw)

    def apply(self, X):
        """Leaf of each row in each tree.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            The rows.

        Returns
        -------
        leaves : ndarray of shape (n, n_rounds) or (n, n_rounds, k)
            For a classifier with k columns (one for two classes); for a regressor
            with one output without the last axis.
        """
        check_is_fitted(self)
        X = self._numbers(X, reset=False)
        threads = _threads(self.n_jobs)
        found = [forest.leaves(X, threads) for forest in self._forests]
        leaves = (
            np.concatenate(found, axis=1) if found else np.empty((X.shape[0], 0, 1))
        )
        return leaves if is_classifier(self) or leaves.shape[2] > 1 else leaves[:, :, 0]

    def importance(
        self,
        kind="gain",
        X=None,
        y=None,
        *,
        scoring=None,
        n_repeats=5,
        random_state=None,
    ):
        """Importance of the features.

        Parameters
        ----------
        kind : {"gain", "split", "permutation"}, default="gain"
            Share of the loss that splits on a feature took off, share of the splits,
            or fall of the score when its values are shuffled.
        X, y : array-like, default=None
            Rows and targets to score on, for "permutation": best rows held out.
        scoring : str, callable or None, default=None
            Score for "permutation"; None: that of `score`.
        n_repeats : int, default=5
            How often each feature is shuffled.
        random_state : int, RandomState or None, default=None
            For the shuffles.

        Returns
        -------
        importance : pandas.Series
            By feature name, largest first.
        """
        check_is_fitted(self)
        if kind == "permutation":
            if X is None or y is None:
                raise ValueError("importance('permutation') needs X and y to score on.")
            found = permutation_importance(
                self,
                as_pandas(X) if hasattr(X, "columns") else X,
                y,
                scoring=scoring,
                n_repeats=n_repeats,
                random_state=random_state,
            ).importances_mean
        elif kind in ("gain", "split"):
            found = self._importance(kind)
        else:
            raise ValueError(
                f"kind={kind!r} is not known; use 'gain', 'split' or 'permutation'."
            )
        names = getattr(self, "feature_names_in_", [f"x{j}" for j in range(len(found))])
        return pd.Series(found, index=names, name=kind).sort_values(ascending=False)

    def _importance(self, kind):
        total = np.zeros(self.n_features_in_)
        for forest in self._forests:
            total = total + forest.importance(kind)
        return total / total.sum() if total.sum() > 0 else total

    @property
    def feature_importances_(self):
        """Share of the loss taken off by splits on each feature."""
        check_is_fitted(self)
        return self._importance("gain")

    @property
    def estimators_(self):
        """The trees, an array of shape (n_rounds, n_trees)."""
        check_is_fitted(self)
        trees = [
            [forest.tree(i, j) for j in range(forest.width)]
            for forest in self._forests
            for i in range(forest.n_iterations)
        ]
        found = np.empty((len(trees), self.n_trees_per_iteration_), dtype=object)
        for i, row in enumerate(trees):
            found[i] = row
        return found

    @property
    def history_(self):
        """What each round did: losses, further metrics, learning rate, seconds."""
        check_is_fitted(self)
        return pd.DataFrame(self._history).rename_axis("round")

    @property
    def train_score_(self):
        """Training loss of each round, as deviance (see `history_` for the loss)."""
        return self._column("train_loss") * self._deviance()

    @property
    def oob_scores_(self):
        """Loss of each round on the rows that it did not see, as deviance."""
        return self._column("oob_loss", zeros=True) * self._deviance()

    @property
    def oob_improvement_(self):
        """How far each round lowered the loss on the rows that it did not see."""
        return self._column("oob_improvement", zeros=True) * self._deviance()

    @property
    def oob_score_(self):
        """Loss of the last round on the rows that it did not see, as deviance."""
        return self.oob_scores_[-1]

    def _column(self, name, zeros=False):
        check_is_fitted(self)
        if not any(name in row for row in self._history):
            raise AttributeError(
                f"{type(self).__name__} has no {name}: it is known with subsample < 1."
            )
        fill = 0.0 if zeros else np.nan
        return np.array([row.get(name, fill) for row in self._history])

    def _deviance(self) -> float:
        # scikit-learn's scores of these two are deviances: twice the loss.
        plain = isinstance(self.loss_, SquaredError)
        return (
            2.0
            if plain or (isinstance(self.loss_, LogLoss) and self._task == "binary")
            else 1.0
        )

    def __sklearn_is_fitted__(self):
        """Tell whether there is a model."""
        return hasattr(self, "n_estimators_")

    def __sklearn_tags__(self):
        """Tell scikit-learn what data fit."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.allow_nan = True
        tags.target_tags.multi_output = True
        return tags


def _check_curvature(loss, rows):
    """Refuse a loss that claims to be smooth and has no curvature to step by."""
    if not loss.derives_hessian:
        return
    few = slice(_MOST_SCORED)
    g, h = loss.gradient_hessian(rows.y[few], rows.raw[few])
    if np.abs(g).max() > 0 and np.max(h) <= 1e-6 * np.abs(g).max():
        raise ValueError(
            f"the hessian of loss={loss!r} is zero everywhere: its slope jumps. Say "
            "smooth=False, so that leaves are renewed, or give a hessian."
        )


def _with_weight(target, weight, X, groups):
    """Leave out rows without weight: they say nothing."""
    y = target.values
    if weight is None or weight.min() > 0:
        return y, weight, X, groups
    kept = weight > 0
    groups = None if groups is None else np.asarray(groups)[kept]
    return y[kept], weight[kept], rows_of(X, kept), groups


def _pick(X, y, weight, rows):
    return rows_of(X, rows), y[rows], None if weight is None else weight[rows]


def _threads(n_jobs):
    """Threads of a library: 0 leaves the choice to OpenMP and its environment."""
    if n_jobs is None:
        return 0
    from joblib import effective_n_jobs

    return effective_n_jobs(n_jobs)
