"""Input and output of a run: the objective, the recipe and the result."""

from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

from numpy.typing import NDArray

from skensemble.core import check_whole
from skensemble.optim._averaging import check_averaging
from skensemble.optim._batches import as_batch_size
from skensemble.optim._clipping import as_clipping
from skensemble.optim._history import History
from skensemble.optim._names import as_optimizer
from skensemble.optim._rates import check_finite
from skensemble.optim._schedules import as_schedule
from skensemble.optim._stopping import as_stopping

Array = NDArray[Any]


class Objective(Protocol):
    """Interface of the losses that `minimize` takes: `n_rows` and `loss_gradient`.

    Parameters are a list of arrays. `loss_gradient` must return means, such that the
    mean over parts, weighted by their numbers of rows, is the mean over all rows: with
    weights w of sum n, the mean of w_i loss_i over the given rows.

    An objective may also have:

    - ``loss(params) -> float``: loss on all training rows, for ``exact_loss=True``;
    - ``penalty(params) -> float``: added to the loss of each epoch in the history, if
      there is a `prox`;
    - ``validation_loss(params) -> float``: computed per epoch, for early stopping;
    - ``prox(params, steps) -> params``: proximal operator of a penalty that is not in
      the loss, such as an L1 penalty, applied after each step; ``steps`` holds a number
      or an array of step sizes for each array of parameters;
    - ``decayed``: a list of bool or arrays, the parameters that `AdamW` may decay.

    Rows are given as positions. If they index a large array, ``np.take(X, rows, axis=0,
    out=buffer, mode="clip")`` is fastest.

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
            The parameters; must not be changed or kept.
        rows : ndarray of int or slice
            Positions of training rows; ``slice(None)`` for all.

        Returns
        -------
        loss : float
            Mean over these rows.
        gradients : list of ndarray
            Gradient of the loss, in the shapes of `params`; not changed by the run.
        """
        ...


@dataclass(frozen=True)
class Recipe:
    """Settings of a run: optimizer, batches, averaging and stopping.

    Parameters
    ----------
    optimizer : Optimizer or str, default="adam"
        Makes the steps, at its own ``learning_rate``: a number or a schedule, whose
        steps are updates (`ReduceOnPlateau` counts epochs).
    epochs : int, default=100
        Number of passes over all rows.
    batch_size : int, "full", GrowingBatch or None, default=None
        Number of rows per mini-batch; None is "full" for `GradientDescent`, else 32.
    clipping : ClipByNorm, ClipByValue, float or None, default=None
        Clips the gradient of each update; a number is the largest norm.
    accumulate : int, default=1
        Number of mini-batches whose mean gradient makes one update. This is the update
        of a larger batch with the memory of a small one.
    averaging : None, "polyak" or float, default=None
        Average of the iterates that the run ends with; None is the last iterate,
        "polyak" the mean of all, and a number the decay of a moving average, such as
        0.999. With an L1 penalty an average has fewer exact zeros.
    average_from : int, default=1
        First epoch, counted from 0, whose iterates are averaged. Early iterates are far
        from the minimum.
    early_stopping : Patience, bool or None, default=None
        Stop on the validation loss; True is ``Patience()``.
    tol : float or None, default=None
        Stop when the training loss has not fallen below its minimum by more than this
        share of it for `tol_epochs` epochs.
    tol_epochs : int, default=5
        Number of epochs for `tol`.
    exact_loss : bool, default=False
        Compute the training loss on all rows after each epoch, which costs about half
        an epoch, instead of the mean over the updates.
    shuffle : bool, default=True
        Draw a new order of the rows for each epoch.
    seed : int, default=0
        Seed of the order of rows, which depends on the seed and the epoch only.

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
        """Check all settings, and replace names and numbers by objects.

        Returns
        -------
        recipe : Recipe
            A checked copy.
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
            check_finite("tol", self.tol)
        check_averaging(self.averaging)
        return replace(
            self,
            optimizer=optimizer,
            batch_size=as_batch_size(self.batch_size, optimizer),
            clipping=as_clipping(self.clipping),
            early_stopping=as_stopping(self.early_stopping),
        )

    def differences(self, other: "Recipe") -> list[str]:
        """List the settings that differ from another recipe.

        Parameters
        ----------
        other : Recipe
            The recipe to compare with.

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
    """Result of a run.

    Parameters
    ----------
    params : list of ndarray
        The parameters: of the best epoch if early stopping restores it, else the
        average of the iterates if they are averaged, else the last.
    history : History
        Measurements of each epoch, including those after the best.
    n_epochs : int
        Number of epochs.
    converged : bool
        Whether the training loss converged (`tol`) or early stopping ended the run;
        False for a run of a fixed number of epochs.
    stopped : str
        Reason of the end: "tol", "early_stopping", "callback" or "epochs".
    state : RunState
        State of the run, from which `advance` continues.
    """

    params: list[Array]
    history: History
    n_epochs: int
    converged: bool
    stopped: str
    state: Any
