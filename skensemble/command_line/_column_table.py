"""The table of all columns: how each of them is used, or why it is not."""

from typing import Any

import pandas as pd

from skensemble.command_line._training_table import TrainingTable


def column_table(model: Any, train: TrainingTable) -> pd.DataFrame:
    """Tabulate the columns of the training table.

    Parameters
    ----------
    model : estimator
        The fitted model.
    train : TrainingTable
        The training table.

    Returns
    -------
    table : pandas.DataFrame
        One row per column: its ``role`` ("target", "identifier", "feature" or "left
        out"), its ``kind``, and the reason (``why``).
    """
    target = train.target
    rows: dict[str, dict[str, str]] = {
        target.name: {
            "role": "target",
            "kind": "classes" if target.is_classes else "numeric",
            "why": "--target",
        }
    }
    for row_id in train.row_ids:
        rows[row_id.name] = {"role": "identifier", "kind": "", "why": row_id.why}
    dropped = model.dropped_
    for name, kind in model.kinds_.items():
        role = "left out" if name in dropped else "feature"
        why = "--kinds" if name in train.kinds else str(dropped.get(name, ""))
        rows[str(name)] = {"role": role, "kind": str(kind), "why": why}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("column")
