"""The picture of a path: names beside the lines, none over them."""

import matplotlib as mpl
import numpy as np
from sklearn.datasets import load_diabetes

from skensemble import LinearRegressorCV
from skensemble.display import CoefficientPathDisplay

mpl.use("agg")


def test_the_legend_lies_beside_the_lines():
    from matplotlib import pyplot

    X, y = load_diabetes(return_X_y=True, as_frame=True)
    model = LinearRegressorCV(penalty="l1", standardize=True, n_alphas=10).fit(X, y)
    display = CoefficientPathDisplay.from_estimator(model)
    display.figure_.canvas.draw()
    legend = display.ax_.get_legend()
    named = {text.get_text() for text in legend.get_texts()}
    largest = np.argsort(np.abs(display.coef).max(axis=0))[::-1][:8]
    assert named == {X.columns[j] for j in largest}
    box, lines = legend.get_window_extent(), display.ax_.get_window_extent()
    assert box.x0 >= lines.x1
    assert box.x1 <= display.figure_.bbox.x1
    pyplot.close(display.figure_)
