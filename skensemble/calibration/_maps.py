"""Maps from one score, or one score per class, to probabilities."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, softmax
from sklearn.isotonic import IsotonicRegression

Array = NDArray[Any]


@dataclass(frozen=True)
class Temperature:
    r"""One temperature for all classes, softmax(z / T).

    z are log-probabilities or decision values (log-odds for one column). T > 0
    minimises the log loss (Guo, Pleiss, Sun and Weinberger, "On calibration of modern
    neural networks", ICML 2017, section 4.2). The order of the classes in a row is
    kept.

    Parameters
    ----------
    temperature : float
        Above one for an overconfident member.
    """

    temperature: float

    def __call__(self, z: Array) -> Array:
        """Return probabilities: of class 1 for one column, otherwise of each class."""
        if z.ndim == 1:
            return expit(z / self.temperature)
        return softmax(z / self.temperature, axis=1)


@dataclass(frozen=True)
class Sigmoid:
    r"""1 / (1 + exp(-(a z + b))): logistic regression on one score.

    Targets are shrunk from 0 and 1 to 1 / (n₋ + 2) and (n₊ + 1) / (n₊ + 2) (Platt,
    "Probabilistic outputs for support vector machines", Advances in Large Margin
    Classifiers, 1999), n₊ and n₋ being the sums of weights.

    Parameters
    ----------
    slope, intercept : float
        The coefficients a and b.
    """

    slope: float
    intercept: float

    def __call__(self, z: Array) -> Array:
        """Return probabilities."""
        return expit(self.slope * z + self.intercept)


@dataclass(frozen=True)
class Isotonic:
    """A non-decreasing function, linear between steps and constant outside.

    Least squares under the order of the scores (Zadrozny and Elkan, "Transforming
    classifier scores into accurate multiclass probability estimates", KDD 2002).

    Parameters
    ----------
    x, p : ndarray of shape (n_steps,)
        Scores and their probabilities, both non-decreasing.
    """

    x: Array
    p: Array

    def __call__(self, z: Array) -> Array:
        """Return probabilities."""
        return np.interp(z, self.x, self.p)


def fit_temperature(z: Array, y: Array, weight: Array) -> Temperature:
    """Find the temperature that minimises the log loss."""
    if z.ndim == 1:
        z = np.column_stack([np.zeros(len(z)), z])
    z = z - z.max(axis=1, keepdims=True)
    spread = float(np.sqrt(np.average((z**2).sum(axis=1), weights=weight)))
    if not spread:
        return Temperature(1.0)
    z_target = z[np.arange(len(y)), y]

    def loss(log_t: float) -> float:
        t = spread * np.exp(log_t)
        logs = z_target / t - np.log(np.exp(z / t).sum(axis=1))
        return -float(np.average(logs, weights=weight))

    # From almost certain to almost uniform. The loss is convex in 1 / T, so it has one
    # minimum in log T too.
    result = minimize_scalar(
        loss, bounds=(-10, 10), method="bounded", options={"xatol": 1e-9}
    )
    return Temperature(spread * float(np.exp(result.x)))


def fit_sigmoid(z: Array, y: Array, weight: Array) -> Sigmoid:
    """Fit a logistic regression on one score."""
    on, off = weight[y == 1].sum(), weight[y == 0].sum()
    target = np.where(y == 1, (on + 1) / (on + 2), 1 / (off + 2))
    # Log-odds of almost certain members reach 700, so Newton's method needs scaling.
    spread = float(np.sqrt(np.average(z**2, weights=weight))) or 1.0
    x, omega = z / spread, weight / weight.sum()

    def loss(at: Array) -> tuple[float, Array]:
        raw = at[0] * x + at[1]
        slope = omega * (expit(raw) - target)
        value = omega @ (np.logaddexp(0, raw) - target * raw)
        return float(value), np.array([slope @ x, slope.sum()])

    def hessian(at: Array) -> Array:
        p = expit(at[0] * x + at[1])
        bend = omega * p * (1 - p)
        cross = bend @ x
        return np.array([[bend @ x**2, cross], [cross, bend.sum()]])

    start = np.array([0.0, np.log((on + 1) / (off + 1))])
    result = minimize(
        loss, start, jac=True, hess=hessian, method="trust-exact", tol=1e-10
    )
    return Sigmoid(float(result.x[0] / spread), float(result.x[1]))


def fit_isotonic(z: Array, y: Array, weight: Array) -> Isotonic:
    """Fit a non-decreasing function of one score."""
    rising = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip")
    rising.fit(z, y, sample_weight=weight)
    return Isotonic(rising.X_thresholds_, rising.y_thresholds_)


FITS: dict[str, Callable[[Array, Array, Array], Any]] = {
    "temperature": fit_temperature,
    "sigmoid": fit_sigmoid,
    "isotonic": fit_isotonic,
}
