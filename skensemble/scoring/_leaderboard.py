"""The leaderboard: out-of-fold scores and seconds of members and ensemble."""

from typing import Any

import numpy as np
import pandas as pd

from skensemble.fitting import FoldFit


def leaderboard(
    fold_fits: tuple[FoldFit, ...],
    scores: dict[str, float],
    own: dict[str, float],
    name: str = "stack",
) -> pd.DataFrame:
    """Tabulate members and ensemble, best member first and the ensemble last.

    Parameters
    ----------
    fold_fits : tuple of FoldFit
        All fits.
    scores : dict of str to float
        Out-of-fold score per member.
    own : dict of str to float
        The row of the ensemble.
    name : str, default="stack"
        Name of this row; " (ensemble)" is appended if a member has this name.

    Returns
    -------
    table : pandas.DataFrame
        One row per member.
    """
    rows = {member: _row(fold_fits, member, score) for member, score in scores.items()}
    ranked = sorted(rows, key=lambda one: -np.nan_to_num(scores[one], nan=-np.inf))
    while name in rows:
        name += " (ensemble)"
    table = {member: rows[member] for member in ranked} | {name: own}
    return pd.DataFrame.from_dict(table, orient="index").rename_axis("member")


def deviation(scores: list[float]) -> float:
    """Return the standard deviation of the scores that are defined.

    Many scores are undefined on a split whose test rows have one class only.

    Parameters
    ----------
    scores : list of float
        One score per split, NaN where it is undefined.

    Returns
    -------
    deviation : float
        NaN for fewer than two scores.
    """
    known = [score for score in scores if not np.isnan(score)]
    return float(np.std(known)) if len(known) > 1 else float("nan")


def _row(fold_fits: tuple[FoldFit, ...], name: str, score: float) -> dict[str, Any]:
    own = [fold_fit for fold_fit in fold_fits if fold_fit.member == name]
    by_split = [fold_fit.score for fold_fit in own if fold_fit.score is not None]
    return {
        "score": score,
        "score_std": deviation(by_split),
        "fit_seconds": sum(fold_fit.fit_seconds for fold_fit in own),
        "predict_seconds": sum(fold_fit.predict_seconds for fold_fit in own),
    }
