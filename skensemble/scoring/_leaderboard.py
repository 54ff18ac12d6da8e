"""Who did how well out of fold, and at what price."""

from typing import Any

import numpy as np
import pandas as pd

from skensemble.fitting import FoldFit


def leaderboard(
    fold_fits: tuple[FoldFit, ...],
    scores: dict[str, float],
    whole: dict[str, float],
    name: str = "stack",
) -> pd.DataFrame:
    """Tabulate members and ensemble, best member first and the ensemble last.

    The last row is ``"stack"`` say, or ``"stack (whole)"`` where a member has that name.

    Parameters
    ----------
    fold_fits : tuple of FoldFit
        All fits.
    scores : dict of str to float
        Member name to its score over all out-of-fold rows.
    whole : dict of str to float
        The ensemble's own row.
    name : str
        What that row is called.

    Returns
    -------
    table : pandas.DataFrame
        Indexed by member.
    """
    rows = {member: _row(fold_fits, member, score) for member, score in scores.items()}
    ranked = sorted(rows, key=lambda one: -np.nan_to_num(scores[one], nan=-np.inf))
    own = name
    while own in rows:
        own += " (whole)"
    table = {member: rows[member] for member in ranked} | {own: whole}
    return pd.DataFrame.from_dict(table, orient="index").rename_axis("member")


def _row(fold_fits: tuple[FoldFit, ...], name: str, score: float) -> dict[str, Any]:
    own = [fold_fit for fold_fit in fold_fits if fold_fit.member == name]
    by_split = [fold_fit.score for fold_fit in own if fold_fit.score is not None]
    return {
        "score": score,
        "score_std": float(np.std(by_split)) if len(by_split) > 1 else float("nan"),
        "fit_seconds": sum(fold_fit.fit_seconds for fold_fit in own),
        "predict_seconds": sum(fold_fit.predict_seconds for fold_fit in own),
    }
