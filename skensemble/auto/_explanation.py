"""What was tried, kept and left out, and why."""

from typing import Any

import numpy as np
import pandas as pd

from skensemble.auto._layers import Layer, is_late
from skensemble.fitting import Failure


def explanation(
    layers: list[tuple[list[str], Layer | None]],
    weights: dict[str, float],
    scores: dict[str, float],
    used_above: tuple[str, ...],
    among: tuple[str, ...] | None = None,
) -> pd.DataFrame:
    """Tabulate every candidate of every layer.

    Parameters
    ----------
    layers : list of (list of str, Layer or None)
        Names of the candidates, and what became of them.
    weights, scores : dict of str to float
        Of the members that are complete.
    used_above : tuple of str
        Members whose predictions the upper layer sees.
    among : tuple of str or None, default=None
        Those that were not left out for a smaller model.

    Returns
    -------
    table : pandas.DataFrame
        Indexed by member: its layer, what became of it and why, score, weight, number
        of fits, the rows of the largest, and their seconds.
    """
    rows: dict[str, dict[str, Any]] = {}
    for depth, (names, layer) in enumerate(layers, 1):
        for name in names:
            status, reason = _fate(name, layer, weights, used_above)
            if among is not None and name in weights and name not in among:
                status, reason = "left out", "for a smaller model"
            fold_fits = (
                []
                if layer is None
                else [c for c in layer.fold_fits if c.member == name]
            )
            rows[name] = {
                "layer": depth,
                "status": status,
                "why": reason,
                "score": scores.get(name, float("nan")),
                "weight": weights.get(name, 0.0),
                "fits": len(fold_fits),
                "rows": max(
                    (0 if c.train is None else len(c.train) for c in fold_fits),
                    default=0,
                ),
                "seconds": sum(c.fit_seconds + c.predict_seconds for c in fold_fits),
            }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("member")


def _fate(
    name: str,
    layer: Layer | None,
    weights: dict[str, float],
    used_above: tuple[str, ...],
) -> tuple[str, str]:
    if weights.get(name):
        return "kept", "it helps the others"
    if name in used_above and name in weights:
        return "kept", "the upper layer sees what it says"
    if name in weights:
        return "left out", "with the others at hand, its predictions add nothing"
    failures = [] if layer is None else [f for f in layer.failures if f.member == name]
    return _why_incomplete(failures)


def _why_incomplete(failures: list[Failure]) -> tuple[str, str]:
    broken = next((f for f in failures if not is_late(f)), None)
    if broken is not None:
        return "failed", f"{type(broken.error).__name__}: {broken.error}"
    if failures:
        needed = getattr(failures[0].error, "needed", None)
        words = (
            ""
            if needed is None or not np.isfinite(needed)
            else f"; all its fits were expected to take {needed:.3g} s"
        )
        return "no time", f"the time limit was reached{words}"
    return "no time", "its turn did not come"
