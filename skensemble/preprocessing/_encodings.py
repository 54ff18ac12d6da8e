"""Encode the columns of a table as numbers and category codes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from skensemble.preprocessing._date_encoding import DateEncoding, learn_date_encoding
from skensemble.preprocessing._durations import Durations, are_durations
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

# HistGradientBoosting accepts at most 255 levels. With thousands of levels, LightGBM
# and XGBoost predicted better with target means alone, in a fraction of the time.
_MAX_NATIVE_LEVELS = 254


@dataclass(frozen=True)
class OrdinalEncoding:
    """Encoding of an ordered category by the rank of each level."""

    name: str
    words: pd.Index

    def numbers(self, column: pd.Series) -> Array:
        """Return the ranks; missing values and unseen levels are NaN."""
        raw, words = factorize(column)
        ranks = self.words.get_indexer(pd.Index(words, dtype=self.words.dtype))
        found = np.append(ranks, -1)[raw].astype(float)
        return np.where(found < 0, np.nan, found)[:, None]

    @property
    def names(self) -> list[str]:
        """Name of the encoded column."""
        return [self.name]


ColumnEncoding = (
    OrdinalEncoding | DateEncoding | FormattedNumbers | Durations | TextEncoding
)
# The kind of a numeric column is known, so that this share of formatted numbers is
# enough to learn the format, also in a part of the rows.
_MIN_FORMATTED = 0.5


@dataclass(frozen=True)
class CategoryEncoding:
    """Encoding of a category: native, one-hot, rank, count and target means."""

    levels: Levels
    native: bool
    hot: bool
    most_hot: int | None
    ordinal: bool
    counted: bool
    averaged: bool

    def numbers(self, codes: Array, means: Array | None) -> list[Array]:
        """Return the numeric columns: rank by frequency, count, target means."""
        columns = []
        if self.ordinal:
            known = (codes >= 0) & (codes < len(self.levels.words))
            columns.append(np.where(known, codes, np.nan)[:, None])
        if self.counted:
            counts = np.append(self.levels.counts, 0).astype(float)
            columns.append(np.log1p(counts[codes])[:, None])
        if means is not None:
            columns.append(means)
        return columns

    def names(self, averaged: tuple[str, ...]) -> list[str]:
        """Names of the numeric columns."""
        name = self.levels.name
        names = [f"{name} rank"] if self.ordinal else []
        names += [f"{name} count"] if self.counted else []
        if self.averaged:
            names += [f"{name} mean {part}".strip() for part in averaged]
        return names


@dataclass(frozen=True)
class TableEncoding:
    """The encodings of all columns of a table."""

    plain: tuple[str, ...]
    others: tuple[ColumnEncoding, ...]
    categories: tuple[CategoryEncoding, ...]
    averaged: tuple[str, ...]

    @property
    def columns(self) -> list[str]:
        """Names of the columns that are used."""
        levels = [category.levels.name for category in self.categories]
        return [*self.plain, *(other.name for other in self.others), *levels]

    @property
    def names(self) -> list[str]:
        """Names of the numeric columns of the output."""
        names = list(self.plain)
        for other in self.others:
            names += other.names
        for category in self.categories:
            names += category.names(self.averaged)
        return names

    def codes(self, frame: pd.DataFrame) -> list[Array]:
        """Return the codes of each category."""
        return [c.levels.codes(frame[c.levels.name]) for c in self.categories]

    def numbers(
        self, frame: pd.DataFrame, codes: list[Array], means: list[Array | None]
    ) -> Array:
        """Return the numeric columns of the output, shape (n_samples, len(names)).

        `codes` and `means` contain one entry per category; the means are None for
        categories without target means.
        """
        blocks = [numeric_matrix(frame, list(self.plain))] if self.plain else []
        blocks += [other.numbers(frame[other.name]) for other in self.others]
        for category, category_codes, category_means in zip(
            self.categories, codes, means, strict=True
        ):
            blocks += category.numbers(category_codes, category_means)
        if len(blocks) == 1:
            return blocks[0]
        if not blocks:
            return np.empty((len(frame), 0))
        out = np.empty((len(frame), sum(b.shape[1] for b in blocks)), order="F")
        return np.concatenate(blocks, axis=1, out=out)


@dataclass(frozen=True)
class EncodingOptions:
    """Options of the encodings: the style, and parameters of `TableEncoder`."""

    style: EncoderStyle
    texts: int
    dates: str
    target_means: str
    high_cardinality: int
    seed: Any


def learn_table_encoding(
    frame: pd.DataFrame,
    kinds: pd.Series,
    options: EncodingOptions,
    target: TargetColumns | None,
) -> TableEncoding:
    """Learn the encoding of each column from its kind and the options."""
    plain: list[str] = []
    others: list[ColumnEncoding] = []
    categories: list[CategoryEncoding] = []
    for name, kind in kinds.to_dict().items():
        marked = _number_encoding(frame[name]) if kind == "numeric" else None
        if marked is not None:
            others.append(marked)
        elif kind in ("numeric", "boolean"):
            plain.append(str(name))
        elif kind in ("category", "high-cardinality"):
            levels = learn_levels(frame[name])
            high = kind == "high-cardinality"
            categories.append(
                _category_encoding(levels, high, options, target is not None)
            )
        else:
            others += _column_encodings(frame[name], kind, options, target)
    averaged = () if target is None else target.names
    return TableEncoding(tuple(plain), tuple(others), tuple(categories), averaged)


def _number_encoding(column: pd.Series) -> FormattedNumbers | Durations | None:
    """Learn how numbers are written; None for plain numbers."""
    if are_durations(column):
        return Durations(str(column.name), "h:m")
    return learn_number_format(column, _MIN_FORMATTED)


def _column_encodings(
    column: pd.Series,
    kind: str,
    options: EncodingOptions,
    target: TargetColumns | None,
) -> list[ColumnEncoding]:
    if kind == "ordinal":
        words = pd.Index(learn_order(column), dtype="str")
        return [OrdinalEncoding(str(column.name), words.drop_duplicates())]
    if kind == "date-time" and options.dates != "drop":
        cycles = options.style.cycles
        return [learn_date_encoding(column, style=options.dates, cyclic=cycles)]
    if kind == "text":
        values = None if target is None else target.values
        return [learn_text_encoding(column, options.texts, options.seed, values)]
    return []


def _category_encoding(
    levels: Levels, high: bool, options: EncodingOptions, target: bool
) -> CategoryEncoding:
    style, n_levels = options.style, len(levels.words)
    native = style.native and (style.words or n_levels <= _MAX_NATIVE_LEVELS)
    hot = not native and (
        style.high_one_hot if high else n_levels <= style.one_hot_most
    )
    left_out = high if native or hot else True
    averaged = target and (
        (options.target_means == "all" and n_levels > 2)
        or (options.target_means == "auto" and style.means and left_out)
    )
    return CategoryEncoding(
        levels=levels,
        native=native,
        hot=hot,
        most_hot=options.high_cardinality if high else None,
        ordinal=not native and not hot and (style.ordinal or not averaged),
        counted=high and not style.words,
        averaged=averaged,
    )


def learn_means(
    encoding: TableEncoding,
    codes: list[Array],
    target: TargetColumns | None,
    folds: Array | None,
) -> tuple[list[TargetMeans | None], list[Array | None]]:
    """Learn the target means of the categories that are encoded by them.

    Returns
    -------
    means : list of TargetMeans or None
        Target means per category, for new rows.
    cross_fitted : list of ndarray or None
        Cross-fitted target means of the training rows per category.
    """
    means: list[TargetMeans | None] = []
    cross_fitted: list[Array | None] = []
    for category, category_codes in zip(encoding.categories, codes, strict=True):
        if category.averaged and target is not None and folds is not None:
            size = len(category.levels.words) + 1
            fitted, own = cross_fit_means(category_codes, size, target.values, folds)
            means.append(fitted)
            cross_fitted.append(own)
        else:
            means.append(None)
            cross_fitted.append(None)
    return means, cross_fitted
