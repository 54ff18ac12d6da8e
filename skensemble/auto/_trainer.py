"""Fits the members of both layers until a deadline."""

import copy
import time
from dataclasses import replace
from typing import Any

import numpy as np

from skensemble.auto._candidate import Candidate
from skensemble.auto._class_coverage import knows_classes, scorable_splits
from skensemble.auto._fit_clock import FitClock
from skensemble.auto._fit_times import (
    TRIAL_ROWS,
    FitTime,
    affordable_rows,
    expected_fit_time,
    is_large,
    largest_training_set,
    n_batches,
    time_candidates,
    with_time_budget,
)
from skensemble.auto._folds import restrict_splits, sample_of_rows
from skensemble.auto._layer_fits import LayerFits, out_of_fold_data
from skensemble.auto._model import upper_features
from skensemble.auto._training_plan import TrainingPlan
from skensemble.combination import FittedMembers
from skensemble.fitting import (
    MachineLoad,
    Split,
    covered_rows,
    interrupt_requested,
)

# Share of the time limit that is reserved for combining the members.
_COMBINING_SHARE = 0.03
# No other member is tried, after members that failed, if the time limit is exceeded by
# this share and these seconds.
_OVERTIME_SHARE = 0.1
_OVERTIME_SECONDS = 2.0
# Number of splits that the first member is fitted on even if that takes too long.
_ENOUGH_SPLITS = 2
# The upper layer is fitted if it is expected to take less than this share of the time.
_MAX_UPPER_SHARE = 0.4
# Seconds of the final fits on all rows, as a share of those of the fold fits.
_FULL_FITS_SHARE = 0.25
# The folds of a large table have as many rows as the first member can be fitted on in
# this share of the time; trials of the other members may take the second share.
_FIRST_MEMBER_SHARE = 0.5
_TRIALS_SHARE = 0.1


