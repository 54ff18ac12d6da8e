"""Layers of an automatic ensemble, grown fit by fit."""

import functools
import time
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning

from skensemble.auto._candidate import Candidate, alike
from skensemble.auto._watched import knows_groups
from skensemble.combination import FittedMembers, gather_members
from skensemble.core import Target, shortened, warn
from skensemble.exceptions import MemberFailedError, MemberFailedWarning, TimeLimitError
from skensemble.fitting import (
    Failure,
    FoldFit,
    Member,
    Split,
    TrainingData,
    Turns,
    plan_fits,
    run_fits,
    task_tree,
)
from skensemble.scoring import score_block


@dataclass(frozen=True)
class Setting:
    """What all fits of an automatic ensemble have in common.

    Parameters
    ----------
    target : Target
        What is to be predicted.
    sample_weight : ndarray or None
        Weights of the rows.
    scoring : PredictionScorer
        How members are scored.
    n_jobs : int
        Cores granted.
    seed : int or None
        Root of all seeds.
    store : Store or None
        Where fits are kept.
    owner, context : estimator, CallbackContext
        Who is told.
    verbose : int
        Passed to joblib.
    groups : ndarray of int or None
        Codes of the groups of the rows, which stay together.
    """

    target: Target
    sample_weight: Any
    scoring: Any
    n_jobs: int
    seed: int | None
    store: Any
    owner: Any
    context: Any
    verbose: int = 0
    groups: Any = None

    @property
    def method(self) -> str:
        """How members are asked."""
        return "predict" if self.target.kind == "continuous" else "predict_proba"

    def member(self, name: str, estimator: Any) -> Member:
        """Name an estimator, and add what its fits are told of the rows."""
        params = {}
        if self.sample_weight is not None:
            params["sample_weight"] = self.sample_weight
        # The user's own members may not take them.
        if self.groups is not None and knows_groups(estimator):
            params["groups"] = self.groups
        return Member(name, estimator, self.method, params)


@contextmanager
def quiet():
    """Say nothing of logistic regressions that stop before the optimum: they are to.

    To be entered in the thread of the fit alone; filters belong to the process.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore",
            category=ConvergenceWarning,
            module=r"sklearn\.linear_model\._logistic",
        )
        yield


@dataclass
class Layer:
    """Members, and what became of their fits so far.

    Parameters
    ----------
    X : pandas.DataFrame
        What the members see.
    fold_fits : list of FoldFit
        Fits that are done.
    failures : list of Failure
        Fits that failed, or were not done in time.
    """

    X: pd.DataFrame
    fold_fits: list[FoldFit] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def fit(
        self,
        some: list[Candidate],
        splits: list[Split],
        setting: Setting,
        *,
        deadline: float | None,
        seconds: dict[str, float],
    ) -> None:
        """Fit candidates on splits, one member after another, within time.

        Parameters
        ----------
        some : list of Candidate
            Whom, the most promising first.
        splits : list of Split
            On what.
        setting : Setting
            What all fits have in common.
        deadline : float or None
            In the time of ``time.monotonic()``.
        seconds : dict of str to float
            What a fit of each is expected to take, where that is known.
        """
        members = [setting.member(one.name, one.estimator) for one in some]
        target = setting.target
        fold_fits = plan_fits(members, splits, refit=False, seed=setting.seed)
        score = functools.partial(
            score_block, kind=target.kind, scoring=setting.scoring
        )
        with quiet():
            fitted, failures = run_fits(
                fold_fits,
                TrainingData(self.X, target.values, target.n_classes, score),
                n_jobs=setting.n_jobs,
                on_error="drop",
                verbose=setting.verbose,
                seconds=seconds | self.seconds(),
                store=setting.store,
                deadline=deadline,
                turns=Turns(self._scores(), alike(some)),
                **task_tree(setting.owner, setting.context, fold_fits),
            )
        self.fold_fits += fitted
        self.failures += failures
        _tell(failures)

    def seconds(self) -> dict[str, float]:
        """Seconds that a fit of each member took."""
        found: dict[str, float] = {}
        for fold_fit in self.fold_fits:
            took = fold_fit.fit_seconds + fold_fit.predict_seconds
            found[fold_fit.member] = max(found.get(fold_fit.member, 0.0), took)
        return found

    def _scores(self) -> dict[tuple[str, Any], float]:
        """What members scored on each split."""
        return {
            (fold_fit.member, fold_fit.split): fold_fit.score
            for fold_fit in self.fold_fits
            if fold_fit.score is not None
        }

    def complete(self, splits: list[Split]) -> list[str]:
        """Members that did not fail and were fitted on all these splits."""
        wanted = {split.label for split in splits}
        broken = {failure.member for failure in self.failures if not is_late(failure)}
        done: dict[str, set[Any]] = {}
        for fold_fit in self.fold_fits:
            done.setdefault(fold_fit.member, set()).add(fold_fit.split)
        return [
            name
            for name, labels in done.items()
            if wanted <= labels and name not in broken
        ]

    def members(self, splits: list[Split], target: Target) -> FittedMembers:
        """Gather the members that are complete on the first splits.

        Parameters
        ----------
        splits : list of Split
            Those that each must have.
        target : Target
            What is predicted.

        Returns
        -------
        members : FittedMembers

        Raises
        ------
        MemberFailedError
            Where there is none.
        """
        names = self.complete(splits)
        if not names:
            raise MemberFailedError(_why_none(self.failures))
        fold_fits = [
            fold_fit for fold_fit in self.fold_fits if fold_fit.member in names
        ]
        failed: dict[str, tuple[Failure, ...]] = {}
        for failure in self.failures:
            if failure.member not in names:
                failed[failure.member] = (*failed.get(failure.member, ()), failure)
        found = gather_members(
            fold_fits, failed, splits, target, refit=False, index=self.X.index
        )
        if target.kind == "continuous":
            return found
        # Probabilities of many classes would weigh more in a file than all models.
        short = {
            name: shortened(block).astype(np.float32)
            for name, block in found.oof.blocks.items()
        }
        return replace(found, oof=replace(found.oof, blocks=short))


def is_late(failure: Failure) -> bool:
    """Whether a fit was not done for want of time."""
    return isinstance(failure.error, TimeLimitError)


def _tell(failures: list[Failure]) -> None:
    told: set[str] = set()
    for failure in failures:
        if is_late(failure) or failure.member in told:
            continue
        told.add(failure.member)
        warn(
            f"Member {failure.member!r} failed and is left out (see failed_): {failure}",
            MemberFailedWarning,
        )


def _why_none(failures: list[Failure]) -> str:
    first = {failure.member: failure for failure in reversed(failures)}
    causes = "; ".join(map(str, first.values()))
    return f"No member could be fitted: {causes or 'there are none'}."


class Clock:
    """How much time is left.

    Parameters
    ----------
    limit : float or None
        Seconds in all; None for as long as it takes.
    """

    def __init__(self, limit: float | None) -> None:
        self.started = time.monotonic()
        self.limit = limit

    @property
    def spent(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    def deadline(self, reserve: float = 0.0) -> float | None:
        """When to stop, if so many seconds are to be left."""
        return None if self.limit is None else self.started + self.limit - reserve

    def left(self) -> float:
        """Seconds left; infinite without a limit."""
        return float("inf") if self.limit is None else self.limit - self.spent
