"""A fitted ensemble as one frozen value."""

import functools
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Bunch

from skensemble.combination import (
    Combiner,
    Evaluation,
    EvaluationOptions,
    FittedMembers,
    LazyEvaluation,
    OutOfFoldData,
    meta_columns,
    meta_feature_names,
    meta_features,
)
from skensemble.core import Features, Target, decode, named_members
from skensemble.fitting import Split, take_rows
from skensemble.stacking._kind import Combination

Array = NDArray[Any]


@dataclass(frozen=True)
class FittedEnsemble:
    """Everything that a fit produces, except the training data.

    Parameters
    ----------
    layers : tuple of FittedMembers
        The fitted members, layer by layer.
    splits : list of Split
        The splits that the members were fitted on.
    combination : Combination
        The strategy that fitted the combiner.
    combiner : Combiner
        Combines the predictions of the members of the last layer.
    options : EvaluationOptions
        How the ensemble is evaluated.
    target : Target
        Type and classes of the target, without its values.
    prefix : str
        Prefix of the names of the meta features.
    passthrough : bool
        Whether the features follow the meta features.
    features : Features
        Names and number of the features.
    final_params : dict
        Fit parameters of the combiner, such as ``sample_weight``.
    seed : int or None
        The seed of the fit.
    fingerprint : bytes or None
        Digest of some training rows.
    oof_data : OutOfFoldData or None, default=None
        What the combiner was fitted on, without features; None without splits.
    evaluation : LazyEvaluation or None, default=None
        The evaluation of the ensemble; None without splits.
    calibrator : Calibrator or None, default=None
        Calibrates the predictions of the combiner.
    """

    layers: tuple[FittedMembers, ...]
    splits: list[Split]
    combination: Combination
    combiner: Combiner
    options: EvaluationOptions
    target: Target
    prefix: str
    passthrough: bool
    features: Features
    final_params: dict[str, Any]
    seed: int | None
    fingerprint: bytes | None
    oof_data: OutOfFoldData | None = None
    evaluation: LazyEvaluation | None = None
    calibrator: Any = None

    @property
    def members(self) -> FittedMembers:
        """The members of all layers, with the rows that the last layer covers."""
        return members_of_layers(self.layers)

    def known_oof_data(self) -> OutOfFoldData:
        """Return the out-of-fold data, or raise AttributeError without splits."""
        if self.oof_data is None:
            raise AttributeError(
                "The ensemble has no out-of-fold predictions without splits; give it a cv."
            )
        return self.oof_data

    def known_evaluation(self) -> Evaluation:
        """Return the evaluation, or raise AttributeError without splits."""
        self.known_oof_data()
        assert self.evaluation is not None
        return self.evaluation.value

    def predict_layers(self, X: Any, n_jobs: int | None) -> list[dict[str, Array]]:
        """Predict new rows with the members of each layer."""
        predictions = [self.layers[0].predict_blocks(X, n_jobs)]
        for below, layer in zip(self.layers, self.layers[1:], strict=False):
            table = self._table(predictions[-1], below, X)
            predictions.append(layer.predict_blocks(table, n_jobs))
        return predictions

    def predict_members(self, X: Any, n_jobs: int | None) -> dict[str, Array]:
        """Predict new rows with the members of the last layer."""
        return self.predict_layers(X, n_jobs)[-1]

    def predict(self, X: Any, n_jobs: int | None) -> Array:
        """Predict new rows: calibrated probabilities, codes or a continuous target."""
        block = self.combiner.combine(self.predict_members(X, n_jobs), X)
        return block if self.calibrator is None else self.calibrator.transform(block)

    def meta_features(self, X: Any, n_jobs: int | None) -> Any:
        """Make the table of meta features of new rows."""
        return self._table(self.predict_members(X, n_jobs), self.layers[-1], X)

    def meta_feature_names(self) -> list[str]:
        """Name the meta features."""
        last = self.layers[-1]
        first_row = {name: block[:1] for name, block in last.oof.blocks.items()}
        columns = meta_columns(first_row, last.block_methods, self.target.n_classes)
        return meta_feature_names(columns, self.prefix)

    def labels(self, block: Array, method: str) -> Array:
        """Turn probabilities or codes into labels."""
        if method == "predict_proba":
            several = self.target.kind == "labels"
            block = (block > 0.5).astype(int) if several else block.argmax(axis=1)
        return decode(self.target.encoders, block, self.target.kind)

    def _table(self, blocks: dict[str, Array], members: FittedMembers, X: Any) -> Any:
        return meta_features(
            blocks,
            members.block_methods,
            self.prefix,
            X,
            self.passthrough,
            self.target.n_classes,
        )


