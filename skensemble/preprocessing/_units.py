"""Units of numbers in strings: currencies, magnitudes and measures."""

import re
from dataclasses import dataclass

_CODES = (
    "USD|EUR|GBP|CHF|JPY|CNY|RMB|INR|AUD|CAD|NZD|SEK|NOK|DKK|ISK|PLN|CZK|HUF|RON|BGN|BRL|"
    "MXN|ARS|CLP|COP|ZAR|NGN|KES|KRW|TWD|TRY|RUB|UAH|SGD|HKD|THB|IDR|MYR|PHP|VND|ILS|AED|"
    "SAR|EGP|BTC"
)
# Symbols and codes of currencies, and abbreviations such as "kr", "Rs.", "zł", and
# those of the lev and the rouble in Cyrillic letters.
CURRENCY = (
    rf"(?:(?:US|AU|CA|NZ|HK|A|C|R|S)?\$|[€£¥₹₩₽₺₴₫₪฿¢₦₱]|(?:{_CODES})(?![^\W\d_])"
    r"|(?:[Rr]s\.?|[Kk]r\.?|SFr\.?|Fr\.|zł|Kč|Ft|\u043b\u0432|\u0440\u0443\u0431\.?|元|円|원)(?![^\W\d_]))"
)
_SAME_CURRENCY = {
    "US$": "$",
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
    "JPY": "¥",
    "CNY": "¥",
    "RMB": "¥",
    "INR": "₹",
    "RS": "₹",
    "RS.": "₹",
    "KRW": "₩",
    "RUB": "₽",
    "TRY": "₺",
    "UAH": "₴",
    "VND": "₫",
    "ILS": "₪",
    "THB": "฿",
    "A$": "AUD",
    "AU$": "AUD",
    "C$": "CAD",
    "CA$": "CAD",
    "R$": "BRL",
    "S$": "SGD",
    "HK$": "HKD",
    "NZ$": "NZD",
    "KR.": "KR",
    "SFR": "CHF",
    "SFR.": "CHF",
    "FR.": "CHF",
    "PLN": "ZŁ",
    "CZK": "KČ",
    "HUF": "FT",
    "元": "¥",
    "円": "¥",
}
_THOUSAND, _MILLION, _BILLION = 1e3, 1e6, 1e9
# Magnitudes that mean the same with and without a currency.
_WORDS = {
    **dict.fromkeys(("tsd", "tsd.", "thousand", "tausend"), _THOUSAND),
    **dict.fromkeys(("mn", "mio", "mio.", "mln", "million", "millionen"), _MILLION),
    **dict.fromkeys(("millions", "mm"), _MILLION),
    **dict.fromkeys(("bn", "bln", "mrd", "mrd.", "billion", "billions"), _BILLION),
    "lakh": 1e5,
    "lakhs": 1e5,
    "lac": 1e5,
    "crore": 1e7,
    "crores": 1e7,
    "cr": 1e7,
}
_LETTERS = {"k": _THOUSAND, "m": _MILLION, "b": _BILLION}
# Magnitudes without a currency; "m" is a metre and "b" a byte then.
_BARE = {"k": _THOUSAND, "K": _THOUSAND, "M": _MILLION, "B": _BILLION} | {
    word: size for word, size in _WORDS.items() if word not in ("mm", "cr")
}
# Units that differ in case only: "mW" and "MW", "Pa" and "pA".
_CASE_MATTERS = "mMpP"
# Units of columns that are not one number if they hold several of them.
KNOWN_UNITS = frozenset(
    [
        "mg",
        "g",
        "kg",
        "t",
        "lb",
        "lbs",
        "oz",
        "st",
        "mm",
        "cm",
        "dm",
        "m",
        "km",
        "in",
        "inch",
        "inches",
        "ft",
        "feet",
        "yd",
        "mi",
        "mile",
        "miles",
        "nm",
        "ml",
        "cl",
        "dl",
        "l",
        "liter",
        "litre",
        "gal",
        "ha",
        "ac",
        "m²",
        "m2",
        "km²",
        "km2",
        "ft²",
        "ft2",
        "sqft",
        "sqm",
        "m³",
        "m3",
        "cm3",
        "ccm",
        "cc",
        "km/h",
        "kmh",
        "kph",
        "mph",
        "m/s",
        "kn",
        "w",
        "kw",
        "mw",
        "gw",
        "wh",
        "kwh",
        "mwh",
        "v",
        "mv",
        "kv",
        "ma",
        "a",
        "hz",
        "khz",
        "mhz",
        "ghz",
        "j",
        "kj",
        "cal",
        "kcal",
        "bar",
        "pa",
        "hpa",
        "kpa",
        "psi",
        "°c",
        "°f",
        "k",
        "db",
        "lm",
        "lx",
        "cd",
        "kb",
        "mb",
        "gb",
        "tb",
        "kib",
        "mib",
        "gib",
        "byte",
        "bytes",
        "ps",
        "hp",
        "bhp",
        "nm",
        "rpm",
        "s",
        "sec",
        "min",
        "mins",
        "h",
        "hr",
        "hrs",
        "d",
        "day",
        "days",
        "week",
        "weeks",
        "month",
        "months",
        "year",
        "years",
        "yr",
        "yrs",
        "ms",
        "%",
        "‰",
        "bps",
        "pcs",
        "pc",
        "stk",
        "st",
        "stück",
        "kg/m²",
        "kg/m2",
        "mg/dl",
        "mmol/l",
        "g/l",
        "ppm",
    ]
)


