"""Errors of arguments, files and columns that the user can correct: exit code 2."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from skensemble.core import nearest

# Names of options by the parameter that messages of the library name.
_OPTIONS = {
    "scoring": "--metric",
    "time_limit": "--time-limit",
    "n_jobs": "--jobs",
    "preset": "--preset",
    "memory": "--memory",
    "kinds": "--kinds",
    "separator": "--separator",
    "encoding": "--encoding",
    "decimal": "--decimal",
    "missing": "--missing",
}
_MAX_SHOWN = 20
# kinds={'zip': 'category'}, as messages of the library write it.
_KINDS = re.compile(r"kinds=\{([^{}]*)\}")
_KIND = re.compile(r"('[^']*'|\"[^\"]*\"): '([\w-]+)'")


class UsageError(Exception):
    """Arguments, files or columns that cannot be used: exit code 2."""


def check_known(option: str, name: str, known: Iterable[str], what: str) -> None:
    """Refuse a name that is not known, and suggest the nearest known one.

    Parameters
    ----------
    option : str
        The option, such as "--target".
    name : str
        Its value.
    known : iterable of str
        The known names.
    what : str
        What the names are, such as "a column of train.csv".
    """
    names = list(known)
    if name in names:
        return
    shown = ", ".join(map(repr, names[:_MAX_SHOWN]))
    more = f" and {len(names) - _MAX_SHOWN} more" if len(names) > _MAX_SHOWN else ""
    raise UsageError(
        f"{option} {name!r} is not {what}.{nearest(name, names)} Known: {shown}{more}."
    )


@contextmanager
def as_usage_errors(*kinds: type[Exception]) -> Iterator[None]:
    """Raise errors of some types as usage errors that name options, not parameters."""
    try:
        yield
    except kinds as error:
        raise UsageError(with_options(str(error))) from error


def with_options(message: str) -> str:
    """Replace the names of parameters in a message by those of the options."""
    message = _KINDS.sub(_kinds_option, message)
    for parameter, option in _OPTIONS.items():
        message = message.replace(f"{parameter}=", f"{option} ")
    return message


def _kinds_option(found: re.Match[str]) -> str:
    kinds = _KIND.findall(found[1])
    options = [f"--kinds {column}={kind}" for column, kind in kinds]
    return " ".join(options) or "--kinds COLUMN=KIND"
