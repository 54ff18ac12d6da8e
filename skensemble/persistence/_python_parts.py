"""Values of Python, NumPy and SciPy that JSON does not know."""

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
from skensemble.persistence._part import Part


def _take_partial(function: functools.partial) -> list:
    return [function.func, function.args, function.keywords]


def _make_partial(value: list) -> functools.partial:
    function, arguments, options = value
    return functools.partial(function, *arguments, **options)


def _make_default(value: list) -> collections.defaultdict:
    factory, items = value
    return collections.defaultdict(factory, items)


def _make_member(value: list) -> enum.Enum:
    kind, name = value
    if not (isinstance(kind, type) and issubclass(kind, enum.Enum)):
        raise ModelFileError(f"The file is damaged: {kind!r} has no member {name!r}.")
    return kind[name]


def _take_error(error: Exception) -> dict[str, Any]:
    told = {
        name: one
        for name, one in vars(error).items()
        if one is None or isinstance(one, bool | int | float | str)
    }
    return {"kind": type(error).__name__, "message": str(error), "told": told}


def _make_error(value: dict[str, Any]) -> Exception:
    """Make an error of Python, scikit-learn or ours; others are told as text."""
    name, message = value["kind"], value["message"]
    found = (getattr(home, name, None) for home in HOMES)
    kind = next((one for one in found if one is not None), None)
    if not (isinstance(kind, type) and issubclass(kind, Exception)):
        kind, message = RuntimeError, f"{name}: {message}"
    error = kind.__new__(kind)
    error.args = (message,)
    vars(error).update(value["told"])
    return error


def _take_duration(value: datetime.timedelta) -> list:
    return [value.days, value.seconds, value.microseconds]


def _take_offset(zone: datetime.timezone) -> list:
    offset, name = zone.utcoffset(None), zone.tzname(None)
    return (
        [offset] if name == datetime.timezone(offset).tzname(None) else [offset, name]
    )


def _take_place(zone: zoneinfo.ZoneInfo) -> str:
    if zone.key is None:
        raise ModelFileError(
            "The model cannot be saved: it holds a time zone without a name. Use one "
            "with a name, such as ZoneInfo('Europe/Paris')."
        )
    return zone.key


def _take_dtype(dtype: np.dtype) -> Any:
    if dtype.names or dtype.subdtype or np.dtype(dtype.str) != dtype:
        raise ModelFileError(
            f"The model cannot be saved: it holds the dtype {dtype}. Use a plain one."
        )
    return dtype.str


# Where the errors are that failed members leave behind.
HOMES = (builtins, exceptions, sklearn.exceptions)
SPLINE = ("t", "c", "k", "extrapolate", "axis")
PARTS = (
    Part("error", ("builtins.Exception",), _take_error, _make_error, True),
    Part(
        "complex",
        ("builtins.complex",),
        lambda z: [z.real, z.imag],
        lambda v: complex(*v),
    ),
    Part("bytearray", ("builtins.bytearray",), bytes, bytearray),
    Part("ellipsis", ("builtins.ellipsis",), lambda _: None, lambda _: ...),
    Part(
        "slice",
        ("builtins.slice",),
        lambda cut: [cut.start, cut.stop, cut.step],
        lambda value: slice(*value),
    ),
    Part(
        "range",
        ("builtins.range",),
        lambda run: [run.start, run.stop, run.step],
        lambda value: range(*value),
    ),
    Part("mappingproxy", ("builtins.mappingproxy",), dict, MappingProxyType),
    Part("ordered", ("collections.OrderedDict",), dict, collections.OrderedDict),
    Part(
        "default",
        ("collections.defaultdict",),
        lambda items: [items.default_factory, dict(items)],
        _make_default,
    ),
    Part("partial", ("functools.partial",), _take_partial, _make_partial),
    Part(
        "member", ("enum.Enum",), lambda one: [type(one), one.name], _make_member, True
    ),
    Part(
        "pattern",
        ("re.Pattern",),
        lambda pattern: [pattern.pattern, pattern.flags],
        lambda value: re.compile(*value),
    ),
    Part(
        "date",
        ("datetime.date",),
        datetime.date.isoformat,
        datetime.date.fromisoformat,
    ),
    Part(
        "datetime",
        ("datetime.datetime",),
        lambda moment: [moment.isoformat(), moment.fold],
        lambda value: datetime.datetime.fromisoformat(value[0]).replace(fold=value[1]),
    ),
    Part(
        "duration",
        ("datetime.timedelta",),
        _take_duration,
        lambda value: datetime.timedelta(*value),
    ),
    Part(
        "offset",
        ("datetime.timezone",),
        _take_offset,
        lambda value: datetime.timezone(*value),
    ),
    Part("zone", ("zoneinfo.ZoneInfo",), _take_place, zoneinfo.ZoneInfo),
    Part(
        "masked",
        ("numpy.ma.MaskedArray", "numpy.ma.core.MaskedArray"),
        lambda array: [array.data, np.ma.getmaskarray(array), array.fill_value],
        lambda value: np.ma.MaskedArray(value[0], value[1], fill_value=value[2]),
    ),
    Part(
        "spline",
        ("scipy.interpolate._bsplines.BSpline", "scipy.interpolate.BSpline"),
        lambda spline: [getattr(spline, name) for name in SPLINE],
        lambda value: BSpline(*value),
    ),
    Part("dtype", ("numpy.dtype",), _take_dtype, np.dtype, True),
)
