"""Linear models whose penalty's strength is chosen by cross-validation."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.metrics import check_scoring

from skensemble.core import check_choice, check_jobs, check_per_row
from skensemble.fitting import plan_splits, take_rows
from skensemble.linear_model._base import BaseLinear
from skensemble.linear_model._folds import all_paths
from skensemble.linear_model._grid import check_grid, mixtures, strengths
from skensemble.linear_model._leave_one_out import (
    check_leave_one_out,
    leave_one_out,
)
from skensemble.linear_model._linear import ClassTargets, NumberTargets
from skensemble.linear_model._problem import Point
from skensemble.linear_model._rows import make_problem, rebound, run_of
from skensemble.linear_model.penalties import as_penalty
from skensemble.linear_model.solvers import choose_solver

Array = NDArray[Any]


@dataclass(frozen=True)
class Judged:
    """Scores of all strengths.

    Parameters
    ----------
    scores : ndarray of shape (n_mixtures, n_alphas, n_splits)
        Greater is better; NaN where a split could not be scored.
    error : ndarray of shape (n_mixtures, n_alphas)
        Standard error of the mean score.
    raw : callable
        ``raw(mixture, alpha)``: out-of-fold raw output of a strength, of shape (n,) or
        (n, k); NaN in rows that no split holds out.
    """

    scores: Array
    error: Array
    raw: Callable[[int, int], Array]

    def chosen(self, selection: str) -> tuple[int, int]:
        """Mixture and strength: the best, or the strongest within an error of it."""
        mean = self.scores.mean(axis=2)
        if np.isnan(mean).all():
            raise ValueError("No strength could be scored on the held-out rows.")
        ratio, alpha = np.unravel_index(np.nanargmax(mean), mean.shape)
        if selection == "1se":
            level = mean[ratio, alpha] - self.error[ratio, alpha]
            alpha = np.flatnonzero(mean[ratio] >= level)[0]
        return int(ratio), int(alpha)


class CrossValidated:
    """A path on all rows and on each fold; the strength that scores best."""

    def _fit_path(self, X, y, sample_weight, groups):
        self._check_choices()
        rows = self._read(X, y, sample_weight)
        check_per_row("groups", groups, len(rows.y))
        settings = self._settings()
        kinds = mixtures(as_penalty(self.penalty), self.l1_ratios)
        problem = make_problem(rows, kinds[0], settings)
        grid = [
            (kind, self._strengths(rebound(problem, kind, rows.encoding)))
            for kind in kinds
        ]
        splits = self._splits(X, rows, groups, settings)
        if not splits:
            check_leave_one_out(problem, rows, kinds)
        whole, folds = all_paths(rows, problem, splits, grid, settings, self.n_jobs)
        self.loss_ = problem.loss
        if splits:
            given = (X, y, sample_weight)
            judged = self._judge(given, rows, splits, folds)
        else:
            scores, error, raw = leave_one_out(problem, rows, whole, grid)
            judged = Judged(scores, error, lambda i, j: raw[:, i, j])
        self._choose(rows, problem, grid, whole, judged)
        return self

    def _strengths(self, problem):
        return strengths(problem, self.alphas, self.n_alphas, self.eps)

    def _splits(self, X, rows, groups, settings):
        """The splits; none for leave-one-out, which needs no fits."""
        if isinstance(self.cv, str) and self.cv == "loo":
            return []
        return plan_splits(
            self.cv,
            X,
            rows.y,
            n_rows=len(rows.y),
            classifier=is_classifier(self) and self._task != "multilabel",
            params={} if groups is None else {"groups": groups},
            seed=settings.seed,
        )

    def _judge(self, given, rows, splits, folds):
        shape = (len(folds[0]), len(folds[0][0].alphas))
        scores = np.full((*shape, len(splits)), np.nan)
        score = self._scorer()
        for k, (split, paths) in enumerate(zip(splits, folds, strict=True)):
            scores[:, :, k] = score(self, given, rows, split.test, paths)
        spread = scores.std(axis=2, ddof=1) if len(splits) > 1 else 0 * scores[..., 0]
        return Judged(
            scores,
            spread / np.sqrt(len(splits)),
            partial(_out_of_fold, rows, splits, folds),
        )

    def _scorer(self):
        if self.scoring is None:
            return _by_loss
        self._score_by = check_scoring(self, scoring=self.scoring)
        return _by_scorer

    def _choose(self, rows, problem, grid, whole, judged):
        ratio, index = judged.chosen(self.selection)
        kind, alphas = grid[ratio]
        spread = problem.norms * problem.design.scale
        self.path_ = replace(whole[ratio], spread=spread)
        self.scores_ = judged.scores if self.l1_ratios is not None else judged.scores[0]
        every = np.array([alphas for _, alphas in grid])
        self.alphas_ = every if self.l1_ratios is not None else every[0]
        self.alpha_ = float(alphas[index])
        self.best_score_ = float(judged.scores[ratio, index].mean())
        if self.l1_ratios is not None:
            self.l1_ratio_ = whole[ratio].l1_ratio
        self.oof_ = self._mean(judged.raw(ratio, index))
        bound = rebound(problem, kind, rows.encoding)
        best = bound.with_penalty(bound.penalty.with_alpha(self.alpha_))
        self.solver_ = choose_solver(self.solver, best)
        near = best.design.transformed(
            self.path_.coef[index], self.path_.intercept[index]
        )
        solution = self.solver_.solve(best, Point(*near))
        self.penalty_ = best.penalty
        spent = int(self.path_.n_iter[index]) + solution.n_iter
        self._keep(best, replace(solution, n_iter=max(spent, 1)))

    def _at(self, path, j):
        """This estimator with the coefficients of one strength."""
        model = copy.copy(self)
        model._point = Point(path.coef[j], path.intercept[j])
        model.coef_, model.intercept_ = self._shown(*vars(model._point).values())
        return model

    def _check_choices(self):
        check_grid(self.alphas, self.n_alphas, self.eps)
        check_choice("selection", self.selection, ["min", "1se"])
        check_jobs(self.n_jobs)


def _out_of_fold(rows, splits, folds, ratio, index):
    """Raw output of each row by the fits that did not see it, at one strength."""
    total = np.zeros((len(rows.y), *folds[0][0].intercept.shape[1:]))
    times = np.zeros(len(total))
    for split, paths in zip(splits, folds, strict=True):
        held, path = run_of(split.test), paths[ratio]
        total[held] += rows.X[held] @ path.coef[index] + path.intercept[index]
        times[held] += 1
    with np.errstate(invalid="ignore", divide="ignore"):
        return (total.T / times).T


def _by_loss(model, given, rows, test, paths):
    """Minus the mean loss of the held-out rows."""
    if all(path.risk is not None for path in paths):
        return np.array([-path.risk for path in paths])
    held = rows.take(run_of(test)).weighty()
    if not len(held.y):
        return np.nan
    return np.array([_losses(model.loss_, held, path.raw(held.X)) for path in paths])


def _losses(loss, held, raw):
    """Minus the mean loss of each strength."""
    raw = np.ascontiguousarray(np.moveaxis(raw, 1, 0))
    return [-loss.value(held.y, one, held.weight) for one in raw]


def _by_scorer(model, given, rows, test, paths):
    """Score of a scorer on the held-out rows, which sees an estimator."""
    X, y, sample_weight = given
    held_X, held_y = take_rows(X, test), take_rows(y, test)
    weight = {}
    if sample_weight is not None:
        weight = {"sample_weight": np.asarray(sample_weight)[test]}
    return np.array(
        [
            [
                model._score_by(model._at(path, j), held_X, held_y, **weight)
                for j in range(len(path.alphas))
            ]
            for path in paths
        ]
    )


class LinearRegressorCV(NumberTargets, CrossValidated, BaseLinear):
    r"""`LinearRegressor` with the strength of the penalty chosen by cross-validation.

    The path of coefficients over strengths is fitted on all rows and on each fold, each
    strength from the solution of the one before. Folds share what they can: for squared
    loss the products of columns are summed once, and each fold takes its rows away; for
    smooth losses folds start from the solution on all rows, with its curvature.

    Parameters
    ----------
    loss : str or Loss, default="squared_error"
        What a row pays, as in `LinearRegressor`.
    penalty : str or Penalty, default="l2"
        What the coefficients pay, as in `LinearRegressor`; its `alpha` is replaced.
    solver : str or Solver, default="auto"
        How the minimum is found, as in `LinearRegressor`.
    alphas : "auto" or array-like of float, default="auto"
        Strengths to try, in place of the penalty's `alpha`. "auto": `n_alphas` of them
        evenly on the logarithm, from the least at which all coefficients are zero.
    n_alphas : int, default=100
        Number of strengths, for "auto".
    eps : float or None, default=None
        The weakest strength over the strongest, for "auto"; None: 0.001, or 1e-7 for
        penalties that never select.
    l1_ratios : array-like of float or None, default=None
        Mixing values to try, in place of the penalty's `l1_ratio`.
    cv : int, splitter, iterable, "loo" or None, default=None
        Splits: None for five folds, or all that scikit-learn knows. "loo" leaves each
        row out without refitting, for smooth losses with `L2`: exact for squared loss,
        one Newton step from the solution for others, less accurate the weaker the
        penalty is. The penalty keeps its weight beside the sum of the rows left, as in
        scikit-learn's `RidgeCV`, and with `standardize` one scale, of all rows, serves
        for all; `LeaveOneOut()` fits again for each row, with a scale of its own.
    scoring : str, callable or None, default=None
        Greater is better; None: minus the mean loss of the held-out rows.
    selection : {"min", "1se"}, default="min"
        The best mean score, or the strongest penalty within one standard error of it.
    n_jobs : int or None, default=None
        Folds fitted at a time, on threads.
    fit_intercept : bool, default=True
        Whether there is an intercept.
    standardize : bool, default=False
        Whether columns are divided by their standard deviation for the fit, in each fold
        by that of its training rows; by that of all rows for ``cv="loo"``.
    tol : float, default=1e-6
        Convergence, as in `LinearRegressor`.
    max_iter : int, default=1000
        Most iterations of the solver for one strength.
    random_state : int, RandomState or None, default=None
        For splitters and solvers that draw rows.

    Attributes
    ----------
    alpha_ : float
        The strength chosen.
    l1_ratio_ : float
        The mixing value chosen, with `l1_ratios`.
    alphas_ : ndarray of shape (n_alphas,) or (n_mixtures, n_alphas)
        Strengths tried, descending.
    scores_ : ndarray of shape (n_alphas, n_splits) or (n_mixtures, n_alphas, n_splits)
        Score of each strength on each split; greater is better.
    best_score_ : float
        Mean score of the strength chosen.
    path_ : CoefficientPath
        Coefficients on all rows for each strength (of the mixing value chosen).
    oof_ : ndarray of shape (n,) or (n, k)
        Predictions of each row by the fits that did not see it, at the strength chosen;
        NaN in rows that no split holds out.
    coef_, intercept_, coef_names_, n_iter_, converged_, violation_, dual_gap_
        Of the fit on all rows, as in `LinearRegressor`.
    objective_, solver_, loss_, penalty_, n_features_in_, feature_names_in_
        As in `LinearRegressor`.

    See Also
    --------
    LinearRegressor : With a given strength.
    skensemble.display.CoefficientPathDisplay : Draws `path_`.

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

    warm_start = False

    def fit(self, X, y, sample_weight=None, *, groups=None):
        """Fit the path on all rows and on each fold, and choose a strength.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            The rows: numbers, or a frame with categories.
        y : array-like of shape (n,) or (n, k)
            Their targets.
        sample_weight : array-like of shape (n,) or None, default=None
            Weights of the rows; a weight of two is the row twice.
        groups : array-like of shape (n,) or None, default=None
            Handed to the splitter.

        Returns
        -------
        self : estimator
            The fitted estimator.
        """
        return self._fit_path(X, y, sample_weight, groups)


