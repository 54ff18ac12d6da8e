"""AdaBoost: weak learners on rows weighted by what was wrong so far."""

import functools

import numpy as np
from sklearn.base import (
    ClassifierMixin,
    RegressorMixin,
    is_classifier,
    is_regressor,
)
from sklearn.metrics import accuracy_score, r2_score
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils.validation import check_is_fitted

from skensemble.boosting._adaboost_base import (
    BaseAdaBoost,
    numeric_columns,
)
from skensemble.boosting._adaboost_rounds import (
    ClassTracker,
    NumberTracker,
    margins,
    weighted_median,
)
from skensemble.boosting._base import _threads
from skensemble.boosting.learners._asking import (
    ask_labels,
    ask_numbers,
    ask_probabilities,
    itself,
    mean_as_labels,
    mean_as_probabilities,
    scaled_back,
)
from skensemble.boosting.learners._binned import BinnedLearner, size_params
from skensemble.boosting.learners._bins import MOST_BINS
from skensemble.boosting.learners._general import GeneralLearner
from skensemble.boosting.learners._histograms import HistogramLearner
from skensemble.boosting.learners._rules import R2, RULES
from skensemble.core import check_choice, class_target, numeric_target

# Trees on counts: deeper ones are left to scikit-learn, and wider tables too.
_DEEPEST = 10
_MOST_COUNTED = 10**8
_ROWS_AT_ONCE = 8192
# Trees of few splits lose nothing by coarser cuts, and grow a fifth sooner.
_SHALLOW, _COARSE = 3, 63
_LOSSES = ["linear", "square", "exponential"]


