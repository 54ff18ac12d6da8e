"""Plot a measure of diversity for each pair of members."""

from typing import Any, Self

import numpy as np
import pandas as pd

from skensemble.core import pair_matrix
from skensemble.display._axes import LITERAL_TEXT, label_inches, new_axes
from skensemble.display._fitted_attributes import fitted_attribute

_LABELS = {
    "error_correlation": "correlation of errors",
    "q_statistic": "Q statistic",
    "disagreement": "disagreement (only one is right)",
    "double_fault": "double fault (both are wrong)",
}
# Measures from -1 to 1, whose color map is centered at 0.
_CENTERED = ("error_correlation", "q_statistic")
_MAX_ANNOTATED = 12


class DiversityDisplay:
    """Heat map of a measure of diversity for each pair of members.

    The diagonal and pairs for which the measure is not defined are grey.

    Read more in the :ref:`User Guide <guide_after_the_fit>`.

    Parameters
    ----------
    diversity : pandas.DataFrame
        Measures of diversity, with one row per pair of members and one column per
        measure. The index contains the names of the two members.
    column : str, default="error_correlation"
        The measure that is drawn, a column of `diversity`. For ``"error_correlation"``
        and ``"q_statistic"``, red means similar errors, blue means opposite errors and
        white means unrelated errors. Other measures are drawn from light, which means
        zero, to dark.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the plot, set by `plot`.
    figure_ : matplotlib Figure
        Figure that contains the axes, set by `plot`.
    im_ : matplotlib AxesImage
        The heat map, set by `plot`.

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
        """Plot the diversity of a fitted ensemble with the attribute `diversity_`.

        The heat map is drawn by :meth:`matplotlib.axes.Axes.imshow`.

        Parameters
        ----------
        estimator : estimator
            A fitted estimator. A Pipeline is represented by its last step, and a
            search by its best estimator.
        column : str, default="error_correlation"
            The measure that is drawn, a column of `diversity_`.
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None creates a new figure.
        colorbar : bool, default=True
            Whether to add a color bar.
        **kwargs : dict
            Keyword arguments of the matplotlib method that draws the data.

        Returns
        -------
        display : DiversityDisplay
            The display.
        """
        table = fitted_attribute(
            estimator,
            "diversity_",
            otherwise="use an ensemble with the attribute `diversity_`, such as "
            "StackingClassifier, or DiversityDisplay(diversity) with a table of pairs.",
        )
        return cls(table, column=column).plot(ax, colorbar=colorbar, **kwargs)

    def plot(self, ax: Any = None, *, colorbar: bool = True, **kwargs: Any) -> Self:
        """Plot the heat map by :meth:`matplotlib.axes.Axes.imshow`.

        With up to 12 members, the values are written in the cells.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None creates a new figure.
        colorbar : bool, default=True
            Whether to add a color bar.
        **kwargs : dict
            Keyword arguments of the matplotlib method that draws the data.

        Returns
        -------
        display : DiversityDisplay
            The display.
        """
        matrix = pair_matrix(self.diversity, self.column)
        if matrix.empty:
            raise ValueError(
                "diversity has no pairs of members; an ensemble of at least two members "
                "is required."
            )
        values = np.where(np.eye(len(matrix), dtype=bool), np.nan, matrix)
        if ax is None:
            ax = _square_axes(matrix.index)
        self.im_ = ax.imshow(
            values, **{**_color_options(self.column, values), **kwargs}
        )
        _label_members(ax, matrix.index)
        if len(matrix) <= _MAX_ANNOTATED:
            _write_numbers(ax, self.im_, values)
        if colorbar:
            bar = ax.figure.colorbar(self.im_, ax=ax, shrink=0.8)
            bar.set_label(_LABELS.get(self.column, self.column), **LITERAL_TEXT)
            bar.outline.set_visible(False)
        self.ax_ = ax
        self.figure_ = ax.figure
        return self


def _square_axes(names: pd.Index) -> Any:
    cell = 0.55 if len(names) <= _MAX_ANNOTATED else 0.26
    side = max(cell * len(names), 2.8) + label_inches(names) + 0.5
    return new_axes(side + 1.2, side)


def _color_options(column: str, values: np.ndarray) -> dict[str, Any]:
    if column in _CENTERED:
        return {"cmap": "RdBu_r", "vmin": -1, "vmax": 1}
    known = values[~np.isnan(values)]
    most = known.max() if len(known) and known.max() > 0 else 1.0
    return {"cmap": "Blues", "vmin": 0, "vmax": most}


def _label_members(ax: Any, names: pd.Index) -> None:
    labels = [str(name) for name in names]
    look = {
        **LITERAL_TEXT,
        "fontsize": "medium" if len(labels) <= _MAX_ANNOTATED else "small",
    }
    steep = {"rotation": 90, "ha": "center", "va": "top"}
    ax.set_xticks(range(len(labels)), labels=labels, **look, **steep)
    ax.set_yticks(range(len(labels)), labels=labels, **look)
    ax.set_facecolor("0.88")  # visible where the measure is not defined
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
        text = f"{round(value, 2) + 0.0:.2f}"
        ax.text(column, row, text, ha="center", va="center", fontsize="small",
                color="black" if light else "white")  # fmt: skip
