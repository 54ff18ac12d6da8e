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
from skensemble.fitting import HOLDOUT_CHOICES, Split, inner_split
from skensemble.stacking._fit_steps import (
    begin_callbacks,
    check_parameters,
    fit_combination,
    fit_layers,
    read_inputs,
    split_rows,
)
from skensemble.stacking._fitted import set_fitted_attributes
from skensemble.stacking._kind import EnsembleKind
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

    blend._training = (inputs.X, target, inputs.params)
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
        """The parameter that determines the split, for error messages."""
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
        check_choice("validation", blend.validation, list(HOLDOUT_CHOICES))
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
    r"""Blend members with a meta classifier fitted on one holdout.

    The rows are split once, into :math:`T` and :math:`H`. Every member :math:`m` is
    fitted on :math:`T`, and the meta model on the predictions of :math:`H`:
    :math:`g(m_1(x_i), \dots, m_M(x_i)) \approx y_i` for :math:`i \in H`. Blending needs
    one fit per member, stacking one per member and split; the meta model of blending is
    fitted on fewer rows.

    Read more in the :ref:`User Guide <guide_blending>`.

    Parameters
    ----------
    estimators : list of (str, estimator)
        The members. ``"drop"`` instead of an estimator leaves a member out.
    final_estimator : estimator, default=None
        The meta model. None: ``LogisticRegression()`` for a classifier,
        ``RidgeCV()`` for a regressor.
    validation_fraction : float, default=0.2
        Share of the rows held out for the meta model. The holdout is stratified
        for classes, and keeps the rows of a group together if ``fit`` gets
        `groups`.
    validation : {"random", "last"} or array-like, default="random"
        The rows held out: random ones, the last ones (for rows ordered in
        time), or the given ones, as positions or as a boolean mask.
    stack_method : str, default="auto"
        Response method of the members: ``"predict_proba"``,
        ``"decision_function"`` or ``"predict"``; ``"auto"`` is the first of
        these that a member has.
    n_jobs : int, default=None
        Largest number of fits at a time; the fits and their own threads
        together use no more cores than that. None: one fit at a time, with as
        many threads as it starts.
    passthrough : bool, default=False
        Whether the meta model is fitted on `X` too, after the predictions of
        the members. A frame stays a frame and keeps its dtypes.
    verbose : int, default=0
        Verbosity; passed to joblib.
    refit : bool, default=False
        Whether members are fitted on all rows too, to predict new rows. False:
        the models of the splits predict new rows together, which saves one fit
        per member.
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
    classes_ : ndarray of shape (n_classes,) or list of ndarray
        The labels; one array per output for multilabel targets.
    estimators_ : list of estimators
        The fitted members; with ``refit=False``, one `FoldAverage` per member.
    named_estimators_ : Bunch
        The fitted members by name.
    final_estimator_ : estimator
        The fitted meta model.
    weights_ : pandas.Series
        Share of each member in the meta model, if that has coefficients or
        importances.
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
    StackingClassifier : Meta model on splits that predict every row.

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

    def fit(self, X, y=None, sample_weight=None, *, groups=None, **fit_params):
        """Fit the members on a part of the rows, the meta model on their predictions.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Training rows, passed to the members unchanged.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Classes, or an indicator matrix for multilabel targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights, for the members and for the combination of their
            predictions.
        groups : array-like of shape (n_samples,), default=None
            Groups of the rows; the rows of a group stay on one side of the split.
        **fit_params : dict
            ``member__parameter`` for one member; with metadata routing, what is
            requested.

        Returns
        -------
        self : estimator
            The fitted ensemble.
        """
        params = {"sample_weight": sample_weight, "groups": groups} | fit_params
        target = class_target(y)
        with rollback_on_error(self):
            return _fit(self, X, target, params)

    def _kind(self, target, seed):
        return _blending_kind(self, target)


class BlendingRegressor(RegressorMixin, BaseMetaModelEnsemble):
    r"""Blend members with a meta regressor fitted on one holdout.

    The rows are split once, into :math:`T` and :math:`H`. Every member :math:`m` is
    fitted on :math:`T`, and the meta model on the predictions of :math:`H`:
    :math:`g(m_1(x_i), \dots, m_M(x_i)) \approx y_i` for :math:`i \in H`. Blending needs
    one fit per member, stacking one per member and split; the meta model of blending is
    fitted on fewer rows.

    Read more in the :ref:`User Guide <guide_blending>`.

    Parameters
    ----------
    estimators : list of (str, estimator)
        The members. ``"drop"`` instead of an estimator leaves a member out.
    final_estimator : estimator, default=None
        The meta model. None: ``LogisticRegression()`` for a classifier,
        ``RidgeCV()`` for a regressor.
    validation_fraction : float, default=0.2
        Share of the rows held out for the meta model. The holdout is stratified
        for classes, and keeps the rows of a group together if ``fit`` gets
        `groups`.
    validation : {"random", "last"} or array-like, default="random"
        The rows held out: random ones, the last ones (for rows ordered in
        time), or the given ones, as positions or as a boolean mask.
    n_jobs : int, default=None
        Largest number of fits at a time; the fits and their own threads
        together use no more cores than that. None: one fit at a time, with as
        many threads as it starts.
    passthrough : bool, default=False
        Whether the meta model is fitted on `X` too, after the predictions of
        the members. A frame stays a frame and keeps its dtypes.
    verbose : int, default=0
        Verbosity; passed to joblib.
    refit : bool, default=False
        Whether members are fitted on all rows too, to predict new rows. False:
        the models of the splits predict new rows together, which saves one fit
        per member.
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
    estimators_ : list of estimators
        The fitted members; with ``refit=False``, one `FoldAverage` per member.
    named_estimators_ : Bunch
        The fitted members by name.
    final_estimator_ : estimator
        The fitted meta model.
    weights_ : pandas.Series
        Share of each member in the meta model, if that has coefficients or
        importances.
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
    StackingRegressor : Meta model on splits that predict every row.

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

    def fit(self, X, y=None, sample_weight=None, *, groups=None, **fit_params):
        """Fit the members on a part of the rows, the meta model on their predictions.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Training rows, passed to the members unchanged.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The continuous target.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights, for the members and for the combination of their
            predictions.
        groups : array-like of shape (n_samples,), default=None
            Groups of the rows; the rows of a group stay on one side of the split.
        **fit_params : dict
            ``member__parameter`` for one member; with metadata routing, what is
            requested.

        Returns
        -------
        self : estimator
            The fitted ensemble.
        """
        params = {"sample_weight": sample_weight, "groups": groups} | fit_params
        target = numeric_target(y)
        with rollback_on_error(self):
            return _fit(self, X, target, params)

    def _kind(self, target, seed):
        return _blending_kind(self, target)
