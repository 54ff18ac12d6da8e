"""A guard against stacked over-fitting: what upper layers promise, and what they keep.

Members of an upper layer are fitted on out-of-fold predictions that were made with the
targets of the rows they predict next; so their out-of-fold scores may be too good. Rows
that no layer has seen tell.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import TimeSeriesSplit

from skensemble.combination import held_out_predictions
from skensemble.core import Target, check_share, named_seed, warn
from skensemble.exceptions import StackedOverfitWarning
from skensemble.fitting import cut_params, inner_split, take_rows
from skensemble.scoring import score_block

# Samples of the held-out rows for the standard errors.
_DRAWS = 100
GUARDS = [None, "warn", "fallback"]


def check_guard(ensemble: Any) -> None:
    """Refuse a guard that is not known, or that cannot be kept."""
    if ensemble.guard not in GUARDS:
        raise ValueError(f"guard={ensemble.guard!r} is not known; use one of {GUARDS}.")
    check_share("guard_fraction", ensemble.guard_fraction, of="rows")
    if ensemble.layers and isinstance(ensemble.cv, str):
        raise ValueError(
            f"layers need splits to learn from, which cv={ensemble.cv!r} does not give; "
            "use an int, a splitter or index pairs."
        )


def guarded(
    ensemble: Any,
    layers: list[list[tuple[str, Any]]],
    X: Any,
    target: Target,
    params: dict[str, Any],
) -> list[list[tuple[str, Any]]]:
    """Give the layers to fit, after a look at how they do on rows held out."""
    ensemble.__dict__.pop("guard_", None)
    if ensemble.guard is None or len(layers) < 2:
        return layers
    ensemble.guard_ = measure_layers(ensemble, X, target, params)
    return layers[: trusted_layers(ensemble.guard_, ensemble.guard)]


def measure_layers(
    ensemble: Any, X: Any, target: Target, params: dict[str, Any]
) -> pd.DataFrame:
    """Fit all layers on a part of the rows, and score every depth on the others.

    Parameters
    ----------
    ensemble : BaseEnsemble
        With layers; it is cloned.
    X : array-like
        All rows.
    target : Target
        Their target.
    params : dict
        Fit parameters.

    Returns
    -------
    table : pandas.DataFrame
        By number of layers: ``oof_score``, ``held_out_score``, ``gap`` between them, and
        the ``se`` of the difference of the held-out score to that with all layers.
    """
    n_rows = len(target.values)
    train, rest = _parts(ensemble, target, params)
    known = ensemble.get_params(deep=False)
    off = [name for name in ("guard", "calibrate") if name in known]
    probe = clone(ensemble).set_params(**dict.fromkeys(off))
    probe.fit(
        take_rows(X, train), target.values[train], **cut_params(params, train, n_rows)
    )
    asked = take_rows(X, rest)
    answers = probe._answers_by_layer(asked)
    score = functools.partial(
        score_block, kind=target.kind, scoring=ensemble._scoring(target)
    )
    table, said = {}, []
    for depth, blocks in enumerate(answers, 1):
        oof_data, rows = probe._gather_of(depth - 1)
        held = held_out_predictions(
            probe._learn, oof_data, probe._known_splits, rows, len(train)
        )
        combined = probe._learn(oof_data)
        found = combined.combine(blocks, asked if ensemble.passthrough else None)
        out_of_fold = (
            np.nan
            if held.block is None
            else score(held.block, held.method, oof_data.y[held.rows])
        )
        said.append((found, combined.method))
        kept = score(found, combined.method, target.values[rest])
        table[depth] = {
            "oof_score": out_of_fold,
            "held_out_score": kept,
            "gap": out_of_fold - kept,
        }
    found = pd.DataFrame.from_dict(table, orient="index").rename_axis("n_layers")
    return found.assign(se=_standard_errors(said, target.values[rest], score))


def _standard_errors(
    said: list[tuple[Any, str]], y: Any, score: Callable[..., float]
) -> list[float]:
    """Standard errors of differences to the score of all layers, by the bootstrap."""
    rng = np.random.default_rng(0)
    draws = [rng.integers(len(y), size=len(y)) for _ in range(_DRAWS)]
    scores = np.array(
        [
            [score(block[rows], method, y[rows]) for block, method in said]
            for rows in draws
        ]
    )
    return list(np.nanstd(scores - scores[:, -1:], axis=0))


def trusted_layers(table: pd.DataFrame, guard: str) -> int:
    """Say how many layers to fit, and warn where that is fewer than were given.

    Parameters
    ----------
    table : pandas.DataFrame
        From `measure_layers`.
    guard : {"warn", "fallback"}
        Whether fewer are fitted, or this is only said.

    Returns
    -------
    n_layers : int
    """
    oof, held_out_predictions, se = (
        {depth: float(value) for depth, value in enumerate(table[name], 1)}
        for name in ("oof_score", "held_out_score", "se")
    )
    # No margin: benchmarks/ranking.py found the better depth in 39 of 50 fits this way.
    given, best = (
        len(held_out_predictions),
        max(held_out_predictions, key=lambda depth: held_out_predictions[depth]),
    )
    if best == given:
        return given
    words = "fitted" if guard == "fallback" else "better (guard='fallback' does that)"
    warn(
        f"With {given} layers the score is {oof[given]:.4g} out of fold, but "
        f"{held_out_predictions[given]:.4g} on rows held out from all layers; with {best} it is "
        f"{held_out_predictions[best]:.4g} there (standard error of the difference {se[best]:.2g}): "
        f"only {best} layer(s) are {words}.",
        StackedOverfitWarning,
    )
    return best if guard == "fallback" else given


def _parts(ensemble: Any, target: Target, params: dict[str, Any]) -> Any:
    cv = ensemble.cv
    if cv is not None and not isinstance(cv, int) and not hasattr(cv, "split"):
        raise ValueError(
            f"guard={ensemble.guard!r} fits on a part of the rows, for which a cv of index "
            "pairs gives no splits; use an int or a splitter, or guard=None."
        )
    return inner_split(
        target.values,
        fraction=ensemble.guard_fraction,
        how="last" if isinstance(cv, TimeSeriesSplit) else "random",
        stratify=target.kind == "classes",
        groups=params.get("groups"),
        seed=named_seed(0 if ensemble._seed is None else ensemble._seed, "guard"),
        name="guard_fraction",
    )
