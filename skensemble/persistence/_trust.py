"""Classes and functions that a file may contain without being listed in `trusted`.

An object of a trusted class is created with ``__new__`` and a state; its constructor is
never called. A trusted function can be a parameter of a model, which calls it with
rows. Therefore only functions that compute, and do not read files, are trusted.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import scipy.special
from sklearn.base import BaseEstimator

from skensemble.exceptions import ModelFileError, UntrustedTypesError
from skensemble.persistence._graph import full_name
from skensemble.persistence._import_names import resolve

# Packages of scikit-learn that read files, use the network or are vendored.
SKLEARN_REFUSED = ("datasets", "externals", "conftest", "_build_utils")
# Modules of scikit-learn whose classes are plain values although not estimators.
SKLEARN_VALUE_MODULES = (
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
# Estimators of LightGBM and XGBoost with the interface of scikit-learn.
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
SKLEARN_COMPUTING = ("sklearn.metrics", "sklearn.feature_selection")
CHECK_ARRAY = "sklearn.utils.validation.check_array"
PYTHON_NAMES = frozenset(
    (
        *(f"builtins.{name}" for name in ("bool", "dict", "float", "int", "list")),
        *(f"builtins.{name}" for name in ("object", "set", "str", "tuple")),
        "collections.OrderedDict",
    )
)
# Modules of skensemble whose functions only compute, so that a fitted model may contain
# them. tests/persistence/test_trust.py fails if one of the names below is renamed.
COMPUTING_MODULES = frozenset(
    f"skensemble.{module}"
    for module in (
        "boosting.learners._variants",
        "preprocessing._scaling",
        "combination._combiners",
        "scoring._prediction_scorer",
    )
)
COMPUTING_FUNCTIONS = frozenset(
    f"skensemble.boosting.learners.{function}"
    for function in (
        "_binned.labels_from_mean",
        "_binned.probabilities_from_mean",
        "_binned.unscaled",
        "_base.identity",
        "_general.predict_labels",
        "_general.predict_probabilities",
        "_general.predict_values",
        "_tree_view.tree_input",
    )
)
# Modules and packages of skensemble that read or write files or import modules by name.
# No class or function in them is trusted. A test compares the list with the code.
FILE_READERS = tuple(
    f"skensemble.{module}"
    for module in (
        *("__main__", "command_line", "core._optional", "datasets"),
        *("fitting._store_lookup", "tables"),
        *("fitting._store_file", "fitting._shared", "fitting._store"),
        *("fitting.hashing._source_code", "losses._check", "optim._checkpoint"),
        *("persistence", "stacking.inspection._export"),
    )
)


def check_trusted(names: Iterable[str], trusted: Any) -> None:
    """Refuse full names that are trusted neither by default nor by the caller."""
    given = trusted_names(trusted)
    refused = [name for name in names if name not in given and not is_trusted(name)]
    if refused:
        raise UntrustedTypesError(
            f"The file contains types that are not trusted: {', '.join(refused)}. No "
            "object was created from it. If you know these types and trust the source "
            f"of the file, load it with trusted={refused!r}.",
            refused,
        )


def trusted_names(trusted: Any) -> frozenset[str]:
    """Return the full names of what the caller trusts: names, classes or functions."""
    if isinstance(trusted, bool | str) or not isinstance(trusted, Iterable):
        raise TypeError(
            f"trusted={trusted!r} must be a list of names or types; name each one, as "
            "in trusted=['my_module.MyTransformer']."
        )
    return frozenset(one if isinstance(one, str) else full_name(one) for one in trusted)


def is_trusted(name: str) -> bool:
    """Whether the full name of a class or a function is trusted by default."""
    library, dot, _ = name.partition(".")
    if dot and library in TRUST_RULES:
        return TRUST_RULES[library](name)
    return name in WRAPPERS


def _resolve_at_home(name: str) -> Any:
    """Import the object of a name, or return None if it was defined elsewhere."""
    try:
        found = resolve(name)
    except ModelFileError:
        return None
    home = getattr(found, "__module__", None)
    at_home = f"{home}.{getattr(found, '__qualname__', None)}" == name
    return found if at_home else None


def _is_trusted_skensemble(name: str) -> bool:
    """Whether a class does not read files, or a function only computes."""
    if name in COMPUTING_FUNCTIONS:
        return True
    if any(name.startswith(f"{module}.") for module in FILE_READERS):
        return False
    found = _resolve_at_home(name)
    if isinstance(found, type):
        return not issubclass(found, BaseException)
    return callable(found) and found.__module__ in COMPUTING_MODULES


def _is_trusted_sklearn(name: str) -> bool:
    path = name.split(".")
    if path[1] in SKLEARN_REFUSED or "tests" in path:
        return False
    found = _resolve_at_home(name)
    if name == CHECK_ARRAY:
        return True
    if isinstance(found, type):
        module = name.rpartition(".")[0]
        return issubclass(found, BaseEstimator) or module in SKLEARN_VALUE_MODULES
    return any(
        callable(found) and getattr(resolve(home), path[-1], None) is found
        for home in SKLEARN_COMPUTING
        if name.startswith(home)
    )


def _is_trusted_numpy(name: str) -> bool:
    last = name.removeprefix("numpy.")
    found = getattr(np, last, None) if last.isidentifier() else None
    scalar = isinstance(found, type) and issubclass(found, np.generic)
    return scalar or isinstance(found, np.ufunc) or last in NUMPY_FUNCTIONS


def _is_trusted_scipy(name: str) -> bool:
    last = name.removeprefix("scipy.special.")
    return isinstance(getattr(scipy.special, last, None), np.ufunc)


def _is_trusted_python(name: str) -> bool:
    return name in PYTHON_NAMES


TRUST_RULES = {
    "builtins": _is_trusted_python,
    "collections": _is_trusted_python,
    "numpy": _is_trusted_numpy,
    "scipy": _is_trusted_scipy,
    "skensemble": _is_trusted_skensemble,
    "sklearn": _is_trusted_sklearn,
}
