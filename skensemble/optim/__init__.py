"""First-order optimizers, learning-rate schedules and early stopping."""

# Names imported with `as` are for the other packages of this library, not public.
from skensemble.optim._adaptive import AdaGrad, Adam, AdamW, RMSProp
from skensemble.optim._batches import GrowingBatch
from skensemble.optim._clipping import ClipByNorm, ClipByValue
from skensemble.optim._history import History
from skensemble.optim._names import as_optimizer, optimizer_names
from skensemble.optim._optimizers import (
    SGD,
    GradientDescent,
    Momentum,
    Nesterov,
    Optimizer,
)
from skensemble.optim._plateau import ReduceOnPlateau
from skensemble.optim._range_test import (
    LearningRateDisplay,
    RangeTest,
    learning_rate_range_test,
)
from skensemble.optim._rates import Schedule
from skensemble.optim._recipe import Objective, Recipe, RunResult
from skensemble.optim._run import advance, minimize
from skensemble.optim._schedules import (
    Constant,
    Cosine,
    Cyclical,
    ExponentialDecay,
    OneCycle,
    Polynomial,
    StepDecay,
    WarmUp,
    as_schedule,
)
from skensemble.optim._state import RunState, begin_run
from skensemble.optim._stopping import Patience, as_stopping as as_stopping

__all__ = [
    "SGD",
    "AdaGrad",
    "Adam",
    "AdamW",
    "ClipByNorm",
    "ClipByValue",
    "Constant",
    "Cosine",
    "Cyclical",
    "ExponentialDecay",
    "GradientDescent",
    "GrowingBatch",
    "History",
    "LearningRateDisplay",
    "Momentum",
    "Nesterov",
    "Objective",
    "OneCycle",
    "Optimizer",
    "Patience",
    "Polynomial",
    "RMSProp",
    "RangeTest",
    "Recipe",
    "ReduceOnPlateau",
    "RunResult",
    "RunState",
    "Schedule",
    "StepDecay",
    "WarmUp",
    "advance",
    "as_optimizer",
    "as_schedule",
    "begin_run",
    "learning_rate_range_test",
    "minimize",
    "optimizer_names",
]
