"""Optimizers by name."""

from typing import Any

from skensemble.optim._adaptive import AdaGrad, Adam, AdamW, RMSProp
from skensemble.optim._optimizers import (
    SGD,
    GradientDescent,
    Momentum,
    Nesterov,
    Optimizer,
)


def optimizer_names() -> dict[str, type[Optimizer]]:
    """Map each short name to its class.

    Returns
    -------
    names : dict of str to class
        Every optimizer of this package.

    Examples
    --------
    >>> from skensemble.optim import optimizer_names
    >>> sorted(optimizer_names())[:4]
    ['adagrad', 'adam', 'adamw', 'gradient_descent']
    """
    return {
        "adagrad": AdaGrad,
        "adam": Adam,
        "adamw": AdamW,
        "gradient_descent": GradientDescent,
        "momentum": Momentum,
        "nesterov": Nesterov,
        "rmsprop": RMSProp,
        "sgd": SGD,
    }


def as_optimizer(optimizer: Any, **parameters: Any) -> Optimizer:
    """Return an optimizer, given by its short name or as an instance.

    Parameters
    ----------
    optimizer : Optimizer or str
        An optimizer, or its short name: "adam", "sgd", ...
    **parameters : dict
        Parameters of the optimizer, if it is given by name.

    Returns
    -------
    optimizer : Optimizer
        The instance given, or a new one.

    Examples
    --------
    >>> from skensemble.optim import as_optimizer
    >>> as_optimizer("adam", learning_rate=0.01)
    Adam(learning_rate=0.01)
    """
    if isinstance(optimizer, Optimizer):
        return optimizer
    known = optimizer_names()
    if isinstance(optimizer, type) and issubclass(optimizer, Optimizer):
        raise ValueError(
            f"optimizer={optimizer.__name__} is a class; use an instance: "
            f"{optimizer.__name__}()."
        )
    if not isinstance(optimizer, str) or optimizer not in known:
        raise ValueError(
            f"optimizer={optimizer!r} is not known; use an Optimizer or one of "
            f"{sorted(known)}."
        )
    return known[optimizer](**parameters)
