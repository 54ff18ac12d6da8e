"""Losses of targets that are shifted and divided by a constant."""

from typing import Any

from skensemble.losses._base import Loss
from skensemble.losses._regression import (
    AbsoluteError,
    Expectile,
    Huber,
    LogCosh,
    MultiQuantile,
    Quantile,
    SquaredError,
)

# These losses are homogeneous: in other units they differ by a factor only.
_HOMOGENEOUS: tuple[type, ...] = (
    SquaredError,
    AbsoluteError,
    Quantile,
    MultiQuantile,
    Expectile,
)


def loss_in_units(loss: Loss, unit: Any) -> Loss | None:
    r"""Return the loss of targets and raw outputs in other units.

    For a shift :math:`c` and a unit :math:`u`, the loss :math:`\ell` and the loss
    :math:`\ell_u` that is returned satisfy

    .. math:: \ell(y, f) \propto \ell_u\left(\frac{y - c}{u}, \frac{f - c}{u}\right)

    Parameters
    ----------
    loss : Loss
        The loss.
    unit : float or ndarray of shape (n_outputs,)
        The unit :math:`u`.

    Returns
    -------
    loss : Loss or None
        None if the loss changes with a shift, or if no loss is known for this unit.
    """
    # Exact classes only: a subclass may compute something else.
    if type(loss) in _HOMOGENEOUS:
        return loss
    one = getattr(unit, "ndim", 0) == 0
    if type(loss) is Huber and (loss.quantile is not None or one):
        return loss if loss.quantile is not None else Huber(loss.delta / unit)
    if type(loss) is LogCosh and one and unit == 1:
        return loss
    return None
