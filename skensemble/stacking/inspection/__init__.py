"""Inspect and change fitted ensembles: members, importance, diversity, export."""

# Names imported with `as` are for the package above, not public.
from skensemble.stacking.inspection._diversity import diversity as diversity
from skensemble.stacking.inspection._export import (
    ensemble_frame as ensemble_frame,
    predictions_frame as predictions_frame,
    write_predictions as write_predictions,
)
from skensemble.stacking.inspection._importance import (
    check_importance as check_importance,
    member_importance as member_importance,
)
from skensemble.stacking.inspection._membership import (
    add_members as add_members,
    compress as compress,
    drop_members as drop_members,
)
from skensemble.stacking.inspection._risk import (
    outer_risk as outer_risk,
    pointwise_risk as pointwise_risk,
    risk_row as risk_row,
)
