"""From numbers and codes to the output: a frame with categories, or a matrix."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from skensemble.preprocessing._encoder_styles import EncoderStyle
from skensemble.preprocessing._encodings import TableEncoding
from skensemble.preprocessing._frames import Array, clean_names
from skensemble.preprocessing._levels import Levels, OneHot, one_hot
from skensemble.preprocessing._scaling import learn_median_fill

# Sparse where at least so many columns are nearly all zero.
_MIN_SPARSE_COLUMNS, _MIN_SPARSE_SHARE = 200, 0.8


@dataclass(frozen=True)
class OutputLayout:
    """The columns of the output.

    Parameters
    ----------
    style : EncoderStyle
        What the learner wants.
    scale : object or None
        How numbers are filled and scaled.
    hot : tuple of (int, OneHot)
        Position among the categories and plan of those with columns of 0 and 1.
    native : tuple of (int, Levels)
        Position and levels of those which stay categories.
    names : tuple of str
        Names of the output.
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
        """Lay out some rows.

        Parameters
        ----------
        numbers : ndarray of shape (n, p)
            The numbers of the plan.
        codes : list of ndarray
            Codes of its categories.
        index : pandas.Index
            Of the frame.

        Returns
        -------
        rows : DataFrame, ndarray or sparse matrix
        """
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
        for position, plan in self.hot:
            places = plan.places[codes[position]]
            rows = np.flatnonzero(places >= 0)
            out[rows, start + places[rows]] = self.style.hot
            start += len(plan.names)
        return out

    def _frame(self, numbers: Array, codes: list[Array], index: Any) -> pd.DataFrame:
        n_numbers = numbers.shape[1]
        table = pd.DataFrame(numbers, columns=self.names[:n_numbers], index=index)
        if not self.native:
            return table
        make = Levels.full_category if self.style.words else Levels.category
        made = {
            name: make(levels, codes[position])
            for name, (position, levels) in zip(
                self.names[n_numbers:], self.native, strict=True
            )
        }
        return pd.concat([table, pd.DataFrame(made, index=index)], axis=1)

    def _sparse(self, numbers: Array, codes: list[Array]) -> Any:
        rows, columns = [], []
        start = 0
        for position, plan in self.hot:
            places = plan.places[codes[position]]
            here = np.flatnonzero(places >= 0)
            rows.append(here)
            columns.append(start + places[here])
            start += len(plan.names)
        # Several learners of scikit-learn take indices of 32 bits only.
        where = (
            np.concatenate(rows).astype(np.int32),
            np.concatenate(columns).astype(np.int32),
        )
        ones: Array = np.full(len(where[0]), self.style.hot, dtype=self.style.dtype)
        hot = sp.csr_array((ones, where), shape=(len(numbers), start))
        return sp.csr_array(sp.hstack([sp.csr_array(numbers), hot], format="csr"))


def learn_output_layout(
    plan: TableEncoding,
    numbers: Array,
    style: EncoderStyle,
    *,
    rare: int,
    impute: bool,
    sparse: bool | str,
) -> OutputLayout:
    """Learn scales from the training rows, and name the columns of the output.

    Parameters
    ----------
    plan : TableEncoding
        How the table is read.
    numbers : ndarray of shape (n, p)
        The numbers of the training rows.
    style : EncoderStyle
        What the learner wants.
    rare : int
        Levels with fewer rows share a column.
    impute : bool
        Whether missing numbers are filled where the style would leave them.
    sparse : bool or "auto"
        Whether the output is sparse.

    Returns
    -------
    layout : OutputLayout
    """
    learn = style.scale or (learn_median_fill if impute else None)
    scale = learn(numbers, plan.names) if learn else None
    names = list(scale.names if scale is not None else plan.names)
    hot = tuple(
        (position, one_hot(category.levels, rare=rare, most=category.most_hot))
        for position, category in enumerate(plan.categories)
        if category.hot
    )
    native = tuple(
        (position, category.levels)
        for position, category in enumerate(plan.categories)
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
