"""One estimator fitted several times, on folds or with seeds, and averaged."""

# Names imported with `as` are for the other parts of this package, not public.
from skensemble.bagging.averages._cross_fitted import CrossFitted as CrossFitted
from skensemble.bagging.averages._seed_averaging import SeedAveraging as SeedAveraging
