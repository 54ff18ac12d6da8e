r"""Formats of numbers in text: decimal point or comma, and thousands separators.

All words of a column are joined to one text, with one word per line, and searched for
the first line that is not a number. This is one call of compiled code per column.
"""

import re
from dataclasses import dataclass
from functools import cache

# Marks between groups of three digits, with the spaces that spreadsheets write.
_MARKS = (",", ".", " ", "\u00a0", "\u202f", "\u2009", "'", "\u2019")
_SIGN = "[+\\-\u2212]?"
_CODE = re.compile(rf"^{_SIGN}[0-9]+[eE][0-9]+$", re.MULTILINE)
_MEASURED = re.compile(r"[.,]|[eE][+-]")
_LETTERS = re.compile("[A-Za-z]")
_LETTERS_OF_NUMBERS = b"0123456789+-.eE\n"
_LEADING_ZERO = re.compile(r"\n[+\-]?0[0-9]")
# A plus sign before groups or before many digits, as in telephone numbers.
_TELEPHONE = re.compile(
    r"^\+(?:[0-9]+[ \u00a0\u202f\u2009]|[0-9]{7,}$|[0-9]{1,3}(?:\.[0-9]{3}){2,}$)",
    re.MULTILINE,
)
# A decimal mark or an exponent, so that the numbers are not whole.
_FRACTION = re.compile(
    r"[eE]|^[+\-\u2212]?[0-9 \u00a0\u202f\u2009]*[.,](?![0-9]{3}(?![0-9]))",
    re.MULTILINE,
)
_SPACES = " \u00a0\u202f\u2009"
_DIGIT = re.compile("[0-9]")


@dataclass(frozen=True)
class NumberFormat:
    """How the numbers of a column are written.

    Parameters
    ----------
    decimal : {".", ","}
        Decimal mark.
    thousands : str or None
        Mark between groups of three digits.
    """

    decimal: str
    thousands: str | None = None

    @property
    def groups_by_space(self) -> bool:
        """Whether spaces divide groups of three digits."""
        return self.thousands is not None and self.thousands in _SPACES

    @property
    def is_plain(self) -> bool:
        """Whether Python reads the numbers without a change."""
        return self.decimal == "." and self.thousands is None

    def reads_as(self, joined: str, decimal: str) -> bool:
        """Whether the numbers are the same with another decimal mark."""
        neutral = self.thousands not in (".", ",") and self.decimal not in joined
        return self.decimal == decimal or neutral

    def first_other(self, joined: str) -> str | None:
        """Return the first line that is not a number in this format."""
        found = _not_a_number(self.decimal, self.thousands).search(joined)
        if found is None:
            return None
        end = joined.find("\n", found.start())
        return joined[found.start() : end if end >= 0 else None]

    def plain(self, joined: str) -> str:
        """Write the numbers as Python reads them."""
        joined = joined.replace("\u2212", "-")
        if self.thousands is not None:
            joined = joined.replace(self.thousands, "")
        return joined if self.decimal == "." else joined.replace(",", ".")


@cache
def _not_a_number(decimal: str, thousands: str | None) -> re.Pattern[str]:
    """Compile a pattern that matches at the start of a line without a number."""
    digits = "0|[1-9][0-9]*"
    if thousands is not None:
        digits = f"[1-9][0-9]{{0,2}}(?:{re.escape(thousands)}[0-9]{{3}})+|{digits}"
    mark = re.escape(decimal)
    number = (
        f"(?:(?:{digits})(?:{mark}[0-9]*)?|{mark}[0-9]+)(?:[eE][+\\-]?[0-9]+)?"
        "|[Ii]nf(?:inity)?|INF"
    )
    return re.compile(f"^(?!{_SIGN}(?:{number})$)", re.MULTILINE)


def is_plain(joined: str) -> bool:
    """Whether the lines have only digits and marks of Python, and no leading zeros."""
    if not joined.isascii() or joined.encode().translate(None, _LETTERS_OF_NUMBERS):
        return False
    return _LEADING_ZERO.search(f"\n{joined}") is None


def formats_of_plain(joined: str) -> list[NumberFormat]:
    """List the formats of lines that Python reads as numbers."""
    plain = NumberFormat(".")
    if are_telephones(joined):
        return []
    has_exponents = "e" in joined or "E" in joined
    if has_exponents and _may_be_codes(joined, plain):
        return []
    grouped = NumberFormat(",", ".")
    ambiguous = "." in joined and grouped.first_other(joined) is None
    return [plain, grouped] if ambiguous else [plain]


def possible_formats(joined: str) -> list[NumberFormat]:
    """List the formats in which every line is a number.

    Returns
    -------
    formats : list of NumberFormat
        Two formats for words such as "1,234", which can have a decimal comma or a
        thousands separator; none if some line is not a number, or if the lines may be
        codes: "007", "12E3", or "555 123 456" of equal length.
    """
    used = {mark for mark in _MARKS if mark in joined}
    formats = [
        NumberFormat(decimal, thousands)
        for decimal in ".,"
        for thousands in (None, *sorted(used - {decimal}))
        if used <= {decimal, thousands} and _is_needed(decimal, thousands, used)
    ]
    fitting = [one for one in formats if one.first_other(joined) is None]
    return [] if fitting and _may_be_codes(joined, fitting[0]) else fitting


def _is_needed(decimal: str, thousands: str | None, used: set[str]) -> bool:
    """Whether no simpler format reads the same numbers."""
    return decimal == "." or decimal in used or thousands == "."


def are_telephones(joined: str) -> bool:
    """Whether whole numbers have a plus sign as telephone numbers have it."""
    found = "+" in joined and _TELEPHONE.search(joined)
    return bool(found) and not _FRACTION.search(joined)


def _may_be_codes(joined: str, form: NumberFormat) -> bool:
    if are_telephones(joined):
        return True
    if _LETTERS.search(joined):
        if not _DIGIT.search(joined):
            return True
        return bool(_CODE.search(joined)) and not _MEASURED.search(joined)
    if form.thousands is None or form.decimal in joined:
        return False
    lines = joined.split("\n")
    equal = len(lines) > 1 and len(set(map(len, lines))) == 1
    return equal and lines[0].count(form.thousands) > 1
