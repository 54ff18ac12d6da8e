"""Linear models: a loss, a penalty and a solver."""

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.preprocessing import LabelEncoder
from sklearn.utils import column_or_1d, compute_sample_weight
from sklearn.utils.validation import check_is_fitted

from skensemble.core import Target, check_weights, class_target, decode, numeric_target
from skensemble.linear_model._available import available_if
from skensemble.linear_model._base import BaseLinear
from skensemble.linear_model.solvers import FirstOrder
from skensemble.losses import as_loss, regression_score


def _probabilistic(model):
    """Why there are no probabilities."""
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
    """Why there is no learning from streams."""
    if isinstance(model.solver, FirstOrder) or model.solver == "first_order":
        return None
    return f"it needs solver=FirstOrder(...), got solver={model.solver!r}."


class NumberTargets(RegressorMixin):
    """What linear regressors do with a target and a prediction."""

    def _read(self, X, y, sample_weight):
        target = numeric_target(y)
        task = "regression" if target.values.ndim == 1 else "multioutput"
        return self._training_rows(X, target, task, sample_weight)

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
        return self._mean(self._raw(X))

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
            The score; greater is better.
        """
        check_is_fitted(self)
        return regression_score(self.loss_, y, self.predict(X), sample_weight)

    def __sklearn_tags__(self):
        """Tell scikit-learn what targets fit."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


class ClassTargets(ClassifierMixin):
    """What linear classifiers do with labels and raw output."""

    def _read(self, X, y, sample_weight):
        target = class_target(y)
        task = "multilabel"
        if target.kind == "classes":
            if target.n_classes < 2:
                raise ValueError(
                    f"y holds one class only ({list(target.classes)}); a classifier "
                    "needs two or more."
                )
            task = "binary" if target.n_classes == 2 else "multiclass"
        labels = np.arange(len(target.encoders))
        self.classes_ = labels if target.kind == "labels" else target.classes
        self._encoders, self._kind = target.encoders, target.kind
        rows = self._training_rows(X, target, task, self._by_class(y, sample_weight))
        if task != "multilabel" and rows.weight is not None:
            seen = np.unique(target.values[rows.weight > 0])
            if len(seen) < target.n_classes:
                lost = np.setdiff1d(np.arange(target.n_classes), seen)
                raise ValueError(
                    f"sample_weight is zero in all rows of class {self.classes_[lost]}; "
                    "give some of them a weight, or leave them out."
                )
        return rows

    def _by_class(self, y, sample_weight):
        if self.class_weight is None:
            return sample_weight
        weight = compute_sample_weight(self.class_weight, np.asarray(y))
        if sample_weight is None:
            return weight
        check_weights("sample_weight", sample_weight, len(weight))
        return weight * np.asarray(sample_weight, dtype=float)

    def _shown(self, coef, intercept):
        """Coefficients as scikit-learn lays them out: one row a class."""
        return np.atleast_2d(coef.T), np.atleast_1d(intercept)

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
        return self._raw(X)

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
        p = self._mean(self._raw(X))
        return np.column_stack([1 - p, p]) if p.ndim == 1 else p

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
            The logarithm of the probability of each class, one column per class.
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
            The predicted class of each row, or its labels.
        """
        raw = self._raw(X)
        multiclass = self._task == "multiclass"
        codes = raw.argmax(axis=1) if multiclass else (raw > 0).astype(int)
        return decode(self._encoders, codes, self._kind)

    def __sklearn_tags__(self):
        """Tell scikit-learn what targets fit."""
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


class LinearRegressor(NumberTargets, BaseLinear):
    r"""Linear regression with any loss, any penalty and any solver.

    Minimises over coefficients w and intercept b the objective

        sum_i s_i loss(y_i, x_i w + b) / sum_i s_i + penalty(w)

    with weights s of the rows; the intercept is never penalised. Columns of a frame with
    a categorical, string or object dtype become columns of 0 and 1, one a level (a level
    never seen is zero in all).

    Parameters
    ----------
    loss : str or Loss, default="squared_error"
        What a row pays: a loss of `skensemble.losses` or its short name ("huber",
        "absolute_error", "quantile", "poisson", "gamma", ...), or one of your own.
    penalty : str or Penalty, default="l2"
        What the coefficients pay: `NoPenalty`, `L1`, `L2`, `ElasticNetPenalty`,
        `GroupLasso`, `SparseGroupLasso`, `MCP`, `SCAD`, `Adaptive`, `NonNegative`,
        `Bounded`, or a short name.
    solver : str or Solver, default="auto"
        How the minimum is found. "auto" takes the most precise that can do the pairing:
        `Direct`, `CoordinateDescent`, `LinearProgramming`, `InteriorPoint`,
        `NewtonCholesky`, `LBFGS`, `ProximalNewton`, `FISTA`, `FirstOrder`.
    fit_intercept : bool, default=True
        Whether there is an intercept b.
    standardize : bool, default=False
        Whether columns are divided by their standard deviation for the fit, so that the
        penalty does not depend on units. `coef_` is always in the units of the data.
    tol : float, default=1e-6
        Convergence: the largest violation of the optimality conditions, in units of the
        root mean square slope of the loss at the best constant, for columns of norm one.
        The objective is then off by the order of its square.
    max_iter : int, default=1000
        Most iterations of the solver.
    warm_start : bool, default=False
        Whether a fit begins at the solution of the last.
    random_state : int, RandomState or None, default=None
        For solvers that draw rows (`FirstOrder`).

    Attributes
    ----------
    coef_ : ndarray of shape (p,) or (k, p)
        Coefficients, in the units of the data; one row an output or quantile.
    intercept_ : float or ndarray of shape (k,)
        Intercept.
    coef_names_ : ndarray of shape (p,)
        Names of the coefficients; the columns of a category hold its levels.
    n_iter_ : int
        Iterations, or epochs.
    converged_ : bool
        Whether `tol` was reached.
    violation_ : float
        Largest violation of the optimality conditions.
    dual_gap_ : float or None
        Duality gap, where the solver knows it.
    objective_ : float
        The objective at the solution.
    solver_ : Solver
        The solver used.
    loss_, penalty_ : Loss, Penalty
        As fitted: bound to the data.
    history_ : History
        What happened in each epoch, with `FirstOrder`.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where all are strings.

    See Also
    --------
    LinearRegressorCV : Chooses the strength of the penalty by cross-validation.
    LinearClassifier : The same for classes.

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
        """Fit.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            The rows: numbers, or a frame with categories.
        y : array-like of shape (n,) or (n, k)
            Their targets.
        sample_weight : array-like of shape (n,) or None, default=None
            Weights of the rows; a weight of two is the row twice.

        Returns
        -------
        self : estimator
            The fitted estimator.
        """
        return self._solve(self._read(X, y, sample_weight))

    @available_if(_streams)
    def partial_fit(self, X, y, sample_weight=None):
        """Go through rows once, from where the last call left off: for streams.

        Columns are centred and scaled as the first rows suggest.

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
        self : estimator
            The fitted estimator.
        """
        target = numeric_target(y)
        task = "regression" if target.values.ndim == 1 else "multioutput"
        return self._advance(X, target, task, sample_weight)


