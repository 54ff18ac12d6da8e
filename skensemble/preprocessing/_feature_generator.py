"""Generate features from pairs of columns, and select the best of them."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_consistent_length
from sklearn.utils.validation import check_is_fitted

from skensemble.core import check_choice, check_seed, check_whole, root_seed
from skensemble.preprocessing._candidates import (
    OPERATIONS,
    Candidate,
    CategoryCross,
    make_candidates,
    numeric_columns,
)
from skensemble.preprocessing._column_kinds import infer_column_kinds
from skensemble.preprocessing._feature_scores import SELECTIONS
from skensemble.preprocessing._frames import (
    Array,
    check_number_of_names,
    read_columns,
)
from skensemble.preprocessing._levels import learn_levels
from skensemble.preprocessing._number_formats import learn_number_format
from skensemble.preprocessing._target_means import (
    TargetColumns,
    assign_folds,
    cross_fit_means,
    target_columns,
)

_HIGH_CARDINALITY, _FOLDS = 40, 5


class FeatureGenerator(TransformerMixin, BaseEstimator):
    r"""Add features computed from pairs of columns, and select the informative ones.

    The generated features are

    - a + b, a - b, a b, a / b and a² for the numeric columns with the best scores,
    - the difference between a numeric column and its mean within each level of a
      category,
    - the cross of two categories, with one level per pair of levels.

    The group means are means of features, so they do not leak the target. Crossed
    categories are scored by their cross-fitted target means.

    Read more in the :ref:`User Guide <guide_features>`.

    Parameters
    ----------
    operations : collection of str, default="all"
        Any of "sum", "difference", "product", "ratio", "square", "group" and "cross",
        or "all".
    selection : str or None, default="importance"
        How features are selected:

        - "importance": the gain of LightGBM with the feature exceeds the gain with any
          shuffled column in each of five rounds, as in Boruta [1]_;
        - "correlation", "mutual_info": the absolute rank correlation or the mutual
          information of the feature with the target exceeds that of the columns from
          which it is computed, and the level of chance;
        - None: all features are selected, which requires no target.
    max_features : int, default=20
        Largest number of generated features.
    top : int, default=8
        Number of numeric columns from which features are generated. Half as many
        categories are used.
    task : {"auto", "classification", "regression"}, default="auto"
        Whether y contains classes. "auto" treats strings, booleans and integers with at
        most 20 different values as classes.
    random_state : int, RandomState or None, default=None
        Seed of the shuffled columns and of the folds.

    Attributes
    ----------
    generated_ : pandas.DataFrame
        One row per candidate feature with its ``name``, ``operation``, ``parents``,
        ``score``, the ``threshold`` for the score, and whether it was ``kept``.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (``n_features_in_``,)
        Names of the columns of X. Defined only if all names are strings.

    See Also
    --------
    TableEncoder : Encode a table of mixed columns; apply it after this transformer.

    References
    ----------
    .. [1] Kursa, M. B., Rudnicki, W. R. (2010). Feature Selection with the Boruta
       Package. Journal of Statistical Software 36(11).

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skensemble.preprocessing import FeatureGenerator
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame(rng.uniform(1, 9, (500, 3)), columns=["debt", "income", "age"])
    >>> y = X["debt"] / X["income"] > 1
    >>> generator = FeatureGenerator(selection="correlation", max_features=1)
    >>> generator.fit_transform(X, y).columns.tolist()
    ['debt', 'income', 'age', 'debt over income']
    """

    def __init__(
        self,
        operations="all",
        *,
        selection="importance",
        max_features=20,
        top=8,
        task="auto",
        random_state=None,
    ):
        self.operations = operations
        self.selection = selection
        self.max_features = max_features
        self.top = top
        self.task = task
        self.random_state = random_state

    def fit(self, X, y=None):
        """Generate features and select the informative ones.

        Parameters
        ----------
        X : {DataFrame, array-like} of shape (n_samples, n_features)
            Training data with columns of any kind, such as a frame of pandas or polars,
            or an array.
        y : array-like of shape (n_samples,) or None, default=None
            Target. It is not required if ``selection=None``.

        Returns
        -------
        self : FeatureGenerator
            Fitted transformer.
        """
        operations = _validated_operations(self)
        frame = read_columns(self, X)
        seed = root_seed(self.random_state)
        target = _read_target(self, frame, y)
        numeric, categories = _split_by_kind(frame)
        if target is not None and numeric:
            numeric = _sort_by_score(self, frame, numeric, target, seed)
        numeric, categories = numeric[: self.top], categories[: self.top // 2]
        candidates = make_candidates(frame, numeric, categories, operations)
        self.generated_ = _score_table(self, frame, candidates, numeric, target, seed)
        kept = set(self.generated_["name"][self.generated_["kept"]])
        self._kept = [one for one in candidates if one.name in kept]
        return self

    def transform(self, X):
        """Add the selected features.

        Parameters
        ----------
        X : {DataFrame, array-like} of shape (n_samples, n_features)
            Data with the columns of the training data. Columns of a frame may be in any
            order, and unknown columns are ignored with a warning.

        Returns
        -------
        X_new : pandas.DataFrame of shape (n_samples, n_features_out)
            The columns of the training data, followed by the selected features.
        """
        check_is_fitted(self)
        frame = self._columns.of(X)
        features = _generate(frame, self._kept)
        new = pd.DataFrame(features, index=frame.index)
        return pd.concat([frame, new], axis=1) if features else frame

    def get_feature_names_out(self, input_features=None):
        """Return the names of the columns of the training data and of the features.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Names of the columns of X. If given, their number is checked.

        Returns
        -------
        feature_names_out : ndarray of str
            One name per column of the output.
        """
        check_is_fitted(self)
        if input_features is not None:
            check_number_of_names(self, input_features)
        return np.array(
            [*self._columns.names, *(one.name for one in self._kept)], dtype=object
        )

    def __sklearn_tags__(self):
        """Return the tags: missing values and strings are accepted."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.target_tags.required = self.selection is not None
        tags.transformer_tags.preserves_dtype = []
        return tags


