"""What a display reads off an estimator."""

from typing import Any

from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted


def fitted_attribute(estimator: Any, name: str, *, otherwise: str) -> Any:
    """Read a fitted attribute, or say what to do for want of it.

    Parameters
    ----------
    estimator : estimator
        The ensemble; a Pipeline that ends in it, or a search over it, is looked into.
    name : str
        The attribute.
    otherwise : str
        What to use when an estimator of this kind has no such attribute.

    Returns
    -------
    value : object
    """
    ensemble = innermost(estimator)
    kind = type(ensemble).__name__
    found = getattr(ensemble, name, None)
    if found is not None:
        return found
    if not _is_fitted(ensemble):
        raise NotFittedError(
            f"This {kind} is not fitted, so it has no {name!r} to draw; call 'fit' "
            "first."
        )
    raise ValueError(f"{kind} has no {name!r} to draw; {otherwise}")


def innermost(estimator: Any) -> Any:
    """Look into Pipelines and searches for the ensemble itself."""
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
    except TypeError:  # no estimator at all: nothing to fit
        return True
    return True
