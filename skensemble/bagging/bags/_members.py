"""The members of bagging: how they are sampled, seeded, fitted and called."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import has_fit_parameter

from skensemble.bagging.bags._aggregation import votes
from skensemble.bagging.bags._metadata_routing import routing_is_enabled
from skensemble.bagging.bags._sampling import Sample, Sampler
from skensemble.core import named_seed, predict_block, seed_estimator
from skensemble.fitting import (
    FoldFit,
    Member,
    PlannedFit,
    Split,
    take_rows,
    weight_name,
)

Array = NDArray[Any]


def _has(method: str) -> Any:
    return lambda self: hasattr(self.estimator, method)


class ColumnSubsetEstimator(MetaEstimatorMixin, BaseEstimator):
    """An estimator that is fitted on a subset of the columns and predicts from it.

    Parameters
    ----------
    estimator : estimator
        The estimator.
    columns : ndarray of int
        Positions of its columns, in its order.
    """

    def __init__(self, estimator, columns):
        self.estimator = estimator
        self.columns = columns

    def fit(self, X, y, **fit_params):
        """Fit the estimator, without a clone, on its columns of `X`."""
        if "sample_weight" in fit_params and not routing_is_enabled():
            name = weight_name(self.estimator)
            fit_params[name] = fit_params.pop("sample_weight")
        self.estimator.fit(take_columns(X, self.columns), y, **fit_params)
        return self

    def predict(self, X):
        """Predict from the columns of `X` that the estimator was fitted on."""
        return self.estimator.predict(take_columns(X, self.columns))

    @available_if(_has("predict_proba"))
    def predict_proba(self, X):
        """Predict probabilities from the columns that the estimator was fitted on."""
        return self.estimator.predict_proba(take_columns(X, self.columns))

    def __sklearn_tags__(self):
        """Return the tags of the estimator."""
        return get_tags(self.estimator)


class MethodWithParams:
    """A fitted member with one method, which is called with fixed parameters."""

    def __init__(self, model: Any, method: str, params: dict[str, Any]) -> None:
        setattr(self, method, partial(getattr(model, method), **params))


@dataclass(frozen=True)
class BagMember:
    """A fitted member.

    Parameters
    ----------
    index : int
        Its number among the planned members.
    model : estimator
        The fitted estimator.
    columns : ndarray of int
        The columns that it was fitted on.
    present : ndarray of int or None
        Codes of the classes that it was fitted on; None for a regressor.
    """

    index: int
    model: Any
    columns: Array
    present: Any

    def predict_block(
        self,
        X: Any,
        method: str,
        n_classes: int,
        params: dict[str, Any] | None = None,
    ) -> Array:
        """Predict one block with the columns of all classes; labels become votes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            All columns of the rows.
        method : str
            The response method.
        n_classes : int
            Number of classes of the ensemble; 0 for regression.
        params : dict, optional
            Metadata for the response method.

        Returns
        -------
        block : ndarray of shape (n_samples,) or (n_samples, k)
        """
        if not _are_all(self.columns, X.shape[1]):
            X = take_columns(X, self.columns)
        model = MethodWithParams(self.model, method, params) if params else self.model
        if method == "predict_log_proba":
            return _log_block(model, X, self.present, n_classes)
        block = predict_block(model, method, X, self.present, n_classes)
        return votes(block, n_classes) if method == "predict" and n_classes else block


@dataclass(frozen=True)
class BagPlan:
    """Settings that all members share, from which each member is planned.

    Parameters
    ----------
    estimator : estimator
        The unfitted member.
    sampler : Sampler
        Draws the rows of a member.
    seed : int
        The root of all seeds.
    n_rows, n_columns : int
        Shape of the training data.
    n_drawn_columns : int
        Number of columns that a member is fitted on.
    repeats_columns : bool
        Whether columns are drawn with replacement.
    method : str
        Response method of the members.
    fit_params : dict
        Metadata for the fit of each member.
    """

    estimator: Any
    sampler: Sampler
    seed: int
    n_rows: int
    n_columns: int
    n_drawn_columns: int
    repeats_columns: bool
    method: str
    fit_params: dict[str, Any]

    def sample(self, index: int) -> Sample:
        """Draw the rows of a member; the same rows in each call."""
        return self.sampler.draw(self._rng("rows", index))

    def columns(self, index: int) -> Array:
        """Draw the columns of a member; the same columns in each call."""
        if self.n_drawn_columns == self.n_columns and not self.repeats_columns:
            return np.arange(self.n_columns)
        rng = self._rng("columns", index)
        return rng.choice(
            self.n_columns, self.n_drawn_columns, replace=self.repeats_columns
        )

    def counts(self, index: int) -> Array:
        """Count how often each row is in the sample of a member."""
        # All planned members keep their counts: 32 bits need half the memory of 64.
        rows = self.sample(index).rows
        return np.bincount(rows, minlength=self.n_rows).astype(np.int32)

    def left_out(self, index: int) -> Array:
        """Find the rows that are not in the sample of a member."""
        return np.flatnonzero(self.counts(index) == 0)

    def planned_fit(self, index: int, held_out: bool, keeps_order: bool) -> PlannedFit:
        """Plan the fit of a member.

        Parameters
        ----------
        index : int
            Number of the member.
        held_out : bool
            Whether the member predicts the rows left out right after its fit.
        keeps_order : bool
            Whether the member is fitted on the drawn rows in the drawn order, even if
            it takes weights.

        Returns
        -------
        planned_fit : PlannedFit
        """
        sample, columns = self.sample(index), self.columns(index)
        model = seed_estimator(clone(self.estimator), self.seed, "member", index)
        params = dict(self.fit_params)
        train: Array | None = sample.rows
        if sample.weights is not None:
            params["sample_weight"] = sample.weights
        elif not keeps_order and consumes_weights(self.estimator):
            # No copy of the rows: how often a row was drawn is its weight.
            train = None
            params["sample_weight"] = self.counts(index)
        if not _are_all(columns, self.n_columns):
            model = ColumnSubsetEstimator(model, columns)
        test = self.left_out(index) if held_out else np.empty(0, dtype=np.intp)
        member = Member(f"member {index}", model, self.method, params)
        return PlannedFit(member, Split(index, train, test), keep=True, cost=1.0)

    def _rng(self, *names: Any) -> np.random.Generator:
        return np.random.default_rng(named_seed(self.seed, *names))


def members_of(fold_fits: list[FoldFit], plan: BagPlan) -> list[BagMember]:
    """Collect the fitted members from the results of the fit engine."""
    members = []
    for fold_fit in fold_fits:
        model, index = fold_fit.estimator, int(fold_fit.split)
        if isinstance(model, ColumnSubsetEstimator):
            model = model.estimator
        members.append(BagMember(index, model, plan.columns(index), fold_fit.present))
    return members


def consumes_weights(estimator: Any) -> bool:
    """Whether ``fit`` of an estimator itself takes sample weights."""
    if routing_is_enabled():
        routing = get_routing_for_object(estimator)
        return bool(routing.consumes("fit", ("sample_weight",)))
    return bool(has_fit_parameter(estimator, "sample_weight"))


def check_takes_weights(estimator: Any) -> None:
    """Refuse members that take no weights for ``sampling="bayesian"``."""
    if routing_is_enabled():
        takes = consumes_weights(estimator)
    else:
        try:
            takes = bool(weight_name(estimator))
        except TypeError:
            takes = False
    if not takes:
        raise ValueError(
            f"sampling='bayesian' needs members that take weights, and "
            f"estimator={estimator!r} takes no sample_weight; use sampling='rows' or "
            "another estimator (with metadata routing: "
            "set_fit_request(sample_weight=True))."
        )


def take_columns(X: Any, columns: Array) -> Any:
    """Take columns by position from an array, a sparse matrix or a frame."""
    if hasattr(X, "columns"):
        return take_rows(X, columns, axis=1)
    return X[:, columns]


def _are_all(columns: Array, n_columns: int) -> bool:
    return len(columns) == n_columns and bool((columns == np.arange(n_columns)).all())


def _log_block(model: Any, X: Any, present: Any, n_classes: int) -> Array:
    raw = np.asarray(model.predict_log_proba(X))
    if present is None or len(present) == n_classes:
        return raw
    block = np.full((len(raw), n_classes), -np.inf)
    block[:, present] = raw
    return block
