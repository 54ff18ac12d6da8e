"""A learner with the table encoder that suits it."""

from typing import Any

from sklearn.base import clone, is_classifier, is_regressor
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils import get_tags

from skensemble.core import root_seed, seed_estimator
from skensemble.preprocessing._native import CategoriesOfFrame
from skensemble.preprocessing._styles import STYLES
from skensemble.preprocessing._table import TableEncoder

# By where the class lives, the first that fits; what is in none is "linear".
_LIVES_IN = (
    ("lightgbm", "trees"),
    ("xgboost", "trees"),
    ("catboost", "catboost"),
    ("sklearn.ensemble._hist_gradient_boosting", "trees"),
    ("skensemble.boosting._gradient", "trees"),
    ("skensemble.boosting._adaboost", "forests"),
    ("skensemble.bagging.forests", "forests"),
    ("sklearn.tree", "forests"),
    ("sklearn.ensemble._forest", "forests"),
    ("sklearn.ensemble._gb", "forests"),
    ("sklearn.ensemble._iforest", "forests"),
    ("sklearn.ensemble._bagging", "forests"),
    ("sklearn.ensemble._weight_boosting", "forests"),
    ("skensemble.bagging.bags", "forests"),
    ("sklearn.neighbors", "neighbors"),
    ("sklearn.gaussian_process", "neighbors"),
    ("sklearn.kernel_ridge", "neighbors"),
    ("sklearn.neural_network", "neural"),
    ("skensemble.neural", "neural"),
    ("skorch", "neural"),
    ("torch", "neural"),
)
_INNER = ("estimator", "base_estimator", "regressor", "classifier")


def make_member(estimator, *, for_=None, random_state=None):
    """Put before a learner what turns a table of mixed columns into what it wants.

    Parameters
    ----------
    estimator : estimator
        Any classifier or regressor: LightGBM, XGBoost and CatBoost, scikit-learn's and
        ours. A Pipeline that begins with what reads strings and categories (a
        ColumnTransformer, an encoder) is given back as it is; before another Pipeline
        the table encoder is put.
    for_ : str or None, default=None
        The kind of learner, as in `TableEncoder`; None sees it from the class: boosted
        trees, forests, neighbours and kernels, neural networks, else linear.
    random_state : int, RandomState or None, default=None
        Seeds the encoder, and what the learner left open.

    Returns
    -------
    member : Pipeline
        ``TableEncoder -> estimator``, with the names of `make_pipeline`, so that
        ``lgbmclassifier__num_leaves`` can be searched. CatBoost is within one that
        tells it the categories: ``categoriesofframe__estimator__depth``.

    Raises
    ------
    ValueError
        Where `for_` is not known.
    TypeError
        Where `estimator` is a class, a name, or otherwise nothing that can be fitted.

    See Also
    --------
    TableEncoder : What is put before it.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import cross_val_score
    >>> from skensemble.datasets import load_ames
    >>> from skensemble.preprocessing import make_member
    >>> X, y = load_ames(return_X_y=True)
    >>> member = make_member(Ridge(), random_state=0)
    >>> [name for name, _ in member.steps]
    ['tableencoder', 'ridge']
    >>> bool(cross_val_score(member, X, y, cv=3).mean() > 0.85)
    True
    """
    if for_ is not None and for_ not in STYLES:
        raise ValueError(f"for_={for_!r} is not known; use one of {list(STYLES)}.")
    _refuse_what_is_no_learner(estimator)
    if for_ is None and _reads_tables(estimator):
        return estimator
    kind = for_ or kind_of_learner(estimator)
    learner = _ready(clone(estimator), kind)
    encoder = TableEncoder(
        for_=kind,
        task=_task(estimator),
        missing=_missing(estimator, kind),
        sparse_output="auto" if _takes_sparse(estimator) else False,
    )
    steps = learner.steps if isinstance(learner, Pipeline) else None
    member = (
        make_pipeline(encoder, learner)
        if steps is None
        else Pipeline([("tableencoder", encoder), *steps])
    )
    return seed_estimator(member, root_seed(random_state), "member")


