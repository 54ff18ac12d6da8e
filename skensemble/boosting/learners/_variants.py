r"""The variants of AdaBoost: weights of weak learners, and of rows after a round.

Codes of classes are :math:`y_i`, weights of rows :math:`w_i` with sum one, and there
are :math:`K` classes. The contribution of a weak learner to the decision function is
called its part: one column for two classes (log-odds, or a vote), one column per class
for more.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from skensemble.losses import LOGIT, SOFTMAX, log_probabilities, two_columns

Array = NDArray[Any]

# Probabilities are clipped to this distance from 0 and 1.
_LEAST = 1e-5
# Working responses of LogitBoost are clipped to this size (Friedman, Hastie and
# Tibshirani, 2000).
_LARGEST_RESPONSE = 4.0
# Smallest p (1 - p) by which a working response is divided.
_LEAST_CURVATURE = 1e-10


@dataclass(frozen=True)
class BoostingStep:
    """The result of a round.

    Parameters
    ----------
    error : float
        Weighted share of misclassified rows, or weighted mean loss.
    weight : float
        Weight of the weak learner in the ensemble.
    factor : ndarray of shape (n,) or None
        Factors of the weights of the rows; None ends the fit.
    """

    error: float
    weight: float
    factor: Array | None


class Variant(ABC):
    """One variant of AdaBoost for classification.

    Parameters
    ----------
    n_classes : int
        Number of classes.
    rate : float
        Learning rate.
    """

    # What the weak learners predict: codes of classes ("labels"), "probabilities", or
    # a continuous "working response".
    predicts = "labels"
    # Whether the decision function is a vote, divided by the sum of the weights.
    votes = False

    def __init__(self, n_classes: int, rate: float) -> None:
        self.n_classes, self.rate = n_classes, rate

    @abstractmethod
    def part(self, prediction: Array, weight: float) -> Array:
        """Contribution of a weak learner to the decision function."""

    @abstractmethod
    def step(self, y: Array, prediction: Array, weight: Array) -> BoostingStep | None:
        """Weigh a weak learner; None if it is no better than chance."""

    def loss(self, y: Array, total: Array, weight: Array | None) -> float:
        """Mean of the loss that the variant minimizes: here the exponential loss."""
        with np.errstate(over="ignore"):
            return float(np.average(np.exp(-self.margin(y, total)), weights=weight))

    def margin(self, y: Array, total: Array) -> Array:
        """Margin in the exponent of the loss; positive for a correct decision."""
        if self.n_classes == 2:
            return np.asarray(0.5 * (2 * y - 1) * total)
        return np.asarray(total[np.arange(len(y)), y] / (self.n_classes - 1))

    def labels(self, total: Array) -> Array:
        """Codes of classes from the decision function."""
        return (total > 0).astype(np.intp) if total.ndim == 1 else total.argmax(axis=1)

    def probabilities(self, total: Array) -> Array:
        """Probabilities from the decision function, (n, n_classes)."""
        log_odds = self.log_odds(total)
        if self.n_classes == 2:
            return two_columns(expit(log_odds))
        return np.asarray(softmax(log_odds, axis=1))

    def log_probabilities(self, total: Array) -> Array:
        """Logarithms of the probabilities, (n, n_classes)."""
        link = LOGIT if self.n_classes == 2 else SOFTMAX
        return log_probabilities(link, self.log_odds(total))

    def log_odds(self, total: Array) -> Array:
        """Log-odds from the decision function."""
        return total if self.n_classes == 2 else total / (self.n_classes - 1)


class Samme(Variant):
    r"""SAMME: weak learners vote for labels.

    The weight of a vote is :math:`\log\frac{1-e}{e} + \log(K-1)`.
    Zhu, Zou, Rosset and Hastie, "Multi-class AdaBoost", Statistics and its Interface 2,
    2009; for two classes AdaBoost itself (Freund and Schapire, 1997).
    """

    votes = True

    def step(self, y, prediction, weight):
        """Weigh a weak learner."""
        wrong = (prediction != y).astype(float)
        error = float(weight @ wrong / weight.sum())
        if error <= 0:
            return BoostingStep(0.0, 1.0, None)
        if error >= 1.0 - 1.0 / self.n_classes:
            return None
        odds = np.log((1.0 - error) / error) + np.log(self.n_classes - 1.0)
        own = float(self.rate * odds)
        return BoostingStep(error, own, np.exp(own * wrong))

    def margin(self, y, total):
        """Margin; weights of rows are the exponential of its negative."""
        if self.n_classes == 2:
            return 0.25 * (2 * y - 1) * total
        share = (self.n_classes - 1) / self.n_classes
        return share * total[np.arange(len(y)), y]

    def part(self, prediction, weight):
        """Vote: for one class and against the others."""
        if self.n_classes == 2:
            return 2.0 * weight * (2.0 * prediction - 1.0)
        part = np.full(
            (len(prediction), self.n_classes), -weight / (self.n_classes - 1)
        )
        part[np.arange(len(prediction)), prediction] = weight
        return part


class _Additive(Variant):
    """Weak learners that predict probabilities."""

    predicts = "probabilities"

    def step(self, y, prediction, weight):
        """Weigh the rows by the exponential of the negative margin."""
        part = self.part(prediction, self.rate)
        labels = (
            prediction[:, 1] > 0.5 if self.n_classes == 2 else prediction.argmax(axis=1)
        )
        error = float(np.average(labels != y, weights=weight))
        if self.n_classes == 2:
            factor = np.exp(-0.5 * (2 * y - 1) * part)
        else:
            own = part[np.arange(len(y)), y]
            factor = np.exp(-own / (self.n_classes - 1))
        if np.ptp(factor) == 0:  # nothing is left to fit, or nothing was fitted
            return BoostingStep(error, self.rate, None) if error == 0 else None
        return BoostingStep(error, self.rate, factor)


class RealAdaBoost(_Additive):
    r"""Real AdaBoost: a weak learner adds the log-odds of its probabilities.

    For two classes :math:`\log\frac{p}{1-p}`, in general
    :math:`(K-1)\,(\log p_k - \frac1K \sum_j \log p_j)`. Friedman, Hastie and
    Tibshirani, "Additive logistic regression", Annals of Statistics 28, 2000; Zhu et
    al., 2009.
    """

    def part(self, prediction, weight):
        """Centered log-probabilities."""
        logs = np.log(np.clip(prediction, _LEAST, 1.0))
        if self.n_classes == 2:
            return weight * (logs[:, 1] - logs[:, 0])
        centred = logs - logs.mean(axis=1, keepdims=True)
        return weight * (self.n_classes - 1) * centred


class GentleAdaBoost(_Additive):
    r"""Gentle AdaBoost: a weak learner adds the mean of the class code, at most one.

    For two classes the log-odds grow by :math:`2\,(2p - 1)`, in general by the mean of
    the code that is 1 for the class and :math:`-1/(K-1)` for others. This is bounded,
    unlike the log-odds of Real AdaBoost.
    """

    def part(self, prediction, weight):
        """Mean of the class code."""
        if self.n_classes == 2:
            return 2.0 * weight * (2.0 * prediction[:, 1] - 1.0)
        return weight * (self.n_classes * prediction - 1.0) / (self.n_classes - 1)


class LogitBoost(Variant):
    r"""LogitBoost: each round fits the Newton step of the log loss.

    The response is :math:`z = \frac{y - p}{p(1-p)}`, clipped at 4, with weights
    :math:`p(1-p)`; the log-odds grow by the fit, for several classes by
    :math:`\frac{K-1}{K} f_k`.
    """

    predicts = "working response"

    def working_response(
        self, y: Array, total: Array, weight: Array
    ) -> tuple[Array, Array]:
        """Responses and their weights, (n,) or (n, n_classes)."""
        p = self.probabilities(total)
        if self.n_classes == 2:
            p, observed = p[:, 1], y.astype(float)
        else:
            observed, weight = np.eye(self.n_classes)[y], weight[:, None]
        curvature = np.maximum(p * (1.0 - p), _LEAST_CURVATURE)
        response = np.clip(
            (observed - p) / curvature, -_LARGEST_RESPONSE, _LARGEST_RESPONSE
        )
        return response, weight * curvature

    def step(self, y, prediction, weight):
        """Weak learners have equal weights; rows are weighed by the log-odds."""
        labels = self.labels(prediction)
        error = float(np.average(labels != y, weights=weight))
        constant = np.ptp(prediction) == 0  # nothing is left to fit
        return None if constant else BoostingStep(error, self.rate, np.ones(len(y)))

    def loss(self, y, total, weight):
        """Mean log loss."""
        own = self.probabilities(total)[np.arange(len(y)), y]
        return float(np.average(-np.log(np.clip(own, 1e-300, 1.0)), weights=weight))

    def part(self, prediction, weight):
        """The fitted step."""
        if self.n_classes == 2:
            return weight * prediction
        # Not centered: a softmax does not change with what all classes have in common.
        return weight * (self.n_classes - 1) / self.n_classes * prediction

    def log_odds(self, total):
        """Log-odds: the decision function itself."""
        return total


VARIANTS: dict[str, type[Variant]] = {
    "samme": Samme,
    "real": RealAdaBoost,
    "gentle": GentleAdaBoost,
    "logit": LogitBoost,
}


class AdaBoostR2:
    r"""AdaBoost.R2 for regression.

    Drucker, "Improving regressors using boosting techniques", ICML 1997.

    With losses :math:`L_i \in [0, 1]` of the errors over their largest, and their mean
    :math:`\bar L = \sum_i w_i L_i`, a weak learner has weight
    :math:`\log\frac{1-\bar L}{\bar L}`, and weights of rows are multiplied by
    :math:`\beta^{1 - L_i}`, where :math:`\beta = \bar L/(1 - \bar L)`.

    Parameters
    ----------
    loss : {"linear", "square", "exponential"}
        Loss of an error relative to the largest one.
    rate : float
        Learning rate.
    """

    def __init__(self, loss: str, rate: float) -> None:
        self.loss, self.rate = loss, rate

    def step(self, y: Array, prediction: Array, weight: Array) -> BoostingStep | None:
        """Weigh a weak learner; None if it is no better than chance."""
        losses = np.subtract(prediction, y)
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
            return BoostingStep(0.0, 1.0, None)
        if error >= 0.5:
            return None
        own = float(self.rate * np.log((1.0 - error) / error))
        # The power of beta, as an exponential, which takes a quarter of the time.
        losses -= 1.0
        losses *= own
        return BoostingStep(error, own, np.exp(losses, out=losses))
