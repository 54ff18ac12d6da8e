"""A loss from plain functions."""

from collections.abc import Mapping
from inspect import signature
from typing import Any

import numpy as np
from joblib import wrap_non_picklable_objects

from skensemble.losses._base import Loss
from skensemble.losses._differences import curvature, slope, slope_of_gradient
from skensemble.losses._links import Link, as_link

_TASKS = {
    "identity": ("regression", "multioutput"),
    "log": ("regression", "multioutput"),
    "logit": ("binary", "multilabel"),
    "softmax": ("multiclass",),
}


class CustomLoss(Loss):
    """A loss from plain functions; missing derivatives are computed numerically.

    It can be pickled, also with lambdas and local functions (which are stored by
    value). For a loss with parameters to search, or in a library, write a subclass of
    `Loss`.

    Read more in the :ref:`User Guide <guide_custom_losses>`.

    Parameters
    ----------
    value : callable
        ``value(y, raw)`` returns the loss per row (or per entry), without weights.
    gradient : callable or None, default=None
        ``gradient(y, raw)``, of the shape of `raw`; None: central differences.
    hessian : callable or None, default=None
        ``hessian(y, raw)``, of the shape of `raw`, zero or above; None: differences of
        the gradient (ones where `smooth` is False).
    link : {"identity", "log", "logit", "softmax"} or Link, default="identity"
        From raw output to mean or probability.
    start : callable or None, default=None
        ``start(y, sample_weight)``: the best constant raw output; None: searched.
    leaf : callable or None, default=None
        ``leaf(y, raw, sample_weight)``: the best constant step for a group of rows. If
        given, trees set their leaf values by it. None: searched if needed.
    smooth : bool, default=True
        False for a loss with jumps of its gradient: trees then use a hessian of one and
        set their leaf values by `leaf`.
    tasks : sequence of str or None, default=None
        The supported tasks: "regression", "multioutput", "binary", "multiclass",
        "multilabel". None: regression for the links "identity" and "log", binary and
        multilabel for "logit", multiclass for "softmax".

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.losses import CustomLoss
    >>> def fourth(y, raw):
    ...     return (raw - y) ** 4
    >>> loss = CustomLoss(fourth)
    >>> loss.derived
    ['gradient', 'hessian', 'start', 'leaf']
    >>> loss.gradient(np.zeros(1), np.ones(1)).round(6)
    array([4.])
    """

    def __init__(
        self,
        value,
        gradient=None,
        hessian=None,
        link="identity",
        start=None,
        leaf=None,
        *,
        smooth=True,
        tasks=None,
    ):
        # Not stored under their own names: those are the methods of every loss.
        self._given = {
            "value": value,
            "gradient": gradient,
            "hessian": hessian,
            "link": link,
            "start": start,
            "leaf": leaf,
            "smooth": smooth,
            "tasks": tasks,
        }

    def get_params(self, deep=True):
        """Get the functions and options.

        Parameters
        ----------
        deep : bool, default=True
            Ignored, because nothing is nested.

        Returns
        -------
        params : dict
            The functions and options by name.
        """
        return dict(self._given)

    def set_params(self, **params):
        """Set functions and options.

        Parameters
        ----------
        **params : dict
            As in the constructor.

        Returns
        -------
        self : CustomLoss
            The loss itself.
        """
        unknown = sorted(set(params) - set(self._given))
        if unknown:
            raise ValueError(
                f"CustomLoss has no parameter {unknown[0]!r}; valid parameters are "
                f"{list(self._given)}."
            )
        self._given = self._given | params
        return self

    def __getstate__(self):
        """Pickle lambdas and local functions by value, others by name."""
        state = super().__getstate__()
        given = {name: _by_value(one) for name, one in self._given.items()}
        return {**state, "_given": given}

    def __repr__(self, N_CHAR_MAX=700):
        """Show the arguments, functions by their names."""
        shown = [
            f"{name}={getattr(given, '__qualname__', repr(given))}"
            for name, given in self._given.items()
            if name == "value" or given != _DEFAULTS[name]
        ]
        return f"CustomLoss({', '.join(shown)})"[:N_CHAR_MAX]

    @property
    def derives_hessian(self) -> bool:
        """Whether its hessian is found by differences."""
        return self.smooth and self._given["hessian"] is None

    @property
    def derived(self) -> list[str]:
        """Names of the functions that are computed numerically."""
        names = ("gradient", "hessian", "start", "leaf")
        return [name for name in names if self._given[name] is None]

    @property
    def links(self) -> Mapping[str, Link]:  # type: ignore[override]
        """The link for each supported task."""
        link = as_link(self._given["link"])
        tasks = self._given["tasks"]
        if tasks is None:
            tasks = _TASKS.get(link.name, _TASKS["identity"])
        return dict.fromkeys(tasks, link)

    @property
    def smooth(self) -> bool:  # type: ignore[override]
        """Whether its gradient has no jumps."""
        return bool(self._given["smooth"])

    @property
    def renews_leaves(self) -> bool:
        """Whether trees should set the values of their leaves by `leaf`."""
        return not self.smooth or self._given["leaf"] is not None

    def check(self, y):
        """Refuse arguments that are not callable."""
        as_link(self._given["link"])
        for name in ("value", "gradient", "hessian", "start", "leaf"):
            given = self._given[name]
            if not callable(given) and not (given is None and name != "value"):
                raise ValueError(f"{name}={given!r} must be a function.")

    def pointwise(self, y, raw):
        """Loss of each row, or of each entry."""
        each = np.asarray(self._given["value"](y, raw))
        if each.shape[:1] != raw.shape[:1]:
            raise ValueError(
                f"value={self._given['value']!r} returned an array of shape {each.shape} "
                f"for {len(raw)} rows; it must return the loss per row (no mean)."
            )
        return each

    def gradient(self, y, raw):
        """Slope, as given or by differences."""
        if self._given["gradient"] is None:
            return slope(lambda at: self.pointwise(y, at), raw)
        return self._shaped("gradient", y, raw)

    def hessian(self, y, raw):
        """Second derivative, as given or by differences, or one."""
        if self._given["hessian"] is not None:
            return self._shaped("hessian", y, raw)
        if not self.smooth:
            return np.ones_like(raw)
        if self._given["gradient"] is None:
            return np.maximum(curvature(lambda at: self.pointwise(y, at), raw), 0)
        found = slope_of_gradient(lambda at: self.gradient(y, at), raw)
        return np.maximum(found, 0)

    def start(self, y, sample_weight=None, width=None):
        """Best constant raw output, as given or searched."""
        if self._given["start"] is None:
            return super().start(y, sample_weight, width)
        return self._given["start"](y, sample_weight)

    def leaf(self, y, raw, sample_weight=None):
        """Best constant step, as given or searched."""
        if self._given["leaf"] is None:
            return super().leaf(y, raw, sample_weight)
        return self._given["leaf"](y, raw, sample_weight)

    def _shaped(self, name, y, raw):
        found = np.asarray(self._given[name](y, raw))
        if found.shape != raw.shape:
            raise ValueError(
                f"{name}={self._given[name]!r} returned an array of shape {found.shape}; "
                f"it must have the shape of the raw output, {raw.shape}."
            )
        return found


def _by_value(given: Any) -> Any:
    name = getattr(given, "__qualname__", "")
    return wrap_non_picklable_objects(given) if "<" in name else given


_DEFAULTS = {
    name: parameter.default
    for name, parameter in signature(CustomLoss).parameters.items()
}
