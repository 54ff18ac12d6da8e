"""Fitted members: what they said out of fold, and what they say of new rows."""

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
# Rows of a fold are calibrated by what the rows of the others teach.
_CALIBRATION_FOLDS = 5


@dataclass(frozen=True)
class FittedMembers:
    """Members of one layer, fitted.

    Parameters
    ----------
    estimators : dict of str to estimator
        By name: fitted on all rows, or a `FoldAverage`.
    methods : dict of str to str
        How each is asked.
    present : dict of str to (ndarray of int or None)
        Codes of the classes that each saw, where it is one estimator.
    oof : OutOfFold
        What each said of rows that it had not seen.
    fold_fits : tuple of FoldFit
        The fits, without models and predictions.
    failed : dict of str to tuple of Failure
        Who was left out, and why.
    n_classes : int
        How many classes there are; 0 for numbers.
    labels : ndarray or None
        The classes, where prefit members answer in them and not in codes.
    calibrators : dict of str to Calibrator
        What turns a member's answer into calibrated probabilities.
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
        """Ask every member about new rows.

        Parameters
        ----------
        X : array-like
            The rows.
        n_jobs : int or None
            Cores granted.

        Returns
        -------
        blocks : dict of str to ndarray
        """
        # Those that start threads of their own predict one after another, the others
        # side by side, so that the cores are never asked for twice.
        ask = functools.partial(self._ask, X=X)
        alone = {name: uses_threads(model) for name, model in self.estimators.items()}
        beside = [name for name in self.names if not alone[name]]
        found = dict(
            zip(
                beside,
                Parallel(n_jobs=n_jobs, prefer="threads")(
                    delayed(ask)(name) for name in beside
                ),
                strict=True,
            )
        )
        return {name: ask(name) if alone[name] else found[name] for name in self.names}

    def _ask(self, name: str, X: Any) -> Array:
        model, method = self.estimators[name], self.methods[name]
        if isinstance(model, FoldAverage):
            block = model.predict_block(X)
        else:
            present = self.present[name]
            if self.labels is not None and method == "predict" and present is not None:
                model = _InCodes(model, self.labels)
            block = predict_block(model, method, X, present, self.n_classes)
        if name in self.calibrators:
            return np.asarray(self.calibrators[name].transform(block))
        return block

    def answers(self, name: str) -> str:
        """Say what a member's block holds: the method, or calibrated probabilities."""
        return "predict_proba" if name in self.calibrators else self.methods[name]

    @property
    def kinds(self) -> dict[str, str]:
        """What each member's block holds."""
        return {name: self.answers(name) for name in self.names}

    def only(self, names: list[str]) -> "FittedMembers":
        """Keep some members."""

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
        """Put members of the same data and splits side by side."""
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

        Parameters
        ----------
        how : {"temperature", "sigmoid", "isotonic"} or None
            The method; None leaves all as it is.
        target : Target
            What is true.
        weight : ndarray of shape (n,) or None
            Sample weights.

        Returns
        -------
        members : FittedMembers
            Out-of-fold predictions of each row come from a calibrator that had not
            seen the row; new rows are calibrated by one of all rows.
        """
        if how is None:
            return self
        rows = np.flatnonzero(self.oof.covered)
        folds = [rows[k::_CALIBRATION_FOLDS] for k in range(_CALIBRATION_FOLDS)]
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
    """Gather fitted cells by member."""
    names = list(dict.fromkeys(fold_fit.member for fold_fit in fold_fits))
    n_rows = len(target.values)
    whole = [fold_fit for fold_fit in fold_fits if fold_fit.split in (REFIT, PREFIT)]
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
        present={fold_fit.member: fold_fit.present for fold_fit in whole},
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
    """Ask members that are fitted already; one cell each, on all rows."""
    for name, estimator in members:
        try:
            check_is_fitted(estimator)
        except NotFittedError as error:
            error.add_note(f"cv='prefit' needs member {name!r} fitted already.")
            raise
    rows = np.arange(len(target.values))
    return [_ask_one(*member, X, target, rows, wanted) for member in members]


def _ask_one(
    name: str, estimator: Any, X: Any, target: Target, rows: Array, wanted: str
) -> FoldFit:
    method = find_response_method(name, estimator, wanted)
    present = _prefit_codes(estimator, target)
    model = estimator
    if method == "predict" and present is not None:
        model = _InCodes(estimator, target.classes)
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


class _InCodes:
    """A prefit classifier whose labels are turned into codes."""

    def __init__(self, estimator: Any, classes: Any) -> None:
        self._estimator = estimator
        self._classes = classes

    def predict(self, X: Any) -> Any:
        labels = np.asarray(self._estimator.predict(X))
        own = self._estimator.classes_
        return np.searchsorted(own, labels) if np.isin(labels, own).all() else labels


def _prefit_codes(estimator: Any, target: Target) -> Any:
    """Codes of a prefit member's classes: its labels are ours, or codes already."""
    own = getattr(estimator, "classes_", None)
    if target.kind != "classes" or own is None or not is_classifier(estimator):
        return None
    known = target.classes
    if np.isin(own, known).all():
        return np.searchsorted(known, own)
    codes = np.asarray(own)
    if codes.dtype.kind not in "iuf" or not np.isin(codes, np.arange(len(known))).all():
        raise ValueError(
            f"A prefit member knows the classes {own.tolist()}, of which not all are in "
            f"y, with {known.tolist()}; give y of all its classes."
        )
    return codes.astype(np.intp)
