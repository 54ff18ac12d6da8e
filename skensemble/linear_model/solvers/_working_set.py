"""Working sets: solve for some columns, check all columns, add violating columns."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.linear_model._problem import Point, Problem, Solution

Array = NDArray[Any]
Solve = Callable[[Problem, Point], Solution]

# Problems with fewer columns are solved without working sets.
NARROW = 300
# Largest number of columns that the first working set adds.
_FIRST = 30


def by_working_sets(problem: Problem, start: Point, solve: Solve) -> Solution:
    """Solve a problem of many columns by a sequence of problems of few columns.

    The working set holds the columns whose coefficients are not zero and those with the
    largest violations of the optimality conditions. Its size may double each time that
    all columns are checked (Johnson and Guestrin, "Blitz", ICML 2015).

    Parameters
    ----------
    problem : Problem
        Problem of all columns.
    start : Point
        Initial point.
    solve : callable
        ``solve(problem, start)`` solves a problem of few columns.

    Returns
    -------
    solution : Solution
    """
    tol = problem.tolerance()
    p = problem.design.shape[1]
    blocks = problem.penalty.blocks(p)
    point, n_iter = start, 0
    for _ in range(100):
        gradient = problem.gradient(problem.raw(point))
        violation = problem.violation(point, gradient)
        if violation <= tol or n_iter >= problem.max_iter:
            break
        chosen = _chosen(problem, point, gradient, blocks, tol)
        found = _solve_columns(problem, point, chosen, solve)
        n_iter += max(found.n_iter, 1)
        coef = np.zeros_like(point.coef)
        coef[chosen] = found.point.coef
        point = Point(coef, found.point.intercept)
    return Solution(point, n_iter, violation, violation <= tol)


def _chosen(
    problem: Problem, point: Point, gradient: Point, blocks: Array, tol: float
) -> Array:
    """Columns of the blocks that are not zero or have the largest violations."""
    each = problem.penalty.violation(point.coef, gradient.coef)
    each = (each.T / problem.norms_for(len(each))).T
    each = each.max(axis=1) if each.ndim == 2 else each
    n_blocks = int(blocks.max()) + 1
    alive = np.zeros(n_blocks, dtype=bool)
    used = point.coef != 0
    alive[blocks[used.any(axis=1) if used.ndim == 2 else used]] = True
    new = np.flatnonzero(~alive & (each > 0.5 * tol))
    most = max(_FIRST, int(alive.sum()))
    worst = new[np.argsort(-each[new], kind="stable")[:most]]
    alive[worst] = True
    return np.flatnonzero(alive[blocks])


def _solve_columns(
    problem: Problem, point: Point, chosen: Array, solve: Solve
) -> Solution:
    """Solve for some columns, with the tolerance of the problem of all columns."""
    few = replace(
        problem,
        design=problem.design.columns(chosen),
        penalty=problem.penalty.columns(chosen),
    )
    vars(few)["norms"] = problem.norms[chosen]
    return solve(few, Point(point.coef[chosen], point.intercept))
