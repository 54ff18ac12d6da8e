"""Blending: a meta model on the predictions of the members for one holdout."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.callback import with_callbacks

from skensemble.core import (
    Target,
    check_choice,
    check_layers,
    check_share,
    class_target,
    named_seed,
    numeric_target,
    rollback_on_error,
    root_seed,
)
from skensemble.fitting import WAYS, Split, inner_split
from skensemble.stacking._fitted import set_fitted_attributes
from skensemble.stacking._kind import EnsembleKind
from skensemble.stacking._layers import (
    begin_callbacks,
    check_parameters,
    fit_combination,
    fit_layers,
    read_inputs,
    split_rows,
)
from skensemble.stacking._meta_model import BaseMetaModelEnsemble, meta_model_kind


@with_callbacks
def _fit(blend: Any, X: Any, target: Target, params: dict[str, Any]) -> Any:
    """Fit the members on a part of the rows, the meta model on their predictions."""
    started = time.monotonic()
    check_parameters(blend, params)
    (members,) = check_layers(blend)
    seed = root_seed(blend.random_state)
    kind = blend._kind(target, seed)

    inputs = read_inputs(blend, kind, members, X, target, params, seed, started)
    splits = split_rows(kind, inputs)
    context = begin_callbacks(blend, inputs, len(members))

    layers = fit_layers(blend, kind, [members], inputs, splits, context)
    fitted = fit_combination(blend, kind, layers, inputs, splits, context)

    blend._training = (inputs.X, target, params)
    set_fitted_attributes(blend, fitted, kind.attributes(fitted))
    context.call_on_fit_task_end(estimator=blend, X=inputs.X, y=target.values)
    return blend


@dataclass(frozen=True)
class Holdout:
    """One split: the rows held out are those that the meta model is fitted on."""

    validation: Any
    fraction: float

    @property
    def description(self) -> str:
        """The parameter that decides."""
        return f"validation_fraction={self.fraction!r}"

    def split(
        self, X: Any, target: Target, params: dict[str, Any], seed: int | None
    ) -> list[Split]:
        """Split the rows."""
        groups = params.get("groups")
        if not isinstance(self.validation, str):
            train, test = _given_rows(self.validation, len(target.values))
        else:
            train, test = inner_split(
                target.values,
                fraction=self.fraction,
                how=self.validation,
                stratify=target.kind == "classes",
                groups=groups,
                seed=named_seed(0 if seed is None else seed, "validation"),
            )
        _check_groups(groups, train, test, self.validation)
        return [Split(0, train, test)]


def _blending_kind(blend: Any, target: Target) -> EnsembleKind:
    check_share("validation_fraction", blend.validation_fraction, of="rows")
    if isinstance(blend.validation, str):
        check_choice("validation", blend.validation, list(WAYS))
    holdout = Holdout(blend.validation, blend.validation_fraction)
    return meta_model_kind(blend, target, holdout, row_name="blend")


def _check_groups(groups: Any, train: np.ndarray, test: np.ndarray, how: Any) -> None:
    """Refuse a holdout with rows of one group on both sides."""
    if groups is None:
        return
    groups = np.asarray(groups)
    if len(both := np.intersect1d(groups[train], groups[test])):
        words = (
            f"validation={how!r}" if isinstance(how, str) else "validation, the rows,"
        )
        raise ValueError(
            f"{words} leaves {len(both)} of the groups on both sides, such as "
            f"{both[0]}; use validation='random', or rows that hold whole groups."
        )


def _given_rows(rows: Any, n_rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Read the rows held out: positions, or a mask."""
    held = np.asarray(rows)
    if held.dtype == bool and held.shape == (n_rows,):
        held = np.flatnonzero(held)
    fits = held.ndim == 1 and held.dtype.kind in "iu" and 0 < len(held) < n_rows
    if not fits or held.min() < 0 or held.max() >= n_rows:
        raise ValueError(
            f"validation={rows!r} should be 'random', 'last', positions of rows from 0 to "
            f"{n_rows - 1}, or a mask of {n_rows} booleans that leaves rows on both sides."
        )
    held = np.unique(held).astype(np.intp)
    return np.setdiff1d(np.arange(n_rows), held), held


