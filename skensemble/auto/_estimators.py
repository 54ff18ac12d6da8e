"""The automatic classifier and regressor."""

from numbers import Real

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.callback import with_callbacks
from sklearn.utils.validation import check_is_fitted

from skensemble.auto._base import BaseAuto
from skensemble.auto._calibration import CHOICES, learn_calibration
from skensemble.auto._quantiles import learn_errors
from skensemble.auto._threshold import check_threshold, tuned_threshold
from skensemble.core import check_choice, decode, named_seed, root_seed


class AutoEnsembleClassifier(ClassifierMixin, BaseAuto):
    r"""A strong ensemble of classes from a table as it comes, within a time limit.

    Members of several kinds, each with its own preparation of the columns, are fitted on
    every fold, the most promising first, as many as there is time for. Their
    out-of-fold predictions are weighted greedily; where there is time, a second layer of
    boosted trees sees the columns and these predictions, and has half of the say. Those
    that count are fitted once more on all rows.

    Parameters
    ----------
    time_limit : float or None, default=60
        Seconds that the fit may take; None tries everything. With a limit the result
        depends on the speed of the machine.
    scoring : str, callable, Loss or None, default=None
        What is maximised: a name as in scikit-learn, a scorer, or a loss (minimised).
        None is the ROC AUC for two classes, the log loss for more.
    preset : {"balanced", "best", "fast", "small", "interpretable"}, default="balanced"
        What is tried: "balanced" is every kind of member in two layers; "best" splits
        small tables in more ways; "fast" is boosted trees and a linear model, in one
        layer; "small" two small members; "interpretable" boosted stumps and a linear
        model, each a sum of functions of single columns.
    members : "auto" or list, default="auto"
        Names of ours ("lightgbm", "linear", "network", "catboost", "extra_trees",
        "xgboost", "neighbors", ...) and ``(name, estimator)`` pairs of your own, in the
        order in which they are tried. An estimator is given what suits it by
        `skensemble.preprocessing.make_member`.
    cv : "auto", int, splitter or iterable of (train, test), default="auto"
        How rows are split. "auto" is five folds, three for large tables; small ones are
        split in several ways as far as there is time.
    threshold : None, float or str, default=None
        For two classes, the probability from which `predict` gives the second, or a
        score of labels that it is tuned for, such as "balanced_accuracy" or "f1"; None
        predicts the likelier class.
    calibrate : {"auto", "temperature", "sigmoid", "isotonic"} or None, default="auto"
        How the probabilities of the ensemble are calibrated on its out-of-fold
        predictions. "auto" is a temperature, where the score judges the size of
        probabilities (log loss, Brier score, a loss with probabilities) and gains by
        more than chance, if it is below 1 (too timid) or above 2 (far too sure); None
        leaves them as they are.
    memory : str, path, joblib.Memory, Store or None, default=None
        Where fits are kept: one that was killed goes on where it was.
    n_jobs : int or None, default=None
        Cores granted; None is all of them.
    verbose : int, default=0
        Passed to joblib.
    random_state : int, RandomState instance or None, default=None
        Seeds splits and members, by name.

    Attributes
    ----------
    weights_ : pandas.Series
        One weight a member; they sum to one.
    leaderboard_ : pandas.DataFrame
        Score out of fold, its standard deviation over splits, and seconds, a row a
        member, best first; the last row is the ensemble, scored on rows that its
        weights had not seen.
    oof_ : OutOfFold
        The out-of-fold predictions of the members, labelled.
    ensemble_oof_ : ndarray of shape (n, n_classes)
        Those of the ensemble.
    fits_ : tuple of FittedCell
        Every fit: ``member``, ``split``, its rows ``train`` and ``test``, seconds, score.
    failed_ : dict of str to tuple of Failure
        Members left out, and why: their fits failed, or (`TimeLimitError`) there was no
        time for them.
    calibration_ : str or None
        How probabilities are calibrated; None where they are not.
    classes_ : ndarray of shape (n_classes,)
        The labels.
    threshold_ : float
        The probability of the second class from which it is predicted, where
        `threshold` is given.
    n_rows_seen_ : int
        Rows that the folds are of: all of them, or a sample of a large table for which
        the time is short. Out-of-fold predictions of other rows are NaN.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of str
        Their names, where X had any.

    See Also
    --------
    EnsembleSelectionClassifier : The same combination, with members of your choice.
    skensemble.preprocessing.TableEncoder : What prepares the columns.

    Notes
    -----
    The members, in the order in which they are tried, and what they are like, are
    listed in the user guide.

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
    >>> y = (price > 200_000).map({True: "dear", False: "cheap"})
    >>> auto = AutoEnsembleClassifier(
    ...     members=["linear", "lightgbm_small"],
    ...     preset="fast",
    ...     time_limit=None,
    ...     random_state=0,
    ... ).fit(X[:500], y[:500])
    >>> auto.predict(X[500:503])
    array(['dear', 'dear', 'dear'], dtype=object)
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
        self.cv = cv
        self.threshold = threshold
        self.calibrate = calibrate
        self.memory = memory
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.random_state = random_state

    @with_callbacks
    def fit(self, X, y, sample_weight=None, groups=None):
        """Fit as many members as there is time for, and combine them.

        Parameters
        ----------
        X : frame or array of shape (n, n_features)
            The table: numbers, categories, strings, dates, texts, missing values.
        y : array-like of shape (n,)
            Classes.
        sample_weight : array-like of shape (n,), default=None
            Weights of the rows.
        groups : array-like of shape (n,), default=None
            Rows of one group stay together, in the folds and in what is held out to stop
            early.

        Returns
        -------
        self : AutoEnsembleClassifier
            The fitted ensemble.
        """
        return self._fit(X, y, sample_weight, groups)

    def _check_options(self):
        super()._check_options()
        check_threshold(self.threshold)
        check_choice("calibrate", self.calibrate, CHOICES)

    def _target(self, y, n_rows):
        target = super()._target(y, n_rows)
        if self.threshold is not None and target.n_classes != 2:
            raise ValueError(
                f"threshold={self.threshold!r} needs two classes, got "
                f"{target.n_classes}; use threshold=None."
            )
        return target

    def _calibration(self, combined, oof_data, growth):
        said = combined.combine(oof_data.blocks)
        found = learn_calibration(self.calibrate, said, oof_data, growth)
        self.calibration_ = found.name
        return found

    def _combine(self, growth, learner):
        super()._combine(growth, learner)
        self.__dict__.pop("threshold_", None)
        if self.threshold is None:
            return
        if isinstance(self.threshold, Real):
            self.threshold_ = float(self.threshold)
            return
        target, weight = growth.setting.target, growth.setting.sample_weight
        said = self.model_.said(self.oof_.blocks)
        rows = self.oof_.covered
        weight = None if weight is None else np.asarray(weight)[rows]
        self.threshold_ = tuned_threshold(
            said[rows], target.values[rows], self.threshold, weight
        )

    def predict_proba(self, X):
        """Predict probabilities of the classes.

        Parameters
        ----------
        X : frame or array of shape (n, n_features)
            New rows. Columns may come in another order.

        Returns
        -------
        p : ndarray of shape (n, n_classes)
            The probability of each class, one row per row of `X`.
        """
        return self._block(X)

    def predict(self, X):
        """Predict classes.

        Parameters
        ----------
        X : frame or array of shape (n, n_features)
            New rows.

        Returns
        -------
        labels : ndarray of shape (n,)
            The predicted class of each row.
        """
        p = self.predict_proba(X)
        if self.threshold is None:
            codes = p.argmax(axis=1)
        else:
            codes = (p[:, 1] >= self.threshold_).astype(int)
        return decode(self._encoders, codes, self._target_kind)


class AutoEnsembleRegressor(RegressorMixin, BaseAuto):
    r"""A strong ensemble of numbers from a table as it comes, within a time limit.

    Members of several kinds, each with its own preparation of the columns, are fitted on
    every fold, the most promising first, as many as there is time for. Their
    out-of-fold predictions are weighted greedily; where there is time, a second layer of
    boosted trees sees the columns and these predictions, and has half of the say. Those
    that count are fitted once more on all rows.

    Parameters
    ----------
    time_limit : float or None, default=60
        Seconds that the fit may take; None tries everything. With a limit the result
        depends on the speed of the machine.
    scoring : str, callable, Loss or None, default=None
        What is maximised: a name as in scikit-learn, a scorer, or a loss (minimised).
        None is the root mean squared error.
    preset : {"balanced", "best", "fast", "small", "interpretable"}, default="balanced"
        What is tried: "balanced" is every kind of member in two layers; "best" splits
        small tables in more ways; "fast" is boosted trees and a linear model, in one
        layer; "small" two small members; "interpretable" boosted stumps and a linear
        model, each a sum of functions of single columns.
    members : "auto" or list, default="auto"
        Names of ours ("lightgbm", "linear", "network", "catboost", "extra_trees",
        "xgboost", "neighbors", ...) and ``(name, estimator)`` pairs of your own, in the
        order in which they are tried. An estimator is given what suits it by
        `skensemble.preprocessing.make_member`.
    cv : "auto", int, splitter or iterable of (train, test), default="auto"
        How rows are split. "auto" is five folds, three for large tables; small ones are
        split in several ways as far as there is time.
    memory : str, path, joblib.Memory, Store or None, default=None
        Where fits are kept: one that was killed goes on where it was.
    n_jobs : int or None, default=None
        Cores granted; None is all of them.
    verbose : int, default=0
        Passed to joblib.
    random_state : int, RandomState instance or None, default=None
        Seeds splits and members, by name.

    Attributes
    ----------
    weights_ : pandas.Series
        One weight a member; they sum to one.
    leaderboard_ : pandas.DataFrame
        Score out of fold, its standard deviation over splits, and seconds, a row a
        member, best first; the last row is the ensemble, scored on rows that its
        weights had not seen.
    oof_ : OutOfFold
        The out-of-fold predictions of the members, labelled.
    ensemble_oof_ : ndarray of shape (n,)
        Those of the ensemble.
    fits_ : tuple of FittedCell
        Every fit: ``member``, ``split``, its rows ``train`` and ``test``, seconds, score.
    failed_ : dict of str to tuple of Failure
        Members left out, and why: their fits failed, or (`TimeLimitError`) there was no
        time for them.
    n_rows_seen_ : int
        Rows that the folds are of: all of them, or a sample of a large table for which
        the time is short. Out-of-fold predictions of other rows are NaN.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of str
        Their names, where X had any.

    See Also
    --------
    EnsembleSelectionRegressor : The same combination, with members of your choice.
    skensemble.preprocessing.TableEncoder : What prepares the columns.

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
        self.cv = cv
        self.memory = memory
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.random_state = random_state

    @with_callbacks
    def fit(self, X, y, sample_weight=None, groups=None):
        """Fit as many members as there is time for, and combine them.

        Parameters
        ----------
        X : frame or array of shape (n, n_features)
            The table: numbers, categories, strings, dates, texts, missing values.
        y : array-like of shape (n,)
            Numbers.
        sample_weight : array-like of shape (n,), default=None
            Weights of the rows.
        groups : array-like of shape (n,), default=None
            Rows of one group stay together, in the folds and in what is held out to stop
            early.

        Returns
        -------
        self : AutoEnsembleRegressor
            The fitted ensemble.
        """
        return self._fit(X, y, sample_weight, groups)

    def _combine(self, growth, learner):
        super()._combine(growth, learner)
        rows, oof = self.oof_.covered, self.oof_.blocks
        combined = self.model_.combined
        self._errors = learn_errors(
            growth.setting.target.values[rows],
            combined.combine(oof)[rows],
            self.model_.spread(oof)[rows],
            named_seed(root_seed(self.random_state) or 0, "errors"),
        )

    def predict(self, X):
        """Predict numbers.

        Parameters
        ----------
        X : frame or array of shape (n, n_features)
            New rows. Columns may come in another order.

        Returns
        -------
        y : ndarray of shape (n,)
            The predicted number of each row.
        """
        return self._block(X)

    def predict_quantiles(self, X, quantiles=(0.1, 0.5, 0.9)):
        r"""Predict quantiles: how far off the out-of-fold predictions were.

        :math:`\hat y + \hat\sigma Q_q`, where the size of the error :math:`\hat\sigma`
        is learned from the prediction and from how much members differ, and
        :math:`Q_q` is the quantile of the errors in units of it.

        Parameters
        ----------
        X : frame or array of shape (n, n_features)
            New rows.
        quantiles : sequence of float, default=(0.1, 0.5, 0.9)
            Between 0 and 1.

        Returns
        -------
        y : ndarray of shape (n, n_quantiles)
            The predicted quantiles, one column per quantile.

        Raises
        ------
        ValueError
            For quantiles that are not strictly between 0 and 1.
        """
        check_is_fitted(self)
        q = np.atleast_1d(np.asarray(quantiles, dtype=float))
        if q.ndim != 1 or not ((q > 0) & (q < 1)).all():
            raise ValueError(
                f"quantiles={quantiles!r} must lie strictly between 0 and 1, as in "
                "(0.1, 0.9)."
            )
        frame = self._matched(X)
        blocks = self.model_.answers(frame, self._workers(frame))
        said = self.model_.combined.combine(blocks)
        return self._errors.quantiles(said, self.model_.spread(blocks), q)
