"""Gradient boosting for classification."""

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.metaestimators import available_if

from skensemble.boosting._gradient_base import BaseGradientBoosting
from skensemble.boosting._gradient_options import loss_parameter
from skensemble.boosting._training_data import FitArguments
from skensemble.core import (
    class_target,
    decode,
    rollback_on_error,
    validated_weights,
    with_class_weight,
)
from skensemble.losses import log_probabilities, two_columns


def _has_probabilities(model):
    loss = loss_parameter(model)
    if not loss.probabilistic:
        raise AttributeError(
            f"loss={loss!r} has no probabilities; use decision_function, or a loss with "
            "a logit or softmax link such as LogLoss()."
        )
    return True


class GradientBoostingClassifier(ClassifierMixin, BaseGradientBoosting):
    """Gradient boosting for classification with any loss and any engine.

    A drop-in replacement of scikit-learn's class, on LightGBM, XGBoost or any
    regressor. The target has two classes, several classes, or several labels (an
    indicator matrix). Probabilities follow from the link of the loss, whatever the
    engine, also after pickling and cloning. Columns of a frame with a categorical or
    string dtype are categories. Missing values and unknown categories are supported.

    Read more in the :ref:`User Guide <guide_boosting>`.

    Parameters
    ----------
    loss : str or Loss, default="log_loss"
        The loss to minimize: a loss of `skensemble.losses` or its short name, such as
        "absolute_error", "huber", "quantile" and "poisson" for regression,
        "exponential", "focal", "hinge" and "ranked_probability" for classification.
    learning_rate : float or Schedule, default=0.1
        Factor of each tree: a number, or a schedule of `skensemble.optim` (`StepDecay`,
        `ExponentialDecay`, `Cosine`, `WarmUp`, `Cyclical`).
    n_estimators : int, default=100
        Number of rounds; with early stopping the maximum number of rounds.
    subsample : float, default=1.0
        Share of the rows that each round is fitted on, drawn without replacement. Below
        1 there are `oob_scores_` and `oob_improvement_`. LightGBM's own bagging is
        faster, but does not have these scores:
        ``LightGBM(bagging_fraction=..., bagging_freq=1)``.
    criterion : str, default="deprecated"
        Without effect, as in scikit-learn.
    min_samples_split : int or float, default=2
        Minimum number (or share) of rows of a node that is split. LightGBM does not
        have this limit: there each child has at least half as many rows. XGBoost
        refuses other values than the default.
    min_samples_leaf : int or float, default=1
        Minimum number (or share) of rows of a leaf. XGBoost does not have this limit:
        there it is the minimum sum of hessians, for losses with a hessian of one.
    min_weight_fraction_leaf : float, default=0.0
        Minimum share of the total weight in a leaf. For LightGBM and XGBoost it is the
        minimum share of the hessians at the start, which is the same for losses with a
        hessian of one.
    max_depth : int or None, default=3
        Maximum depth of a tree. None is no limit; then a tree has at most 31 leaves,
        unless `max_leaf_nodes` is given.
    min_impurity_decrease : float, default=0.0
        Minimum gain of a split, as a weighted mean over all rows. For LightGBM and
        XGBoost in units of the loss.
    init : estimator, "zero" or None, default=None
        Start of boosting: the predictions of an estimator, a raw output of zero, or
        (None) the best constant of the loss.
    random_state : int, RandomState instance or None, default=None
        Seed of the subsamples of rows and columns, and of the inner split.
    max_features : int, float, "sqrt", "log2" or None, default=None
        Number (or share) of features that are considered for each split.
    verbose : int, default=0
        1 prints the progress, with fewer and fewer lines; 2 prints one line per round.
        Callbacks such as scikit-learn's `ProgressBar` show more.
    max_leaf_nodes : int or None, default=None
        Maximum number of leaves of a tree, which is then grown best split first.
    warm_start : bool, default=False
        Whether `fit` keeps the rounds that are fitted already and adds rounds up to
        `n_estimators`.
    validation_fraction : float, default=0.1
        Share of the rows that are held out for early stopping.
    n_iter_no_change : int or None, default=None
        Early stopping of scikit-learn: `Patience(n_iter_no_change, tol)`, with the last
        rounds kept.
    tol : float, default=1e-4
        Minimum improvement for `n_iter_no_change`.
    ccp_alpha : float, default=0.0
        Strength of cost-complexity pruning; for `WeakLearner()` only.
    engine : {"lightgbm", "xgboost", "weak_learner"} or Engine, default="lightgbm"
        The engine that grows the trees: `LightGBM(...)` or `XGBoost(...)` with the
        library's own parameters, or `WeakLearner(estimator)` for any regressor.
        Limits of trees that have their default here are scikit-learn's with the name of
        an engine, and the library's own with an engine object (see the User Guide).
    early_stopping : bool or Patience, default=False
        Whether to stop when the validation loss no longer improves; True is
        `Patience()`.
    validation : {"random", "last"}, default="random"
        How validation rows are chosen: at random (stratified by class; by group if
        `groups` are given to `fit`), or the last block, for ordered rows.
    metrics : list or dict, default=None
        Additional columns of `history_`: losses or short names of losses, or a dict
        with functions ``metric(y, prediction, sample_weight)`` by name.
    monotonic_cst : dict or sequence of {-1, 0, 1}, default=None
        Monotonicity per feature: whether predictions may only decrease (-1) or only
        increase (1) with it. A dict is by feature name.
    interaction_cst : sequence of sequences, default=None
        Groups of features (names or positions). Only features of one group may be used
        on one path of a tree.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes by label, which are multiplied by `sample_weight`.
    n_jobs : int or None, default=None
        Number of threads of the library. None is the choice of OpenMP (all cores, or
        ``OMP_NUM_THREADS``). The trees do not depend on it.

    Attributes
    ----------
    estimators_ : ndarray of shape (n_rounds, n_trees)
        The trees.
    n_estimators_ : int
        Number of rounds kept.
    history_ : DataFrame
        One row per round: training loss (on at most 2,048 rows), validation loss,
        additional metrics, learning rate, seconds.
    validation_history_ : list of dict
        The same for all rounds, including those after the best round.
    train_score_ : ndarray of shape (n_rounds,)
        Training loss as in scikit-learn: twice the loss for squared error and binary
        log loss.
    oob_scores_, oob_improvement_ : ndarray of shape (n_rounds,)
        Loss on the rows outside the subsample of each round, and its decrease; only
        with ``subsample < 1``.
    oob_score_ : float
        The last of `oob_scores_`.
    feature_importances_ : ndarray of shape (n_features,)
        Share of the loss reduction of all splits that is due to splits on each feature;
        see `feature_importance`.
    start_ : ndarray
        The fitted start value, in raw output.
    init_ : estimator, "zero" or None
        The fitted `init`.
    loss_ : Loss
        The loss that was used.
    engine_ : Engine
        The engine that was used.
    classes_ : ndarray of shape (n_classes,)
        The class labels; for an indicator matrix the positions of its columns.
    n_classes_ : int
        Number of classes, or of columns of the indicator matrix.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skensemble import GradientBoostingClassifier, XGBoost
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = GradientBoostingClassifier(
    ...     loss="focal", engine=XGBoost(reg_lambda=1.0), random_state=0
    ... ).fit(X, y)
    >>> model.predict_proba(X[:2]).sum(axis=1)
    array([1., 1.])
    """

    def __init__(
        self,
        *,
        loss="log_loss",
        learning_rate=0.1,
        n_estimators=100,
        subsample=1.0,
        criterion="deprecated",
        min_samples_split=2,
        min_samples_leaf=1,
        min_weight_fraction_leaf=0.0,
        max_depth=3,
        min_impurity_decrease=0.0,
        init=None,
        random_state=None,
        max_features=None,
        verbose=0,
        max_leaf_nodes=None,
        warm_start=False,
        validation_fraction=0.1,
        n_iter_no_change=None,
        tol=1e-4,
        ccp_alpha=0.0,
        engine="lightgbm",
        early_stopping=False,
        validation="random",
        metrics=None,
        monotonic_cst=None,
        interaction_cst=None,
        class_weight=None,
        n_jobs=None,
    ):
        self.loss = loss
        self.learning_rate = learning_rate
        self.n_estimators = n_estimators
        self.subsample = subsample
        self.criterion = criterion
        self.min_samples_split = min_samples_split
        self.min_samples_leaf = min_samples_leaf
        self.min_weight_fraction_leaf = min_weight_fraction_leaf
        self.max_depth = max_depth
        self.min_impurity_decrease = min_impurity_decrease
        self.init = init
        self.random_state = random_state
        self.max_features = max_features
        self.verbose = verbose
        self.max_leaf_nodes = max_leaf_nodes
        self.warm_start = warm_start
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.ccp_alpha = ccp_alpha
        self.engine = engine
        self.early_stopping = early_stopping
        self.validation = validation
        self.metrics = metrics
        self.monotonic_cst = monotonic_cst
        self.interaction_cst = interaction_cst
        self.class_weight = class_weight
        self.n_jobs = n_jobs

    def fit(
        self,
        X,
        y,
        sample_weight=None,
        monitor=None,
        *,
        groups=None,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
    ):
        """Fit the trees, round after round.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The input samples.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The target.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Sample weights.
        monitor : callable or None, default=None
            ``monitor(round, estimator, scope)`` is called after each round; the fit
            ends if it returns True.
        groups : array-like of shape (n_samples,) or None, default=None
            Groups of rows; the inner split does not divide a group.
        X_val, y_val : array-like or None, default=None
            Validation rows, instead of an inner split. In a Pipeline use
            ``transform_input=["X_val"]``.
        sample_weight_val : array-like or None, default=None
            Sample weights of the validation rows.

        Returns
        -------
        self : estimator
            The fitted estimator.
        """
        with rollback_on_error(self):
            target = class_target(y)
            task = "multilabel"
            if target.kind == "classes":
                _check_two_classes(target, sample_weight)
                task = "binary" if target.n_classes == 2 else "multiclass"
            arguments = FitArguments(
                X=X,
                y=y,
                sample_weight=with_class_weight(self.class_weight, y, sample_weight),
                groups=groups,
                X_val=X_val,
                y_val=y_val,
                sample_weight_val=sample_weight_val,
                monitor=monitor,
            )
            columns = np.arange(len(target.encoders))
            self.classes_ = columns if target.kind == "labels" else target.classes
            self.n_classes_ = target.n_classes or len(target.encoders)
            self._encoders, self._kind = target.encoders, target.kind
            return self._fit(arguments, target, task)

    def predict(self, X):
        """Predict the class, or the labels.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The input samples.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Labels of the classes; for several labels an indicator matrix.
        """
        return self._labels(self._raw(X))

    @available_if(_has_probabilities)
    def predict_proba(self, X):
        """Predict the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The input samples.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
            Columns are in the order of `classes_`; for several labels P(label is 1).
        """
        return two_columns(self._mean(self._raw(X)))

    @available_if(_has_probabilities)
    def predict_log_proba(self, X):
        """Predict the logarithm of the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The input samples.

        Returns
        -------
        log_p : ndarray of shape (n_samples, n_classes)
            Columns are in the order of `classes_`.
        """
        raw = self._raw(X)
        return log_probabilities(self.loss_.link_for(self._task), raw)

    def decision_function(self, X):
        """Return the raw output.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The input samples.

        Returns
        -------
        raw : ndarray of shape (n_samples,) or (n_samples, n_classes)
            One column for two classes, otherwise one column per class or label.
        """
        return self._raw(X)

    def staged_predict(self, X):
        """Predict the class, or the labels, after each round.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The input samples.

        Yields
        ------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Predictions of the rounds so far.
        """
        for raw in self._staged_raw(X):
            yield self._labels(raw)

    @available_if(_has_probabilities)
    def staged_predict_proba(self, X):
        """Predict the probability of each class after each round.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The input samples.

        Yields
        ------
        p : ndarray of shape (n_samples, n_classes)
            Probabilities from the rounds so far.
        """
        for raw in self._staged_raw(X):
            yield two_columns(self._mean(raw))

    def staged_decision_function(self, X):
        """Return the raw output after each round.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The input samples.

        Yields
        ------
        raw : ndarray of shape (n_samples,) or (n_samples, n_classes)
            Raw output of the rounds so far.
        """
        for raw in self._staged_raw(X):
            yield raw.copy()

    def _labels(self, raw):
        """Labels of the classes with the largest raw output."""
        multiclass = self._task == "multiclass"
        codes = raw.argmax(axis=1) if multiclass else (raw > 0).astype(int)
        return decode(self._encoders, codes, self._kind)

    def __sklearn_tags__(self):
        """Return the tags: several labels are supported."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _check_two_classes(target, sample_weight):
    """Refuse a target of one class, in scikit-learn's words."""
    n_classes = target.n_classes
    if sample_weight is not None:
        n_rows = len(target.values)
        weight = validated_weights("sample_weight", sample_weight, n_rows)
        n_classes = len(np.unique(target.values[weight > 0]))
    if n_classes < 2:
        raise ValueError(
            f"y contains {n_classes} class after sample_weight trimmed classes with "
            "zero weights, while a minimum of 2 classes are required."
        )
