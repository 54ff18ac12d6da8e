"""A small network for tables: dropout, decay, and as many cycles of the rate as help.

scikit-learn's has none of the three, which are most of what makes a network worth its
place beside trees (Gorishniy et al., "Revisiting deep learning models for tabular data",
NeurIPS 2021).
"""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight as check_sample_weight,  # in scikit-learn's developer guide
    check_is_fitted,
    validate_data,
)

from skensemble.optim import AdamW, Cosine, Patience, Recipe, minimize

Array = NDArray[Any]

_LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True)
class Rows:
    """Scaled features, targets and weights of mean one, in float32."""

    X: Array
    target: Array
    weight: Array


@dataclass
class Network:
    r"""Layers of :math:`z_{l+1} = \operatorname{dropout}(\max(0, z_l W_l + b_l))`.

    The last one is linear, :math:`\hat y = z W + b`, and so is a short way from the input
    to it, which leaves to the hidden layers what is not linear.

    Parameters
    ----------
    train, watched : Rows
        To learn from, and to know when to stop (the training rows where there are none).
        Targets are scaled numbers, or one column a class of zeros and a one.
    classes : bool
        Whether the loss is that of classes.
    dropout : float
        Share of hidden units left out of each step.
    seed : int
        For them.
    """

    train: Rows
    watched: Rows | None
    classes: bool
    dropout: float
    seed: int

    def __post_init__(self):
        self.n_rows = len(self.train.X)
        self._rng = np.random.default_rng(self.seed)

    def start(self, hidden: tuple[int, ...]) -> list[Array]:
        """Draw the first weights (He et al., 2015); the last layer begins at zero."""
        sizes = [self.train.X.shape[1], *hidden]
        params = []
        for wide, narrow in itertools.pairwise(sizes):
            scale = np.sqrt(2 / wide)
            params.append(self._rng.normal(0, scale, (wide, narrow)).astype(np.float32))
            params.append(np.zeros(narrow, np.float32))
        k = self.train.target.shape[1]
        params.append(np.zeros((sizes[-1], k), np.float32))
        params.append(np.zeros(k, np.float32))
        params.append(np.zeros((sizes[0], k), np.float32))
        return params

    def loss_gradient(self, params: list[Array], rows: Any):
        """Loss and gradient on some rows."""
        X, weight = self.train.X[rows], self.train.weight[rows]
        layers, masks = [X], []
        for W, b in _pairs(params):
            z = layers[-1] @ W + b
            mask = (z > 0).astype(np.float32)
            if self.dropout:
                kept = self._rng.random(z.shape, np.float32) >= self.dropout
                mask *= kept * np.float32(1 / (1 - self.dropout))
            masks.append(mask)
            layers.append(z * mask)
        raw = layers[-1] @ params[-3] + params[-2] + X @ params[-1]
        loss, slope = self._loss(raw, self.train.target[rows], weight)
        return loss, _backwards(params, layers, masks, slope)

    def validation_loss(self, params: list[Array]) -> float:
        """Loss on the rows that are watched."""
        rows = self.train if self.watched is None else self.watched
        return self._loss(raw_output(params, rows.X), rows.target, rows.weight)[0]

    def _loss(self, raw: Array, target: Array, weight: Array) -> tuple[float, Array]:
        share = (weight / len(weight))[:, None]
        if not self.classes:
            error = raw - target
            return float((share * error * error).sum() / 2), share * error
        p = softmax(raw, axis=1)
        told = np.log(np.maximum((p * target).sum(axis=1), 1e-30))
        return float(-(share[:, 0] * told).sum()), share * (p - target)


def _pairs(params: list[Array]) -> list[tuple[Array, Array]]:
    hidden = params[:-3]
    return list(zip(hidden[::2], hidden[1::2], strict=True))


def _backwards(params, layers, masks, slope) -> list[Array]:
    found = [layers[-1].T @ slope, slope.sum(axis=0), layers[0].T @ slope]
    back = slope @ params[-3].T
    deep: list[Array] = []
    for (W, _), z, mask in zip(
        reversed(_pairs(params)), reversed(layers[:-1]), reversed(masks), strict=True
    ):
        back *= mask
        deep[:0] = [z.T @ back, back.sum(axis=0)]
        back = back @ W.T
    return [*deep, *found]


def raw_output(params: list[Array], X: Array) -> Array:
    """Give the output of the last layer, without dropout."""
    z = X
    for W, b in _pairs(params):
        z = np.maximum(z @ W + b, 0)
    return z @ params[-3] + params[-2] + X @ params[-1]


class Cycles:
    """Ends of the cycles of the rate, in epochs; no further cycle where one did not help."""

    def __init__(self, lengths: tuple[int, ...]) -> None:
        self.ends = np.cumsum(lengths).tolist()
        self._last = np.inf

    def stops(self, epoch: int, params: Any, history: Any) -> bool:
        """Say at the end of a cycle whether it was worse than the one before."""
        if epoch + 1 not in self.ends:
            return False
        loss = history["validation_loss"][-1]
        worse, self._last = loss > self._last, loss
        return bool(worse)