class LinearClassifierCV(ClassTargets, CrossValidated, BaseLinear):
    r"""`LinearClassifier` with the strength of the penalty chosen by cross-validation.

    The path of coefficients over strengths is fitted on all rows and on each fold, each
    strength from the solution of the one before. Folds share what they can: for squared
    loss the products of columns are summed once, and each fold takes its rows away; for
    smooth losses folds start from the solution on all rows, with its curvature.

    Parameters
    ----------
    loss : str or Loss, default="log_loss"
        What a row pays, as in `LinearClassifier`.
    penalty : str or Penalty, default="l2"
        What the coefficients pay, as in `LinearClassifier`; its `alpha` is replaced.
    solver : str or Solver, default="auto"
        How the minimum is found, as in `LinearClassifier`.
    alphas : "auto" or array-like of float, default="auto"
        Strengths to try, in place of the penalty's `alpha`. "auto": `n_alphas` of them
        evenly on the logarithm, from the least at which all coefficients are zero.
    n_alphas : int, default=100
        Number of strengths, for "auto".
    eps : float or None, default=None
        The weakest strength over the strongest, for "auto"; None: 0.001, or 1e-7 for
        penalties that never select.
    l1_ratios : array-like of float or None, default=None
        Mixing values to try, in place of the penalty's `l1_ratio`.
    cv : int, splitter, iterable, "loo" or None, default=None
        Splits: None for five folds (stratified), or all that scikit-learn knows. "loo"
        leaves each row out without refitting, for smooth losses with `L2`: exact for squared loss,
        one Newton step from the solution for others, less accurate the weaker the
        penalty is. The penalty keeps its weight beside the sum of the rows left, as in
        scikit-learn's `RidgeCV`, and with `standardize` one scale, of all rows, serves
        for all; `LeaveOneOut()` fits again for each row, with a scale of its own.
    scoring : str, callable or None, default=None
        Greater is better; None: minus the mean loss of the held-out rows.
    selection : {"min", "1se"}, default="min"
        The best mean score, or the strongest penalty within one standard error of it.
    n_jobs : int or None, default=None
        Folds fitted at a time, on threads.
    fit_intercept : bool, default=True
        Whether there is an intercept.
    standardize : bool, default=False
        Whether columns are divided by their standard deviation for the fit, in each fold
        by that of its training rows; by that of all rows for ``cv="loo"``.
    class_weight : dict, "balanced" or None, default=None
        Factors of the weights by class.
    tol : float, default=1e-6
        Convergence, as in `LinearClassifier`.
    max_iter : int, default=1000
        Most iterations of the solver for one strength.
    random_state : int, RandomState or None, default=None
        For splitters and solvers that draw rows.

    Attributes
    ----------
    alpha_ : float
        The strength chosen.
    l1_ratio_ : float
        The mixing value chosen, with `l1_ratios`.
    alphas_ : ndarray of shape (n_alphas,) or (n_mixtures, n_alphas)
        Strengths tried, descending.
    scores_ : ndarray of shape (n_alphas, n_splits) or (n_mixtures, n_alphas, n_splits)
        Score of each strength on each split; greater is better.
    best_score_ : float
        Mean score of the strength chosen.
    path_ : CoefficientPath
        Coefficients on all rows for each strength (of the mixing value chosen).
    oof_ : ndarray of shape (n,) or (n, k)
        Probabilities (of the second class, or one column a class) of each row by the fits
        that did not see it, at the strength chosen; raw output for losses without them;
        NaN in rows that no split holds out.
    coef_, intercept_, coef_names_, n_iter_, converged_, violation_, dual_gap_
        Of the fit on all rows, as in `LinearClassifier`.
    objective_, solver_, loss_, penalty_, classes_, n_features_in_, feature_names_in_
        As in `LinearClassifier`.

    See Also
    --------
    LinearClassifier : With a given strength.
    skensemble.display.CoefficientPathDisplay : Draws `path_`.

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

    warm_start = False

    def fit(self, X, y, sample_weight=None, *, groups=None):
        """Fit the path on all rows and on each fold, and choose a strength.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            The rows: numbers, or a frame with categories.
        y : array-like of shape (n,) or (n, k)
            Their labels, or one column of 0 and 1 a label.
        sample_weight : array-like of shape (n,) or None, default=None
            Weights of the rows; a weight of two is the row twice.
        groups : array-like of shape (n,) or None, default=None
            Handed to the splitter.

        Returns
        -------
        self : estimator
            The fitted estimator.
        """
        return self._fit_path(X, y, sample_weight, groups)
