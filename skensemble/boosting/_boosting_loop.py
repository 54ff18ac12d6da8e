"""The loop of gradient boosting: grow a round, compute its losses, stop early."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.boosting.engines._base import (
    BoostingProblem,
    BoostingRows,
    Grower,
)
from skensemble.core import check_deadline, named_seed
from skensemble.exceptions import DivergedError
from skensemble.losses import Loss
from skensemble.optim import Patience, Schedule

Array = NDArray[Any]
# Number of rounds whose deferred losses are computed at once. A fit that diverges is
# stopped up to this number of rounds late.
_ROUNDS_AT_ONCE = 64
# Largest number of rows on which the training loss is computed. It takes time, and two
# thousand rows give it to about two per cent.
_MOST_SCORED = 2048

Metric = Callable[[Array, Array, Array | None], float]


@dataclass(frozen=True)
class LoopSettings:
    """Settings of the boosting loop.

    Parameters
    ----------
    first, last : int
        The rounds to grow, from `first` to `last` (excluded).
    schedule : Schedule
        Learning rate of each round.
    stopping : Patience or None
        Early stopping on the validation rows.
    subsample : float
        Share of the rows that each round is fitted on.
    seed : int
        Seed of the subsamples.
    metrics : dict of str to callable
        Additional metrics: ``metric(y, prediction, sample_weight)``.
    """

    first: int
    last: int
    schedule: Schedule
    stopping: Patience | None = None
    subsample: float = 1.0
    seed: int = 0
    metrics: dict[str, Metric] = field(default_factory=dict)


class RoundHistory:
    """The history of a fit, one row per round.

    Where the grower can replay its rounds, the losses on the training rows are computed
    later, for many rounds at once: predictions of a library after every round take
    longer.

    Parameters
    ----------
    grower : Grower
        Grows the trees.
    problem : BoostingProblem
        The data and the loss.
    settings : LoopSettings
        The metrics, and the first round.
    """

    def __init__(
        self, grower: Grower, problem: BoostingProblem, settings: LoopSettings
    ) -> None:
        self._grower, self._problem, self._settings = grower, problem, settings
        self._rows: list[dict[str, float]] = []
        self._n_scored = 0

    def add(self, row: dict[str, float], mask: Array | None) -> None:
        """Add a round."""
        self._rows.append(row)
        if self._grower.replays:
            if len(self._rows) - self._n_scored >= _ROUNDS_AT_ONCE:
                self.rows()
            return
        raw = self._grower.raw("scored" if mask is None else "train")
        rows = self._problem.scored if mask is None else self._problem.train
        self._score_next(raw, rows, mask)

    def rows(self) -> list[dict[str, float]]:
        """Compute the deferred losses, and return all rows."""
        first, last = self._n_scored, len(self._rows)
        if first < last:
            for raw in self._grower.replay(first, last):
                self._score_next(raw, self._problem.scored, None)
        return self._rows

    def _score_next(self, raw: Array, rows: BoostingRows, mask: Array | None) -> None:
        row = self._rows[self._n_scored]
        row |= self._scores("train", _select(rows, raw, mask))
        if self._problem.validation is not None:
            held_out = self._grower.raw("validation")
            part = _select(self._problem.validation, held_out, None)
            row |= self._scores("validation", part)
        iteration = self._settings.first + self._n_scored
        self._n_scored += 1
        _check_finite(row, iteration, self._problem)

    def _scores(self, name: str, part: tuple[Any, Any, Any]) -> dict[str, float]:
        y, raw, weight = part
        loss = self._problem.loss
        found = {f"{name}_loss": loss.value(y, raw, weight)}
        if self._settings.metrics:
            mean = loss.link_for(self._problem.task).inverse(raw)
            for metric, f in self._settings.metrics.items():
                found[f"{name}_{metric}"] = f(y, mean, weight)
        return found


def scored_sample(train: BoostingRows, seed: int) -> tuple[BoostingRows, Array | None]:
    """Draw the rows of the training loss; also return their positions (None: all)."""
    n_rows = len(train.y)
    if n_rows <= _MOST_SCORED:
        return train, None
    rng = np.random.default_rng(seed)
    index = np.sort(rng.choice(n_rows, _MOST_SCORED, replace=False))
    return train.take(index), index


def check_curvature(loss: Loss, rows: BoostingRows) -> None:
    """Refuse a loss that is declared smooth but has no curvature."""
    if not loss.derives_hessian:
        return
    few = slice(_MOST_SCORED)
    g, h = loss.gradient_hessian(rows.y[few], rows.raw[few])
    if np.abs(g).max() > 0 and np.max(h) <= 1e-6 * np.abs(g).max():
        raise ValueError(
            f"the hessian of loss={loss!r} is zero everywhere: its slope jumps. Use "
            "smooth=False, so that leaves are renewed, or give a hessian."
        )


def run_boosting(
    grower: Grower,
    problem: BoostingProblem,
    settings: LoopSettings,
    after_round: Callable[[int, RoundHistory], bool],
) -> tuple[list[dict[str, float]], int]:
    """Grow round after round.

    Parameters
    ----------
    grower : Grower
        Grows the trees.
    problem : BoostingProblem
        The data and the loss.
    settings : LoopSettings
        Rounds, learning rates, early stopping.
    after_round : callable
        ``after_round(iteration, history)`` is called after each round; the loop ends if
        it returns True.

    Returns
    -------
    history : list of dict
        One row per round.
    n_kept : int
        Number of the new rounds to keep.
    """
    history = RoundHistory(grower, problem, settings)
    watch = None if settings.stopping is None else settings.stopping.watch()
    oob_loss = np.nan
    for iteration in range(settings.first, settings.last):
        started = time.perf_counter()
        mask = _subsample(settings, iteration, len(problem.train.y))
        if mask is not None and np.isnan(oob_loss):
            oob_loss = _oob_loss(problem, grower, mask)
        rate = settings.schedule.rate_at(iteration, settings.last)
        grower.grow(rate, mask)
        row = {"learning_rate": rate}
        if mask is not None:
            row["oob_loss"] = _oob_loss(problem, grower, mask)
            row["oob_improvement"] = oob_loss - row["oob_loss"]
            oob_loss = row["oob_loss"]
        history.add(row, mask)
        row["seconds"] = time.perf_counter() - started
        stop = after_round(iteration, history)
        if watch is None:
            check_deadline()
        elif watch.stops(row["validation_loss"]):
            stop = True
        if stop:
            break
    rows = history.rows()
    n_kept = len(rows)
    if watch is not None and watch.rule.restore_best and rows:
        n_kept = watch.best_round + 1
    return rows, n_kept


def _select(
    rows: BoostingRows, raw: Array, mask: Array | None
) -> tuple[Array, Array, Array | None]:
    if mask is None:
        return rows.y, raw, rows.weight
    weight = None if rows.weight is None else rows.weight[mask]
    return rows.y[mask], raw[mask], weight


def _oob_loss(problem: BoostingProblem, grower: Grower, mask: Array) -> float:
    """Loss on the rows that the subsample leaves out; NaN where there are none."""
    y, raw, weight = _select(problem.train, grower.raw("train"), ~mask)
    if not len(y) or (weight is not None and not weight.sum() > 0):
        return float("nan")
    return problem.loss.value(y, raw, weight)


def _subsample(settings: LoopSettings, iteration: int, n_rows: int) -> Array | None:
    if settings.subsample >= 1:
        return None
    rng = np.random.default_rng(named_seed(settings.seed, "rows", iteration))
    mask = np.zeros(n_rows, dtype=bool)
    size = max(1, int(settings.subsample * n_rows))
    mask[rng.choice(n_rows, size, replace=False)] = True
    return mask


def _check_finite(
    row: dict[str, float], iteration: int, problem: BoostingProblem
) -> None:
    loss: Loss = problem.loss
    for name in ("train_loss", "validation_loss"):
        if name in row and not np.isfinite(row[name]):
            rate = row["learning_rate"]
            raise DivergedError(
                f"{name} is {row[name]} after iteration {iteration} with loss={loss!r} "
                f"and learning_rate={rate:g}: the steps are too long for this loss "
                "(lower learning_rate, or raise min_samples_leaf or the engine's L2 "
                "regularization), or the loss is not finite there (check_loss explains)."
            )