class BasePerceptron(BaseEstimator):
    """What the classifier and the regressor share."""

    def __init__(
        self,
        hidden=(192, 96),
        learning_rate=0.006,
        weight_decay=0.02,
        dropout=0.15,
        cycles=(5, 10, 20, 40),
        batch_size=256,
        max_seconds=None,
        random_state=None,
    ):
        self.hidden = hidden
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.cycles = cycles
        self.batch_size = batch_size
        self.max_seconds = max_seconds
        self.random_state = random_state

    def _train(self, train: "Rows", watched: "Rows | None", *, classes: bool):
        seed = int(check_random_state(self.random_state).randint(_LARGEST_SEED))
        network = Network(train, watched, classes, self.dropout, seed)
        cycles = Cycles(self.cycles)
        batch = min(self.batch_size, max(16, len(train.X) // 20))
        rate = Cosine(
            self.learning_rate,
            cycle=self.cycles[0] * -(-len(train.X) // batch),
            factor=2,
        )
        recipe = Recipe(
            AdamW(rate, weight_decay=self.weight_decay),
            epochs=cycles.ends[-1],
            batch_size=batch,
            clipping=1.0,
            early_stopping=Patience(cycles.ends[-1], seconds=self.max_seconds),
            seed=seed,
        )
        start = network.start(tuple(self.hidden))
        result = minimize(network, start, recipe, callback=cycles.stops)
        # Half the digits are enough, and half as large in a file.
        self.coefs_ = [param.astype(np.float16) for param in result.params]
        self.n_iter_ = result.n_epochs

    def _rows(self, X: Array, target: Array, sample_weight: Any) -> "Rows":
        weight = check_sample_weight(sample_weight, X, dtype=np.float32)
        return Rows(X, target, weight / weight.mean())

    def _raw(self, X) -> Array:
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float32)
        params = [param.astype(np.float32) for param in self.coefs_]
        return np.asarray(raw_output(params, X))


class PerceptronClassifier(ClassifierMixin, BasePerceptron):
    """A small network for classes, on scaled numbers.

    Parameters
    ----------
    hidden : tuple of int, default=(192, 96)
        Units of the hidden layers.
    learning_rate : float, default=0.006
        The highest rate of the cycle.
    weight_decay : float, default=0.02
        As a multiple of the rate.
    dropout : float, default=0.15
        Share of hidden units left out of each step.
    cycles : tuple of int, default=(5, 10, 20, 40)
        Epochs of each cycle of the rate, each twice as long as the one before. There is
        no further cycle where one has not helped.
    batch_size : int, default=256
        Rows of a step, fewer for small tables.
    max_seconds : float or None, default=None
        Stop after so much time with the best that is there.
    random_state : int, RandomState instance or None, default=None
        For the start, the order of rows and dropout.
    """

    def fit(
        self,
        X,
        y,
        sample_weight=None,
        *,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
    ):
        """Fit the network.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Scaled features.
        y : array-like of shape (n,)
            Classes.
        sample_weight : array-like of shape (n,), default=None
            Weights of the rows.
        X_val, y_val, sample_weight_val : array-like, default=None
            Rows that tell when to stop.

        Returns
        -------
        self : PerceptronClassifier
        """
        X, y = validate_data(self, X, y, dtype=np.float32)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        ones = np.eye(len(self.classes_), dtype=np.float32)
        watched = None
        if X_val is not None:
            X_val = validate_data(self, X_val, reset=False, dtype=np.float32)
            codes_val = np.searchsorted(self.classes_, y_val)
            watched = self._rows(X_val, ones[codes_val], sample_weight_val)
        self._train(self._rows(X, ones[codes], sample_weight), watched, classes=True)
        return self

    def predict_proba(self, X):
        """Predict probabilities of the classes.

        Parameters
        ----------
        X : array-like of shape (n, d)
            The rows.

        Returns
        -------
        p : ndarray of shape (n, n_classes)
        """
        return softmax(self._raw(X).astype(float), axis=1)

    def predict(self, X):
        """Predict classes.

        Parameters
        ----------
        X : array-like of shape (n, d)
            The rows.

        Returns
        -------
        labels : ndarray of shape (n,)
        """
        return self.classes_[self._raw(X).argmax(axis=1)]


class PerceptronRegressor(RegressorMixin, BasePerceptron):
    """A small network for numbers, on scaled numbers; parameters as the classifier's."""

    def fit(
        self,
        X,
        y,
        sample_weight=None,
        *,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
    ):
        """Fit the network.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Scaled features.
        y : array-like of shape (n,)
            Numbers.
        sample_weight : array-like of shape (n,), default=None
            Weights of the rows.
        X_val, y_val, sample_weight_val : array-like, default=None
            Rows that tell when to stop.

        Returns
        -------
        self : PerceptronRegressor
        """
        X, y = validate_data(self, X, y, dtype=np.float32, y_numeric=True)
        self.mean_, self.scale_ = float(y.mean()), float(y.std()) or 1.0
        watched = None
        if X_val is not None:
            X_val = validate_data(self, X_val, reset=False, dtype=np.float32)
            watched = self._rows(X_val, self._scaled(y_val), sample_weight_val)
        rows = self._rows(X, self._scaled(y), sample_weight)
        self._train(rows, watched, classes=False)
        return self

    def _scaled(self, y) -> Array:
        # A few values far out would rule the gradient.
        scaled = np.clip((np.asarray(y) - self.mean_) / self.scale_, -8, 8)
        return scaled.astype(np.float32)[:, None]

    def predict(self, X):
        """Predict numbers.

        Parameters
        ----------
        X : array-like of shape (n, d)
            The rows.

        Returns
        -------
        y : ndarray of shape (n,)
        """
        return self._raw(X)[:, 0].astype(float) * self.scale_ + self.mean_
