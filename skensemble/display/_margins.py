"""Plot the distribution of the margins of a classifier."""

from typing import Any, Self

import numpy as np

from skensemble.display._axes import BLUE, FAINT, new_axes
from skensemble.display._fitted_attributes import fitted_attribute


class MarginsDisplay:
    """Cumulative distribution of margins, one line per ensemble.

    The margin of a sample is the share of votes for its class minus the largest share
    of another class. A sample with a negative margin is misclassified. Boosting
    increases the margins even after the training error is zero [1]_.

    Read more in the :ref:`User Guide <guide_adaboost>`.

    Parameters
    ----------
    margins : dict of str to array-like of shape (n_samples,)
        Margins by name of the ensemble.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the plot, set by `plot`.
    figure_ : matplotlib Figure
        Figure that contains the axes, set by `plot`.

    References
    ----------
    .. [1] Schapire, R. E., Freund, Y., Bartlett, P., Lee, W. S. (1998). Boosting the
       margin: a new explanation for the effectiveness of voting methods. Annals of
       Statistics 26(5).

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
        """Plot the margins of a fitted classifier with a method ``margins(X, y)``.

        The lines are drawn by :meth:`matplotlib.axes.Axes.step`.

        Parameters
        ----------
        estimator : estimator
            A fitted estimator. A Pipeline is represented by its last step, and a
            search by its best estimator.
        X : {array-like, sparse matrix, DataFrame} of shape (n_samples, n_features)
            Data.
        y : array-like of shape (n_samples,)
            Classes.
        name : str or None, default=None
            Name of the line in the legend. None means the class of the estimator.
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None creates a new figure.
        **kwargs : dict
            Keyword arguments of the matplotlib method that draws the data.

        Returns
        -------
        display : MarginsDisplay
            The display.
        """
        margins = fitted_attribute(
            estimator,
            "margins",
            otherwise="use AdaBoostClassifier, or MarginsDisplay({name: margins}).",
        )
        name = type(estimator).__name__ if name is None else name
        return cls({name: margins(X, y)}).plot(ax, **kwargs)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Plot one line per ensemble by :meth:`matplotlib.axes.Axes.step`.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None creates a new figure.
        **kwargs : dict
            Keyword arguments of the matplotlib method that draws the data.

        Returns
        -------
        display : MarginsDisplay
            The display.
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
