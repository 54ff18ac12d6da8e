"""The plan of a run: every member on every split, each already seeded.

Callbacks see the plan as a tree of tasks: ensemble, member, fold fit.
"""

import traceback
from dataclasses import replace
from typing import Any

import numpy as np

from skensemble.core import clone_member, seed_estimator
from skensemble.fitting._fold_fit import REFIT, Failure, Member, PlannedFit, Split


def plan_fits(
    members: list[Member],
    splits: list[Split],
    *,
    refit: bool,
    seed: int | None,
) -> list[PlannedFit]:
    """List the fits to do: every member on every split, and on all rows if `refit`."""
    nothing = np.empty(0, dtype=np.intp)
    every = [*splits, Split(REFIT, None, nothing)] if refit else splits
    rounds = {member.name: _rounds(member) for member in members}
    return [
        PlannedFit(
            replace(member, estimator=_seeded(member, split, seed)),
            split,
            keep=split.label == REFIT or not refit,
            cost=rounds[member.name] * _share(split, splits),
        )
        for member in members
        for split in every
    ]


def cloneable_members(
    members: list[Member], on_error: str
) -> tuple[list[Member], list[Failure]]:
    """Separate members that scikit-learn cannot clone from the others.

    Parameters
    ----------
    members : list of Member
        The members.
    on_error : {"raise", "drop"}
        Whether the first one that cannot be cloned raises its error.

    Returns
    -------
    members : list of Member
        Those that can be cloned.
    failures : list of Failure
        One for each of the others.
    """
    kept, failures = [], []
    for member in members:
        try:
            _cloned(member)
        except RuntimeError as error:
            if on_error == "raise":
                raise
            text = traceback.format_exc()
            failures.append(Failure(member.name, "clone", error, text))
        else:
            kept.append(member)
    return kept, failures


def task_tree(owner: Any, context: Any, fold_fits: list[PlannedFit]) -> dict[str, Any]:
    """Open one callback context per member, and below it one per fold fit.

    Parameters
    ----------
    owner : estimator
        The estimator whose callbacks are called.
    context : CallbackContext
        The context of its ``fit``.
    fold_fits : list of PlannedFit
        The fits to do.

    Returns
    -------
    options : dict
        ``contexts`` and ``owner`` of `run_fits`.
    """
    names = [fold_fit.member.name for fold_fit in fold_fits]
    above = {
        name: context.subcontext(f"member {name}", max_subtasks=names.count(name))
        for name in dict.fromkeys(names)
    }
    for member in above.values():
        member.call_on_fit_task_begin(estimator=owner)
    contexts = [
        above[fold_fit.member.name].subcontext(f"split {fold_fit.split.label}")
        for fold_fit in fold_fits
    ]
    return {"contexts": contexts, "owner": owner}


def _seeded(member: Member, split: Split, seed: int | None) -> Any:
    return seed_estimator(_cloned(member), seed, member.name, split.label)


def _cloned(member: Member) -> Any:
    return clone_member(f"Member {member.name!r}", member.estimator)


def _share(split: Split, splits: list[Split]) -> float:
    """Share of the rows of a fit: half of the rows take about half of the time."""
    sizes = [len(s.train) + len(s.test) for s in splits if s.train is not None]
    return 1.0 if split.train is None else len(split.train) / max(sizes)


def _rounds(member: Member) -> int:
    """Boosting rounds of a member: twice as many take about twice the time."""
    rounds = [
        value
        for key, value in member.estimator.get_params(deep=True).items()
        if key.endswith("n_estimators") and isinstance(value, int)
    ]
    return max([1, *rounds])
