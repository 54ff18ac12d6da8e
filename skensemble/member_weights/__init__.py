"""Weights of members: solvers and greedy selection on out-of-fold predictions."""

# Names imported with `as` are for the other packages of this library, not public.
from skensemble.member_weights._greedy_selection import (
    TIES as TIES,
    greedy_selection as greedy_selection,
)
from skensemble.member_weights._solvers import (
    NNLS as NNLS,
    Convex as Convex,
    Discrete as Discrete,
    MaximizeAUC as MaximizeAUC,
    WeightSolver as WeightSolver,
    as_weight_solver as as_weight_solver,
    with_classes as with_classes,
)
