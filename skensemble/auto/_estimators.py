"""The automatic classifier and regressor."""

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.callback import with_callbacks
from sklearn.utils.validation import check_is_fitted

from skensemble.auto._base import BaseAuto
from skensemble.auto._fit_clock import FitClock
from skensemble.auto._learning_task import read_task
from skensemble.auto._parameter_checks import check_parameters
from skensemble.auto._quantiles import fit_error_model
from skensemble.auto._threshold import check_two_classes, fit_threshold
from skensemble.auto._trainer import Trainer
from skensemble.auto._training_plan import plan_training
from skensemble.core import (
    check_quantile_levels,
    decode,
    named_seed,
    rollback_on_error,
    root_seed,
)


class AutoEnsembleClassifier(ClassifierMixin, BaseAuto):
    r"""Ensemble classifier for mixed-type tables, within a time limit.

    Members of several kinds, each with its own encoding of the columns, are fitted on
    every fold, the most promising first, until the time limit [1]_. Greedy selection
    finds their weights from out-of-fold predictions [2]_. If there is time, a second
    layer of boosted trees is fitted on the columns and these predictions, and gets half
    of the total weight. Members with a weight are finally fitted on all rows.

    Read more in the :ref:`User Guide <guide_auto>`.

    Parameters
    ----------
    time_limit : float or None, default=60
        Time limit of the fit in seconds; None fits all members. With a limit the result
        depends on the speed of the machine.
    scoring : str, callable, Loss or None, default=None
        The score that is maximized: the name of a scorer of scikit-learn, a short name
        ("rmse", "auc"), a scorer, or a loss (minimized). None uses the ROC AUC for two
        classes, the log loss for more classes and the root mean squared error for
        regression.
    preset : {"balanced", "best", "fast", "small", "interpretable"}, default="balanced"
        Which members are tried: "balanced" tries every kind of member in two layers;
        "best" also splits small tables in more ways; "fast" tries boosted trees and a
        linear model, in one layer; "small" tries two small members; "interpretable"
        tries boosted stumps and a linear model, each a sum of functions of single
        columns.
    members : "auto" or list, default="auto"
        Names of members ("lightgbm", "linear", "network", "catboost", "extra_trees",
        "xgboost", "neighbors", ...) and ``(name, estimator)`` pairs, in the order in
        which they are tried. `skensemble.preprocessing.make_member` puts a suitable
        encoder before each estimator.
    kinds : dict of str to str or None, default=None
        Kinds of columns, by name, that replace the inferred kinds: "numeric",
        "boolean", "category", "high-cardinality", "ordinal", "date-time", "text", or
        "identifier", "constant" and "duplicate", which are left out.
    cv : "auto", int, splitter or iterable of (train, test), default="auto"
        How rows are split. "auto" uses five folds, three for large tables; small tables
        are split in several ways if there is time. With `time` the splits go forward in
        time; "auto" or an int is their number.
    threshold : None, float or str, default=None
        Decision threshold for two classes: the probability from which `predict` returns
        the second class, or the name of a score of labels that the threshold is tuned
        for, such as "balanced_accuracy" or "f1". None predicts the most probable class.
    calibrate : {"auto", "temperature", "sigmoid", "isotonic"} or None, default="auto"
        How the probabilities of the ensemble are calibrated on its out-of-fold
        predictions. "auto" fits a temperature if the score depends on the size of
        probabilities (log loss, Brier score, a probabilistic loss). It is used if it
        lowers the loss by more than one standard error and is below 1 (under-confident
        predictions) or above 2 (clearly over-confident). None leaves the probabilities
        as they are.
    memory : str, path, joblib.Memory, Store or None, default=None
        Where fits are stored, so that an interrupted fit can continue.
    n_jobs : int or None, default=None
        Number of cores; None uses all of them.
    verbose : int, default=0
        Verbosity, passed to joblib.
    random_state : int, RandomState instance or None, default=None
        Seed of the splits and of the members, which get seeds by name.

    Attributes
    ----------
    model_ : object
        The fitted members and their weights, which predict new rows.
    weights_ : pandas.Series
        One weight per member; they sum to one.
    leaderboard_ : pandas.DataFrame
        One row per member, best first: out-of-fold score, its standard deviation over
        the splits, and seconds. The last row is the ensemble, scored on rows that its
        weights were not fitted on.
    scoring_ : str, callable or Loss
        The score that was maximized.
    oof_ : OutOfFold
        Out-of-fold predictions of the members.
    ensemble_oof_ : ndarray of shape (n_samples,) or (n_samples, n_classes)
        Out-of-fold predictions of the ensemble, with weights that were fitted without
        the row.
    fits_ : tuple of FoldFit
        All fits: ``member``, ``split``, rows ``train`` and ``test``, seconds, score.
    failed_ : dict of str to tuple of Failure
        Members that were left out, and why: their fits failed, or there was no time for
        them (`TimeLimitError`).
    calibration_ : str or None
        How the probabilities are calibrated; None if they are not.
    classes_ : ndarray of shape (n_classes,)
        Class labels.
    threshold_ : float
        Probability of the second class from which it is predicted. Only with
        `threshold`.
    n_rows_seen_ : int
        Number of rows that the folds contain: all rows, or a sample of a large table if
        time is short. Out-of-fold predictions of other rows are NaN.
    kinds_ : pandas.Series
        Kind of each column, which the encoders of all members use.
    dropped_ : dict of str to str
        By name of each column that is left out, the reason: "identifier: running
        number", "constant", "duplicate of 'size'".
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of str
        Names of the features seen during fit, if all names are strings.

    See Also
    --------
    EnsembleSelectionClassifier : The same combination, with given members.
    skensemble.preprocessing.TableEncoder : Encodes the columns.

    Notes
    -----
    The user guide describes the members, in the order in which they are tried.

    References
    ----------
    .. [1] Erickson, N. et al. (2020). AutoGluon-Tabular: robust and accurate AutoML for
       structured data. arXiv:2003.06505. (Layers of members bagged over folds.)
    .. [2] Caruana, R., Niculescu-Mizil, A., Crew, G. and Ksikes, A. (2004). Ensemble
       selection from libraries of models. ICML.

    Examples
    --------
    >>> from skensemble import AutoEnsembleClassifier
    >>> from skensemble.datasets import load_ames
    >>> X, price = load_ames(return_X_y=True)
    >>> y = (price > 200_000).map({True: "expensive", False: "cheap"})
    >>> auto = AutoEnsembleClassifier(
    ...     members=["linear", "lightgbm_small"],
    ...     preset="fast",
    ...     time_limit=None,
    ...     random_state=0,
    ... ).fit(X[:500], y[:500])
    >>> auto.predict(X[500:503])
    array(['expensive', 'expensive', 'expensive'], dtype=object)
    >>> bool(auto.leaderboard_.loc["ensemble", "score"] > 0.9)
    True
    """

    def __init__(
        self,
        time_limit=60,
        *,
        scoring=None,
        preset="balanced",
        members="auto",
        kinds=None,
        cv="auto",
        threshold=None,
        calibrate="auto",
        memory=None,
        n_jobs=None,
        verbose=0,
        random_state=None,
    ):
        self.time_limit = time_limit
        self.scoring = scoring
        self.preset = preset
        self.members = members
        self.kinds = kinds
        self.cv = cv
        self.threshold = threshold
        self.calibrate = calibrate
        self.memory = memory
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.random_state = random_state

    @with_callbacks
    def fit(self, X, y, sample_weight=None, groups=None, time=None):
        """Fit as many members as there is time for, and combine them.

        Parameters
        ----------
        X : {array-like, frame} of shape (n_samples, n_features)
            The table: numeric, categorical, string, date and text columns, with missing
            values.
        y : array-like of shape (n_samples,)
            Target: class labels, or continuous for regression.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights.
        groups : array-like of shape (n_samples,), default=None
            Rows of one group stay together, in the folds and in the rows that are held
            out for early stopping.
        time : array-like of shape (n_samples,) or str, default=None
            Times of the rows (numbers, dates or text in ISO 8601 format), or the name
            of a column of `X` that holds them, which stays a feature. Members are
            fitted on earlier rows than those that they predict out of fold, and the
            last rows are held out for early stopping. Not with `groups`.

        Returns
        -------
        self : AutoEnsembleClassifier
            The fitted estimator.

        Raises
        ------
        ValueError
            If no two classes can be both fitted on and scored, and for invalid data or
            parameters.

        Warns
        -----
        RareClassWarning
            If some splits cannot fit on, or cannot score, some classes.
        """
        with rollback_on_error(self):
            clock = FitClock(self.time_limit)
            check_parameters(self)
            task = read_task(self, X, y, sample_weight, groups, time)
            check_two_classes(self.threshold, task.target)
            context = self._init_callback_context(max_subtasks=None)
            data = {"X": task.X, "y": task.target.values}
            context.call_on_fit_task_begin(estimator=self, **data)
            trainer = Trainer(plan_training(self, task, context))
            trainer.fit_until(clock)
            self._finish(trainer, clock)
            context.call_on_fit_task_end(estimator=self, **data)
        return self

    def _set_fitted_attributes(self, trainer, ensemble, seconds):
        super()._set_fitted_attributes(trainer, ensemble, seconds)
        self.classes_ = ensemble.settings.target.classes
        self.calibration_ = ensemble.calibration
        vars(self).pop("threshold_", None)
        if self.threshold is not None:
            p, rows = ensemble.combined_oof(), self.oof_.covered
            self.threshold_ = fit_threshold(self.threshold, p, rows, ensemble.settings)

    def predict_proba(self, X):
        """Predict class probabilities.

        Parameters
        ----------
        X : {array-like, frame} of shape (n_samples, n_features)
            Rows to predict. Columns of a frame may have another order.

        Returns
        -------
        p : ndarray of shape (n_samples, n_classes)
            Probabilities, in the order of `classes_`.
        """
        return self._predict_block(X)

    def predict(self, X):
        """Predict classes.

        Parameters
        ----------
        X : {array-like, frame} of shape (n_samples, n_features)
            Rows to predict. Columns of a frame may have another order.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            Class labels.
        """
        p = self.predict_proba(X)
        if self.threshold is None:
            codes = p.argmax(axis=1)
        else:
            codes = (p[:, 1] >= self.threshold_).astype(int)
        return decode(self._encoders, codes, self._target_kind)


