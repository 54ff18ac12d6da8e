"""What boosting starts from, where it is not the best constant."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier

Array = NDArray[Any]


def fit_initial(model: Any, X: Any, y: Array, weight: Array | None) -> Any:
    """Fit ``init``.

    Parameters
    ----------
    model : estimator
        Whose `init` is "zero", None or an estimator.
    X, y, weight : ndarray
        Training rows.

    Returns
    -------
    init : "zero", None or a fitted estimator
    """
    init = model.init
    if init is None or (isinstance(init, str) and init == "zero"):
        return init
    method = "predict_proba" if is_classifier(model) else "predict"
    if isinstance(init, str | type) or not (
        hasattr(init, "fit") and hasattr(init, method)
    ):
        raise ValueError(
            f"The 'init' parameter of {type(model).__name__} must be a str among "
            f"{{'zero'}}, None or an object implementing 'fit' and '{method}'. Got "
            f"{init!r} instead."
        )
    init = clone(init)
    if weight is None:
        return init.fit(X, y)
    message = (
        f"The initial estimator {type(init).__name__} does not support sample weights."
    )
    try:
        return init.fit(X, y, sample_weight=weight)
    except TypeError as error:
        if "sample_weight" in str(error):
            raise ValueError(message) from error
        raise
    except ValueError as error:
        if "stepname__parameter" in str(error):  # a Pipeline
            raise ValueError(message) from error
        raise


def initial_raw(model: Any, X: Any) -> Any:
    """Raw output of ``init``: zero where it is not an estimator."""
    if model.init_ is None or isinstance(model.init_, str):
        return 0.0
    link = model.loss_.link_for(model._task)
    if is_classifier(model):
        p = np.asarray(model.init_.predict_proba(X))
        return link.link(p[:, 1] if model._task == "binary" else p)
    return link.link(np.asarray(model.init_.predict(X), dtype=float))