def members_of_layers(layers: Any) -> FittedMembers:
    """Join the members of all layers; the last layer decides which rows are covered."""
    joined = functools.reduce(FittedMembers.joined, layers)
    return replace(joined, oof=replace(joined.oof, covered=layers[-1].oof.covered))


def layer_oof_data(
    layers: Any,
    depth: int,
    description: str,
    target: Target,
    X: Any,
    params: dict[str, Any],
) -> OutOfFoldData:
    """Return the out-of-fold data of one layer, for the rows that it covers.

    `X` is None if the features are not passed through.
    """
    members = layers[depth]
    rows = np.flatnonzero(members.oof.covered)
    n_rows = len(members.oof)
    if len(rows) < 2:
        raise ValueError(
            f"{description} predicts {len(rows)} of {n_rows} rows in layer {depth + 1}; "
            "the combiner needs more rows. More splits predict more rows, layer by "
            "layer."
        )
    oof_data = OutOfFoldData(
        blocks=members.oof.blocks,
        methods=members.block_methods,
        y=target.values,
        X=X,
        params=params,
        kind=target.kind,
        n_classes=target.n_classes,
    )
    return oof_data if len(rows) == n_rows else oof_data.take(rows)


def with_features(fitted: FittedEnsemble, training: Any) -> OutOfFoldData:
    """Return the out-of-fold data, with the features if they are passed through."""
    oof_data = fitted.known_oof_data()
    if not fitted.passthrough:
        return oof_data
    if training is None:
        raise ValueError(
            "passthrough=True needs the training data, which a pickle does not hold; "
            "fit again (with memory=, no member is fitted again)."
        )
    covered = fitted.layers[-1].oof.covered
    X = training[0]
    X = X if covered.all() else take_rows(X, np.flatnonzero(covered))
    return replace(oof_data, X=X)


def clear_fit(ensemble: Any) -> None:
    """Remove all fitted attributes of an estimator."""
    own = ("_fitted", "_training")
    for name in list(vars(ensemble)):
        if name in own or (name.endswith("_") and not name.startswith("_")):
            delattr(ensemble, name)


def set_fitted_attributes(
    ensemble: Any, fitted: FittedEnsemble, further: dict[str, Any]
) -> None:
    """Replace the fitted attributes of an estimator by those of a fitted value."""
    training = getattr(ensemble, "_training", None)
    clear_fit(ensemble)
    if training is not None:
        ensemble._training = training
    members = fitted.members
    ensemble._fitted = fitted
    if fitted.target.kind != "continuous":
        ensemble.classes_ = fitted.target.classes
    ensemble.failed_ = members.failed
    ensemble.estimators_ = list(members.estimators.values())
    ensemble.named_estimators_ = Bunch(
        **{
            name: members.estimators.get(name, "drop")
            for name, _ in named_members(ensemble)
            if name in members.estimators or name not in members.failed
        }
    )
    ensemble.stack_method_ = list(members.methods.values())
    if fitted.oof_data is not None:
        ensemble.oof_ = members.oof
    ensemble.fits_ = members.fold_fits
    if fitted.features.names is not None:
        ensemble.feature_names_in_ = fitted.features.names
    for name, value in further.items():
        setattr(ensemble, name, value)
