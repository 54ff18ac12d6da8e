"""Who did how well out of fold, and at what price."""

from typing import Any

import numpy as np
import pandas as pd

from skensemble.fitting._cell import FittedCell


def leaderboard(
    cells: tuple[FittedCell, ...],
    scores: dict[str, float],
    whole: dict[str, float],
    name: str = "stack",
) -> pd.DataFrame:
    """Tabulate members and ensemble, best member first and the ensemble last.

    The last row is ``"stack"`` say, or ``"stack (whole)"`` where a member has that name.

    Parameters
    ----------
    cells : tuple of FittedCell
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
    rows = {member: _row(cells, member, score) for member, score in scores.items()}
    ranked = sorted(rows, key=lambda one: -np.nan_to_num(scores[one], nan=-np.inf))
    own = name
    while own in rows:
        own += " (whole)"
    table = {member: rows[member] for member in ranked} | {own: whole}
    return pd.DataFrame.from_dict(table, orient="index").rename_axis("member")


def _row(cells: tuple[FittedCell, ...], name: str, score: float) -> dict[str, Any]:
    own = [cell for cell in cells if cell.member == name]
    by_split = [cell.score for cell in own if cell.score is not None]
    return {
        "score": score,
        "score_std": float(np.std(by_split)) if len(by_split) > 1 else float("nan"),
        "fit_seconds": sum(cell.fit_seconds for cell in own),
        "predict_seconds": sum(cell.predict_seconds for cell in own),
    }
