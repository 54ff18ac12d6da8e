"""One estimator fitted with several seeds on all rows."""

import numpy as np
from sklearn.callback import with_callbacks
from sklearn.utils.validation import check_is_fitted

from skensemble.bagging.averages._base_average import (
    MEMBER,
    BaseAverage,
    check_average,
    fit_models,
    read_average_data,
)
from skensemble.core import (
    check_features,
    check_whole,
    clone_member,
    named_seed,
    predict_block,
    resolve_response_method,
    rollback_on_error,
    root_seed_or_new,
    seed_parameters,
)
from skensemble.fitting import Member, plan_fits


class SeedAveraging(BaseAverage):
    r"""One estimator fitted with several seeds on all rows, with averaged predictions.

    .. math:: \hat y(x) = \frac1K \sum_{k=1}^K m_{s_k}(x)

    Averaging divides the variance due to the seed by :math:`K`. Every ``random_state``
    of the estimator and of its nested estimators, set or None, is replaced by a seed
    that is derived from `random_state`, the number of the fit and the name of the
    parameter. A larger `n_seeds` leaves the first seeds unchanged.

    The result is a classifier for a classifier and a regressor for a regressor.

    Read more in the :ref:`User Guide <guide_seed_averaging>`.

    Parameters
    ----------
    estimator : estimator
        A classifier or a regressor with a ``random_state``.
    n_seeds : int, default=5
        Number of fits.
    n_jobs : int, default=None
        Number of cores to use. At most `n_jobs` fits run at a time, and fits times
        their inner threads never exceed it. None means one fit at a time, with as many
        inner threads as the estimator uses. The result is the same for any number.
    random_state : int, RandomState instance or None, default=None
        Root of the seeds. None draws new seeds in every fit.
    memory : str, path, joblib.Memory, Store or None, default=None
        Cache of fitted members: an interrupted fit continues from there, and no member
        is fitted twice on the same data.
    verbose : int, default=0
        Verbosity; passed to joblib.

    Attributes
    ----------
    estimators_ : list of estimators
        The fitted models, one per seed. Classifiers are fitted on class codes 0, 1, ...
    seeds_ : list of dict of str to int
        The values of the ``random_state`` parameters, one dict per fit.
    fits_ : tuple of FoldFit
        Every fit: name, seconds.
    classes_ : ndarray of shape (n_classes,) or list of ndarray
        The labels of a classifier; one array per output for multilabel targets.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Names of the features, if `X` has names.

    See Also
    --------
    CrossFitted : Models of all folds; its estimator may be a SeedAveraging.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.tree import ExtraTreeRegressor
    >>> from skensemble import SeedAveraging
    >>> X, y = load_diabetes(return_X_y=True)
    >>> tree = ExtraTreeRegressor(min_samples_leaf=5)
    >>> model = SeedAveraging(tree, n_seeds=10, random_state=0).fit(X[:300], y[:300])
    >>> one = model.estimators_[0].score(X[300:], y[300:])
    >>> bool(model.score(X[300:], y[300:]) > one)
    True
    >>> model.spread(X[300:]).shape
    (142,)
    """

    def __init__(
        self,
        estimator,
        n_seeds=5,
        *,
        n_jobs=None,
        random_state=None,
        memory=None,
        verbose=0,
    ):
        self.estimator = estimator
        self.n_seeds = n_seeds
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.memory = memory
        self.verbose = verbose

    def fit(self, X, y, sample_weight=None, **fit_params):
        """Fit a clone of the estimator with every seed.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Training rows, passed to the estimator without conversion.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Class labels or an indicator matrix for a classifier, a continuous target
            for a regressor.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights.
        **fit_params : dict
            Parameters of the ``fit`` of the estimator. With metadata routing: requested
            metadata.

        Returns
        -------
        self : estimator
            The fitted estimator.
        """
        with rollback_on_error(self):
            return self._fit(X, y, {"sample_weight": sample_weight} | fit_params)

    @with_callbacks
    def _fit(self, X, y, params):
        _check_options(self)
        data = read_average_data(self, X, y, params)
        root = root_seed_or_new(self.random_state)
        names = seed_parameters(self.estimator)
        self.seeds_ = [
            {name: named_seed(root, "seed", k, name) for name in names}
            for k in range(self.n_seeds)
        ]
        method = resolve_response_method(self.estimator, self.method)
        members = [
            Member(
                f"seed {k}",
                clone_member("estimator", self.estimator).set_params(**seeds),
                method,
                data.fit_params.members[MEMBER],
            )
            for k, seeds in enumerate(self.seeds_)
        ]
        fit_models(self, plan_fits(members, [], refit=True, seed=None), data)
        return self

    def spread(self, X):
        """Compute the standard deviation of the predictions over the seeds.

        The standard error of the average over other seeds is about
        ``spread(X) / sqrt(n_seeds)``.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        spread : ndarray of shape (n_samples,) or (n_samples, n_columns)
            The sample standard deviation over seeds (n_seeds - 1 in the denominator) of
            the results of `predict_proba` (or else `decision_function`, `predict`); of
            the votes for each class, for classifiers with `predict` only.
        """
        check_is_fitted(self)
        X = check_features(self, X)
        if len(self.estimators_) < 2:
            raise ValueError(
                f"n_seeds={self.n_seeds!r}: one fit has no spread; use n_seeds=2 or more."
            )
        average = self._average
        blocks = np.array(
            [
                predict_block(model, average.method, X, present, average.n_classes)
                for model, present in zip(
                    average.estimators, average.present, strict=True
                )
            ]
        )
        if average.method == "predict" and self._target.kind == "classes":
            blocks = np.eye(average.n_classes)[blocks]
        return blocks.std(axis=0, ddof=1)


def _check_options(model):
    check_average(model)
    check_whole("n_seeds", model.n_seeds, 1)
    if not seed_parameters(model.estimator):
        raise ValueError(
            f"estimator={model.estimator!r} has no random_state, so that all seeds would "
            "give the same model; use CrossFitted, which averages over folds, or fit the "
            "estimator alone."
        )
