"""Convert the trees of nearest-neighbors estimators to the rows they were built from.

Compiled code does not check the indices in such a tree. They are therefore not saved;
the same rows give the same tree.
"""

from typing import Any

import numpy as np
from sklearn.metrics import DistanceMetric
from sklearn.neighbors import BallTree, KDTree

from skensemble.exceptions import ModelFileError
from skensemble.persistence._graph import Converter

KINDS = {"KDTree": KDTree, "BallTree": BallTree}
# Metrics on numeric columns that have no parameter other than the power p.
METRICS = (
    *("euclidean", "manhattan", "chebyshev", "minkowski", "hamming", "canberra"),
    *("braycurtis", "haversine", "jaccard"),
)
# Positions of the rows, leaf size, metric and weights in the state of a tree.
ROWS, LEAF_SIZE, METRIC, WEIGHT = 0, 4, -2, -1


def _dump(tree: Any) -> dict[str, Any]:
    state = tree.__getstate__()
    metric = state[METRIC]
    name = next((one for one in METRICS if type(metric) is type(_metric(one, 3))), None)
    power, weights, _ = metric.__getstate__()
    if name is None or np.any(weights):
        raise ModelFileError(
            f"The model cannot be saved: it holds a {type(tree).__name__} with "
            f"{type(metric).__name__}; use algorithm='brute', or one of {list(METRICS)}."
        )
    return {
        "kind": type(tree).__name__,
        "rows": state[ROWS],
        "leaf_size": state[LEAF_SIZE],
        "metric": name,
        "p": power,
        "sample_weight": state[WEIGHT],
    }


def _metric(name: str, p: float) -> Any:
    options = {"p": p} if name == "minkowski" else {}
    return DistanceMetric.get_metric(name, **options)


def _load(value: dict[str, Any]) -> Any:
    name = METRICS[METRICS.index(value["metric"])]
    return KINDS[value["kind"]](
        value["rows"],
        leaf_size=value["leaf_size"],
        metric=_metric(name, value["p"]),
        sample_weight=value["sample_weight"],
    )


CONVERTERS = (
    Converter(
        "sklearn.neighbours",
        ("sklearn.neighbors._kd_tree.KDTree", "sklearn.neighbors._ball_tree.BallTree"),
        _dump,
        _load,
    ),
)
