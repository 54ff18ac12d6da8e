"""Importance of members: the fall of the out-of-fold score without each of them."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_random_state

from skensemble.combination import (
    OutOfFoldData,
    calibrated,
    ensemble_score,
    held_out_predictions,
)
from skensemble.core import check_choice
from skensemble.stacking._fitted import FittedEnsemble

IMPORTANCES = ["drop", "permutation"]


def member_importance(
    fitted: FittedEnsemble,
    oof_data: OutOfFoldData,
    kind: str,
    n_repeats: int,
    random_state: Any,
) -> pd.Series:
    """Measure how much the out-of-fold score falls without each member."""
    names = list(oof_data.blocks)
    if kind == "drop":
        falls = _falls_without(fitted, oof_data, names)
    else:
        rng = check_random_state(random_state)
        full = out_of_fold_score(fitted, oof_data)
        falls = {
            name: full
            - float(
                np.mean(
                    [
                        out_of_fold_score(
                            fitted, oof_data, _shuffled(oof_data, name, rng)
                        )
                        for _ in range(n_repeats)
                    ]
                )
            )
            for name in names
        }
    table = pd.Series(falls, name=kind, dtype=float).rename_axis("member")
    return table.sort_values(ascending=False, kind="stable")


def check_importance(kind: Any) -> None:
    """Refuse an unknown kind of importance."""
    check_choice("kind", kind, IMPORTANCES)


def out_of_fold_score(
    fitted: FittedEnsemble,
    oof_data: OutOfFoldData,
    predict_from: OutOfFoldData | None = None,
) -> float:
    """Score the ensemble on rows that the combiner was not fitted on."""
    rows = np.flatnonzero(fitted.layers[-1].oof.covered)
    held_out = held_out_predictions(
        fitted.combination,
        oof_data,
        fitted.splits,
        rows,
        len(fitted.layers[-1].oof),
        predict_from,
    )
    held_out = calibrated(fitted.options.calibrate, held_out, oof_data)
    return ensemble_score(held_out, oof_data, fitted.options.scoring)["score"]


def _falls_without(
    fitted: FittedEnsemble, oof_data: OutOfFoldData, names: list[str]
) -> dict[str, float]:
    full = out_of_fold_score(fitted, oof_data)
    others = {name: [n for n in names if n != name] for name in names}
    return {
        name: full - out_of_fold_score(fitted, oof_data.only(rest))
        if rest and fitted.combination.can_combine(rest)
        else np.nan
        for name, rest in others.items()
    }


def _shuffled(oof_data: OutOfFoldData, name: str, rng: Any) -> OutOfFoldData:
    order = rng.permutation(len(oof_data))
    blocks = oof_data.blocks | {name: oof_data.blocks[name][order]}
    return replace(oof_data, blocks=blocks)
