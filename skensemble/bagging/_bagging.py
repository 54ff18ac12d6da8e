"""Bagging: members fitted on samples of the rows, and the mean of what they say."""

import time
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import Any

import numpy as np
import pandas as pd
from joblib import effective_n_jobs
from scipy.sparse import csr_matrix
from sklearn.base import (
    BaseEstimator,
    ClassifierMixin,
    MetaEstimatorMixin,
    RegressorMixin,
    clone,
    is_classifier,
)
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn.utils import check_consistent_length, check_random_state, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted

from skensemble.bagging._aggregation import (
    OF_CLASSES,
    OF_NUMBERS,
    Answer,
    aggregate,
    stacked,
)
from skensemble.bagging._bag_checks import check_options, check_rows
from skensemble.bagging._bag_failures import explain_text, keep_done
from skensemble.bagging._bag_input import (
    is_frame,
    read_again,
    read_features,
    read_target,
)
from skensemble.bagging._bag_members import (
    Fitted,
    Plan,
    check_takes_weights,
    from_fold_fits,
    kept_answers,
    out_of_bag,
)
from skensemble.bagging._bag_routing import routed, router_of
from skensemble.bagging._bag_scoring import (
    check_scoring,
    check_suits,
    score_said,
)
from skensemble.bagging._jackknife import jackknife_of
from skensemble.bagging._sampling import Demand, make_sampler
from skensemble.bagging._tree_engine import (
    BINNED,
    GENERAL,
    choose_engine,
    forest_fold_fit,
    tree_views,
)
from skensemble.core import Target, decode, named_seed, warn
from skensemble.fitting import (
    Failure,
    OutOfFold,
    PlannedFit,
    TrainingData,
    as_store,
    run_fits,
)

# Name of the bag's one block out of bag.
_BLOCK = "bag"
_LARGEST_SEED = 2**31 - 1
_JACKKNIFED = ("rows", "stratified")


@dataclass(frozen=True)
class Fit:
    """What one fit goes by: the data, the plan of its members, and when it began."""

    X: Any
    target: Target
    weight: Any
    plan: Plan
    started: float


def _unscored(block: Any, method: str, y: Any) -> None:
    """Score nothing: a member's own score is nobody's business here."""


def _has_decision_function(bag: Any) -> bool:
    models = getattr(bag, "estimators_", None)
    return hasattr(models[0] if models else bag._member(), "decision_function")