class BlendingClassifier(ClassifierMixin, BaseMetaModelEnsemble):
    r"""Members fitted on a part of the rows, a classifier on what they say of the rest.

    The rows are split once, into :math:`T` and :math:`H`. Every member :math:`m` is
    fitted on :math:`T`, and the meta model on what they predict of :math:`H`:
    :math:`g(m_1(x_i), \dots, m_M(x_i)) \approx y_i` for :math:`i \in H`. One fit a
    member, where a stack takes one a split; the meta model learns from fewer rows.

    Parameters
    ----------
    estimators : list of (str, estimator)
        The members. ``"drop"`` in place of an estimator leaves it out.
    final_estimator : estimator, default=None
        The meta model; None is ``LogisticRegression()``.
    validation_fraction : float, default=0.2
        Share of the rows held out for the meta model; classes keep their shares, and
        rows of one group stay on one side where ``fit`` is given `groups`.
    validation : {"random", "last"} or array-like, default="random"
        Which rows are held out: some at random, the last block (rows ordered in
        time), or those given, as places or as a mask of booleans.
    stack_method : str, default="auto"
        ``"predict_proba"``, ``"decision_function"`` or ``"predict"``; ``"auto"`` takes
        the first of these that a member has.
    n_jobs : int, default=None
        Cores granted: at most so many fits at a time, and fits x their own threads
        never exceed it. None: one fit at a time, on as many threads as it likes.
    passthrough : bool, default=False
        Whether the meta model sees `X` too. A frame stays a frame, dtypes and all.
    verbose : int, default=0
        Passed to joblib.
    refit : bool, default=False
        Whether members are fitted once more on all rows to predict new ones.
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
    classes_ : ndarray of shape (n_classes,) or list of ndarray
        The labels; one array an output for multilabel targets.
    estimators_ : list of estimators
        The fitted members.
    named_estimators_ : Bunch
        The same by name.
    final_estimator_ : estimator
        The fitted meta model.
    weights_ : pandas.Series
        Share of each member in the meta model, where that tells coefficients or
        importances.
    oof_ : OutOfFold
        The out-of-fold predictions, labelled.
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
    StackingClassifier : On splits that predict every row.

    References
    ----------
    .. [1] Toescher, A., Jahrer, M. and Bell, R. M. (2009). The BigChaos solution to the
       Netflix grand prize.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skensemble import BlendingClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> blend = BlendingClassifier(
    ...     [
    ...         ("tree", DecisionTreeClassifier(max_depth=3)),
    ...         ("linear", make_pipeline(StandardScaler(), LogisticRegression())),
    ...     ],
    ...     random_state=0,
    ... ).fit(X, y)
    >>> int(blend.oof_.covered.sum())  # of 569 rows
    114
    >>> bool(blend.score(X, y) > 0.95)
    True
    """

    def __init__(
        self,
        estimators,
        final_estimator=None,
        *,
        validation_fraction=0.2,
        validation="random",
        stack_method="auto",
        n_jobs=None,
        passthrough=False,
        verbose=0,
        refit=False,
        on_error="raise",
        random_state=None,
        memory=None,
        time_limit=None,
        scoring=None,
        calibrate=None,
        calibrate_members=None,
    ):
        self.estimators = estimators
        self.final_estimator = final_estimator
        self.validation_fraction = validation_fraction
        self.validation = validation
        self.stack_method = stack_method
        self.n_jobs = n_jobs
        self.passthrough = passthrough
        self.verbose = verbose
        self.refit = refit
        self.on_error = on_error
        self.random_state = random_state
        self.memory = memory
        self.time_limit = time_limit
        self.scoring = scoring
        self.calibrate = calibrate
        self.calibrate_members = calibrate_members

    _splits_itself = True

    def fit(self, X, y=None, *, groups=None, **fit_params):
        """Fit the members on a part of the rows, the meta model on their predictions.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Training rows, passed to the members unchanged.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Classes, or an indicator matrix for multilabel targets.
        groups : array-like of shape (n_samples,), default=None
            Groups of the rows; the rows of a group stay on one side of the split.
        **fit_params : dict
            ``sample_weight`` for members and meta model, ``member__parameter`` for one
            member; with metadata routing, what is requested.

        Returns
        -------
        self : estimator
            The fitted ensemble.
        """
        target = class_target(y)
        with rollback_on_error(self):
            return _fit(self, X, target, {"groups": groups, **fit_params})

    def _kind(self, target, seed):
        return _blending_kind(self, target)

    def get_metadata_routing(self):
        """Get the routing of metadata to the members and the meta model.

        `groups` are requested by the ensemble itself.

        Returns
        -------
        router : MetadataRouter
            The routing.
        """
        return super().get_metadata_routing().add_self_request(self)


