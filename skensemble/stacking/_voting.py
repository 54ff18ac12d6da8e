"""Voting: members fitted on all rows, and the mean of what they say."""

from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin, is_classifier
from sklearn.utils.validation import check_is_fitted

from skensemble.combination import OutOfFoldData, WeightedMean
from skensemble.core import check_choice, is_named_list
from skensemble.scoring import score_block
from skensemble.stacking._weighted import BaseWeighted
from skensemble.stacking.inspection._risk import pointwise_risk, risk_row

CV = "cv"
WAYS = ["hard", "soft", "logit"]
# Members without an error would weigh infinitely much.
_LEAST = 1e-12


class BaseVoting(BaseWeighted):
    """What the classifier and the regressor share."""

    _own_row = "vote"

    def _refits(self):
        return True

    @property
    def _how(self):
        return {"hard": "vote", "soft": "mean", "logit": "logit"}[self.voting]

    def _gives_probabilities(self):
        if self.voting == "hard":
            raise AttributeError(
                f"predict_proba is not available when voting={self.voting!r}"
            )
        return True

    def _method(self):
        return "predict" if self.voting == "hard" else super()._method()

    def _check_options(self):
        super()._check_options()
        check_choice("voting", self.voting, WAYS)
        check_choice("flatten_transform", self.flatten_transform, [True, False])
        if is_named_list(self.estimators):
            _check_weights(self.weights, self.estimators)
        for name in ("calibrate", "calibrate_members") if self.voting == "hard" else ():
            if (method := getattr(self, name)) is not None:
                raise ValueError(
                    f"{name}={method!r} calibrates probabilities, of which votes know "
                    "nothing; use voting='soft' or 'logit'."
                )

    def _votes_unsplit(self) -> bool:
        """Whether nothing has to be known out of fold."""
        learned = (
            isinstance(self.weights, str) or self.calibrate or self.calibrate_members
        )
        return self.cv is None and not learned

    def _splits(self, X, target, routed):
        return [] if self._votes_unsplit() else super()._splits(X, target, routed)

    def _reduce(self, kept):
        if self.weights is not None and not isinstance(self.weights, str):
            self.weights = [self._weight_of[name] for name, _ in self.estimators]
        super()._reduce(kept)

    def _keep(self, layers, n_rows):
        super()._keep(layers, n_rows)
        if self.verbose:
            _report(self.fits_, self._layers[0].names)

    def _answers_by_layer(self, X):
        # As in scikit-learn, `voting` counts when rows are predicted, not before.
        check_is_fitted(self)
        layer = self._layers[0]
        if not layer.calibrators:
            layer = replace(layer, methods=dict.fromkeys(layer.names, self._method()))
        return [layer.predict_blocks(X, self.n_jobs)]

    def _combined_now(self):
        return replace(self._combined, how=self._how)

    def _remember(self, fit, params):
        super()._remember(fit, params)
        if self.weights is not None and not isinstance(self.weights, str):
            names = [name for name, _ in self.estimators]
            self._weight_of = dict(zip(names, map(float, self.weights), strict=True))
        if fit.target.kind == "classes":
            self.le_ = fit.target.encoders[0]

    def _combine(self, fit):
        if not self._votes_unsplit():
            super()._combine(fit)
            return
        for name in ("oof_", "_case", "_found"):
            self.__dict__.pop(name, None)
        kept = self._layers[-1].names
        self._combined = self._combiner_of_given_weights(kept)
        self._calibrator = None
        self._accept(self._combined)

    def _combiner_of_given_weights(self, kept: list[str]) -> WeightedMean:
        weights = dict(zip(kept, self._given(kept), strict=True))
        return WeightedMean(weights, self._how, self._target_kind, self._n_classes)

    def _can_combine(self, names):
        if self.weights is None or isinstance(self.weights, str):
            return True
        return any(self._weight_of[name] for name in names)

    def _given(self, kept: list[str]) -> list[float]:
        if self.weights is None:
            return [1.0] * len(kept)
        given = [self._weight_of[name] for name in kept]
        if sum(given) == 0:
            raise ValueError(
                f"weights={self.weights!r} leave no weight on the members {kept}; give "
                "one of them a weight above 0."
            )
        return given

    def _weigh(self, oof_data):
        names = list(oof_data.blocks)
        if not isinstance(self.weights, str):
            return self._given(names), None
        merits = [self._merit(oof_data, name) for name in names]
        return np.divide(merits, sum(merits)), None

    def _merit(self, oof_data: OutOfFoldData, name: str) -> float:
        """Weight of a member, from its out-of-fold predictions."""
        block = oof_data.blocks[name]
        if self.voting == "hard":
            right = score_block(
                block,
                oof_data.methods[name],
                oof_data.y,
                kind=oof_data.kind,
                weight=oof_data.weight,
            )
            right = min(max(right, _LEAST), 1 - 1 / (len(oof_data) + 1))
            odds = (max(oof_data.n_classes, 2) - 1) * right / (1 - right)
            return max(float(np.log(odds)), _LEAST)
        losses = pointwise_risk(block, oof_data.y, oof_data.kind)
        return 1.0 / max(risk_row(losses, oof_data.weight)["risk"], _LEAST)

    def transform(self, X):
        """Predict what each member says of new rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        predictions : ndarray
            Shape (n_samples, n_members) for numbers and votes (as codes of classes);
            (n_samples, n_members * n_classes) for probabilities, or with
            ``flatten_transform=False`` (n_members, n_samples, n_classes).
        """
        check_is_fitted(self)
        blocks = list(self._answers(X).values())
        if blocks[0].ndim == 1:
            return np.asarray(blocks).T
        return np.hstack(blocks) if self.flatten_transform else np.asarray(blocks)

    def get_feature_names_out(self, input_features=None):
        """Name the columns that `transform` gives.

        Parameters
        ----------
        input_features : array-like of str, optional
            Checked against the names seen, otherwise not used.

        Returns
        -------
        names : ndarray of str
            One a member, numbered by class for probabilities.
        """
        if self.voting != "hard" and not self.flatten_transform:
            check_is_fitted(self)
            raise ValueError(
                "get_feature_names_out is not supported when `voting='soft'` and "
                "`flatten_transform=False`"
            )
        return super().get_feature_names_out(input_features)

    def __sklearn_tags__(self):
        """Tell scikit-learn what data fit."""
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags

    def _column_names(self):
        prefix, members = self._prefix(), self._layers[-1].names
        if self.voting == "hard" or not is_classifier(self):
            return [f"{prefix}_{name}" for name in members]
        width = len(self.classes_)
        return [f"{prefix}_{name}{k}" for name in members for k in range(width)]


