"""Frames, columns, indexes and dtypes of pandas."""

from typing import Any

import numpy as np
import pandas as pd

from skensemble.exceptions import ModelFileError
from skensemble.persistence._part import Part

INDEXES = (
    *("base.Index", "category.CategoricalIndex", "datetimes.DatetimeIndex"),
    *("interval.IntervalIndex", "period.PeriodIndex", "timedeltas.TimedeltaIndex"),
)


def named(*paths: str) -> tuple[str, ...]:
    """Give the full names that pandas has for some classes, older and newer ones.

    Parameters
    ----------
    *paths : str
        Such as "indexes.base.Index", within ``pandas.core``.

    Returns
    -------
    names : tuple of str
    """
    return tuple(
        name
        for path in paths
        for name in (f"pandas.core.{path}", f"pandas.{path.rpartition('.')[2]}")
    )


def _take_values(values: Any) -> Any:
    """Take the values of a column or an index apart."""
    if isinstance(values, np.ndarray):
        return values
    if isinstance(values, pd.arrays.NumpyExtensionArray):
        return values.to_numpy()
    dtype = values.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return {"codes": np.asarray(values.codes), "dtype": dtype}
    if isinstance(dtype, np.dtype):
        return np.asarray(values)
    if isinstance(dtype, pd.DatetimeTZDtype):
        return {"moments": np.asarray(values.tz_convert(None)), "dtype": dtype}
    missing = np.asarray(values.isna())
    known = np.asarray(values[~missing], dtype=object)
    return {"known": known, "missing": missing, "dtype": dtype}


def _make_values(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value
    dtype = value["dtype"]
    if "codes" in value:
        return pd.Categorical.from_codes(value["codes"], dtype=dtype)
    if "moments" in value:
        return pd.DatetimeIndex(value["moments"]).tz_localize("UTC").astype(dtype).array
    missing = value["missing"]
    column = np.empty(len(missing), dtype=object)
    column[missing] = dtype.na_value
    column[~missing] = value["known"]
    return pd.array(column, dtype=dtype)


def _make_array(value: list) -> Any:
    values = _make_values(value[0])
    return pd.array(values) if isinstance(values, np.ndarray) else values


def _take_series(series: pd.Series) -> dict[str, Any]:
    return {
        "values": _take_values(series.array),
        "index": series.index,
        "name": series.name,
    }


def _make_series(value: dict[str, Any]) -> pd.Series:
    values = _make_values(value["values"])
    return pd.Series(
        values, index=value["index"], name=value["name"], dtype=values.dtype
    )


def _take_frame(frame: pd.DataFrame) -> dict[str, Any]:
    return {
        "columns": frame.columns,
        "index": frame.index,
        "values": [_take_values(frame.iloc[:, j].array) for j in range(frame.shape[1])],
    }


def _make_frame(value: dict[str, Any]) -> pd.DataFrame:
    index = value["index"]
    columns = [_make_values(one) for one in value["values"]]
    frame = pd.DataFrame(
        {
            j: pd.Series(column, index=index, dtype=column.dtype)
            for j, column in enumerate(columns)
        },
        index=index,
    )
    frame.columns = value["columns"]
    return frame


def _take_index(index: pd.Index) -> dict[str, Any]:
    return {
        "values": _take_values(index.array),
        "name": index.name,
        "freq": getattr(index, "freqstr", None),
    }


def _make_index(value: dict[str, Any]) -> pd.Index:
    values = _make_values(value["values"])
    index = pd.Index(values, dtype=values.dtype, name=value["name"])
    if isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex):
        return type(index)(index, freq=value["freq"])
    return index


def _make_many(value: dict[str, Any]) -> pd.MultiIndex:
    return pd.MultiIndex(**value)


