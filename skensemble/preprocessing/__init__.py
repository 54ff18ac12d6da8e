"""Encode tables of mixed columns for different kinds of estimators."""

# Names imported with `as` are for the other packages of this library, not public.
from skensemble.preprocessing._categorical_features import CategoriesOfFrame
from skensemble.preprocessing._column_kinds import (
    infer_column_kinds as infer_column_kinds,
)
from skensemble.preprocessing._feature_generator import FeatureGenerator
from skensemble.preprocessing._frames import read_columns as read_columns
from skensemble.preprocessing._inferred_kinds import KINDS
from skensemble.preprocessing._member import make_member
from skensemble.preprocessing._table_encoder import TableEncoder

__all__ = [
    "KINDS",
    "CategoriesOfFrame",
    "FeatureGenerator",
    "TableEncoder",
    "make_member",
]
