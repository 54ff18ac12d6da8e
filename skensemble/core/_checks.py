"""Wrong parameters, refused with the name, the value and the way out."""

from difflib import get_close_matches
from numbers import Integral, Real
from typing import Any

from sklearn.utils import check_random_state


def check_choice(name: str, value: Any, known: list[Any]) -> None:
    """Refuse a value that is not among those known."""
    if not any(value is option or value == option for option in known):
        raise ValueError(
            f"{name}={value!r} is not known; use one of {known}.{nearest(value, known)}"
        )


def nearest(value: Any, known: list[Any]) -> str:
    """Ask whether a name that is close was meant, where one is."""
    names = [one for one in known if isinstance(one, str)]
    found = get_close_matches(str(value), names, n=1)
    return f" Did you mean {found[0]!r}?" if found else ""


def check_whole(name: str, value: Any, lowest: int) -> None:
    """Refuse what is no whole number, or one too low."""
    if not isinstance(value, Integral) or isinstance(value, bool) or value < lowest:
        raise ValueError(f"{name}={value!r} must be a whole number, {lowest} or more.")


def check_share(name: str, value: Any, *, of: str, all_of_it: bool = False) -> None:
    """Refuse what is no share, with or without the whole."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not number or not (0 < value < 1 or (all_of_it and value == 1)):
        end = " or be 1" if all_of_it else ""
        raise ValueError(
            f"{name}={value!r} must lie between 0 and 1{end} (a share of {of})."
        )


def check_seconds(name: str, value: Any) -> None:
    """Refuse what is no time to wait; None is for ever."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    if value is not None and not (number and value > 0):
        raise ValueError(
            f"{name}={value!r} should be a number of seconds above 0, or None."
        )


def check_jobs(n_jobs: Any) -> None:
    """Refuse what is no number of cores."""
    if n_jobs is not None and (not isinstance(n_jobs, Integral) or n_jobs == 0):
        raise ValueError(
            f"n_jobs={n_jobs!r} is no number of cores; use 1 or more, -1 for all of "
            "them, or None."
        )


def check_seed(random_state: Any) -> None:
    """Refuse what cannot seed anything."""
    if isinstance(random_state, Integral):
        return
    try:
        check_random_state(random_state)
    except ValueError as error:
        raise ValueError(
            f"random_state={random_state!r} cannot seed anything; use a whole number, a "
            "RandomState or None."
        ) from error
