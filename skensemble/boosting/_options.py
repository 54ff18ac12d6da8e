"""Options of the estimators: read, checked, refused with the way out."""

from numbers import Integral, Real

import numpy as np


def checked_weight(weight, n_rows, name="sample_weight"):
    """Check weights of rows, and return them as floats; None stays None."""
    if weight is None:
        return None
    weight = np.asarray(weight, dtype=float)
    if weight.shape != (n_rows,):  # in scikit-learn's words, which its tests look for
        raise ValueError(
            f"{name}.shape == {weight.shape}, expected ({n_rows},): one entry a row."
        )
    if weight.min() < 0:
        raise ValueError(
            f"Negative values in data passed to `{name}`; weights must be zero or more."
        )
    if not np.all(np.isfinite(weight)):
        raise ValueError(f"{name} must be finite and not negative.")
    if not weight.sum() > 0:
        raise ValueError(f"All values of {name} are zero; give some row a weight.")
    return weight


def count_features(wanted, n_features):
    """Return the number of features that `max_features` stands for."""
    if wanted is None:
        return n_features
    if isinstance(wanted, str):
        counts = {"sqrt": np.sqrt, "log2": np.log2}
        if wanted not in counts:
            raise ValueError(
                f"max_features={wanted!r} is not known; use 'sqrt', 'log2', a number or "
                "a share."
            )
        return max(1, int(counts[wanted](n_features)))
    if isinstance(wanted, Integral) and wanted >= 1:
        return min(int(wanted), n_features)
    if isinstance(wanted, Real) and 0 < wanted <= 1:
        return max(1, int(wanted * n_features))
    raise ValueError(
        f"max_features={wanted!r} must be a number of features or a share up to 1.0."
    )


def monotonic(given, names, n_features):
    """Return one sign per feature from `monotonic_cst`; None stays None."""
    if given is None:
        return None
    if isinstance(given, dict):
        unknown = [name for name in given if name not in names]
        if unknown:
            raise ValueError(
                f"monotonic_cst names {unknown}, which are no columns of X."
            )
        given = [given.get(name, 0) for name in names]
    if len(given) != n_features or not set(given) <= {-1, 0, 1}:
        raise ValueError(
            f"monotonic_cst={given!r} must hold -1, 0 or 1 for each of {n_features} "
            "features."
        )
    return tuple(int(one) for one in given)


def interactions(given, names, n_features):
    """Return groups of positions from `interaction_cst`; None stays None."""
    if given is None:
        return None
    places = {name: j for j, name in enumerate(names)}
    groups = []
    for group in given:
        found = [places.get(one, one) for one in group]
        if not all(isinstance(j, Integral) and 0 <= j < n_features for j in found):
            raise ValueError(
                f"interaction_cst: {list(group)} must hold column names or positions "
                f"below {n_features}."
            )
        groups.append(tuple(int(j) for j in found))
    # Columns that no group names may interact among themselves.
    rest = tuple(sorted(set(range(n_features)) - {j for g in groups for j in g}))
    return (*groups, rest) if rest else tuple(groups)


def check_number(name, value, kind, low, high=None, none=False):
    """Refuse a parameter that is not a number within its limits."""
    if value is None and none:
        return
    good = isinstance(value, kind) and not isinstance(value, bool) and value >= low
    if not good or (high is not None and value > high):
        limits = f"{low} or more" if high is None else f"between {low} and {high}"
        what = "a whole number" if kind is Integral else "a number"
        raise ValueError(f"{name}={value!r} must be {what}, {limits}.")


def check_classes(target, sample_weight):
    """Refuse a target with fewer than two classes of positive weight."""
    seen = target.n_classes
    if sample_weight is not None:
        weight = checked_weight(sample_weight, len(target.values))
        seen = len(np.unique(target.values[weight > 0]))
    if seen < 2:
        raise ValueError(
            f"y contains {seen} class after sample_weight trimmed classes with zero "
            "weights, while a minimum of 2 classes are required."
        )
