"""How members' predictions become one: by a meta model, or by weights."""

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, softmax
from sklearn.base import clone

from skensemble.combination._meta_features import column_names, meta_blocks, meta_table
from skensemble.combination._out_of_fold_data import OutOfFoldData
from skensemble.core import predict_block
from skensemble.fitting import fit_member

Array = NDArray[Any]

# Probabilities this close to 0 or 1 say no more as logits.
_LEAST = 1e-7


@dataclass(frozen=True)
class MetaModel:
    """A model fitted on the members' predictions.

    Parameters
    ----------
    model : estimator
        Fitted.
    present : ndarray of int or None
        Codes of the classes that it saw.
    methods : dict of str to str
        What each member's block holds.
    prefix : str
        Of the names of the columns.
    passthrough : bool
        Whether the model sees the features too.
    kind : {"continuous", "classes", "labels"}
        What is predicted.
    n_classes : int
        How many classes there are.
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
        """Probabilities where the model has them."""
        has = self.kind != "continuous" and hasattr(self.model, "predict_proba")
        return "predict_proba" if has else "predict"

    def combine(self, blocks: dict[str, Array], X: Any) -> Array:
        """Predict as the model does."""
        table = meta_features(
            blocks, self.methods, self.prefix, X, self.passthrough, self.n_classes
        )
        return predict_block(
            self.model, self.method, table, self.present, self.n_classes
        )


def fit_meta_model(
    model: Any, oof_data: OutOfFoldData, prefix: str, passthrough: bool
) -> MetaModel:
    """Fit a clone of a model on evidence."""
    table = meta_features(
        oof_data.blocks,
        oof_data.methods,
        prefix,
        oof_data.X,
        passthrough,
        oof_data.n_classes,
    )
    try:
        fitted, present = fit_member(clone(model), table, oof_data.y, oof_data.params)
    except Exception as error:
        error.add_note(_of_final(passthrough, table))
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


def meta_features(
    blocks: dict[str, Array],
    methods: dict[str, str],
    prefix: str,
    X: Any,
    passthrough: bool,
    n_classes: int,
) -> Any:
    """Put the telling columns of all blocks side by side, the features behind them."""
    names = list(blocks)
    columns = meta_blocks(
        list(blocks.values()), [methods[name] for name in names], n_classes
    )
    labels = column_names(prefix, names, [column.shape[1] for column in columns])
    return meta_table(columns, labels, X, passthrough)


def member_shares(model: Any, columns: list[Array], weight: Array | None) -> Array:
    """Share of each member in a meta model, by what its columns move.

    Parameters
    ----------
    model : estimator
        Fitted on the columns, and on others behind them perhaps.
    columns : list of ndarray
        The columns of each member.
    weight : ndarray of shape (n,) or None
        Sample weights.

    Returns
    -------
    shares : ndarray of shape (n_members,)
        Zero or more, sum to one.

    Raises
    ------
    AttributeError
        When the model tells neither coefficients nor importances.
    """
    if hasattr(model, "coef_"):
        size = np.abs(np.atleast_2d(model.coef_)).sum(axis=0)
        size = size[: sum(block.shape[1] for block in columns)]
        size = size * np.concatenate([_deviations(block, weight) for block in columns])
    elif hasattr(model, "feature_importances_"):
        size = np.asarray(model.feature_importances_, dtype=float)
    else:
        raise AttributeError(
            f"{type(model).__name__} tells neither coef_ nor feature_importances_, so "
            "members have no weights_; see member_importance()."
        )
    starts = np.cumsum([0, *[block.shape[1] for block in columns]])
    shares = [size[a:b].sum() for a, b in itertools.pairwise(starts)]
    total = sum(shares)
    return np.asarray(shares) / (total if total > 0 else 1.0)


def _deviations(block: Array, weight: Array | None) -> Array:
    mean = np.average(block, axis=0, weights=weight)
    return np.asarray(np.sqrt(np.average((block - mean) ** 2, axis=0, weights=weight)))


def _of_final(passthrough: bool, table: Any) -> str:
    hint = (
        f" With passthrough=True it is given a {type(table).__name__} with the columns "
        "of X behind the members' predictions; a Pipeline can prepare them."
    )
    return "This happened in the final estimator." + (hint if passthrough else "")


@dataclass(frozen=True)
class WeightedMean:
    r"""A weighted mean of predictions, :math:`\sum_m w_m p_m / \sum_m w_m`.

    Parameters
    ----------
    weights : dict of str to float
        By member.
    how : {"mean", "logit", "vote"}
        Mean of the predictions; of log-odds, :math:`p \propto \exp \sum_m w_m \log p_m`;
        or votes for labels.
    kind : {"continuous", "classes", "labels"}
        What is predicted.
    n_classes : int
        How many classes there are.
    details : object
        What else is told of the weights, such as the path to them.
    """

    weights: dict[str, float]
    how: str
    kind: str
    n_classes: int
    details: Any = None

    @property
    def method(self) -> str:
        """Labels by vote, probabilities for classes otherwise, numbers as they are."""
        plain = self.how == "vote" or self.kind == "continuous"
        return "predict" if plain else "predict_proba"

    def combine(self, blocks: dict[str, Array], X: Any = None) -> Array:
        """Combine the members' predictions; members of weight zero are not looked at."""
        if self.how == "vote":
            return weighted_vote(blocks, self.weights, self.kind, self.n_classes)
        used = {name: w for name, w in self.weights.items() if w != 0}
        total = sum(used.values())
        shares = {name: weight / total for name, weight in used.items()}
        # Summed in the order of the members, so that the last bit is always the same.
        if self.how == "mean":
            return np.asarray(
                sum(shares[name] * exact(blocks[name], self.kind) for name in shares)
            )
        logs = sum(shares[name] * _logs(blocks[name]) for name in shares)
        if self.kind == "classes":
            return np.asarray(softmax(logs, axis=1))
        off = sum(shares[name] * _logs(1.0 - blocks[name]) for name in shares)
        return np.asarray(expit(logs - off))


def exact(block: Array, kind: str) -> Array:
    """Probabilities in double precision, whose rows then sum to one as exactly.

    Those in single precision miss one by some 1e-7, which scikit-learn's metrics refuse
    once they are mixed with others.
    """
    if kind != "classes" or block.ndim != 2 or block.dtype.itemsize >= 8:
        return block
    block = block.astype(float)
    return np.asarray(block / block.sum(axis=1, keepdims=True))


def _logs(probabilities: Array) -> Array:
    return np.asarray(np.log(np.clip(probabilities, _LEAST, 1.0)))


def weighted_vote(
    blocks: dict[str, Array], weights: dict[str, float], kind: str, n_classes: int
) -> Array:
    """Give the class code with the most votes, the lowest where tied; label by label."""
    if kind == "labels":
        total = sum(weights.values())
        on = sum(weights[name] * block for name, block in blocks.items())
        return np.asarray(on > total / 2, dtype=np.intp)
    first = next(iter(blocks.values()))
    counts = np.zeros((len(first), n_classes))
    for name, block in blocks.items():
        counts[np.arange(len(block)), block.astype(np.intp)] += weights[name]
    return np.asarray(counts.argmax(axis=1))
