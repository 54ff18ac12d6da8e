"""Automatic ensembles: members, weights and layers for a table, within a time limit."""

# Names imported with `as` are for the other packages of this library, not public.
from skensemble.auto._descriptions import describe_member as describe_member
from skensemble.auto._estimators import AutoEnsembleClassifier, AutoEnsembleRegressor
from skensemble.auto._parameter_checks import check_parameters as check_parameters
from skensemble.fitting import keep_best_on_interrupt as keep_best_on_interrupt

__all__ = ["AutoEnsembleClassifier", "AutoEnsembleRegressor"]
