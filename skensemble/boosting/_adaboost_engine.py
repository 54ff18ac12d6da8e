"""The engines of AdaBoost, "binned" and "general": the choice, and the input data."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from sklearn.utils.validation import validate_data

from skensemble.boosting.learners._binned import size_params
from skensemble.core import (
    ColumnEncoder,
    fit_column_encoder,
    is_frame,
    narrow_indices,
    plain_table,
    validate_encoded,
)

ENGINES = ["auto", "binned", "general"]


@dataclass(frozen=True)
class EngineChoice:
    """The engine of a fit.

    Parameters
    ----------
    engine : {"binned", "general"}
        The engine.
    encoder : ColumnEncoder
        The categorical columns; none for the general engine.
    reason : str
        The reason for the general engine.
    """

    engine: str
    encoder: ColumnEncoder
    reason: str = ""


def choose_engine(engine: str, X: Any, why_general: str) -> EngineChoice:
    """Choose the engine.

    Parameters
    ----------
    engine : {"auto", "binned", "general"}
        The parameter.
    X : {array-like, sparse matrix, frame}
        Training data.
    why_general : str
        The reason why bins cannot be used; "" if they can.

    Returns
    -------
    choice : EngineChoice
    """
    if engine == "general":
        return EngineChoice("general", ColumnEncoder(), "engine='general'")
    if not why_general:
        return EngineChoice("binned", _fit_present_categories(X))
    if engine == "binned":
        raise ValueError(
            f"engine='binned' cannot be used: {why_general}. Use engine='auto' or "
            "'general', or another estimator."
        )
    return EngineChoice("general", ColumnEncoder(), why_general)


def why_not_binned(tree: Any, tree_class: type, X: Any) -> str:
    """The reason why trees cannot be grown on bins; "" if they can."""
    if type(tree) is not tree_class:
        return f"estimator={tree!r} is not a {tree_class.__name__}"
    if size_params(tree) is None:
        return f"estimator={tree!r} limits more than max_depth and max_leaf_nodes"
    if not _is_numeric_table(X):
        return "X is not a table of numbers"
    return ""


def validate_input(
    estimator: Any, X: Any, engine: str, encoder: ColumnEncoder, *, reset: bool
) -> Any:
    """Validate `X` for an engine.

    Parameters
    ----------
    estimator : estimator
        The estimator, whose ``n_features_in_`` is set or compared.
    X : {array-like, sparse matrix, frame}
        The data.
    engine : {"binned", "general"}
        The engine.
    encoder : ColumnEncoder
        The categorical columns.
    reset : bool
        Whether `X` is the training data.

    Returns
    -------
    X : {ndarray, sparse matrix, frame}
        Frames stay frames for the general engine: weak learners may use names and types
        of columns.
    """
    if engine == "binned":
        return validate_encoded(estimator, X, encoder, reset=reset, allow_nan=True)
    X = plain_table(X)
    if is_frame(X):
        validate_data(estimator, X, reset=reset, skip_check_array=True)
        return X
    return validate_data(
        estimator,
        narrow_indices(X),
        reset=reset,
        accept_sparse=["csr", "csc"],
        allow_nd=True,
        dtype=None,
        ensure_all_finite="allow-nan",
    )


def _fit_present_categories(X: Any) -> ColumnEncoder:
    """Find the categorical columns, with the categories that are in the data."""
    encoder = fit_column_encoder(X)
    if not encoder.categories:
        return encoder
    codes = encoder.encode(X)
    present = {j: np.unique(codes[:, j]) for j in encoder.categories}
    return ColumnEncoder(
        {
            j: known[present[j][~np.isnan(present[j])].astype(np.intp)]
            for j, known in encoder.categories.items()
        }
    )


def _is_numeric_table(X: Any) -> bool:
    """Whether trees on bins can read a table: numbers, or a frame with categories."""
    if is_frame(X):
        return True
    if sp.issparse(X):
        return bool(X.ndim == 2)
    X = np.asarray(X)
    return bool(X.ndim == 2 and X.dtype.kind in "fiub")
