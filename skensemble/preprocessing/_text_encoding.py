"""Encode texts by their length and by latent semantic analysis."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from skensemble.preprocessing._frames import Array
from skensemble.preprocessing._string_structure import (
    are_molecules,
    are_split_by_parts,
    has_no_spaces,
    n_words,
)

# Largest number of different words, or sequences of characters, that are used.
_MAX_WORDS = 5000
# Lengths of the sequences of characters.
_LENGTHS, _LENGTHS_WITHOUT_SPACES = (1, 3), (1, 2)
# Texts with fewer words are split at other marks than spaces.
_MIN_WORDS = 1.5
_MAX_INSPECTED = 1000


@dataclass(frozen=True)
class TextEncoding:
    """Encoding of texts: tf-idf weights of words, projected on a few directions.

    The weights of the words that are most related to the target are kept as they are.

    The words of texts without spaces are sequences of characters.

    References
    ----------
    .. [1] Deerwester, S. et al. (1990). Indexing by Latent Semantic Analysis. Journal
       of the American Society for Information Science 41(6).
    """

    name: str
    words: Any
    directions: Any
    size: int
    kept: tuple[int, ...] = ()

    @property
    def names(self) -> list[str]:
        """Names of the encoded columns."""
        directions = [f"{self.name} {j}" for j in range(self.size)]
        kept = [f"{self.name} word {j}" for j in range(len(self.kept))]
        return [f"{self.name} length", f"{self.name} words", *directions, *kept]

    def numbers(self, column: pd.Series) -> Array:
        """Encode a column of texts, shape (n_samples, len(names))."""
        texts = _strings(column)
        length = [len(text) for text in texts]
        words = [text.count(" ") + 1 if text else 0 for text in texts]
        blocks = [np.column_stack([length, words]).astype(float)]
        if self.size:
            weights = self.words.transform(texts)
            blocks.append(
                weights.toarray()
                if self.directions is None
                else self.directions.transform(weights)
            )
            if self.kept:
                blocks.append(weights[:, list(self.kept)].toarray())
        return np.hstack(blocks)


def learn_text_encoding(
    column: pd.Series, components: int, seed: Any, target: Array | None = None
) -> TextEncoding:
    """Learn the words of a column and its main directions.

    Parameters
    ----------
    column : pandas.Series
        Texts.
    components : int
        Number of directions. With 0, only the lengths are encoded.
    seed : int or None
        Seed of the randomized decomposition.
    target : ndarray of shape (n_samples, n_outputs) or None, default=None
        The target. Of the words that are clearly correlated with it, at most
        `components` are kept.

    Returns
    -------
    encoding : TextEncoding
    """
    texts, name = _strings(column), str(column.name)
    units = _units_of(texts)
    for least in (2, 1):
        words = TfidfVectorizer(
            **units,
            min_df=least,
            max_features=_MAX_WORDS,
            sublinear_tf=True,
            dtype=np.float32,
        )
        try:
            weights = words.fit_transform(texts)
        except ValueError:  # all words were removed by min_df
            continue
        break
    else:
        return TextEncoding(name, None, None, 0)
    if not components or weights.shape[1] <= components:
        size = weights.shape[1] if components else 0
        return TextEncoding(name, words, None, size)
    directions = TruncatedSVD(components, n_iter=2, random_state=seed).fit(weights)
    kept = () if target is None else _correlated(weights, target, components)
    return TextEncoding(name, words, directions, components, kept)


def _correlated(weights: Any, target: Array, most: int) -> tuple[int, ...]:
    r"""Return the words with the largest correlations with the target.

    Of m words that are independent of the target, none is likely to have a correlation
    above :math:`\sqrt{2 \log(2 m) / n}` in n rows.
    """
    n_rows, n_words = weights.shape
    y = (target - target.mean(axis=0)) / (target.std(axis=0) + np.finfo(float).tiny)
    mean = np.asarray(weights.mean(axis=0)).ravel()
    square = np.asarray(weights.multiply(weights).mean(axis=0)).ravel()
    spread = np.sqrt(np.maximum(square - mean**2, np.finfo(np.float32).tiny))
    found = np.abs(weights.T @ y / n_rows).max(axis=1) / spread
    best = np.argsort(-found, kind="stable")[:most]
    least = np.sqrt(2 * np.log(2 * n_words) / n_rows)
    return tuple(int(j) for j in best if found[j] > least)


def _units_of(texts: list[str]) -> dict[str, Any]:
    """Return how texts are split: at spaces, at all marks, or by characters."""
    known = list(dict.fromkeys(text for text in texts if text))
    known = known[:: max(1, len(known) // _MAX_INSPECTED)]
    if has_no_spaces(known):
        return {"analyzer": "char", "ngram_range": _LENGTHS_WITHOUT_SPACES}
    if not known or np.mean([n_words(text) for text in known]) >= _MIN_WORDS:
        return {"token_pattern": r"(?u)\b\w+\b"}
    if are_split_by_parts(known) and not are_molecules(known):
        return {"token_pattern": r"(?u)[^\W_]+"}
    return {"analyzer": "char", "ngram_range": _LENGTHS, "lowercase": False}


def _strings(column: pd.Series) -> list[str]:
    """Return texts with single spaces; missing texts are empty."""
    values = column.astype(object).where(column.notna(), "")
    return [re.sub(r"\s+", " ", str(value)).strip() for value in values]
