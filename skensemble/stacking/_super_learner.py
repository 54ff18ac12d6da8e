"""The Super Learner: weights for members that minimise the cross-validated risk."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin, RegressorMixin, clone, is_classifier
from sklearn.pipeline import Pipeline

from skensemble.core import is_named_list
from skensemble.fitting import check_folds, plan_splits
from skensemble.member_weights import as_weight_solver
from skensemble.stacking._weighted import BaseWeighted, stacked
from skensemble.stacking.inspection._risk import outer_risk, pointwise_risk, risk_row


def _check_screeners(screeners: Any, names: list[str]) -> None:
    """Refuse screeners of nobody, and those that choose nothing."""
    if screeners is None:
        return
    if not isinstance(screeners, Mapping):
        raise ValueError(
            f"screeners={screeners!r} should be a dict of member name to transformer."
        )
    if unknown := [name for name in screeners if name not in names]:
        raise ValueError(
            f"screeners name {unknown}, which are no members; members: {names}."
        )
    for name, screener in screeners.items():
        able = hasattr(screener, "fit") and hasattr(screener, "transform")
        if screener is not None and (isinstance(screener, type) or not able):
            raise ValueError(
                f"screeners: {screener!r} of member {name!r} should be a transformer, "
                "with fit and transform."
            )


class BaseSuperLearner(BaseWeighted):
    """What the classifier and the regressor share."""

    _own_row = "super learner"

    def _weigh(self, oof_data):
        weights = as_weight_solver(self.solver).weigh(
            stacked(oof_data),
            oof_data.y,
            kind=oof_data.kind,
            sample_weight=oof_data.weight,
        )
        return weights, None

    def _prepare(self, name, estimator):
        screener = (self.screeners or {}).get(name)
        if screener is None:
            return estimator
        return Pipeline([("screener", clone(screener)), ("member", estimator)])

    def _check_options(self):
        super()._check_options()
        as_weight_solver(self.solver)
        if self.outer_cv is not None and self._is_prefit():
            raise ValueError(
                f"outer_cv={self.outer_cv!r} fits the members again on parts of the rows, "
                "which cv='prefit' does not; use another cv, or outer_cv=None."
            )
        if is_named_list(self.estimators):
            names = [name for name, _ in self._named_members()]
            _check_screeners(self.screeners, names)

    def _splits(self, X, target, routed):
        if self.outer_cv is not None:  # only to refuse it before a member is fitted
            if is_classifier(self):
                check_folds("outer_cv", self.outer_cv, target)
            plan_splits(
                self.outer_cv,
                X,
                target.values,
                n_rows=len(target.values),
                classifier=is_classifier(self),
                params={
                    key: value
                    for key, value in routed.splitter.items()
                    if key == "groups"
                },
                name="outer_cv",
            )
        return super()._splits(X, target, routed)

    def _judge(self, oof_data, rows, splits, seconds):
        super()._judge(oof_data, rows, splits, seconds)
        self.cv_risk_ = self._risks(oof_data)

    def _reduce(self, kept):
        # What is measured by fits of the whole is not known of the rest.
        self.__dict__.pop("outer_risk_", None)
        if self.screeners is not None:
            names = [name for name, _ in self.estimators]
            screeners = self.screeners
            self.screeners = {k: screeners[k] for k in screeners if k in names}
        super()._reduce(kept)

    def _combine(self, fit):
        super()._combine(fit)
        self.__dict__.pop("outer_risk_", None)
        if self.outer_cv is not None:
            self.outer_risk_ = outer_risk(self, *self._training)

    def _risks(self, oof_data) -> pd.DataFrame:
        """Risk of every member out of fold, and of the whole."""
        table = {
            name: risk_row(
                pointwise_risk(block, oof_data.y, oof_data.kind), oof_data.weight
            )
            | {"weight": self.weights_[name]}
            for name, block in oof_data.blocks.items()
        }
        held = self._verdict.held
        own = {"risk": np.nan, "se": np.nan}
        if held.block is not None:
            weight = None if oof_data.weight is None else oof_data.weight[held.rows]
            losses = pointwise_risk(held.block, oof_data.y[held.rows], oof_data.kind)
            own = risk_row(losses, weight)
        table[self._own_row] = own | {"weight": np.nan}
        return pd.DataFrame.from_dict(table, orient="index").rename_axis("member")


class SuperLearnerClassifier(ClassifierMixin, BaseSuperLearner):
    r"""The convex combination of members with the least cross-validated risk.

    Members :math:`m` predict every row out of fold; the weights minimise
    :math:`\frac1n \sum_i L\bigl(y_i, \sum_m w_m\, m^{(-i)}(x_i)\bigr)` over
    :math:`w_m \ge 0, \sum_m w_m = 1`, with the log loss for classes
    unless the solver says otherwise. In the long run no worse than the best member.

    Parameters
    ----------
    estimators : list of (str, estimator)
        The members. ``"drop"`` in place of an estimator leaves it out.
    solver : str or Solver, default="convex"
        How the weights are found: ``"convex"``, ``"nnls"``, ``"auc"``, ``"discrete"``
        (all weight on the best member), or a solver of `skensemble.stacking`.
    cv : int, splitter, iterable of (train, test) or "prefit", default=None
        Any way to split; None is five folds, stratified for classes. Rows predicted
        more than once are averaged; rows never predicted are NaN in `oof_` and left
        out. ``"prefit"`` takes members that are fitted already, on other rows.
    outer_cv : int, splitter, iterable of (train, test) or None, default=None
        Splits on which the whole is fitted again to measure its own risk, that of the
        members and that of the discrete winner, see `outer_risk_`.
    screeners : dict of str to transformer, default=None
        By member: a transformer that chooses features for it, fitted in every split.
    n_jobs : int, default=None
        Cores granted: at most so many fits at a time, and fits x their own threads
        never exceed it. None: one fit at a time, on as many threads as it likes.
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
        One weight a member; they sum to one.
    cv_risk_ : pandas.DataFrame
        Log loss out of fold, its standard error over rows and the weight, by
        member; the last row is the whole, combined without the rows scored.
    outer_risk_ : pandas.DataFrame
        With `outer_cv`: risk, standard error, 95% confidence interval, and difference to
        the Super Learner with its standard error, for the Super Learner, the discrete
        winner and every member.
    classes_ : ndarray of shape (n_classes,) or list of ndarray
        The labels; one array an output for multilabel targets.
    estimators_ : list of estimators
        The fitted members.
    named_estimators_ : Bunch
        The same by name.
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
    EnsembleSelectionClassifier : Weights found greedily, for any metric.
    StackingClassifier : Any model in place of weights.

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


