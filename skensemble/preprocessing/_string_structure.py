"""Structure of strings: words, scripts without spaces, addresses, formulas, JSON."""

import json
import re
from collections import Counter
from collections.abc import Callable
from itertools import chain
from typing import Any

import numpy as np

# Letters of scripts that have no spaces between words: Chinese characters, Japanese
# syllables, Thai, Lao, Burmese and Khmer.
_HAN = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_THAI = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
# Mean number of letters per word in these scripts.
_HAN_LETTERS, _THAI_LETTERS = 2, 4
# Atoms, bonds, branches and rings of molecules (Weininger, 1988).
_SMILES = re.compile(
    r"(?:Cl|Br|[BCNOPSFIbcnops*]|\[[^\[\]\s]{1,20}\]|[-=#$:/\\.()%]|\d)+"
)
_ADDRESS = re.compile(
    r"[a-z][a-z\d+.-]*://\S+|www\.\S+|[^\s@]+@[^\s@]+\.[^\s@]+"
    r"|(?:[A-Za-z]:)?\.{0,2}(?:[/\\][^\s/\\]+){2,}[/\\]?",
    re.IGNORECASE,
)
_PART = re.compile(r"[^\W_]+")
# Largest number of strings that are inspected.
_N_INSPECTED = 1000
# Share of the strings that must have the same structure.
_MOST = 0.9
# A part of strings is informative if it is in at least _MIN_SHARE of them, and at least
# _MIN_REPEATS times, but not in nearly all of them.
_MIN_SHARE, _MIN_REPEATS, _MAX_SHARE = 0.02, 4, 0.95
# Long strings of letters are sequences, such as DNA or proteins; keys are shorter.
_MIN_SEQUENCE = 15


def n_words(word: str) -> float:
    """Return the number of words of a string, estimated for scripts without spaces."""
    without_spaces = len(_HAN.findall(word)) / _HAN_LETTERS
    without_spaces += len(_THAI.findall(word)) / _THAI_LETTERS
    return max(float(len(word.split())), without_spaces)


def has_no_spaces(words: list[str]) -> bool:
    """Whether most of the letters belong to scripts without spaces."""
    letters = "".join(word for word in words[:_N_INSPECTED])
    letters = re.sub(r"[\W\d_]", "", letters)
    found = len(_HAN.findall(letters)) + len(_THAI.findall(letters))
    return found > 0.3 * len(letters)


def are_json(words: list[str]) -> bool:
    """Whether strings are objects or lists in JSON, or as Python writes them."""
    return _share(words, _is_json) > _MOST


def _is_json(word: str) -> bool:
    word = word.strip()
    if word[:1] + word[-1:] not in ("{}", "[]"):
        return False
    try:
        json.loads(word)
    except ValueError:
        return bool(re.search(r"['\"]\s*[:,\]}]", word))
    return True


def are_structured(words: list[str]) -> bool:
    """Whether strings without spaces have parts that repeat, or are sequences.

    Parameters
    ----------
    words : list of str
        Different values of a column.

    Notes
    -----
    Addresses (https://example.org/shop/12), paths, e-mails and keys such as
    "red-XL-00017" have parts that occur in several rows. Keys such as "K00017" and
    random keys have none.
    """
    words = words[:: max(1, len(words) // _N_INSPECTED)]
    return are_split_by_parts(words) or are_sequences(words)


def are_addresses(words: list[str]) -> bool:
    """Whether strings are addresses of pages or files, or e-mail addresses."""
    return _share(words, lambda word: _ADDRESS.fullmatch(word.strip())) > _MOST


def are_split_by_parts(words: list[str]) -> bool:
    """Whether at least half of the strings have a part that is informative."""
    split = [set(_PART.findall(word)) for word in words]
    counts = Counter(chain.from_iterable(split))
    least = max(_MIN_REPEATS, _MIN_SHARE * len(words))
    most = _MAX_SHARE * len(words)
    known = {part for part, count in counts.items() if least <= count <= most}
    return _share(split, lambda parts: len(parts) > 1 and bool(parts & known)) >= 0.5


def are_sequences(words: list[str]) -> bool:
    """Whether strings are molecules in SMILES, or long sequences of letters."""
    if _share(words, lambda word: word.isalpha()) > _MOST:
        return float(np.mean([len(word) for word in words])) >= _MIN_SEQUENCE
    return are_molecules(words)


def are_molecules(words: list[str]) -> bool:
    """Whether strings are molecules in SMILES: carbon atoms, with bonds or rings."""
    if _share(words, lambda word: _SMILES.fullmatch(word) is not None) <= _MOST:
        return False
    carbon = _share(words, lambda word: "C" in word or "c" in word)
    bonds = _share(words, lambda word: bool(set(word) & set("()=#[]12")))
    return carbon > _MOST and bonds > 0.5


def _share(values: list[Any], fits: Callable[[Any], Any]) -> float:
    return sum(bool(fits(value)) for value in values) / max(1, len(values))
