"""The limits of tree growth, from the parameters of an estimator."""

from typing import Any

import numpy as np

from skensemble.boosting.engines._base import LibraryEngine, TreeShape
from skensemble.core import ColumnEncoder


def tree_shape(estimator: Any, max_features: int) -> TreeShape:
    """Collect the limits of tree growth.

    Parameters
    ----------
    estimator : estimator
        The estimator, whose number (and names) of features are known.
    max_features : int
        Number of features per split.

    Returns
    -------
    shape : TreeShape
    """
    names = list(getattr(estimator, "feature_names_in_", []))
    n_features = estimator.n_features_in_
    signs = monotonic_constraints(estimator.monotonic_cst, names, n_features)
    _check_signs(signs, estimator._columns, names)
    return TreeShape(
        **_size_limits(estimator),
        min_weight_fraction_leaf=estimator.min_weight_fraction_leaf,
        min_impurity_decrease=estimator.min_impurity_decrease,
        max_features=max_features,
        ccp_alpha=estimator.ccp_alpha,
        monotonic_cst=signs,
        interaction_cst=interaction_groups(
            estimator.interaction_cst, names, n_features
        ),
    )


def _size_limits(estimator: Any) -> dict[str, Any]:
    """Limits of the size of trees; those that are left to the engine are left out.

    An engine that is given as an object has limits of its own. They replace those that
    have scikit-learn's default value in the estimator.
    """
    limits = {
        name: getattr(estimator, name)
        for name in ("max_depth", "min_samples_split", "min_samples_leaf")
    }
    left = frozenset[str]()
    if isinstance(estimator.engine, LibraryEngine):
        default = TreeShape()
        left = frozenset(n for n, v in limits.items() if v == getattr(default, n))
        limits = {name: None if name in left else v for name, v in limits.items()}
    return {**limits, "max_leaf_nodes": estimator.max_leaf_nodes, "left": left}


def _check_signs(
    signs: tuple[int, ...] | None, encoder: ColumnEncoder, names: list[str]
) -> None:
    """Refuse monotonic constraints on columns that are or may become categories."""
    reasons = dict.fromkeys(encoder.categorical, "is a category, which has no order")
    reasons |= dict.fromkeys(
        encoder.objects, "has dtype object, so that a single word makes it a category"
    )
    for j, reason in reasons.items():
        if signs is not None and signs[j]:
            raise ValueError(
                f"monotonic_cst={signs[j]} for the column {str(names[j]) if names else j!r}: "
                f"the column {reason}. Convert it to numbers, or leave it out of "
                "monotonic_cst."
            )


def count_features(max_features: Any, n_features: int) -> int:
    """Turn the parameter ``max_features`` into a number of features."""
    if max_features is None:
        return n_features
    if isinstance(max_features, str):
        counts = {"sqrt": np.sqrt, "log2": np.log2}
        if max_features not in counts:
            raise ValueError(
                f"max_features={max_features!r} is not known; use 'sqrt', 'log2', a "
                "number or a share."
            )
        return max(1, int(counts[max_features](n_features)))
    if isinstance(max_features, int | np.integer) and max_features >= 1:
        return min(int(max_features), n_features)
    if isinstance(max_features, float | int | np.number) and 0 < max_features <= 1:
        return max(1, int(max_features * n_features))
    raise ValueError(
        f"max_features={max_features!r} must be a number of features or a share up to "
        "1.0."
    )


def monotonic_constraints(
    given: Any, names: list[str], n_features: int
) -> tuple[int, ...] | None:
    """Turn the parameter ``monotonic_cst`` into one sign per feature."""
    if given is None:
        return None
    if not isinstance(given, dict) and np.ndim(given) != 1:
        raise ValueError(
            f"monotonic_cst={given!r} must hold -1, 0 or 1 for each of {n_features} "
            "features, or be a dict by feature name."
        )
    if isinstance(given, dict):
        unknown = [name for name in given if name not in names]
        if unknown:
            raise ValueError(
                f"monotonic_cst names {unknown}, which are not columns of X."
            )
        given = [given.get(name, 0) for name in names]
    if len(given) != n_features or not set(given) <= {-1, 0, 1}:
        raise ValueError(
            f"monotonic_cst={given!r} must hold -1, 0 or 1 for each of {n_features} "
            "features."
        )
    return tuple(int(one) for one in given)


def interaction_groups(
    given: Any, names: list[str], n_features: int
) -> tuple[tuple[int, ...], ...] | None:
    """Turn the parameter ``interaction_cst`` into groups of positions."""
    if given is None:
        return None
    positions = {name: j for j, name in enumerate(names)}
    groups = []
    for group in given:
        found = [positions.get(one, one) for one in group]
        if not all(
            isinstance(j, int | np.integer) and 0 <= j < n_features for j in found
        ):
            raise ValueError(
                f"interaction_cst: {list(group)} must hold column names or positions "
                f"below {n_features}."
            )
        groups.append(tuple(int(j) for j in found))
    # Features that are in no group may interact among themselves.
    rest = tuple(sorted(set(range(n_features)) - {j for g in groups for j in g}))
    return (*groups, rest) if rest else tuple(groups)
