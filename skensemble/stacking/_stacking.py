"""Stacking: a meta model on the out-of-fold predictions of members."""

import sklearn
from sklearn.base import ClassifierMixin, RegressorMixin, is_classifier, is_regressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.utils.metadata_routing import process_routing
from sklearn.utils.validation import check_is_fitted

from skensemble.core._composition import check_kind
from skensemble.core._responses import AUTO, respond
from skensemble.core._targets import class_target, decode, numeric_target
from skensemble.stacking._ensemble import BaseStacking, _check_choice, final_has


class StackingClassifier(ClassifierMixin, BaseStacking):
    r"""Stack of members with a classifier on top, on any split.

    Every member :math:`m` is fitted on the training rows of every split and predicts
    the rows held out; the meta model :math:`g` is fitted on these out-of-fold
    predictions, :math:`g(z_i) \approx y_i` with
    :math:`z_i = (m_1^{(-i)}(x_i), \dots, m_M^{(-i)}(x_i))`.

    Drop-in for :class:`sklearn.ensemble.StackingClassifier`; what is added is
    keyword-only and comes last.

    Parameters
    ----------
    estimators : list of (str, estimator)
        The members. ``"drop"`` in place of an estimator leaves it out.
    final_estimator : estimator, default=None
        The meta model; None is ``LogisticRegression()``.
    cv : int, splitter, iterable of (train, test) or "prefit", default=None
        Any way to split; None is five stratified folds. Rows predicted more than once
        are averaged; rows never predicted are NaN in `oof_` and left out of the meta
        fit. ``"prefit"`` takes members that are fitted already, on other rows.
    stack_method : str, default="auto"
        ``"predict_proba"``, ``"decision_function"`` or ``"predict"``; ``"auto"`` takes
        the first of these that a member has.
    n_jobs : int, default=None
        Cores granted: at most so many fits at a time, and fits x their own threads
        never exceed it.
    passthrough : bool, default=False
        Whether the meta model sees `X` too. A frame stays a frame, dtypes and all.
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

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,) or list of ndarray
        The labels; one array an output for multilabel targets.
    estimators_ : list of estimators
        The fitted members (``refit=False``: a `FoldAverage` each).
    named_estimators_ : Bunch
        The same by name.
    final_estimator_ : estimator
        The fitted meta model.
    stack_method_ : list of str
        How each member is asked.
    oof_ : OutOfFold
        The out-of-fold predictions, labelled.
    cells_ : tuple of FittedCell
        Every fit: member, split, rows, seconds, score.
    leaderboard_ : pandas.DataFrame
        Accuracy out of fold, its standard deviation over splits, and seconds, a row a
        member, best first; the last row is the stack, scored with the meta model
        fitted without the rows scored.
    failed_ : dict of str to tuple of Failure
        Members left out, and why.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Their names, where `X` had any.

    Raises
    ------
    MemberFailedError
        With ``on_error="drop"``, when every member failed.

    See Also
    --------
    StackingRegressor : The same for numbers.

    References
    ----------
    .. [1] Wolpert, D. H. (1992). Stacked generalization. Neural Networks 5(2),
       241-259.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import RepeatedStratifiedKFold
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skensemble import StackingClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> stack = StackingClassifier(
    ...     [
    ...         ("tree", DecisionTreeClassifier(max_depth=3)),
    ...         ("logistic", LogisticRegression(max_iter=1000)),
    ...     ],
    ...     cv=RepeatedStratifiedKFold(n_splits=5, n_repeats=2, random_state=0),
    ...     random_state=0,
    ... ).fit(X, y)
    >>> stack.oof_["logistic"].shape
    (150, 3)
    >>> bool(stack.score(X, y) > 0.95)
    True
    """

    def __init__(
        self,
        estimators,
        final_estimator=None,
        *,
        cv=None,
        stack_method="auto",
        n_jobs=None,
        passthrough=False,
        verbose=0,
        refit=True,
        on_error="raise",
        random_state=None,
    ):
        self.estimators = estimators
        self.final_estimator = final_estimator
        self.cv = cv
        self.stack_method = stack_method
        self.n_jobs = n_jobs
        self.passthrough = passthrough
        self.verbose = verbose
        self.refit = refit
        self.on_error = on_error
        self.random_state = random_state

    def fit(self, X, y, **fit_params):
        """Fit members on every split, and the meta model on their predictions.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Training rows, handed to members as they are.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Classes, or an indicator matrix of labels.
        **fit_params : dict
            ``sample_weight`` for members and meta model, ``groups`` for the splitter,
            ``member__parameter`` for one member; or whatever metadata routing sends.

        Returns
        -------
        self : StackingClassifier
            The fitted stack.
        """
        target = class_target(y)
        self.classes_ = target.classes
        return self._fit(X, target, fit_params)

    @final_has("predict")
    def predict(self, X, **predict_params):
        """Predict classes.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.
        **predict_params : dict
            For the meta model's ``predict``.

        Returns
        -------
        labels : ndarray of shape (n_samples,) or (n_samples, n_labels)
            The classes.
        """
        check_is_fitted(self)
        codes = self.final_estimator_.predict(
            self._meta_features(X), **final_params(self, predict_params)
        )
        if self._final_present is not None:
            codes = self._final_present[codes]
        return decode(self._encoders, codes, self._target_kind)

    @final_has("predict_proba")
    def predict_proba(self, X):
        """Predict probabilities of classes.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            One column a class, or a column P(label is on) a label.
        """
        check_is_fitted(self)
        return respond(
            self.final_estimator_,
            "predict_proba",
            self._meta_features(X),
            self._final_present,
            self._n_classes,
        )

    @final_has("decision_function")
    def decision_function(self, X):
        """Give the meta model's decision function.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        decisions : ndarray of shape (n_samples,) or (n_samples, n_classes)
            The decision values.
        """
        check_is_fitted(self)
        return self.final_estimator_.decision_function(self._meta_features(X))

    def _final(self):
        if self.final_estimator is None:
            return LogisticRegression()
        return self.final_estimator

    def _check_kinds(self, members):
        _check_choice("stack_method", self.stack_method, ["auto", *AUTO])
        if not is_classifier(self._final()):
            raise ValueError(
                "'final_estimator' parameter should be a classifier. Got "
                f"{self._final()}"
            )


