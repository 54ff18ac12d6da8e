"""Diversity: similarity of the errors per pair of members."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skensemble.scoring import predicted_codes

Array = NDArray[Any]


def diversity(
    blocks: dict[str, Array],
    y: Any,
    *,
    kind: str,
    n_classes: int,
    methods: dict[str, str],
    sample_weight: Any = None,
) -> pd.DataFrame:
    r"""Compare the errors of each pair of members.

    With :math:`e_a` the errors of member :math:`a` over the rows, and
    :math:`N_{rs}` the weight of the rows where the first member is correct
    (:math:`r = 1`) or wrong (:math:`r = 0`), and likewise the second (:math:`s`):

    .. math::
        \text{error correlation} &= \mathrm{corr}(e_a, e_b) \\
        Q &= \frac{N_{11} N_{00} - N_{01} N_{10}}{N_{11} N_{00} + N_{01} N_{10}} \\
        \text{disagreement} &= \frac{N_{01} + N_{10}}{N} \\
        \text{double fault} &= \frac{N_{00}}{N}

    The error is the residual for a continuous target. For classes it is one minus the
    probability of the true class, or 0 (correct) and 1 (wrong) for members without
    probabilities. For several outputs or labels, it is the mean over those for which
    the measure is defined. Members are more diverse if correlation and Q are lower, the
    disagreement is higher and the double fault is lower.

    Parameters
    ----------
    blocks : dict of str to ndarray of shape (n,) or (n, n_columns)
        Predictions per member: probabilities, decision values, codes of classes or
        continuous predictions. Rows with NaN in any of them are left out.
    y : ndarray of shape (n,) or (n, n_outputs)
        Continuous target, codes of classes, or an indicator matrix.
    kind : {"continuous", "classes", "labels"}
        Type of the target.
    n_classes : int
        Number of classes; 0 for a target that is not one class per row.
    methods : dict of str to str
        Response method per member.
    sample_weight : array-like of shape (n,) or None, default=None
        Sample weights; an integer weight is equivalent to that many copies of the row.

    Returns
    -------
    table : pandas.DataFrame
        One row per pair of members, indexed by ("first", "second"). Columns:
        ``error_correlation``, and for classes and labels ``q_statistic``,
        ``disagreement`` and ``double_fault``. NaN if undefined: for a
        member whose errors are all equal, or whose columns differ from those of `y`.

    References
    ----------
    .. [1] Kuncheva, L. I. and Whitaker, C. J. (2003). Measures of diversity in
       classifier ensembles and their relationship with the ensemble accuracy.
       Machine Learning 51, 181-207, section 2.1.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.stacking.inspection._diversity import diversity
    >>> y = np.array([0, 0, 1, 1])
    >>> codes = {"a": np.array([0, 0, 1, 0]), "b": np.array([0, 1, 1, 0])}
    >>> table = diversity(
    ...     codes,
    ...     y,
    ...     kind="classes",
    ...     n_classes=2,
    ...     methods={"a": "predict", "b": "predict"},
    ... )
    >>> table.loc[("a", "b")].round(2).tolist()
    [0.58, 1.0, 0.25, 0.25]
    """
    names = list(blocks)
    rows, weight = _rows(blocks, len(y), sample_weight)
    target = np.asarray(y)[rows]
    seen = {name: np.asarray(block)[rows] for name, block in blocks.items()}
    if kind == "continuous":
        errors = [_residual(seen[name], target) for name in names]
        measures = {"error_correlation": _correlation(_by_output(errors), weight)}
    else:
        wrong = [_wrong(seen[name], methods[name], target, n_classes) for name in names]
        errors = [
            _miss(seen[name], methods[name], target, fault)
            for name, fault in zip(names, wrong, strict=True)
        ]
        measures = {
            "error_correlation": _correlation(_by_output(errors), weight),
            **_agreement(_by_output(wrong), weight),
        }
    return _pairs(names, measures)


def _rows(blocks: dict[str, Array], n: int, weight: Any) -> tuple[Array, Array]:
    """Return the rows that are compared, and the weight of each."""
    weight = np.ones(n) if weight is None else np.asarray(weight, dtype=float)
    counts = weight > 0
    for block in blocks.values():
        counts &= ~np.isnan(_columns(block)).any(axis=1)
    return np.flatnonzero(counts), weight[counts]


def _columns(values: Array) -> Array:
    values = np.asarray(values, dtype=float)
    return values[:, None] if values.ndim == 1 else values


def _residual(block: Array, y: Array) -> Array:
    block, y = _columns(block), _columns(y)
    if block.shape != y.shape:  # several quantiles of one output
        return np.full(y.shape, np.nan)
    residual = block - y
    # Off by one constant everywhere: what is left of the spread is rounding.
    rounding = 8 * np.finfo(float).eps * (np.abs(block) + np.abs(y))
    flat = np.abs(residual - residual[:1]) <= rounding + rounding[:1]
    return np.where(flat.all(axis=0), residual[:1], residual)


def _wrong(block: Array, method: str, y: Array, n_classes: int) -> Array:
    """Return 1 for wrong labels, 0 for correct ones, NaN if there is no label."""
    choice = y.ndim == 1 and block.ndim == 2
    if choice and block.shape[1] != n_classes:  # decisions one class against one
        return np.full((len(y), 1), np.nan)
    return _columns(predicted_codes(block, method, y) != y)


def _miss(block: Array, method: str, y: Array, wrong: Array) -> Array:
    """Return one minus the probability of the target, or 0 and 1 for labels."""
    if method != "predict_proba" or np.isnan(wrong).any():
        return wrong
    if block.ndim == 2 and y.ndim == 1:
        return _columns(1 - block[np.arange(len(y)), y])
    return _columns(np.abs(y - block))


def _by_output(parts: list[Array]) -> Array:
    """Stack (n, n_outputs) of every member as (n_outputs, n, n_members)."""
    return np.stack(parts, axis=-1).transpose(1, 0, 2)


def _correlation(errors: Array, weight: Array) -> Array:
    return _mean([_correlation_of(error, weight) for error in errors])


def _correlation_of(error: Array, weight: Array) -> Array:
    if not len(error):
        return np.full((error.shape[1],) * 2, np.nan)
    flat = (error == error[:1]).all(axis=0)
    centred = np.where(flat, np.nan, error - weight @ error / weight.sum())
    scaled = centred * np.sqrt(weight)[:, None]
    scaled /= np.sqrt((scaled**2).sum(axis=0))
    return np.clip(scaled.T @ scaled, -1, 1)


def _agreement(wrong: Array, weight: Array) -> dict[str, Array]:
    counted = [_agreement_of(fault, weight) for fault in wrong]
    return {name: _mean([one[name] for one in counted]) for name in counted[0]}


def _agreement_of(wrong: Array, weight: Array) -> dict[str, Array]:
    if not len(wrong):
        wrong, weight = np.full((1, wrong.shape[1]), np.nan), np.ones(1)
    right = 1 - wrong
    n11 = (right.T * weight) @ right
    n00 = (wrong.T * weight) @ wrong
    n10 = (right.T * weight) @ wrong
    n01 = n10.T
    alike, apart = n11 * n00, n01 * n10
    both = np.where(alike + apart > 0, alike + apart, np.nan)
    return {
        "q_statistic": (alike - apart) / both,
        "disagreement": (n01 + n10) / weight.sum(),
        "double_fault": n00 / weight.sum(),
    }


def _mean(values: list[Array]) -> Array:
    """Average over outputs, those that are defined."""
    stacked = np.array(values)
    known = ~np.isnan(stacked)
    count = known.sum(axis=0)
    total = np.where(known, stacked, 0.0).sum(axis=0)
    return total / np.where(count > 0, count, np.nan)


def _pairs(names: list[str], measures: dict[str, Array]) -> pd.DataFrame:
    first, second = np.triu_indices(len(names), k=1)
    index = pd.MultiIndex.from_arrays(
        [[names[i] for i in first], [names[j] for j in second]],
        names=["first", "second"],
    )
    columns = {name: matrix[first, second] for name, matrix in measures.items()}
    return pd.DataFrame(columns, index=index)
