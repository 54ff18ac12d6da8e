"""The loop of AdaBoost: fit a weak learner, and update the weights of the rows."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.boosting.learners._base import StageFitter
from skensemble.boosting.learners._variants import AdaBoostR2, BoostingStep, Variant
from skensemble.core import named_seed, warn
from skensemble.optim import Patience

Array = NDArray[Any]

# Largest number of rows on which margins are computed.
_MOST_SCORED = 2048
_QUANTILES = {"margin_05": 0.05, "margin_25": 0.25, "margin_50": 0.5}
# Smallest weight. A weight below the precision of their sum would never increase again.
_MIN_WEIGHT = np.finfo(float).eps


@dataclass(frozen=True)
class AdaBoostProblem:
    """The data and the settings of one run of AdaBoost.

    Parameters
    ----------
    y, weight : ndarray of shape (n_samples,)
        Targets (classes as codes), and weights above zero with sum one.
    y_val, weight_val : ndarray or None
        Targets and weights of the validation rows.
    n_rounds : int
        Maximum number of rounds.
    stopping : Patience or None
        Early stopping on the validation rows.
    balanced : bool
        Whether each round is fitted on the same number of rows of every class.
    seed : int
        Seed of the random numbers.
    """

    y: Array
    weight: Array
    y_val: Array | None
    weight_val: Array | None
    n_rounds: int
    stopping: Patience | None
    balanced: bool
    seed: int


@dataclass
class AdaBoostResult:
    """The results of the rounds so far.

    Parameters
    ----------
    weights, errors : list of float
        Weights and errors of the weak learners.
    history : list of dict
        One row per round.
    row_weights : ndarray of shape (n_samples,)
        Mean weight of each row over the rounds; the mean over the rows is 1.
    n_kept : int
        Number of rounds to keep.
    """

    weights: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    history: list[dict[str, float]] = field(default_factory=list)
    row_weights: Any = None
    n_kept: int = 0

    def add(self, step: BoostingStep, row: dict[str, float]) -> None:
        """Add a round."""
        self.weights.append(step.weight)
        self.errors.append(step.error)
        self.history.append(row)


class ClassificationTracker:
    """Computes the metrics of a classifier after each round.

    Parameters
    ----------
    variant : Variant
        The variant of AdaBoost.
    problem : AdaBoostProblem
        The data.
    """

    def __init__(self, variant: Variant, problem: AdaBoostProblem) -> None:
        self._variant, self._problem = variant, problem
        n_rows = len(problem.y)
        self._scored = np.arange(n_rows)
        # LogitBoost weighs all rows by the decision function; other variants need it
        # for the metrics only.
        if n_rows > _MOST_SCORED and variant.predicts != "working response":
            rng = np.random.default_rng(named_seed(problem.seed, "scored"))
            self._scored = np.sort(rng.choice(n_rows, _MOST_SCORED, replace=False))
        self._y = problem.y[self._scored]
        self._weight = problem.weight[self._scored]
        shape = () if variant.n_classes == 2 else (variant.n_classes,)
        self.total = np.zeros((len(self._scored), *shape))
        self._sum_of_weights = 0.0
        if problem.y_val is not None:
            self._total_val = np.zeros((len(problem.y_val), *shape))

    def step(self, prediction: Array, weight: Array) -> BoostingStep | None:
        """Weigh a weak learner; None if it is no better than chance."""
        return self._variant.step(self._problem.y, prediction, weight)

    def first_step_by_chance(self) -> BoostingStep:
        """The step of a first weak learner that is no better than chance."""
        if self._variant.votes:
            raise ValueError(
                "BaseClassifier in AdaBoostClassifier ensemble is worse than random, "
                "ensemble can not be fit. Use an estimator that separates the classes."
            )
        return BoostingStep(
            1.0 - 1.0 / self._variant.n_classes, self._variant.rate, None
        )

    def training_row(self, prediction: Array, step: BoostingStep) -> dict[str, float]:
        """Metrics of a round on the training rows."""
        variant = self._variant
        if variant.n_classes == 1:
            return {"error": step.error, "edge": 0.0, "weight": step.weight}
        part = variant.part(prediction[self._scored], step.weight)
        self.total = self.total + part
        self._sum_of_weights += step.weight
        found = np.sort(margins(variant, self._y, self.total, self._sum_of_weights))
        places = (len(found) - 1) * np.array(list(_QUANTILES.values()))
        return {
            "error": step.error,
            "edge": 1.0 - 1.0 / variant.n_classes - step.error,
            "weight": step.weight,
            "train_loss": variant.loss(self._y, self.total, self._weight),
            **dict(zip(_QUANTILES, found[places.astype(int)].tolist(), strict=True)),
        }

    def validation_row(self, prediction: Array, step: BoostingStep) -> dict[str, float]:
        """Metrics of a round on the validation rows."""
        variant, problem = self._variant, self._problem
        if variant.n_classes == 1:
            return {"validation_error": 0.0, "validation_loss": 0.0}
        y, weight = np.asarray(problem.y_val), problem.weight_val
        self._total_val = self._total_val + variant.part(prediction, step.weight)
        wrong = variant.labels(self._total_val) != y
        return {
            "validation_error": float(np.average(wrong, weights=weight)),
            "validation_loss": variant.loss(y, self._total_val, weight),
        }


def margins(variant: Variant, y: Array, total: Array, sum_of_weights: float) -> Array:
    r"""Margin of each row, from -1 (certain and wrong) to 1 (certain and right).

    For a vote it is the share of the true class minus the largest share of another
    class; otherwise :math:`p_y - \max_{k \ne y} p_k`.

    Parameters
    ----------
    variant : Variant
        The variant of AdaBoost.
    y : ndarray of int of shape (n_samples,)
        Codes of classes.
    total : ndarray of shape (n_samples,) or (n_samples, n_classes)
        Sum of the parts of the weak learners.
    sum_of_weights : float
        Sum of the weights of the weak learners.

    Returns
    -------
    margins : ndarray of shape (n_samples,)
    """
    if variant.votes and total.ndim == 1:
        return np.asarray((2 * y - 1) * total / (2.0 * sum_of_weights))
    n_classes = variant.n_classes
    if variant.votes:
        shares = total * (n_classes - 1) / (n_classes * sum_of_weights)
    else:
        shares = variant.probabilities(total)
    rows = np.arange(len(y))
    own = shares[rows, y]
    others = shares.copy()
    others[rows, y] = -np.inf
    return np.asarray(own - others.max(axis=1))


class RegressionTracker:
    """Computes the metrics of a regressor after each round.

    Parameters
    ----------
    variant : AdaBoostR2
        The weights of weak learners and rows.
    problem : AdaBoostProblem
        The data.
    """

    total: Any = None

    def __init__(self, variant: AdaBoostR2, problem: AdaBoostProblem) -> None:
        self._variant, self._problem = variant, problem
        self._predictions: list[Array] = []
        self._weights: list[float] = []

    def step(self, prediction: Array, weight: Array) -> BoostingStep | None:
        """Weigh a weak learner; None if its mean loss is one half or more."""
        return self._variant.step(self._problem.y, prediction, weight)

    def first_step_by_chance(self) -> BoostingStep:
        """Keep a first weak learner of mean loss one half or more, without weight."""
        return BoostingStep(1.0, 0.0, None)

    def training_row(self, prediction: Array, step: BoostingStep) -> dict[str, float]:
        """Metrics of a round on the training rows."""
        return {
            "error": step.error,
            "edge": 0.5 - step.error,
            "weight": step.weight,
            "largest_error": float(np.abs(prediction - self._problem.y).max()),
        }

    def validation_row(self, prediction: Array, step: BoostingStep) -> dict[str, float]:
        """Metrics of a round on the validation rows."""
        self._predictions.append(prediction)
        self._weights.append(step.weight)
        predictions = np.column_stack(self._predictions)
        found = weighted_median(predictions, np.array(self._weights))
        losses = np.abs(found - self._problem.y_val)
        mean = np.average(losses, weights=self._problem.weight_val)
        return {"validation_loss": float(mean)}


def weighted_median(values: Array, weights: Array) -> Array:
    """Median of each row with weighted columns.

    Parameters
    ----------
    values : ndarray of shape (n_samples, n_columns)
        Predictions of the weak learners.
    weights : ndarray of shape (n_columns,)
        Weights of the weak learners.

    Returns
    -------
    median : ndarray of shape (n_samples,)
        The smallest value up to which there is half of the weight.
    """
    order = np.argsort(values, axis=1)
    sums = np.cumsum(weights[order], axis=1)
    at = (sums >= 0.5 * sums[:, -1:]).argmax(axis=1)
    rows = np.arange(len(values))
    return np.asarray(values[rows, order[rows, at]])


def run_adaboost(
    fitter: StageFitter,
    tracker: Any,
    variant: Any,
    problem: AdaBoostProblem,
    after_round: Callable[[int, AdaBoostResult], bool],
) -> AdaBoostResult:
    """Fit round after round.

    Parameters
    ----------
    fitter : StageFitter
        Fits the weak learners.
    tracker : ClassificationTracker or RegressionTracker
        Computes the metrics.
    variant : Variant or AdaBoostR2
        The weights of weak learners and rows.
    problem : AdaBoostProblem
        Data, rounds, early stopping.
    after_round : callable
        ``after_round(round, result)`` is called after each round; the loop ends if it
        returns True.

    Returns
    -------
    result : AdaBoostResult
    """
    result = AdaBoostResult()
    weight: Array | None = problem.weight
    sum_of_weights = np.zeros(len(problem.weight))
    watch = None if problem.stopping is None else problem.stopping.watch()
    for k in range(problem.n_rounds):
        if weight is None:
            break
        started = time.perf_counter()
        weight = np.maximum(weight, _MIN_WEIGHT)
        sum_of_weights += weight
        prediction = _fit_next(fitter, tracker, variant, problem, weight, k)
        step = tracker.step(prediction, weight)
        if step is None and k > 0:
            fitter.drop_last()
            break
        step = tracker.first_step_by_chance() if step is None else step
        row = tracker.training_row(prediction, step)
        if problem.y_val is not None:
            row |= tracker.validation_row(fitter.predict_validation(), step)
        result.add(step, row | {"seconds": time.perf_counter() - started})
        stop = after_round(k, result)
        if watch is not None:
            stop = watch.stops(row["validation_loss"]) or stop
        weight = None if stop else _next_weights(weight, step, k)
    n_rounds = len(result.history)
    result.row_weights = sum_of_weights * len(sum_of_weights) / max(n_rounds, 1)
    restores = watch is not None and watch.rule.restore_best
    result.n_kept = watch.best_round + 1 if restores and watch is not None else n_rounds
    return result


def _fit_next(
    fitter: StageFitter,
    tracker: Any,
    variant: Any,
    problem: AdaBoostProblem,
    weight: Array,
    k: int,
) -> Array:
    """Fit the next weak learner; return its predictions for the training rows."""
    if problem.balanced:
        rng = np.random.default_rng(named_seed(problem.seed, "balanced", k))
        weight = np.where(balanced_rows(problem.y, weight, rng), weight, 0.0)
    if getattr(variant, "predicts", None) == "working response":
        response, weight = variant.working_response(problem.y, tracker.total, weight)
        return fitter.fit_next(weight, response)
    return fitter.fit_next(weight)


def balanced_rows(y: Array, weight: Array, rng: np.random.Generator) -> Array:
    """Draw as many rows of every class as the rarest class has; return a mask."""
    used = weight > 0
    counts = np.bincount(y[used])
    size = counts[counts > 0].min()
    mask = np.zeros(len(y), dtype=bool)
    for code in np.flatnonzero(counts):
        own = np.flatnonzero(used & (y == code))
        mask[rng.choice(own, size, replace=False)] = True
    return mask


def _next_weights(weight: Array, step: BoostingStep, k: int) -> Array | None:
    """Weights of the next round, with sum one; None if there is no next round."""
    if step.factor is None:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        weight = weight * step.factor
        total = weight.sum()
    if not np.isfinite(total):
        warn(
            f"Sample weights have reached infinite values, at iteration {k}, causing "
            "overflow. Iterations stopped. Try lowering the learning rate.",
            UserWarning,
        )
        return None
    return weight / total if total > 0 else None
