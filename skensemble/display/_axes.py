"""Axes that fit their labels, and colors that suit all kinds of color vision."""

from collections.abc import Iterable
from typing import Any

from skensemble.core import optional

# Okabe and Ito (2008), Color universal design.
BLUE, VERMILION = "#0072B2", "#D55E00"
FAINT = "0.55"

# Names are shown literally: `$` does not start a formula.
LITERAL_TEXT: dict[str, Any] = {"parse_math": False, "usetex": False}

# Width of a letter of a label, in inches.
LETTER_WIDTH = 0.085


def new_axes(width: float, height: float) -> Any:
    """Create axes in a new figure; the sizes are in inches."""
    pyplot = optional("matplotlib.pyplot", extra="plot")
    _, ax = pyplot.subplots(figsize=(width, height), layout="constrained")
    return ax


def label_inches(names: Iterable[Any]) -> float:
    """Width of the longest name, in inches."""
    return LETTER_WIDTH * max((len(str(name)) for name in names), default=0)


def member_rows(ax: Any, names: Iterable[Any]) -> None:
    """Set up one row per member, the first at the top, with faint grid lines."""
    labels = [str(name) for name in names]
    ax.set_yticks(range(len(labels)), labels=labels, **LITERAL_TEXT)
    ax.set_ylim(max(len(labels), 1) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", color=FAINT, alpha=0.2, linewidth=0.8)
    ax.set_axisbelow(True)
    ax.spines[["top", "right", "left"]].set_visible(False)
