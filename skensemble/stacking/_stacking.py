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
from skensemble.stacking._fitted import set_fitted_attributes
from skensemble.stacking._guard import check_guard, guarded_layers
from skensemble.stacking._kind import EnsembleKind, splitting_of
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

    stack._training = (inputs.X, target, params)
    set_fitted_attributes(stack, fitted, kind.attributes(fitted) | guard)
    context.call_on_fit_task_end(estimator=stack, X=inputs.X, y=target.values)
    return stack


def _stacking_kind(stack: Any, target: Target) -> EnsembleKind:
    check_guard(stack)
    return meta_model_kind(stack, target, splitting_of(stack), row_name="stack")


class StackingClassifier(ClassifierMixin, BaseMetaModelEnsemble):
    r"""Stack of members with a classifier on top, on any split.

    Every member :math:`m` is fitted on the training rows of every split and predicts
    the rows held out; the meta model :math:`g` is fitted on these out-of-fold
    predictions, :math:`g(z_i) \approx y_i` with
    :math:`z_i = (m_1^{(-i)}(x_i), \dots, m_M^{(-i)}(x_i))`.

    Drop-in for :class:`sklearn.ensemble.StackingClassifier`; what is added is
    keyword-only and comes last.

    Parameters
    ----------
    estimators : list of (str, estimator)
        The members. ``"drop"`` in place of an estimator leaves it out.
    final_estimator : estimator, default=None
        The meta model; None is ``LogisticRegression()``.
    cv : int, splitter, iterable of (train, test) or "prefit", default=None
        Any way to split; None is five stratified folds. Rows predicted more than once
        are averaged; rows never predicted are NaN in `oof_` and left out of the meta
        fit. ``"prefit"`` takes members that are fitted already, on other rows.
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
    refit : bool, default=True
        Whether members are fitted once more on all rows to predict new ones. With
        False, the models of the splits predict together: one fit a member fewer.
    on_error : {"raise", "drop"}, default="raise"
        What a failing member does: end the fit with its own error, or be left out
        with a `MemberFailedWarning` and be listed in `failed_`.
    random_state : int, RandomState instance or None, default=None
        Seeds every member and splitter whose own ``random_state`` is None, by name:
        the same for any `n_jobs`, and adding a member changes no other. None leaves
        them as they are.
    layers : list of lists of (str, estimator), default=None
        Further layers of members above `estimators`: each sees the out-of-fold
        predictions of the layer below (and `X` on ``passthrough=True``), on the same
        splits. Names are unique over all layers.
    guard : {None, "warn", "fallback"}, default=None
        Measure, on a part held out first, whether the upper layers keep what they
        promise out of fold (see `guard_`): warn where they do not, or fit only as many
        layers as do best there.
    guard_fraction : float, default=0.2
        Share of the rows held out for the guard.
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
        The fitted members (``refit=False``: a `FoldAverage` each).
    named_estimators_ : Bunch
        The same by name.
    final_estimator_ : estimator
        The fitted meta model.
    weights_ : pandas.Series
        Share of each member in the meta model, where that tells coefficients or
        importances.
    stack_method_ : list of str
        How each member is asked.
    oof_ : OutOfFold
        The out-of-fold predictions, labelled.
    fits_ : tuple of FittedCell
        Every fit: member, split, rows, seconds, score.
    leaderboard_ : pandas.DataFrame
        Accuracy out of fold, its standard deviation over splits, and seconds, a row a
        member, best first; the last row is the stack, scored with the meta model
        fitted without the rows scored.
    ensemble_oof_ : ndarray of shape (n,) or (n, k)
        What the whole says of each row, combined without it; NaN where nobody can.
    guard_ : pandas.DataFrame
        Out-of-fold and held-out score by number of layers, with a `guard`.
    diversity_ : pandas.DataFrame
        How alike the errors of two members are, pair by pair.
    failed_ : dict of str to tuple of Failure
        Members left out, and why.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Their names, where `X` had any.

    Raises
    ------
    MemberFailedError
        With ``on_error="drop"``, when every member failed.

    See Also
    --------
    StackingRegressor : The same for numbers.

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

    def fit(self, X, y=None, **fit_params):
        """Fit the members on every split, and the meta model on their predictions.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Training rows, passed to the members unchanged.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Classes, or an indicator matrix for multilabel targets.
        **fit_params : dict
            ``sample_weight`` for members and meta model, ``groups`` for the splitter,
            ``member__parameter`` for one member; with metadata routing, what is
            requested.

        Returns
        -------
        self : estimator
            The fitted ensemble.
        """
        target = class_target(y)
        with rollback_on_error(self):
            return _fit(self, X, target, fit_params)

    def _kind(self, target, seed):
        return _stacking_kind(self, target)


class StackingRegressor(RegressorMixin, BaseMetaModelEnsemble):
    r"""Stack of members with a regressor on top, on any split.

    Every member :math:`m` is fitted on the training rows of every split and predicts
    the rows held out; the meta model :math:`g` is fitted on these out-of-fold
    predictions, :math:`g(z_i) \approx y_i` with
    :math:`z_i = (m_1^{(-i)}(x_i), \dots, m_M^{(-i)}(x_i))`.

    Drop-in for :class:`sklearn.ensemble.StackingRegressor`; what is added is
    keyword-only and comes last.

    Parameters
    ----------
    estimators : list of (str, estimator)
        The members. ``"drop"`` in place of an estimator leaves it out.
    final_estimator : estimator, default=None
        The meta model; None is ``RidgeCV()``.
    cv : int, splitter, iterable of (train, test) or "prefit", default=None
        Any way to split; None is five folds. Rows predicted more than once are
        averaged; rows never predicted are NaN in `oof_` and left out of the meta fit.
        ``"prefit"`` takes members that are fitted already, on other rows.
    n_jobs : int, default=None
        Cores granted: at most so many fits at a time, and fits x their own threads
        never exceed it. None: one fit at a time, on as many threads as it likes.
    passthrough : bool, default=False
        Whether the meta model sees `X` too. A frame stays a frame, dtypes and all.
    verbose : int, default=0
        Passed to joblib.
    refit : bool, default=True
        Whether members are fitted once more on all rows to predict new ones. With
        False, the models of the splits predict together: one fit a member fewer.
    on_error : {"raise", "drop"}, default="raise"
        What a failing member does: end the fit with its own error, or be left out
        with a `MemberFailedWarning` and be listed in `failed_`.
    random_state : int, RandomState instance or None, default=None
        Seeds every member and splitter whose own ``random_state`` is None, by name:
        the same for any `n_jobs`, and adding a member changes no other. None leaves
        them as they are.
    layers : list of lists of (str, estimator), default=None
        Further layers of members above `estimators`: each sees the out-of-fold
        predictions of the layer below (and `X` on ``passthrough=True``), on the same
        splits. Names are unique over all layers.
    guard : {None, "warn", "fallback"}, default=None
        Measure, on a part held out first, whether the upper layers keep what they
        promise out of fold (see `guard_`): warn where they do not, or fit only as many
        layers as do best there.
    guard_fraction : float, default=0.2
        Share of the rows held out for the guard.
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
        The fitted members (``refit=False``: a `FoldAverage` each).
    named_estimators_ : Bunch
        The same by name.
    final_estimator_ : estimator
        The fitted meta model.
    weights_ : pandas.Series
        Share of each member in the meta model, where that tells coefficients or
        importances.
    stack_method_ : list of str
        How each member is asked.
    oof_ : OutOfFold
        The out-of-fold predictions, labelled.
    fits_ : tuple of FittedCell
        Every fit: member, split, rows, seconds, score.
    leaderboard_ : pandas.DataFrame
        R2 out of fold, its standard deviation over splits, and seconds, a row a
        member, best first; the last row is the stack, scored with the meta model
        fitted without the rows scored.
    ensemble_oof_ : ndarray of shape (n,) or (n, k)
        What the whole says of each row, combined without it; NaN where nobody can.
    guard_ : pandas.DataFrame
        Out-of-fold and held-out score by number of layers, with a `guard`.
    diversity_ : pandas.DataFrame
        How alike the errors of two members are, pair by pair.
    failed_ : dict of str to tuple of Failure
        Members left out, and why.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Their names, where `X` had any.

    Raises
    ------
    MemberFailedError
        With ``on_error="drop"``, when every member failed.

    See Also
    --------
    StackingClassifier : The same for classes.

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

    def fit(self, X, y=None, **fit_params):
        """Fit the members on every split, and the meta model on their predictions.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Training rows, passed to the members unchanged.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The continuous target.
        **fit_params : dict
            ``sample_weight`` for members and meta model, ``groups`` for the splitter,
            ``member__parameter`` for one member; with metadata routing, what is
            requested.

        Returns
        -------
        self : estimator
            The fitted ensemble.
        """
        target = numeric_target(y)
        with rollback_on_error(self):
            return _fit(self, X, target, fit_params)

    def _kind(self, target, seed):
        return _stacking_kind(self, target)
