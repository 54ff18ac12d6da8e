"""Scores of a growing selection plus each candidate, for all candidates at once.

A selection is a sum S of t predictions, in which members count as often as they were
selected; it predicts S / t. A candidate scorer keeps S, or what the score needs of it.
"""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from skensemble.losses import AbsoluteError, LogLoss, SquaredError
from skensemble.member_weights._ranking import MeanAUC
from skensemble.scoring import MemberPredictions, PredictionScorer

Array = NDArray[Any]

# Number of float64 entries that fit a second-level cache together with their inputs.
_BLOCK = 1 << 15


class CandidateScorer(Protocol):
    """Scores a selection plus each of its candidates."""

    def reset(self) -> None:
        """Start from the empty selection."""

    def scores(self, among: Array) -> Array:
        """Score the selection plus each of some members."""

    def add(self, member: int) -> None:
        """Add a member to the selection."""


class SquaredErrorCandidates:
    """Squared errors from the Gram matrix G of the members' residuals.

    The mean squared error of a selection with counts c is c'Gc / t², so a candidate m
    costs a few additions whatever the number of rows: c'Gc + 2 (Gc)_m + G_mm.

    Parameters
    ----------
    members : MemberPredictions
        The candidates.
    metric : {"mse", "rmse", "r2", "loss"}
        Mean over outputs of the squared error, its root or R2; or half the squared
        error summed over outputs. All signed so that higher is better.
    """

    def __init__(self, members: MemberPredictions, metric: str) -> None:
        y, w = members.y.astype(float), members.weight / members.weight.sum()
        # Residuals rather than predictions, so that cancellation precedes squaring.
        residuals = np.moveaxis(
            (members.values - y).reshape(*members.values.shape[:2], -1), 2, 0
        )
        self.gram = (residuals * w) @ residuals.transpose(0, 2, 1)
        self.own = np.diagonal(self.gram, axis1=1, axis2=2)
        self.spread = (w @ (y - w @ y) ** 2).reshape(-1)
        self.metric = metric
        self.reset()

    def reset(self) -> None:
        """Start from the empty selection."""
        self.size = 0
        self.cross = np.zeros(self.own.shape)
        self.square = np.zeros((len(self.own), 1))

    def scores(self, among: Array) -> Array:
        """Score the selection plus each of some members."""
        total = self.square + 2 * self.cross[:, among] + self.own[:, among]
        mse = np.maximum(total, 0) / (self.size + 1) ** 2
        if self.metric == "rmse":
            return -np.sqrt(mse).mean(axis=0)
        if self.metric == "r2":
            return _r2(mse, self.spread[:, None]).mean(axis=0)
        return -mse.sum(axis=0) / 2 if self.metric == "loss" else -mse.mean(axis=0)

    def add(self, member: int) -> None:
        """Add a member to the selection."""
        self.square += 2 * self.cross[:, [member]] + self.own[:, [member]]
        self.cross += self.gram[:, member]
        self.size += 1


