"""Gradient boosting: a loss, an engine that grows trees, and a rule when to stop."""

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils import compute_sample_weight
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skensemble.boosting._base import BaseGradientBoosting
from skensemble.boosting._options import check_classes, checked_weight
from skensemble.core import class_target, decode, numeric_target
from skensemble.losses import MultiQuantile


def _probabilistic(model):
    loss = model._loss_given()
    if not loss.probabilistic:
        raise AttributeError(
            f"loss={loss!r} has no probabilities; use decision_function, or a loss with "
            "a logit or softmax link such as LogLoss()."
        )
    return True


class GradientBoostingRegressor(RegressorMixin, BaseGradientBoosting):
    """Gradient boosting for numbers: any loss, on LightGBM, XGBoost or any regressor.

    Change the import and a notebook with scikit-learn's class runs. Trees are added one
    after another, each fitted to the derivatives of the loss (Friedman, "Greedy function
    approximation: a gradient boosting machine", Annals of Statistics 29, 2001). Columns
    of a frame with a categorical, string or object dtype are categories; missing values
    and categories never seen are fine.

    Parameters
    ----------
    loss : str or Loss, default="squared_error"
        What is minimised: a loss of `skensemble.losses` or its short name
        ("absolute_error", "huber", "quantile", "poisson", ...).
    learning_rate : float or Schedule, default=0.1
        What each tree is multiplied by: a number, or a schedule of
        `skensemble.optim` (`Step`, `Exponential`, `Cosine`, `WarmUp`, `Cyclical`).
    n_estimators : int, default=100
        Number of rounds; with early stopping the most there can be.
    subsample : float, default=1.0
        Share of the rows that each round sees, drawn without replacement. Below 1
        there are `oob_scores_` and `oob_improvement_`. (For LightGBM's own, faster
        bagging without these: ``LightGBM(bagging_fraction=..., bagging_freq=1)``.)
    criterion : str, default="deprecated"
        Without effect, as in scikit-learn.
    min_samples_split : int or float, default=2
        Fewest rows of a node that is split. LightGBM has no such limit: there each
        child gets at least half as many.
    min_samples_leaf : int or float, default=1
        Fewest rows of a leaf. XGBoost has no such limit: there it is the least sum of
        hessians, where the hessian is one.
    min_weight_fraction_leaf : float, default=0.0
        Least share of the total weight in a leaf. For LightGBM and XGBoost the least
        share of the hessians at the start, which is the same where the hessian is one.
    max_depth : int or None, default=3
        Most splits on the way to a leaf; None: no limit (31 leaves, unless
        `max_leaf_nodes` says otherwise).
    min_impurity_decrease : float, default=0.0
        Least gain of a split, by weight. For LightGBM and XGBoost in units of the loss.
    init : estimator, "zero" or None, default=None
        Where boosting starts: an estimator's predictions, a raw output of zero, or the
        best constant of the loss.
    random_state : int, RandomState or None, default=None
        For rows, columns and inner splits.
    max_features : int, float, "sqrt", "log2" or None, default=None
        Columns that each node chooses from.
    alpha : float, default=0.9
        The quantile of ``loss="quantile"``, and of the residuals where the tails of
        ``loss="huber"`` begin.
    verbose : int, default=0
        1 prints ever fewer lines, 2 one line a round; callbacks such as scikit-learn's
        `ProgressBar` show more.
    max_leaf_nodes : int or None, default=None
        Most leaves of a tree, the best split first.
    warm_start : bool, default=False
        Go on from the rounds fitted already up to `n_estimators`.
    validation_fraction : float, default=0.1
        Share of the rows that early stopping watches.
    n_iter_no_change : int or None, default=None
        scikit-learn's early stopping: `Patience(n_iter_no_change, tol)`, with the last
        rounds kept.
    tol : float, default=1e-4
        Least improvement for `n_iter_no_change`.
    ccp_alpha : float, default=0.0
        Cost-complexity pruning; for `WeakLearner()` only.
    engine : {"lightgbm", "xgboost", "weak_learner"} or Engine, default="lightgbm"
        What grows the trees: `LightGBM(...)`, `XGBoost(...)` with the library's own
        parameters, or `WeakLearner(estimator)` for any regressor.
    early_stopping : bool or Patience, default=False
        Stop when the validation loss no longer improves; True means `Patience()`.
    validation : {"random", "last"}, default="random"
        Which rows early stopping watches: some at random (stratified by class; whole
        groups where `fit` is given `groups`), or the last block, for ordered rows.
    metrics : list or dict, default=None
        Further numbers for `history_`: losses, names of losses, or functions
        ``metric(y, prediction, sample_weight)`` by name.
    monotonic_cst : dict or sequence of {-1, 0, 1}, default=None
        By column (name): whether predictions may only fall or rise with it.
    interaction_cst : sequence of sequences, default=None
        Groups of columns (names) that may meet in one tree branch.
    n_jobs : int or None, default=None
        Threads of the library; None leaves it to OpenMP (all cores, or
        ``OMP_NUM_THREADS``). The trees are the same for any number.

    Attributes
    ----------
    estimators_ : ndarray of shape (n_rounds, n_trees)
        The trees.
    n_estimators_ : int
        Number of rounds kept.
    history_ : DataFrame
        For each round: training loss (on at most 2,048 rows), validation loss,
        further metrics, learning rate, seconds.
    train_score_ : ndarray of shape (n_rounds,)
        Training loss as scikit-learn has it: twice the loss for squared error and
        binary log loss.
    oob_scores_, oob_improvement_ : ndarray of shape (n_rounds,)
        Loss on the rows a round did not see, and how far it fell; with subsample < 1.
    oob_score_ : float
        The last of `oob_scores_`.
    feature_importances_ : ndarray of shape (n_features,)
        Share of the loss taken off by splits on each feature; see `importance`.
    start_ : ndarray
        The fitted start value, in raw output.
    init_ : estimator, "zero" or None
        The fitted `init`.
    loss_ : Loss
        The loss as it was used.
    engine_ : Engine
        The engine as it was used.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skensemble import GradientBoostingRegressor, Patience
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = GradientBoostingRegressor(
    ...     loss="absolute_error", early_stopping=Patience(20), random_state=0
    ... ).fit(X, y)
    >>> model.predict(X[:2]).shape
    (2,)
    """

    _encoder_style = "trees"

    def __init__(
        self,
        *,
        loss="squared_error",
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
        alpha=0.9,
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
        self.alpha = alpha
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
        """Fit.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            The rows: numbers, or a frame with categories.
        y : array-like of shape (n,) or (n, k)
            Their targets.
        sample_weight : array-like of shape (n,) or None, default=None
            Weights of the rows.
        monitor : callable or None, default=None
            ``monitor(round, self, scope)`` is told of each round; True ends the fit.
        groups : array-like of shape (n,) or None, default=None
            Rows of one group stay on one side of the inner split.
        X_val, y_val : array-like or None, default=None
            Rows that early stopping watches, instead of an inner split; in a Pipeline
            by ``transform_input=["X_val"]``.
        sample_weight_val : array-like or None, default=None
            Their weights.

        Returns
        -------
        self : estimator
        """
        target = numeric_target(y)
        task = "regression" if target.values.ndim == 1 else "multioutput"
        return self._fit_monitored(X, target, task, monitor, _params(locals()))

    def predict(self, X):
        """Predict the mean, the quantile, or what else the loss is for.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            The rows.

        Returns
        -------
        y : ndarray of shape (n,) or (n, k)
            One column an output, or a quantile of `MultiQuantile`.
        """
        return self._mean(self._predicted_raw(X))

    def score(self, X, y, sample_weight=None):
        """R2 of the predictions; for several quantiles minus their mean loss.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            The rows.
        y : array-like of shape (n,) or (n, k)
            Their targets.
        sample_weight : array-like of shape (n,) or None, default=None
            Weights of the rows.

        Returns
        -------
        score : float
        """
        check_is_fitted(self)
        if isinstance(self.loss_, MultiQuantile):
            return self.loss_.score(np.asarray(y), self.predict(X), sample_weight)
        return super().score(X, y, sample_weight)

    def staged_predict(self, X):
        """Predict after each round.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            The rows.

        Yields
        ------
        y : ndarray of shape (n,) or (n, k)
        """
        for raw in self._staged_raw(X):
            yield self._mean(raw).copy()


class GradientBoostingClassifier(ClassifierMixin, BaseGradientBoosting):
    """Gradient boosting for classes: any loss, on LightGBM, XGBoost or any regressor.

    Change the import and a notebook with scikit-learn's class runs. Two classes,
    several, or labels (an indicator matrix). Probabilities are right for the link of
    the loss, whatever the engine, and stay so through pickle and clone.

    Parameters
    ----------
    loss : str or Loss, default="log_loss"
        What is minimised: a loss of `skensemble.losses` or its short name
        ("exponential", "focal", "hinge", "ranked_probability", ...).
    learning_rate : float or Schedule, default=0.1
        What each tree is multiplied by: a number, or a schedule of
        `skensemble.optim` (`Step`, `Exponential`, `Cosine`, `WarmUp`, `Cyclical`).
    n_estimators : int, default=100
        Number of rounds; with early stopping the most there can be.
    subsample : float, default=1.0
        Share of the rows that each round sees, drawn without replacement. Below 1
        there are `oob_scores_` and `oob_improvement_`. (For LightGBM's own, faster
        bagging without these: ``LightGBM(bagging_fraction=..., bagging_freq=1)``.)
    criterion : str, default="deprecated"
        Without effect, as in scikit-learn.
    min_samples_split : int or float, default=2
        Fewest rows of a node that is split. LightGBM has no such limit: there each
        child gets at least half as many.
    min_samples_leaf : int or float, default=1
        Fewest rows of a leaf. XGBoost has no such limit: there it is the least sum of
        hessians, where the hessian is one.
    min_weight_fraction_leaf : float, default=0.0
        Least share of the total weight in a leaf. For LightGBM and XGBoost the least
        share of the hessians at the start, which is the same where the hessian is one.
    max_depth : int or None, default=3
        Most splits on the way to a leaf; None: no limit (31 leaves, unless
        `max_leaf_nodes` says otherwise).
    min_impurity_decrease : float, default=0.0
        Least gain of a split, by weight. For LightGBM and XGBoost in units of the loss.
    init : estimator, "zero" or None, default=None
        Where boosting starts: an estimator's predictions, a raw output of zero, or the
        best constant of the loss.
    random_state : int, RandomState or None, default=None
        For rows, columns and inner splits.
    max_features : int, float, "sqrt", "log2" or None, default=None
        Columns that each node chooses from.
    verbose : int, default=0
        1 prints ever fewer lines, 2 one line a round; callbacks such as scikit-learn's
        `ProgressBar` show more.
    max_leaf_nodes : int or None, default=None
        Most leaves of a tree, the best split first.
    warm_start : bool, default=False
        Go on from the rounds fitted already up to `n_estimators`.
    validation_fraction : float, default=0.1
        Share of the rows that early stopping watches.
    n_iter_no_change : int or None, default=None
        scikit-learn's early stopping: `Patience(n_iter_no_change, tol)`, with the last
        rounds kept.
    tol : float, default=1e-4
        Least improvement for `n_iter_no_change`.
    ccp_alpha : float, default=0.0
        Cost-complexity pruning; for `WeakLearner()` only.
    engine : {"lightgbm", "xgboost", "weak_learner"} or Engine, default="lightgbm"
        What grows the trees: `LightGBM(...)`, `XGBoost(...)` with the library's own
        parameters, or `WeakLearner(estimator)` for any regressor.
    early_stopping : bool or Patience, default=False
        Stop when the validation loss no longer improves; True means `Patience()`.
    validation : {"random", "last"}, default="random"
        Which rows early stopping watches: some at random (stratified by class; whole
        groups where `fit` is given `groups`), or the last block, for ordered rows.
    metrics : list or dict, default=None
        Further numbers for `history_`: losses, names of losses, or functions
        ``metric(y, prediction, sample_weight)`` by name.
    monotonic_cst : dict or sequence of {-1, 0, 1}, default=None
        By column (name): whether predictions may only fall or rise with it.
    interaction_cst : sequence of sequences, default=None
        Groups of columns (names) that may meet in one tree branch.
    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, by label; they multiply `sample_weight`.
    n_jobs : int or None, default=None
        Threads of the library; None leaves it to OpenMP (all cores, or
        ``OMP_NUM_THREADS``). The trees are the same for any number.

    Attributes
    ----------
    estimators_ : ndarray of shape (n_rounds, n_trees)
        The trees.
    n_estimators_ : int
        Number of rounds kept.
    history_ : DataFrame
        For each round: training loss (on at most 2,048 rows), validation loss,
        further metrics, learning rate, seconds.
    train_score_ : ndarray of shape (n_rounds,)
        Training loss as scikit-learn has it: twice the loss for squared error and
        binary log loss.
    oob_scores_, oob_improvement_ : ndarray of shape (n_rounds,)
        Loss on the rows a round did not see, and how far it fell; with subsample < 1.
    oob_score_ : float
        The last of `oob_scores_`.
    feature_importances_ : ndarray of shape (n_features,)
        Share of the loss taken off by splits on each feature; see `importance`.
    start_ : ndarray
        The fitted start value, in raw output.
    init_ : estimator, "zero" or None
        The fitted `init`.
    loss_ : Loss
        The loss as it was used.
    engine_ : Engine
        The engine as it was used.
    classes_ : ndarray
        The classes; positions of the labels for an indicator matrix.
    n_classes_ : int
        Number of classes, or labels.

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

    _encoder_style = "trees"

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
        """Fit.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            The rows: numbers, or a frame with categories.
        y : array-like of shape (n,) or (n, k)
            Their targets.
        sample_weight : array-like of shape (n,) or None, default=None
            Weights of the rows.
        monitor : callable or None, default=None
            ``monitor(round, self, scope)`` is told of each round; True ends the fit.
        groups : array-like of shape (n,) or None, default=None
            Rows of one group stay on one side of the inner split.
        X_val, y_val : array-like or None, default=None
            Rows that early stopping watches, instead of an inner split; in a Pipeline
            by ``transform_input=["X_val"]``.
        sample_weight_val : array-like or None, default=None
            Their weights.

        Returns
        -------
        self : estimator
        """
        target = class_target(y)
        task = "multilabel"
        if target.kind == "classes":
            check_classes(target, sample_weight)
            task = "binary" if target.n_classes == 2 else "multiclass"
        params = _params(locals())
        params["sample_weight"] = self._by_class(y, target, sample_weight)
        labels = np.arange(len(target.encoders))
        self.classes_ = labels if target.kind == "labels" else target.classes
        self.n_classes_ = target.n_classes or len(target.encoders)
        self._encoders, self._kind = target.encoders, target.kind
        return self._fit_monitored(X, target, task, monitor, params)

    def _by_class(self, y, target, sample_weight):
        if self.class_weight is None:
            return sample_weight
        weight = compute_sample_weight(self.class_weight, np.asarray(y))
        if sample_weight is None:
            return weight
        return weight * checked_weight(sample_weight, len(weight))

    def decision_function(self, X):
        """Raw output.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            The rows.

        Returns
        -------
        raw : ndarray of shape (n,) or (n, k)
            One column for two classes, else one a class or label.
        """
        return self._predicted_raw(X)

    @available_if(_probabilistic)
    def predict_proba(self, X):
        """Probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            The rows.

        Returns
        -------
        p : ndarray of shape (n, k)
            In the order of `classes_`; for labels P(label is on).
        """
        return self._both(self._mean(self._predicted_raw(X)))

    @available_if(_probabilistic)
    def predict_log_proba(self, X):
        """Logarithm of the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            The rows.

        Returns
        -------
        log_p : ndarray of shape (n, k)
        """
        return np.log(self.predict_proba(X))

    def predict(self, X):
        """Predict the class, or the labels.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            The rows.

        Returns
        -------
        y : ndarray of shape (n,) or (n, k)
        """
        return self._decide(self._predicted_raw(X))

    def staged_decision_function(self, X):
        """Raw output after each round.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            The rows.

        Yields
        ------
        raw : ndarray of shape (n,) or (n, k)
        """
        for raw in self._staged_raw(X):
            yield raw.copy()

    @available_if(_probabilistic)
    def staged_predict_proba(self, X):
        """Probability of each class after each round.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            The rows.

        Yields
        ------
        p : ndarray of shape (n, k)
        """
        for raw in self._staged_raw(X):
            yield self._both(self._mean(raw))

    def staged_predict(self, X):
        """Predict the class after each round.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            The rows.

        Yields
        ------
        y : ndarray of shape (n,) or (n, k)
        """
        for raw in self._staged_raw(X):
            yield self._decide(raw)

    def _both(self, p):
        return np.column_stack([1 - p, p]) if p.ndim == 1 else p

    def _decide(self, raw):
        multiclass = self._task == "multiclass"
        codes = raw.argmax(axis=1) if multiclass else (raw > 0).astype(int)
        return decode(self._encoders, codes, self._kind)

    def __sklearn_tags__(self):
        """Tell scikit-learn what data fit."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


def _params(scope):
    names = ("y", "sample_weight", "groups", "X_val", "y_val", "sample_weight_val")
    return {name: scope[name] for name in names}
