"""The members that are tried, in the order of what they promise for their time."""

from typing import Any

from skensemble.auto._candidate import Allowance, Candidate
from skensemble.auto._facts import Facts
from skensemble.auto._kinds import MAKERS, SCALES
from skensemble.auto._presets import Preset
from skensemble.core import nearest
from skensemble.preprocessing import make_member


def chosen(
    members: Any, preset: Preset, facts: Facts, allowance: Allowance
) -> list[Candidate]:
    """List the candidates, the most promising first.

    Parameters
    ----------
    members : "auto" or list of str and (str, estimator)
        What the user says: names of ours, and estimators of his own.
    preset : Preset
        Whom "auto" means.
    facts : Facts
        What is known of the task.
    allowance : Allowance
        What fits may take.

    Returns
    -------
    candidates : list of Candidate

    Raises
    ------
    ValueError
        For names that are not known or are there twice, and what is no estimator.
    """
    if isinstance(members, str) and members == "auto":
        names = sorted(preset.names, key=lambda name: _rank(name, facts))
        found = [_made(name, facts, allowance) for name in names]
        return [one for one in found if one is not None]
    if not isinstance(members, list | tuple) or not members:
        raise ValueError(
            f"members={members!r} should be 'auto' or a non-empty list of names, known "
            f"ones {list(MAKERS)}, and (name, estimator) pairs."
        )
    some = [_given(one, facts, allowance) for one in members]
    names = [one.name for one in some]
    if len(set(names)) < len(names):
        raise ValueError(f"members={members!r} has a name twice: {names}.")
    return some


def _rank(name: str, facts: Facts) -> int:
    """Who comes early (-1) or late (1), whatever the preset says.

    LightGBM is late for several classes: a tree a class and round takes long. CatBoost is
    made for tables of categories, and comes early there.
    """
    if name == "lightgbm" and facts.task == "multiclass":
        return 1
    early = facts.mostly_high and name in ("lightgbm", "catboost")
    return -1 if early else 0


def _given(one: Any, facts: Facts, allowance: Allowance) -> Candidate:
    if isinstance(one, str):
        found = _made(one, facts, allowance) if one in MAKERS else None
        if found is None:
            raise ValueError(
                f"members has {one!r}, which "
                + (
                    "does not suit this task (or is not installed)"
                    if one in MAKERS
                    else f"is not known; known names: {list(MAKERS)}"
                )
                + "; leave it out, or give a (name, estimator) pair."
                + ("" if one in MAKERS else nearest(one, list(MAKERS)))
            )
        return found
    pair = isinstance(one, tuple) and len(one) == 2 and isinstance(one[0], str)
    if not pair or not hasattr(one[1], "fit") or isinstance(one[1], type):
        raise ValueError(
            f"members has {one!r}, which is neither a name nor a (name, estimator) pair."
        )
    name, estimator = one
    wanted = "predict" if facts.task == "regression" else "predict_proba"
    if not hasattr(estimator, wanted):
        raise ValueError(
            f"members: {name!r} ({type(estimator).__name__}) has no {wanted}, so it "
            "cannot be combined with the others."
        )
    return Candidate(name, make_member(estimator), 0.3)


def _made(name: str, facts: Facts, allowance: Allowance) -> Candidate | None:
    scale = name.partition("_")[2]
    if scale in SCALES:
        skewed = facts.skewed and facts.task == "regression"
        return MAKERS[name](facts, allowance, scale) if skewed else None
    return MAKERS[name](facts, allowance)
