"""Base class of the random forests: additions to those of scikit-learn."""

from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted, validate_data

from skensemble.bagging._out_of_bag_score import OutOfBagScore, read_oob_score
from skensemble.bagging.forests._out_of_bag import (
    BLOCK,
    drawn_rows,
    out_of_bag_predictions,
    score_out_of_bag_rows,
)
from skensemble.bagging.forests._tree_sampling import (
    GROUPS,
    ROWS,
    SAMPLINGS,
    TreeSampler,
    codes_of_rows,
    strata_of,
)
from skensemble.core import (
    LARGEST_SEED,
    check_labels,
    check_whole,
    narrow_indices,
    numeric_weights,
    read_groups,
    rollback_on_error,
    target_values,
    validated_weights,
)
from skensemble.losses import Loss
from skensemble.scoring import permutation_importance


class BaseForest:
    """Additions to the forests of scikit-learn, which follow this class in the bases.

    With ``sampling="rows"`` the fit is that of scikit-learn; everything else is
    computed at the first access.
    """

    permutation_importance = permutation_importance

    # Style in which `skensemble.preprocessing.make_member` encodes tables.
    _encoder_style = "forests"

    # Attributes of one fit that the next fit deletes.
    _DERIVED = ("_oof", "_leaves", "_jackknife", "_training", "_sampler", "_row_weight")
    _samplings: tuple[str, ...] = SAMPLINGS
    sampling: str
    max_samples: Any

    def fit(self, X, y, sample_weight=None, groups=None):
        """Grow the trees.

        The forest keeps a reference to `X` and `y` (no copy, and not in a pickle) for
        results that are computed later; do not modify them.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows; missing values are NaN.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The target.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights. With ``sampling="rows"`` and ``bootstrap=True`` rows are
            drawn in proportion to them, as in scikit-learn; with other samplings they
            weigh the drawn rows.
        groups : array-like of shape (n_samples,), default=None
            Groups of the rows, for ``sampling="groups"``.

        Returns
        -------
        self : estimator
            The fitted forest.
        """
        with rollback_on_error(self):
            check_sampling(self, groups)
            if sample_weight is not None:
                sample_weight = numeric_weights("sample_weight", sample_weight)
            X, y = narrow_indices(X), _read_target(self, y)
            score = oob_score_of(self, y)
            for name in self._DERIVED:
                vars(self).pop(name, None)
            if self.sampling != ROWS:
                fit_sampled(self, X, y, sample_weight, groups)
            elif score is None or score.metric is not None:
                super().fit(X, y, sample_weight)
            else:
                self._fit_without_score(X, y, sample_weight)
            self._training, self._n_rows = (X, y), np.asarray(y).shape[0]
            if not self.bootstrap and sample_weight is not None:
                self._row_weight = np.ones(self._n_rows) * np.asarray(sample_weight)
            if needs_scoring(self, score):
                set_out_of_bag_attributes(self, score, sample_weight)
        return self

    @property
    def oof_(self):
        """Out-of-bag predictions of the training rows."""
        check_is_fitted(self)
        if not hasattr(self, "_oof"):
            if not self.bootstrap:
                raise AttributeError(
                    "bootstrap=False grows every tree on all rows, so that no row is out "
                    "of bag; fit with bootstrap=True for oof_."
                )
            X, _ = self._training_rows("oof_", "compute it before pickling")
            try:
                self._oof = out_of_bag_predictions(self, X)
            except ValueError as error:
                # An AttributeError, because notebooks read every attribute to show it.
                raise AttributeError(f"oof_ is not available: {error}") from error
        return self._oof

    @property
    def estimators_samples_(self):
        """Rows that each tree was grown on, with repeats."""
        sampler = getattr(self, "_sampler", None)
        if sampler is None:
            return super().estimators_samples_
        return [sampler.draw(tree.random_state) for tree in self.estimators_]

    def __getstate__(self):
        """Leave the training rows out of a pickle."""
        state = dict(super().__getstate__())
        state.pop("_training", None)
        return state

    def _validate_X_predict(self, X):
        return super()._validate_X_predict(narrow_indices(X))

    def _fit_without_score(self, X, y, sample_weight):
        """Fit as scikit-learn does, which refuses names of scores and losses."""
        oob_score = self.oob_score
        if not self.bootstrap:
            raise ValueError(
                f"oob_score={oob_score!r}: Out of bag estimation only available if "
                "bootstrap=True."
            )
        self.oob_score = False
        try:
            super().fit(X, y, sample_weight)
        finally:
            self.oob_score = oob_score

    def _class_weights(self, y):
        """Return whether classes have equal weights in a tree, and weights per row."""
        return False, None

    def _learn_target(self, y):
        """Set the attributes of the target and return it in the form for trees."""
        raise NotImplementedError

    def _training_rows(self, purpose, fix):
        if not hasattr(self, "_training"):
            raise AttributeError(
                f"{purpose} needs the training rows, which are not pickled with the "
                f"forest; {fix}, or fit again."
            )
        return self._training

    def _tree_weights(self, tree):
        """Return the weight of every training row in a tree."""
        sampler = getattr(self, "_sampler", None)
        if sampler is not None:
            return sampler.weights(tree.random_state)
        if not self.bootstrap:
            return getattr(self, "_row_weight", np.ones(self._n_rows))
        drawn = drawn_rows(self, tree)
        return np.bincount(drawn, minlength=self._n_rows).astype(float)


