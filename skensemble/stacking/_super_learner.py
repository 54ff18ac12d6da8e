"""The Super Learner: weights of members that minimise the cross-validated risk."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin, RegressorMixin, is_classifier
from sklearn.callback import with_callbacks

from skensemble.combination import OutOfFoldData, WeightedMean
from skensemble.core import (
    Target,
    check_layers,
    class_target,
    numeric_target,
    rollback_on_error,
    root_seed,
)
from skensemble.fitting import check_folds, plan_splits
from skensemble.member_weights import as_weight_solver, with_classes
from skensemble.stacking._fit_steps import (
    FitInputs,
    begin_callbacks,
    check_parameters,
    fit_combination,
    fit_layers,
    read_inputs,
    split_rows,
)
from skensemble.stacking._fitted import FittedEnsemble, set_fitted_attributes
from skensemble.stacking._kind import Combination, EnsembleKind
from skensemble.stacking._weighted import (
    BaseWeightedEnsemble,
    stack_predictions,
    weight_attributes,
    weighted_kind,
    weighted_mean,
)
from skensemble.stacking.inspection import outer_risk, pointwise_risk, risk_row

_ROW_NAME = "super learner"


@with_callbacks
def _fit(learner: Any, X: Any, target: Target, params: dict[str, Any]) -> Any:
    """Fit the members on every split, then their weights."""
    started = time.monotonic()
    check_parameters(learner, params)
    (members,) = check_layers(learner)
    seed = root_seed(learner.random_state)
    kind = learner._kind(target, seed)

    inputs = read_inputs(learner, kind, members, X, target, params, seed, started)
    _check_outer_splits(learner, inputs)
    splits = split_rows(kind, inputs)
    context = begin_callbacks(learner, inputs, len(members))

    layers = fit_layers(learner, kind, [members], inputs, splits, context)
    fitted = fit_combination(learner, kind, layers, inputs, splits, context)

    learner._training = (inputs.X, target, inputs.params)
    set_fitted_attributes(learner, fitted, kind.attributes(fitted))
    vars(learner).update(_outer_risk(learner, inputs.X, target, inputs.params))
    context.call_on_fit_task_end(estimator=learner, X=inputs.X, y=target.values)
    return learner


@dataclass(frozen=True)
class SolverCombination(Combination):
    """Fits weights with a weight solver."""

    solver: Any

    def __call__(self, oof_data: OutOfFoldData) -> WeightedMean:
        """Fit the weights."""
        weights = self.solver.weigh(
            stack_predictions(oof_data),
            oof_data.y,
            kind=oof_data.kind,
            sample_weight=oof_data.weight,
        )
        return weighted_mean(oof_data, weights)


def _super_learner_kind(learner: Any, target: Target) -> EnsembleKind:
    solver = with_classes(as_weight_solver(learner.solver), target)
    kind = weighted_kind(learner, target, SolverCombination(solver), row_name=_ROW_NAME)
    if learner.outer_cv is not None and kind.prefit:
        raise ValueError(
            f"outer_cv={learner.outer_cv!r} fits the members again on parts of the "
            "rows, which cv='prefit' does not; use another cv, or outer_cv=None."
        )
    _check_screeners(learner.screeners, [name for name, _ in learner.estimators])
    return replace(
        kind,
        attributes=_attributes,
        screeners=dict(learner.screeners or {}),
        training_attributes=_outer_risk,
    )


def _check_screeners(screeners: Any, names: list[str]) -> None:
    """Refuse screeners of unknown members, and those that are not transformers."""
    if screeners is None:
        return
    if not isinstance(screeners, Mapping):
        raise ValueError(
            f"screeners={screeners!r} should be a dict of member name to transformer."
        )
    if unknown := [name for name in screeners if name not in names]:
        raise ValueError(
            f"screeners names {unknown}, which are not members; members: {names}."
        )
    for name, screener in screeners.items():
        able = hasattr(screener, "fit") and hasattr(screener, "transform")
        if screener is not None and (isinstance(screener, type) or not able):
            raise ValueError(
                f"screeners: {screener!r} of member {name!r} should be a transformer, "
                "with fit and transform."
            )


def _check_outer_splits(learner: Any, inputs: FitInputs) -> None:
    """Refuse an `outer_cv` that cannot split the rows before a member is fitted."""
    if learner.outer_cv is None:
        return
    classifier, groups = is_classifier(learner), inputs.routed.splitter.get("groups")
    if classifier:
        check_folds("outer_cv", learner.outer_cv, inputs.target)
    plan_splits(
        learner.outer_cv,
        inputs.X,
        inputs.target.values,
        n_rows=len(inputs.target.values),
        classifier=classifier,
        params={} if groups is None else {"groups": groups},
        name="outer_cv",
    )


def _outer_risk(
    learner: Any, X: Any, target: Target, params: dict[str, Any]
) -> dict[str, Any]:
    """Return the fitted attribute `outer_risk_`, if there is an `outer_cv`."""
    if learner.outer_cv is None:
        return {}
    return {"outer_risk_": outer_risk(learner, X, target, params, _ROW_NAME)}


def _attributes(fitted: FittedEnsemble) -> dict[str, Any]:
    """Return the fitted attributes `weights_` and `cv_risk_`."""
    known = weight_attributes(fitted)
    oof_data = fitted.known_oof_data()
    table = {}
    for name, block in oof_data.blocks.items():
        losses = pointwise_risk(block, oof_data.y, oof_data.kind)
        row = risk_row(losses, oof_data.weight)
        table[name] = row | {"weight": known["weights_"][name]}
    held_out = fitted.known_evaluation().held_out
    own = {"risk": np.nan, "se": np.nan}
    if held_out.block is not None:
        rows = held_out.rows
        weight = None if oof_data.weight is None else oof_data.weight[rows]
        losses = pointwise_risk(held_out.block, oof_data.y[rows], oof_data.kind)
        own = risk_row(losses, weight)
    table[_ROW_NAME] = own | {"weight": np.nan}
    risks = pd.DataFrame.from_dict(table, orient="index").rename_axis("member")
    return known | {"cv_risk_": risks}


def _params_for(screeners: Any, members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the parameters of the ensemble of some members, with their screeners."""
    if screeners is None:
        return {"estimators": members}
    names = [name for name, _ in members]
    kept = {name: screeners[name] for name in screeners if name in names}
    return {"estimators": members, "screeners": kept}


