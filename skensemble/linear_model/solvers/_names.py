"""Short names of solvers, and the choice of a solver for a problem."""

from collections.abc import Callable
from typing import Any

from skensemble.linear_model._problem import Problem
from skensemble.linear_model.solvers._base import Pairing, Solver, pairing
from skensemble.linear_model.solvers._cone_programming import ConeProgramming
from skensemble.linear_model.solvers._coordinate_descent import CoordinateDescent
from skensemble.linear_model.solvers._direct import Direct
from skensemble.linear_model.solvers._first_order import FirstOrder
from skensemble.linear_model.solvers._fista import FISTA
from skensemble.linear_model.solvers._interior_point import InteriorPoint
from skensemble.linear_model.solvers._lbfgs import LBFGS
from skensemble.linear_model.solvers._linear_programming import LinearProgramming
from skensemble.linear_model.solvers._local_linear import LocalLinear
from skensemble.linear_model.solvers._newton_cholesky import NewtonCholesky
from skensemble.linear_model.solvers._proximal_newton import ProximalNewton
from skensemble.linear_model.solvers._smoothing import Smoothing

SOLVERS: dict[str, Callable[[], Solver]] = {
    "direct": Direct,
    "newton_cholesky": NewtonCholesky,
    "lbfgs": LBFGS,
    "coordinate_descent": CoordinateDescent,
    "proximal_newton": ProximalNewton,
    "fista": FISTA,
    "linear_programming": LinearProgramming,
    "interior_point": InteriorPoint,
    "local_linear": LocalLinear,
    "cone_programming": ConeProgramming,
    "smoothing": Smoothing,
    "first_order": FirstOrder,
}

# With more unknowns L-BFGS is faster than Newton steps.
_MOST_NEWTON = 1000

# A linear program gives an exact vertex. With more rows an interior point method is
# several times faster, until its system of equations is too large.
_MOST_VERTICES, _MOST_DENSE = 1000, 10_000


def solver_names() -> list[str]:
    """List the short names of the solvers.

    Returns
    -------
    names : list of str
        Names that `as_solver` accepts.
    """
    return list(SOLVERS)


def as_solver(solver: Any) -> Solver:
    """Return a solver, given by its short name or as an instance.

    Parameters
    ----------
    solver : Solver or str
        A solver, or its short name: "lbfgs", "fista", ...

    Returns
    -------
    solver : Solver
        The instance given, or a new one.
    """
    if isinstance(solver, Solver):
        return solver
    if isinstance(solver, type) and issubclass(solver, Solver):
        raise ValueError(
            f"solver={solver.__name__} is a class; use an instance: {solver.__name__}()."
        )
    if not isinstance(solver, str) or solver not in SOLVERS:
        raise ValueError(
            f"solver={solver!r} is not known; use 'auto', a solver or one of "
            f"{list(SOLVERS)}."
        )
    return SOLVERS[solver]()


def choose_solver(solver: Any, problem: Problem) -> Solver:
    """Return the given solver if it supports the problem, or for "auto" one that does.

    Parameters
    ----------
    solver : Solver or str
        A solver, its short name, or "auto".
    problem : Problem
        The problem to solve.

    Returns
    -------
    solver : Solver
        A solver that supports the problem.
    """
    pair = pairing(problem)
    if isinstance(solver, str) and solver == "auto":
        return _suitable(pair, problem)
    found = as_solver(solver)
    reason = found.refusal(pair)
    if reason is not None:
        raise ValueError(
            f"solver={_shown(solver)} {reason}, got loss={pair.loss!r} and "
            f"penalty={pair.penalty!r}; use one of {supporting_solvers(pair)}."
        )
    return found


def supporting_solvers(pair: Pairing) -> list[str]:
    """List the short names of the solvers that support a loss and a penalty.

    Parameters
    ----------
    pair : Pairing
        Loss, penalty and shape of a problem.

    Returns
    -------
    names : list of str
        Names, in the order of `solver_names`.
    """
    return [name for name, make in SOLVERS.items() if make().refusal(pair) is None]


def _suitable(pair: Pairing, problem: Problem) -> Solver:
    """First supported solver, in the order of precision and speed."""
    n, p = problem.design.shape
    kinked = ["linear_programming", "interior_point"]
    smooth = ["newton_cholesky", "lbfgs"]
    if n > _MOST_VERTICES:
        kinked.reverse()
    if p * (pair.width or 1) > _MOST_NEWTON:
        smooth.reverse()
    order = ["direct", "coordinate_descent", *kinked]
    order += ["local_linear", "cone_programming", *smooth]
    # If only a bound of the curvature is known, Newton steps are not better than
    # gradient steps.
    composite = ["proximal_newton", "fista"]
    order += composite if pair.loss.exact_hessian else composite[::-1]
    order += ["smoothing", "first_order"]
    if min(n, p) > _MOST_DENSE:
        order = [name for name in order if name != "interior_point"]
    found = supporting_solvers(pair)
    return SOLVERS[next(name for name in order if name in found)]()


def _shown(solver: Any) -> str:
    return repr(solver) if isinstance(solver, Solver) else repr(str(solver))