class BlendingRegressor(RegressorMixin, BaseMetaModelEnsemble):
    r"""Members fitted on a part of the rows, a regressor on what they say of the rest.

    The rows are split once, into :math:`T` and :math:`H`. Every member :math:`m` is
    fitted on :math:`T`, and the meta model on what they predict of :math:`H`:
    :math:`g(m_1(x_i), \dots, m_M(x_i)) \approx y_i` for :math:`i \in H`. One fit a
    member, where a stack takes one a split; the meta model learns from fewer rows.

    Parameters
    ----------
    estimators : list of (str, estimator)
        The members. ``"drop"`` in place of an estimator leaves it out.
    final_estimator : estimator, default=None
        The meta model; None is ``RidgeCV()``.
    validation_fraction : float, default=0.2
        Share of the rows held out for the meta model; classes keep their shares, and
        rows of one group stay on one side where ``fit`` is given `groups`.
    validation : {"random", "last"} or array-like, default="random"
        Which rows are held out: some at random, the last block (rows ordered in
        time), or those given, as places or as a mask of booleans.
    n_jobs : int, default=None
        Cores granted: at most so many fits at a time, and fits x their own threads
        never exceed it. None: one fit at a time, on as many threads as it likes.
    passthrough : bool, default=False
        Whether the meta model sees `X` too. A frame stays a frame, dtypes and all.
    verbose : int, default=0
        Passed to joblib.
    refit : bool, default=False
        Whether members are fitted once more on all rows to predict new ones.
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
    estimators_ : list of estimators
        The fitted members.
    named_estimators_ : Bunch
        The same by name.
    final_estimator_ : estimator
        The fitted meta model.
    weights_ : pandas.Series
        Share of each member in the meta model, where that tells coefficients or
        importances.
    oof_ : OutOfFold
        The out-of-fold predictions, labelled.
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
    StackingRegressor : On splits that predict every row.

    References
    ----------
    .. [1] Toescher, A., Jahrer, M. and Bell, R. M. (2009). The BigChaos solution to the
       Netflix grand prize.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skensemble import BlendingRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> blend = BlendingRegressor(
    ...     [("ridge", Ridge()), ("tree", DecisionTreeRegressor(max_depth=3))],
    ...     validation="last",
    ...     random_state=0,
    ... ).fit(X, y)
    >>> blend.oof_
    OutOfFold(442 rows, 88 covered, members=['ridge', 'tree'])
    """

    stack_method = "predict"

    def __init__(
        self,
        estimators,
        final_estimator=None,
        *,
        validation_fraction=0.2,
        validation="random",
        n_jobs=None,
        passthrough=False,
        verbose=0,
        refit=False,
        on_error="raise",
        random_state=None,
        memory=None,
        time_limit=None,
        scoring=None,
    ):
        self.estimators = estimators
        self.final_estimator = final_estimator
        self.validation_fraction = validation_fraction
        self.validation = validation
        self.n_jobs = n_jobs
        self.passthrough = passthrough
        self.verbose = verbose
        self.refit = refit
        self.on_error = on_error
        self.random_state = random_state
        self.memory = memory
        self.time_limit = time_limit
        self.scoring = scoring

    _splits_itself = True

    def fit(self, X, y=None, *, groups=None, **fit_params):
        """Fit the members on a part of the rows, the meta model on their predictions.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Training rows, passed to the members unchanged.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The continuous target.
        groups : array-like of shape (n_samples,), default=None
            Groups of the rows; the rows of a group stay on one side of the split.
        **fit_params : dict
            ``sample_weight`` for members and meta model, ``member__parameter`` for one
            member; with metadata routing, what is requested.

        Returns
        -------
        self : estimator
            The fitted ensemble.
        """
        target = numeric_target(y)
        with rollback_on_error(self):
            return _fit(self, X, target, {"groups": groups, **fit_params})

    def _kind(self, target, seed):
        return _blending_kind(self, target)

    def get_metadata_routing(self):
        """Get the routing of metadata to the members and the meta model.

        `groups` are requested by the ensemble itself.

        Returns
        -------
        router : MetadataRouter
            The routing.
        """
        return super().get_metadata_routing().add_self_request(self)
