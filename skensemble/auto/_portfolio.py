"""The candidate members of a task, the most promising first."""

from typing import Any

from skensemble.auto._candidate import Candidate, TimeAllowance
from skensemble.auto._catalogue import CATALOGUE, TARGET_SCALES
from skensemble.auto._libraries import import_library, with_library
from skensemble.auto._presets import Preset
from skensemble.auto._table_facts import TableFacts
from skensemble.core import nearest
from skensemble.preprocessing import make_member

# Relative cost of the user's own members, which is unknown.
_OWN_COST = 0.3


def select_candidates(
    members: Any, preset: Preset, facts: TableFacts, allowance: TimeAllowance
) -> list[Candidate]:
    """List the candidates, the most promising first.

    Parameters
    ----------
    members : "auto" or list of str and (str, estimator)
        Names of the catalogue, and the user's own estimators.
    preset : Preset
        The members of "auto".
    facts : TableFacts
        Facts about the table and its target.
    allowance : TimeAllowance
        Time that the fits of one member may take.

    Returns
    -------
    candidates : list of Candidate

    Raises
    ------
    ValueError
        For unknown or repeated names, and values that are not estimators.
    """
    if isinstance(members, str) and members == "auto":
        names = sorted(preset.names, key=lambda name: _rank(name, facts))
        names = with_library(names)
        found = [_from_catalogue(name, facts, allowance) for name in names]
        return [candidate for candidate in found if candidate is not None]
    if not isinstance(members, list | tuple) or not members:
        raise ValueError(
            f"members={members!r} must be 'auto' or a non-empty list of names and (name, "
            f"estimator) pairs; known names: {list(CATALOGUE)}."
        )
    candidates = [_as_candidate(member, facts, allowance) for member in members]
    names = [candidate.name for candidate in candidates]
    if len(set(names)) < len(names):
        raise ValueError(f"members={members!r} contains a name twice: {names}.")
    return candidates


def _rank(name: str, facts: TableFacts) -> int:
    """Return -1 for members that are tried early, 1 for those tried late, otherwise 0.

    LightGBM is slow for several classes: it grows one tree per class and round.
    CatBoost is designed for categorical columns.
    """
    if name == "lightgbm" and facts.task == "multiclass":
        return 1
    early = facts.mostly_high_cardinality and name in ("lightgbm", "catboost")
    return -1 if early else 0


def _as_candidate(
    member: Any, facts: TableFacts, allowance: TimeAllowance
) -> Candidate:
    if isinstance(member, str):
        return _by_name(member, facts, allowance)
    pair = isinstance(member, tuple) and len(member) == 2 and isinstance(member[0], str)
    if not pair or not hasattr(member[1], "fit") or isinstance(member[1], type):
        raise ValueError(
            f"members contains {member!r}, which is neither a name nor a (name, "
            "estimator) pair."
        )
    name, estimator = member
    method = "predict" if facts.regression else "predict_proba"
    if not hasattr(estimator, method):
        raise ValueError(
            f"members: {name!r} ({type(estimator).__name__}) has no {method}, so it "
            "cannot be combined with the others."
        )
    own = make_member(estimator, kinds=facts.kinds.to_dict())
    return Candidate(name, own, _OWN_COST)


def _by_name(name: str, facts: TableFacts, allowance: TimeAllowance) -> Candidate:
    if name not in CATALOGUE:
        raise ValueError(
            f"members contains {name!r}, which is not known; known names: "
            f"{list(CATALOGUE)}; remove it, or use a (name, estimator) pair."
            + nearest(name, list(CATALOGUE))
        )
    try:
        import_library(name)
    except ImportError as error:
        raise ValueError(
            f"members contains {name!r}, but {error}, or remove the member."
        ) from error
    found = _from_catalogue(name, facts, allowance)
    if found is None:
        raise ValueError(
            f"members contains {name!r}, which does not suit this task; remove it, or use "
            "a (name, estimator) pair."
        )
    return found


def _from_catalogue(
    name: str, facts: TableFacts, allowance: TimeAllowance
) -> Candidate | None:
    scale = name.partition("_")[2]
    if scale in TARGET_SCALES:
        skewed = facts.skewed and facts.regression
        return CATALOGUE[name](facts, allowance, scale) if skewed else None
    return CATALOGUE[name](facts, allowance)