class BaseBagging(CallbackSupportMixin, MetaEstimatorMixin, BaseEstimator):
    """What the classifier and the regressor share."""

    _aggregations = OF_NUMBERS

    # Fitting

    def fit(self, X, y, sample_weight=None, *, groups=None, **fit_params):
        """Fit members on samples of the rows.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Training rows. Members are given frames as frames.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Classes for a classifier, numbers for a regressor.
        sample_weight : array-like of shape (n_samples,), default=None
            Rows are drawn by weight: a row of weight two is drawn as the same row given
            twice would be, one of weight zero never.
        groups : array-like of shape (n_samples,), default=None
            Which rows belong together, for ``sampling="groups"``.
        **fit_params : dict
            For the members, by metadata routing.

        Returns
        -------
        self : estimator
            The fitted bag.
        """
        before = dict(self.__dict__)
        try:
            return self._fit(X, y, sample_weight, groups, fit_params)
        except BaseException as error:  # nothing is left half-fitted
            self.__dict__.clear()
            self.__dict__.update(before)
            explain_text(error, X)
            raise

    @with_callbacks
    def _fit(self, X, y, sample_weight, groups, fit_params):
        started = time.monotonic()
        check_options(self, self._aggregations)
        check_scoring("oob_score", self.oob_score)
        params = routed(self, "fit", "fit", fit_params)
        X = read_features(self, X)
        if sample_weight is not None:
            sample_weight = np.asarray(sample_weight)
        target = read_target(y, classifier=is_classifier(self))
        check_suits("oob_score", self.oob_score, target)
        check_consistent_length(X, target.values)
        check_rows(self, len(target.values), sample_weight, groups)
        first = self._first_place()
        if first == self.n_estimators:
            return self
        plan = self._planned(X, target, sample_weight, groups, params)
        fit = Fit(X, target, sample_weight, plan, started)
        self._remember(fit)
        self._fit_members(fit, first)
        return self

    def _first_place(self) -> int:
        """Number of the first member to fit: not 0 where a bag is enlarged."""
        if not self.warm_start or not hasattr(self, "_members"):
            self._members: list[Fitted] = []
            self.failed_: dict[str, tuple[Failure, ...]] = {}
            self._n_planned = 0
            self.__dict__.pop("_seed", None)
        if self.n_estimators < self._n_planned:
            raise ValueError(
                f"n_estimators={self.n_estimators} must be larger or equal to "
                f"len(estimators_)={self._n_planned} when warm_start=True; give more, or "
                "warm_start=False."
            )
        if self.n_estimators == self._n_planned:
            warn(
                "Warm-start fitting without increasing n_estimators does not fit new "
                "trees.",
                UserWarning,
            )
        return self._n_planned

    def _planned(self, X, target, weight, groups, params) -> Plan:
        if not hasattr(self, "_seed"):
            self._seed = self._root()
        if weight is not None and not self.bootstrap:
            warn(
                f"When fitting {type(self).__name__} with sample_weight it is "
                f"recommended to use bootstrap=True, got {self.bootstrap}.",
                UserWarning,
            )
        self.estimator_ = clone(self._member())
        if self.sampling == "bayesian":
            check_takes_weights(self.estimator_)
        return Plan(
            estimator=self.estimator_,
            sampler=make_sampler(self._demand(), X, target, weight, groups),
            seed=self._seed,
            n_rows=len(target.values),
            n_columns=X.shape[1],
            width=self._width(X.shape[1]),
            repeats_columns=self.bootstrap_features,
            method=self._method(),
            fit_params=params,
        )

    def _demand(self) -> Demand:
        return Demand(
            self.sampling, self.max_samples, bool(self.bootstrap), self.block_length
        )

    def _root(self) -> int:
        if isinstance(self.random_state, int | np.integer):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(_LARGEST_SEED))

    def _width(self, n_columns: int) -> int:
        """How many columns a member sees."""
        share = self.max_features
        width = int(share * n_columns) if isinstance(share, float) else int(share)
        if width > n_columns:
            raise ValueError(
                f"max_features={share!r} must be <= n_features={n_columns}; use fewer, or "
                "a share such as 1.0."
            )
        return max(1, width)

    def _remember(self, fit: Fit):
        target = fit.target
        self._plan = replace(fit.plan, fit_params={})
        self._max_samples = getattr(fit.plan.sampler, "size", None)
        self._max_features = fit.plan.width
        self._on_frame = is_frame(fit.X)
        self._target = replace(target, values=target.values[:0])
        # For what is asked of rows out of bag later; not pickled.
        self._training = fit
        for name in ("oob_score_", "_oof", "_forest", *self._oob_names()):
            self.__dict__.pop(name, None)

    def _fit_members(self, fit: Fit, first: int):
        places = range(first, self.n_estimators)
        self.engine_ = choose_engine(self, fit.plan, fit.X, fit.target)
        held_out = bool(self.oob_score)
        if self.engine_ == BINNED:
            fold_fits = [forest_fold_fit(fit.plan, self.n_estimators, fit.target)]
        else:
            ordered = self.sampling == "blocks"
            fold_fits = [fit.plan.fold_fit(k, held_out, ordered) for k in places]
        kept, failed = self._run(fold_fits, fit)
        self._n_planned = self.n_estimators
        self.failed_ = self.failed_ | failed
        if self.engine_ == BINNED:
            self._forest = kept[0].estimator
            self._members = tree_views(self._forest, fit.plan.n_columns)
        else:
            self._members = [*self._members, *from_fold_fits(kept, fit.plan)]
        self.estimators_ = [member.model for member in self._members]
        self.estimators_features_ = [member.columns for member in self._members]
        if held_out:
            answers = self._out_of_bag(fit.X)
            if self.engine_ == GENERAL:
                answers = kept_answers(kept, fit.target.n_classes)
            self._score_out_of_bag(fit, answers)

    def _run(self, fold_fits: list[PlannedFit], fit: Fit):
        context = self._init_callback_context(max_subtasks=len(fold_fits))
        context.call_on_fit_task_begin(estimator=self, X=fit.X, y=fit.target.values)
        limit = self.time_limit
        fitted, failures = run_fits(
            fold_fits,
            TrainingData(fit.X, fit.target.values, fit.target.n_classes, _unscored),
            n_jobs=self.n_jobs,
            on_error=self.on_error,
            verbose=self.verbose,
            store=as_store(self.memory),
            deadline=None if limit is None else fit.started + limit,
            contexts=[
                context.subcontext(fold_fit.member.name) for fold_fit in fold_fits
            ],
            owner=self,
        )
        context.call_on_fit_task_end(estimator=self, X=fit.X, y=fit.target.values)
        return keep_done(fitted, failures)

    def _score_out_of_bag(self, fit: Fit, answers):
        self._oof = self._assembled(fit, answers)
        block = self._oof[_BLOCK]
        if not self._oof.covered.all():
            warn(
                "Some inputs do not have OOB scores. This probably means too few "
                "estimators were used to compute any reliable oob estimates.",
                UserWarning,
            )
        self.oob_score_ = score_said(self.oob_score, block, fit.target, fit.weight)
        setattr(self, self._oob_names()[0], block)

    # Out of bag

    @property
    def oof_(self):
        """What the bag says of each training row, by the members that did not see it."""
        check_is_fitted(self)
        if not hasattr(self, "_oof"):
            fit = self._known_training("oof_")
            self._oof = self._assembled(fit, self._out_of_bag(fit.X))
        return self._oof

    def _out_of_bag(self, X) -> list[Answer]:
        n_classes = self._target.n_classes
        return out_of_bag(self._members, self._plan, X, self._method(), n_classes)

    def _assembled(self, fit: Fit, answers: list[Answer]) -> OutOfFold:
        block = self._aggregated(answers, len(fit.target.values))
        return OutOfFold(
            {_BLOCK: block},
            {_BLOCK: "predict_proba" if is_classifier(self) else "predict"},
            fit.target.classes,
            ~np.isnan(block.reshape(len(block), -1)).any(axis=1),
            getattr(fit.X, "index", None),
        )

    def _known_training(self, what: str) -> Fit:
        if not hasattr(self, "_training"):
            raise AttributeError(
                f"{what} needs the training rows, which are not pickled with a bag; ask "
                "for it before, or fit again (memory= makes that quick)."
            )
        return self._training

    def oob_importance(self, scoring=None, n_repeats=1):
        """Importance of each feature: what the score out of bag loses without it.

        The values of a feature are shuffled among the rows; each row is then predicted by
        the members that did not see it (Breiman 2001, section 10).

        Parameters
        ----------
        scoring : str, callable or None, default=None
            A name as in scikit-learn, a scorer, or a function of ``(y_true, y_pred)``;
            None is accuracy or R2.
        n_repeats : int, default=1
            How often each feature is shuffled; the mean is given.

        Returns
        -------
        importance : pandas.Series of shape (n_features,)
            Score as it is, minus score with the feature shuffled.
        """
        check_is_fitted(self)
        check_scoring("scoring", scoring)
        if n_repeats < 1:
            raise ValueError(f"n_repeats={n_repeats!r} must be 1 or more.")
        fit = self._known_training("oob_importance")
        check_suits("scoring", scoring, fit.target)
        base = score_said(scoring, self.oof_[_BLOCK], fit.target, fit.weight)
        names = getattr(self, "feature_names_in_", None)
        losses = [
            np.mean([self._loss_without(fit, j, k, scoring) for k in range(n_repeats)])
            for j in range(self.n_features_in_)
        ]
        index = range(self.n_features_in_) if names is None else names
        return pd.Series(base - np.array(losses), index=index, name="importance")

    def _loss_without(self, fit: Fit, column: int, repeat: int, scoring) -> float:
        seed = named_seed(self._seed, "importance", column, repeat)
        order = np.random.default_rng(seed).permutation(len(fit.target.values))
        answers = self._out_of_bag(_with_shuffled(fit.X, column, order))
        block = self._aggregated(answers, len(fit.target.values))
        return score_said(scoring, block, fit.target, fit.weight)

    @property
    def estimators_samples_(self):
        """The rows that each member was fitted on, drawn again each time."""
        check_is_fitted(self)
        return [self._plan.draw(member.place).rows for member in self._members]

    # Predicting

    def _member(self):
        """Give the member, unfitted."""
        raise AssertionError("the classifier and the regressor say it")

    def _oob_names(self) -> list[str]:
        raise AssertionError("the classifier and the regressor say it")

    def _how(self):
        """How answers are combined."""
        known = {"auto": "mean", "soft": "mean", "hard": "mean"}
        return known.get(self.aggregation, self.aggregation)

    def _method(self):
        """How members are asked."""
        if not is_classifier(self) or self.aggregation == "hard":
            return "predict"
        has = hasattr(self._member(), "predict_proba")
        return "predict_proba" if has else "predict"

    def _aggregated(self, answers, n_rows: int):
        return aggregate(answers, self._how(), n_rows)

    def _read(self, X):
        check_is_fitted(self)
        return read_again(self, X, self._on_frame)

    def _answers(self, X, method: str, params: dict[str, Any]):
        """What each member says of new rows, one at a time and in their order."""
        options = {"n_classes": self._target.n_classes, "params": params}
        ask = partial(_ask, X=X, method=method, options=options)
        if effective_n_jobs(self.n_jobs) == 1:
            return map(ask, self._members)
        # In threads, since rows and models are here; in order, since sums depend on it.
        side_by_side = Parallel(
            n_jobs=self.n_jobs, require="sharedmem", return_as="generator"
        )
        return side_by_side(delayed(ask)(member) for member in self._members)

    def _combined(self, X, method: str, params: dict[str, Any]):
        X = self._read(X)
        if hasattr(self, "_forest") and self._how() == "mean" and method != "predict":
            return self._forest.mean_proba(X, self.n_jobs)
        if hasattr(self, "_forest") and self._how() == "mean" and not self._is_voting():
            return self._forest.mean(X, self.n_jobs)
        return self._aggregated(self._answers(X, method, params), X.shape[0])

    def _is_voting(self) -> bool:
        return is_classifier(self)

    def standard_error(self, X):
        """Standard error of what the bag says, by the infinitesimal jackknife.

        How far the prediction would move with other training rows of the same kind. Noise
        in the target comes on top. It wants some hundred members.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        error : ndarray of shape (n_samples,) or (n_samples, n_classes)
            Of the predicted number, or of each probability.

        References
        ----------
        .. [1] Wager, S., Hastie, T. and Efron, B. (2014). Confidence intervals for random
           forests: the jackknife and the infinitesimal jackknife. JMLR 15, 1625-1651.
        """
        X = self._read(X)
        if self.sampling not in _JACKKNIFED or not self.bootstrap:
            raise ValueError(
                f"sampling={self.sampling!r} with bootstrap={self.bootstrap!r} has no "
                "standard_error; it is known for sampling='rows' or 'stratified' with "
                "bootstrap=True."
            )
        if self._how() != "mean":
            raise ValueError(
                f"aggregation={self.aggregation!r} has no standard_error, which is that "
                "of a mean; use aggregation='mean'."
            )
        counts = np.stack([self._plan.counts(m.place) for m in self._members])
        return jackknife_of(csr_matrix(counts)).standard_error(self._stack(X))

    def _stack(self, X):
        return stacked(self._answers(X, self._method(), {}), X.shape[0])

    # As an object

    def get_metadata_routing(self):
        """Tell where metadata goes: to the members.

        Returns
        -------
        router : MetadataRouter
            The routing.
        """
        return router_of(self, self._member(), self._method())

    def __sklearn_tags__(self):
        """Tell scikit-learn what data fit."""
        tags = super().__sklearn_tags__()
        member = get_tags(self._member()).input_tags
        tags.input_tags.sparse = member.sparse
        tags.input_tags.allow_nan = member.allow_nan
        return tags

    def __sklearn_is_fitted__(self):
        """Tell whether there are members."""
        return hasattr(self, "estimators_")

    def __getstate__(self):
        """Leave the training data out of a pickle."""
        state = dict(super().__getstate__())
        state.pop("_training", None)
        return state

    def __len__(self):
        """Count the members."""
        return len(self.estimators_)

    def __getitem__(self, index):
        """Give a fitted member."""
        return self.estimators_[index]

    def __iter__(self):
        """Go through the fitted members."""
        return iter(self.estimators_)


