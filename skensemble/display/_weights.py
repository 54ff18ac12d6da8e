"""The weights of members as a picture."""

from typing import Any, Self

import pandas as pd

from skensemble.display._canvas import (
    BLUE,
    FAINT,
    label_inches,
    new_axes,
    rows_of_members,
)
from skensemble.display._fitted import fitted_attribute


class WeightsDisplay:
    """How much every member counts in an ensemble, the heaviest on top.

    Parameters
    ----------
    weights : pandas.Series
        Weights by member.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it is drawn, after `plot`.
    figure_ : matplotlib Figure
        The figure, after `plot`.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import pandas as pd
    >>> from skensemble.display import WeightsDisplay
    >>> weights = pd.Series({"ridge": 0.3, "forest": 0.7, "tree": 0.0})
    >>> display = WeightsDisplay(weights).plot(hide_zero=True)
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['forest', 'ridge']
    >>> display.ax_.get_xlabel()
    'weight (1 member of weight zero left out)'
    """

    def __init__(self, weights):
        self.weights = weights

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, ax: Any = None, hide_zero: bool = False, **kwargs: Any
    ) -> Self:
        """Draw the weights of a fitted ensemble.

        Parameters
        ----------
        estimator : estimator
            A fitted ensemble with `weights_`, or a Pipeline that ends in one.
        ax : matplotlib Axes or None, default=None
            Where to draw; None: a new figure that fits the names.
        hide_zero : bool, default=False
            Whether to leave out members of weight zero.
        **kwargs : dict
            For :meth:`matplotlib.axes.Axes.barh`.

        Returns
        -------
        display : WeightsDisplay
        """
        weights = fitted_attribute(
            estimator,
            "weights_",
            otherwise="use an ensemble that gives every member one weight, such as "
            "SuperLearnerClassifier (a meta model on top gives none), or "
            "WeightsDisplay(weights) with a Series.",
        )
        return cls(weights).plot(ax, hide_zero=hide_zero, **kwargs)

    def plot(self, ax: Any = None, *, hide_zero: bool = False, **kwargs: Any) -> Self:
        """Draw one bar a member.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to draw; None: a new figure that fits the names.
        hide_zero : bool, default=False
            Whether to leave out members of weight zero; they are faint otherwise.
        **kwargs : dict
            For :meth:`matplotlib.axes.Axes.barh`.

        Returns
        -------
        display : WeightsDisplay
            The display itself, with its axes set.
        """
        weights = pd.Series(self.weights, dtype=float)
        weights = weights.sort_values(ascending=False, kind="stable")
        zeros = int((weights == 0).sum())
        if hide_zero:
            weights = weights[weights != 0]
        if ax is None:
            width = 5.0 + label_inches(weights.index)
            ax = new_axes(width, 1.0 + 0.27 * max(len(weights), 2))
        rows_of_members(ax, weights.index)
        _draw_bars(ax, weights, kwargs)
        ax.set_xlabel("weight" + (_left_out(zeros) if hide_zero else ""))
        ax.set_ylabel("member")
        self.ax_ = ax
        self.figure_ = ax.figure
        return self


def _draw_bars(ax: Any, weights: pd.Series, kwargs: dict) -> None:
    style = {"color": BLUE, "height": 0.65, **kwargs}
    bars = ax.barh(range(len(weights)), weights.to_numpy(), **style)
    told = ["0" if weight == 0 else _share(weight) for weight in weights]
    texts = ax.bar_label(bars, labels=told, padding=3, fontsize="small")
    ax.axvline(0, color=FAINT, linewidth=0.8)
    ax.set_axisbelow(True)
    for text in texts:  # over the grid
        text.set_bbox(
            {"facecolor": ax.get_facecolor(), "edgecolor": "none", "pad": 0.5}
        )
    ax.margins(x=0.12)
    if (weights >= 0).all():
        ax.set_xlim(left=0)
    names = ax.get_yticklabels()
    for row, weight in enumerate(weights):
        if weight == 0:
            texts[row].set_color(FAINT)
            names[row].set_color(FAINT)


def _share(weight: float) -> str:
    return f"{weight:.3f}" if abs(weight) >= 0.0005 else f"{weight:.0e}"


def _left_out(zeros: int) -> str:
    if not zeros:
        return ""
    return f" ({zeros} member{'s' * (zeros > 1)} of weight zero left out)"
