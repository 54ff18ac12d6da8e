"""The fitted members of one layer, and their predictions."""

import functools
import time
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted

from skensemble.calibration import cross_calibrate, fit_calibrator
from skensemble.combination._out_of_fold_data import interleaved_folds
from skensemble.core import Target, find_response_method, predict_block
from skensemble.fitting import (
    REFIT,
    Failure,
    FoldAverage,
    FoldFit,
    OutOfFold,
    Split,
    covered_rows,
    out_of_fold,
    uses_threads,
)
from skensemble.scoring import score_block

Array = NDArray[Any]

PREFIT = "prefit"


@dataclass(frozen=True)
class FittedMembers:
    """The fitted members of one layer.

    Parameters
    ----------
    estimators : dict of str to estimator
        Per member: the estimator fitted on all rows, or a `FoldAverage`.
    methods : dict of str to str
        Response method per member.
    present : dict of str to (ndarray of int or None)
        Codes of the classes that each member was fitted on, if it is one estimator.
    oof : OutOfFold
        Out-of-fold predictions of the members.
    fold_fits : tuple of FoldFit
        The fits, without models and predictions.
    failed : dict of str to tuple of Failure
        Members left out, with the reasons.
    n_classes : int
        Number of classes; 0 for a target that is not one class per row.
    labels : ndarray or None
        The classes, if prefit members predict these rather than codes.
    calibrators : dict of str to Calibrator
        Calibrator of the predictions per member.
    """

    estimators: dict[str, Any]
    methods: dict[str, str]
    present: dict[str, Any]
    oof: OutOfFold
    fold_fits: tuple[FoldFit, ...]
    failed: dict[str, tuple[Failure, ...]] = field(default_factory=dict)
    n_classes: int = 0
    labels: Any = None
    calibrators: dict[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Names of the members."""
        return list(self.estimators)

    def predict_blocks(self, X: Any, n_jobs: int | None) -> dict[str, Array]:
        """Predict new rows with every member."""
        # Members that start threads of their own predict one after another, the others
        # in parallel, so that no core is used twice.
        predict = functools.partial(self._predict_block, X=X)
        threaded = {
            name: uses_threads(model) for name, model in self.estimators.items()
        }
        others = [name for name in self.names if not threaded[name]]
        parallel = Parallel(n_jobs=n_jobs, prefer="threads")
        blocks = parallel(delayed(predict)(name) for name in others)
        known = dict(zip(others, blocks, strict=True))
        return {
            name: predict(name) if threaded[name] else known[name]
            for name in self.names
        }

    def _predict_block(self, name: str, X: Any) -> Array:
        model, method = self.estimators[name], self.methods[name]
        if isinstance(model, FoldAverage):
            block = model.predict_block(X)
        else:
            present = self.present[name]
            if self.labels is not None and method == "predict" and present is not None:
                model = _CodesClassifier(model, self.labels)
            block = predict_block(model, method, X, present, self.n_classes)
        if name in self.calibrators:
            return np.asarray(self.calibrators[name].transform(block))
        return block

    @property
    def block_methods(self) -> dict[str, str]:
        """What the block of each member holds: calibrated blocks hold probabilities."""
        return {
            name: "predict_proba" if name in self.calibrators else self.methods[name]
            for name in self.names
        }

    def only(self, names: list[str]) -> "FittedMembers":
        """Select members."""

        def pick(table: dict[str, Any]) -> dict[str, Any]:
            return {name: table[name] for name in names if name in table}

        return replace(
            self,
            estimators=pick(self.estimators),
            methods=pick(self.methods),
            present=pick(self.present),
            oof=replace(self.oof, blocks=pick(self.oof.blocks)),
            fold_fits=tuple(
                fold_fit for fold_fit in self.fold_fits if fold_fit.member in names
            ),
            calibrators=pick(self.calibrators),
        )

    def joined(self, other: "FittedMembers") -> "FittedMembers":
        """Add members fitted on the same data and splits."""
        blocks = self.oof.blocks | other.oof.blocks
        methods = self.oof.methods | other.oof.methods
        return replace(
            self,
            estimators=self.estimators | other.estimators,
            methods=self.methods | other.methods,
            present=self.present | other.present,
            oof=replace(self.oof, blocks=blocks, methods=methods),
            fold_fits=(*self.fold_fits, *other.fold_fits),
            failed=self.failed | other.failed,
            calibrators=self.calibrators | other.calibrators,
        )

    def calibrated(
        self, how: str | None, target: Target, weight: Array | None
    ) -> "FittedMembers":
        """Calibrate every member on its out-of-fold predictions.

        Each out-of-fold row is calibrated by a calibrator that was fitted without it,
        new rows by one fitted on all rows. None changes nothing.
        """
        if how is None:
            return self
        rows = np.flatnonzero(self.oof.covered)
        folds = interleaved_folds(rows)
        blocks, calibrators = {}, {}
        for name in self.names:
            options: dict[str, Any] = {
                "kind": target.kind,
                "n_classes": target.n_classes,
                "scores": self.methods[name] == "decision_function",
            }
            block = self.oof[name]
            blocks[name] = cross_calibrate(
                how, block, target.values, folds, sample_weight=weight, **options
            )
            calibrators[name] = fit_calibrator(
                how, block, target.values, sample_weight=weight, **options
            )
        methods = dict.fromkeys(self.names, "predict_proba")
        oof = replace(self.oof, blocks=blocks, methods=methods)
        return replace(self, oof=oof, calibrators=calibrators)


def gather_members(
    fold_fits: list[FoldFit],
    failed: dict[str, tuple[Failure, ...]],
    splits: list[Split],
    target: Target,
    *,
    refit: bool,
    index: Any = None,
    labels: Any = None,
) -> FittedMembers:
    """Gather fits by member."""
    names = list(dict.fromkeys(fold_fit.member for fold_fit in fold_fits))
    n_rows = len(target.values)
    on_all_rows = [
        fold_fit for fold_fit in fold_fits if fold_fit.split in (REFIT, PREFIT)
    ]
    if splits:
        covered = covered_rows(splits, n_rows)
    else:
        covered = np.full(
            n_rows, any(fold_fit.split == PREFIT for fold_fit in fold_fits)
        )
    return FittedMembers(
        estimators={
            name: _final_member(fold_fits, name, refit, target.n_classes)
            for name in names
        },
        methods={fold_fit.member: fold_fit.method for fold_fit in fold_fits},
        present={fold_fit.member: fold_fit.present for fold_fit in on_all_rows},
        oof=out_of_fold(
            [fold_fit for fold_fit in fold_fits if fold_fit.block is not None],
            n_rows=n_rows,
            n_classes=target.n_classes,
            covered=covered,
            classes=target.classes,
            index=index,
        ),
        fold_fits=tuple(
            replace(fold_fit, estimator=None, block=None) for fold_fit in fold_fits
        ),
        failed=failed,
        n_classes=target.n_classes,
        labels=labels,
    )


def _final_member(
    fold_fits: list[FoldFit], name: str, refit: bool, n_classes: int
) -> Any:
    own = [
        fold_fit
        for fold_fit in fold_fits
        if fold_fit.member == name and fold_fit.estimator is not None
    ]
    if refit or own[0].split == PREFIT:
        return own[-1].estimator
    return FoldAverage(
        tuple(fold_fit.estimator for fold_fit in own),
        tuple(fold_fit.present for fold_fit in own),
        own[0].method,
        n_classes,
    )


def predict_prefit(
    members: list[tuple[str, Any]], X: Any, target: Target, wanted: str
) -> list[FoldFit]:
    """Predict all rows with members that are fitted already, as one fit per member."""
    for name, estimator in members:
        try:
            check_is_fitted(estimator)
        except NotFittedError as error:
            error.add_note(f"cv='prefit' needs member {name!r} fitted already.")
            raise
    rows = np.arange(len(target.values))
    return [_predict_one(*member, X, target, rows, wanted) for member in members]


def _predict_one(
    name: str, estimator: Any, X: Any, target: Target, rows: Array, wanted: str
) -> FoldFit:
    method = find_response_method(name, estimator, wanted)
    present = _prefit_codes(estimator, target)
    model = estimator
    if method == "predict" and present is not None:
        model = _CodesClassifier(estimator, target.classes)
    start = time.perf_counter()
    block = predict_block(model, method, X, present, target.n_classes)
    return FoldFit(
        member=name,
        split=PREFIT,
        train=None,
        test=rows,
        method=method,
        present=present,
        estimator=estimator,
        block=block,
        fit_seconds=0.0,
        predict_seconds=time.perf_counter() - start,
        score=score_block(block, method, target.values, kind=target.kind),
    )


class _CodesClassifier:
    """A prefit classifier that predicts codes in place of labels."""

    def __init__(self, estimator: Any, classes: Any) -> None:
        self._estimator = estimator
        self._classes = classes

    def predict(self, X: Any) -> Any:
        labels = np.asarray(self._estimator.predict(X))
        own = self._estimator.classes_
        return np.searchsorted(own, labels) if np.isin(labels, own).all() else labels


def _prefit_codes(estimator: Any, target: Target) -> Any:
    """Codes of the classes of a prefit member, which predicts labels or codes."""
    own = getattr(estimator, "classes_", None)
    if target.kind != "classes" or own is None or not is_classifier(estimator):
        return None
    known = target.classes
    if np.isin(own, known).all():
        return np.searchsorted(known, own)
    codes = np.asarray(own)
    if codes.dtype.kind not in "iuf" or not np.isin(codes, np.arange(len(known))).all():
        raise ValueError(
            f"A prefit member has the classes {own.tolist()}, but y has the classes "
            f"{known.tolist()}; give rows of all classes of the member."
        )
    return codes.astype(np.intp)