def _ask(member: Fitted, X: Any, method: str, options: dict[str, Any]) -> Answer:
    return Answer(member.predict_block(X, method, **options))


def _with_shuffled(X: Any, column: int, order: Any) -> Any:
    """Copy the features, with one column in another order."""
    if hasattr(X, "iloc"):
        values = X.iloc[:, column].iloc[order].set_axis(X.index)
        before, after = X.iloc[:, :column], X.iloc[:, column + 1 :]
        return pd.concat([before, values, after], axis=1)
    if hasattr(X, "with_columns"):  # polars
        return X.with_columns(X[:, column][order.tolist()].alias(X.columns[column]))
    if hasattr(X, "tolil"):
        table = X.tocsc(copy=True).tolil()
        table[:, [column]] = X.tocsc()[:, [column]].tocsr()[order]
        return table.asformat(X.format)
    shuffled = X.copy()
    shuffled[:, column] = X[order, column]
    return shuffled


class BaggingClassifier(ClassifierMixin, BaseBagging):
    r"""Classifiers fitted on samples of the rows, and the mean of their probabilities.

    :math:`p(c) = \frac1B \sum_b p_b(c)`, where member b is fitted on a sample of its own;
    members without probabilities vote. Each row is left out of some samples, so that the
    bag predicts its own training rows honestly: `oof_`.

    Drop-in for :class:`sklearn.ensemble.BaggingClassifier`; what is added is keyword-only
    and comes last.

    Parameters
    ----------
    estimator : estimator, default=None
        The member: any classifier, a Pipeline too; None is a DecisionTreeClassifier.
    n_estimators : int, default=10
        How many members.
    max_samples : int, float or None, default=None
        Rows of a sample: a number; a share of the rows (of the sum of their weights, where
        there are weights); None for as many as there are, so 1.0. With
        ``sampling="groups"`` it counts groups, otherwise for balanced samples the rows of a
        class (an int: of all classes together).
    max_features : int or float, default=1.0
        Columns of a member: a number, or a share.
    bootstrap : bool, default=True
        Whether rows are drawn with replacement.
    bootstrap_features : bool, default=False
        Whether columns are drawn with replacement.
    oob_score : bool, str or callable, default=False
        Whether to score the rows that members did not see: True is accuracy; or the name
        of a scorer, or a function of ``(y_true, y_pred)``.
    warm_start : bool, default=False
        Keep the members of the fit before, and add more.
    n_jobs : int, default=None
        Cores granted. The result is the same for any number.
    random_state : int, RandomState instance or None, default=None
        Draws the samples, and seeds every member whose own ``random_state`` is None.
        Samples depend on the content of rows, not on where they stand.
    verbose : int, default=0
        Passed to joblib.
    sampling : str, default="rows"
        ``"rows"``, ``"stratified"``, ``"groups"``, ``"blocks"``, ``"balanced"``,
        ``"oversampled"`` or ``"bayesian"``.
        How samples are drawn: by row; by row within each class; by whole group; in
        blocks of neighbouring rows, for time series; as many rows
        of each class as the smallest has, or as the largest has; ``"bayesian"`` weighs all
        rows by exponential weights and draws none.
    block_length : int or None, default=None
        Rows of a block; None is the cube root of the number of rows.
    aggregation : {"auto", "soft", "hard", "mean", "median", "trimmed"}, default="auto"
        How answers are combined. ``"soft"`` and ``"mean"`` are the mean
        probability, ``"hard"`` the share of votes, ``"auto"`` soft where members can. ``"trimmed"`` leaves out a tenth of the members
        at each end.
    engine : {"auto", "binned", "general"}, default="auto"
        ``"binned"`` grows the trees of all samples on one binned copy of the rows, several
        times faster; for plain unpruned trees and
        two classes. ``"auto"`` does so where that is
        possible and there are 10,000 rows or more.
    memory : str, path, joblib.Memory, Store or None, default=None
        Where fitted members are kept, so that none is fitted twice on the same data.
    on_error : {"raise", "drop"}, default="raise"
        Whether a failing member ends the fit, or is left out and listed in `failed_`.
    time_limit : float or None, default=None
        Seconds that the fits may take; members that are not done by then are left out.

    Attributes
    ----------
    estimator_ : estimator
        The member, unfitted.
    estimators_ : list of estimators
        The fitted members.
    estimators_samples_ : list of ndarray of int
        Rows of each sample.
    estimators_features_ : list of ndarray of int
        Columns of each member.
    classes_ : ndarray of shape (n_classes,)
        The labels.
    n_classes_ : int
        How many there are.
    oob_decision_function_ : ndarray of shape (n_samples, n_classes)
        Probabilities out of bag, on ``oob_score``.
    oob_score_ : float
        Score out of bag, on ``oob_score``.
    oof_ : OutOfFold
        What the bag says of each training row, by the members that did not see it; NaN
        where a row was in every sample. There for any `oob_score`.
    engine_ : str
        The road that was taken.
    failed_ : dict of str to tuple of Failure
        Members left out, and why.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Their names, where `X` had any.

    See Also
    --------
    BaggingRegressor : The same for numbers.

    References
    ----------
    .. [1] Breiman, L. (1996). Bagging predictors. Machine Learning 24, 123-140.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skensemble import BaggingClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> bag = BaggingClassifier(n_estimators=30, oob_score=True, random_state=0).fit(
    ...     X, y
    ... )
    >>> bool(bag.oob_score_ > 0.9)
    True
    >>> bag.oof_["bag"].shape
    (150, 3)
    """

    _encoder_style = "forests"

    _aggregations = OF_CLASSES

    def __init__(
        self,
        estimator=None,
        n_estimators=10,
        *,
        max_samples=None,
        max_features=1.0,
        bootstrap=True,
        bootstrap_features=False,
        oob_score=False,
        warm_start=False,
        n_jobs=None,
        random_state=None,
        verbose=0,
        sampling="rows",
        block_length=None,
        aggregation="auto",
        engine="auto",
        memory=None,
        on_error="raise",
        time_limit=None,
    ):
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.max_samples = max_samples
        self.max_features = max_features
        self.bootstrap = bootstrap
        self.bootstrap_features = bootstrap_features
        self.oob_score = oob_score
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose
        self.sampling = sampling
        self.block_length = block_length
        self.aggregation = aggregation
        self.engine = engine
        self.memory = memory
        self.on_error = on_error
        self.time_limit = time_limit

    def _member(self):
        return DecisionTreeClassifier() if self.estimator is None else self.estimator

    def _oob_names(self):
        return ["oob_decision_function_"]

    def _remember(self, fit: Fit):
        super()._remember(fit)
        self.classes_ = fit.target.classes
        self.n_classes_ = fit.target.n_classes

    def _aggregated(self, answers, n_rows):
        block = super()._aggregated(answers, n_rows)
        if self._how() == "mean":
            return block
        # Medians of probabilities need not sum to one.
        total = block.sum(axis=1, keepdims=True)
        return np.where(total > 0, block / np.where(total > 0, total, 1), np.nan)

    def predict(self, X, **params):
        """Predict the most probable class of each row.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.
        **params : dict
            For the members, by metadata routing.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
        """
        method = self._method()
        block = self._combined(X, method, routed(self, "predict", method, params))
        codes = block.argmax(axis=1)
        return decode(self._target.encoders, codes, self._target.kind)

    def predict_proba(self, X, **params):
        """Predict the probability of each class, or its share of the votes.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.
        **params : dict
            For the members, by metadata routing.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
        """
        method = self._method()
        given = routed(self, "predict_proba", method, params)
        return self._combined(X, method, given)

    def predict_log_proba(self, X, **params):
        """Predict the logarithms of the probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.
        **params : dict
            For the members, by metadata routing.

        Returns
        -------
        logarithms : ndarray of shape (n_samples, n_classes)
        """
        check_is_fitted(self)
        method = self._log_method()
        given = routed(self, "predict_log_proba", method, params)
        with np.errstate(divide="ignore"):
            if method != "predict_log_proba":
                return np.log(self._combined(X, method, given))
            answers = self._answers(self._read(X), method, given)
            total = reduce(np.logaddexp, (answer.block for answer in answers))
            return total - np.log(len(self._members))

    def _log_method(self) -> str:
        """Ask for logarithms where the mean is wanted, since small ones survive so."""
        soft = self._method() == "predict_proba" and self._how() == "mean"
        has = hasattr(self._member(), "predict_log_proba") and self.engine_ == GENERAL
        return "predict_log_proba" if soft and has else self._method()

    @available_if(_has_decision_function)
    def decision_function(self, X, **params):
        """Mean of the decisions of the members.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.
        **params : dict
            For the members, by metadata routing.

        Returns
        -------
        decision : ndarray of shape (n_samples,) or (n_samples, n_classes)
        """
        method = "decision_function"
        X = self._read(X)
        answers = self._answers(X, method, routed(self, method, method, params))
        return aggregate(answers, "mean", X.shape[0])