class StackingRegressor(RegressorMixin, BaseStacking):
    r"""Stack of members with a regressor on top, on any split.

    Every member :math:`m` is fitted on the training rows of every split and predicts
    the rows held out; the meta model :math:`g` is fitted on these out-of-fold
    predictions, :math:`g(z_i) \approx y_i` with
    :math:`z_i = (m_1^{(-i)}(x_i), \dots, m_M^{(-i)}(x_i))`.

    Drop-in for :class:`sklearn.ensemble.StackingRegressor`; what is added is
    keyword-only and comes last.

    Parameters
    ----------
    estimators : list of (str, estimator)
        The members. ``"drop"`` in place of an estimator leaves it out.
    final_estimator : estimator, default=None
        The meta model; None is ``RidgeCV()``.
    cv : int, splitter, iterable of (train, test) or "prefit", default=None
        Any way to split; None is five folds. Rows predicted more than once are
        averaged; rows never predicted are NaN in `oof_` and left out of the meta fit.
        ``"prefit"`` takes members that are fitted already, on other rows.
    n_jobs : int, default=None
        Cores granted: at most so many fits at a time, and fits x their own threads
        never exceed it.
    passthrough : bool, default=False
        Whether the meta model sees `X` too. A frame stays a frame, dtypes and all.
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

    Attributes
    ----------
    estimators_ : list of estimators
        The fitted members (``refit=False``: a `FoldAverage` each).
    named_estimators_ : Bunch
        The same by name.
    final_estimator_ : estimator
        The fitted meta model.
    stack_method_ : list of str
        How each member is asked.
    oof_ : OutOfFold
        The out-of-fold predictions, labelled.
    cells_ : tuple of FittedCell
        Every fit: member, split, rows, seconds, score.
    leaderboard_ : pandas.DataFrame
        R2 out of fold, its standard deviation over splits, and seconds, a row a
        member, best first; the last row is the stack, scored with the meta model
        fitted without the rows scored.
    failed_ : dict of str to tuple of Failure
        Members left out, and why.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Their names, where `X` had any.

    Raises
    ------
    MemberFailedError
        With ``on_error="drop"``, when every member failed.

    See Also
    --------
    StackingClassifier : The same for classes.

    References
    ----------
    .. [1] Breiman, L. (1996). Stacked regressions. Machine Learning 24, 49-64.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import TimeSeriesSplit
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> from skensemble import StackingRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> stack = StackingRegressor(
    ...     [("ridge", Ridge()), ("tree", DecisionTreeRegressor(max_depth=3))],
    ...     cv=TimeSeriesSplit(5),
    ...     random_state=0,
    ... ).fit(X, y)
    >>> stack.oof_
    OutOfFold(442 rows, 365 covered, members=['ridge', 'tree'])
    """

    stack_method = "predict"

    def __init__(
        self,
        estimators,
        final_estimator=None,
        *,
        cv=None,
        n_jobs=None,
        passthrough=False,
        verbose=0,
        refit=True,
        on_error="raise",
        random_state=None,
    ):
        self.estimators = estimators
        self.final_estimator = final_estimator
        self.cv = cv
        self.n_jobs = n_jobs
        self.passthrough = passthrough
        self.verbose = verbose
        self.refit = refit
        self.on_error = on_error
        self.random_state = random_state

    def fit(self, X, y, **fit_params):
        """Fit members on every split, and the meta model on their predictions.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Training rows, handed to members as they are.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Numbers.
        **fit_params : dict
            ``sample_weight`` for members and meta model, ``groups`` for the splitter,
            ``member__parameter`` for one member; or whatever metadata routing sends.

        Returns
        -------
        self : StackingRegressor
            The fitted stack.
        """
        return self._fit(X, numeric_target(y), fit_params)

    @final_has("predict")
    def predict(self, X, **predict_params):
        """Predict numbers.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.
        **predict_params : dict
            For the meta model's ``predict``, such as ``return_std=True``.

        Returns
        -------
        values : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The predictions.
        """
        check_is_fitted(self)
        return self.final_estimator_.predict(
            self._meta_features(X), **final_params(self, predict_params)
        )

    def _final(self):
        return RidgeCV() if self.final_estimator is None else self.final_estimator

    def _check_kinds(self, members):
        check_kind(members, "regressor")
        if not is_regressor(self._final()):
            raise ValueError(
                "'final_estimator' parameter should be a regressor. Got "
                f"{self._final()}"
            )


def final_params(stack, params):
    """Give the parameters that the meta model's ``predict`` takes."""
    if not sklearn.get_config()["enable_metadata_routing"]:
        return params
    return process_routing(stack, "predict", **params).final_estimator_["predict"]
