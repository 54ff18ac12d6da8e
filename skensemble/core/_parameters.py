"""Objects that hold parameters as scikit-learn estimators do, without being one."""

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any, Self


class ParameterHolder:
    """Parameters by name: `get_params`, `set_params`, `clone` and a `repr`.

    For losses, engines, schedules and stopping rules, which are searched as parameters
    of an estimator (``loss__delta``) but do not fit anything themselves. The constructor
    only stores its arguments under their own names.
    """

    @classmethod
    def _defaults(cls) -> dict[str, Any]:
        if cls.__init__ is object.__init__:
            return {}
        arguments = list(signature(cls).parameters.values())
        return {argument.name: argument.default for argument in arguments}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Get parameters by name.

        Parameters
        ----------
        deep : bool, default=True
            Those of parts that hold parameters too, as ``part__name``.

        Returns
        -------
        params : dict
            Parameters by name.
        """
        params = {name: getattr(self, name) for name in self._defaults()}
        if not deep:
            return params
        inner = {
            f"{name}__{key}": value
            for name, part in params.items()
            if hasattr(part, "get_params") and not isinstance(part, type)
            for key, value in part.get_params().items()
        }
        return params | inner

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name.

        Parameters
        ----------
        **params : dict
            Names as in the constructor, or ``part__name``.

        Returns
        -------
        self : object
            The object itself.
        """
        known = self._defaults()
        nested: dict[str, dict[str, Any]] = {}
        for key, value in params.items():
            name, inner, rest = key.partition("__")
            if name not in known:
                raise ValueError(
                    f"{type(self).__name__} has no parameter {name!r}; it has "
                    f"{list(known)}."
                )
            if inner:
                nested.setdefault(name, {})[rest] = value
            else:
                setattr(self, name, value)
        for name, part in nested.items():
            getattr(self, name).set_params(**part)
        return self

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        """Show the parameters that are not the default, as in the constructor."""
        given = [
            f"{name}={getattr(self, name)!r}"
            for name, default in self._defaults().items()
            if repr(getattr(self, name)) != repr(default)
        ]
        return f"{type(self).__name__}({', '.join(given)})"[:N_CHAR_MAX]


def expand_short_names(
    estimator: Any, params: Mapping[str, Any], readers: Mapping[str, Callable[..., Any]]
) -> None:
    """Replace short names by objects whose own parameters are about to be set.

    ``set_params(loss__delta=2.0)`` needs a loss object where the parameter is "huber".

    Parameters
    ----------
    estimator : estimator
        The estimator.
    params : dict
        The parameters to set, by name.
    readers : dict of str to callable
        By name of the parameter: a function that turns a short name into an object.
    """
    for name, read in readers.items():
        given = getattr(estimator, name)
        nested = any(key.startswith(f"{name}__") for key in params)
        if nested and name not in params and isinstance(given, str):
            setattr(estimator, name, read(given))
