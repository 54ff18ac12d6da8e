"""Combiners: a meta model on the predictions of the members, or their weighted mean."""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax

from skensemble.combination._meta_features import meta_features
from skensemble.combination._out_of_fold_data import OutOfFoldData
from skensemble.core import clone_member, predict_block
from skensemble.fitting import fit_member

Array = NDArray[Any]

# Smallest probability whose logarithm is taken.
_MIN_PROBABILITY = 1e-7


@dataclass(frozen=True)
class MetaModel:
    """A model fitted on the predictions of the members.

    Parameters
    ----------
    model : estimator
        The fitted model.
    present : ndarray of int or None
        Codes of the classes that the model was fitted on.
    methods : dict of str to str
        The response method that the block of each member comes from.
    prefix : str
        Prefix of the names of the meta features.
    passthrough : bool
        Whether the features follow the meta features.
    kind : {"continuous", "classes", "labels"}
        Type of the target.
    n_classes : int
        Number of classes; 0 for a target that is not one class per row.
    """

    model: Any
    present: Any
    methods: dict[str, str]
    prefix: str
    passthrough: bool
    kind: str
    n_classes: int

    @property
    def method(self) -> str:
        """Probabilities if the model has them."""
        has = self.kind != "continuous" and hasattr(self.model, "predict_proba")
        return "predict_proba" if has else "predict"

    def combine(self, blocks: dict[str, Array], X: Any) -> Array:
        """Predict with the model."""
        return predict_block(
            self.model,
            self.method,
            self.meta_features(blocks, X),
            self.present,
            self.n_classes,
        )

    def meta_features(self, blocks: dict[str, Array], X: Any) -> Any:
        """Make the table that the model predicts from."""
        return meta_features(
            blocks, self.methods, self.prefix, X, self.passthrough, self.n_classes
        )


def fit_meta_model(
    model: Any, oof_data: OutOfFoldData, prefix: str, passthrough: bool
) -> MetaModel:
    """Fit a clone of a model on the meta features of out-of-fold data."""
    table = meta_features(
        oof_data.blocks,
        oof_data.methods,
        prefix,
        oof_data.X,
        passthrough,
        oof_data.n_classes,
    )
    copied = clone_member("final_estimator", model)
    try:
        fitted, present = fit_member(copied, table, oof_data.y, oof_data.params)
    except Exception as error:
        error.add_note(_final_estimator_note(passthrough, table))
        raise
    return MetaModel(
        fitted,
        present,
        oof_data.methods,
        prefix,
        passthrough,
        oof_data.kind,
        oof_data.n_classes,
    )


def member_shares(model: Any, columns: list[Array], weight: Array | None) -> Array:
    """Share of each member in a meta model, by the effect of its columns.

    Parameters
    ----------
    model : estimator
        Fitted on the columns, possibly with other columns after them.
    columns : list of ndarray
        The columns of each member.
    weight : ndarray of shape (n,) or None
        Sample weights.

    Returns
    -------
    shares : ndarray of shape (n_members,)
        Non-negative, with sum one.

    Raises
    ------
    AttributeError
        If the model has neither coefficients nor importances.
    """
    if hasattr(model, "coef_"):
        size = np.abs(np.atleast_2d(model.coef_)).sum(axis=0)
        size = size[: sum(block.shape[1] for block in columns)]
        size = size * np.concatenate([_deviations(block, weight) for block in columns])
    elif hasattr(model, "feature_importances_"):
        size = np.asarray(model.feature_importances_, dtype=float)
    else:
        raise AttributeError(
            f"{type(model).__name__} has neither coef_ nor feature_importances_, "
            "so the members have no weights_; see member_importance()."
        )
    starts = np.cumsum([0, *[block.shape[1] for block in columns]])
    shares = [size[a:b].sum() for a, b in itertools.pairwise(starts)]
    total = sum(shares)
    return np.asarray(shares) / (total if total > 0 else 1.0)


def _deviations(block: Array, weight: Array | None) -> Array:
    mean = np.average(block, axis=0, weights=weight)
    return np.asarray(np.sqrt(np.average((block - mean) ** 2, axis=0, weights=weight)))


def _final_estimator_note(passthrough: bool, table: Any) -> str:
    hint = (
        f" With passthrough=True its input is a {type(table).__name__} with the columns "
        "of X after the predictions of the members; a Pipeline can prepare them."
    )
    return "This happened in the final estimator." + (hint if passthrough else "")


@dataclass(frozen=True)
class WeightedMean:
    r"""A weighted mean of predictions, :math:`\sum_m w_m p_m / \sum_m w_m`.

    Parameters
    ----------
    weights : dict of str to float
        Weight per member.
    how : {"mean", "logit", "vote"}
        Mean of the predictions; mean of the log-odds, :math:`p \propto \exp \sum_m w_m
        \log p_m`; or votes for labels.
    kind : {"continuous", "classes", "labels"}
        Type of the target.
    n_classes : int
        Number of classes; 0 for a target that is not one class per row.
    details : object
        Further results of the fit of the weights, such as the selection path.
    """

    weights: dict[str, float]
    how: str
    kind: str
    n_classes: int
    details: Any = None

    @property
    def method(self) -> str:
        """Labels for votes, probabilities for other classes; else "predict"."""
        plain = self.how == "vote" or self.kind == "continuous"
        return "predict" if plain else "predict_proba"

    def combine(self, blocks: dict[str, Array], X: Any = None) -> Array:
        """Combine the predictions of the members with a weight other than zero."""
        if self.how == "vote":
            return weighted_vote(blocks, self.weights, self.kind, self.n_classes)
        used = {name: w for name, w in self.weights.items() if w != 0}
        total = sum(used.values())
        shares = {name: weight / total for name, weight in used.items()}
        # Summed in the order of the members, so that the last bit is always the same.
        if self.how == "mean":
            return np.asarray(
                sum(
                    shares[name] * as_double(blocks[name], self.kind) for name in shares
                )
            )
        logs = sum(shares[name] * _logs(blocks[name]) for name in shares)
        if self.kind == "classes":
            return np.asarray(softmax(logs, axis=1))
        off = sum(shares[name] * _logs(1.0 - blocks[name]) for name in shares)
        return np.asarray(expit(logs - off))


def as_double(block: Array, kind: str) -> Array:
    """Convert probabilities to double precision, with rows that sum to one.

    Sums in single precision differ from one by about 1e-7, which scikit-learn's metrics
    refuse after such probabilities are mixed with others.
    """
    if kind != "classes" or block.ndim != 2 or block.dtype.itemsize >= 8:
        return block
    block = block.astype(float)
    return np.asarray(block / block.sum(axis=1, keepdims=True))


def _logs(probabilities: Array) -> Array:
    return np.asarray(np.log(np.clip(probabilities, _MIN_PROBABILITY, 1.0)))


def weighted_vote(
    blocks: dict[str, Array], weights: dict[str, float], kind: str, n_classes: int
) -> Array:
    """Return the code with the most votes, the lowest among ties; label by label."""
    if kind == "labels":
        total = sum(weights.values())
        on = sum(weights[name] * block for name, block in blocks.items())
        return np.asarray(on > total / 2, dtype=np.intp)
    first = next(iter(blocks.values()))
    counts = np.zeros((len(first), n_classes))
    for name, block in blocks.items():
        counts[np.arange(len(block)), block.astype(np.intp)] += weights[name]
    return np.asarray(counts.argmax(axis=1))
