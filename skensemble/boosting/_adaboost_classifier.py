"""AdaBoost for classification."""

import numpy as np
from sklearn.base import ClassifierMixin, is_regressor
from sklearn.metrics import accuracy_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.validation import check_is_fitted

from skensemble.boosting._adaboost_base import BaseAdaBoost
from skensemble.boosting._adaboost_engine import why_not_binned
from skensemble.boosting._adaboost_loop import ClassificationTracker, margins
from skensemble.boosting._adaboost_stages import classification_fitter
from skensemble.boosting._training_data import FitArguments
from skensemble.boosting.learners._variants import VARIANTS
from skensemble.core import check_choice, class_target, rollback_on_error

# For several classes, trees that are deeper and tables that are larger than this are
# fitted by scikit-learn.
_MAX_DEPTH = 10
_MAX_TABLE_SIZE = 10**8


class AdaBoostClassifier(ClassifierMixin, BaseAdaBoost):
    r"""AdaBoost for classification with any weak learner; trees are grown on bins.

    A drop-in replacement of scikit-learn's class. In each round a weak learner is
    fitted to weighted rows. Its weight in the vote is
    :math:`\alpha = \log\frac{1-e}{e} + \log(K-1)` for a weighted error :math:`e` and
    :math:`K` classes, and the weights of misclassified rows are multiplied by
    :math:`\exp\alpha` (SAMME: Zhu, Zou, Rosset and Hastie, "Multi-class AdaBoost",
    Statistics and its Interface 2, 2009).

    Trees such as the default are grown on features that are binned once. Any other
    classifier or Pipeline is fitted itself; without support for sample weights it is
    fitted on rows that are drawn by weight. `engine_` is the engine that was used.

    Read more in the :ref:`User Guide <guide_adaboost>`.

    Parameters
    ----------
    estimator : estimator or None, default=None
        The weak learner. None is a decision tree, of depth 1 for classification and of
        depth 3 for regression. With ``variant="logit"`` it is a regressor, also for
        classification.
    n_estimators : int, default=50
        Maximum number of rounds.
    learning_rate : float, default=1.0
        Factor of the weight of each weak learner.
    random_state : int, RandomState instance or None, default=None
        Seed of the weak learners, of drawn rows and of the inner split.
    engine : {"auto", "binned", "general"}, default="auto"
        "binned" grows trees on binned features (at most 255 bins each), "general" fits
        the estimator itself. "auto" is "binned" if the estimator is a tree that limits
        only ``max_depth`` and ``max_leaf_nodes`` (for more than two classes
        ``max_depth`` up to 10 only), and `X` holds numbers or is a frame of numbers and
        categories.
    variant : {"samme", "real", "gentle", "logit"}, default="samme"
        How weak learners are added: votes for labels; log-odds of their probabilities
        (Real AdaBoost); means of class codes, at most one (Gentle AdaBoost); Newton
        steps of the log loss (LogitBoost; Friedman, Hastie and Tibshirani, "Additive
        logistic regression", Annals of Statistics 28, 2000).
    sampling : {None, "balanced"}, default=None
        "balanced": each weak learner is fitted on as many rows of every class as the
        rarest class has, drawn again in each round (RUSBoost; Seiffert et al., 2010).
    early_stopping : bool or Patience, default=False
        Whether to stop when the validation loss no longer decreases; True is
        `Patience()`. For regression it is the mean absolute error.
    validation_fraction : float, default=0.1
        Share of the rows that are held out for early stopping.
    validation : {"random", "last"}, default="random"
        How validation rows are chosen: at random (stratified by class; by group if
        `groups` are given to `fit`), or the last block, for ordered rows.
    n_jobs : int or None, default=None
        Number of threads for trees on bins; None is 1, and -1 is all cores. The trees
        do not depend on it.

    Attributes
    ----------
    estimator_ : estimator
        The weak learner, unfitted.
    estimators_ : list of estimators
        The fitted weak learners.
    estimator_weights_, estimator_errors_ : ndarray of shape (n_estimators,)
        Weights and weighted errors (for regression mean losses) of the weak learners; 0
        and 1 for rounds that were not used.
    n_estimators_ : int
        Number of weak learners kept.
    engine_ : {"binned", "general"}
        The engine used: 'binned' or 'general'.
    feature_importances_ : ndarray of shape (n_features,)
        Weighted mean of the feature importances of the weak learners.
    history_ : pandas.DataFrame
        Metrics of each round: error, edge, weight, and margins or the largest error.
    validation_history_ : list of dict
        The same for all rounds, including those after the best round.
    row_weights_ : ndarray of shape (n_samples,)
        Mean weight of each row over the rounds; see `suspect_rows`.
    classes_ : ndarray of shape (n_classes,)
        The class labels.
    n_classes_ : int
        Number of classes.

    See Also
    --------
    GradientBoostingClassifier : Boosting with any loss; better for noisy labels.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skensemble import AdaBoostClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = AdaBoostClassifier(n_estimators=100, random_state=0).fit(X, y)
    >>> model.engine_, len(model)
    ('binned', 100)
    """

    def __init__(
        self,
        estimator=None,
        *,
        n_estimators=50,
        learning_rate=1.0,
        random_state=None,
        engine="auto",
        variant="samme",
        sampling=None,
        early_stopping=False,
        validation_fraction=0.1,
        validation="random",
        n_jobs=None,
    ):
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.random_state = random_state
        self.engine = engine
        self.variant = variant
        self.sampling = sampling
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.validation = validation
        self.n_jobs = n_jobs

    def fit(
        self,
        X,
        y,
        sample_weight=None,
        *,
        groups=None,
        X_val=None,
        y_val=None,
        sample_weight_val=None,
    ):
        """Fit the weak learners, round after round.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The input samples.
        y : array-like of shape (n_samples,)
            The target.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Sample weights, which are the weights of the rows in the first round.
        groups : array-like of shape (n_samples,) or None, default=None
            Groups of rows; the inner split does not divide a group.
        X_val, y_val : array-like or None, default=None
            Validation rows, instead of an inner split.
        sample_weight_val : array-like or None, default=None
            Sample weights of the validation rows.

        Returns
        -------
        self : estimator
            The fitted estimator.
        """
        with rollback_on_error(self):
            target = class_target(y)
            if target.kind != "classes":
                raise ValueError(
                    f"y of shape {np.shape(y)} has several labels per row; AdaBoost takes "
                    "one: use MultiOutputClassifier(AdaBoostClassifier())."
                )
            self.classes_, self.n_classes_ = target.classes, target.n_classes
            arguments = FitArguments(
                X=X,
                y=y,
                sample_weight=sample_weight,
                groups=groups,
                X_val=X_val,
                y_val=y_val,
                sample_weight_val=sample_weight_val,
            )
            return self._fit(arguments, target)

    _tracker = ClassificationTracker

    def _default_estimator(self):
        if self.variant == "logit":
            return DecisionTreeRegressor(max_depth=1)
        return DecisionTreeClassifier(max_depth=1)

    def _check_parameters(self):
        check_choice("variant", self.variant, list(VARIANTS))
        check_choice("sampling", self.sampling, [None, "balanced"])
        super()._check_parameters()
        estimator = self._weak_learner()
        if is_regressor(estimator) and self.variant != "logit":
            raise ValueError(
                f"estimator={estimator!r} is a regressor; give a classifier, or use "
                "variant='logit', which fits a continuous response."
            )
        has_probabilities = hasattr(estimator, "predict_proba")
        if self.variant in ("real", "gentle") and not has_probabilities:
            raise ValueError(
                f"variant={self.variant!r} needs probabilities, but estimator="
                f"{estimator!r} has none; use variant='samme', or a classifier with "
                "predict_proba."
            )
        if self.variant == "logit" and has_probabilities:
            raise ValueError(
                "variant='logit' fits a continuous response, but estimator="
                f"{estimator!r} is a classifier; use a regressor such as "
                "DecisionTreeRegressor(max_depth=1)."
            )

    def _reason_not_binned(self, X):
        """Reason why bins cannot be used; "" if they can."""
        tree, logit = self._weak_learner(), self.variant == "logit"
        kind = DecisionTreeRegressor if logit else DecisionTreeClassifier
        reason = why_not_binned(tree, kind, X)
        if reason or self.n_classes_ == 2 or (logit and self.n_classes_ > 1):
            return reason
        if self.n_classes_ == 1:
            return "there is one class"
        if tree.max_depth is None or tree.max_depth > _MAX_DEPTH:
            return (
                f"max_depth={tree.max_depth} is above {_MAX_DEPTH} for several classes"
            )
        if tree.max_leaf_nodes is not None:
            return f"max_leaf_nodes={tree.max_leaf_nodes} with several classes"
        if np.prod(np.shape(X), dtype=float) > _MAX_TABLE_SIZE:
            return "X is too large for histograms of several classes"
        return ""

    def _variant(self):
        # With one class there are no probabilities to fit.
        variant = "samme" if self.n_classes_ == 1 else self.variant
        return VARIANTS[variant](self.n_classes_, self.learning_rate)

    def _stage_fitter(self, split, rng):
        return classification_fitter(self, split, self._variant(), rng)

    def decision_function(self, X):
        """Return the decision function of the ensemble.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The input samples.

        Returns
        -------
        decision : ndarray of shape (n_samples,) or (n_samples, n_classes)
            For ``variant="samme"`` the vote, divided by the sum of its weights as in
            scikit-learn; otherwise log-odds (for several classes up to a constant). For
            two classes positive values are the second class.
        """
        check_is_fitted(self)
        X = self._validated(X)
        if self.n_classes_ == 1:
            return np.zeros((X.shape[0], 1))
        total = self._stages.total(X)
        return total / self._vote_scale(self.estimator_weights_.sum())

    def predict(self, X):
        """Predict classes.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The input samples.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Class labels.
        """
        return self._labels(self.decision_function(X))

    def predict_proba(self, X):
        """Predict the probability of each class.

        For ``variant="samme"`` it is the softmax of the vote, as in scikit-learn. It
        ranks rows well but is not calibrated.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The input samples.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
            Columns are in the order of `classes_`.
        """
        return self._probabilities(self.decision_function(X))

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
        decision = self.decision_function(X)
        if self.n_classes_ == 1:
            return np.zeros((len(decision), 1))
        return self._variant().log_probabilities(decision)

    def staged_decision_function(self, X):
        """Return the decision function after each round.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The input samples.

        Yields
        ------
        decision : ndarray of shape (n_samples,) or (n_samples, n_classes)
            Decision function of the rounds so far.
        """
        check_is_fitted(self)
        X = self._validated(X)
        if self.n_classes_ == 1:
            yield np.zeros((X.shape[0], 1))
            return
        total, sum_of_weights = 0.0, 0.0
        parts = zip(self._stages.parts(X), self.estimator_weights_, strict=False)
        for part, weight in parts:
            total, sum_of_weights = total + part, sum_of_weights + weight
            yield total / self._vote_scale(sum_of_weights)

    def staged_predict(self, X):
        """Predict classes after each round.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The input samples.

        Yields
        ------
        y : ndarray of shape (n_samples,)
            Predictions of the rounds so far.
        """
        for decision in self.staged_decision_function(X):
            yield self._labels(decision)

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
        for decision in self.staged_decision_function(X):
            yield self._probabilities(decision)

    def staged_score(self, X, y, sample_weight=None):
        """Return the accuracy after each round.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The input samples.
        y : array-like of shape (n_samples,)
            The target.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Sample weights.

        Yields
        ------
        score : float
            Accuracy of the rounds so far.
        """
        for found in self.staged_predict(X):
            yield accuracy_score(y, found, sample_weight=sample_weight)

    def margins(self, X, y):
        """Return the margin of each row.

        Margins are between -1 (all votes for one wrong class) and 1. Boosting raises
        low margins also after the training error is zero (Schapire et al., "Boosting
        the margin", Annals of Statistics 26, 1998).

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The input samples.
        y : array-like of shape (n_samples,)
            The target.

        Returns
        -------
        margins : ndarray of shape (n_samples,)
            For ``variant="samme"`` the share of the vote for the true class minus the
            largest share of another class; otherwise the same with probabilities.
        """
        check_is_fitted(self)
        y = np.asarray(y)
        unknown = np.setdiff1d(y, self.classes_).tolist()
        if unknown:
            raise ValueError(f"y holds {unknown}, which were not in the target of fit.")
        codes = np.searchsorted(self.classes_, y)
        total = self._stages.total(self._validated(X))
        return margins(self._variant(), codes, total, self.estimator_weights_.sum())

    def _vote_scale(self, sum_of_weights):
        return sum_of_weights if self._variant().votes else 1.0

    def _labels(self, decision):
        if self.n_classes_ == 1:
            return self.classes_[np.zeros(len(decision), dtype=np.intp)]
        return self.classes_[self._variant().labels(decision)]

    def _probabilities(self, decision):
        if self.n_classes_ == 1:
            return np.ones((len(decision), 1))
        return self._variant().probabilities(decision)