class Trainer:
    """Fits the members of both layers until a deadline, and holds their fits.

    Parameters
    ----------
    plan : TrainingPlan
        What is to be fitted.

    Attributes
    ----------
    rounds : list of list of Split
        Rounds of splits: those of the plan, or of a sample of its rows.
    splits : list of Split
        Splits that every member is fitted on: the first round, or as many of them as
        there was time for.
    lower : LayerFits
        Fits of the lower layer.
    upper : LayerFits or None
        Fits of the upper layer.
    used : tuple of str
        Members of the lower layer that provide features of the upper one.
    fit_times : dict of str to FitTime
        Expected times of fits on a large table, from trials.
    sample_size : int or None
        Number of rows of the sample that the splits contain; None for all rows.
    full_data_fits : dict of str to FullDataFit
        Members of the lower layer that were fitted on all rows too.
    load : MachineLoad
        How busy the machine is, by the latest fits.
    """

    def __init__(self, plan: TrainingPlan) -> None:
        self.plan = plan
        self.rounds = plan.rounds
        self.splits = plan.rounds[0]
        self.lower = LayerFits(plan.X)
        self.upper: LayerFits | None = None
        self.used: tuple[str, ...] = ()
        self.fit_times: dict[str, FitTime] = {}
        self.sample_size: int | None = None
        self.full_data_fits: dict[str, Any] = {}
        self.load = MachineLoad()

    def copy(self) -> "Trainer":
        """Return an independent trainer with the same fits."""
        other = copy.copy(self)
        other.full_data_fits = dict(self.full_data_fits)
        other.load = self.load.restarted()
        return other

    def detached(self) -> "Trainer":
        """Return a copy for a pickle, without the estimator and its callbacks."""
        other = self.copy()
        settings = replace(self.plan.settings, owner=None, context=None)
        other.plan = replace(self.plan, settings=settings)
        return other

    def fit_until(self, clock: FitClock) -> None:
        """Fit members on folds; fits on all rows are not included.

        Parameters
        ----------
        clock : FitClock
            Measures the time that these fits, and those on all rows, may take.
        """
        limited, self.splits = clock.seconds is not None, self.rounds[0]
        if limited and not self.lower.fold_fits and is_large(self.plan.X):
            self._restrict_rows(clock)
        self._fit_first_member(clock)
        if self.fit_times:
            self._time_others(_TRIALS_SHARE * clock.left)
        combining = _COMBINING_SHARE * (clock.seconds or 0.0)
        upper = self._seconds_of_upper(clock.left) if limited else 0.0
        full = self._seconds_of_full_fits(clock.left - combining) if limited else 0.0
        deadline = clock.deadline(combining + full + upper)
        self._fit_lower(self._untried(), self.splits, deadline)
        self._fit_further_rounds(deadline)
        wanted = (upper or not limited) and not interrupt_requested()
        if self.plan.upper_candidates and wanted:
            self._fit_upper(clock.deadline(combining + full))

    @property
    def n_rows_seen(self) -> int:
        """Number of rows that the splits contain."""
        return len(self.plan.X) if self.sample_size is None else self.sample_size

    @property
    def covered(self) -> Any:
        """Mask of the rows that some split holds out."""
        return covered_rows(self.splits, len(self.plan.X))

    @property
    def row_ratio(self) -> float:
        """Number of all rows, as a multiple of the training rows of a fold."""
        return len(self.plan.X) / largest_training_set(self.splits)

    def members(self) -> tuple[FittedMembers, FittedMembers | None]:
        """Return the complete members of the lower and of the upper layer."""
        lower, target = self._lower_members(), self.plan.settings.target
        if self.upper is None or not self.upper.complete(self.splits):
            return lower, None
        return lower, self.upper.members(self.splits, target)

    def seconds_per_cost(self) -> float | None:
        """Estimate the seconds of a fit of relative cost 1 from the first candidate."""
        return self._first_seconds() / self.plan.candidates[0].relative_cost or None

    def _lower_members(self) -> FittedMembers:
        return self.lower.members(self.splits, self.plan.settings.target)

    def _lower_weights(self, members: FittedMembers) -> dict[str, float]:
        oof_data = out_of_fold_data(members, self.plan.settings)
        return self.plan.weighting.lower_weights(oof_data)

    def _first_seconds(self) -> float:
        """Return the seconds of a fit of the first candidate, 0 without one."""
        name = self.plan.candidates[0].name
        return self.lower.seconds(self.load).get(name, 0.0)

    def _restrict_rows(self, clock: FitClock) -> None:
        """Restrict the splits to a sample that one member can be fitted on in time."""
        for candidate in self.plan.candidates:
            self._time([candidate], None)
            if candidate.name in self.fit_times:
                break
        else:
            return
        fit_time, n_rows = self.fit_times[candidate.name], len(self.plan.X)
        seconds = _FIRST_MEMBER_SHARE * clock.left
        workers = self.plan.settings.n_jobs
        size = affordable_rows(fit_time, self.splits, n_rows, workers, seconds)
        if size < n_rows:
            rows = self._sample(size)
            self.rounds = _scorable(
                restrict_splits(self.rounds, rows, n_rows), self.plan.settings.rows
            )
            self.splits = self.rounds[0]
            self.sample_size = len(rows)

    def _time_others(self, seconds: float) -> None:
        """Time the candidates that have no trial yet."""
        others = [
            candidate
            for candidate in self._untried()
            if candidate.name not in self.fit_times
        ]
        if others:
            self._time(others, seconds)

    def _time(self, candidates: list[Candidate], seconds: float | None) -> None:
        rows, settings = self._sample(TRIAL_ROWS), self.plan.settings
        found = time_candidates(candidates, self.plan.X, rows, settings, seconds)
        self.fit_times = self.fit_times | found

    def _sample(self, size: int) -> Any:
        settings, n_rows = self.plan.settings, len(self.plan.X)
        target = settings.target
        classes = None if target.kind == "continuous" else target.values
        found = sample_of_rows(classes, settings.groups, n_rows, size, settings.seed)
        rows = settings.rows
        return found if rows is None else found[rows.learnable[found]]

    def _fit_first_member(self, clock: FitClock) -> None:
        """Fit candidates until one is complete.

        If there is too little time for all splits, the ensemble has fewer of them.
        """
        deadline = clock.deadline(_COMBINING_SHARE * (clock.seconds or 0.0))
        overtime = _OVERTIME_SHARE * (clock.seconds or 0.0) + _OVERTIME_SECONDS
        enough = None if deadline is None else min(_ENOUGH_SPLITS, len(self.splits))
        for k, candidate in enumerate(self._untried()):
            late = k > 0 and clock.left < -overtime
            if self.lower.complete(self.splits) or late:
                break
            self._fit_lower([candidate], self.splits, deadline, enough)
            if interrupt_requested():
                break
            if enough is not None:
                self._keep_splits_of(candidate, enough)
        if self.lower.complete(self.splits):
            return
        if interrupt_requested():
            raise KeyboardInterrupt
        started = {failure.member for failure in self.lower.failures}
        names = [candidate.name for candidate in self.plan.candidates]
        raise self.lower.no_member([name for name in names if name not in started])

    def _keep_splits_of(self, candidate: Candidate, enough: int) -> None:
        """Keep only the splits that a candidate was fitted on, if they are enough."""
        fitted = {
            fit.split for fit in self.lower.fold_fits if fit.member == candidate.name
        }
        kept = [split for split in self.splits if split.label in fitted]
        if len(kept) >= enough and candidate.name not in self.lower.failed():
            self.splits = kept

    def _untried(self) -> list[Candidate]:
        tried = {*self.lower.complete(self.splits), *self.lower.failed()}
        return [
            candidate
            for candidate in self.plan.candidates
            if candidate.name not in tried
        ]

    def _fit_lower(
        self,
        candidates: list[Candidate],
        splits: list[Split],
        deadline: float | None,
        enough: int | None = None,
    ) -> None:
        if not candidates:
            return
        n_rows, settings = largest_training_set(splits), self.plan.settings
        if self.fit_times and deadline is not None:
            left = deadline - time.monotonic()
            budget = left / n_batches(splits, settings.n_jobs)
            candidates = [
                with_time_budget(
                    candidate,
                    expected_fit_time(candidate, self.fit_times),
                    n_rows,
                    budget,
                )
                for candidate in candidates
            ]
        seconds = self._expected_seconds(candidates)
        if self.fit_times:
            seconds = {
                candidate.name: expected_fit_time(candidate, self.fit_times).at(n_rows)
                for candidate in candidates
            }
        self.lower = self.lower.fit(
            candidates,
            splits,
            settings,
            deadline=deadline,
            seconds=seconds,
            load=self.load,
            enough=enough,
        )

    def _expected_seconds(self, candidates: list[Candidate]) -> dict[str, float]:
        """Return the expected seconds of a fit, by cost or by the size of the table."""
        unit = self.seconds_per_cost()
        if unit is None:
            return {}
        return {
            candidate.name: max(candidate.relative_cost * unit, candidate.seconds)
            for candidate in candidates
        }

    def _fit_further_rounds(self, deadline: float | None) -> None:
        """Fit the members that have a weight on other splits of the same rows."""
        for splits in self.rounds[1:]:
            weights = self._lower_weights(self._lower_members())
            again = [
                candidate
                for candidate in self.plan.candidates
                if weights.get(candidate.name, 0) > 0
            ]
            self._fit_lower(again, splits, deadline)

    def _seconds_of_upper(self, left: float) -> float:
        """Return the seconds to reserve for the upper layer; 0 if it takes too long."""
        candidates, unit = self.plan.upper_candidates, self.seconds_per_cost()
        if not candidates or unit is None:
            return 0.0
        workers = max(1, min(self.plan.settings.n_jobs, len(self.splits)))
        cost = sum(candidate.relative_cost for candidate in candidates)
        one_round = cost * unit * len(self.splits) / workers
        for seconds in (one_round * len(self.rounds), one_round):
            if seconds < _MAX_UPPER_SHARE * left:
                return seconds
        return 0.0

    def _seconds_of_full_fits(self, left: float) -> float:
        """Return the seconds to reserve for fits on all rows; 0 if they are too few."""
        seconds = left * _FULL_FITS_SHARE / (1 + _FULL_FITS_SHARE)
        expected = self._first_seconds() * self.row_ratio
        return 0.0 if self.sample_size is not None and expected > seconds else seconds

    def _fit_upper(self, deadline: float | None) -> None:
        lower = self._lower_members()
        weights = self._lower_weights(lower)
        self.used = tuple(name for name in lower.names if weights[name] > 0)
        used = lower.only(list(self.used))
        layer = LayerFits(upper_features(used, lower.oof.blocks, self.plan.X))
        candidates = self.plan.upper_candidates
        fitted = {fold_fit.split for fold_fit in self.lower.fold_fits}
        for splits in self._upper_rounds():
            # Both layers have the same splits, so that neither averages more models.
            if fitted >= {split.label for split in splits}:
                layer = layer.fit(
                    candidates,
                    splits,
                    self.plan.settings,
                    deadline=deadline,
                    seconds=self._expected_seconds(candidates),
                    load=self.load,
                )
        self.upper = layer

    def _upper_rounds(self) -> list[list[Split]]:
        """Return the splits without training rows that lack out-of-fold predictions."""
        covered, rows = self.covered, self.plan.settings.rows
        if covered.all():
            return self.rounds
        known = restrict_splits(self.rounds, np.flatnonzero(covered), len(covered))
        if rows is None:
            return known
        return [
            [
                after if knows_classes(after, rows) else before
                for before, after in zip(*both, strict=True)
            ]
            for both in zip(self.rounds, known, strict=True)
        ]


def join_layers(lower: FittedMembers, upper: FittedMembers | None) -> FittedMembers:
    """Return the members of both layers together."""
    return lower if upper is None else lower.joined(upper)


def _scorable(rounds: list[list[Split]], rows: Any) -> list[list[Split]]:
    """Hold out only rows whose class a sample has among the training rows."""
    if rows is None:
        return rounds
    return [scorable_splits(splits, rows, False) or splits for splits in rounds]
