"""What is tried, by what it costs and gives."""

from dataclasses import dataclass

_EVERYONE = (
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
    """What is tried.

    Parameters
    ----------
    names : tuple of str
        Members of the lower layer; those that do not suit the task are left out.
    upper : bool
        Whether there is an upper layer.
    rounds : int
        How often a small table is split anew.
    most : int or None
        How many members are kept at most.
    """

    names: tuple[str, ...] = _EVERYONE
    upper: bool = True
    rounds: int = 3
    most: int | None = None


PRESETS = {
    "fast": Preset(("lightgbm", "linear", "xgboost"), upper=False, rounds=1),
    "balanced": Preset(),
    "best": Preset((*_EVERYONE, "forest"), rounds=8),
    "interpretable": Preset(("additive", "linear"), upper=False, rounds=1),
    "small": Preset(("lightgbm_small", "linear"), upper=False, rounds=1, most=2),
}
