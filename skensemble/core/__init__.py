"""What all packages need: checks, targets, response methods, seeds, named members."""

# Names imported with `as` are for the other packages of this library, not public.
from skensemble.core._checks import (
    check_choice as check_choice,
    check_flag as check_flag,
    check_jobs as check_jobs,
    check_number as check_number,
    check_quantile_levels as check_quantile_levels,
    check_seconds as check_seconds,
    check_seed as check_seed,
    check_share as check_share,
    check_whole as check_whole,
    nearest as nearest,
    nearest_name as nearest_name,
)
from skensemble.core._column_encoder import (
    ColumnEncoder as ColumnEncoder,
    fit_column_encoder as fit_column_encoder,
    validate_encoded as validate_encoded,
)
from skensemble.core._composition import (
    active as active,
    check_kind as check_kind,
    check_layers as check_layers,
    clone_member as clone_member,
    is_named_list as is_named_list,
    named_members as named_members,
    replace_members as replace_members,
    set_input_tags as set_input_tags,
    tagged as tagged,
    with_member_params as with_member_params,
)
from skensemble.core._features import (
    Features as Features,
    check_features as check_features,
    features_of as features_of,
    narrow_indices as narrow_indices,
)
from skensemble.core._frames import (
    MISSING_WORDS as MISSING_WORDS,
    as_pandas as as_pandas,
    is_frame as is_frame,
    plain_table as plain_table,
)
from skensemble.core._optional import optional as optional
from skensemble.core._pairs import pair_matrix as pair_matrix
from skensemble.core._parameters import (
    ParameterHolder as ParameterHolder,
    expand_short_names as expand_short_names,
)
from skensemble.core._responses import (
    AUTO as AUTO,
    find_response_method as find_response_method,
    flat_column as flat_column,
    lacks_method as lacks_method,
    predict_block as predict_block,
    resolve_response_method as resolve_response_method,
)
from skensemble.core._rollback import rollback_on_error as rollback_on_error
from skensemble.core._rounding import round_bits as round_bits
from skensemble.core._sample_weight import (
    numeric_weights as numeric_weights,
    read_groups as read_groups,
    read_weights as read_weights,
    validated_weights as validated_weights,
    with_class_weight as with_class_weight,
    with_unit_median as with_unit_median,
    with_unit_scale as with_unit_scale,
)
from skensemble.core._seeds import (
    LARGEST_SEED as LARGEST_SEED,
    draw_seed as draw_seed,
    named_seed as named_seed,
    root_seed as root_seed,
    root_seed_or_new as root_seed_or_new,
    seed_estimator as seed_estimator,
    seed_parameters as seed_parameters,
)
from skensemble.core._target_units import (
    TargetUnits as TargetUnits,
    find_target_units as find_target_units,
)
from skensemble.core._targets import (
    Target as Target,
    check_labels as check_labels,
    class_target as class_target,
    decode as decode,
    label_of as label_of,
    numeric_target as numeric_target,
    precise_numbers as precise_numbers,
    target_values as target_values,
)
from skensemble.core._warnings import warn as warn
