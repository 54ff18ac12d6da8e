"""Encode tables of mixed columns for a kind of estimator."""

import dataclasses
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import assert_all_finite, check_consistent_length
from sklearn.utils.validation import check_is_fitted

from skensemble.core import check_choice, check_seed, check_whole, root_seed
from skensemble.preprocessing._column_kinds import infer_column_kinds
from skensemble.preprocessing._encoder_styles import ENCODER_STYLES
from skensemble.preprocessing._encodings import (
    EncodingOptions,
    learn_means,
    learn_table_encoding,
)
from skensemble.preprocessing._frames import check_number_of_names, read_columns
from skensemble.preprocessing._output_layout import learn_output_layout
from skensemble.preprocessing._scaling import learn_standard_scaling
from skensemble.preprocessing._target_means import assign_folds, target_columns


class TableEncoder(TransformerMixin, BaseEstimator):
    r"""Encode a table of mixed columns for a kind of estimator.

    The encoder infers the kind of each column (number, category, date, text, or
    uninformative) and encodes it in the way that suits the estimator. New data may
    contain unseen levels, missing values, columns in another order, and numbers as
    strings. In numeric and date columns, other values are treated as missing, with a
    warning.

    Categories with many levels are encoded by target means, (sum of y in the level +
    m prior) / (rows of the level + m), where the prior is the overall mean and m is
    estimated from the data. ``fit_transform(X, y)`` computes the mean of each row
    without the fold of the row, so that a model fitted on the output does not learn
    from the target of the same row. ``transform`` uses the means of all training rows.
    The two methods therefore differ on the training rows, as for
    :class:`sklearn.preprocessing.TargetEncoder`; a Pipeline calls the right one.

    Read more in the :ref:`User Guide <guide_tables>`.

    Parameters
    ----------
    for_ : str, default="trees"
        The kind of estimator:

        - "trees": a frame of numeric columns, with missing values, and pandas
          categories, for LightGBM, XGBoost and HistGradientBoosting. High-cardinality
          categories also have target means and a count; with more than 254 levels, they
          have only these.
        - "catboost": a frame as for "trees" in which all categories remain categories
          with a level for missing values, without target means, which CatBoost computes
          itself.
        - "forests": numbers, with missing values. Categories with up to 10 levels are
          one-hot encoded; others are encoded by the rank of the frequency of each level
          and by target means.
        - "linear": imputed, standardized and piecewise linear numbers, and one-hot
          encoded categories; sparse if the output is wide.
        - "neighbors": imputed and robustly scaled numbers, and one-hot encoded
          categories with values 0 and 0.7.
        - "neural": imputed numbers as normal quantiles, and one-hot encoded categories,
          in single precision.
    kinds : dict of str to str or None, default=None
        Kinds of columns, by name, that replace the inferred kinds: "numeric",
        "boolean", "category", "high-cardinality", "ordinal", "date-time", "text", or
        "identifier", "constant" and "duplicate", which are dropped.
    numeric : {"auto", "piecewise", "scaled"}, default="auto"
        Encoding of numeric columns for "linear": "auto" and "piecewise" add the
        piecewise linear encoding to the standardized columns, and "scaled" does not.
    missing : {"auto", "impute"}, default="auto"
        Treatment of missing numbers for "trees", "catboost" and "forests": "auto"
        leaves them missing, and "impute" replaces them by the median and adds an
        indicator column.
    rare : int, default=10
        Levels with fewer rows share one one-hot column.
    high_cardinality : int, default=40
        A category with more levels has the kind "high-cardinality".
    target_means : {"auto", "all", "none"}, default="auto"
        Categories that are encoded by target means: those which the estimator cannot
        use well otherwise, all with more than two levels, or none.
    texts : int, default=20
        Number of columns that encode the words of a text by latent semantic analysis,
        and largest number of columns of single words that are correlated with the
        target. With 0, only the lengths of texts are encoded.
    dates : {"auto", "total", "drop"}, default="auto"
        Whether dates are encoded by the days since 1970 and calendar parts, by the days
        only, or dropped.
    cv : int or splitter, default=5
        Folds of the target means. An int is the number of shuffled folds.
    task : {"auto", "classification", "regression"}, default="auto"
        Whether y contains classes. "auto" treats strings, booleans and integers with at
        most 20 different values as classes.
    sparse_output : bool or "auto", default="auto"
        Whether an array with one-hot columns is a sparse matrix. "auto" means a sparse
        matrix for "linear" with more than 200 columns of which more than 80 % are
        one-hot columns.
    random_state : int, RandomState or None, default=None
        Seed of the folds and of the decomposition of texts.

    Attributes
    ----------
    kinds_ : pandas.Series
        Kind of each column.
    dropped_ : dict of str to str
        By name of each dropped column, the reason: "identifier: running number",
        "constant", "duplicate of 'size'".
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (``n_features_in_``,)
        Names of the columns of X. Defined only if all names are strings.

    See Also
    --------
    make_member : Create a pipeline of a table encoder and an estimator.
    FeatureGenerator : Add features computed from pairs of columns.

    Notes
    -----
    Identifiers are integer columns that strictly increase or decrease with few gaps,
    whole numbers without repetition in a column with a name such as "id", "customerID",
    "index" or "Unnamed: 0", and strings without spaces and without common parts that
    are nearly all different. A warning names them. A running number that is
    informative, such as a time step, is kept with ``kinds={"step": "numeric"}``.

    Strings that are numbers with a decimal point are numeric. So are strings with more
    than 20 different values that are numbers with a currency, one unit, a percent sign,
    a decimal comma, thousands separators or brackets for negative numbers ("$1,200",
    "$5k", "71.3 kg", "12%", "(1,234)"), and times of day and durations, in seconds
    ("08:31:07", "0 days 08:31:07", "1h 30m"). Strings of integers are codes of a
    category, unless nearly all differ, or a few values are words such as "?".

    Texts without spaces (Chinese, Japanese, Thai, molecules in SMILES, sequences) are
    encoded by sequences of characters; addresses, paths and keys by their parts.

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
        """Infer the kinds of the columns and learn their encodings.

        Parameters
        ----------
        X : {DataFrame, array-like} of shape (n_samples, n_features)
            Training data with columns of any kind, such as a frame of pandas or polars,
            or an array.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Target, for target means. With None, there are no target means.

        Returns
        -------
        self : TableEncoder
            Fitted encoder.
        """
        self._learn(X, y)
        return self

    def fit_transform(self, X, y=None):
        """Fit the encoder, and encode the training data with cross-fitted target means.

        Parameters
        ----------
        X : {DataFrame, array-like} of shape (n_samples, n_features)
            Training data with columns of any kind, such as a frame of pandas or polars,
            or an array.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), default=None
            Target, for target means. With None, there are no target means.

        Returns
        -------
        X_new : {DataFrame, ndarray, sparse matrix} of shape (n_samples, n_features_out)
            Encoded data.
        """
        frame, numbers, codes = self._learn(X, y)
        return self._layout.output(numbers, codes, frame.index)

    def transform(self, X):
        """Encode data.

        Parameters
        ----------
        X : {DataFrame, array-like} of shape (n_samples, n_features)
            Data with the columns of the training data. Columns of a frame may be in any
            order, and unknown columns are ignored with a warning.

        Returns
        -------
        X_new : {DataFrame, ndarray, sparse matrix} of shape (n_samples, n_features_out)
            Encoded data.
        """
        check_is_fitted(self)
        frame = self._columns.of(X, self._encoding.columns)
        codes = self._encoding.codes(frame)
        means = [
            None if known is None else known.of(codes_of_category)
            for known, codes_of_category in zip(self._means, codes, strict=True)
        ]
        numbers = self._encoding.numbers(frame, codes, means)
        return self._layout.output(numbers, codes, frame.index)

    def get_feature_names_out(self, input_features=None):
        """Return the names of the output columns, which are unique.

        Other than letters and digits, the names contain only underscores, because some
        libraries do not accept other characters.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Names of the columns of X. If given, they are checked.

        Returns
        -------
        feature_names_out : ndarray of str
            One name per column of the output.
        """
        check_is_fitted(self)
        if input_features is not None:
            _check_names(self, list(input_features))
        return np.array(self._layout.names, dtype=object)

    def _learn(self, X: Any, y: Any) -> Any:
        style = _validated_style(self)
        frame = read_columns(self, X)
        target = _read_target(self, frame, y)
        inferred = infer_column_kinds(frame, self.kinds, self.high_cardinality)
        inferred.check_something_to_learn(len(frame))
        inferred.warn()
        self.kinds_, self.dropped_ = inferred.kinds, inferred.dropped
        seed = root_seed(self.random_state)
        self._encoding = learn_table_encoding(
            frame, self.kinds_, _encoding_options(self, style, seed), target
        )
        codes = self._encoding.codes(frame)
        folds = None if target is None else assign_folds(self.cv, target, seed)
        self._means, cross_fitted = learn_means(self._encoding, codes, target, folds)
        numbers = self._encoding.numbers(frame, codes, cross_fitted)
        self._layout = learn_output_layout(
            self._encoding,
            numbers,
            style,
            rare=self.rare,
            impute=self.missing == "impute",
            sparse=self.sparse_output,
        )
        return frame, numbers, codes

    def __sklearn_is_fitted__(self):
        """Whether the encoder is fitted; `for_` is a parameter, despite its name."""
        return hasattr(self, "kinds_")

    def __sklearn_tags__(self):
        """Return the tags: missing values and strings are accepted."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.transformer_tags.preserves_dtype = []
        return tags


def _validated_style(encoder):
    check_choice("for_", encoder.for_, list(ENCODER_STYLES))
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
    style = ENCODER_STYLES[encoder.for_]
    if encoder.for_ == "linear" and encoder.numeric == "scaled":
        return dataclasses.replace(style, scale=learn_standard_scaling)
    return style


def _encoding_options(encoder, style, seed):
    return EncodingOptions(
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
    return target_columns(values, encoder.task)


def _check_names(encoder, names):
    if hasattr(encoder, "feature_names_in_"):
        if names != list(encoder.feature_names_in_):
            raise ValueError("input_features is not equal to feature_names_in_")
    else:
        check_number_of_names(encoder, names)
