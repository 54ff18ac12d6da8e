"""Ensembles that combine with a meta model: their shared base."""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import sklearn
from sklearn.base import ClassifierMixin, clone, is_classifier, is_regressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.utils.metadata_routing import MethodMapping, process_routing
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skensemble.combination import (
    EvaluationOptions,
    MetaModel,
    OutOfFoldData,
    fit_meta_model,
    member_shares,
    meta_columns,
)
from skensemble.core import AUTO, Target, check_choice, check_kind, lacks_method
from skensemble.stacking._base import BaseEnsemble
from skensemble.stacking._fit_steps import resolve_scoring
from skensemble.stacking._fitted import FittedEnsemble
from skensemble.stacking._kind import Combination, EnsembleKind, Splitting, is_prefit


@dataclass(frozen=True)
class MetaModelCombination(Combination):
    """Fits a meta model on the meta features.

    Parameters
    ----------
    model : estimator
        The unfitted meta model.
    prefix : str
        Prefix of the names of the meta features.
    passthrough : bool
        Whether the features follow the meta features.
    """

    model: Any
    prefix: str
    passthrough: bool

    def __call__(self, oof_data: OutOfFoldData) -> MetaModel:
        """Fit a clone of the model."""
        return fit_meta_model(self.model, oof_data, self.prefix, self.passthrough)


def meta_model_kind(
    ensemble: Any, target: Target, splitting: Splitting, row_name: str
) -> EnsembleKind:
    """Make the strategies of an ensemble with a meta model."""
    final = ensemble._final_model()
    calibrate = getattr(ensemble, "calibrate", None)
    classifier = is_classifier(ensemble)
    _check_final(final, "classifier" if classifier else "regressor", calibrate)
    return EnsembleKind(
        splitting=splitting,
        response_method=ensemble.stack_method,
        # A clone: later changes of the meta model do not change how the fit is
        # evaluated.
        combination=MetaModelCombination(
            clone(final),
            type(ensemble).__name__.lower(),
            ensemble.passthrough,
        ),
        evaluation=EvaluationOptions(
            row_name,
            resolve_scoring(ensemble.scoring, target),
            calibrate,
            # With passthrough the features would have to be kept, also in pickles.
            lazy=calibrate is None and not ensemble.passthrough,
        ),
        attributes=_attributes,
        check_members=lambda members: (
            _check_stack_method(ensemble.stack_method, ensemble.on_error, members)
            if classifier
            else check_kind(members, "regressor")
        ),
        refit=ensemble.refit,
        prefit=is_prefit(getattr(ensemble, "cv", None)),
        passthrough=ensemble.passthrough,
        final_estimator=final,
    )


def _attributes(fitted: FittedEnsemble) -> dict[str, Any]:
    assert isinstance(fitted.combiner, MetaModel)
    return {"final_estimator_": fitted.combiner.model}


def _check_stack_method(
    stack_method: str, on_error: str, members: list[tuple[str, Any]]
) -> None:
    check_choice("stack_method", stack_method, ["auto", *AUTO])
    if stack_method == "auto" or on_error == "drop":
        return
    for name, member in members:
        if lacks_method(member, stack_method):
            raise ValueError(
                f"Underlying estimator {name} does not implement the method "
                f"{stack_method}. Use stack_method='auto', or another member than "
                f"{member!r}."
            )


def _check_final(final: Any, kind: str, calibrate: str | None) -> None:
    fits = {"classifier": is_classifier, "regressor": is_regressor}[kind]
    if isinstance(final, type) or not hasattr(final, "fit") or not fits(final):
        raise ValueError(
            f"'final_estimator' parameter should be a {kind}. Got {final!r}; give a "
            f"{kind} instance, or None for the default."
        )
    if calibrate is not None and lacks_method(final, "predict_proba"):
        raise ValueError(
            f"calibrate={calibrate!r} needs probabilities, which "
            f"final_estimator={final!r} does not give; use one with predict_proba, or "
            "calibrate=None."
        )


def final_has(method: str) -> Any:
    """Make a method available if the meta model has it."""

    def check(ensemble: Any) -> bool:
        final = getattr(ensemble, "final_estimator_", None)
        final = ensemble._final_model() if final is None else final
        getattr(final, method)  # raises AttributeError
        return True

    return available_if(check)


class BaseMetaModelEnsemble(BaseEnsemble):
    """Ensemble that predicts with a meta model."""

    final_estimator: Any

    def _final_model(self):
        if self.final_estimator is not None:
            return self.final_estimator
        # Not by tags, which depend on the meta model.
        classes = isinstance(self, ClassifierMixin)
        return LogisticRegression() if classes else RidgeCV()

    @property
    def weights_(self):
        """Share of each member in the meta model, a pandas.Series with sum one.

        Computed from coefficients times the standard deviations of the columns, or from
        ``feature_importances_``; not available for a meta model without either.
        """
        check_is_fitted(self)
        oof_data = self._fitted.oof_data
        columns = meta_columns(oof_data.blocks, oof_data.methods, oof_data.n_classes)
        shares = member_shares(
            self.final_estimator_, list(columns.values()), oof_data.weight
        )
        index = pd.Index(list(oof_data.blocks), name="member")
        return pd.Series(shares, index=index, name="weight")

    @final_has("predict")
    def predict(self, X, **predict_params):
        """Predict classes or a continuous target.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.
        **predict_params : dict
            Parameters of ``predict`` of the meta model, such as ``return_std=True``.

        Returns
        -------
        predictions : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The classes, or the continuous target.
        """
        fitted, X = self._fitted_for(X)
        if fitted.calibrator is not None:
            block = fitted.predict(X, self.n_jobs)
            return fitted.labels(block, "predict_proba")
        predictions = self.final_estimator_.predict(
            fitted.meta_features(X, self.n_jobs),
            **_predict_params(self, predict_params),
        )
        if not is_classifier(self):
            return predictions
        present = fitted.combiner.present
        codes = predictions if present is None else present[predictions]
        return fitted.labels(codes, "predict")

    @final_has("predict_proba")
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

    @final_has("decision_function")
    def decision_function(self, X):
        """Compute the decision function of the meta model.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        decisions : ndarray of shape (n_samples,) or (n_samples, n_classes)
            The decision values.
        """
        fitted, X = self._fitted_for(X)
        return self.final_estimator_.decision_function(
            fitted.meta_features(X, self.n_jobs)
        )

    def get_metadata_routing(self):
        """Get the routing of metadata to the members, the splitter and the meta model.

        Returns
        -------
        router : MetadataRouter
            The routing.
        """
        final = getattr(self, "final_estimator_", self.final_estimator)
        mapping = MethodMapping().add(caller="predict", callee="predict")
        router = super().get_metadata_routing()
        return router.add(final_estimator_=final, method_mapping=mapping)


def _predict_params(ensemble: Any, params: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters that ``predict`` of the meta model takes."""
    if not sklearn.get_config()["enable_metadata_routing"]:
        return params
    return process_routing(ensemble, "predict", **params).final_estimator_["predict"]
