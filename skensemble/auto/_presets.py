"""Presets: which members are tried, in how many layers and rounds of folds."""

from dataclasses import dataclass

_ALL_MEMBERS = (
    "lightgbm",
    "linear",
    "linear_log",
    "network",
    "lightgbm_sqrt",
    "catboost_log",
    "xgboost",
    "extra_trees",
    "catboost",
    "neighbors",
    "lightgbm_log",
    "network_log",
    "xgboost_small",
    "kernel",
    "lightgbm_random",
    "network_smooth",
    "catboost_deep",
)


@dataclass(frozen=True)
class Preset:
    """Which members are tried, and how.

    Parameters
    ----------
    names : tuple of str
        Members of the lower layer; those that do not suit the task are left out.
    upper : bool
        Whether there is an upper layer.
    rounds : int
        Maximum number of different splits of a small table.
    max_members : int or None
        Maximum number of members that are kept.
    """

    names: tuple[str, ...] = _ALL_MEMBERS
    upper: bool = True
    rounds: int = 3
    max_members: int | None = None


PRESETS = {
    "fast": Preset(("lightgbm", "linear", "xgboost"), upper=False, rounds=1),
    "balanced": Preset(),
    "best": Preset((*_ALL_MEMBERS, "forest"), rounds=8),
    "interpretable": Preset(("additive", "linear"), upper=False, rounds=1),
    "small": Preset(("lightgbm_small", "linear"), upper=False, rounds=1, max_members=2),
}
