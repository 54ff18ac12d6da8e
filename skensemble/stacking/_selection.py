"""Ensemble selection: members chosen greedily on their out-of-fold predictions."""

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.callback import with_callbacks

from skensemble.combination import OutOfFoldData, WeightedMean
from skensemble.core import (
    Target,
    check_choice,
    check_layers,
    check_share,
    check_whole,
    class_target,
    named_seed,
    numeric_target,
    rollback_on_error,
    root_seed,
)
from skensemble.member_weights import TIES, greedy_selection
from skensemble.stacking._fitted import FittedEnsemble, set_fitted_attributes
from skensemble.stacking._kind import Combination, EnsembleKind
from skensemble.stacking._layers import (
    begin_callbacks,
    check_parameters,
    fit_combination,
    fit_layers,
    read_inputs,
    resolve_scoring,
    split_rows,
)
from skensemble.stacking._weighted import (
    BaseWeightedEnsemble,
    stacked,
    weight_attributes,
    weighted_kind,
    weighted_mean,
)

# Smooth scores distinguish members better than accuracy does.
_DEFAULT_SCORING = {
    "continuous": "neg_root_mean_squared_error",
    "classes": "neg_log_loss",
    "labels": "log_loss",
}


@with_callbacks
def _fit(selection: Any, X: Any, target: Target, params: dict[str, Any]) -> Any:
    """Fit the members on every split, then select among them."""
    started = time.monotonic()
    check_parameters(selection, params)
    (members,) = check_layers(selection)
    seed = root_seed(selection.random_state)
    kind = selection._kind(target, seed)

    inputs = read_inputs(selection, kind, members, X, target, params, seed, started)
    splits = split_rows(kind, inputs)
    context = begin_callbacks(selection, inputs, len(members))

    layers = fit_layers(selection, kind, [members], inputs, splits, context)
    fitted = fit_combination(selection, kind, layers, inputs, splits, context)

    selection._training = (inputs.X, target, params)
    set_fitted_attributes(selection, fitted, kind.attributes(fitted))
    context.call_on_fit_task_end(estimator=selection, X=inputs.X, y=target.values)
    return selection


@dataclass(frozen=True)
class GreedyCombination(Combination):
    """Fits weights by greedy selection with replacement.

    Parameters
    ----------
    scoring : str, scorer or Loss
        The score that is maximised.
    seed : int
        Seed of bags and random ties.
    options : dict
        Further options of `greedy_selection`.
    """

    scoring: Any
    seed: int
    options: dict[str, Any]

    def __call__(self, oof_data: OutOfFoldData) -> WeightedMean:
        """Fit the weights."""
        weights, path = greedy_selection(
            dict(zip(oof_data.blocks, stacked(oof_data), strict=True)),
            oof_data.y,
            scoring=self.scoring,
            sample_weight=oof_data.weight,
            kind=oof_data.kind,
            random_state=self.seed,
            return_path=True,
            **self.options,
        )
        paths = path if isinstance(path, tuple) else (path,)
        return weighted_mean(oof_data, weights, details=paths)


def _selection_kind(selection: Any, target: Target, seed: int | None) -> EnsembleKind:
    _check_options(selection)
    scoring = selection.scoring or _DEFAULT_SCORING[target.kind]
    names = ("max_steps", "n_init", "n_bags", "bag_fraction", "ties", "patience")
    combination = GreedyCombination(
        scoring,
        named_seed(0 if seed is None else seed, "select"),
        {name: getattr(selection, name) for name in names},
    )
    kind = weighted_kind(selection, target, combination, row_name="selection")

    def check_members(members: list[tuple[str, Any]]) -> None:
        kind.check_members(members)
        if selection.n_init > min(len(members), selection.max_steps):
            raise ValueError(
                f"n_init={selection.n_init} must not exceed the {len(members)} members "
                f"or max_steps={selection.max_steps}."
            )

    return replace(
        kind,
        evaluation=replace(kind.evaluation, scoring=resolve_scoring(scoring, target)),
        attributes=_attributes,
        check_members=check_members,
    )


def _check_options(selection: Any) -> None:
    lowest = {"max_steps": 1, "n_init": 0, "n_bags": 0}
    if selection.patience is not None:
        lowest["patience"] = 1
    for name, low in lowest.items():
        check_whole(name, getattr(selection, name), low)
    check_share("bag_fraction", selection.bag_fraction, of="members", all_of_it=True)
    check_choice("ties", selection.ties, list(TIES))


