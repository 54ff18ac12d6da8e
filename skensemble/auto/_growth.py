"""How an automatic ensemble grows while there is time."""

import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from skensemble.auto._blend import Learner
from skensemble.auto._candidate import Candidate
from skensemble.auto._costs import (
    TRIAL_ROWS,
    Cost,
    cost_of,
    goes,
    hurried,
    is_large,
    measured,
    most_fitted,
    most_rows,
)
from skensemble.auto._facts import Facts
from skensemble.auto._folds import sample_of_rows, thinned
from skensemble.auto._layers import Clock, Layer, Setting, is_late
from skensemble.combination import FittedMembers, OutOfFoldData, meta_features
from skensemble.fitting import Split, covered_rows

# Of the columns that hold what the lower layer said.
PREFIX = "said"
# Share of the time that is kept for putting all together.
_FINISH = 0.03
# The upper layer is begun if it is expected to take less than this share of the time.
_MOST_ABOVE = 0.4
# In the end, the members that count are fitted once more, on all rows: that takes about
# this share of the time of their folds.
_REFIT = 0.25
# Of a large table, folds have as many rows as the first member needs this share of the
# time for; to learn what the others take has that one.
_FIRST = 0.5
_TRIALS = 0.1


@dataclass(frozen=True)
class Final:
    """A member fitted on all rows, once or more; of boosters, for so many rounds."""

    rounds: int | None
    estimators: tuple[Any, ...]
    presents: tuple[Any, ...]