class _SumCandidates:
    """A candidate scorer that keeps the sum of the predictions.

    Parameters
    ----------
    columns : ndarray of shape (n_members, ..., n)
        Predictions of the members.
    """

    def __init__(self, columns: Array) -> None:
        self.columns = np.ascontiguousarray(columns)
        self.reset()

    def reset(self) -> None:
        """Start from the empty selection."""
        self.size = 0
        self.total = np.zeros(self.columns.shape[1:])

    def add(self, member: int) -> None:
        """Add a member to the selection."""
        self.total += self.columns[member]
        self.size += 1

    def scores(self, among: Array) -> Array:
        """Score the selection plus each of some members."""
        step = max(1, _BLOCK // self.total.size)
        scores = []
        for at in range(0, len(among), step):
            block = self.columns[among[at : at + step]]
            block += self.total
            scores.append(self._score(block))
        return np.concatenate(scores)

    def _score(self, total: Array) -> Array:
        raise NotImplementedError


class LogLossCandidates(_SumCandidates):
    """Log loss, summed over labels, from the probabilities of the target.

    Parameters
    ----------
    members : MemberPredictions
        The candidates, with probabilities of classes or labels.
    """

    def __init__(self, members: MemberPredictions) -> None:
        super().__init__(members.likelihoods())
        self.weight = members.weight_of_entries() / members.weight.sum()

    def _score(self, total: Array) -> Array:
        total /= self.size + 1
        return np.log(total, out=total) @ self.weight


class AbsoluteErrorCandidates(_SumCandidates):
    """Mean absolute error, by the members' residuals.

    Parameters
    ----------
    members : MemberPredictions
        The candidates, with continuous predictions.
    sums : bool
        Whether outputs are summed (as in losses) or averaged.
    """

    def __init__(self, members: MemberPredictions, sums: bool = False) -> None:
        residuals = members.values - members.y
        super().__init__(residuals.reshape(len(residuals), -1))
        weight = members.weight_of_entries()
        self.weight = weight / (members.weight.sum() if sums else weight.sum())

    def _score(self, total: Array) -> Array:
        return -(np.abs(total, out=total) @ self.weight) / (self.size + 1)


class AccuracyCandidates(_SumCandidates):
    """Accuracy: the first of the highest probabilities is the class predicted.

    Parameters
    ----------
    members : MemberPredictions
        The candidates, with probabilities of classes.
    """

    def __init__(self, members: MemberPredictions) -> None:
        super().__init__(members.values.transpose(0, 2, 1))
        self.targets = [members.y == code for code in range(members.n_classes)]
        self.weight = members.weight
        self.n = self.weight.sum()

    def _score(self, total: Array) -> Array:
        best, hit = total[:, 0], np.broadcast_to(self.targets[0], total[:, 0].shape)
        for column, target in zip(
            np.moveaxis(total, 1, 0)[1:], self.targets[1:], strict=True
        ):
            higher = column > best
            hit = np.where(higher, target, hit)
            best = np.maximum(best, column)
        return hit @ self.weight / self.n


class AUCCandidates(_SumCandidates):
    """Area under the ROC curve, of one class against the rest.

    Parameters
    ----------
    members : MemberPredictions
        The candidates, with probabilities of classes.
    """

    def __init__(self, members: MemberPredictions) -> None:
        self.auc = MeanAUC(members.y, members.n_classes, members.weight)
        super().__init__(members.values[:, :, self.auc.columns].transpose(0, 2, 1))

    def _score(self, total: Array) -> Array:
        return np.array([self.auc(columns) for columns in total])


class ScorerCandidates(_SumCandidates):
    """Any other score: the scorer is called for each candidate.

    Parameters
    ----------
    members : MemberPredictions
        The candidates.
    scorer : PredictionScorer
        The scorer.
    """

    def __init__(self, members: MemberPredictions, scorer: PredictionScorer) -> None:
        super().__init__(members.values)
        self.members, self.scorer = members, scorer

    def _score(self, total: Array) -> Array:
        y, weight = self.members.y, self.members.sample_weight
        total /= self.size + 1
        method = "predict" if self.members.kind == "continuous" else "predict_proba"
        return np.array(
            [self.scorer.score_or_nan(block, y, weight, method) for block in total]
        )


_REGRESSION: dict[str, Any] = {
    "neg_mean_squared_error": lambda members: SquaredErrorCandidates(members, "mse"),
    "neg_root_mean_squared_error": lambda members: SquaredErrorCandidates(
        members, "rmse"
    ),
    "r2": lambda members: SquaredErrorCandidates(members, "r2"),
    "neg_mean_absolute_error": AbsoluteErrorCandidates,
    repr(SquaredError()): lambda members: SquaredErrorCandidates(members, "loss"),
    repr(AbsoluteError()): lambda members: AbsoluteErrorCandidates(members, sums=True),
}
_CLASSES: dict[str, Any] = {
    "neg_log_loss": LogLossCandidates,
    "accuracy": AccuracyCandidates,
    "roc_auc_ovr": AUCCandidates,
    repr(LogLoss()): LogLossCandidates,
}
_LABELS: dict[str, Any] = {repr(LogLoss()): LogLossCandidates}
_BINARY: dict[str, Any] = {"roc_auc": AUCCandidates}


def candidate_scorer(
    members: MemberPredictions, scorer: PredictionScorer
) -> CandidateScorer:
    """Make the fastest candidate scorer of a score.

    Parameters
    ----------
    members : MemberPredictions
        The candidates.
    scorer : PredictionScorer
        The scorer.

    Returns
    -------
    candidate_scorer : CandidateScorer
    """
    known = {"continuous": _REGRESSION, "classes": _CLASSES, "labels": _LABELS}[
        members.kind
    ]
    if members.n_classes == 2:
        known = known | _BINARY
    kind = known.get(scorer.known_as)
    return ScorerCandidates(members, scorer) if kind is None else kind(members)


def _r2(mse: Array, spread: Array) -> Array:
    # As in scikit-learn: R2 of a constant target is one or zero.
    constant = spread <= 0
    explained = 1 - mse / np.where(constant, 1.0, spread)
    return np.where(constant, np.where(mse <= 0, 1.0, 0.0), explained)