class SuperLearnerClassifier(ClassifierMixin, BaseWeightedEnsemble):
    r"""Combine members with the weights that minimise the cross-validated risk.

    The members :math:`m` predict every row out of fold. The weights minimise
    :math:`\frac1n \sum_i L\bigl(y_i, \sum_m w_m\, m^{(-i)}(x_i)\bigr)` over
    :math:`w_m \ge 0, \sum_m w_m = 1`, with the log loss for classes
    or the loss of the solver. Asymptotically, the ensemble is not worse than its best
    member.

    Read more in the :ref:`User Guide <guide_super_learner>`.

    Parameters
    ----------
    estimators : list of (str, estimator)
        The members. ``"drop"`` instead of an estimator leaves a member out.
    solver : str or WeightSolver, default="convex"
        Solver of the weights: ``"convex"``, ``"nnls"``, ``"auc"``,
        ``"discrete"`` (all weight on the best member), or a `WeightSolver`.
    cv : int, splitter, iterable of (train, test) or "prefit", default=None
        The splits. None: five folds, stratified for classes. Predictions of rows that
        several splits predict are averaged; rows that no split predicts are NaN in
        `oof_` and are not used to fit the combiner.
        ``"prefit"``: the members are fitted already, on other rows.
    outer_cv : int, splitter, iterable of (train, test) or None, default=None
        Splits on which the ensemble is fitted again to estimate its own risk,
        the risk of the members and that of the discrete winner, see
        `outer_risk_`. None: not estimated.
    screeners : dict of str to transformer, default=None
        Per member, a transformer that selects features for it, fitted in every
        split.
    n_jobs : int, default=None
        Largest number of fits at a time; the fits and their own threads
        together use no more cores than that. None: one fit at a time, with as
        many threads as it starts.
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
    cv_risk_ : pandas.DataFrame
        Cross-validated risk (log loss for classes, squared error for a
        continuous target), its standard error over rows, and the weight, one
        row per member. The last row is the ensemble, combined without the rows
        scored.
    outer_risk_ : pandas.DataFrame
        With `outer_cv`: risk, standard error, 95% confidence interval, and
        difference to the Super Learner with its standard error, for the Super
        Learner, the discrete winner and every member.
    classes_ : ndarray of shape (n_classes,) or list of ndarray
        The labels; one array per output for multilabel targets.
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
    EnsembleSelectionClassifier : Weights found greedily, for any metric.
    StackingClassifier : A meta model in place of weights.

    References
    ----------
    .. [1] van der Laan, M. J., Polley, E. C. and Hubbard, A. E. (2007). Super Learner.
       Statistical Applications in Genetics and Molecular Biology 6(1).

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skensemble import SuperLearnerClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> learner = SuperLearnerClassifier(
    ...     [
    ...         ("tree", DecisionTreeClassifier(max_depth=3)),
    ...         ("linear", make_pipeline(StandardScaler(), LogisticRegression())),
    ...     ],
    ...     random_state=0,
    ... ).fit(X, y)
    >>> learner.weights_.idxmax()
    'linear'
    >>> learner.cv_risk_.columns.tolist()
    ['risk', 'se', 'weight']
    """

    def __init__(
        self,
        estimators,
        solver="convex",
        *,
        cv=None,
        outer_cv=None,
        screeners=None,
        n_jobs=None,
        verbose=0,
        refit=True,
        on_error="raise",
        random_state=None,
        memory=None,
        time_limit=None,
        scoring=None,
        calibrate=None,
        calibrate_members=None,
    ):
        self.estimators = estimators
        self.solver = solver
        self.cv = cv
        self.outer_cv = outer_cv
        self.screeners = screeners
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.refit = refit
        self.on_error = on_error
        self.random_state = random_state
        self.memory = memory
        self.time_limit = time_limit
        self.scoring = scoring
        self.calibrate = calibrate
        self.calibrate_members = calibrate_members

    def fit(self, X, y=None, sample_weight=None, **fit_params):
        """Fit the members on every split, and weights on their predictions.

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
        return _super_learner_kind(self, target)

    def _params_for(self, members):
        return _params_for(self.screeners, members)


class SuperLearnerRegressor(RegressorMixin, BaseWeightedEnsemble):
    r"""Combine members with the weights that minimise the cross-validated risk.

    The members :math:`m` predict every row out of fold. The weights minimise
    :math:`\frac1n \sum_i L\bigl(y_i, \sum_m w_m\, m^{(-i)}(x_i)\bigr)` over :math:`w_m
    \ge 0, \sum_m w_m = 1`, with the squared error for a continuous target or the loss
    of the solver. Asymptotically, the ensemble is not worse than its best member.

    Read more in the :ref:`User Guide <guide_super_learner>`.

    Parameters
    ----------
    estimators : list of (str, estimator)
        The members. ``"drop"`` instead of an estimator leaves a member out.
    solver : str or WeightSolver, default="convex"
        Solver of the weights: ``"convex"``, ``"nnls"``, ``"auc"``,
        ``"discrete"`` (all weight on the best member), or a `WeightSolver`.
    cv : int, splitter, iterable of (train, test) or "prefit", default=None
        The splits. None: five folds, stratified for classes. Predictions of rows that
        several splits predict are averaged; rows that no split predicts are NaN in
        `oof_` and are not used to fit the combiner.
        ``"prefit"``: the members are fitted already, on other rows.
    outer_cv : int, splitter, iterable of (train, test) or None, default=None
        Splits on which the ensemble is fitted again to estimate its own risk,
        the risk of the members and that of the discrete winner, see
        `outer_risk_`. None: not estimated.
    screeners : dict of str to transformer, default=None
        Per member, a transformer that selects features for it, fitted in every
        split.
    n_jobs : int, default=None
        Largest number of fits at a time; the fits and their own threads
        together use no more cores than that. None: one fit at a time, with as
        many threads as it starts.
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
    cv_risk_ : pandas.DataFrame
        Cross-validated risk (log loss for classes, squared error for a
        continuous target), its standard error over rows, and the weight, one
        row per member. The last row is the ensemble, combined without the rows
        scored.
    outer_risk_ : pandas.DataFrame
        With `outer_cv`: risk, standard error, 95% confidence interval, and
        difference to the Super Learner with its standard error, for the Super
        Learner, the discrete winner and every member.
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
    EnsembleSelectionRegressor : Weights found greedily, for any metric.
    StackingRegressor : A meta model in place of weights.

    References
    ----------
    .. [1] van der Laan, M. J., Polley, E. C. and Hubbard, A. E. (2007). Super Learner.
       Statistical Applications in Genetics and Molecular Biology 6(1).

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skensemble import SuperLearnerRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> learner = SuperLearnerRegressor(
    ...     [("ridge", Ridge(alpha=0.1)), ("tree", DecisionTreeRegressor(max_depth=3))],
    ...     random_state=0,
    ... ).fit(X, y)
    >>> learner.weights_.round(1).to_dict()
    {'ridge': 0.9, 'tree': 0.1}
    """

    def __init__(
        self,
        estimators,
        solver="convex",
        *,
        cv=None,
        outer_cv=None,
        screeners=None,
        n_jobs=None,
        verbose=0,
        refit=True,
        on_error="raise",
        random_state=None,
        memory=None,
        time_limit=None,
        scoring=None,
    ):
        self.estimators = estimators
        self.solver = solver
        self.cv = cv
        self.outer_cv = outer_cv
        self.screeners = screeners
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.refit = refit
        self.on_error = on_error
        self.random_state = random_state
        self.memory = memory
        self.time_limit = time_limit
        self.scoring = scoring

    def fit(self, X, y=None, sample_weight=None, **fit_params):
        """Fit the members on every split, and weights on their predictions.

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
        return _super_learner_kind(self, target)

    def _params_for(self, members):
        return _params_for(self.screeners, members)
