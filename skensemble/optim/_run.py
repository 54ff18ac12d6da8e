"""Runs: epochs until a stopping rule ends them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from skensemble.core import check_whole
from skensemble.optim import _checkpoint
from skensemble.optim._diagnosis import has_risen, warn_after_epoch, warn_after_run
from skensemble.optim._epoch import run_epoch
from skensemble.optim._history import History
from skensemble.optim._recipe import Objective, Recipe, RunResult
from skensemble.optim._state import RunState, begin_run

Callback = Callable[[int, list[Any], History], Any]


def minimize(
    objective: Objective,
    params: Sequence[Any],
    recipe: Recipe | None = None,
    *,
    checkpoint: Any = None,
    every: int = 1,
    resume: bool = False,
    callback: Callback | None = None,
) -> RunResult:
    """Minimise a loss over arrays of parameters by first-order steps.

    The same seed gives the same result, bit for bit, even if the run is interrupted and
    resumed from its checkpoint.

    Read more in the :ref:`User Guide <guide_optimizers>`.

    Parameters
    ----------
    objective : Objective
        The loss to minimise, with its gradient.
    params : sequence of array-like
        Initial parameters, all of one type, which is kept; not changed.
    recipe : Recipe, optional
        Settings of the run; ``Recipe()`` by default.
    checkpoint : path-like, optional
        File to which the state of the run is written after every `every` epochs. It is
        a pickle: resume only from files that you trust.
    every : int, default=1
        Number of epochs between checkpoints; the last epoch is always written.
    resume : bool, default=False
        Continue from the checkpoint if the file exists. A checkpoint of another recipe
        or of other shapes is refused.
    callback : callable, optional
        ``callback(epoch, params, history)``, called after each epoch; the run ends if
        it returns True.

    Returns
    -------
    result : RunResult
        Parameters, history, and the reason of the end.

    Raises
    ------
    DivergedError
        If a loss, a gradient or a parameter is not finite. The error holds the likely
        cause, the last finite parameters and the history.

    See Also
    --------
    advance : One pass over rows at a time, for streams.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.optim import Adam, Cosine, Recipe, minimize
    >>> rng = np.random.default_rng(0)
    >>> class LeastSquares:
    ...     n_rows = 200
    ...     X = rng.normal(size=(200, 2))
    ...     y = X @ [1.0, -2.0]
    ...
    ...     def loss_gradient(self, params, rows):
    ...         X, y = self.X[rows], self.y[rows]
    ...         error = X @ params[0] - y
    ...         return error @ error / (2 * len(y)), [X.T @ error / len(y)]
    >>> recipe = Recipe(Adam(Cosine(0.1)), epochs=20, batch_size=10)
    >>> result = minimize(LeastSquares(), [np.zeros(2)], recipe)
    >>> result.params[0].round(3)
    array([ 1., -2.])
    >>> result.history["loss"].round(2)[[0, -1]]
    array([0.86, 0.  ])
    """
    recipe = (Recipe() if recipe is None else recipe).checked()
    _check_objective(objective, recipe)
    check_whole("every", every, 1)
    state = begin_run(params, recipe, decayed=getattr(objective, "decayed", None))
    if resume:
        state = _resumed(checkpoint, state, recipe, objective.n_rows)
    while state.stopped is None:
        _one_epoch(objective, state, recipe)
        _update_stopping(state, recipe)
        last = state.stopped is not None
        if checkpoint is not None and (last or state.epoch % every == 0):
            _checkpoint.save(checkpoint, state, recipe, objective.n_rows)
        end = callback and callback(state.epoch - 1, state.params, state.history)
        if end and not last:
            if checkpoint is not None:
                _checkpoint.save(checkpoint, state, recipe, objective.n_rows)
            state.stopped = "callback"
    warn_after_run(state, recipe)
    return RunResult(
        params=state.chosen(),
        history=state.history,
        n_epochs=state.epoch,
        converged=_has_converged(state),
        stopped=state.stopped,
        state=state,
    )


def advance(objective: Objective, state: RunState, recipe: Recipe) -> RunState:
    """Continue a run by one pass over rows, which may be new rows of a stream.

    The optimizer continues with its state, and the schedule with its count of updates;
    after ``recipe.epochs`` passes the schedule stays at its last rate. Stopping rules
    are not applied.

    Parameters
    ----------
    objective : Objective
        Loss on the current rows.
    state : RunState
        State from `begin_run`, `minimize` or the previous pass; updated in place.
    recipe : Recipe
        Settings of the run, the same in each call.

    Returns
    -------
    state : RunState
        The same object; ``state.params`` are the current parameters.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.optim import Recipe, advance, begin_run
    >>> class Mean:
    ...     def __init__(self, y):
    ...         self.y, self.n_rows = y, len(y)
    ...
    ...     def loss_gradient(self, params, rows):
    ...         error = params[0] - self.y[rows]
    ...         return np.mean(error**2) / 2, [np.mean(error)]
    >>> recipe = Recipe("sgd", batch_size=10, averaging="polyak")
    >>> state = begin_run([0.0], recipe)
    >>> rng = np.random.default_rng(0)
    >>> for _ in range(50):
    ...     state = advance(Mean(rng.normal(loc=3, size=1000)), state, recipe)
    >>> state.params[0].round(1)
    np.float64(3.0)
    """
    recipe = recipe.checked()
    _check_objective(objective, recipe)
    _one_epoch(objective, state, recipe)
    return state


def _resumed(checkpoint: Any, begun: RunState, recipe: Recipe, n_rows: int) -> RunState:
    if checkpoint is None:
        raise ValueError("resume=True needs checkpoint=..., the file to resume from.")
    if not Path(checkpoint).exists():
        return begun
    return _checkpoint.load(checkpoint, begun, recipe, n_rows)


def _one_epoch(objective: Objective, state: RunState, recipe: Recipe) -> None:
    # Overflow raises a DivergedError that names the cause.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        run_epoch(objective, state, recipe)
    warn_after_epoch(state)


def _update_stopping(state: RunState, recipe: Recipe) -> None:
    """Record the best epoch, and the reason if the run ends."""
    row = state.history.rows[-1]
    if state.epoch >= recipe.epochs:
        state.stopped = "epochs"
    if state.convergence is not None and state.convergence.stops(row["loss"]):
        state.stopped = "tol"
    if state.watch is not None:
        if state.watch.stops(row["validation_loss"]):
            state.stopped = "early_stopping"
        if state.watch.best_round == state.watch.round:
            state.best = state.now().copy()


def _has_converged(state: RunState) -> bool:
    if state.stopped == "tol":
        return not has_risen(state.history["loss"].tolist())
    return state.stopped == "early_stopping"


def _check_objective(objective: Any, recipe: Recipe) -> None:
    check_whole("n_rows", getattr(objective, "n_rows", None), 1)
    required = [("early_stopping", recipe.early_stopping, "validation_loss")]
    required += [("exact_loss", recipe.exact_loss, "loss")]
    for name, value, method in required:
        if value and getattr(objective, method, None) is None:
            raise ValueError(
                f"{name}={value!r} needs an objective with {method}(params), which "
                f"{type(objective).__name__} does not have."
            )
