"""Coefficients over the strength of a penalty, as a picture."""

from typing import Any, Self

import numpy as np

from skensemble.display._canvas import BLUE, FAINT, label_inches, new_axes
from skensemble.display._fitted import fitted_attribute, innermost

# Of more lines than these the smaller ones are drawn faint and without a name.
_MOST_NAMED = 8


class CoefficientPathDisplay:
    """Coefficients over the strength of the penalty, one line a column.

    Strong penalties are on the left: reading to the right, columns enter one after
    another (Efron, Hastie, Johnstone and Tibshirani, "Least angle regression", Annals of
    Statistics 32, 2004). The columns with the largest coefficients are named.

    Parameters
    ----------
    alphas : ndarray of shape (m,)
        Strengths.
    coef : ndarray of shape (m, p)
        Coefficients at each.
    names : list of str or None
        Names of the columns.
    chosen : float or None
        The strength chosen, marked by a line.

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
    >>> from skensemble import LinearRegressorCV
    >>> from skensemble.display import CoefficientPathDisplay
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = LinearRegressorCV(penalty="l1", standardize=True).fit(X, y)
    >>> display = CoefficientPathDisplay.from_estimator(model)
    >>> len(display.ax_.get_lines())
    11
    """

    def __init__(self, alphas, coef, names=None, chosen=None):
        self.alphas = alphas
        self.coef = coef
        self.names = names
        self.chosen = chosen

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        output: int = 0,
        scaled: bool = True,
        ax: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Draw the path of a fitted `LinearRegressorCV` or `LinearClassifierCV`.

        Parameters
        ----------
        estimator : estimator
            Fitted.
        output : int, default=0
            Which class or output, where there is more than one.
        scaled : bool, default=True
            Draw each coefficient times the standard deviation of its column, so that
            they compare; False: in the units of the data.
        ax : matplotlib Axes or None, default=None
            Where to draw; None: a new figure.
        **kwargs : dict
            For :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        display : CoefficientPathDisplay
        """
        path = fitted_attribute(
            estimator,
            "path_",
            otherwise="use LinearRegressorCV or LinearClassifierCV.",
        )
        model = innermost(estimator)
        coef = path.coef if path.coef.ndim == 2 else path.coef[:, :, output]
        if scaled:
            coef = coef * path.spread
        names = list(model.coef_names_)
        return cls(path.alphas, coef, names, model.alpha_).plot(ax, **kwargs)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Where to draw; None: a new figure.
        **kwargs : dict
            For :meth:`matplotlib.axes.Axes.plot`.

        Returns
        -------
        display : CoefficientPathDisplay
            The display itself, with its axes set.
        """
        sizes = np.abs(self.coef).max(axis=0)
        named = {
            j: f"x{j}" if self.names is None else str(self.names[j])
            for j in np.argsort(sizes)[::-1][:_MOST_NAMED]
            if sizes[j] > 0
        }
        if ax is None:
            ax = new_axes(6.0 + label_inches(named.values()), 4.0)
        for j in range(self.coef.shape[1]):
            label = named.get(j)
            style = {"linewidth": 1.5} if label else {"linewidth": 0.8, "color": FAINT}
            ax.plot(self.alphas, self.coef[:, j], label=label, **style | kwargs)
        if self.chosen is not None:
            ax.axvline(self.chosen, color=BLUE, linestyle=":", linewidth=1)
        ax.set(
            xscale="log", xlabel="alpha, strength of the penalty", ylabel="coefficient"
        )
        ax.invert_xaxis()
        if named:
            # Beside the lines: they fill the whole of the picture.
            ax.legend(
                frameon=False,
                fontsize="small",
                loc="upper left",
                bbox_to_anchor=(1.0, 1.0),
            )
        ax.spines[["top", "right"]].set_visible(False)
        self.ax_ = ax
        self.figure_ = ax.figure
        return self
