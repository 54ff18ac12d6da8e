"""One estimator fitted several times, and the mean of its models: folds, or seeds."""

import functools
from copy import deepcopy
from dataclasses import dataclass, replace
from numbers import Integral
from typing import Any

import numpy as np
import sklearn
from sklearn.base import (
    BaseEstimator,
    MetaEstimatorMixin,
    clone,
    is_classifier,
    is_regressor,
)
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils import check_random_state, get_tags, indexable
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skensemble.core import (
    AUTO,
    Target,
    check_jobs,
    check_per_row,
    check_weights,
    class_target,
    decode,
    find_response_method,
    named_seed,
    numeric_target,
    predict_block,
    resolve_response_method,
    root_seed,
)
from skensemble.fitting import (
    FoldAverage,
    FoldFit,
    Member,
    PlannedFit,
    TrainingData,
    as_store,
    covered_rows,
    out_of_fold,
    plan_fits,
    plan_splits,
    run_fits,
    take_rows,
    weight_name,
)

METHODS = ("auto", *AUTO)
# Name of the one member, in `oof_` and `fits_`.
MEMBER = "estimator"


def _model_has(method):
    """Whether the estimator, fitted or not, has a method."""

    def check(self):
        models = getattr(self, "estimators_", None)
        getattr(models[0] if models else self.estimator, method)
        return True

    return check


@dataclass(frozen=True)
class FitParams:
    """Fit parameters, by who is given them."""

    member: dict[str, Any]
    splitter: dict[str, Any]