class AdaBoostClassifier(ClassifierMixin, BaseAdaBoost):
    r"""AdaBoost for classes: any classifier as weak learner, trees on bins by default.

    Change the import and a notebook with scikit-learn's class runs. Round after round a
    learner is fitted to weighted rows; its weight in the vote is
    :math:`\alpha = \log\frac{1-e}{e} + \log(K-1)` for a weighted error :math:`e` and
    :math:`K` classes, and rows that it gets wrong are weighted up by
    :math:`\exp\alpha` (SAMME: Zhu, Zou, Rosset and Hastie, "Multi-class AdaBoost",
    Statistics and its Interface 2, 2009).

    A tree that bins can serve, the default among them, is grown on columns binned once;
    any other classifier or Pipeline is fitted as it is, one without sample weights on
    rows drawn by weight. `engine_` tells which.

    Parameters
    ----------
    estimator : classifier or None, default=None
        The weak learner; None is a tree with one split. For ``variant="logit"`` a
        regressor.
    n_estimators : int, default=50
        Most rounds.
    learning_rate : float, default=1.0
        What the weight of each learner is multiplied by.
    random_state : int, RandomState or None, default=None
        For the seeds of learners, and what is drawn.
    engine : {"auto", "binned", "general"}, default="auto"
        Whether trees are grown on binned columns (at most 255 bins each); "auto" does
        so where the tree limits nothing but ``max_depth`` and ``max_leaf_nodes`` (for
        more than two classes ``max_depth`` up to 10 alone) and `X` holds numbers, or is
        a frame of numbers and categories.
    variant : {"samme", "real", "gentle", "logit"}, default="samme"
        How learners are added: votes by label; log-odds of their probabilities (Real
        AdaBoost); mean class codes, at most one (Gentle AdaBoost); Newton steps of
        the log loss (LogitBoost; Friedman, Hastie and Tibshirani, "Additive logistic
        regression", Annals of Statistics 28, 2000).
    sampling : {None, "balanced"}, default=None
        "balanced": each learner sees as many rows of every class as the rarest has,
        drawn anew each round (RUSBoost; Seiffert et al., 2010).
    early_stopping : bool or Patience, default=False
        Stop when the loss on rows held out no longer falls; True means `Patience()`.
    validation_fraction : float, default=0.1
        Share of the rows held out for that.
    validation : {"random", "last"}, default="random"
        Which: at random, classes in proportion (whole groups where `fit` is given
        `groups`), or the last block, for ordered rows.
    n_jobs : int or None, default=None
        Threads for trees on bins; None means 1, -1 all cores. The trees are the same.

    Attributes
    ----------
    estimator_ : estimator
        The weak learner, unfitted.
    estimators_ : list of estimators
        The fitted ones.
    estimator_weights_, estimator_errors_ : ndarray of shape (n_estimators,)
        Their weights and weighted errors; 0 and 1 for rounds that were not needed.
    n_estimators_ : int
        Number of learners kept.
    classes_ : ndarray of shape (n_classes,)
        The class labels.
    n_classes_ : int
        How many there are.
    engine_ : {"binned", "general"}
        The road that was taken.
    feature_importances_ : ndarray of shape (n_features,)
        Weighted mean of the learners' importances.
    history_ : pandas.DataFrame
        Error, edge, weight and margins, round by round.
    row_weights_ : ndarray of shape (n,)
        Mean weight of each row over the rounds; see `suspect_rows`.

    See Also
    --------
    GradientBoostingClassifier : Any loss; stronger where noise is high.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skensemble import AdaBoostClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> model = AdaBoostClassifier(n_estimators=100, random_state=0).fit(X, y)
    >>> model.engine_, len(model)
    ('binned', 100)
    """

    _encoder_style = "forests"

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
        """Fit.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n, n_features)
            The rows.
        y : array-like of shape (n,)
            Their classes.
        sample_weight : array-like of shape (n,) or None, default=None
            Where the weights of the rows start.
        groups : array-like of shape (n,) or None, default=None
            Rows of one group stay on one side of the inner split.
        X_val, y_val : array-like or None, default=None
            Rows that early stopping watches, instead of an inner split.
        sample_weight_val : array-like or None, default=None
            Their weights.

        Returns
        -------
        self : estimator
        """
        target = class_target(y)
        if target.kind != "classes":
            raise ValueError(
                f"y of shape {np.shape(y)} has several labels a row; AdaBoost takes one: "
                "use MultiOutputClassifier(AdaBoostClassifier())."
            )
        self.classes_, self.n_classes_ = target.classes, target.n_classes
        return self._fit(X, target, _params(locals()))

    def _default(self):
        if self.variant == "logit":
            return DecisionTreeRegressor(max_depth=1)
        return DecisionTreeClassifier(max_depth=1)

    def _check_options(self):
        check_choice("variant", self.variant, list(RULES))
        check_choice("sampling", self.sampling, [None, "balanced"])
        super()._check_options()
        if is_regressor(self._resolved()) and self.variant != "logit":
            raise ValueError(
                f"estimator={self._resolved()!r} is a regressor; give a classifier, or use "
                "variant='logit', which fits numbers."
            )
        wanted = {"real": "predict_proba", "gentle": "predict_proba"}.get(self.variant)
        if wanted and not hasattr(self._resolved(), wanted):
            raise ValueError(
                f"variant={self.variant!r} needs probabilities, which estimator="
                f"{self._resolved()!r} does not give; use variant='samme', or a "
                "classifier with predict_proba."
            )
        if self.variant == "logit" and hasattr(self._resolved(), "predict_proba"):
            raise ValueError(
                f"variant='logit' fits numbers, and estimator={self._resolved()!r} is a "
                "classifier; use a regressor such as DecisionTreeRegressor(max_depth=1)."
            )

    def _size(self, X):
        """Say how large binned trees may grow, or why there are none."""
        tree = self._resolved()
        kind = (
            DecisionTreeRegressor if self.variant == "logit" else DecisionTreeClassifier
        )
        size, why = tree_size(tree, kind, X)
        counted = self.n_classes_ > 2 and self.variant != "logit"
        if size is None or not counted:
            return (size, why) if self.n_classes_ > 1 else (None, "there is one class")
        if tree.max_depth is None or tree.max_depth > _DEEPEST:
            why = f"max_depth={tree.max_depth} is above {_DEEPEST} for several classes"
            return None, why
        if tree.max_leaf_nodes is not None:
            return None, f"max_leaf_nodes={tree.max_leaf_nodes} with several classes"
        if np.prod(np.shape(X), dtype=float) > _MOST_COUNTED:
            return None, "X is too large to be counted for several classes"
        return size, ""

    def _rule(self):
        # Of one class there is nothing to be sure or unsure.
        variant = "samme" if self.n_classes_ == 1 else self.variant
        return RULES[variant](self.n_classes_, self.learning_rate)

    def _tracker(self, rule, course):
        return ClassTracker(rule, course)

    def _learner(self, X, codes, X_val, rule, rng):
        if self.engine_ == "general":
            asks = {
                "labels": functools.partial(ask_labels, classes=self.classes_),
                "probabilities": functools.partial(
                    ask_probabilities, classes=self.classes_
                ),
                "response": ask_numbers,
            }
            one = self.n_classes_ == 1
            return GeneralLearner(
                DecisionTreeClassifier(max_depth=1) if one else self.estimator_,
                X,
                self.classes_[codes],
                X_val,
                rng=rng,
                ask=asks[rule.asks],
                part=rule.part,
                drawn=False,
            )
        if self.n_classes_ > 2 and rule.asks != "response":
            return HistogramLearner(
                X,
                X_val,
                codes,
                n_classes=self.n_classes_,
                depth=self.estimator_.max_depth,
                categorical=self._columns.categorical,
                labels=rule.asks == "labels",
                part=rule.part,
                rng=rng,
                view=self._view(self.classes_),
            )
        reads = {
            "labels": mean_as_labels,
            "probabilities": mean_as_probabilities,
            "response": itself,
        }
        return BinnedLearner(
            X,
            X_val,
            2.0 * codes - 1.0,
            params=size_params(self.estimator_),
            categorical=self._columns.categorical,
            width=self.n_classes_ if self.n_classes_ > 2 else 1,
            threads=_threads(self.n_jobs) or 1,
            rng=rng,
            drawn=False,
            read=reads[rule.asks],
            part=rule.part,
            view=self._view(self.classes_),
        )

    def decision_function(self, X):
        """How far the whole leans to each class.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n, n_features)
            The rows.

        Returns
        -------
        decision : ndarray of shape (n,) or (n, n_classes)
            For ``variant="samme"`` the vote, divided by the sum of its weights as in
            scikit-learn; otherwise log-odds (for several classes up to a constant).
            For two classes positive values mean the second.
        """
        check_is_fitted(self)
        X = self._read(X)
        if self.n_classes_ == 1:
            return np.zeros((X.shape[0], 1))
        return self._stages.total(X) / self._norm(self.estimator_weights_.sum())

    def _norm(self, total):
        return total if self._rule().votes else 1.0

    def _decode(self, decision):
        if self.n_classes_ == 1:
            return self.classes_[np.zeros(len(decision), dtype=np.intp)]
        return self.classes_[self._rule().labels(decision)]

    def _probabilities(self, decision):
        if self.n_classes_ == 1:
            return np.ones((len(decision), 1))
        return self._rule().probabilities(decision)

    def predict(self, X):
        """Predict classes.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n, n_features)
            The rows.

        Returns
        -------
        y : ndarray of shape (n,)
        """
        return self._decode(self.decision_function(X))

    def predict_proba(self, X):
        """Predict probabilities of classes.

        Those of ``variant="samme"`` are a softmax of the vote, as in scikit-learn, which
        ranks rows but is far from calibrated.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n, n_features)
            The rows.

        Returns
        -------
        probabilities : ndarray of shape (n, n_classes)
        """
        return self._probabilities(self.decision_function(X))

    def predict_log_proba(self, X):
        """Predict log-probabilities of classes.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n, n_features)
            The rows.

        Returns
        -------
        logs : ndarray of shape (n, n_classes)
        """
        return np.log(self.predict_proba(X))

    def staged_decision_function(self, X):
        """Give the decision after each round.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n, n_features)
            The rows.

        Yields
        ------
        decision : ndarray of shape (n,) or (n, n_classes)
        """
        check_is_fitted(self)
        X = self._read(X)
        if self.n_classes_ == 1:
            yield np.zeros((X.shape[0], 1))
            return
        whole, total = 0.0, 0.0
        parts = zip(self._stages.parts(X), self.estimator_weights_, strict=False)
        for part, weight in parts:
            whole, total = whole + part, total + weight
            yield whole / self._norm(total)

    def staged_predict(self, X):
        """Predict classes after each round.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n, n_features)
            The rows.

        Yields
        ------
        y : ndarray of shape (n,)
        """
        for decision in self.staged_decision_function(X):
            yield self._decode(decision)

    def staged_predict_proba(self, X):
        """Predict probabilities after each round.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n, n_features)
            The rows.

        Yields
        ------
        probabilities : ndarray of shape (n, n_classes)
        """
        for decision in self.staged_decision_function(X):
            yield self._probabilities(decision)

    def staged_score(self, X, y, sample_weight=None):
        """Give the accuracy after each round.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n, n_features)
            The rows.
        y : array-like of shape (n,)
            Their classes.
        sample_weight : array-like of shape (n,) or None, default=None
            Weights of the rows.

        Yields
        ------
        score : float
        """
        for found in self.staged_predict(X):
            yield accuracy_score(y, found, sample_weight=sample_weight)

    def margins(self, X, y):
        r"""How sure the whole is of the right class, row by row.

        From -1 (all of the vote for one wrong class) to 1. Boosting goes on to raise
        low margins after the last training error is gone (Schapire et al., "Boosting
        the margin", Annals of Statistics 26, 1998).

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n, n_features)
            The rows.
        y : array-like of shape (n,)
            Their classes.

        Returns
        -------
        margins : ndarray of shape (n,)
            For ``variant="samme"`` the share of the vote for the class minus the
            largest share of another; otherwise the same of probabilities.
        """
        check_is_fitted(self)
        y = np.asarray(y)
        unknown = np.setdiff1d(y, self.classes_).tolist()
        if unknown:
            raise ValueError(f"y holds {unknown}, which the fit did not see.")
        codes = np.searchsorted(self.classes_, y)
        whole = self._stages.total(self._read(X))
        return margins(self._rule(), codes, whole, self.estimator_weights_.sum())


