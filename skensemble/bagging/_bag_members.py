"""The members of a bag: seeded, on their columns, and how each is asked."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import sklearn
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import get_routing_for_object
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import has_fit_parameter

from skensemble.bagging._aggregation import Answer, votes
from skensemble.bagging._sampling import Draw, Sampler
from skensemble.core import named_seed, predict_block, seed_estimator
from skensemble.fitting import Member, PlannedFit, Split, take_rows, weight_name

Array = NDArray[Any]


def _has(method: str) -> Any:
    return lambda self: hasattr(self.estimator, method)


class OnColumns(MetaEstimatorMixin, BaseEstimator):
    """An estimator that is fitted on some columns, and asked about the same ones.

    Parameters
    ----------
    estimator : estimator
        The estimator.
    columns : ndarray of int
        Its columns, in its order.
    """

    def __init__(self, estimator, columns):
        self.estimator = estimator
        self.columns = columns

    def fit(self, X, y, **fit_params):
        """Fit the estimator itself on its columns.

        Parameters
        ----------
        X : array-like of shape (n, p)
            All columns.
        y : array-like
            The target.
        **fit_params : dict
            For the estimator.

        Returns
        -------
        self : object
        """
        if "sample_weight" in fit_params and not _routes():
            name = weight_name(self.estimator)
            fit_params[name] = fit_params.pop("sample_weight")
        self.estimator.fit(take_columns(X, self.columns), y, **fit_params)
        return self

    def predict(self, X):
        """Predict.

        Parameters
        ----------
        X : array-like of shape (n, p)
            All columns.

        Returns
        -------
        predictions : ndarray
        """
        return self.estimator.predict(take_columns(X, self.columns))

    @available_if(_has("predict_proba"))
    def predict_proba(self, X):
        """Predict probabilities.

        Parameters
        ----------
        X : array-like of shape (n, p)
            All columns.

        Returns
        -------
        probabilities : ndarray
        """
        return self.estimator.predict_proba(take_columns(X, self.columns))

    def __sklearn_tags__(self):
        """Tell what the estimator would."""
        return get_tags(self.estimator)


class Given:
    """A fitted member one of whose methods is given parameters each time.

    Parameters
    ----------
    model : estimator
        The member.
    method : str
        Which method.
    params : dict
        What it is given.
    """

    def __init__(self, model: Any, method: str, params: dict[str, Any]) -> None:
        setattr(self, method, partial(getattr(model, method), **params))


@dataclass(frozen=True)
class Fitted:
    """A fitted member.

    Parameters
    ----------
    place : int
        Its number among those planned.
    model : estimator
        What was fitted.
    columns : ndarray of int
        The columns that it sees.
    present : ndarray of int or None
        Codes of the classes it knows; None where it does not choose a class.
    """

    place: int
    model: Any
    columns: Array
    present: Any

    def predict_block(
        self, X: Any, method: str, n_classes: int, params: dict[str, Any]
    ) -> Array:
        """Answer as one block, in the columns of all classes; choices become votes.

        Parameters
        ----------
        X : array-like of shape (n, p)
            All columns of the rows.
        method : str
            How to ask.
        n_classes : int
            How many classes there are; 0 for numbers.
        params : dict
            Given to the method.

        Returns
        -------
        block : ndarray of shape (n,) or (n, k)
        """
        if not _are_all(self.columns, X.shape[1]):
            X = take_columns(X, self.columns)
        model = Given(self.model, method, params) if params else self.model
        if method == "predict_log_proba":
            return _log_block(model, X, self.present, n_classes)
        block = predict_block(model, method, X, self.present, n_classes)
        return votes(block, n_classes) if method == "predict" and n_classes else block


@dataclass(frozen=True)
class Plan:
    """What all members of a bag have in common before they are fitted.

    Parameters
    ----------
    estimator : estimator
        The member, unfitted.
    sampler : Sampler
        Draws its rows.
    seed : int
        Root of all seeds.
    n_rows, n_columns : int
        Shape of the data.
    width : int
        Columns of a member.
    repeats_columns : bool
        Whether columns are drawn with replacement.
    method : str
        How members are asked.
    fit_params : dict
        Given to each member.
    """

    estimator: Any
    sampler: Sampler
    seed: int
    n_rows: int
    n_columns: int
    width: int
    repeats_columns: bool
    method: str
    fit_params: dict[str, Any]

    def draw(self, place: int) -> Draw:
        """Draw the rows of a member, the same each time."""
        return self.sampler.draw(self._rng("rows", place))

    def columns(self, place: int) -> Array:
        """Draw the columns of a member, the same each time."""
        if self.width == self.n_columns and not self.repeats_columns:
            return np.arange(self.n_columns)
        rng = self._rng("columns", place)
        return rng.choice(self.n_columns, self.width, replace=self.repeats_columns)

    def counts(self, place: int) -> Array:
        """Count how often each row is in the sample of a member."""
        # Planned members each hold theirs: half the memory of whole machine words.
        rows = self.draw(place).rows
        return np.bincount(rows, minlength=self.n_rows).astype(np.int32)

    def left_out(self, place: int) -> Array:
        """Rows that a member does not see."""
        return np.flatnonzero(self.counts(place) == 0)

    def fold_fit(self, place: int, held_out: bool, keeps_order: bool) -> PlannedFit:
        """Plan the fit of a member.

        Parameters
        ----------
        place : int
            Its number.
        held_out : bool
            Whether it predicts the rows left out at once.
        keeps_order : bool
            Whether it is given the rows themselves, in the order drawn, though it
            would take weights.

        Returns
        -------
        fold_fit : PlannedFit
        """
        draw, columns = self.draw(place), self.columns(place)
        model = seed_estimator(clone(self.estimator), self.seed, "member", place)
        params = dict(self.fit_params)
        train: Array | None = draw.rows
        if draw.weights is not None:
            params["sample_weight"] = draw.weights
        elif not keeps_order and consumes_weights(self.estimator):
            # No copy of the rows: how often each was drawn is its weight.
            train = None
            params["sample_weight"] = self.counts(place)
        if not _are_all(columns, self.n_columns):
            model = OnColumns(model, columns)
        test = self.left_out(place) if held_out else np.empty(0, dtype=np.intp)
        member = Member(f"member {place}", model, self.method, params)
        return PlannedFit(member, Split(place, train, test), keep=True, cost=1.0)

    def _rng(self, *names: Any) -> np.random.Generator:
        return np.random.default_rng(named_seed(self.seed, *names))


def from_fold_fits(fold_fits: list[Any], plan: Plan) -> list[Fitted]:
    """Take the fitted members out of their cells."""
    return [
        Fitted(
            fold_fit.split,
            fold_fit.estimator.estimator
            if isinstance(fold_fit.estimator, OnColumns)
            else fold_fit.estimator,
            plan.columns(fold_fit.split),
            fold_fit.present,
        )
        for fold_fit in fold_fits
    ]


def out_of_bag(
    members: list[Fitted], plan: Plan, X: Any, method: str, n_classes: int
) -> list[Answer]:
    """Ask each member about the rows that it did not see."""
    found = []
    for member in members:
        rows = plan.left_out(member.place)
        if len(rows):
            block = member.predict_block(take_rows(X, rows), method, n_classes, {})
            found.append(Answer(block, rows))
    return found


def kept_answers(fold_fits: list[Any], n_classes: int) -> list[Answer]:
    """Give what members said of the rows left out when they were fitted."""
    found = [
        Answer(fold_fit.block, fold_fit.test)
        for fold_fit in fold_fits
        if fold_fit.block is not None
    ]
    if not n_classes or not found or fold_fits[0].method != "predict":
        return found
    return [replace(a, block=votes(a.block, n_classes)) for a in found]


def _routes() -> bool:
    return bool(sklearn.get_config()["enable_metadata_routing"])


def consumes_weights(estimator: Any) -> bool:
    """Tell whether an estimator itself is fitted with sample weights."""
    if _routes():
        routing = get_routing_for_object(estimator)
        return bool(routing.consumes("fit", ("sample_weight",)))
    return bool(has_fit_parameter(estimator, "sample_weight"))


def check_takes_weights(estimator: Any) -> None:
    """Refuse members that cannot be weighed."""
    if _routes():
        takes = consumes_weights(estimator)
    else:
        try:
            takes = bool(weight_name(estimator))
        except TypeError:
            takes = False
    if not takes:
        raise ValueError(
            f"sampling='bayesian' weighs rows, and estimator={estimator!r} takes no "
            "sample_weight; use sampling='rows', or another estimator (with metadata "
            "routing: set_fit_request(sample_weight=True))."
        )


def take_columns(X: Any, columns: Array) -> Any:
    """Take columns by number, of arrays, sparse matrices and frames alike."""
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
