"""Read tables from files of delimited text, JSON, Parquet and Arrow."""

from skensemble.tables._number_texts import number_column
from skensemble.tables._table_reader import read_table

__all__ = ["number_column", "read_table"]
