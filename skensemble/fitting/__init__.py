"""The fit engine: plan cells, run them as one queue, assemble what they predict."""

from skensemble.fitting._fold_average import FoldAverage
from skensemble.fitting._oof import OutOfFold
from skensemble.fitting._store import Store

__all__ = ["FoldAverage", "OutOfFold", "Store"]