class AdaBoostRegressor(RegressorMixin, BaseAdaBoost):
    r"""AdaBoost.R2 for numbers: any regressor as weak learner, trees on bins by default.

    Change the import and a notebook with scikit-learn's class runs. Each learner is
    fitted on rows drawn by weight; with losses :math:`L_i \in [0, 1]` of its errors over
    the largest one and their weighted mean :math:`\bar L`, weights of rows are
    multiplied by :math:`\beta^{1 - L_i}` for :math:`\beta = \bar L/(1-\bar L)`, and the
    whole is the median of the learners weighted by :math:`\log 1/\beta` (Drucker,
    "Improving regressors using boosting techniques", ICML 1997).

    Parameters
    ----------
    estimator : regressor or None, default=None
        The weak learner; None is a tree of depth 3.
    n_estimators : int, default=50
        Most rounds.
    learning_rate : float, default=1.0
        What the weight of each learner is multiplied by.
    loss : {"linear", "square", "exponential"}, default="linear"
        How errors count.
    random_state : int, RandomState or None, default=None
        For draws, and the seeds of learners.
    engine : {"auto", "binned", "general"}, default="auto"
        Whether trees are grown on binned columns; "auto" does so where the tree limits
        nothing but ``max_depth`` and ``max_leaf_nodes`` and `X` holds numbers, or is a
        frame of numbers and categories.
    early_stopping : bool or Patience, default=False
        Stop when the mean absolute error on rows held out no longer falls.
    validation_fraction : float, default=0.1
        Share of the rows held out for that.
    validation : {"random", "last"}, default="random"
        Which: at random (whole groups where `fit` is given `groups`), or the last block.
    n_jobs : int or None, default=None
        Threads for trees on bins; None means 1, -1 all cores. The trees are the same.

    Attributes
    ----------
    estimator_ : estimator
        The weak learner, unfitted.
    estimators_ : list of estimators
        The fitted ones.
    estimator_weights_, estimator_errors_ : ndarray of shape (n_estimators,)
        Their weights and mean losses; 0 and 1 for rounds that were not needed.
    n_estimators_ : int
        Number of learners kept.
    engine_ : {"binned", "general"}
        The road that was taken.
    feature_importances_ : ndarray of shape (n_features,)
        Weighted mean of the learners' importances.
    history_ : pandas.DataFrame
        Error, edge, weight and largest error, round by round.
    row_weights_ : ndarray of shape (n,)
        Mean weight of each row over the rounds; see `suspect_rows`.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skensemble import AdaBoostRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = AdaBoostRegressor(random_state=0).fit(X, y)
    >>> model.predict(X[:2]).shape
    (2,)
    """

    _encoder_style = "forests"

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
        """Fit.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n, n_features)
            The rows.
        y : array-like of shape (n,)
            Their targets.
        sample_weight : array-like of shape (n,) or None, default=None
            Where the weights of the rows start.
        groups : array-like of shape (n,) or None, default=None
            Rows of one group stay on one side of the inner split.
        X_val, y_val : array-like or None, default=None
            Rows that early stopping watches, instead of an inner split.
        sample_weight_val : array-like or None, default=None
            Their weights.

        Returns
        -------
        self : estimator
        """
        target = numeric_target(y)
        if target.values.ndim == 2:
            raise ValueError(
                f"y should be a 1d array, got shape {target.values.shape}; for several "
                "outputs use MultiOutputRegressor(AdaBoostRegressor())."
            )
        return self._fit(X, target, _params(locals()))

    def _default(self):
        return DecisionTreeRegressor(max_depth=3)

    def _check_options(self):
        check_choice("loss", self.loss, _LOSSES)
        super()._check_options()
        if is_classifier(self._resolved()):
            raise ValueError(
                f"estimator={self._resolved()!r} is a classifier; give a regressor."
            )

    def _size(self, X):
        return tree_size(self._resolved(), DecisionTreeRegressor, X)

    def _rule(self):
        return R2(self.loss, self.learning_rate)

    def _tracker(self, rule, course):
        return NumberTracker(rule, course)

    def _learner(self, X, y, X_val, rule, rng):
        if self.engine_ == "general":
            return GeneralLearner(
                self.estimator_,
                X,
                y,
                X_val,
                rng=rng,
                ask=ask_numbers,
                part=itself,
                drawn=True,
            )
        # LightGBM's gradients are single precision: numbers near zero keep more of it.
        centre, scale = float(np.mean(y)), float(np.std(y)) or 1.0
        return BinnedLearner(
            X,
            X_val,
            (y - centre) / scale,
            params=size_params(self.estimator_),
            categorical=self._columns.categorical,
            width=1,
            threads=_threads(self.n_jobs) or 1,
            rng=rng,
            drawn=True,
            read=functools.partial(scaled_back, centre=centre, scale=scale),
            part=itself,
            view=self._view(None),
            fine=_COARSE if _is_shallow(self.estimator_) else MOST_BINS,
        )

    def predict(self, X):
        """Predict numbers: the weighted median of what the learners say.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n, n_features)
            The rows.

        Returns
        -------
        y : ndarray of shape (n,)
        """
        check_is_fitted(self)
        answers = self._answers(self._read(X))
        return _medians(answers, self.estimator_weights_[: answers.shape[1]])

    def _answers(self, X):
        if hasattr(self._stages, "answers"):
            return self._stages.answers(X)
        return np.column_stack(list(self._stages.parts(X)))

    def staged_predict(self, X):
        """Predict numbers after each round.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n, n_features)
            The rows.

        Yields
        ------
        y : ndarray of shape (n,)
        """
        check_is_fitted(self)
        answers = self._answers(self._read(X))
        for k in range(1, answers.shape[1] + 1):
            yield _medians(answers[:, :k], self.estimator_weights_[:k])

    def staged_score(self, X, y, sample_weight=None):
        """Give R2 after each round.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n, n_features)
            The rows.
        y : array-like of shape (n,)
            Their targets.
        sample_weight : array-like of shape (n,) or None, default=None
            Weights of the rows.

        Yields
        ------
        score : float
        """
        for found in self.staged_predict(X):
            yield r2_score(y, found, sample_weight=sample_weight)


def _medians(answers, weights):
    blocks = range(0, len(answers), _ROWS_AT_ONCE)
    return np.concatenate(
        [weighted_median(answers[at : at + _ROWS_AT_ONCE], weights) for at in blocks]
    )


def _is_shallow(tree):
    return tree.max_depth is not None and tree.max_depth <= _SHALLOW


def tree_size(tree, kind, X):
    """Say how large a binned tree may grow, or why bins cannot serve."""
    if type(tree) is not kind:
        return None, f"estimator={tree!r} is no {kind.__name__}"
    size = size_params(tree)
    if size is None:
        return None, f"estimator={tree!r} limits more than max_depth and max_leaf_nodes"
    if not numeric_columns(X):
        return None, "X is no table of numbers"
    return size, ""


def _params(scope):
    names = ("X", "y", "sample_weight", "groups", "X_val", "y_val", "sample_weight_val")
    return {name: scope[name] for name in names}
