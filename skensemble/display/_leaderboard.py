"""Plot a leaderboard."""

from typing import Any, Self

import numpy as np
import pandas as pd

from skensemble.display._axes import (
    BLUE,
    FAINT,
    LITERAL_TEXT,
    VERMILION,
    label_inches,
    member_rows,
    new_axes,
)
from skensemble.display._fitted_attributes import fitted_attribute, unwrap_estimator

# Columns of seconds: title, and distance from the axes to their right end in points.
_SECONDS = {"fit_seconds": ("fit s", 46), "predict_seconds": ("predict s", 104)}


class LeaderboardDisplay:
    """Scores of members and of their ensemble, the best at the top, with their times.

    Read more in the :ref:`User Guide <guide_after_the_fit>`.

    Parameters
    ----------
    leaderboard : pandas.DataFrame
        Table with one row per member, the column ``score`` (greater is better) and,
        optionally, the columns ``score_std``, ``fit_seconds`` and ``predict_seconds``.
        The index contains the names of the members.
    ensemble : str or None, default=None
        Name of the row of the ensemble. None means the last row.
    score_name : str, default="score"
        Name of the score on the axis.

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
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skensemble import StackingRegressor
    >>> from skensemble.display import LeaderboardDisplay
    >>> X, y = load_diabetes(return_X_y=True)
    >>> stack = StackingRegressor(
    ...     [("ridge", Ridge()), ("tree", DecisionTreeRegressor(max_depth=3))]
    ... ).fit(X, y)
    >>> display = LeaderboardDisplay.from_estimator(stack, score_name="R²")
    >>> display.ax_.get_xlabel()
    'R² ± standard deviation over splits'
    """

    def __init__(self, leaderboard, *, ensemble=None, score_name="score"):
        self.leaderboard = leaderboard
        self.ensemble = ensemble
        self.score_name = score_name

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        ax: Any = None,
        score_name: str | None = None,
        seconds: bool = True,
        **kwargs: Any,
    ) -> Self:
        """Plot the leaderboard of a fitted ensemble with the attribute `leaderboard_`.

        The scores are drawn by :meth:`matplotlib.axes.Axes.errorbar`.

        Parameters
        ----------
        estimator : estimator
            A fitted estimator. A Pipeline is represented by its last step, and a
            search by its best estimator.
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None creates a new figure.
        score_name : str or None, default=None
            Name of the score on the axis. None means "score", followed by the parameter
            `scoring` of the estimator if it is a name.
        seconds : bool, default=True
            Whether to show the fit and prediction times at the right, in seconds.
        **kwargs : dict
            Keyword arguments of the matplotlib method that draws the data.

        Returns
        -------
        display : LeaderboardDisplay
            The display.
        """
        table = fitted_attribute(
            estimator,
            "leaderboard_",
            otherwise="use an ensemble with out-of-fold scores of its members, such as "
            "StackingClassifier, or LeaderboardDisplay(leaderboard) with a table.",
        )
        if score_name is None:
            rule = getattr(unwrap_estimator(estimator), "scoring", None)
            score_name = f"score ({rule})" if isinstance(rule, str) else "score"
        return cls(table, score_name=score_name).plot(ax, seconds=seconds, **kwargs)

    def plot(self, ax: Any = None, *, seconds: bool = True, **kwargs: Any) -> Self:
        """Plot one row per member with the score and its standard deviation.

        The scores are drawn by :meth:`matplotlib.axes.Axes.errorbar`. Each error bar
        extends by one standard deviation in each direction.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None creates a new figure.
        seconds : bool, default=True
            Whether to show the fit and prediction times at the right, in seconds.
        **kwargs : dict
            Keyword arguments of the matplotlib method that draws the data.

        Returns
        -------
        display : LeaderboardDisplay
            The display.
        """
        own = self.leaderboard.index[-1] if self.ensemble is None else self.ensemble
        table = self.leaderboard.sort_values("score", ascending=False, kind="stable")
        if ax is None:
            width = 5.0 + label_inches(table.index) + 1.5 * seconds
            ax = new_axes(width, 1.0 + 0.27 * len(table))
        member_rows(ax, table.index)
        _draw_scores(ax, table, own, kwargs)
        if seconds:
            _write_seconds(ax, table)
        known = "score_std" in table and table["score_std"].notna().any()
        spread = " ± standard deviation over splits" if known else ""
        ax.set_xlabel(f"{self.score_name}{spread}", **LITERAL_TEXT)
        ax.set_ylabel("member")
        self.ax_ = ax
        self.figure_ = ax.figure
        return self


def _draw_scores(ax: Any, table: pd.DataFrame, own: Any, kwargs: dict) -> None:
    scores = table["score"].to_numpy(float)
    spread = table["score_std"].to_numpy(float) if "score_std" in table else None
    place = np.arange(len(table))
    is_own = table.index == own
    looks = [(~is_own, BLUE, "o", 5.5), (is_own, VERMILION, "D", 7)]
    for chosen, color, marker, size in looks:
        style = {
            "color": color,
            "fmt": marker,
            "markersize": size,
            "elinewidth": 1.5,
            **kwargs,
        }
        error = None if spread is None else spread[chosen]
        ax.errorbar(scores[chosen], place[chosen], xerr=error, **style)
    for row in place[np.isnan(scores)]:
        ax.annotate("no score", (0.02, row), xycoords=ax.get_yaxis_transform(),
                    va="center", color=FAINT)  # fmt: skip
    if np.isfinite(scores[is_own]).any():  # a line to compare members with
        ax.axvline(
            scores[is_own][0], color=VERMILION, alpha=0.4, lw=1, ls="--", zorder=0
        )
    for row in place[is_own]:
        ax.get_yticklabels()[row].set(color=VERMILION, fontweight="bold")


def _write_seconds(ax: Any, table: pd.DataFrame) -> None:
    """Write the seconds in columns at the right of the axes."""
    rows = ax.get_yaxis_transform()
    for column, (title, points) in _SECONDS.items():
        if column not in table:
            continue
        look = {
            "xytext": (points, 0),
            "textcoords": "offset points",
            "ha": "right",
            "va": "center",
            "fontsize": "small",
            "annotation_clip": False,
        }
        for row, value in enumerate(table[column]):
            ax.annotate(_seconds(value), (1, row), xycoords=rows, **look)
        head = {**look, "xytext": (points, 3), "va": "bottom", "color": FAINT}
        ax.annotate(title, (1, 1), xycoords="axes fraction", **head)


def _seconds(value: float) -> str:
    if np.isnan(value):
        return ""
    if value >= 10:
        return f"{value:.0f}"
    return f"{value:.2f}" if value >= 0.005 or value == 0 else "<0.01"
