"""How each column is read: the learned road from a frame to numbers and codes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from skensemble.preprocessing._date_encoding import DateEncoding, learn_date_encoding
from skensemble.preprocessing._encoder_styles import EncoderStyle
from skensemble.preprocessing._frames import Array, factorize, numeric_matrix
from skensemble.preprocessing._levels import Levels, learn_levels, learn_order
from skensemble.preprocessing._number_formats import (
    FormattedNumbers,
    learn_number_format,
)
from skensemble.preprocessing._target_means import (
    TargetColumns,
    TargetMeans,
    cross_fit_means,
)
from skensemble.preprocessing._text_encoding import TextEncoding, learn_text_encoding

# HistGradientBoosting takes 255 levels at most; and where there are thousands, target
# means alone predicted better with LightGBM and XGBoost, in a fraction of the time.
_MAX_NATIVE_LEVELS = 254


@dataclass(frozen=True)
class OrdinalEncoding:
    """An ordered category: the rank of each level."""

    name: str
    words: pd.Index

    def numbers(self, column: pd.Series) -> Array:
        """Ranks; missing and unseen are NaN."""
        raw, words = factorize(column)
        ranks = self.words.get_indexer(pd.Index(words, dtype=self.words.dtype))
        found = np.append(ranks, -1)[raw].astype(float)
        return np.where(found < 0, np.nan, found)[:, None]

    @property
    def names(self) -> list[str]:
        """Name of the column made."""
        return [self.name]


ColumnEncoding = OrdinalEncoding | DateEncoding | FormattedNumbers | TextEncoding


@dataclass(frozen=True)
class CategoryEncoding:
    """What is made of one column of levels."""

    levels: Levels
    native: bool
    hot: bool
    most_hot: int | None
    ordinal: bool
    counted: bool
    averaged: bool

    def numbers(self, codes: Array, means: Array | None) -> list[Array]:
        """Columns of numbers: rank by frequency, count, target means."""
        made = []
        if self.ordinal:
            known = (codes >= 0) & (codes < len(self.levels.words))
            made.append(np.where(known, codes, np.nan)[:, None])
        if self.counted:
            counts = np.append(self.levels.counts, 0).astype(float)
            made.append(np.log1p(counts[codes])[:, None])
        if means is not None:
            made.append(means)
        return made

    def names(self, averaged: tuple[str, ...]) -> list[str]:
        """Names of these columns."""
        name = self.levels.name
        made = [f"{name} rank"] if self.ordinal else []
        made += [f"{name} count"] if self.counted else []
        if self.averaged:
            made += [f"{name} mean {part}".strip() for part in averaged]
        return made


@dataclass(frozen=True)
class TableEncoding:
    """The columns of the table by what is made of them."""

    plain: tuple[str, ...]
    others: tuple[ColumnEncoding, ...]
    categories: tuple[CategoryEncoding, ...]
    averaged: tuple[str, ...]

    @property
    def columns(self) -> list[str]:
        """The columns that are read."""
        levels = [category.levels.name for category in self.categories]
        return [*self.plain, *(other.name for other in self.others), *levels]

    @property
    def names(self) -> list[str]:
        """Names of the numbers made."""
        made = list(self.plain)
        for other in self.others:
            made += other.names
        for category in self.categories:
            made += category.names(self.averaged)
        return made

    def codes(self, frame: pd.DataFrame) -> list[Array]:
        """Codes of the categories."""
        return [c.levels.codes(frame[c.levels.name]) for c in self.categories]

    def numbers(
        self, frame: pd.DataFrame, codes: list[Array], means: list[Array | None]
    ) -> Array:
        """All numbers made of a frame.

        Parameters
        ----------
        frame : pandas.DataFrame
            The rows.
        codes : list of ndarray
            Of each category.
        means : list of ndarray or None
            Target means of each category, where it has them.

        Returns
        -------
        numbers : ndarray of shape (n, len(names))
        """
        blocks = [numeric_matrix(frame, list(self.plain))] if self.plain else []
        blocks += [other.numbers(frame[other.name]) for other in self.others]
        for category, its_codes, its_means in zip(
            self.categories, codes, means, strict=True
        ):
            blocks += category.numbers(its_codes, its_means)
        if len(blocks) == 1:
            return blocks[0]
        if not blocks:
            return np.empty((len(frame), 0))
        out = np.empty((len(frame), sum(b.shape[1] for b in blocks)), order="F")
        return np.concatenate(blocks, axis=1, out=out)


@dataclass(frozen=True)
class EncodingOptions:
    """What the user and the style want of the columns."""

    style: EncoderStyle
    texts: int
    dates: str
    target_means: str
    high_cardinality: int
    seed: Any


def learn_table_encoding(
    frame: pd.DataFrame,
    kinds: pd.Series,
    wishes: EncodingOptions,
    target: TargetColumns | None,
) -> TableEncoding:
    """Learn what is made of each column.

    Parameters
    ----------
    frame : pandas.DataFrame
        Training rows.
    kinds : pandas.Series
        The kind of each column.
    wishes : EncodingOptions
        What is wanted.
    target : TargetColumns or None
        The target, where there is one.

    Returns
    -------
    plan : TableEncoding
    """
    plain: list[str] = []
    others: list[ColumnEncoding] = []
    categories: list[CategoryEncoding] = []
    for name, kind in kinds.to_dict().items():
        if kind == "numeric" and (marked := learn_number_format(frame[name])):
            others.append(marked)
        elif kind in ("numeric", "boolean"):
            plain.append(str(name))
        elif kind in ("category", "high-cardinality"):
            levels = learn_levels(frame[name])
            high = kind == "high-cardinality"
            categories.append(
                _category_encoding(levels, high, wishes, target is not None)
            )
        else:
            others += _column_encodings(frame[name], kind, wishes)
    averaged = () if target is None else target.names
    return TableEncoding(tuple(plain), tuple(others), tuple(categories), averaged)


def _column_encodings(
    column: pd.Series, kind: str, wishes: EncodingOptions
) -> list[ColumnEncoding]:
    if kind == "ordinal":
        words = pd.Index(learn_order(column), dtype="str")
        return [OrdinalEncoding(str(column.name), words.drop_duplicates())]
    if kind == "date-time" and wishes.dates != "drop":
        cycles = wishes.style.cycles
        return [learn_date_encoding(column, style=wishes.dates, cyclic=cycles)]
    if kind == "text":
        return [learn_text_encoding(column, wishes.texts, wishes.seed)]
    return []


def _category_encoding(
    levels: Levels, high: bool, wishes: EncodingOptions, target: bool
) -> CategoryEncoding:
    style, n_levels = wishes.style, len(levels.words)
    native = style.native and (style.words or n_levels <= _MAX_NATIVE_LEVELS)
    hot = not native and (
        style.high_one_hot if high else n_levels <= style.one_hot_most
    )
    left_out = high if native or hot else True
    averaged = target and (
        (wishes.target_means == "all" and n_levels > 2)
        or (wishes.target_means == "auto" and style.means and left_out)
    )
    return CategoryEncoding(
        levels=levels,
        native=native,
        hot=hot,
        most_hot=wishes.high_cardinality if high else None,
        ordinal=not native and not hot and (style.ordinal or not averaged),
        counted=high and not style.words,
        averaged=averaged,
    )


def learn_means(
    plan: TableEncoding,
    codes: list[Array],
    target: TargetColumns | None,
    folds: Array | None,
) -> tuple[list[TargetMeans | None], list[Array | None]]:
    """Learn the target means of the categories that want them.

    Parameters
    ----------
    plan : TableEncoding
        What is wanted.
    codes : list of ndarray
        Codes of the training rows.
    target : TargetColumns or None
        The target.
    folds : ndarray or None
        The fold of each row.

    Returns
    -------
    means : list of TargetMeans or None
        For new rows.
    cross_fitted : list of ndarray or None
        For the training rows.
    """
    means: list[TargetMeans | None] = []
    cross_fitted: list[Array | None] = []
    for category, its_codes in zip(plan.categories, codes, strict=True):
        if category.averaged and target is not None and folds is not None:
            size = len(category.levels.words) + 1
            fitted, own = cross_fit_means(its_codes, size, target.values, folds)
            means.append(fitted)
            cross_fitted.append(own)
        else:
            means.append(None)
            cross_fitted.append(None)
    return means, cross_fitted
