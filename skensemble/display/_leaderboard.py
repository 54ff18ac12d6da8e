"""The leaderboard as a picture."""

from typing import Any, Self

import numpy as np
import pandas as pd

from skensemble.display._canvas import (
    BLUE,
    FAINT,
    PLAIN,
    VERMILION,
    label_inches,
    new_axes,
    rows_of_members,
)
from skensemble.display._fitted import fitted_attribute, innermost

# Columns of seconds, and how far right of the axes they end, in points.
_SECONDS = {"fit_seconds": ("fit s", 46), "predict_seconds": ("predict s", 104)}


class LeaderboardDisplay:
    """Scores of members and of their ensemble, best on top, with the time they took.

    Parameters
    ----------
    leaderboard : pandas.DataFrame
        Indexed by member, with the column ``score`` (more is better) and, where known,
        ``score_std``, ``fit_seconds`` and ``predict_seconds``.
    ensemble : str or None, default=None
        The row of the ensemble itself; None: the last.
    score_name : str, default="score"
        What the score is called on the axis.

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
        """Draw the leaderboard of a fitted ensemble.

        Parameters
        ----------
        estimator : estimator
            A fitted ensemble with `leaderboard_`, or a Pipeline that ends in one.
        ax : matplotlib Axes or None, default=None
            Where to draw; None: a new figure that fits the names.
        score_name : str or None, default=None
            What the score is called on the axis; None: "score", and which where the
            estimator's `scoring` is a name.
        seconds : bool, default=True
            Whether to tell the seconds at the side.
        **kwargs : dict
            For :meth:`matplotlib.axes.Axes.errorbar`.

        Returns
        -------
        display : LeaderboardDisplay
        """
        table = fitted_attribute(
            estimator,
            "leaderboard_",
            otherwise="use an ensemble that scores its members out of fold, such as "
            "StackingClassifier, or LeaderboardDisplay(leaderboard) with a table.",
        )
        if score_name is None:
            rule = getattr(innermost(estimator), "scoring", None)
            score_name = f"score ({rule})" if isinstance(rule, str) else "score"
        return cls(table, score_name=score_name).plot(ax, seconds=seconds, **kwargs)

    def plot(self, ax: Any = None, *, seconds: bool = True, **kwargs: Any) -> Self:
        """Draw one row a member: a dot at the score, a line of one deviation each way.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to draw; None: a new figure that fits the names.
        seconds : bool, default=True
            Whether to tell the seconds at the side.
        **kwargs : dict
            For :meth:`matplotlib.axes.Axes.errorbar`.

        Returns
        -------
        display : LeaderboardDisplay
            The display itself, with its axes set.
        """
        own = self.leaderboard.index[-1] if self.ensemble is None else self.ensemble
        table = self.leaderboard.sort_values("score", ascending=False, kind="stable")
        if ax is None:
            width = 5.0 + label_inches(table.index) + 1.5 * seconds
            ax = new_axes(width, 1.0 + 0.27 * len(table))
        rows_of_members(ax, table.index)
        _draw_scores(ax, table, own, kwargs)
        if seconds:
            _tell_seconds(ax, table)
        known = "score_std" in table and table["score_std"].notna().any()
        spread = " ± standard deviation over splits" if known else ""
        ax.set_xlabel(f"{self.score_name}{spread}", **PLAIN)
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
    if np.isfinite(scores[is_own]).any():  # who is better than the ensemble?
        ax.axvline(
            scores[is_own][0], color=VERMILION, alpha=0.4, lw=1, ls="--", zorder=0
        )
    for row in place[is_own]:
        ax.get_yticklabels()[row].set(color=VERMILION, fontweight="bold")


def _tell_seconds(ax: Any, table: pd.DataFrame) -> None:
    """Write the seconds right of the axes, in columns."""
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