def _report(fold_fits, names: list[str]) -> None:
    """Say how long each member took, in scikit-learn's format."""
    for k, name in enumerate(names, 1):
        seconds = sum(
            fold_fit.fit_seconds for fold_fit in fold_fits if fold_fit.member == name
        )
        message = f"({k} of {len(names)}) Processing {name}, total={seconds:6.1f}s"
        print(f"[Voting] {message:.>64}")  # noqa: T201


def _check_weights(weights: Any, estimators: Any) -> None:
    if weights is None or (isinstance(weights, str) and weights == CV):
        return
    if np.ndim(weights) != 1:
        raise ValueError(
            f"weights={weights!r} is not known; use 'cv', None, or one number a member."
        )
    if len(weights) != len(estimators):
        raise ValueError(
            "Number of `estimators` and weights must be equal; got "
            f"{len(weights)} weights, {len(estimators)} estimators; weights={weights!r} "
            "should hold one number a member."
        )
    numbers = np.asarray(weights)
    if numbers.dtype.kind not in "iufb" or not np.isfinite(numbers).all():
        raise ValueError(f"weights={weights!r} should be finite numbers, one a member.")
    if (numbers < 0).any() or not numbers.any():
        raise ValueError(
            f"weights={weights!r} should be at least 0, and one of them above 0."
        )