@dataclass(frozen=True)
class Suffix:
    """What stands beside a number: its unit, and the factor of "k" or "million"."""

    unit: str
    factor: float = 1.0


def read_suffix(before: str, after: str, bare_scale: bool) -> Suffix:
    """Read the marks before and after a number.

    Parameters
    ----------
    before, after : str
        What stands before and after the digits, such as "$" and "k".
    bare_scale : bool
        Whether "k" and "M" without a currency mean thousands and millions.
    """
    after = " ".join(after.split())
    if after == "+":  # "10,000+"
        return Suffix(_currency(before))
    word = re.match(r"[^\W\d_]+\.?", after)
    rest = after[word.end() :].strip() if word else ""
    currency = before or rest
    with_currency = bool(re.fullmatch(CURRENCY, currency)) and (not before or not rest)
    size = word[0] if word else ""
    if with_currency and (factor := _scale_of(size)):
        return Suffix(_currency(currency), factor)
    if bare_scale and not before and not rest and size in _BARE:
        return Suffix("", _BARE[size])
    if before and after:
        same = _currency(before) == _currency(after)
        return Suffix(_currency(before) if same else f"{before} {after}")
    return Suffix(_currency(before or after))


def _scale_of(size: str) -> float:
    return _LETTERS.get(size.lower()) or _WORDS.get(size.lower(), 0.0)


def _currency(mark: str) -> str:
    """Return one name per currency; other units are returned without spaces."""
    if re.fullmatch(CURRENCY, mark):
        return _SAME_CURRENCY.get(mark.upper(), mark.upper())
    return mark.replace(" ", "").rstrip(".")


def same_unit(a: str, b: str) -> bool:
    """Whether two units are the same, in upper or lower case."""
    if a == b:
        return True
    lower = a.casefold() == b.casefold()
    return lower and not (a[:1] in _CASE_MATTERS and a[:1] != b[:1])


def are_known_units(units: list[str]) -> bool:
    """Whether there are several units that are known; "none" stands for no unit."""
    named = [unit for unit in units if unit != "none"]
    known = [
        unit.casefold() in KNOWN_UNITS
        or re.fullmatch(CURRENCY, unit) is not None
        or unit in _SAME_CURRENCY.values()
        for unit in named
    ]
    return len(units) > 1 and bool(known) and all(known)
