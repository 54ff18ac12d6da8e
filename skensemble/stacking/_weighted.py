"""Ensembles that combine with a weighted mean: their shared base."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import is_classifier
from sklearn.utils.metaestimators import available_if

from skensemble.combination import (
    EvaluationOptions,
    OutOfFoldData,
    WeightedMean,
    as_double,
)
from skensemble.core import Target, check_kind, lacks_method
from skensemble.stacking._base import BaseEnsemble
from skensemble.stacking._fit_steps import resolve_scoring
from skensemble.stacking._fitted import FittedEnsemble
from skensemble.stacking._kind import (
    Combination,
    EnsembleKind,
    is_prefit,
    splitting_of,
)


def weighted_kind(
    ensemble: Any, target: Target, combination: Combination, row_name: str
) -> EnsembleKind:
    """Make the strategies of an ensemble with a weighted mean."""
    response_method = probability_method(ensemble)
    return EnsembleKind(
        splitting=splitting_of(ensemble),
        response_method=response_method,
        combination=combination,
        evaluation=EvaluationOptions(
            row_name,
            resolve_scoring(ensemble.scoring, target),
            getattr(ensemble, "calibrate", None),
        ),
        attributes=weight_attributes,
        check_members=lambda members: check_averaged(
            members, is_classifier(ensemble), response_method
        ),
        refit=getattr(ensemble, "refit", True),
        prefit=is_prefit(ensemble.cv),
    )


def probability_method(ensemble: Any) -> str:
    """Return the response method of members whose predictions are averaged."""
    if not is_classifier(ensemble):
        return "predict"
    return "predict_proba" if ensemble.calibrate_members is None else "auto"


def check_averaged(
    members: list[tuple[str, Any]], classifier: bool, response_method: str
) -> None:
    """Refuse members whose predictions cannot be averaged."""
    check_kind(members, "classifier" if classifier else "regressor")
    if response_method != "predict_proba":
        return
    for name, member in members:
        if lacks_method(member, "predict_proba"):
            raise ValueError(
                f"Member {name!r} ({type(member).__name__}) has no predict_proba, so "
                "its predictions cannot be averaged; use a member with probabilities, "
                "or calibrate_members='sigmoid'."
            )


def weighted_mean(
    oof_data: OutOfFoldData, weights: Any, how: str = "mean", details: Any = None
) -> WeightedMean:
    """Make the combiner of given weights, one per member."""
    return WeightedMean(
        dict(zip(oof_data.blocks, map(float, weights), strict=True)),
        how,
        oof_data.kind,
        oof_data.n_classes,
        details,
    )


def weight_attributes(fitted: FittedEnsemble) -> dict[str, Any]:
    """Return the fitted attribute `weights_`."""
    assert isinstance(fitted.combiner, WeightedMean)
    weights = pd.Series(fitted.combiner.weights, name="weight", dtype=float)
    return {"weights_": weights.rename_axis("member")}


def stack_predictions(oof_data: OutOfFoldData) -> np.ndarray:
    """Stack the predictions of the members: (n_members, n) or (n_members, n, k)."""
    return np.stack([as_double(b, oof_data.kind) for b in oof_data.blocks.values()])


def _has_probabilities(ensemble: Any) -> bool:
    if not is_classifier(ensemble):
        raise AttributeError(f"{type(ensemble).__name__} has no probabilities.")
    voting = getattr(ensemble, "voting", "soft")
    if voting == "hard":
        raise AttributeError(f"predict_proba is not available when {voting=}")
    return True


class BaseWeightedEnsemble(BaseEnsemble):
    """Ensemble that predicts with a weighted mean of the predictions of its members."""

    def predict(self, X):
        """Predict classes or a continuous target.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        predictions : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The classes, or the continuous target.
        """
        fitted, X = self._fitted_for(X)
        block = fitted.predict(X, self.n_jobs)
        if not is_classifier(self):
            return block
        calibrated = fitted.calibrator is not None
        return fitted.labels(
            block, "predict_proba" if calibrated else fitted.combiner.method
        )

    @available_if(_has_probabilities)
    def predict_proba(self, X):
        """Predict probabilities of classes.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            One column per class, or one column per label for multilabel targets.
        """
        fitted, X = self._fitted_for(X)
        return fitted.predict(X, self.n_jobs)
