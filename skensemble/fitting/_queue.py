"""The order of the fits: one of each member to see how long it takes, then the others.

Longest first keeps the cores busy to the end (Graham 1969, "Bounds on multiprocessing
timing anomalies"), but how long is only known after a member was fitted once. Where the
time is limited, the quickest member comes first, so that there is something to use. The
order changes no result, because seeds hang on names.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil, inf, isfinite
from typing import Any

from skensemble.fitting._fold_fit import FoldFit, PlannedFit

# A member that takes so small a share of the time left is completed at once: one that
# was not tried yet may take all of it.
_QUICK = 0.05
# To have one member at all, the time may be exceeded by so much of it.
_GRACE = 0.1
# An error so many times that of the best on the same split is poor.
_POOR = 1.5


class Queue:
    """Gives the cells that are left, each once, and learns what they take.

    Parameters
    ----------
    fold_fits : list of PlannedFit
        The fits to do.
    seconds : dict of str to float
        What a fit of a member took before, where that is known.
    found : dict of int to FoldFit, optional
        Cells that are done already, by place.
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
        # Seconds by unit of cost, so that a fit on fewer rows is expected to be shorter.
        self._pace = {
            name: took / max(c.cost for c in fold_fits if c.member.name == name)
            for name, took in seconds.items()
            if any(c.member.name == name for c in fold_fits)
        }
        self._scores: dict[str, float] = {}
        self._failed: set[str] = set()
        self._lock = threading.RLock()  # joblib pulls from the threads of its callbacks
        for place, fold_fit in (found or {}).items():
            self._left.remove(place)
            self._tried.add(fold_fit.member)
            self.learn(
                place, fold_fit.fit_seconds + fold_fit.predict_seconds, fold_fit.score
            )

    def __iter__(self) -> Iterator[int]:
        """Give the places of the cells in the list, each once."""
        while True:
            with self._lock:
                place = self._choose() if self._left else None
                if place is None:
                    return
                self._left.remove(place)
                self._tried.add(self._name(place))
            yield place

    def learn(self, place: int, seconds: float, score: float | None = None) -> None:
        """Take note of how long a fit took, and how good it was."""
        with self._lock:
            self._pace[self._name(place)] = seconds / self._fold_fits[place].cost
            if score is not None:
                self._scores.setdefault(self._name(place), score)

    def give_up(self, place: int) -> None:
        """Take note of a fit that failed."""
        with self._lock:
            self._failed.add(self._name(place))

    def expected(self, place: int) -> float | None:
        """Give the seconds that a fit is expected to take, if that is known."""
        pace = self._pace.get(self._name(place))
        return None if pace is None else pace * self._fold_fits[place].cost

    def needed(self, name: str) -> float | None:
        """Give the seconds that all fits of a member take one after another."""
        costs = sum(
            fold_fit.cost
            for fold_fit in self._fold_fits
            if fold_fit.member.name == name
        )
        return self._pace[name] * costs if name in self._pace else None

    def _name(self, place: int) -> str:
        return self._fold_fits[place].member.name

    def _choose(self) -> int | None:
        raise NotImplementedError


class LongestFirst(Queue):
    """Every cell, the one expected to take longest first."""

    def _choose(self) -> int:
        return max(self._left, key=self._rank)

    def _rank(self, place: int) -> tuple[bool, float, float, int]:
        """Members never tried; then those still on their first fit; then the longest."""
        expected = self.expected(place)
        return (
            self._name(place) not in self._tried,
            inf if expected is None else expected,
            self._fold_fits[place].cost,
            -place,
        )


