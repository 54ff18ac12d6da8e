"""Base class of the bagging classifier and the bagging regressor."""

from dataclasses import replace
from typing import Any

from sklearn.base import BaseEstimator, MetaEstimatorMixin, is_classifier
from sklearn.callback import CallbackSupportMixin
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from skensemble.bagging.bags._aggregation import aggregation_rule
from skensemble.bagging.bags._binned_trees import plan_all_trees
from skensemble.bagging.bags._engine import BINNED, GENERAL, choose_engine
from skensemble.bagging.bags._fitted_bag import (
    FittedBag,
    PredictionOptions,
    response_method,
)
from skensemble.bagging.bags._member_failures import keep_fitted
from skensemble.bagging.bags._members import (
    BagPlan,
    check_takes_weights,
    members_of,
)
from skensemble.bagging.bags._metadata_routing import member_params, member_router
from skensemble.bagging.bags._out_of_bag import (
    BLOCK,
    held_out_blocks,
    out_of_bag_importance,
    out_of_bag_predictions,
    out_of_bag_score,
)
from skensemble.bagging.bags._sampling import SamplingOptions, make_sampler
from skensemble.bagging.bags._training_data import (
    BagTrainingData,
    read_rows,
)
from skensemble.bagging.bags._tree_views import tree_views
from skensemble.core import clone_member, is_frame, root_seed_or_new, warn
from skensemble.fitting import FoldFit, TrainingData, as_store, run_fits
from skensemble.scoring import permutation_importance

# Samplings for which the infinitesimal jackknife is derived.
_JACKKNIFE_SAMPLINGS = ("rows", "stratified")


class BaseBagging(CallbackSupportMixin, MetaEstimatorMixin, BaseEstimator):
    """Out-of-bag predictions, standard errors and metadata routing of bagging.

    Subclasses define ``fit`` and ``predict`` and two class attributes.
    """

    # Style in which `skensemble.preprocessing.make_member` encodes tables.
    _encoder_style = "forests"

    # Class of the members for ``estimator=None``.
    _default_estimator_class: Any
    # Attribute that `oob_score` sets to the out-of-bag predictions.
    _out_of_bag_attribute: str

    @property
    def oof_(self):
        """Out-of-bag predictions of the training rows."""
        check_is_fitted(self)
        if not hasattr(self, "_oof"):
            self._oof = out_of_bag_predictions(
                self._bag, training_data(self, "oof_"), prediction_options(self)
            )
        return self._oof

    @property
    def estimators_samples_(self):
        """Rows that each member was fitted on, drawn again at each access."""
        check_is_fitted(self)
        plan = self._bag.plan
        return [plan.sample(member.index).rows for member in self._bag.members]

    def permutation_importance(
        self,
        X=None,
        y=None,
        *,
        scoring=None,
        n_repeats=5,
        random_state=None,
        max_samples=1.0,
        sample_weight=None,
    ):
        """Compute the decrease of a score when the values of one feature are shuffled.

        Without `X`, each training row is predicted by the members that were not fitted
        on it (Breiman 2001, section 10).

        Parameters
        ----------
        X : {array-like, sparse matrix, frame}, default=None
            Rows of shape (n_samples, n_features) to score on; None for the out-of-bag
            rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Target of `X`.
        scoring : str, scorer, callable, Loss or None, default=None
            The score: the name of a scorer, a scorer or, on out-of-bag rows, anything
            that `oob_score` accepts. None is accuracy or R2.
        n_repeats : int, default=5
            Number of shuffles per feature.
        random_state : int, RandomState instance or None, default=None
            Seed of the shuffles. On out-of-bag rows, None is the seed of the fit.
        max_samples : int or float, default=1.0
            Number or share of rows to draw for each shuffle.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights of the score. On out-of-bag rows, None means those of the
            fit.

        Returns
        -------
        table : pandas.DataFrame
            One row per feature, the most important first, with the columns
            ``importance`` (mean decrease of the score) and ``std`` (standard deviation
            over the shuffles).
        """
        check_is_fitted(self)
        options = {
            "scoring": scoring,
            "n_repeats": n_repeats,
            "random_state": random_state,
            "max_samples": max_samples,
        }
        if X is not None or y is not None:
            return permutation_importance(
                self, X, y, sample_weight=sample_weight, **options
            )
        data = training_data(self, "permutation_importance() without X")
        if sample_weight is not None:
            data = replace(data, weight=sample_weight)
        return out_of_bag_importance(
            self._bag,
            data,
            self.oof_,
            prediction_options(self),
            names=getattr(self, "feature_names_in_", None),
            **options,
        )

    def standard_error(self, X):
        """Estimate the standard error of predictions by the infinitesimal jackknife.

        The error measures how much a prediction would vary over training sets from the
        same distribution; it does not include the noise of the target. Some hundred
        members are needed.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        error : ndarray of shape (n_samples,) or (n_samples, n_classes)
            Standard error of each predicted value or probability.

        References
        ----------
        .. [1] Wager, S., Hastie, T. and Efron, B. (2014). Confidence intervals for
           random forests: the jackknife and the infinitesimal jackknife. JMLR 15,
           1625-1651.
        """
        X = read_new_rows(self, X)
        if self.sampling not in _JACKKNIFE_SAMPLINGS or not self.bootstrap:
            raise ValueError(
                f"sampling={self.sampling!r} with bootstrap={self.bootstrap!r} has no "
                "standard_error; use sampling='rows' or 'stratified' with "
                "bootstrap=True."
            )
        options = prediction_options(self)
        if options.rule != "mean":
            raise ValueError(
                f"aggregation={self.aggregation!r} has no standard_error, which is "
                "defined for means; use aggregation='mean'."
            )
        return self._bag.standard_error(X, options)

    def get_metadata_routing(self):
        """Get the metadata routing of this object.

        Returns
        -------
        router : MetadataRouter
            The routing: all metadata go to the members.
        """
        return member_router(
            self, unfitted_member(self), prediction_options(self).method
        )

    def __sklearn_tags__(self):
        """Return the tags: sparse input and missing values as the members."""
        tags = super().__sklearn_tags__()
        member = get_tags(unfitted_member(self)).input_tags
        tags.input_tags.sparse = member.sparse
        tags.input_tags.allow_nan = member.allow_nan
        return tags

    def __sklearn_is_fitted__(self):
        """Whether the members are fitted."""
        return hasattr(self, "estimators_")

    def __getstate__(self):
        """Leave the training data out of a pickle."""
        state = dict(super().__getstate__())
        state.pop("_training", None)
        return state

    def __len__(self):
        """Return the number of fitted members."""
        return len(self.estimators_)

    def __getitem__(self, index):
        """Return a fitted member."""
        return self.estimators_[index]

    def __iter__(self):
        """Iterate over the fitted members."""
        return iter(self.estimators_)


