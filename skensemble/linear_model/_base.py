"""Base class of linear models."""

from dataclasses import replace
from numbers import Real

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_consistent_length, check_is_fitted

from skensemble.core import (
    check_flag,
    check_seed,
    check_whole,
    draw_seed,
    expand_short_names,
    read_weights,
    warn,
)
from skensemble.linear_model._encoding import encode, fit_encoding
from skensemble.linear_model._problem import Point
from skensemble.linear_model._rows import Settings, TrainingRows, make_problem
from skensemble.linear_model.penalties import as_penalty
from skensemble.linear_model.solvers import as_solver, choose_solver
from skensemble.losses import as_loss, loss_for_target
from skensemble.scoring import permutation_importance


class BaseLinear(BaseEstimator):
    """Base class: validates data, builds the problem and stores its solution."""

    permutation_importance = permutation_importance

    def _training_rows(self, X, target, task, sample_weight):
        """Check parameters and data, and return the training rows."""
        self._check_options()
        self._encoding = fit_encoding(X)
        X = encode(self, X, self._encoding, reset=True)
        y = target.values
        check_consistent_length(X, y)
        weight = _weight(sample_weight, X.shape[0])
        loss = loss_for_target(as_loss(self.loss), self.loss, target, task, y, weight)
        columns = target.n_classes or np.reshape(y, (len(y), -1)).shape[1]
        width = loss.width(task, columns)
        self._task = task
        return TrainingRows(X, y, weight, loss, width, self._encoding)

    def _settings(self):
        return Settings(
            solver=self.solver,
            fit_intercept=self.fit_intercept,
            standardize=self.standardize,
            tol=self.tol,
            max_iter=self.max_iter,
            seed=draw_seed(self.random_state),
        )

    def _advance(self, X, target, task, sample_weight):
        """Continue the run of `partial_fit` by one pass over new rows."""
        if not hasattr(self, "_stream"):
            rows = self._training_rows(X, target, task, sample_weight)
            problem = make_problem(rows, as_penalty(self.penalty), self._settings())
            self.solver_ = as_solver(self.solver)
            self.loss_, self.penalty_ = problem.loss, problem.penalty
            self._run = self.solver_.begin(problem)
            # One row keeps the scaling of the columns; loss and penalty are bound.
            row = problem.design.rows(slice(0, 1))
            self._stream = replace(problem, design=row, y=None, weight=None), rows.width
        else:
            like, width = self._stream
            X = encode(self, X, self._encoding, reset=False)
            weight = _weight(sample_weight, X.shape[0])
            rows = TrainingRows(
                X, target.values, weight, self.loss_, width, self._encoding
            )
            problem = make_problem(rows, self.penalty_, self._settings(), like)
        # A copy, so that a pass that fails does not change the run.
        run = self._run.copy()
        self._store_solution(problem, self.solver_.advance(problem, run))
        self._run = run
        return self

    def first_order_run(self, X, y, sample_weight=None):
        """Return objective, initial parameters and recipe of a first-order run.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            Training data.
        y : array-like of shape (n,) or (n, k)
            Target.
        sample_weight : array-like of shape (n,) or None, default=None
            Sample weights.

        Returns
        -------
        objective : Objective
            Loss and gradient on given rows (see `skensemble.optim.minimize`).
        params : list of ndarray
            Initial coefficients and intercept.
        recipe : Recipe
            Settings of the run.
        """
        solver = self.solver if self.solver == "auto" else as_solver(self.solver)
        if not hasattr(solver, "recipe"):
            raise ValueError(
                f"A first-order run needs solver=FirstOrder(...), got solver={solver!r}."
            )
        rows = self._read(X, y, sample_weight)
        problem = make_problem(rows, as_penalty(self.penalty), self._settings())
        start = problem.start()
        params = [start.coef, start.intercept]
        return solver.objective(problem), params, solver.recipe(problem)

    def _solve(self, rows):
        for name in ("_stream", "_run", "history_"):
            self.__dict__.pop(name, None)
        settings = self._settings()
        problem = make_problem(rows, as_penalty(self.penalty), settings)
        self.solver_ = choose_solver(self.solver, problem)
        start = self._previous_solution(problem) if self.warm_start else None
        solution = self.solver_.solve(
            problem, problem.start() if start is None else start
        )
        self.loss_, self.penalty_ = problem.loss, problem.penalty
        self._store_solution(problem, solution)
        return self

    def _previous_solution(self, problem):
        """Solution of the previous fit, if it has the same number of columns."""
        point = getattr(self, "_point", None)
        if point is None or point.coef.shape != problem.start().coef.shape:
            return None
        return Point(*problem.design.transformed(point.coef, point.intercept))

    def _store_solution(self, problem, solution):
        """Set the fitted attributes from a solution."""
        point = solution.point
        coef, intercept = problem.design.original(point.coef, point.intercept)
        self._point = Point(coef, np.asarray(intercept))
        self.coef_, self.intercept_ = self._shown(coef, self._point.intercept)
        self.n_iter_ = solution.n_iter
        self.converged_ = bool(solution.converged)
        self.violation_ = float(solution.violation)
        self.dual_gap_ = solution.gap
        if solution.history is not None:
            self.history_ = solution.history
        self.objective_ = problem.value(point)
        automatic = isinstance(self.solver, str) and self.solver == "auto"
        if not self.converged_ and (self.solver_.exact or automatic):
            warn(
                f"{type(self).__name__} stopped after {solution.n_iter} iterations "
                f"without reaching tol={self.tol:g}; increase max_iter={self.max_iter}, "
                "set standardize=True, drop columns that almost depend linearly on "
                "others, or use a stronger penalty.",
                ConvergenceWarning,
            )

    def _shown(self, coef, intercept):
        """Coefficients in scikit-learn's shape: one row per output or class."""
        if coef.ndim == 1:
            return coef, float(intercept)
        return coef.T, intercept

    def _raw(self, X):
        check_is_fitted(self)
        X = encode(self, X, self._encoding, reset=False)
        if X.shape[1] != len(self._point.coef):
            raise ValueError(
                f"X has {X.shape[1]} columns after encoding, but had "
                f"{len(self._point.coef)} in fit."
            )
        return X @ self._point.coef + self._point.intercept

    def _mean(self, raw):
        return self.loss_.link_for(self._task).inverse(raw)

    @property
    def coef_names_(self):
        """Names of the coefficients, with the levels of categorical columns."""
        check_is_fitted(self)
        names = self._encoding.names
        if names is None:
            names = [f"x{j}" for j in range(len(self._point.coef))]
        return np.array(names, dtype=object)

    def set_params(self, **params):
        """Set parameters, including those of loss, penalty and solver.

        Parameters
        ----------
        **params : dict
            Parameters by name, or by ``loss__name``, ``penalty__name``,
            ``solver__name``.

        Returns
        -------
        self : estimator
            The estimator itself.
        """
        readers = {"loss": as_loss, "penalty": as_penalty, "solver": as_solver}
        expand_short_names(self, params, readers)
        return super().set_params(**params)

    def _check_options(self):
        for name in ("fit_intercept", "standardize", "warm_start"):
            check_flag(name, getattr(self, name))
        number = isinstance(self.tol, Real) and not isinstance(self.tol, bool)
        if not (number and self.tol > 0):
            raise ValueError(f"tol={self.tol!r} must be a number above 0.")
        check_whole("max_iter", self.max_iter, 1)
        check_seed(self.random_state)
        as_loss(self.loss)
        as_penalty(self.penalty).check()
        if self.solver != "auto":
            as_solver(self.solver)

    def __sklearn_tags__(self):
        """Declare that sparse data is supported."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def _weight(sample_weight, n_rows):
    if sample_weight is None:
        return None
    return read_weights("sample_weight", sample_weight, n_rows).astype(float)
