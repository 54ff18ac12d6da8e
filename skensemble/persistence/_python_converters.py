"""Convert objects of Python, NumPy and SciPy that JSON cannot store."""

import builtins
import collections
import datetime
import enum
import functools
import re
import zoneinfo
from types import MappingProxyType
from typing import Any

import numpy as np
import sklearn.exceptions
from scipy.interpolate import BSpline

from skensemble import exceptions
from skensemble.exceptions import ModelFileError
from skensemble.persistence._graph import Converter


def _dump_partial(function: functools.partial) -> list:
    return [function.func, function.args, function.keywords]


def _load_partial(value: list) -> functools.partial:
    function, arguments, options = value
    return functools.partial(function, *arguments, **options)


def _load_defaultdict(value: list) -> collections.defaultdict:
    factory, items = value
    return collections.defaultdict(factory, items)


def _load_enum(value: list) -> enum.Enum:
    kind, name = value
    if not (isinstance(kind, type) and issubclass(kind, enum.Enum)):
        raise ModelFileError(f"The file is damaged: {kind!r} has no member {name!r}.")
    return kind[name]


def _dump_error(error: Exception) -> dict[str, Any]:
    attributes = {
        name: one
        for name, one in vars(error).items()
        if one is None or isinstance(one, bool | int | float | str)
    }
    return {
        "kind": type(error).__name__,
        "message": str(error),
        "attributes": attributes,
    }


def _load_error(value: dict[str, Any]) -> Exception:
    """Create an error of Python, scikit-learn or skensemble, or a RuntimeError."""
    name, message = value["kind"], value["message"]
    found = (getattr(home, name, None) for home in ERROR_MODULES)
    kind = next((one for one in found if one is not None), None)
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        kind, message = RuntimeError, f"{name}: {message}"
    error = kind.__new__(kind)
    error.args = (message,)
    vars(error).update(value["attributes"])
    return error


def _dump_duration(value: datetime.timedelta) -> list:
    return [value.days, value.seconds, value.microseconds]


def _dump_offset(zone: datetime.timezone) -> list:
    offset, name = zone.utcoffset(None), zone.tzname(None)
    return (
        [offset] if name == datetime.timezone(offset).tzname(None) else [offset, name]
    )


def _dump_zone(zone: zoneinfo.ZoneInfo) -> str:
    if zone.key is None:
        raise ModelFileError(
            "The model cannot be saved: it holds a time zone without a name. Use a named "
            "time zone, such as ZoneInfo('Europe/Paris')."
        )
    return zone.key


def _dump_dtype(dtype: np.dtype) -> Any:
    if dtype.names or dtype.subdtype or np.dtype(dtype.str) != dtype:
        raise ModelFileError(
            f"The model cannot be saved: it holds the dtype {dtype}. Use a dtype without "
            "fields, shape or metadata."
        )
    return dtype.str


# Modules of the errors that are saved with members that failed.
ERROR_MODULES = (builtins, exceptions, sklearn.exceptions)
SPLINE_ATTRIBUTES = ("t", "c", "k", "extrapolate", "axis")
CONVERTERS = (
    Converter("error", ("builtins.Exception",), _dump_error, _load_error, True),
    Converter(
        "complex",
        ("builtins.complex",),
        lambda z: [z.real, z.imag],
        lambda v: complex(*v),
    ),
    Converter("bytearray", ("builtins.bytearray",), bytes, bytearray),
    Converter("ellipsis", ("builtins.ellipsis",), lambda _: None, lambda _: ...),
    Converter(
        "slice",
        ("builtins.slice",),
        lambda cut: [cut.start, cut.stop, cut.step],
        lambda value: slice(*value),
    ),
    Converter(
        "range",
        ("builtins.range",),
        lambda run: [run.start, run.stop, run.step],
        lambda value: range(*value),
    ),
    Converter("mappingproxy", ("builtins.mappingproxy",), dict, MappingProxyType),
    Converter("ordered", ("collections.OrderedDict",), dict, collections.OrderedDict),
    Converter(
        "default",
        ("collections.defaultdict",),
        lambda items: [items.default_factory, dict(items)],
        _load_defaultdict,
    ),
    Converter("partial", ("functools.partial",), _dump_partial, _load_partial),
    Converter(
        "member", ("enum.Enum",), lambda one: [type(one), one.name], _load_enum, True
    ),
    Converter(
        "pattern",
        ("re.Pattern",),
        lambda pattern: [pattern.pattern, pattern.flags],
        lambda value: re.compile(*value),
    ),
    Converter(
        "date",
        ("datetime.date",),
        datetime.date.isoformat,
        datetime.date.fromisoformat,
    ),
    Converter(
        "datetime",
        ("datetime.datetime",),
        lambda moment: [moment.isoformat(), moment.fold],
        lambda value: datetime.datetime.fromisoformat(value[0]).replace(fold=value[1]),
    ),
    Converter(
        "duration",
        ("datetime.timedelta",),
        _dump_duration,
        lambda value: datetime.timedelta(*value),
    ),
    Converter(
        "offset",
        ("datetime.timezone",),
        _dump_offset,
        lambda value: datetime.timezone(*value),
    ),
    Converter("zone", ("zoneinfo.ZoneInfo",), _dump_zone, zoneinfo.ZoneInfo),
    Converter(
        "masked",
        ("numpy.ma.MaskedArray", "numpy.ma.core.MaskedArray"),
        lambda array: [array.data, np.ma.getmaskarray(array), array.fill_value],
        lambda value: np.ma.MaskedArray(value[0], value[1], fill_value=value[2]),
    ),
    Converter(
        "spline",
        ("scipy.interpolate._bsplines.BSpline", "scipy.interpolate.BSpline"),
        lambda spline: [getattr(spline, name) for name in SPLINE_ATTRIBUTES],
        lambda value: BSpline(*value),
    ),
    Converter("dtype", ("numpy.dtype",), _dump_dtype, np.dtype, True),
)
