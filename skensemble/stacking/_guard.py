"""A guard against overfitting of upper layers, by rows that no layer was fitted on.

Members of an upper layer are fitted on out-of-fold predictions of the layer below. The
models behind these predictions were fitted on targets of rows that the upper layer
predicts out of fold. Its out-of-fold scores can therefore be too high; scores on rows
held out from all layers are not.
"""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.model_selection import TimeSeriesSplit

from skensemble.combination import OutOfFoldData, held_out_predictions
from skensemble.core import check_choice, check_share, named_seed, warn
from skensemble.exceptions import StackedOverfitWarning
from skensemble.fitting import cut_params, inner_split, take_rows
from skensemble.scoring import score_block
from skensemble.stacking._fit_steps import FitInputs, Members, resolve_scoring
from skensemble.stacking._fitted import layer_oof_data

# Number of bootstrap samples of the held-out rows, for the standard errors.
_N_DRAWS = 100
GUARDS = [None, "warn", "fallback"]


def check_guard(ensemble: Any) -> None:
    """Refuse an unknown guard, and layers without splits."""
    check_choice("guard", ensemble.guard, GUARDS)
    check_share("guard_fraction", ensemble.guard_fraction, of="rows")
    if ensemble.layers and isinstance(ensemble.cv, str):
        raise ValueError(
            f"layers need out-of-fold predictions, which cv={ensemble.cv!r} does not give; "
            "use an int, a splitter or index pairs."
        )


def guarded_layers(
    ensemble: Any, layers: list[Members], inputs: FitInputs
) -> tuple[list[Members], dict[str, Any]]:
    """Return the layers to fit, and the attribute `guard_` if there is a guard."""
    if ensemble.guard is None or len(layers) < 2:
        return layers, {}
    table = measure_layers(ensemble, inputs)
    return layers[: n_layers_to_fit(table, ensemble.guard)], {"guard_": table}


def measure_layers(ensemble: Any, inputs: FitInputs) -> pd.DataFrame:
    """Fit all layers on a part of the rows, and score every depth on the others.

    Returns
    -------
    table : pandas.DataFrame
        By number of layers: ``oof_score``, ``held_out_score``, their difference
        ``gap``, and ``se``, the standard error of the difference of the held-out score
        to that of all layers.
    """
    X, target, params = inputs.X, inputs.target, inputs.params
    n_rows = len(target.values)
    train, test = _split(ensemble, inputs)
    known = ensemble.get_params(deep=False)
    off = [name for name in ("guard", "calibrate") if name in known]
    probe = clone(ensemble).set_params(**dict.fromkeys(off))
    X_train, y_train = take_rows(X, train), target.values[train]
    probe.fit(X_train, y_train, **cut_params(params, train, n_rows))
    scoring = resolve_scoring(ensemble.scoring, target)
    score = functools.partial(score_block, kind=target.kind, scoring=scoring)
    X_test, y_test = take_rows(X, test), target.values[test]
    table, predictions = {}, []
    for depth, blocks in enumerate(
        probe._fitted.predict_layers(X_test, probe.n_jobs), start=1
    ):
        oof_data, out_of_fold = _score_depth(probe, depth, score)
        combiner = probe._fitted.combination(oof_data)
        block = combiner.combine(blocks, X_test if ensemble.passthrough else None)
        predictions.append((block, combiner.method))
        held_out = score(block, combiner.method, y_test)
        table[depth] = {
            "oof_score": out_of_fold,
            "held_out_score": held_out,
            "gap": out_of_fold - held_out,
        }
    frame = pd.DataFrame.from_dict(table, orient="index").rename_axis("n_layers")
    return frame.assign(se=_standard_errors(predictions, y_test, score))


def _score_depth(
    probe: Any, depth: int, score: Callable[..., float]
) -> tuple[OutOfFoldData, float]:
    """Return out-of-fold data of one layer, and the score of an ensemble up to it."""
    fitted, (X, target, _) = probe._fitted, probe._training
    oof_data = layer_oof_data(
        fitted.layers,
        depth - 1,
        f"cv={probe.cv!r}",
        target,
        X if fitted.passthrough else None,
        fitted.final_params,
    )
    oof = fitted.layers[depth - 1].oof
    held = held_out_predictions(
        fitted.combination,
        oof_data,
        fitted.splits,
        np.flatnonzero(oof.covered),
        len(oof),
    )
    if held.block is None:
        return oof_data, np.nan
    return oof_data, score(held.block, held.method, oof_data.y[held.rows])


def _standard_errors(
    predictions: list[tuple[Any, str]], y: Any, score: Callable[..., float]
) -> list[float]:
    """Bootstrap standard errors of the differences to the score of all layers."""
    rng = np.random.default_rng(0)
    draws = [rng.integers(len(y), size=len(y)) for _ in range(_N_DRAWS)]
    scores = np.array(
        [
            [score(block[rows], method, y[rows]) for block, method in predictions]
            for rows in draws
        ]
    )
    return list(np.nanstd(scores - scores[:, -1:], axis=0))


def n_layers_to_fit(table: pd.DataFrame, guard: str) -> int:
    """Return the number of layers to fit, and warn if fewer layers score better."""
    oof, held_out, se = (
        {depth: float(value) for depth, value in enumerate(table[name], 1)}
        for name in ("oof_score", "held_out_score", "se")
    )
    # No margin is required: without one, the better depth was chosen in 39 of the 50
    # fits of benchmarks/ranking.py.
    given = len(held_out)
    # Depths without a score (NaN) rank last.
    ranks = {depth: np.nan_to_num(held_out[depth], nan=-np.inf) for depth in held_out}
    best = max(ranks, key=lambda depth: ranks[depth])
    if ranks[best] == ranks[given] == -np.inf:
        return given
    if best == given:
        return given
    words = "fitted" if guard == "fallback" else "worth fitting (see guard='fallback')"
    warn(
        f"With {given} layers the score is {oof[given]:.4g} out of fold, but "
        f"{held_out[given]:.4g} on rows held out from all layers; with {best} it is "
        f"{held_out[best]:.4g} there (standard error of the difference "
        f"{se[best]:.2g}): only {best} layer(s) are {words}.",
        StackedOverfitWarning,
    )
    return best if guard == "fallback" else given


def _split(ensemble: Any, inputs: FitInputs) -> Any:
    cv, target = ensemble.cv, inputs.target
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
        groups=inputs.params.get("groups"),
        seed=named_seed(0 if inputs.seed is None else inputs.seed, "guard"),
        name="guard_fraction",
    )
