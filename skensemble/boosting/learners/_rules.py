r"""How AdaBoost weighs a weak learner, and the rows after it.

Codes of classes are :math:`y_i`, weights of rows :math:`w_i` with sum one, and there are
:math:`K` classes. What a learner adds to the whole is called its part: a number for two
classes (in the end the log-odds, or a vote), a column a class for more.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

Array = NDArray[Any]

# Probabilities nearer to 0 or 1 are no more believed.
_LEAST = 1e-5
# Working responses of LogitBoost are cut there (Friedman, Hastie and Tibshirani, 2000).
_LARGEST_RESPONSE = 4.0
_LEAST_CURVATURE = 1e-10


@dataclass(frozen=True)
class Step:
    """What a round came to.

    Parameters
    ----------
    error : float
        Weighted share of the rows that the learner gets wrong.
    weight : float
        Its weight in the whole.
    factor : ndarray of shape (n,) or None
        What the weights of the rows are multiplied by; None: this was the last round.
    """

    error: float
    weight: float
    factor: Array | None


class Rule(ABC):
    """One variant of AdaBoost for classes.

    Parameters
    ----------
    n_classes : int
        How many classes there are.
    rate : float
        Learning rate.
    """

    # What learners are asked for: "labels", "probabilities" or "response".
    asks = "labels"
    # Whether the whole is a vote, divided by the sum of the weights.
    votes = False

    def __init__(self, n_classes: int, rate: float) -> None:
        self.n_classes, self.rate = n_classes, rate

    @abstractmethod
    def part(self, answer: Array, weight: float) -> Array:
        """What a learner adds to the whole."""

    @abstractmethod
    def step(self, y: Array, answer: Array, weight: Array) -> Step | None:
        """Weigh a learner; None where it is no better than chance."""

    def loss(self, y: Array, whole: Array, weight: Array | None) -> float:
        """Mean of the loss that the variant minimises: here the exponential one."""
        with np.errstate(over="ignore"):
            return float(np.average(np.exp(-self.margin(y, whole)), weights=weight))

    def margin(self, y: Array, whole: Array) -> Array:
        """What stands in the exponent: how far a row is on the right side."""
        if self.n_classes == 2:
            return np.asarray(0.5 * (2 * y - 1) * whole)
        return np.asarray(whole[np.arange(len(y)), y] / (self.n_classes - 1))

    def labels(self, whole: Array) -> Array:
        """Turn the whole into codes of classes."""
        return (whole > 0).astype(np.intp) if whole.ndim == 1 else whole.argmax(axis=1)

    def probabilities(self, whole: Array) -> Array:
        """Turn the whole into probabilities, (n, n_classes)."""
        if self.n_classes == 2:
            return _two_columns(expit(whole))
        return np.asarray(softmax(whole / (self.n_classes - 1), axis=1))


class Samme(Rule):
    r"""SAMME: learners vote by label, with weight :math:`\log\frac{1-e}{e} + \log(K-1)`.

    Zhu, Zou, Rosset and Hastie, "Multi-class AdaBoost", Statistics and its Interface 2,
    2009; for two classes AdaBoost itself (Freund and Schapire, 1997).
    """

    votes = True

    def step(self, y, answer, weight):
        """Weigh a learner."""
        wrong = (answer != y).astype(float)
        error = float(weight @ wrong / weight.sum())
        if error <= 0:
            return Step(0.0, 1.0, None)
        if error >= 1.0 - 1.0 / self.n_classes:
            return None
        odds = np.log((1.0 - error) / error) + np.log(self.n_classes - 1.0)
        own = float(self.rate * odds)
        return Step(error, own, np.exp(own * wrong))

    def margin(self, y, whole):
        """The weights of the rows are the exponential of minus this, but for a factor."""
        if self.n_classes == 2:
            return 0.25 * (2 * y - 1) * whole
        share = (self.n_classes - 1) / self.n_classes
        return share * whole[np.arange(len(y)), y]

    def part(self, answer, weight):
        """Give the vote: one class for, the others against."""
        if self.n_classes == 2:
            return 2.0 * weight * (2.0 * answer - 1.0)
        part = np.full((len(answer), self.n_classes), -weight / (self.n_classes - 1))
        part[np.arange(len(answer)), answer] = weight
        return part


class _Additive(Rule):
    """Learners that say how sure they are."""

    asks = "probabilities"

    def step(self, y, answer, weight):
        """Weigh the rows by what is still wrong."""
        part = self.part(answer, self.rate)
        labels = answer[:, 1] > 0.5 if self.n_classes == 2 else answer.argmax(axis=1)
        error = float(np.average(labels != y, weights=weight))
        if self.n_classes == 2:
            factor = np.exp(-0.5 * (2 * y - 1) * part)
        else:
            own = part[np.arange(len(y)), y]
            factor = np.exp(-own / (self.n_classes - 1))
        if np.ptp(factor) == 0:  # all is known, or nothing was learned
            return Step(error, self.rate, None) if error == 0 else None
        return Step(error, self.rate, factor)


class Real(_Additive):
    r"""Real AdaBoost: a learner adds the log-odds of its probabilities.

    For two classes :math:`\log\frac{p}{1-p}`, in general
    :math:`(K-1)\,(\log p_k - \frac1K \sum_j \log p_j)`. Friedman, Hastie and Tibshirani,
    "Additive logistic regression", Annals of Statistics 28, 2000; Zhu et al., 2009.
    """

    def part(self, answer, weight):
        """Give centred log-probabilities."""
        logs = np.log(np.clip(answer, _LEAST, 1.0))
        if self.n_classes == 2:
            return weight * (logs[:, 1] - logs[:, 0])
        centred = logs - logs.mean(axis=1, keepdims=True)
        return weight * (self.n_classes - 1) * centred


class Gentle(_Additive):
    r"""Gentle AdaBoost: a learner adds the mean of the class code, at most one.

    For two classes the log-odds grow by :math:`2\,(2p - 1)`, in general by the mean of
    the code that is 1 for the class and :math:`-1/(K-1)` for others. A learner, however
    sure, adds no more than that.
    """

    def part(self, answer, weight):
        """Give the mean code."""
        if self.n_classes == 2:
            return 2.0 * weight * (2.0 * answer[:, 1] - 1.0)
        return weight * (self.n_classes * answer - 1.0) / (self.n_classes - 1)


class Logit(Rule):
    r"""LogitBoost: each round fits the Newton step of the log loss.

    The response is :math:`z = \frac{y - p}{p(1-p)}`, cut at 4, with weights
    :math:`p(1-p)`; the log-odds grow by the fit, for several classes by
    :math:`\frac{K-1}{K} f_k`.
    """

    asks = "response"

    def working(self, y: Array, whole: Array, weight: Array) -> tuple[Array, Array]:
        """Give the responses and their weights, (n,) or (n, n_classes)."""
        p = self.probabilities(whole)
        if self.n_classes == 2:
            p, goal = p[:, 1], y.astype(float)
        else:
            goal, weight = np.eye(self.n_classes)[y], weight[:, None]
        curvature = np.maximum(p * (1.0 - p), _LEAST_CURVATURE)
        response = np.clip(
            (goal - p) / curvature, -_LARGEST_RESPONSE, _LARGEST_RESPONSE
        )
        return response, weight * curvature

    def step(self, y, answer, weight):
        """All learners weigh the same; the rows are weighed by the whole."""
        labels = self.labels(answer)
        error = float(np.average(labels != y, weights=weight))
        still = np.ptp(answer) == 0  # nothing is left to fit
        return None if still else Step(error, self.rate, np.ones(len(y)))

    def loss(self, y, whole, weight):
        """Mean of the log loss."""
        own = self.probabilities(whole)[np.arange(len(y)), y]
        return float(np.average(-np.log(np.clip(own, 1e-300, 1.0)), weights=weight))

    def part(self, answer, weight):
        """Give the fitted step."""
        if self.n_classes == 2:
            return weight * answer
        # Left where it is: a softmax does not see what all classes have in common.
        return weight * (self.n_classes - 1) / self.n_classes * answer

    def probabilities(self, whole):
        """Turn log-odds into probabilities."""
        if self.n_classes == 2:
            return _two_columns(expit(whole))
        return np.asarray(softmax(whole, axis=1))


RULES: dict[str, type[Rule]] = {
    "samme": Samme,
    "real": Real,
    "gentle": Gentle,
    "logit": Logit,
}


class R2:
    r"""AdaBoost.R2 for numbers (Drucker, "Improving regressors using boosting", 1997).

    With losses :math:`L_i \in [0, 1]` of the errors over their largest, and their mean
    :math:`\bar L = \sum_i w_i L_i`, a learner has weight
    :math:`\log\frac{1-\bar L}{\bar L}`, and weights of rows are multiplied by
    :math:`\beta^{1 - L_i}`, where :math:`\beta = \bar L/(1 - \bar L)`.

    Parameters
    ----------
    loss : {"linear", "square", "exponential"}
        How errors count.
    rate : float
        Learning rate.
    """

    def __init__(self, loss: str, rate: float) -> None:
        self.loss, self.rate = loss, rate

    def step(self, y: Array, answer: Array, weight: Array) -> Step | None:
        """Weigh a learner; None where it is no better than chance."""
        losses = np.subtract(answer, y)
        np.abs(losses, out=losses)
        largest = losses.max()
        if largest != 0:
            losses /= largest
        if self.loss == "square":
            losses = losses**2
        elif self.loss == "exponential":
            losses = 1.0 - np.exp(-losses)
        error = float(weight @ losses)
        if error <= 0:
            return Step(0.0, 1.0, None)
        if error >= 0.5:
            return None
        own = float(self.rate * np.log((1.0 - error) / error))
        # A power of beta, which takes four times as long as an exponential.
        losses -= 1.0
        losses *= own
        return Step(error, own, np.exp(losses, out=losses))


def _two_columns(p: Array) -> Array:
    return np.column_stack([1.0 - p, p])
