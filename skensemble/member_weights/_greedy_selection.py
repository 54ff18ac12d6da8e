"""Greedy forward selection of members, with replacement."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import check_random_state

from skensemble.core import check_whole
from skensemble.member_weights._greedy_metrics import CandidateScorer, candidate_scorer
from skensemble.member_weights._score_range import scorer_of_members
from skensemble.scoring import (
    as_prediction_scorer,
    is_regression_scoring,
    read_predictions,
)

Array = NDArray[Any]

TIES = ("used", "first", "random")

# Scores closer than this, relative to the largest of them, are equal: sums of floats in
# another order differ by about 1e-15.
TOLERANCE = 1e-12


@dataclass(frozen=True)
class SelectionPath:
    """The steps of a greedy selection.

    Parameters
    ----------
    members : ndarray of int of shape (n_steps,)
        Position of the member selected in each step.
    scores : ndarray of shape (n_steps,)
        Score of the selection after each step; higher is better.
    kept : int
        Number of steps of the result: the best prefix.
    names : tuple
        Names of all members.
    """

    members: Array
    scores: Array
    kept: int
    names: tuple

    @property
    def weights(self) -> Array:
        """Weights after each step, an array of shape (n_steps, n_members)."""
        taken = np.eye(len(self.names))[self.members]
        return taken.cumsum(axis=0) / np.arange(1, len(taken) + 1)[:, None]


@dataclass(frozen=True)
class _SelectionOptions:
    """Checked options of one selection."""

    max_steps: int
    n_init: int
    patience: float
    ties: str


def greedy_selection(
    predictions: Any,
    y: Any,
    *,
    scoring: Any = None,
    max_steps: int = 100,
    sample_weight: Any = None,
    kind: str | None = None,
    n_init: int = 0,
    n_bags: int = 0,
    bag_fraction: float = 0.5,
    ties: str = "used",
    patience: int | None = None,
    random_state: Any = None,
    return_path: bool = False,
) -> Any:
    r"""Compute weights of members by greedy forward selection with replacement.

    From an empty selection, each step adds the member that gives the best score of the
    mean prediction; a member can be added several times:
    :math:`m_t = \arg\max_m \mathrm{score}(y, (S_{t-1} + P_m) / t)`,
    :math:`S_t = S_{t-1} + P_{m_t}`. The result is the shortest of the best prefixes of
    this path; the weight of a member is the share of steps that added it.

    Read more in the :ref:`User Guide <guide_ensemble_selection>`.

    Parameters
    ----------
    predictions : array-like, list of arrays, dict of arrays, or object with `blocks`
        Out-of-fold predictions, one array per member: (n_members, n) continuous
        predictions or probabilities of class 1; (n_members, n, k) probabilities of
        classes or labels, or continuous predictions of k outputs. The weights are in
        this order.
    y : array-like of shape (n,) or (n, k)
        The target. Classes as codes of the columns, or as labels whose sorted order is
        that of the columns.
    scoring : str, scorer, Loss or None, default=None
        The score that is maximised: a scikit-learn scorer or its name, a loss or its
        name (minus the loss), or None for accuracy (classes) or R2 (continuous target).
        Squared and absolute errors, R2, log loss, accuracy and ROC AUC (one-vs-rest for
        several classes) by name are computed for all candidates at once.
    max_steps : int, default=100
        Length of the path, including the members of `n_init`.
    sample_weight : array-like of shape (n,) or None, default=None
        Sample weights; an integer weight is equivalent to that many copies of the row.
    kind : {"continuous", "classes", "labels"} or None, default=None
        Type of the target. None: labels for two or more columns of 0 and 1, classes if
        the dtype of y is not float and predictions are probabilities, continuous
        otherwise.
    n_init : int, default=0
        Start with this many best single members (sorted initialisation), against
        overfitting; shorter prefixes are not considered then.
    n_bags : int, default=0
        Average the weights of selections among this many random subsets of members
        (bagged selection); 0 for one selection among all.
    bag_fraction : float, default=0.5
        Share of the members in each subset.
    ties : {"used", "first", "random"}, default="used"
        Choice among members of equal score (within a relative difference of 1e-12): the
        first that is in the selection already, the first, or a random one.
    patience : int or None, default=None
        Stop after this many steps without a better score.
    random_state : int, RandomState instance or None, default=None
        Seed of bags and random ties.
    return_path : bool, default=False
        Whether to return the path too.

    Returns
    -------
    weights : ndarray of shape (n_members,)
        Non-negative, with sum one.
    path : SelectionPath or tuple of SelectionPath
        If `return_path`; one per bag if there are bags.

    Raises
    ------
    ValueError
        For shapes that do not agree, NaN, and parameters out of range.

    References
    ----------
    Caruana, Niculescu-Mizil, Crew and Ksikes, "Ensemble selection from libraries of
    models", ICML 2004, section 2.

    Examples
    --------
    >>> import numpy as np
    >>> from skensemble.stacking import greedy_selection
    >>> y = np.array([1.0, 2.0, 3.0, 4.0])
    >>> predictions = {"high": y + 1, "low": y - 3, "far": y + 9}
    >>> greedy_selection(predictions, y, scoring="neg_mean_squared_error", max_steps=8)
    array([0.75, 0.25, 0.  ])
    """
    members = read_predictions(
        predictions,
        y,
        kind=kind,
        sample_weight=sample_weight,
        regression=is_regression_scoring(scoring),
    )
    n_members = len(members.values)
    options = _checked_options(max_steps, n_init, patience, ties, n_members)
    _check_bags(n_bags, bag_fraction)
    scorer = as_prediction_scorer(scoring, members.kind, members.n_classes)
    candidates = candidate_scorer(members, scorer_of_members(scorer, members))
    rng = check_random_state(random_state)
    scored = _scored(candidates, n_members) if n_bags else None
    paths = [
        _select(candidates, among, options, rng, members.names)
        for among in _bags(n_members, n_bags, bag_fraction, n_init, rng)
        if scored is None or scored[among].any()
    ]
    if not paths:  # no bag has a member that has a score
        everyone = np.arange(n_members)
        paths = [_select(candidates, everyone, options, rng, members.names)]
    weights = np.mean([path.weights[path.kept - 1] for path in paths], axis=0)
    if not return_path:
        return weights
    return weights, tuple(paths) if n_bags else paths[0]


def first_of_best(scores: Array) -> int:
    """Return the first of the scores that equal the best.

    Parameters
    ----------
    scores : ndarray of shape (n,)
        Scores; NaN is the worst.

    Returns
    -------
    position : int
    """
    return int(np.flatnonzero(_best(scores))[0])


def _best(scores: Array) -> Array:
    scores = np.where(np.isnan(scores), -np.inf, scores)
    best = scores.max()
    if best == -np.inf:
        raise ValueError(
            "scoring gave NaN or -inf for every member; it is not defined for this y "
            "(for example for one class only) or for these predictions. Use another "
            "scoring, or members that predict within its range."
        )
    return scores >= best - TOLERANCE * np.abs(scores[np.isfinite(scores)]).max(
        initial=0.0
    )


def _select(
    candidates: CandidateScorer,
    among: Array,
    options: _SelectionOptions,
    rng: Any,
    names: tuple,
) -> SelectionPath:
    candidates.reset()
    taken: list[int] = []
    scores: list[float] = []
    for member in _best_singles(candidates, among, options.n_init):
        scores.append(float(candidates.scores(np.array([member]))[0]))
        taken.append(member)
        candidates.add(member)
    n_first, best, since = len(taken), -np.inf, 0
    while len(taken) < options.max_steps and since < options.patience:
        each = candidates.scores(among)
        at = _pick(each, among, taken, options.ties, rng)
        taken.append(int(among[at]))
        scores.append(float(each[at]))
        candidates.add(taken[-1])
        improved = scores[-1] > best + TOLERANCE * np.abs(scores).max()
        best, since = (scores[-1], 0) if improved else (best, since + 1)
    shortest = max(n_first, 1) - 1
    kept = shortest + first_of_best(np.array(scores[shortest:])) + 1
    return SelectionPath(np.array(taken), np.array(scores), kept, names)


def _best_singles(candidates: CandidateScorer, among: Array, n_init: int) -> list[int]:
    if not n_init:
        return []
    scores = candidates.scores(among)
    left = np.ones(len(among), dtype=bool)
    best = []
    n_known = int(np.isfinite(scores).sum())
    # In order, with the same tolerance for ties.
    for _ in range(min(n_init, max(n_known, 1))):
        at = first_of_best(np.where(left, scores, -np.inf))
        left[at] = False
        best.append(int(among[at]))
    return best


def _pick(scores: Array, among: Array, taken: list[int], ties: str, rng: Any) -> int:
    tied = np.flatnonzero(_best(scores))
    if ties == "random":
        return int(rng.choice(tied)) if len(tied) > 1 else int(tied[0])
    used = tied[np.isin(among[tied], taken)] if ties == "used" else tied[:0]
    return int(used[0] if len(used) else tied[0])


def _bags(
    n_members: int, n_bags: int, fraction: float, n_init: int, rng: Any
) -> Iterator[Array]:
    if not n_bags:
        yield np.arange(n_members)
    size = min(n_members, max(1, n_init, round(fraction * n_members)))
    for _ in range(n_bags):
        yield np.sort(rng.choice(n_members, size, replace=False))


def _scored(candidates: CandidateScorer, n_members: int) -> Array:
    """Mark members that have a score alone, or raise if there is none."""
    candidates.reset()
    scores = candidates.scores(np.arange(n_members))
    _best(scores)
    return np.isfinite(scores)


def _checked_options(
    max_steps: int, n_init: int, patience: int | None, ties: str, n_members: int
) -> _SelectionOptions:
    check_whole("max_steps", max_steps, 1)
    check_whole("n_init", n_init, 0)
    if n_init > min(n_members, max_steps):
        raise ValueError(
            f"n_init={n_init} must not exceed the {n_members} members or "
            f"max_steps={max_steps}."
        )
    if patience is not None:
        check_whole("patience", patience, 1)
    if ties not in TIES:
        raise ValueError(f"ties={ties!r} must be one of {list(TIES)}.")
    return _SelectionOptions(
        max_steps, n_init, np.inf if patience is None else patience, ties
    )


def _check_bags(n_bags: int, bag_fraction: float) -> None:
    check_whole("n_bags", n_bags, 0)
    if not 0 < bag_fraction <= 1:
        raise ValueError(f"bag_fraction={bag_fraction!r} must lie in (0, 1].")
