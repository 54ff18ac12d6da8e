"""Save a model to one file, and load it, without running code from the file."""

import json
import warnings
from pathlib import Path
from typing import Any

from sklearn.exceptions import InconsistentVersionWarning

from skensemble.core import optional
from skensemble.exceptions import ModelFileError, UntrustedTypesError
from skensemble.persistence._archive import METHODS, Archive, write_archive
from skensemble.persistence._graph import Graph
from skensemble.persistence._making import check_graph, make_again
from skensemble.persistence._manifest import check_format, manifest_of, tell_versions
from skensemble.persistence._taking_apart import take_apart
from skensemble.persistence._trust import check_trusted, trusted_names


def save(
    model: Any, path: str | Path, *, compress: str | None = "bzip2", X: Any = None
) -> None:
    """Save a model to one file that holds no code.

    The file is a zip of a manifest (see `read_manifest`) and the model: arrays, plain
    values and names of classes, kept with skops; never a pickle. It is written beside
    its place and moved there in one step, so a crash leaves the file that was there.

    What fitting again alone needs and may point to pickles, the parameter ``memory``,
    is not kept; all else is.

    Parameters
    ----------
    model : estimator
        Fitted or not: an estimator of skensemble or scikit-learn, a wrapper of
        LightGBM, XGBoost or CatBoost, pipelines of these, and your own classes.
    path : str or Path
        Where to; a file that is there is replaced.
    compress : {"bzip2", "deflate"} or None, default="bzip2"
        "bzip2" makes the smallest files, "deflate" is faster, None does not compress.
    X : DataFrame, default=None
        Rows as the model reads them, so that the manifest tells the dtypes of columns
        and how many levels categories have. No row is kept.

    Raises
    ------
    ModelFileError
        The model holds what cannot be made again without running code from the file,
        such as a lambda; or there is no such folder.

    See Also
    --------
    load : The way back.
    read_manifest : What is in a file.

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
            f"X is a {type(X).__name__}, which has no columns to note; give a frame, or "
            "leave it out."
        )
    if compress not in METHODS:
        raise ValueError(
            f"compress={compress!r} is not known; use one of {list(METHODS)}."
        )
    skops = optional("skops.io", "files")
    graph = take_apart(model)
    payload = skops.dumps(
        {
            "root": graph.root,
            "nodes": json.dumps(graph.nodes, separators=(",", ":")),
            "packs": list(graph.packs),
            "arrays": list(graph.packs.values()),
            "leaves": graph.leaves,
        }
    )
    noted = manifest_of(model, graph, payload, X)
    write_archive(Path(path), noted, payload, compress)


def load(path: str | Path, trusted: Any = ()) -> Any:
    """Load a model that `save` wrote; a file cannot run code of its own.

    The names of all classes and functions in the file are read first. If each is one
    of skensemble's or scikit-learn's estimators, their parts, or listed in `trusted`,
    the model is made; otherwise nothing is.

    Parameters
    ----------
    path : str or Path
        The file.
    trusted : list of str, type or function, default=()
        Further classes and functions that the file may name: what you wrote yourself,
        such as "my_module.MyTransformer". Their module is imported.

    Returns
    -------
    model : estimator
        It predicts what the saved one did, bit for bit, on the same versions.

    Raises
    ------
    UntrustedTypesError
        The file names what is not trusted; lists it.
    ModelFileError
        It is not a model file, damaged, or of a format that this version cannot read.

    Warns
    -----
    UserWarning
        It was saved with another version of scikit-learn, LightGBM or XGBoost.

    See Also
    --------
    save : The way there, with an example.
    """
    path = Path(path)
    names = trusted_names(trusted)
    archive = Archive(path)
    noted = archive.manifest()
    check_format(noted, path)
    skops = optional("skops.io", "files")
    try:
        graph = read_graph(skops, archive.payload(noted))
        check_graph(graph)
        check_trusted(graph.names(), names)
        tell_versions(noted, path)
        with warnings.catch_warnings():
            # Told already, once for the whole file.
            warnings.simplefilter("ignore", InconsistentVersionWarning)
            return make_again(graph)
    except (ModelFileError, ImportError, UserWarning):
        raise
    except Exception as error:
        raise ModelFileError(
            f"{path} cannot be made into a model here ({type(error).__name__}: {error}). "
            f"{_where_from(noted)}"
        ) from error


def read_graph(skops: Any, payload: bytes) -> Graph:
    """Read the plain values of a model; skops refuses all else.

    Parameters
    ----------
    skops : module
        ``skops.io``.
    payload : bytes
        What `save` had from it.

    Returns
    -------
    graph : Graph
    """
    strange = skops.get_untrusted_types(data=payload)
    if strange:
        raise UntrustedTypesError(
            f"The file holds {', '.join(strange)} where skensemble keeps plain values: "
            "it was changed, and nothing of it was made.",
            strange,
        )
    values = skops.loads(payload)
    packs = dict(zip(values["packs"], values["arrays"], strict=True))
    return Graph(values["root"], json.loads(values["nodes"]), packs, values["leaves"])


def _where_from(noted: dict[str, Any]) -> str:
    versions = noted.get("versions", {})
    pairs = ", ".join(f"{library} {version}" for library, version in versions.items())
    return f"It was saved with {pairs}; load it there, or save it again."
