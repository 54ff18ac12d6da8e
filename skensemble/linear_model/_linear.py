"""Linear models: a loss, a penalty and a solver."""

from collections.abc import Callable
from functools import update_wrapper
from types import MethodType
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import column_or_1d
from sklearn.utils.validation import check_is_fitted

from skensemble.core import (
    Target,
    class_target,
    decode,
    numeric_target,
    rollback_on_error,
    with_class_weight,
)
from skensemble.linear_model._base import BaseLinear
from skensemble.linear_model.solvers import FirstOrder
from skensemble.losses import (
    as_loss,
    log_probabilities,
    regression_score,
    two_columns,
)


class AvailableIf:
    """Descriptor of a method that exists if a check passes.

    It differs from scikit-learn's `available_if` in the message, which has a reason.

    Parameters
    ----------
    method : callable
        The method.
    check : callable
        ``check(estimator)`` returns the reason why the method is missing, or None.
    """

    def __init__(
        self, method: Callable[..., Any], check: Callable[[Any], str | None]
    ) -> None:
        self._method, self._check = method, check
        update_wrapper(self, method)  # type: ignore[arg-type]

    def __get__(self, model: Any, owner: type) -> Any:
        """Bind the method, or raise an AttributeError with the reason."""
        if model is None:
            return self._method
        reason = self._check(model)
        if reason is not None:
            name = self._method.__name__
            raise AttributeError(
                f"This {owner.__name__!r} has no attribute {name!r}: {reason}"
            )
        return MethodType(self._method, model)


def available_if(
    check: Callable[[Any], str | None],
) -> Callable[[Callable[..., Any]], AvailableIf]:
    """Decorate a method that exists if ``check(estimator)`` returns None."""
    return lambda method: AvailableIf(method, check)


def _probabilistic(model):
    """Reason why there are no probabilities, or None."""
    try:
        loss = as_loss(model.loss)
    except ValueError as error:
        return str(error)
    if loss.probabilistic:
        return None
    return (
        f"loss={loss!r} has no probabilities; use decision_function, or a loss with a "
        "logit or softmax link such as LogLoss()."
    )


def _streams(model):
    """Reason why there is no `partial_fit`, or None."""
    if isinstance(model.solver, FirstOrder) or model.solver == "first_order":
        return None
    return f"it requires solver=FirstOrder(...), got solver={model.solver!r}."


