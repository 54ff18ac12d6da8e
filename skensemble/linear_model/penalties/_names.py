"""Short names of penalties: the class name in snake case."""

import re
from inspect import signature
from typing import Any, ClassVar, Self

from skensemble.linear_model.penalties._base import Penalty
from skensemble.linear_model.penalties._elastic_net import NoPenalty
from skensemble.losses import did_you_mean

# Short names that differ from the class name in snake case.
_USUAL = {"NoPenalty": "none", "ElasticNetPenalty": "elasticnet"}
# Names in other libraries, in lower case without punctuation.
_ELSEWHERE = {
    "enet": "elasticnet",
    "group": "GroupLasso(groups=...)",
    "grouplasso": "GroupLasso(groups=...)",
    "lasso": "l1",
    "ridge": "l2",
    "sparsegrouplasso": "SparseGroupLasso(groups=...)",
}


class NestedPenalty(Penalty):
    """Base class of penalties with an inner penalty, which may be a short name."""

    _part: ClassVar[str] = "penalty"

    def set_params(self, **params: Any) -> Self:
        """Set parameters, including those of the inner penalty.

        Parameters
        ----------
        **params : dict
            Names as in the constructor, or ``part__name``.

        Returns
        -------
        self : object
            The object itself.
        """
        given = getattr(self, self._part)
        nested = any(key.startswith(f"{self._part}__") for key in params)
        if nested and isinstance(given, str):
            setattr(self, self._part, as_penalty(given))
        return super().set_params(**params)


def penalty_names() -> dict[str, type[Penalty]]:
    """Map each short name to its class.

    Returns
    -------
    names : dict of str to class
        All penalties of this package whose parameters have defaults.

    Examples
    --------
    >>> from skensemble.linear_model.penalties import penalty_names
    >>> penalty_names()["elasticnet"].__name__
    'ElasticNetPenalty'
    """
    return {
        _USUAL.get(cls.__name__, _snake(cls.__name__)): cls
        for cls in _descendants(Penalty)
        if cls.__module__.startswith("skensemble.linear_model.penalties.")
        and _constructs(cls)
    }


def as_penalty(penalty: Penalty | str | None, **parameters: Any) -> Penalty:
    """Return a penalty, given by its short name or as an instance.

    Parameters
    ----------
    penalty : Penalty, str or None
        A penalty, or its short name: "l1", "elasticnet", "group_lasso", ...; None is
        "none".
    **parameters : dict
        Parameters of the penalty, if it is given by name.

    Returns
    -------
    penalty : Penalty
        The instance given, or a new one.

    Examples
    --------
    >>> from skensemble.linear_model.penalties import as_penalty
    >>> as_penalty("mcp", alpha=0.1)
    MCP(alpha=0.1)
    """
    if isinstance(penalty, Penalty):
        return penalty
    if penalty is None:
        return NoPenalty()
    if isinstance(penalty, type) and issubclass(penalty, Penalty):
        raise ValueError(
            f"penalty={penalty.__name__} is a class; use an instance: "
            f"{penalty.__name__}()."
        )
    known = penalty_names()
    if not isinstance(penalty, str) or penalty not in known:
        hint = did_you_mean(penalty, sorted(known), _ELSEWHERE)
        raise ValueError(
            f"penalty={penalty!r} is not known; {hint}use a Penalty, None or one of "
            f"{sorted(known)}."
        )
    return known[penalty](**parameters)


def _constructs(cls: type[Penalty]) -> bool:
    """Whether a class is not a base class only, and needs no arguments."""
    if "__init__" not in vars(cls):
        return cls is NoPenalty
    arguments = signature(cls).parameters.values()
    return all(one.default is not one.empty for one in arguments)


def _snake(name: str) -> str:
    # L1 and MCP are one word each; else a capital after a small letter starts a word.
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def _descendants(cls: type[Penalty]) -> list[type[Penalty]]:
    found: list[type[Penalty]] = []
    for child in cls.__subclasses__():
        found += [child, *_descendants(child)]
    return found
