"""Times of the rows, in the notations of spreadsheets."""

import pandas as pd
from pandas.api import types

from skensemble.command_line._usage_errors import UsageError

# Notations of dates by their order; each one also with a time of day.
_DATES = {
    "year-month-day": ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"),
    "day.month.year": ("%d.%m.%Y", "%d.%m.%y"),
    "day/month/year": ("%d/%m/%Y", "%d-%m-%Y", "%d/%m/%y"),
    "month/day/year": ("%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y"),
}
_CLOCKS = ("", " %H:%M", " %H:%M:%S", "T%H:%M:%S")


def read_times(values: pd.Series) -> tuple[pd.Series, list[str]]:
    """Read the times of the rows: numbers, datetimes, or dates in text.

    Parameters
    ----------
    values : pandas.Series
        The column of ``--time``.

    Returns
    -------
    times : pandas.Series
        Values that can be sorted.
    notes : list of str
        How dates in text are read.

    Raises
    ------
    UsageError
        If values are missing or not dates, or if day and month are ambiguous.
    """
    missing = int(values.isna().sum())
    if missing:
        raise UsageError(
            f"--time {values.name!r} is missing in {missing} of {len(values)} rows; fill "
            "these cells, or delete the rows."
        )
    if not types.is_string_dtype(values) and not types.is_object_dtype(values):
        return values, []
    found = {
        order: times
        for order, formats in _DATES.items()
        if (times := _parsed(values.astype(str), formats)) is not None
    }
    if len(found) > 1:
        orders = " or ".join(found)
        raise UsageError(
            f"--time {values.name!r} can be read as {orders}, such as "
            f"{values.iloc[0]!r}; write the dates as year-month-day."
        )
    for order, times in found.items():
        return times, [f"Time: {values.name!r} is read as {order}."]
    raise UsageError(
        f"--time {values.name!r} holds text that is not a date, such as "
        f"{values.iloc[0]!r}; use a column of numbers or dates."
    )


def _parsed(texts: pd.Series, formats: tuple[str, ...]) -> pd.Series | None:
    """Read all texts in one of the formats; None if there is none."""
    for date in formats:
        for clock in _CLOCKS:
            try:
                return pd.to_datetime(texts, format=date + clock)
            except ValueError:
                continue
    return None
