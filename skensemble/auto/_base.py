"""What the automatic classifier and regressor share."""

from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from joblib import cpu_count, effective_n_jobs
from sklearn.base import BaseEstimator, is_classifier
from sklearn.callback import CallbackSupportMixin
from sklearn.inspection import permutation_importance
from sklearn.utils.validation import check_is_fitted

from skensemble.auto._blend import Learner
from skensemble.auto._calibration import Calibration
from skensemble.auto._candidate import Allowance
from skensemble.auto._deployment import fewer_members, refitted
from skensemble.auto._explanation import explanation
from skensemble.auto._facts import learn_facts
from skensemble.auto._folds import rounds_of_splits
from skensemble.auto._growth import Growth, out_of_fold_data
from skensemble.auto._kinds import second_layer
from skensemble.auto._layers import Clock, Layer, Setting
from skensemble.auto._model import Model
from skensemble.auto._portfolio import chosen
from skensemble.auto._presets import PRESETS
from skensemble.combination import (
    EvaluationInputs,
    EvaluationOptions,
    LazyEvaluation,
)
from skensemble.core import (
    Target,
    check_choice,
    check_jobs,
    check_per_row,
    check_seconds,
    check_seed,
    check_weights,
    check_whole,
    class_target,
    numeric_target,
    root_seed,
)
from skensemble.fitting import as_store
from skensemble.preprocessing import read_columns
from skensemble.scoring import SHORT_NAMES, as_scoring, check_scoring_kind

_DEFAULT = {
    "binary": "roc_auc",
    "multiclass": "neg_log_loss",
    "regression": "neg_root_mean_squared_error",
}
# Short names of scores, which are taken here and only hinted at elsewhere.
_ALIASES = {short: names[0] for short, names in SHORT_NAMES.items()}
_LEAST_ROWS = 4
# So many classes for so few rows: who has them means numbers, or the wrong column.
_MANY_CLASSES = 50
_LEAST_ROWS_A_CLASS = 5
# Rows from which members are asked side by side.
_MANY_ROWS = 1000


