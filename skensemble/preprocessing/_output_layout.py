"""Arrange numeric columns and category codes as a frame or a matrix."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from skensemble.preprocessing._encoder_styles import EncoderStyle
from skensemble.preprocessing._encodings import TableEncoding
from skensemble.preprocessing._frames import Array, clean_names
from skensemble.preprocessing._levels import Levels, OneHot, choose_one_hot
from skensemble.preprocessing._scaling import learn_median_fill

# The output is sparse if it has more columns than this, and if more than this share of
# them are one-hot columns.
_MIN_SPARSE_COLUMNS, _MIN_SPARSE_SHARE = 200, 0.8


@dataclass(frozen=True)
class OutputLayout:
    """The columns of the output of `TableEncoder`.

    Parameters
    ----------
    style : EncoderStyle
        Encoder style.
    scale : object or None
        Learned scaling of the numeric columns.
    hot : tuple of (int, OneHot)
        Positions of the one-hot encoded categories among all categories, and their
        columns.
    native : tuple of (int, Levels)
        Positions of the categories that remain categories, and their levels.
    names : tuple of str
        Names of the columns.
    sparse : bool
        Whether the output is a sparse matrix.
    """

    style: EncoderStyle
    scale: Any
    hot: tuple[tuple[int, OneHot], ...]
    native: tuple[tuple[int, Levels], ...]
    names: tuple[str, ...]
    sparse: bool

    def output(self, numbers: Array, codes: list[Array], index: Any) -> Any:
        """Scale numeric columns, and arrange them with the categories."""
        if self.scale is not None:
            numbers = self.scale.apply(numbers)
        if self.style.native:
            return self._frame(numbers, codes, index)
        if self.sparse:
            return self._sparse(numbers, codes)
        out: Array = np.zeros(
            (len(numbers), len(self.names)), dtype=self.style.dtype, order="F"
        )
        start = numbers.shape[1]
        out[:, :start] = numbers
        for position, indicator in self.hot:
            places = indicator.places[codes[position]]
            rows = np.flatnonzero(places >= 0)
            out[rows, start + places[rows]] = self.style.hot
            start += len(indicator.names)
        return out

    def _frame(self, numbers: Array, codes: list[Array], index: Any) -> pd.DataFrame:
        n_numbers = numbers.shape[1]
        table = pd.DataFrame(numbers, columns=self.names[:n_numbers], index=index)
        if not self.native:
            return table
        make = Levels.full_category if self.style.words else Levels.category
        categories = {
            name: make(levels, codes[position])
            for name, (position, levels) in zip(
                self.names[n_numbers:], self.native, strict=True
            )
        }
        return pd.concat([table, pd.DataFrame(categories, index=index)], axis=1)

    def _sparse(self, numbers: Array, codes: list[Array]) -> Any:
        rows, columns = [], []
        start = 0
        for position, indicator in self.hot:
            places = indicator.places[codes[position]]
            here = np.flatnonzero(places >= 0)
            rows.append(here)
            columns.append(start + places[here])
            start += len(indicator.names)
        # Several estimators of scikit-learn accept only 32-bit indices.
        where = (
            np.concatenate(rows).astype(np.int32),
            np.concatenate(columns).astype(np.int32),
        )
        ones: Array = np.full(len(where[0]), self.style.hot, dtype=self.style.dtype)
        hot = sp.csr_array((ones, where), shape=(len(numbers), start))
        return sp.csr_array(sp.hstack([sp.csr_array(numbers), hot], format="csr"))


def learn_output_layout(
    encoding: TableEncoding,
    numbers: Array,
    style: EncoderStyle,
    *,
    rare: int,
    impute: bool,
    sparse: bool | str,
) -> OutputLayout:
    """Learn the scaling from the training rows, and name the columns of the output.

    Parameters
    ----------
    encoding : TableEncoding
        Encodings of the columns.
    numbers : ndarray of shape (n_samples, n_numeric)
        Numeric columns of the training rows.
    style : EncoderStyle
        Encoder style.
    rare : int
        Levels with fewer rows share a one-hot column.
    impute : bool
        Whether missing values are filled if the style leaves them unchanged.
    sparse : bool or "auto"
        Whether the output is a sparse matrix.

    Returns
    -------
    layout : OutputLayout
    """
    learn = style.scale or (learn_median_fill if impute else None)
    scale = learn(numbers, encoding.names) if learn else None
    names = list(scale.names if scale is not None else encoding.names)
    hot = tuple(
        (position, choose_one_hot(category.levels, rare=rare, most=category.most_hot))
        for position, category in enumerate(encoding.categories)
        if category.hot
    )
    native = tuple(
        (position, category.levels)
        for position, category in enumerate(encoding.categories)
        if category.native
    )
    n_hot = sum(len(one.names) for _, one in hot)
    total = len(names) + n_hot
    if sparse == "auto":
        sparse = (
            style.sparse
            and total > _MIN_SPARSE_COLUMNS
            and n_hot > _MIN_SPARSE_SHARE * total
        )
    names += [name for _, one in hot for name in one.names]
    names += [levels.name for _, levels in native]
    is_sparse = bool(sparse) and bool(hot) and not style.native
    return OutputLayout(style, scale, hot, native, tuple(clean_names(names)), is_sparse)
