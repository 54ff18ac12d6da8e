"""Convert frames, series, indexes and dtypes of pandas."""

from typing import Any

import numpy as np
import pandas as pd

from skensemble.exceptions import ModelFileError
from skensemble.persistence._graph import Converter

INDEXES = (
    *("base.Index", "category.CategoricalIndex", "datetimes.DatetimeIndex"),
    *("interval.IntervalIndex", "period.PeriodIndex", "timedeltas.TimedeltaIndex"),
)


def pandas_names(*paths: str) -> tuple[str, ...]:
    """Return the old and new full names of classes given by path in pandas.core."""
    return tuple(
        name
        for path in paths
        for name in (f"pandas.core.{path}", f"pandas.{path.rpartition('.')[2]}")
    )


def _dump_values(values: Any) -> Any:
    """Convert the values of a column or an index to arrays."""
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


def _load_values(value: Any) -> Any:
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


def _load_array(value: list) -> Any:
    values = _load_values(value[0])
    return pd.array(values) if isinstance(values, np.ndarray) else values


def _dump_series(series: pd.Series) -> dict[str, Any]:
    return {
        "values": _dump_values(series.array),
        "index": series.index,
        "name": series.name,
    }


def _load_series(value: dict[str, Any]) -> pd.Series:
    values = _load_values(value["values"])
    return pd.Series(
        values, index=value["index"], name=value["name"], dtype=values.dtype
    )


def _dump_frame(frame: pd.DataFrame) -> dict[str, Any]:
    return {
        "columns": frame.columns,
        "index": frame.index,
        "values": [_dump_values(frame.iloc[:, j].array) for j in range(frame.shape[1])],
    }


def _load_frame(value: dict[str, Any]) -> pd.DataFrame:
    index = value["index"]
    columns = [_load_values(one) for one in value["values"]]
    frame = pd.DataFrame(
        {
            j: pd.Series(column, index=index, dtype=column.dtype)
            for j, column in enumerate(columns)
        },
        index=index,
    )
    frame.columns = value["columns"]
    return frame


def _dump_index(index: pd.Index) -> dict[str, Any]:
    return {
        "values": _dump_values(index.array),
        "name": index.name,
        "freq": getattr(index, "freqstr", None),
    }


def _load_index(value: dict[str, Any]) -> pd.Index:
    values = _load_values(value["values"])
    index = pd.Index(values, dtype=values.dtype, name=value["name"])
    if isinstance(index, pd.DatetimeIndex | pd.TimedeltaIndex):
        return type(index)(index, freq=value["freq"])
    return index


def _load_multi_index(value: dict[str, Any]) -> pd.MultiIndex:
    return pd.MultiIndex(**value)


def _dump_dtype(dtype: Any) -> Any:
    if isinstance(dtype, pd.CategoricalDtype):
        return {"categories": dtype.categories, "ordered": dtype.ordered}
    if isinstance(dtype, pd.StringDtype):
        return {"storage": dtype.storage, "na": dtype.na_value is pd.NA}
    if pd.api.types.pandas_dtype(str(dtype)) != dtype:
        raise ModelFileError(
            f"The model cannot be saved: it holds the dtype {dtype!r}, which pandas "
            "cannot create from its name."
        )
    return str(dtype)


def _load_dtype(value: Any) -> Any:
    if isinstance(value, str):
        return pd.api.types.pandas_dtype(value)
    if "categories" in value:
        return pd.CategoricalDtype(**value)
    return pd.StringDtype(value["storage"], pd.NA if value["na"] else np.nan)


def _dump_timestamp(moment: pd.Timestamp) -> list:
    zone = None if moment.tz is None else str(moment.tz)
    return [moment.asm8.view(np.int64).item(), moment.unit, zone]


def _load_timestamp(value: list) -> pd.Timestamp:
    count, unit, zone = value
    moment = pd.Timestamp(np.datetime64(count, unit))
    return moment if zone is None else moment.tz_localize("UTC").tz_convert(zone)


def _dump_interval(interval: pd.Interval) -> dict[str, Any]:
    return {"left": interval.left, "right": interval.right, "closed": interval.closed}


CONVERTERS = (
    Converter(
        "pandas.DataFrame", pandas_names("frame.DataFrame"), _dump_frame, _load_frame
    ),
    Converter(
        "pandas.Series", pandas_names("series.Series"), _dump_series, _load_series
    ),
    Converter(
        "pandas.Index",
        pandas_names(*(f"indexes.{path}" for path in INDEXES)),
        _dump_index,
        _load_index,
    ),
    Converter(
        "pandas.RangeIndex",
        pandas_names("indexes.range.RangeIndex"),
        lambda run: {
            "start": run.start,
            "stop": run.stop,
            "step": run.step,
            "name": run.name,
        },
        lambda value: pd.RangeIndex(**value),
    ),
    Converter(
        "pandas.MultiIndex",
        pandas_names("indexes.multi.MultiIndex"),
        lambda many: {
            "levels": list(many.levels),
            "codes": [np.asarray(codes) for codes in many.codes],
            "names": list(many.names),
        },
        _load_multi_index,
    ),
    Converter(
        "pandas.dtype",
        (
            *pandas_names("dtypes.base.ExtensionDtype"),
            "pandas.api.extensions.ExtensionDtype",
        ),
        _dump_dtype,
        _load_dtype,
        True,
    ),
    Converter(
        "pandas.array",
        (
            *pandas_names("arrays.base.ExtensionArray"),
            "pandas.api.extensions.ExtensionArray",
        ),
        lambda array: [_dump_values(array)],
        _load_array,
        True,
    ),
    Converter(
        "pandas.Timestamp",
        ("pandas._libs.tslibs.timestamps.Timestamp", "pandas.Timestamp"),
        _dump_timestamp,
        _load_timestamp,
    ),
    Converter(
        "pandas.Timedelta",
        ("pandas._libs.tslibs.timedeltas.Timedelta", "pandas.Timedelta"),
        lambda span: [span.asm8.view(np.int64).item(), span.unit],
        lambda value: pd.Timedelta(np.timedelta64(*value)),
    ),
    Converter(
        "pandas.Interval",
        ("pandas._libs.interval.Interval", "pandas.Interval"),
        _dump_interval,
        lambda value: pd.Interval(**value),
    ),
    Converter(
        "pandas.Period",
        ("pandas._libs.tslibs.period.Period", "pandas.Period"),
        lambda period: [str(period), period.freqstr],
        lambda value: pd.Period(value[0], freq=value[1]),
    ),
    Converter(
        "pandas.NA",
        ("pandas._libs.missing.NAType", "pandas.api.typing.NAType"),
        lambda _: None,
        lambda _: pd.NA,
    ),
    Converter(
        "pandas.NaT",
        ("pandas._libs.tslibs.nattype.NaTType", "pandas.api.typing.NaTType"),
        lambda _: None,
        lambda _: pd.NaT,
    ),
)
