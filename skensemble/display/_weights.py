"""Plot the weights of members."""

from typing import Any, Self

import pandas as pd

from skensemble.display._axes import (
    BLUE,
    FAINT,
    label_inches,
    member_rows,
    new_axes,
)
from skensemble.display._fitted_attributes import fitted_attribute


class WeightsDisplay:
    """Weights of the members of an ensemble, the largest at the top.

    Read more in the :ref:`User Guide <guide_weights>`.

    Parameters
    ----------
    weights : pandas.Series
        Weights, indexed by the names of the members.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the plot, set by `plot`.
    figure_ : matplotlib Figure
        Figure that contains the axes, set by `plot`.

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
        """Plot the weights of a fitted ensemble with the attribute `weights_`.

        The bars are drawn by :meth:`matplotlib.axes.Axes.barh`.

        Parameters
        ----------
        estimator : estimator
            A fitted estimator. A Pipeline is represented by its last step, and a
            search by its best estimator.
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None creates a new figure.
        hide_zero : bool, default=False
            Whether to omit members with weight zero. If False, they are faint.
        **kwargs : dict
            Keyword arguments of the matplotlib method that draws the data.

        Returns
        -------
        display : WeightsDisplay
            The display.
        """
        weights = fitted_attribute(
            estimator,
            "weights_",
            otherwise="use an ensemble with one weight per member, such as "
            "SuperLearnerClassifier (a stack has none if its meta model has neither "
            "coefficients nor importances), or "
            "WeightsDisplay(weights) with a Series.",
        )
        return cls(weights).plot(ax, hide_zero=hide_zero, **kwargs)

    def plot(self, ax: Any = None, *, hide_zero: bool = False, **kwargs: Any) -> Self:
        """Plot one bar per member by :meth:`matplotlib.axes.Axes.barh`.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None creates a new figure.
        hide_zero : bool, default=False
            Whether to omit members with weight zero. If False, they are faint.
        **kwargs : dict
            Keyword arguments of the matplotlib method that draws the data.

        Returns
        -------
        display : WeightsDisplay
            The display.
        """
        weights = pd.Series(self.weights, dtype=float)
        weights = weights.sort_values(ascending=False, kind="stable")
        zeros = int((weights == 0).sum())
        if hide_zero:
            weights = weights[weights != 0]
        if ax is None:
            width = 5.0 + label_inches(weights.index)
            ax = new_axes(width, 1.0 + 0.27 * max(len(weights), 2))
        member_rows(ax, weights.index)
        _draw_bars(ax, weights, kwargs)
        ax.set_xlabel("weight" + (_left_out_note(zeros) if hide_zero else ""))
        ax.set_ylabel("member")
        self.ax_ = ax
        self.figure_ = ax.figure
        return self


def _draw_bars(ax: Any, weights: pd.Series, kwargs: dict) -> None:
    style = {"color": BLUE, "height": 0.65, **kwargs}
    bars = ax.barh(range(len(weights)), weights.to_numpy(), **style)
    label_texts = ["0" if weight == 0 else _share(weight) for weight in weights]
    texts = ax.bar_label(bars, labels=label_texts, padding=3, fontsize="small")
    ax.axvline(0, color=FAINT, linewidth=0.8)
    ax.set_axisbelow(True)
    for text in texts:  # hides the grid behind the text
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


def _left_out_note(zeros: int) -> str:
    if not zeros:
        return ""
    return f" ({zeros} member{'s' * (zeros > 1)} of weight zero left out)"
