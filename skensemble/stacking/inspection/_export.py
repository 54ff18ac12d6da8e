"""Predictions as a table in the format of Kaggle submissions, and as a file."""

import gzip
import uuid
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from skensemble.core import decode


def ensemble_frame(
    ensemble: Any, X: Any, index: Any, id_column: str | None, target: Any, labels: bool
) -> pd.DataFrame:
    """Lay out predictions of `X`, or out-of-fold predictions if it is None."""
    if X is None:
        held_out = ensemble._fitted.known_evaluation().held_out
        fitted, block, method = (
            ensemble._fitted,
            ensemble.ensemble_oof_,
            held_out.method,
        )
        row_index = ensemble.oof_.index
        known: Any = getattr(ensemble, "_training", (None,))[0]
    else:
        fitted, X = ensemble._fitted_for(X)
        block, method = fitted.predict(X, ensemble.n_jobs), fitted.combiner.method
        row_index, known = getattr(X, "index", None), X
    if id_column is not None and id_column in getattr(known, "columns", ()):
        row_index = known[id_column]
    classes = getattr(ensemble, "classes_", None)
    if labels and method == "predict_proba":
        block, method = _most_probable(block, fitted.target.kind), "predict"
    if method == "predict" and classes is not None:
        block, classes = _as_labels(fitted, block), None
    if index is None:
        index = row_index
    if index is None and id_column is not None:
        index = np.arange(len(block))
    return predictions_frame(
        block, classes=classes, index=index, id_column=id_column, target=target
    )


def _most_probable(block: Any, kind: str) -> Any:
    """Codes of the most probable classes; NaN in rows without prediction."""
    if kind == "labels":
        return np.where(np.isnan(block), np.nan, block > 0.5)
    codes = np.full(len(block), np.nan)
    known = ~np.isnan(block).any(axis=1)
    codes[known] = block[known].argmax(axis=1)
    return codes


def _as_labels(fitted: Any, block: Any) -> Any:
    """Turn codes into labels; rows without prediction stay empty."""
    codes = np.asarray(block, dtype=float)
    known = ~np.isnan(codes.reshape(len(codes), -1)).any(axis=1)
    labels = np.full(codes.shape, None, dtype=object)
    labels[known] = decode(
        fitted.target.encoders, codes[known].astype(np.intp), fitted.target.kind
    )
    return labels if not known.all() else np.asarray(labels.tolist())


def predictions_frame(
    block: Any,
    *,
    classes: Any = None,
    index: Any = None,
    id_column: str | None = None,
    target: str | list[str] | None = None,
) -> pd.DataFrame:
    """Lay predictions out as a table in the format of Kaggle submissions.

    Parameters
    ----------
    block : array-like of shape (n,) or (n, n_columns)
        Continuous predictions, labels or probabilities: out-of-fold predictions, or the
        result of ``predict`` or ``predict_proba``. NaN (rows that no split predicts)
        stays NaN.
    classes : array-like of shape (n_classes,), list of array-like or None, default=None
        The labels, if the columns of `block` are probabilities of classes; None, or one
        array per output (multilabel), if the columns are outputs.
    index : array-like of shape (n,) or None, default=None
        Identifiers of the rows, which become the first column. None: no such column.
    id_column : str or None, default=None
        Name of the column of identifiers; None: the name of `index`, or "id".
    target : str, list of str or None, default=None
        Name of the column of predictions; None is "prediction". Several outputs are
        numbered ("prediction_0", ...), several classes are named by their labels; a
        list names every column itself.

    Returns
    -------
    frame : pandas.DataFrame
        One column for a continuous target or labels, several for several outputs; the
        probability of the second class for two classes, one column per class for more.

    Raises
    ------
    ValueError
        If the numbers of rows, columns and names differ.

    Examples
    --------
    >>> import pandas as pd
    >>> from skensemble.stacking.inspection._export import predictions_frame
    >>> probabilities = [[0.9, 0.1], [0.3, 0.7]]
    >>> rows = pd.Index([892, 893], name="PassengerId")
    >>> predictions_frame(probabilities, classes=[0, 1], index=rows, target="Survived")
       PassengerId  Survived
    0          892       0.1
    1          893       0.7
    """
    values = np.asarray(block)
    if values.ndim not in (1, 2):
        raise ValueError(
            f"block has shape {values.shape}; expected (n_samples,) or (n_samples, "
            "n_columns)."
        )
    one_choice = classes is not None and len(classes) > 0 and np.ndim(classes[0]) == 0
    labels = list(classes) if one_choice and values.ndim == 2 else None
    if labels is not None:
        _check_columns(values, labels)
        values = values[:, 1:] if len(labels) == 2 else values
    values = values.reshape(len(values), -1)
    names = _names(target, labels, values.shape[1])
    frame = pd.DataFrame(values, columns=names)
    return _with_ids(frame, index, id_column)