def _validated_operations(generator):
    check_choice("selection", generator.selection, [*SELECTIONS, None])
    check_choice("task", generator.task, ["auto", "classification", "regression"])
    check_whole("max_features", generator.max_features, 1)
    check_whole("top", generator.top, 2)
    check_seed(generator.random_state)
    if generator.operations == "all":
        return OPERATIONS
    operations = list(generator.operations)
    unknown = [one for one in operations if one not in OPERATIONS]
    if unknown or isinstance(generator.operations, str):
        raise ValueError(
            f"operations={generator.operations!r} is not known; use 'all' or some of "
            f"{list(OPERATIONS)}."
        )
    return operations


def _read_target(generator, frame, y):
    if generator.selection is None:
        return None
    if y is None:
        raise ValueError(
            f"selection={generator.selection!r} requires y to be passed, but the target "
            "y is None; pass y, or use selection=None."
        )
    check_consistent_length(frame, y)
    return target_columns(y, generator.task)


def _split_by_kind(frame: pd.DataFrame) -> tuple[list[str], list[str]]:
    kinds = infer_column_kinds(frame, None, _HIGH_CARDINALITY).kinds
    numeric = [
        name
        for name in kinds.index[kinds == "numeric"]
        # Only `TableEncoder` parses formatted numbers such as "$1,200".
        if learn_number_format(frame[name]) is None
    ]
    return numeric, list(kinds.index[kinds.isin(["category", "high-cardinality"])])


def _sort_by_score(
    generator: Any,
    frame: pd.DataFrame,
    numeric: list[str],
    target: TargetColumns,
    seed: Any,
) -> list[str]:
    """Sort numeric columns by their own score, the best first."""
    table = np.column_stack(list(numeric_columns(frame, numeric).values()))
    own: list[list[int]] = [[] for _ in numeric]
    scores = SELECTIONS[generator.selection](table, target, own, seed)
    return [numeric[j] for j in np.argsort(-scores.values, kind="stable")]


def _generate(frame: pd.DataFrame, candidates: list[Candidate]) -> dict[str, Any]:
    pairs = [one for one in candidates if not isinstance(one, CategoryCross)]
    names = list(dict.fromkeys(name for one in pairs for name in _numeric_parents(one)))
    numbers = numeric_columns(frame, names) if names else {}
    return {one.name: one.values(frame, numbers) for one in candidates}


def _numeric_parents(one: Candidate) -> tuple[str, ...]:
    return one.parents[:1] if one.operation == "group" else one.parents


def _score_table(
    generator: Any,
    frame: pd.DataFrame,
    candidates: list[Candidate],
    numeric: list[str],
    target: TargetColumns | None,
    seed: Any,
) -> pd.DataFrame:
    """Return a table of the candidates with scores, thresholds and the selection."""
    table = pd.DataFrame(
        {
            "name": [one.name for one in candidates],
            "operation": [one.operation for one in candidates],
            "parents": [one.parents for one in candidates],
            "score": np.nan,
            "threshold": np.nan,
            "kept": False,
        }
    )
    if target is not None and candidates:
        scores = _score_candidates(generator, frame, candidates, numeric, target, seed)
        table["score"], table["threshold"] = scores.values, scores.thresholds
        table = table.sort_values("score", ascending=False, kind="stable")
        passed = table["score"] > table["threshold"]
    else:
        passed = pd.Series(True, index=table.index)
    table["kept"] = passed & (passed.cumsum() <= generator.max_features)
    return table.reset_index(drop=True)


def _score_candidates(generator, frame, candidates, numeric, target, seed):
    """Score the candidates together with their parents."""
    parents = list(dict.fromkeys(p for one in candidates for p in one.parents))
    folds = assign_folds(_FOLDS, target, seed)
    numbers = numeric_columns(frame, numeric) if numeric else {}
    features = _generate(frame, candidates)
    columns = [
        numbers[p] if p in numbers else _cross_fitted_mean(frame[p], target, folds)
        for p in parents
    ]
    columns += [
        _cross_fitted_mean(features[one.name], target, folds)
        if isinstance(one, CategoryCross)
        else features[one.name]
        for one in candidates
    ]
    place = {name: j for j, name in enumerate(parents)}
    parent_positions = [[] for _ in parents] + [
        [place[p] for p in one.parents] for one in candidates
    ]
    values = np.column_stack(columns)
    values[np.abs(values) > np.finfo(np.float32).max] = np.nan
    scores = SELECTIONS[generator.selection](values, target, parent_positions, seed)
    rest = slice(len(parents), None)
    return type(scores)(scores.values[rest], scores.thresholds[rest])


def _cross_fitted_mean(column: pd.Series, target: TargetColumns, folds: Array) -> Array:
    """Return the cross-fitted target means, by which a category is scored."""
    levels = learn_levels(column)
    codes = levels.codes(column)
    size = len(levels.words) + 1
    return cross_fit_means(codes, size, target.values[:, :1], folds)[1][:, 0]
