"""The table of all members that were tried, kept or left out, and why."""

from typing import Any

import numpy as np
import pandas as pd

from skensemble.auto._layer_fits import LayerFits
from skensemble.fitting import Failure, is_late


def trials_table(
    layers: list[tuple[list[str], LayerFits | None]],
    weights: dict[str, float],
    used: tuple[str, ...],
    among: tuple[str, ...] | None = None,
) -> pd.DataFrame:
    """Tabulate the candidates of every layer.

    Parameters
    ----------
    layers : list of (list of str, LayerFits or None)
        Names of the candidates of each layer, and their fits.
    weights : dict of str to float
        Weights of the complete members.
    used : tuple of str
        Members of the lower layer that provide features of the upper one.
    among : tuple of str or None, default=None
        Members that a smaller model was selected from; None for all.

    Returns
    -------
    table : pandas.DataFrame
        Indexed by member: layer, status, reason, weight, number of fits, rows of the
        largest fit and seconds of all fits.
    """
    rows: dict[str, dict[str, Any]] = {}
    for depth, (names, layer) in enumerate(layers, 1):
        for name in names:
            status, reason = _status(name, layer, weights, used)
            if among is not None and name in weights and name not in among:
                status, reason = "left out", "for a smaller model"
            fold_fits = () if layer is None else layer.fold_fits
            fits = [fold_fit for fold_fit in fold_fits if fold_fit.member == name]
            sizes = [0 if fit.train is None else len(fit.train) for fit in fits]
            rows[name] = {
                "layer": depth,
                "status": status,
                "why": reason,
                "score": float("nan"),
                "weight": weights.get(name, 0.0),
                "fits": len(fits),
                "rows": max(sizes, default=0),
                "seconds": sum(fit.fit_seconds + fit.predict_seconds for fit in fits),
            }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("member")


def _status(
    name: str,
    layer: LayerFits | None,
    weights: dict[str, float],
    used: tuple[str, ...],
) -> tuple[str, str]:
    if weights.get(name):
        return "kept", "improves the ensemble"
    if name in used and name in weights:
        return "kept", "its predictions are features of the upper layer"
    if name in weights:
        return "left out", "does not improve the ensemble"
    failures = [] if layer is None else [f for f in layer.failures if f.member == name]
    return _why_incomplete(failures)


def _why_incomplete(failures: list[Failure]) -> tuple[str, str]:
    failed = next((failure for failure in failures if not is_late(failure)), None)
    if failed is not None:
        return "failed", f"{type(failed.error).__name__}: {failed.error}"
    if not failures:
        return "no time", "the fit ended before its turn"
    needed = getattr(failures[0].error, "needed", None)
    if needed is None or not np.isfinite(needed):
        return "no time", "too little of the time limit was left"
    return "no time", (
        f"too little of the time limit was left; its fits need about {needed:.3g} s"
    )
