"""Candidate members, and the time that their fits may take."""

from dataclasses import dataclass
from typing import Any

# Maximum share of the time limit for all fits of a member that stops early.
_MAX_SHARES = {
    "lightgbm": 0.2,
    "catboost": 0.25,
    "xgboost": 0.2,
    "network": 0.25,
    "forest": 0.2,
    "linear": 0.15,
    "upper": 0.15,
}
_MIN_SECONDS = 0.2


@dataclass(frozen=True)
class Candidate:
    """A member to try.

    Parameters
    ----------
    name : str
        Name of the member.
    estimator : estimator
        Unfitted, with the encoder that suits it.
    relative_cost : float, default=1.0
        Seconds of a fit, as a multiple of those of LightGBM. The estimate is low on
        purpose, because a member that is never started is never measured either.
    seconds : float, default=0.0
        Seconds of a fit, where the size of the table determines them; otherwise 0.
    varies_with_seed : bool, default=False
        Whether the average of two models with different seeds is so much better that it
        is worth the space of a second model.
    """

    name: str
    estimator: Any
    relative_cost: float = 1.0
    seconds: float = 0.0
    varies_with_seed: bool = False


@dataclass(frozen=True)
class TimeAllowance:
    """Time that the fits of one member may take.

    Parameters
    ----------
    seconds : float or None
        Seconds of all workers together; None for no limit.
    n_fits : int
        Number of fits of a member.
    """

    seconds: float | None
    n_fits: int

    def per_fit(self, kind: str) -> float | None:
        """Return the seconds that one fit of a kind of member may take."""
        if self.seconds is None:
            return None
        return max(_MIN_SECONDS, _MAX_SHARES[kind] * self.seconds / self.n_fits)


def similar_candidates(candidates: list[Candidate]) -> dict[str, tuple[str, float]]:
    """Find candidates that are variants of another candidate.

    For example "xgboost_small" is a variant of "xgboost".

    Returns
    -------
    similar : dict of str to (str, float)
        By name of the variant: the name of the original, and the cost of the variant as
        a multiple of the cost of the original.
    """
    costs = {candidate.name: candidate.relative_cost for candidate in candidates}
    kinds = {name: name.partition("_")[0] for name in costs}
    return {
        name: (kind, costs[name] / costs[kind])
        for name, kind in kinds.items()
        if kind != name and costs.get(kind)
    }
