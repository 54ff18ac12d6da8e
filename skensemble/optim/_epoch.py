"""One pass over the rows: gradient, clipping, step, proximal operator, average."""

import math
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.optim._batches import (
    GrowingBatch,
    count_selected,
    count_updates,
    first_size,
    gradient_noise,
    order_of,
    updates_of,
)
from skensemble.optim._clipping import norm_of
from skensemble.optim._diagnosis import diverged
from skensemble.optim._history import histogram
from skensemble.optim._packing import ShapedViews, views
from skensemble.optim._recipe import Objective, Recipe
from skensemble.optim._state import RunState

Array = NDArray[Any]
# The loss of a batch with fewer rows may be close to zero by chance.
_FEWEST_ROWS = 8


class Stepper:
    """Updates of the parameters, on flat arrays.

    Parameters
    ----------
    objective : Objective
        The loss to minimise.
    state : RunState
        The run; updated in place.
    recipe : Recipe
        Checked recipe of the run.
    """

    def __init__(self, objective: Objective, state: RunState, recipe: Recipe) -> None:
        self._objective, self._state = objective, state
        self._optimizer, self._clipping = recipe.optimizer, recipe.clipping
        self._averages = (
            state.average is not None and state.epoch >= recipe.average_from
        )
        self._flat = [state.flat]
        self._params = views(state.flat, state.shapes)
        self._gradient = [np.zeros_like(state.flat)]
        self._parts = views(self._gradient[0], state.shapes)
        self._total = np.zeros_like(state.flat)
        self._prox = getattr(objective, "prox", None)
        self._point = ShapedViews(state.flat, state.shapes)
        self._sizes = ShapedViews(state.flat, state.shapes)

    def compute_gradient(self, parts: list[Any]) -> tuple[float, int]:
        """Compute the gradient of an update; return its loss and its number of rows."""
        if len(parts) == 1:
            return self._compute_gradient(parts[0])
        sizes = [count_selected(rows, self._objective.n_rows) for rows in parts]
        loss, n_rows = 0.0, sum(sizes)
        self._total[...] = 0
        for rows, size in zip(parts, sizes, strict=True):
            loss += self._compute_gradient(rows)[0] * (size / n_rows)
            self._total += self._gradient[0] * (size / n_rows)
        self._gradient[0][...] = self._total
        return loss, n_rows

    def _compute_gradient(self, rows: Any) -> tuple[float, int]:
        point = self._optimizer.ahead(self._flat, self._state.memory)
        loss, gradients = self._objective.loss_gradient(self._point.of(point[0]), rows)
        for part, gradient in zip(self._parts, gradients, strict=True):
            if part.shape != np.shape(gradient):
                raise ValueError(
                    f"loss_gradient returned a gradient of shape {np.shape(gradient)} for "
                    f"parameters of shape {part.shape}; the shapes must be the same."
                )
            part[...] = gradient
        return float(loss), count_selected(rows, self._objective.n_rows)

    def step(self, rate: float) -> None:
        """Step along the computed gradient."""
        if self._clipping is not None:
            self._clipping.clip(self._gradient)
        _, steps = self._optimizer.step(
            self._flat, self._gradient, rate, self._state.memory
        )
        if self._prox is not None:
            self._apply_prox(steps[0])
        if self._averages:
            self._state.average.update(self._state.flat)  # type: ignore[union-attr]

    def measured_step(self, rate: float) -> dict[str, Any]:
        """Step, and return measurements of the gradient and of the step."""
        gradient, flat = self._gradient[0], self._state.flat
        found = {
            "gradient_norm": norm_of([gradient]),
            "gradient_histogram": histogram(gradient),
        }
        before = flat.copy()
        self.step(rate)
        moved, size = norm_of([flat - before]), norm_of([flat])
        ratio = moved / size if size > 0 else 0.0
        return found | {"update_norm": moved, "update_ratio": ratio}

    def is_finite(self) -> bool:
        """Whether the computed gradient is finite."""
        return bool(np.isfinite(self._gradient[0]).all())

    def gradient_at(self, rows: Array) -> Array:
        """Flat gradient on some rows at the current parameters."""
        _, gradients = self._objective.loss_gradient(self._params, rows)
        return np.concatenate([np.ravel(g) for g in gradients])

    def _apply_prox(self, steps: Any) -> None:
        per_entry = isinstance(steps, np.ndarray)
        each = self._sizes.of(steps) if per_entry else [steps] * len(self._params)
        for view, new in zip(self._params, self._prox(self._params, each), strict=True):  # type: ignore[misc]
            if new is not view:
                view[...] = new


