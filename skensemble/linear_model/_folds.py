"""Paths of all folds: each fold separately, or with shared computations."""

from typing import Any

import numpy as np
from joblib import Parallel, delayed

from skensemble.fitting import Split, inner_threads, limited_blas
from skensemble.linear_model._gram_folds import can_share_gram, gram_paths
from skensemble.linear_model._newton_folds import can_share_curvature, newton_paths
from skensemble.linear_model._path import CoefficientPath, as_path
from skensemble.linear_model._problem import Problem
from skensemble.linear_model._rows import (
    Settings,
    TrainingRows,
    bind_penalty,
    make_problem,
)
from skensemble.linear_model.penalties import Penalty
from skensemble.linear_model.solvers import choose_solver

Grid = list[tuple[Penalty, Any]]


def all_paths(
    rows: TrainingRows,
    problem: Problem,
    splits: list[Split],
    grid: Grid,
    settings: Settings,
    n_jobs: int | None,
) -> tuple[list[CoefficientPath], list[list[CoefficientPath]]]:
    """Fit one path per l1_ratio, on all rows and on the training rows of each split.

    Parameters
    ----------
    rows : TrainingRows
        All rows.
    problem : Problem
        Problem of all rows, with any of the penalties.
    splits : list of Split
        Training and held-out rows.
    grid : list of (Penalty, ndarray)
        For each l1_ratio the unbound penalty and its alphas, descending.
    settings : Settings
        Settings of the fit.
    n_jobs : int or None
        Number of folds that are fitted at the same time.

    Returns
    -------
    full : list of CoefficientPath
        Paths on all rows, one per l1_ratio.
    folds : list of list of CoefficientPath
        Paths of each split, one per l1_ratio.
    """
    if can_share_gram(rows, grid, settings):
        everything = Split("all", None, np.arange(0))
        full, *folds = gram_paths(
            rows, problem, [everything, *splits], grid, settings, n_jobs
        )
        return full, folds
    if can_share_curvature(rows, problem, grid, settings):
        found = newton_paths(rows, problem, splits, grid, settings)
        if found is not None:
            return found
    full = paths(problem, rows, grid, settings)
    threads = inner_threads(n_jobs, len(splits))

    def one(split: Split) -> list[CoefficientPath]:
        with limited_blas(threads):
            train = rows if split.train is None else rows.take(split.train)
            problem = make_problem(train, grid[0][0], settings)
            return paths(problem, train, grid, settings)

    run = Parallel(n_jobs=n_jobs, prefer="threads")
    return full, list(run(delayed(one)(split) for split in splits))


def paths(
    problem: Problem, rows: TrainingRows, grid: Grid, settings: Settings
) -> list[CoefficientPath]:
    """Fit one path per l1_ratio on the rows of a problem."""
    found = []
    for penalty, alphas in grid:
        here = bind_penalty(problem, penalty, rows.encoding)
        bound = [here.penalty.with_alpha(alpha) for alpha in alphas]
        solver = choose_solver(settings.solver, here)
        solutions = solver.path(here, bound, here.start())
        ratio = getattr(penalty, "l1_ratio", None)
        found.append(as_path(alphas, solutions, here.design, ratio))
    return found
