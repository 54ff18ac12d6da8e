"""State of a run: the content of a checkpoint, and the start of the next pass."""

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from skensemble.optim._averaging import IterateAverage
from skensemble.optim._batches import first_size
from skensemble.optim._history import History
from skensemble.optim._packing import Shapes, pack, pack_flags, views
from skensemble.optim._rates import RateSource
from skensemble.optim._recipe import Recipe
from skensemble.optim._schedules import as_schedule
from skensemble.optim._stopping import ConvergenceRule, Watch

Array = NDArray[Any]


@dataclass
class RunState:
    """State of a run between two epochs. It can be pickled.

    Parameters
    ----------
    flat : ndarray of shape (p,)
        All parameters, one array after the other.
    shapes : tuple of tuple of int
        Shape of each array.
    memory : dict
        State of the optimizer.
    source : RateSource
        Learning rate of the run.
    batch_size : int or None
        Number of rows per batch; None for all rows.
    average : IterateAverage or None
        Average of the iterates.
    watch : Watch or None
        State of early stopping.
    convergence : ConvergenceRule or None
        Stopping rule on the training loss.
    best : ndarray of shape (p,) or None
        Parameters of the best epoch, if there is early stopping.
    history : History
        Measurements of each epoch.
    epoch : int
        Number of finished epochs.
    clock : int
        Number of finished updates, as the schedule counts them.
    stopped : str or None
        Reason of the end of the run.
    warned : set of str
        Keys of the warnings given, each of which is given once.
    first_loss : float or None
        Loss before the first update; None if its batch is too small to be informative.
    """

    flat: Array
    shapes: Shapes
    memory: dict[str, Any]
    source: RateSource
    batch_size: int | None
    average: IterateAverage | None = None
    watch: Watch | None = None
    convergence: ConvergenceRule | None = None
    best: Array | None = None
    history: History = field(default_factory=History)
    epoch: int = 0
    clock: int = 0
    stopped: str | None = None
    warned: set[str] = field(default_factory=set)
    first_loss: float | None = None

    @property
    def params(self) -> list[Array]:
        """Current parameters: the average of the iterates if they are averaged."""
        return [view.copy() for view in views(self.now(), self.shapes)]

    def now(self) -> Array:
        """Return the current parameters, flat and not copied.

        Returns
        -------
        flat : ndarray of shape (p,)
            The average of the iterates if they are averaged, else the last.
        """
        if self.average is None or self.average.value is None:
            return self.flat
        return self.average.value

    def copy(self) -> "RunState":
        """Return a copy that shares the rows of the history, which do not change.

        Returns
        -------
        state : RunState
            An independent state of the same run.
        """
        return deepcopy(self, {id(row): row for row in self.history.rows})

    def chosen(self) -> list[Array]:
        """Return the parameters of the result: restored, averaged or the last.

        Returns
        -------
        params : list of ndarray
            A copy of each array.
        """
        restored = self.watch is not None and self.watch.rule.restore_best
        if restored and self.best is not None:
            return [view.copy() for view in views(self.best, self.shapes)]
        return self.params


def begin_run(
    params: Sequence[Any], recipe: Recipe, *, decayed: Sequence[Any] | None = None
) -> RunState:
    """Begin a run that `advance` continues, one pass at a time.

    Parameters
    ----------
    params : sequence of array-like
        Initial parameters, all of one type; not changed.
    recipe : Recipe
        Settings of the run.
    decayed : sequence of bool or ndarray, optional
        For each array, the parameters that `AdamW` may decay; all of them by default.

    Returns
    -------
    state : RunState
        State before the first pass.
    """
    recipe = recipe.checked()
    flat, shapes = pack(params)
    flags = pack_flags(decayed, shapes)
    stopping = recipe.early_stopping
    return RunState(
        flat=flat,
        shapes=shapes,
        memory=recipe.optimizer.begin([flat], None if flags is None else [flags]),
        source=as_schedule(recipe.optimizer.learning_rate).follow(),
        batch_size=first_size(recipe.batch_size),
        average=None if recipe.averaging is None else IterateAverage(recipe.averaging),
        watch=None if stopping is None else stopping.watch(),
        convergence=(
            None
            if recipe.tol is None
            else ConvergenceRule(recipe.tol, recipe.tol_epochs)
        ),
    )