class BaseAuto(CallbackSupportMixin, BaseEstimator):
    """What the classifier and the regressor share."""

    model_: Model

    def _fit(self, X, y, sample_weight, groups):
        clock = Clock(self.time_limit)
        self._check_options()
        frame = read_columns(self, X).reset_index(drop=True)
        target = self._target(y, len(frame))
        check_scoring_kind(_ALIASES.get(str(self.scoring), self.scoring), target.kind)
        check_per_row("groups", groups, len(frame))
        if sample_weight is not None:
            sample_weight = np.asarray(sample_weight)
        check_weights("sample_weight", sample_weight, len(frame))
        _check_classes(target, sample_weight)
        context = self._init_callback_context(max_subtasks=None)
        context.call_on_fit_task_begin(estimator=self, X=frame, y=target.values)
        growth = self._growth(frame, target, sample_weight, groups, context)
        growth.grow(clock)
        self._take(growth, clock)
        context.call_on_fit_task_end(estimator=self, X=frame, y=target.values)
        return self

    def _check_options(self):
        check_seconds("time_limit", self.time_limit)
        check_choice("preset", self.preset, list(PRESETS))
        name = _ALIASES.get(str(self.scoring), self.scoring)
        if name is not None and name != "roc_auc":
            # Names and kinds are known before the data are; two classes stand for all.
            kind = "classes" if is_classifier(self) else "continuous"
            as_scoring(name, kind, 2 if is_classifier(self) else 0)
        check_seed(self.random_state)
        check_jobs(self.n_jobs)
        as_store(self.memory)
        if isinstance(self.cv, str) and self.cv != "auto":
            raise ValueError(
                f"cv={self.cv!r} is not known; use 'auto', an int, a splitter or an "
                "iterable of (train, test) pairs."
            )

    def _target(self, y, n_rows: int) -> Target:
        target = class_target(y) if is_classifier(self) else numeric_target(y)
        if target.values.ndim != 1 or target.kind == "labels":
            raise ValueError(
                f"y should be a 1d array, got shape {target.values.shape}; fit one "
                f"{type(self).__name__} a column."
            )
        if len(target.values) != n_rows:
            raise ValueError(
                "Found input variables with inconsistent numbers of samples: "
                f"[{n_rows}, {len(target.values)}]"
            )
        if n_rows < _LEAST_ROWS:
            raise ValueError(
                f"n_samples={n_rows} is too few: with {_LEAST_ROWS - 1} rows or less "
                "nothing can be held out."
            )
        return target

    def _growth(self, frame, target, sample_weight, groups, context) -> Growth:
        seed, preset = root_seed(self.random_state), PRESETS[self.preset]
        facts = learn_facts(frame, target)
        rounds = rounds_of_splits(
            self.cv, frame, target.values, facts, groups, seed, preset.rounds
        )
        n_jobs = self._cores()
        seconds = None if self.time_limit is None else self.time_limit * n_jobs
        allowance = Allowance(seconds, len(rounds[0]))
        scoring = _ALIASES.get(str(self.scoring), self.scoring) or _DEFAULT[facts.task]
        above = second_layer(facts, allowance) if preset.upper else []
        setting = Setting(
            target=target,
            sample_weight=sample_weight,
            scoring=as_scoring(scoring, target.kind, target.n_classes),
            n_jobs=n_jobs,
            seed=seed,
            store=as_store(self.memory),
            owner=self,
            context=context,
            verbose=self.verbose,
            groups=None if groups is None else _codes(groups),
        )
        return Growth(
            facts=facts,
            setting=setting,
            rounds=rounds,
            candidates=chosen(self.members, preset, facts, allowance),
            above=above,
            learner=Learner(tuple(one.name for one in above), scoring, seed),
            lower=Layer(frame),
        )

    def _cores(self) -> int:
        return cpu_count() if self.n_jobs is None else effective_n_jobs(self.n_jobs)

    def _take(self, growth: Growth, clock: Clock, spent: float = 0.0):
        """Show what has grown."""
        target = growth.setting.target
        self._target_kind, self._encoders = target.kind, target.encoders
        if target.kind == "classes":
            self.classes_ = target.classes
        self.scoring_ = growth.learner.scoring
        self._growing, self._spent = growth, spent + clock.spent
        most = PRESETS[self.preset].most
        learner = growth.learner
        if most is not None:
            learner = fewer_members(growth, 0.0, most)
        self._combine(growth, learner)
        self.model_ = refitted(self.model_, growth, clock.deadline())
        self._spent = spent + clock.spent

    def _combine(self, growth: Growth, learner: Learner):
        """Predict from now on as a learner combines."""
        lower, upper = growth.members()
        both = lower if upper is None else lower.joined(upper)
        self.fits_, self.failed_, self.oof_ = both.fold_fits, both.failed, both.oof
        self.n_rows_seen_ = growth.n_rows_seen
        oof_data = out_of_fold_data(both, growth.setting)
        combined = learner(oof_data)
        self._learner = learner
        calibration = self._calibration(combined, oof_data, growth)
        self.model_ = Model(
            lower, upper, growth.used, combined, calibration.calibrator
        ).pruned()
        weights = pd.Series(combined.weights, name="weight", dtype=float)
        self.weights_ = weights.rename_axis("member")
        self._tried = explanation(
            [
                ([one.name for one in growth.candidates], growth.lower),
                ([one.name for one in growth.above], growth.upper),
            ],
            combined.weights,
            {},
            self.model_.used,
            learner.among,
        )
        self._evaluation = LazyEvaluation(
            EvaluationInputs(
                options=EvaluationOptions(
                    "ensemble", growth.setting.scoring, calibration.name, lazy=True
                ),
                fit_combiner=learner,
                oof_data=oof_data,
                oof=both.oof,
                splits=growth.splits,
                fold_fits=both.fold_fits,
                seconds=self._spent,
            )
        )

    def _calibration(self, combined, oof_data, growth) -> Calibration:
        return Calibration()

    # After the fit

    @property
    def leaderboard_(self):
        """Scores out of fold, a row a member, best first; the ensemble is the last."""
        check_is_fitted(self)
        return self._evaluation.value.leaderboard

    @property
    def ensemble_oof_(self):
        """What the ensemble says of rows, combined without them; NaN where nobody can."""
        check_is_fitted(self)
        return self._evaluation.value.oof

    def explain(self):
        """Tell what was tried, what was kept, what was left out, and why.

        Returns
        -------
        table : pandas.DataFrame
            A row a member: its layer, what became of it ("kept", "left out", "failed",
            "no time") and why, its score out of fold, weight, fits, their rows and seconds.
        """
        scores = self.leaderboard_["score"].to_dict()
        table = self._tried.copy()
        table["score"] = table.index.map(scores).astype(float)
        return table

    def fit_more(self, seconds):
        """Go on where the fit stopped: what there was no time for, and more splits.

        Parameters
        ----------
        seconds : float
            How long.

        Returns
        -------
        self : estimator
            With all members, combined anew.

        Raises
        ------
        ValueError
            In another process than that of the fit: the data are not in a pickle.
        """
        check_is_fitted(self)
        if seconds is None:
            raise ValueError("seconds=None should be a number of seconds above 0.")
        check_seconds("seconds", seconds)
        growth = self._data("fit_more")
        clock = Clock(seconds)
        growth.grow(clock)
        self._take(growth, clock, self._spent)
        return self

    def refit_best(self):
        """Fit on all rows those members for which there was no time in the fit.

        One model in place of one a fold: predictions are several times as fast, the
        model as much smaller, and mostly better. What the members say out of fold, and
        all scores, are those of the fold models.

        Returns
        -------
        self : estimator
            With the new models.

        Raises
        ------
        ValueError
            In another process than that of the fit: the data are not in a pickle.
        """
        check_is_fitted(self)
        growth = self._data("refit_best")
        self._combine(growth, self._learner)
        self.model_ = refitted(self.model_, growth)
        return self

    def compress(self, tolerance=0.01, max_members=None):
        """Keep as few members, of one layer, as come close to all.

        Parameters
        ----------
        tolerance : float, default=0.01
            Share by which the out-of-fold error may rise.
        max_members : int or None, default=None
            Members at most, however large the error.

        Returns
        -------
        self : estimator
            With fewer members; `leaderboard_` is that of these. `fit_more` takes all
            of them back.

        Raises
        ------
        ValueError
            In another process than that of the fit: the data are not in a pickle.
        """
        check_is_fitted(self)
        if not (isinstance(tolerance, Real) and tolerance >= 0):
            raise ValueError(f"tolerance={tolerance!r} must be a number, 0 or more.")
        if max_members is not None:
            check_whole("max_members", max_members, 1)
        growth = self._data("compress")
        self._combine(growth, fewer_members(growth, tolerance, max_members))
        self.model_ = refitted(self.model_, growth)
        return self

    def column_importance(self, X, y, *, n_repeats=5, scoring=None, max_rows=2000):
        """How much worse the ensemble does when a column is shuffled.

        Parameters
        ----------
        X : frame or array of shape (n, n_features)
            Rows, best those that were not fitted on.
        y : array-like of shape (n,)
            Their target.
        n_repeats : int, default=5
            Times that each column is shuffled.
        scoring : str, callable or None, default=None
            What is measured; None is what the ensemble was fitted for.
        max_rows : int or None, default=2000
            Rows drawn from X, to save time.

        Returns
        -------
        table : pandas.DataFrame
            ``importance`` and its ``std`` over the repeats, the largest first.
        """
        check_is_fitted(self)
        frame = self._matched(X)
        self._check_known(y)
        seed = root_seed(self.random_state) or 0
        if max_rows is not None and len(frame) > max_rows:
            rows = np.random.default_rng(seed).permutation(len(frame))[:max_rows]
            frame, y = frame.iloc[rows], np.asarray(y)[rows]
        scoring = _ALIASES.get(scoring, scoring) or self.scoring_
        as_scoring(scoring, self._target_kind, len(getattr(self, "classes_", ())))
        found = permutation_importance(
            self,
            frame if self._columns.named else frame.to_numpy(),
            y,
            scoring=scoring,
            n_repeats=n_repeats,
            random_state=seed,
        )
        table = pd.DataFrame(
            {"importance": found.importances_mean, "std": found.importances_std},
            index=pd.Index(frame.columns, name="column"),
        )
        return table.sort_values("importance", ascending=False, kind="stable")

    def _check_known(self, y):
        """Refuse classes that were not there in fit."""
        if self._target_kind == "classes":
            strange = set(np.unique(np.asarray(y))) - set(self.classes_)
            if strange:
                raise ValueError(
                    f"y has the classes {sorted(map(str, strange))}, which were not "
                    f"there in fit; known ones: {self.classes_.tolist()}."
                )

    def _data(self, method: str) -> Growth:
        if not hasattr(self, "_growing"):
            raise ValueError(
                f"{method} needs the training data, which are at hand in the process of "
                "the fit and not in a copy or a file; fit again with memory= to find all "
                "fits where they were kept."
            )
        return self._growing

    # Predicting

    def _matched(self, X) -> pd.DataFrame:
        """Give new rows with the columns of the fit, in their order."""
        return self._columns.of(X).reset_index(drop=True)

    def _block(self, X):
        check_is_fitted(self)
        frame = self._matched(X)
        return self.model_.predict_block(frame, self._workers(frame))

    def _workers(self, frame: pd.DataFrame) -> int:
        """Cores for predictions; of few rows, they take less time than a thread."""
        return self._cores() if len(frame) >= _MANY_ROWS else 1

    def __sklearn_is_fitted__(self):
        """Tell whether there is a model."""
        return hasattr(self, "model_")

    def __getstate__(self):
        """Leave the training data out of a pickle."""
        state = dict(super().__getstate__())
        state.pop("_growing", None)
        return state

    def __sklearn_tags__(self):
        """Tell scikit-learn what tables fit."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.target_tags.multi_output = False
        tags.non_deterministic = self.time_limit is not None
        return tags


def _codes(groups: Any) -> Any:
    """Number the groups; those that are missing are one."""
    return pd.factorize(np.asarray(groups), use_na_sentinel=False)[0]


def _check_classes(target: Target, sample_weight: Any) -> None:
    """Refuse classes that cannot be told apart: one alone, or one for every few rows."""
    if target.kind != "classes":
        return
    y = target.values if sample_weight is None else target.values[sample_weight > 0]
    if len(np.unique(y)) < 2:
        raise ValueError(
            "y has one class only (in rows of a weight above 0), so there is nothing to "
            "tell apart; give rows of two classes at least."
        )
    n_rows, n_classes = len(target.values), target.n_classes
    if n_classes > max(_MANY_CLASSES, n_rows / _LEAST_ROWS_A_CLASS):
        raise ValueError(
            f"y has {n_classes} classes in {n_rows} rows, too many to learn from; for "
            "numbers use AutoEnsembleRegressor, or merge classes."
        )
