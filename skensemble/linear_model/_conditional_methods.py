"""Methods that exist for some settings only, with a reason in the error message."""

from collections.abc import Callable
from functools import update_wrapper
from types import MethodType
from typing import Any


class AvailableIf:
    """Descriptor of a method that exists if a check passes.

    It differs from scikit-learn's `available_if` in the message, which has a reason.

    Parameters
    ----------
    method : callable
        The method.
    check : callable
        ``check(estimator)`` returns the reason why the method is missing, or None.
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
    """Decorate a method that exists if ``check(estimator)`` returns None."""
    return lambda method: AvailableIf(method, check)
