"""What is noted of a model beside it: readable without making the model."""

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

from skensemble.core import as_pandas
from skensemble.exceptions import ModelFileError
from skensemble.persistence._archive import Archive
from skensemble.persistence._graph import Graph, full_name

FORMAT = "skensemble-model"
# A reader knows all files of its major version; a minor one adds what may be ignored.
VERSION = (2, 0)
LIBRARIES = (
    *("skensemble", "numpy", "scipy", "pandas", "scikit-learn", "lightgbm", "xgboost"),
    *("catboost", "skops"),
)
# Libraries whose fitted models may mean something else in another version.
MATTERING = ("scikit-learn", "lightgbm", "xgboost", "catboost")
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
# What is shown of a table of scores.
SHOWN, MOST_COLUMNS = 5, 8


class Manifest(dict):
    """What `read_manifest` gives: a dict that prints as a table."""

    def __repr__(self) -> str:
        width = max(map(len, self), default=0)
        rows = (f"{name:<{width}}  {_in_short(one)}" for name, one in self.items())
        parts = [
            _beside(name, _of_scores(one), width) if name == "scores" else row
            for (name, one), row in zip(self.items(), rows, strict=True)
        ]
        return "\n".join(parts)


def _beside(name: str, text: str, width: int) -> str:
    """Lines of text beside the name of what they are about."""
    return f"{name:<{width}}  " + text.replace("\n", "\n" + " " * (width + 2))


def _of_scores(scores: Any) -> str:
    """Scores, each on its line, with the first rows of those that are tables."""
    if not isinstance(scores, dict) or not scores:
        return _in_short(scores)
    return "\n".join(
        f"{name}\n{_rows(one)}" if _is_table(one) else f"{name} {_in_short(one)}"
        for name, one in scores.items()
    )


def _is_table(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, dict) and one for one in value)
    )


def _rows(records: list[dict[str, Any]]) -> str:
    shown = pd.DataFrame(records[:SHOWN]).drop(columns="index", errors="ignore")
    text = shown.to_string(
        index=False,
        float_format=lambda number: f"{number:.4g}",
        max_cols=MOST_COLUMNS,
        max_colwidth=24,
        na_rep="",
    )
    more = len(records) - SHOWN
    return f"{text}\n... ({len(records)} in all)" if more > 0 else text


def _in_short(value: Any) -> str:
    if isinstance(value, dict):
        named = "name" in value
        first = [str(value["name"])] if named else []
        rest = [
            f"{key} {_in_short(one)}" for key, one in value.items() if key != "name"
        ]
        return " ".join(first + rest) if named else ", ".join(rest)
    if isinstance(value, list):
        shown = ", ".join(map(_in_short, value[:6]))
        return shown + (f", ... ({len(value)} in all)" if len(value) > 6 else "")
    return str(value)


