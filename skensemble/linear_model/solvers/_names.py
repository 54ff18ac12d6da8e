"""Solvers by name, and the one that suits a problem."""

from collections.abc import Callable
from typing import Any

from skensemble.linear_model._problem import Problem
from skensemble.linear_model.solvers._contract import Pairing, Solver, pairing
from skensemble.linear_model.solvers._coordinate_descent import CoordinateDescent
from skensemble.linear_model.solvers._direct import Direct
from skensemble.linear_model.solvers._first_order import FirstOrder
from skensemble.linear_model.solvers._fista import FISTA
from skensemble.linear_model.solvers._interior_point import InteriorPoint
from skensemble.linear_model.solvers._lbfgs import LBFGS
from skensemble.linear_model.solvers._linear_programming import LinearProgramming
from skensemble.linear_model.solvers._newton_cholesky import NewtonCholesky
from skensemble.linear_model.solvers._proximal_newton import ProximalNewton

SOLVERS: dict[str, Callable[[], Solver]] = {
    "direct": Direct,
    "newton_cholesky": NewtonCholesky,
    "lbfgs": LBFGS,
    "coordinate_descent": CoordinateDescent,
    "proximal_newton": ProximalNewton,
    "fista": FISTA,
    "linear_programming": LinearProgramming,
    "interior_point": InteriorPoint,
    "first_order": FirstOrder,
}

# A Newton step solves a system of so many unknowns; beyond, L-BFGS is quicker.
_MOST_NEWTON = 1000

# The linear program ends at a vertex, exactly; of more rows an interior point is several
# times quicker, until its system of equations is too large.
_MOST_VERTICES, _MOST_DENSE = 1000, 10_000


def solver_names() -> list[str]:
    """List the short names of the solvers.

    Returns
    -------
    names : list of str
        The names.
    """
    return list(SOLVERS)


def as_solver(solver: Any) -> Solver:
    """Find a solver by its name, or take it as it is.

    Parameters
    ----------
    solver : Solver or str
        A solver, or its name: "lbfgs", "fista", ...

    Returns
    -------
    solver : Solver
        The solver itself, or a new one for a name.
    """
    if isinstance(solver, Solver):
        return solver
    if isinstance(solver, type) and issubclass(solver, Solver):
        raise ValueError(
            f"solver={solver.__name__} is a class; give one: {solver.__name__}()."
        )
    if not isinstance(solver, str) or solver not in SOLVERS:
        raise ValueError(
            f"solver={solver!r} is not known; use 'auto', a solver or one of "
            f"{list(SOLVERS)}."
        )
    return SOLVERS[solver]()


def choose_solver(solver: Any, problem: Problem) -> Solver:
    """Take the solver asked for if it can do the problem, or one that can.

    Parameters
    ----------
    solver : Solver or str
        "auto", a solver or its name.
    problem : Problem
        What is to be solved.

    Returns
    -------
    solver : Solver
        The solver to use.
    """
    pair = pairing(problem)
    if isinstance(solver, str) and solver == "auto":
        return _suitable(pair, problem)
    found = as_solver(solver)
    reason = found.refusal(pair)
    if reason is not None:
        raise ValueError(
            f"solver={_shown(solver)} {reason}, got loss={pair.loss!r} and "
            f"penalty={pair.penalty!r}; use one of {able(pair)}."
        )
    return found


def able(pair: Pairing) -> list[str]:
    """List the names of the solvers that take a pairing.

    Parameters
    ----------
    pair : Pairing
        Loss, penalty and shape.

    Returns
    -------
    names : list of str
        The names, in the order of `solver_names`.
    """
    return [name for name, make in SOLVERS.items() if make().refusal(pair) is None]


def _suitable(pair: Pairing, problem: Problem) -> Solver:
    """The first of those that can, in the order of precision and speed."""
    n, p = problem.design.shape
    kinked = ["linear_programming", "interior_point"]
    smooth = ["newton_cholesky", "lbfgs"]
    if n > _MOST_VERTICES:
        kinked.reverse()
    if p * (pair.width or 1) > _MOST_NEWTON:
        smooth.reverse()
    order = ["direct", "coordinate_descent", *kinked, *smooth]
    # A curvature that is only a bound makes Newton's steps no better than gradient ones.
    composite = ["proximal_newton", "fista"]
    order += composite if pair.loss.exact_hessian else composite[::-1]
    order.append("first_order")
    if min(n, p) > _MOST_DENSE:
        order = [name for name in order if name != "interior_point"]
    found = able(pair)
    return SOLVERS[next(name for name in order if name in found)]()


def _shown(solver: Any) -> str:
    return repr(solver) if isinstance(solver, Solver) else repr(str(solver))