class BaseAverage(CallbackSupportMixin, MetaEstimatorMixin, BaseEstimator):
    """Several models of one estimator that predict together.

    A kind of average says which fits there are (`_plan`), and what it keeps of them
    beside the models (`_keep`).
    """

    method = "auto"

    def _fit_whole(self, X, y, params: dict[str, Any]):
        """Fit, or leave everything as it was."""
        self._check_options()
        target = class_target(y) if is_classifier(self) else numeric_target(y)
        before = dict(self.__dict__)
        try:
            return self._fit(X, target, params)
        except BaseException:
            self.__dict__.clear()
            self.__dict__.update(before)
            raise

    @with_callbacks
    def _fit(self, X, target: Target, params: dict[str, Any]):
        routed = route(self, params)
        (X,) = indexable(X)
        check_rows(X, target, routed)
        fold_fits = self._plan(X, target, routed)
        context = self._init_callback_context(
            max_subtasks=len({fold_fit.member.name for fold_fit in fold_fits})
        )
        context.call_on_fit_task_begin(estimator=self, X=X, y=target.values)
        fitted, _ = run_fits(
            fold_fits,
            TrainingData(X, target.values, target.n_classes, scorer_of(target.kind)),
            n_jobs=self.n_jobs,
            on_error="raise",
            verbose=self.verbose,
            contexts=contexts_of(self, context, fold_fits),
            owner=self,
            store=as_store(self.memory),
        )
        self._remember(fitted, target)
        self._keep(fitted, X, target, routed)
        context.call_on_fit_task_end(estimator=self, X=X, y=target.values)
        return self

    def _plan(self, X, target: Target, routed: FitParams) -> list[PlannedFit]:
        raise AssertionError("each kind of average says which fits there are")

    def _keep(self, fitted, X, target: Target, routed: FitParams) -> None:
        """Keep what else there is to know."""

    def _check_options(self):
        check_estimator_kind(self.estimator)
        check_jobs(self.n_jobs)
        as_store(self.memory)

    def _remember(self, fitted: list[FoldFit], target: Target):
        first = fitted[0]
        self.estimators_ = [fold_fit.estimator for fold_fit in fitted]
        self.fits_ = tuple(
            replace(fold_fit, estimator=None, block=None) for fold_fit in fitted
        )
        self._target = replace(target, values=np.empty(0))
        self._average = FoldAverage(
            tuple(self.estimators_),
            tuple(fold_fit.present for fold_fit in fitted),
            find_response_method(MEMBER, first.estimator, self.method),
            target.n_classes,
        )
        if target.kind != "continuous":
            self.classes_ = target.classes
        for name in ("n_features_in_", "feature_names_in_"):
            self.__dict__.pop(name, None)
            if hasattr(first.estimator, name):
                setattr(self, name, getattr(first.estimator, name))

    def predict(self, X):
        """Predict the mean of the models, or their most probable class.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        y : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Numbers: their mean. Classes: the largest mean probability or decision; the
            vote, where the models give neither (or on ``method="predict"``).
        """
        check_is_fitted(self)
        block = self._average.predict_block(X)
        if self._target.kind == "continuous":
            return block
        codes = codes_of(block, self._average.method, self._target.kind)
        return decode(self._target.encoders, codes, self._target.kind)

    @available_if(_model_has("predict_proba"))
    def predict_proba(self, X):
        """Predict probabilities: the mean of the models.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            One column a class, in the order of `classes_`. For a multilabel target as
            the estimator gives them: one column a label, the probability that it is
            on, or a list of arrays of two columns, one a label.
        """
        block = self._mean_of("predict_proba", X)
        if self._target.kind == "labels" and gives_lists(self.estimators_[0], X):
            return [np.column_stack([1 - on, on]) for on in block.T]
        return block

    @available_if(_model_has("decision_function"))
    def decision_function(self, X):
        """Predict decision values: the mean of the models.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        decision : ndarray of shape (n_samples,) or (n_samples, n_classes)
            One column for two classes, one a class for more.
        """
        return self._mean_of("decision_function", X)

    def _mean_of(self, method: str, X):
        check_is_fitted(self)
        return replace(self._average, method=method).predict_block(X)

    def score(self, X, y, sample_weight=None):
        """Score predictions: accuracy of a classifier, R2 of a regressor.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            What is true of them.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows.

        Returns
        -------
        score : float
            Higher is better.
        """
        metric = accuracy_score if is_classifier(self) else r2_score
        return metric(y, self.predict(X), sample_weight=sample_weight)

    def get_metadata_routing(self):
        """Tell where metadata goes: to the estimator, and to the splitter.

        Returns
        -------
        router : MetadataRouter
            The routing.
        """
        router = MetadataRouter(owner=self).add(
            estimator=self.estimator,
            method_mapping=MethodMapping().add(caller="fit", callee="fit"),
        )
        if hasattr(getattr(self, "cv", None), "get_metadata_routing"):
            router.add(
                splitter=self.cv,
                method_mapping=MethodMapping().add(caller="fit", callee="split"),
            )
        return router

    def __sklearn_is_fitted__(self):
        """Tell whether there are models."""
        return hasattr(self, "_average")

    def __sklearn_tags__(self):
        """Tell scikit-learn what data fit: those that fit the estimator."""
        tags = super().__sklearn_tags__()
        if not hasattr(self.estimator, "__sklearn_tags__"):
            return tags  # refused in fit
        inner = get_tags(self.estimator)
        tags.estimator_type = inner.estimator_type
        for name in ("classifier_tags", "regressor_tags", "target_tags", "input_tags"):
            setattr(tags, name, deepcopy(getattr(inner, name)))
        tags.target_tags.required = True
        tags.non_deterministic = inner.non_deterministic
        return tags


