"""Describe a model in a manifest, which can be read without loading the model."""

import json
import platform
import warnings
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import is_classifier, is_clusterer, is_outlier_detector, is_regressor
from sklearn.pipeline import Pipeline

from skensemble.core import as_pandas
from skensemble.exceptions import ModelFileError
from skensemble.persistence._archive import Archive
from skensemble.persistence._graph import Graph, full_name

FORMAT = "skensemble-model"
# A version reads all files of the same major version. A new minor version only adds
# entries that can be ignored.
VERSION = (2, 0)
LIBRARIES = (
    *("skensemble", "numpy", "scipy", "pandas", "scikit-learn", "lightgbm", "xgboost"),
    *("catboost", "skops"),
)
# Libraries whose fitted models may predict differently in another version.
VERSIONED_LIBRARIES = ("scikit-learn", "lightgbm", "xgboost", "catboost")
TASKS = (
    ("classification", is_classifier),
    ("regression", is_regressor),
    ("clustering", is_clusterer),
    ("outlier detection", is_outlier_detector),
)

SCORES = (
    *("leaderboard_", "oof_score_", "oob_score_", "best_score_", "best_iteration_"),
    *("cv_risk_", "history_", "scores_"),
)
# Largest number of rows and columns of a table of scores that are printed.
MAX_TABLE_ROWS, MAX_TABLE_COLUMNS = 5, 8


class Manifest(dict):
    """The manifest of a model file: a dict that prints as a table."""

    def __repr__(self) -> str:
        width = max(map(len, self), default=0)
        rows = (f"{name:<{width}}  {_summary(one)}" for name, one in self.items())
        parts = [
            _labelled(name, _scores_text(one), width) if name == "scores" else row
            for (name, one), row in zip(self.items(), rows, strict=True)
        ]
        return "\n".join(parts)


def _labelled(name: str, text: str, width: int) -> str:
    """Indent lines of text beside a name."""
    return f"{name:<{width}}  " + text.replace("\n", "\n" + " " * (width + 2))


def _scores_text(scores: Any) -> str:
    """Return one line per score; of tables, the first rows."""
    if not isinstance(scores, dict) or not scores:
        return _summary(scores)
    return "\n".join(
        f"{name}\n{_table_text(one)}" if _is_table(one) else f"{name} {_summary(one)}"
        for name, one in scores.items()
    )


def _is_table(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, dict) and one for one in value)
    )


def _table_text(records: list[dict[str, Any]]) -> str:
    shown = pd.DataFrame(records[:MAX_TABLE_ROWS]).drop(
        columns="index", errors="ignore"
    )
    text = shown.to_string(
        index=False,
        float_format=lambda number: f"{number:.4g}",
        max_cols=MAX_TABLE_COLUMNS,
        max_colwidth=24,
        na_rep="",
    )
    more = len(records) - MAX_TABLE_ROWS
    return f"{text}\n... ({len(records)} in all)" if more > 0 else text


def _summary(value: Any) -> str:
    if isinstance(value, dict):
        has_name = "name" in value
        first = [str(value["name"])] if has_name else []
        rest = [f"{key} {_summary(one)}" for key, one in value.items() if key != "name"]
        return " ".join(first + rest) if has_name else ", ".join(rest)
    if isinstance(value, list):
        shown = ", ".join(map(_summary, value[:6]))
        return shown + (f", ... ({len(value)} in all)" if len(value) > 6 else "")
    return str(value)


def read_manifest(path: str | Path) -> Manifest:
    """Read the manifest of a model file without loading the model.

    The model itself is not read, and skops is not required. A manifest is not verified:
    its content comes from the author of the file.

    Read more in the :ref:`User Guide <guide_files>`.

    Parameters
    ----------
    path : str or Path
        Path of the model file.

    Returns
    -------
    manifest : Manifest
        A dict with the keys "format", "class", "task", "classes", "table" (names,
        dtypes, numbers of levels and kinds of the columns, as far as they are known,
        and as "dropped" why columns are left out),
        "scores", "created" (date and time in UTC), "versions" (of libraries), "types",
        "sizes" (in bytes, and the number of nodes) and "sha256" (sum of the model). It
        prints as a table.

    Raises
    ------
    ModelFileError
        If the file is not a model file, or is damaged.

    See Also
    --------
    save : Save a model to a file.
    load : Load a model from a file.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skensemble.persistence import read_manifest, save
    >>> X, y = load_iris(return_X_y=True, as_frame=True)
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "iris.model"
    ...     save(LogisticRegression(max_iter=1000).fit(X, y), path)
    ...     manifest = read_manifest(path)
    >>> manifest["task"], manifest["classes"], manifest["table"]["n_features"]
    ('classification', [0, 1, 2], 4)
    """
    manifest = Archive(Path(path)).manifest()
    if _dict_of(manifest, "format").get("name") != FORMAT:
        raise ModelFileError(
            f"{path} is a zip, but not a model that skensemble saved: the format in its "
            f"manifest is not {FORMAT!r}."
        )
    return Manifest(manifest)


