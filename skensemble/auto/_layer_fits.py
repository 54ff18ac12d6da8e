"""The fits of one layer of members, and the settings that all fits share."""

import functools
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning

from skensemble.auto._candidate import Candidate, similar_candidates
from skensemble.auto._class_rows import ClassRows
from skensemble.auto.members import accepts_groups
from skensemble.combination import FittedMembers, OutOfFoldData, gather_members
from skensemble.core import Target, round_bits, warn
from skensemble.exceptions import MemberFailedError, MemberFailedWarning
from skensemble.fitting import (
    Failure,
    FoldFit,
    MachineLoad,
    Member,
    PlannedFit,
    Split,
    TrainingData,
    Turns,
    cloneable_members,
    is_late,
    plan_fits,
    run_fits,
    task_tree,
)
from skensemble.scoring import score_block, warn_of_undefined_scores


@dataclass(frozen=True)
class FitSettings:
    """Settings that all fits of an automatic ensemble share.

    Parameters
    ----------
    target : Target
        The target.
    sample_weight : ndarray or None
        Sample weights.
    scoring : PredictionScorer
        The score of the members.
    n_jobs : int
        Number of cores.
    seed : int or None
        Root of all seeds.
    store : Store or None
        Where fits are stored.
    owner, context : estimator, CallbackContext
        The estimator whose callbacks are called, and the context of its ``fit``; None
        after unpickling.
    verbose : int
        Passed to joblib.
    groups : ndarray of int or None
        Codes of the groups of the rows, which stay together.
    times : ndarray of int or None
        Ranks of the times of the rows; the last ones are held out for early stopping.
    rows : ClassRows or None
        Classes of the rows, and the rows that count; None where all rows count.
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
    times: Any = None
    rows: ClassRows | None = None

    @property
    def method(self) -> str:
        """Response method of the members."""
        return "predict" if self.target.kind == "continuous" else "predict_proba"

    def member(self, name: str, estimator: Any) -> Member:
        """Return a named member with its fit parameters."""
        params = {}
        if self.sample_weight is not None:
            params["sample_weight"] = self.sample_weight
        # The user's own members may take neither groups nor times.
        if accepts_groups(estimator):
            params |= {"groups": self.groups} if self.groups is not None else {}
            params |= {"time": self.times} if self.times is not None else {}
        return Member(name, estimator, self.method, params)

    def tasks(self, planned: list[PlannedFit]) -> dict[str, Any]:
        """Return the callback contexts of some fits, as options of `run_fits`."""
        if self.context is None:
            return {}
        return task_tree(self.owner, self.context, planned)


@contextmanager
def ignore_expected_warnings():
    """Ignore warnings that are expected, or were issued before the first fit.

    Logistic regressions stop before they converge on purpose, because more iterations
    do not improve the predictions. Values that are not numbers or dates were reported
    once, for all rows; see `find_facts`.

    Enter it only in the thread that calls `fit`: filters belong to the process.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore",
            category=ConvergenceWarning,
            module=r"sklearn\.linear_model\._logistic",
        )
        for message in (r"column .* should hold (numbers|dates);", "Parsing dates in"):
            warnings.filterwarnings("ignore", message, UserWarning)
        yield


