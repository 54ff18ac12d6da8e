"""From blocks of predictions to the table that the meta model sees."""

from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from skensemble.core import meta_columns


def meta_table(blocks: list[Any], names: list[str], X: Any, passthrough: bool) -> Any:
    """Put the blocks side by side, and the features behind them on passthrough.

    A frame stays a frame, with the dtypes of its columns; a sparse matrix stays
    sparse.
    """
    block = np.hstack(blocks)
    if not passthrough:
        return block
    if sp.issparse(X):
        return sp.hstack([block, X], format=X.format)
    if isinstance(X, pd.DataFrame):
        front = pd.DataFrame(block, columns=names, index=X.index)
        return pd.concat([front, X], axis=1)
    if hasattr(X, "hstack"):  # polars, without importing it
        front = type(X)(dict(zip(names, block.T, strict=True)))
        return front.hstack(X)
    return np.hstack([block, np.asarray(X)])


def meta_blocks(
    blocks: list[Any], methods: list[str], n_classes: int
) -> list[np.ndarray]:
    """Give the telling columns of every member's block."""
    return [
        meta_columns(block, method, n_classes)
        for block, method in zip(blocks, methods, strict=True)
    ]


def column_names(prefix: str, members: list[str], widths: list[int]) -> list[str]:
    """Name the columns: one a member, numbered where a member has several."""
    return [
        f"{prefix}_{name}" if width == 1 else f"{prefix}_{name}{k}"
        for name, width in zip(members, widths, strict=True)
        for k in range(width)
    ]
