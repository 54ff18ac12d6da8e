"""What makes a kind of ensemble: how it splits, combines and is evaluated."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from sklearn.base import is_classifier

from skensemble.combination import PREFIT, Combiner, EvaluationOptions, OutOfFoldData
from skensemble.core import Target
from skensemble.fitting import (
    Split,
    check_folds,
    plan_splits,
    warn_of_rare_classes,
    without_class_counts,
)


class Splitting(Protocol):
    """Strategy that chooses the rows that members are fitted on and predict."""

    @property
    def description(self) -> str:
        """The parameter that determines the splits, for error messages."""

    def split(
        self, X: Any, target: Target, params: dict[str, Any], seed: int | None
    ) -> list[Split]:
        """Split the rows; an empty list if no member is fitted on a subset of rows."""


@dataclass(frozen=True)
class CrossValidation:
    """The splits of a scikit-learn splitter, an int, or (train, test) pairs."""

    cv: Any
    classifier: bool

    @property
    def description(self) -> str:
        """The parameter that determines the splits, for error messages."""
        return f"cv={self.cv!r}"

    def split(
        self, X: Any, target: Target, params: dict[str, Any], seed: int | None
    ) -> list[Split]:
        """Split the rows."""
        if self.classifier:
            check_folds("cv", self.cv, target)
            warn_of_rare_classes("cv", self.cv, target)
        with without_class_counts():
            return plan_splits(
                self.cv,
                X,
                target.values,
                n_rows=len(target.values),
                classifier=self.classifier,
                params=params,
                seed=seed,
            )


@dataclass(frozen=True)
class NoSplits:
    """No splits: the members are fitted already, or are fitted on all rows only."""

    cv: Any

    @property
    def description(self) -> str:
        """The parameter that determines the splits, for error messages."""
        return f"cv={self.cv!r}"

    def split(
        self, X: Any, target: Target, params: dict[str, Any], seed: int | None
    ) -> list[Split]:
        """Return an empty list."""
        return []


def is_prefit(cv: Any) -> bool:
    """Whether `cv` is the string "prefit"."""
    return isinstance(cv, str) and cv == PREFIT


def splitting_of(ensemble: Any) -> Splitting:
    """Return the splitting strategy of the parameter ``cv``."""
    if is_prefit(ensemble.cv):
        return NoSplits(ensemble.cv)
    return CrossValidation(ensemble.cv, is_classifier(ensemble))


class Combination:
    """Strategy that fits a combiner on out-of-fold data; called as a function."""

    def __call__(self, oof_data: OutOfFoldData) -> Combiner:
        """Fit a combiner."""
        raise NotImplementedError

    def without_data(self, names: list[str], target: Target) -> Combiner:
        """Make a combiner that needs no out-of-fold data."""
        raise NotImplementedError

    def can_combine(self, names: list[str]) -> bool:
        """Whether these members can be combined without the others."""
        return True


@dataclass(frozen=True)
class EnsembleKind:
    """The strategies of an ensemble, made from its parameters.

    Parameters
    ----------
    splitting : Splitting
        Chooses the rows that members are fitted on and predict.
    response_method : str
        The response method of members, or "auto".
    combination : Combination
        Fits the combiner on out-of-fold data.
    evaluation : EvaluationOptions
        How the ensemble is evaluated.
    attributes : callable
        ``attributes(fitted)`` gives the fitted attributes that only this kind has.
    check_members : callable
        ``check_members(members)`` refuses members that cannot be combined.
    refit : bool
        Whether members are fitted on all rows too.
    prefit : bool
        Whether members are fitted already.
    passthrough : bool
        Whether the features follow the meta features.
    final_estimator : estimator or None
        The unfitted meta model, if there is one.
    screeners : dict of str to transformer
        Transformer of the features per member.
    training_attributes : callable or None
        ``training_attributes(ensemble, X, target, params)`` gives the fitted attributes
        that need further fits of the ensemble.
    """

    splitting: Splitting
    response_method: str
    combination: Combination
    evaluation: EvaluationOptions
    attributes: Callable[[Any], dict[str, Any]]
    check_members: Callable[[list[tuple[str, Any]]], None]
    refit: bool = True
    prefit: bool = False
    passthrough: bool = False
    final_estimator: Any = None
    screeners: dict[str, Any] = field(default_factory=dict)
    training_attributes: Callable[..., dict[str, Any]] | None = None
