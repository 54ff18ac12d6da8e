"""The loop of AdaBoost: weigh the rows, fit, weigh the learner."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.boosting.learners._contract import Learner
from skensemble.boosting.learners._rules import R2, Rule, Step
from skensemble.core import named_seed, warn
from skensemble.optim import Patience

Array = NDArray[Any]

# Margins are followed on so many rows at most.
_MOST_SCORED = 2048
_QUANTILES = {"margin_05": 0.05, "margin_25": 0.25, "margin_50": 0.5}
# Weights are kept above the precision of their sum, or nothing would raise them again.
_LEAST_WEIGHT = np.finfo(float).eps


@dataclass(frozen=True)
class Course:
    """What a run goes by.

    Parameters
    ----------
    y, weight : ndarray of shape (n,)
        Targets (codes of classes) and weights, all above zero, with sum one.
    held_y, held_weight : ndarray or None
        Of the rows to watch, if there are any.
    n_rounds : int
        Most rounds.
    stopping : Patience or None
        When to stop on the rows to watch.
    balanced : bool
        Whether each round sees as many rows of every class.
    seed : int
        For what is drawn.
    """

    y: Array
    weight: Array
    held_y: Array | None
    held_weight: Array | None
    n_rounds: int
    stopping: Patience | None
    balanced: bool
    seed: int


@dataclass
class Record:
    """What the rounds came to.

    Parameters
    ----------
    weights, errors : list of float
        Of the learners.
    history : list of dict
        One row a round.
    row_weights : ndarray of shape (n,)
        Mean weight of each row over the rounds; 1 is that of an average row.
    kept : int
        How many rounds are kept.
    """

    weights: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    history: list[dict[str, float]] = field(default_factory=list)
    row_weights: Any = None
    kept: int = 0

    def add(self, step: Step, row: dict[str, float]) -> None:
        """Note a round."""
        self.weights.append(step.weight)
        self.errors.append(step.error)
        self.history.append(row)


class ClassTracker:
    """Follows a classifier through the rounds.

    Parameters
    ----------
    rule : Rule
        The variant.
    course : Course
        The rows.
    """

    def __init__(self, rule: Rule, course: Course) -> None:
        self._rule, self._course = rule, course
        n_rows = len(course.y)
        self._some = np.arange(n_rows)
        # LogitBoost weighs all rows by the whole; the others need it for margins only.
        if n_rows > _MOST_SCORED and rule.asks != "response":
            rng = np.random.default_rng(named_seed(course.seed, "scored"))
            self._some = np.sort(rng.choice(n_rows, _MOST_SCORED, replace=False))
        self._y, self._weight = course.y[self._some], course.weight[self._some]
        shape = () if rule.n_classes == 2 else (rule.n_classes,)
        self.whole = np.zeros((len(self._some), *shape))
        self._sum = 0.0
        if course.held_y is not None:
            self._held = np.zeros((len(course.held_y), *shape))

    def step(self, answer: Array, weight: Array) -> Step | None:
        """Weigh a learner."""
        return self._rule.step(self._course.y, answer, weight)

    def first(self) -> Step:
        """What becomes of a first learner that is no better than chance."""
        if self._rule.votes:
            raise ValueError(
                "BaseClassifier in AdaBoostClassifier ensemble is worse than random, "
                "ensemble can not be fit. Use a learner that can tell the classes apart."
            )
        return Step(1.0 - 1.0 / self._rule.n_classes, self._rule.rate, None)

    def row(self, answer: Array, step: Step) -> dict[str, float]:
        """Describe a round."""
        rule = self._rule
        if rule.n_classes == 1:
            return {"error": step.error, "edge": 0.0, "weight": step.weight}
        self.whole = self.whole + rule.part(answer[self._some], step.weight)
        self._sum += step.weight
        margins = np.sort(self._margins())
        places = (len(margins) - 1) * np.array(list(_QUANTILES.values()))
        return {
            "error": step.error,
            "edge": 1.0 - 1.0 / rule.n_classes - step.error,
            "weight": step.weight,
            "train_loss": rule.loss(self._y, self.whole, self._weight),
            **dict(zip(_QUANTILES, margins[places.astype(int)].tolist(), strict=True)),
        }

    def _margins(self) -> Array:
        return margins(self._rule, self._y, self.whole, self._sum)

    def held_row(self, answer: Array, step: Step) -> dict[str, float]:
        """Describe a round on the rows to watch."""
        rule, course = self._rule, self._course
        if rule.n_classes == 1:
            return {"validation_error": 0.0, "validation_loss": 0.0}
        y, weight = course.held_y, course.held_weight
        self._held = self._held + rule.part(answer, step.weight)
        wrong = rule.labels(self._held) != y
        return {
            "validation_error": float(np.average(wrong, weights=weight)),
            "validation_loss": rule.loss(np.asarray(y), self._held, weight),
        }


def margins(rule: Rule, y: Array, whole: Array, total: float) -> Array:
    r"""How sure the whole is of the right class, from -1 to 1.

    For a vote its share for the class minus the largest share of another; else
    :math:`p_y - \max_{k \ne y} p_k`.

    Parameters
    ----------
    rule : Rule
        The variant.
    y : ndarray of int of shape (n,)
        Codes of classes.
    whole : ndarray of shape (n,) or (n, n_classes)
        Sum of the parts.
    total : float
        Sum of the weights of the learners.
    """
    if rule.votes and whole.ndim == 1:
        return np.asarray((2 * y - 1) * whole / (2.0 * total))
    n_classes = rule.n_classes
    if rule.votes:
        shares = whole * (n_classes - 1) / (n_classes * total)
    else:
        shares = rule.probabilities(whole)
    rows = np.arange(len(y))
    own = shares[rows, y]
    others = shares.copy()
    others[rows, y] = -np.inf
    return np.asarray(own - others.max(axis=1))


class NumberTracker:
    """Follows a regressor through the rounds.

    Parameters
    ----------
    rule : R2
        How learners are weighed.
    course : Course
        The rows.
    """

    whole: Any = None

    def __init__(self, rule: R2, course: Course) -> None:
        self._rule, self._course = rule, course
        self._held: list[Array] = []
        self._weights: list[float] = []

    def step(self, answer: Array, weight: Array) -> Step | None:
        """Weigh a learner."""
        return self._rule.step(self._course.y, answer, weight)

    def first(self) -> Step:
        """Keep a first learner that is no better than chance, without weight."""
        return Step(1.0, 0.0, None)

    def row(self, answer: Array, step: Step) -> dict[str, float]:
        """Describe a round."""
        apart = np.abs(answer - self._course.y)
        return {
            "error": step.error,
            "edge": 0.5 - step.error,
            "weight": step.weight,
            "largest_error": float(apart.max()),
        }

    def held_row(self, answer: Array, step: Step) -> dict[str, float]:
        """Describe a round on the rows to watch."""
        self._held.append(answer)
        self._weights.append(step.weight)
        found = weighted_median(np.column_stack(self._held), np.array(self._weights))
        losses = np.abs(found - self._course.held_y)
        mean = np.average(losses, weights=self._course.held_weight)
        return {"validation_loss": float(mean)}


def weighted_median(values: Array, weights: Array) -> Array:
    """Median of each row, its columns weighted.

    Parameters
    ----------
    values : ndarray of shape (n, n_columns)
        What the learners say.
    weights : ndarray of shape (n_columns,)
        Their weights.

    Returns
    -------
    median : ndarray of shape (n,)
        The smallest value up to which there is half of the weight.
    """
    order = np.argsort(values, axis=1)
    sums = np.cumsum(weights[order], axis=1)
    at = (sums >= 0.5 * sums[:, -1:]).argmax(axis=1)
    rows = np.arange(len(values))
    return np.asarray(values[rows, order[rows, at]])


def run(
    learner: Learner,
    tracker: Any,
    rule: Any,
    course: Course,
    after: Callable[[int, Record], bool],
) -> Record:
    """Fit round after round.

    Parameters
    ----------
    learner : Learner
        Fits the weak learners.
    tracker : ClassTracker or NumberTracker
        Follows the whole.
    rule : Rule or R2
        How learners and rows are weighed.
    course : Course
        Rows, rounds, stopping.
    after : callable
        ``after(round, record)`` is told of each round; True ends the run.

    Returns
    -------
    record : Record
    """
    record = Record()
    weight: Array | None = course.weight
    total = np.zeros(len(course.weight))
    watch = None if course.stopping is None else course.stopping.watch()
    for k in range(course.n_rounds):
        if weight is None:
            break
        started = time.perf_counter()
        weight = np.maximum(weight, _LEAST_WEIGHT)
        total += weight
        answer = _learned(learner, tracker, rule, course, weight, k)
        step = tracker.step(answer, weight)
        if step is None and k > 0:
            learner.drop_last()
            break
        step = tracker.first() if step is None else step
        row = tracker.row(answer, step)
        if course.held_y is not None:
            row |= tracker.held_row(learner.answer(), step)
        record.add(step, row | {"seconds": time.perf_counter() - started})
        stop = after(k, record)
        if watch is not None:
            stop = watch.stops(row["validation_loss"]) or stop
        weight = None if stop else _weighed(weight, step, k)
    rounds = len(record.history)
    record.row_weights = total * len(total) / max(rounds, 1)
    best = watch is not None and watch.rule.restore_best
    record.kept = watch.best_round + 1 if best and watch is not None else rounds
    return record


def _learned(
    learner: Learner, tracker: Any, rule: Any, course: Course, weight: Array, k: int
) -> Array:
    seen = weight
    if course.balanced:
        rng = np.random.default_rng(named_seed(course.seed, "balanced", k))
        seen = np.where(balanced_rows(course.y, weight, rng), weight, 0.0)
    if getattr(rule, "asks", None) == "response":
        response, seen = rule.working(course.y, tracker.whole, seen)
        return learner.learn(seen, response)
    return learner.learn(seen)


def balanced_rows(y: Array, weight: Array, rng: np.random.Generator) -> Array:
    """Draw as many rows of every class as the rarest has; give a mask."""
    used = weight > 0
    counts = np.bincount(y[used])
    size = counts[counts > 0].min()
    mask = np.zeros(len(y), dtype=bool)
    for code in np.flatnonzero(counts):
        own = np.flatnonzero(used & (y == code))
        mask[rng.choice(own, size, replace=False)] = True
    return mask


def _weighed(weight: Array, step: Step, k: int) -> Array | None:
    """Give the new weights, with sum one; None where there is no next round."""
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
