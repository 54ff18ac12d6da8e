"""Tables with one row per pair of members."""

import numpy as np
import pandas as pd

# Values on the diagonal; other measures are undefined for one member.
_DIAGONAL = {"error_correlation": 1.0, "q_statistic": 1.0, "disagreement": 0.0}


def pair_matrix(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Turn one column of a table of pairs into a symmetric matrix.

    Parameters
    ----------
    table : pandas.DataFrame
        One row per pair, indexed by the two members.
    column : str
        Name of the column.

    Returns
    -------
    matrix : pandas.DataFrame
        Members by members, in the order of the table. The diagonal is 1 for
        ``error_correlation`` and ``q_statistic``, 0 for ``disagreement`` and NaN for
        other columns. Pairs that are not in the table are NaN.

    Examples
    --------
    >>> import pandas as pd
    >>> from skensemble.core._pairs import pair_matrix
    >>> pairs = pd.MultiIndex.from_tuples([("a", "b"), ("a", "c"), ("b", "c")])
    >>> table = pd.DataFrame({"disagreement": [0.1, 0.2, 0.3]}, index=pairs)
    >>> pair_matrix(table, "disagreement")
         a    b    c
    a  0.0  0.1  0.2
    b  0.1  0.0  0.3
    c  0.2  0.3  0.0
    """
    if column not in table.columns:
        raise ValueError(
            f"column={column!r} is not in the table of pairs; use one of "
            f"{list(table.columns)}."
        )
    first, second = (table.index.get_level_values(level) for level in (0, 1))
    members = pd.Index(list(dict.fromkeys([*first, *second])))
    values = np.full((len(members), len(members)), np.nan)
    rows, columns = members.get_indexer(first), members.get_indexer(second)
    values[rows, columns] = values[columns, rows] = table[column].to_numpy(float)
    np.fill_diagonal(values, _DIAGONAL.get(column, np.nan))
    return pd.DataFrame(values, index=members, columns=members)
