"""Diagnosis of a run from its history: errors and warnings with cause and remedy."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning

from skensemble.core import warn
from skensemble.exceptions import DivergedError
from skensemble.optim._packing import views
from skensemble.optim._recipe import Recipe
from skensemble.optim._state import RunState

Array = NDArray[Any]
# Number of consecutive epochs of rising loss before a warning.
_RISING = 5
# Rise of the loss that is attributed to noise, as a share of the loss.
_NOISE = 0.1
# A run has diverged if its loss grew by one of these multiples: of the loss of the
# first epoch, or of the loss before the first update, which is that of a single batch.
_FACTOR, _FACTOR_OF_BATCH = 10.0, 1e6
# Number of epochs before a warning that the loss does not change.
_PATIENCE = 5
# Remedy against columns of very different scale.
_SCALES = "standardise the columns (standardize=True where the model has it)"


def diverged(
    state: RunState, recipe: Recipe, before: Array, row: dict[str, Any]
) -> DivergedError:
    """Return the error for a run whose loss, gradient or parameters are not finite.

    Parameters
    ----------
    state : RunState
        The run, with the history of the epochs before.
    recipe : Recipe
        Checked recipe of the run.
    before : ndarray of shape (p,)
        The parameters before the epoch, which are finite.
    row : dict
        Measurements of the epoch.

    Returns
    -------
    error : DivergedError
        Holds these parameters and the history.
    """
    name, value = _first_bad(row)
    where = f"{name} is {value} in epoch {state.epoch}"
    if state.clock == 0 and (state.flat == before).all():
        text = (
            f"{where}, before the first step: it is not finite at the initial parameters. "
            "Check the data, the target and the weights for NaN and infinity, or use "
            "other initial parameters."
        )
    else:
        text = f"{where}: {_cause(state, recipe, row['learning_rate'])}"
    params = [view.copy() for view in views(before, state.shapes)]
    return DivergedError(text, params=params, history=state.history)


def _first_bad(row: dict[str, Any]) -> tuple[str, Any]:
    for name in ("loss", "gradient_norm", "validation_loss"):
        if not math.isfinite(row.get(name, 0.0)):
            return name, row[name]
    return "a parameter", "not finite"


def _cause(state: RunState, recipe: Recipe, rate: float) -> str:
    remedies = [f"use a tenth of it (learning_rate={rate / 10:.3g})", _SCALES]
    if recipe.clipping is None:
        remedies.append("clip the gradient (clipping=1.0, its largest norm)")
    norms = [row["gradient_norm"] for row in state.history.rows]
    grew = ""
    if len(norms) > 1 and norms[-1] > 10 * norms[0]:
        grew = f", the norm of the gradient grew from {norms[0]:.2g} to {norms[-1]:.2g}"
    return (
        f"the steps are too long at learning_rate={rate:.3g}{grew}. Suggested fixes: "
        f"{', or '.join(remedies)}. The last finite parameters and the history are in "
        "error.params and error.history."
    )


def warn_after_epoch(state: RunState) -> None:
    """Warn if the loss rises or does not change; each warning is given once per run."""
    rows = state.history.rows
    if _is_rising([row["loss"] for row in rows]):
        rate = rows[-1]["learning_rate"]
        _warn_once(
            state,
            "rising",
            f"The training loss has risen for {_RISING} epochs and is above its first "
            f"value: the steps are too long at learning_rate={rate:.3g}. Use a tenth of "
            f"it, or {_SCALES}.",
        )
    if len(rows) == _PATIENCE and _is_flat(rows):
        _warn_of_no_progress(state, rows)


def warn_after_run(state: RunState, recipe: Recipe) -> None:
    """Warn if the loss ended far above its first value, or did not converge."""
    _warn_of_divergence(state)
    if recipe.tol is None or state.stopped != "epochs":
        return
    _warn_once(
        state,
        "unconverged",
        f"The training loss still fell by more than the share tol={recipe.tol:g} within "
        f"the last {recipe.tol_epochs} of {recipe.epochs} epochs. Increase epochs, the "
        "learning rate or tol.",
    )


def _warn_of_divergence(state: RunState) -> None:
    rows = state.history.rows
    watch = state.watch
    if watch is not None and watch.rule.restore_best:
        rows = rows[: watch.best_round + 1] or rows
    last = rows[-1]["loss"]
    starts = [(rows[0]["loss"], _FACTOR)]
    if state.first_loss is not None:
        starts.append((state.first_loss, _FACTOR_OF_BATCH))
    for first, factor in starts:
        if last - first > factor * abs(first) > 0:
            _warn_once(
                state,
                "rising",
                f"The training loss was {first:.3g} at the start and {last:.3g} at the "
                "end: the run diverged because the steps are too long at "
                f"learning_rate={rows[-1]['learning_rate']:.3g}. Use a tenth of it, or "
                f"{_SCALES}.",
            )


def _is_rising(losses: list[float]) -> bool:
    late = losses[-_RISING - 1 :]
    rises = all(a < b for a, b in pairwise(late))
    return len(losses) > _RISING and rises and has_risen(losses)


def has_risen(losses: Sequence[float]) -> bool:
    """Whether the last loss is above the first loss by more than noise."""
    return losses[-1] > losses[0] + _NOISE * abs(losses[0])


def _is_flat(rows: list[dict[str, Any]]) -> bool:
    first, last = rows[0]["loss"], rows[-1]["loss"]
    return abs(first - last) <= 1e-6 * abs(first)


def _warn_of_no_progress(state: RunState, rows: list[dict[str, Any]]) -> None:
    first, last = rows[0], rows[-1]
    loss, rate = last["loss"], last["learning_rate"]
    if max(row["gradient_norm"] for row in rows) < 1e-8 * abs(loss):
        _warn_once(
            state,
            "no gradient",
            f"The gradient vanishes (norm {last['gradient_norm']:.2g}) while the loss "
            f"has stayed at {loss:.3g} since the first epoch. If this is not a minimum, "
            f"the loss is saturated there: start closer to zero, and {_SCALES}.",
        )
    # At a minimum updates shrink or stop; with too small a rate they keep their size.
    elif (
        last["update_ratio"] < 1e-6
        and 0 < first["update_norm"] / 2 < last["update_norm"]
    ):
        _warn_once(
            state,
            "no movement",
            f"The parameters hardly move (by {last['update_ratio']:.1g} of their size) and "
            f"the loss stays at {loss:.3g}, but the gradient does not shrink: "
            f"learning_rate={rate:.3g} is too small. Use ten times that.",
        )


def _warn_once(state: RunState, key: str, message: str) -> None:
    if key not in state.warned:
        state.warned.add(key)
        warn(message, ConvergenceWarning)