class ContinuousTargets(RegressorMixin):
    """Targets and predictions of linear regressors."""

    def _read(self, X, y, sample_weight):
        target = numeric_target(y)
        task = "regression" if target.values.ndim == 1 else "multioutput"
        return self._training_rows(X, target, task, sample_weight)

    def predict(self, X):
        """Predict the mean, the quantile or another statistic, depending on the loss.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            Data.

        Returns
        -------
        y : ndarray of shape (n,) or (n, k)
            Predictions: one column per output, or per quantile of `MultiQuantile`.
        """
        return self._mean(self._raw(X))

    def score(self, X, y, sample_weight=None):
        """Return R2 of the predictions, or minus the mean loss of several quantiles.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            Data.
        y : array-like of shape (n,) or (n, k)
            Target.
        sample_weight : array-like of shape (n,) or None, default=None
            Sample weights.

        Returns
        -------
        score : float
            Larger is better.
        """
        check_is_fitted(self)
        return regression_score(self.loss_, y, self.predict(X), sample_weight)

    def __sklearn_tags__(self):
        """Declare that targets with several outputs are supported."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


class ClassTargets(ClassifierMixin):
    """Targets and predictions of linear classifiers."""

    def _read(self, X, y, sample_weight):
        target = class_target(y)
        task = "multilabel"
        if target.kind == "classes":
            if target.n_classes < 2:
                raise ValueError(
                    f"y has one class only ({list(target.classes)}); a classifier needs "
                    "two or more classes."
                )
            task = "binary" if target.n_classes == 2 else "multiclass"
        labels = np.arange(len(target.encoders))
        self.classes_ = labels if target.kind == "labels" else target.classes
        self._encoders, self._kind = target.encoders, target.kind
        weight = with_class_weight(self.class_weight, y, sample_weight)
        rows = self._training_rows(X, target, task, weight)
        if task != "multilabel" and rows.weight is not None:
            seen = np.unique(target.values[rows.weight > 0])
            if len(seen) < target.n_classes:
                lost = np.setdiff1d(np.arange(target.n_classes), seen)
                raise ValueError(
                    f"sample_weight is zero in all rows of class {self.classes_[lost]}; "
                    "use a positive weight in at least one row, or drop these rows."
                )
        return rows

    def _shown(self, coef, intercept):
        """Coefficients in scikit-learn's shape: one row per class."""
        return np.atleast_2d(coef.T), np.atleast_1d(intercept)

    def decision_function(self, X):
        """Return the raw output of the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            Data.

        Returns
        -------
        raw : ndarray of shape (n,) or (n, k)
            One value per row for two classes, else one column per class or label.
        """
        return self._raw(X)

    @available_if(_probabilistic)
    def predict_proba(self, X):
        """Predict the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            Data.

        Returns
        -------
        p : ndarray of shape (n, k)
            Probabilities of the classes, in the order of `classes_`; for multilabel
            targets the probability of each label.
        """
        return two_columns(self._mean(self._raw(X)))

    @available_if(_probabilistic)
    def predict_log_proba(self, X):
        """Predict the logarithm of the probability of each class.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            Data.

        Returns
        -------
        log_p : ndarray of shape (n, k)
            Logarithms, in the order of `classes_`.
        """
        raw = self._raw(X)
        return log_probabilities(self.loss_.link_for(self._task), raw)

    def predict(self, X):
        """Predict the class, or the labels of a multilabel target.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            Data.

        Returns
        -------
        y : ndarray of shape (n,) or (n, k)
            Predicted classes, or one column of 0 and 1 per label.
        """
        raw = self._raw(X)
        multiclass = self._task == "multiclass"
        codes = raw.argmax(axis=1) if multiclass else (raw > 0).astype(int)
        return decode(self._encoders, codes, self._kind)

    def __sklearn_tags__(self):
        """Declare that multilabel targets are supported."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


class LinearRegressor(ContinuousTargets, BaseLinear):
    r"""Linear regression with any loss, any penalty and any solver.

    The model minimises over coefficients w and intercept b the objective

        sum_i s_i loss(y_i, x_i w + b) / sum_i s_i + penalty(w)

    with sample weights s. The intercept is never penalised. Columns of a frame with a
    categorical or string dtype are one-hot encoded, with one column per level (an
    unknown level is zero in all of them).

    Read more in the :ref:`User Guide <guide_linear_models>`.

    Parameters
    ----------
    loss : str or Loss, default="squared_error"
        Loss per row: a loss of `skensemble.losses`, its short name, or a loss of your
        own. For regression: "squared_error", "huber", "absolute_error", "quantile",
        "poisson", "gamma", ...; for classes: "log_loss", "hinge", "squared_hinge",
        "focal", "ranked_probability", ... Losses with a logit or softmax link have
        `predict_proba`.
    penalty : str or Penalty, default="l2"
        Penalty on the coefficients: `NoPenalty`, `L1`, `L2`, `ElasticNetPenalty`,
        `GroupLasso`, `SparseGroupLasso`, `MCP`, `SCAD`, `Adaptive`, `NonNegative`,
        `Bounded`, or a short name such as "l1".
    solver : str or Solver, default="auto"
        Algorithm that minimises the objective: `Direct`, `CoordinateDescent`,
        `LinearProgramming`, `InteriorPoint`, `LocalLinear`, `ConeProgramming`,
        `NewtonCholesky`, `LBFGS`, `ProximalNewton`, `FISTA`, `Smoothing`, `FirstOrder`,
        or a short name such as "lbfgs". "auto" uses the most precise solver that
        supports the loss and the penalty.
    fit_intercept : bool, default=True
        Whether to fit an intercept b.
    standardize : bool, default=False
        Whether to divide columns by their standard deviation for the fit, so that the
        penalty does not depend on units. `coef_` is always in the units of the data.
    tol : float, default=1e-6
        Convergence tolerance: the largest violation of the optimality conditions, in
        units of the root mean square gradient of the loss at the best constant, for
        columns of norm one. The excess of the objective is of the order of its square.
    max_iter : int, default=1000
        Largest number of iterations of the solver per fit.
    warm_start : bool, default=False
        Whether `fit` starts from the solution of the previous fit.
    random_state : int, RandomState or None, default=None
        Seed of the random numbers that solvers (`FirstOrder`) and splitters draw.

    Attributes
    ----------
    coef_ : ndarray of shape (p,) or (k, p)
        Coefficients in the units of the data: one row per output, quantile, class or
        label, and one row for two classes.
    intercept_ : float or ndarray of shape (k,)
        Intercept, one per row of `coef_`.
    coef_names_ : ndarray of shape (p,)
        Names of the coefficients, with the levels of categorical columns.
    n_iter_ : int
        Number of iterations or epochs.
    converged_ : bool
        Whether the solver reached `tol`.
    violation_ : float
        Largest violation of the optimality conditions.
    dual_gap_ : float or None
        Duality gap, if the solver computes it.
    objective_ : float
        Objective at the solution.
    solver_ : Solver
        Solver that was used.
    loss_, penalty_ : Loss, Penalty
        Loss and penalty, bound to the data.
    history_ : History
        Measurements of each epoch, with `FirstOrder`.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns of X, if all are strings.

    See Also
    --------
    LinearRegressorCV : Selects the strength of the penalty by cross-validation.
    LinearClassifier : Classification counterpart.

    Examples
    --------
    >>> from skensemble import LinearRegressor
    >>> from skensemble.linear_model import L1
    >>> X = [[0.0, 1.0], [1.0, 0.0], [2.0, 1.0], [3.0, 0.0]]
    >>> model = LinearRegressor("squared_error", L1(alpha=0.1)).fit(X, [0, 2, 4, 6])
    >>> model.coef_.round(2)
    array([1.92, 0.  ])
    """

    _encoder_style = "linear"

    def __init__(
        self,
        loss="squared_error",
        penalty="l2",
        solver="auto",
        *,
        fit_intercept=True,
        standardize=False,
        tol=1e-6,
        max_iter=1000,
        warm_start=False,
        random_state=None,
    ):
        self.loss = loss
        self.penalty = penalty
        self.solver = solver
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.tol = tol
        self.max_iter = max_iter
        self.warm_start = warm_start
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None):
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            Training data: numeric, or a frame with categorical columns.
        y : array-like of shape (n,) or (n, k)
            Target.
        sample_weight : array-like of shape (n,) or None, default=None
            Sample weights; a weight of two is equivalent to the row twice.

        Returns
        -------
        self : estimator
            The fitted estimator.
        """
        with rollback_on_error(self):
            return self._solve(self._read(X, y, sample_weight))

    @available_if(_streams)
    def partial_fit(self, X, y, sample_weight=None):
        """Continue the fit by one pass over new rows of a stream.

        Columns are centred and scaled by the rows of the first call.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            Data.
        y : array-like of shape (n,) or (n, k)
            Target.
        sample_weight : array-like of shape (n,) or None, default=None
            Sample weights.

        Returns
        -------
        self : estimator
            The fitted estimator.
        """
        target = numeric_target(y)
        task = "regression" if target.values.ndim == 1 else "multioutput"
        with rollback_on_error(self):
            return self._advance(X, target, task, sample_weight)