class LinearClassifier(ClassTargets, BaseLinear):
    r"""Linear classification with any loss, any penalty and any solver.

    Minimises over coefficients w and intercept b the objective

        sum_i s_i loss(y_i, x_i w + b) / sum_i s_i + penalty(w)

    with weights s of the rows; the intercept is never penalised. `LogLoss` gives logistic
    regression (softmax for more than two classes), `Hinge` a linear support vector
    machine, one class against the rest. Several labels a row are fitted with one column
    each. Frames are read as by `LinearRegressor`.

    Parameters
    ----------
    loss : str or Loss, default="log_loss"
        What a row pays: a loss of `skensemble.losses` for classes or its short name
        ("hinge", "squared_hinge", "focal", "ranked_probability", ...), or one of your
        own. Those with a logit or softmax link have `predict_proba`.
    penalty : str or Penalty, default="l2"
        What the coefficients pay, as in `LinearRegressor`. scikit-learn's
        ``LogisticRegression(C=C)`` is ``L2(alpha=1 / (n * C))``.
    solver : str or Solver, default="auto"
        How the minimum is found, as in `LinearRegressor`.
    fit_intercept : bool, default=True
        Whether there is an intercept b.
    standardize : bool, default=False
        Whether columns are divided by their standard deviation for the fit.
    class_weight : dict, "balanced" or None, default=None
        Factors of the weights by class.
    tol : float, default=1e-6
        Convergence, as in `LinearRegressor`.
    max_iter : int, default=1000
        Most iterations of the solver.
    warm_start : bool, default=False
        Whether a fit begins at the solution of the last.
    random_state : int, RandomState or None, default=None
        For solvers that draw rows (`FirstOrder`).

    Attributes
    ----------
    coef_ : ndarray of shape (1, p) or (k, p)
        Coefficients, in the units of the data; one row for two classes, else one a class
        or label.
    intercept_ : ndarray of shape (1,) or (k,)
        Intercepts.
    classes_ : ndarray of shape (n_classes,)
        The labels; for several labels a row the positions of the columns.
    coef_names_, n_iter_, converged_, violation_, dual_gap_, objective_, solver_
        As in `LinearRegressor`.
    loss_, penalty_, history_, n_features_in_, feature_names_in_
        As in `LinearRegressor`.

    See Also
    --------
    LinearClassifierCV : Chooses the strength of the penalty by cross-validation.
    LinearRegressor : The same for numbers.

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
        """Fit.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            The rows: numbers, or a frame with categories.
        y : array-like of shape (n,) or (n, k)
            Their labels, or one column of 0 and 1 a label.
        sample_weight : array-like of shape (n,) or None, default=None
            Weights of the rows; a weight of two is the row twice.

        Returns
        -------
        self : estimator
            The fitted estimator.
        """
        return self._solve(self._read(X, y, sample_weight))

    @available_if(_streams)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Go through rows once, from where the last call left off: for streams.

        Columns are centred and scaled as the first rows suggest.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n, n_features)
            The rows.
        y : array-like of shape (n,)
            Their labels.
        classes : array-like of shape (n_classes,) or None, default=None
            All labels that there will be; must be given in the first call.
        sample_weight : array-like of shape (n,) or None, default=None
            Weights of the rows.

        Returns
        -------
        self : estimator
            The fitted estimator.
        """
        if not hasattr(self, "_stream"):
            if classes is None:
                raise ValueError(
                    "classes must be given in the first call of partial_fit: all labels "
                    "that there will be."
                )
            self._encoders, self._kind = (LabelEncoder().fit(classes),), "classes"
            self.classes_ = self._encoders[0].classes_
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(
                f"y holds {unknown.tolist()}, which are not among the classes "
                f"{self.classes_.tolist()} of the first call."
            )
        codes = self._encoders[0].transform(column_or_1d(y))
        target = Target(codes, "classes", self._encoders)
        task = "binary" if len(self.classes_) == 2 else "multiclass"
        weight = self._by_class(y, sample_weight)
        return self._advance(X, target, task, weight)
