"""Find the separator of delimited text from the first lines."""

import csv
import io
import itertools
import re
from dataclasses import dataclass

from skensemble.exceptions import TableError

SEPARATORS = (",", ";", "\t", "|")
# Size of the sample.
_MOST_LINES = 1000
_MOST_CHARACTERS = 1 << 20
# The separator with this many times more fields than another one is taken.
_CLEARLY_MORE = 2.0
# Share of regular records from which a separator is a rival of another one.
_SMALLEST_SHARE = 0.5
# Levels of regularity: the number of fields is that of the first record with a
# separator; each row has one field more, as after a separator at the end; most rows
# have that number; all have it after lines without separator; few rows have it.
_EQUAL, _ONE_MORE, _MOSTLY, _AFTER_TITLE, _RAGGED = 5, 4, 3, 2, 1
_BY_SUFFIX = {".tsv": "\t", ".tab": "\t", ".psv": "|"}
_EXCEL = re.compile(r"\ufeff?\"?sep=(.)\"?(?:\r\n|\n|\r)", re.IGNORECASE)


@dataclass(frozen=True)
class Layout:
    """How the lines of a text are divided.

    Parameters
    ----------
    separator : str
        One character.
    skip_space : bool
        Whether each separator is followed by a space that is no part of the field.
    n_fields : int
        Number of fields of the header, by the first lines.
    start : int
        Position of the first character after the line ``sep=;`` of Excel and after
        comments.
    records : list of list of str
        The first records that are not blank.
    """

    separator: str
    skip_space: bool
    n_fields: int
    start: int
    records: list[list[str]]


@dataclass(frozen=True)
class _Candidate:
    separator: str
    records: list[list[str]]
    n_fields: int
    level: int
    start: int = 0

    is_broken: bool = False

    @property
    def share(self) -> float:
        """Share of the records that have as many fields as the header."""
        fitting = sum(len(one) == self.n_fields for one in self.records)
        return fitting / len(self.records)

    @property
    def rank(self) -> tuple[int, float, int]:
        """Order of candidates: first record, share of regular records, more fields."""
        return self.start, -self.share, -self.n_fields


def find_layout(
    text: str,
    separator: str | None,
    suffix: str,
    file: str,
    notes: list[str],
    after: int = 0,
) -> Layout:
    """Find the separator from the content after a position, or use the given one.

    Raises
    ------
    TableError
        If two separators divide the first lines equally well.
    """
    excel = excel_line(text)
    start = max(after, excel.end() if excel else 0)
    sample, is_cut = _sample(text[start : start + _MOST_CHARACTERS], len(text) - start)
    given = separator or (excel[1] if excel else None)
    if given is not None:
        found = _candidate(sample, given, is_cut)
        reason = "given" if separator else "the first line is 'sep='"
    else:
        found, reason = _best(sample, suffix, is_cut, file)
    skip_space = _has_spaces(found)
    if separator is None:
        notes.append(_separator_note(found, reason))
    if skip_space:
        notes.append("Spaces: one space after each separator is no part of the cells.")
    return Layout(found.separator, skip_space, found.n_fields, start, found.records)


def excel_line(text: str) -> re.Match[str] | None:
    """Match the first line ``sep=;`` of Excel."""
    return _EXCEL.match(text)


def check_separator(separator: str | None) -> None:
    """Refuse a separator that is not one character."""
    valid = separator is None or (isinstance(separator, str) and len(separator) == 1)
    if not valid or (separator is not None and separator in '"\r\n'):
        raise TableError(
            f"separator={separator!r} must be one character other than a quote and a "
            "line end, such as ',', ';', '\\t' or '|'; None finds it."
        )


def show(separator: str) -> str:
    """Name a separator in messages."""
    return {"\t": "tab", " ": "space"}.get(separator, repr(separator))


def _sample(text: str, available: int) -> tuple[str, bool]:
    """Return the first lines, and whether more follow."""
    stream = io.StringIO(text, newline="")
    sample = "".join(itertools.islice(stream, _MOST_LINES))
    return sample, len(sample) < available