class BaggingRegressor(RegressorMixin, BaseBagging):
    r"""Regressors fitted on samples of the rows, and the mean of what they predict.

    :math:`f(x) = \frac1B \sum_b f_b(x)`, where member b is fitted on a sample of its own.
    Each row is left out of some samples, so that the bag predicts its own training rows
    honestly (`oof_`) and knows how sure it is (`predict_quantiles`, `standard_error`).

    Drop-in for :class:`sklearn.ensemble.BaggingRegressor`; what is added is keyword-only and
    comes last.

    Parameters
    ----------
    estimator : estimator, default=None
        The member: any regressor, a Pipeline too; None is a DecisionTreeRegressor.
    n_estimators : int, default=10
        How many members.
    max_samples : int, float or None, default=None
        Rows of a sample: a number; a share of the rows (of the sum of their weights, where
        there are weights); None for as many as there are, so 1.0. With
        ``sampling="groups"`` it counts groups, otherwise for balanced samples the rows of a
        class (an int: of all classes together).
    max_features : int or float, default=1.0
        Columns of a member: a number, or a share.
    bootstrap : bool, default=True
        Whether rows are drawn with replacement.
    bootstrap_features : bool, default=False
        Whether columns are drawn with replacement.
    oob_score : bool, str or callable, default=False
        Whether to score the rows that members did not see: True is R2; or the name
        of a scorer, or a function of ``(y_true, y_pred)``.
    warm_start : bool, default=False
        Keep the members of the fit before, and add more.
    n_jobs : int, default=None
        Cores granted. The result is the same for any number.
    random_state : int, RandomState instance or None, default=None
        Draws the samples, and seeds every member whose own ``random_state`` is None.
        Samples depend on the content of rows, not on where they stand.
    verbose : int, default=0
        Passed to joblib.
    sampling : str, default="rows"
        ``"rows"``, ``"stratified"``, ``"groups"``, ``"blocks"``, ``"balanced"``,
        ``"oversampled"`` or ``"bayesian"``.
        How samples are drawn: by row; by row within each class or bin of y; by whole group; in
        blocks of neighbouring rows, for time series; as many rows
        of each bin of y as the smallest has, or as the largest has; ``"bayesian"`` weighs all
        rows by exponential weights and draws none.
    block_length : int or None, default=None
        Rows of a block; None is the cube root of the number of rows.
    aggregation : {"auto", "mean", "median", "trimmed"}, default="auto"
        How answers are combined. ``"auto"`` is the mean. ``"trimmed"`` leaves out a tenth of the members
        at each end.
    engine : {"auto", "binned", "general"}, default="auto"
        ``"binned"`` grows the trees of all samples on one binned copy of the rows, several
        times faster; for plain unpruned trees. ``"auto"`` does so where that is
        possible and there are 10,000 rows or more.
    memory : str, path, joblib.Memory, Store or None, default=None
        Where fitted members are kept, so that none is fitted twice on the same data.
    on_error : {"raise", "drop"}, default="raise"
        Whether a failing member ends the fit, or is left out and listed in `failed_`.
    time_limit : float or None, default=None
        Seconds that the fits may take; members that are not done by then are left out.

    Attributes
    ----------
    estimator_ : estimator
        The member, unfitted.
    estimators_ : list of estimators
        The fitted members.
    estimators_samples_ : list of ndarray of int
        Rows of each sample.
    estimators_features_ : list of ndarray of int
        Columns of each member.
    oob_prediction_ : ndarray of shape (n_samples,) or (n_samples, n_outputs)
        Predictions out of bag, on ``oob_score``.
    oob_score_ : float
        Score out of bag, on ``oob_score``.
    oof_ : OutOfFold
        What the bag says of each training row, by the members that did not see it; NaN
        where a row was in every sample. There for any `oob_score`.
    engine_ : str
        The road that was taken.
    failed_ : dict of str to tuple of Failure
        Members left out, and why.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Their names, where `X` had any.

    See Also
    --------
    BaggingClassifier : The same for classes.

    References
    ----------
    .. [1] Breiman, L. (1996). Bagging predictors. Machine Learning 24, 123-140.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from skensemble import BaggingRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> bag = BaggingRegressor(n_estimators=50, random_state=0).fit(X, y)
    >>> bag.predict_quantiles(X[:3], [0.1, 0.5, 0.9]).shape
    (3, 3)
    >>> bool((bag.standard_error(X[:3]) >= 0).all())
    True
    """

    _encoder_style = "forests"

    def __init__(
        self,
        estimator=None,
        n_estimators=10,
        *,
        max_samples=None,
        max_features=1.0,
        bootstrap=True,
        bootstrap_features=False,
        oob_score=False,
        warm_start=False,
        n_jobs=None,
        random_state=None,
        verbose=0,
        sampling="rows",
        block_length=None,
        aggregation="auto",
        engine="auto",
        memory=None,
        on_error="raise",
        time_limit=None,
    ):
        self.estimator = estimator
        self.n_estimators = n_estimators
        self.max_samples = max_samples
        self.max_features = max_features
        self.bootstrap = bootstrap
        self.bootstrap_features = bootstrap_features
        self.oob_score = oob_score
        self.warm_start = warm_start
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose
        self.sampling = sampling
        self.block_length = block_length
        self.aggregation = aggregation
        self.engine = engine
        self.memory = memory
        self.on_error = on_error
        self.time_limit = time_limit

    def _member(self):
        return DecisionTreeRegressor() if self.estimator is None else self.estimator

    def _oob_names(self):
        return ["oob_prediction_"]

    def predict(self, X, *, return_std=False, **params):
        """Predict a number a row.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.
        return_std : bool, default=False
            Whether to give the standard deviation of the members' predictions too.
        **params : dict
            For the members, by metadata routing.

        Returns
        -------
        predictions : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            On ``return_std`` a pair: predictions and standard deviations.
        """
        given = routed(self, "predict", "predict", params)
        if not return_std:
            return self._combined(X, "predict", given)
        X = self._read(X)
        answers = list(self._answers(X, "predict", given))
        spread = stacked(answers, X.shape[0]).std(axis=0)
        return self._aggregated(answers, X.shape[0]), spread

    def predict_quantiles(self, X, quantiles):
        """Predict quantiles over the members, row by row.

        They tell how far members fitted on other samples differ, not how far the target
        itself scatters.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.
        quantiles : float or array-like of shape (n_quantiles,)
            Which, from 0 to 1.

        Returns
        -------
        values : ndarray of shape (n_samples,) or (n_samples, n_quantiles)
            One column a quantile; none for a single number.
        """
        wanted = np.asarray(quantiles, dtype=float)
        if wanted.ndim > 1 or not ((wanted >= 0) & (wanted <= 1)).all():
            raise ValueError(
                f"quantiles={quantiles!r} must lie between 0 and 1, such as [0.1, 0.9]."
            )
        values = np.quantile(self._stack(self._read(X)), wanted, axis=0)
        return np.moveaxis(values, 0, -1) if wanted.ndim else values
