"""A member to try, and what its fits may take."""

from dataclasses import dataclass
from typing import Any

# Fits of a member that stops early take no longer than this share of all the time.
_SHARES = {
    "lightgbm": 0.2,
    "catboost": 0.25,
    "xgboost": 0.2,
    "network": 0.25,
    "forest": 0.2,
    "linear": 0.15,
    "upper": 0.15,
}


@dataclass(frozen=True)
class Candidate:
    """A member to try.

    Parameters
    ----------
    name : str
        What it is called.
    estimator : estimator
        Unfitted, with what prepares the table for it.
    cost : float
        Seconds of a fit, as a multiple of those of LightGBM; a low guess, for whoever is
        not begun is never known better.
    seconds : float, default=0.0
        Of a fit, where that can be told from the size of the table; 0 where it cannot.
    varies : bool, default=False
        Whether two models under other seeds are worth their size.
    """

    name: str
    estimator: Any
    cost: float = 1.0
    seconds: float = 0.0
    varies: bool = False


@dataclass(frozen=True)
class Allowance:
    """What fits may take.

    Parameters
    ----------
    seconds : float or None
        Of all workers together, for one member's fits; None: as long as they like.
    n_fits : int
        Fits of a member.
    """

    seconds: float | None
    n_fits: int

    def of(self, kind: str) -> float | None:
        """Seconds that one fit of a kind of member may take."""
        if self.seconds is None:
            return None
        return max(0.2, _SHARES[kind] * self.seconds / self.n_fits)


def alike(some: list[Candidate]) -> dict[str, tuple[str, float]]:
    """Find the candidates that are another shape of one before them.

    Parameters
    ----------
    some : list of Candidate
        Of which "xgboost_small" is another "xgboost".

    Returns
    -------
    found : dict of str to (str, float)
        Name to the other one's, and what a fit takes as a multiple of the other's.
    """
    costs = {one.name: one.cost for one in some}
    kinds = {name: name.partition("_")[0] for name in costs}
    return {
        name: (kind, costs[name] / costs[kind])
        for name, kind in kinds.items()
        if kind != name and costs.get(kind)
    }
