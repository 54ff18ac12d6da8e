"""Compression: the members to leave out, and the loss of score."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from skensemble.combination import FittedMembers, OutOfFoldData
from skensemble.fitting import FoldAverage

_ROWS = 1000


def latencies(members: FittedMembers) -> dict[str, float]:
    """Seconds per member to predict 1,000 rows, as measured in the fit."""
    seconds_of = {}
    for name, model in members.estimators.items():
        fold_fits = [
            fold_fit
            for fold_fit in members.fold_fits
            if fold_fit.member == name and len(fold_fit.test)
        ]
        rows = sum(len(fold_fit.test) for fold_fit in fold_fits)
        seconds = sum(fold_fit.predict_seconds for fold_fit in fold_fits)
        models = len(model.estimators) if isinstance(model, FoldAverage) else 1
        seconds_of[name] = _ROWS * models * seconds / rows if rows else 0.0
    return seconds_of


def compression(
    oof_data: OutOfFoldData,
    score: Callable[[OutOfFoldData, list[str]], float],
    latency: dict[str, float],
    max_members: int | None,
    max_latency: float | None,
) -> tuple[pd.DataFrame, list[str]]:
    """Leave out the member with the smallest loss of score until few enough are left.

    Parameters
    ----------
    oof_data : OutOfFoldData
        Out-of-fold data of all members.
    score : callable
        ``score(oof_data, names)`` of the ensemble of some members.
    latency : dict of str to float
        Seconds per member.
    max_members : int or None
        Largest number of members.
    max_latency : float or None
        Largest sum of seconds.

    Returns
    -------
    table : pandas.DataFrame
        One row per step: the member left out, the number of members, their latency,
        the score, and the loss of score so far.
    kept : list of str
        The remaining members.
    """
    _check(max_members, max_latency, latency)
    kept = list(oof_data.blocks)
    first = score(oof_data, kept)
    steps = [_step(None, kept, latency, first, first)]
    while _too_large(kept, latency, max_members, max_latency):
        rest = _candidates(kept, latency, max_latency)
        scores = {name: score(oof_data, names) for name, names in rest.items()}
        # Among members of equal score, the slowest is left out.
        known = {name: np.nan_to_num(scores[name], nan=-np.inf) for name in rest}
        worst = max(rest, key=lambda name: (known[name], latency[name]))
        kept = rest[worst]
        steps.append(_step(worst, kept, latency, scores[worst], first))
    return pd.DataFrame(steps).rename_axis("step"), kept


def _candidates(
    kept: list[str], latency: dict[str, float], max_latency: float | None
) -> dict[str, list[str]]:
    """Return the members that may be left out, each with the other members."""
    limit = np.inf if max_latency is None else max_latency
    rest = {name: [n for n in kept if n != name] for name in kept}
    return {
        name: left
        for name, left in rest.items()
        if any(latency[other] <= limit for other in left)
    }


def _step(
    name: str | None,
    kept: list[str],
    latency: dict[str, float],
    now: float,
    first: float,
) -> dict[str, Any]:
    return {
        "left_out": name,
        "n_members": len(kept),
        "latency": sum(latency[name] for name in kept),
        "score": now,
        "loss": first - now,
    }


def _too_large(
    kept: list[str],
    latency: dict[str, float],
    max_members: int | None,
    max_latency: float | None,
) -> bool:
    if max_members is not None and len(kept) > max_members:
        return True
    return max_latency is not None and sum(latency[n] for n in kept) > max_latency


def _check(
    max_members: int | None, max_latency: float | None, latency: dict[str, float]
) -> None:
    if max_members is None and max_latency is None:
        raise ValueError("compress needs max_members, max_latency, or both.")
    if max_members is not None and not (
        isinstance(max_members, int | np.integer) and max_members >= 1
    ):
        raise ValueError(f"max_members={max_members!r} should be an int, 1 or more.")
    least = min(latency.values())
    if max_latency is not None and not max_latency >= least:
        raise ValueError(
            f"max_latency={max_latency!r} is less than the {least:.3g} seconds that the "
            "fastest member takes for 1,000 rows; use at least this value."
        )