class LinearClassifier(ClassTargets, BaseLinear):
    r"""Linear classification with any loss, any penalty and any solver.

    The model minimises over coefficients w and intercept b the objective

        sum_i s_i loss(y_i, x_i w + b) / sum_i s_i + penalty(w)

    with sample weights s. The intercept is never penalised. `LogLoss` gives logistic
    regression (softmax for more than two classes), `Hinge` a linear support vector
    machine, one class against the rest. For multilabel targets, each label has its own
    coefficients. scikit-learn's ``LogisticRegression(C=C)`` is
    ``penalty=L2(alpha=1 / (n * C))`` with n rows. Frames are encoded as in
    `LinearRegressor`.

    Read more in the :ref:`User Guide <guide_linear_models>`.

    Parameters
    ----------
    loss : str or Loss, default="log_loss"
        Loss per row: a loss of `skensemble.losses`, its short name, or a loss of your
        own. For regression: "squared_error", "huber", "absolute_error", "quantile",
        "poisson", "gamma", ...; for classes: "log_loss", "hinge", "squared_hinge",
        "focal", "ranked_probability", ... Losses with a logit or softmax link have
        `predict_proba`.
    penalty : str or Penalty, default="l2"
        Penalty on the coefficients: `NoPenalty`, `L1`, `L2`, `ElasticNetPenalty`,
        `GroupLasso`, `SparseGroupLasso`, `MCP`, `SCAD`, `Adaptive`, `NonNegative`,
        `Bounded`, or a short name such as "l1".
    solver : str or Solver, default="auto"
        Algorithm that minimises the objective: `Direct`, `CoordinateDescent`,
        `LinearProgramming`, `InteriorPoint`, `LocalLinear`, `ConeProgramming`,
        `NewtonCholesky`, `LBFGS`, `ProximalNewton`, `FISTA`, `Smoothing`, `FirstOrder`,
        or a short name such as "lbfgs". "auto" uses the most precise solver that
        supports the loss and the penalty.
    fit_intercept : bool, default=True
        Whether to fit an intercept b.
    standardize : bool, default=False
        Whether to divide columns by their standard deviation for the fit, so that the
        penalty does not depend on units. `coef_` is always in the units of the data.
    class_weight : dict, "balanced" or None, default=None
        Factors of the sample weights per class. "balanced" uses
        ``n_samples / (n_classes * n_samples_of_class)``.
    tol : float, default=1e-6
        Convergence tolerance: the largest violation of the optimality conditions, in
        units of the root mean square gradient of the loss at the best constant, for
        columns of norm one. The excess of the objective is of the order of its square.
    max_iter : int, default=1000
        Largest number of iterations of the solver per fit.
    warm_start : bool, default=False
        Whether `fit` starts from the solution of the previous fit.
    random_state : int, RandomState or None, default=None
        Seed of the random numbers that solvers (`FirstOrder`) and splitters draw.

    Attributes
    ----------
    coef_ : ndarray of shape (1, p) or (k, p)
        Coefficients in the units of the data: one row per output, quantile, class or
        label, and one row for two classes.
    intercept_ : ndarray of shape (1,) or (k,)
        Intercept, one per row of `coef_`.
    classes_ : ndarray of shape (n_classes,)
        Class labels; for multilabel targets the positions of the columns.
    coef_names_, n_iter_, converged_, violation_, dual_gap_, objective_, solver_
        As in `LinearRegressor`.
    loss_, penalty_, history_, n_features_in_, feature_names_in_
        As in `LinearRegressor`.

    See Also
    --------
    LinearClassifierCV : Selects the strength of the penalty by cross-validation.
    LinearRegressor : Regression counterpart.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skensemble import LinearClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> model = LinearClassifier(penalty="l2", standardize=True).fit(X, y)
    >>> model.predict_proba(X[70:71]).round(2)
    array([[0.  , 0.45, 0.55]])
    """

    _encoder_style = "linear"

    def __init__(
        self,
        loss="log_loss",
        penalty="l2",
        solver="auto",
        *,
        fit_intercept=True,
        standardize=False,
        class_weight=None,
        tol=1e-6,
        max_iter=1000,
        warm_start=False,
        random_state=None,
    ):
        self.loss = loss
        self.penalty = penalty
        self.solver = solver
        self.fit_intercept = fit_intercept
        self.standardize = standardize
        self.class_weight = class_weight
        self.tol = tol
        self.max_iter = max_iter
        self.warm_start = warm_start
        self.random_state = random_state

    def fit(self, X, y, sample_weight=None):
        """Fit the model.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            Training data: numeric, or a frame with categorical columns.
        y : array-like of shape (n,) or (n, k)
            Class labels, or one column of 0 and 1 per label.
        sample_weight : array-like of shape (n,) or None, default=None
            Sample weights; a weight of two is equivalent to the row twice.

        Returns
        -------
        self : estimator
            The fitted estimator.
        """
        with rollback_on_error(self):
            return self._solve(self._read(X, y, sample_weight))

    @available_if(_streams)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Continue the fit by one pass over new rows of a stream.

        Columns are centred and scaled by the rows of the first call.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            Data.
        y : array-like of shape (n,)
            Class labels.
        classes : array-like of shape (n_classes,) or None, default=None
            All class labels of the stream; required in the first call.
        sample_weight : array-like of shape (n,) or None, default=None
            Sample weights.

        Returns
        -------
        self : estimator
            The fitted estimator.
        """
        with rollback_on_error(self):
            target = self._stream_target(y, classes)
            task = "binary" if len(self.classes_) == 2 else "multiclass"
            weight = with_class_weight(self.class_weight, y, sample_weight)
            return self._advance(X, target, task, weight)

    def _stream_target(self, y, classes):
        """Encode labels of a stream, whose classes are given in the first call."""
        if not hasattr(self, "_stream"):
            if classes is None:
                raise ValueError(
                    "classes is required in the first call of partial_fit; use all class "
                    "labels of the stream."
                )
            self._encoders, self._kind = (LabelEncoder().fit(classes),), "classes"
            self.classes_ = self._encoders[0].classes_
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(
                f"y contains {unknown.tolist()}, which are not among the classes "
                f"{self.classes_.tolist()} of the first call."
            )
        codes = self._encoders[0].transform(column_or_1d(y))
        return Target(codes, "classes", self._encoders)
