"""Linear models with cross-validated strength of the penalty."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.exceptions import ConvergenceWarning, UndefinedMetricWarning
from sklearn.metrics import check_scoring

from skensemble.core import (
    check_choice,
    check_jobs,
    read_groups,
    rollback_on_error,
    warn,
)
from skensemble.fitting import plan_splits, take_rows
from skensemble.linear_model._base import BaseLinear
from skensemble.linear_model._folds import all_paths
from skensemble.linear_model._grid import alphas_for, check_grid, penalties_for
from skensemble.linear_model._leave_one_out import (
    check_leave_one_out,
    leave_one_out,
)
from skensemble.linear_model._linear import ClassTargets, ContinuousTargets
from skensemble.linear_model._problem import Point
from skensemble.linear_model._rows import as_slice, bind_penalty, make_problem
from skensemble.linear_model.penalties import as_penalty
from skensemble.linear_model.solvers import choose_solver
from skensemble.losses import Loss, LossScorer
from skensemble.scoring import as_prediction_scorer, as_scorer, check_scoring_of_target

Array = NDArray[Any]


@dataclass(frozen=True)
class GridScores:
    """Cross-validated scores of all alphas and l1_ratios.

    Parameters
    ----------
    scores : ndarray of shape (n_l1_ratios, n_alphas, n_splits)
        Scores, of which larger values are better; NaN if a split could not be scored.
    error : ndarray of shape (n_l1_ratios, n_alphas)
        Standard error of the mean score.
    raw : callable
        ``raw(i, j)``: out-of-fold raw output for the i-th l1_ratio and j-th alpha, of
        shape (n,) or (n, k); NaN in rows that no split holds out.
    """

    scores: Array
    error: Array
    raw: Callable[[int, int], Array]

    def selected(self, selection: str) -> tuple[int, int]:
        """Indices of the selected l1_ratio and alpha."""
        mean = self.scores.mean(axis=2)
        if np.isnan(mean).all():
            raise ValueError(
                "No alpha could be scored on the held-out rows; use another scoring, or "
                "a loss whose predictions stay in the range of the score, such as "
                "loss='poisson'."
            )
        ratio, alpha = np.unravel_index(np.nanargmax(mean), mean.shape)
        if selection == "1se":
            level = mean[ratio, alpha] - self.error[ratio, alpha]
            alpha = np.flatnonzero(mean[ratio] >= level)[0]
        return int(ratio), int(alpha)


def _fit_path(model, X, y, sample_weight, groups):
    """Fit paths on all rows and on each fold, and select alpha and l1_ratio."""
    _check_choices(model)
    rows = model._read(X, y, sample_weight)
    groups = read_groups(groups, len(rows.y))
    _check_scoring(model, rows.y)
    settings = model._settings()
    penalties = penalties_for(as_penalty(model.penalty), model.l1_ratios)
    problem = make_problem(rows, penalties[0], settings)
    grid = [
        (penalty, _alphas(model, bind_penalty(problem, penalty, rows.encoding)))
        for penalty in penalties
    ]
    splits = _splits(model, X, rows, groups, settings)
    if not splits:
        check_leave_one_out(problem, rows, penalties)
    full, folds = all_paths(rows, problem, splits, grid, settings, model.n_jobs)
    model.loss_ = problem.loss
    if splits:
        data = (X, y, sample_weight)
        results = _score_folds(model, data, rows, splits, folds)
    else:
        scores, error, raw = leave_one_out(problem, rows, full, grid)
        results = GridScores(scores, error, lambda i, j: raw[:, i, j])
    _select(model, rows, problem, grid, full, folds, results)
    return model


def _alphas(model, problem):
    return alphas_for(problem, model.alphas, model.n_alphas, model.eps)


def _splits(model, X, rows, groups, settings):
    """The splits; an empty list for leave-one-out, which does not refit."""
    if isinstance(model.cv, str) and model.cv == "loo":
        return []
    return plan_splits(
        model.cv,
        X,
        rows.y,
        n_rows=len(rows.y),
        classifier=is_classifier(model) and model._task != "multilabel",
        params={} if groups is None else {"groups": groups},
        seed=settings.seed,
    )


def _score_folds(model, data, rows, splits, folds):
    shape = (len(folds[0]), len(folds[0][0].alphas))
    scores = np.full((*shape, len(splits)), np.nan)
    score = _scorer(model)
    for k, (split, paths) in enumerate(zip(splits, folds, strict=True)):
        scores[:, :, k] = score(model, data, rows, split.test, paths)
    _warn_of_range(model, scores)
    spread = scores.std(axis=2, ddof=1) if len(splits) > 1 else 0 * scores[..., 0]
    return GridScores(
        scores,
        spread / np.sqrt(len(splits)),
        partial(_out_of_fold, rows, splits, folds),
    )


def _scorer(model):
    if model.scoring is None:
        return _score_by_loss
    scorer = check_scoring(model, scoring=as_scorer(model, model.scoring))
    return partial(_score_by_scorer, scorer, _range_of_score(model))


def _range_of_score(model):
    """The score if it may be defined for a range of predictions only, or None."""
    named = isinstance(model.scoring, str | Loss | LossScorer)
    if is_classifier(model) or not (named or hasattr(model.scoring, "_score_func")):
        return None
    return as_prediction_scorer(model.scoring, "continuous")


def _check_scoring(model, y):
    """Refuse a score that is not defined for the target, before the fit."""
    if model.scoring is not None and (scoring := _range_of_score(model)):
        check_scoring_of_target(scoring, y)


def _warn_of_range(model, scores):
    """Warn of alphas whose predictions leave the range of the score."""
    unknown = int(np.isnan(scores).any(axis=2).sum())
    if model.scoring is None or is_classifier(model) or not unknown:
        return
    warn(
        f"scoring={model.scoring!r} is NaN for {unknown} of {scores[..., 0].size} "
        "alphas on some splits, because predictions (not the target) leave the range "
        "for which the score is defined. These alphas are not selected. Use a loss "
        "whose predictions stay in the range, such as loss='poisson', or another "
        "scoring.",
        UndefinedMetricWarning,
    )


def _select(model, rows, problem, grid, full, folds, results):
    """Select an alpha, and set the fitted attributes."""
    ratio, index = results.selected(model.selection)
    penalty, alphas = grid[ratio]
    spread = problem.norms * problem.design.scale
    model.path_ = replace(full[ratio], spread=spread)
    scores = results.scores
    model.scores_ = scores if model.l1_ratios is not None else scores[0]
    every = np.array([alphas for _, alphas in grid])
    model.alphas_ = every if model.l1_ratios is not None else every[0]
    model.alpha_ = float(alphas[index])
    model.best_score_ = float(scores[ratio, index].mean())
    if model.l1_ratios is not None:
        model.l1_ratio_ = full[ratio].l1_ratio
    model.oof_ = model._mean(results.raw(ratio, index))
    bound = bind_penalty(problem, penalty, rows.encoding)
    best = bound.with_penalty(bound.penalty.with_alpha(model.alpha_))
    model.solver_ = choose_solver(model.solver, best)
    near = best.design.transformed(
        model.path_.coef[index], model.path_.intercept[index]
    )
    solution = model.solver_.solve(best, Point(*near))
    _warn_of_paths(model, [full[ratio], *(paths[ratio] for paths in folds)])
    model.penalty_ = best.penalty
    spent = int(model.path_.n_iter[index]) + solution.n_iter
    model._store_solution(best, replace(solution, n_iter=max(spent, 1)))


def _warn_of_paths(model, paths):
    """Warn if fits of the selected path, on all rows or in folds, did not converge."""
    failed = sum(int((~path.converged).sum()) for path in paths)
    if failed and model.solver_.exact:
        total = sum(len(path.converged) for path in paths)
        warn(
            f"{failed} of {total} fits of the paths of {type(model).__name__} stopped "
            f"without reaching tol={model.tol:g}; increase max_iter={model.max_iter}, set "
            "standardize=True, or use larger alphas.",
            ConvergenceWarning,
        )


def _with_coefficients(model, path, j):
    """A copy of the model with the coefficients of one alpha."""
    other = copy.copy(model)
    other._point = Point(path.coef[j], path.intercept[j])
    other.coef_, other.intercept_ = other._shown(*vars(other._point).values())
    return other


def _check_choices(model):
    check_grid(model.alphas, model.n_alphas, model.eps)
    check_choice("selection", model.selection, ["min", "1se"])
    check_jobs(model.n_jobs)


def _out_of_fold(rows, splits, folds, ratio, index):
    """Out-of-fold raw output of each row for one alpha."""
    total = np.zeros((len(rows.y), *folds[0][0].intercept.shape[1:]))
    times = np.zeros(len(total))
    for split, paths in zip(splits, folds, strict=True):
        held, path = as_slice(split.test), paths[ratio]
        total[held] += rows.X[held] @ path.coef[index] + path.intercept[index]
        times[held] += 1
    with np.errstate(invalid="ignore", divide="ignore"):
        return (total.T / times).T


def _score_by_loss(model, data, rows, test, paths):
    """Minus the mean loss of the held-out rows."""
    if all(path.risk is not None for path in paths):
        return np.array([-path.risk for path in paths])
    held = rows.take(as_slice(test)).with_positive_weight()
    if not len(held.y):
        return np.nan
    return np.array(
        [_negative_losses(model.loss_, held, path.raw(held.X)) for path in paths]
    )


def _negative_losses(loss, held, raw):
    """Minus the mean loss for each alpha."""
    raw = np.ascontiguousarray(np.moveaxis(raw, 1, 0))
    return [-loss.value(held.y, one, held.weight) for one in raw]


def _score_by_scorer(scorer, limited, model, data, rows, test, paths):
    """Score of the model for each alpha on the held-out rows."""
    X, y, sample_weight = data
    held_X, held_y = take_rows(X, test), take_rows(y, test)
    weight = {}
    if sample_weight is not None:
        weight = {"sample_weight": np.asarray(sample_weight)[test]}

    def score(path, j):
        try:
            return scorer(_with_coefficients(model, path, j), held_X, held_y, **weight)
        except ValueError:
            # Predictions outside of the range of the score; the target is inside.
            if limited is None:
                raise
            return np.nan

    return np.array(
        [[score(path, j) for j in range(len(path.alphas))] for path in paths]
    )


class LinearRegressorCV(ContinuousTargets, BaseLinear):
    r"""Linear regression with cross-validated strength of the penalty.

    The path of coefficients for all alphas is fitted on all rows and on each fold. Each
    fit starts from the solution for the previous alpha. Folds share computations. For
    squared loss the products of columns are summed once, and each fold subtracts those
    of its held-out rows. For other smooth losses folds share the curvature at the
    solution on all rows.

    Read more in the :ref:`User Guide <guide_linear_cv>`.

    Parameters
    ----------
    loss : str or Loss, default="squared_error"
        Loss per row: a loss of `skensemble.losses`, its short name, or a loss of your
        own. For regression: "squared_error", "huber", "absolute_error", "quantile",
        "poisson", "gamma", ...; for classes: "log_loss", "hinge", "squared_hinge",
        "focal", "ranked_probability", ... Losses with a logit or softmax link have
        `predict_proba`.
    penalty : str or Penalty, default="l2"
        Penalty on the coefficients: `NoPenalty`, `L1`, `L2`, `ElasticNetPenalty`,
        `GroupLasso`, `SparseGroupLasso`, `MCP`, `SCAD`, `Adaptive`, `NonNegative`,
        `Bounded`, or a short name such as "l1".
    solver : str or Solver, default="auto"
        Algorithm that minimises the objective: `Direct`, `CoordinateDescent`,
        `LinearProgramming`, `InteriorPoint`, `LocalLinear`, `ConeProgramming`,
        `NewtonCholesky`, `LBFGS`, `ProximalNewton`, `FISTA`, `Smoothing`, `FirstOrder`,
        or a short name such as "lbfgs". "auto" uses the most precise solver that
        supports the loss and the penalty.
    alphas : "auto" or array-like of float, default="auto"
        Strengths of the penalty to try, which replace its `alpha`. "auto" uses
        `n_alphas` values, evenly spaced on a logarithmic scale, from the least value at
        which all coefficients are zero.
    n_alphas : int, default=100
        Number of values for ``alphas="auto"``.
    eps : float or None, default=None
        Smallest alpha over largest alpha for ``alphas="auto"``; None is 0.001, or 1e-7
        for penalties that set no coefficient to zero.
    l1_ratios : array-like of float or None, default=None
        Shares of the L1 penalty to try, which replace the `l1_ratio` of the penalty.
    cv : int, splitter, iterable, "loo" or None, default=None
        Splits: None is five folds (stratified for classes); else a number of folds, a
        splitter or an iterable, as in scikit-learn. With `standardize` each fold uses
        the standard deviations of its training rows. "loo" is leave-one-out without
        refits, for smooth losses with an `L2` penalty. It is exact for squared loss.
        For other losses it is one Newton step from the solution, and less accurate for
        small alphas. The penalty is not rescaled when a row is left out, as in
        scikit-learn's `RidgeCV`, and `standardize` uses all rows. `LeaveOneOut()`
        refits for each row.
    scoring : str, callable or None, default=None
        Scorer, of which larger values are better; None is minus the mean loss of the
        held-out rows.
    selection : {"min", "1se"}, default="min"
        "min" selects the alpha with the best mean score, "1se" the strongest penalty
        within one standard error of it.
    n_jobs : int or None, default=None
        Number of folds that are fitted at the same time, in threads.
    fit_intercept : bool, default=True
        Whether to fit an intercept b.
    standardize : bool, default=False
        Whether to divide columns by their standard deviation for the fit, so that the
        penalty does not depend on units. `coef_` is always in the units of the data.
    tol : float, default=1e-6
        Convergence tolerance: the largest violation of the optimality conditions, in
        units of the root mean square gradient of the loss at the best constant, for
        columns of norm one. The excess of the objective is of the order of its square.
    max_iter : int, default=1000
        Largest number of iterations of the solver per fit.
    random_state : int, RandomState or None, default=None
        Seed of the random numbers that solvers (`FirstOrder`) and splitters draw.

    Attributes
    ----------
    alpha_ : float
        Selected strength of the penalty.
    l1_ratio_ : float
        Selected share of the L1 penalty, with `l1_ratios`.
    alphas_ : ndarray of shape (n_alphas,) or (n_l1_ratios, n_alphas)
        Strengths that were tried, descending.
    scores_ : ndarray of shape (n_alphas, n_splits) or (n_l1_ratios, n_alphas, n_splits)
        Score of each alpha on each split; larger is better.
    best_score_ : float
        Mean score of `alpha_`.
    path_ : CoefficientPath
        Coefficients on all rows for each alpha (with `l1_ratio_`).
    oof_ : ndarray of shape (n,) or (n, k)
        Out-of-fold predictions with `alpha_`: for classes, probabilities (of the second
        class, or one column per class), or raw output if the loss has no probabilities.
        NaN in rows that no split holds out.
    coef_, intercept_, coef_names_, n_iter_, converged_, violation_, dual_gap_
        Attributes of the fit on all rows, as in `LinearRegressor`.
    objective_, solver_, loss_, penalty_, n_features_in_, feature_names_in_
        As in `LinearRegressor`.

    See Also
    --------
    LinearRegressor : Linear regression with a given strength of the penalty.
    LinearClassifierCV : Classification counterpart.
    skensemble.display.CoefficientPathDisplay : Plot of `path_`.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skensemble import LinearRegressorCV
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = LinearRegressorCV(penalty="l1", selection="1se").fit(X, y)
    >>> int((model.coef_ != 0).sum())
    6
    """

    _encoder_style = "linear"
    warm_start = False

    def __init__(
        self,
        loss="squared_error",
        penalty="l2",
        solver="auto",
        *,
        alphas="auto",
        n_alphas=100,
        eps=None,
        l1_ratios=None,
        cv=None,
        scoring=None,
        selection="min",
        n_jobs=None,
        fit_intercept=True,
        standardize=False,
        tol=1e-6,
        max_iter=1000,
        random_state=None,
    ):
        self.loss = loss
        self.penalty = penalty
        self.solver = solver
        self.alphas = alphas
        self.n_alphas = n_alphas
        self.eps = eps
        self.l1_ratios = l1_ratios
        self.cv = cv
        self.scoring = scoring
        self.selection = selection
        self.n_jobs = n_jobs
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None, *, groups=None):
        """Fit the path on all rows and on each fold, and select an alpha.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            Training data: numeric, or a frame with categorical columns.
        y : array-like of shape (n,) or (n, k)
            Target.
        sample_weight : array-like of shape (n,) or None, default=None
            Sample weights; a weight of two is equivalent to the row twice.
        groups : array-like of shape (n,) or None, default=None
            Groups of the rows, which are passed to the splitter.

        Returns
        -------
        self : estimator
            The fitted estimator.
        """
        with rollback_on_error(self):
            return _fit_path(self, X, y, sample_weight, groups)


class LinearClassifierCV(ClassTargets, BaseLinear):
    r"""Linear classification with cross-validated strength of the penalty.

    The path of coefficients for all alphas is fitted on all rows and on each fold. Each
    fit starts from the solution for the previous alpha. Folds share computations. For
    squared loss the products of columns are summed once, and each fold subtracts those
    of its held-out rows. For other smooth losses folds share the curvature at the
    solution on all rows.

    Read more in the :ref:`User Guide <guide_linear_cv>`.

    Parameters
    ----------
    loss : str or Loss, default="log_loss"
        Loss per row: a loss of `skensemble.losses`, its short name, or a loss of your
        own. For regression: "squared_error", "huber", "absolute_error", "quantile",
        "poisson", "gamma", ...; for classes: "log_loss", "hinge", "squared_hinge",
        "focal", "ranked_probability", ... Losses with a logit or softmax link have
        `predict_proba`.
    penalty : str or Penalty, default="l2"
        Penalty on the coefficients: `NoPenalty`, `L1`, `L2`, `ElasticNetPenalty`,
        `GroupLasso`, `SparseGroupLasso`, `MCP`, `SCAD`, `Adaptive`, `NonNegative`,
        `Bounded`, or a short name such as "l1".
    solver : str or Solver, default="auto"
        Algorithm that minimises the objective: `Direct`, `CoordinateDescent`,
        `LinearProgramming`, `InteriorPoint`, `LocalLinear`, `ConeProgramming`,
        `NewtonCholesky`, `LBFGS`, `ProximalNewton`, `FISTA`, `Smoothing`, `FirstOrder`,
        or a short name such as "lbfgs". "auto" uses the most precise solver that
        supports the loss and the penalty.
    alphas : "auto" or array-like of float, default="auto"
        Strengths of the penalty to try, which replace its `alpha`. "auto" uses
        `n_alphas` values, evenly spaced on a logarithmic scale, from the least value at
        which all coefficients are zero.
    n_alphas : int, default=100
        Number of values for ``alphas="auto"``.
    eps : float or None, default=None
        Smallest alpha over largest alpha for ``alphas="auto"``; None is 0.001, or 1e-7
        for penalties that set no coefficient to zero.
    l1_ratios : array-like of float or None, default=None
        Shares of the L1 penalty to try, which replace the `l1_ratio` of the penalty.
    cv : int, splitter, iterable, "loo" or None, default=None
        Splits: None is five folds (stratified for classes); else a number of folds, a
        splitter or an iterable, as in scikit-learn. With `standardize` each fold uses
        the standard deviations of its training rows. "loo" is leave-one-out without
        refits, for smooth losses with an `L2` penalty. It is exact for squared loss.
        For other losses it is one Newton step from the solution, and less accurate for
        small alphas. The penalty is not rescaled when a row is left out, as in
        scikit-learn's `RidgeCV`, and `standardize` uses all rows. `LeaveOneOut()`
        refits for each row.
    scoring : str, callable or None, default=None
        Scorer, of which larger values are better; None is minus the mean loss of the
        held-out rows.
    selection : {"min", "1se"}, default="min"
        "min" selects the alpha with the best mean score, "1se" the strongest penalty
        within one standard error of it.
    n_jobs : int or None, default=None
        Number of folds that are fitted at the same time, in threads.
    fit_intercept : bool, default=True
        Whether to fit an intercept b.
    standardize : bool, default=False
        Whether to divide columns by their standard deviation for the fit, so that the
        penalty does not depend on units. `coef_` is always in the units of the data.
    class_weight : dict, "balanced" or None, default=None
        Factors of the sample weights per class. "balanced" uses
        ``n_samples / (n_classes * n_samples_of_class)``.
    tol : float, default=1e-6
        Convergence tolerance: the largest violation of the optimality conditions, in
        units of the root mean square gradient of the loss at the best constant, for
        columns of norm one. The excess of the objective is of the order of its square.
    max_iter : int, default=1000
        Largest number of iterations of the solver per fit.
    random_state : int, RandomState or None, default=None
        Seed of the random numbers that solvers (`FirstOrder`) and splitters draw.

    Attributes
    ----------
    alpha_ : float
        Selected strength of the penalty.
    l1_ratio_ : float
        Selected share of the L1 penalty, with `l1_ratios`.
    alphas_ : ndarray of shape (n_alphas,) or (n_l1_ratios, n_alphas)
        Strengths that were tried, descending.
    scores_ : ndarray of shape (n_alphas, n_splits) or (n_l1_ratios, n_alphas, n_splits)
        Score of each alpha on each split; larger is better.
    best_score_ : float
        Mean score of `alpha_`.
    path_ : CoefficientPath
        Coefficients on all rows for each alpha (with `l1_ratio_`).
    oof_ : ndarray of shape (n,) or (n, k)
        Out-of-fold predictions with `alpha_`: for classes, probabilities (of the second
        class, or one column per class), or raw output if the loss has no probabilities.
        NaN in rows that no split holds out.
    coef_, intercept_, coef_names_, n_iter_, converged_, violation_, dual_gap_
        Attributes of the fit on all rows, as in `LinearRegressor`.
    objective_, solver_, loss_, penalty_, classes_, n_features_in_, feature_names_in_
        As in `LinearClassifier`.

    See Also
    --------
    LinearClassifier : Linear classification with a given strength of the penalty.
    LinearRegressorCV : Regression counterpart.
    skensemble.display.CoefficientPathDisplay : Plot of `path_`.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skensemble import LinearClassifierCV
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = LinearClassifierCV(n_alphas=10, standardize=True).fit(X, y)
    >>> bool(model.score(X, y) > 0.98)
    True
    """

    _encoder_style = "linear"
    warm_start = False

    def __init__(
        self,
        loss="log_loss",
        penalty="l2",
        solver="auto",
        *,
        alphas="auto",
        n_alphas=100,
        eps=None,
        l1_ratios=None,
        cv=None,
        scoring=None,
        selection="min",
        n_jobs=None,
        fit_intercept=True,
        standardize=False,
        class_weight=None,
        tol=1e-6,
        max_iter=1000,
        random_state=None,
    ):
        self.loss = loss
        self.penalty = penalty
        self.solver = solver
        self.alphas = alphas
        self.n_alphas = n_alphas
        self.eps = eps
        self.l1_ratios = l1_ratios
        self.cv = cv
        self.scoring = scoring
        self.selection = selection
        self.n_jobs = n_jobs
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.class_weight = class_weight
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None, *, groups=None):
        """Fit the path on all rows and on each fold, and select an alpha.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            Training data: numeric, or a frame with categorical columns.
        y : array-like of shape (n,) or (n, k)
            Class labels, or one column of 0 and 1 per label.
        sample_weight : array-like of shape (n,) or None, default=None
            Sample weights; a weight of two is equivalent to the row twice.
        groups : array-like of shape (n,) or None, default=None
            Groups of the rows, which are passed to the splitter.

        Returns
        -------
        self : estimator
            The fitted estimator.
        """
        with rollback_on_error(self):
            return _fit_path(self, X, y, sample_weight, groups)
