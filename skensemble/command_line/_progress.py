"""The progress of a fit: one line for the time limit, and one per member."""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

# The transport of scikit-learn's own callbacks from worker processes; its public
# callbacks do not show scores (tests/command_line/test_progress.py fails if a name is
# removed).
from sklearn.callback._transport import close_listener, open_listener, send

_MEMBER = "member "


class FoldEvent(NamedTuple):
    """A fold fit that begins or ends.

    Parameters
    ----------
    begins : bool
        Whether it begins.
    worker : tuple of int
        Process and thread.
    member : str
        Name of the member.
    run : int
        Identifies the run of the member; a member can be fitted in several runs, on
        different splits.
    n_folds : int
        Number of folds of the run.
    score : float or None
        Score of the rows that were held out, if it ended.
    """

    begins: bool
    worker: tuple[int, int]
    member: str
    run: int
    n_folds: int
    score: float | None = None


@dataclass
class MemberProgress:
    """Progress of one member.

    Parameters
    ----------
    planned : dict of int to int
        Number of fold fits of each run.
    done : int
        Number of fold fits that ended.
    scores : list of float
        Their scores.
    """

    planned: dict[int, int] = field(default_factory=dict)
    done: int = 0
    scores: list[float] = field(default_factory=list)

    @property
    def score(self) -> float:
        """Mean score so far, NaN without any."""
        return float(np.mean(self.scores)) if self.scores else float("nan")


class FitState:
    """What was fitted so far, and the time that is left.

    Parameters
    ----------
    seconds : float or None
        The time limit.
    scoring : str
        Name of the score.
    on_member : callable or None, default=None
        Called without arguments when all planned fits of a member have ended.
    """

    def __init__(
        self,
        seconds: float | None,
        scoring: str,
        on_member: Callable[[], None] | None = None,
    ) -> None:
        self.on_member = on_member
        self.seconds = seconds
        self.scoring = scoring
        self.members: dict[str, MemberProgress] = {}
        self._running: dict[tuple[int, int], FoldEvent] = {}
        self._lock = threading.Lock()
        self._start = time.monotonic()
        self._ended = False

    def end(self) -> None:
        """Record the end of the fit."""
        self._ended = True

    def receive(self, event: FoldEvent) -> None:
        """Record an event."""
        with self._lock:
            member = self.members.setdefault(event.member, MemberProgress())
            if event.begins:
                # A fit that failed has no end; the next one of its worker replaces it.
                self._running[event.worker] = event
                member.planned[event.run] = event.n_folds
                return
            self._running.pop(event.worker, None)
            member.done += 1
            if event.score is not None and not np.isnan(event.score):
                member.scores.append(event.score)
            complete = member.done >= sum(member.planned.values())
        if complete and self.on_member is not None:
            self.on_member()

    def time_line(self) -> str:
        """Describe the time left, what is being fitted, and the best score so far."""
        with self._lock:
            running = sorted({event.member for event in self._running.values()})
            best = self._best()
        now = f"fitting {', '.join(running)}" if running else "combining the members"
        if not self.members:
            now = "reading the columns"
        parts = [self._time(), *([] if self._ended else [now])]
        if best is not None:
            name, score = best
            parts.append(f"best {self.scoring} {score:.4g} ({name})")
        return " | ".join(parts)

    def member_lines(self) -> list[tuple[str, str, str]]:
        """Return name, folds and score of each member that began, as text."""
        with self._lock:
            return [
                (name, _folds(one), f"{one.score:.4g}" if one.scores else "-")
                for name, one in self.members.items()
            ]

    def _best(self) -> tuple[str, float] | None:
        scores = {name: one.score for name, one in self.members.items() if one.scores}
        if not scores:
            return None
        name = max(scores, key=scores.__getitem__)
        return name, scores[name]

    def _time(self) -> str:
        elapsed = time.monotonic() - self._start
        if self._ended:
            return f"fitted in {_clock(elapsed)}"
        if self.seconds is None:
            return f"{_clock(elapsed)} elapsed"
        left = max(0.0, self.seconds - elapsed)
        return f"{_clock(left)} of {_clock(self.seconds)} left"


class FitProgress:
    """Callback of scikit-learn that shows the progress of an automatic ensemble.

    Parameters
    ----------
    state : FitState
        Receives the events, also those of worker processes.
    screen : Screen
        Displays the state.
    """

    def __init__(self, state: FitState, screen: Any) -> None:
        self._state: FitState | None = state
        self._screen = screen
        self._handle: Any = None

    def setup(self, estimator, context):
        """Open the display."""
        self._handle = open_listener(self._state.receive)
        self._screen.open(self._state)

    def on_fit_task_begin(self, estimator, context):
        """Report that a fold fit begins."""
        self._send(context, True, None)

    def on_fit_task_end(self, estimator, context, *, metadata=None):
        """Report that a fold fit ended, with its score."""
        self._send(context, False, (metadata or {}).get("score"))

    def teardown(self, estimator, context):
        """Close the display."""
        self._state.end()
        self._screen.close()
        close_listener(self._handle)

    def _send(self, context: Any, begins: bool, score: float | None) -> None:
        member = context.parent
        if member is None or not member.task_name.startswith(_MEMBER):
            return
        worker = (os.getpid(), threading.get_ident())
        name = member.task_name.removeprefix(_MEMBER)
        run, n_folds = member.task_id, member.max_subtasks
        event = FoldEvent(begins, worker, name, run, n_folds, score)
        send(self._handle, event)

    def __getstate__(self):
        """Return what worker processes need: the address of the display."""
        return {"_state": None, "_screen": None, "_handle": self._handle}


def _folds(one: MemberProgress) -> str:
    return f"{one.done} of {sum(one.planned.values())} folds"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"
