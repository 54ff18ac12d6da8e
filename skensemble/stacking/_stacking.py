"""Stacking: a meta model on the out-of-fold predictions of the members."""

import time
from typing import Any

from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.callback import with_callbacks

from skensemble.core import (
    Target,
    check_layers,
    class_target,
    numeric_target,
    rollback_on_error,
    root_seed,
)
from skensemble.stacking._fit_steps import (
    begin_callbacks,
    check_parameters,
    fit_combination,
    fit_layers,
    read_inputs,
    split_rows,
)
from skensemble.stacking._fitted import set_fitted_attributes
from skensemble.stacking._guard import check_guard, guarded_layers
from skensemble.stacking._kind import EnsembleKind, splitting_of
from skensemble.stacking._meta_model import BaseMetaModelEnsemble, meta_model_kind


@with_callbacks
def _fit(stack: Any, X: Any, target: Target, params: dict[str, Any]) -> Any:
    """Fit the members of each layer on every split, then the meta model."""
    started = time.monotonic()
    check_parameters(stack, params)
    layers = check_layers(stack)
    members = [member for layer in layers for member in layer]
    seed = root_seed(stack.random_state)
    kind = stack._kind(target, seed)

    inputs = read_inputs(stack, kind, members, X, target, params, seed, started)
    splits = split_rows(kind, inputs)
    context = begin_callbacks(stack, inputs, len(members))

    layers, guard = guarded_layers(stack, layers, inputs)
    fitted_layers = fit_layers(stack, kind, layers, inputs, splits, context)
    fitted = fit_combination(stack, kind, fitted_layers, inputs, splits, context)

    stack._training = (inputs.X, target, inputs.params)
    set_fitted_attributes(stack, fitted, kind.attributes(fitted) | guard)
    context.call_on_fit_task_end(estimator=stack, X=inputs.X, y=target.values)
    return stack


def _stacking_kind(stack: Any, target: Target) -> EnsembleKind:
    check_guard(stack)
    return meta_model_kind(stack, target, splitting_of(stack), row_name="stack")


