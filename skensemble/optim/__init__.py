"""How a model is led to its minimum: learning-rate schedules and stopping rules."""

from skensemble.optim._schedules import (
    Constant,
    Cosine,
    Cyclical,
    Exponential,
    Schedule,
    Step,
    WarmUp,
    as_schedule,
)
from skensemble.optim._stopping import Patience

__all__ = [
    "Constant",
    "Cosine",
    "Cyclical",
    "Exponential",
    "Patience",
    "Schedule",
    "Step",
    "WarmUp",
    "as_schedule",
]
