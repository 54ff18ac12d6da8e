"""Random forests: scikit-learn's, with more samplings and honest out-of-bag rows."""

from numbers import Integral, Real
from typing import Any

import numpy as np
import sklearn.ensemble
from sklearn.base import clone, is_classifier
from sklearn.utils import check_random_state, column_or_1d, compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted, validate_data

from skensemble.bagging._forest_oob import (
    MEMBER,
    as_scorer,
    drawn_rows,
    out_of_bag,
    score_out_of_bag,
)
from skensemble.bagging._forest_sampling import (
    BALANCED,
    BALANCED_BY_WEIGHT,
    GROUPS,
    ROWS,
    SAMPLINGS,
    STRATIFIED,
    Sampler,
    codes_of_rows,
    strata_of,
)
from skensemble.bagging._jackknife import jackknife
from skensemble.bagging._quantile_forest import check_levels, leaf_table
from skensemble.core import check_per_row, check_weights

_LARGEST_SEED = np.iinfo(np.int32).max


class BaseForest:
    """What is added to scikit-learn's forests; it comes before them in the bases.

    With ``sampling="rows"`` the fit is scikit-learn's own, so everything else here is
    computed only when it is asked for.
    """

    # What is computed when first asked for, and what it is computed from.
    _KEPT = ("_oof", "_leaves", "_jackknife", "_training", "_sampler", "_row_weight")
    _samplings: tuple[str, ...] = SAMPLINGS
    sampling: str
    max_samples: Any

    def fit(self, X, y, sample_weight=None, groups=None):
        """Grow the trees.

        The forest keeps a reference to `X` and `y` (no copy, and not in a pickle), for
        what is computed only when asked for: leave them unchanged.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows; missing values are NaN.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            What is to be predicted.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows. With ``sampling="rows"`` and ``bootstrap=True`` rows are
            drawn in proportion to them, as in scikit-learn; with other samplings they
            weigh the rows drawn.
        groups : array-like of shape (n_samples,), optional
            Groups of the rows, for ``sampling="groups"``.

        Returns
        -------
        self : estimator
            The fitted forest.
        """
        self._check_sampling(groups)
        scorer = as_scorer(self.oob_score)
        for name in self._KEPT:
            self.__dict__.pop(name, None)
        if self.sampling != ROWS:
            self._fit_sampled(X, y, sample_weight, groups)
        elif scorer is None:
            super().fit(X, y, sample_weight)
        else:
            self._fit_unscored(X, y, sample_weight)
        self._training, self._n_rows = (X, y), np.asarray(y).shape[0]
        if not self.bootstrap and sample_weight is not None:
            self._row_weight = np.ones(self._n_rows) * np.asarray(sample_weight)
        if self.oob_score and (scorer is not None or self.sampling != ROWS):
            self._score_out_of_bag()
        return self

    @property
    def oof_(self):
        """Every training row by the trees that had not seen it, an `OutOfFold`."""
        check_is_fitted(self)
        if not hasattr(self, "_oof"):
            if not self.bootstrap:
                raise AttributeError(
                    "bootstrap=False grows every tree on all rows, so that none is out "
                    "of bag; fit with bootstrap=True for oof_."
                )
            X, _ = self._training_rows("oof_", "ask for it before pickling")
            try:
                self._oof = out_of_bag(self, X)
            except ValueError as error:
                # An AttributeError, because notebooks read every attribute to show it.
                raise AttributeError(f"There is no oof_: {error}") from error
        return self._oof

    @property
    def estimators_samples_(self):
        """Rows that each tree was grown on, with repeats."""
        sampler = getattr(self, "_sampler", None)
        if sampler is None:
            return super().estimators_samples_
        return [sampler.draw(tree.random_state) for tree in self.estimators_]

    def __getstate__(self):
        """Leave the training rows out of a pickle."""
        state = dict(super().__getstate__())
        state.pop("_training", None)
        return state

    # Fitting

    def _check_sampling(self, groups):
        if self.sampling not in self._samplings:
            why = ""
            if self.sampling in SAMPLINGS:
                why = " for numbers, which have no classes"
            raise ValueError(
                f"sampling={self.sampling!r} is not known{why}; use one of "
                f"{list(self._samplings)}."
            )
        if self.sampling == GROUPS and groups is None:
            raise ValueError(
                "sampling='groups' needs groups; give fit(..., groups=...)."
            )
        if self.sampling != GROUPS and groups is not None:
            raise ValueError(
                f"sampling={self.sampling!r} takes no groups; use sampling='groups'."
            )
        if self.sampling != ROWS and not self.bootstrap:
            raise ValueError(
                f"sampling={self.sampling!r} draws rows, but bootstrap=False uses all of "
                "them; use bootstrap=True, or sampling='rows'."
            )

    def _fit_unscored(self, X, y, sample_weight):
        """Fit as scikit-learn does, which knows no scorers; the score comes later."""
        wanted = self.oob_score
        if not self.bootstrap:
            raise ValueError(
                f"oob_score={wanted!r}: Out of bag estimation only available if "
                "bootstrap=True."
            )
        self.oob_score = False
        try:
            super().fit(X, y, sample_weight)
        finally:
            self.oob_score = wanted

    def _fit_sampled(self, X, y, sample_weight, groups):
        check_whole_number("n_estimators", self.n_estimators)
        X, y = validate_data(
            self,
            X,
            y,
            multi_output=True,
            accept_sparse="csc",
            dtype=np.float32,
            ensure_all_finite=False,
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        if sample_weight is not None:
            sample_weight = np.array(sample_weight, dtype=float)
        check_weights("sample_weight", sample_weight, len(y))
        check_per_row("groups", groups, len(y))
        sampler = self._plan_sampling(y, sample_weight, groups)
        self.n_outputs_ = 1 if y.ndim == 1 else y.shape[1]
        self.estimator_ = self.estimator
        values = self._learn_target(y)
        older = list(getattr(self, "estimators_", [])) if self.warm_start else []
        trees = self._seeded_trees(older)
        self._sampler = sampler
        self.estimators_ = older + Parallel(
            n_jobs=self.n_jobs, verbose=self.verbose, prefer="threads"
        )(delayed(_grow)(tree, X, values, sampler) for tree in trees)

    def _plan_sampling(self, y, sample_weight, groups) -> Sampler:
        even, cost = self._class_weights(y)
        codes = codes_of_rows(np.asarray(groups if self.sampling == GROUPS else y))
        return Sampler(
            self.sampling,
            strata_of(codes, sample_weight),
            len(y),
            share_of(self.max_samples, len(y)),
            sample_weight,
            codes_of_rows(y) if even else None,
            cost,
        )

    def _class_weights(self, y):
        """Whether classes weigh alike in a tree, and the weights of rows by class."""
        return False, None

    def _seeded_trees(self, older):
        missing = self.n_estimators - len(older)
        if missing < 0:
            raise ValueError(
                f"n_estimators={self.n_estimators} must be larger or equal to the "
                f"{len(older)} trees there are, when warm_start=True."
            )
        random = check_random_state(self.random_state)
        random.randint(_LARGEST_SEED, size=len(older))
        params = {name: getattr(self, name) for name in self.estimator_params}
        trees = []
        for _ in range(missing):
            params["random_state"] = random.randint(_LARGEST_SEED)
            trees.append(clone(self.estimator).set_params(**params))
        return trees

    # After the fit

    def _score_out_of_bag(self):
        X, y = self._training
        oof = self._oof = out_of_bag(self, X)
        self.oob_score_ = score_out_of_bag(self, oof, y)
        block = oof[MEMBER]
        if not is_classifier(self):
            self.oob_prediction_ = block
        elif isinstance(self.classes_, list):
            self.oob_decision_function_ = np.stack([1 - block, block], axis=1)
        else:
            self.oob_decision_function_ = block

    def _training_rows(self, what, way_out):
        if not hasattr(self, "_training"):
            raise AttributeError(
                f"{what} needs the training rows, which a pickled forest leaves behind; "
                f"{way_out}, or fit again."
            )
        return self._training

    def _weights_in(self, tree):
        """Give the weight of every training row in a tree."""
        sampler = getattr(self, "_sampler", None)
        if sampler is not None:
            return sampler.weights(tree.random_state)
        if not self.bootstrap:
            return getattr(self, "_row_weight", np.ones(self._n_rows))
        drawn = drawn_rows(self, tree)
        return np.bincount(drawn, minlength=self._n_rows).astype(float)


class RandomForestClassifier(BaseForest, sklearn.ensemble.RandomForestClassifier):
    r"""Trees grown on rows drawn at random, and the mean of their probabilities.

    Drop-in for :class:`sklearn.ensemble.RandomForestClassifier`: with the same
    `random_state` it predicts the same. What is added is keyword-only and comes last.

    Parameters
    ----------
    n_estimators : int, default=100
        How many trees.
    criterion : {"gini", "entropy", "log_loss"}, default="gini"
        What a split is chosen by.
    max_depth : int, default=None
        The deepest that a tree may grow; None: no limit.
    min_samples_split : int or float, default=2
        How many rows a node needs to be split, or their share.
    min_samples_leaf : int or float, default=1
        How many rows a leaf holds at least, or their share.
    min_weight_fraction_leaf : float, default=0.0
        Share of the weight of all rows that a leaf holds at least.
    max_features : {"sqrt", "log2", None}, int or float, default="sqrt"
        How many features are tried at a split, or their share.
    max_leaf_nodes : int, default=None
        How many leaves a tree may have, grown best first; None: no limit.
    min_impurity_decrease : float, default=0.0
        What a split has to gain.
    bootstrap : bool, default=True
        Whether each tree is grown on rows drawn with replacement, or on all.
    oob_score : bool, callable, str, scorer or Loss, default=False
        Whether to score, right after the fit, each row by the trees that had not seen
        it: True (accuracy), a metric ``metric(y, prediction)``, a scorer or its name, or
        a loss.
    n_jobs : int, default=None
        How many trees are grown, and asked, at a time. None is one; -1 all cores.
    random_state : int, RandomState instance or None, default=None
        Seeds the drawing of rows and of features.
    verbose : int, default=0
        Passed to joblib.
    warm_start : bool, default=False
        Whether another fit keeps the trees and adds to them.
    class_weight : {"balanced", "balanced_subsample"}, dict or list of dict, default=None
        Weights of classes; one dict an output. A dict weighs on top of what `sampling`
        does.
    ccp_alpha : non-negative float, default=0.0
        Cost of a leaf in minimal cost-complexity pruning.
    max_samples : int or float, default=None
        How many rows are drawn for a tree, or their share; None: as many as there are.
        With other samplings than "rows", the same share of each class, of the rows
        drawn from each class, or of the groups.
    monotonic_cst : array-like of int of shape (n_features,), default=None
        1, -1 or 0 a feature: the prediction only rises with it, only falls, or is free.
    sampling : str, default="rows"
        What is drawn, with replacement, for each tree:

        - "rows": rows, whatever their class;
        - "stratified": as many rows of each class as there are;
        - "groups": whole groups, so that rows of a group are out of bag together;
        - "balanced": as many rows of each class as the smallest class has [2]_;
        - "balanced_by_weight": as "stratified", with weights by which all classes weigh
          alike in each tree.

    Attributes
    ----------
    estimators_ : list of DecisionTreeClassifier
        The trees.
    estimator_ : DecisionTreeClassifier
        An unfitted one.
    estimators_samples_ : list of ndarray of int
        Rows that each tree was grown on, with repeats; drawn again when asked for.
    feature_importances_ : ndarray of shape (n_features,)
        What splits by each feature gained, of sum one.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Their names, where `X` had any.
    n_outputs_ : int
        Number of outputs.
    oof_ : OutOfFold
        Every training row by the trees that had not seen it, computed when first asked
        for; rows that all trees saw are NaN.
    oob_score_ : float
        Score of the rows out of bag, where `oob_score` asks for it.
    oob_decision_function_ : ndarray of shape (n_samples, n_classes)
        Probabilities of the rows out of bag, where `oob_score` asks for them.
    classes_ : ndarray of shape (n_classes,) or list of ndarray
        The labels; one array an output.
    n_classes_ : int or list of int
        How many there are.

    See Also
    --------
    RandomForestRegressor : The same for numbers, with quantiles and standard errors.

    References
    ----------
    .. [1] Breiman, L. (2001). Random forests. Machine Learning 45, 5-32.
    .. [2] Chen, C., Liaw, A. and Breiman, L. (2004). Using random forest to learn
       imbalanced data. Technical report 666, University of California, Berkeley.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from skensemble import RandomForestClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> forest = RandomForestClassifier(50, oob_score="roc_auc", random_state=0)
    >>> print(f"{forest.fit(X, y).oob_score_:.2f}")
    0.99
    >>> forest.oof_["forest"].shape
    (569, 2)
    """

    _encoder_style = "forests"

    def __init__(
        self,
        n_estimators=100,
        *,
        criterion="gini",
        max_depth=None,
        min_samples_split=2,
        min_samples_leaf=1,
        min_weight_fraction_leaf=0.0,
        max_features="sqrt",
        max_leaf_nodes=None,
        min_impurity_decrease=0.0,
        bootstrap=True,
        oob_score=False,
        n_jobs=None,
        random_state=None,
        verbose=0,
        warm_start=False,
        class_weight=None,
        ccp_alpha=0.0,
        max_samples=None,
        monotonic_cst=None,
        sampling="rows",
    ):
        super().__init__(
            n_estimators=n_estimators,
            criterion=criterion,
            max_depth=max_depth,
            min_samples_split=min_samples_split,
            min_samples_leaf=min_samples_leaf,
            min_weight_fraction_leaf=min_weight_fraction_leaf,
            max_features=max_features,
            max_leaf_nodes=max_leaf_nodes,
            min_impurity_decrease=min_impurity_decrease,
            bootstrap=bootstrap,
            oob_score=oob_score,
            n_jobs=n_jobs,
            random_state=random_state,
            verbose=verbose,
            warm_start=warm_start,
            class_weight=class_weight,
            ccp_alpha=ccp_alpha,
            max_samples=max_samples,
            monotonic_cst=monotonic_cst,
        )
        self.sampling = sampling

    def _class_weights(self, y):
        balances = self.sampling in (BALANCED, BALANCED_BY_WEIGHT)
        if balances and isinstance(self.class_weight, str):
            raise ValueError(
                f"class_weight={self.class_weight!r} together with sampling="
                f"{self.sampling!r} would balance classes twice; use class_weight=None, "
                f"or sampling={STRATIFIED!r}."
            )
        if self.class_weight == "balanced_subsample":
            return True, None
        cost = None
        if self.class_weight is not None:
            cost = compute_sample_weight(self.class_weight, y)
        return self.sampling == BALANCED_BY_WEIGHT, cost

    def _learn_target(self, y):
        """Note the classes, and give their codes."""
        check_classification_targets(y)
        columns = y.reshape(len(y), -1).T
        pairs = [np.unique(column, return_inverse=True) for column in columns]
        classes = [labels for labels, _ in pairs]
        counts = [len(labels) for labels in classes]
        single = y.ndim == 1
        self.classes_ = classes[0] if single else classes
        self.n_classes_ = counts[0] if single else counts
        codes = np.array([column for _, column in pairs], dtype=float)
        return codes[0] if single else np.ascontiguousarray(codes.T)


class RandomForestRegressor(BaseForest, sklearn.ensemble.RandomForestRegressor):
    r"""Trees grown on rows drawn at random, their mean, quantiles and standard error.

    Drop-in for :class:`sklearn.ensemble.RandomForestRegressor`: with the same
    `random_state` it predicts the same. What is added is keyword-only and comes last.

    Parameters
    ----------
    n_estimators : int, default=100
        How many trees.
    criterion : str, default="squared_error"
        What a split is chosen by: "squared_error", "absolute_error", "friedman_mse" or
        "poisson".
    max_depth : int, default=None
        The deepest that a tree may grow; None: no limit.
    min_samples_split : int or float, default=2
        How many rows a node needs to be split, or their share.
    min_samples_leaf : int or float, default=1
        How many rows a leaf holds at least, or their share.
    min_weight_fraction_leaf : float, default=0.0
        Share of the weight of all rows that a leaf holds at least.
    max_features : {"sqrt", "log2", None}, int or float, default=1.0
        How many features are tried at a split, or their share.
    max_leaf_nodes : int, default=None
        How many leaves a tree may have, grown best first; None: no limit.
    min_impurity_decrease : float, default=0.0
        What a split has to gain.
    bootstrap : bool, default=True
        Whether each tree is grown on rows drawn with replacement, or on all.
    oob_score : bool, callable, str, scorer or Loss, default=False
        Whether to score, right after the fit, each row by the trees that had not seen
        it: True (R2), a metric ``metric(y, prediction)``, a scorer or its name, or
        a loss.
    n_jobs : int, default=None
        How many trees are grown, and asked, at a time. None is one; -1 all cores.
    random_state : int, RandomState instance or None, default=None
        Seeds the drawing of rows and of features.
    verbose : int, default=0
        Passed to joblib.
    warm_start : bool, default=False
        Whether another fit keeps the trees and adds to them.
    ccp_alpha : non-negative float, default=0.0
        Cost of a leaf in minimal cost-complexity pruning.
    max_samples : int or float, default=None
        How many rows are drawn for a tree, or their share; None: as many as there are.
        With other samplings than "rows", the same share of each class, of the rows
        drawn from each class, or of the groups.
    monotonic_cst : array-like of int of shape (n_features,), default=None
        1, -1 or 0 a feature: the prediction only rises with it, only falls, or is free.
    sampling : {"rows", "groups"}, default="rows"
        What is drawn, with replacement, for each tree: rows, or whole groups, so that
        rows of a group are out of bag together.
    quantiles : bool, default=False
        Whether to note, right in the fit, which training rows each leaf holds, so that
        `predict_quantiles` works after pickling too. Otherwise it is found out at the
        first call, while the training rows are at hand.

    Attributes
    ----------
    estimators_ : list of DecisionTreeRegressor
        The trees.
    estimator_ : DecisionTreeRegressor
        An unfitted one.
    estimators_samples_ : list of ndarray of int
        Rows that each tree was grown on, with repeats; drawn again when asked for.
    feature_importances_ : ndarray of shape (n_features,)
        What splits by each feature gained, of sum one.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Their names, where `X` had any.
    n_outputs_ : int
        Number of outputs.
    oof_ : OutOfFold
        Every training row by the trees that had not seen it, computed when first asked
        for; rows that all trees saw are NaN.
    oob_score_ : float
        Score of the rows out of bag, where `oob_score` asks for it.
    oob_prediction_ : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Predictions of the rows out of bag, where `oob_score` asks for them.

    See Also
    --------
    RandomForestClassifier : The same for classes.

    References
    ----------
    .. [1] Breiman, L. (2001). Random forests. Machine Learning 45, 5-32.
    .. [2] Meinshausen, N. (2006). Quantile regression forests. Journal of Machine
       Learning Research 7, 983-999.
    .. [3] Wager, S., Hastie, T. and Efron, B. (2014). Confidence intervals for random
       forests: the jackknife and the infinitesimal jackknife. Journal of Machine
       Learning Research 15, 1625-1651.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skensemble import RandomForestRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> forest = RandomForestRegressor(min_samples_leaf=5, random_state=0)
    >>> low, high = (
    ...     forest.fit(X[:300], y[:300]).predict_quantiles(X[300:], [0.1, 0.9]).T
    ... )
    >>> inside = (low <= y[300:]) & (y[300:] <= high)
    >>> bool(0.7 < inside.mean() < 0.9)
    True
    >>> forest.standard_error(X[300:]).shape
    (142,)
    """

    _encoder_style = "forests"

    _samplings = (ROWS, GROUPS)

    def __init__(
        self,
        n_estimators=100,
        *,
        criterion="squared_error",
        max_depth=None,
        min_samples_split=2,
        min_samples_leaf=1,
        min_weight_fraction_leaf=0.0,
        max_features=1.0,
        max_leaf_nodes=None,
        min_impurity_decrease=0.0,
        bootstrap=True,
        oob_score=False,
        n_jobs=None,
        random_state=None,
        verbose=0,
        warm_start=False,
        ccp_alpha=0.0,
        max_samples=None,
        monotonic_cst=None,
        sampling="rows",
        quantiles=False,
    ):
        super().__init__(
            n_estimators=n_estimators,
            criterion=criterion,
            max_depth=max_depth,
            min_samples_split=min_samples_split,
            min_samples_leaf=min_samples_leaf,
            min_weight_fraction_leaf=min_weight_fraction_leaf,
            max_features=max_features,
            max_leaf_nodes=max_leaf_nodes,
            min_impurity_decrease=min_impurity_decrease,
            bootstrap=bootstrap,
            oob_score=oob_score,
            n_jobs=n_jobs,
            random_state=random_state,
            verbose=verbose,
            warm_start=warm_start,
            ccp_alpha=ccp_alpha,
            max_samples=max_samples,
            monotonic_cst=monotonic_cst,
        )
        self.sampling = sampling
        self.quantiles = quantiles

    def fit(self, X, y, sample_weight=None, groups=None):
        """Grow the trees.

        The forest keeps a reference to `X` and `y` (no copy, and not in a pickle), for
        what is computed only when asked for: leave them unchanged.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows; missing values are NaN.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            What is to be predicted.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows. With ``sampling="rows"`` and ``bootstrap=True`` rows are
            drawn in proportion to them, as in scikit-learn; with ``sampling="groups"``
            they weigh the rows drawn.
        groups : array-like of shape (n_samples,), optional
            Groups of the rows, for ``sampling="groups"``.

        Returns
        -------
        self : estimator
            The fitted forest.
        """
        super().fit(X, y, sample_weight, groups)
        if self.quantiles:
            self._find_leaves()
        return self

    def predict_quantiles(self, X, quantiles=(0.05, 0.5, 0.95)):
        r"""Predict quantiles of the target, not of its mean.

        The training targets in the leaves that a row falls into, weighted: those of tree
        `b` by how often it drew them, over the draws in the leaf, then all by one over
        the number of trees. The mean with these weights is what `predict` gives. (In
        Meinshausen's paper trees weigh all training rows of a leaf, drawn or not.)

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows.
        quantiles : float or array-like of float, default=(0.05, 0.5, 0.95)
            Between 0 and 1.

        Returns
        -------
        y : ndarray
            Shape (n_samples, n_quantiles), or (n_samples,) for one number; for several
            outputs (n_samples, n_outputs, n_quantiles) or (n_samples, n_outputs).

        Notes
        -----
        The first call reads which training rows the leaves hold, which takes about as
        long as predicting the training rows. A pickle holds it if it was read before,
        by a call or with ``quantiles=True``.
        """
        check_is_fitted(self)
        levels = check_levels(quantiles)
        leaves = self.apply(X)
        found = self._find_leaves().quantiles(leaves, np.atleast_1d(levels))
        if self.n_outputs_ == 1:
            found = found[:, 0]
        return found if levels.ndim else found[..., 0]

    def standard_error(self, X):
        """Tell how far predictions would move on other training rows.

        The infinitesimal jackknife (Wager, Hastie and Efron, 2014), with its correction
        for a finite number of trees. It speaks of the forest's mean, not of the scatter of targets around it.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        error : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Zero where it is too small to be told with so many trees; use about as many
            trees as there are training rows. On ``sampling="groups"`` it is the error
            over other groups.
        """
        check_is_fitted(self)
        if not self.bootstrap or len(self.estimators_) < 2:
            raise ValueError(
                f"bootstrap={self.bootstrap!r} and n_estimators={self.n_estimators!r}: "
                "the jackknife compares trees that were grown on different rows; use "
                "bootstrap=True and 2 trees or more."
            )
        leaves = self.apply(X)
        said = np.array(
            [
                tree.tree_.value[leaf, :, 0]
                for tree, leaf in zip(self.estimators_, leaves.T, strict=True)
            ]
        )
        if not hasattr(self, "_jackknife"):
            self._jackknife = self._compare_draws()
        error = self._jackknife.standard_error(said)
        return error[:, 0] if self.n_outputs_ == 1 else error

    def _compare_draws(self):
        sampler = getattr(self, "_sampler", None)
        if sampler is not None:
            units = (sampler.units(tree.random_state) for tree in self.estimators_)
            return jackknife(units, len(sampler.strata))
        draws = (drawn_rows(self, tree) for tree in self.estimators_)
        return jackknife(draws, self._n_rows)

    def _find_leaves(self):
        if not hasattr(self, "_leaves"):
            X, y = self._training_rows(
                "predict_quantiles", "fit with quantiles=True before pickling"
            )
            self._leaves = leaf_table(self, X, y)
        return self._leaves

    def _learn_target(self, y):
        """Give the target as trees take it."""
        return np.ascontiguousarray(y, dtype=float)


def _grow(tree: Any, X: Any, y: Any, sampler: Sampler) -> Any:
    return tree.fit(X, y, sample_weight=sampler.weights(tree.random_state))


def check_whole_number(name: str, value: Any) -> None:
    """Refuse what is no whole number above zero."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name}={value!r} should be a whole number, 1 or more.")


def share_of(max_samples: Any, n_rows: int) -> float:
    """Read ``max_samples`` as a share of what there is."""
    if max_samples is None:
        return 1.0
    number = isinstance(max_samples, Real) and not isinstance(max_samples, bool)
    if not number or max_samples <= 0:
        raise ValueError(
            f"max_samples={max_samples!r} should be a number of rows, a share of them "
            "above 0, or None for as many as there are."
        )
    whole = isinstance(max_samples, Integral)
    return max_samples / n_rows if whole else float(max_samples)
