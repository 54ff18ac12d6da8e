"""Learning-rate range test: increase the rate until the loss rises."""

import math
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from skensemble.core import check_whole, optional
from skensemble.optim._batches import first_size, order_of, updates_of
from skensemble.optim._epoch import Stepper
from skensemble.optim._recipe import Objective, Recipe
from skensemble.optim._state import begin_run

Array = NDArray[Any]

# Decay of the smoothed loss, and the multiple of its minimum at which the test ends.
_DECAY, _TOO_HIGH = 0.9, 4.0


@dataclass(frozen=True)
class RangeTest:
    """Loss at each rate of a learning-rate range test.

    Parameters
    ----------
    rates : ndarray of shape (m,)
        Learning rates in increasing order.
    losses : ndarray of shape (m,)
        Smoothed loss of the mini-batch before each update.
    suggested : float
        A tenth of the rate at which the loss was lowest.
    """

    rates: Array
    losses: Array
    suggested: float


def learning_rate_range_test(
    model: Any,
    X: Any,
    y: Any,
    *,
    sample_weight: Any = None,
    low: float = 1e-6,
    high: float = 10.0,
    steps: int = 200,
) -> RangeTest:
    """Suggest a learning rate from one short run with an increasing rate.

    The rate rises evenly on a logarithmic scale, and the run ends when the smoothed
    loss is far above its minimum (Smith, "Cyclical learning rates for training neural
    networks", WACV 2017, section 3.3). The loss is lowest shortly before the run
    diverges; a tenth of that rate is a safe initial rate.

    Parameters
    ----------
    model : estimator
        Model that is trained by first-order steps: a linear model with
        ``solver=FirstOrder(...)``, or any with a method
        ``first_order_run(X, y, sample_weight)`` that returns an `Objective`, initial
        parameters and a `Recipe`. It is not changed.
    X : {array-like, sparse matrix, frame} of shape (n, n_features)
        Training rows.
    y : array-like of shape (n,) or (n, k)
        Target.
    sample_weight : array-like of shape (n,) or None, default=None
        Sample weights.
    low, high : float
        First and last rate.
    steps : int, default=200
        Largest number of updates.

    Returns
    -------
    test : RangeTest
        Losses at each rate, and a suggested rate.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skensemble import LinearClassifier
    >>> from skensemble.linear_model import FirstOrder
    >>> from skensemble.optim import learning_rate_range_test
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> solver = FirstOrder("sgd", batch_size=32)
    >>> model = LinearClassifier(solver=solver, standardize=True, random_state=0)
    >>> test = learning_rate_range_test(model, X, y)
    >>> bool(0.001 < test.suggested <= 1)
    True
    """
    check_whole("steps", steps, 10)
    if not 0 < low < high < math.inf:
        raise ValueError(
            f"low={low!r} and high={high!r} must be rates above 0 with low < high."
        )
    run = getattr(model, "first_order_run", None)
    if run is None:
        raise ValueError(
            f"{type(model).__name__} is not trained by first-order steps; use a linear "
            "model with solver=FirstOrder(...)."
        )
    objective, params, recipe = clone(model).first_order_run(X, y, sample_weight)
    rates = np.geomspace(low, high, steps)
    losses = _losses_at(objective, params, recipe, rates)
    rates = rates[: len(losses)]
    best = int(np.argmin(losses))
    return RangeTest(rates, losses, float(rates[best] / 10))


def _losses_at(
    objective: Objective, params: list[Array], recipe: Recipe, rates: Array
) -> Array:
    """Smoothed loss at each rate, until it is too high."""
    recipe = replace(recipe, averaging=None, early_stopping=None).checked()
    state = begin_run(params, recipe, decayed=getattr(objective, "decayed", None))
    size = first_size(recipe.batch_size)
    smooth = 0.0
    found: list[float] = []
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        stepper = Stepper(objective, state, recipe)
        for rate, parts in zip(rates, _batches(objective, recipe, size), strict=False):
            loss, _ = stepper.compute_gradient(parts)
            smooth = _DECAY * smooth + (1 - _DECAY) * loss
            level = smooth / (1 - _DECAY ** (len(found) + 1))
            if not math.isfinite(level) or not stepper.is_finite():
                break
            found.append(level)
            if level > _TOO_HIGH * abs(min(found)):
                break
            stepper.step(float(rate))
    if len(found) < 2:
        raise ValueError(
            f"the loss is not finite at the first rate, {rates[0]:g}; use a smaller low."
        )
    return np.array(found)


def _batches(objective: Objective, recipe: Recipe, size: int | None) -> Any:
    """Yield mini-batches in the order of a run, without end."""
    epoch = 0
    n_rows = objective.n_rows
    while True:
        full = size is None or size >= n_rows
        order = None if full else order_of(n_rows, recipe.seed, epoch)
        yield from updates_of(n_rows, size, recipe.accumulate, order)
        epoch += 1


class LearningRateDisplay:
    """Plot of the loss against the learning rate, with the suggested rate marked.

    Parameters
    ----------
    test : RangeTest
        Result of `learning_rate_range_test`.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes of the plot, after `plot`.
    figure_ : matplotlib Figure
        Figure of the plot, after `plot`.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import numpy as np
    >>> from skensemble.optim import LearningRateDisplay, RangeTest
    >>> test = RangeTest(np.array([0.01, 0.1, 1.0]), np.array([3.0, 2.0, 9.0]), 0.01)
    >>> LearningRateDisplay(test).plot().ax_.get_xscale()
    'log'
    """

    def __init__(self, test):
        self.test = test

    @classmethod
    def from_estimator(cls, model: Any, X: Any, y: Any, **options: Any) -> Self:
        """Run the test and plot its result.

        Parameters
        ----------
        model : estimator
            Model that is trained by first-order steps; see `learning_rate_range_test`.
        X : {array-like, sparse matrix, frame} of shape (n, n_features)
            Training rows.
        y : array-like of shape (n,) or (n, k)
            Target.
        **options : dict
            For `learning_rate_range_test`; ``ax`` for `plot`.

        Returns
        -------
        display : LearningRateDisplay
        """
        ax = options.pop("ax", None)
        return cls(learning_rate_range_test(model, X, y, **options)).plot(ax)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Plot the loss against the learning rate.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Axes to plot on; None creates a new figure.
        **kwargs : dict
            For :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        display : LearningRateDisplay
            The display itself, with its axes set.
        """
        if ax is None:
            pyplot = optional("matplotlib.pyplot", extra="plot")
            _, ax = pyplot.subplots(figsize=(5.0, 3.4), layout="constrained")
        ax.plot(self.test.rates, self.test.losses, **kwargs)
        label = f"suggested: {self.test.suggested:.2g}"
        ax.axvline(self.test.suggested, color="0.55", linestyle=":", label=label)
        ax.set(xscale="log", xlabel="learning rate", ylabel="loss, smoothed")
        ax.spines[["top", "right"]].set_visible(False)
        ax.legend(frameon=False)
        self.ax_ = ax
        self.figure_ = ax.figure
        return self
