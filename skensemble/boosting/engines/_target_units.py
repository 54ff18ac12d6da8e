"""Targets that are far from zero, or very small or large, in units for the libraries.

LightGBM and XGBoost keep targets or raw output in single precision, and XGBoost does
not split where the gain is below a fixed number. So an engine gets targets from which
their mean is subtracted, divided by a power of two, where the loss allows it. Ordinary
targets are not changed.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skensemble.boosting.engines._base import (
    BoostingProblem,
    BoostingRows,
    Engine,
    Forest,
    Grower,
)
from skensemble.boosting.engines._tree import BoostedTree
from skensemble.core import TargetUnits, find_target_units
from skensemble.losses import Gamma, Loss, Poisson, Tweedie, loss_in_units

Array = NDArray[Any]


# Means of positive targets in this range are not changed.
_SMALLEST_MEAN, _LARGEST_MEAN = 2.0**-4, 2.0**20
# Losses with a log link that only change by a factor and a constant with the unit of y.
_LOG_LOSSES: tuple[type, ...] = (Poisson, Gamma, Tweedie)


@dataclass(frozen=True)
class LogUnits:
    """Units of positive targets with a log link: y / unit, and raw - log(unit).

    Parameters
    ----------
    size : ndarray of shape () or (n_outputs,)
        The unit, which is a power of two.
    """

    size: Array
    # Leaves are differences of logarithms, which do not depend on the unit.
    unit = np.ones(())

    def of(self, values: Array) -> Array:
        """Convert targets to these units."""
        return values / self.size

    def of_raw(self, raw: Array) -> Array:
        """Convert raw output to these units."""
        return raw - np.log(self.size)

    def back(self, raw: Array) -> Array:
        """Convert raw output back to the units of the user."""
        return raw.astype(float) + np.log(self.size)


Units = TargetUnits | LogUnits


def grower_in_units(engine: Any, problem: BoostingProblem) -> Grower:
    """Start a run of boosting, in other units of the target if that is more precise.

    Parameters
    ----------
    engine : Engine
        The engine.
    problem : BoostingProblem
        Data, loss and limits of tree growth, in the units of the user.

    Returns
    -------
    grower : Grower
        Its raw output and its forest are in the units of the user.
    """
    units = _find_units(engine, problem)
    if units is None:
        return engine.grower(problem)
    return GrowerInUnits(engine.grower(_converted(problem, units)), units)


def start_in_units(
    loss: Loss, y: Array, weight: Array | None, width: int | None
) -> Any:
    """Best constant raw output, found in units in which it is most precise.

    Parameters
    ----------
    loss : Loss
        The loss.
    y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        The target, classes as codes.
    weight : ndarray of shape (n_samples,) or None
        Sample weights.
    width : int or None
        Number of columns of the raw output; None for one value per row.

    Returns
    -------
    start : float or ndarray of shape (width,)
    """
    if type(loss) in _LOG_LOSSES:
        log_units = _find_log_units(y, weight)
        return log_units.back(np.asarray(loss.start(log_units.of(y), weight, width)))
    if loss_in_units(loss, 1.0) is None:
        return loss.start(y, weight, width)
    units = find_target_units(y, weight)
    converted = loss_in_units(loss, units.unit)
    if converted is None:
        units = TargetUnits(units.shift, np.ones_like(units.unit))
        converted = loss
    return units.back(np.asarray(converted.start(units.of(y), weight, width)))


def _find_log_units(y: Array, weight: Array | None) -> LogUnits:
    mean = np.average(np.asarray(y, dtype=float), axis=0, weights=weight)
    extreme = (mean < _SMALLEST_MEAN) | (mean > _LARGEST_MEAN)
    extreme &= (mean > 0) & np.isfinite(mean)
    exponents = np.floor(np.log2(np.where(extreme, mean, 1.0)))
    return LogUnits(np.where(extreme, np.exp2(exponents), 1.0))


def _find_units(engine: Engine, problem: BoostingProblem) -> Units | None:
    if type(problem.loss) in _LOG_LOSSES:
        log_units = _find_log_units(problem.train.y, problem.train.weight)
        changes = (log_units.size != 1).any() and _is_free_of_units(engine, problem)
        return log_units if changes else None
    if loss_in_units(problem.loss, 1.0) is None:
        return None
    units = find_target_units(problem.train.y, problem.train.weight)
    convertible = loss_in_units(problem.loss, units.unit) is not None
    if not (convertible and _is_free_of_units(engine, problem)):
        units = TargetUnits(units.shift, np.ones_like(units.unit))
    return None if units.changes_nothing else units


def _is_free_of_units(engine: Engine, problem: BoostingProblem) -> bool:
    """Whether no limit of tree growth is in units of the target."""
    shape = problem.shape
    limited = shape.min_impurity_decrease or shape.ccp_alpha
    return not limited and engine.is_free_of_units


def _converted(problem: BoostingProblem, units: Units) -> BoostingProblem:
    def rows(given: BoostingRows) -> BoostingRows:
        return replace(given, y=units.of(given.y), raw=units.of_raw(given.raw))

    train, validation = rows(problem.train), problem.validation
    same = problem.scored is problem.train
    return replace(
        problem,
        loss=loss_in_units(problem.loss, units.unit) or problem.loss,
        train=train,
        scored=train if same else rows(problem.scored),
        validation=None if validation is None else rows(validation),
    )


class GrowerInUnits(Grower):
    """A grower whose targets are in other units.

    Parameters
    ----------
    grower : Grower
        The grower.
    units : TargetUnits or LogUnits
        Its units.
    """

    def __init__(self, grower: Grower, units: Units) -> None:
        self._grower = grower
        self._units = units
        self.replays = grower.replays

    def grow(self, rate, mask):
        """Add the trees of one round."""
        self._grower.grow(rate, mask)

    def raw(self, rows):
        """Current raw output of the "train", "scored" or "validation" rows."""
        return self._units.back(self._grower.raw(rows))

    def replay(self, first, last):
        """Raw output of the scored rows after each of the rounds `first` to `last`."""
        return [self._units.back(raw) for raw in self._grower.replay(first, last)]

    def forest(self, n_iterations):
        """Return the trees of the first rounds."""
        forest, unit = self._grower.forest(n_iterations), self._units.unit
        return forest if (unit == 1).all() else ForestInUnits(forest, unit)


class ForestInUnits(Forest):
    """A forest whose leaves have values in another unit.

    Parameters
    ----------
    forest : Forest
        The forest.
    unit : ndarray of shape () or (n_outputs,)
        The unit.
    """

    def __init__(self, forest: Forest, unit: Array) -> None:
        self.forest = forest
        self.unit = unit
        self.n_iterations = forest.n_iterations
        self.width = forest.width
        self.shape = getattr(forest, "shape", None)

    def raw(self, X, first, last, threads=0):
        """Sum of the trees of rounds `first` to `last` (excluded)."""
        return self.forest.raw(X, first, last, threads) * self.unit

    def leaves(self, X, threads=0):
        """Leaf of each row in each tree."""
        return self.forest.leaves(X, threads)

    def importance(self, kind):
        """Sum of gains, or number of splits, per feature."""
        found = self.forest.importance(kind)
        return found * np.mean(self.unit**2) if kind == "gain" else found

    def tree(self, iteration, column):
        """Return one tree."""
        return BoostedTree(self, iteration, column)

    def slim(self):
        """Drop what predictions do not need, if the forest can."""
        getattr(self.forest, "slim", lambda: None)()
