"""First-order steps on mini-batches, for any loss, penalty and number of rows."""

from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from skensemble.core import check_share, expand_short_names, named_seed
from skensemble.fitting import inner_split
from skensemble.linear_model._problem import Point, Problem, Solution
from skensemble.linear_model.solvers._base import Solver
from skensemble.optim import (
    Recipe,
    RunState,
    advance,
    as_optimizer,
    as_stopping,
    begin_run,
    minimize,
)

Array = NDArray[Any]


class FirstOrder(Solver):
    """A first-order optimizer on mini-batches (see `skensemble.optim`).

    For any loss and any penalty. Squares of the penalty are part of the gradient. Other
    penalties (absolute values, groups, bounds) are applied by their proximal operator
    after each step, with the step size of each coefficient, so that zeros are exact
    (Duchi and Singer, "Efficient online and batch learning using forward backward
    splitting", Journal of Machine Learning Research 10, 2009). Scale the columns
    (``standardize=True``), because they share one learning rate. The solution is close
    to the minimum, but not exact.

    Read more in the :ref:`User Guide <guide_linear_solvers>`.

    Parameters
    ----------
    optimizer : Optimizer or str, default="adam"
        Makes the steps: `SGD`, `Momentum`, `Nesterov`, `AdaGrad`, `RMSProp`, `Adam`,
        `AdamW`, `GradientDescent`, or a short name.
    batch_size : int, "full", GrowingBatch or None, default=None
        Number of rows per mini-batch; None is 256, or "full" for `GradientDescent`.
    epochs : int, default=20
        Number of passes over all rows.
    schedule : Schedule, float or None, default=None
        Learning rate, which replaces that of the optimizer.
    clipping : ClipByNorm, ClipByValue, float or None, default=None
        Clips the gradient of each update; a number is the largest norm.
    accumulate : int, default=1
        Number of mini-batches whose mean gradient makes one update.
    averaging : None, "polyak" or float, default=None
        Average of the iterates that the run ends with (see `skensemble.optim.Recipe`).
    early_stopping : Patience, bool or None, default=None
        Stop on the loss of validation rows; True is ``Patience()``.
    validation_fraction : float, default=0.1
        Share of the rows that are held out for early stopping.
    tol : float or None, default=None
        Stop when the training loss has not fallen below its minimum by more than this
        share of it for five epochs.
    shuffle : bool, default=True
        Draw a new order of the rows for each epoch.
    checkpoint : path-like or None, default=None
        File to which the state of the run is written after each epoch.
    resume : bool, default=False
        Continue from `checkpoint` if the file exists; the result is the same as without
        interruption, bit for bit.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skensemble import LinearClassifier
    >>> from skensemble.linear_model import FirstOrder
    >>> from skensemble.optim import Adam, Cosine
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> solver = FirstOrder(Adam(Cosine(0.1)), batch_size=64, epochs=10)
    >>> model = LinearClassifier(solver=solver, standardize=True, random_state=0)
    >>> bool(model.fit(X, y).score(X, y) > 0.97)
    True
    """

    exact: ClassVar[bool] = False

    def __init__(
        self,
        optimizer="adam",
        batch_size=None,
        epochs=20,
        schedule=None,
        *,
        clipping=None,
        accumulate=1,
        averaging=None,
        early_stopping=None,
        validation_fraction=0.1,
        tol=None,
        shuffle=True,
        checkpoint=None,
        resume=False,
    ):
        self.optimizer = optimizer
        self.batch_size = batch_size
        self.epochs = epochs
        self.schedule = schedule
        self.clipping = clipping
        self.accumulate = accumulate
        self.averaging = averaging
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.tol = tol
        self.shuffle = shuffle
        self.checkpoint = checkpoint
        self.resume = resume

    def set_params(self, **params):
        """Set parameters, including those of the optimizer.

        Parameters
        ----------
        **params : dict
            Parameters by name, or by ``optimizer__name``.

        Returns
        -------
        self : FirstOrder
            The solver itself.
        """
        expand_short_names(self, params, {"optimizer": as_optimizer})
        return super().set_params(**params)

    def solve(self, problem, start):
        """Minimise the objective of a problem."""
        recipe = self.recipe(problem)
        held = None
        if recipe.early_stopping is not None:
            problem, held = self._split(problem)
        result = minimize(
            MeanLoss.of(problem, held),
            [start.coef, start.intercept],
            recipe,
            checkpoint=self.checkpoint,
            resume=self.resume,
        )
        found = _solution(problem, result.params, result.n_epochs, result.history)
        ended = result.converged or found.converged
        return replace(found, converged=bool(ended))

    def begin(self, problem: Problem) -> RunState:
        """Begin a run on a stream of rows.

        Parameters
        ----------
        problem : Problem
            Problem of the first rows.

        Returns
        -------
        state : RunState
            State before the first pass.
        """
        start = problem.start()
        return begin_run(
            [start.coef, start.intercept],
            self.recipe(problem).checked(),
            decayed=MeanLoss.of(problem).decayed,
        )

    def objective(self, problem: Problem) -> "MeanLoss":
        """Return the objective of a problem for `skensemble.optim.minimize`.

        Parameters
        ----------
        problem : Problem
            Rows, loss and penalty.

        Returns
        -------
        objective : MeanLoss
            Mean loss with its gradient.
        """
        return MeanLoss.of(problem)

    def advance(self, problem: Problem, state: RunState) -> Solution:
        """Continue a run by one pass over new rows.

        Parameters
        ----------
        problem : Problem
            Problem of the new rows.
        state : RunState
            State of the run; updated in place.

        Returns
        -------
        solution : Solution
            Current coefficients and intercept.
        """
        advance(MeanLoss.of(problem), state, self.recipe(problem))
        return _solution(problem, state.params, state.epoch, state.history)

    def recipe(self, problem: Problem) -> Recipe:
        """Return the settings of a run.

        Parameters
        ----------
        problem : Problem
            Problem whose seed determines the order of the rows.

        Returns
        -------
        recipe : Recipe
            Settings for `skensemble.optim.minimize`.
        """
        optimizer = clone(as_optimizer(self.optimizer))
        if self.schedule is not None:
            optimizer.learning_rate = self.schedule
        size = self.batch_size
        if size is None and not optimizer.full_batch:
            size = 256
        return Recipe(
            optimizer=optimizer,
            epochs=self.epochs,
            batch_size=size,
            clipping=self.clipping,
            accumulate=self.accumulate,
            averaging=self.averaging,
            early_stopping=as_stopping(self.early_stopping),
            tol=self.tol,
            shuffle=self.shuffle,
            seed=named_seed(problem.seed, "rows"),
        )

    def _split(self, problem: Problem) -> tuple[Problem, Problem]:
        check_share("validation_fraction", self.validation_fraction, of="the rows")
        y = problem.y
        train, held = inner_split(
            y,
            fraction=self.validation_fraction,
            how="random",
            stratify=y.ndim == 1 and y.dtype.kind in "iu",
            groups=None,
            seed=named_seed(problem.seed, "validation"),
        )
        return _problem_of_rows(problem, train), _problem_of_rows(problem, held)


