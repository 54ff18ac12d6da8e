"""Bagging of classifiers."""

import time

from sklearn.base import ClassifierMixin
from sklearn.callback import with_callbacks
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skensemble.bagging.bags._aggregation import (
    CLASSIFIER_AGGREGATIONS,
    aggregate,
)
from skensemble.bagging.bags._base_bagging import (
    BaseBagging,
    fit_members,
    plan_members,
    prediction_options,
    previous_fit,
    read_new_rows,
    set_fitted_attributes,
    unfitted_member,
    with_metadata,
)
from skensemble.bagging.bags._engine import GENERAL
from skensemble.bagging.bags._fitted_bag import PredictionOptions
from skensemble.bagging.bags._member_failures import explained_text_errors
from skensemble.bagging.bags._metadata_routing import member_params
from skensemble.bagging.bags._options import check_options
from skensemble.bagging.bags._training_data import read_training_data
from skensemble.core import decode, rollback_on_error


def _has_decision_function(bag):
    models = getattr(bag, "estimators_", None)
    return hasattr(models[0] if models else unfitted_member(bag), "decision_function")


class BaggingClassifier(ClassifierMixin, BaseBagging):
    r"""Classifiers fitted on samples of the rows, with averaged probabilities.

    .. math:: p(c \mid x) = \frac1B \sum_{b=1}^B p_b(c \mid x)

    Member :math:`b` is fitted on its own sample of the rows. Members without
    ``predict_proba`` vote. A sample leaves some rows out, so that the ensemble has
    out-of-bag predictions of its own training rows: `oof_`.

    Drop-in replacement for :class:`sklearn.ensemble.BaggingClassifier`; additional
    parameters are keyword-only and come last.

    Read more in the :ref:`User Guide <guide_bagging>`.

    Parameters
    ----------
    estimator : estimator, default=None
        The estimator to fit on each sample, such as a decision tree or a Pipeline. None
        is a DecisionTreeClassifier or DecisionTreeRegressor.
    n_estimators : int, default=10
        Number of members.
    max_samples : int, float or None, default=None
        Size of a sample: a number of rows, or a share of the rows; None is 1.0. With
        ``sampling="groups"`` groups are counted. With ``sampling="balanced"`` or
        ``"oversampled"`` a share is taken of each class, and a number is divided among
        the classes.
    max_features : int or float, default=1.0
        Number or share of columns that each member is fitted on.
    bootstrap : bool, default=True
        Whether rows are drawn with replacement.
    bootstrap_features : bool, default=False
        Whether columns are drawn with replacement.
    oob_score : bool, str, scorer, callable or Loss, default=False
        Whether to score the out-of-bag predictions after the fit. True is accuracy for
        classifiers and R2 for regressors. A score is the name of a scorer of
        scikit-learn or of a loss, a scorer, a loss (its negative mean), or a function
        of ``(y_true, y_pred)``. All scores but functions use `sample_weight`.
    warm_start : bool, default=False
        Whether to keep the members of the previous fit and add new members.
    n_jobs : int, default=None
        Number of cores to use. At most `n_jobs` fits run at a time, and fits times
        their inner threads never exceed it. None means one fit at a time, with as many
        inner threads as the estimator uses. The result is the same for any number.
    random_state : int, RandomState instance or None, default=None
        Seed of the samples and of every ``random_state`` of the estimator that is None.
        Samples depend on the content of the rows, not on their order.
    verbose : int, default=0
        Verbosity; passed to joblib.
    sampling : str, default="rows"
        How samples are drawn:

        - "rows": single rows;
        - "stratified": rows, as many of each class (or bin of a continuous target) as
          in the training data;
        - "groups": whole groups of rows;
        - "blocks": blocks of neighbouring rows, for time series [2]_;
        - "balanced": as many rows of each class (or bin) as the smallest has;
        - "oversampled": as many rows of each class (or bin) as the largest has;
        - "bayesian": all rows, with random exponential weights [3]_.
    block_length : int or None, default=None
        Number of rows per block, for ``sampling="blocks"``. None is the cube root of
        the number of rows.
    aggregation : {"auto", "soft", "hard", "mean", "median", "trimmed"}, default="auto"
        How predictions of the members are combined: ``"mean"`` averages them,
        ``"median"`` is robust, ``"trimmed"`` is the mean without a tenth of the members
        at each end. Classifiers combine probabilities, or votes of members without
        ``predict_proba``; ``"soft"`` is their mean, and ``"hard"`` is the mean of
        votes. ``"auto"`` is the mean.
    engine : {"auto", "binned", "general"}, default="auto"
        ``"binned"`` grows the trees of all samples on one binned copy of the rows,
        several times faster; it supports unpruned decision trees for regression and for
        two classes. ``"general"`` fits the estimator itself. ``"auto"`` is ``"binned"``
        where that is supported and there are 10,000 rows or more.
    memory : str, path, joblib.Memory, Store or None, default=None
        Cache of fitted members: an interrupted fit continues from there, and no member
        is fitted twice on the same data.
    on_error : {"raise", "drop"}, default="raise"
        What happens if a member fails: its error is raised, or the member is left out
        with a `MemberFailedWarning` and listed in `failed_`.
    time_limit : float or None, default=None
        Time limit in seconds for the fits of the members. Members that are not finished
        by then are left out and listed in `failed_`. None: no limit.

    Attributes
    ----------
    estimator_ : estimator
        The unfitted member.
    estimators_ : list of estimators
        The fitted members. Members of a classifier are fitted on class codes 0, 1, ...
    estimators_samples_ : list of ndarray of int
        Rows of each sample, with repeats.
    estimators_features_ : list of ndarray of int
        Columns of each member.
    classes_ : ndarray of shape (n_classes,)
        The labels.
    n_classes_ : int
        Number of classes.
    oob_decision_function_ : ndarray of shape (n_samples, n_classes)
        Out-of-bag probabilities, if `oob_score` is set.
    oob_score_ : float
        Score of the out-of-bag predictions, if `oob_score` is set.
    oof_ : OutOfFold
        Out-of-bag predictions: each row is predicted by the members that were not
        fitted on it; NaN for rows in every sample. Available for any `oob_score`.
    engine_ : str
        The engine that was used: 'binned' or 'general'.
    failed_ : dict of str to tuple of Failure
        Members that were left out, with the reasons.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Names of the features, if `X` has names.

    See Also
    --------
    BaggingRegressor : Regression counterpart.

    References
    ----------
    .. [1] Breiman, L. (1996). Bagging predictors. Machine Learning 24, 123-140.
    .. [2] Kuensch, H. R. (1989). The jackknife and the bootstrap for general stationary
       observations. Annals of Statistics 17, 1217-1241.
    .. [3] Rubin, D. B. (1981). The Bayesian bootstrap. Annals of Statistics 9, 130-134.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skensemble import BaggingClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> bag = BaggingClassifier(n_estimators=30, oob_score=True, random_state=0).fit(
    ...     X, y
    ... )
    >>> bool(bag.oob_score_ > 0.9)
    True
    >>> bag.oof_["bag"].shape
    (150, 3)
    """

    _default_estimator_class = DecisionTreeClassifier
    _out_of_bag_attribute = "oob_decision_function_"

    def __init__(
        self,
        estimator=None,
        n_estimators=10,
        *,
        max_samples=None,
        max_features=1.0,
        bootstrap=True,
        bootstrap_features=False,
        oob_score=False,
        warm_start=False,
        n_jobs=None,
        random_state=None,
        verbose=0,
        sampling="rows",
        block_length=None,
        aggregation="auto",
        engine="auto",
        memory=None,
        on_error="raise",
        time_limit=None,
    ):
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.max_samples = max_samples
        self.max_features = max_features
        self.bootstrap = bootstrap
        self.bootstrap_features = bootstrap_features
        self.oob_score = oob_score
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose
        self.sampling = sampling
        self.block_length = block_length
        self.aggregation = aggregation
        self.engine = engine
        self.memory = memory
        self.on_error = on_error
        self.time_limit = time_limit

    def fit(self, X, y, sample_weight=None, *, groups=None, **fit_params):
        """Fit the members on samples of the rows.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Training rows. Frames are passed to the members as frames.
        y : array-like of shape (n_samples,)
            Class labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights. Rows are drawn in proportion to their weights: a row of
            weight two is drawn as the same row given twice, a row of weight zero is
            never drawn.
        groups : array-like of shape (n_samples,), default=None
            Groups of the rows, for ``sampling="groups"``.
        **fit_params : dict
            Metadata for the members, with metadata routing.

        Returns
        -------
        self : estimator
            The fitted estimator.
        """
        with rollback_on_error(self), explained_text_errors(X):
            return self._fit(X, y, sample_weight, groups, fit_params)

    @with_callbacks
    def _fit(self, X, y, sample_weight, groups, fit_params):
        started = time.monotonic()
        check_options(self, CLASSIFIER_AGGREGATIONS)
        fit_params = member_params(self, "fit", "fit", fit_params)
        data = read_training_data(self, X, y, sample_weight, groups)
        previous = previous_fit(self)
        if previous is not None and previous.n_planned == self.n_estimators:
            return self
        plan = plan_members(self, data, fit_params, previous)
        self.classes_ = data.target.classes
        self.n_classes_ = data.target.n_classes
        fold_fits = fit_members(self, plan, data, previous, started)
        set_fitted_attributes(self, data, fold_fits)
        return self

    def predict(self, X, **params):
        """Predict the most probable class of each row.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.
        **params : dict
            Metadata for the members, with metadata routing.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            The labels.
        """
        options = with_metadata(self, "predict", prediction_options(self), params)
        probabilities = self._predict_block(X, options)
        target = self._bag.target
        return decode(target.encoders, probabilities.argmax(axis=1), target.kind)

    def predict_proba(self, X, **params):
        """Predict the probability of each class, or its share of the votes.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.
        **params : dict
            Metadata for the members, with metadata routing.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            One column per class, in the order of `classes_`.
        """
        options = prediction_options(self)
        return self._predict_block(
            X, with_metadata(self, "predict_proba", options, params)
        )

    def predict_log_proba(self, X, **params):
        """Predict the logarithms of the probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.
        **params : dict
            Metadata for the members, with metadata routing.

        Returns
        -------
        logarithms : ndarray of shape (n_samples, n_classes)
            One column per class, in the order of `classes_`.
        """
        check_is_fitted(self)
        name = "predict_log_proba"
        options = prediction_options(self)
        soft = options.method == "predict_proba" and options.rule == "mean"
        if soft and self.engine_ == GENERAL and hasattr(unfitted_member(self), name):
            options = PredictionOptions(name, options.rule, options.n_jobs)
        options = with_metadata(self, name, options, params)
        return self._bag.log_proba(read_new_rows(self, X), options)

    @available_if(_has_decision_function)
    def decision_function(self, X, **params):
        """Compute the mean of the decision values of the members.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.
        **params : dict
            Metadata for the members, with metadata routing.

        Returns
        -------
        decision : ndarray of shape (n_samples,) or (n_samples, n_classes)
            The decision values; one column for two classes.
        """
        name = "decision_function"
        X = read_new_rows(self, X)
        options = PredictionOptions(name, "mean", self.n_jobs)
        options = with_metadata(self, name, options, params)
        return aggregate(self._bag.member_blocks(X, options), "mean", X.shape[0])

    def _predict_block(self, X, options):
        X = read_new_rows(self, X)
        return self._bag.predict(X, options)
