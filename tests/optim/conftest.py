"""Problems whose answers are known."""

import numpy as np
import pytest


class Quadratic:
    """sum of curvature (w - target)² / 2, and l1 times the sum of absolute values."""

    n_rows = 1

    def __init__(self, curvature, target=0.0, l1=0.0, dtype=float):
        self.curvature = np.asarray(curvature, dtype=dtype)
        self.target = np.broadcast_to(target, self.curvature.shape).astype(dtype)
        self.l1 = l1
        if l1:
            self.prox, self.penalty = self._prox, self._penalty

    def loss(self, params):
        return float(self.curvature @ (params[0] - self.target) ** 2) / 2

    def loss_gradient(self, params, rows):
        slope = self.curvature * (params[0] - self.target)
        return self.loss(params), [slope]

    def _prox(self, params, steps):
        w = params[0]
        return [np.sign(w) * np.maximum(np.abs(w) - self.l1 * steps[0], 0)]

    def _penalty(self, params):
        return self.l1 * float(np.abs(params[0]).sum())


class LeastSquares:
    """Half the mean squared error of X w + b, on the given rows."""

    def __init__(self, X, y, X_held=None, y_held=None):
        self.X, self.y, self.n_rows = X, y, len(y)
        self.seen = []
        if X_held is not None:
            held = LeastSquares(X_held, y_held)
            self.validation_loss = held.loss

    def loss(self, params):
        return self._of(params, slice(None))[0]

    def loss_gradient(self, params, rows):
        self.seen.append(rows)
        loss, error = self._of(params, rows)
        return loss, [self.X[rows].T @ error / len(error), error.mean()]

    def _of(self, params, rows):
        error = self.X[rows] @ params[0] + params[1] - self.y[rows]
        return float(error @ error) / (2 * len(error)), error


@pytest.fixture(scope="session")
def quadratic():
    return Quadratic


@pytest.fixture(scope="session")
def least_squares():
    return LeastSquares


@pytest.fixture
def noisy_rows():
    """Ninety-five rows of three columns, with noise."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(95, 3))
    return X, X @ [1.0, -2.0, 0.5] + 3 + rng.normal(scale=0.3, size=95)
