"""Solvers, which minimise the objective of a linear model."""

from skensemble.linear_model.solvers._base import Solver
from skensemble.linear_model.solvers._cone_programming import ConeProgramming
from skensemble.linear_model.solvers._coordinate_descent import CoordinateDescent
from skensemble.linear_model.solvers._direct import Direct
from skensemble.linear_model.solvers._first_order import FirstOrder
from skensemble.linear_model.solvers._fista import FISTA
from skensemble.linear_model.solvers._interior_point import InteriorPoint
from skensemble.linear_model.solvers._lbfgs import LBFGS
from skensemble.linear_model.solvers._linear_programming import LinearProgramming
from skensemble.linear_model.solvers._local_linear import LocalLinear
from skensemble.linear_model.solvers._names import (
    as_solver,
    choose_solver,
    solver_names,
    supporting_solvers,
)
from skensemble.linear_model.solvers._newton_cholesky import NewtonCholesky
from skensemble.linear_model.solvers._proximal_newton import ProximalNewton
from skensemble.linear_model.solvers._smoothing import Smoothing

__all__ = [
    "FISTA",
    "LBFGS",
    "ConeProgramming",
    "CoordinateDescent",
    "Direct",
    "FirstOrder",
    "InteriorPoint",
    "LinearProgramming",
    "LocalLinear",
    "NewtonCholesky",
    "ProximalNewton",
    "Smoothing",
    "Solver",
    "as_solver",
    "choose_solver",
    "solver_names",
    "supporting_solvers",
]
