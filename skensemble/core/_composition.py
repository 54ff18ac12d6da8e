"""Named members as parameters of an ensemble: get, replace and check them."""

from typing import Any

from sklearn.base import clone, is_classifier, is_regressor
from sklearn.utils import get_tags

DROP = "drop"


def named_members(owner: Any) -> list[tuple[str, Any]]:
    """Return the (name, estimator) pairs of all layers."""
    layers: Any = getattr(owner, "layers", None)
    above = layers if is_layers(layers) else []
    return [member for layer in (owner.estimators, *above) for member in layer]


def with_member_params(owner: Any, params: dict[str, Any]) -> dict[str, Any]:
    """Add the members, and the parameters of each as ``member__parameter``."""
    if not is_named_list(owner.estimators):
        return params
    members = named_members(owner)
    params.update(members)
    for name, member in members:
        if hasattr(member, "get_params"):
            inner = member.get_params(deep=True)
            params.update({f"{name}__{key}": inner[key] for key in inner})
    return params


def replace_members(owner: Any, params: dict[str, Any]) -> dict[str, Any]:
    """Replace the members that `params` names, and return the other parameters."""
    if not is_named_list(owner.estimators):
        return params
    names = dict(named_members(owner))
    new = {name: value for name, value in params.items() if name in names}
    first = dict(owner.estimators).keys()
    if new.keys() & first:
        owner.estimators = _replaced(owner.estimators, new)
    if new.keys() - first:
        owner.layers = [_replaced(layer, new) for layer in owner.layers]
    return {name: value for name, value in params.items() if name not in new}


def set_input_tags(owner: Any, tags: Any) -> None:
    """Declare NaN and sparse input supported if all members support it."""
    if is_named_list(owner.estimators):
        inner = [get_tags(member) for member in tagged(owner.estimators)]
        tags.input_tags.allow_nan = all(tag.input_tags.allow_nan for tag in inner)
        tags.input_tags.sparse = all(tag.input_tags.sparse for tag in inner)


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


def check_layers(owner: Any) -> list[list[tuple[str, Any]]]:
    """Check the members of all layers of `owner` and return those not left out.

    Layers without members are left out.
    """
    first = check_members(owner)
    if getattr(owner, "layers", None) is None:
        return [first]
    if not is_layers(owner.layers) or not all(owner.layers):
        raise ValueError(
            "layers should be a list of non-empty lists of (string, estimator) tuples, "
            f"one per layer above `estimators`; got layers={owner.layers!r}."
        )
    names = [name for name, _ in named_members(owner)]
    check_names(names, owner.get_params(deep=False))
    above = [active(layer) for layer in owner.layers]
    for layer in above:
        for name, member in layer:
            _check_member(name, member)
    return [first, *(layer for layer in above if layer)]


def check_members(owner: Any) -> list[tuple[str, Any]]:
    """Check the members of `owner` and return those that are not left out."""
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


def clone_member(name: str, estimator: Any) -> Any:
    """Clone an estimator; the error message names it and a remedy.

    Parameters
    ----------
    name : str
        What the estimator is, such as ``member 'a'`` or ``final_estimator``.
    estimator : estimator
        The estimator.

    Returns
    -------
    estimator : estimator
        An unfitted copy.

    Raises
    ------
    RuntimeError
        If its constructor changes a parameter, which scikit-learn does not allow.
    """
    try:
        return clone(estimator)
    except RuntimeError as error:
        remedy = "Give the constructor a value that it stores unchanged."
        if "cat_features" in str(error):
            remedy = (
                "Leave out cat_features and use "
                f"skensemble.preprocessing.make_member({type(estimator).__name__}(...)), "
                "which passes the categorical columns of a frame to CatBoost."
            )
        raise RuntimeError(f"{name} cannot be cloned. {error}. {remedy}") from error
