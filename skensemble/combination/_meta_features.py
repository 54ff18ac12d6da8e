"""The table of meta features: predictions of the members, side by side."""

from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp
from numpy.typing import NDArray

from skensemble.core import narrow_indices

Array = NDArray[Any]


def meta_features(
    blocks: dict[str, Array],
    methods: dict[str, str],
    prefix: str,
    X: Any,
    passthrough: bool,
    n_classes: int,
) -> Any:
    """Join the informative columns of all blocks and, with passthrough, those of `X`.

    A frame stays a frame, with the dtypes of its columns; a sparse matrix stays sparse.
    """
    columns = meta_columns(blocks, methods, n_classes)
    table = np.hstack(list(columns.values()))
    if not passthrough:
        return table
    if sp.issparse(X):
        return narrow_indices(sp.hstack([table, X], format=X.format))
    if isinstance(X, pd.DataFrame):
        names = meta_feature_names(columns, prefix)
        front = pd.DataFrame(table, columns=names, index=X.index)
        # scikit-learn refuses names that are partly strings, such as those of a frame
        # of an array next to names of meta features.
        behind = X.set_axis([str(name) for name in X.columns], axis=1)
        return pd.concat([front, behind], axis=1)
    if hasattr(X, "hstack"):  # polars, without importing it
        names = meta_feature_names(columns, prefix)
        front = type(X)(dict(zip(names, table.T, strict=True)))
        return front.hstack(X)
    return np.hstack([table, np.asarray(X)])


def meta_columns(
    blocks: dict[str, Array], methods: dict[str, str], n_classes: int
) -> dict[str, Array]:
    """Return the informative columns per member: one column for two classes."""
    columns = {}
    for name, block in blocks.items():
        if block.ndim == 1:
            columns[name] = block.reshape(-1, 1)
        elif methods[name] == "predict_proba" and n_classes == 2:
            columns[name] = block[:, 1:]
        else:
            columns[name] = block
    return columns


def meta_feature_names(columns: dict[str, Array], prefix: str) -> list[str]:
    """Name the meta features: by member, numbered if a member has several columns."""
    return [
        f"{prefix}_{name}" if block.shape[1] == 1 else f"{prefix}_{name}{k}"
        for name, block in columns.items()
        for k in range(block.shape[1])
    ]
