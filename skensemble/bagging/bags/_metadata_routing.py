"""Metadata routing from the methods of the ensemble to those of its members."""

from typing import Any

import sklearn
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)


def routing_is_enabled() -> bool:
    """Whether scikit-learn's metadata routing is enabled."""
    return bool(sklearn.get_config()["enable_metadata_routing"])


def member_router(bag: Any, estimator: Any, method: str) -> MetadataRouter:
    """Map each method of the ensemble to the method of the members that it calls.

    Parameters
    ----------
    bag : estimator
        The ensemble.
    estimator : estimator
        Its unfitted member.
    method : str
        Response method of the members.

    Returns
    -------
    router : MetadataRouter
    """
    logs = "predict_log_proba"
    mapping = MethodMapping()
    mapping.add(caller="fit", callee="fit")
    mapping.add(caller="decision_function", callee="decision_function")
    mapping.add(caller="predict", callee=method)
    mapping.add(caller="predict_proba", callee=method)
    mapping.add(caller=logs, callee=logs if hasattr(estimator, logs) else method)
    return MetadataRouter(owner=bag).add(estimator=estimator, method_mapping=mapping)


def member_params(bag: Any, caller: str, callee: str, params: dict[str, Any]) -> dict:
    """Find the parameters of a method of the members.

    Parameters
    ----------
    bag : estimator
        The ensemble.
    caller, callee : str
        The method of the ensemble and that of the members.
    params : dict
        Metadata passed to the method of the ensemble.

    Returns
    -------
    params : dict
    """
    if not params:
        return {}
    if not routing_is_enabled():
        raise ValueError(
            f"[{', '.join(sorted(params))}] passed to {type(bag).__name__}.{caller} is "
            "only supported if enable_metadata_routing=True, which you can set with "
            "sklearn.set_config; or set the parameter on the estimator itself."
        )
    return dict(process_routing(bag, caller, **params).estimator.get(callee, {}))
