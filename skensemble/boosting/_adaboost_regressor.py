"""AdaBoost for regression."""

import numpy as np
from sklearn.base import RegressorMixin, is_classifier
from sklearn.metrics import r2_score
from sklearn.tree import DecisionTreeRegressor
from sklearn.utils.validation import check_is_fitted

from skensemble.boosting._adaboost_base import BaseAdaBoost
from skensemble.boosting._adaboost_engine import why_not_binned
from skensemble.boosting._adaboost_loop import RegressionTracker, weighted_median
from skensemble.boosting._adaboost_stages import regression_fitter
from skensemble.boosting._training_data import FitArguments
from skensemble.boosting.learners._variants import AdaBoostR2
from skensemble.core import check_choice, numeric_target, rollback_on_error

_LOSSES = ["linear", "square", "exponential"]
# Number of rows whose medians are computed at once.
_ROWS_AT_ONCE = 8192


class AdaBoostRegressor(RegressorMixin, BaseAdaBoost):
    r"""AdaBoost.R2 for regression with any weak learner; trees are grown on bins.

    A drop-in replacement of scikit-learn's class. Each weak learner is fitted on rows
    drawn by weight. With losses :math:`L_i \in [0, 1]` of its errors relative to the
    largest error, and their weighted mean :math:`\bar L`, the weights of the rows are
    multiplied by :math:`\beta^{1 - L_i}` for :math:`\beta = \bar L/(1-\bar L)`. The
    ensemble predicts the median of the weak learners weighted by :math:`\log 1/\beta`
    (Drucker, "Improving regressors using boosting techniques", ICML 1997).

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
    loss : {"linear", "square", "exponential"}, default="linear"
        Loss of an error relative to the largest error.
    random_state : int, RandomState instance or None, default=None
        Seed of the weak learners, of drawn rows and of the inner split.
    engine : {"auto", "binned", "general"}, default="auto"
        "binned" grows trees on binned features (at most 255 bins each), "general" fits
        the estimator itself. "auto" is "binned" if the estimator is a tree that limits
        only ``max_depth`` and ``max_leaf_nodes`` (for more than two classes
        ``max_depth`` up to 10 only), and `X` holds numbers or is a frame of numbers and
        categories.
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

    See Also
    --------
    GradientBoostingRegressor : Boosting with any loss.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skensemble import AdaBoostRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = AdaBoostRegressor(random_state=0).fit(X, y)
    >>> model.predict(X[:2]).shape
    (2,)
    """

    def __init__(
        self,
        estimator=None,
        *,
        n_estimators=50,
        learning_rate=1.0,
        loss="linear",
        random_state=None,
        engine="auto",
        early_stopping=False,
        validation_fraction=0.1,
        validation="random",
        n_jobs=None,
    ):
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.learning_rate = learning_rate
        self.loss = loss
        self.random_state = random_state
        self.engine = engine
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
            target = numeric_target(y)
            if target.values.ndim == 2:
                raise ValueError(
                    f"y should be a 1d array, got shape {target.values.shape}; for "
                    "several outputs use MultiOutputRegressor(AdaBoostRegressor())."
                )
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

    _tracker = RegressionTracker

    def _default_estimator(self):
        return DecisionTreeRegressor(max_depth=3)

    def _check_parameters(self):
        check_choice("loss", self.loss, _LOSSES)
        super()._check_parameters()
        if is_classifier(self._weak_learner()):
            raise ValueError(
                f"estimator={self._weak_learner()!r} is a classifier; give a regressor."
            )

    def _reason_not_binned(self, X):
        """Reason why bins cannot be used; "" if they can."""
        return why_not_binned(self._weak_learner(), DecisionTreeRegressor, X)

    def _variant(self):
        return AdaBoostR2(self.loss, self.learning_rate)

    def _stage_fitter(self, split, rng):
        return regression_fitter(self, split, rng)

    def predict(self, X):
        """Predict the weighted median of the predictions of the weak learners.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The input samples.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Predictions.
        """
        check_is_fitted(self)
        predictions = _stage_predictions(self._stages, self._validated(X))
        weights = self.estimator_weights_[: predictions.shape[1]]
        return _medians(predictions, weights)

    def staged_predict(self, X):
        """Predict after each round.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The input samples.

        Yields
        ------
        y : ndarray of shape (n_samples,)
            Predictions of the rounds so far.
        """
        check_is_fitted(self)
        predictions = _stage_predictions(self._stages, self._validated(X))
        for k in range(1, predictions.shape[1] + 1):
            yield _medians(predictions[:, :k], self.estimator_weights_[:k])

    def staged_score(self, X, y, sample_weight=None):
        """Return the R2 after each round.

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
            R2 of the rounds so far.
        """
        for found in self.staged_predict(X):
            yield r2_score(y, found, sample_weight=sample_weight)


def _stage_predictions(stages, X):
    """Predictions of all weak learners, of shape (n_samples, n_rounds)."""
    if hasattr(stages, "stacked_parts"):
        return stages.stacked_parts(X)
    return np.column_stack(list(stages.parts(X)))


def _medians(predictions, weights):
    blocks = range(0, len(predictions), _ROWS_AT_ONCE)
    return np.concatenate(
        [
            weighted_median(predictions[at : at + _ROWS_AT_ONCE], weights)
            for at in blocks
        ]
    )
