"""Ensembles whose combination is a model: what stacks and blends share."""

import functools

import pandas as pd
import sklearn
from sklearn.base import ClassifierMixin, clone, is_classifier, is_regressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.utils.metadata_routing import MethodMapping, process_routing
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skensemble.combination import fit_meta_model, member_shares, meta_blocks
from skensemble.core import AUTO, check_choice, check_kind, decode, lacks_method
from skensemble.stacking._ensemble import BaseEnsemble


def final_has(method: str):
    """Make a method available when the meta model has it."""

    def check(ensemble):
        final = getattr(ensemble, "final_estimator_", None)
        final = ensemble._final() if final is None else final
        getattr(final, method)  # its AttributeError tells what is missing
        return True

    return available_if(check)


class BaseMetaEstimator(BaseEnsemble):
    """Fits members, and a meta model on what they predicted."""

    _own_row = "stack"

    def _final(self):
        if self.final_estimator is not None:
            return self.final_estimator
        # Not by tags: they depend on the meta model.
        classes = isinstance(self, ClassifierMixin)
        return LogisticRegression() if classes else RidgeCV()

    def _learn(self, oof_data):
        return fit_meta_model(self._final(), oof_data, self._prefix(), self.passthrough)

    def _learner(self):
        # Nothing that is set later changes what this fit is judged by.
        return functools.partial(
            fit_meta_model,
            clone(self._final()),
            prefix=self._prefix(),
            passthrough=self.passthrough,
        )

    def _judged_when_asked(self):
        # With passthrough the features would have to be kept, in pickles too.
        return self.calibrate is None and not self.passthrough

    def _accept(self, combined):
        self.final_estimator_ = combined.model

    @property
    def weights_(self):
        """Share of each member in the meta model, a pandas.Series that sums to one.

        By coefficients times the standard deviations of the columns, or by
        ``feature_importances_``; a meta model without either has no shares.
        """
        check_is_fitted(self)
        oof_data = self._oof_data
        columns = meta_blocks(
            list(oof_data.blocks.values()),
            [oof_data.methods[name] for name in oof_data.blocks],
            oof_data.n_classes,
        )
        found = member_shares(self.final_estimator_, columns, oof_data.weight)
        index = pd.Index(list(oof_data.blocks), name="member")
        return pd.Series(found, index=index, name="weight")

    def _check_kinds(self, members):
        kind = "classifier" if is_classifier(self) else "regressor"
        if is_classifier(self):
            self._check_stack_method(members)
        else:
            check_kind(members, kind)
        self._check_final(kind)

    def _check_stack_method(self, members):
        check_choice("stack_method", self.stack_method, ["auto", *AUTO])
        if self.stack_method == "auto" or self.on_error == "drop":
            return
        for name, member in members:
            if lacks_method(member, self.stack_method):
                raise ValueError(
                    f"Underlying estimator {name} does not implement the method "
                    f"{self.stack_method}. Use stack_method='auto', or another member "
                    f"than {member!r}."
                )

    def _check_final(self, kind):
        final = self._final()
        fits = {"classifier": is_classifier, "regressor": is_regressor}[kind]
        if isinstance(final, type) or not hasattr(final, "fit") or not fits(final):
            raise ValueError(
                f"'final_estimator' parameter should be a {kind}. Got {final!r}; give a "
                f"{kind} instance, or None for the usual one."
            )
        if self.calibrate is not None and lacks_method(final, "predict_proba"):
            raise ValueError(
                f"calibrate={self.calibrate!r} needs probabilities, which "
                f"final_estimator={final!r} does not give; use one with predict_proba, "
                "or calibrate=None."
            )

    @final_has("predict")
    def predict(self, X, **predict_params):
        """Predict classes, or numbers.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.
        **predict_params : dict
            For the meta model's ``predict``, such as ``return_std=True``.

        Returns
        -------
        predictions : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The classes, or numbers.
        """
        check_is_fitted(self)
        if self._calibrator is not None:
            return self._labels(self._combined_block(X), "predict_proba")
        found = self.final_estimator_.predict(
            self._meta_table(X), **_predict_params(self, predict_params)
        )
        if not is_classifier(self):
            return found
        present = self._combined.present
        codes = found if present is None else present[found]
        return decode(self._encoders, codes, self._target_kind)

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
            One column a class, or a column P(label is on) a label.
        """
        return self._combined_block(X)

    @final_has("decision_function")
    def decision_function(self, X):
        """Give the meta model's decision function.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        decisions : ndarray of shape (n_samples,) or (n_samples, n_classes)
            The decision values.
        """
        check_is_fitted(self)
        return self.final_estimator_.decision_function(self._meta_table(X))

    def _meta_table(self, X):
        return self._table(self._answers(X), self._layers[-1], X)

    def get_metadata_routing(self):
        """Tell where metadata goes: to members, the splitter and the meta model.

        Returns
        -------
        router : MetadataRouter
            The routing.
        """
        return (
            super()
            .get_metadata_routing()
            .add(
                final_estimator_=getattr(
                    self, "final_estimator_", self.final_estimator
                ),
                method_mapping=MethodMapping().add(caller="predict", callee="predict"),
            )
        )


def _predict_params(ensemble, params):
    """Give the parameters that the meta model's ``predict`` takes."""
    if not sklearn.get_config()["enable_metadata_routing"]:
        return params
    return process_routing(ensemble, "predict", **params).final_estimator_["predict"]
