"""The shared base of the stacking family: members in, out-of-fold block out."""

import functools
import time
from typing import Any

import numpy as np
from sklearn.base import MetaEstimatorMixin, TransformerMixin, clone, is_classifier
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.exceptions import NotFittedError
from sklearn.utils import Bunch, get_tags, indexable
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping
from sklearn.utils.metaestimators import available_if
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import check_is_fitted

from skensemble.core._composition import (
    NamedMembers,
    active,
    check_members,
    is_named_list,
)
from skensemble.core._per_row import check_per_row
from skensemble.core._responses import respond, response_method
from skensemble.core._seeds import root_seed
from skensemble.core._targets import Target
from skensemble.fitting._cell import FittedCell, Member, Split
from skensemble.fitting._fold_average import FoldAverage
from skensemble.fitting._oof import assemble, out_of_fold
from skensemble.fitting._runner import (
    REFIT,
    Work,
    cut_params,
    drop_failed,
    fit_member,
    plan_cells,
    run_cells,
    take_rows,
)
from skensemble.fitting._splits import covered_rows, plan_splits
from skensemble.fitting._threads import brings_threads
from skensemble.stacking._fit_params import FitParams, check_known, route
from skensemble.stacking._leaderboard import leaderboard
from skensemble.stacking._meta_features import column_names, meta_blocks, meta_table
from skensemble.stacking._scores import score_block

PREFIT = "prefit"


def final_has(method: str):
    """Make a method available when the meta model has it."""

    def check(stack):
        final = getattr(stack, "final_estimator_", None)
        final = stack._final() if final is None else final
        getattr(final, method)  # its AttributeError tells what is missing
        return True

    return available_if(check)


