"""What can be done with a fitted ensemble: change its members, weigh them up, export."""

import time
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone, is_classifier
from sklearn.utils import check_consistent_length, check_random_state, indexable
from sklearn.utils.validation import check_is_fitted

from skensemble.combination import (
    OutOfFoldData,
    calibrated,
    held_out_predictions,
    own_score,
)
from skensemble.core import (
    active,
    check_layers,
    class_target,
    decode,
    is_named_list,
    numeric_target,
)
from skensemble.fitting import Hasher, Unkeyable, take_rows
from skensemble.stacking.inspection._compression import compression, latencies
from skensemble.stacking.inspection._diversity import diversity
from skensemble.stacking.inspection._export import predictions_frame, write_predictions

# Rows by which the training data are known again.
_FINGERPRINT_ROWS = 1000
IMPORTANCES = ("drop", "permutation")


class AfterFit:
    """Methods of a fitted ensemble that fit no member, or only those that are new."""

    def add_members(self, members, X=None, y=None, **fit_params):
        """Add members to a fitted ensemble: they alone are fitted, and the combination.

        Parameters
        ----------
        members : list of (str, estimator)
            The new members.
        X, y : array-like, default=None
            The training data of the fit. None: those of the last fit, which are at hand
            in the process that fitted, and not in a pickle.
        **fit_params : dict
            As in ``fit``, with `X` and `y`.

        Returns
        -------
        self : estimator
            The ensemble with all members.

        Raises
        ------
        ValueError
            For names that are taken, data other than those of the fit, or layers above.
        """
        check_is_fitted(self)
        _one_layer(self, "add_members")
        X, target, params = _training(self, X, y, fit_params)
        if not is_named_list(members) or not members:
            raise ValueError(
                f"members={members!r} should be a non-empty list of (string, estimator) "
                "tuples."
            )
        if not active(members):
            raise ValueError(f"members={members!r} are all dropped; give estimators.")
        before = dict(self.__dict__)
        try:
            self.estimators = [*self.estimators, *members]
            check_layers(self)
            self._check_options()
            self._check_kinds(active(members))
            self._extend(active(members), X, target, params)
        except BaseException:
            _restore(self, before)
            raise
        return self

    def drop_members(self, names):
        """Leave members out of a fitted ensemble; only the combination is fitted again.

        Parameters
        ----------
        names : str or list of str
            Which members.

        Returns
        -------
        self : estimator
            The ensemble without them.

        Raises
        ------
        ValueError
            For unknown names, or when no member would be left.
        """
        check_is_fitted(self)
        _one_layer(self, "drop_members")
        names = [names] if isinstance(names, str) else list(names)
        known = [name for name, _ in self.estimators]
        if unknown := sorted(set(names) - set(known)):
            raise ValueError(f"{unknown} are no members; members: {known}.")
        kept = [name for name in self._layers[0].names if name not in names]
        if not kept:
            raise ValueError(f"names={names!r} leave no member; members: {known}.")
        before = dict(self.__dict__)
        try:
            self.estimators = [m for m in self.estimators if m[0] not in names]
            self._reduce(kept)
        except BaseException:
            _restore(self, before)
            raise
        return self

    def compress(self, *, max_members=None, max_latency=None):
        """Give a smaller ensemble: members go one by one, the least missed first.

        Parameters
        ----------
        max_members : int, default=None
            How many members may stay.
        max_latency : float, default=None
            Seconds that the members may take to predict 1,000 rows, one after another,
            as measured in the fit.

        Returns
        -------
        smaller : estimator
            A fitted ensemble of the members that stay, with `compression_`: after each
            step the members left, their latency, and the score out of fold. No member
            is fitted again.
        """
        check_is_fitted(self)
        _one_layer(self, "compress")
        oof_data = self._current_oof_data()
        if not self._known_splits:
            raise ValueError(
                f"compress needs rows that the members had not seen, which cv={self.cv!r} "
                "does not give; fit with splits, or use drop_members."
            )
        table, kept = compression(
            oof_data,
            self._score_without,
            latencies(self._layers[0]),
            max_members,
            max_latency,
        )
        smaller = clone(self)
        smaller.__dict__.update(self.__dict__)  # the training data too
        smaller.estimators = [m for m in self.estimators if m[0] in kept]
        smaller._reduce(kept)
        smaller.compression_ = table
        return smaller

    def member_importance(self, kind="drop", *, n_repeats=5, random_state=None):
        """How much the score falls without a member.

        Parameters
        ----------
        kind : {"drop", "permutation"}, default="drop"
            Combine again without the member, or shuffle what it said.
        n_repeats : int, default=5
            How often it is shuffled.
        random_state : int, RandomState or None, default=None
            For the shuffles.

        Returns
        -------
        importance : pandas.Series
            Fall of the out-of-fold score, by member, largest first. Members that say
            the same stand in for each other: each is then worth little alone.
        """
        check_is_fitted(self)
        if kind not in IMPORTANCES:
            raise ValueError(f"kind={kind!r} is not known; use one of {IMPORTANCES}.")
        oof_data = self._current_oof_data()
        names, whole = list(oof_data.blocks), self._score_of(oof_data)
        if kind == "drop":
            left = {name: [n for n in names if n != name] for name in names}
            falls = {
                name: whole - self._score_of(oof_data.only(rest))
                if rest and self._can_combine(rest)
                else np.nan
                for name, rest in left.items()
            }
        else:
            rng = check_random_state(random_state)
            falls = {
                name: whole
                - np.mean(
                    [
                        self._score_of(oof_data, _shuffled(oof_data, name, rng))
                        for _ in range(n_repeats)
                    ]
                )
                for name in names
            }
        found = pd.Series(falls, name=kind, dtype=float).rename_axis("member")
        return found.sort_values(ascending=False, kind="stable")

    @property
    def diversity_(self):
        """How alike the members' out-of-fold errors are, pair by pair."""
        check_is_fitted(self)
        oof_data = self._known_oof_data()
        return diversity(
            oof_data.blocks,
            oof_data.y,
            kind=oof_data.kind,
            n_classes=oof_data.n_classes,
            methods=oof_data.methods,
            sample_weight=oof_data.weight,
        )

    def to_frame(
        self, X=None, *, index=None, id_column=None, target=None, labels=False
    ):
        """Lay predictions out as a table, as Kaggle wants them.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame}, default=None
            Rows to predict. None: the ensemble's own out-of-fold predictions.
        index : array-like, default=None
            What tells the rows apart; None is the column `id_column` of `X`, or else
            the index of the frame, if it is one.
        id_column : str, default=None
            Name of the column for it.
        target : str or list of str, default=None
            Name of the column of predictions.
        labels : bool, default=False
            Whether a classifier gives classes in place of probabilities.

        Returns
        -------
        frame : pandas.DataFrame
            Numbers; the probability of the second class; a column a class for more;
            labels where there are no probabilities.
        """
        check_is_fitted(self)
        if X is None:
            block, method = self.ensemble_oof_, self._verdict.held.method
            rows, known = self.oof_.index, getattr(self, "_training", (None,))[0]
        else:
            block, method = self._combined_block(X), self._combined_now().method
            rows, known = getattr(X, "index", None), X
        if id_column is not None and id_column in getattr(known, "columns", ()):
            rows = known[id_column]
        classes = getattr(self, "classes_", None)
        if labels and method == "predict_proba":
            block, method = _most_probable(block, self._target_kind), "predict"
        if method == "predict" and classes is not None:
            block, classes = _decoded(self, block), None
        if index is None:
            index = rows
        if index is None and id_column is not None:
            index = np.arange(len(block))
        return predictions_frame(
            block, classes=classes, index=index, id_column=id_column, target=target
        )

    def save_predictions(
        self,
        path,
        X=None,
        *,
        index=None,
        id_column=None,
        target=None,
        labels=False,
    ):
        """Write predictions to a file, as Kaggle wants them.

        Parameters
        ----------
        path : str or path
            Ends in ``.csv``, ``.csv.gz`` or ``.parquet``; folders are made.
        X : {array-like, sparse matrix, frame}, default=None
            Rows to predict. None: the ensemble's own out-of-fold predictions.
        index : array-like, default=None
            What tells the rows apart; None is the column `id_column` of `X`, or else
            the index of the frame, if it is one.
        id_column : str, default=None
            Name of the column for it.
        target : str or list of str, default=None
            Name of the column of predictions.
        labels : bool, default=False
            Whether a classifier gives classes in place of probabilities.

        Returns
        -------
        path : pathlib.Path
            Where they are.
        """
        frame = self.to_frame(
            X, index=index, id_column=id_column, target=target, labels=labels
        )
        return write_predictions(frame, path)

    # How it is done

    def _extend_by(self, members, fit, params):
        """Fit new members on the known splits, and combine all."""
        new = self._fit_layer(members, fit)
        self._remember(fit, params)
        self._keep([self._layers[0].joined(new)], len(fit.target.values))
        self._combine(fit)

    def _reduce(self, kept):
        """Keep some members, and combine them anew."""
        started = time.monotonic()
        whole = self._layers[0]
        oof_data = (
            self._current_oof_data().only(kept) if hasattr(self, "oof_") else None
        )
        known = dict(self.estimators)
        failed = {name: why for name, why in self.failed_.items() if name in known}
        layer = replace(whole.only(kept), failed=failed)
        self._keep([layer], len(whole.oof))
        if oof_data is None:
            self._combined = self._combiner_of_given_weights(kept)
            self._accept(self._combined)
            return
        self._combined = self._learn(oof_data)
        self._accept(self._combined)
        rows = np.flatnonzero(whole.oof.covered)
        self._judge(oof_data, rows, self._known_splits, time.monotonic() - started)

    def _known_oof_data(self):
        if not hasattr(self, "oof_"):
            raise AttributeError(
                f"{type(self).__name__} has no out-of-fold predictions without splits; "
                "give it a cv."
            )
        return self._oof_data

    def _current_oof_data(self):
        """Evidence with the features, where they are passed through."""
        oof_data = self._known_oof_data()
        if not self.passthrough:
            return oof_data
        if not hasattr(self, "_training"):
            raise ValueError(
                "with passthrough=True the combination needs the training data, which a "
                "pickle does not hold; fit again (with memory= no member is)."
            )
        X, target, _ = self._training
        return self._gather(self._layers[-1], X, target, self._final_params)[0]

    def _score_without(self, oof_data, names):
        if not self._can_combine(names):
            return -np.inf
        return self._score_of(oof_data.only(names))

    def _can_combine(self, names) -> bool:
        """Whether some members can be combined without the others."""
        return True

    def _score_of(self, oof_data, asked=None):
        """Score on rows that the combination has not seen."""
        rows = np.flatnonzero(self._layers[-1].oof.covered)
        n_rows = len(self._layers[-1].oof)
        held = held_out_predictions(
            self._learn, oof_data, self._known_splits, rows, n_rows, asked
        )
        held = calibrated(self.calibrate, held, oof_data)
        return own_score(held, oof_data, self._scorer(oof_data))["score"]


