"""The inferred kinds of the columns of a table, and the warnings about them."""

from dataclasses import dataclass

import pandas as pd

from skensemble.core import warn

KINDS = (
    "numeric",
    "boolean",
    "category",
    "high-cardinality",
    "ordinal",
    "date-time",
    "text",
    "identifier",
    "constant",
    "duplicate",
)
DROPPED = ("identifier", "constant", "duplicate")
# Largest number of columns that a warning names.
_MAX_NAMED = 10


@dataclass(frozen=True)
class ColumnKind:
    """The kind of a column, and a hash of its content to find duplicates.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    content_hash : int
        Equal for columns of equal content.
    reason : str, default=""
        For identifiers: the reason for the kind, in words.
    remark : str, default=""
        What a user must know about the encoding of the column.
    """

    kind: str
    content_hash: int
    reason: str = ""
    remark: str = ""


@dataclass(frozen=True)
class InferredKinds:
    """The kinds of the columns of a table.

    Parameters
    ----------
    kinds : pandas.Series
        Kinds, indexed by the names of the columns.
    dropped : dict of str to str
        By name of each column that is left out: the reason, in words.
    remarks : tuple of str
        What a user must know about the columns; each is a warning.
    """

    kinds: pd.Series
    dropped: dict[str, str]
    remarks: tuple[str, ...] = ()

    def warn(self) -> None:
        """Issue one warning per remark."""
        for remark in self.remarks:
            warn(remark, UserWarning)

    def check_something_to_learn(self, n_rows: int) -> None:
        """Refuse a table of which all columns are left out."""
        if len(self.dropped) == len(self.kinds):
            raise ValueError(
                f"X has nothing to learn from (n_samples={n_rows}): all columns are "
                f"identifiers, constants or duplicates: {self.kinds.to_dict()}; set the "
                "kinds of columns to keep with kinds=."
            )


def listed(names: list[str]) -> str:
    """List names, only the first ones of many."""
    more = len(names) - _MAX_NAMED
    text = ", ".join(names[:_MAX_NAMED])
    return f"{text} and {more} more" if more > 0 else text
