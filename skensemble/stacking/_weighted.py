"""Ensembles whose combination is a weighted mean of the members' predictions."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import is_classifier
from sklearn.utils.metaestimators import available_if

from skensemble.combination import OutOfFoldData, WeightedMean, exact
from skensemble.core import check_kind, lacks_method
from skensemble.stacking._ensemble import BaseEnsemble


def _has_probabilities(ensemble):
    if not is_classifier(ensemble):
        raise AttributeError(f"{type(ensemble).__name__} has no probabilities.")
    return ensemble._gives_probabilities()


class BaseWeighted(BaseEnsemble):
    """Fits members, and weights for their predictions."""

    _how = "mean"

    def _gives_probabilities(self) -> bool:
        return True

    def _method(self):
        if not is_classifier(self):
            return "predict"
        return "predict_proba" if self.calibrate_members is None else "auto"

    def _check_kinds(self, members):
        check_kind(members, "classifier" if is_classifier(self) else "regressor")
        if self._method() != "predict_proba":
            return
        for name, member in members:
            if lacks_method(member, "predict_proba"):
                raise ValueError(
                    f"Member {name!r} ({type(member).__name__}) has no predict_proba, so "
                    "its answers cannot be averaged; give it probabilities, or use "
                    "calibrate_members='sigmoid'."
                )

    def _learn(self, oof_data: OutOfFoldData) -> WeightedMean:
        weights, details = self._weigh(oof_data)
        return WeightedMean(
            dict(zip(oof_data.blocks, map(float, weights), strict=True)),
            self._how,
            oof_data.kind,
            oof_data.n_classes,
            details,
        )

    def _weigh(self, oof_data: OutOfFoldData) -> tuple[Any, Any]:
        """Give one weight a member, and what else is to be told of them."""
        raise AssertionError("each kind of ensemble says how it weighs")

    def _accept(self, combined):
        weights = pd.Series(combined.weights, name="weight", dtype=float)
        self.weights_ = weights.rename_axis("member")

    def predict(self, X):
        """Predict classes, or numbers.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        predictions : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The classes, or numbers.
        """
        block = self._combined_block(X)
        if not is_classifier(self):
            return block
        method = self._combined_now().method
        method = method if self._calibrator is None else "predict_proba"
        return self._labels(block, method)

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
            One column a class, or a column P(label is on) a label.
        """
        return self._combined_block(X)


def stacked(oof_data: OutOfFoldData) -> np.ndarray:
    """Put the members' predictions into one array, (n_members, n) or (n_members, n, k)."""
    return np.stack([exact(b, oof_data.kind) for b in oof_data.blocks.values()])