# Parts of a fit


def _read_target(forest: Any, y: Any) -> Any:
    """Read objects as numbers or bools, and refuse missing labels and times."""
    if y is None or np.asarray(y).dtype.kind not in "OmM":
        return y
    values = target_values(y)
    if is_classifier(forest):
        check_labels(values)
    return values


def check_sampling(forest: Any, groups: Any) -> None:
    """Refuse samplings, groups and `bootstrap` that do not fit together."""
    sampling = forest.sampling
    if sampling not in forest._samplings:
        why = ""
        if sampling in SAMPLINGS:
            why = " for continuous targets, which have no classes"
        raise ValueError(
            f"sampling={sampling!r} is not known{why}; use one of "
            f"{list(forest._samplings)}."
        )
    if sampling == GROUPS and groups is None:
        raise ValueError(
            "sampling='groups' needs groups, got None; use fit(X, y, groups=...), or "
            "sampling='rows'."
        )
    if sampling != GROUPS and groups is not None:
        raise ValueError(
            f"sampling={sampling!r} does not support groups; use sampling='groups'."
        )
    if isinstance(forest.max_samples, bool):
        check_max_samples(forest.max_samples)
    if sampling != ROWS and not forest.bootstrap:
        raise ValueError(
            f"sampling={sampling!r} draws rows, but bootstrap=False uses all of them; "
            "use bootstrap=True, or sampling='rows'."
        )


def oob_score_of(forest: Any, y: Any) -> OutOfBagScore | None:
    """Read the parameter `oob_score`; None if there is no score."""
    if not forest.oob_score:
        return None
    values = np.asarray(y)
    if not is_classifier(forest):
        return read_oob_score("oob_score", forest.oob_score, "continuous")
    if values.ndim == 2 and values.shape[1] > 1:
        return read_oob_score("oob_score", forest.oob_score, "labels")
    n_classes = 0
    if isinstance(forest.oob_score, str | Loss):
        n_classes = len(set(values.ravel().tolist()))
    return read_oob_score("oob_score", forest.oob_score, "classes", n_classes)


def needs_scoring(forest: Any, score: OutOfBagScore | None) -> bool:
    """Whether the fit of scikit-learn has not computed the score already."""
    return score is not None and (score.scorer is not None or forest.sampling != ROWS)


