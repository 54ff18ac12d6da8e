"""A small network for tables, with dropout, weight decay and learning-rate cycles.

scikit-learn's `MLPClassifier` has none of the three. With them a network on a table is
competitive with boosted trees (Gorishniy et al., "Revisiting deep learning models for
tabular data", NeurIPS 2021).
"""

import itertools
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    RegressorMixin,
    is_classifier,
    is_regressor,
)
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight as check_sample_weight,  # in scikit-learn's developer guide
    check_is_fitted,
    validate_data,
)

from skensemble.core import draw_seed
from skensemble.optim import AdamW, Cosine, Patience, Recipe, minimize

Array = NDArray[Any]

# Standardized targets beyond this would dominate the gradient.
_MAX_TARGET = 8


@dataclass(frozen=True)
class NetworkRows:
    """Rows for a network: scaled features, targets, weights of mean one, in float32."""

    X: Array
    target: Array
    weight: Array


@dataclass
class Network:
    r"""Layers of :math:`z_{l+1} = \operatorname{dropout}(\max(0, z_l W_l + b_l))`.

    The output layer is linear, :math:`\hat y = z W + b + x V`. The skip connection V
    models the linear part, so that the hidden layers model the rest.

    Parameters
    ----------
    train : NetworkRows
        Training rows. Targets are standardized, or one-hot encoded classes.
    validation : NetworkRows or None
        Rows of the validation loss; None uses the training rows.
    classes : bool
        Whether the loss is the log loss rather than the squared error.
    dropout : float
        Share of hidden units that are dropped in each step.
    seed : int
        Seed of the initial weights and of dropout.
    """

    train: NetworkRows
    validation: NetworkRows | None
    classes: bool
    dropout: float
    seed: int

    def __post_init__(self):
        self.n_rows = len(self.train.X)
        self._rng = np.random.default_rng(self.seed)

    def initial_params(self, hidden: tuple[int, ...]) -> list[Array]:
        """Draw initial weights (He et al., 2015); the output layer starts at zero."""
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
        """Return the loss and the gradient on some rows."""
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
        return loss, _gradient(params, layers, masks, slope)

    def validation_loss(self, params: list[Array]) -> float:
        """Return the loss on the validation rows."""
        rows = self.train if self.validation is None else self.validation
        return self._loss(raw_output(params, rows.X), rows.target, rows.weight)[0]

    def _loss(self, raw: Array, target: Array, weight: Array) -> tuple[float, Array]:
        share = (weight / len(weight))[:, None]
        if not self.classes:
            error = raw - target
            return float((share * error * error).sum() / 2), share * error
        p = softmax(raw, axis=1)
        log_p = np.log(np.maximum((p * target).sum(axis=1), 1e-30))
        return float(-(share[:, 0] * log_p).sum()), share * (p - target)


def _pairs(params: list[Array]) -> list[tuple[Array, Array]]:
    hidden = params[:-3]
    return list(zip(hidden[::2], hidden[1::2], strict=True))


def _gradient(params, layers, masks, slope) -> list[Array]:
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
    """Return the output of the last layer, without dropout."""
    z = X
    for W, b in _pairs(params):
        z = np.maximum(z @ W + b, 0)
    return z @ params[-3] + params[-2] + X @ params[-1]


class CycleStopping:
    """Stops after a learning-rate cycle that did not lower the validation loss."""

    def __init__(self, lengths: tuple[int, ...]) -> None:
        self.ends = np.cumsum(lengths).tolist()
        self._last = np.inf

    def stops(self, epoch: int, params: Any, history: Any) -> bool:
        """Return, at the end of a cycle, whether it was worse than the one before."""
        if epoch + 1 not in self.ends:
            return False
        loss = history["validation_loss"][-1]
        worse, self._last = loss > self._last, loss
        return bool(worse)


