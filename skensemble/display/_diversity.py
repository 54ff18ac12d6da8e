"""How far members err together, as a picture."""

from typing import Any, Self

import numpy as np
import pandas as pd

from skensemble.core import pair_matrix
from skensemble.display._canvas import PLAIN, label_inches, new_axes
from skensemble.display._fitted import fitted_attribute

_MEANING = {
    "error_correlation": "correlation of errors",
    "q_statistic": "Q statistic",
    "disagreement": "disagreement (one alone is right)",
    "double_fault": "double fault (both are wrong)",
}
# From -1 over 0 to 1, so that the middle of the colours is "nothing in common".
_CENTRED = ("error_correlation", "q_statistic")
_MOST_NUMBERS = 12


class DiversityDisplay:
    """Heat map of a measure of diversity: members by members.

    The diagonal, where a member meets itself, is left grey, as are pairs for which
    the measure is not defined.

    Parameters
    ----------
    diversity : pandas.DataFrame
        One row a pair, indexed by the two members; a column a measure.
    column : str, default="error_correlation"
        The measure drawn. For ``"error_correlation"`` and ``"q_statistic"`` red is
        alike, blue is opposite and white is nothing in common; the others run from
        light at zero to dark.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Where it is drawn, after `plot`.
    figure_ : matplotlib Figure
        The figure, after `plot`.
    im_ : matplotlib AxesImage
        The heat map, after `plot`.

    Examples
    --------
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> import pandas as pd
    >>> from skensemble.display import DiversityDisplay
    >>> pairs = pd.MultiIndex.from_tuples(
    ...     [("ridge", "tree"), ("ridge", "knn"), ("tree", "knn")]
    ... )
    >>> table = pd.DataFrame({"error_correlation": [0.6, 0.7, 0.5]}, index=pairs)
    >>> display = DiversityDisplay(table).plot()
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['ridge', 'tree', 'knn']
    """

    def __init__(self, diversity, *, column="error_correlation"):
        self.diversity = diversity
        self.column = column

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        column: str = "error_correlation",
        ax: Any = None,
        colorbar: bool = True,
        **kwargs: Any,
    ) -> Self:
        """Draw the diversity of a fitted ensemble.

        Parameters
        ----------
        estimator : estimator
            A fitted ensemble with `diversity_`, or a Pipeline that ends in one.
        column : str, default="error_correlation"
            The measure drawn, a column of `diversity_`.
        ax : matplotlib Axes or None, default=None
            Where to draw; None: a new figure that fits the names.
        colorbar : bool, default=True
            Whether to add a colour bar.
        **kwargs : dict
            For :meth:`matplotlib.axes.Axes.imshow`, such as ``vmin`` or ``cmap``.

        Returns
        -------
        display : DiversityDisplay
        """
        table = fitted_attribute(
            estimator,
            "diversity_",
            otherwise="use an ensemble that predicts out of fold, such as "
            "StackingClassifier, or DiversityDisplay(diversity) with a table of pairs.",
        )
        return cls(table, column=column).plot(ax, colorbar=colorbar, **kwargs)

    def plot(self, ax: Any = None, *, colorbar: bool = True, **kwargs: Any) -> Self:
        """Draw the heat map, with numbers for up to 12 members.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to draw; None: a new figure that fits the names.
        colorbar : bool, default=True
            Whether to add a colour bar.
        **kwargs : dict
            For :meth:`matplotlib.axes.Axes.imshow`, such as ``vmin`` or ``cmap``.

        Returns
        -------
        display : DiversityDisplay
            The display itself, with its axes set.
        """
        matrix = pair_matrix(self.diversity, self.column)
        if matrix.empty:
            raise ValueError("diversity has no pairs: one member alone has none.")
        values = np.where(np.eye(len(matrix), dtype=bool), np.nan, matrix)
        if ax is None:
            ax = _square_axes(matrix.index)
        self.im_ = ax.imshow(values, **{**_colours(self.column, values), **kwargs})
        _name_members(ax, matrix.index)
        if len(matrix) <= _MOST_NUMBERS:
            _write_numbers(ax, self.im_, values)
        if colorbar:
            bar = ax.figure.colorbar(self.im_, ax=ax, shrink=0.8)
            bar.set_label(_MEANING.get(self.column, self.column), **PLAIN)
            bar.outline.set_visible(False)
        self.ax_ = ax
        self.figure_ = ax.figure
        return self


def _square_axes(names: pd.Index) -> Any:
    cell = 0.55 if len(names) <= _MOST_NUMBERS else 0.26
    side = max(cell * len(names), 2.8) + label_inches(names) + 0.5
    return new_axes(side + 1.2, side)


def _colours(column: str, values: np.ndarray) -> dict[str, Any]:
    if column in _CENTRED:
        return {"cmap": "RdBu_r", "vmin": -1, "vmax": 1}
    known = values[~np.isnan(values)]
    most = known.max() if len(known) and known.max() > 0 else 1.0
    return {"cmap": "Blues", "vmin": 0, "vmax": most}


def _name_members(ax: Any, names: pd.Index) -> None:
    labels = [str(name) for name in names]
    look = {**PLAIN, "fontsize": "medium" if len(labels) <= _MOST_NUMBERS else "small"}
    steep = {"rotation": 90, "ha": "center", "va": "top"}
    ax.set_xticks(range(len(labels)), labels=labels, **look, **steep)
    ax.set_yticks(range(len(labels)), labels=labels, **look)
    ax.set_facecolor("0.88")  # shows where there is no number
    edges = np.arange(1, len(labels)) - 0.5
    ax.set_xticks(edges, minor=True)
    ax.set_yticks(edges, minor=True)
    ax.grid(which="minor", color="white", linewidth=1)
    ax.tick_params(which="both", length=0)
    ax.spines[:].set_visible(False)
    ax.set(xlabel="member", ylabel="member")


def _write_numbers(ax: Any, image: Any, values: np.ndarray) -> None:
    for (row, column), value in np.ndenumerate(values):
        if np.isnan(value):
            continue
        red, green, blue, _ = image.to_rgba(value)
        light = 0.299 * red + 0.587 * green + 0.114 * blue > 0.5
        told = f"{round(value, 2) + 0.0:.2f}"
        ax.text(column, row, told, ha="center", va="center", fontsize="small",
                color="black" if light else "white")  # fmt: skip
