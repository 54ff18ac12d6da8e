"""New columns made of those of a table, and the best of them kept."""

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
    Cross,
    learn_candidates,
    numbers_of,
)
from skensemble.preprocessing._kinds import find_kinds
from skensemble.preprocessing._levels import learn_levels
from skensemble.preprocessing._marks import learn_marks
from skensemble.preprocessing._reading import Array, read_columns
from skensemble.preprocessing._selection import SELECTIONS
from skensemble.preprocessing._target_means import (
    Averaged,
    averaged_target,
    cross_fit_means,
    fold_of_rows,
)

_HIGH_CARDINALITY, _FOLDS = 40, 5


class FeatureGenerator(TransformerMixin, BaseEstimator):
    r"""Add columns made of pairs of columns, and keep those which say something new.

    Of the numbers that say most of the target it makes a + b, a - b, a b, a / b and a²,
    of numbers and categories how far a number is from the mean of its level, of pairs
    of categories the two levels side by side. Group means are of features, not of the
    target, so they tell a row nothing of its own answer; crossed categories are judged
    by cross-fitted target means.

    Parameters
    ----------
    operations : collection of str, default="all"
        Some of "sum", "difference", "product", "ratio", "square", "group" and "cross",
        or "all".
    selection : {"importance", "correlation", "mutual_info"} or None, default="importance"
        What is kept: columns by which LightGBM gains more than by any shuffled column
        in each of five rounds (as Boruta does); columns whose rank correlation or
        mutual information with the target is above that of what they are made of, and
        above chance; or all, which needs no target.
    max_features : int, default=20
        How many new columns are kept at most.
    top : int, default=8
        How many numbers, and half as many categories, they are made of.
    task : {"auto", "classification", "regression"}, default="auto"
        Whether y holds classes, as in `TableEncoder`.
    random_state : int, RandomState or None, default=None
        Of the shuffles and folds.

    Attributes
    ----------
    generated_ : pandas.DataFrame
        What was tried: the ``name``, ``operation``, ``parents``, ``score``, the ``bar``
        it had to pass, and whether it was ``kept``.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where X has names that are strings.

    See Also
    --------
    TableEncoder : Turns the table into what a learner wants; comes after.

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
        """Make columns, and choose which to keep.

        Parameters
        ----------
        X : frame or array of shape (n, n_features)
            The rows: pandas, polars or numpy, of mixed columns.
        y : array-like of shape (n,) or None, default=None
            Their target; not needed with ``selection=None``.

        Returns
        -------
        self : FeatureGenerator
            The fitted transformer.
        """
        operations = _checked(self)
        frame = read_columns(self, X)
        seed = root_seed(self.random_state)
        target = _read_target(self, frame, y)
        numeric, categories = _by_kind(frame)
        if target is not None and numeric:
            numeric = _most_telling(self, frame, numeric, target, seed)
        numeric, categories = numeric[: self.top], categories[: self.top // 2]
        tried = learn_candidates(frame, numeric, categories, operations)
        self.generated_ = _judge(self, frame, tried, numeric, target, seed)
        kept = set(self.generated_["name"][self.generated_["kept"]])
        self._kept = [one for one in tried if one.name in kept]
        return self

    def transform(self, X):
        """Add the columns kept.

        Parameters
        ----------
        X : frame or array of shape (n, n_features)
            The rows, with the columns of the fit in any order.

        Returns
        -------
        frame : pandas.DataFrame
            The columns of the fit, and the new ones.
        """
        check_is_fitted(self)
        frame = self._columns.of(X)
        made = _columns_of(frame, self._kept)
        new = pd.DataFrame(made, index=frame.index)
        return pd.concat([frame, new], axis=1) if made else frame

    def get_feature_names_out(self, input_features=None):
        """Get the names of the columns of the fit, and of the new ones.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            The names of the fit, where they are given.

        Returns
        -------
        names : ndarray of str
            One a column.
        """
        check_is_fitted(self)
        if input_features is not None and len(input_features) != self.n_features_in_:
            raise ValueError(
                "input_features should have length equal to number of features "
                f"({self.n_features_in_}), got {len(input_features)}"
            )
        return np.array(
            [*self._columns.names, *(one.name for one in self._kept)], dtype=object
        )

    def __sklearn_tags__(self):
        """Tell scikit-learn what tables fit."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.target_tags.required = self.selection is not None
        tags.transformer_tags.preserves_dtype = []
        return tags