class BasePerceptron(BaseEstimator):
    """Shared parts of the network classifier and regressor, on scaled features.

    Parameters
    ----------
    hidden : tuple of int, default=(192, 96)
        Numbers of units of the hidden layers.
    learning_rate : float, default=0.006
        Largest learning rate of a cycle.
    weight_decay : float, default=0.02
        Weight decay, as a multiple of the learning rate.
    dropout : float, default=0.15
        Share of hidden units that are dropped in each step.
    cycles : tuple of int, default=(5, 10, 20, 40)
        Epochs of each learning-rate cycle, each twice as long as the one before.
        Training stops after a cycle that did not lower the validation loss.
    batch_size : int, default=256
        Rows per step, fewer for small tables.
    max_seconds : float or None, default=None
        Seconds after which training stops; the best weights so far are kept.
    random_state : int, RandomState instance or None, default=None
        Seed of the initial weights, the order of the rows and dropout.
    """

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

    @abstractmethod
    def _learn_target(self, y: Array) -> None:
        """Learn the classes, or the location and scale, of the target."""

    @abstractmethod
    def _encode(self, y: Any) -> Array:
        """Return the target as the network takes it, with one column per output."""

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
        """Fit the network, and stop early on the validation rows if there are any.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Scaled features.
        y : array-like of shape (n_samples,)
            Target.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights.
        X_val, y_val, sample_weight_val : array-like, default=None
            Validation rows.

        Returns
        -------
        self : estimator
        """
        X, y = validate_data(self, X, y, dtype=np.float32, y_numeric=is_regressor(self))
        self._learn_target(y)
        validation = None
        if X_val is not None:
            X_val = validate_data(self, X_val, reset=False, dtype=np.float32)
            validation = _network_rows(X_val, self._encode(y_val), sample_weight_val)
        self._train(_network_rows(X, self._encode(y), sample_weight), validation)
        return self

    def _train(self, train: NetworkRows, validation: NetworkRows | None) -> None:
        seed = draw_seed(self.random_state)
        network = Network(train, validation, is_classifier(self), self.dropout, seed)
        stopping = CycleStopping(self.cycles)
        batch = min(self.batch_size, max(16, len(train.X) // 20))
        rate = Cosine(
            self.learning_rate,
            cycle=self.cycles[0] * -(-len(train.X) // batch),
            factor=2,
        )
        recipe = Recipe(
            AdamW(rate, weight_decay=self.weight_decay),
            epochs=stopping.ends[-1],
            batch_size=batch,
            clipping=1.0,
            early_stopping=Patience(stopping.ends[-1], seconds=self.max_seconds),
            seed=seed,
        )
        start = network.initial_params(tuple(self.hidden))
        result = minimize(network, start, recipe, callback=stopping.stops)
        # Half precision is enough, and takes half of the space in a file.
        self.coefs_ = [param.astype(np.float16) for param in result.params]
        self.n_iter_ = result.n_epochs

    def _raw(self, X) -> Array:
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float32)
        params = [param.astype(np.float32) for param in self.coefs_]
        return np.asarray(raw_output(params, X))


def _network_rows(X: Array, target: Array, sample_weight: Any) -> NetworkRows:
    weight = check_sample_weight(sample_weight, X, dtype=np.float32)
    return NetworkRows(X, target, weight / weight.mean())


class PerceptronClassifier(ClassifierMixin, BasePerceptron):
    """A small network for classification; parameters as in `BasePerceptron`."""

    def _learn_target(self, y: Array) -> None:
        check_classification_targets(y)
        self.classes_ = np.unique(y)

    def _encode(self, y: Any) -> Array:
        ones = np.eye(len(self.classes_), dtype=np.float32)
        return ones[np.searchsorted(self.classes_, y)]

    def predict_proba(self, X):
        """Predict class probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Scaled features.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
        """
        return softmax(self._raw(X).astype(float), axis=1)

    def predict(self, X):
        """Predict classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Scaled features.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
        """
        return self.classes_[self._raw(X).argmax(axis=1)]


class PerceptronRegressor(RegressorMixin, BasePerceptron):
    """A small network for regression; parameters as in `BasePerceptron`."""

    def _learn_target(self, y: Array) -> None:
        self.mean_, self.scale_ = float(y.mean()), float(y.std()) or 1.0

    def _encode(self, y: Any) -> Array:
        scaled = (np.asarray(y) - self.mean_) / self.scale_
        return np.clip(scaled, -_MAX_TARGET, _MAX_TARGET).astype(np.float32)[:, None]

    def predict(self, X):
        """Predict the continuous target.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Scaled features.

        Returns
        -------
        y : ndarray of shape (n_samples,)
        """
        return self._raw(X)[:, 0].astype(float) * self.scale_ + self.mean_
