"""Penalties on the coefficients of a linear model."""

from skensemble.linear_model.penalties._adaptive import Adaptive
from skensemble.linear_model.penalties._base import (
    Form,
    LocalForm as LocalForm,
    Penalty,
    PenaltyColumns,
)
from skensemble.linear_model.penalties._bounds import Bounded, NonNegative
from skensemble.linear_model.penalties._concave import MCP, SCAD
from skensemble.linear_model.penalties._elastic_net import (
    L1,
    L2,
    ElasticNetPenalty,
    NoPenalty,
)
from skensemble.linear_model.penalties._form_penalty import FormPenalty
from skensemble.linear_model.penalties._groups import GroupLasso, SparseGroupLasso
from skensemble.linear_model.penalties._names import as_penalty, penalty_names

__all__ = [
    "L1",
    "L2",
    "MCP",
    "SCAD",
    "Adaptive",
    "Bounded",
    "ElasticNetPenalty",
    "Form",
    "FormPenalty",
    "GroupLasso",
    "NoPenalty",
    "NonNegative",
    "Penalty",
    "PenaltyColumns",
    "SparseGroupLasso",
    "as_penalty",
    "penalty_names",
]
