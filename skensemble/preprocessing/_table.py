"""From a table of mixed columns to what a kind of learner wants."""

import dataclasses
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import assert_all_finite, check_consistent_length
from sklearn.utils.validation import check_is_fitted

from skensemble.core import check_choice, check_seed, check_whole, root_seed
from skensemble.preprocessing._kinds import DROPPED, find_kinds
from skensemble.preprocessing._layout import learn_layout
from skensemble.preprocessing._plan import Wishes, learn_means, learn_plan
from skensemble.preprocessing._reading import read_columns
from skensemble.preprocessing._scales import learn_standardised
from skensemble.preprocessing._styles import STYLES
from skensemble.preprocessing._target_means import averaged_target, fold_of_rows


class TableEncoder(TransformerMixin, BaseEstimator):
    r"""Turn a table of mixed columns into what a kind of learner wants.

    Finds out what each column is, numbers, categories, dates, texts, and what there is
    nothing to learn from, and makes of each what the learner can use best. Levels that
    were never seen, missing values, columns in another order and numbers that come as
    strings are fine when new rows are transformed; what is no number or no date in a
    column of these is taken as missing, with a warning.

    Categories with many levels become target means, (sum of y in the level + m prior) /
    (rows of the level + m), with m from the data. ``fit_transform(X, y)`` gives each
    row a mean without its own fold, so that a model fitted on the output does not learn
    from its own answers; ``transform`` uses all training rows. So the two differ on the
    training rows, as with scikit-learn's `TargetEncoder`; in a Pipeline the right one
    is called.

    Parameters
    ----------
    for_ : str, default="trees"
        The kind of learner:

        - "trees": a frame of numbers with NaN and pandas categories, for LightGBM,
          XGBoost, HistGradientBoosting; high cardinality has target means and a count
          beside it, and nothing else from 255 levels on;
        - "catboost": the same with all categories and a level for what is missing,
          without target means, for CatBoost has its own;
        - "forests": numbers with NaN; few levels as 0 and 1, more as their rank by
          frequency and target means;
        - "linear": filled, standardised, in pieces between quantiles, 0 and 1 for
          levels; sparse where wide;
        - "neighbors": filled, on one robust scale, 0 and 0.7 for levels;
        - "neural": filled, normal quantiles, 0 and 1 for levels, in single precision.
    kinds : dict of str to str or None, default=None
        The kinds of columns where you know better: "numeric", "boolean", "category",
        "high-cardinality", "ordinal", "date-time", "text", or "identifier", "constant"
        and "duplicate", which are left out.
    numeric : {"auto", "piecewise", "scaled"}, default="auto"
        Whether "linear" has the pieces ("auto" and "piecewise") or not.
    missing : {"auto", "impute"}, default="auto"
        Whether missing numbers are filled with the median, and flagged, where the
        learner would take them.
    rare : int, default=10
        Levels in fewer rows share one column of 0 and 1.
    high_cardinality : int, default=40
        A category with more levels has high cardinality.
    target_means : {"auto", "all", "none"}, default="auto"
        Which categories have target means: those which the learner cannot use well
        otherwise, all with more than two levels, or none.
    texts : int, default=20
        How many main directions a text becomes; 0 leaves its lengths.
    dates : {"auto", "total", "drop"}, default="auto"
        Whether a date becomes days since 1970 and its parts, the days alone, or
        nothing.
    cv : int or splitter, default=5
        The folds of the target means; a number means shuffled folds.
    task : {"auto", "classification", "regression"}, default="auto"
        Whether y holds classes. "auto" takes whole numbers with at most 20 values,
        strings and booleans as classes.
    sparse_output : bool or "auto", default="auto"
        Whether the output is a sparse matrix where it is no frame and has columns of 0
        and 1; "auto": "linear" with more than 200 columns, most of them 0 and 1.
    random_state : int, RandomState or None, default=None
        Shuffles the folds, seeds the decomposition of texts.

    Attributes
    ----------
    kinds_ : pandas.Series
        The kind of each column.
    dropped_ : list of str
        Columns left out: identifiers, constants, duplicates.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (n_features,)
        Their names, where X has names that are strings.

    See Also
    --------
    make_member : A pipeline of this and a learner, with what suits it.

    Notes
    -----
    A whole-number column that only rises or falls and hardly leaves out a number, and
    strings without spaces that are nearly all different, are identifiers. Strings that
    are numbers with a decimal point are numeric, and more than 20 different ones with a
    currency, a per cent sign, a decimal comma or thousands apart ("$1,200", "12%"), too;
    strings of whole numbers alone are codes, so categories. A running number that does
    say something, such as a time step, is kept with ``kinds={"step": "numeric"}``.

    References
    ----------
    .. [1] Micci-Barreca, D. (2001). A preprocessing scheme for high-cardinality
       categorical attributes in classification and prediction problems. ACM SIGKDD
       Explorations 3(1).

    Examples
    --------
    >>> import pandas as pd
    >>> from skensemble.preprocessing import TableEncoder
    >>> X = pd.DataFrame(
    ...     {
    ...         "size": [50.0, None, 75.0, 120.0],
    ...         "city": ["Bern", "Basel", "Bern", None],
    ...         "sold": ["2024-01-31", "2024-03-01", "2024-03-09", "2024-05-01"],
    ...     }
    ... )
    >>> encoder = TableEncoder(for_="trees").fit(X)
    >>> encoder.kinds_.to_dict()
    {'size': 'numeric', 'city': 'category', 'sold': 'date-time'}
    >>> encoder.transform(X)[["size", "sold_month", "city"]]
        size  sold_month   city
    0   50.0         1.0   Bern
    1    NaN         3.0  Basel
    2   75.0         3.0   Bern
    3  120.0         5.0    NaN
    """

    def __init__(
        self,
        for_="trees",
        *,
        kinds=None,
        numeric="auto",
        missing="auto",
        rare=10,
        high_cardinality=40,
        target_means="auto",
        texts=20,
        dates="auto",
        cv=5,
        task="auto",
        sparse_output="auto",
        random_state=None,
    ):
        self.for_ = for_
        self.kinds = kinds
        self.numeric = numeric
        self.missing = missing
        self.rare = rare
        self.high_cardinality = high_cardinality
        self.target_means = target_means
        self.texts = texts
        self.dates = dates
        self.cv = cv
        self.task = task
        self.sparse_output = sparse_output
        self.random_state = random_state

    def fit(self, X, y=None):
        """Learn what the columns are and what to make of them.

        Parameters
        ----------
        X : frame or array of shape (n, n_features)
            The rows: pandas, polars or numpy, of mixed columns.
        y : array-like of shape (n,) or (n, k) or None, default=None
            Their target, for target means.

        Returns
        -------
        self : TableEncoder
            The fitted encoder.
        """
        self._learn(X, y)
        return self

    def fit_transform(self, X, y=None):
        """Learn, and give the training rows with means that leave out their own fold.

        Parameters
        ----------
        X : frame or array of shape (n, n_features)
            The rows.
        y : array-like of shape (n,) or (n, k) or None, default=None
            Their target, for target means.

        Returns
        -------
        rows : DataFrame, ndarray or sparse matrix of shape (n, n_out)
            What the kind of learner wants.
        """
        frame, numbers, codes = self._learn(X, y)
        return self._layout.output(numbers, codes, frame.index)

    def transform(self, X):
        """Turn rows into what the kind of learner wants.

        Parameters
        ----------
        X : frame or array of shape (n, n_features)
            The rows, with the columns of the fit in any order; others are ignored, with
            a warning.

        Returns
        -------
        rows : DataFrame, ndarray or sparse matrix of shape (n, n_out)
            What the kind of learner wants.
        """
        check_is_fitted(self)
        frame = self._columns.of(X, self._plan.columns)
        codes = self._plan.codes(frame)
        means = [
            None if known is None else known.of(its_codes)
            for known, its_codes in zip(self._means, codes, strict=True)
        ]
        numbers = self._plan.numbers(frame, codes, means)
        return self._layout.output(numbers, codes, frame.index)

    def get_feature_names_out(self, input_features=None):
        """Get the names of the output: safe for every library, and each once.

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
        if input_features is not None:
            _check_names(self, list(input_features))
        return np.array(self._layout.names, dtype=object)

    def _learn(self, X: Any, y: Any) -> Any:
        style = _checked_style(self)
        frame = read_columns(self, X)
        target = _read_target(self, frame, y)
        self.kinds_ = find_kinds(frame, self.kinds, self.high_cardinality)
        self.dropped_ = list(self.kinds_.index[self.kinds_.isin(DROPPED)])
        _refuse_nothing(self.kinds_, len(frame))
        seed = root_seed(self.random_state)
        self._plan = learn_plan(frame, self.kinds_, _wishes(self, style, seed), target)
        codes = self._plan.codes(frame)
        folds = None if target is None else fold_of_rows(self.cv, target, seed)
        self._means, cross_fitted = learn_means(self._plan, codes, target, folds)
        numbers = self._plan.numbers(frame, codes, cross_fitted)
        self._layout = learn_layout(
            self._plan,
            numbers,
            style,
            rare=self.rare,
            impute=self.missing == "impute",
            sparse=self.sparse_output,
        )
        return frame, numbers, codes

    def __sklearn_is_fitted__(self):
        """Whether `fit` was called; the parameter `for_` would look like a result."""
        return hasattr(self, "kinds_")

    def __sklearn_tags__(self):
        """Tell scikit-learn what tables fit."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def _checked_style(encoder):
    check_choice("for_", encoder.for_, list(STYLES))
    check_choice("numeric", encoder.numeric, ["auto", "piecewise", "scaled"])
    check_choice("missing", encoder.missing, ["auto", "impute"])
    check_choice("target_means", encoder.target_means, ["auto", "all", "none"])
    check_choice("dates", encoder.dates, ["auto", "total", "drop"])
    check_choice("task", encoder.task, ["auto", "classification", "regression"])
    check_choice("sparse_output", encoder.sparse_output, [True, False, "auto"])
    check_whole("rare", encoder.rare, 1)
    check_whole("high_cardinality", encoder.high_cardinality, 2)
    check_whole("texts", encoder.texts, 0)
    check_seed(encoder.random_state)
    style = STYLES[encoder.for_]
    if encoder.for_ == "linear" and encoder.numeric == "scaled":
        return dataclasses.replace(style, scale=learn_standardised)
    return style


def _wishes(encoder, style, seed):
    return Wishes(
        style=style,
        texts=encoder.texts,
        dates=encoder.dates,
        target_means=encoder.target_means,
        high_cardinality=encoder.high_cardinality,
        seed=seed,
    )


def _read_target(encoder, frame, y):
    if y is None:
        return None
    check_consistent_length(frame, y)
    if encoder.target_means == "none":
        return None
    values = np.asarray(y)
    if values.dtype.kind == "f":
        assert_all_finite(values, input_name="y")
    return averaged_target(values, encoder.task)


def _refuse_nothing(kinds, rows):
    if kinds.isin(DROPPED).all():
        raise ValueError(
            f"there is nothing to learn from in X (n_samples={rows}): {kinds.to_dict()}; "
            "say with kinds= which columns to keep."
        )


def _check_names(encoder, names):
    if hasattr(encoder, "feature_names_in_"):
        if names != list(encoder.feature_names_in_):
            raise ValueError("input_features is not equal to feature_names_in_")
    elif len(names) != encoder.n_features_in_:
        raise ValueError(
            "input_features should have length equal to number of features "
            f"({encoder.n_features_in_}), got {len(names)}"
        )
