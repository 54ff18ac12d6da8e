"""Where metadata goes: to the members."""

from typing import Any

import sklearn
from sklearn.utils.metadata_routing import (
    MetadataRouter,
    MethodMapping,
    process_routing,
)


def router_of(bag: Any, estimator: Any, method: str) -> MetadataRouter:
    """Tell which method of the members each method of the bag asks.

    Parameters
    ----------
    bag : estimator
        The bag.
    estimator : estimator
        Its member.
    method : str
        How members are asked for a prediction.

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


def routed(bag: Any, caller: str, callee: str, params: dict[str, Any]) -> dict:
    """Give what the members' method is given, of what the bag's method is given.

    Parameters
    ----------
    bag : estimator
        The bag.
    caller, callee : str
        Its method, and that of the members.
    params : dict
        Given to the bag.

    Returns
    -------
    params : dict
    """
    if not params:
        return {}
    if not sklearn.get_config()["enable_metadata_routing"]:
        raise ValueError(
            f"[{', '.join(sorted(params))}] passed to {type(bag).__name__}.{caller} is "
            "only supported if enable_metadata_routing=True, which you can set with "
            "sklearn.set_config; or set it on the estimator itself."
        )
    return dict(process_routing(bag, caller, **params).estimator.get(callee, {}))
