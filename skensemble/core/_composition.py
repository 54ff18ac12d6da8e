"""A list of named members as parameters: get, set, replace, check."""

from typing import Any

from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.utils import Bunch, get_tags

DROP = "drop"


class NamedMembers(BaseEstimator):
    """Estimator whose parameter ``estimators`` is a list of (name, estimator).

    ``set_params(name=other)`` replaces a member, ``set_params(name="drop")`` leaves it
    out and ``set_params(name__parameter=value)`` sets a member's own parameter.
    """

    @property
    def named_estimators(self) -> Bunch:
        """Members as given, by name.

        Returns
        -------
        members : Bunch
            Name to unfitted estimator, or ``"drop"``.
        """
        return Bunch(**dict(self.estimators))

    def get_params(self, deep=True):
        """Get the parameters, those of the members included.

        Parameters
        ----------
        deep : bool, default=True
            Whether to add the members and their parameters.

        Returns
        -------
        params : dict
            Name to value.
        """
        params = super().get_params(deep=deep)
        if not deep or not is_named_list(self.estimators):
            return params
        params.update(self.estimators)
        for name, member in self.estimators:
            if hasattr(member, "get_params"):
                inner = member.get_params(deep=True)
                params.update({f"{name}__{key}": inner[key] for key in inner})
        return params

    def set_params(self, **params):
        """Set parameters: own ones, whole members, and parameters of members.

        Parameters
        ----------
        **params : dict
            ``estimators`` is set first, then members by name, then the rest.

        Returns
        -------
        self : object
            The estimator.
        """
        if "estimators" in params:
            self.estimators = params.pop("estimators")
        if is_named_list(self.estimators):
            known = dict(self.estimators)
            new = {key: params.pop(key) for key in list(params) if key in known}
            if new:
                self.estimators = [
                    (key, new.get(key, old)) for key, old in self.estimators
                ]
        return super().set_params(**params)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        if is_named_list(self.estimators):
            inner = [get_tags(member) for _, member in active(self.estimators)]
            tags.input_tags.allow_nan = all(tag.input_tags.allow_nan for tag in inner)
            tags.input_tags.sparse = all(tag.input_tags.sparse for tag in inner)
        return tags


def is_named_list(value: Any) -> bool:
    """Tell whether `value` is a list of (str, anything) pairs."""
    return isinstance(value, list | tuple) and all(
        isinstance(item, list | tuple) and len(item) == 2 and isinstance(item[0], str)
        for item in value
    )


def active(estimators: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Give the members that are not left out."""
    return [(name, member) for name, member in estimators if not is_dropped(member)]


def is_dropped(member: Any) -> bool:
    """Tell whether a member is the word "drop"."""
    return isinstance(member, str) and member == DROP


def check_members(owner: NamedMembers) -> list[tuple[str, Any]]:
    """Check the members of `owner` and give those that are not left out."""
    members = owner.estimators
    if not is_named_list(members) or not members:
        raise ValueError(
            "Invalid 'estimators' attribute, 'estimators' should be a non-empty list "
            f"of (string, estimator) tuples; got {members!r}."
        )
    check_names([name for name, _ in members], owner.get_params(deep=False))
    kept = active(members)
    if not kept:
        raise ValueError(
            "All estimators are dropped. At least one is required to be an estimator."
        )
    for name, member in kept:
        _check_member(name, member)
    return kept


def check_names(names: list[str], taken: dict[str, Any]) -> None:
    """Refuse names that are repeated, taken, or hold a double underscore."""
    if len(set(names)) != len(names):
        raise ValueError(f"Names provided are not unique: {names!r}")
    if clash := sorted(set(names) & set(taken)):
        raise ValueError(
            f"Estimator names conflict with constructor arguments: {clash!r}"
        )
    if dunder := [name for name in names if "__" in name]:
        raise ValueError(f"Estimator names must not contain __: got {dunder!r}")


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