class CrossFitted(BaseAverage):
    r"""The models of all folds, averaged, and what each said of rows it had not seen.

    A clone is fitted on the train rows of every split :math:`s`. New rows are predicted
    by all of them, :math:`\hat y(x) = \frac1S \sum_s m_s(x)`; training rows, in `oof_`,
    by those alone that had not seen them. Nothing is fitted on all rows.

    It is a classifier around a classifier and a regressor around a regressor.

    Parameters
    ----------
    estimator : estimator
        A classifier or a regressor.
    cv : int, splitter or iterable of (train, test), default=None
        As in scikit-learn; None is five folds. Splits may leave rows out, as those of
        time series do, or predict them more than once.
    method : {"auto", "predict_proba", "decision_function", "predict"}, default="auto"
        How models are asked for `oof_` and for the class of a row; "auto": the first
        of these that the estimator has.
    n_jobs : int, default=None
        Cores granted: at most so many fits at a time, and fits x their own threads
        never exceed it. None: one fit at a time, on as many threads as it likes.
    random_state : int, RandomState instance or None, default=None
        Seeds, by name, every ``random_state`` of the estimator and the splitter that
        is None. None leaves them as they are.
    memory : str, path, joblib.Memory, Store or None, default=None
        Where fitted models are kept, so that none is fitted twice on the same data.
    verbose : int, default=0
        Passed to joblib.

    Attributes
    ----------
    estimators_ : list of estimators
        One a split. Classifiers among them are fitted on the codes 0, 1, ... of the
        classes.
    oof_ : OutOfFold
        The out-of-fold predictions; ``oof_["estimator"]`` is what ``cross_val_predict``
        gives (with codes of classes on ``method="predict"``). Rows that several splits
        predict hold the mean, rows that none predicts NaN.
    oof_score_ : float
        Accuracy or R2 of `oof_` where it is known, weighted by `sample_weight`.
    scores_ : ndarray of shape (n_splits,)
        Accuracy or R2 of each split on the rows that it held out.
    fits_ : tuple of FoldFit
        Every fit: split, rows, seconds, score.
    classes_ : ndarray of shape (n_classes,) or list of ndarray
        The labels, of a classifier; one array an output for multilabel targets.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Their names, where `X` had any.

    See Also
    --------
    SeedAveraging : The same estimator with several seeds, on all rows.

    References
    ----------
    .. [1] Krogh, A. and Vedelsby, J. (1995). Neural network ensembles, cross validation,
       and active learning. Advances in Neural Information Processing Systems 7.

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
        """Fit a clone on every split.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Training rows, handed to the estimator as they are.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Classes or an indicator matrix of labels for a classifier, numbers for a
            regressor.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows, cut to those of each split.
        groups : array-like of shape (n_samples,), optional
            Groups of the rows, for the splitter.
        **fit_params : dict
            For the ``fit`` of the estimator; what has one entry a row is cut to the rows
            of each split. With metadata routing: whatever is requested.

        Returns
        -------
        self : estimator
            The fitted average.
        """
        known = {"sample_weight": sample_weight, "groups": groups}
        return self._fit_whole(X, y, known | fit_params)

    def _check_options(self):
        super()._check_options()
        if self.method not in METHODS:
            raise ValueError(
                f"method={self.method!r} is not known; use one of {list(METHODS)}."
            )
        if get_tags(self.estimator).input_tags.pairwise:
            raise ValueError(
                f"estimator={self.estimator!r} takes a matrix of distances or kernels "
                "between rows, which is another one for each split; give an estimator "
                "that computes it from the features."
            )

    def _plan(self, X, target, routed):
        seed = root_seed(self.random_state)
        splits = plan_splits(
            self.cv,
            X,
            target.values,
            n_rows=len(target.values),
            classifier=is_classifier(self),
            params=routed.splitter,
            seed=seed,
        )
        how = resolve_response_method(self.estimator, self.method)
        member = Member(MEMBER, self.estimator, how, routed.member)
        return plan_fits([member], splits, refit=False, seed=seed)

    def _keep(self, fitted, X, target, routed):
        self.scores_ = np.array([fold_fit.score for fold_fit in fitted], dtype=float)
        self.oof_ = out_of_fold(
            fitted,
            n_rows=len(target.values),
            n_classes=target.n_classes,
            covered=covered_rows(fitted, len(target.values)),
            classes=target.classes,
            index=getattr(X, "index", None),
        )
        rows, weight = self.oof_.covered, routed.member.get("sample_weight")
        self.oof_score_ = score_block(
            self.oof_[MEMBER][rows],
            fitted[0].method,
            target.values[rows],
            kind=target.kind,
            weight=None if weight is None else np.asarray(weight)[rows],
        )


class SeedAveraging(BaseAverage):
    r"""One estimator fitted with several seeds on all rows, averaged.

    .. math:: \hat y(x) = \frac1K \sum_{k=1}^K m_{s_k}(x)

    The variance that comes from the seed is divided by `K`; nothing else changes. Every
    ``random_state`` of the estimator, nested ones too, open or set, is replaced by one
    that is derived from `random_state`, the number of the seed and the parameter's name.
    More seeds later leave the first ones as they are.

    It is a classifier around a classifier and a regressor around a regressor.

    Parameters
    ----------
    estimator : estimator
        A classifier or a regressor with a ``random_state``.
    n_seeds : int, default=5
        How many fits.
    n_jobs : int, default=None
        Cores granted: at most so many fits at a time, and fits x their own threads
        never exceed it. None: one fit at a time, on as many threads as it likes.
    random_state : int, RandomState instance or None, default=None
        Where the seeds come from. None: others at every fit.
    memory : str, path, joblib.Memory, Store or None, default=None
        Where fitted models are kept, so that none is fitted twice on the same data.
    verbose : int, default=0
        Passed to joblib.

    Attributes
    ----------
    estimators_ : list of estimators
        One a seed. Classifiers among them are fitted on the codes 0, 1, ... of the
        classes.
    seeds_ : list of dict of str to int
        For each of them, what its ``random_state`` parameters were set to.
    fits_ : tuple of FoldFit
        Every fit: name, seconds.
    classes_ : ndarray of shape (n_classes,) or list of ndarray
        The labels, of a classifier; one array an output for multilabel targets.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Their names, where `X` had any.

    See Also
    --------
    CrossFitted : The models of all folds, averaged; around this one, both.

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
        """Fit a clone with every seed.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Training rows, handed to the estimator as they are.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Classes or an indicator matrix of labels for a classifier, numbers for a
            regressor.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows.
        **fit_params : dict
            For the ``fit`` of the estimator; with metadata routing: whatever it requests.

        Returns
        -------
        self : estimator
            The fitted average.
        """
        return self._fit_whole(X, y, {"sample_weight": sample_weight} | fit_params)

    def spread(self, X):
        """Tell how far predictions depend on the seed: their standard deviation.

        The average itself moves by about ``spread(X) / sqrt(n_seeds)`` when it is fitted
        with other seeds.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        spread : ndarray of shape (n_samples,) or (n_samples, n_columns)
            The sample standard deviation over seeds (n_seeds - 1 in the denominator) of
            what `predict_proba` (or else `decision_function`, `predict`) averages; of
            the votes for each class, where labels are all there is.
        """
        check_is_fitted(self)
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

    def _check_options(self):
        super()._check_options()
        whole = isinstance(self.n_seeds, Integral) and not isinstance(
            self.n_seeds, bool
        )
        if not whole or self.n_seeds < 1:
            raise ValueError(
                f"n_seeds={self.n_seeds!r} should be a whole number, 1 or more."
            )
        if not seed_names(self.estimator):
            raise ValueError(
                f"estimator={self.estimator!r} has no random_state, so that all seeds "
                "would give the same model; use CrossFitted, which averages over folds, "
                "or fit the estimator alone."
            )

    def _plan(self, X, target, routed):
        root = root_seed(self.random_state)
        if root is None:
            root = int(check_random_state(None).randint(2**31 - 1))
        names = seed_names(self.estimator)
        self.seeds_ = [
            {name: named_seed(root, "seed", k, name) for name in names}
            for k in range(self.n_seeds)
        ]
        how = resolve_response_method(self.estimator, self.method)
        members = [
            Member(
                f"seed {k}",
                clone(self.estimator).set_params(**seeds),
                how,
                routed.member,
            )
            for k, seeds in enumerate(self.seeds_)
        ]
        return plan_fits(members, [], refit=True, seed=None)