class WithinTime(Queue):
    """What is expected to be done by the deadline, to have one member soon.

    Members are tried in the order given, and those that take next to no time completed
    at once. Then the one that is done soonest is completed, then the best by their first
    split.

    Parameters
    ----------
    fold_fits, seconds, found : see Queue
        The fits.
    deadline : float
        In the time of ``time.monotonic()``.
    workers : int
        How many fits are done at a time.
    told : callable
        Gives what fits took and how good they were, by place, before their results
        are there; None for those that failed.
    """

    def __init__(
        self,
        fold_fits: list[PlannedFit],
        seconds: Mapping[str, float],
        found: Mapping[int, FoldFit],
        *,
        deadline: float,
        workers: int,
        told: Callable[[], dict[int, Any]],
    ):
        self._deadline = deadline
        self._grace = _GRACE * max(0.0, deadline - time.monotonic())
        self._workers = workers
        self._told = told
        super().__init__(fold_fits, seconds, found)

    def _choose(self) -> int | None:
        self._hear()
        time_left = self._deadline - time.monotonic()
        if time_left <= 0:
            return self._last_chance(time_left + self._grace)
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

    def _hear(self) -> None:
        """Take note of what became of fits whose results are not there yet."""
        for place, facts in self._told().items():
            if facts is None:
                self.give_up(place)
            else:
                self.learn(place, *facts)

    def _last_chance(self, time_left: float) -> int | None:
        """When time is up and nobody complete: who can be, in little more time."""
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
        """Tell whether all fits of a member are done or under way."""
        every = {fold_fit.member.name for fold_fit in self._fold_fits}
        return bool(every - self._failed - set(map(self._name, self._left)))

    def _work_left(self, name: str) -> tuple[bool, float]:
        """Give the seconds until a member is complete; what is unknown comes last."""
        own = [self._seconds(k) for k in self._left if self._name(k) == name]
        return name not in self._pace, max(max(own), sum(own) / self._workers)

    def _seconds(self, place: int) -> float:
        return self.expected(place) or 0.0


@dataclass(frozen=True)
class Turns:
    """What is known when members begin to take turns.

    Parameters
    ----------
    scores : dict of (str, label of a split) to float
        What members that were fitted before scored.
    alike : dict of str to (str, float)
        Whose fits are like those of another member, and how many times as long.
    """

    scores: Mapping[tuple[str, Any], float] = field(default_factory=dict)
    alike: Mapping[str, tuple[str, float]] = field(default_factory=dict)


class InTurn(WithinTime):
    """One member after another, in the order given, each only if all of it fits in.

    Whoever is known to take longer than the time left is passed over for the next. Of a
    member that is begun every fit is done before another is begun, unless its first fits
    were poor beside the best on the same splits: then it is done last, if there is time.

    Parameters
    ----------
    fold_fits, seconds, found, deadline, workers, told : see WithinTime
        The fits.
    turns : Turns
        Of members fitted before, and of those that are alike.
    """

    def __init__(self, *args: Any, turns: Turns, **rest: Any):
        self._alike = turns.alike
        self._on_splits = dict(turns.scores)
        super().__init__(*args, **rest)

    def learn(self, place: int, seconds: float, score: float | None = None) -> None:
        """Take note of how long a fit took, and how good it was on which split."""
        super().learn(place, seconds, score)
        if score is not None:
            self._on_splits[self._name(place), self._fold_fits[place].split.label] = (
                score
            )

    def expected(self, place: int) -> float | None:
        """Give the seconds of a fit; of whom nothing is known yet, by one alike."""
        name, own = self._name(place), super().expected(place)
        if name in self._scores or name not in self._alike:
            return own
        other, times = self._alike[name]
        if other not in self._scores:
            return own
        return max(own or 0.0, times * self._pace[other] * self._fold_fits[place].cost)

    def _choose(self) -> int | None:
        self._hear()
        time_left = self._deadline - time.monotonic()
        if time_left <= 0:
            return self._last_chance(time_left + self._grace)
        for name in sorted(self._able(sorted(self._left)), key=self._is_poor):
            if self._work_left(name)[1] <= time_left:
                return min(k for k in self._left if self._name(k) == name)
        return None if self._any_complete() else self._last_chance(time_left)

    def _work_left(self, name: str) -> tuple[bool, float]:
        """Count whole fits: two workers need two goes for three of them."""
        own = [self._seconds(k) for k in self._left if self._name(k) == name]
        unknown, seconds = super()._work_left(name)
        return unknown, max(seconds, ceil(len(own) / self._workers) * min(own))

    def _is_poor(self, name: str) -> bool:
        """Whether the error was much larger than the least one on every split so far."""
        errors: dict[Any, dict[str, float]] = {}
        for (who, label), score in self._on_splits.items():
            errors.setdefault(label, {})[who] = error_of(score)
        own = [found for found in errors.values() if name in found]
        poor = [found[name] > _POOR * min(found.values()) for found in own]
        return bool(poor) and all(poor)


def error_of(score: float) -> float:
    """How far a score is from the best one possible: 1 for AUC and accuracy, else 0."""
    return abs(score) if score <= 0 or not isfinite(score) else max(1 - score, 0.0)
