"""The commands ``leaderboard``, ``trials`` and ``columns``."""

from pathlib import Path
from typing import Any

import pandas as pd

from skensemble.command_line._model_folder import MODEL
from skensemble.command_line._usage_errors import UsageError


def run_tables(args: Any) -> int:
    """Print a table of the folder of a fit."""
    folder = Path(args.model)
    if folder.name == MODEL:
        folder = folder.parent
    path = folder / f"{args.command}.csv"
    if not path.exists():
        raise UsageError(f"{args.model} is not a folder of a fit: {path} is missing.")
    print(as_text(pd.read_csv(path, index_col=0)))
    return 0


def as_text(frame: pd.DataFrame) -> str:
    """Format a table for a terminal; missing values are blank."""
    with pd.option_context("display.max_colwidth", 70):
        return frame.to_string(float_format=lambda value: f"{value:.4g}", na_rep="")
