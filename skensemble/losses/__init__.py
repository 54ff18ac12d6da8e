"""Losses of boosting and linear models, with derivatives, links and start values."""

# Names imported with `as` are for the other packages of this library, not public.
from skensemble.losses._base import Loss
from skensemble.losses._check import check_loss
from skensemble.losses._classification import (
    Exponential,
    Hinge,
    LogLoss,
    SquaredHinge,
)
from skensemble.losses._custom import CustomLoss
from skensemble.losses._deviance import Gamma, Poisson, Tweedie
from skensemble.losses._differences import (
    rows as rows,
    slope_of_gradient as slope_of_gradient,
)
from skensemble.losses._display import LossDisplay
from skensemble.losses._distribution import KLDivergence, RankedProbability
from skensemble.losses._fitted_loss import (
    loss_for_target as loss_for_target,
    regression_score as regression_score,
)
from skensemble.losses._focal import Focal
from skensemble.losses._kink import Kink
from skensemble.losses._links import (
    LOGIT as LOGIT,
    SOFTMAX as SOFTMAX,
    log_probabilities as log_probabilities,
    two_columns as two_columns,
)
from skensemble.losses._names import (
    as_loss,
    descendants as descendants,
    did_you_mean as did_you_mean,
    loss_names,
    snake_case as snake_case,
)
from skensemble.losses._regression import (
    AbsoluteError,
    Expectile,
    Huber,
    LogCosh,
    MultiQuantile,
    Quantile,
    SquaredError,
)
from skensemble.losses._scorer import LossScorer as LossScorer
from skensemble.losses._search import best_step as best_step
from skensemble.losses._target_units import loss_in_units as loss_in_units

__all__ = [
    "AbsoluteError",
    "CustomLoss",
    "Expectile",
    "Exponential",
    "Focal",
    "Gamma",
    "Hinge",
    "Huber",
    "KLDivergence",
    "Kink",
    "LogCosh",
    "LogLoss",
    "Loss",
    "LossDisplay",
    "MultiQuantile",
    "Poisson",
    "Quantile",
    "RankedProbability",
    "SquaredError",
    "SquaredHinge",
    "Tweedie",
    "as_loss",
    "check_loss",
    "loss_names",
]
