"""The loop of boosting: grow, measure, stop."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.boosting.engines._contract import Grower, Problem, Rows
from skensemble.core import named_seed
from skensemble.exceptions import DivergedError
from skensemble.losses import Loss
from skensemble.optim import Patience, Schedule

Array = NDArray[Any]
# Rounds whose losses are filled in at once; a fit that diverges is stopped that late.
_STRETCH = 64

Metric = Callable[[Array, Array, Array | None], float]


@dataclass(frozen=True)
class Plan:
    """How a run goes.

    Parameters
    ----------
    first, last : int
        Rounds to grow, from `first` to `last` (excluded).
    schedule : Schedule
        Learning rate of each round.
    stopping : Patience or None
        When to stop on the validation rows.
    subsample : float
        Share of the rows that each round sees.
    seed : int
        For the choice of rows.
    metrics : dict of str to callable
        Further numbers to follow: ``metric(y, prediction, sample_weight)``.
    """

    first: int
    last: int
    schedule: Schedule
    stopping: Patience | None = None
    subsample: float = 1.0
    seed: int = 0
    metrics: dict[str, Metric] = field(default_factory=dict)


class Ledger:
    """What each round did, one row a round.

    The losses on the training rows may be filled in rounds later, all at once, where
    the grower can replay its rounds: to ask a library after every round takes longer.

    Parameters
    ----------
    grower : Grower
        Adds the trees.
    problem : Problem
        Whose loss is followed.
    plan : Plan
        Metrics, and the rounds for messages.
    """

    def __init__(self, grower: Grower, problem: Problem, plan: Plan) -> None:
        self._grower, self._problem, self._plan = grower, problem, plan
        self._rows: list[dict[str, float]] = []
        self._settled = 0

    def add(self, row: dict[str, float], mask: Array | None) -> None:
        """Note a round."""
        self._rows.append(row)
        if self._grower.replays:
            if len(self._rows) - self._settled >= _STRETCH:
                self.rows()
            return
        raw = self._grower.raw("scored" if mask is None else "train")
        rows = self._problem.scored if mask is None else self._problem.train
        self._settle(raw, rows, mask)

    def rows(self) -> list[dict[str, float]]:
        """Give all rows, every loss filled in."""
        first, last = self._settled, len(self._rows)
        if first < last:
            for raw in self._grower.replay(first, last):
                self._settle(raw, self._problem.scored, None)
        return self._rows

    def _settle(self, raw: Array, rows: Rows, mask: Array | None) -> None:
        row = self._rows[self._settled]
        row |= _scores(self._problem, self._plan, "train", _part(rows, raw, mask))
        if self._problem.validation is not None:
            held = _part(self._problem.validation, self._grower.raw("validation"), None)
            row |= _scores(self._problem, self._plan, "validation", held)
        iteration = self._plan.first + self._settled
        self._settled += 1
        _check_finite(row, iteration, self._problem)


def run(
    grower: Grower,
    problem: Problem,
    plan: Plan,
    after: Callable[[int, Ledger], bool],
) -> tuple[list[dict[str, float]], int]:
    """Grow round after round.

    Parameters
    ----------
    grower : Grower
        Adds the trees.
    problem : Problem
        Whose loss is followed.
    plan : Plan
        Rounds, rates, stopping.
    after : callable
        ``after(iteration, ledger)`` is told of each round; True ends the run.

    Returns
    -------
    history : list of dict
        One row a round.
    kept : int
        How many of the new rounds to keep.
    """
    ledger = Ledger(grower, problem, plan)
    watch = None if plan.stopping is None else plan.stopping.watch()
    before = np.nan
    for iteration in range(plan.first, plan.last):
        started = time.perf_counter()
        mask = _mask(plan, iteration, len(problem.train.y))
        if mask is not None and np.isnan(before):
            before = _loss(problem, problem.train, grower.raw("train"), ~mask)
        rate = plan.schedule.rate_at(iteration, plan.last)
        grower.grow(rate, mask)
        row = {"learning_rate": rate}
        if mask is not None:
            raw = grower.raw("train")
            row["oob_loss"] = _loss(problem, problem.train, raw, ~mask)
            row["oob_improvement"] = before - row["oob_loss"]
            before = row["oob_loss"]
        ledger.add(row, mask)
        row["seconds"] = time.perf_counter() - started
        stop = after(iteration, ledger)
        if watch is not None and watch.stops(row["validation_loss"]):
            stop = True
        if stop:
            break
    history = ledger.rows()
    kept = len(history)
    if watch is not None and watch.rule.restore_best and history:
        kept = watch.best_round + 1
    return history, kept


def _scores(
    problem: Problem, plan: Plan, name: str, part: tuple[Any, Any, Any]
) -> dict[str, float]:
    y, raw, weight = part
    found = {f"{name}_loss": problem.loss.value(y, raw, weight)}
    if plan.metrics:
        mean = problem.loss.link_for(problem.task).inverse(raw)
        for metric, f in plan.metrics.items():
            found[f"{name}_{metric}"] = f(y, mean, weight)
    return found


def _part(rows: Rows, raw: Array, kept: Array | None) -> tuple[Any, Any, Any]:
    if kept is None:
        return rows.y, raw, rows.weight
    weight = None if rows.weight is None else rows.weight[kept]
    return rows.y[kept], raw[kept], weight


def _loss(problem: Problem, rows: Rows, raw: Array, kept: Array) -> float:
    y, raw, weight = _part(rows, raw, kept)
    if not len(y) or (weight is not None and not weight.sum() > 0):
        return float("nan")
    return problem.loss.value(y, raw, weight)


def _mask(plan: Plan, iteration: int, n_rows: int) -> Array | None:
    if plan.subsample >= 1:
        return None
    rng = np.random.default_rng(named_seed(plan.seed, "rows", iteration))
    mask = np.zeros(n_rows, dtype=bool)
    size = max(1, int(plan.subsample * n_rows))
    mask[rng.choice(n_rows, size, replace=False)] = True
    return mask


def _check_finite(row: dict[str, float], iteration: int, problem: Problem) -> None:
    loss: Loss = problem.loss
    for name in ("train_loss", "validation_loss"):
        if name in row and not np.isfinite(row[name]):
            rate = row["learning_rate"]
            raise DivergedError(
                f"{name} is {row[name]} after iteration {iteration} with loss={loss!r} "
                f"and learning_rate={rate:g}: the steps are too long for this loss "
                "(lower learning_rate, or raise min_samples_leaf or the engine's L2 "
                "regularisation), or the loss is not finite there (check_loss explains)."
            )