def run_epoch(objective: Objective, state: RunState, recipe: Recipe) -> None:
    """Go through all rows once, and add the epoch to the history.

    Parameters
    ----------
    objective : Objective
        The loss to minimise.
    state : RunState
        The run; updated in place.
    recipe : Recipe
        Checked recipe of the run.
    """
    started = time.perf_counter()
    before = state.flat.copy()
    order = _row_order(objective, state, recipe)
    stepper = Stepper(objective, state, recipe)
    row = _run_updates(objective, state, recipe, stepper, order, before)
    row |= _losses_of_epoch(objective, state, recipe, row["loss"])
    if not _is_finite(row, state.flat):
        raise diverged(state, recipe, before, row)
    row |= _grow_batch(objective, state, recipe, stepper, order)
    state.source.record(row.get("validation_loss", row["loss"]))
    state.epoch += 1
    state.history.rows.append(row | {"seconds": time.perf_counter() - started})


def _row_order(objective, state, recipe) -> Array | None:
    full = state.batch_size is None or state.batch_size >= objective.n_rows
    if full or not recipe.shuffle:
        return None
    return order_of(objective.n_rows, recipe.seed, state.epoch)


def _run_updates(objective, state, recipe, stepper, order, before) -> dict[str, Any]:
    n_rows, size, accumulate = objective.n_rows, state.batch_size, recipe.accumulate
    count = count_updates(n_rows, size, accumulate)
    # Schedules count updates of batches of the first size, even when batches grow.
    ticks = count_updates(n_rows, first_size(recipe.batch_size), accumulate)
    total, row = 0.0, {}
    for j, parts in enumerate(updates_of(n_rows, size, accumulate, order)):
        rate = float(
            state.source.rate_at(
                state.clock + j * ticks // count, recipe.epochs * ticks
            )
        )
        loss, rows = stepper.compute_gradient(parts)
        if not (math.isfinite(loss) and (j > 0 or stepper.is_finite())):
            bad = {"loss": loss, "gradient_norm": math.nan, "learning_rate": rate}
            raise diverged(state, recipe, before, bad)
        if state.clock == 0 and j == 0 and rows >= min(_FEWEST_ROWS, n_rows):
            state.first_loss = loss
        total += loss * (rows / n_rows)
        if j < count - 1:
            stepper.step(rate)
        else:
            row = stepper.measured_step(rate) | {"learning_rate": rate}
    state.clock += ticks
    return {"loss": total, "batch_size": min(size or n_rows, n_rows)} | row


def _losses_of_epoch(objective, state, recipe, running) -> dict[str, float]:
    now = views(state.now(), state.shapes)
    loss = float(objective.loss(now)) if recipe.exact_loss else running
    penalty = getattr(objective, "penalty", None)
    found = {"loss": loss if penalty is None else loss + float(penalty(now))}
    validation = getattr(objective, "validation_loss", None)
    if validation is not None:
        found["validation_loss"] = float(validation(now))
    return found


def _grow_batch(objective, state, recipe, stepper, order) -> dict[str, float]:
    rule, size = recipe.batch_size, state.batch_size
    if not isinstance(rule, GrowingBatch):
        return {}
    rows = size * recipe.accumulate
    if rows >= objective.n_rows:
        return {}
    batch = np.arange(rows) if order is None else order[:rows]
    noise = gradient_noise(stepper.gradient_at, batch)
    state.batch_size = rule.grown(size, noise)
    return {"gradient_noise": noise}


def _is_finite(row: dict[str, Any], flat: Array) -> bool:
    names = ("loss", "validation_loss", "gradient_norm")
    finite = all(math.isfinite(row.get(name, 0.0)) for name in names)
    return finite and bool(np.isfinite(flat).all())