@dataclass(frozen=True)
class LayerFits:
    """The fits of one layer of members so far.

    Parameters
    ----------
    X : pandas.DataFrame
        Features of the layer.
    fold_fits : tuple of FoldFit
        Completed fits.
    failures : tuple of Failure
        Fits that failed, or were not done in time.
    """

    X: pd.DataFrame
    fold_fits: tuple[FoldFit, ...] = ()
    failures: tuple[Failure, ...] = ()

    def fit(
        self,
        candidates: list[Candidate],
        splits: list[Split],
        settings: FitSettings,
        *,
        deadline: float | None,
        seconds: dict[str, float],
        load: MachineLoad,
        enough: int | None = None,
    ) -> "LayerFits":
        """Fit candidates on splits, one member after another, until a deadline.

        Parameters
        ----------
        candidates : list of Candidate
            Members to fit, the most promising first.
        splits : list of Split
            Splits to fit each of them on.
        settings : FitSettings
            Settings of all fits.
        deadline : float or None
            Time of `time.monotonic` after which no fit is started, and fits that can
            are stopped.
        seconds : dict of str to float
            Expected seconds of a fit of each member, where known.
        load : MachineLoad
            How busy the machine is; it learns from the fits.
        enough : int or None, default=None
            Number of fits that are of use without the others, and are done even after
            the deadline; None to fit members on all splits.

        Returns
        -------
        layer : LayerFits
            The earlier fits and the new ones.
        """
        members = [
            settings.member(candidate.name, candidate.estimator)
            for candidate in candidates
        ]
        target, measured = settings.target, self.seconds(load)
        members, not_cloned = cloneable_members(members, on_error="drop")
        fitted_before = {(fit.member, fit.split) for fit in self.fold_fits}
        planned = [
            fit
            for fit in plan_fits(members, splits, refit=False, seed=settings.seed)
            if (fit.member.name, fit.split.label) not in fitted_before
        ]
        score = functools.partial(
            score_block, kind=target.kind, scoring=settings.scoring
        )
        with ignore_expected_warnings():
            fitted, failures = run_fits(
                planned,
                TrainingData(self.X, target.values, target.n_classes, score),
                n_jobs=settings.n_jobs,
                on_error="drop",
                verbose=settings.verbose,
                seconds=seconds | measured,
                store=settings.store,
                deadline=deadline,
                turns=Turns(
                    self._scores(),
                    similar_candidates(candidates),
                    measured=tuple(measured),
                    load=load,
                    stop_late=enough is None,
                    enough=enough,
                ),
                **settings.tasks(planned),
            )
        failures = [*not_cloned, *failures]
        _warn_failed(failures)
        warn_of_undefined_scores(settings.scoring, fitted, target.values)
        return replace(
            self,
            fold_fits=(*self.fold_fits, *fitted),
            failures=(*self.failures, *failures),
        )

    def seconds(self, load: MachineLoad) -> dict[str, float]:
        """Return the seconds of the longest fit of each member, without the load."""
        found: dict[str, float] = {}
        for fold_fit in self.fold_fits:
            seconds = fold_fit.fit_seconds + fold_fit.predict_seconds
            seconds /= load.at(fold_fit.member, fold_fit.split)
            found[fold_fit.member] = max(found.get(fold_fit.member, 0.0), seconds)
        return found

    def _scores(self) -> dict[tuple[str, Any], float]:
        """Return the score of each member on each split."""
        return {
            (fold_fit.member, fold_fit.split): fold_fit.score
            for fold_fit in self.fold_fits
            if fold_fit.score is not None and not np.isnan(fold_fit.score)
        }

    def failed(self) -> set[str]:
        """Return the members of which a fit failed, other than for lack of time."""
        return {failure.member for failure in self.failures if not is_late(failure)}

    def complete(self, splits: list[Split]) -> list[str]:
        """Return the members that did not fail and were fitted on all these splits."""
        labels = {split.label for split in splits}
        fitted: dict[str, set[Any]] = {}
        for fold_fit in self.fold_fits:
            fitted.setdefault(fold_fit.member, set()).add(fold_fit.split)
        failed = self.failed()
        return [
            name for name, own in fitted.items() if labels <= own and name not in failed
        ]

    def no_member(self, untried: list[str] | None = None) -> MemberFailedError:
        """Return the error that no member could be fitted, with all reasons."""
        first = {failure.member: failure for failure in reversed(self.failures)}
        causes = [str(failure) for failure in reversed(first.values())]
        if untried:
            causes.append(f"no time was left for {', '.join(untried)}")
        text = "; ".join(causes) or "there are no candidates"
        return MemberFailedError(f"No member could be fitted: {text}.")

    def members(self, splits: list[Split], target: Target) -> FittedMembers:
        """Gather the members that are complete on some splits.

        Raises
        ------
        MemberFailedError
            If no member is complete.
        """
        names = self.complete(splits)
        if not names:
            raise self.no_member()
        failed: dict[str, tuple[Failure, ...]] = {}
        for failure in self.failures:
            if failure.member not in names:
                failed[failure.member] = (*failed.get(failure.member, ()), failure)
        found = gather_members(
            [fold_fit for fold_fit in self.fold_fits if fold_fit.member in names],
            failed,
            splits,
            target,
            refit=False,
            index=self.X.index,
        )
        if target.kind == "continuous":
            return found
        # In a file, probabilities of many classes take more space than all models.
        short = {
            name: round_bits(block).astype(np.float32)
            for name, block in found.oof.blocks.items()
        }
        return replace(found, oof=replace(found.oof, blocks=short))


def _warn_failed(failures: list[Failure]) -> None:
    """Warn once per member of which a fit failed."""
    first: dict[str, Failure] = {}
    for failure in failures:
        if not is_late(failure):
            first.setdefault(failure.member, failure)
    for failure in first.values():
        warn(
            f"Member {failure.member!r} failed and is left out (see failed_): {failure}",
            MemberFailedWarning,
        )


def out_of_fold_data(members: FittedMembers, settings: FitSettings) -> OutOfFoldData:
    """Return the out-of-fold predictions with the target, on the rows that have any."""
    target = settings.target
    weight = settings.sample_weight
    oof_data = OutOfFoldData(
        blocks=members.oof.blocks,
        methods=members.oof.methods,
        y=target.values,
        X=None,
        params={} if weight is None else {"sample_weight": weight},
        kind=target.kind,
        n_classes=target.n_classes,
    )
    rows = np.flatnonzero(members.oof.covered)
    return oof_data if len(rows) == len(target.values) else oof_data.take(rows)
