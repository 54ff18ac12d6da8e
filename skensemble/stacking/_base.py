"""The base class of the stacking family: thin methods over a fitted ensemble."""

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, TransformerMixin
from sklearn.callback import CallbackSupportMixin
from sklearn.exceptions import NotFittedError
from sklearn.utils import Bunch, get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping
from sklearn.utils.validation import check_is_fitted

from skensemble.core import (
    Target,
    active,
    check_features,
    is_named_list,
    named_members,
    replace_members,
    set_input_tags,
    tagged,
    with_member_params,
)
from skensemble.scoring import permutation_importance
from skensemble.stacking._fitted import FittedEnsemble, with_features
from skensemble.stacking._kind import EnsembleKind
from skensemble.stacking.inspection import (
    add_members,
    check_importance,
    compress,
    diversity,
    drop_members,
    ensemble_frame,
    member_importance,
    write_predictions,
)


class BaseEnsemble(
    CallbackSupportMixin, MetaEstimatorMixin, TransformerMixin, BaseEstimator
):
    """Ensemble of named members, fitted on splits and combined.

    A subclass has the parameters ``estimators`` and ``n_jobs``, a ``fit``, and `_kind`:
    the strategies by which it splits, combines and is evaluated.
    """

    permutation_importance = permutation_importance

    # The combination of the predictions uses the sample weights.
    __metadata_request__fit = {"sample_weight": True}

    estimators: Any
    n_jobs: Any

    def _kind(self, target: Target, seed: int | None) -> EnsembleKind:
        """Check the parameters of this kind and make its strategies from them."""
        raise NotImplementedError

    def _final_model(self) -> Any:
        """Return the unfitted meta model, if there is one."""
        return None

    def _params_for(self, members: list[tuple[str, Any]]) -> dict[str, Any]:
        """Return the parameters of the ensemble of some of its members."""
        return {"estimators": members}

    def _fitted_for(self, X: Any) -> tuple[FittedEnsemble, Any]:
        """Return the fitted value that predicts new rows, and the checked rows."""
        check_is_fitted(self)
        return self._fitted, check_features(self, X)

    def _meta_feature_names(self) -> list[str]:
        """Name the meta features."""
        return self._fitted.meta_feature_names()

    # Parameters

    @property
    def named_estimators(self) -> Bunch:
        """The members as given, by name.

        Returns
        -------
        members : Bunch
            Unfitted estimators, or ``"drop"``, by name.
        """
        return Bunch(**dict(self.estimators))

    def get_params(self, deep=True):
        """Get the parameters, including those of the members.

        Parameters
        ----------
        deep : bool, default=True
            Whether to add the members and their parameters.

        Returns
        -------
        params : dict
            Values by parameter name.
        """
        params = super().get_params(deep=deep)
        return with_member_params(self, params) if deep else params

    def set_params(self, **params):
        """Set parameters of the ensemble, whole members, and parameters of members.

        Parameters
        ----------
        **params : dict
            ``estimators`` and ``layers`` are set first, then members by name, then all
            other parameters.

        Returns
        -------
        self : estimator
            The estimator.
        """
        for lists in ("estimators", "layers"):
            if lists in params:
                super().set_params(**{lists: params.pop(lists)})
        return super().set_params(**replace_members(self, params))

    def get_metadata_routing(self):
        """Get the routing of metadata to the ensemble, the members and the splitter.

        Returns
        -------
        router : MetadataRouter
            The routing.
        """
        router = MetadataRouter(owner=self).add_self_request(self)
        for name, member in active(named_members(self)):
            router.add(
                **{name: member},
                method_mapping=MethodMapping().add(caller="fit", callee="fit"),
            )
        splitter = getattr(self, "cv", None)
        if hasattr(splitter, "get_metadata_routing"):
            router.add(
                splitter=splitter,
                method_mapping=MethodMapping().add(caller="fit", callee="split"),
            )
        return router

    # Fitted attributes

    @property
    def leaderboard_(self):
        """Out-of-fold scores of members and ensemble, a pandas.DataFrame."""
        check_is_fitted(self)
        return self._fitted.known_evaluation().leaderboard

    @property
    def ensemble_oof_(self):
        """Out-of-fold predictions of the ensemble; NaN for rows without any."""
        check_is_fitted(self)
        return self._fitted.known_evaluation().oof

    @property
    def diversity_(self):
        """Similarity of the out-of-fold errors per pair of members."""
        check_is_fitted(self)
        oof_data = self._fitted.known_oof_data()
        return diversity(
            oof_data.blocks,
            oof_data.y,
            kind=oof_data.kind,
            n_classes=oof_data.n_classes,
            methods=oof_data.methods,
            sample_weight=oof_data.weight,
        )

    @property
    def n_features_in_(self):
        """Number of features seen during ``fit``."""
        try:
            check_is_fitted(self)
        except NotFittedError as error:
            raise AttributeError(
                f"{type(self).__name__} object has no attribute n_features_in_"
            ) from error
        if (known := self._fitted.features.count) is not None:
            return known
        first = list(self._fitted.layers[0].estimators.values())
        counts = (getattr(model, "n_features_in_", None) for model in first)
        known = next((count for count in counts if count is not None), None)
        return first[0].n_features_in_ if known is None else known

    # Predictions

    def transform(self, X):
        """Compute the meta features of new rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        X_meta : ndarray, sparse matrix or frame of shape (n_samples, n_columns)
            The predictions of the members, followed by `X` if ``passthrough=True``.
        """
        check_is_fitted(self)
        X = X if hasattr(X, "shape") else np.asarray(X)
        fitted, X = self._fitted_for(X)
        return fitted.meta_features(X, self.n_jobs)

    def get_feature_names_out(self, input_features=None):
        """Get the names of the columns that `transform` returns.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the features, used if ``passthrough=True``.

        Returns
        -------
        names : ndarray of str
            Names of the meta features, followed by those of the features passed
            through.
        """
        check_is_fitted(self)
        names = self._meta_feature_names()
        known = getattr(self, "feature_names_in_", None)
        if input_features is None:
            input_features = known
        elif known is not None and not np.array_equal(known, input_features):
            raise ValueError("input_features is not equal to feature_names_in_")
        elif len(input_features) != self.n_features_in_:
            raise ValueError(
                "input_features should have length equal to number of features "
                f"({self.n_features_in_}), got {len(input_features)}"
            )
        if self._fitted.passthrough:
            if input_features is None:
                input_features = [f"x{k}" for k in range(self.n_features_in_)]
            names = [*names, *input_features]
        return np.asarray(names, dtype=object)

    def to_frame(
        self, X=None, *, index=None, id_column=None, target=None, labels=False
    ):
        """Lay predictions out as a table in the format of Kaggle submissions.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame}, default=None
            Rows to predict. None: the out-of-fold predictions of the ensemble.
        index : array-like, default=None
            Identifiers of the rows. None: the column `id_column` of `X`, or the index
            of the frame.
        id_column : str, default=None
            Name of the column of identifiers.
        target : str or list of str, default=None
            Name of the column of predictions, or of all columns of predictions.
        labels : bool, default=False
            Whether a classifier gives classes instead of probabilities.

        Returns
        -------
        frame : pandas.DataFrame
            One column for a continuous target, for labels, or for the probability of
            the second of two classes; one column per class for more classes.
        """
        check_is_fitted(self)
        return ensemble_frame(self, X, index, id_column, target, labels)

    def save_predictions(
        self,
        path,
        X=None,
        *,
        index=None,
        id_column=None,
        target=None,
        labels=False,
    ):
        """Write predictions to a file in the format of Kaggle submissions.

        Parameters
        ----------
        path : str or path
            Path that ends in ``.csv``, ``.csv.gz`` or ``.parquet``; missing folders are
            created.
        X : {array-like, sparse matrix, frame}, default=None
            Rows to predict. None: the out-of-fold predictions of the ensemble.
        index : array-like, default=None
            Identifiers of the rows. None: the column `id_column` of `X`, or the index
            of the frame.
        id_column : str, default=None
            Name of the column of identifiers.
        target : str or list of str, default=None
            Name of the column of predictions, or of all columns of predictions.
        labels : bool, default=False
            Whether a classifier gives classes instead of probabilities.

        Returns
        -------
        path : pathlib.Path
            Path of the file.
        """
        frame = self.to_frame(
            X, index=index, id_column=id_column, target=target, labels=labels
        )
        return write_predictions(frame, path)

    # Other members

    def add_members(self, members, X=None, y=None, **fit_params):
        """Get an ensemble with further members; only these and the combiner are fitted.

        This ensemble stays as it is.

        Parameters
        ----------
        members : list of (str, estimator)
            The new members.
        X, y : array-like, default=None
            The training data of the fit. None: those of the last fit, which are
            available in the process that fitted, but not in a pickle.
        **fit_params : dict
            As in ``fit``, with `X` and `y`.

        Returns
        -------
        ensemble : estimator
            A fitted ensemble of all members.

        Raises
        ------
        ValueError
            For names that are in use, data other than those of the fit, or an ensemble
            with several layers.
        """
        check_is_fitted(self)
        return add_members(self, members, X, y, fit_params)

    def drop_members(self, names):
        """Get an ensemble without some members; only the combiner is fitted again.

        This ensemble stays as it is.

        Parameters
        ----------
        names : str or list of str
            Names of the members to leave out.

        Returns
        -------
        ensemble : estimator
            A fitted ensemble of the other members.

        Raises
        ------
        ValueError
            For unknown names, or if no member is left.
        """
        check_is_fitted(self)
        return drop_members(self, names)

    def compress(self, *, max_members=None, max_latency=None):
        """Get a smaller ensemble, without the members that contribute least.

        Members are left out one by one, each time the one with the smallest loss of
        score. This ensemble stays as it is, and no member is fitted again.

        Parameters
        ----------
        max_members : int, default=None
            Largest number of members.
        max_latency : float, default=None
            Largest time in seconds that the members may take to predict 1,000 rows one
            after another, as measured in the fit.

        Returns
        -------
        ensemble : estimator
            A fitted ensemble of the remaining members. Its attribute `compression_` is
            a table with one row per step: the member left out, the number of members,
            their latency, and the out-of-fold score.
        """
        check_is_fitted(self)
        return compress(self, max_members, max_latency)

    def member_importance(self, kind="drop", *, n_repeats=5, random_state=None):
        """Measure how much the out-of-fold score falls without each member.

        Parameters
        ----------
        kind : {"drop", "permutation"}, default="drop"
            Combine again without the member, or shuffle its predictions.
        n_repeats : int, default=5
            Number of shuffles per member.
        random_state : int, RandomState instance or None, default=None
            Seed of the shuffles.

        Returns
        -------
        importance : pandas.Series
            Fall of the out-of-fold score per member, largest first. Members with
            similar predictions replace each other, so that each has a low importance.
        """
        check_is_fitted(self)
        check_importance(kind)
        oof_data = with_features(self._fitted, getattr(self, "_training", None))
        return member_importance(self._fitted, oof_data, kind, n_repeats, random_state)

    # Protocols of Python and scikit-learn

    def __getstate__(self):
        """Leave the training data out of a pickle."""
        state = dict(super().__getstate__())
        state.pop("_training", None)
        return state

    def __sklearn_is_fitted__(self):
        """Whether the ensemble is fitted."""
        return hasattr(self, "_fitted")

    def __sklearn_tags__(self):
        """Declare the supported data to scikit-learn."""
        tags = super().__sklearn_tags__()
        set_input_tags(self, tags)
        if is_named_list(self.estimators):
            models = tagged([*named_members(self), ("final", self._final_model())])
            tags.target_tags.multi_output = all(
                get_tags(model).target_tags.multi_output for model in models
            )
        return tags

    def _sk_visual_block_(self):
        layers = [self.estimators, *(getattr(self, "layers", None) or [])]
        if (final := self._final_model()) is not None:
            layers.append([("final_estimator", final)])
        return _visual_block(layers)


def _visual_block(layers: list[list[tuple[str, Any]]]) -> Any:
    """Draw the members of a layer side by side, and layers one after another."""
    # There is no public way to draw members side by side in the HTML representation
    # (a test in tests/stacking fails when this one is removed).
    from sklearn.utils._repr_html.estimator import _VisualBlock

    blocks = [
        _VisualBlock(
            "parallel",
            [member for _, member in layer],
            names=[name for name, _ in layer],
            dash_wrapped=False,
        )
        for layer in layers
    ]
    return _VisualBlock("serial", blocks, dash_wrapped=False)
