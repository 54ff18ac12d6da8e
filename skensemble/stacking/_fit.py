"""What one fit of an ensemble goes by, and who is told of it."""

from dataclasses import dataclass, replace
from typing import Any

from skensemble.core._targets import Target
from skensemble.fitting._cell import Cell, Member, Split
from skensemble.fitting._runner import REFIT
from skensemble.stacking._fit_params import FitParams


@dataclass(frozen=True)
class Fit:
    """What one fit goes by.

    Parameters
    ----------
    X : array-like
        What members see: the features, or what the layer below says.
    target : Target
        What is to be predicted.
    routed : FitParams
        Fit parameters, by who is given them.
    splits : list of Split
        On which members are fitted.
    context : CallbackContext
        Whose subtasks are told.
    started : float
        In the time of ``time.monotonic()``.
    rows : ndarray of int or None
        The rows of `X` that are known; None for all.
    """

    X: Any
    target: Target
    routed: FitParams
    splits: list[Split]
    context: Any
    started: float
    rows: Any = None


def task_tree(
    owner: Any, context: Any, members: list[Member], cells: list[Cell]
) -> dict[str, Any]:
    """One context a member, one below it a cell."""
    counts = {m.name: sum(c.member.name == m.name for c in cells) for m in members}
    above = {
        name: context.subcontext(f"member {name}", max_subtasks=count)
        for name, count in counts.items()
    }
    for member in above.values():
        member.call_on_fit_task_begin(estimator=owner)
    contexts = [
        above[cell.member.name].subcontext(f"split {cell.split.label}")
        for cell in cells
    ]
    return {"contexts": contexts, "owner": owner}


def on_rows(cell: Cell, rows: Any) -> Cell:
    """Fit on all rows that are known, where that is not all."""
    if cell.split.label != REFIT:
        return cell
    return replace(cell, split=replace(cell.split, train=rows))
