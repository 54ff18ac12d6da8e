"""Tell identifiers of rows from measurements, by the name and the content."""

import re

import numpy as np

from skensemble.preprocessing._frames import Array

# With fewer rows than this, no column is treated as a running number.
MIN_ROWS = 30
# The same for columns with the name of an identifier.
_MIN_NAMED_ROWS = 10
# A running number may have gaps: it grows by at most this much per row on average.
_MAX_MEAN_STEP = 2.5
_WHOLE_NAMES = re.compile(
    r"""unnamed:?[ _]?\d+(?:[ _]level[ _]\d+)?   # written by pandas without a name
    | |\#|index|idx|rownames?|rownum(?:ber)?|rowno|rownr|rowindex|recno|recnum
    | level[ _]\d+                              # made by `reset_index` of pandas
    | (?:row|line|record|entry|obs(?:ervation)?|serial|sequence|running)
      [ _.-]?(?:name|names|index|idx|num|number|no|nr|\#)[.]?
    """,
    re.VERBOSE,
)
_LAST_WORDS = {"id", "ids", "uuid", "guid", "oid", "pk", "key", "identifier"}


def names_rows(name: str) -> bool:
    """Whether a name is usual for a column that identifies the rows.

    Examples are "id", "PassengerId", "customer_id", "Unnamed: 0" and "row number".
    """
    plain = name.strip()
    if _WHOLE_NAMES.fullmatch(plain.lower()):
        return True
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", plain)
    return bool(words) and words[-1].lower() in _LAST_WORDS


def number_identifier(
    name: str, numbers: Array, *, integers: bool, n_rows: int
) -> str | None:
    """Return why a column of numbers identifies the rows, or None if it does not.

    Parameters
    ----------
    name : str
        Name of the column.
    numbers : ndarray of shape (n_samples,)
        The column, NaN where values are missing.
    integers : bool
        Whether the dtype of the column is a dtype of integers.
    n_rows : int
        Number of rows of the table that the column is a sample of.

    Returns
    -------
    reason : str or None
    """
    known = numbers[~np.isnan(numbers)]
    complete = len(known) == len(numbers)
    if integers and complete and _is_running_number(known, n_rows):
        return "running number"
    if len(known) < _MIN_NAMED_ROWS or not names_rows(name):
        return None
    whole = bool((known == np.floor(known)).all())
    return "whole numbers without repetition" if whole and _all_differ(known) else None


def _is_running_number(numbers: Array, n_rows: int) -> bool:
    """Whether the values strictly increase or decrease with few gaps."""
    if len(numbers) < MIN_ROWS:
        return False
    if abs(numbers[-1] - numbers[0]) > _MAX_MEAN_STEP * max(n_rows, len(numbers)):
        return False
    steps = np.diff(numbers)
    return bool((steps > 0).all() or (steps < 0).all())


def _all_differ(numbers: Array) -> bool:
    return len(np.unique(numbers)) == len(numbers)
