"""A list of named members as parameters: get, set, replace, check."""

from typing import Any

from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.utils import Bunch, get_tags

DROP = "drop"


class NamedMembers(BaseEstimator):
    """Estimator whose parameter ``estimators`` is a list of (name, estimator).

    ``set_params(name=other)`` replaces a member, ``set_params(name="drop")`` drops it
    and ``set_params(name__parameter=value)`` sets a member's own parameter. A
    parameter ``layers`` may hold further such lists.
    """

    layers: Any = None

    def _named_members(self) -> list[tuple[str, Any]]:
        """Members of all layers."""
        above = self.layers if is_layers(self.layers) else []
        return [member for layer in (self.estimators, *above) for member in layer]

    @property
    def named_estimators(self) -> Bunch:
        """The members of the parameter ``estimators``, by name.

        Returns
        -------
        members : Bunch
            Name to unfitted estimator, or ``"drop"``.
        """
        return Bunch(**dict(self.estimators))

    def get_params(self, deep=True):
        """Get the parameters, including those of the members.

        Parameters
        ----------
        deep : bool, default=True
            Whether to include the members and their parameters.

        Returns
        -------
        params : dict
            Name to value.
        """
        params = super().get_params(deep=deep)
        if not deep or not is_named_list(self.estimators):
            return params
        members = self._named_members()
        params.update(members)
        for name, member in members:
            if hasattr(member, "get_params"):
                inner = member.get_params(deep=True)
                params.update({f"{name}__{key}": inner[key] for key in inner})
        return params

    def set_params(self, **params):
        """Set parameters of the ensemble, members, and parameters of members.

        Parameters
        ----------
        **params : dict
            ``estimators`` is set first, then members by name, then the rest.

        Returns
        -------
        self : object
            The estimator.
        """
        for lists in ("estimators", "layers"):
            if lists in params:
                super().set_params(**{lists: params.pop(lists)})
        if is_named_list(self.estimators):
            known = dict(self._named_members())
            new = {key: params.pop(key) for key in list(params) if key in known}
            if new.keys() & dict(self.estimators).keys():
                self.estimators = _replaced(self.estimators, new)
            if new.keys() - dict(self.estimators).keys():
                self.layers = [_replaced(layer, new) for layer in self.layers]
        return super().set_params(**params)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        if is_named_list(self.estimators):
            inner = [get_tags(member) for member in tagged(self.estimators)]
            tags.input_tags.allow_nan = all(tag.input_tags.allow_nan for tag in inner)
            tags.input_tags.sparse = all(tag.input_tags.sparse for tag in inner)
        return tags


def _replaced(members: Any, new: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(name, new.get(name, old)) for name, old in members]


def is_layers(value: Any) -> bool:
    """Whether `value` is a list of lists of (str, object) pairs."""
    return isinstance(value, list | tuple) and all(map(is_named_list, value))


def is_named_list(value: Any) -> bool:
    """Whether `value` is a list of (str, object) pairs."""
    return isinstance(value, list | tuple) and all(
        isinstance(item, list | tuple) and len(item) == 2 and isinstance(item[0], str)
        for item in value
    )


def active(estimators: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Return the members that are not dropped."""
    return [(name, member) for name, member in estimators if not is_dropped(member)]


def tagged(estimators: list[tuple[str, Any]]) -> list[Any]:
    """Return the members that have tags; ``fit`` refuses objects without them."""
    return [
        member
        for _, member in active(estimators)
        if hasattr(member, "__sklearn_tags__") and not isinstance(member, type)
    ]


def is_dropped(member: Any) -> bool:
    """Whether a member is the string ``"drop"``."""
    return isinstance(member, str) and member == DROP


def check_layers(owner: NamedMembers) -> list[list[tuple[str, Any]]]:
    """Check the members of all layers and return those that are not dropped.

    Layers without a member are dropped.
    """
    first = check_members(owner)
    if owner.layers is None:
        return [first]
    if not is_layers(owner.layers) or not all(owner.layers):
        raise ValueError(
            "layers should be a list of non-empty lists of (string, estimator) tuples, "
            f"one per layer above `estimators`; got layers={owner.layers!r}."
        )
    names = [name for name, _ in owner._named_members()]
    check_names(names, owner.get_params(deep=False))
    above = [active(layer) for layer in owner.layers]
    for layer in above:
        for name, member in layer:
            _check_member(name, member)
    return [first, *(layer for layer in above if layer)]


def check_members(owner: NamedMembers) -> list[tuple[str, Any]]:
    """Check the members of `owner` and return those that are not dropped."""
    members = owner.estimators
    if not is_named_list(members) or not members:
        raise ValueError(
            "Invalid 'estimators' attribute, 'estimators' should be a non-empty list "
            f"of (string, estimator) tuples; got estimators={members!r}."
        )
    check_names([name for name, _ in members], owner.get_params(deep=False))
    kept = active(members)
    if not kept:
        raise ValueError(
            "All estimators are dropped. At least one is required to be an estimator; "
            f"got estimators={members!r}."
        )
    for name, member in kept:
        _check_member(name, member)
    return kept


def check_names(names: list[str], taken: dict[str, Any]) -> None:
    """Refuse names that are repeated, reserved, or contain a double underscore."""
    if len(set(names)) != len(names):
        raise ValueError(
            f"Names provided are not unique: {names!r}; give each estimator (of all "
            "layers) a unique name."
        )
    if clash := sorted(set(names) & set(taken)):
        raise ValueError(
            f"Estimator names conflict with constructor arguments: {clash!r}; use other "
            "names."
        )
    if dunder := [name for name in names if "__" in name]:
        raise ValueError(
            f"Estimator names must not contain __: got {dunder!r}; it joins a name and "
            "a parameter, so use one underscore."
        )


def check_kind(members: list[tuple[str, Any]], kind: str) -> None:
    """Refuse members that are not all of one kind."""
    fits = {"classifier": is_classifier, "regressor": is_regressor}[kind]
    for name, member in members:
        if not fits(member):
            raise ValueError(
                f"The estimator {type(member).__name__} should be a {kind}; it is "
                f"member {name!r}."
            )


def _check_member(name: str, member: Any) -> None:
    if isinstance(member, type) or not hasattr(member, "fit"):
        raise TypeError(
            f"Member {name!r} should be an estimator instance with a fit method, or "
            f"'drop'; got {member!r}."
        )
