"""Ensemble selection: members chosen greedily on their out-of-fold predictions."""

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin, RegressorMixin

from skensemble.core import check_choice, check_share, check_whole, named_seed
from skensemble.member_weights import TIES, greedy_selection
from skensemble.scoring import as_scoring
from skensemble.stacking._weighted import BaseWeighted, stacked

# What is smooth tells more than accuracy does.
_DEFAULT = {
    "continuous": "neg_root_mean_squared_error",
    "classes": "neg_log_loss",
    "labels": "log_loss",
}


class BaseSelection(BaseWeighted):
    """What the classifier and the regressor share."""

    _own_row = "selection"

    def _check_options(self):
        super()._check_options()
        lowest = {"max_steps": 1, "n_init": 0, "n_bags": 0}
        if self.patience is not None:
            lowest["patience"] = 1
        for name, low in lowest.items():
            check_whole(name, getattr(self, name), low)
        check_share("bag_fraction", self.bag_fraction, of="members", all_of_it=True)
        check_choice("ties", self.ties, list(TIES))

    def _check_kinds(self, members):
        super()._check_kinds(members)
        if self.n_init > min(len(members), self.max_steps):
            raise ValueError(
                f"n_init={self.n_init} must not exceed the {len(members)} members or "
                f"max_steps={self.max_steps}."
            )

    def _weigh(self, oof_data):
        weights, path = greedy_selection(
            dict(zip(oof_data.blocks, stacked(oof_data), strict=True)),
            oof_data.y,
            scoring=self.scoring or _DEFAULT[oof_data.kind],
            max_steps=self.max_steps,
            sample_weight=oof_data.weight,
            kind=oof_data.kind,
            n_init=self.n_init,
            n_bags=self.n_bags,
            bag_fraction=self.bag_fraction,
            ties=self.ties,
            patience=self.patience,
            random_state=named_seed(0 if self._seed is None else self._seed, "select"),
            return_path=True,
        )
        return weights, path if isinstance(path, tuple) else (path,)

    def _accept(self, combined):
        super()._accept(combined)
        paths = combined.details
        self.path_ = pd.concat(
            [_steps(path, bag) for bag, path in enumerate(paths)], ignore_index=True
        )

    def _scoring_of(self, kind, n_classes):
        return as_scoring(self.scoring or _DEFAULT[kind], kind, n_classes)


def _steps(path, bag: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "bag": bag,
            "member": [path.names[k] for k in path.members],
            "score": path.scores,
            "kept": np.arange(len(path.scores)) < path.kept,
        }
    )


class EnsembleSelectionClassifier(ClassifierMixin, BaseSelection):
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


class EnsembleSelectionRegressor(RegressorMixin, BaseSelection):
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