def _refuse_what_is_no_learner(estimator: Any) -> None:
    if isinstance(estimator, type):
        name = estimator.__name__
        raise TypeError(
            f"estimator={name} is a class; give an object of it, as in "
            f"make_member({name}())."
        )
    if not (hasattr(estimator, "fit") and hasattr(estimator, "get_params")):
        raise TypeError(
            f"estimator={estimator!r} is no estimator, for it has no fit or no "
            "get_params; give one, as in make_member(Ridge())."
        )


def kind_of_learner(estimator: Any) -> str:
    """Say what a learner wants of a table, from its class.

    Parameters
    ----------
    estimator : estimator
        The learner.

    Returns
    -------
    for_ : str
        A kind of `TableEncoder`.
    """
    if isinstance(estimator, Pipeline):
        return kind_of_learner(estimator.steps[-1][1])
    modules = [cls.__module__ for cls in type(estimator).__mro__]
    for module in modules:
        for place, kind in _LIVES_IN:
            if module == place or module.startswith((place + ".", place + "_")):
                return _refined(estimator, kind)
    if getattr(estimator, "kernel", "linear") != "linear":
        return "neighbors"
    inner = _inner(estimator)
    kinds = {kind_of_learner(one) for one in inner}
    if len(kinds) == 1:
        return kinds.pop()
    return "neural" if kinds else "linear"


def _refined(estimator: Any, kind: str) -> str:
    """A booster of linear models is linear; weak learners are not all trees."""
    if getattr(estimator, "booster", None) == "gblinear":
        return "linear"
    if getattr(estimator, "engine", None) == "weak_learner":
        return "forests"
    inner = _inner(estimator)
    if kind == "forests" and inner:
        return kind_of_learner(inner[0])
    return kind


def _inner(estimator: Any) -> list[Any]:
    """The learners within a learner."""
    found = [
        one
        for name in _INNER
        if hasattr(one := getattr(estimator, name, None), "fit")
        and not isinstance(one, type)
    ]
    named = getattr(estimator, "estimators", None)
    if isinstance(named, list | tuple):
        found += [
            part[1]
            for part in named
            if isinstance(part, tuple) and hasattr(part[1], "fit")
        ]
    return found


def _reads_tables(estimator: Any) -> bool:
    """Whether a learner begins with what reads strings and categories."""
    if isinstance(estimator, ColumnTransformer | TableEncoder):
        return True
    if isinstance(estimator, Pipeline):
        first = estimator.steps[0][1]
        tags = get_tags(first).input_tags if hasattr(first, "fit") else None
        return _reads_tables(first) or (
            len(estimator.steps) > 1
            and tags is not None
            and (tags.string or tags.categorical)
        )
    inner = _inner(estimator)
    return bool(inner) and all(_reads_tables(one) for one in inner)


def _ready(learner: Any, kind: str) -> Any:
    """Tell a learner that there are categories, where it must be told."""
    if isinstance(learner, Pipeline):
        name, last = learner.steps[-1]
        return Pipeline([*learner.steps[:-1], (name, _ready(last, kind))])
    if kind == "catboost":
        return CategoriesOfFrame(learner)
    if kind == "trees":
        for key, value in learner.get_params().items():
            if key.split("__")[-1] == "enable_categorical" and not value:
                learner.set_params(**{key: True})
    return learner


def _task(estimator: Any) -> str:
    if is_classifier(estimator):
        return "classification"
    return "regression" if is_regressor(estimator) else "auto"


def _missing(estimator: Any, kind: str) -> str:
    first = estimator.steps[0][1] if isinstance(estimator, Pipeline) else estimator
    takes = get_tags(first).input_tags.allow_nan
    return "impute" if kind == "forests" and not takes else "auto"


def _takes_sparse(estimator: Any) -> bool:
    steps = estimator.steps if isinstance(estimator, Pipeline) else [("", estimator)]
    parts = [part for _, part in steps if hasattr(part, "fit")]
    return all(get_tags(part).input_tags.sparse for part in parts)
