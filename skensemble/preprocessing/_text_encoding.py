"""Texts as numbers: their main directions (latent semantic analysis) and length."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from skensemble.preprocessing._frames import Array

_MAX_WORDS = 5000


@dataclass(frozen=True)
class TextEncoding:
    """A column of texts: words weighted by tf-idf, projected on a few directions.

    References
    ----------
    .. [1] Deerwester, S. et al. (1990). Indexing by Latent Semantic Analysis. Journal
       of the American Society for Information Science 41(6).
    """

    name: str
    words: Any
    directions: Any
    size: int

    @property
    def names(self) -> list[str]:
        """Names of the columns made."""
        made = [f"{self.name} {j}" for j in range(self.size)]
        return [f"{self.name} length", f"{self.name} words", *made]

    def numbers(self, column: pd.Series) -> Array:
        """The column as numbers, a column for each name.

        Parameters
        ----------
        column : pandas.Series
            TextEncoding; missing has no words.

        Returns
        -------
        numbers : ndarray of shape (n, len(names))
        """
        texts = _strings(column)
        length = [len(text) for text in texts]
        words = [text.count(" ") + 1 if text else 0 for text in texts]
        made = [np.column_stack([length, words]).astype(float)]
        if self.size:
            weights = self.words.transform(texts)
            made.append(
                weights.toarray()
                if self.directions is None
                else self.directions.transform(weights)
            )
        return np.hstack(made)


def learn_text_encoding(column: pd.Series, components: int, seed: Any) -> TextEncoding:
    """Learn the words of a column and its main directions.

    Parameters
    ----------
    column : pandas.Series
        TextEncoding.
    components : int
        How many directions; 0 leaves the lengths alone.
    seed : int or None
        Of the randomised decomposition.

    Returns
    -------
    texts : TextEncoding
    """
    texts, name = _strings(column), str(column.name)
    for least in (2, 1):
        words = TfidfVectorizer(
            token_pattern=r"(?u)\b\w+\b",
            min_df=least,
            max_features=_MAX_WORDS,
            sublinear_tf=True,
            dtype=np.float32,
        )
        try:
            weights = words.fit_transform(texts)
        except ValueError:  # no word is left
            continue
        break
    else:
        return TextEncoding(name, None, None, 0)
    if not components or weights.shape[1] <= components:
        size = weights.shape[1] if components else 0
        return TextEncoding(name, words, None, size)
    directions = TruncatedSVD(components, n_iter=2, random_state=seed).fit(weights)
    return TextEncoding(name, words, directions, components)


def _strings(column: pd.Series) -> list[str]:
    """Texts without needless spaces; a missing one is empty."""
    values = column.astype(object).where(column.notna(), "")
    return [re.sub(r"\s+", " ", str(value)).strip() for value in values]