def make_manifest(
    model: Any, graph: Graph, payload: bytes, X: pd.DataFrame | None
) -> dict[str, Any]:
    """Describe a model by values that JSON can store."""
    return {
        "format": {"name": FORMAT, "version": list(VERSION)},
        "class": full_name(type(model)),
        "task": _task(model),
        "classes": _plain(getattr(model, "classes_", None)),
        "table": _table(model, graph, X),
        "scores": _scores(model),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": _versions(),
        "types": [*graph.names(), *graph.converters()],
        "sizes": {
            "model": len(payload),
            "arrays": sum(pack.nbytes for pack in graph.packs.values()),
            "nodes": len(graph.nodes),
        },
    }


def check_format(manifest: dict[str, Any], path: Path) -> None:
    """Refuse a file of another format or another major version."""
    form = _dict_of(manifest, "format")
    version = form.get("version")
    readable = isinstance(version, list) and all(type(one) is int for one in version)
    if not readable or not version or form.get("name") != FORMAT:
        raise ModelFileError(
            f"{path} is a zip, but not a model that skensemble saved: the format in its "
            f"manifest is not {FORMAT!r} with a version."
        )
    if version[0] != VERSION[0]:
        written = ".".join(map(str, version))
        ours = ".".join(map(str, VERSION))
        by = _dict_of(manifest, "versions").get("skensemble", "another version")
        raise ModelFileError(
            f"{path} has format {written}, written by skensemble {by}; this version "
            f"reads format {ours}. Install skensemble {by} to load it."
        )


def warn_about_versions(manifest: dict[str, Any], path: Path) -> None:
    """Warn if the model was saved with another version of a library that it uses."""
    here, types = _versions(), " ".join(map(str, manifest.get("types", [])))
    for library in VERSIONED_LIBRARIES:
        there = _dict_of(manifest, "versions").get(library)
        package = "sklearn" if library == "scikit-learn" else library
        is_used = f"{package}." in types
        if is_used and there != here.get(library):
            warnings.warn(
                f"{path} was saved with {library} {there}, but {library} "
                f"{here.get(library)} is installed. The model may give different "
                "predictions or fail; compare some predictions, or save it again.",
                UserWarning,
                stacklevel=3,
            )


def _dict_of(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    found = manifest.get(name)
    return found if isinstance(found, dict) else {}


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for library in LIBRARIES:
        try:
            found[library] = version(library)
        except PackageNotFoundError:
            continue
    return found


def _task(model: Any) -> str | None:
    if not hasattr(model, "__sklearn_tags__"):
        return None
    return next((name for name, fits in TASKS if fits(model)), None)


def _table(model: Any, graph: Graph, X: Any) -> dict[str, Any]:
    """Describe the columns: names, dtypes, and numbers of levels of categories."""
    table = {"n_features": _plain(getattr(model, "n_features_in_", None))}
    names = getattr(model, "feature_names_in_", None)
    if X is not None:
        frame = as_pandas(X)
        columns = [_column(str(name), column) for name, column in frame.items()]
        table = {"n_features": len(columns), "columns": columns}
    elif names is not None:
        levels = _levels(graph)
        table["columns"] = [
            {"name": str(name)} | ({"levels": levels[name]} if name in levels else {})
            for name in names
        ]
    return _with_kinds(table, model)


def _with_kinds(table: dict[str, Any], model: Any) -> dict[str, Any]:
    """Add the kinds of the columns, and why columns are left out, where known."""
    encoder = model.steps[0][1] if isinstance(model, Pipeline) else model
    kinds = getattr(encoder, "kinds_", None)
    if not isinstance(kinds, pd.Series):
        return table
    known = {str(name): str(kind) for name, kind in kinds.items()}
    columns = table.get("columns", [{"name": name} for name in known])
    table["columns"] = [
        one | ({"kind": known[one["name"]]} if one["name"] in known else {})
        for one in columns
    ]
    dropped = getattr(encoder, "dropped_", None)
    if isinstance(dropped, dict):
        table["dropped"] = {str(name): str(why) for name, why in dropped.items()}
    return table


def _column(name: str, column: pd.Series) -> dict[str, Any]:
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return {"name": name, "dtype": "category", "levels": len(dtype.categories)}
    if pd.api.types.is_numeric_dtype(dtype):
        return {"name": name, "dtype": str(dtype)}
    return {"name": name, "dtype": str(dtype), "levels": int(column.nunique())}


def _levels(graph: Graph) -> dict[str, int]:
    """Return the numbers of levels that the encoders in the model have learned."""
    found: dict[str, int] = {}
    for encoder in graph.estimators:
        names = getattr(encoder, "feature_names_in_", None)
        known = getattr(encoder, "categories_", None)
        if names is not None and isinstance(known, list) and len(known) == len(names):
            found |= {
                str(name): len(one) for name, one in zip(names, known, strict=True)
            }
    return found


def _scores(model: Any) -> dict[str, Any]:
    """Return the scores among the fitted attributes of a model."""
    found: dict[str, Any] = {}
    for name in SCORES:
        try:
            value = getattr(model, name)
            last = value.tail(1) if name == "history_" else value
            value = _plain(last)
        except Exception:  # a score that cannot be computed must not prevent saving
            continue
        if value is not None:
            found[name] = value
    return found


def _plain(value: Any) -> Any:
    """Convert a value to one that JSON can store, or to None."""
    if isinstance(value, pd.DataFrame | pd.Series):
        return json.loads(value.reset_index().to_json(orient="records"))
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value if isinstance(value, bool | int | str) else None