@dataclass
class MeanLoss:
    """Mean loss of a linear model, as an objective of `skensemble.optim.minimize`.

    Parameters
    ----------
    problem : Problem
        Training rows, loss and penalty.
    held : Problem or None
        Problem of the validation rows.
    n_rows : int
        Number of training rows.
    weight : ndarray of shape (n,) or None
        Sample weights with mean one; None if all are equal.
    l2 : float, ndarray of shape (p,) or (p, 1)
        Squares of the penalty, which are part of the gradient.
    validation_loss, prox, penalty : callable or None
        Functions of the parameters, as in `skensemble.optim.Objective`.
    decayed : list of bool
        Whether weight decay applies to coefficients and intercept.
    """

    problem: Problem
    held: Problem | None
    n_rows: int
    weight: Array | None
    l2: Any
    validation_loss: Any = None
    prox: Any = None
    penalty: Any = None
    decayed: Any = None
    _buffer: dict[int, Array] = field(default_factory=dict)

    @classmethod
    def of(cls, problem: Problem, held: Problem | None = None) -> "MeanLoss":
        """Return the objective of a problem."""
        n, p = problem.design.shape
        form = problem.penalty.form(p)
        weight = problem.weight * n
        alike = np.ptp(weight) <= 1e-6 * weight.max()
        found = cls(problem, held, n, None if alike else weight, 0.0)
        found.decayed = [True, False]
        if held is not None:
            found.validation_loss = found._validation
        if form is not None and form.quadratic:
            l2 = form.l2.astype(problem.design.dtype)
            found.l2 = l2 if problem.width is None else l2[:, None]
        else:
            found.prox, found.penalty = found._prox, found._penalty
        return found

    def loss_gradient(self, params, rows):
        """Loss, including squares of the penalty, and gradient on some rows."""
        coef, intercept = params
        X, y, weight = self._rows(rows)
        loss = self.problem.loss
        raw = X.times(coef) + intercept
        g = loss.gradient(y, raw)
        share = 1 / len(y)
        if weight is not None:
            g = (g.T * weight).T
        value = loss.pointwise(y, raw)
        value = value.sum(axis=1) if value.ndim == 2 else value
        total = (value @ weight if weight is not None else value.sum()) * share
        slope = X.transposed_times(g)
        slope *= share
        if self.prox is None:
            pull = self.l2 * coef
            total += 0.5 * float(np.vdot(pull, coef))
            slope += pull
        if not self.problem.fit_intercept:
            return float(total), [slope, np.zeros_like(intercept)]
        return float(total), [slope, g.sum(axis=0) * share]

    def _rows(self, rows):
        design, y = self.problem.design, self.problem.y
        weight = self.weight
        if isinstance(rows, slice):
            part = design if rows == slice(None) else design.rows(rows)
            return part, y[rows], weight if weight is None else weight[rows]
        X = design.X[rows] if design.sparse else self._gathered(design.X, rows)
        picked = None if weight is None else weight[rows]
        return replace(design, X=X), y[rows], picked

    def _gathered(self, X, rows):
        """Rows of a dense matrix, in a buffer that batches of equal size share."""
        buffer = self._buffer.get(len(rows))
        if buffer is None:
            buffer = self._buffer[len(rows)] = np.empty(
                (len(rows), X.shape[1]), X.dtype
            )
        return np.take(X, rows, axis=0, out=buffer, mode="clip")

    def _validation(self, params):
        return self.held.loss_value(self.held.raw(Point(*params)))

    def _prox(self, params, steps):
        coef, intercept = params
        step = steps[0]
        if np.ndim(step) and not self.problem.penalty.separable:
            smallest = np.min(step, axis=1) if np.ndim(step) == 2 else step
            step = self.problem.penalty.common_steps(smallest)
            step = step if coef.ndim == 1 else step[:, None]
        return [self.problem.penalty.prox(coef, step), intercept]

    def _penalty(self, params):
        return self.problem.penalty.value(params[0])


def _solution(problem: Problem, params: Any, n_iter: int, history: Any) -> Solution:
    point = Point(params[0], np.asarray(params[1]))
    gradient = problem.gradient(problem.raw(point))
    violation = problem.violation(point, gradient)
    done = violation <= problem.tolerance()
    return Solution(point, n_iter, violation, bool(done), history=history)


def _problem_of_rows(problem: Problem, rows: Array) -> Problem:
    weight = problem.weight[rows]
    return replace(
        problem,
        design=problem.design.rows(rows),
        y=problem.y[rows],
        weight=weight / weight.sum(),
    )