def _checked(generator):
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
    return averaged_target(y, generator.task)


def _by_kind(frame: pd.DataFrame) -> tuple[list[str], list[str]]:
    kinds = find_kinds(frame, None, _HIGH_CARDINALITY)
    numeric = [
        name
        for name in kinds.index[kinds == "numeric"]
        # The encoder reads "$1,200"; nothing is made of it here.
        if learn_marks(frame[name]) is None
    ]
    return numeric, list(kinds.index[kinds.isin(["category", "high-cardinality"])])


def _most_telling(
    generator: Any, frame: pd.DataFrame, numeric: list[str], target: Averaged, seed: Any
) -> list[str]:
    """Numbers in the order of what they say of the target by themselves."""
    table = np.column_stack(list(numbers_of(frame, numeric).values()))
    own: list[list[int]] = [[] for _ in numeric]
    scores = SELECTIONS[generator.selection](table, target, own, seed)
    return [numeric[j] for j in np.argsort(-scores.values, kind="stable")]


def _columns_of(frame: pd.DataFrame, wanted: list[Candidate]) -> dict[str, Any]:
    pairs = [one for one in wanted if not isinstance(one, Cross)]
    names = list(dict.fromkeys(name for one in pairs for name in _numbers_in(one)))
    numbers = numbers_of(frame, names) if names else {}
    return {one.name: one.values(frame, numbers) for one in wanted}


def _numbers_in(one: Candidate) -> tuple[str, ...]:
    return one.parents[:1] if one.operation == "group" else one.parents


def _judge(
    generator: Any,
    frame: pd.DataFrame,
    tried: list[Candidate],
    numeric: list[str],
    target: Averaged | None,
    seed: Any,
) -> pd.DataFrame:
    """The table of what was tried."""
    table = pd.DataFrame(
        {
            "name": [one.name for one in tried],
            "operation": [one.operation for one in tried],
            "parents": [one.parents for one in tried],
            "score": np.nan,
            "bar": np.nan,
            "kept": False,
        }
    )
    if target is not None and tried:
        scores = _scored(generator, frame, tried, numeric, target, seed)
        table["score"], table["bar"] = scores.values, scores.bars
        table = table.sort_values("score", ascending=False, kind="stable")
        good = table["score"] > table["bar"]
    else:
        good = pd.Series(True, index=table.index)
    table["kept"] = good & (good.cumsum() <= generator.max_features)
    return table.reset_index(drop=True)


def _scored(generator, frame, tried, numeric, target, seed):
    """Scores of what was tried, among what it was made of."""
    parents = list(dict.fromkeys(p for one in tried for p in one.parents))
    folds = fold_of_rows(_FOLDS, target, seed)
    numbers = numbers_of(frame, numeric) if numeric else {}
    made = _columns_of(frame, tried)
    columns = [
        numbers[p] if p in numbers else _mean_of(frame[p], target, folds)
        for p in parents
    ]
    columns += [
        _mean_of(made[one.name], target, folds)
        if isinstance(one, Cross)
        else made[one.name]
        for one in tried
    ]
    place = {name: j for j, name in enumerate(parents)}
    of = [[] for _ in parents] + [[place[p] for p in one.parents] for one in tried]
    values = np.column_stack(columns)
    values[np.abs(values) > np.finfo(np.float32).max] = np.nan
    scores = SELECTIONS[generator.selection](values, target, of, seed)
    rest = slice(len(parents), None)
    return type(scores)(scores.values[rest], scores.bars[rest])


def _mean_of(column: pd.Series, target: Averaged, folds: Array) -> Array:
    """The cross-fitted target mean stands for a category."""
    levels = learn_levels(column)
    codes = levels.codes(column)
    size = len(levels.words) + 1
    return cross_fit_means(codes, size, target.values[:, :1], folds)[1][:, 0]
