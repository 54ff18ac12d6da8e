"""Which classes and functions a file may name without being asked about.

A class that is trusted is made by ``__new__`` and given a state: its constructor is
never called. A function that is trusted can end up as a parameter of a model, which
calls it with rows, so only functions that compute are.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import scipy.special
from sklearn.base import BaseEstimator

from skensemble.exceptions import ModelFileError, UntrustedTypesError
from skensemble.persistence._graph import full_name
from skensemble.persistence._resolution import resolve

# Rooms of scikit-learn that read files, reach the net or are not its own.
CLOSED = ("datasets", "externals", "conftest", "_build_utils")
# Modules of scikit-learn whose classes that are no estimators are plain values, too.
PLAIN_MODULES = (
    "sklearn._loss.link",
    "sklearn._loss.loss",
    "sklearn.calibration",
    "sklearn.ensemble._hist_gradient_boosting.binning",
    "sklearn.gaussian_process.kernels",
    "sklearn.metrics._scorer",
    "sklearn.model_selection._split",
    "sklearn.neural_network._stochastic_optimizers",
    "sklearn.utils._bunch",
    "sklearn.utils._metadata_requests",
    "sklearn.utils._tags",
)
WRAPPERS = frozenset(
    (
        *(f"lightgbm.sklearn.LGBM{kind}" for kind in ("Classifier", "Ranker")),
        *(f"lightgbm.sklearn.LGBM{kind}" for kind in ("Model", "Regressor")),
        *(f"xgboost.sklearn.XGB{kind}" for kind in ("Classifier", "Model", "Ranker")),
        *(f"xgboost.sklearn.XGB{kind}" for kind in ("Regressor", "RFClassifier")),
        "xgboost.sklearn.XGBRFRegressor",
    )
)
NUMPY_FUNCTIONS = (
    *("amax", "amin", "mean", "median", "nan_to_num", "nanmean", "nanmedian", "ravel"),
    *("round", "std", "sum", "var"),
)
# Modules of scikit-learn whose public functions only compute.
COMPUTING = ("sklearn.metrics", "sklearn.feature_selection")
CHECKING = "sklearn.utils.validation.check_array"
PYTHON = frozenset(
    (
        *(f"builtins.{name}" for name in ("bool", "dict", "float", "int", "list")),
        *(f"builtins.{name}" for name in ("object", "set", "str", "tuple")),
        "collections.OrderedDict",
    )
)
# Modules of ours whose functions and methods only compute, so that a fitted model may
# hold them; others read files or ask whatever they are given.
OUR_COMPUTING = frozenset(
    f"skensemble.{module}"
    for module in (
        "boosting.learners._variants",
        "preprocessing._scales",
        "combination._combiners",
        "scoring._prediction_scorer",
    )
)
OUR_FUNCTIONS = frozenset(
    f"skensemble.boosting.learners.{function}"
    for function in (
        "_binned.labels_from_mean",
        "_binned.probabilities_from_mean",
        "_binned.unscaled",
        "_contract.identity",
        "_general.predict_labels",
        "_general.predict_probabilities",
        "_general.predict_values",
        "_tree_view.tree_input",
    )
)
# Rooms of ours whose classes no fitted model holds: they keep and read pickles.
KEEPERS = (
    "_source_code",
    "_entry",
    "_cache",
    "_shared",
    "_store",
    "_checkpoint",
)


def check_trusted(names: Iterable[str], trusted: Any) -> None:
    """Refuse names that are neither ours nor trusted by the caller.

    Parameters
    ----------
    names : iterable of str
        Full names of classes and functions.
    trusted : iterable of str, type or function
        What the caller trusts besides.

    Raises
    ------
    UntrustedTypesError
        Some are not; lists them.
    """
    given = trusted_names(trusted)
    refused = [name for name in names if name not in given and not is_trusted(name)]
    if refused:
        raise UntrustedTypesError(
            f"The file holds types that are not trusted: {', '.join(refused)}. Nothing "
            "of it was made. If you know them and where the file is from, load it with "
            f"trusted={refused!r}.",
            refused,
        )


def trusted_names(trusted: Any) -> frozenset[str]:
    """Read what the caller trusts.

    Parameters
    ----------
    trusted : iterable of str, type or function
        Full names, or the things themselves.

    Returns
    -------
    names : frozenset of str
    """
    if isinstance(trusted, bool | str) or not isinstance(trusted, Iterable):
        raise TypeError(
            f"trusted={trusted!r} is not a list of names or types; name each one, as in "
            "trusted=['my_module.MyTransformer']."
        )
    return frozenset(one if isinstance(one, str) else full_name(one) for one in trusted)


def is_trusted(name: str) -> bool:
    """Tell whether a name is trusted without being asked about.

    Parameters
    ----------
    name : str
        Full name of a class or a function.

    Returns
    -------
    trusted : bool
    """
    library, dot, _ = name.partition(".")
    if dot and library in RULES:
        return RULES[library](name)
    return name in WRAPPERS


def _found(name: str) -> Any:
    """What a name stands for, if it was defined under it."""
    try:
        found = resolve(name)
    except ModelFileError:
        return None
    home = getattr(found, "__module__", None)
    at_home = f"{home}.{getattr(found, '__qualname__', None)}" == name
    return found if at_home else None


def _ours(name: str) -> bool:
    """Tell of a name in this package: its classes, and functions that compute."""
    if name in OUR_FUNCTIONS:
        return True
    path = name.split(".")
    if path[1] in ("__main__", "persistence") or not set(path).isdisjoint(KEEPERS):
        return False
    found = _found(name)
    if isinstance(found, type):
        return not issubclass(found, BaseException)
    return callable(found) and found.__module__ in OUR_COMPUTING


def _of_sklearn(name: str) -> bool:
    path = name.split(".")
    if path[1] in CLOSED or "tests" in path:
        return False
    found = _found(name)
    if name == CHECKING:
        return True
    if isinstance(found, type):
        module = name.rpartition(".")[0]
        return issubclass(found, BaseEstimator) or module in PLAIN_MODULES
    return any(
        callable(found) and getattr(resolve(home), path[-1], None) is found
        for home in COMPUTING
        if name.startswith(home)
    )


def _of_numpy(name: str) -> bool:
    last = name.removeprefix("numpy.")
    found = getattr(np, last, None) if last.isidentifier() else None
    scalar = isinstance(found, type) and issubclass(found, np.generic)
    return scalar or isinstance(found, np.ufunc) or last in NUMPY_FUNCTIONS


def _of_scipy(name: str) -> bool:
    last = name.removeprefix("scipy.special.")
    return isinstance(getattr(scipy.special, last, None), np.ufunc)


def _of_python(name: str) -> bool:
    return name in PYTHON


RULES = {
    "builtins": _of_python,
    "collections": _of_python,
    "numpy": _of_numpy,
    "scipy": _of_scipy,
    "skensemble": _ours,
    "sklearn": _of_sklearn,
}
