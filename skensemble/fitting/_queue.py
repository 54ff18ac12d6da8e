"""The order of the fits: one per member to measure its duration, then the others.

Longest first keeps the cores busy to the end (Graham 1969, "Bounds on multiprocessing
timing anomalies"), but the duration is only known after a member was fitted once. With
a time limit the fastest member comes first, so that a result exists early. The order
changes no result, because seeds depend on names.
"""

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil, inf, isfinite, isnan
from typing import Any

from skensemble.fitting._fold_fit import FoldFit, PlannedFit
from skensemble.fitting._machine_load import MachineLoad

# A member that needs at most this share of the remaining time is completed at once,
# because a member that was not tried yet may need all of it.
_QUICK = 0.05
# The time limit may be exceeded by this share to complete a first member.
_GRACE = 0.1
# A member is poor if its error exceeds this multiple of the best on the same split.
_POOR = 1.5


class Queue:
    """Yields the indices of the fits that are left, and records their durations.

    Parameters
    ----------
    fold_fits : list of PlannedFit
        The fits to do.
    seconds : dict of str to float
        Member name to the duration of an earlier fit, if there was one.
    found : dict of int to FoldFit, optional
        Index to finished fit, for fits that are done already.
    """

    def __init__(
        self,
        fold_fits: list[PlannedFit],
        seconds: Mapping[str, float],
        found: Mapping[int, FoldFit] | None = None,
    ):
        self._fold_fits = fold_fits
        self._left = set(range(len(fold_fits)))
        self._tried = set(seconds)
        # Seconds per unit of cost, so that a fit on fewer rows is expected to be
        # shorter.
        largest: dict[str, float] = {}
        for planned in fold_fits:
            name = planned.member.name
            largest[name] = max(planned.cost, largest.get(name, 0.0))
        self._pace = {
            name: took / largest[name]
            for name, took in seconds.items()
            if name in largest
        }
        self._scores: dict[str, float] = {}
        self._failed: set[str] = set()
        self._lock = threading.RLock()  # joblib pulls from the threads of its callbacks
        for index, fold_fit in (found or {}).items():
            self._left.remove(index)
            self._tried.add(fold_fit.member)
            self.record_fit(
                index, fold_fit.fit_seconds + fold_fit.predict_seconds, fold_fit.score
            )

    def __iter__(self) -> Iterator[int]:
        """Yield the index of each fit once."""
        while True:
            with self._lock:
                index = self._choose() if self._left else None
                if index is None:
                    return
                self._left.remove(index)
                self._tried.add(self._name(index))
            yield index

    def record_fit(
        self, index: int, seconds: float, score: float | None = None
    ) -> None:
        """Record the duration and the score of a fit."""
        with self._lock:
            self._pace[self._name(index)] = seconds / self._fold_fits[index].cost
            if score is not None and not isnan(score):
                self._scores.setdefault(self._name(index), score)

    def record_failure(self, index: int) -> None:
        """Record a fit that failed."""
        with self._lock:
            self._failed.add(self._name(index))

    def expected(self, index: int) -> float | None:
        """Return the expected duration of a fit in seconds, if it is known."""
        pace = self._pace.get(self._name(index))
        return None if pace is None else pace * self._fold_fits[index].cost

    def needed(self, name: str) -> float | None:
        """Return the seconds that all fits of a member take one after another."""
        costs = sum(
            fold_fit.cost
            for fold_fit in self._fold_fits
            if fold_fit.member.name == name
        )
        return self._pace[name] * costs if name in self._pace else None

    def _name(self, index: int) -> str:
        return self._fold_fits[index].member.name

    def _choose(self) -> int | None:
        raise NotImplementedError


class LongestFirst(Queue):
    """All fits, the one with the longest expected duration first."""

    def _choose(self) -> int:
        return max(self._left, key=self._rank)

    def _rank(self, index: int) -> tuple[bool, float, float, int]:
        """Rank untried members first, then those in their first fit, then long fits."""
        expected = self.expected(index)
        return (
            self._name(index) not in self._tried,
            inf if expected is None else expected,
            self._fold_fits[index].cost,
            -index,
        )


