"""The real tables that the studies read."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path("../shared/data")


def read(name: str, rows: int = 40_000) -> tuple[pd.DataFrame, np.ndarray, str]:
    """Read features, target and task of a table; the study ends where it is absent."""
    if not (FOLDER / "index.json").exists():
        sys.exit(f"The tables are not in {FOLDER.resolve()}: nothing to study.")
    entries = json.loads((FOLDER / "index.json").read_text())
    entry = next(one for one in entries if one["name"] == name)
    frame = pd.read_parquet(FOLDER / f"{name}.parquet").sample(frac=1, random_state=0)
    frame = frame.head(rows).reset_index(drop=True)
    y = frame.pop(entry["target"]).to_numpy()
    return frame, y, entry["task"]


def codes(frame: pd.DataFrame) -> np.ndarray:
    """Categories as numbers, so that every library sees the same columns."""
    columns = [
        column if pd.api.types.is_numeric_dtype(column) else pd.factorize(column)[0]
        for _, column in frame.items()
    ]
    return np.column_stack([np.asarray(column, dtype=float) for column in columns])
