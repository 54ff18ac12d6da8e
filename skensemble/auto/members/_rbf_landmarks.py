"""RBF kernel features relative to a sample of the training rows."""

from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.kernel_approximation import Nystroem
from sklearn.utils.validation import check_is_fitted, validate_data


class RBFLandmarks(TransformerMixin, BaseEstimator):
    r"""Nystroem features of :math:`\exp(-\gamma \|x - x'\|^2)`, for tables of any size.

    scikit-learn's `Nystroem` warns where the table has fewer rows than landmarks.

    Parameters
    ----------
    n_landmarks : int, default=600
        Number of training rows that rows are compared with, at most all of them.
    gamma : float, default=1.0
        Inverse squared width of the kernel.
    random_state : int, RandomState instance or None, default=None
        Seed of the draw of the landmarks.
    """

    def __init__(self, n_landmarks=600, gamma=1.0, random_state=None):
        self.n_landmarks = n_landmarks
        self.gamma = gamma
        self.random_state = random_state

    def fit(self, X, y=None):
        """Draw the landmarks.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Scaled features.
        y : None
            Ignored.

        Returns
        -------
        self : RBFLandmarks
        """
        X = validate_data(self, X)
        self.nystroem_ = Nystroem(
            gamma=self.gamma,
            n_components=min(self.n_landmarks, len(X)),
            random_state=self.random_state,
        ).fit(X)
        return self

    def transform(self, X):
        """Compare rows with the landmarks.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Scaled features.

        Returns
        -------
        Z : ndarray of shape (n_samples, n_landmarks)
        """
        check_is_fitted(self)
        return self.nystroem_.transform(validate_data(self, X, reset=False))