def _take_dtype(dtype: Any) -> Any:
    if isinstance(dtype, pd.CategoricalDtype):
        return {"categories": dtype.categories, "ordered": dtype.ordered}
    if isinstance(dtype, pd.StringDtype):
        return {"storage": dtype.storage, "na": dtype.na_value is pd.NA}
    if pd.api.types.pandas_dtype(str(dtype)) != dtype:
        raise ModelFileError(
            f"The model cannot be saved: it holds the dtype {dtype!r}."
        )
    return str(dtype)


def _make_dtype(value: Any) -> Any:
    if isinstance(value, str):
        return pd.api.types.pandas_dtype(value)
    if "categories" in value:
        return pd.CategoricalDtype(**value)
    return pd.StringDtype(value["storage"], pd.NA if value["na"] else np.nan)


def _take_moment(moment: pd.Timestamp) -> list:
    zone = None if moment.tz is None else str(moment.tz)
    return [moment.asm8.view(np.int64).item(), moment.unit, zone]


def _make_moment(value: list) -> pd.Timestamp:
    count, unit, zone = value
    moment = pd.Timestamp(np.datetime64(count, unit))
    return moment if zone is None else moment.tz_localize("UTC").tz_convert(zone)


def _take_span(interval: pd.Interval) -> dict[str, Any]:
    return {"left": interval.left, "right": interval.right, "closed": interval.closed}


PARTS = (
    Part("pandas.DataFrame", named("frame.DataFrame"), _take_frame, _make_frame),
    Part("pandas.Series", named("series.Series"), _take_series, _make_series),
    Part(
        "pandas.Index",
        named(*(f"indexes.{path}" for path in INDEXES)),
        _take_index,
        _make_index,
    ),
    Part(
        "pandas.RangeIndex",
        named("indexes.range.RangeIndex"),
        lambda run: {
            "start": run.start,
            "stop": run.stop,
            "step": run.step,
            "name": run.name,
        },
        lambda value: pd.RangeIndex(**value),
    ),
    Part(
        "pandas.MultiIndex",
        named("indexes.multi.MultiIndex"),
        lambda many: {
            "levels": list(many.levels),
            "codes": [np.asarray(codes) for codes in many.codes],
            "names": list(many.names),
        },
        _make_many,
    ),
    Part(
        "pandas.dtype",
        (*named("dtypes.base.ExtensionDtype"), "pandas.api.extensions.ExtensionDtype"),
        _take_dtype,
        _make_dtype,
        True,
    ),
    Part(
        "pandas.array",
        (
            *named("arrays.base.ExtensionArray"),
            "pandas.api.extensions.ExtensionArray",
        ),
        lambda array: [_take_values(array)],
        _make_array,
        True,
    ),
    Part(
        "pandas.Timestamp",
        ("pandas._libs.tslibs.timestamps.Timestamp", "pandas.Timestamp"),
        _take_moment,
        _make_moment,
    ),
    Part(
        "pandas.Timedelta",
        ("pandas._libs.tslibs.timedeltas.Timedelta", "pandas.Timedelta"),
        lambda span: [span.asm8.view(np.int64).item(), span.unit],
        lambda value: pd.Timedelta(np.timedelta64(*value)),
    ),
    Part(
        "pandas.Interval",
        ("pandas._libs.interval.Interval", "pandas.Interval"),
        _take_span,
        lambda value: pd.Interval(**value),
    ),
    Part(
        "pandas.Period",
        ("pandas._libs.tslibs.period.Period", "pandas.Period"),
        lambda period: [str(period), period.freqstr],
        lambda value: pd.Period(value[0], freq=value[1]),
    ),
    Part(
        "pandas.NA",
        ("pandas._libs.missing.NAType", "pandas.api.typing.NAType"),
        lambda _: None,
        lambda _: pd.NA,
    ),
    Part(
        "pandas.NaT",
        ("pandas._libs.tslibs.nattype.NaTType", "pandas.api.typing.NaTType"),
        lambda _: None,
        lambda _: pd.NaT,
    ),
)