class SuperLearnerRegressor(RegressorMixin, BaseSuperLearner):
    r"""The convex combination of members with the least cross-validated risk.

    Members :math:`m` predict every row out of fold; the weights minimise
    :math:`\frac1n \sum_i L\bigl(y_i, \sum_m w_m\, m^{(-i)}(x_i)\bigr)` over
    :math:`w_m \ge 0, \sum_m w_m = 1`, with the squared error for numbers
    unless the solver says otherwise. In the long run no worse than the best member.

    Parameters
    ----------
    estimators : list of (str, estimator)
        The members. ``"drop"`` in place of an estimator leaves it out.
    solver : str or Solver, default="convex"
        How the weights are found: ``"convex"``, ``"nnls"``, ``"auc"``, ``"discrete"``
        (all weight on the best member), or a solver of `skensemble.stacking`.
    cv : int, splitter, iterable of (train, test) or "prefit", default=None
        Any way to split; None is five folds, stratified for classes. Rows predicted
        more than once are averaged; rows never predicted are NaN in `oof_` and left
        out. ``"prefit"`` takes members that are fitted already, on other rows.
    outer_cv : int, splitter, iterable of (train, test) or None, default=None
        Splits on which the whole is fitted again to measure its own risk, that of the
        members and that of the discrete winner, see `outer_risk_`.
    screeners : dict of str to transformer, default=None
        By member: a transformer that chooses features for it, fitted in every split.
    n_jobs : int, default=None
        Cores granted: at most so many fits at a time, and fits x their own threads
        never exceed it. None: one fit at a time, on as many threads as it likes.
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
        One weight a member; they sum to one.
    cv_risk_ : pandas.DataFrame
        Squared error out of fold, its standard error over rows and the weight, by
        member; the last row is the whole, combined without the rows scored.
    outer_risk_ : pandas.DataFrame
        With `outer_cv`: risk, standard error, 95% confidence interval, and difference to
        the Super Learner with its standard error, for the Super Learner, the discrete
        winner and every member.
    estimators_ : list of estimators
        The fitted members.
    named_estimators_ : Bunch
        The same by name.
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
    EnsembleSelectionRegressor : Weights found greedily, for any metric.
    StackingRegressor : Any model in place of weights.

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
