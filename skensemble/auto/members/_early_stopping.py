"""An estimator that stops early on rows that its encoder was not fitted on."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier

from skensemble.auto.members._encoded_estimator import EncodedEstimator
from skensemble.core import check_deadline, draw_seed
from skensemble.fitting import inner_split, take_rows

Array = NDArray[Any]

# Number of random draws of validation groups; the best balanced draw is used.
_N_DRAWS = 10
# A draw may hold out at most this factor more, or fewer, rows than wanted.
_MAX_FACTOR = 4


class EarlyStoppingEstimator(EncodedEstimator):
    """An encoder followed by an estimator that stops early on validation rows.

    The validation rows are held out before the encoder is fitted. Otherwise target
    means that contain other rows of the table would make the validation loss too low,
    and the estimator would stop too late. Rows of a group that also has training rows
    would have the same effect, so whole groups are held out where groups are given.
    Rows of the same time as training rows are no test of predictions of later rows, so
    the last rows are held out where times are given.

    Parameters
    ----------
    encoder : TableEncoder
        Turns the table into the features of the estimator.
    estimator : estimator
        Its ``fit`` takes ``X_val`` and ``y_val``.
    rounds : int or None, default=None
        Number of rounds to fit on all rows; None stops early on validation rows.
    fraction : float, default=0.1
        Share of the rows to hold out.
    random_state : int, RandomState instance or None, default=None
        Seed of the draw of the validation rows.
    """

    def __init__(
        self, encoder, estimator, *, rounds=None, fraction=0.1, random_state=None
    ):
        super().__init__(encoder, estimator)
        self.rounds = rounds
        self.fraction = fraction
        self.random_state = random_state

    # With metadata routing, meta-estimators pass both on without a request.
    __metadata_request__fit = {"sample_weight": True, "groups": True, "time": True}

    def fit(self, X, y, sample_weight=None, groups=None, time=None):
        """Fit on all rows but the validation rows, or `rounds` rounds on all rows.

        Parameters
        ----------
        X : frame of shape (n_samples, n_features)
            Training table.
        y : array-like of shape (n_samples,)
            Target.
        sample_weight : array-like of shape (n_samples,), default=None
            Sample weights.
        groups : array-like of shape (n_samples,), default=None
            Rows of one group are held out together. Where this is impossible (a single
            group, two groups of equal size, classes that have one group each), rows are
            drawn without regard to groups.
        time : array-like of shape (n_samples,), default=None
            Numbers by which rows are put in order. The last rows are held out, those of
            equal time together. Where this is impossible (a single time, a last time of
            very many or very few rows), rows are drawn at random.

        Returns
        -------
        self : EarlyStoppingEstimator
        """
        weight = None if sample_weight is None else np.asarray(sample_weight)
        y = self._in_units(np.asarray(y), weight)
        self.n_features_in_ = X.shape[1]
        if self.rounds is None:
            self._fit_with_validation(X, y, weight, *self._split(y, groups, time))
        else:
            self._fit_on_all_rows(X, y, weight)
        self._reduce_for_prediction()
        return self

    def _fit_on_all_rows(self, X, y, weight):
        model = clone(self.estimator).set_params(n_estimators=self.rounds)
        if "early_stopping" in model.get_params(deep=False):
            model.set_params(early_stopping=False)
        self.encoder_ = clone(self.encoder)
        table = self.encoder_.fit_transform(X, y)
        check_deadline()
        self.estimator_ = model.fit(table, y, sample_weight=weight)

    def _split(self, y, groups, time):
        classes = is_classifier(self.estimator)
        codes = np.unique(y, return_inverse=True)[1] if classes else y
        seed = draw_seed(self.random_state)
        if groups is not None:
            strata = codes if classes else np.zeros(len(y), dtype=int)
            found = _hold_out_groups(strata, np.asarray(groups), self.fraction, seed)
            if found is not None:
                return found
        if time is not None:
            found = _hold_out_last(np.asarray(time), self.fraction)
            if found is not None:
                return found
        smallest = np.bincount(codes).min() if classes else 0
        return inner_split(
            codes,
            fraction=self.fraction,
            how="random",
            stratify=bool(smallest * self.fraction >= 1),
            groups=None,
            seed=seed,
        )

    def _fit_with_validation(self, X, y, weight, train, validation):
        # Classes without training rows cannot be validated: their rows are trained on.
        if is_classifier(self.estimator):
            known = validation[np.isin(y[validation], y[train])]
            validation = known if len(known) else train
            missing = np.setdiff1d(np.unique(y), y[train])
            train = np.concatenate([train, np.flatnonzero(np.isin(y, missing))])
        self.encoder_ = clone(self.encoder)
        table = self.encoder_.fit_transform(take_rows(X, train), y[train])
        params: dict[str, Any] = {
            "X_val": self.encoder_.transform(take_rows(X, validation)),
            "y_val": y[validation],
        }
        check_deadline()
        if weight is not None:
            params["sample_weight"] = weight[train]
            params["sample_weight_val"] = weight[validation]
        self.estimator_ = clone(self.estimator).fit(table, y[train], **params)


def _hold_out_groups(
    codes: Array, groups: Array, fraction: float, seed: int
) -> tuple[Array, Array] | None:
    r"""Hold out whole groups that contain about a fraction of the rows of each class.

    Of several draws the one with the smallest :math:`\sum_c |m_c - \phi n_c|` is taken,
    where :math:`m_c` of the :math:`n_c` rows of a class are held out. The result is
    None where every draw holds out all rows of a class, or far too many or too few
    rows.
    """
    groups = pd.factorize(groups)[0]
    if groups.max(initial=0) == groups.min(initial=0):
        return None
    sizes = np.bincount(codes)
    best, smallest = None, np.inf
    for k in range(_N_DRAWS):
        train, validation = inner_split(
            codes,
            fraction=fraction,
            how="random",
            stratify=False,
            groups=groups,
            seed=seed + k,
        )
        held = np.bincount(codes[validation], minlength=len(sizes))
        ratio = len(validation) / len(codes) / fraction
        imbalance = np.abs(held - fraction * sizes).sum()
        usable = 1 / _MAX_FACTOR <= ratio <= _MAX_FACTOR and (held < sizes).all()
        if usable and imbalance < smallest:
            best, smallest = (train, validation), imbalance
    return best


def _hold_out_last(times: Array, fraction: float) -> tuple[Array, Array] | None:
    """Hold out the last times, with about a fraction of the rows; None if impossible.

    It is impossible where far too many or too few rows would be held out.
    """
    distinct, counts = np.unique(times, return_counts=True)
    if len(distinct) < 2:
        return None
    # Number of rows from each time on, as a multiple of the rows that are wanted.
    ratio = np.cumsum(counts[::-1])[::-1][1:] / len(times) / fraction
    first = int(np.abs(ratio - 1).argmin())
    if not 1 / _MAX_FACTOR <= ratio[first] <= _MAX_FACTOR:
        return None
    late = times >= distinct[first + 1]
    return np.flatnonzero(~late), np.flatnonzero(late)


def accepts_groups(estimator: Any) -> bool:
    """Return whether an estimator has a part that takes groups and times."""
    return early_stopping_prefix(estimator) is not None


def early_stopping_prefix(estimator: Any) -> str | None:
    """Return the parameter prefix of the early-stopping part of an estimator.

    The prefix is "" for an `EarlyStoppingEstimator` itself, "regressor__" for one in a
    `TransformedTargetRegressor`, and None for an estimator without such a part.
    """
    parts = {"": estimator, **estimator.get_params(deep=True)}
    for name, part in parts.items():
        if isinstance(part, EarlyStoppingEstimator):
            return f"{name}__" if name else ""
    return None


def with_rounds(estimator: Any, rounds: int) -> Any:
    """Return a copy with `rounds` rounds, which it fits on all rows."""
    prefix = early_stopping_prefix(estimator)
    return clone(estimator).set_params(**{f"{prefix}rounds": rounds})


def fitted_rounds(model: Any) -> int | None:
    """Return the number of rounds of a fitted early-stopping part, if there is one."""
    while not isinstance(model, EarlyStoppingEstimator):
        model = getattr(model, "estimator_", None) or getattr(model, "regressor_", None)
        if model is None:
            return None
    return getattr(model.estimator_, "n_estimators_", None)
