"""The tree of fit tasks that callbacks see: ensemble, member, fold fit."""

from typing import Any

from skensemble.fitting._fold_fit import PlannedFit


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
