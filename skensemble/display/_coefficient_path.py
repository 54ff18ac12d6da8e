"""Plot coefficients against the strength of the penalty."""

from typing import Any, Self

import numpy as np

from skensemble.display._axes import BLUE, FAINT, label_inches, new_axes
from skensemble.display._fitted_attributes import fitted_attribute, unwrap_estimator

# Number of lines with a color and a name; all other lines are faint.
_MAX_NAMED = 8


class CoefficientPathDisplay:
    """Coefficients against the strength of the penalty, one line per feature.

    The strongest penalty is on the left. From left to right, the penalty becomes weaker
    and the features enter the model one after another, as in the plots of least angle
    regression [1]_. The features with the largest coefficients are named.

    Read more in the :ref:`User Guide <guide_regularisation>`.

    Parameters
    ----------
    alphas : ndarray of shape (n_alphas,)
        Strengths of the penalty.
    coef : ndarray of shape (n_alphas, n_features)
        Coefficients for each strength.
    names : list of str or None, default=None
        Names of the features. None means x0, x1, ...
    chosen : float or None, default=None
        The selected strength, which is marked by a vertical line.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Axes with the plot, set by `plot`.
    figure_ : matplotlib Figure
        Figure that contains the axes, set by `plot`.

    References
    ----------
    .. [1] Efron, B., Hastie, T., Johnstone, I., Tibshirani, R. (2004). Least angle
       regression. Annals of Statistics 32(2).

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
        """Plot the path of a fitted `LinearRegressorCV` or `LinearClassifierCV`.

        The lines are drawn by :meth:`matplotlib.axes.Axes.plot`.

        Parameters
        ----------
        estimator : estimator
            A fitted estimator. A Pipeline is represented by its last step, and a
            search by its best estimator.
        output : int, default=0
            Index of the class or output, if there are several.
        scaled : bool, default=True
            Whether to multiply each coefficient by the standard deviation of its
            feature, so that the coefficients are comparable. If False, they have the
            units of the data.
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None creates a new figure.
        **kwargs : dict
            Keyword arguments of the matplotlib method that draws the data.

        Returns
        -------
        display : CoefficientPathDisplay
            The display.
        """
        path = fitted_attribute(
            estimator,
            "path_",
            otherwise="use LinearRegressorCV or LinearClassifierCV.",
        )
        model = unwrap_estimator(estimator)
        coef = path.coef if path.coef.ndim == 2 else path.coef[:, :, output]
        if scaled:
            coef = coef * path.spread
        names = list(model.coef_names_)
        return cls(path.alphas, coef, names, model.alpha_).plot(ax, **kwargs)

    def plot(self, ax: Any = None, **kwargs: Any) -> Self:
        """Plot the coefficients by :meth:`matplotlib.axes.Axes.plot`.

        Parameters
        ----------
        ax : matplotlib Axes or None, default=None
            Axes to draw on. None creates a new figure.
        **kwargs : dict
            Keyword arguments of the matplotlib method that draws the data.

        Returns
        -------
        display : CoefficientPathDisplay
            The display.
        """
        sizes = np.abs(self.coef).max(axis=0)
        named = {
            j: f"x{j}" if self.names is None else str(self.names[j])
            for j in np.argsort(sizes)[::-1][:_MAX_NAMED]
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
            # The legend is beside the axes, because the lines fill them.
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
