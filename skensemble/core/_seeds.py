"""Seeds that depend on names, never on the order of execution."""

import hashlib
from typing import Any

import numpy as np
from sklearn.utils import check_random_state

LARGEST_SEED = 2**31 - 1


def root_seed(random_state: Any) -> int | None:
    """Convert any ``random_state`` to one integer, or None."""
    if random_state is None:
        return None
    if isinstance(random_state, int | np.integer):
        return int(random_state)
    return draw_seed(random_state)


def root_seed_or_new(random_state: Any) -> int:
    """Convert any ``random_state`` to one integer, which is drawn if it is None."""
    seed = root_seed(random_state)
    return draw_seed(None) if seed is None else seed


def draw_seed(random_state: Any) -> int:
    """Draw one seed from any ``random_state``; a new one per call if it is None."""
    return int(check_random_state(random_state).randint(LARGEST_SEED))


def named_seed(root: int, *names: object) -> int:
    """Derive a seed from names: the same names give the same seed."""
    text = repr((root, *names)).encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big") % LARGEST_SEED


def seed_parameters(estimator: Any) -> list[str]:
    """Names of the seeds of an estimator and of its nested estimators."""
    return [name for name in estimator.get_params(deep=True) if _is_seed(name)]


def _is_seed(name: str) -> bool:
    return name == "random_state" or name.endswith("__random_state")


def seed_estimator(estimator: Any, root: int | None, *names: object) -> Any:
    """Set every ``random_state`` that is None; the others stay."""
    if root is None:
        return estimator
    seeds = {
        key: named_seed(root, *names, key)
        for key, value in estimator.get_params(deep=True).items()
        if value is None and _is_seed(key)
    }
    return estimator.set_params(**seeds) if seeds else estimator
