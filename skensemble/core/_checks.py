"""Checks of parameters; messages name the parameter, the value and a fix."""

import re
from difflib import get_close_matches
from numbers import Integral, Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state


def check_choice(name: str, value: Any, known: list[Any]) -> None:
    """Refuse a value that is not one of the known options."""
    if not any(value is option or value == option for option in known):
        raise ValueError(
            f"{name}={value!r} is not known; use one of {known}.{nearest(value, known)}"
        )


def nearest(value: Any, known: list[Any]) -> str:
    """Suggest the nearest known name, if one is near."""
    found = nearest_name(value, [one for one in known if isinstance(one, str)])
    return f" Did you mean {found!r}?" if found else ""


def nearest_name(
    given: Any, known: list[str], elsewhere: dict[str, str] | None = None
) -> str | None:
    """Return the nearest known name, if one is near.

    `elsewhere` maps names of other libraries, in lower case without punctuation, to
    ours.
    """
    if not isinstance(given, str):
        return None
    plain = {_plain(name): name for name in known} | (elsewhere or {})
    near = get_close_matches(_plain(given), plain, n=1, cutoff=0.7)
    return plain[near[0]] if near else None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def check_whole(name: str, value: Any, lowest: int) -> None:
    """Refuse a value that is not a whole number, or is too low."""
    check_number(name, value, lowest, whole=True)


def check_number(
    name: str, value: Any, low: float, high: float | None = None, *, whole: bool = False
) -> None:
    """Refuse a value that is not a number between two limits, both included."""
    kind: Any = Integral if whole else Real
    good = isinstance(value, kind) and not isinstance(value, bool) and value >= low
    if not good or (high is not None and value > high):
        limits = f"{low} or more" if high is None else f"between {low} and {high}"
        what = "a whole number" if whole else "a number"
        raise ValueError(f"{name}={value!r} must be {what}, {limits}.")


def check_flag(name: str, value: Any) -> None:
    """Refuse a value that is neither True nor False."""
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{name}={value!r} must be True or False.")


def check_share(name: str, value: Any, *, of: str, all_of_it: bool = False) -> None:
    """Refuse a value that is not a share between 0 and 1; 1 only if `all_of_it`."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not number or not (0 < value < 1 or (all_of_it and value == 1)):
        end = " or be 1" if all_of_it else ""
        raise ValueError(
            f"{name}={value!r} must lie between 0 and 1{end} (a share of {of})."
        )


def check_seconds(name: str, value: Any) -> None:
    """Refuse a value that is not a positive number of seconds or None."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    if value is not None and not (number and value > 0):
        raise ValueError(
            f"{name}={value!r} must be a number of seconds above 0, or None."
        )


def check_jobs(n_jobs: Any) -> None:
    """Refuse a value that is not a number of cores."""
    if n_jobs is not None and (not isinstance(n_jobs, Integral) or n_jobs == 0):
        raise ValueError(
            f"n_jobs={n_jobs!r} is not a number of cores; use 1 or more, -1 for all "
            "cores, or None."
        )


def check_seed(random_state: Any) -> None:
    """Refuse a value that is not a valid ``random_state``."""
    if isinstance(random_state, Integral):
        return
    try:
        check_random_state(random_state)
    except ValueError as error:
        raise ValueError(
            f"random_state={random_state!r} cannot be used as a seed; use a whole "
            "number, a RandomState or None."
        ) from error


def check_quantile_levels(quantiles: Any, *, ends: bool = True) -> NDArray[Any]:
    """Turn levels into an array; refuse levels outside of 0 to 1.

    Parameters
    ----------
    quantiles : float or array-like of float
        The levels.
    ends : bool, default=True
        Whether 0 and 1 themselves are levels.

    Returns
    -------
    levels : ndarray of shape (n_levels,) or ()
    """
    try:
        levels = np.asarray(quantiles, dtype=float)
    except (TypeError, ValueError):
        levels = np.array([])
    inside = (levels >= 0) & (levels <= 1) if ends else (levels > 0) & (levels < 1)
    if levels.ndim > 1 or levels.size == 0 or not inside.all():
        between = "between 0 and 1" if ends else "strictly between 0 and 1"
        raise ValueError(
            f"quantiles={quantiles!r} must be one number or a list of numbers "
            f"{between}; use levels such as [0.05, 0.5, 0.95]."
        )
    return levels