def read_manifest(path: str | Path) -> Manifest:
    """Read what is noted of a model, without loading it.

    Nothing of the model is read or made, and skops is not needed. A manifest says what
    whoever wrote the file wanted to say.

    Parameters
    ----------
    path : str or Path
        A file that `save` wrote.

    Returns
    -------
    manifest : Manifest
        A dict: format, class, task, classes, table (columns with what is known of
        them), scores, types, versions, date, sizes. It prints as a table.

    Raises
    ------
    ModelFileError
        It is not a model file, or damaged.

    See Also
    --------
    load : Make the model.

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
    noted = Archive(Path(path)).manifest()
    if (
        not isinstance(noted.get("format"), dict)
        or noted["format"].get("name") != FORMAT
    ):
        raise ModelFileError(
            f"{path} is a zip, but not a model that skensemble saved: its manifest does "
            f"not say {FORMAT!r}."
        )
    return Manifest(noted)


def manifest_of(
    model: Any, graph: Graph, payload: bytes, X: pd.DataFrame | None
) -> dict[str, Any]:
    """Note what there is to know of a model.

    Parameters
    ----------
    model : object
        What is saved.
    graph : Graph
        What it was taken apart to.
    payload : bytes
        What is written of it.
    X : DataFrame, optional
        Rows as the model reads them, for the dtypes of columns.

    Returns
    -------
    manifest : dict
        Of values that JSON holds.
    """
    return {
        "format": {"name": FORMAT, "version": list(VERSION)},
        "class": full_name(type(model)),
        "task": _task(model),
        "classes": _plain(getattr(model, "classes_", None)),
        "table": _table(model, graph, X),
        "scores": _scores(model),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": _versions(),
        "types": [*graph.names(), *graph.parts()],
        "sizes": {
            "model": len(payload),
            "arrays": sum(pack.nbytes for pack in graph.packs.values()),
            "nodes": len(graph.nodes),
        },
    }


def check_format(noted: dict[str, Any], path: Path) -> None:
    """Refuse a file of another format, or of a major version that is not ours.

    Parameters
    ----------
    noted : dict
        The manifest.
    path : Path
        The file, for the message.
    """
    form = _dict_of(noted, "format")
    version = form.get("version")
    readable = isinstance(version, list) and all(type(one) is int for one in version)
    if not readable or not version or form.get("name") != FORMAT:
        raise ModelFileError(
            f"{path} is a zip, but not a model that skensemble saved: its manifest does "
            f"not say {FORMAT!r} and a version."
        )
    if version[0] != VERSION[0]:
        written = ".".join(map(str, version))
        ours = ".".join(map(str, VERSION))
        by = _dict_of(noted, "versions").get("skensemble", "another version")
        raise ModelFileError(
            f"{path} has format {written}, written by skensemble {by}; this version "
            f"reads format {ours}. Install skensemble {by} to load it."
        )


def tell_versions(noted: dict[str, Any], path: Path) -> None:
    """Warn where a library was another one when the model was saved.

    Parameters
    ----------
    noted : dict
        The manifest.
    path : Path
        The file, for the message.
    """
    here, types = _versions(), " ".join(map(str, noted.get("types", [])))
    for library in MATTERING:
        there = _dict_of(noted, "versions").get(library)
        package = "sklearn" if library == "scikit-learn" else library
        held = f"{package}." in types
        if held and there != here.get(library):
            warnings.warn(
                f"{path} was saved with {library} {there}, and {here.get(library)} is "
                "installed: the model may predict otherwise, or fail. Compare some "
                "predictions, or save it again.",
                UserWarning,
                stacklevel=3,
            )


def _dict_of(noted: dict[str, Any], name: str) -> dict[str, Any]:
    found = noted.get(name)
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
    """What is known of the columns: names, dtypes, and how many levels categories have."""
    noted = {"n_features": _plain(getattr(model, "n_features_in_", None))}
    names = getattr(model, "feature_names_in_", None)
    if X is not None:
        frame = as_pandas(X)
        columns = [_column(str(name), column) for name, column in frame.items()]
        return {"n_features": len(columns), "columns": columns}
    if names is not None:
        levels = _levels(graph)
        noted["columns"] = [
            {"name": str(name)} | ({"levels": levels[name]} if name in levels else {})
            for name in names
        ]
    return noted


def _column(name: str, column: pd.Series) -> dict[str, Any]:
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        return {"name": name, "dtype": "category", "levels": len(dtype.categories)}
    if pd.api.types.is_numeric_dtype(dtype):
        return {"name": name, "dtype": str(dtype)}
    return {"name": name, "dtype": str(dtype), "levels": int(column.nunique())}


def _levels(graph: Graph) -> dict[str, int]:
    """What the encoders in a model have learned of columns."""
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
    """The scores that a model tells of itself."""
    found: dict[str, Any] = {}
    for name in SCORES:
        try:
            value = getattr(model, name)
            last = value.tail(1) if name == "history_" else value
            value = _plain(last)
        except Exception:  # a score that cannot be had is no reason to fail
            continue
        if value is not None:
            found[name] = value
    return found


def _plain(value: Any) -> Any:
    """A value as JSON holds it; None where it is nothing of the kind."""
    if isinstance(value, pd.DataFrame | pd.Series):
        return json.loads(value.reset_index().to_json(orient="records"))
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return value if isinstance(value, bool | int | str) else None
