"""Display of losses: value and gradient."""

from typing import Any, Self

import numpy as np

from skensemble.core import optional
from skensemble.losses._base import Loss
from skensemble.losses._names import as_loss


class LossDisplay:
    """Curves of losses and their gradients over the raw output, for one target.

    Parameters
    ----------
    raw : ndarray of shape (n,)
        Raw outputs of the curves.
    curves : dict of str to tuple of ndarray
        Value and gradient of each loss at `raw`, by its name.
    y : float
        The target.

    Attributes
    ----------
    figure_ : matplotlib Figure
        The figure, after `plot`.
    axes_ : ndarray of matplotlib Axes
        Value on the left, gradient on the right, after `plot`.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> from skensemble.losses import LossDisplay
    >>> display = LossDisplay.from_losses(["squared_error", "huber"])
    >>> [axis.get_title() for axis in display.axes_]
    ['loss', 'gradient']
    """

    def __init__(self, raw, curves, y):
        self.raw = raw
        self.curves = curves
        self.y = y

    @classmethod
    def from_losses(
        cls, losses: Any, *, y: Any = None, raw: Any = None, axes: Any = None
    ) -> Self:
        """Draw losses side by side.

        Parameters
        ----------
        losses : sequence of Loss or str
            Losses with one raw column.
        y : float or None, default=None
            The target; None is 1, which all losses accept.
        raw : array-like of shape (n,) or None, default=None
            The raw outputs; None: from -3 to 3.
        axes : sequence of two matplotlib Axes or None, default=None
            Axes to draw on; None makes a new figure.

        Returns
        -------
        display : LossDisplay
        """
        grid = np.linspace(-3, 3, 601) if raw is None else np.asarray(raw, dtype=float)
        target = 1.0 if y is None else float(y)
        curves = {}
        for loss in [as_loss(one) for one in losses]:
            _check_one_column(loss)
            targets = np.full(len(grid), target)
            curves[repr(loss)] = (
                loss.pointwise(targets, grid),
                loss.gradient(targets, grid),
            )
        return cls(grid, curves, target).plot(axes=axes)

    def plot(self, *, axes: Any = None) -> Self:
        """Draw value and gradient.

        Parameters
        ----------
        axes : sequence of two matplotlib Axes or None, default=None
            Axes to draw on; None makes a new figure.

        Returns
        -------
        display : LossDisplay
            The display itself, with its axes set.
        """
        if axes is None:
            pyplot = optional("matplotlib.pyplot", extra="plot")
            _, axes = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
        for name, curve in self.curves.items():
            for ax, line in zip(axes, curve, strict=True):
                ax.plot(self.raw, line, label=name)
        for ax, title in zip(axes, ("loss", "gradient"), strict=True):
            ax.set(xlabel=f"raw output (y = {self.y:g})", title=title)
        axes[0].legend()
        self.axes_ = np.asarray(axes)
        self.figure_ = axes[0].figure
        return self


def _check_one_column(loss: Loss) -> None:
    if not {"regression", "binary"} & set(loss.links) or loss.width("binary", 2):
        raise ValueError(
            f"loss={loss!r} has several raw outputs per row, so it "
            "cannot be drawn as one curve."
        )