class WithinTime(Queue):
    """Fits that are expected to finish before a deadline, a first member early.

    Members are tried in the order of the list, and those that need very little time are
    completed at once. Then the member with the least remaining time is completed, then
    the members with the best score on their first split.

    Parameters
    ----------
    fold_fits, seconds, found : see Queue
        The fits.
    deadline : float
        The deadline, in the time of ``time.monotonic()``.
    workers : int
        Number of fits that run at a time.
    progress : callable
        Returns a dict of index to (seconds, score) of fits that finished since the last
        call, before their results arrive; None instead of the pair for a failed fit.
    """

    def __init__(
        self,
        fold_fits: list[PlannedFit],
        seconds: Mapping[str, float],
        found: Mapping[int, FoldFit],
        *,
        deadline: float,
        workers: int,
        progress: Callable[[], dict[int, Any]],
    ):
        self._deadline = deadline
        self._grace = _GRACE * max(0.0, deadline - time.monotonic())
        self._workers = workers
        self._progress = progress
        super().__init__(fold_fits, seconds, found)

    def _choose(self) -> int | None:
        self._record_progress()
        time_left = self._deadline - time.monotonic()
        if time_left <= 0:
            return self._choose_after_deadline(time_left + self._grace)
        fitting = sorted(k for k in self._left if self._seconds(k) <= time_left)
        if not fitting:
            return None
        names = self._able(fitting)
        quick = [n for n in names if self._work_left(n) <= (False, _QUICK * time_left)]
        untried = [k for k in fitting if self._name(k) not in self._tried]
        if untried and not quick:
            return untried[0]
        name = min(quick, key=self._work_left) if quick else None
        name = name or self._next_member(names, time_left)
        return next((k for k in fitting if self._name(k) == name), None)

    def _record_progress(self) -> None:
        """Record finished fits whose results have not arrived yet."""
        for index, facts in self._progress().items():
            if facts is None:
                self.record_failure(index)
            else:
                self.record_fit(index, *facts)

    def _choose_after_deadline(self, time_left: float) -> int | None:
        """Choose a member that needs little more time, if no member is complete."""
        if self._any_complete():
            return None
        left = sorted(self._left)
        able = [n for n in self._able(left) if self._work_left(n) <= (False, time_left)]
        name = min(able, key=self._work_left, default=None)
        return next((k for k in left if self._name(k) == name), None)

    def _able(self, places: list[int]) -> list[str]:
        names = dict.fromkeys(map(self._name, places))
        return [name for name in names if name not in self._failed]

    def _next_member(self, names: list[str], time_left: float) -> str | None:
        if not self._any_complete():
            return min(names, key=self._work_left, default=None)
        names = [name for name in names if self._work_left(name)[1] <= time_left]
        return max(names, key=lambda name: self._scores.get(name, -inf), default=None)

    def _any_complete(self) -> bool:
        """Whether all fits of some member are finished or running."""
        every = {fold_fit.member.name for fold_fit in self._fold_fits}
        return bool(every - self._failed - set(map(self._name, self._left)))

    def _work_left(self, name: str) -> tuple[bool, float]:
        """Return the seconds until a member is complete; unknown ones come last."""
        own = [self._seconds(k) for k in self._left if self._name(k) == name]
        return name not in self._pace, max(max(own), sum(own) / self._workers)

    def _seconds(self, index: int) -> float:
        return self.expected(index) or 0.0


@dataclass(frozen=True)
class Turns:
    """Options of `InTurn`: what is known of members that were fitted before.

    Parameters
    ----------
    scores : dict of (str, label of a split) to float
        Scores of members that were fitted before.
    similar : dict of str to (str, float)
        Member name to a member with similar fits, and the ratio of their durations.
    measured : collection of str
        Members whose expected durations are those of earlier fits, not estimates.
    load : MachineLoad
        Load of the machine, to which the durations of the fits are added.
    stop_late : bool, default=True
        Whether fits that are running at the deadline are stopped.
    enough : int or None, default=None
        Number of fits that are of use without the others: they are done even after the
        deadline, and further ones as time permits. None to fit members completely.
    """

    scores: Mapping[tuple[str, Any], float] = field(default_factory=dict)
    similar: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    measured: Collection[str] = ()
    load: MachineLoad = field(default_factory=MachineLoad)
    stop_late: bool = True
    enough: int | None = None


