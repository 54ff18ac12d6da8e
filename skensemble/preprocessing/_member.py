"""Create pipelines of a table encoder and an estimator."""

from typing import Any

from sklearn.base import clone, is_classifier, is_regressor
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils import get_tags

from skensemble.core import check_choice, root_seed, seed_estimator
from skensemble.preprocessing._categorical_features import CategoriesOfFrame
from skensemble.preprocessing._encoder_styles import ENCODER_STYLES
from skensemble.preprocessing._estimator_styles import (
    encoder_style_of,
    inner_estimators,
)
from skensemble.preprocessing._table_encoder import TableEncoder


def make_member(estimator, *, for_=None, kinds=None, random_state=None):
    """Create a pipeline of a `TableEncoder` and an estimator for mixed columns.

    Read more in the :ref:`User Guide <guide_tables>`.

    Parameters
    ----------
    estimator : estimator
        A classifier or regressor of skensemble, scikit-learn, LightGBM, XGBoost or
        CatBoost. If it is a Pipeline whose first step accepts strings and categories,
        such as a ColumnTransformer or an encoder, it is returned unchanged. For any
        other Pipeline, the table encoder becomes the first step.
    for_ : str or None, default=None
        The kind of estimator, as in `TableEncoder`. None means the kind that suits the
        class of the estimator: boosted trees, forests, neighbors and kernels, neural
        networks, or else linear.
    kinds : dict of str to str or None, default=None
        Kinds of columns, by name, that replace the inferred kinds, as in
        `TableEncoder`. Not used if `estimator` is returned unchanged.
    random_state : int, RandomState or None, default=None
        Seed of the encoder, and of the estimator where its own seeds are None.

    Returns
    -------
    member : Pipeline
        ``TableEncoder -> estimator``, with step names as in
        :func:`sklearn.pipeline.make_pipeline`, so that parameters have names such as
        ``lgbmclassifier__num_leaves``. CatBoost is wrapped in a `CategoriesOfFrame`, so
        that its parameters have names such as ``categoriesofframe__estimator__depth``.

    Raises
    ------
    ValueError
        If `for_` is unknown.
    TypeError
        If `estimator` is not an estimator, or is a class instead of an instance.

    See Also
    --------
    TableEncoder : The encoder of the pipeline.

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
    if for_ is not None:
        check_choice("for_", for_, list(ENCODER_STYLES))
    _check_is_estimator(estimator)
    if for_ is None and _accepts_tables(estimator):
        return estimator
    style = for_ or encoder_style_of(estimator)
    model = _enable_categories(clone(estimator), style)
    encoder = TableEncoder(
        for_=style,
        kinds=kinds,
        task=_task(estimator),
        missing=_missing(estimator, style),
        sparse_output="auto" if _accepts_sparse(estimator) else False,
    )
    steps = model.steps if isinstance(model, Pipeline) else None
    member = (
        make_pipeline(encoder, model)
        if steps is None
        else Pipeline([("tableencoder", encoder), *steps])
    )
    return seed_estimator(member, root_seed(random_state), "member")


def _check_is_estimator(estimator: Any) -> None:
    if isinstance(estimator, type):
        name = estimator.__name__
        raise TypeError(
            f"estimator={name} is a class; pass an instance, as in "
            f"make_member({name}())."
        )
    if not (hasattr(estimator, "fit") and hasattr(estimator, "get_params")):
        raise TypeError(
            f"estimator={estimator!r} is not an estimator, because it lacks fit or "
            "get_params; pass an estimator, as in make_member(Ridge())."
        )


def _accepts_tables(estimator: Any) -> bool:
    """Whether the first step of an estimator accepts strings and categories."""
    if isinstance(estimator, ColumnTransformer | TableEncoder):
        return True
    if isinstance(estimator, Pipeline):
        first = estimator.steps[0][1]
        tags = get_tags(first).input_tags if hasattr(first, "fit") else None
        return _accepts_tables(first) or (
            len(estimator.steps) > 1
            and tags is not None
            and (tags.string or tags.categorical)
        )
    inner = inner_estimators(estimator)
    return bool(inner) and all(_accepts_tables(one) for one in inner)


def _enable_categories(model: Any, style: str) -> Any:
    """Enable categories in estimators which do not use them by default."""
    if isinstance(model, Pipeline):
        name, last = model.steps[-1]
        return Pipeline([*model.steps[:-1], (name, _enable_categories(last, style))])
    if style == "catboost":
        return CategoriesOfFrame(model)
    if style == "trees":
        for key, value in model.get_params().items():
            if key.split("__")[-1] == "enable_categorical" and not value:
                model.set_params(**{key: True})
    return model


def _task(estimator: Any) -> str:
    if is_classifier(estimator):
        return "classification"
    return "regression" if is_regressor(estimator) else "auto"


def _missing(estimator: Any, style: str) -> str:
    first = estimator.steps[0][1] if isinstance(estimator, Pipeline) else estimator
    allow_nan = get_tags(first).input_tags.allow_nan
    return "impute" if style == "forests" and not allow_nan else "auto"


def _accepts_sparse(estimator: Any) -> bool:
    steps = estimator.steps if isinstance(estimator, Pipeline) else [("", estimator)]
    parts = [part for _, part in steps if hasattr(part, "fit")]
    return all(get_tags(part).input_tags.sparse for part in parts)
