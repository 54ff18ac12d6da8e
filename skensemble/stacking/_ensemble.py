"""The shared base of the stacking family: members in, out-of-fold block out."""

import functools
import time
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import MetaEstimatorMixin, TransformerMixin, is_classifier
from sklearn.callback import CallbackSupportMixin, with_callbacks
from sklearn.exceptions import NotFittedError
from sklearn.utils import Bunch, get_tags, indexable
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping
from sklearn.utils.validation import check_is_fitted

from skensemble.combination import (
    CALIBRATIONS,
    PREFIT,
    Combiner,
    Evaluation,
    EvaluationInputs,
    FitCombiner,
    FittedMembers,
    OutOfFoldData,
    gather_members,
    meta_features,
    predict_prefit,
)
from skensemble.core import (
    NamedMembers,
    Target,
    active,
    check_choice,
    check_jobs,
    check_layers,
    check_seconds,
    check_seed,
    class_target,
    decode,
    is_named_list,
    numeric_target,
    resolve_response_method,
    root_seed,
    tagged,
)
from skensemble.fitting import (
    FitParams,
    Member,
    Split,
    TrainingData,
    as_store,
    check_coverage,
    check_data,
    check_folds,
    check_known,
    drop_failed,
    plan_fits,
    plan_splits,
    route,
    run_fits,
    task_tree,
)
from skensemble.scoring import as_scoring, check_scored, check_scoring_kind, score_block
from skensemble.stacking._after_fit import AfterFit, data_fingerprint
from skensemble.stacking._drawing import visual_block
from skensemble.stacking._fit import Fit, on_rows


