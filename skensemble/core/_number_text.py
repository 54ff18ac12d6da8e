"""Say how texts that look like numbers are converted."""

import re
from collections.abc import Iterable

# Digits with marks between them; a currency or unit may stand before or after them.
_NUMBER = re.compile(
    r"\s*[^\w\s.,+-]{0,2}\s*(?:[A-Za-z]{1,3}\s?)?\(?[-+\u2212]?\s*"
    r"(?P<digits>\d[\d.,'\u2019\s]*|[.,]\d+)(?:e[-+]?\d+)?\s*\)?"
    r"\s*(?P<unit>[^\d.,+\-()]{0,12}?)\s*",
    re.IGNORECASE,
)
# Smallest share of the texts that must look like numbers.
_MOST = 0.8
_N_INSPECTED = 1000


def conversion_of_texts(texts: Iterable[str]) -> str | None:
    """Return the code that converts texts such as "60,5" to numbers.

    Parameters
    ----------
    texts : iterable of str
        Different values of a target.

    Returns
    -------
    code : str or None
        An expression for a Series `y`; None if most texts do not look like numbers.
    """
    words = list(dict.fromkeys(texts))[:_N_INSPECTED]
    found = [one for word in words if (one := _NUMBER.fullmatch(word))]
    if not words or len(found) < _MOST * len(words):
        return None
    digits = [one["digits"] for one in found]
    code = "pd.Series(y)"
    if any(not _is_plain(word) for word in words if _NUMBER.fullmatch(word)):
        keep = (
            r"[^0-9.,eE+-]" if all(not one["unit"] for one in found) else r"[^0-9.,+-]"
        )
        code += f".str.replace(r'{keep}', '', regex=True)"
    if _has_decimal_comma(digits):
        if any("." in word for word in digits):
            code += ".str.replace('.', '')"
        code += ".str.replace(',', '.')"
    elif any("," in word for word in digits):
        code += ".str.replace(',', '')"
        if not any("." in word for word in digits) and _has_one_group(digits):
            decimal = "'.' in place of '' if the comma is a decimal mark"
            return f"{code}.astype(float), with {decimal}"
    return f"{code}.astype(float)"


def _is_plain(word: str) -> bool:
    return re.fullmatch(r"[-+]?[\d.,]+(?:[eE][-+]?\d+)?", word.strip()) is not None


def _has_decimal_comma(digits: list[str]) -> bool:
    """Whether commas stand before decimals, and not before groups of three digits."""
    commas = [word.strip() for word in digits if "," in word]
    if any(word.rfind(",") < word.rfind(".") for word in commas):
        return False
    return any(not re.fullmatch(r"[1-9]\d{0,2}(?:,\d{3})+", word) for word in commas)


def _has_one_group(digits: list[str]) -> bool:
    """Whether a comma may be a decimal mark or separate thousands."""
    return all(word.count(",") <= 1 for word in digits)
