"""A learner that stops on rows held out, which the table encoder has not learned from."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier
from sklearn.utils import check_random_state

from skensemble.auto._prepared import Prepared
from skensemble.fitting import inner_split, take_rows

Array = NDArray[Any]

_LARGEST_SEED = 2**31 - 1
# Draws of groups to choose from; they may hold out so many times more or fewer rows.
_DRAWS = 10
_FACTOR = 4


def knows_groups(estimator: Any) -> bool:
    """Whether there is a `Watched` in an estimator, to which groups can be given.

    Parameters
    ----------
    estimator : estimator
        Unfitted.

    Returns
    -------
    answer : bool
    """
    parts = [estimator, *estimator.get_params(deep=True).values()]
    return any(isinstance(part, Watched) for part in parts)


class Watched(Prepared):
    """An encoder, and a learner that is told of rows held out.

    The rows are held out before the encoder is fitted: target means of a row's level
    that know other rows of the table would make the rows held out look too easy, and
    the learner would stop too late. So would rows of a group of which others are fitted
    on; where groups are known, whole ones are held out.

    Parameters
    ----------
    encoder : TableEncoder
        What prepares the table.
    estimator : estimator
        Whose ``fit`` takes ``X_val`` and ``y_val``.
    rounds : int or None, default=None
        Fit so many rounds on all rows; None holds rows out to know when to stop.
    fraction : float, default=0.1
        Share of the rows held out.
    random_state : int, RandomState instance or None, default=None
        For which they are.
    """

    def __init__(
        self, encoder, estimator, *, rounds=None, fraction=0.1, random_state=None
    ):
        super().__init__(encoder, estimator)
        self.rounds = rounds
        self.fraction = fraction
        self.random_state = random_state

    # With metadata routing, what stands around passes them on without being asked.
    __metadata_request__fit = {"sample_weight": True, "groups": True}

    def fit(self, X, y, sample_weight=None, groups=None):
        """Fit on all rows but those held out, or so many rounds on all.

        Parameters
        ----------
        X : frame of shape (n, d)
            The rows.
        y : array-like of shape (n,)
            Their target.
        sample_weight : array-like of shape (n,), default=None
            Weights of the rows.
        groups : array-like of shape (n,), default=None
            Rows of one group are held out together. Where that cannot be (one group, two
            of one size, classes of one group each) rows are drawn, as without groups.

        Returns
        -------
        self : Watched
        """
        y = np.asarray(y)
        weight = None if sample_weight is None else np.asarray(sample_weight)
        self.n_features_in_ = X.shape[1]
        if self.rounds is None:
            self._fit_part(X, y, weight, *self._split(y, groups))
        else:
            self._fit_all(X, y, weight)
        self._finish()
        return self

    def _fit_all(self, X, y, weight):
        model = clone(self.estimator).set_params(n_estimators=self.rounds)
        if "early_stopping" in model.get_params(deep=False):
            model.set_params(early_stopping=False)
        self.encoder_ = clone(self.encoder)
        table = self.encoder_.fit_transform(X, y)
        self.estimator_ = model.fit(table, y, sample_weight=weight)

    def _split(self, y, groups):
        classes = is_classifier(self.estimator)
        codes = np.unique(y, return_inverse=True)[1] if classes else y
        seed = int(check_random_state(self.random_state).randint(_LARGEST_SEED))
        if groups is not None:
            alike = codes if classes else np.zeros(len(y), dtype=int)
            found = _whole_groups(alike, np.asarray(groups), self.fraction, seed)
            if found is not None:
                return found
        least = np.bincount(codes).min() if classes else 0
        return inner_split(
            codes,
            fraction=self.fraction,
            how="random",
            stratify=bool(least * self.fraction >= 1),
            groups=None,
            seed=seed,
        )

    def _fit_part(self, X, y, weight, rows, watched):
        # Classes that are held out alone cannot be watched.
        if is_classifier(self.estimator):
            known = watched[np.isin(y[watched], y[rows])]
            watched = known if len(known) else rows
            rest = np.setdiff1d(np.unique(y), y[rows])
            rows = np.concatenate([rows, np.flatnonzero(np.isin(y, rest))])
        self.encoder_ = clone(self.encoder)
        table = self.encoder_.fit_transform(take_rows(X, rows), y[rows])
        params: dict[str, Any] = {
            "X_val": self.encoder_.transform(take_rows(X, watched)),
            "y_val": y[watched],
        }
        if weight is not None:
            params["sample_weight"] = weight[rows]
            params["sample_weight_val"] = weight[watched]
        self.estimator_ = clone(self.estimator).fit(table, y[rows], **params)


def _whole_groups(
    codes: Array, groups: Array, fraction: float, seed: int
) -> tuple[Array, Array] | None:
    r"""Hold out whole groups that make about a share of the rows of each class.

    Of several draws the one of the least :math:`\sum_c |m_c - \phi n_c|`, where
    :math:`m_c` of the :math:`n_c` rows of a class are held out. None where all rows of a
    class, or far too many or too few of all, always are.
    """
    groups = pd.factorize(groups)[0]
    if groups.max(initial=0) == groups.min(initial=0):
        return None
    there = np.bincount(codes)
    found, least = None, np.inf
    for k in range(_DRAWS):
        rows, watched = inner_split(
            codes,
            fraction=fraction,
            how="random",
            stratify=False,
            groups=groups,
            seed=seed + k,
        )
        held = np.bincount(codes[watched], minlength=len(there))
        share = len(watched) / len(codes) / fraction
        miss = np.abs(held - fraction * there).sum()
        fits = 1 / _FACTOR <= share <= _FACTOR and (held < there).all()
        if fits and miss < least:
            found, least = (rows, watched), miss
    return found
