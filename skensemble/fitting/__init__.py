"""The fit engine: plan cells, run them as one queue, assemble what they predict."""

from skensemble.fitting._fold_average import FoldAverage
from skensemble.fitting._oof import OutOfFold

__all__ = ["FoldAverage", "OutOfFold"]
