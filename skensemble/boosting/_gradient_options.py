"""Parameters of the gradient boosting estimators: checks and resolved values."""

from numbers import Integral, Real
from typing import Any

from skensemble.boosting.engines import as_engine
from skensemble.core import check_jobs, check_number, warn
from skensemble.losses import Loss, as_loss
from skensemble.optim import Patience, as_schedule, as_stopping


def check_parameters(estimator: Any) -> None:
    """Check the parameters whose values do not depend on the data."""
    if estimator.criterion != "deprecated":
        warn(
            "criterion is deprecated in scikit-learn and has no effect; leave it out.",
            FutureWarning,
        )
    check_number("n_estimators", estimator.n_estimators, 1, whole=True)
    check_number("subsample", estimator.subsample, 0, 1)
    if estimator.subsample <= 0:
        raise ValueError(f"subsample={estimator.subsample!r} must be above 0, up to 1.")
    for name, low in (("max_depth", 1), ("max_leaf_nodes", 2), ("n_iter_no_change", 1)):
        if getattr(estimator, name) is not None:
            check_number(name, getattr(estimator, name), low, whole=True)
    for name in ("tol", "min_impurity_decrease", "ccp_alpha"):
        check_number(name, getattr(estimator, name), 0)
    _check_rows("min_samples_split", estimator.min_samples_split, 2)
    _check_rows("min_samples_leaf", estimator.min_samples_leaf, 1)
    check_number("min_weight_fraction_leaf", estimator.min_weight_fraction_leaf, 0, 0.5)
    check_jobs(estimator.n_jobs)
    as_schedule(estimator.learning_rate)
    as_engine(estimator.engine)


def _check_rows(name: str, value: Any, least: int) -> None:
    """Refuse a value that is neither a number of rows nor a share of the rows."""
    is_share = isinstance(value, Real) and not isinstance(value, Integral)
    if is_share and 0 < value <= 1:
        return
    if is_share or not isinstance(value, Integral) or value < least:
        raise ValueError(
            f"{name}={value!r} must be a whole number of rows, {least} or more, or a "
            "share of the rows above 0, up to 1.0."
        )


def loss_parameter(estimator: Any) -> Loss:
    """Return the loss of the parameters ``loss`` and ``alpha``."""
    alpha = getattr(estimator, "alpha", None)
    if alpha is not None and estimator.loss in ("quantile", "huber"):
        return as_loss(estimator.loss, quantile=alpha)
    return as_loss(estimator.loss)


def stopping_rule(estimator: Any) -> Patience | None:
    """Return the rule of ``early_stopping`` or ``n_iter_no_change``."""
    rule = as_stopping(estimator.early_stopping)
    if estimator.n_iter_no_change is None:
        return rule
    if isinstance(estimator.early_stopping, Patience):
        raise ValueError(
            f"n_iter_no_change={estimator.n_iter_no_change!r} and early_stopping="
            f"{estimator.early_stopping!r} are both given; give one of them."
        )
    # scikit-learn keeps the rounds after the best one.
    return Patience(
        estimator.n_iter_no_change, estimator.tol, restore_best=rule is not None
    )


def check_dropped_trees(estimator: Any, stopping: Patience | None) -> None:
    """Refuse to cut or to resume a fit whose engine changes earlier trees (DART)."""
    if not getattr(estimator.engine_, "drops_trees", False):
        return
    if stopping is not None and stopping.restore_best:
        raise ValueError(
            f"engine={estimator.engine!r} changes earlier trees later (DART), so the "
            "best round cannot be restored; use Patience(restore_best=False)."
        )
    if estimator.warm_start:
        raise ValueError(
            f"engine={estimator.engine!r} changes earlier trees later (DART), so a fit "
            "cannot be resumed; use warm_start=False."
        )