class BaseEnsemble(
    AfterFit, CallbackSupportMixin, MetaEstimatorMixin, TransformerMixin, NamedMembers
):
    """Fits members on every split, and a combination of what they predicted.

    A kind of ensemble says how its members are asked (`_method`), how it splits
    (`_splits`), and how it learns to combine (`_learn`, `_accept`).
    """

    # Name of the ensemble's own row in the leaderboard.
    _own_row = "ensemble"
    passthrough = False
    calibrate = None
    calibrate_members = None

    def fit(self, X, y=None, **fit_params):
        """Fit members on every split, and combine what they predict.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_features)
            Training rows, handed to members as they are.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Classes or an indicator matrix of labels for a classifier, numbers for a
            regressor.
        **fit_params : dict
            ``sample_weight`` for members and combination, ``groups`` for the splitter,
            ``member__parameter`` for one member; or whatever metadata routing sends.

        Returns
        -------
        self : estimator
            The fitted ensemble.
        """
        target = class_target(y) if is_classifier(self) else numeric_target(y)
        before = dict(self.__dict__)
        try:
            return self._fit(X, target, fit_params)
        except BaseException:  # nothing is left half-fitted
            self.__dict__.clear()
            self.__dict__.update(before)
            raise

    @with_callbacks
    def _extend(self, members, X, target, params):
        check_known(self, params)
        routed = self._route([name for name, _ in members], params)
        check_data(X, target, routed)
        context = self._init_callback_context(max_subtasks=len(members) + 1)
        context.call_on_fit_task_begin(estimator=self, X=X, y=target.values)
        splits, started = self._known_splits, time.monotonic()
        fit = Fit(X, target, routed, splits, context, started)
        self._extend_by(members, fit, params)
        context.call_on_fit_task_end(estimator=self, X=X, y=target.values)

    @with_callbacks
    def _fit(self, X, target: Target, params: dict[str, Any]):
        started = time.monotonic()
        check_known(self, params)
        self._check_options()
        layers = self._member_layers()
        everyone = [member for layer in layers for member in layer]
        self._check_kinds(everyone)
        routed = self._route([name for name, _ in everyone], params)
        (X,) = indexable(X)
        n_rows = check_data(X, target, routed)
        check_scoring_kind(self.scoring, target.kind)
        check_scored(self._scoring(target), self._method())
        self._seed = root_seed(self.random_state)
        splits = self._splits(X, target, routed)
        check_coverage(self._split_words(), splits, n_rows)

        context = self._init_callback_context(max_subtasks=len(everyone) + 1)
        context.call_on_fit_task_begin(estimator=self, X=X, y=target.values)
        fit = Fit(X, target, routed, splits, context, started)
        self._remember(fit, params)
        layers = self._trusted(layers, X, target, params)
        self._keep(self._fit_layers(layers, fit), n_rows)
        self._combine(fit)
        context.call_on_fit_task_end(estimator=self, X=X, y=target.values)
        return self

    def _route(self, names, params) -> FitParams:
        return route(self, names, self._final(), params)

    # What a kind of ensemble may say otherwise

    def _method(self) -> str:
        """How members are asked."""
        return getattr(self, "stack_method", "auto")

    def _refits(self) -> bool:
        """Whether members are fitted on all rows too."""
        return self.refit

    def _final(self):
        """Give the unfitted meta model, if there is one."""
        return

    def _splits(self, X, target, routed) -> list[Split]:
        if self._is_prefit():
            return []
        if is_classifier(self):
            check_folds("cv", self.cv, target)
        return plan_splits(
            self.cv,
            X,
            target.values,
            n_rows=len(target.values),
            classifier=is_classifier(self),
            params=routed.splitter,
            seed=self._seed,
        )

    def _learn(self, oof_data: OutOfFoldData) -> Combiner:
        raise AssertionError("each kind of ensemble says how it combines")

    def _accept(self, combined: Combiner) -> None:
        """Show what was learned as attributes."""

    def _prepare(self, name: str, estimator: Any) -> Any:
        """Put something before a member."""
        return estimator

    def _member_layers(self) -> list[list[tuple[str, Any]]]:
        return check_layers(self)

    def _trusted(self, layers, X, target, params):
        """Give the layers that can be trusted."""
        return layers

    def _check_kinds(self, members):
        """Refuse members that cannot serve."""

    # Fitting

    def _fit_layers(self, layers, fit):
        fitted: list[FittedMembers] = []
        for members in layers:
            seen = self._above(fitted[-1], fit) if fitted else fit
            fitted.append(self._fit_layer(members, seen))
        return fitted

    def _above(self, below: FittedMembers, fit):
        """What the next layer is given: a table, and the rows of it that are known."""
        covered = below.oof.covered
        above = replace(fit, X=self._table(below.oof.blocks, below, fit.X))
        if covered.all():
            return above
        known = [
            replace(split, train=train, test=test)
            for split in fit.splits
            if len(train := split.train[covered[split.train]])
            and len(test := split.test[covered[split.test]])
        ]
        return replace(above, splits=known, rows=np.flatnonzero(covered))

    def _fit_layer(self, members, fit):
        X, target, routed = fit.X, fit.target, fit.routed
        index = getattr(X, "index", None)
        if self._is_prefit():
            fold_fits = predict_prefit(members, X, target, self._method())
            found = gather_members(
                fold_fits,
                {},
                [],
                target,
                refit=True,
                index=index,
                labels=target.classes,
            )
            return found.calibrated(
                self.calibrate_members, target, routed.sample_weight
            )
        named = [
            Member(
                name,
                self._prepare(name, model),
                resolve_response_method(model, self._method()),
                routed.members[name],
            )
            for name, model in members
        ]
        fold_fits = plan_fits(named, fit.splits, refit=self._refits(), seed=self._seed)
        if fit.rows is not None:
            fold_fits = [on_rows(fold_fit, fit.rows) for fold_fit in fold_fits]
        score = functools.partial(
            score_block, kind=target.kind, scoring=self._scoring(target)
        )
        limit = self.time_limit
        fitted, failures = run_fits(
            fold_fits,
            TrainingData(X, target.values, target.n_classes, score),
            n_jobs=self.n_jobs,
            on_error=self.on_error,
            verbose=self.verbose,
            seconds=self._known_seconds(),
            store=as_store(self.memory),
            deadline=None if limit is None else fit.started + limit,
            **task_tree(self, fit.context, fold_fits),
        )
        kept, failed = drop_failed(fitted, failures)
        found = gather_members(
            kept, failed, fit.splits, target, refit=self._refits(), index=index
        )
        return found.calibrated(self.calibrate_members, target, routed.sample_weight)

    def _remember(self, fit: Fit, params):
        target = fit.target
        self._known_splits, self._final_params = fit.splits, fit.routed.final
        if target.kind != "continuous":
            self.classes_ = target.classes
        self.__dict__.pop("compression_", None)
        self._target_kind = target.kind
        self._encoders = target.encoders
        self._n_classes = target.n_classes
        # For members added later; not pickled.
        self._training = (fit.X, target, params)
        self._data_fingerprint = data_fingerprint(fit.X)

    def __getstate__(self):
        """Leave the training data out of a pickle."""
        state = dict(super().__getstate__())
        state.pop("_training", None)
        return state

    def _keep(self, layers: list[FittedMembers], n_rows: int):
        self._layers = layers
        everyone = functools.reduce(FittedMembers.joined, layers)
        last = layers[-1]
        self.failed_ = everyone.failed
        self.estimators_ = list(everyone.estimators.values())
        named = self._named_members()
        fitted = everyone.estimators
        self.named_estimators_ = Bunch(
            **{
                name: fitted.get(name, "drop")
                for name, _ in named
                if name in fitted or name not in everyone.failed
            }
        )
        self.stack_method_ = list(everyone.methods.values())
        if everyone.oof.blocks:
            self.oof_ = replace(everyone.oof, covered=last.oof.covered)
        self.fits_ = everyone.fold_fits
        self._kinds = everyone.kinds
        self._take_feature_names()

    def _take_feature_names(self):
        self.__dict__.pop("feature_names_in_", None)
        for estimator in self._layers[0].estimators.values():
            names = getattr(estimator, "feature_names_in_", None)
            if names is not None:
                self.feature_names_in_ = names

    def _combine(self, fit: Fit):
        """Learn from the out-of-fold predictions, and score what was learned."""
        X, target = fit.X, fit.target
        oof_data, rows = self._gather(self._layers[-1], X, target, fit.routed.final)
        task = fit.context.subcontext(task_name="combination")
        task.call_on_fit_task_begin(estimator=self, X=X, y=target.values)
        self._combined = self._learn(oof_data)
        self._accept(self._combined)
        task.call_on_fit_task_end(estimator=self, X=X, y=target.values)
        self._judge(oof_data, rows, fit.splits, time.monotonic() - fit.started)

    def _gather_of(self, depth: int) -> tuple[OutOfFoldData, np.ndarray]:
        """Evidence of a layer below the last."""
        X, target, _ = self._training
        return self._gather(self._layers[depth], X, target, self._final_params)

    def _gather(self, last, X, target, params) -> tuple[OutOfFoldData, np.ndarray]:
        rows = np.flatnonzero(last.oof.covered)
        if len(rows) < 2:
            raise ValueError(
                f"{self._split_words()} predicts {len(rows)} of {len(last.oof)} rows in "
                f"layer {self._layers.index(last) + 1}; the combination needs more to "
                "learn from. More splits predict more rows, layer by layer."
            )
        oof_data = OutOfFoldData(
            blocks=last.oof.blocks,
            methods=last.kinds,
            y=target.values,
            X=X if self.passthrough else None,
            params=params,
            kind=target.kind,
            n_classes=target.n_classes,
        )
        return (oof_data if len(rows) == len(last.oof) else oof_data.take(rows)), rows

    def _split_words(self) -> str:
        return f"cv={self.cv!r}"

    def _judge(self, oof_data, rows, splits, seconds):
        self._oof_data = replace(oof_data, X=None)
        self.__dict__.pop("_found", None)
        self._case = EvaluationInputs(
            learn=self._learner(),
            oof_data=oof_data,
            splits=splits,
            rows=rows,
            calibrate=self.calibrate,
            score=self._scorer(oof_data),
            oof=self.oof_,
            kinds=self._kinds,
            fold_fits=self.fits_,
            name=self._own_row,
            seconds=seconds,
        )
        self._calibrator = None
        if not self._judged_when_asked():
            self._calibrator = self._verdict.calibrator

    def _learner(self) -> FitCombiner:
        return self._learn

    def _judged_when_asked(self) -> bool:
        """Whether the whole is scored only once somebody asks how good it is."""
        return False

    @property
    def _verdict(self) -> Evaluation:
        check_is_fitted(self)
        self._known_oof_data()
        if not hasattr(self, "_found"):
            self._found = self._case.verdict()
            del self._case
        return self._found

    @property
    def leaderboard_(self):
        """How well members and ensemble do out of fold, a pandas.DataFrame."""
        return self._verdict.leaderboard

    @property
    def ensemble_oof_(self):
        """What the ensemble says of rows that it was not fitted on, row by row."""
        return self._verdict.oof

    def _scorer(self, oof_data: OutOfFoldData):
        scoring = self._scoring_of(oof_data.kind, oof_data.n_classes)
        return functools.partial(score_block, kind=oof_data.kind, scoring=scoring)

    def _scoring(self, target: Target):
        return self._scoring_of(target.kind, target.n_classes)

    def _scoring_of(self, kind, n_classes):
        if self.scoring is None:
            return None
        return as_scoring(self.scoring, kind, n_classes)

    def _known_seconds(self) -> dict[str, float]:
        known: dict[str, float] = {}
        for fold_fit in getattr(self, "fits_", ()):
            known[fold_fit.member] = max(
                known.get(fold_fit.member, 0.0), fold_fit.fit_seconds
            )
        return known

    def _is_prefit(self) -> bool:
        return isinstance(self.cv, str) and self.cv == PREFIT

    def _check_options(self):
        check_choice("on_error", self.on_error, ["raise", "drop"])
        check_choice("refit", self._refits(), [True, False])
        check_choice("passthrough", self.passthrough, [True, False])
        check_choice("calibrate", self.calibrate, CALIBRATIONS)
        check_choice("calibrate_members", self.calibrate_members, CALIBRATIONS)
        check_seconds("time_limit", self.time_limit)
        check_jobs(self.n_jobs)
        check_seed(self.random_state)
        as_store(self.memory)
        if isinstance(self.cv, str) and self.cv != PREFIT:
            raise ValueError(
                f"cv={self.cv!r} is not known; use 'prefit', an int, a splitter or an "
                "iterable of (train, test) pairs."
            )

    # Predicting

    def _answers(self, X) -> dict[str, np.ndarray]:
        """What the members of the last layer say of new rows."""
        return self._answers_by_layer(X)[-1]

    def _answers_by_layer(self, X) -> list[dict[str, np.ndarray]]:
        check_is_fitted(self)
        found = [self._layers[0].predict_blocks(X, self.n_jobs)]
        for below, layer in zip(self._layers, self._layers[1:], strict=False):
            table = self._table(found[-1], below, X)
            found.append(layer.predict_blocks(table, self.n_jobs))
        return found

    def _table(self, blocks, members: FittedMembers, X):
        """Put blocks side by side, and the features behind them on passthrough."""
        return meta_features(
            blocks,
            members.kinds,
            self._prefix(),
            X,
            self.passthrough,
            self._n_classes,
        )

    def _prefix(self) -> str:
        return type(self).__name__.lower()

    def _combined_block(self, X):
        blocks = self._answers(X)
        block = self._combined_now().combine(blocks, X)
        if self._calibrator is not None:
            block = self._calibrator.transform(block)
        return block

    def _combined_now(self):
        return self._combined

    def _labels(self, block, method: str):
        """Turn probabilities or codes into the user's labels."""
        if method == "predict_proba":
            several = self._target_kind == "labels"
            block = (block > 0.5).astype(int) if several else block.argmax(axis=1)
        return decode(self._encoders, block, self._target_kind)

    @property
    def n_features_in_(self):
        """Number of features seen during fit."""
        try:
            check_is_fitted(self)
        except NotFittedError as error:
            raise AttributeError(
                f"{type(self).__name__} object has no attribute n_features_in_"
            ) from error
        first = list(self._layers[0].estimators.values())
        counts = (getattr(model, "n_features_in_", None) for model in first)
        found = next((count for count in counts if count is not None), None)
        return first[0].n_features_in_ if found is None else found

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
        return self._table(self._answers(X), self._layers[-1], X)

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
        names = self._column_names()
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

    def _column_names(self) -> list[str]:
        return column_labels(self._layers[-1], self._prefix(), self._n_classes)

    def get_metadata_routing(self):
        """Tell where metadata goes: to members, the splitter and the meta model.

        Returns
        -------
        router : MetadataRouter
            The routing.
        """
        router = MetadataRouter(owner=self)
        for name, member in active(self._named_members()):
            router.add(
                **{name: member},
                method_mapping=MethodMapping().add(caller="fit", callee="fit"),
            )
        if hasattr(self.cv, "get_metadata_routing"):
            router.add(
                splitter=self.cv,
                method_mapping=MethodMapping().add(caller="fit", callee="split"),
            )
        return router

    def __sklearn_is_fitted__(self):
        """Tell whether there is a model."""
        return hasattr(self, "_combined")

    def __sklearn_tags__(self):
        """Tell scikit-learn what data fit."""
        tags = super().__sklearn_tags__()
        if is_named_list(self.estimators):
            models = tagged([*self._named_members(), ("final", self._final())])
            tags.target_tags.multi_output = all(
                get_tags(model).target_tags.multi_output for model in models
            )
        return tags

    def _sk_visual_block_(self):
        return visual_block(self.estimators, self.layers or [], self._final())


def column_labels(members: FittedMembers, prefix: str, n_classes: int) -> list[str]:
    """Name the meta features of a layer."""
    one_row = {name: block[:1] for name, block in members.oof.blocks.items()}
    frame = meta_features(
        one_row, members.kinds, prefix, pd.DataFrame(index=[0]), True, n_classes
    )
    return list(frame.columns)
