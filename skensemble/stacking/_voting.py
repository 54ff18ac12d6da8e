"""Voting: members fitted on all rows, and the mean of their predictions."""

import time
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.callback import with_callbacks
from sklearn.utils.validation import check_is_fitted

from skensemble.core import (
    Target,
    check_choice,
    check_layers,
    class_target,
    numeric_target,
    rollback_on_error,
    root_seed,
)
from skensemble.stacking._fit_steps import (
    begin_callbacks,
    check_parameters,
    combine_without_splits,
    fit_combination,
    fit_layers,
    read_inputs,
    split_rows,
)
from skensemble.stacking._fitted import FittedEnsemble, set_fitted_attributes
from skensemble.stacking._kind import EnsembleKind, NoSplits
from skensemble.stacking._voting_weights import (
    MEANS,
    VotingCombination,
    check_voting_weights,
)
from skensemble.stacking._weighted import (
    BaseWeightedEnsemble,
    check_averaged,
    probability_method,
    weight_attributes,
    weighted_kind,
)


@with_callbacks
def _fit(vote: Any, X: Any, target: Target, params: dict[str, Any]) -> Any:
    """Fit the members on all rows and, if needed, on splits; then combine them."""
    started = time.monotonic()
    check_parameters(vote, params)
    (members,) = check_layers(vote)
    seed = root_seed(vote.random_state)
    kind = vote._kind(target, seed)

    inputs = read_inputs(vote, kind, members, X, target, params, seed, started)
    splits = split_rows(kind, inputs)
    context = begin_callbacks(vote, inputs, len(members))

    layers = fit_layers(vote, kind, [members], inputs, splits, context)
    if vote.verbose:
        _report(layers[0].fold_fits, layers[0].names)
    combine = fit_combination if _needs_splits(vote) else combine_without_splits
    fitted = combine(vote, kind, layers, inputs, splits, context)

    vote._training = (inputs.X, target, inputs.params)
    set_fitted_attributes(vote, fitted, kind.attributes(fitted))
    context.call_on_fit_task_end(estimator=vote, X=inputs.X, y=target.values)
    return vote


def _voting_kind(vote: Any, target: Target) -> EnsembleKind:
    voting, weights = vote.voting, vote.weights
    check_choice("voting", voting, list(MEANS))
    check_choice("flatten_transform", vote.flatten_transform, [True, False])
    check_voting_weights(weights, vote.estimators)
    _check_calibration(vote)
    if weights is not None and not isinstance(weights, str):
        names = [name for name, _ in vote.estimators]
        weights = dict(zip(names, map(float, weights), strict=True))
    kind = weighted_kind(vote, target, VotingCombination(voting, weights), "vote")
    method, classifier = _response_method(vote), target.kind != "continuous"
    return replace(
        kind,
        splitting=kind.splitting if _needs_splits(vote) else NoSplits(vote.cv),
        response_method=method,
        attributes=_attributes,
        check_members=lambda members: check_averaged(members, classifier, method),
    )


def _response_method(vote: Any) -> str:
    return "predict" if vote.voting == "hard" else probability_method(vote)


def _needs_splits(vote: Any) -> bool:
    """Whether members have to predict out of fold."""
    calibrate = (
        getattr(vote, name, None) for name in ("calibrate", "calibrate_members")
    )
    return vote.cv is not None or isinstance(vote.weights, str) or any(calibrate)


def _attributes(fitted: FittedEnsemble) -> dict[str, Any]:
    """Return the fitted attributes `weights_` and, for classes, `le_`."""
    known = weight_attributes(fitted)
    if fitted.target.kind == "classes":
        known["le_"] = fitted.target.encoders[0]
    return known


