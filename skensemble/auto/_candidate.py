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
        Seconds of a fit, as a multiple of those of the first candidate; a low guess, for
        whoever is not begun is never known better.
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