class AutoEnsembleRegressor(RegressorMixin, BaseAuto):
    r"""Ensemble regressor for mixed-type tables, within a time limit.

    Members of several kinds, each with its own encoding of the columns, are fitted on
    every fold, the most promising first, until the time limit [1]_. Greedy selection
    finds their weights from out-of-fold predictions [2]_. If there is time, a second
    layer of boosted trees is fitted on the columns and these predictions, and gets half
    of the total weight. Members with a weight are finally fitted on all rows.

    Read more in the :ref:`User Guide <guide_auto>`.

    Parameters
    ----------
    time_limit : float or None, default=60
        Time limit of the fit in seconds; None fits all members. With a limit the result
        depends on the speed of the machine.
    scoring : str, callable, Loss or None, default=None
        The score that is maximized: the name of a scorer of scikit-learn, a short name
        ("rmse", "auc"), a scorer, or a loss (minimized). None uses the ROC AUC for two
        classes, the log loss for more classes and the root mean squared error for
        regression.
    preset : {"balanced", "best", "fast", "small", "interpretable"}, default="balanced"
        Which members are tried: "balanced" tries every kind of member in two layers;
        "best" also splits small tables in more ways; "fast" tries boosted trees and a
        linear model, in one layer; "small" tries two small members; "interpretable"
        tries boosted stumps and a linear model, each a sum of functions of single
        columns.
    members : "auto" or list, default="auto"
        Names of members ("lightgbm", "linear", "network", "catboost", "extra_trees",
        "xgboost", "neighbors", ...) and ``(name, estimator)`` pairs, in the order in
        which they are tried. `skensemble.preprocessing.make_member` puts a suitable
        encoder before each estimator.
    kinds : dict of str to str or None, default=None
        Kinds of columns, by name, that replace the inferred kinds: "numeric",
        "boolean", "category", "high-cardinality", "ordinal", "date-time", "text", or
        "identifier", "constant" and "duplicate", which are left out.
    cv : "auto", int, splitter or iterable of (train, test), default="auto"
        How rows are split. "auto" uses five folds, three for large tables; small tables
        are split in several ways if there is time. With `time` the splits go forward in
        time; "auto" or an int is their number.
    memory : str, path, joblib.Memory, Store or None, default=None
        Where fits are stored, so that an interrupted fit can continue.
    n_jobs : int or None, default=None
        Number of cores; None uses all of them.
    verbose : int, default=0
        Verbosity, passed to joblib.
    random_state : int, RandomState instance or None, default=None
        Seed of the splits and of the members, which get seeds by name.

    Attributes
    ----------
    model_ : object
        The fitted members and their weights, which predict new rows.
    weights_ : pandas.Series
        One weight per member; they sum to one.
    leaderboard_ : pandas.DataFrame
        One row per member, best first: out-of-fold score, its standard deviation over
        the splits, and seconds. The last row is the ensemble, scored on rows that its
        weights were not fitted on.
    scoring_ : str, callable or Loss
        The score that was maximized.
    oof_ : OutOfFold
        Out-of-fold predictions of the members.
    ensemble_oof_ : ndarray of shape (n_samples,) or (n_samples, n_classes)
        Out-of-fold predictions of the ensemble, with weights that were fitted without
        the row.
    fits_ : tuple of FoldFit
        All fits: ``member``, ``split``, rows ``train`` and ``test``, seconds, score.
    failed_ : dict of str to tuple of Failure
        Members that were left out, and why: their fits failed, or there was no time for
        them (`TimeLimitError`).
    n_rows_seen_ : int
        Number of rows that the folds contain: all rows, or a sample of a large table if
        time is short. Out-of-fold predictions of other rows are NaN.
    kinds_ : pandas.Series
        Kind of each column, which the encoders of all members use.
    dropped_ : dict of str to str
        By name of each column that is left out, the reason: "identifier: running
        number", "constant", "duplicate of 'size'".
    n_features_in_ : int
        Number of features seen during fit.
    feature_names_in_ : ndarray of str
        Names of the features seen during fit, if all names are strings.

    See Also
    --------
    EnsembleSelectionRegressor : The same combination, with given members.
    skensemble.preprocessing.TableEncoder : Encodes the columns.

    Notes
    -----
    The user guide describes the members, in the order in which they are tried.

    References
    ----------
    .. [1] Erickson, N. et al. (2020). AutoGluon-Tabular: robust and accurate AutoML for
       structured data. arXiv:2003.06505. (Layers of members bagged over folds.)
    .. [2] Caruana, R., Niculescu-Mizil, A., Crew, G. and Ksikes, A. (2004). Ensemble
       selection from libraries of models. ICML.

    Examples
    --------
    >>> from skensemble import AutoEnsembleRegressor
    >>> from skensemble.datasets import load_ames
    >>> X, y = load_ames(return_X_y=True)
    >>> auto = AutoEnsembleRegressor(
    ...     members=["linear", "lightgbm_small"],
    ...     preset="fast",
    ...     time_limit=None,
    ...     random_state=0,
    ... ).fit(X[:500], y[:500])
    >>> bool(auto.score(X[500:], y[500:]) > 0.8)
    True
    """

    def __init__(
        self,
        time_limit=60,
        *,
        scoring=None,
        preset="balanced",
        members="auto",
        kinds=None,
        cv="auto",
        memory=None,
        n_jobs=None,
        verbose=0,
        random_state=None,
    ):
        self.time_limit = time_limit
        self.scoring = scoring
        self.preset = preset
        self.members = members
        self.kinds = kinds
        self.cv = cv
        self.memory = memory
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.random_state = random_state

    @with_callbacks
    def fit(self, X, y, sample_weight=None, groups=None, time=None):
        """Fit as many members as there is time for, and combine them.

        Parameters
        ----------
        X : {array-like, frame} of shape (n_samples, n_features)
            The table: numeric, categorical, string, date and text columns, with missing
            values.
        y : array-like of shape (n_samples,)
            Target: class labels, or continuous for regression.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights.
        groups : array-like of shape (n_samples,), default=None
            Rows of one group stay together, in the folds and in the rows that are held
            out for early stopping.
        time : array-like of shape (n_samples,) or str, default=None
            Times of the rows (numbers, dates or text in ISO 8601 format), or the name
            of a column of `X` that holds them, which stays a feature. Members are
            fitted on earlier rows than those that they predict out of fold, and the
            last rows are held out for early stopping. Not with `groups`.

        Returns
        -------
        self : AutoEnsembleRegressor
            The fitted estimator.
        """
        with rollback_on_error(self):
            clock = FitClock(self.time_limit)
            check_parameters(self)
            task = read_task(self, X, y, sample_weight, groups, time)
            context = self._init_callback_context(max_subtasks=None)
            data = {"X": task.X, "y": task.target.values}
            context.call_on_fit_task_begin(estimator=self, **data)
            trainer = Trainer(plan_training(self, task, context))
            trainer.fit_until(clock)
            self._finish(trainer, clock)
            context.call_on_fit_task_end(estimator=self, **data)
        return self

    def _set_fitted_attributes(self, trainer, ensemble, seconds):
        super()._set_fitted_attributes(trainer, ensemble, seconds)
        rows, blocks, model = self.oof_.covered, self.oof_.blocks, ensemble.model
        self._error_model = fit_error_model(
            ensemble.settings.target.values[rows],
            model.combine(blocks)[rows],
            model.spread(blocks)[rows],
            named_seed(root_seed(self.random_state) or 0, "errors"),
        )

    def predict(self, X):
        """Predict the continuous target.

        Parameters
        ----------
        X : {array-like, frame} of shape (n_samples, n_features)
            Rows to predict. Columns of a frame may have another order.

        Returns
        -------
        y : ndarray of shape (n_samples,)
            Predictions.
        """
        return self._predict_block(X)

    def predict_quantiles(self, X, quantiles=(0.1, 0.5, 0.9)):
        r"""Predict quantiles of the target, from out-of-fold errors.

        :math:`\hat y + \hat\sigma Q_q`, where the size of the error :math:`\hat\sigma`
        is predicted from :math:`\hat y` and the standard deviation over the members,
        and :math:`Q_q` is the quantile of the out-of-fold errors divided by their size
        (normalized conformal prediction [1]_).

        Parameters
        ----------
        X : {array-like, frame} of shape (n_samples, n_features)
            Rows to predict. Columns of a frame may have another order.
        quantiles : sequence of float, default=(0.1, 0.5, 0.9)
            Levels, strictly between 0 and 1.

        Returns
        -------
        y : ndarray of shape (n_samples, n_quantiles)
            One column per level.

        Raises
        ------
        ValueError
            For levels that are not strictly between 0 and 1.

        References
        ----------
        .. [1] Papadopoulos, H., Proedrou, K., Vovk, V. and Gammerman, A. (2002).
           Inductive confidence machines for regression. ECML.
        """
        check_is_fitted(self)
        q = np.atleast_1d(check_quantile_levels(quantiles, ends=False))
        table = self._matched(X)
        blocks = self.model_.predict_blocks(table, self._n_workers(table))
        predictions = self.model_.combine(blocks)
        return self._error_model.quantiles(predictions, self.model_.spread(blocks), q)
