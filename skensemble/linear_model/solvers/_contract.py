"""The contract of a solver: what it can minimise, and how it says no."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from skensemble.core import ParameterHolder
from skensemble.linear_model._problem import Point, Problem, Solution
from skensemble.linear_model.penalties._contract import Form, Penalty
from skensemble.losses import Loss


@dataclass(frozen=True)
class Pairing:
    """What is to be solved, without the data.

    Parameters
    ----------
    loss : Loss
        What a row pays.
    penalty : Penalty
        Bound to the columns.
    p : int
        Number of columns.
    width : int or None
        Number of raw columns.
    coupled : bool
        Whether the loss of a row mixes its raw columns (`Loss.couples_columns`).
    """

    loss: Loss
    penalty: Penalty
    p: int
    width: int | None
    coupled: bool = False


def pairing(problem: Problem) -> Pairing:
    """What a problem pairs."""
    p = problem.design.shape[1]
    coupled = problem.loss.couples_columns(problem.y, problem.width)
    return Pairing(problem.loss, problem.penalty, p, problem.width, coupled)


def form_of(problem: Problem) -> Form:
    """Normal form of the penalty of a problem, for solvers that take no other.

    Parameters
    ----------
    problem : Problem
        What is to be solved.

    Returns
    -------
    form : Form
    """
    form = problem.penalty.form(problem.design.shape[1])
    if form is None:
        raise ValueError(
            f"penalty={problem.penalty!r} is no sum of single coefficients."
        )
    return form


class Solver(ParameterHolder):
    """Finds the coefficients of a linear model.

    A subclass defines `solve`, and `refusal` where it cannot take every pairing. It
    stores its parameters as a scikit-learn estimator does, so ``solver__memory`` can be
    searched.

    Attributes
    ----------
    exact : bool
        Whether it ends at the optimality conditions, or else says that it did not.
    """

    exact: ClassVar[bool] = True

    def refusal(self, pairing: Pairing) -> str | None:
        """Say what this solver needs that a pairing does not have.

        Parameters
        ----------
        pairing : Pairing
            Loss, penalty and shape.

        Returns
        -------
        reason : str or None
            Such as "needs a smooth penalty"; None where it can.
        """
        return None

    def solve(self, problem: Problem, start: Point) -> Solution:
        """Minimise.

        Parameters
        ----------
        problem : Problem
            What to minimise, to which tolerance.
        start : Point
            Where to begin: the solution of a problem nearby, or ``problem.start()``.

        Returns
        -------
        solution : Solution
        """
        raise NotImplementedError(f"{type(self).__name__} does not define solve.")

    def path(
        self, problem: Problem, penalties: list[Penalty], start: Point
    ) -> Iterator[Solution]:
        """Minimise with one penalty after another, each from the solution before.

        Parameters
        ----------
        problem : Problem
            What to minimise.
        penalties : list of Penalty
            Bound to the columns, the strongest first.
        start : Point
            Where to begin.

        Yields
        ------
        solution : Solution
        """
        for penalty in penalties:
            solution = self.solve(problem.with_penalty(penalty), start)
            start = solution.point
            yield solution
