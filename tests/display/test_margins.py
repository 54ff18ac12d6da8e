"""Plots of margins."""

import matplotlib as mpl
import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge

from skensemble import AdaBoostClassifier
from skensemble.display import MarginsDisplay

mpl.use("agg")


def test_the_line_crosses_zero_at_the_error():
    X, y = load_breast_cancer(return_X_y=True)
    model = AdaBoostClassifier(n_estimators=3, random_state=0).fit(X, y)

    display = MarginsDisplay.from_estimator(model, X, y)

    values, shares = display.ax_.lines[0].get_data()
    assert shares[values < 0].max() == pytest.approx(np.mean(model.predict(X) != y))


def test_several_lines_have_a_legend():
    display = MarginsDisplay({"one": [0.1, 0.4], "two": [-0.5, 1.0]}).plot(alpha=0.5)

    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels == ["one", "two"]
    assert display.ax_.lines[0].get_alpha() == 0.5


def test_an_estimator_without_margins_is_refused():
    with pytest.raises(ValueError, match="use AdaBoostClassifier"):
        MarginsDisplay.from_estimator(Ridge().fit([[0.0], [1.0]], [0, 1]), [[0.0]], [0])
    with pytest.raises(NotFittedError, match="not fitted"):
        MarginsDisplay.from_estimator(AdaBoostClassifier(), [[0.0]], [0])
