"""How sure an ensemble is of the right class, as a picture."""

from typing import Any, Self

import numpy as np

from skensemble.display._canvas import BLUE, FAINT, new_axes
from skensemble.display._fitted import fitted_attribute


class MarginsDisplay:
    """Share of the rows up to each margin, one line an ensemble.

    A margin is the share of the vote for the right class minus the largest share of
    another: below zero the row is wrong. Boosting moves the line to the right long after
    the last training error is gone (Schapire et al., "Boosting the margin", Annals of
    Statistics 26, 1998).

    Parameters
    ----------
    margins : dict of str to array-like of shape (n,)
        Margins by name.

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
    >>> from skensemble.display import MarginsDisplay
    >>> display = MarginsDisplay({"stumps": [-0.2, 0.1, 0.6]}).plot()
    >>> display.ax_.get_ylabel()
    'share of the rows'
    """

    def __init__(self, margins):
        self.margins = margins

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        X: Any,
        y: Any,
        *,
        name: str | None = None,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the margins of a fitted classifier.

        Parameters
        ----------
        estimator : estimator
            Fitted, with a method ``margins(X, y)``, such as `AdaBoostClassifier`.
        X : {array-like, sparse matrix, frame} of shape (n, n_features)
            The rows.
        y : array-like of shape (n,)
            Their classes.
        name : str or None, default=None
            What the line is called; None: the class of the estimator.
        ax : matplotlib Axes or None, default=None
            Where to draw; None: a new figure.
        **kwargs : dict
            For :meth:`matplotlib.axes.Axes.step`.

        Returns
        -------
        display : MarginsDisplay
        """
        margins = fitted_attribute(
            estimator,
            "margins",
            otherwise="use AdaBoostClassifier, or MarginsDisplay({name: margins}).",
        )
        name = type(estimator).__name__ if name is None else name
        return cls({name: margins(X, y)}).plot(ax, **kwargs)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Draw one line a name.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to draw; None: a new figure.
        **kwargs : dict
            For :meth:`matplotlib.axes.Axes.step`.

        Returns
        -------
        display : MarginsDisplay
            The display itself, with its axes set.
        """
        ax = new_axes(5.0, 3.4) if ax is None else ax
        own = {"color": BLUE} if len(self.margins) == 1 else {}
        for name, margins in self.margins.items():
            values = np.sort(np.asarray(margins, dtype=float))
            shares = np.arange(1, len(values) + 1) / len(values)
            ax.step(values, shares, where="post", label=name, **own | kwargs)
        ax.axvline(0, color=FAINT, linewidth=0.8)
        ax.set(xlabel="margin", ylabel="share of the rows", xlim=(-1, 1), ylim=(0, 1))
        ax.spines[["top", "right"]].set_visible(False)
        if len(self.margins) > 1:
            ax.legend(frameon=False)
        self.ax_ = ax
        self.figure_ = ax.figure
        return self