def seed_names(estimator: Any) -> list[str]:
    """Name the parameters that seed an estimator, those of its parts too."""
    return [
        key
        for key in estimator.get_params(deep=True)
        if key == "random_state" or key.endswith("__random_state")
    ]


def gives_lists(model: Any, X: Any) -> bool:
    """Whether a model gives probabilities label by label."""
    return isinstance(model.predict_proba(take_rows(X, [0])), list)


def contexts_of(owner: Any, context: Any, fold_fits: list[PlannedFit]) -> list[Any]:
    """Give every cell a context to tell callbacks of, one below that of its member."""
    names = [fold_fit.member.name for fold_fit in fold_fits]
    above = {
        name: context.subcontext(f"member {name}", max_subtasks=names.count(name))
        for name in dict.fromkeys(names)
    }
    for member in above.values():
        member.call_on_fit_task_begin(estimator=owner)
    return [
        above[fold_fit.member.name].subcontext(f"split {fold_fit.split.label}")
        for fold_fit in fold_fits
    ]


def route(owner: BaseAverage, params: dict[str, Any]) -> FitParams:
    """Sort fit parameters: by metadata routing where enabled, else by name.

    Without routing ``groups`` goes to the splitter, if there is one, and all else to the
    estimator.
    """
    params = {key: value for key, value in params.items() if value is not None}
    if not params:
        return FitParams({}, {})
    if "sample_weight" in params:
        params["sample_weight"] = np.asarray(params["sample_weight"])
    if sklearn.get_config()["enable_metadata_routing"]:
        routed = process_routing(owner, "fit", **params)
        split = routed["splitter"]["split"] if "splitter" in routed else {}
        return FitParams(dict(routed["estimator"]["fit"]), dict(split))
    if "sample_weight" in params:
        weight_name(owner.estimator)  # refuses an estimator that takes none
    splitter = {}
    if "groups" in params and hasattr(owner, "cv"):
        splitter["groups"] = params.pop("groups")
    return FitParams(params, splitter)


