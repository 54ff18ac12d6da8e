"""One estimator fitted on the training rows of every split."""

import numpy as np
from sklearn.base import is_classifier
from sklearn.callback import with_callbacks
from sklearn.utils import get_tags

from skensemble.bagging.averages._base_average import (
    MEMBER,
    BaseAverage,
    check_average,
    fit_models,
    read_average_data,
)
from skensemble.core import (
    AUTO,
    check_choice,
    resolve_response_method,
    rollback_on_error,
    root_seed,
)
from skensemble.fitting import (
    Member,
    covered_rows,
    out_of_fold,
    plan_fits,
    plan_splits,
)
from skensemble.scoring import score_block

METHODS = ["auto", *AUTO]


class CrossFitted(BaseAverage):
    r"""Models of all folds, with averaged predictions and out-of-fold predictions.

    A clone of the estimator is fitted on the training rows of every split :math:`s`.
    New rows are predicted by all models, :math:`\hat y(x) = \frac1S \sum_s m_s(x)`;
    each training row, in `oof_`, only by the models that were not fitted on it. No
    model is fitted on all rows.

    The result is a classifier for a classifier and a regressor for a regressor.

    Read more in the :ref:`User Guide <guide_cross_fitted>`.

    Parameters
    ----------
    estimator : estimator
        A classifier or a regressor.
    cv : int, splitter or iterable of (train, test), default=None
        Number of folds or splitter as in scikit-learn; None is five folds. Splits may
        leave rows out, as for time series, or predict rows several times.
    method : {"auto", "predict_proba", "decision_function", "predict"}, default="auto"
        Response method for `oof_` and for the predicted class. "auto" is the first of
        the others that the estimator has.
    n_jobs : int, default=None
        Number of cores to use. At most `n_jobs` fits run at a time, and fits times
        their inner threads never exceed it. None means one fit at a time, with as many
        inner threads as the estimator uses. The result is the same for any number.
    random_state : int, RandomState instance or None, default=None
        Seed of every ``random_state`` of the estimator and the splitter that is None.
        None leaves them unchanged.
    memory : str, path, joblib.Memory, Store or None, default=None
        Cache of fitted members: an interrupted fit continues from there, and no member
        is fitted twice on the same data.
    verbose : int, default=0
        Verbosity; passed to joblib.

    Attributes
    ----------
    estimators_ : list of estimators
        The fitted models, one per split. Classifiers are fitted on class codes 0, 1,
        ...
    oof_ : OutOfFold
        Out-of-fold predictions; ``oof_["estimator"]`` equals the result of
        ``cross_val_predict`` (class codes with ``method="predict"``). Rows that several
        splits predict have the mean; rows that no split predicts are NaN.
    oof_score_ : float
        Accuracy or R2 of the rows with out-of-fold predictions, weighted by
        `sample_weight`.
    scores_ : ndarray of shape (n_splits,)
        Accuracy or R2 of each split on its held-out rows.
    fits_ : tuple of FoldFit
        Every fit: split, rows, seconds, score.
    classes_ : ndarray of shape (n_classes,) or list of ndarray
        The labels of a classifier; one array per output for multilabel targets.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Names of the features, if `X` has names.

    See Also
    --------
    SeedAveraging : The same estimator with several seeds, on all rows.

    References
    ----------
    .. [1] Krogh, A. and Vedelsby, J. (1995). Neural network ensembles, cross
       validation, and active learning. Advances in Neural Information Processing
       Systems 7.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skensemble import CrossFitted
    >>> X, y = load_iris(return_X_y=True)
    >>> model = CrossFitted(LogisticRegression(max_iter=1000), cv=3).fit(X, y)
    >>> len(model.estimators_), model.oof_["estimator"].shape
    (3, (150, 3))
    >>> print(f"{model.oof_score_:.2f}")
    0.97
    """

    def __init__(
        self,
        estimator,
        cv=None,
        *,
        method="auto",
        n_jobs=None,
        random_state=None,
        memory=None,
        verbose=0,
    ):
        self.estimator = estimator
        self.cv = cv
        self.method = method
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.memory = memory
        self.verbose = verbose

    def fit(self, X, y, sample_weight=None, groups=None, **fit_params):
        """Fit a clone of the estimator on the training rows of every split.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Training rows, passed to the estimator without conversion.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Class labels or an indicator matrix for a classifier, a continuous target
            for a regressor.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights; each fit uses those of its rows.
        groups : array-like of shape (n_samples,), default=None
            Groups of the rows, for the splitter.
        **fit_params : dict
            Parameters of the ``fit`` of the estimator. Parameters with one entry per
            row are cut to the rows of each split. With metadata routing: requested
            metadata.

        Returns
        -------
        self : estimator
            The fitted estimator.
        """
        params = {"sample_weight": sample_weight, "groups": groups} | fit_params
        with rollback_on_error(self):
            return self._fit(X, y, params)

    @with_callbacks
    def _fit(self, X, y, params):
        _check_options(self)
        data = read_average_data(self, X, y, params)
        seed = root_seed(self.random_state)
        n_rows = len(data.target.values)
        splits = plan_splits(
            self.cv,
            data.X,
            data.target.values,
            n_rows=n_rows,
            classifier=is_classifier(self),
            params=data.fit_params.splitter,
            seed=seed,
        )
        method = resolve_response_method(self.estimator, self.method)
        member = Member(MEMBER, self.estimator, method, data.fit_params.members[MEMBER])
        planned = plan_fits([member], splits, refit=False, seed=seed)
        fold_fits = fit_models(self, planned, data)
        self.scores_ = np.array([one.score for one in fold_fits], dtype=float)
        self.oof_ = out_of_fold(
            fold_fits,
            n_rows=n_rows,
            n_classes=data.target.n_classes,
            covered=covered_rows(fold_fits, n_rows),
            classes=data.target.classes,
            index=getattr(data.X, "index", None),
        )
        self.oof_score_ = _score(self.oof_, fold_fits[0].method, data)
        return self


def _check_options(model):
    check_average(model)
    check_choice("method", model.method, METHODS)
    if get_tags(model.estimator).input_tags.pairwise:
        raise ValueError(
            f"estimator={model.estimator!r} takes a matrix of distances or kernels "
            "between rows, which differs between splits; use an estimator that computes "
            "it from the features."
        )


def _score(oof, method, data):
    """Score the rows that have out-of-fold predictions."""
    rows, weight = oof.covered, data.fit_params.sample_weight
    return score_block(
        oof[MEMBER][rows],
        method,
        data.target.values[rows],
        kind=data.target.kind,
        weight=None if weight is None else np.asarray(weight)[rows],
    )
