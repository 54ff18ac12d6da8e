"""Short names of losses: the class name in snake case."""

import re
from typing import Any, TypeVar

from skensemble.core import nearest_name
from skensemble.losses._base import Loss

_Class = TypeVar("_Class")

# Names in other libraries, in lower case without punctuation.
_ELSEWHERE = {
    "binarycrossentropy": "log_loss",
    "crossentropy": "log_loss",
    "l1": "absolute_error",
    "l2": "squared_error",
    "logistic": "log_loss",
    "mae": "absolute_error",
    "mse": "squared_error",
    "pinball": "quantile",
    "squared": "squared_error",
}


def loss_names() -> dict[str, type[Loss]]:
    """Map each short name to its class.

    Returns
    -------
    names : dict of str to class
        All losses of this package whose parameters have defaults.
    """
    return {
        snake_case(cls.__name__): cls
        for cls in descendants(Loss)
        if cls.__module__.startswith("skensemble.losses.")
        and cls.__name__ != "CustomLoss"
    }


def as_loss(loss: Loss | str, **parameters: Any) -> Loss:
    """Return a loss, given by its short name or as an instance.

    Parameters
    ----------
    loss : Loss or str
        A loss, or its short name: "huber", "log_loss", ...
    **parameters : dict
        Parameters of the loss, if it is given by name.

    Returns
    -------
    loss : Loss
        The instance given, or a new one.
    """
    if isinstance(loss, Loss):
        return loss
    known = loss_names()
    if isinstance(loss, type) and issubclass(loss, Loss):
        raise ValueError(
            f"loss={loss.__name__} is a class; use an instance: {loss.__name__}()."
        )
    if callable(loss):
        raise ValueError(f"loss={loss!r} is a function; wrap it: CustomLoss(function).")
    if not isinstance(loss, str) or loss not in known:
        hint = did_you_mean(loss, sorted(known), _ELSEWHERE)
        raise ValueError(
            f"loss={loss!r} is not known; {hint}use a Loss or one of {sorted(known)}."
        )
    return known[loss](**parameters)


def did_you_mean(given: Any, known: list[str], elsewhere: dict[str, str]) -> str:
    """Suggest the nearest name for a message; "" if none is near.

    `elsewhere` maps names in other libraries, in lower case without punctuation, to
    ours.
    """
    found = nearest_name(given, known, elsewhere)
    if found is None:
        return ""
    return f"did you mean {found if '(' in found else repr(found)}? "


def snake_case(name: str) -> str:
    """Turn the name of a class into a short name."""
    # A capital starts a word unless it is within a run of capitals (KLDivergence).
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def descendants(cls: type[_Class]) -> list[type[_Class]]:
    """List all subclasses of a class, direct and indirect."""
    found: list[type[_Class]] = []
    for child in cls.__subclasses__():
        found += [child, *descendants(child)]
    return found