def write_predictions(frame: pd.DataFrame, path: Any) -> Path:
    """Write predictions to a file.

    The file is written under another name and then renamed, so that an interrupted run
    leaves no incomplete file. Missing folders are created.

    Parameters
    ----------
    frame : pandas.DataFrame
        The result of `predictions_frame`; its index is not written.
    path : str or Path
        Path with the suffix ``.csv``, ``.csv.gz`` or ``.parquet`` (needs pyarrow).

    Returns
    -------
    path : Path
        The file written.

    Raises
    ------
    ValueError
        For an unknown suffix.
    ImportError
        For ``.parquet`` without pyarrow.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from skensemble.stacking.inspection._export import (
    ...     predictions_frame,
    ...     write_predictions,
    ... )
    >>> frame = predictions_frame([1.5, 2.5], index=[7, 8], target="price")
    >>> with TemporaryDirectory() as folder:
    ...     written = write_predictions(frame, Path(folder) / "out" / "submission.csv")
    ...     print(written.read_text(), end="")
    id,price
    7,1.5
    8,2.5
    """
    path = Path(path)
    writers = [write for suffix, write in WRITERS.items() if _ends(path, suffix)]
    if not writers:
        raise ValueError(
            f"path={str(path)!r} has an unknown suffix; use one of {list(WRITERS)}."
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not tempfile: its files are readable by their owner only, and stay so when moved.
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with draft.open("wb") as file:
            writers[0](frame, file)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return path


def _check_columns(values: np.ndarray, labels: list[Any]) -> None:
    if values.shape[1] != len(labels):
        raise ValueError(
            f"block has {values.shape[1]} columns for {len(labels)} classes "
            f"{[str(label) for label in labels]}; expected one column per class."
        )


def _names(target: Any, labels: list[Any] | None, width: int) -> list[str]:
    if target is not None and not isinstance(target, str):
        if len(target) != width:
            raise ValueError(
                f"target={list(target)!r} names {len(target)} columns, but there are "
                f"{width}."
            )
        return [str(name) for name in target]
    if labels is not None and width > 1:
        return [str(label) for label in labels]
    name = "prediction" if target is None else target
    return [name] if width == 1 else [f"{name}_{k}" for k in range(width)]


def _with_ids(frame: pd.DataFrame, index: Any, id_column: str | None) -> pd.DataFrame:
    if index is None:
        if id_column is not None:
            raise ValueError(
                f"id_column={id_column!r} needs index: the identifiers of the "
                "rows, such as the index of the frame predicted."
            )
        return frame
    ids = pd.Index(index)
    if ids.nlevels > 1 or len(ids) != len(frame):
        raise ValueError(
            f"index has {len(ids)} entries in {ids.nlevels} level(s) for {len(frame)} "
            "rows; expected one entry per row."
        )
    own = "id" if ids.name is None else str(ids.name)
    name = own if id_column is None else id_column
    if name in frame.columns:
        raise ValueError(
            f"{name!r} names both the ids and a column of predictions; give another "
            "id_column or target."
        )
    frame.insert(0, name, ids)
    return frame


def _ends(path: Path, suffix: str) -> bool:
    return path.name.lower().endswith(suffix)


def _csv(frame: pd.DataFrame, file: Any) -> None:
    frame.to_csv(file, index=False, mode="wb", lineterminator="\n")


def _csv_gz(frame: pd.DataFrame, file: Any) -> None:
    # No name and no time in the header: the same predictions are the same bytes.
    with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
        _csv(frame, packed)


def _parquet(frame: pd.DataFrame, file: Any) -> None:
    try:
        frame.to_parquet(file, index=False, engine="pyarrow")
    except ImportError as error:
        raise ImportError(
            "A .parquet file needs pyarrow: pip install pyarrow, or use .csv or .csv.gz."
        ) from error


WRITERS = {".csv": _csv, ".csv.gz": _csv_gz, ".parquet": _parquet}
