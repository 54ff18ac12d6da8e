"""Short names of penalties: the class name in snake case."""

from inspect import signature
from typing import Any, ClassVar, Self

from skensemble.core import expand_short_names
from skensemble.linear_model.penalties._base import Penalty
from skensemble.linear_model.penalties._elastic_net import NoPenalty
from skensemble.losses import descendants, did_you_mean, snake_case

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
        expand_short_names(self, params, {self._part: as_penalty})
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
        _USUAL.get(cls.__name__, snake_case(cls.__name__)): cls
        for cls in descendants(Penalty)
        if cls.__module__.startswith("skensemble.linear_model.penalties.")
        and _has_defaults(cls)
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


def _has_defaults(cls: type[Penalty]) -> bool:
    """Whether a class is a penalty, not a base class, and needs no arguments."""
    if "__init__" not in vars(cls):
        return cls is NoPenalty
    arguments = signature(cls).parameters.values()
    return all(one.default is not one.empty for one in arguments)
