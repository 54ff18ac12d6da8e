"""What is wrong with a run, read off its history: the likely cause, and the remedy."""

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
# Epochs on end that a loss must rise before anything is said.
_RISING = 5
# Share of the loss that noise may lift it by.
_NOISE = 0.1
# A run that ends so many times above its first epoch has diverged, ...
_FACTOR = 10.0
# ... or so many times above its first update, which is of one batch only.
_LEAP = 1e6
# Epochs after which a run that has not moved is spoken of.
_PATIENCE = 5
_SCALES = "standardise the columns (standardize=True where the model has it)"


def diverged(
    state: RunState, recipe: Recipe, before: Array, row: dict[str, Any]
) -> DivergedError:
    """Make the error of a run whose numbers are no longer finite.

    Parameters
    ----------
    state : RunState
        Its history is that of the epochs before.
    recipe : Recipe
        Checked.
    before : ndarray of shape (p,)
        The parameters before the epoch, which are finite.
    row : dict
        What is known of the epoch.

    Returns
    -------
    error : DivergedError
        Holds these parameters and the history.
    """
    name, value = _first_bad(row)
    where = f"{name} is {value} in epoch {state.epoch}"
    if state.clock == 0 and (state.flat == before).all():
        text = (
            f"{where}, before the first step: it is not finite where the run begins. Look "
            "for NaN or infinity in the data, the target and the weights, or begin "
            "elsewhere."
        )
    else:
        text = f"{where}: {_why(state, recipe, row['learning_rate'])}"
    params = [view.copy() for view in views(before, state.shapes)]
    return DivergedError(text, params=params, history=state.history)


def _first_bad(row: dict[str, Any]) -> tuple[str, Any]:
    for name in ("loss", "gradient_norm", "validation_loss"):
        if not math.isfinite(row.get(name, 0.0)):
            return name, row[name]
    return "a parameter", "not finite"


def _why(state: RunState, recipe: Recipe, rate: float) -> str:
    remedies = [f"a tenth of it (learning_rate={rate / 10:.3g})", _SCALES]
    if recipe.clipping is None:
        remedies.append("cut the gradient (clipping=1.0, its largest norm)")
    norms = [row["gradient_norm"] for row in state.history.rows]
    grew = ""
    if len(norms) > 1 and norms[-1] > 10 * norms[0]:
        grew = f", the norm of the gradient grew from {norms[0]:.2g} to {norms[-1]:.2g}"
    return (
        f"the steps are too long at learning_rate={rate:.3g}{grew}. Try "
        f"{', or '.join(remedies)}. The last finite parameters and the history are in "
        "the error: error.params, error.history."
    )


def speak(state: RunState, recipe: Recipe) -> None:
    """Warn of what the history shows, each thing once a run.

    Parameters
    ----------
    state : RunState
        After an epoch.
    recipe : Recipe
        Checked.
    """
    rows = state.history.rows
    if _is_rising([row["loss"] for row in rows]):
        rate = rows[-1]["learning_rate"]
        _say_once(
            state,
            "rising",
            f"The training loss has risen for {_RISING} epochs, above where it began: "
            f"the steps are too long at learning_rate={rate:.3g}. Try a tenth of it, or "
            f"{_SCALES}.",
        )
    if len(rows) == _PATIENCE and _is_flat(rows):
        _speak_of_stillness(state, rows)


def speak_at_the_end(state: RunState, recipe: Recipe) -> None:
    """Warn of a run that ended far above where it began, or did not converge.

    Parameters
    ----------
    state : RunState
        After the last epoch.
    recipe : Recipe
        Checked.
    """
    _speak_of_divergence(state)
    if recipe.tol is None or state.stopped != "epochs":
        return
    _say_once(
        state,
        "unconverged",
        f"The training loss still fell by more than tol={recipe.tol:g} of itself within "
        f"the last {recipe.tol_epochs} of {recipe.epochs} epochs. Run more epochs, raise "
        "the learning rate, or ask for less (tol).",
    )


def _speak_of_divergence(state: RunState) -> None:
    rows = state.history.rows
    watch = state.watch
    if watch is not None and watch.rule.restore_best:
        rows = rows[: watch.best_round + 1] or rows
    last = rows[-1]["loss"]
    starts = [(rows[0]["loss"], _FACTOR)]
    if state.first_loss is not None:
        starts.append((state.first_loss, _LEAP))
    for first, factor in starts:
        if last - first > factor * abs(first) > 0:
            _say_once(
                state,
                "rising",
                f"The training loss began at {first:.3g} and ended at {last:.3g}: the "
                "run diverged, the steps are too long at "
                f"learning_rate={rows[-1]['learning_rate']:.3g}. Try a tenth of it, or "
                f"{_SCALES}.",
            )


def _is_rising(losses: list[float]) -> bool:
    late = losses[-_RISING - 1 :]
    rises = all(a < b for a, b in pairwise(late))
    return len(losses) > _RISING and rises and has_risen(losses)


def has_risen(losses: Sequence[float]) -> bool:
    """Whether a run ended well above where it began: by more than noise."""
    return losses[-1] > losses[0] + _NOISE * abs(losses[0])


def _is_flat(rows: list[dict[str, Any]]) -> bool:
    first, last = rows[0]["loss"], rows[-1]["loss"]
    return abs(first - last) <= 1e-6 * abs(first)


def _speak_of_stillness(state: RunState, rows: list[dict[str, Any]]) -> None:
    first, last = rows[0], rows[-1]
    loss, rate = last["loss"], last["learning_rate"]
    if max(row["gradient_norm"] for row in rows) < 1e-8 * abs(loss):
        _say_once(
            state,
            "no gradient",
            f"The gradient vanishes (norm {last['gradient_norm']:.2g}) while the loss "
            f"rests at {loss:.3g} since the first epoch. If that is no minimum, the loss "
            f"is saturated there: begin nearer to zero, and {_SCALES}.",
        )
    # At a minimum updates shrink or stop; that of a rate too small stays as it was.
    elif (
        last["update_ratio"] < 1e-6
        and 0 < first["update_norm"] / 2 < last["update_norm"]
    ):
        _say_once(
            state,
            "no movement",
            f"The parameters hardly move (by {last['update_ratio']:.1g} of their size) and "
            f"the loss rests at {loss:.3g}, but the gradient does not shrink: "
            f"learning_rate={rate:.3g} is too small. Try ten times that.",
        )


def _say_once(state: RunState, key: str, message: str) -> None:
    if key not in state.warned:
        state.warned.add(key)
        warn(message, ConvergenceWarning)
