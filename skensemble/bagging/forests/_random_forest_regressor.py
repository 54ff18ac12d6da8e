"""Random forest of regression trees, with quantiles and standard errors."""

import numpy as np
import sklearn.ensemble
from sklearn.utils.validation import check_is_fitted

from skensemble.bagging._jackknife import jackknife_from_draws
from skensemble.bagging.forests._base_forest import BaseForest
from skensemble.bagging.forests._leaf_quantiles import leaf_table
from skensemble.bagging.forests._out_of_bag import drawn_rows
from skensemble.bagging.forests._tree_sampling import GROUPS, ROWS
from skensemble.core import check_quantile_levels, rollback_on_error


class RandomForestRegressor(BaseForest, sklearn.ensemble.RandomForestRegressor):
    r"""Regression trees grown on randomly drawn rows: mean, quantiles, standard errors.

    Drop-in replacement for :class:`sklearn.ensemble.RandomForestRegressor` [1]_: the
    predictions for the same `random_state` are equal. Additional parameters are
    keyword-only and come last.

    Read more in the :ref:`User Guide <guide_forests>`.

    Parameters
    ----------
    n_estimators : int, default=100
        Number of trees.
    criterion : str, default="squared_error"
        Impurity by which splits are chosen, one of those of scikit-learn.
    max_depth : int, default=None
        Maximum depth of a tree; None is unlimited.
    min_samples_split : int or float, default=2
        Minimum number or share of rows of a node to be split.
    min_samples_leaf : int or float, default=1
        Minimum number or share of rows of a leaf.
    min_weight_fraction_leaf : float, default=0.0
        Minimum share of the total weight of a leaf.
    max_features : {"sqrt", "log2", None}, int or float, default=1.0
        Number or share of features to consider for each split.
    max_leaf_nodes : int, default=None
        Maximum number of leaves of a tree, grown best-first; None is unlimited.
    min_impurity_decrease : float, default=0.0
        Minimum decrease of the impurity by a split.
    bootstrap : bool, default=True
        Whether each tree is grown on rows drawn with replacement, or on all rows.
    oob_score : bool, str, scorer, callable or Loss, default=False
        Whether to score the out-of-bag predictions after the fit. True is accuracy for
        classifiers and R2 for regressors. A score is the name of a scorer of
        scikit-learn or of a loss, a scorer, a loss (its negative mean), or a function
        of ``(y_true, y_pred)``. Names, scorers and losses use `sample_weight`; True and
        functions do not, as in scikit-learn.
    n_jobs : int, default=None
        Number of trees that are grown or predict at a time, in threads. None means 1;
        -1 means all cores. The result is the same for any number.
    random_state : int, RandomState instance or None, default=None
        Seed of the drawn rows and features.
    verbose : int, default=0
        Verbosity; passed to joblib.
    warm_start : bool, default=False
        Whether to keep the trees of the previous fit and add new trees.
    ccp_alpha : non-negative float, default=0.0
        Penalty per leaf of minimal cost-complexity pruning.
    max_samples : int or float, default=None
        Number or share of rows to draw for each tree; None is as many rows as in the
        training data. With samplings other than "rows": the share of the draws per
        class or of the groups.
    monotonic_cst : array-like of int of shape (n_features,), default=None
        Direction of the effect of each feature: 1 increasing, -1 decreasing, 0 free.
    sampling : str, default="rows"
        What is drawn, with replacement, for each tree. Regressors support "rows" and
        "groups" only.

        - "rows": rows of any class;
        - "stratified": as many rows of each class as in the training data;
        - "groups": whole groups, so that rows of a group are out of bag together;
        - "balanced": as many rows of each class as the smallest class has (Chen, Liaw
          and Breiman, 2004);
        - "balanced_by_weight": as "stratified", with weights such that all classes have
          the same total weight in each tree.
    quantiles : bool, default=False
        Whether `fit` stores which training rows each leaf holds, so that
        `predict_quantiles` works after pickling, too. Otherwise the first call of
        `predict_quantiles` computes it from the training rows.

    Attributes
    ----------
    estimators_ : list of DecisionTreeRegressor
        The fitted trees.
    estimator_ : DecisionTreeRegressor
        The unfitted tree.
    estimators_samples_ : list of ndarray of int
        Rows that each tree was grown on, with repeats; drawn again at each access.
    feature_importances_ : ndarray of shape (n_features,)
        Total decrease of the impurity by the splits of each feature, scaled to sum one.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Names of the features, if `X` has names.
    n_outputs_ : int
        Number of outputs.
    oof_ : OutOfFold
        Out-of-bag predictions: each row is predicted by the trees that were not grown
        on it; NaN for rows that all trees were grown on. Computed at the first access.
    oob_score_ : float
        Score of the out-of-bag predictions, if `oob_score` is set.
    oob_prediction_ : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Out-of-bag predictions, if `oob_score` is set.

    See Also
    --------
    RandomForestClassifier : Classification counterpart.

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

        The forest keeps a reference to `X` and `y` (no copy, and not in a pickle) for
        results that are computed later; do not modify them.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows; missing values are NaN.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The target.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights. With ``sampling="rows"`` and ``bootstrap=True`` rows are
            drawn in proportion to them, as in scikit-learn; with other samplings they
            weigh the drawn rows.
        groups : array-like of shape (n_samples,), default=None
            Groups of the rows, for ``sampling="groups"``.

        Returns
        -------
        self : estimator
            The fitted forest.
        """
        with rollback_on_error(self):
            super().fit(X, y, sample_weight, groups)
            if self.quantiles:
                self._leaf_table()
        return self

    def predict_quantiles(self, X, quantiles=(0.05, 0.5, 0.95)):
        r"""Predict quantiles of the conditional distribution of the target.

        They are quantiles of the training targets, weighted: in each tree the rows of
        the leaf of `X` have weights in proportion to how often the tree drew them, and
        the weights are averaged over the trees. The mean with these weights is the
        result of `predict`. (In Meinshausen, 2006, all training rows of a leaf have
        weights, drawn or not.)

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows.
        quantiles : float or array-like of float, default=(0.05, 0.5, 0.95)
            Levels between 0 and 1.

        Returns
        -------
        y : ndarray
            Shape (n_samples, n_quantiles), or (n_samples,) for one number; for several
            outputs (n_samples, n_outputs, n_quantiles) or (n_samples, n_outputs).

        Notes
        -----
        The first call finds the training rows of each leaf, which takes about as long
        as predicting the training rows. A pickle includes them if they were found
        before, by a call or with ``quantiles=True``.
        """
        check_is_fitted(self)
        levels = check_quantile_levels(quantiles)
        leaves = self.apply(X)
        values = self._leaf_table().quantiles(leaves, np.atleast_1d(levels))
        if self.n_outputs_ == 1:
            values = values[:, 0]
        return values if levels.ndim else values[..., 0]

    def standard_error(self, X):
        """Estimate standard errors of predictions by the infinitesimal jackknife.

        The error measures how much a prediction would vary over training sets from the
        same distribution; it does not include the noise of the target. It is corrected
        for the finite number of trees.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        error : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Zero where the estimated variance is not positive; use about as many trees
            as there are training rows. With ``sampling="groups"`` it is the error over
            samples of groups.
        """
        check_is_fitted(self)
        if not self.bootstrap or len(self.estimators_) < 2:
            raise ValueError(
                f"bootstrap={self.bootstrap!r} and n_estimators={self.n_estimators!r}: "
                "the jackknife compares trees that were grown on different rows; use "
                "bootstrap=True and 2 trees or more."
            )
        leaves = self.apply(X)
        predictions = np.array(
            [
                tree.tree_.value[leaf, :, 0]
                for tree, leaf in zip(self.estimators_, leaves.T, strict=True)
            ]
        )
        if not hasattr(self, "_jackknife"):
            self._jackknife = _jackknife_of_forest(self)
        error = self._jackknife.standard_error(predictions)
        return error[:, 0] if self.n_outputs_ == 1 else error

    def _leaf_table(self):
        if not hasattr(self, "_leaves"):
            X, y = self._training_rows(
                "predict_quantiles", "fit with quantiles=True before pickling"
            )
            self._leaves = leaf_table(self, X, y)
        return self._leaves

    def _learn_target(self, y):
        """Return the target in the form for trees."""
        return np.ascontiguousarray(y, dtype=float)


def _jackknife_of_forest(forest):
    """Products of the draws of rows, or of groups, of all pairs of trees."""
    sampler = getattr(forest, "_sampler", None)
    if sampler is not None:
        units = (sampler.units(tree.random_state) for tree in forest.estimators_)
        return jackknife_from_draws(units, len(sampler.strata))
    draws = (drawn_rows(forest, tree) for tree in forest.estimators_)
    return jackknife_from_draws(draws, forest._n_rows)
