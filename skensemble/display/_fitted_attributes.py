"""Read fitted attributes of estimators, for displays."""

from typing import Any

from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted


def fitted_attribute(estimator: Any, name: str, *, otherwise: str) -> Any:
    """Return a fitted attribute, or raise an error with a suggested fix.

    Parameters
    ----------
    estimator : estimator
        The ensemble, a Pipeline that ends in it, or a search over it.
    name : str
        Name of the attribute.
    otherwise : str
        Suggested fix for estimators that have no such attribute.

    Returns
    -------
    value : object
        The attribute.
    """
    ensemble = unwrap_estimator(estimator)
    kind = type(ensemble).__name__
    found = getattr(ensemble, name, None)
    if found is not None:
        return found
    if not _is_fitted(ensemble):
        raise NotFittedError(
            f"This {kind} is not fitted, so it has no {name!r} to plot; call 'fit' "
            "first."
        )
    raise ValueError(f"{kind} has no {name!r} to plot; {otherwise}")


def unwrap_estimator(estimator: Any) -> Any:
    """Return the last step of a Pipeline, and the best estimator of a search."""
    while True:
        if isinstance(estimator, Pipeline):
            estimator = estimator.steps[-1][1]
        elif hasattr(estimator, "best_estimator_"):
            estimator = estimator.best_estimator_
        else:
            return estimator


def _is_fitted(estimator: Any) -> bool:
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return False
    except TypeError:  # not an estimator, so it cannot be fitted
        return True
    return True