class VotingClassifier(ClassifierMixin, BaseVoting):
    r"""Members fitted on all rows, and their vote or mean probability.

    ``"hard"``: the class with the most votes, :math:`\arg\max_c \sum_m w_m
    [m(x) = c]`; ``"soft"``: of the mean probabilities :math:`\sum_m w_m p_m(c)`;
    ``"logit"``: of :math:`\exp \sum_m w_m \log p_m(c)`, which a member that is sure
    sways more.

    Drop-in for :class:`sklearn.ensemble.VotingClassifier`; what is added is keyword-only
    and comes last.

    Parameters
    ----------
    estimators : list of (str, estimator)
        The members. ``"drop"`` in place of an estimator leaves it out.
    voting : {"hard", "soft", "logit"}, default="hard"
        What is averaged: votes, probabilities, or logarithms of probabilities.
    weights : array-like of shape (n_members,), "cv" or None, default=None
        One weight a member (dropped ones too); None: all alike. ``"cv"``: from out of
        fold predictions, :math:`\log\frac{(k-1)a}{1-a}` of the accuracy :math:`a` of
        `k` classes for votes, the inverse of the log loss otherwise.
    n_jobs : int, default=None
        Cores granted: at most so many fits at a time, and fits x their own threads
        never exceed it. None: one fit at a time, on as many threads as it likes.
    flatten_transform : bool, default=True
        Whether `transform` puts the members' probabilities side by side, or into an
        array of shape (n_members, n_samples, n_classes).
    verbose : bool, default=False
        Passed to joblib.
    cv : int, splitter, iterable of (train, test), "prefit" or None, default=None
        With splits, members predict out of fold, so that there are an `oof_`, a
        `leaderboard_` and ``weights="cv"`` (for which, and to calibrate, None is five folds).
        ``"prefit"`` takes members that are fitted already.
    on_error : {"raise", "drop"}, default="raise"
        What a failing member does: end the fit with its own error, or be left out
        with a `MemberFailedWarning` and be listed in `failed_`.
    random_state : int, RandomState instance or None, default=None
        Seeds every member and splitter whose own ``random_state`` is None, by name:
        the same for any `n_jobs`, and adding a member changes no other. None leaves
        them as they are.
    memory : str, path, joblib.Memory, Store or None, default=None
        Where fitted members are kept: a fit that is killed goes on from there, and
        whatever is changed later, no member is fitted twice on the same data.
    time_limit : float or None, default=None
        Seconds that the fits of the members may take. Members that are not done by
        then are left out and listed in `failed_`.
    scoring : str, callable, Loss or None, default=None
        Scores of `leaderboard_`: a name as in scikit-learn, a scorer, or a loss; None
        is accuracy or R2.
    calibrate : {None, "temperature", "sigmoid", "isotonic"}, default=None
        Calibrate the probabilities of the whole, on its out-of-fold predictions.
    calibrate_members : {None, "temperature", "sigmoid", "isotonic"}, default=None
        Calibrate every member on its out-of-fold predictions before they are combined.

    Attributes
    ----------
    weights_ : pandas.Series
        One weight a member, as given or as found.
    classes_ : ndarray of shape (n_classes,) or list of ndarray
        The labels; one array an output for multilabel targets.
    le_ : LabelEncoder
        From labels to the codes that members are fitted on.
    estimators_ : list of estimators
        The fitted members.
    named_estimators_ : Bunch
        The same by name.
    oof_ : OutOfFold
        The out-of-fold predictions, labelled, where there are splits.
    ensemble_oof_ : ndarray of shape (n,) or (n, k)
        What the whole says of each row, combined without it; NaN where nobody can.
    fits_ : tuple of FittedCell
        Every fit: member, split, rows, seconds, score.
    leaderboard_ : pandas.DataFrame
        Score out of fold, its standard deviation over splits, and seconds, a row a
        member, best first; the last row is the ensemble, scored on rows that its
        combination had not seen.
    diversity_ : pandas.DataFrame
        How alike the errors of two members are, pair by pair.
    failed_ : dict of str to tuple of Failure
        Members left out, and why.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Their names, where `X` had any.

    See Also
    --------
    SuperLearnerClassifier : Weights that minimise the cross-validated risk.

    References
    ----------
    .. [1] Nitzan, S. and Paroush, J. (1982). Optimal decision rules in uncertain dichotomous
       choice situations. International Economic Review 23(2), 289-297.

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


class VotingRegressor(RegressorMixin, BaseVoting):
    r"""Members fitted on all rows, and the mean of what they predict.

    :math:`\hat y(x) = \sum_m w_m m(x) / \sum_m w_m`.

    Drop-in for :class:`sklearn.ensemble.VotingRegressor`; what is added is keyword-only
    and comes last.

    Parameters
    ----------
    estimators : list of (str, estimator)
        The members. ``"drop"`` in place of an estimator leaves it out.
    weights : array-like of shape (n_members,), "cv" or None, default=None
        One weight a member (dropped ones too); None: all alike. ``"cv"``: the inverse
        of the mean squared error out of fold.
    n_jobs : int, default=None
        Cores granted: at most so many fits at a time, and fits x their own threads
        never exceed it. None: one fit at a time, on as many threads as it likes.
    verbose : bool, default=False
        Passed to joblib.
    cv : int, splitter, iterable of (train, test), "prefit" or None, default=None
        With splits, members predict out of fold, so that there are an `oof_`, a
        `leaderboard_` and ``weights="cv"`` (for which, and to calibrate, None is five folds).
        ``"prefit"`` takes members that are fitted already.
    on_error : {"raise", "drop"}, default="raise"
        What a failing member does: end the fit with its own error, or be left out
        with a `MemberFailedWarning` and be listed in `failed_`.
    random_state : int, RandomState instance or None, default=None
        Seeds every member and splitter whose own ``random_state`` is None, by name:
        the same for any `n_jobs`, and adding a member changes no other. None leaves
        them as they are.
    memory : str, path, joblib.Memory, Store or None, default=None
        Where fitted members are kept: a fit that is killed goes on from there, and
        whatever is changed later, no member is fitted twice on the same data.
    time_limit : float or None, default=None
        Seconds that the fits of the members may take. Members that are not done by
        then are left out and listed in `failed_`.
    scoring : str, callable, Loss or None, default=None
        Scores of `leaderboard_`: a name as in scikit-learn, a scorer, or a loss; None
        is accuracy or R2.

    Attributes
    ----------
    weights_ : pandas.Series
        One weight a member, as given or as found.
    estimators_ : list of estimators
        The fitted members.
    named_estimators_ : Bunch
        The same by name.
    oof_ : OutOfFold
        The out-of-fold predictions, labelled, where there are splits.
    ensemble_oof_ : ndarray of shape (n,) or (n, k)
        What the whole says of each row, combined without it; NaN where nobody can.
    fits_ : tuple of FittedCell
        Every fit: member, split, rows, seconds, score.
    leaderboard_ : pandas.DataFrame
        Score out of fold, its standard deviation over splits, and seconds, a row a
        member, best first; the last row is the ensemble, scored on rows that its
        combination had not seen.
    diversity_ : pandas.DataFrame
        How alike the errors of two members are, pair by pair.
    failed_ : dict of str to tuple of Failure
        Members left out, and why.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Their names, where `X` had any.

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
