"""Methods that only some settings have, and say why where they are missing."""

from collections.abc import Callable
from functools import update_wrapper
from types import MethodType
from typing import Any


class AvailableIf:
    """A method that is there if a check passes; its message says why it is not.

    As scikit-learn's `available_if`, whose message holds no reason.

    Parameters
    ----------
    method : callable
        The method.
    check : callable
        ``check(estimator)`` gives the reason why there is no method, or None.
    """

    def __init__(
        self, method: Callable[..., Any], check: Callable[[Any], str | None]
    ) -> None:
        self._method, self._check = method, check
        update_wrapper(self, method)  # type: ignore[arg-type]

    def __get__(self, model: Any, owner: type) -> Any:
        """Bind the method, or raise an AttributeError with the reason."""
        if model is None:
            return self._method
        reason = self._check(model)
        if reason is not None:
            name = self._method.__name__
            raise AttributeError(
                f"This {owner.__name__!r} has no attribute {name!r}: {reason}"
            )
        return MethodType(self._method, model)


def available_if(
    check: Callable[[Any], str | None],
) -> Callable[[Callable[..., Any]], AvailableIf]:
    """Decorate a method that only some settings have.

    Parameters
    ----------
    check : callable
        ``check(estimator)`` gives the reason why there is no method, or None.

    Returns
    -------
    decorator : callable
    """
    return lambda method: AvailableIf(method, check)
