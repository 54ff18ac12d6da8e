"""Where displays draw: axes that fit their labels, and colours that all can tell."""

from collections.abc import Iterable
from typing import Any

from skensemble.core import optional

# Okabe and Ito (2008), Color universal design: safe for all kinds of colour vision.
BLUE, VERMILION = "#0072B2", "#D55E00"
FAINT = "0.55"

# A name is shown as it is written: `$` starts no formula, `_` no index.
LITERAL_TEXT: dict[str, Any] = {"parse_math": False, "usetex": False}

# Inches that a letter of a label takes.
LETTER = 0.085


def new_axes(width: float, height: float) -> Any:
    """Make axes in a new figure of so many inches."""
    pyplot = optional("matplotlib.pyplot", extra="plot")
    _, ax = pyplot.subplots(figsize=(width, height), layout="constrained")
    return ax


def label_inches(names: Iterable[Any]) -> float:
    """Room that the longest name takes."""
    return LETTER * max((len(str(name)) for name in names), default=0)


def member_rows(ax: Any, names: Iterable[Any]) -> None:
    """Make one row a member, the first on top, with faint lines to follow."""
    labels = [str(name) for name in names]
    ax.set_yticks(range(len(labels)), labels=labels, **LITERAL_TEXT)
    ax.set_ylim(max(len(labels), 1) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="y", color=FAINT, alpha=0.2, linewidth=0.8)
    ax.set_axisbelow(True)
    ax.spines[["top", "right", "left"]].set_visible(False)