def fit_sampled(forest: Any, X: Any, y: Any, sample_weight: Any, groups: Any) -> None:
    """Grow trees on rows that a `TreeSampler` draws."""
    check_whole("n_estimators", forest.n_estimators, 1)
    X, y = validate_data(
        forest,
        X,
        y,
        multi_output=True,
        accept_sparse="csc",
        dtype=np.float32,
        ensure_all_finite=False,
    )
    if y.ndim == 2 and y.shape[1] == 1:
        y = column_or_1d(y, warn=True)
    sample_weight = validated_weights("sample_weight", sample_weight, len(y))
    groups = read_groups(groups, len(y))
    sampler = _tree_sampler(forest, y, sample_weight, groups)
    forest.n_outputs_ = 1 if y.ndim == 1 else y.shape[1]
    forest.estimator_ = forest.estimator
    values = forest._learn_target(y)
    older = list(getattr(forest, "estimators_", [])) if forest.warm_start else []
    trees = _seeded_trees(forest, older)
    forest._sampler = sampler
    forest.estimators_ = older + Parallel(
        n_jobs=forest.n_jobs, verbose=forest.verbose, prefer="threads"
    )(delayed(_fit_tree)(tree, X, values, sampler) for tree in trees)


def set_out_of_bag_attributes(
    forest: Any, score: OutOfBagScore, sample_weight: Any
) -> None:
    """Predict and score the out-of-bag rows."""
    X, y = forest._training
    oof = forest._oof = out_of_bag_predictions(forest, X)
    # The default score is unweighted, as that of scikit-learn.
    weight = None if score.is_default else sample_weight
    forest.oob_score_ = score_out_of_bag_rows(forest, score, oof, y, weight)
    block = oof[BLOCK]
    if not is_classifier(forest):
        forest.oob_prediction_ = block
    elif isinstance(forest.classes_, list):
        forest.oob_decision_function_ = np.stack([1 - block, block], axis=1)
    else:
        forest.oob_decision_function_ = block


def check_max_samples(max_samples: Any) -> None:
    """Refuse a `max_samples` that is neither a number above zero nor None."""
    if max_samples is None:
        return
    is_number = isinstance(max_samples, Real) and not isinstance(max_samples, bool)
    if not is_number or not max_samples > 0:
        raise ValueError(
            f"max_samples={max_samples!r} must be a number of rows, a share above 0, or "
            "None for all rows."
        )


def share_of(max_samples: Any, n_rows: int) -> float:
    """Turn `max_samples` into a share of the rows."""
    check_max_samples(max_samples)
    if max_samples is None:
        return 1.0
    whole = isinstance(max_samples, Integral)
    return max_samples / n_rows if whole else float(max_samples)


def _tree_sampler(forest: Any, y: Any, sample_weight: Any, groups: Any) -> TreeSampler:
    equal, class_weight = forest._class_weights(y)
    codes = codes_of_rows(np.asarray(groups if forest.sampling == GROUPS else y))
    return TreeSampler(
        forest.sampling,
        strata_of(codes, sample_weight),
        len(y),
        share_of(forest.max_samples, len(y)),
        sample_weight,
        codes_of_rows(y) if equal else None,
        class_weight,
    )


def _seeded_trees(forest: Any, older: list) -> list:
    missing = forest.n_estimators - len(older)
    if missing < 0:
        raise ValueError(
            f"n_estimators={forest.n_estimators} must be larger or equal to "
            f"len(estimators_)={len(older)} when warm_start=True; use a larger "
            "n_estimators, or warm_start=False."
        )
    # The seeds that scikit-learn would draw.
    random = check_random_state(forest.random_state)
    random.randint(LARGEST_SEED, size=len(older))
    params = {name: getattr(forest, name) for name in forest.estimator_params}
    trees = []
    for _ in range(missing):
        params["random_state"] = random.randint(LARGEST_SEED)
        trees.append(clone(forest.estimator).set_params(**params))
    return trees


def _fit_tree(tree: Any, X: Any, y: Any, sampler: TreeSampler) -> Any:
    return tree.fit(X, y, sample_weight=sampler.weights(tree.random_state))