def check_estimator_kind(estimator: Any) -> None:
    """Refuse what is neither a classifier nor a regressor."""
    if isinstance(estimator, type) or not hasattr(estimator, "fit"):
        raise TypeError(
            f"estimator={estimator!r} should be an estimator instance with a fit method."
        )
    if not is_classifier(estimator) and not is_regressor(estimator):
        raise ValueError(
            f"estimator={estimator!r} is neither a classifier nor a regressor, so there "
            "is nothing to average; use one of them, as the last step of a Pipeline "
            "where it needs others."
        )


def check_rows(X: Any, target: Target, routed: FitParams) -> None:
    """Refuse rows, weights and groups that do not belong together."""
    n_rows = _count_rows(X)
    if n_rows != len(target.values):
        raise ValueError(
            "Found input variables with inconsistent numbers of samples: "
            f"[{n_rows}, {len(target.values)}]; X and y should have the same rows."
        )
    weight = routed.member.get("sample_weight")
    check_weights("sample_weight", weight, n_rows)
    check_per_row("groups", routed.splitter.get("groups"), n_rows)
    if target.kind != "classes":
        return
    known = target.values if weight is None else target.values[np.asarray(weight) > 0]
    if len(np.unique(known)) < 2:
        where = "" if weight is None else " in the rows of a sample_weight above 0"
        raise ValueError(
            f"y holds one class only, {target.classes.tolist()[known[0]]!r}{where}; a "
            "classifier needs rows of 2 classes or more."
        )


def _count_rows(X: Any) -> int:
    if X is None or isinstance(X, str | bytes | dict):
        raise ValueError(f"X={X!r} is no table; give one row a sample.")
    shape = tuple(X.shape) if hasattr(X, "shape") else np.shape(X)
    if len(shape) == 0 or 0 in shape[:2]:
        missing = "feature" if len(shape) > 1 and shape[0] else "sample"
        raise ValueError(
            f"Found array with 0 {missing}(s) (shape={shape}) while a minimum of 1 is "
            f"required; X should have a {missing} or more."
        )
    # One text a row is a table too, for pipelines that begin with a vectorizer.
    if len(shape) == 1 and getattr(X, "dtype", np.dtype(object)).kind in "biufc":
        raise ValueError(
            f"Expected 2D array, got 1D array instead: X has shape {shape}. Reshape "
            "your data either using array.reshape(-1, 1) if your data has a single "
            "feature or array.reshape(1, -1) if it contains a single sample."
        )
    return int(shape[0])


def codes_of(block: np.ndarray, method: str, kind: str) -> np.ndarray:
    """Turn a block of predictions into codes of classes, or of labels that are on."""
    if kind == "labels":
        return (block > (0.0 if method == "decision_function" else 0.5)).astype(int)
    if method == "predict":
        return np.rint(block).astype(int)
    if block.ndim == 1:
        return (block > 0).astype(int)
    return block.argmax(axis=1)


def scorer_of(kind: str) -> Any:
    """Score the blocks of cells: accuracy for classes, R2 for numbers."""
    return functools.partial(score_block, kind=kind)


def score_block(
    block: Any, method: str, y: Any, *, kind: str, weight: Any = None
) -> float:
    """Score a block of predictions; NaN where that is undefined."""
    block = np.asarray(block)
    if kind != "continuous":
        codes = codes_of(block, method, kind)
        return float(accuracy_score(y, codes, sample_weight=weight))
    if len(y) < 2 or block.shape != np.shape(y):  # several quantiles, say
        return float("nan")
    return float(r2_score(y, block, sample_weight=weight))