class BaseStacking(
    CallbackSupportMixin, MetaEstimatorMixin, TransformerMixin, NamedMembers
):
    """Fits members on every split, and a meta model on what they predicted."""

    @with_callbacks
    def _fit(self, X, target: Target, params: dict[str, Any]):
        started = time.perf_counter()
        check_known(self, params)
        self._check_options()
        members = check_members(self)
        self._check_kinds(members)
        final = clone(self._final())
        routed = route(self, [name for name, _ in members], final, params)
        (X,) = indexable(X)
        n_rows = _matching_rows(X, target.values, routed)

        context = self._init_callback_context(max_subtasks=len(members) + 1)
        context.call_on_fit_task_begin(estimator=self, X=X, y=target.values)
        self._remember(target)
        if self._is_prefit():
            cells, failed, splits = self._ask_prefit(members, X, target), {}, []
        else:
            cells, failed, splits = self._fit_members(
                members, X, target, routed, n_rows, context
            )
        self._keep_members(cells, failed, splits, n_rows, X)
        self._fit_final(final, X, target, routed, splits, context, started)
        context.call_on_fit_task_end(estimator=self, X=X, y=target.values)
        return self

    def _fit_members(self, members, X, target, routed, n_rows, context):
        seed = root_seed(self.random_state)
        splits = plan_splits(
            self.cv,
            X,
            target.values,
            n_rows=n_rows,
            classifier=is_classifier(self),
            params=routed.splitter,
            seed=seed,
        )
        named = [
            Member(name, estimator, self.stack_method, routed.members[name])
            for name, estimator in members
        ]
        cells = plan_cells(named, splits, refit=self.refit, seed=seed)
        fitted, failures = run_cells(
            cells,
            Work(X, target.values, target.n_classes, _scorer(target.kind)),
            n_jobs=self.n_jobs,
            on_error=self.on_error,
            verbose=self.verbose,
            seconds=self._known_seconds(),
            **_task_tree(self, context, named, cells),
        )
        return *drop_failed(fitted, failures), splits

    def _ask_prefit(self, members, X, target):
        rows = np.arange(len(target.values))
        for name, estimator in members:
            _check_fitted(name, estimator)
        return [
            self._ask_one(name, estimator, X, target, rows)
            for name, estimator in members
        ]

    def _ask_one(self, name, estimator, X, target, rows):
        method = response_method(name, estimator, self.stack_method)
        present = _prefit_codes(estimator, target)
        start = time.perf_counter()
        block = respond(
            _as_codes(estimator, method, target), method, X, present, target.n_classes
        )
        return FittedCell(
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
            score=_scorer(target.kind)(block, method, target.values),
        )

    def _remember(self, target: Target):
        self._target_kind = target.kind
        self._encoders = target.encoders
        self._n_classes = target.n_classes

    def _keep_members(self, cells, failed, splits, n_rows, X):
        names = list(dict.fromkeys(cell.member for cell in cells))
        self.failed_ = failed
        self.estimators_ = [
            _final_member(cells, name, self.refit, self._n_classes) for name in names
        ]
        self._present = {
            cell.member: cell.present for cell in cells if cell.split in (REFIT, PREFIT)
        }
        self._members = names
        fitted = dict(zip(names, self.estimators_, strict=True))
        self.named_estimators_ = Bunch(
            **{
                name: fitted.get(name, "drop")
                for name, _ in self.estimators
                if name in fitted or name not in failed
            }
        )
        methods = {cell.member: cell.method for cell in cells}
        self.stack_method_ = [methods[name] for name in names]
        covered = covered_rows(splits, n_rows) if splits else np.ones(n_rows, bool)
        self.oof_ = out_of_fold(
            [cell for cell in cells if cell.block is not None],
            n_rows=n_rows,
            n_classes=self._n_classes,
            covered=covered,
            classes=getattr(self, "classes_", None),
            index=getattr(X, "index", None),
        )
        self.cells_ = tuple(_record(cell) for cell in cells)
        self._take_feature_names()

    def _take_feature_names(self):
        self.__dict__.pop("feature_names_in_", None)
        for estimator in self.estimators_:
            names = getattr(estimator, "feature_names_in_", None)
            if names is not None:
                self.feature_names_in_ = names

    def _fit_final(self, final, X, target, routed, splits, context, started):
        blocks = [self.oof_[name] for name in self._members]
        columns = meta_blocks(blocks, self.stack_method_, self._n_classes)
        self._widths = [column.shape[1] for column in columns]
        rows = np.flatnonzero(self.oof_.covered)
        if len(rows) < 2:
            raise ValueError(
                f"cv={self.cv!r} predicts {len(rows)} of {len(self.oof_)} rows; the "
                "final estimator needs more to learn from."
            )
        whole = len(rows) == len(self.oof_)
        seen = X if whole or not self.passthrough else take_rows(X, rows)
        table = meta_table(
            [column[rows] for column in columns], self._names(), seen, self.passthrough
        )
        weights = cut_params(routed.final, rows, len(self.oof_))
        task = context.subcontext(task_name="final estimator")
        task.call_on_fit_task_begin(estimator=self, X=table, y=target.values[rows])
        try:
            self.final_estimator_, self._final_present = fit_member(
                final, table, target.values[rows], weights
            )
        except Exception as error:
            error.add_note(_of_final(self.passthrough, table))
            raise
        task.call_on_fit_task_end(estimator=self, X=table, y=target.values[rows])
        own, scored = _stack_scores(self, table, target, rows, splits, weights)
        self._rank(target, scored, own, time.perf_counter() - started)

    def _rank(self, target, rows, own, seconds):
        score = _scorer(target.kind)
        scores = {
            name: score(self.oof_[name][rows], method, target.values[rows])
            for name, method in zip(self._members, self.stack_method_, strict=True)
        }
        stack = {
            **own,
            "fit_seconds": seconds,
            "predict_seconds": sum(cell.predict_seconds for cell in self.cells_),
        }
        self.leaderboard_ = leaderboard(self.cells_, scores, stack)

    def _names(self) -> list[str]:
        prefix = type(self).__name__.lower()
        return column_names(prefix, self._members, self._widths)

    def _known_seconds(self) -> dict[str, float]:
        known: dict[str, float] = {}
        for cell in getattr(self, "cells_", ()):
            known[cell.member] = max(known.get(cell.member, 0.0), cell.fit_seconds)
        return known

    def _is_prefit(self) -> bool:
        return isinstance(self.cv, str) and self.cv == PREFIT

    def _check_options(self):
        _check_choice("on_error", self.on_error, ["raise", "drop"])
        _check_choice("refit", self.refit, [True, False])
        _check_choice("passthrough", self.passthrough, [True, False])
        if isinstance(self.cv, str) and self.cv != PREFIT:
            raise ValueError(
                f"cv={self.cv!r} is not known; use 'prefit', an int, a splitter or an "
                "iterable of (train, test) pairs."
            )

    @property
    def n_features_in_(self):
        """Number of features seen during fit."""
        try:
            check_is_fitted(self)
        except NotFittedError as error:
            raise AttributeError(
                f"{type(self).__name__} object has no attribute n_features_in_"
            ) from error
        counts = (getattr(est, "n_features_in_", None) for est in self.estimators_)
        found = next((count for count in counts if count is not None), None)
        return self.estimators_[0].n_features_in_ if found is None else found

    def _meta_features(self, X):
        check_is_fitted(self)
        ask = functools.partial(_ask, X=X, n_classes=self._n_classes)
        tasks = [
            (estimator, method, self._codes_of(name, estimator, method))
            for name, estimator, method in zip(
                self._members, self.estimators_, self.stack_method_, strict=True
            )
        ]
        # Those that start threads of their own predict one after another, the others
        # side by side, so that the cores are never asked for twice.
        alone = [brings_threads(estimator) for estimator in self.estimators_]
        beside = iter(
            Parallel(n_jobs=self.n_jobs, prefer="threads")(
                delayed(ask)(*task)
                for task, is_alone in zip(tasks, alone, strict=True)
                if not is_alone
            )
        )
        blocks = [
            ask(*task) if is_alone else next(beside)
            for task, is_alone in zip(tasks, alone, strict=True)
        ]
        columns = meta_blocks(blocks, self.stack_method_, self._n_classes)
        return meta_table(columns, self._names(), X, self.passthrough)

    def _codes_of(self, name, estimator, method):
        return self._present.get(name), self._labels_of(estimator, method)

    def _labels_of(self, estimator, method):
        """Prefit members answer in their own labels; everyone else in codes."""
        if not self._is_prefit() or method != "predict" or self._n_classes == 0:
            return None
        return getattr(self, "classes_", None)

    def transform(self, X):
        """Predict the meta features of new rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        X_meta : ndarray, sparse matrix or frame of shape (n_samples, n_columns)
            The members' predictions, followed by `X` on ``passthrough=True``.
        """
        check_is_fitted(self)
        X = X if hasattr(X, "shape") else np.asarray(X)
        return self._meta_features(X)

    def get_feature_names_out(self, input_features=None):
        """Name the columns that `transform` gives.

        Parameters
        ----------
        input_features : array-like of str, optional
            Names of the features, used on ``passthrough=True``.

        Returns
        -------
        names : ndarray of str
            Names of the meta features, and of the features passed through.
        """
        check_is_fitted(self)
        names = self._names()
        known = getattr(self, "feature_names_in_", None)
        if input_features is None:
            input_features = known
        elif known is not None and not np.array_equal(known, input_features):
            raise ValueError("input_features is not equal to feature_names_in_")
        elif len(input_features) != self.n_features_in_:
            raise ValueError(
                "input_features should have length equal to number of features "
                f"({self.n_features_in_}), got {len(input_features)}"
            )
        if self.passthrough:
            if input_features is None:
                input_features = [f"x{k}" for k in range(self.n_features_in_)]
            names = [*names, *input_features]
        return np.asarray(names, dtype=object)

    def get_metadata_routing(self):
        """Tell where metadata goes: to members, the splitter and the meta model.

        Returns
        -------
        router : MetadataRouter
            The routing.
        """
        router = MetadataRouter(owner=self)
        for name, member in active(self.estimators):
            router.add(
                **{name: member},
                method_mapping=MethodMapping().add(caller="fit", callee="fit"),
            )
        if hasattr(self.cv, "get_metadata_routing"):
            router.add(
                splitter=self.cv,
                method_mapping=MethodMapping().add(caller="fit", callee="split"),
            )
        router.add(
            final_estimator_=getattr(self, "final_estimator_", self.final_estimator),
            method_mapping=MethodMapping().add(caller="predict", callee="predict"),
        )
        return router

    def __sklearn_is_fitted__(self):
        return hasattr(self, "final_estimator_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        if is_named_list(self.estimators):
            tags.target_tags.multi_output = all(
                get_tags(member).target_tags.multi_output
                for _, member in [*active(self.estimators), ("final", self._final())]
            )
        return tags

    def _sk_visual_block_(self):
        # There is no public way to draw members side by side in the HTML repr
        # (tests/stacking/test_splits_and_failures.py tells when this one goes).
        from sklearn.utils._repr_html.estimator import _VisualBlock

        names, members = zip(*self.estimators, strict=True)
        side = _VisualBlock("parallel", members, names=names, dash_wrapped=False)
        last = _VisualBlock(
            "parallel", [self._final()], names=["final_estimator"], dash_wrapped=False
        )
        return _VisualBlock("serial", (side, last), dash_wrapped=False)


def _matching_rows(X: Any, y: Any, routed: FitParams) -> int:
    n_rows = X.shape[0] if hasattr(X, "shape") else len(X)
    if n_rows != len(y):
        raise ValueError(
            "Found input variables with inconsistent numbers of samples: "
            f"[{n_rows}, {len(y)}]"
        )
    check_per_row("sample_weight", routed.sample_weight, n_rows)
    check_per_row("groups", routed.splitter.get("groups"), n_rows)
    return n_rows


def _check_fitted(name: str, estimator: Any) -> None:
    try:
        check_is_fitted(estimator)
    except NotFittedError as error:
        error.add_note(f"cv='prefit' needs member {name!r} fitted already.")
        raise


def _check_choice(name: str, value: Any, known: list[Any]) -> None:
    if not any(value is option or value == option for option in known):
        raise ValueError(f"{name}={value!r} is not known; use one of {known}.")


def _scorer(kind: str):
    return functools.partial(score_block, kind=kind)


def _task_tree(owner, context, members, cells) -> dict[str, Any]:
    """One context a member, one below it a cell."""
    counts = {m.name: sum(c.member.name == m.name for c in cells) for m in members}
    above = {
        name: context.subcontext(f"member {name}", max_subtasks=count)
        for name, count in counts.items()
    }
    for member in above.values():
        member.call_on_fit_task_begin(estimator=owner)
    contexts = [
        above[cell.member.name].subcontext(f"split {cell.split.label}")
        for cell in cells
    ]
    return {"contexts": contexts, "owner": owner}


def _final_member(cells, name: str, refit: bool, n_classes: int) -> Any:
    own = [cell for cell in cells if cell.member == name and cell.estimator is not None]
    if refit or own[0].split == PREFIT:
        return own[-1].estimator
    return FoldAverage(
        tuple(cell.estimator for cell in own),
        tuple(cell.present for cell in own),
        own[0].method,
        n_classes,
    )


def _record(cell: FittedCell) -> FittedCell:
    """What is kept of a cell: all but the model and the block, which live elsewhere."""
    return FittedCell(**{**vars(cell), "estimator": None, "block": None})


class _InCodes:
    """A prefit classifier whose labels are turned into codes."""

    def __init__(self, estimator: Any, classes: Any):
        self._estimator = estimator
        self._classes = classes

    def predict(self, X: Any) -> Any:
        labels = np.asarray(self._estimator.predict(X))
        own = self._estimator.classes_
        return np.searchsorted(own, labels) if np.isin(labels, own).all() else labels


def _as_codes(estimator: Any, method: str, target: Target) -> Any:
    if method == "predict" and _prefit_codes(estimator, target) is not None:
        return _InCodes(estimator, target.classes)
    return estimator


def _prefit_codes(estimator: Any, target: Target) -> Any:
    """Codes of a prefit member's classes: its labels are ours, or codes already."""
    own = getattr(estimator, "classes_", None)
    if target.kind != "classes" or own is None or not is_classifier(estimator):
        return None
    known = target.classes
    if np.isin(own, known).all():
        return np.searchsorted(known, own)
    return np.asarray(own, dtype=np.intp)


def _ask(estimator: Any, method: str, codes: Any, X: Any, n_classes: int) -> Any:
    if isinstance(estimator, FoldAverage):
        return estimator.respond(X)
    present, labels = codes
    if labels is not None and present is not None:
        estimator = _InCodes(estimator, labels)
    return respond(estimator, method, X, present, n_classes)


def _stack_scores(stack, table, target, rows, splits: list[Split], params):
    """Score the stack honestly: its meta model is fitted without the rows scored.

    Also say which rows could be scored, so that members are scored on the same ones:
    with splits in order of time there is no meta model yet for the first block.
    """
    y = target.values[rows]
    place = np.full(len(target.values), -1)
    place[rows] = np.arange(len(rows))
    parts = []
    for split in splits:
        train, test = (_known(place[side]) for side in (split.train, split.test))
        if _can_fit(y[train], test, target.kind):
            parts.append(_meta_cell(stack, table, y, train, test, params, target))
    if not parts:
        return {"score": float("nan"), "score_std": float("nan")}, rows
    score = _scorer(target.kind)
    seen = np.unique(np.concatenate([part.test for part in parts]))
    block = assemble(parts, len(rows), target.n_classes)[seen]
    by_split = [score(part.block, "predict", y[part.test]) for part in parts]
    own = {
        "score": score(block, "predict", y[seen]),
        "score_std": float(np.std(by_split)),
    }
    return own, rows[seen]


def _of_final(passthrough: bool, table: Any) -> str:
    hint = (
        f" With passthrough=True it is given a {type(table).__name__} with the columns "
        "of X behind the members' predictions; a Pipeline can prepare them."
    )
    return "This happened in the final estimator." + (hint if passthrough else "")


def _known(places):
    return places[places >= 0]


def _can_fit(y, test, kind: str) -> bool:
    if len(y) < 2 or len(test) == 0:
        return False
    return kind != "classes" or len(np.unique(y)) > 1


def _meta_cell(stack, table, y, train, test, params, target) -> FittedCell:
    """Fit the meta model on some rows of the table and predict others."""
    start = time.perf_counter()
    cut = cut_params(params, train, len(y))
    model, present = fit_member(
        clone(stack._final()), take_rows(table, train), y[train], cut
    )
    fitted_at = time.perf_counter()
    block = respond(model, "predict", take_rows(table, test), present, target.n_classes)
    ended_at = time.perf_counter()
    return FittedCell(
        member="stack",
        split="meta",
        train=train,
        test=test,
        method="predict",
        present=present,
        estimator=None,
        block=block,
        fit_seconds=fitted_at - start,
        predict_seconds=ended_at - fitted_at,
    )
