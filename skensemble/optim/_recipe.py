"""What a run is told, what it asks of a model, and what it gives back."""

from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

from numpy.typing import NDArray

from skensemble.core import check_whole
from skensemble.optim._averaging import check_averaging
from skensemble.optim._batches import as_batch_size
from skensemble.optim._clipping import as_clipping
from skensemble.optim._history import History
from skensemble.optim._names import as_optimizer
from skensemble.optim._rates import check_number
from skensemble.optim._schedules import as_schedule
from skensemble.optim._stopping import as_stopping

Array = NDArray[Any]


class Objective(Protocol):
    """What `minimize` asks of a model: two members, and more where it has them.

    Parameters are a list of arrays. `loss_gradient` must give means, such that the mean
    over parts, weighted by their rows, is the mean over all: with weights w of sum n, the
    mean of w_i loss_i over the rows asked for.

    Where an objective has them, these are used too:

    - ``loss(params) -> float``: on all training rows, for ``exact_loss=True``;
    - ``penalty(params) -> float``: added to the loss that each epoch is known by, where
      there is a `prox`;
    - ``validation_loss(params) -> float``: told after each epoch, for early stopping;
    - ``prox(params, steps) -> params``: proximal operator of a penalty that is no part of
      the loss, such as an L1 penalty, applied after each step; ``steps`` holds a number or
      an array of step sizes for each array of parameters;
    - ``decayed``: a list of bool or arrays, which parameters `AdamW` may decay.

    Rows are asked for as positions. Where these index a large array, ``np.take(X, rows,
    axis=0, out=buffer, mode="clip")`` is the quickest.

    Attributes
    ----------
    n_rows : int
        Number of training rows.

    Examples
    --------
    >>> import numpy as np
    >>> class Bowl:
    ...     n_rows = 1
    ...
    ...     def loss_gradient(self, params, rows):
    ...         (w,) = params
    ...         return w @ w / 2, [w]
    >>> from skensemble.optim import Recipe, minimize
    >>> recipe = Recipe("gradient_descent", epochs=60)
    >>> minimize(Bowl(), [np.ones(2)], recipe).params[0].round(2)
    array([0., 0.])
    """

    n_rows: int

    def loss_gradient(
        self, params: list[Array], rows: Any
    ) -> tuple[float, list[Array]]:
        """Loss and its gradient on some rows.

        Parameters
        ----------
        params : list of ndarray
            Where; not to be changed or kept.
        rows : ndarray of int or slice
            Which training rows; ``slice(None)`` for all.

        Returns
        -------
        loss : float
            Mean over these rows.
        gradients : list of ndarray
            Its gradient, of the shapes of `params`; not changed.
        """
        ...


@dataclass(frozen=True)
class Recipe:
    """How a run goes.

    Parameters
    ----------
    optimizer : Optimizer or str, default="adam"
        Makes the steps, at its own ``learning_rate``: a number or a schedule, whose steps
        are updates (`ReduceOnPlateau` counts epochs).
    epochs : int, default=100
        How many times to go through all rows.
    batch_size : int, "full", GrowingBatch or None, default=None
        Rows of a mini-batch; None is "full" for `GradientDescent`, else 32.
    clipping : ClipByNorm, ClipByValue, float or None, default=None
        Cuts the gradient of each update; a number is the largest norm.
    accumulate : int, default=1
        Mini-batches whose mean gradient makes an update: the update of a larger batch
        without its memory.
    averaging : None, "polyak" or float, default=None
        Give the mean of the iterates in place of the last: "polyak" the mean of all, a
        number the share of the mean that each update keeps, such as 0.999. With an L1
        penalty a mean has fewer exact zeros.
    average_from : int, default=1
        First epoch, from 0, whose iterates count: the start is far from the end.
    early_stopping : Patience, bool or None, default=None
        Stop on the validation loss; True is ``Patience()``.
    tol : float or None, default=None
        Stop when the training loss has not fallen below its best by more than this share
        of it for `tol_epochs` epochs.
    tol_epochs : int, default=5
        See `tol`.
    exact_loss : bool, default=False
        Find the training loss of each epoch on all rows after it, which costs half an
        epoch, in place of the mean over the updates.
    shuffle : bool, default=True
        Draw the order of the rows anew for each epoch.
    seed : int, default=0
        For the order of rows, which depends on the seed and the epoch only.

    Examples
    --------
    >>> from skensemble.optim import Adam, Cosine, Recipe, WarmUp
    >>> recipe = Recipe(
    ...     Adam(WarmUp(Cosine(0.01), steps=0.1)), epochs=20, batch_size=256
    ... )
    >>> recipe.optimizer.learning_rate
    WarmUp(schedule=Cosine(rate=0.01), steps=0.1)
    """

    optimizer: Any = "adam"
    epochs: int = 100
    batch_size: Any = None
    clipping: Any = None
    accumulate: int = 1
    averaging: Any = None
    average_from: int = 1
    early_stopping: Any = None
    tol: float | None = None
    tol_epochs: int = 5
    exact_loss: bool = False
    shuffle: bool = True
    seed: int = 0

    def checked(self) -> "Recipe":
        """Give the recipe with names and numbers turned into what they stand for.

        Returns
        -------
        recipe : Recipe
            The same, checked.
        """
        optimizer = as_optimizer(self.optimizer)
        optimizer.check()
        as_schedule(optimizer.learning_rate)
        for name, lowest in (
            ("epochs", 1),
            ("accumulate", 1),
            ("average_from", 0),
            ("tol_epochs", 1),
            ("seed", 0),
        ):
            check_whole(name, getattr(self, name), lowest)
        if self.tol is not None:
            check_number("tol", self.tol)
        check_averaging(self.averaging)
        return replace(
            self,
            optimizer=optimizer,
            batch_size=as_batch_size(self.batch_size, optimizer),
            clipping=as_clipping(self.clipping),
            early_stopping=as_stopping(self.early_stopping),
        )

    def differences(self, other: "Recipe") -> list[str]:
        """Name what another recipe says otherwise.

        Parameters
        ----------
        other : Recipe
            What this one is compared with.

        Returns
        -------
        differences : list of str
            Such as "epochs=10, not 20".
        """
        pairs = [
            (f.name, repr(getattr(self, f.name)), repr(getattr(other, f.name)))
            for f in fields(self)
        ]
        return [
            f"{name}={mine}, not {theirs}"
            for name, mine, theirs in pairs
            if mine != theirs
        ]


@dataclass(frozen=True)
class RunResult:
    """What a run found.

    Parameters
    ----------
    params : list of ndarray
        The parameters: of the best epoch with early stopping that restores it, else the
        mean of the iterates where they are averaged, else the last.
    history : History
        What each epoch did, those after the best too.
    n_epochs : int
        How many epochs were run.
    converged : bool
        Whether the training loss came to rest (`tol`) or early stopping ended the run. A
        run of a fixed number of epochs cannot tell.
    stopped : str
        What ended it: "tol", "early_stopping", "callback" or "epochs".
    state : RunState
        What `advance` goes on from.
    """

    params: list[Array]
    history: History
    n_epochs: int
    converged: bool
    stopped: str
    state: Any
