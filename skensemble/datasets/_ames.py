"""The Ames house prices."""

from importlib import resources

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

_TARGET = "Sale_Price"


def load_ames(*, return_X_y=False, as_frame=True):
    """Load the Ames house prices: 2,930 houses, 73 features of mixed kinds.

    Parameters
    ----------
    return_X_y : bool, default=False
        Whether to give ``(data, target)`` alone.
    as_frame : bool, default=True
        Whether data are a DataFrame and the target a Series. With False they are
        arrays; as text and numbers are mixed, the array of data is of dtype object.

    Returns
    -------
    data : Bunch
        ``data``, ``target`` (US dollars), ``frame`` (both; None without frames),
        ``feature_names``, ``target_names``, ``DESCR``, ``filename``. With
        ``return_X_y=True``, the tuple (data, target).

    References
    ----------
    .. [1] De Cock, D. (2011). Ames, Iowa: Alternative to the Boston Housing Data as
       an End of Semester Regression Project. Journal of Statistics Education 19(3).

    Examples
    --------
    >>> from skensemble.datasets import load_ames
    >>> X, y = load_ames(return_X_y=True)
    >>> X.shape, int(y.median())
    ((2930, 73), 160000)
    """
    folder = resources.files("skensemble.datasets") / "data"
    with resources.as_file(folder / "ames.csv.gz") as path:
        frame = pd.read_csv(path, keep_default_na=False, na_values=[""])
    data, target = frame.drop(columns=_TARGET), frame[_TARGET]
    names = list(data.columns)
    if not as_frame:
        values = data.astype(object).where(data.notna(), np.nan)
        data, target, frame = values.to_numpy(dtype=object), target.to_numpy(), None
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        frame=frame,
        feature_names=names,
        target_names=[_TARGET],
        DESCR=(folder / "ames.rst").read_text(encoding="utf8"),
        filename="ames.csv.gz",
    )
