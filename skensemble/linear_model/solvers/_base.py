"""Base class of solvers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from skensemble.core import ParameterHolder
from skensemble.linear_model._problem import Point, Problem, Solution
from skensemble.linear_model.penalties._base import Form, Penalty, normal_form
from skensemble.losses import Loss


@dataclass(frozen=True)
class Pairing:
    """Loss, penalty and shape of a problem, without the data.

    Parameters
    ----------
    loss : Loss
        Loss of a row.
    penalty : Penalty
        Penalty, bound to the columns.
    p : int
        Number of columns.
    width : int or None
        Number of raw columns; None for one value per row.
    coupled : bool
        Whether the loss of a row couples its raw columns (`Loss.couples_columns`).
    """

    loss: Loss
    penalty: Penalty
    p: int
    width: int | None
    coupled: bool = False


def pairing(problem: Problem) -> Pairing:
    """Loss, penalty and shape of a problem."""
    p = problem.design.shape[1]
    coupled = problem.loss.couples_columns(problem.y, problem.width)
    return Pairing(problem.loss, problem.penalty, p, problem.width, coupled)


def normal_form_of(problem: Problem) -> Form:
    """Normal form of the penalty of a problem, or an error if it has none."""
    return normal_form(problem.penalty, problem.design.shape[1])


def solution_at(
    problem: Problem, point: Point, n_iter: int, violation: float, tolerance: float
) -> Solution:
    """Return a point as a solution, in the type of the columns."""
    point = point.astype(problem.design.dtype)
    return Solution(point, n_iter, violation, violation <= tolerance)


class Solver(ParameterHolder):
    """Base class of solvers, which find the coefficients of a linear model.

    A subclass defines `solve`, and `refusal` if it does not support all losses and
    penalties. It stores its parameters as a scikit-learn estimator does, so
    ``solver__memory`` can be searched.

    Read more in the :ref:`User Guide <guide_linear_solvers>`.

    Attributes
    ----------
    exact : bool
        Whether the solver aims at the tolerance; if it does not reach the tolerance,
        the model gives a warning.
    """

    exact: ClassVar[bool] = True

    def refusal(self, pairing: Pairing) -> str | None:
        """Return the reason why this solver does not support a problem, or None.

        Parameters
        ----------
        pairing : Pairing
            Loss, penalty and shape of the problem.

        Returns
        -------
        reason : str or None
            Such as "needs a smooth penalty"; None if the problem is supported.
        """
        return None

    def solve(self, problem: Problem, start: Point) -> Solution:
        """Minimise the objective of a problem.

        Parameters
        ----------
        problem : Problem
            Objective and tolerance.
        start : Point
            Initial point: the solution of a similar problem, or ``problem.start()``.

        Returns
        -------
        solution : Solution
            Coefficients, intercept and convergence.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define solve.")

    def path(
        self, problem: Problem, penalties: list[Penalty], start: Point
    ) -> Iterator[Solution]:
        """Minimise with each penalty, starting from the previous solution.

        Parameters
        ----------
        problem : Problem
            Objective and tolerance.
        penalties : list of Penalty
            Bound penalties, the strongest first.
        start : Point
            Initial point of the first fit.

        Yields
        ------
        solution : Solution
            Solution for each penalty.
        """
        for penalty in penalties:
            solution = self.solve(problem.with_penalty(penalty), start)
            start = solution.point
            yield solution