def _one_layer(ensemble: Any, verb: str) -> None:
    if len(ensemble._layers) > 1:
        raise ValueError(
            f"{verb} is for one layer of members; with layers, change `estimators` or "
            "`layers` and fit again with memory=, which fits only what is new."
        )


def _training(ensemble: Any, X: Any, y: Any, params: dict[str, Any]) -> Any:
    """Give the training data of the last fit, as given now or then."""
    known = getattr(ensemble, "_training", None)
    if X is None:
        if known is None:
            raise ValueError(
                "add_members needs the training data, which a pickle does not hold: "
                "add_members(members, X, y)."
            )
        if ensemble._data_fingerprint != data_fingerprint(known[0]):
            raise ValueError(
                "X was changed in place since the fit, and members of one ensemble are "
                "fitted on the same data; give those: add_members(members, X, y)."
            )
        return known
    target = class_target(y) if is_classifier(ensemble) else numeric_target(y)
    (X,) = indexable(X)
    _check_same(ensemble, X, target, known)
    return X, target, params


def _check_same(ensemble: Any, X: Any, target: Any, known: Any) -> None:
    """Refuse data that are not those of the fit, as far as that can be told."""
    n_rows = len(ensemble._layers[0].oof)
    same = len(target.values) == n_rows
    if same and hasattr(ensemble, "_oof_data"):
        covered = ensemble._layers[0].oof.covered
        same = np.array_equal(target.values[covered], ensemble._oof_data.y)
    if not same:
        raise ValueError(
            f"y is not the target of the fit ({n_rows} rows): members of one ensemble "
            "are fitted on the same data; give those, or fit anew."
        )
    check_consistent_length(X, target.values)
    width = np.shape(X)[1] if len(np.shape(X)) == 2 else None
    if width != getattr(ensemble, "n_features_in_", width):
        raise ValueError(
            f"X has {width} features, but the fit saw {ensemble.n_features_in_}."
        )
    same = data_fingerprint(X) == ensemble._data_fingerprint
    if known is not None and X is not known[0]:
        same = same and _content(X) == _content(known[0])
    if not same:
        raise ValueError(
            "X is not that of the fit, in its values, types, names or order: members of "
            "one ensemble are fitted on the same data; give those, or fit anew."
        )