# Parts of a fit


def previous_fit(bag: Any) -> FittedBag | None:
    """Return the members that a fit with ``warm_start=True`` keeps."""
    previous = getattr(bag, "_bag", None) if bag.warm_start else None
    if previous is None:
        return None
    if bag.n_estimators < previous.n_planned:
        raise ValueError(
            f"n_estimators={bag.n_estimators} must be larger or equal to "
            f"len(estimators_)={previous.n_planned} when warm_start=True; use a larger "
            "n_estimators, or warm_start=False."
        )
    if bag.n_estimators == previous.n_planned:
        warn(
            "Warm-start fitting without increasing n_estimators does not fit new "
            "trees.",
            UserWarning,
        )
    return previous


def plan_members(
    bag: Any, data: BagTrainingData, fit_params: dict, previous: FittedBag | None
) -> BagPlan:
    """Plan how the members of a fit are sampled and seeded."""
    if data.weight is not None and not bag.bootstrap:
        warn(
            f"When fitting {type(bag).__name__} with sample_weight it is "
            f"recommended to use bootstrap=True, got {bag.bootstrap}.",
            UserWarning,
        )
    estimator = clone_member("estimator", unfitted_member(bag))
    if bag.sampling == "bayesian":
        check_takes_weights(estimator)
    sampling = SamplingOptions(
        bag.sampling, bag.max_samples, bool(bag.bootstrap), bag.block_length
    )
    n_columns = data.X.shape[1]
    return BagPlan(
        estimator=estimator,
        sampler=make_sampler(sampling, data.X, data.target, data.weight, data.groups),
        seed=root_seed_or_new(bag.random_state)
        if previous is None
        else previous.plan.seed,
        n_rows=len(data.target.values),
        n_columns=n_columns,
        n_drawn_columns=_n_drawn_columns(bag.max_features, n_columns),
        repeats_columns=bag.bootstrap_features,
        method=prediction_options(bag).method,
        fit_params=fit_params,
    )


