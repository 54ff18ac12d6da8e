"""A fitted bagging ensemble, and its predictions."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.utils.parallel import Parallel, delayed

from skensemble.bagging._jackknife import jackknife_from_counts
from skensemble.bagging.bags._aggregation import (
    MemberBlock,
    aggregate,
    stack_blocks,
)
from skensemble.bagging.bags._members import BagMember, BagPlan
from skensemble.core import Target

Array = NDArray[Any]


@dataclass(frozen=True)
class PredictionOptions:
    """How the predictions of the members are computed and combined.

    Parameters
    ----------
    method : str
        Response method of the members.
    rule : {"mean", "median", "trimmed"}
        How predictions are combined.
    n_jobs : int or None
        Number of members that predict at a time.
    params : dict or None
        Metadata for the response method.
    """

    method: str
    rule: str
    n_jobs: int | None = None
    params: dict[str, Any] | None = None


@dataclass(frozen=True)
class FittedBag:
    """The members of a fitted ensemble, and the plan of their fits.

    Parameters
    ----------
    members : tuple of BagMember
        The fitted members.
    plan : BagPlan
        How the members were sampled and seeded.
    target : Target
        The kind and the classes of the target, without values.
    fitted_on_frame : bool
        Whether the members were fitted on named columns.
    n_planned : int
        Number of planned members, including those that failed.
    trees : BinnedTrees or None
        All trees in one value, for ``engine="binned"``.
    """

    members: tuple[BagMember, ...]
    plan: BagPlan
    target: Target
    fitted_on_frame: bool
    n_planned: int
    trees: Any = None

    def member_blocks(self, X: Any, options: PredictionOptions) -> Any:
        """Predict with one member after the other, in their order.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.
        options : PredictionOptions
            How to predict.

        Returns
        -------
        blocks : iterable of MemberBlock
        """
        predict = partial(
            _member_block, X=X, options=options, n_classes=self.target.n_classes
        )
        if effective_n_jobs(options.n_jobs) == 1:
            return map(predict, self.members)
        # Threads share rows and models; sums depend on the order of the members.
        in_order = Parallel(
            n_jobs=options.n_jobs, require="sharedmem", return_as="generator"
        )
        return in_order(delayed(predict)(member) for member in self.members)

    def combine(
        self, blocks: Iterable[MemberBlock], options: PredictionOptions, n_rows: int
    ) -> Array:
        """Combine the predictions of the members; see `aggregate`."""
        return aggregate(blocks, options.rule, n_rows, n_classes=self.target.n_classes)

    def predict(self, X: Any, options: PredictionOptions) -> Array:
        """Predict the target, or the probabilities of the classes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows.
        options : PredictionOptions
            How to predict.

        Returns
        -------
        predictions : ndarray of shape (n_samples,) or (n_samples, k)
        """
        if self.trees is not None and options.rule == "mean":
            if options.method == "predict_proba":
                return self.trees.mean_proba(X, options.n_jobs)
            if not self.target.n_classes:
                return self.trees.mean(X, options.n_jobs)
        return self.combine(self.member_blocks(X, options), options, X.shape[0])

    def log_proba(self, X: Any, options: PredictionOptions) -> Array:
        """Predict logarithms of probabilities, if possible from those of the members.

        The result is then finite for probabilities that underflow.
        """
        with np.errstate(divide="ignore"):
            if options.method != "predict_log_proba":
                return np.log(self.predict(X, options))
            blocks = (member.block for member in self.member_blocks(X, options))
            return reduce(np.logaddexp, blocks) - np.log(len(self.members))

    def stacked(self, X: Any, options: PredictionOptions) -> Array:
        """Stack the predictions of all members along a new first axis."""
        return stack_blocks(self.member_blocks(X, options), X.shape[0])

    def standard_error(self, X: Any, options: PredictionOptions) -> Array:
        """Estimate the standard error of the mean by the infinitesimal jackknife."""
        counts = np.stack([self.plan.counts(member.index) for member in self.members])
        return jackknife_from_counts(csr_matrix(counts)).standard_error(
            self.stacked(X, options)
        )


def response_method(estimator: Any, *, classifier: bool, aggregation: str) -> str:
    """Find the response method of the members for a way to combine predictions."""
    if not classifier or aggregation == "hard":
        return "predict"
    return "predict_proba" if hasattr(estimator, "predict_proba") else "predict"


def _member_block(
    member: BagMember, X: Any, options: PredictionOptions, n_classes: int
) -> MemberBlock:
    block = member.predict_block(X, options.method, n_classes, options.params)
    return MemberBlock(block)
