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
from skensemble.stacking._fit_steps import (
    begin_callbacks,
    check_parameters,
    fit_combination,
    fit_layers,
    read_inputs,
    resolve_scoring,
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

    selection._training = (inputs.X, target, inputs.params)
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
            dict(zip(oof_data.blocks, stack_predictions(oof_data), strict=True)),
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
    scoring = resolve_scoring(
        selection.scoring or _DEFAULT_SCORING[target.kind], target
    )
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
        evaluation=replace(kind.evaluation, scoring=scoring),
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
    """Return the fitted attributes `weights_` and `path_`."""
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
    r"""Select members greedily, each time the one that improves the score most.

    Greedy forward selection with replacement: from the sum :math:`S_t` of the
    out-of-fold predictions chosen so far, the next member is
    :math:`\arg\max_m \text{score}\bigl((S_t + p_m) / (t + 1)\bigr)`; the weights are
    the shares of the best step of the path. The metric does not have to be smooth.

    Read more in the :ref:`User Guide <guide_ensemble_selection>`.

    Parameters
    ----------
    estimators : list of (str, estimator)
        The members. ``"drop"`` instead of an estimator leaves a member out.
    scoring : str, callable, Loss or None, default=None
        Score that is maximised and shown in `leaderboard_`: the name of a scikit-learn
        scorer, a short name ("rmse", "auc"), a scorer, or a loss or its name. None: log
        loss for classes and root mean squared error for a continuous target.
    max_steps : int, default=100
        Largest number of steps; a member may be chosen many times.
    n_init : int, default=0
        Number of best members to start with; 0 starts with none.
    n_bags : int, default=0
        Number of random subsets of the members; the weights of the selections from
        these are averaged, which is more stable for many members. 0: one selection from
        all members.
    bag_fraction : float, default=0.5
        Share of the members in each subset.
    ties : {"used", "first", "random"}, default="used"
        Choice among members of equal score: one chosen before, the first, or a random
        one.
    patience : int or None, default=None
        Number of steps without a better score after which the selection stops. None:
        all steps are taken.
    cv : int, splitter, iterable of (train, test) or "prefit", default=None
        The splits. None: five folds, stratified for classes. Predictions of rows that
        several splits predict are averaged; rows that no split predicts are NaN in
        `oof_` and are not used to fit the combiner.
        ``"prefit"``: the members are fitted already, on other rows.
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
    path_ : pandas.DataFrame
        The steps of the selection: the member chosen, the score, and whether
        the step is kept.
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
    SuperLearnerClassifier : Weights by convex optimisation.
    skensemble.stacking.greedy_selection : The selection alone, for given predictions.

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

    def fit(self, X, y=None, sample_weight=None, **fit_params):
        """Fit the members on every split, and select among them.

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
        return _selection_kind(self, target, seed)


class EnsembleSelectionRegressor(RegressorMixin, BaseWeightedEnsemble):
    r"""Select members greedily, each time the one that improves the score most.

    Greedy forward selection with replacement: from the sum :math:`S_t` of the
    out-of-fold predictions chosen so far, the next member is
    :math:`\arg\max_m \text{score}\bigl((S_t + p_m) / (t + 1)\bigr)`; the weights are
    the shares of the best step of the path. The metric does not have to be smooth.

    Read more in the :ref:`User Guide <guide_ensemble_selection>`.

    Parameters
    ----------
    estimators : list of (str, estimator)
        The members. ``"drop"`` instead of an estimator leaves a member out.
    scoring : str, callable, Loss or None, default=None
        Score that is maximised and shown in `leaderboard_`: the name of a scikit-learn
        scorer, a short name ("rmse", "auc"), a scorer, or a loss or its name. None: log
        loss for classes and root mean squared error for a continuous target.
    max_steps : int, default=100
        Largest number of steps; a member may be chosen many times.
    n_init : int, default=0
        Number of best members to start with; 0 starts with none.
    n_bags : int, default=0
        Number of random subsets of the members; the weights of the selections from
        these are averaged, which is more stable for many members. 0: one selection from
        all members.
    bag_fraction : float, default=0.5
        Share of the members in each subset.
    ties : {"used", "first", "random"}, default="used"
        Choice among members of equal score: one chosen before, the first, or a random
        one.
    patience : int or None, default=None
        Number of steps without a better score after which the selection stops. None:
        all steps are taken.
    cv : int, splitter, iterable of (train, test) or "prefit", default=None
        The splits. None: five folds, stratified for classes. Predictions of rows that
        several splits predict are averaged; rows that no split predicts are NaN in
        `oof_` and are not used to fit the combiner.
        ``"prefit"``: the members are fitted already, on other rows.
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

    Attributes
    ----------
    weights_ : pandas.Series
        One weight per member.
    path_ : pandas.DataFrame
        The steps of the selection: the member chosen, the score, and whether
        the step is kept.
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
    SuperLearnerRegressor : Weights by convex optimisation.
    skensemble.stacking.greedy_selection : The selection alone, for given predictions.

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

    def fit(self, X, y=None, sample_weight=None, **fit_params):
        """Fit the members on every split, and select among them.

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
        return _selection_kind(self, target, seed)