def _best(sample: str, suffix: str, is_cut: bool, file: str) -> tuple[_Candidate, str]:
    candidates = [_candidate(sample, one, is_cut) for one in SEPARATORS]
    # Quotes that are not closed before a separator belong to another separator.
    sound = [one for one in candidates if not one.is_broken]
    if any(one.level and not one.start for one in sound):
        candidates = sound
    level = max(one.level for one in candidates)
    best = sorted(
        (one for one in candidates if one.level == level), key=lambda one: one.rank
    )
    if level == 0:
        # The tab is rarely part of a text, so that lines stay one field.
        tab = next(one for one in candidates if one.separator == "\t")
        _refuse_words(tab, file)
        return tab, "one column"
    named = [one for one in best if one.separator == _BY_SUFFIX.get(suffix)]
    if named:
        return named[0], f"the suffix is {suffix}"
    if level > _RAGGED:
        _refuse_rivals(best[0], candidates, file)
    n_records = len(best[0].records)
    records = "first record" if n_records == 1 else f"first {n_records} records"
    return best[0], {
        _EQUAL: f"the same number of fields in the {records}",
        _ONE_MORE: "the records end with a separator",
    }.get(level, "it divides the header, and most of the first records alike")


def _refuse_words(single: _Candidate, file: str) -> None:
    """Refuse lines of one cell that spaces divide equally, such as "1 2 3"."""
    n_words = len(single.records[0][0].split())
    counts = {len(record[0].split()) for record in single.records}
    if n_words > 1 and counts == {n_words} and len(single.records) > 1:
        raise TableError(
            f"each line has {n_words} words and no separator; name it with "
            "separator=' ', or separator='\\t' if each line is one cell.",
            file=file,
            line=1,
        )


def _refuse_rivals(best: _Candidate, candidates: list[_Candidate], file: str) -> None:
    """Refuse a text that another separator divides nearly as well."""
    rivals = [
        one
        for one in candidates
        if one is not best
        and one.level
        and one.start == best.start
        and one.share > _SMALLEST_SHARE
        and best.n_fields < _CLEARLY_MORE * one.n_fields
    ]
    if rivals:
        choices = " and ".join(
            f"{show(one.separator)} gives {one.records[0]}" for one in (best, rivals[0])
        )
        raise TableError(
            f"the separator is not clear: for the first line, {choices}; name it with "
            "separator=.",
            file=file,
            line=1,
        )


def _candidate(sample: str, separator: str, is_cut: bool) -> _Candidate:
    records, is_broken = _records(sample, separator)
    if is_cut and len(records) > 1:
        records.pop()  # It may be incomplete.
    records = [one for one in records if one] or [[""]]
    counts = [len(one) for one in records]
    start = next((i for i, count in enumerate(counts) if count > 1), len(counts))
    if start == len(counts):
        return _Candidate(separator, records, 1, 0)
    level = _level(counts, start)
    return _Candidate(
        separator, records[start:], counts[start], level, start, is_broken
    )


def _level(counts: list[int], start: int) -> int:
    """Rate how regular the numbers of fields of the records are."""
    head, body = counts[start], counts[start + 1 :]
    if set(body) <= {head}:
        return _EQUAL if not start else _AFTER_TITLE if body else 0
    if start:
        return 0
    if set(body) == {head + 1}:
        return _ONE_MORE
    return _MOSTLY if body.count(head) > _SMALLEST_SHARE * len(body) else _RAGGED


def _records(sample: str, separator: str) -> tuple[list[list[str]], bool]:
    """Divide the sample, and check whether its quotes fit to the separator."""
    strict = csv.reader(
        io.StringIO(sample, newline=""), delimiter=separator, strict=True
    )
    records: list[list[str]] = []
    try:
        records.extend(strict)
    except csv.Error as error:
        if "end of data" in str(error):
            return records or [[""]], False
        loose = csv.reader(
            sample.splitlines(), delimiter=separator, quoting=csv.QUOTE_NONE
        )
        return records or list(loose), True
    return records, False


def _has_spaces(found: _Candidate) -> bool:
    later = [field for record in found.records for field in record[1:]]
    spaced = bool(later) and all(field.startswith(" ") for field in later)
    return spaced and not found.separator.isspace()


def _separator_note(found: _Candidate, reason: str) -> str:
    if found.level == 0 and reason == "one column":
        return "Separator: none, one column."
    return f"Separator: {show(found.separator)} ({reason})."
