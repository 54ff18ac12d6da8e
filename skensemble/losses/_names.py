"""Losses by name: each class is known by its own name in snake case."""

import re
from typing import Any

from skensemble.core._checks import nearest_name
from skensemble.losses._base import Loss

# What others call them, without capitals and signs.
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
        Every loss of this package that constructs without arguments.
    """
    return {
        _snake(cls.__name__): cls
        for cls in _descendants(Loss)
        if cls.__module__.startswith("skensemble.losses.")
        and cls.__name__ != "CustomLoss"
    }


def as_loss(loss: Loss | str, **parameters: Any) -> Loss:
    """Find a loss by its name, or take it as it is.

    Parameters
    ----------
    loss : Loss or str
        A loss, or its name: "huber", "log_loss", ...
    **parameters : dict
        Parameters of a loss named.

    Returns
    -------
    loss : Loss
        The loss itself, or a new one for a name.
    """
    if isinstance(loss, Loss):
        return loss
    known = loss_names()
    if isinstance(loss, type) and issubclass(loss, Loss):
        raise ValueError(
            f"loss={loss.__name__} is a class; give one: {loss.__name__}()."
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
    """Ask after the name that is nearest, for a message; "" where none is near.

    Parameters
    ----------
    given : object
        What is not known.
    known : list of str
        The names.
    elsewhere : dict of str to str
        What others call them, in small letters and digits only, to what to write.

    Returns
    -------
    question : str
    """
    found = nearest_name(given, known, elsewhere)
    if found is None:
        return ""
    return f"did you mean {found if '(' in found else repr(found)}? "


def _snake(name: str) -> str:
    # A capital starts a word unless it is within a run of capitals (KLDivergence).
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def _descendants(cls: type[Loss]) -> list[type[Loss]]:
    found: list[type[Loss]] = []
    for child in cls.__subclasses__():
        found += [child, *_descendants(child)]
    return found
