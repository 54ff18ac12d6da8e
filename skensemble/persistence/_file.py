"""Save a model to a file, and load it without running code from the file."""

import json
import warnings
from pathlib import Path
from typing import Any

from sklearn.exceptions import InconsistentVersionWarning

from skensemble.core import check_choice, optional
from skensemble.exceptions import ModelFileError, UntrustedTypesError
from skensemble.persistence._archive import METHODS, Archive, write_archive
from skensemble.persistence._deserialization import check_graph, from_graph
from skensemble.persistence._graph import Graph
from skensemble.persistence._manifest import (
    check_format,
    make_manifest,
    warn_about_versions,
)
from skensemble.persistence._serialization import to_graph
from skensemble.persistence._trust import check_trusted, trusted_names


def save(
    model: Any, path: str | Path, *, compress: str | None = "bzip2", X: Any = None
) -> None:
    """Save a model to a file that contains no code.

    The file is a zip archive of a manifest (see `read_manifest`) and the model. The
    model is stored as arrays, plain values and names of classes with skops, never as a
    pickle. An existing file is replaced. The file is written under a temporary name and
    then renamed, so that a crash leaves an existing file unchanged.

    The parameter ``memory`` is not saved, because it may refer to a folder of pickles
    and only fitting uses it. All other parameters and attributes are saved.

    Read more in the :ref:`User Guide <guide_files>`.

    Parameters
    ----------
    model : estimator
        A fitted or unfitted estimator: of skensemble or scikit-learn, of LightGBM,
        XGBoost or CatBoost (their scikit-learn interface), a pipeline of these, or an
        estimator of your own.
    path : str or Path
        Path of the model file.
    compress : {"bzip2", "deflate"} or None, default="bzip2"
        Compression of the model. "bzip2" gives the smallest files, "deflate" is faster,
        None does not compress.
    X : DataFrame, default=None
        Rows of the training data. Their dtypes and the number of levels of each
        category are written to the manifest. No row is saved.

    Raises
    ------
    ModelFileError
        If the model contains an object that can only be restored by running code from
        the file, such as a lambda, or if the folder of `path` does not exist.

    See Also
    --------
    load : Load a model from a file.
    read_manifest : Read the description of a model without loading it.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skensemble import CrossFitted
    >>> from skensemble.persistence import load, save
    >>> X, y = load_iris(return_X_y=True)
    >>> model = CrossFitted(LogisticRegression(max_iter=1000), cv=3).fit(X, y)
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder) / "iris.model"
    ...     save(model, path)
    ...     again = load(path)
    >>> bool((again.predict_proba(X) == model.predict_proba(X)).all())
    True
    """
    if X is not None and not hasattr(X, "columns"):
        raise TypeError(
            f"X must be a DataFrame, got a {type(X).__name__}, which has no columns to "
            "describe; pass a DataFrame, or omit X."
        )
    check_choice("compress", compress, list(METHODS))
    skops = optional("skops.io", "files")
    graph = to_graph(model)
    payload = skops.dumps(
        {
            "root": graph.root,
            "nodes": json.dumps(graph.nodes, separators=(",", ":")),
            "packs": list(graph.packs),
            "arrays": list(graph.packs.values()),
            "leaves": graph.leaves,
        }
    )
    manifest = make_manifest(model, graph, payload, X)
    write_archive(Path(path), manifest, payload, compress)


def load(path: str | Path, trusted: Any = ()) -> Any:
    """Load a model from a file that `save` wrote, without running code from the file.

    The names of all classes and functions in the file are checked first. The model is
    loaded only if each of them is an estimator of skensemble or scikit-learn, a part of
    one, or listed in `trusted`.

    Read more in the :ref:`User Guide <guide_files>`.

    Parameters
    ----------
    path : str or Path
        Path of the model file.
    trusted : list of str, type or function, default=()
        Additional classes and functions that the file may contain, such as
        "my_module.MyTransformer" for a class of your own. Their modules are imported.

    Returns
    -------
    model : estimator
        With the same versions of all libraries, its predictions are equal bit for bit
        to those of the saved model.

    Raises
    ------
    UntrustedTypesError
        If the file contains a class or function that is not trusted. The error lists
        them.
    ModelFileError
        If the file is not a model file, is damaged, or has a format that this version
        cannot read.

    Warns
    -----
    UserWarning
        If the model was saved with another version of scikit-learn, LightGBM, XGBoost
        or CatBoost.

    See Also
    --------
    save : Save a model to a file.
    read_manifest : Read the description of a model without loading it.
    """
    path = Path(path)
    names = trusted_names(trusted)
    archive = Archive(path)
    manifest = archive.manifest()
    check_format(manifest, path)
    skops = optional("skops.io", "files")
    try:
        graph = read_graph(skops, archive.payload(manifest))
        check_graph(graph)
        check_trusted(graph.names(), names)
        warn_about_versions(manifest, path)
        with warnings.catch_warnings():
            # `warn_about_versions` has already warned, once per file.
            warnings.simplefilter("ignore", InconsistentVersionWarning)
            return from_graph(graph)
    except (ModelFileError, ImportError, UserWarning):
        raise
    except Exception as error:
        raise ModelFileError(
            f"{path} cannot be loaded here ({type(error).__name__}: {error}). "
            f"{_saved_with(manifest)}"
        ) from error


def read_graph(skops: Any, payload: bytes) -> Graph:
    """Read the graph of a model with skops, which refuses all but plain values."""
    untrusted = skops.get_untrusted_types(data=payload)
    if untrusted:
        raise UntrustedTypesError(
            f"The file contains {', '.join(untrusted)} where skensemble stores plain "
            "values. The file was changed; no object was created from it.",
            untrusted,
        )
    values = skops.loads(payload)
    packs = dict(zip(values["packs"], values["arrays"], strict=True))
    return Graph(values["root"], json.loads(values["nodes"]), packs, values["leaves"])


def _saved_with(manifest: dict[str, Any]) -> str:
    versions = manifest.get("versions", {})
    pairs = ", ".join(f"{library} {version}" for library, version in versions.items())
    return f"It was saved with {pairs}; load it with these versions, or save it again."
