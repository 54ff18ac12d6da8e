"""Data and members, shared by the tests of the kinds of ensembles."""

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.datasets import make_classification, make_regression
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import (
    KFold,
    StratifiedKFold,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

CLOSE = {"rtol": 1e-12, "atol": 1e-12}
N = 160


def classes_of(n_classes, seed=0):
    X, codes = make_classification(
        n_samples=N + 100, n_classes=n_classes, n_informative=4, n_features=6,
        flip_y=0.2, random_state=seed,
    )  # fmt: skip
    return X, np.array(["pear", "fig", "apple"])[codes]


def halves(X, y):
    return X[:N], y[:N], X[N:], y[N:]


X3, Y3, NEW3, NEW_Y3 = halves(*classes_of(3))
X2, Y2, NEW2, NEW_Y2 = halves(*classes_of(2))
XR, YR, NEW, NEW_Y = halves(
    *make_regression(n_samples=N + 100, n_features=6, noise=60, random_state=0)
)
CLASSIFIERS = [
    ("tree", DecisionTreeClassifier(max_depth=3, random_state=0)),
    ("bayes", GaussianNB()),
    ("logistic", LogisticRegression(solver="newton-cholesky")),
]
REGRESSORS = [
    ("tree", DecisionTreeRegressor(max_depth=3, random_state=0)),
    ("ridge", Ridge()),
    ("near", KNeighborsRegressor(5)),
]
DROPPED = [CLASSIFIERS[0], ("none", "drop"), *CLASSIFIERS[1:]]
STRATA = StratifiedKFold(4, shuffle=True, random_state=1)
FOLDS = KFold(4, shuffle=True, random_state=1)


def says(model, X):
    method = "predict_proba" if hasattr(model, "predict_proba") else "predict"
    return getattr(model, method)(X)


class Column(RegressorMixin, BaseEstimator):
    """Predicts a feature."""

    def __init__(self, k=0):
        self.k = k

    def fit(self, X, y):
        self.n_features_in_ = X.shape[1]
        return self

    def predict(self, X):
        return X[:, self.k]
