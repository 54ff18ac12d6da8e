"""Routing of fit parameters to members, splitter and meta model."""

from dataclasses import dataclass
from typing import Any

import sklearn
from sklearn.utils.metadata_routing import get_routing_for_object, process_routing
from sklearn.utils.validation import has_fit_parameter

from skensemble.core import is_named_list, named_members
from skensemble.fitting._fit import weight_name


@dataclass(frozen=True)
class FitParams:
    """Fit parameters, sorted by their destination.

    Parameters
    ----------
    members : dict of str to dict
        Fit parameters per member.
    splitter : dict
        Parameters of ``split`` of the splitter.
    final : dict
        Fit parameters of the combiner, such as ``sample_weight``.
    sample_weight : array-like or None
        Sample weights as given.
    """

    members: dict[str, dict[str, Any]]
    splitter: dict[str, Any]
    final: dict[str, Any]
    sample_weight: Any = None


def route(
    owner: Any, names: list[str], final: Any, params: dict[str, Any]
) -> FitParams:
    """Sort fit parameters by metadata routing if it is enabled, otherwise by name.

    Without routing, ``sample_weight`` goes to every member and to the meta model,
    ``groups`` to the splitter, and ``member__parameter`` to that member.
    """
    params = {key: value for key, value in params.items() if value is not None}
    weight = params.get("sample_weight")
    if sklearn.get_config()["enable_metadata_routing"]:
        own = {}
        if getattr(owner, "_splits_itself", False) and "groups" in params:
            own = {"groups": params.pop("groups")}
        if not params:  # process_routing returns an empty object without keys then
            return FitParams({name: {} for name in names}, own, {})
        routed = process_routing(owner, "fit", **params)
        members = {name: dict(routed[name]["fit"]) for name in names}
        splitter = dict(routed["splitter"]["split"]) if "splitter" in routed else own
        final_params = {
            key: value for key, value in params.items() if _consumes(final, key)
        }
        return FitParams(members, splitter, final_params, weight)
    return _by_name(names, final, params, weight)


def route_to_estimator(owner: Any, name: str, params: dict[str, Any]) -> FitParams:
    """Sort the fit parameters of an ensemble of one estimator, ``owner.estimator``.

    Without metadata routing, ``groups`` goes to the splitter of an ensemble that has
    the parameter `cv`, and all other parameters go to the estimator.

    Parameters
    ----------
    owner : estimator
        The ensemble.
    name : str
        Name of the estimator among the members of the result.
    params : dict
        Fit parameters; those that are None are left out.

    Returns
    -------
    fit_params : FitParams
    """
    params = {key: value for key, value in params.items() if value is not None}
    splitter: dict[str, Any] = {}
    if sklearn.get_config()["enable_metadata_routing"]:
        if params:  # an empty result of process_routing has no attributes
            routed = process_routing(owner, "fit", **params)
            params = dict(routed["estimator"]["fit"])
            splitter = dict(routed["splitter"]["split"]) if "splitter" in routed else {}
    else:
        if "sample_weight" in params:
            weight_name(owner.estimator)  # refuses an estimator without weights
        if "groups" in params and hasattr(owner, "cv"):
            splitter["groups"] = params.pop("groups")
    return FitParams({name: params}, splitter, {}, params.get("sample_weight"))


def check_known(owner: Any, params: dict[str, Any]) -> None:
    """Without metadata routing, refuse fit parameters without a destination."""
    if sklearn.get_config()["enable_metadata_routing"]:
        return
    named = is_named_list(owner.estimators)
    names = [name for name, _ in named_members(owner)] if named else []
    unknown = sorted(
        key
        for key in params
        if key not in ("sample_weight", "groups")
        and ("__" not in key or key.partition("__")[0] not in names)
    )
    if unknown:
        raise ValueError(
            f"[{', '.join(unknown)}] passed to {type(owner).__name__}.fit is only "
            "supported if enable_metadata_routing=True, which you can set with "
            "sklearn.set_config; or name the member: member__parameter=value. "
            f"Members: {names}."
        )


def _by_name(
    names: list[str], final: Any, params: dict[str, Any], weight: Any
) -> FitParams:
    shared = {} if weight is None else {"sample_weight": weight}
    members = {name: dict(shared) for name in names}
    for key, value in params.items():
        name, dunder, inner = key.partition("__")
        if dunder and name in members:
            members[name][inner] = value
    if weight is not None and final is not None:
        weight_name(final)
    splitter = {"groups": params["groups"]} if "groups" in params else {}
    return FitParams(members, splitter, shared, weight)


def _consumes(final: Any, key: str) -> bool:
    if hasattr(final, "steps"):  # a Pipeline routes to its steps
        return key in get_routing_for_object(final).consumes("fit", [key])
    return key == "sample_weight" or has_fit_parameter(final, key)