class StackingClassifier(ClassifierMixin, BaseMetaModelEnsemble):
    r"""Stack members with a meta classifier fitted on out-of-fold predictions.

    Every member :math:`m` is fitted on the training rows of every split and predicts
    the rows held out; the meta model :math:`g` is fitted on these out-of-fold
    predictions, :math:`g(z_i) \approx y_i` with
    :math:`z_i = (m_1^{(-i)}(x_i), \dots, m_M^{(-i)}(x_i))`.

    Drop-in for :class:`sklearn.ensemble.StackingClassifier`; additional parameters
    are keyword-only and come last.

    Read more in the :ref:`User Guide <guide_stacking>`.

    Parameters
    ----------
    estimators : list of (str, estimator)
        The members. ``"drop"`` instead of an estimator leaves a member out.
    final_estimator : estimator, default=None
        The meta model. None: ``LogisticRegression()`` for a classifier,
        ``RidgeCV()`` for a regressor.
    cv : int, splitter, iterable of (train, test) or "prefit", default=None
        The splits. None: five folds, stratified for classes. Predictions of rows that
        several splits predict are averaged; rows that no split predicts are NaN in
        `oof_` and are not used to fit the combiner.
        ``"prefit"``: the members are fitted already, on other rows.
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
    refit : bool, default=True
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
    layers : list of lists of (str, estimator), default=None
        Further layers of members above `estimators`. The members of a layer are
        fitted on the out-of-fold predictions of the layer below (and on `X` if
        ``passthrough=True``), on the same splits. Names are unique over all
        layers.
    guard : {None, "warn", "fallback"}, default=None
        Compare the layers on rows that are held out from all of them, see
        `guard_`. ``"warn"`` warns if fewer layers score better there;
        ``"fallback"`` fits only these.
    guard_fraction : float, default=0.2
        Share of the rows held out for the guard.
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
    stack_method_ : list of str
        The response method of each member.
    oof_ : OutOfFold
        Labelled out-of-fold predictions of the members; not available without
        splits.
    fits_ : tuple of FoldFit
        All fits: member, split, rows, seconds, score.
    leaderboard_ : pandas.DataFrame
        Out-of-fold score, its standard deviation over splits, and seconds, one
        row per member, best first. The last row is the ensemble, scored on rows
        that its combiner was not fitted on.
    ensemble_oof_ : ndarray of shape (n,) or (n, k)
        Out-of-fold predictions of the ensemble; NaN for rows that no split
        predicts.
    guard_ : pandas.DataFrame
        Out-of-fold score and held-out score by number of layers, if there is a
        `guard`.
    diversity_ : pandas.DataFrame
        Similarity of the out-of-fold errors per pair of members.
    failed_ : dict of str to tuple of Failure
        Members that were left out, with the reasons.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Names of the features, if `X` has names.

    Raises
    ------
    MemberFailedError
        If every member fails and ``on_error="drop"``.

    See Also
    --------
    StackingRegressor : Regression counterpart.

    References
    ----------
    .. [1] Wolpert, D. H. (1992). Stacked generalization. Neural Networks 5(2),
       241-259.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import RepeatedStratifiedKFold
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skensemble import StackingClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> stack = StackingClassifier(
    ...     [
    ...         ("tree", DecisionTreeClassifier(max_depth=3)),
    ...         ("logistic", LogisticRegression(max_iter=1000)),
    ...     ],
    ...     cv=RepeatedStratifiedKFold(n_splits=5, n_repeats=2, random_state=0),
    ...     random_state=0,
    ... ).fit(X, y)
    >>> stack.oof_["logistic"].shape
    (150, 3)
    >>> bool(stack.score(X, y) > 0.95)
    True
    """

    def __init__(
        self,
        estimators,
        final_estimator=None,
        *,
        cv=None,
        stack_method="auto",
        n_jobs=None,
        passthrough=False,
        verbose=0,
        refit=True,
        on_error="raise",
        random_state=None,
        layers=None,
        guard=None,
        guard_fraction=0.2,
        memory=None,
        time_limit=None,
        scoring=None,
        calibrate=None,
        calibrate_members=None,
    ):
        self.estimators = estimators
        self.final_estimator = final_estimator
        self.cv = cv
        self.stack_method = stack_method
        self.n_jobs = n_jobs
        self.passthrough = passthrough
        self.verbose = verbose
        self.refit = refit
        self.on_error = on_error
        self.random_state = random_state
        self.layers = layers
        self.guard = guard
        self.guard_fraction = guard_fraction
        self.memory = memory
        self.time_limit = time_limit
        self.scoring = scoring
        self.calibrate = calibrate
        self.calibrate_members = calibrate_members

    def fit(self, X, y=None, sample_weight=None, **fit_params):
        """Fit the members on every split, and the meta model on their predictions.

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
        return _stacking_kind(self, target)


class StackingRegressor(RegressorMixin, BaseMetaModelEnsemble):
    r"""Stack members with a meta regressor fitted on out-of-fold predictions.

    Every member :math:`m` is fitted on the training rows of every split and predicts
    the rows held out; the meta model :math:`g` is fitted on these out-of-fold
    predictions, :math:`g(z_i) \approx y_i` with
    :math:`z_i = (m_1^{(-i)}(x_i), \dots, m_M^{(-i)}(x_i))`.

    Drop-in for :class:`sklearn.ensemble.StackingRegressor`; additional parameters
    are keyword-only and come last.

    Read more in the :ref:`User Guide <guide_stacking>`.

    Parameters
    ----------
    estimators : list of (str, estimator)
        The members. ``"drop"`` instead of an estimator leaves a member out.
    final_estimator : estimator, default=None
        The meta model. None: ``LogisticRegression()`` for a classifier,
        ``RidgeCV()`` for a regressor.
    cv : int, splitter, iterable of (train, test) or "prefit", default=None
        The splits. None: five folds, stratified for classes. Predictions of rows that
        several splits predict are averaged; rows that no split predicts are NaN in
        `oof_` and are not used to fit the combiner.
        ``"prefit"``: the members are fitted already, on other rows.
    n_jobs : int, default=None
        Largest number of fits at a time; the fits and their own threads
        together use no more cores than that. None: one fit at a time, with as
        many threads as it starts.
    passthrough : bool, default=False
        Whether the meta model is fitted on `X` too, after the predictions of
        the members. A frame stays a frame and keeps its dtypes.
    verbose : int, default=0
        Verbosity; passed to joblib.
    refit : bool, default=True
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
    layers : list of lists of (str, estimator), default=None
        Further layers of members above `estimators`. The members of a layer are
        fitted on the out-of-fold predictions of the layer below (and on `X` if
        ``passthrough=True``), on the same splits. Names are unique over all
        layers.
    guard : {None, "warn", "fallback"}, default=None
        Compare the layers on rows that are held out from all of them, see
        `guard_`. ``"warn"`` warns if fewer layers score better there;
        ``"fallback"`` fits only these.
    guard_fraction : float, default=0.2
        Share of the rows held out for the guard.
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
    stack_method_ : list of str
        The response method of each member.
    oof_ : OutOfFold
        Labelled out-of-fold predictions of the members; not available without
        splits.
    fits_ : tuple of FoldFit
        All fits: member, split, rows, seconds, score.
    leaderboard_ : pandas.DataFrame
        Out-of-fold score, its standard deviation over splits, and seconds, one
        row per member, best first. The last row is the ensemble, scored on rows
        that its combiner was not fitted on.
    ensemble_oof_ : ndarray of shape (n,) or (n, k)
        Out-of-fold predictions of the ensemble; NaN for rows that no split
        predicts.
    guard_ : pandas.DataFrame
        Out-of-fold score and held-out score by number of layers, if there is a
        `guard`.
    diversity_ : pandas.DataFrame
        Similarity of the out-of-fold errors per pair of members.
    failed_ : dict of str to tuple of Failure
        Members that were left out, with the reasons.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Names of the features, if `X` has names.

    Raises
    ------
    MemberFailedError
        If every member fails and ``on_error="drop"``.

    See Also
    --------
    StackingClassifier : Classification counterpart.

    References
    ----------
    .. [1] Breiman, L. (1996). Stacked regressions. Machine Learning 24, 49-64.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import TimeSeriesSplit
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skensemble import StackingRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> stack = StackingRegressor(
    ...     [("ridge", Ridge()), ("tree", DecisionTreeRegressor(max_depth=3))],
    ...     cv=TimeSeriesSplit(5),
    ...     random_state=0,
    ... ).fit(X, y)
    >>> stack.oof_
    OutOfFold(442 rows, 365 covered, members=['ridge', 'tree'])
    """

    stack_method = "predict"

    def __init__(
        self,
        estimators,
        final_estimator=None,
        *,
        cv=None,
        n_jobs=None,
        passthrough=False,
        verbose=0,
        refit=True,
        on_error="raise",
        random_state=None,
        layers=None,
        guard=None,
        guard_fraction=0.2,
        memory=None,
        time_limit=None,
        scoring=None,
    ):
        self.estimators = estimators
        self.final_estimator = final_estimator
        self.cv = cv
        self.n_jobs = n_jobs
        self.passthrough = passthrough
        self.verbose = verbose
        self.refit = refit
        self.on_error = on_error
        self.random_state = random_state
        self.layers = layers
        self.guard = guard
        self.guard_fraction = guard_fraction
        self.memory = memory
        self.time_limit = time_limit
        self.scoring = scoring

    def fit(self, X, y=None, sample_weight=None, **fit_params):
        """Fit the members on every split, and the meta model on their predictions.

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
        return _stacking_kind(self, target)
