"""Base class of losses, for boosting and linear models."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from skensemble.core import ParameterHolder, flat_column, precise_numbers
from skensemble.losses._differences import (
    curvature,
    rows,
    slope,
    slope_of_gradient,
)
from skensemble.losses._kink import Kink
from skensemble.losses._links import IDENTITY, Link, as_link
from skensemble.losses._scorer import LossScorer, loss_of_predictions
from skensemble.losses._search import best_step, best_steps

Array = NDArray[Any]

MEANS: Mapping[str, Link] = {"regression": IDENTITY, "multioutput": IDENTITY}


class Loss(ParameterHolder):
    """Base class of losses: the cost of a raw output, and its derivatives.

    A subclass needs one method, `pointwise`; the derivatives are then computed
    numerically. Closed forms make it fast and exact. It stores its parameters like a
    scikit-learn estimator, so it has `get_params`, `set_params`, `clone` and a `repr`,
    and ``loss__delta`` can be searched.

    Shapes: `y` is (n,) with a continuous target or class codes 0, 1, ..., or (n, k) for
    several outputs or labels; `raw` is (n,) or (n, k). A loss of several columns is the
    sum over them.

    Read more in the :ref:`User Guide <guide_custom_losses>`.

    Attributes
    ----------
    links : mapping of str to Link
        The link, or its name ("identity", "log", "logit", "softmax"), for each kind of
        target that the loss is for: "regression" (one column), "multioutput" (several
        columns), "binary", "multiclass", "multilabel".
    convex : bool
        Whether the loss is convex in the raw output.
    smooth : bool
        Whether its gradient has no jumps. With jumps, second derivatives carry no
        information: trees use a hessian of one and set their leaf values by `leaf`.
    exact_hessian : bool
        Whether `hessian` is the second derivative, or else an upper bound of it
        (majorant) that keeps Newton steps short where the curvature vanishes or is
        negative.
    constant_hessian : bool
        Whether the hessian is one everywhere.
    renews_leaves : bool
        Whether trees should set their leaf values by `leaf`.
    piecewise_linear : bool
        Whether the loss of each entry consists of two straight lines (see `kink`).

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.losses import Loss
    >>> class Asymmetric(Loss):
    ...     def __init__(self, factor=3.0):
    ...         self.factor = factor
    ...
    ...     def pointwise(self, y, raw):
    ...         return np.where(y > raw, self.factor, 1.0) * (y - raw) ** 2
    >>> loss = Asymmetric()
    >>> loss.gradient(np.array([1.0, 2.0]), np.array([0.0, 3.0])).round(6)
    array([-6.,  2.])
    """

    links: ClassVar[Mapping[str, Any]] = MEANS
    convex: ClassVar[bool] = True
    smooth: ClassVar[bool] = True
    exact_hessian: ClassVar[bool] = True
    constant_hessian: ClassVar[bool] = False

    @property
    def probabilistic(self) -> bool:
        """Whether its raw output for classes corresponds to probabilities."""
        return any(as_link(link).probabilities for link in self.links.values())

    @property
    def derives_hessian(self) -> bool:
        """Whether its hessian is computed by finite differences."""
        return self.smooth and type(self).hessian is Loss.hessian

    @property
    def renews_leaves(self) -> bool:
        """Whether trees should set their leaf values by `leaf`."""
        return not self.smooth

    @property
    def piecewise_linear(self) -> bool:
        """Whether the loss of each entry consists of two straight lines."""
        return type(self).kink is not Loss.kink

    def pointwise(self, y: Array, raw: Array) -> Array:
        """Loss per row, or per entry if it depends on that entry alone.

        Parameters
        ----------
        y : ndarray of shape (n,) or (n, k)
            The target.
        raw : ndarray of shape (n,) or (n, k)
            Raw output of a model.

        Returns
        -------
        loss : ndarray of shape (n,) or (n, k)
            The loss of each row, or of each entry.
        """
        raise TypeError(f"{type(self).__name__} does not define pointwise(y, raw).")

    def value(self, y: Array, raw: Array, sample_weight: Array | None = None) -> float:
        """Weighted mean of the loss over rows.

        Parameters
        ----------
        y : ndarray of shape (n,) or (n, k)
            The target.
        raw : ndarray of shape (n,) or (n, k)
            Raw output of a model.
        sample_weight : ndarray of shape (n,) or None
            Weights of the rows.

        Returns
        -------
        loss : float
            The weighted mean.
        """
        y = np.asarray(y) if np.shape(y) == raw.shape else flat_column(y)
        # Codes of classes stay integers.
        y = precise_numbers(y) if set(self.links) <= set(MEANS) else y
        each = rows(np.asarray(self.pointwise(y, raw)))
        if each.shape != raw.shape[:1]:
            raise ValueError(
                f"pointwise of loss={self!r} returned the shape {each.shape} for "
                f"{len(raw)} rows; it must return the loss per row (no mean)."
            )
        return float(np.average(each, weights=sample_weight))

    def gradient(self, y: Array, raw: Array) -> Array:
        """First derivative of the loss with respect to each entry of the raw output.

        Parameters
        ----------
        y : ndarray of shape (n,) or (n, k)
            The target.
        raw : ndarray of shape (n,) or (n, k)
            Raw output of a model.

        Returns
        -------
        gradient : ndarray of the shape of `raw`
            The derivative by each entry of `raw`.
        """
        return slope(lambda at: self.pointwise(y, at), raw)

    def hessian(self, y: Array, raw: Array) -> Array:
        """Second derivative with respect to each entry of the raw output.

        Parameters
        ----------
        y : ndarray of shape (n,) or (n, k)
            The target.
        raw : ndarray of shape (n,) or (n, k)
            Raw output of a model.

        Returns
        -------
        hessian : ndarray of the shape of `raw`
            Never negative; an upper bound if `exact_hessian` is False.
        """
        if not self.smooth:
            return np.ones_like(raw)
        if type(self).gradient is Loss.gradient:
            found = curvature(lambda at: self.pointwise(y, at), raw)
        else:
            found = slope_of_gradient(lambda at: self.gradient(y, at), raw)
        return np.maximum(found, 0)

    def gradient_hessian(self, y: Array, raw: Array) -> tuple[Array, Array]:
        """Both derivatives in one call, for losses that share computations.

        Parameters
        ----------
        y : ndarray of shape (n,) or (n, k)
            The target.
        raw : ndarray of shape (n,) or (n, k)
            Raw output of a model.

        Returns
        -------
        gradient, hessian : ndarrays of the shape of `raw`
            The first and second derivative by each entry of `raw`.
        """
        return self.gradient(y, raw), self.hessian(y, raw)

    def kink(self, y: Array, width: int | None = None) -> Kink | None:
        """Return the two lines of a piecewise linear loss.

        Parameters
        ----------
        y : ndarray of shape (n,) or (n, k)
            The target.
        width : int or None
            Number of raw columns; None for one value per row.

        Returns
        -------
        kink : Kink or None
            The points where the lines meet, and their slopes; None for other losses.
        """
        return None

    def couples_columns(self, y: Array, width: int | None = None) -> bool:
        """Whether the loss of a row couples its raw columns, as a softmax does.

        Otherwise the loss is a sum over columns that can be fitted one by one, and
        `pointwise` returns the loss per entry.

        Parameters
        ----------
        y : ndarray of shape (n,) or (n, k)
            The target.
        width : int or None
            Number of raw columns; None for one value per row.

        Returns
        -------
        couples : bool
            True if the loss of a row mixes its raw columns.
        """
        if width is None:
            return False
        return np.ndim(self.pointwise(y[:1], np.zeros((1, width)))) == 1

    def softmax_hessian(self, y: Array, raw: Array) -> tuple[Array, Array] | None:
        """Full second derivative per row, factor (diag(p) - p p'), for softmax losses.

        Parameters
        ----------
        y : ndarray of shape (n,) or (n, k)
            The target.
        raw : ndarray of shape (n, k)
            Raw output of a model.

        Returns
        -------
        p, factor : ndarrays of shape (n, k) and (n,), or None
            None for a loss whose columns are not coupled by a softmax.
        """
        return None

    def start(
        self, y: Array, sample_weight: Array | None = None, width: int | None = None
    ) -> Any:
        """Best constant raw output.

        Parameters
        ----------
        y : ndarray of shape (n,) or (n, k)
            The target.
        sample_weight : ndarray of shape (n,) or None
            Weights of the rows.
        width : int or None
            Number of raw columns; None for one value per row.

        Returns
        -------
        start : float or ndarray of shape (width,)
            The constant, one number per raw column.
        """
        raw = np.zeros(len(y) if width is None else (len(y), width))
        return self.leaf(y, raw, sample_weight)

    def leaf(self, y: Array, raw: Array, sample_weight: Array | None = None) -> Any:
        """Best constant step for a group of rows: the value of a leaf.

        Parameters
        ----------
        y : ndarray of shape (n,) or (n, k)
            The target.
        raw : ndarray of shape (n,) or (n, k)
            Raw output so far.
        sample_weight : ndarray of shape (n,) or None
            Weights of the rows.

        Returns
        -------
        step : float or ndarray of shape (k,)
            The value to add to `raw` in all rows of the group.
        """
        w = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight)
        self.value(y, raw)  # raises an error with a clear message for a wrong shape
        if raw.ndim == 1:
            return best_step(
                lambda c: float(w @ self.gradient(y, raw + c)),
                lambda c: float(w @ self.pointwise(y, raw + c)),
                float(w @ np.abs(self.gradient(y, raw))),
                smooth=self.smooth,
            )
        return best_steps(
            lambda c: (
                float(np.average(rows(self.pointwise(y, raw + c)), weights=w)),
                np.average(self.gradient(y, raw + c), axis=0, weights=w),
            ),
            raw.shape[1],
        )

    def adapted(
        self,
        y: Array,
        raw: Array,
        sample_weight: Array | None = None,
    ) -> Self:
        """Return the loss with parameters computed from the data (see `Huber`).

        Parameters
        ----------
        y : ndarray of shape (n,) or (n, k)
            The target.
        raw : ndarray of shape (n,) or (n, k)
            Raw output so far.
        sample_weight : ndarray of shape (n,) or None
            Weights of the rows.

        Returns
        -------
        loss : Loss
            This loss, or a loss of the same class with fixed parameters.
        """
        return self

    def for_classes(
        self, classes: Any, y: Array, sample_weight: Array | None = None
    ) -> Self:
        """Return the loss with parameters by class code, not label (see `LogLoss`).

        Parameters
        ----------
        classes : sequence
            The labels, in the order of their codes.
        y : ndarray of int
            Codes of the training rows.
        sample_weight : ndarray of shape (n,) or None
            Weights of the rows.

        Returns
        -------
        loss : Loss
            The loss for codes of classes.
        """
        return self

    def check(self, y: Array) -> None:
        """Refuse parameters and targets that the loss does not support.

        Parameters
        ----------
        y : ndarray of shape (n,) or (n, k)
            The target.
        """

    def link_for(self, task: str) -> Link:
        """Return the link for a task.

        Parameters
        ----------
        task : {"regression", "multioutput", "binary", "multiclass", "multilabel"}
            The task.

        Returns
        -------
        link : Link
            The link, which turns raw outputs into predictions.
        """
        if task not in self.links:
            raise ValueError(
                f"loss={self!r} is for {_listed(self.links)} targets, got a {task} target. "
                "A loss of your own declares its tasks by its links, such as "
                "links = {'binary': 'logit'}."
            )
        return as_link(self.links[task])

    def width(self, task: str, columns: int) -> int | None:
        """Number of raw columns of the loss.

        Parameters
        ----------
        task : str
            The task.
        columns : int
            Number of classes, labels or outputs.

        Returns
        -------
        width : int or None
            None for one value per row.
        """
        return None if task in ("regression", "binary") else columns

    def score(
        self, y: Array, prediction: Array, sample_weight: Array | None = None
    ) -> float:
        """Negative mean loss of predictions (greater is better).

        Parameters
        ----------
        y : ndarray of shape (n,) or (n, k)
            The target; class codes for a classifier.
        prediction : ndarray of shape (n,) or (n, k)
            Predictions of a model: means, or probabilities with one column per class
            (decision values for losses without probabilities, such as `Hinge`).
        sample_weight : ndarray of shape (n,) or None
            Weights of the rows.

        Returns
        -------
        score : float
            The negative mean loss.
        """
        return -loss_of_predictions(self, y, prediction, sample_weight)

    def scorer(self) -> LossScorer:
        """Make a scorer of this loss for the parameter ``scoring``.

        Returns
        -------
        scorer : LossScorer
            Called with ``(estimator, X, y, sample_weight=None)``; greater is better.
        """
        return LossScorer(self)


def _listed(names: Mapping[str, Any]) -> str:
    """Join names by commas and "and"."""
    words = list(names)
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + f" and {words[-1]}"
