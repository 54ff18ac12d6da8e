"""All that a run remembers: what a checkpoint keeps, and what a stream goes on from."""

from collections.abc import Sequence
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
from skensemble.optim._stopping import Settled, Watch

Array = NDArray[Any]


@dataclass
class RunState:
    """All that a run remembers from epoch to epoch. It pickles.

    Parameters
    ----------
    flat : ndarray of shape (p,)
        All parameters, one array after the other.
    shapes : tuple of tuple of int
        Of each array.
    memory : dict
        What the optimizer remembers.
    source : RateSource
        The learning rate, and what a schedule remembers.
    batch_size : int or None
        Rows of a batch now; None for all rows.
    average : IterateAverage or None
        Mean of the iterates.
    watch : Watch or None
        Early stopping.
    settled : Settled or None
        Whether the training loss rests.
    best : ndarray of shape (p,) or None
        Parameters of the best epoch, where early stopping watches.
    history : History
        What each epoch did.
    epoch : int
        Epochs done.
    clock : int
        Updates done, as the schedule counts them.
    stopped : str or None
        What ended the run.
    warned : set of str
        Warnings given, so that each is given once.
    first_loss : float or None
        Of the first update, before it was made; None where a few rows only tell it.
    """

    flat: Array
    shapes: Shapes
    memory: dict[str, Any]
    source: RateSource
    batch_size: int | None
    average: IterateAverage | None = None
    watch: Watch | None = None
    settled: Settled | None = None
    best: Array | None = None
    history: History = field(default_factory=History)
    epoch: int = 0
    clock: int = 0
    stopped: str | None = None
    warned: set[str] = field(default_factory=set)
    first_loss: float | None = None

    @property
    def params(self) -> list[Array]:
        """The parameters now: the mean of the iterates where they are averaged."""
        return [view.copy() for view in views(self.now(), self.shapes)]

    def now(self) -> Array:
        """Give the parameters now, flat and not copied.

        Returns
        -------
        flat : ndarray of shape (p,)
            The mean of the iterates where they are averaged, otherwise the last.
        """
        if self.average is None or self.average.value is None:
            return self.flat
        return self.average.value

    def chosen(self) -> list[Array]:
        """Give the parameters that a run ends with: restored, averaged or the last.

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
    """Begin a run that `advance` takes on, a pass at a time.

    Parameters
    ----------
    params : sequence of array-like
        Where it begins, all of one type; not changed.
    recipe : Recipe
        How it goes.
    decayed : sequence of bool or ndarray, optional
        Which parameters `AdamW` may decay, for each array; all of them by default.

    Returns
    -------
    state : RunState
        The state of the run, before its first step.
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
        settled=None if recipe.tol is None else Settled(recipe.tol, recipe.tol_epochs),
    )