def fit_members(
    bag: Any,
    plan: BagPlan,
    data: BagTrainingData,
    previous: FittedBag | None,
    started: float,
) -> list[FoldFit]:
    """Fit the planned members and set the fitted attributes of the estimator."""
    n_before = 0 if previous is None else previous.n_planned
    bag.engine_ = choose_engine(bag, plan, data.X, data.target)
    if bag.engine_ == BINNED:
        planned = [plan_all_trees(plan, bag.n_estimators, data.target)]
    else:
        ordered = bag.sampling == "blocks"
        planned = [
            plan.planned_fit(k, bool(bag.oob_score), ordered)
            for k in range(n_before, bag.n_estimators)
        ]
    kept, failed = _run_planned(bag, planned, data, started)
    trees = kept[0].estimator if bag.engine_ == BINNED else None
    members = (
        members_of(kept, plan) if trees is None else tree_views(trees, plan.n_columns)
    )
    if previous is not None:
        members = [*previous.members, *members]
        failed = bag.failed_ | failed
    bag._bag = FittedBag(
        tuple(members),
        replace(plan, fit_params={}),
        replace(data.target, values=data.target.values[:0]),
        is_frame(data.X),
        bag.n_estimators,
        trees,
    )
    bag.failed_ = failed
    return kept


def set_fitted_attributes(
    bag: Any, data: BagTrainingData, fold_fits: list[FoldFit]
) -> None:
    """Set the attributes with members and, with `oob_score`, out-of-bag predictions."""
    fitted = bag._bag
    bag.estimator_ = fitted.plan.estimator
    bag.estimators_ = [member.model for member in fitted.members]
    bag.estimators_features_ = [member.columns for member in fitted.members]
    # Private attributes of scikit-learn's estimators, which its tests read.
    bag._max_samples = getattr(fitted.plan.sampler, "size", None)
    bag._max_features = fitted.plan.n_drawn_columns
    # For out-of-bag predictions later; not pickled.
    bag._training = data
    for name in ("oob_score_", "_oof", bag._out_of_bag_attribute):
        vars(bag).pop(name, None)
    if not bag.oob_score:
        return
    blocks = None
    if bag.engine_ == GENERAL:
        blocks = held_out_blocks(fold_fits, fitted.target.n_classes)
    bag._oof = out_of_bag_predictions(fitted, data, prediction_options(bag), blocks)
    bag.oob_score_ = out_of_bag_score(bag.oob_score, bag._oof, data)
    setattr(bag, bag._out_of_bag_attribute, bag._oof[BLOCK])


def _run_planned(bag: Any, planned: list, data: BagTrainingData, started: float) -> Any:
    y = data.target.values
    context = bag._init_callback_context(max_subtasks=len(planned))
    context.call_on_fit_task_begin(estimator=bag, X=data.X, y=y)
    fitted, failures = run_fits(
        planned,
        TrainingData(data.X, y, data.target.n_classes),
        n_jobs=bag.n_jobs,
        on_error=bag.on_error,
        verbose=bag.verbose,
        store=as_store(bag.memory),
        deadline=None if bag.time_limit is None else started + bag.time_limit,
        contexts=[context.subcontext(one.member.name) for one in planned],
        owner=bag,
    )
    context.call_on_fit_task_end(estimator=bag, X=data.X, y=y)
    return keep_fitted(fitted, failures)


def _n_drawn_columns(max_features: int | float, n_columns: int) -> int:
    share = max_features
    n_drawn = int(share * n_columns) if isinstance(share, float) else int(share)
    if n_drawn > n_columns:
        raise ValueError(
            f"max_features={share!r} must be <= n_features={n_columns}; use a smaller "
            "number, or a share such as 1.0."
        )
    return max(1, n_drawn)


# Parts of a prediction


def unfitted_member(bag: Any) -> Any:
    """Return the parameter `estimator`, or the default estimator for None."""
    if bag.estimator is None:
        return bag._default_estimator_class()
    return bag.estimator


def prediction_options(bag: Any) -> PredictionOptions:
    """Read from the parameters how members predict and are combined."""
    method = response_method(
        unfitted_member(bag),
        classifier=is_classifier(bag),
        aggregation=bag.aggregation,
    )
    return PredictionOptions(method, aggregation_rule(bag.aggregation), bag.n_jobs)


def read_new_rows(bag: Any, X: Any) -> Any:
    """Check that the estimator is fitted and read the rows to predict."""
    check_is_fitted(bag)
    return read_rows(bag, X, bag._bag.fitted_on_frame)


def with_metadata(
    bag: Any, caller: str, options: PredictionOptions, params: dict[str, Any]
) -> PredictionOptions:
    """Add the metadata that the members use to the options of a prediction."""
    return replace(options, params=member_params(bag, caller, options.method, params))


def training_data(bag: Any, purpose: str) -> BagTrainingData:
    """Return the training data, which an unpickled estimator does not have."""
    if not hasattr(bag, "_training"):
        raise AttributeError(
            f"{purpose} needs the training rows, which are not pickled with the "
            "estimator; compute it before pickling, or fit again (memory= reuses "
            "fitted members)."
        )
    return bag._training
