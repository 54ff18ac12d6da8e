"""The parameter ``init``: an estimator whose predictions boosting starts from."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier

from skensemble.core import clone_member, flat_column

Array = NDArray[Any]


def fit_init(init: Any, X: Any, y: Array, weight: Array | None, owner: Any) -> Any:
    """Fit ``init``.

    Parameters
    ----------
    init : estimator, "zero" or None
        The parameter.
    X : {ndarray, sparse matrix} of shape (n_samples, n_features)
        Training data.
    y : ndarray of shape (n_samples,) or (n_samples, k)
        Target, classes as codes.
    weight : ndarray of shape (n_samples,) or None
        Sample weights.
    owner : estimator
        The estimator that has the parameter.

    Returns
    -------
    init : fitted estimator, "zero" or None
    """
    if init is None or (isinstance(init, str) and init == "zero"):
        return init
    method = "predict_proba" if is_classifier(owner) else "predict"
    if isinstance(init, str | type) or not (
        hasattr(init, "fit") and hasattr(init, method)
    ):
        raise ValueError(
            f"The 'init' parameter of {type(owner).__name__} must be a str among "
            f"{{'zero'}}, None or an object implementing 'fit' and '{method}'. Got "
            f"{init!r} instead."
        )
    init = clone_member("init", init)
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


def raw_of_init(init: Any, X: Any, link: Any, task: str) -> Any:
    """Raw output of a fitted ``init``; zero where it is not an estimator."""
    if init is None or isinstance(init, str):
        return 0.0
    if task in ("regression", "multioutput"):
        return link.link(flat_column(init.predict(X)).astype(float, copy=False))
    p = np.asarray(init.predict_proba(X))
    return link.link(p[:, 1] if task == "binary" else p)