class InTurn(WithinTime):
    """One member after another in the order of the list, if its fits fit into the time.

    A member that is known to need more than the remaining time is skipped. All fits of
    a member are done before the next member begins, unless its first fits are poor in
    comparison with the best member on the same splits: then it comes last.

    Expected durations are multiplied by the load of the machine, which is learned from
    each fit of a member with a known duration.

    Parameters
    ----------
    fold_fits, seconds, found, deadline, workers, progress : see WithinTime
        The fits.
    turns : Turns
        Scores of members that were fitted before, and similar members.
    """

    def __init__(self, *args: Any, turns: Turns, **rest: Any):
        self._similar = turns.similar
        self._on_splits = dict(turns.scores)
        self._measured = set(turns.measured)
        self._load, self._enough = turns.load, turns.enough
        # The durations of stored fits, from other times, say nothing about the load.
        self._stored = True
        self._recorded: set[int] = set()
        super().__init__(*args, **rest)
        self._stored = False

    def record_fit(
        self, index: int, seconds: float, score: float | None = None
    ) -> None:
        """Record the duration of a fit, and its score on its split."""
        with self._lock:
            if index in self._recorded:  # from the progress that its worker reported
                return
            self._recorded.add(index)
            name, planned = self._name(index), self._fold_fits[index]
            known = self._pace.get(name) if name in self._measured else None
            super().record_fit(index, seconds, score)
            if not self._stored:
                self._learn_load(name, planned, known)
        if score is not None and not isnan(score):
            self._on_splits[self._name(index), self._fold_fits[index].split.label] = (
                score
            )

    def _learn_load(self, name: str, planned: PlannedFit, known: float | None) -> None:
        """Compare the pace of a fit with the known one, and keep that without load."""
        pace = self._pace[name]
        ratio = pace / known if known else None
        as_expected = self._load.record(name, planned.split.label, ratio)
        self._measured.add(name)
        if ratio is None:
            self._pace[name] = pace / self._load.factor
        elif not as_expected:
            self._pace[name] = known or pace

    def expected(self, index: int) -> float | None:
        """Return the expected seconds of a fit at the present load."""
        seconds = self._unloaded(index)
        return None if seconds is None else seconds * self._load.factor

    def _unloaded(self, index: int) -> float | None:
        """Return the seconds of a fit without load, or those of a similar member."""
        name, own = self._name(index), super().expected(index)
        if name in self._scores or name not in self._similar:
            return own
        other, times = self._similar[name]
        if other not in self._scores:
            return own
        return max(own or 0.0, times * self._pace[other] * self._fold_fits[index].cost)

    def _choose(self) -> int | None:
        self._record_progress()
        time_left = self._deadline - time.monotonic()
        if self._enough is not None:
            return self._choose_any(self._enough, time_left)
        if time_left <= 0:
            return self._choose_after_deadline(time_left + self._grace)
        for name in sorted(self._able(sorted(self._left)), key=self._is_poor):
            if self._work_left(name)[1] <= time_left:
                return min(k for k in self._left if self._name(k) == name)
        return None if self._any_complete() else self._choose_after_deadline(time_left)

    def _choose_any(self, enough: int, time_left: float) -> int | None:
        """Choose the next fit, whether or not there is time for those after it."""
        able = set(self._able(sorted(self._left)))
        index = min((k for k in self._left if self._name(k) in able), default=None)
        begun = len(self._fold_fits) - len(self._left)
        if index is None or begun < enough or self._seconds(index) <= time_left:
            return index
        return None

    def _work_left(self, name: str) -> tuple[bool, float]:
        """Return the seconds in complete batches: two workers do three fits in two."""
        own = [self._seconds(k) for k in self._left if self._name(k) == name]
        unknown, seconds = super()._work_left(name)
        return unknown, max(seconds, ceil(len(own) / self._workers) * min(own))

    def _is_poor(self, name: str) -> bool:
        """Whether the error is much larger than the best one on every split."""
        errors: dict[Any, dict[str, float]] = {}
        for (member, label), score in self._on_splits.items():
            errors.setdefault(label, {})[member] = error_of(score)
        own = [found for found in errors.values() if name in found]
        poor = [found[name] > _POOR * min(found.values()) for found in own]
        return bool(poor) and all(poor)


def error_of(score: float) -> float:
    """Distance of a score from the best value: 1 for AUC and accuracy, otherwise 0."""
    return abs(score) if score <= 0 or not isfinite(score) else max(1 - score, 0.0)
