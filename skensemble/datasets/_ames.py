"""Load the Ames house prices."""

from importlib import resources

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

_TARGET = "Sale_Price"


def load_ames(*, return_X_y=False, as_frame=True):
    """Load the Ames house prices (regression).

    The data set has 2,930 houses and 73 features of mixed kinds. The target is the sale
    price in US dollars.

    Parameters
    ----------
    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.
    as_frame : bool, default=True
        If True, the data are a DataFrame and the target is a Series. If False, both are
        arrays; the data have the dtype object, because they contain strings and
        numbers.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        Dictionary-like object with the keys

        - ``data`` : DataFrame or ndarray of shape (2930, 73), the features;
        - ``target`` : Series or ndarray of shape (2930,), the prices in US dollars;
        - ``frame`` : DataFrame of shape (2930, 74), data and target, or None if
          ``as_frame=False``;
        - ``feature_names`` : list of str, names of the features;
        - ``target_names`` : list of str, name of the target;
        - ``DESCR`` : str, description of the data set;
        - ``filename`` : str, name of the data file.

    (data, target) : tuple, if ``return_X_y=True``
        The features and the target.

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