def _params_for(vote: Any, members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the parameters of the vote of some members: their own weights only."""
    weights = vote._fitted.combination.weights
    if weights is None or isinstance(weights, str):
        return {"estimators": members}
    return {"estimators": members, "weights": [weights[name] for name, _ in members]}


def _report(fold_fits: Any, names: list[str]) -> None:
    """Print the seconds that each member took, in the format of scikit-learn."""
    for k, name in enumerate(names, 1):
        seconds = sum(
            fold_fit.fit_seconds for fold_fit in fold_fits if fold_fit.member == name
        )
        message = f"({k} of {len(names)}) Processing {name}, total={seconds:6.1f}s"
        print(f"[Voting] {message:.>64}")  # noqa: T201


def _check_calibration(vote: Any) -> None:
    """Refuse the calibration of hard votes, which have no probabilities."""
    for name in ("calibrate", "calibrate_members") if vote.voting == "hard" else ():
        if (method := getattr(vote, name, None)) is not None:
            raise ValueError(
                f"{name}={method!r} calibrates probabilities, which votes do not have; "
                "use voting='soft' or 'logit'."
            )


class VotingClassifier(ClassifierMixin, BaseWeightedEnsemble):
    r"""Combine members by majority vote or by the mean of their probabilities.

    ``"hard"`` predicts the class with the most votes, :math:`\arg\max_c \sum_m w_m
    [m(x) = c]`; ``"soft"`` the class with the largest mean probability :math:`\sum_m
    w_m p_m(c)`; ``"logit"`` that with the largest :math:`\exp \sum_m w_m \log p_m(c)`,
    on which a confident member has more influence.

    Drop-in for :class:`sklearn.ensemble.VotingClassifier`; additional parameters are
    keyword-only and come last.

    Read more in the :ref:`User Guide <guide_voting>`.

    Parameters
    ----------
    estimators : list of (str, estimator)
        The members. ``"drop"`` instead of an estimator leaves a member out.
    voting : {"hard", "soft", "logit"}, default="hard"
        What is averaged: votes, probabilities, or logarithms of probabilities.
    weights : array-like of shape (n_members,), "cv" or None, default=None
        One weight per member, including dropped ones. None: equal weights.
        ``"cv"``: weights from out-of-fold predictions,
        :math:`\log\frac{(k-1)a}{1-a}` with the accuracy :math:`a` and `k`
        classes for votes, the inverse of the risk (log loss or squared error)
        otherwise.
    n_jobs : int, default=None
        Largest number of fits at a time; the fits and their own threads
        together use no more cores than that. None: one fit at a time, with as
        many threads as it starts.
    flatten_transform : bool, default=True
        Whether `transform` returns the probabilities of the members side by
        side, or in an array of shape (n_members, n_samples, n_classes).
    verbose : bool, default=False
        Verbosity; passed to joblib.
    cv : int, splitter, iterable of (train, test), "prefit" or None, default=None
        The splits. None: no splits, or five folds if ``weights="cv"`` or calibration
        needs them. Predictions of rows that several splits predict are averaged; rows
        that no split predicts are NaN in `oof_` and are not used for weights.
        ``"prefit"``: the members are fitted already, on other rows.
    on_error : {"raise", "drop"}, default="raise"
        What happens if a member fails: its error is raised, or the member is
        left out with a `MemberFailedWarning` and listed in `failed_`.
    random_state : int, RandomState instance or None, default=None
        Seed of the members and splitters whose own ``random_state`` is None.
        The seeds depend on the names of the members, so they are the same for
        any `n_jobs` and do not change if a member is added. None sets no seeds.
    memory : str, path, joblib.Memory, Store or None, default=None
        Cache of fitted members: an interrupted fit continues from there, and no
        member is fitted twice on the same data.
    time_limit : float or None, default=None
        Time limit in seconds for the fits of the members. Members that are not
        finished by then are left out and listed in `failed_`. None: no limit.
    scoring : str, callable, Loss or None, default=None
        Score of `leaderboard_`: the name of a scikit-learn scorer, a short name
        ("rmse", "auc"), a scorer, or a loss or its name. None: accuracy for classes and
        R2 for a continuous target.
    calibrate : {None, "temperature", "sigmoid", "isotonic"}, default=None
        Calibration method of the probabilities of the ensemble, fitted on its
        out-of-fold predictions. None: no calibration.
    calibrate_members : {None, "temperature", "sigmoid", "isotonic"}, default=None
        Calibration method of the members, fitted on their out-of-fold
        predictions before these are combined. None: no calibration.

    Attributes
    ----------
    weights_ : pandas.Series
        One weight per member.
    classes_ : ndarray of shape (n_classes,) or list of ndarray
        The labels; one array per output for multilabel targets.
    le_ : LabelEncoder
        Encoder of the labels as the codes that the members are fitted on.
    estimators_ : list of estimators
        The fitted members; with ``refit=False``, one `FoldAverage` per member.
    named_estimators_ : Bunch
        The fitted members by name.
    oof_ : OutOfFold
        Labelled out-of-fold predictions of the members; not available without
        splits.
    ensemble_oof_ : ndarray of shape (n,) or (n, k)
        Out-of-fold predictions of the ensemble; NaN for rows that no split
        predicts.
    fits_ : tuple of FoldFit
        All fits: member, split, rows, seconds, score.
    leaderboard_ : pandas.DataFrame
        Out-of-fold score, its standard deviation over splits, and seconds, one
        row per member, best first. The last row is the ensemble, scored on rows
        that its combiner was not fitted on.
    diversity_ : pandas.DataFrame
        Similarity of the out-of-fold errors per pair of members.
    failed_ : dict of str to tuple of Failure
        Members that were left out, with the reasons.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Names of the features, if `X` has names.

    See Also
    --------
    SuperLearnerClassifier : Weights that minimise the cross-validated risk.

    References
    ----------
    .. [1] Nitzan, S. and Paroush, J. (1982). Optimal decision rules in uncertain
       dichotomous choice situations. International Economic Review 23(2), 289-297.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skensemble import VotingClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> vote = VotingClassifier(
    ...     [("logistic", LogisticRegression(max_iter=1000)), ("bayes", GaussianNB())],
    ...     voting="soft",
    ...     weights="cv",
    ... ).fit(X, y)
    >>> bool(vote.weights_["logistic"] > vote.weights_["bayes"])
    False
    >>> vote.predict_proba(X).shape
    (150, 3)
    """

    def __init__(
        self,
        estimators,
        *,
        voting="hard",
        weights=None,
        n_jobs=None,
        flatten_transform=True,
        verbose=False,
        cv=None,
        on_error="raise",
        random_state=None,
        memory=None,
        time_limit=None,
        scoring=None,
        calibrate=None,
        calibrate_members=None,
    ):
        self.estimators = estimators
        self.voting = voting
        self.weights = weights
        self.n_jobs = n_jobs
        self.flatten_transform = flatten_transform
        self.verbose = verbose
        self.cv = cv
        self.on_error = on_error
        self.random_state = random_state
        self.memory = memory
        self.time_limit = time_limit
        self.scoring = scoring
        self.calibrate = calibrate
        self.calibrate_members = calibrate_members

    def fit(self, X, y=None, sample_weight=None, **fit_params):
        """Fit the members on all rows and, if needed, on splits.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Training rows, passed to the members unchanged.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Classes, or an indicator matrix for multilabel targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights, for the members and for the combination of their
            predictions.
        **fit_params : dict
            ``groups`` for the splitter, ``member__parameter`` for one member; with
            metadata routing, what is requested.

        Returns
        -------
        self : estimator
            The fitted ensemble.
        """
        target = class_target(y)
        with rollback_on_error(self):
            return _fit(self, X, target, {"sample_weight": sample_weight, **fit_params})

    def _kind(self, target, seed):
        return _voting_kind(self, target)

    def _fitted_for(self, X):
        # As in scikit-learn, the current value of `voting` decides in predictions.
        fitted, X = super()._fitted_for(X)
        layer, method = fitted.layers[0], _response_method(self)
        if not layer.calibrators:
            layer = replace(layer, methods=dict.fromkeys(layer.names, method))
        combiner = replace(fitted.combiner, how=MEANS[self.voting])
        return replace(fitted, layers=(layer,), combiner=combiner), X

    def transform(self, X):
        """Compute the predictions of the members for new rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        predictions : ndarray
            Codes of classes, one column per member, for ``voting="hard"``; else
            probabilities, side by side, or of shape (n_members, n_samples, n_classes)
            if ``flatten_transform=False``.
        """
        fitted, X = self._fitted_for(X)
        blocks = list(fitted.predict_members(X, self.n_jobs).values())
        if blocks[0].ndim == 1:
            return np.asarray(blocks).T
        return np.hstack(blocks) if self.flatten_transform else np.asarray(blocks)

    def get_feature_names_out(self, input_features=None):
        """Get the names of the columns that `transform` returns.

        Parameters
        ----------
        input_features : array-like of str, default=None
            Names of the features; only checked.

        Returns
        -------
        names : ndarray of str
            Names of the members, numbered by class.
        """
        if self.voting != "hard" and not self.flatten_transform:
            check_is_fitted(self)
            raise ValueError(
                "get_feature_names_out is not supported when `voting='soft'` and "
                "`flatten_transform=False`"
            )
        return super().get_feature_names_out(input_features)

    def _meta_feature_names(self):
        fitted, width = self._fitted, len(self.classes_)
        names = [f"{fitted.prefix}_{name}" for name in fitted.layers[-1].names]
        if self.voting == "hard":
            return names
        return [f"{name}{k}" for name in names for k in range(width)]

    def _params_for(self, members):
        return _params_for(self, members)

    def __sklearn_tags__(self):
        """Declare the supported data to scikit-learn."""
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags


class VotingRegressor(RegressorMixin, BaseWeightedEnsemble):
    r"""Combine members by the weighted mean of their predictions.

    :math:`\hat y(x) = \sum_m w_m m(x) / \sum_m w_m`.

    Drop-in for :class:`sklearn.ensemble.VotingRegressor`; additional parameters are
    keyword-only and come last.

    Read more in the :ref:`User Guide <guide_voting>`.

    Parameters
    ----------
    estimators : list of (str, estimator)
        The members. ``"drop"`` instead of an estimator leaves a member out.
    weights : array-like of shape (n_members,), "cv" or None, default=None
        One weight per member, including dropped ones. None: equal weights.
        ``"cv"``: weights from out-of-fold predictions,
        :math:`\log\frac{(k-1)a}{1-a}` with the accuracy :math:`a` and `k`
        classes for votes, the inverse of the risk (log loss or squared error)
        otherwise.
    n_jobs : int, default=None
        Largest number of fits at a time; the fits and their own threads
        together use no more cores than that. None: one fit at a time, with as
        many threads as it starts.
    verbose : bool, default=False
        Verbosity; passed to joblib.
    cv : int, splitter, iterable of (train, test), "prefit" or None, default=None
        The splits. None: no splits, or five folds if ``weights="cv"`` or calibration
        needs them. Predictions of rows that several splits predict are averaged; rows
        that no split predicts are NaN in `oof_` and are not used for weights.
        ``"prefit"``: the members are fitted already, on other rows.
    on_error : {"raise", "drop"}, default="raise"
        What happens if a member fails: its error is raised, or the member is
        left out with a `MemberFailedWarning` and listed in `failed_`.
    random_state : int, RandomState instance or None, default=None
        Seed of the members and splitters whose own ``random_state`` is None.
        The seeds depend on the names of the members, so they are the same for
        any `n_jobs` and do not change if a member is added. None sets no seeds.
    memory : str, path, joblib.Memory, Store or None, default=None
        Cache of fitted members: an interrupted fit continues from there, and no
        member is fitted twice on the same data.
    time_limit : float or None, default=None
        Time limit in seconds for the fits of the members. Members that are not
        finished by then are left out and listed in `failed_`. None: no limit.
    scoring : str, callable, Loss or None, default=None
        Score of `leaderboard_`: the name of a scikit-learn scorer, a short name
        ("rmse", "auc"), a scorer, or a loss or its name. None: accuracy for classes and
        R2 for a continuous target.

    Attributes
    ----------
    weights_ : pandas.Series
        One weight per member.
    estimators_ : list of estimators
        The fitted members; with ``refit=False``, one `FoldAverage` per member.
    named_estimators_ : Bunch
        The fitted members by name.
    oof_ : OutOfFold
        Labelled out-of-fold predictions of the members; not available without
        splits.
    ensemble_oof_ : ndarray of shape (n,) or (n, k)
        Out-of-fold predictions of the ensemble; NaN for rows that no split
        predicts.
    fits_ : tuple of FoldFit
        All fits: member, split, rows, seconds, score.
    leaderboard_ : pandas.DataFrame
        Out-of-fold score, its standard deviation over splits, and seconds, one
        row per member, best first. The last row is the ensemble, scored on rows
        that its combiner was not fitted on.
    diversity_ : pandas.DataFrame
        Similarity of the out-of-fold errors per pair of members.
    failed_ : dict of str to tuple of Failure
        Members that were left out, with the reasons.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Names of the features, if `X` has names.

    See Also
    --------
    SuperLearnerRegressor : Weights that minimise the cross-validated risk.

    References
    ----------
    .. [1] Bates, J. M. and Granger, C. W. J. (1969). The combination of forecasts.
       Operational Research Quarterly 20(4), 451-468.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skensemble import VotingRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> vote = VotingRegressor(
    ...     [("ridge", Ridge()), ("tree", DecisionTreeRegressor(max_depth=3))],
    ...     weights=[2, 1],
    ... ).fit(X, y)
    >>> vote.transform(X).shape
    (442, 2)
    """

    voting = "soft"
    flatten_transform = True

    def __init__(
        self,
        estimators,
        *,
        weights=None,
        n_jobs=None,
        verbose=False,
        cv=None,
        on_error="raise",
        random_state=None,
        memory=None,
        time_limit=None,
        scoring=None,
    ):
        self.estimators = estimators
        self.weights = weights
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.cv = cv
        self.on_error = on_error
        self.random_state = random_state
        self.memory = memory
        self.time_limit = time_limit
        self.scoring = scoring

    def fit(self, X, y=None, sample_weight=None, **fit_params):
        """Fit the members on all rows and, if needed, on splits.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Training rows, passed to the members unchanged.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The continuous target.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights, for the members and for the combination of their
            predictions.
        **fit_params : dict
            ``groups`` for the splitter, ``member__parameter`` for one member; with
            metadata routing, what is requested.

        Returns
        -------
        self : estimator
            The fitted ensemble.
        """
        target = numeric_target(y)
        with rollback_on_error(self):
            return _fit(self, X, target, {"sample_weight": sample_weight, **fit_params})

    def _kind(self, target, seed):
        return _voting_kind(self, target)

    def _meta_feature_names(self):
        fitted = self._fitted
        return [f"{fitted.prefix}_{name}" for name in fitted.layers[-1].names]

    def _params_for(self, members):
        return _params_for(self, members)

    def __sklearn_tags__(self):
        """Declare the supported data to scikit-learn."""
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags
