"""Objects with parameters like scikit-learn estimators, without a ``fit``."""

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any, Self


class ParameterHolder:
    """Base class of objects with parameters: `get_params`, `set_params` and `repr`.

    Losses, engines, schedules and stopping rules are nested parameters of an estimator
    (``loss__delta``) but are not estimators. The constructor only stores its arguments
    under their own names, so that :func:`sklearn.base.clone` works.
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
            Whether to include the parameters of nested objects, as ``object__name``.

        Returns
        -------
        params : dict
            The parameters by name.
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
            Names as in the constructor, or ``object__name``.

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
                    f"{type(self).__name__} has no parameter {name!r}; valid parameters "
                    f"are {list(known)}."
                )
            if inner:
                nested.setdefault(name, {})[rest] = value
            else:
                setattr(self, name, value)
        for name, part in nested.items():
            getattr(self, name).set_params(**part)
        return self

    def __repr__(self, N_CHAR_MAX: int = 700) -> str:
        """Show the constructor call with the parameters that are not defaults."""
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