def data_fingerprint(X: Any) -> bytes | None:
    """Digest some rows, to know the data again without keeping them."""
    n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
    return _content(
        take_rows(X, np.arange(0, n_rows, max(1, n_rows // _FINGERPRINT_ROWS)))
    )


def _content(X: Any) -> bytes | None:
    try:
        return Hasher().digest(X)
    except Unkeyable:
        return None


def _restore(ensemble: Any, before: dict[str, Any]) -> None:
    ensemble.__dict__.clear()
    ensemble.__dict__.update(before)


def _shuffled(oof_data: OutOfFoldData, name: str, rng: Any) -> OutOfFoldData:
    order = rng.permutation(len(oof_data))
    blocks = oof_data.blocks | {name: oof_data.blocks[name][order]}
    return replace(oof_data, blocks=blocks)


def _most_probable(block: Any, kind: str) -> Any:
    """Codes of the most probable classes; NaN where nothing is known."""
    if kind == "labels":
        return np.where(np.isnan(block), np.nan, block > 0.5)
    codes = np.full(len(block), np.nan)
    known = ~np.isnan(block).any(axis=1)
    codes[known] = block[known].argmax(axis=1)
    return codes


def _decoded(ensemble: Any, block: Any) -> Any:
    """Turn codes into labels; rows that nobody predicts stay empty."""
    codes = np.asarray(block, dtype=float)
    known = ~np.isnan(codes.reshape(len(codes), -1)).any(axis=1)
    found = np.full(codes.shape, None, dtype=object)
    found[known] = decode(
        ensemble._encoders, codes[known].astype(np.intp), ensemble._target_kind
    )
    return found if not known.all() else np.asarray(found.tolist())