def _attributes(fitted: FittedEnsemble) -> dict[str, Any]:
    """Give the fitted attributes `weights_` and `path_`."""
    assert isinstance(fitted.combiner, WeightedMean)
    paths = [_steps(path, bag) for bag, path in enumerate(fitted.combiner.details)]
    return weight_attributes(fitted) | {"path_": pd.concat(paths, ignore_index=True)}


def _steps(path: Any, bag: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "bag": bag,
            "member": [path.names[k] for k in path.members],
            "score": path.scores,
            "kept": np.arange(len(path.scores)) < path.kept,
        }
    )


class EnsembleSelectionClassifier(ClassifierMixin, BaseWeightedEnsemble):
    r"""Members chosen one after another, each time the one that helps the most.

    Greedy forward selection with replacement: from the sum :math:`S_t` of the
    out-of-fold predictions chosen so far, the next member is
    :math:`\arg\max_m \text{score}\bigl((S_t + p_m) / (t + 1)\bigr)`; the weights are
    the shares of the best step of the path. For any metric, smooth or not.

    Parameters
    ----------
    estimators : list of (str, estimator)
        The members. ``"drop"`` in place of an estimator leaves it out.
    scoring : str, callable, Loss or None, default=None
        What is maximised, and shown in `leaderboard_`: a name as in scikit-learn, a
        scorer, or a loss (minimised); None is the log loss.
    max_steps : int, default=100
        Steps at most; a member may be chosen many times.
    n_init : int, default=0
        Start with so many of the best members instead of none.
    n_bags : int, default=0
        Average selections from so many random subsets of the members; 0 selects once
        from all. Steadier where there are many members.
    bag_fraction : float, default=0.5
        Share of the members in each subset.
    ties : {"used", "first", "random"}, default="used"
        Of members that help alike: one chosen before, the first in order, or any.
    patience : int or None, default=None
        Stop after so many steps without a better score; None takes all steps.
    cv : int, splitter, iterable of (train, test) or "prefit", default=None
        Any way to split; None is five folds, stratified for classes. Rows predicted
        more than once are averaged; rows never predicted are NaN in `oof_` and left
        out. ``"prefit"`` takes members that are fitted already, on other rows.
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
    calibrate : {None, "temperature", "sigmoid", "isotonic"}, default=None
        Calibrate the probabilities of the whole, on its out-of-fold predictions.
    calibrate_members : {None, "temperature", "sigmoid", "isotonic"}, default=None
        Calibrate every member on its out-of-fold predictions before they are combined.

    Attributes
    ----------
    weights_ : pandas.Series
        One weight a member; they sum to one.
    path_ : pandas.DataFrame
        The steps: the member chosen, the score reached, and whether the step is kept.
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
    SuperLearnerClassifier : Weights by convex optimisation.
    skensemble.stacking.greedy_selection : The selection alone, for predictions at hand.

    References
    ----------
    .. [1] Caruana, R., Niculescu-Mizil, A., Crew, G. and Ksikes, A. (2004). Ensemble
       selection from libraries of models. ICML.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skensemble import EnsembleSelectionClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> selection = EnsembleSelectionClassifier(
    ...     [
    ...         ("tree", DecisionTreeClassifier(max_depth=3)),
    ...         ("linear", make_pipeline(StandardScaler(), LogisticRegression())),
    ...     ],
    ...     scoring="roc_auc",
    ...     random_state=0,
    ... ).fit(X, y)
    >>> selection.path_["member"].iloc[0]
    'linear'
    """

    def __init__(
        self,
        estimators,
        *,
        scoring=None,
        max_steps=100,
        n_init=0,
        n_bags=0,
        bag_fraction=0.5,
        ties="used",
        patience=None,
        cv=None,
        n_jobs=None,
        verbose=0,
        refit=True,
        on_error="raise",
        random_state=None,
        memory=None,
        time_limit=None,
        calibrate=None,
        calibrate_members=None,
    ):
        self.estimators = estimators
        self.scoring = scoring
        self.max_steps = max_steps
        self.n_init = n_init
        self.n_bags = n_bags
        self.bag_fraction = bag_fraction
        self.ties = ties
        self.patience = patience
        self.cv = cv
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.refit = refit
        self.on_error = on_error
        self.random_state = random_state
        self.memory = memory
        self.time_limit = time_limit
        self.calibrate = calibrate
        self.calibrate_members = calibrate_members

    def fit(self, X, y=None, **fit_params):
        """Fit the members on every split, and select among them.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Training rows, passed to the members unchanged.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Classes, or an indicator matrix for multilabel targets.
        **fit_params : dict
            ``sample_weight`` for members and weights, ``groups`` for the splitter,
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
        return _selection_kind(self, target, seed)


class EnsembleSelectionRegressor(RegressorMixin, BaseWeightedEnsemble):
    r"""Members chosen one after another, each time the one that helps the most.

    Greedy forward selection with replacement: from the sum :math:`S_t` of the
    out-of-fold predictions chosen so far, the next member is
    :math:`\arg\max_m \text{score}\bigl((S_t + p_m) / (t + 1)\bigr)`; the weights are
    the shares of the best step of the path. For any metric, smooth or not.

    Parameters
    ----------
    estimators : list of (str, estimator)
        The members. ``"drop"`` in place of an estimator leaves it out.
    scoring : str, callable, Loss or None, default=None
        What is maximised, and shown in `leaderboard_`: a name as in scikit-learn, a
        scorer, or a loss (minimised); None is the squared error.
    max_steps : int, default=100
        Steps at most; a member may be chosen many times.
    n_init : int, default=0
        Start with so many of the best members instead of none.
    n_bags : int, default=0
        Average selections from so many random subsets of the members; 0 selects once
        from all. Steadier where there are many members.
    bag_fraction : float, default=0.5
        Share of the members in each subset.
    ties : {"used", "first", "random"}, default="used"
        Of members that help alike: one chosen before, the first in order, or any.
    patience : int or None, default=None
        Stop after so many steps without a better score; None takes all steps.
    cv : int, splitter, iterable of (train, test) or "prefit", default=None
        Any way to split; None is five folds, stratified for classes. Rows predicted
        more than once are averaged; rows never predicted are NaN in `oof_` and left
        out. ``"prefit"`` takes members that are fitted already, on other rows.
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

    Attributes
    ----------
    weights_ : pandas.Series
        One weight a member; they sum to one.
    path_ : pandas.DataFrame
        The steps: the member chosen, the score reached, and whether the step is kept.
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
    SuperLearnerRegressor : Weights by convex optimisation.
    skensemble.stacking.greedy_selection : The selection alone, for predictions at hand.

    References
    ----------
    .. [1] Caruana, R., Niculescu-Mizil, A., Crew, G. and Ksikes, A. (2004). Ensemble
       selection from libraries of models. ICML.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skensemble import EnsembleSelectionRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> selection = EnsembleSelectionRegressor(
    ...     [("ridge", Ridge(alpha=0.1)), ("tree", DecisionTreeRegressor(max_depth=3))],
    ...     scoring="neg_mean_absolute_error",
    ...     random_state=0,
    ... ).fit(X, y)
    >>> selection.path_["member"].iloc[0]
    'ridge'
    """

    def __init__(
        self,
        estimators,
        *,
        scoring=None,
        max_steps=100,
        n_init=0,
        n_bags=0,
        bag_fraction=0.5,
        ties="used",
        patience=None,
        cv=None,
        n_jobs=None,
        verbose=0,
        refit=True,
        on_error="raise",
        random_state=None,
        memory=None,
        time_limit=None,
    ):
        self.estimators = estimators
        self.scoring = scoring
        self.max_steps = max_steps
        self.n_init = n_init
        self.n_bags = n_bags
        self.bag_fraction = bag_fraction
        self.ties = ties
        self.patience = patience
        self.cv = cv
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.refit = refit
        self.on_error = on_error
        self.random_state = random_state
        self.memory = memory
        self.time_limit = time_limit

    def fit(self, X, y=None, **fit_params):
        """Fit the members on every split, and select among them.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Training rows, passed to the members unchanged.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The continuous target.
        **fit_params : dict
            ``sample_weight`` for members and weights, ``groups`` for the splitter,
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
        return _selection_kind(self, target, seed)
