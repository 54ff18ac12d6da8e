"""How near rows are to some of the rows."""

from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.kernel_approximation import Nystroem
from sklearn.utils.validation import check_is_fitted, validate_data


class Landmarks(TransformerMixin, BaseEstimator):
    r"""Nystroem's features of :math:`\exp(-\gamma |x - x'|^2)`, on tables of any size.

    Parameters
    ----------
    n_landmarks : int, default=600
        Rows that all are compared with; all rows, where there are fewer.
    gamma : float, default=1.0
        How fast nearness falls with the distance.
    random_state : int, RandomState instance or None, default=None
        For which rows these are.
    """

    def __init__(self, n_landmarks=600, gamma=1.0, random_state=None):
        self.n_landmarks = n_landmarks
        self.gamma = gamma
        self.random_state = random_state

    def fit(self, X, y=None):
        """Choose the rows.

        Parameters
        ----------
        X : array-like of shape (n, d)
            Scaled features.
        y : None
            Not used.

        Returns
        -------
        self : Landmarks
        """
        X = validate_data(self, X)
        self.nystroem_ = Nystroem(
            gamma=self.gamma,
            n_components=min(self.n_landmarks, len(X)),
            random_state=self.random_state,
        ).fit(X)
        return self

    def transform(self, X):
        """Compare rows with them.

        Parameters
        ----------
        X : array-like of shape (n, d)
            The rows.

        Returns
        -------
        Z : ndarray of shape (n, n_landmarks)
        """
        check_is_fitted(self)
        return self.nystroem_.transform(validate_data(self, X, reset=False))
