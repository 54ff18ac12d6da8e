"""Random forest of classification trees."""

import numpy as np
import sklearn.ensemble
from sklearn.utils import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets

from skensemble.bagging.forests._base_forest import BaseForest
from skensemble.bagging.forests._tree_sampling import (
    BALANCED,
    BALANCED_BY_WEIGHT,
    STRATIFIED,
)


class RandomForestClassifier(BaseForest, sklearn.ensemble.RandomForestClassifier):
    r"""Classification trees grown on randomly drawn rows, with averaged probabilities.

    Drop-in replacement for :class:`sklearn.ensemble.RandomForestClassifier` [1]_: the
    predictions for the same `random_state` are equal. `sampling` balances classes [2]_.
    Additional parameters are keyword-only and come last.

    Read more in the :ref:`User Guide <guide_forests>`.

    Parameters
    ----------
    n_estimators : int, default=100
        Number of trees.
    criterion : str, default="gini"
        Impurity by which splits are chosen, one of those of scikit-learn.
    max_depth : int, default=None
        Maximum depth of a tree; None is unlimited.
    min_samples_split : int or float, default=2
        Minimum number or share of rows of a node to be split.
    min_samples_leaf : int or float, default=1
        Minimum number or share of rows of a leaf.
    min_weight_fraction_leaf : float, default=0.0
        Minimum share of the total weight of a leaf.
    max_features : {"sqrt", "log2", None}, int or float, default="sqrt"
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
    class_weight : {"balanced", "balanced_subsample"}, dict, list or None, default=None
        Weights of the classes; for several outputs a list with one dict per output. A
        dict is multiplied with the weights of `sampling`.
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

    Attributes
    ----------
    estimators_ : list of DecisionTreeClassifier
        The fitted trees.
    estimator_ : DecisionTreeClassifier
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
    oob_decision_function_ : ndarray of shape (n_samples, n_classes)
        Out-of-bag probabilities, if `oob_score` is set.
    classes_ : ndarray of shape (n_classes,) or list of ndarray
        The labels; one array per output.
    n_classes_ : int or list of int
        Number of classes; one number per output.

    See Also
    --------
    RandomForestRegressor : Regression counterpart, with quantiles and standard errors.

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
        """Return whether classes have equal weights in a tree, and weights per row."""
        balances = self.sampling in (BALANCED, BALANCED_BY_WEIGHT)
        if balances and isinstance(self.class_weight, str):
            raise ValueError(
                f"class_weight={self.class_weight!r} together with sampling="
                f"{self.sampling!r} would balance classes twice; use class_weight=None, "
                f"or sampling={STRATIFIED!r}."
            )
        if self.class_weight == "balanced_subsample":
            return True, None
        class_weight = None
        if self.class_weight is not None:
            class_weight = compute_sample_weight(self.class_weight, y)
        return self.sampling == BALANCED_BY_WEIGHT, class_weight

    def _learn_target(self, y):
        """Set the attributes of the classes and return class codes."""
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
