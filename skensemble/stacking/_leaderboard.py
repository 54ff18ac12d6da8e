"""Who did how well out of fold, and at what price."""

from typing import Any

import numpy as np
import pandas as pd

from skensemble.fitting._cell import FittedCell


def leaderboard(
    cells: tuple[FittedCell, ...], scores: dict[str, float], stack: dict[str, float]
) -> pd.DataFrame:
    """Tabulate members and stack, best member first and the stack last.

    The last row is ``"stack"``, or ``"stack (whole)"`` where a member has that name.

    Parameters
    ----------
    cells : tuple of FittedCell
        All fits.
    scores : dict of str to float
        Member name to its score over all out-of-fold rows.
    stack : dict of str to float
        The stack's own row.

    Returns
    -------
    table : pandas.DataFrame
        Indexed by member.
    """
    rows = {name: _row(cells, name, score) for name, score in scores.items()}
    ranked = sorted(rows, key=lambda name: -np.nan_to_num(scores[name], nan=-np.inf))
    own = "stack" if "stack" not in rows else "stack (whole)"
    table = {name: rows[name] for name in ranked} | {own: stack}
    return pd.DataFrame.from_dict(table, orient="index").rename_axis("member")


def _row(cells: tuple[FittedCell, ...], name: str, score: float) -> dict[str, Any]:
    own = [cell for cell in cells if cell.member == name]
    by_split = [cell.score for cell in own if cell.score is not None]
    return {
        "score": score,
        "score_std": float(np.std(by_split)) if by_split else float("nan"),
        "fit_seconds": sum(cell.fit_seconds for cell in own),
        "predict_seconds": sum(cell.predict_seconds for cell in own),
    }