@dataclass
class Growth:
    """Two layers of an automatic ensemble, and what is still to be tried.

    Parameters
    ----------
    facts : Facts
        What is known of the task.
    setting : Setting
        What all fits have in common.
    rounds : list of list of Split
        Splits, and further ones of the same rows for small tables.
    candidates : list of Candidate
        The lower layer's, the most promising first.
    above : list of Candidate
        The upper layer's.
    learner : Learner
        Combines them.
    lower, upper : Layer
        What was fitted.
    used : tuple of str
        Members below whose predictions those above see.
    finals : dict of str to Final
        Members below that were fitted on all rows too.
    costs : dict of str to Cost
        Of a large table: what fits take, by trials on a few rows.
    n_seen : int or None
        Rows of the sample that the splits are of; None for all.
    """

    facts: Facts
    setting: Setting
    rounds: list[list[Split]]
    candidates: list[Candidate]
    above: list[Candidate]
    learner: Learner
    lower: Layer
    upper: Layer | None = None
    used: tuple[str, ...] = ()
    finals: dict[str, Final] = field(default_factory=dict)
    costs: dict[str, Cost] = field(default_factory=dict)
    n_seen: int | None = None

    @property
    def splits(self) -> list[Split]:
        """The splits that every member has."""
        return self.rounds[0]

    def grow(self, clock: Clock) -> None:
        """Fit what there is time for, but for the last fits on all rows."""
        self._look_ahead(clock)
        self._begin()
        finish = 0.0 if clock.limit is None else _FINISH * clock.limit
        self._try_others(clock)
        above = self._reserve(clock)
        left = 0.0 if clock.limit is None else clock.left() - finish
        refit = left * _REFIT / (1 + _REFIT)
        if self.n_seen is not None and self._first_took * self.more_rows > refit:
            refit = 0.0
        self._fit_lower(
            self._untried(), self.splits, clock.deadline(finish + refit + above)
        )
        self._repeat(clock.deadline(finish + refit + above))
        if self.above and (above or clock.limit is None):
            self._fit_upper(clock.deadline(finish + refit))

    def pace(self) -> float | None:
        """Seconds of a fit of cost 1, by the first candidate, where it was fitted."""
        return self._first_took / self.candidates[0].cost or None

    @property
    def _first_took(self) -> float:
        """Seconds of a fit of the first candidate, 0 where there is none."""
        return self.lower.seconds().get(self.candidates[0].name, 0.0)

    def members(self) -> tuple[FittedMembers, FittedMembers | None]:
        """Gather the members of both layers; of the lower, those that are needed."""
        lower = self._lower_members()
        if self.upper is None or not self.upper.complete(self.splits):
            return lower, None
        return lower, self.upper.members(self.splits, self.setting.target)

    def _lower_members(self) -> FittedMembers:
        return self.lower.members(self.splits, self.setting.target)

    @property
    def n_rows_seen(self) -> int:
        """How many rows the splits are of."""
        return len(self.lower.X) if self.n_seen is None else self.n_seen

    @property
    def covered(self) -> Any:
        """Which rows are held out by a split."""
        return covered_rows(self.splits, len(self.lower.X))

    @property
    def more_rows(self) -> float:
        """All rows, as a multiple of those that a fold is fitted on."""
        return len(self.lower.X) / most_fitted(self.splits)

    def _look_ahead(self, clock: Clock) -> None:
        """Take no more rows of a large table than one member can soon be fitted on."""
        if clock.limit is None or self.lower.fold_fits or not is_large(self.lower.X):
            return
        for one in self.candidates:
            self._learn_costs([one], None)
            if one.name in self.costs:
                break
        else:
            return
        n_rows, workers = len(self.lower.X), self.setting.n_jobs
        seconds = _FIRST * clock.left()
        n = most_rows(self.costs[one.name], self.splits, n_rows, workers, seconds)
        if n < n_rows:
            rows = self._sample(n)
            self.rounds = thinned(self.rounds, rows, n_rows)
            self.n_seen = len(rows)

    def _try_others(self, clock: Clock) -> None:
        """Learn what the other members take, where the first one had to be tried."""
        others = [one for one in self._untried() if one.name not in self.costs]
        if self.costs and others:
            self._learn_costs(others, _TRIALS * clock.left())

    def _learn_costs(self, some: list[Candidate], seconds: float | None) -> None:
        rows = self._sample(TRIAL_ROWS)
        self.costs |= measured(some, self.lower.X, rows, self.setting, seconds)

    def _sample(self, size: int) -> Any:
        setting = self.setting
        classes = None if setting.target.kind == "continuous" else setting.target.values
        n_rows = len(self.lower.X)
        return sample_of_rows(classes, setting.groups, n_rows, size, setting.seed)

    def _begin(self) -> None:
        """Have one member at least, whatever it takes."""
        for one in self.candidates:
            if self.lower.complete(self.splits):
                return
            self._fit_lower([one], self.splits, None)

    def _untried(self) -> list[Candidate]:
        done = self.lower.complete(self.splits)
        broken = {f.member for f in self.lower.failures if not is_late(f)}
        return [one for one in self.candidates if one.name not in {*done, *broken}]

    def _fit_lower(self, some, splits, deadline) -> None:
        if not some:
            return
        rows = most_fitted(splits)
        if self.costs and deadline is not None:
            each = (deadline - time.monotonic()) / goes(splits, self.setting.n_jobs)
            some = [hurried(one, cost_of(one, self.costs), rows, each) for one in some]
        seconds = self._guesses(some)
        if self.costs:
            seconds = {one.name: cost_of(one, self.costs).of(rows) for one in some}
        self.lower.fit(some, splits, self.setting, deadline=deadline, seconds=seconds)

    def _guesses(self, some: list[Candidate]) -> dict[str, float]:
        """Seconds of a fit, by its cost, or by the size of the table."""
        pace = self.pace()
        if pace is None:
            return {}
        return {one.name: max(one.cost * pace, one.seconds) for one in some}

    def _repeat(self, deadline: float | None) -> None:
        """Fit the members that count on other splits of the same rows."""
        for splits in self.rounds[1:]:
            weights = self.learner.below(
                out_of_fold_data(self._lower_members(), self.setting)
            )
            names = [n for n, w in weights.items() if w > 0]
            again = [one for one in self.candidates if one.name in names]
            self._fit_lower(again, splits, deadline)

    def _reserve(self, clock: Clock) -> float:
        """Seconds to keep for the upper layer; 0 where there is no time for one."""
        pace = self.pace()
        if clock.limit is None or not self.above or pace is None:
            return 0.0
        workers = max(1, min(self.setting.n_jobs, len(self.splits)))
        cost = sum(one.cost for one in self.above)
        once = cost * pace * len(self.splits) / workers
        enough = _MOST_ABOVE * clock.left()
        for needed in (once * len(self.rounds), once):
            if needed < enough:
                return needed
        return 0.0

    def _fit_upper(self, deadline: float | None) -> None:
        lower = self._lower_members()
        weights = self.learner.below(out_of_fold_data(lower, self.setting))
        self.used = tuple(n for n in lower.names if weights[n] > 0)
        table = said_table(lower.only(list(self.used)), lower.oof.blocks, self.lower.X)
        self.upper = Layer(table)
        seen = {fold_fit.split for fold_fit in self.lower.fold_fits}
        for splits in self.rounds:
            # Both layers on the same splits, so that neither is averaged over more.
            if seen >= {split.label for split in splits}:
                self.upper.fit(
                    self.above,
                    splits,
                    self.setting,
                    deadline=deadline,
                    seconds=self._guesses(self.above),
                )


def said_table(
    members: FittedMembers, blocks: dict[str, Any], X: pd.DataFrame
) -> pd.DataFrame:
    """Put what members said before the columns of a table."""
    blocks = {name: blocks[name] for name in members.names}
    return meta_features(blocks, members.methods, PREFIX, X, True, members.n_classes)


def out_of_fold_data(members: FittedMembers, setting: Setting) -> OutOfFoldData:
    """Put what members said beside the truth, where they said something."""
    target = setting.target
    weight = setting.sample_weight
    oof_data = OutOfFoldData(
        blocks=members.oof.blocks,
        methods=members.block_methods,
        y=target.values,
        X=None,
        params={} if weight is None else {"sample_weight": weight},
        kind=target.kind,
        n_classes=target.n_classes,
    )
    rows = np.flatnonzero(members.oof.covered)
    return oof_data if len(rows) == len(target.values) else oof_data.take(rows)
