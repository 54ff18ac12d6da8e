"""The fit engine: plan fits, run them as one queue, assemble their predictions."""

# Names imported with `as` are for the other packages of this library, not public.
from skensemble.fitting._data_checks import (
    check_routed as check_routed,
    count_rows as count_rows,
    read_row_params as read_row_params,
)
from skensemble.fitting._failures import drop_failed as drop_failed, is_late as is_late
from skensemble.fitting._fit import (
    cut_params as cut_params,
    fit_member as fit_member,
    take_rows as take_rows,
    weight_name as weight_name,
)
from skensemble.fitting._fold_average import FoldAverage
from skensemble.fitting._fold_fit import (
    REFIT as REFIT,
    Failure as Failure,
    FoldFit as FoldFit,
    Member as Member,
    PlannedFit as PlannedFit,
    Rows as Rows,
    Split as Split,
    TrainingData as TrainingData,
)
from skensemble.fitting._holdout import (
    HOLDOUT_CHOICES as HOLDOUT_CHOICES,
    inner_split as inner_split,
)
from skensemble.fitting._interrupts import (
    interrupt_requested as interrupt_requested,
    keep_best_on_interrupt as keep_best_on_interrupt,
)
from skensemble.fitting._machine_load import MachineLoad as MachineLoad
from skensemble.fitting._out_of_fold import (
    OutOfFold,
    assemble as assemble,
    out_of_fold as out_of_fold,
)
from skensemble.fitting._plan import (
    cloneable_members as cloneable_members,
    plan_fits as plan_fits,
    task_tree as task_tree,
)
from skensemble.fitting._queue import Turns as Turns, error_of as error_of
from skensemble.fitting._routing import (
    FitParams as FitParams,
    check_known as check_known,
    route as route,
    route_to_estimator as route_to_estimator,
)
from skensemble.fitting._runner import run_fits as run_fits
from skensemble.fitting._splits import (
    check_coverage as check_coverage,
    check_folds as check_folds,
    covered_rows as covered_rows,
    plan_splits as plan_splits,
    warn_of_rare_classes as warn_of_rare_classes,
    without_class_counts as without_class_counts,
)
from skensemble.fitting._store import Store, as_store as as_store
from skensemble.fitting._threads import (
    inner_threads as inner_threads,
    limited_blas as limited_blas,
    uses_threads as uses_threads,
)
from skensemble.fitting.hashing._digest import Unkeyable as Unkeyable
from skensemble.fitting.hashing._hasher import Hasher as Hasher

__all__ = ["FoldAverage", "OutOfFold", "Store"]
