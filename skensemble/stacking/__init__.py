"""Stacked generalisation on any split."""

from skensemble.stacking._stacking import StackingClassifier, StackingRegressor

__all__ = ["StackingClassifier", "StackingRegressor"]
