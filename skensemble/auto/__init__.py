"""An ensemble for a table, found by itself within a time limit."""

from skensemble.auto._estimators import AutoEnsembleClassifier, AutoEnsembleRegressor

__all__ = ["AutoEnsembleClassifier", "AutoEnsembleRegressor"]
